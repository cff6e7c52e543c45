/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/message_batch.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"
#include "event/topic.h"
#include "event/visit.h"

#define CREDIT_STEP 65536 /* Bytes handed out go back to the budget in about these steps. */

struct message_batch {
    rd_kafka_event_t event; /* First. */
    struct rk_slab_pool *pool;
    rd_kafka_topic_t *topic;
    struct rk_cursor *cursor;
    struct rk_prefetch *prefetch;
    struct rk_budget *budget;
    uint32_t version;
    int32_t partition;
    int32_t broker_id;
    bool is_intercepted;  /* There are on_consume interceptors. */
    size_t message_count; /* At the start. */
    int64_t wanted;       /* Records below are passed over. */
    uint64_t asked_us;
    struct { /* Counted and not given back. */
        int64_t messages;
        int64_t bytes;
        const uint8_t *from; /* Of the current part; what is before was given back, */
        int32_t left;        /* and so many records were left there. */
        const uint8_t *due;  /* Where the next is given back at the latest. */
        bool must_tell;      /* Whoever waits for room: after unlock. */
    } credit;
    struct rk_message_slab *slab;  /* Being filled; NULL: none. */
    struct rk_message *next, *end; /* In the slab; both NULL without one. */
    struct rk_message_part part;   /* The current one, parts[at]; read from here. */
    size_t at, count;
    struct rk_message_part parts[];
};

static struct message_batch *batch_of(rd_kafka_event_t *event)
{
    return rk_container_of(event, struct message_batch, event);
}

/* Credit */

static void give_credit(struct message_batch *batch, int64_t messages, int64_t bytes)
{
    batch->credit.messages -= messages;
    batch->credit.bytes -= bytes;
    batch->credit.must_tell |= rk_prefetch_give(batch->prefetch, messages);
    batch->credit.must_tell |= rk_budget_give(batch->budget, bytes);
    atomic_fetch_sub_explicit(&batch->prefetch->bytes, bytes, memory_order_relaxed);
}

/* Credit is given back from here on; at once when somebody is to be told about the last time. */
static void set_from(struct message_batch *batch)
{
    batch->credit.from = batch->part.records.at;
    batch->credit.left = batch->part.records.left;
    batch->credit.due = batch->credit.from + (batch->credit.must_tell ? 0 : CREDIT_STEP);
}

/* What was handed out or passed over since the last time. */
static void give_handed_out(struct message_batch *batch)
{
    int64_t messages = batch->credit.left - batch->part.records.left;
    give_credit(batch, RK_MIN(messages, batch->credit.messages),
                batch->part.records.at - batch->credit.from);
    set_from(batch);
}

/* Walking */

static void close_slab(struct message_batch *batch)
{
    if (batch->slab)
        rk_message_slab_close(batch->slab, (uint32_t)(batch->next - batch->slab->messages));
    batch->slab = NULL;
    batch->next = batch->end = NULL;
}

static void open_slab(struct message_batch *batch)
{
    batch->slab =
        rk_message_slab_new(batch->pool, batch->part.block, batch->topic, batch->message_count);
    batch->next = batch->slab->messages;
    batch->end = batch->next + batch->slab->capacity;
    batch->slab->room = batch->prefetch->room;
    rk_message_slab_set_common(batch->slab, batch->broker_id, batch->part.leader_epoch,
                               batch->part.timestamp_type);
}

static bool is_at_end(const struct message_batch *batch)
{
    return batch->part.records.left == 0 && batch->part.records.at == batch->part.records.end;
}

/* False when there is no further part. */
static bool next_part(struct message_batch *batch)
{
    const struct rk_message_part before = batch->part;
    batch->part.records.at = batch->part.records.end;
    give_handed_out(batch);
    batch->wanted = RK_MAX(batch->wanted, batch->part.next_offset);
    if (++batch->at == batch->count)
        return false;
    batch->part = batch->parts[batch->at];
    set_from(batch);
    if (batch->part.block != before.block || batch->part.leader_epoch != before.leader_epoch ||
        batch->part.timestamp_type != before.timestamp_type)
        close_slab(batch);
    return true;
}

/* Member by member: what a compiler makes of a compound literal takes a third of the whole path.
 * What is the same in all consumed messages stands there since the slab was made, but for members
 * that the application can write to. */
RK_ALWAYS_INLINE void fill(const struct message_batch *batch, const struct rk_record *record,
                           struct rk_message *message)
{
    message->rkmessage.err = RD_KAFKA_RESP_ERR_NO_ERROR;
    message->rkmessage.rkt = batch->topic;
    message->rkmessage.partition = batch->partition;
    message->rkmessage.payload = (void *)(uintptr_t)record->value;
    message->rkmessage.len = (size_t)RK_MAX(record->value_size, 0);
    message->rkmessage.key = (void *)(uintptr_t)record->key;
    message->rkmessage.key_len = (size_t)RK_MAX(record->key_size, 0);
    message->rkmessage.offset = record->offset;
    message->rkmessage._private = NULL;
    message->timestamp_ms = record->timestamp;
    message->raw_headers.data = record->headers;
    message->raw_headers.size = record->headers_size;
    message->is_watched = batch->is_intercepted;
}

