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
    if (RK_LIKELY(low < 0x80)) {
        *raw = low;
        return at + 1;
    }
    uint32_t high = at[1];
    *raw = low - 0x80 + (high << 7);
    return RK_LIKELY(high < 0x80) ? at + 2 : NULL;
}

/* Halves a number whose lowest bit is its sign; a negative one becomes larger than any size. */
RK_ALWAYS_INLINE uint32_t rk_record_unsigned(uint32_t raw)
{
    return raw >> 1 | raw << 31;
}

/* A record with headers, or not as long as it says. */
RK_ALWAYS_INLINE bool rk_record_has_headers(const struct rk_record *record, const uint8_t *end)
{
    return record->value < end && record->value_size < end - record->value &&
           record->value[record->value_size] != 0;
}

/*
 * The plain case: short numbers, a value, and nothing wrong. Anything else is to be read again
 * carefully: NULL. returns: the record's end, for rk_record_pass; the cursor has not changed
 */
RK_ALWAYS_INLINE const uint8_t *rk_record_read_plainly(const struct rk_record_cursor *cursor,
                                                       struct rk_record *record)
{
    const uint8_t *at = cursor->at;
    uint32_t length, timestamp_delta, offset_delta, key_size, value_size;
    if (RK_UNLIKELY(cursor->left <= 0 || cursor->magic != 2 ||
                    cursor->end - at < RK_RECORD_SHORT_NUMBERS_SIZE ||
                    !(at = rk_record_read_short(at, &length))))
        return NULL;
    length = rk_record_unsigned(length);
    const uint8_t *end = at + length;
    if (RK_UNLIKELY(length < RK_RECORD_SHORT_NUMBERS_SIZE || (int64_t)length > cursor->end - at))
        return NULL;
    if (RK_UNLIKELY(!(at = rk_record_read_short(at + 1, &timestamp_delta)) ||
                    !(at = rk_record_read_short(at, &offset_delta)) ||
                    !(at = rk_record_read_short(at, &key_size))))
        return NULL;
    offset_delta = rk_record_unsigned(offset_delta);
    if (RK_UNLIKELY(offset_delta > cursor->last_offset_delta))
        return NULL;
    record->key = NULL;
    record->key_size = -1;
    if (key_size != 1) { /* Null. */
        key_size = rk_record_unsigned(key_size);
        if (RK_UNLIKELY((int64_t)key_size > end - at - 2))
            return NULL;
        record->key = at;
        record->key_size = (int32_t)key_size;
        at += key_size;
    }
    if (RK_UNLIKELY(!(at = rk_record_read_short(at, &value_size)) || (value_size & 1)))
        return NULL;
    record->value = at;
    record->value_size = (int32_t)(value_size >> 1);
    record->headers = at + record->value_size;
    record->headers_size = 0;
    if (RK_UNLIKELY(record->headers + 1 != end || *record->headers != 0)) {
        if (!rk_record_has_headers(record, end))
            return NULL;
        record->headers_size = (int32_t)(end - record->headers);
    }
    record->offset = cursor->base_offset + (int32_t)offset_delta;
    record->timestamp =
        (int64_t)((uint64_t)cursor->base_timestamp +
                  (uint64_t)(rk_unzigzag32(timestamp_delta) & cursor->timestamp_mask));
    return end;
}

RK_ALWAYS_INLINE void rk_record_pass(struct rk_record_cursor *cursor, const uint8_t *end)
{
    cursor->at = end;
    cursor->left--;
}

RK_ALWAYS_INLINE enum rk_record_result rk_record_read(struct rk_record_cursor *cursor,
                                                      struct rk_record *record)
{
    struct rk_record plain; /* Its address is not given away: it stays in registers. */
    const uint8_t *end = rk_record_read_plainly(cursor, &plain);
    if (RK_LIKELY(end != NULL)) {
        rk_record_pass(cursor, end);
        *record = plain;
        return RK_RECORD_FOUND;
    }
    struct rk_record careful = {.offset = 0};
    enum rk_record_result result = rk_record_read_carefully(cursor, &careful);
    *record = careful;
    return result;
}

#endif
