/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/topic.h"

#include <stdatomic.h>

#include "base/memory.h"
#include "event/core.h"

/* struct rd_kafka_topic_s begins with its base. */
static struct rk_topic_base *base_of(rd_kafka_topic_t *topic)
{
    return (struct rk_topic_base *)(void *)topic;
}

void rk_topic_base_init(struct rk_topic_base *base, struct rk_core *core, const char *name,
                        void (*destroy)(rd_kafka_topic_t *topic))
{
    base->core = rk_core_acquire(core);
    atomic_init(&base->references, 1);
    base->name = rk_strdup(name);
    base->destroy = destroy;
}

void rk_topic_base_clear(struct rk_topic_base *base)
{
    rk_free(base->name);
    rk_core_release(base->core);
}

rd_kafka_topic_t *rk_topic_acquire(rd_kafka_topic_t *topic)
{
    atomic_fetch_add_explicit(&base_of(topic)->references, 1, memory_order_relaxed);
    return topic;
}

void rk_topic_release(rd_kafka_topic_t *topic)
{
    if (topic &&
        atomic_fetch_sub_explicit(&base_of(topic)->references, 1, memory_order_acq_rel) == 1)
        base_of(topic)->destroy(topic);
}

const char *rk_topic_name(const rd_kafka_topic_t *topic)
{
    return ((const struct rk_topic_base *)(const void *)topic)->name;
}