/* Now and then: credit goes back, a full slab is closed. */
static __attribute__((noinline)) void settle(struct message_batch *batch,
                                             struct rk_message *message)
{
    give_handed_out(batch);
    if (batch->credit.must_tell) {
        batch->credit.must_tell = false;
        message->is_watched = true;
        set_from(batch);
    }
    if (batch->next == batch->end)
        close_slab(batch);
}

RK_ALWAYS_INLINE struct rk_message *hand_out(struct message_batch *batch,
                                             const struct rk_record *record)
{
    int64_t next = record->offset + 1;
    if (RK_UNLIKELY(batch->part.records.left == 0) && is_at_end(batch))
        next = batch->part.next_offset;
    if (RK_UNLIKELY(batch->next == batch->end))
        open_slab(batch);
    struct rk_message *message = batch->next;
    fill(batch, record, message);
    if (!rk_cursor_advance(batch->cursor, batch->version, record->offset, next,
                           batch->part.leader_epoch))
        return NULL;
    batch->next = message + 1;
    batch->wanted = next;
    if (RK_UNLIKELY(batch->part.records.at >= batch->credit.due || batch->next == batch->end))
        settle(batch, message);
    return message;
}

/* The rest of the part cannot be read: an error in its place, and on behind it. */
static struct rk_message *hand_out_corrupt(struct message_batch *batch)
{
    int64_t offset = batch->wanted;
    rk_cursor_set_next(batch->cursor, batch->version, batch->part.next_offset,
                       batch->part.leader_epoch);
    next_part(batch);
    if (!rk_cursor_is(batch->cursor, batch->version))
        return NULL;
    char broker[300], words[400];
    struct rk_core *core = ((struct rk_topic_base *)(void *)batch->topic)->core;
    snprintf(words, sizeof(words),
             "%s [%" PRId32 "]: record at offset %" PRId64
             " cannot be read; its batch is passed over",
             rk_topic_name(batch->topic), batch->partition, offset);
    char *text =
        rk_failure_text(&(struct rk_failure){.err = RD_KAFKA_RESP_ERR__BAD_MSG,
                                             .words = words,
                                             .broker = rk_core_broker_name(core, batch->broker_id,
                                                                           broker, sizeof(broker)),
                                             .attempts = 1,
                                             .since_us = batch->asked_us},
                        rk_clock_now_us());
    struct rk_message *message = rk_message_new_error(RD_KAFKA_RESP_ERR__BAD_MSG, batch->topic,
                                                      batch->partition, offset, text);
    rk_free(text);
    return message;
}

/* Whatever comes. */
static __attribute__((noinline)) struct rk_message *next_of_any_kind(rd_kafka_event_t *event)
{
    struct message_batch *batch = batch_of(event);
    struct rk_record record;
    bool has_passed_over = false;
    while (batch->at < batch->count) {
        switch (rk_record_read(&batch->part.records, &record)) {
        case RK_RECORD_FOUND:
            if (RK_LIKELY(record.offset >= batch->wanted)) {
                if (RK_UNLIKELY(has_passed_over) && event->length > 1)
                    event->length--; /* The queue takes it that this was for the one given. */
                return hand_out(batch, &record);
            }
            has_passed_over = true;
            if (event->length > 1)
                event->length--;
            break;
        case RK_RECORD_END:
            rk_cursor_set_next(batch->cursor, batch->version, batch->part.next_offset,
                               batch->part.leader_epoch);
            next_part(batch);
            break;
        case RK_RECORD_CORRUPT:
            return hand_out_corrupt(batch);
        }
    }
    return NULL;
}

/* Once per message: a plain record that is wanted is handed out here. */
static struct rk_message *next_message(rd_kafka_event_t *event)
{
    struct message_batch *batch = batch_of(event);
    struct rk_record record;
    const uint8_t *end = rk_record_read_plainly(&batch->part.records, &record);
    if (RK_UNLIKELY(!end || record.offset < batch->wanted))
        return next_of_any_kind(event);
    rk_record_pass(&batch->part.records, end);
    return hand_out(batch, &record);
}

static bool is_empty(const rd_kafka_event_t *event)
{
    const struct message_batch *batch = rk_container_of(event, const struct message_batch, event);
    return batch->at == batch->count || (batch->at == batch->count - 1 && is_at_end(batch));
}

