/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking over the records of a batch, in order: for reports and for splitting.
 *
 * Inline, because a report does it once per message. The bytes are our own, written by
 * rk_batch_append: there is nothing to check.
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

RK_ALWAYS_INLINE const uint8_t *rk_batch_walk_read(const uint8_t *at, int64_t *value)
{
    uint64_t raw = *at++;
    if (RK_UNLIKELY(raw >= 0x80)) {
        uint64_t byte = *at++;
        raw = (raw & 0x7f) | (byte & 0x7f) << 7;
        for (unsigned shift = 14; RK_UNLIKELY(byte >= 0x80); shift += 7) {
            byte = *at++;
            raw |= (byte & 0x7f) << shift;
        }
    }
    *value = rk_unzigzag64(raw);
    return at;
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
    int64_t body_size, timestamp_delta, key_size, value_size;
    const uint8_t *body = rk_batch_walk_read(walk->at, &body_size);
    const uint8_t *at = rk_batch_walk_read(body + 1, &timestamp_delta);
    at += rk_varint_size((int32_t)index); /* The offset delta. */
    at = rk_batch_walk_read(at, &key_size);
    record->key_size = (int32_t)key_size;
    record->key = key_size >= 0 ? at : NULL;
    at += RK_MAX(key_size, 0);
    at = rk_batch_walk_read(at, &value_size);
    record->value_size = (int32_t)value_size;
    record->value = value_size >= 0 ? at : NULL;
    value_size = RK_MAX(value_size, 0);
    int64_t tail_size = body_size - (at - body) - value_size;
    if (RK_UNLIKELY(at == walk->end && value_size > 0)) {
        /* Sent from where it is: a segment of its own, and the tail begins the next. */
        rk_batch_walk_enter(walk, walk->segment->next);
        record->value = walk->at;
        rk_batch_walk_enter(walk, walk->segment->next);
        at = walk->at;
        value_size = 0;
    }
    record->raw_headers = at + value_size;
    record->raw_headers_size = tail_size > 1 ? (int32_t)tail_size : 0;
    record->timestamp_ms =
        (int64_t)((uint64_t)batch->base_timestamp_ms + (uint64_t)timestamp_delta);
    record->enqueued_us = batch->base_enqueued_us + batch->enqueued_deltas_us[index];
    record->opaque = batch->opaques ? batch->opaques[index] : NULL;
    record->original = NULL;
    if (RK_UNLIKELY(walk->next_original < batch->original_count) &&
        batch->originals[walk->next_original].index == index)
        record->original = &batch->originals[walk->next_original++];
    walk->at = at + value_size + tail_size;
    walk->index = index + 1;
    return true;
}

#endif
