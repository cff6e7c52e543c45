/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes records (magic 2) into memory the caller provides, and the batch header in front of them.
 *
 * Pure functions on the caller's thread. rk_record_* run once per produced message, under the
 * partition's lock: they are inline, allocate nothing and copy key and value once. Everything about
 * sizes is known before the first byte is written:
 *
 *     size_t body_size = rk_record_body_size(timestamp_delta, offset_delta, key_size, ...);
 *     if (rk_record_size(body_size) > room)
 *         ...
 *     at = rk_record_write(at, body_size, timestamp_delta, offset_delta, key, key_size, ...);
 *
 * Sizes of -1 are Kafka's null. Headers arrive encoded (rk_record_headers_write), their count in
 * front; no headers: size 0. The sum of a record's sizes must stay below INT32_MAX, which the
 * caller's limit on message sizes sees to.
 */
#ifndef RK_WIRE_RECORD_BATCH_WRITER_H
#define RK_WIRE_RECORD_BATCH_WRITER_H

#include <string.h>
#include <sys/uio.h>

#include "base/varint.h"
#include "wire/record_batch.h"

/* What a record adds to its key, value and headers at most: with it a size can be checked before
 * deltas are known. */
#define RK_RECORD_OVERHEAD_MAX                                                                \
    (RK_VARINT_SIZE_MAX + 1 + RK_VARLONG_SIZE_MAX + RK_VARINT_SIZE_MAX + RK_VARINT_SIZE_MAX + \
     RK_VARINT_SIZE_MAX + 1)

/* Headers as they stand in a record, their count included. */
size_t rk_record_headers_size(const struct rk_record_header *headers, int32_t count);
uint8_t *rk_record_headers_write(uint8_t *at, const struct rk_record_header *headers,
                                 int32_t count);

/* What the record's length field says: the bytes after it. */
static inline size_t rk_record_body_size(int64_t timestamp_delta, int32_t offset_delta,
                                         int32_t key_size, int32_t value_size, size_t headers_size)
{
    return 1 + rk_varlong_size(timestamp_delta) + rk_varint_size(offset_delta) +
           rk_varint_size(key_size) + (size_t)(key_size < 0 ? 0 : key_size) +
           rk_varint_size(value_size) + (size_t)(value_size < 0 ? 0 : value_size) +
           (headers_size ? headers_size : 1);
}

/* The whole record, its length field included. */
static inline size_t rk_record_size(size_t body_size)
{
    return rk_varint_size((int32_t)body_size) + body_size;
}

/* All of a record up to and without its value. For values that are sent from where they are: follow
 * with the value's bytes, then rk_record_write_tail. */
static inline uint8_t *rk_record_write_head(uint8_t *at, size_t body_size, int64_t timestamp_delta,
                                            int32_t offset_delta, const void *key, int32_t key_size,
                                            int32_t value_size)
{
    at = rk_varint_write(at, (int32_t)body_size);
    *at++ = 0; /* Attributes: none are defined. */
    at = rk_varlong_write(at, timestamp_delta);
    at = rk_varint_write(at, offset_delta);
    at = rk_varint_write(at, key_size);
    if (key_size > 0) {
        memcpy(at, key, (size_t)key_size);
        at += key_size;
    }
    return rk_varint_write(at, value_size);
}

static inline uint8_t *rk_record_write_tail(uint8_t *at, const uint8_t *headers,
                                            size_t headers_size)
{
    if (RK_LIKELY(headers_size == 0)) {
        *at++ = 0;
        return at;
    }
    memcpy(at, headers, headers_size);
    return at + headers_size;
}

/* Writes rk_record_size(body_size) bytes and returns the address after them. */
static inline uint8_t *rk_record_write(uint8_t *at, size_t body_size, int64_t timestamp_delta,
                                       int32_t offset_delta, const void *key, int32_t key_size,
                                       const void *value, int32_t value_size,
                                       const uint8_t *headers, size_t headers_size)
{
    at = rk_record_write_head(at, body_size, timestamp_delta, offset_delta, key, key_size,
                              value_size);
    if (value_size > 0) {
        memcpy(at, value, (size_t)value_size);
        at += value_size;
    }
    return rk_record_write_tail(at, headers, headers_size);
}

/*
 * Writes the header's 61 bytes for the records in `parts` (compressed already, if
 * header->attributes says so). Magic 2, the length and the CRC are worked out here and also left in
 * `header`; all other members are the caller's. The parts are read, not kept.
 */
void rk_record_batch_header_write(uint8_t at[RK_RECORD_BATCH_HEADER_SIZE],
                                  struct rk_record_batch_header *header, const struct iovec *parts,
                                  size_t part_count);

/* Gives a written header another producer id, epoch and sequence, and a new CRC over it and the
 * same parts. */
void rk_record_batch_header_rewrite(uint8_t at[RK_RECORD_BATCH_HEADER_SIZE], int64_t producer_id,
                                    int16_t producer_epoch, int32_t base_sequence,
                                    const struct iovec *parts, size_t part_count);

/* Members a producer that is not idempotent leaves alone: offset 0, epochs, producer id and
 * sequence -1. */
void rk_record_batch_header_init(struct rk_record_batch_header *header);

#endif