/* A message that is watched is of a slab. */
static void message_taken(struct rk_message *message)
{
    struct rk_message_slab *slab = message->holder_data;
    struct rk_core *core = ((struct rk_topic_base *)(void *)message->rkmessage.rkt)->core;
    if (rk_interceptors_has(&core->conf_object->interceptors, RK_ON_CONSUME)) {
        struct rk_visit mark;
        rk_visit_mark(&mark, core);
        rk_interceptors_on_consume(&core->conf_object->interceptors, core->client,
                                   &message->rkmessage);
        rk_visit_unmark(&mark);
    }
    rk_room_tell(slab->room);
}

static enum rk_served serve(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    const struct rk_callbacks *callbacks = &core->conf->callbacks;
    struct rk_message *message;
    int length = event->length;
    if (!callbacks->consume_cb)
        return RK_SERVED_PART; /* For a call that returns messages. */
    while ((message = next_message(event)) != NULL) {
        if (event->length == length && length > 1)
            event->length--;
        length = event->length;
        if (message->is_watched)
            message_taken(message);
        callbacks->consume_cb(&message->rkmessage, callbacks->opaque);
        rk_message_destroy(message);
        ++*count;
        if (rk_has_yield_request() && !is_empty(event))
            return RK_SERVED_PART;
    }
    return RK_SERVED_WHOLE;
}

/* Life */

static void destroy(rd_kafka_event_t *event)
{
    struct message_batch *batch = batch_of(event);
    close_slab(batch);
    give_credit(batch, batch->credit.messages, batch->credit.bytes);
    if (batch->credit.must_tell)
        rk_room_tell(batch->prefetch->room);
    const struct rk_block *before = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->parts[i].block != before)
            rk_block_release(batch->parts[i].block);
        before = batch->parts[i].block;
    }
    rk_budget_release(batch->budget);
    rk_prefetch_release(batch->prefetch);
    rk_cursor_release(batch->cursor);
    rk_topic_release(batch->topic);
    rk_slab_pool_release(batch->pool);
    rk_free(batch);
}

static bool is_void(const rd_kafka_event_t *event)
{
    const struct message_batch *batch = rk_container_of(event, const struct message_batch, event);
    return !rk_cursor_is(batch->cursor, batch->version);
}

static void count_in(struct message_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct rk_record_cursor *records = &batch->parts[i].records;
        batch->credit.messages += records->left;
        batch->credit.bytes += records->end - records->at;
    }
    batch->message_count = (size_t)batch->credit.messages;
    batch->event.length = (int)RK_MAX(1, RK_MIN(batch->credit.messages, INT_MAX));
    rk_prefetch_take(batch->prefetch, batch->credit.messages);
    rk_budget_take(batch->budget, batch->credit.bytes);
    atomic_fetch_add_explicit(&batch->prefetch->bytes, batch->credit.bytes, memory_order_relaxed);
}

static const struct rk_event_kind message_batch_kind = {
    .name = "messages",
    .serve = serve,
    .next_message = next_message,
    .is_empty = is_empty,
    .is_void = is_void,
    .message_taken = message_taken,
    .destroy = destroy,
};

rd_kafka_event_t *rk_message_batch_try_new(const struct rk_message_batch_setup *setup)
{
    struct rk_core *core = ((struct rk_topic_base *)(void *)setup->topic)->core;
    size_t parts_size = setup->part_count * sizeof(*setup->parts);
    struct message_batch *batch = rk_try_malloc(sizeof(*batch) + parts_size);
    if (!batch)
        return NULL;
    *batch = (struct message_batch){
        .pool = rk_slab_pool_acquire(setup->pool),
        .topic = rk_topic_acquire(setup->topic),
        .cursor = rk_cursor_acquire(setup->cursor),
        .prefetch = rk_prefetch_acquire(setup->prefetch),
        .budget = rk_budget_acquire(setup->budget),
        .version = setup->version,
        .partition = setup->partition,
        .broker_id = setup->broker_id,
        .is_intercepted = rk_interceptors_has(&core->conf_object->interceptors, RK_ON_CONSUME),
        .wanted = setup->first_offset,
        .asked_us = setup->asked_us,
        .count = setup->part_count,
    };
    rk_event_init(&batch->event, &message_batch_kind, RD_KAFKA_EVENT_FETCH);
    memcpy(batch->parts, setup->parts, parts_size);
    for (size_t i = 0; i < batch->count; i++) {
        if (i == 0 || batch->parts[i].block != batch->parts[i - 1].block)
            rk_block_acquire(batch->parts[i].block);
    }
    batch->part = batch->parts[0];
    set_from(batch);
    count_in(batch);
    return &batch->event;
}

bool rk_message_batch_is_void(const rd_kafka_event_t *event, const void *unused)
{
    (void)unused;
    return event->kind->is_void && event->kind->is_void(event);
}
