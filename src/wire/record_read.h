/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rk_record_read(), the consumer's step per message: inline, and short for the records that nearly
 * all are, whose numbers take one or two bytes. Included by record_batch_reader.h only.
 */
#ifndef RK_WIRE_RECORD_READ_H
#define RK_WIRE_RECORD_READ_H

#include "base/assert.h"
#include "base/varint.h"

/* Bytes that a record's numbers up to the key's size take at most when they are short. */
#define RK_RECORD_SHORT_NUMBERS_SIZE 9

/* A number of one or two bytes; NULL for a longer one. The caller knows that two bytes are there.
 */
RK_ALWAYS_INLINE const uint8_t *rk_record_read_short(const uint8_t *at, uint32_t *raw)
{
    uint32_t low = at[0];
    *raw = low;
    if (RK_LIKELY(low < 0x80))
        return at + 1;
    uint32_t high = at[1];
    *raw = (low & 0x7f) | high << 7;
    return RK_LIKELY(high < 0x80) ? at + 2 : NULL;
}

/*
 * The plain case: short numbers, a value, and nothing wrong. Anything else is to be read again
 * carefully: NULL, and the cursor has not changed. returns: the record's end
 */
RK_ALWAYS_INLINE const uint8_t *rk_record_read_plainly(const struct rk_record_cursor *cursor,
                                                       struct rk_record *record)
{
    const uint8_t *at = cursor->at;
    uint32_t length, timestamp_delta, offset_delta, key_size, value_size;
    if (RK_UNLIKELY(cursor->end - at < RK_RECORD_SHORT_NUMBERS_SIZE ||
                    !(at = rk_record_read_short(at, &length))))
        return NULL;
    const uint8_t *end = at + (length >> 1);
    if (RK_UNLIKELY((length & 1) || (length >> 1) < RK_RECORD_SHORT_NUMBERS_SIZE ||
                    (int64_t)(length >> 1) > cursor->end - at))
        return NULL;
    if (RK_UNLIKELY(!(at = rk_record_read_short(at + 1, &timestamp_delta)) ||
                    !(at = rk_record_read_short(at, &offset_delta)) ||
                    !(at = rk_record_read_short(at, &key_size))))
        return NULL;
    if (RK_UNLIKELY((offset_delta & 1) || offset_delta >> 1 > cursor->last_offset_delta))
        return NULL;
    record->key = NULL;
    record->key_size = -1;
    if (key_size != 1) { /* Null. */
        record->key = at;
        record->key_size = (int32_t)(key_size >> 1);
        if (RK_UNLIKELY((key_size & 1) || record->key_size > end - at))
            return NULL;
        at += record->key_size;
    }
    if (RK_UNLIKELY(end - at < 2 || !(at = rk_record_read_short(at, &value_size)) ||
                    (value_size & 1) || (int64_t)(value_size >> 1) >= end - at))
        return NULL;
    record->value = at;
    record->value_size = (int32_t)(value_size >> 1);
    at += value_size >> 1;
    record->headers = at;
    record->headers_size = 0;
    if (RK_UNLIKELY(end - at != 1 || *at != 0)) {
        if (*at == 0)
            return NULL;
        record->headers_size = (int32_t)(end - at);
    }
    record->offset = cursor->base_offset + (int32_t)(offset_delta >> 1);
    record->timestamp =
        (int64_t)((uint64_t)cursor->base_timestamp +
                  (uint64_t)(rk_unzigzag32(timestamp_delta) & cursor->timestamp_mask));
    return end;
}

RK_ALWAYS_INLINE enum rk_record_result rk_record_read(struct rk_record_cursor *cursor,
                                                      struct rk_record *record)
{
    if (RK_LIKELY(cursor->left > 0 && cursor->magic == 2)) {
        const uint8_t *end = rk_record_read_plainly(cursor, record);
        if (RK_LIKELY(end != NULL)) {
            cursor->at = end;
            cursor->left--;
            return RK_RECORD_FOUND;
        }
    }
    return rk_record_read_carefully(cursor, record);
}

#endif
