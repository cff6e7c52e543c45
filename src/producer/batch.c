/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/batch.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "event/headers.h"
#include "event/topic.h"
#include "producer/batch_append.h"
#include "producer/batch_walk.h"
#include "producer/delivery.h"
#include "producer/partition_queue.h"
#include "producer/producer.h"

#define FIRST_CAPACITY 16
#define POOL_COUNT     4096 /* Free batches that are kept, */
#define POOL_CAPACITY  256  /* and the deltas that one keeps at most. */

/* The pool */

void rk_batch_pool_init(struct rk_batch_pool *pool)
{
    *pool = (struct rk_batch_pool){0};
    rk_mutex_init(&pool->mutex, RK_RANK_POOL);
    TAILQ_INIT(&pool->shared.free);
}

/* What a batch in the pool has. */
static void free_batch(struct rk_batch *batch)
{
    rk_free(batch->first);
    rk_free(batch->enqueued_deltas_us);
    rk_free(batch);
}

void rk_batch_pool_clear(struct rk_batch_pool *pool)
{
    struct rk_batch *batch;
    while ((batch = TAILQ_FIRST(&pool->shared.free)) != NULL) {
        TAILQ_REMOVE(&pool->shared.free, batch, link);
        free_batch(batch);
    }
    rk_mutex_clear(&pool->mutex);
}

static struct rk_batch *take_free(struct rk_batch_pool *pool)
{
    rk_mutex_lock(&pool->mutex);
    struct rk_batch *batch = TAILQ_FIRST(&pool->shared.free);
    if (batch) {
        TAILQ_REMOVE(&pool->shared.free, batch, link);
        pool->shared.count--;
    }
    rk_mutex_unlock(&pool->mutex);
    if (batch)
        *batch = (struct rk_batch){.first = batch->first,
                                   .enqueued_deltas_us = batch->enqueued_deltas_us,
                                   .capacity = batch->capacity};
    return batch;
}

/* takes: batch, with its first segment and its deltas, and nothing else. */
static void give_back(struct rk_batch_pool *pool, struct rk_batch *batch)
{
    if (batch->capacity > POOL_CAPACITY) {
        rk_free(batch->enqueued_deltas_us);
        batch->enqueued_deltas_us = NULL;
        batch->capacity = 0;
    }
    rk_mutex_lock(&pool->mutex);
    bool is_kept = pool->shared.count < POOL_COUNT;
    if (is_kept) {
        TAILQ_INSERT_HEAD(&pool->shared.free, batch, link);
        pool->shared.count++;
    }
    rk_mutex_unlock(&pool->mutex);
    if (!is_kept)
        free_batch(batch);
}

static struct rk_batch *take(struct rk_producer *producer)
{
    struct rk_batch *batch = take_free(&producer->batches);
    if (batch) {
        batch->first->next = NULL;
        return batch;
    }
    batch = rk_try_calloc(1, sizeof(*batch));
    struct rk_segment *segment =
        batch ? rk_segment_try_take(&producer->pool, RK_SEGMENT_MIN_SIZE) : NULL;
    if (!segment) {
        rk_free(batch);
        return NULL;
    }
    batch->first = segment;
    return batch;
}

/* Life */

struct rk_batch *rk_batch_try_new(struct rk_producer *producer, rd_kafka_topic_t *topic,
                                  struct rk_partition_queue *queue, uint64_t number,
                                  const struct rk_new_record *first)
{
    struct rk_batch *batch = take(producer);
    if (!batch)
        return NULL;
    rk_delivery_init_event(&batch->event);
    atomic_init(&batch->references, 1);
    batch->producer = rk_producer_acquire(producer);
    batch->topic = rk_topic_acquire(topic);
    batch->partition = queue ? queue->partition : RD_KAFKA_PARTITION_UA;
    batch->queue = queue;
    batch->number = number;
    batch->last = batch->first;
    batch->first->size = RK_RECORD_BATCH_HEADER_SIZE;
    batch->size = RK_RECORD_BATCH_HEADER_SIZE;
    batch->base_timestamp_ms = batch->max_timestamp_ms = first->timestamp_ms;
    batch->base_enqueued_us = first->enqueued_us;
    batch->outcome.base_offset = -1;
    batch->outcome.log_append_ms = -1;
    batch->outcome.broker_id = -1;
    return batch;
}

