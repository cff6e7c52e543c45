/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of producer/ share: a producer and a topic without a running thread. Mail that is
 * posted stays where it is.
 */
#ifndef RK_TEST_PRODUCER_FIXTURE_H
#define RK_TEST_PRODUCER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "conf/conf_check.h"
#include "event/core.h"
#include "event/queue.h"
#include "producer/batch_append.h"
#include "producer/batch_walk.h"
#include "producer/producer.h"

struct idle_producer {
    struct rk_core *core;
    struct rk_loop *loop;
    struct rk_cluster *cluster;
    struct rk_producer *producer;
    rd_kafka_topic_t *topic;
    struct rk_partition_queue *queue;
};

static struct idle_producer idle;

/* `name` and `value` of one property, or NULL. */
static inline void idle_start(const char *name, const char *value)
{
    char text[256];
    rd_kafka_conf_t *conf = rk_conf_new(NULL);
    if (name && rk_conf_set(conf, name, value, text, sizeof(text)))
        fail_msg("%s", text);
    if (rk_conf_finish(conf, RD_KAFKA_PRODUCER, text, sizeof(text)))
        fail_msg("%s", text);
    idle.core = rk_core_new(RD_KAFKA_PRODUCER, rk_strdup("test#producer-1"), conf);
    idle.core->main_queue = rk_queue_new(idle.core, "main");
    idle.core->reports_by_event = true;
    idle.loop = rk_loop_new("test", NULL);
    idle.producer = rk_producer_new(idle.core);
    struct rk_topic_parts parts = rk_producer_topic_parts(idle.producer);
    idle.cluster = rk_cluster_new(idle.core, idle.loop, &parts);
    rk_producer_start(idle.producer, idle.cluster);
    idle.topic =
        rk_topic_registry_find_or_add(rk_cluster_topics(idle.cluster), "topic", NULL, NULL);
    idle.queue = rk_partition_queue_new(idle.producer, idle.topic, 0, idle.producer->orphans);
}

static inline void idle_end(void)
{
    rk_partition_queue_drop(idle.queue);
    rk_loop_destroy(idle.loop); /* With the mail of what goes next. */
    rk_partition_queue_destroy(idle.queue);
    rk_cluster_destroy(idle.cluster);
    rk_queue_disable(idle.core->main_queue);
    rk_queue_release(idle.core->main_queue);
    rk_core_end_logs(idle.core);
    rk_producer_release(idle.producer);
    rk_core_release(idle.core);
}

/* A record as rk_producer_add makes it. */
static inline struct rk_new_record record_of(const void *value, int32_t value_size, int flags)
{
    return (struct rk_new_record){
        .key_size = -1,
        .value = (void *)(uintptr_t)value,
        .value_size = value_size,
        .payload_size = (size_t)RK_MAX(value_size, 0),
        .timestamp_ms = 1000,
        .enqueued_us = 5000000,
        .flags = flags,
    };
}

/* Appends with as many segments as it takes. */
static inline enum rk_append append(struct rk_batch *batch, const struct rk_new_record *record)
{
    struct rk_segment *spare = NULL;
    size_t size = 0;
    if (rk_batch_append_plainly(batch, record))
        return RK_APPEND_OK;
    enum rk_append result = rk_batch_append(batch, record, &spare, &size);
    if (result == RK_APPEND_NEEDS_SEGMENT) {
        spare = rk_segment_try_take(&idle.producer->pool, size);
        result = rk_batch_append(batch, record, &spare, &size);
    }
    if (spare)
        rk_segment_give_back(&idle.producer->pool, spare);
    return result;
}

#endif
