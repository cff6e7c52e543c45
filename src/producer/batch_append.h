/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Appending a record to a batch.
 *
 * Inline, because produce() does it once per message, under the partition's lock. Limits are the
 * producer's.
 */
#ifndef RK_PRODUCER_BATCH_APPEND_H
#define RK_PRODUCER_BATCH_APPEND_H

#include <string.h>

#include "event/headers.h"
#include "producer/batch.h"
#include "producer/producer.h"

/* Wraps around: times may be as far apart as the application likes. */
static inline int64_t rk_batch_timestamp_delta(const struct rk_batch *batch,
                                               const struct rk_new_record *record)
{
    return (int64_t)((uint64_t)record->timestamp_ms - (uint64_t)batch->base_timestamp_ms);
}

/* All of a record behind its length and attributes. */
RK_ALWAYS_INLINE uint8_t *rk_batch_write_body(uint8_t *at, const struct rk_new_record *record,
                                              int64_t timestamp_delta, uint32_t offset_delta)
{
    at = rk_varlong_write(at, timestamp_delta);
    at = rk_varint_write(at, (int32_t)offset_delta);
    at = rk_varint_write(at, record->key_size);
    if (record->key_size > 0) {
        memcpy(at, record->key, (size_t)record->key_size);
        at += record->key_size;
    }
    at = rk_varint_write(at, record->value_size);
    if (record->value_size > 0) {
        memcpy(at, record->value, (size_t)record->value_size);
        at += record->value_size;
    }
    if (RK_UNLIKELY(record->headers_size > 0))
        return rk_headers_write(record->headers, at);
    *at++ = 0;
    return at;
}

/* Counts a record that stands in its segment. */
RK_ALWAYS_INLINE void rk_batch_count_record(struct rk_batch *batch,
                                            const struct rk_new_record *record, size_t record_size)
{
    batch->enqueued_deltas_us[batch->record_count] =
        (uint32_t)(record->enqueued_us - batch->base_enqueued_us);
    batch->record_count++;
    batch->size += (uint32_t)record_size;
    batch->credit_bytes += record->payload_size;
    if (record->timestamp_ms > batch->max_timestamp_ms)
        batch->max_timestamp_ms = record->timestamp_ms;
}

/*
 * Appends a record, whatever it is: first and last ones, those for which something has to grow,
 * small and very large ones, values that are not copied. `spare` is a segment taken beforehand, or
 * NULL; used up (set to NULL) when needed.
 */
enum rk_append rk_batch_append(struct rk_batch *batch, const struct rk_new_record *record,
                               struct rk_segment **spare, size_t *segment_size);

/* With keys, values and headers of these sizes together a record's length takes two bytes: it can
 * be written behind the record, whose size then need not be worked out first. */
#define RK_MEDIUM_MIN 64
#define RK_MEDIUM_MAX (8191 - RK_RECORD_OVERHEAD_MAX)

/* Appends a record of the usual kind to a batch that has room for it and for another one. False:
 * nothing was done, rk_batch_append is for it. */
RK_ALWAYS_INLINE bool rk_batch_append_plainly(struct rk_batch *batch,
                                              const struct rk_new_record *record)
{
    size_t payload_size = record->payload_size + record->headers_size;
    uint32_t count = batch->record_count;
    if (RK_UNLIKELY(payload_size + RK_RECORD_OVERHEAD_MAX > batch->plain_room ||
                    payload_size - RK_MEDIUM_MIN > RK_MEDIUM_MAX - RK_MEDIUM_MIN ||
                    count + 1 >= batch->capacity || !(record->flags & RD_KAFKA_MSG_F_COPY) ||
                    record->enqueued_us - batch->base_enqueued_us > UINT32_MAX))
        return false;
    if (batch->opaques)
        batch->opaques[count] = record->opaque;
    else if (RK_UNLIKELY(record->opaque != NULL))
        return false;
    struct rk_segment *segment = batch->last;
    uint8_t *start = segment->bytes + segment->size;
    uint8_t *body = start + 2;
    *body = 0; /* Attributes: none are defined. */
    uint8_t *end =
        rk_batch_write_body(body + 1, record, rk_batch_timestamp_delta(batch, record), count);
    uint32_t length = rk_zigzag32((int32_t)(end - body));
    start[0] = (uint8_t)(length | 0x80);
    start[1] = (uint8_t)(length >> 7);
    uint32_t size = (uint32_t)(end - start);
    segment->size += size;
    batch->plain_room -= size;
    rk_batch_count_record(batch, record, size);
    return true;
}

#endif