size_t rk_batch_second_segment_size(const struct rk_new_record *first)
{
    if (first->by_reference)
        return first->headers_size + 1;
    size_t size = rk_record_size(
        rk_record_body_size(0, 0, first->key_size, first->value_size, first->headers_size));
    if (size <= RK_SEGMENT_MIN_SIZE - RK_RECORD_BATCH_HEADER_SIZE)
        return 0;
    return RK_MAX(size, (size_t)RK_SEGMENT_MIN_SIZE);
}

struct rk_batch *rk_batch_acquire(struct rk_batch *batch)
{
    atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
    return batch;
}

void rk_batch_release(struct rk_batch *batch)
{
    if (atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < batch->original_count; i++) {
        if (batch->originals[i].frees)
            rk_app_free(batch->originals[i].value);
    }
    for (int32_t i = 0; i < batch->outcome.failure_count; i++)
        rk_free(batch->outcome.failures[i].text);
    rk_free(batch->outcome.failures);
    rk_free(batch->outcome.text);
    rk_free(batch->outcome.others_text);
    rk_block_release(batch->sending.encoded);
    struct rk_producer *producer = batch->producer;
    if (batch->first->next)
        rk_segment_give_back(&producer->pool, batch->first->next);
    rk_free(batch->originals);
    rk_free(batch->opaques);
    rk_topic_release(batch->topic);
    give_back(&producer->batches, batch);
    rk_producer_release(producer);
}

/* Appending */

static bool grow(struct rk_batch *batch)
{
    uint32_t capacity = batch->capacity ? batch->capacity * 2 : FIRST_CAPACITY;
    capacity = RK_MIN(capacity, batch->producer->limits.batch_records);
    uint32_t *deltas = rk_try_realloc(batch->enqueued_deltas_us, capacity * sizeof(*deltas));
    if (!deltas)
        return false;
    batch->enqueued_deltas_us = deltas;
    if (batch->opaques) {
        void **opaques = rk_try_realloc(batch->opaques, capacity * sizeof(*opaques));
        if (!opaques)
            return false;
        batch->opaques = opaques;
    }
    batch->capacity = capacity;
    return true;
}

static bool note_opaque(struct rk_batch *batch, void *opaque)
{
    if (!batch->opaques) {
        if (!opaque)
            return true;
        batch->opaques = rk_try_calloc(batch->capacity, sizeof(*batch->opaques));
        if (!batch->opaques)
            return false;
    }
    batch->opaques[batch->record_count] = opaque;
    return true;
}

static bool note_original(struct rk_batch *batch, const struct rk_new_record *record)
{
    if ((record->flags & RD_KAFKA_MSG_F_COPY) || !record->value)
        return true;
    if (batch->original_count == batch->original_capacity) {
        uint32_t capacity = RK_MAX(batch->original_capacity * 2, (uint32_t)FIRST_CAPACITY);
        struct rk_original *originals =
            rk_try_realloc(batch->originals, capacity * sizeof(*originals));
        if (!originals)
            return false;
        batch->originals = originals;
        batch->original_capacity = capacity;
    }
    batch->originals[batch->original_count++] =
        (struct rk_original){.index = batch->record_count,
                             .frees = record->flags & RD_KAFKA_MSG_F_FREE,
                             .value = record->value};
    return true;
}

static void link_segment(struct rk_batch *batch, struct rk_segment *segment)
{
    batch->last->next = segment;
    batch->last = segment;
}

