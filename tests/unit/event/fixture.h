/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of event/ share: a core with a main queue, events that note what happens to them,
 * and a stand-in for a fetched batch.
 */
#ifndef RK_TEST_EVENT_FIXTURE_H
#define RK_TEST_EVENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/message.h"
#include "event/queue.h"
#include "event/topic.h"

/* A core of a new configuration, which `configure` may change before. */
static inline struct rk_core *core_new(void (*configure)(rd_kafka_conf_t *conf))
{
    rd_kafka_conf_t *conf = rk_conf_new(NULL);
    if (configure)
        configure(conf);
    struct rk_core *core = rk_core_new(RD_KAFKA_CONSUMER, rk_strdup("test#consumer-1"), conf);
    core->client = (rd_kafka_t *)(void *)core;
    core->main_queue = rk_queue_new(core, "main");
    return core;
}

/* What destroying a client does. */
static inline void core_end(struct rk_core *core)
{
    rk_core_end_logs(core);
    rd_kafka_queue_t *queue = core->main_queue;
    core->main_queue = NULL;
    rk_queue_disable(queue);
    rk_queue_release(queue);
    rk_core_release(core);
}

/* Plain events with a number. */

struct numbered {
    rd_kafka_event_t event; /* First. */
    int number;
    int serves_left; /* Calls of serve() until it is done. */
};

static _Atomic int destroyed_count; /* Events and messages freed. */
static int served_numbers[64];
static int served_count;
static void (*while_serving)(struct numbered *mine);

static inline enum rk_served serve_numbered(rd_kafka_event_t *event, struct rk_core *core,
                                            int *count)
{
    struct numbered *mine = rk_container_of(event, struct numbered, event);
    (void)core;
    if (served_count < (int)RK_COUNT_OF(served_numbers))
        served_numbers[served_count] = mine->number;
    served_count++;
    ++*count;
    if (while_serving)
        while_serving(mine);
    return --mine->serves_left > 0 ? RK_SERVED_PART : RK_SERVED_WHOLE;
}

static inline void destroy_numbered(rd_kafka_event_t *event)
{
    atomic_fetch_add(&destroyed_count, 1);
    rk_free(rk_container_of(event, struct numbered, event));
}

static const struct rk_event_kind numbered_kind = {
    .name = "numbered",
    .serve = serve_numbered,
    .destroy = destroy_numbered,
};

static inline rd_kafka_event_t *numbered_new(int number, rd_kafka_event_type_t type,
                                             enum rk_event_priority priority)
{
    struct numbered *mine = RK_NEW(struct numbered);
    rk_event_init(&mine->event, &numbered_kind, type);
    mine->event.priority = priority;
    mine->number = number;
    return &mine->event;
}

/* An event that is not of the kinds with a callback only. */
static inline rd_kafka_event_t *plain_new(int number)
{
    return numbered_new(number, RD_KAFKA_EVENT_STATS, RK_PRIORITY_NORMAL);
}

static inline int number_of(const rd_kafka_event_t *event)
{
    assert_ptr_equal(event->kind, &numbered_kind);
    return rk_container_of(event, const struct numbered, event)->number;
}

/* Batches: messages with the offsets from `next` to `end` - 1. */

struct batch {
    rd_kafka_event_t event; /* First. */
    int32_t partition;
    int64_t next, end;
    bool is_outdated;
};

static _Atomic int taken_count;
static rd_kafka_queue_t *probed_queue; /* Its lock must be free outside of next_message. */

static inline void probe(void)
{
    if (probed_queue)
        rk_queue_length(probed_queue);
}

static inline void release_message(struct rk_message *message)
{
    rk_message_clear_parsed(message);
    atomic_fetch_add(&destroyed_count, 1);
    rk_free(message);
}

static const struct rk_message_holder message_holder = {release_message};

static inline struct rk_message *message_new(int32_t partition, int64_t offset)
{
    struct rk_message *message = RK_NEW(struct rk_message);
    message->rkmessage.partition = partition;
    message->rkmessage.offset = offset;
    message->holder = &message_holder;
    message->raw_headers.size = -1;
    message->is_watched = true;
    return message;
}

static inline struct rk_message *next_in_batch(rd_kafka_event_t *event)
{
    struct batch *mine = rk_container_of(event, struct batch, event);
    if (mine->is_outdated || mine->next == mine->end)
        return NULL;
    return message_new(mine->partition, mine->next++);
}

static inline bool is_batch_empty(const rd_kafka_event_t *event)
{
    const struct batch *mine = rk_container_of(event, const struct batch, event);
    return mine->next == mine->end;
}

static inline void note_taken(struct rk_message *message)
{
    assert_non_null(message);
    probe();
    atomic_fetch_add(&taken_count, 1);
}

static inline enum rk_served serve_batch(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    (void)core;
    (void)event;
    probe();
    ++*count;
    return RK_SERVED_WHOLE;
}

static inline void destroy_batch(rd_kafka_event_t *event)
{
    probe();
    atomic_fetch_add(&destroyed_count, 1);
    rk_free(rk_container_of(event, struct batch, event));
}

static const struct rk_event_kind batch_kind = {
    .name = "batch",
    .serve = serve_batch,
    .next_message = next_in_batch,
    .is_empty = is_batch_empty,
    .message_taken = note_taken,
    .destroy = destroy_batch,
};

static inline rd_kafka_event_t *batch_new(int32_t partition, int64_t first, int count)
{
    struct batch *mine = RK_NEW(struct batch);
    rk_event_init(&mine->event, &batch_kind, RD_KAFKA_EVENT_FETCH);
    mine->event.length = count;
    mine->partition = partition;
    mine->next = first;
    mine->end = first + count;
    return &mine->event;
}

/* A topic with nothing but its base. */

static inline void topic_destroy(rd_kafka_topic_t *topic)
{
    atomic_fetch_add(&destroyed_count, 1);
    rk_topic_base_clear((struct rk_topic_base *)(void *)topic);
    rk_free(topic);
}

static inline rd_kafka_topic_t *topic_new(struct rk_core *core, const char *name)
{
    struct rk_topic_base *base = RK_NEW(struct rk_topic_base);
    rk_topic_base_init(base, core, name, topic_destroy);
    return (rd_kafka_topic_t *)(void *)base;
}

static inline void reset_notes(void)
{
    atomic_store(&destroyed_count, 0);
    atomic_store(&taken_count, 0);
    served_count = 0;
    while_serving = NULL;
    probed_queue = NULL;
}

#endif
