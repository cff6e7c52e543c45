/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking over the records of a batch, in order: for reports and for splitting.
 *
 * Inline, because a report does it once per message. The bytes are our own, written by
 * batch_append.h: there is nothing to check.
 */
#ifndef RK_PRODUCER_BATCH_WALK_H
#define RK_PRODUCER_BATCH_WALK_H

#include "base/varint.h"
#include "producer/batch.h"

/* One record as it stands in the batch. Borrowed from it. */
struct rk_batch_record {
    const void *key;
    int32_t key_size;
    int32_t value_size;
    const void *value;
    const uint8_t *raw_headers; /* Count and all. */
    int32_t raw_headers_size;   /* 0: none. */
    int64_t timestamp_ms;
    uint64_t enqueued_us;
    void *opaque;
    const struct rk_original *original; /* NULL: copied. */
};

struct rk_batch_walk {
    const struct rk_batch *batch;
    const struct rk_segment *segment;
    const uint8_t *at;
    const uint8_t *end; /* Of the segment. */
    uint32_t index;     /* Of the next record. */
    uint32_t next_original;
};

static inline void rk_batch_walk_enter(struct rk_batch_walk *walk, const struct rk_segment *segment)
{
    walk->segment = segment;
    walk->at = segment->bytes;
    walk->end = segment->bytes + segment->size;
}

static inline void rk_batch_walk_init(struct rk_batch_walk *walk, const struct rk_batch *batch)
{
    *walk = (struct rk_batch_walk){.batch = batch};
    rk_batch_walk_enter(walk, batch->first);
    walk->at += RK_RECORD_BATCH_HEADER_SIZE;
}

/* A number with its sign in the lowest bit. */
RK_ALWAYS_INLINE const uint8_t *rk_batch_walk_read(const uint8_t *at, uint64_t *raw)
{
    *raw = *at++;
    if (RK_UNLIKELY(*raw >= 0x80)) {
        uint64_t byte = *at++;
        *raw += (byte << 7) - 0x80;
        for (unsigned shift = 14; RK_UNLIKELY(byte >= 0x80); shift += 7) {
            byte = *at++;
            *raw += (byte - 1) << shift; /* Less the mark of the byte before. */
        }
    }
    return at;
}

/* A key's or value's size; null is -1. */
RK_ALWAYS_INLINE const uint8_t *rk_batch_walk_read_size(const uint8_t *at, int32_t *size,
                                                        const void **bytes)
{
    uint64_t raw;
    at = rk_batch_walk_read(at, &raw);
    bool is_null = raw == 1;
    *size = is_null ? -1 : (int32_t)(raw >> 1);
    *bytes = is_null ? NULL : at;
    return at;
}

/* What is left of a record's length behind its value, which begins at `value`. */
static inline int32_t rk_batch_walk_headers_size(const uint8_t *record, const uint8_t *value,
                                                 int32_t value_size)
{
    uint64_t raw;
    const uint8_t *body = rk_batch_walk_read(record, &raw);
    return (int32_t)(raw >> 1) - (int32_t)(value - body) - value_size;
}

/* False at the end. */
RK_ALWAYS_INLINE bool rk_batch_walk_next(struct rk_batch_walk *walk, struct rk_batch_record *record)
{
    const struct rk_batch *batch = walk->batch;
    uint32_t index = walk->index;
    if (index >= batch->record_count)
        return false;
    while (RK_UNLIKELY(walk->at >= walk->end))
        rk_batch_walk_enter(walk, walk->segment->next);
    const uint8_t *start = walk->at, *at = start;
    while (*at++ & 0x80) /* The length is not needed, unless there are headers. */
        ;
    uint64_t timestamp_delta;
    at = rk_batch_walk_read(at + 1, &timestamp_delta);
    at += rk_varint_size((int32_t)index); /* The offset delta. */
    at = rk_batch_walk_read_size(at, &record->key_size, &record->key);
    at += RK_MAX(record->key_size, 0);
    const uint8_t *value = rk_batch_walk_read_size(at, &record->value_size, &record->value);
    int32_t value_size = RK_MAX(record->value_size, 0);
    const uint8_t *tail = value + value_size;
    if (RK_UNLIKELY(value == walk->end && value_size > 0)) {
        /* Sent from where it is: a segment of its own, and the tail begins the next. */
        rk_batch_walk_enter(walk, walk->segment->next);
        record->value = walk->at;
        rk_batch_walk_enter(walk, walk->segment->next);
        tail = walk->at;
    }
    record->raw_headers = tail;
    record->raw_headers_size = 0;
    if (RK_UNLIKELY(*tail != 0))
        record->raw_headers_size = rk_batch_walk_headers_size(start, value, value_size);
    record->timestamp_ms =
        (int64_t)((uint64_t)batch->base_timestamp_ms + (uint64_t)rk_unzigzag64(timestamp_delta));
    record->enqueued_us = batch->base_enqueued_us + batch->enqueued_deltas_us[index];
    record->opaque = batch->opaques ? batch->opaques[index] : NULL;
    record->original = NULL;
    if (RK_UNLIKELY(walk->next_original < batch->original_count) &&
        batch->originals[walk->next_original].index == index)
        record->original = &batch->originals[walk->next_original++];
    walk->at = tail + RK_MAX(record->raw_headers_size, 1);
    walk->index = index + 1;
    /* Records are alike as a rule: the memory of the one after the next two is asked for. */
    RK_PREFETCH(walk->at + 2 * (tail - start));
    return true;
}

#endif