static bool has_room(const struct rk_segment *segment, size_t size)
{
    return segment->capacity && segment->capacity - segment->size >= size;
}

/* Head, the value where it is, tail. `spare` holds the tail, and what comes next; the head stands
 * in the last segment if there is room. */
static bool append_by_reference(struct rk_batch *batch, const struct rk_new_record *record,
                                size_t body_size, int64_t timestamp_delta,
                                struct rk_segment **spare)
{
    size_t head_size = RK_RECORD_OVERHEAD_MAX + (size_t)RK_MAX(record->key_size, 0);
    struct rk_segment *value = rk_segment_try_foreign(record->value, (size_t)record->value_size);
    struct rk_segment *head = NULL;
    bool fits = has_room(batch->last, head_size);
    if (value && !fits)
        head = rk_segment_try_take(&batch->producer->pool, head_size);
    if (!value || (!fits && !head)) {
        if (value)
            rk_segment_give_back(&batch->producer->pool, value);
        return false;
    }
    if (head)
        link_segment(batch, head);
    head = batch->last;
    uint8_t *end = rk_record_write_head(head->bytes + head->size, body_size, timestamp_delta,
                                        (int32_t)batch->record_count, record->key, record->key_size,
                                        record->value_size);
    head->size = (uint32_t)(end - head->bytes);
    struct rk_segment *tail = *spare;
    *spare = NULL;
    if (record->headers_size > 0)
        end = rk_headers_write(record->headers, tail->bytes);
    else
        end = rk_record_write_tail(tail->bytes, NULL, 0);
    tail->size = (uint32_t)(end - tail->bytes);
    link_segment(batch, value);
    link_segment(batch, tail);
    return true;
}

static void append_copy(struct rk_batch *batch, const struct rk_new_record *record,
                        size_t body_size, int64_t timestamp_delta)
{
    struct rk_segment *segment = batch->last;
    uint8_t *at = rk_varint_write(segment->bytes + segment->size, (int32_t)body_size);
    *at++ = 0;
    at = rk_batch_write_body(at, record, timestamp_delta, batch->record_count);
    segment->size = (uint32_t)(at - segment->bytes);
}

/* As large as the batch so far, rounded down, so that few are needed and no more than half is
 * wasted. */
static size_t next_segment_size(const struct rk_batch *batch, size_t record_size)
{
    size_t size = RK_SEGMENT_MIN_SIZE;
    while (size < RK_SEGMENT_MAX_SIZE && 2 * size <= batch->size)
        size *= 2;
    return RK_MAX(size, record_size);
}

/* Another thread's record may stand before an older one: as old as the first, then. */
static uint64_t enqueued_delta_of(const struct rk_batch *batch, const struct rk_new_record *record)
{
    return record->enqueued_us > batch->base_enqueued_us
               ? record->enqueued_us - batch->base_enqueued_us
               : 0;
}

static bool is_full(const struct rk_batch *batch, const struct rk_new_record *record,
                    size_t record_size)
{
    const struct rk_producer_limits *limits = &batch->producer->limits;
    return batch->record_count > 0 && (batch->record_count >= limits->batch_records ||
                                       batch->size + record_size > limits->batch_size ||
                                       enqueued_delta_of(batch, record) > UINT32_MAX);
}

/* What is left of both the last segment and the batch, so that the batch is not full afterwards. */
static uint32_t plain_room(const struct rk_batch *batch)
{
    uint32_t limit = batch->producer->limits.batch_size;
    uint32_t left = batch->size < limit ? limit - batch->size - 1 : 0;
    uint32_t room = batch->last->capacity ? batch->last->capacity - batch->last->size : 0;
    return RK_MIN(room, left);
}

