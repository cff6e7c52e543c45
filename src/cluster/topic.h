/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topic the client works with: the public rd_kafka_topic_t, and the registry of all of them.
 *
 * Counted; the registry holds one reference until the client is destroyed, so a topic lives as long
 * as its client, and longer while the application holds its handle. Look-up by name takes no lock:
 * the registry is an append-only hash with atomic bucket heads.
 */
#ifndef RK_CLUSTER_TOPIC_H
#define RK_CLUSTER_TOPIC_H

#include <stdatomic.h>

#include "base/types.h"
#include "event/core.h"
#include "event/topic.h"
#include "runtime/thread.h"

struct rd_kafka_topic_conf_s;
struct rk_topic_conf;
struct rk_producer_topic;
struct rk_consumer_topic;

enum rk_topic_state {
    RK_TOPIC_UNKNOWN, /* No answer has named it yet, or only with errors that pass. */
    RK_TOPIC_EXISTS,
    RK_TOPIC_MISSING, /* The cluster says it does not exist, for longer than
                         topic.metadata.propagation.max.ms; or it may not be used. */
};

struct rd_kafka_topic_s {
    struct rk_topic_base base;                 /* First: core, references, name. */
    rd_kafka_topic_t *next;                    /* In its bucket; set before it is published. */
    struct rd_kafka_topic_conf_s *conf_object; /* Owned. */
    const struct rk_topic_conf *conf;          /* Its values, frozen. */
    uint64_t created_us;
    void (*clear_parts)(rd_kafka_topic_t *topic); /* From rk_topic_parts. */
    struct rk_producer_topic
        *producer; /* Owned by producer/; made with the topic. NULL on a consumer. */
    struct rk_consumer_topic *consumer; /* Owned by consumer/. NULL on a producer. */
    _Atomic bool is_refresh_posted;     /* Asking for its metadata is on its way to background. */
    struct {                            /* Background. */
        enum rk_topic_state state;
        rd_kafka_resp_err_t err; /* Why it is missing, or the last error. */
        uint64_t missing_since_us;
        struct rk_uuid id;
        int32_t partition_count; /* Fewer than before only when that is certain. */
        uint64_t fewer_since_us; /* Answers tell of fewer partitions; 0: they do not. */
        bool is_asked;           /* The request under way names it. */
        bool is_wanted_again;    /* Somebody waits for news of it. */
        bool is_hinted;          /* A leader of it has moved, which the observer is not told yet. */
    } known;
};

/* Made by, and freed with, the topic: lets producer/ and consumer/ hang their part on it. */
struct rk_topic_parts {
    void (*init)(void *argument, rd_kafka_topic_t *topic);
    void (*clear)(rd_kafka_topic_t *topic); /* Last reference gone. */
    void *argument;
};

#define RK_TOPIC_BUCKETS  1024
#define RK_TOPIC_NAME_MAX 512 /* What applications may ask for; brokers take less. */

struct rk_topic_registry {
    struct rk_core *core;
    struct rk_topic_parts parts;
    struct rk_mutex mutex; /* RK_RANK_TOPICS: adding. */
    _Atomic(rd_kafka_topic_t *) buckets[RK_TOPIC_BUCKETS];
    _Atomic int count;
};

void rk_topic_registry_init(struct rk_topic_registry *registry, struct rk_core *core,
                            const struct rk_topic_parts *parts);
/* Gives up the registry's references. */
void rk_topic_registry_clear(struct rk_topic_registry *registry);
/* Borrowed; NULL when not there. Any thread, no lock. */
rd_kafka_topic_t *rk_topic_registry_find(struct rk_topic_registry *registry, const char *name);
/* Borrowed; found or made. `conf` (takes; NULL: a copy of the client's default) is dropped when it
 * was there. `*is_new` may be NULL. Any thread. */
rd_kafka_topic_t *rk_topic_registry_find_or_add(struct rk_topic_registry *registry,
                                                const char *name,
                                                struct rd_kafka_topic_conf_s *conf, bool *is_new);
/* Calls `visit` for each; any thread. */
void rk_topic_registry_visit(struct rk_topic_registry *registry,
                             void (*visit)(rd_kafka_topic_t *topic, void *argument),
                             void *argument);

#endif
