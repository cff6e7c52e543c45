/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/topic.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "conf/conf_check.h"

static void destroy_topic(rd_kafka_topic_t *topic)
{
    if (topic->clear_parts)
        topic->clear_parts(topic);
    rk_topic_conf_destroy(topic->conf_object);
    rk_topic_base_clear(&topic->base);
    rk_free(topic);
}

void rk_topic_registry_init(struct rk_topic_registry *registry, struct rk_core *core,
                            const struct rk_topic_parts *parts)
{
    registry->core = core;
    registry->parts = *parts;
    rk_mutex_init(&registry->mutex, RK_RANK_TOPICS);
    for (int i = 0; i < RK_TOPIC_BUCKETS; i++)
        atomic_init(&registry->buckets[i], NULL);
    atomic_init(&registry->count, 0);
}

void rk_topic_registry_clear(struct rk_topic_registry *registry)
{
    for (int i = 0; i < RK_TOPIC_BUCKETS; i++) {
        rd_kafka_topic_t *topic = atomic_exchange(&registry->buckets[i], NULL);
        while (topic) {
            rd_kafka_topic_t *next = topic->next;
            rk_topic_release(topic);
            topic = next;
        }
    }
    rk_mutex_clear(&registry->mutex);
}

static _Atomic(rd_kafka_topic_t *) *bucket_of(struct rk_topic_registry *registry, const char *name)
{
    uint32_t hash = rk_fnv1a(name, strlen(name));
    return &registry->buckets[(hash ^ (hash >> 16)) % RK_TOPIC_BUCKETS];
}

static rd_kafka_topic_t *find_in(_Atomic(rd_kafka_topic_t *) *bucket, const char *name)
{
    rd_kafka_topic_t *topic = atomic_load_explicit(bucket, memory_order_acquire);
    while (topic && strcmp(topic->base.name, name) != 0)
        topic = topic->next;
    return topic;
}

rd_kafka_topic_t *rk_topic_registry_find(struct rk_topic_registry *registry, const char *name)
{
    return find_in(bucket_of(registry, name), name);
}

static rd_kafka_topic_t *new_topic(struct rk_topic_registry *registry, const char *name,
                                   struct rd_kafka_topic_conf_s *conf)
{
    rd_kafka_topic_t *topic = RK_NEW(rd_kafka_topic_t);
    rk_topic_base_init(&topic->base, registry->core, name, destroy_topic);
    topic->conf_object = conf ? conf : rk_topic_conf_dup(registry->core->default_topic_conf);
    rk_topic_conf_finish(registry->core->conf_object, topic->conf_object, registry->core->type,
                         NULL, 0); /* One of the application's was checked by rd_kafka_topic_new. */
    topic->conf = &topic->conf_object->conf;
    topic->created_us = rk_clock_now_us();
    topic->clear_parts = registry->parts.clear;
    if (registry->parts.init)
        registry->parts.init(registry->parts.argument, topic);
    return topic;
}

rd_kafka_topic_t *rk_topic_registry_find_or_add(struct rk_topic_registry *registry,
                                                const char *name,
                                                struct rd_kafka_topic_conf_s *conf, bool *is_new)
{
    _Atomic(rd_kafka_topic_t *) *bucket = bucket_of(registry, name);
    rd_kafka_topic_t *topic = find_in(bucket, name);
    bool added = false;
    if (!topic) {
        rk_mutex_lock(&registry->mutex);
        topic = find_in(bucket, name);
        if (!topic) {
            topic = new_topic(registry, name, conf);
            conf = NULL;
            topic->next = atomic_load_explicit(bucket, memory_order_relaxed);
            atomic_store_explicit(bucket, topic, memory_order_release);
            atomic_fetch_add_explicit(&registry->count, 1, memory_order_relaxed);
            added = true;
        }
        rk_mutex_unlock(&registry->mutex);
    }
    rk_topic_conf_destroy(conf);
    if (added)
        rk_log_debug(registry->core, RK_DEBUG_TOPIC, "TOPIC", "New local topic: %s", name);
    if (is_new)
        *is_new = added;
    return topic;
}

void rk_topic_registry_visit(struct rk_topic_registry *registry,
                             void (*visit)(rd_kafka_topic_t *topic, void *argument), void *argument)
{
    for (int i = 0; i < RK_TOPIC_BUCKETS; i++) {
        rd_kafka_topic_t *topic = atomic_load_explicit(&registry->buckets[i], memory_order_acquire);
        for (; topic; topic = topic->next)
            visit(topic, argument);
    }
}