enum rk_append rk_batch_append(struct rk_batch *batch, const struct rk_new_record *record,
                               struct rk_segment **spare, size_t *segment_size)
{
    int64_t timestamp_delta = rk_batch_timestamp_delta(batch, record);
    size_t body_size =
        rk_record_body_size(timestamp_delta, (int32_t)batch->record_count, record->key_size,
                            record->value_size, record->headers_size);
    size_t record_size = rk_record_size(body_size);
    if (is_full(batch, record, record_size))
        return RK_APPEND_FULL;
    size_t needed = record->by_reference ? record->headers_size + 1 : record_size;
    bool needs_segment = record->by_reference || !has_room(batch->last, needed);
    if (needs_segment && (!*spare || (*spare)->capacity < needed)) {
        *segment_size = record->by_reference ? needed : next_segment_size(batch, needed);
        return RK_APPEND_NEEDS_SEGMENT;
    }
    if (batch->record_count == batch->capacity && !grow(batch))
        return RK_APPEND_NO_MEMORY;
    uint32_t original_count = batch->original_count;
    if (!note_opaque(batch, record->opaque) || !note_original(batch, record))
        return RK_APPEND_NO_MEMORY;
    if (record->by_reference) {
        if (!append_by_reference(batch, record, body_size, timestamp_delta, spare)) {
            batch->original_count = original_count;
            return RK_APPEND_NO_MEMORY;
        }
    } else {
        if (needs_segment) {
            link_segment(batch, *spare);
            *spare = NULL;
        }
        append_copy(batch, record, body_size, timestamp_delta);
    }
    rk_batch_count_record(batch, record, record_size);
    batch->enqueued_deltas_us[batch->record_count - 1] = (uint32_t)enqueued_delta_of(batch, record);
    batch->plain_room = plain_room(batch);
    return RK_APPEND_OK;
}

int rk_batch_record_parts(const struct rk_batch *batch, struct iovec *parts, int max)
{
    int count = 0;
    size_t skip = RK_RECORD_BATCH_HEADER_SIZE;
    for (const struct rk_segment *segment = batch->first; segment; segment = segment->next) {
        if (segment->size > skip) {
            if (count < max)
                parts[count] = (struct iovec){.iov_base = segment->bytes + skip,
                                              .iov_len = segment->size - skip};
            count++;
        }
        skip = 0;
    }
    return count;
}

/* Splitting */

/* Appends a copy of a record of another batch. */
static bool move_record(struct rk_batch *to, const struct rk_batch_record *record)
{
    struct rk_new_record copy = {
        .key = record->key,
        .key_size = record->key_size,
        .value = (void *)(uintptr_t)record->value,
        .value_size = record->value_size,
        .payload_size = (size_t)RK_MAX(record->key_size, 0) + (size_t)RK_MAX(record->value_size, 0),
        .timestamp_ms = record->timestamp_ms,
        .enqueued_us = record->enqueued_us,
        .opaque = record->opaque,
        .flags = RD_KAFKA_MSG_F_COPY,
    };
    rd_kafka_headers_t *headers = NULL;
    if (record->raw_headers_size > 0) {
        if (rk_headers_parse(record->raw_headers, (size_t)record->raw_headers_size, &headers))
            return false;
        copy.headers = headers;
        copy.headers_size = rk_headers_wire_size(headers);
    }
    struct rk_segment *spare = NULL;
    size_t segment_size = 0;
    enum rk_append result = rk_batch_append(to, &copy, &spare, &segment_size);
    if (result == RK_APPEND_NEEDS_SEGMENT) {
        spare = rk_segment_try_take(&to->producer->pool, segment_size);
        result = spare ? rk_batch_append(to, &copy, &spare, &segment_size) : RK_APPEND_NO_MEMORY;
    }
    if (spare)
        rk_segment_give_back(&to->producer->pool, spare);
    rk_headers_destroy(headers);
    return result == RK_APPEND_OK;
}

