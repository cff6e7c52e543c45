/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What messages and events need of a topic: the first member of struct rd_kafka_topic_s, which
 * cluster/ defines.
 *
 * Counted. Whoever makes a topic says how it is destroyed with the last reference, on any thread.
 */
#ifndef RK_EVENT_TOPIC_H
#define RK_EVENT_TOPIC_H

#include "rdkafka.h"

struct rk_core;

struct rk_topic_base {
    struct rk_core *core; /* Counted. */
    _Atomic int references;
    char *name;
    void (*destroy)(rd_kafka_topic_t *topic); /* Ends with rk_topic_base_clear. */
};

/* One reference. `name` is copied. */
void rk_topic_base_init(struct rk_topic_base *base, struct rk_core *core, const char *name,
                        void (*destroy)(rd_kafka_topic_t *topic));
void rk_topic_base_clear(struct rk_topic_base *base);

rd_kafka_topic_t *rk_topic_acquire(rd_kafka_topic_t *topic);
/* NULL is fine. */
void rk_topic_release(rd_kafka_topic_t *topic);
const char *rk_topic_name(const rd_kafka_topic_t *topic);

#endif