/* Hands the application's own values over: the copies' reports show them, and free them. */
static bool move_originals(struct rk_batch *from, struct rk_batch *to, uint32_t first,
                           uint32_t count)
{
    to->originals = rk_try_calloc(from->original_count + 1, sizeof(*to->originals));
    if (!to->originals)
        return false;
    to->original_capacity = from->original_count + 1;
    for (uint32_t i = 0; i < from->original_count; i++) {
        const struct rk_original *original = &from->originals[i];
        if (original->index < first || original->index >= first + count)
            continue;
        to->originals[to->original_count] = *original;
        to->originals[to->original_count++].index -= first;
    }
    return true;
}

/* A batch of the records [first, first + count) of another one. */
static struct rk_batch *copy_range(struct rk_batch *from, uint32_t first, uint32_t count)
{
    struct rk_batch_walk walk;
    struct rk_batch_record record;
    struct rk_batch *to = NULL;
    rk_batch_walk_init(&walk, from);
    while (rk_batch_walk_next(&walk, &record) && walk.index <= first + count) {
        if (walk.index <= first)
            continue;
        if (!to) {
            struct rk_new_record base = {.timestamp_ms = record.timestamp_ms,
                                         .enqueued_us = record.enqueued_us};
            to = rk_batch_try_new(from->producer, from->topic, from->queue, from->number, &base);
            if (!to)
                return NULL;
            to->base_timestamp_ms = from->base_timestamp_ms; /* So that no record gets larger. */
        }
        if (!move_record(to, &record)) {
            rk_batch_release(to);
            return NULL;
        }
    }
    if (to && !move_originals(from, to, first, count)) {
        rk_batch_release(to);
        return NULL;
    }
    return to;
}

static void swap_contents(struct rk_batch *a, struct rk_batch *b)
{
    struct rk_batch before = *a;
    a->first = b->first, b->first = before.first;
    a->last = b->last, b->last = before.last;
    a->record_count = b->record_count, b->record_count = before.record_count;
    a->size = b->size, b->size = before.size;
    a->credit_bytes = b->credit_bytes, b->credit_bytes = before.credit_bytes;
    a->base_timestamp_ms = b->base_timestamp_ms, b->base_timestamp_ms = before.base_timestamp_ms;
    a->max_timestamp_ms = b->max_timestamp_ms, b->max_timestamp_ms = before.max_timestamp_ms;
    a->base_enqueued_us = b->base_enqueued_us, b->base_enqueued_us = before.base_enqueued_us;
    a->enqueued_deltas_us = b->enqueued_deltas_us;
    b->enqueued_deltas_us = before.enqueued_deltas_us;
    a->opaques = b->opaques, b->opaques = before.opaques;
    a->capacity = b->capacity, b->capacity = before.capacity;
    a->originals = b->originals, b->originals = before.originals;
    a->original_count = b->original_count, b->original_count = before.original_count;
    a->original_capacity = b->original_capacity, b->original_capacity = before.original_capacity;
}

struct rk_batch *rk_batch_try_split(struct rk_batch *batch, uint32_t count)
{
    RK_ASSERT(count > 0 && count < batch->record_count);
    struct rk_batch *head = copy_range(batch, 0, count);
    struct rk_batch *rest = head ? copy_range(batch, count, batch->record_count - count) : NULL;
    if (!rest) {
        if (head) {
            head->original_count = 0; /* They still belong to the whole batch. */
            rk_batch_release(head);
        }
        return NULL;
    }
    swap_contents(batch, rest);
    batch->plain_room = rest->plain_room = 0; /* Nothing more comes. */
    batch->number += count;
    head->sending.attempts = batch->sending.attempts;
    head->sending.may_be_persisted = batch->sending.may_be_persisted;
    head->sending.last_err = batch->sending.last_err;
    rest->original_count = 0; /* Shared out among the two halves. */
    rk_batch_release(rest);
    rk_block_release(batch->sending.encoded);
    batch->sending.encoded = NULL;
    batch->sending.is_prepared = false;
    return head;
}
