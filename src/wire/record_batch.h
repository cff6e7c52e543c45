/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Record batches: the form records have on the wire and on a broker's disk (magic 2), shared by
 * reader and writer.
 *
 * A batch is a header of 61 bytes and the records behind it, compressed as a whole if it says so.
 * Plain data; belongs to whoever holds it. The older message sets (magic 0 and 1) are described
 * with the same struct: see legacy_message_set.h.
 */
#ifndef RK_WIRE_RECORD_BATCH_H
#define RK_WIRE_RECORD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes and positions in bytes. The first 17 bytes are laid out alike in all magics up to the size
 * and the magic. */
#define RK_RECORD_BATCH_HEADER_SIZE 61
#define RK_RECORD_BATCH_PREFIX_SIZE 12 /* Base offset and length: not counted by batch_length. */
#define RK_RECORD_BATCH_LENGTH_MIN  (RK_RECORD_BATCH_HEADER_SIZE - RK_RECORD_BATCH_PREFIX_SIZE)

enum {
    RK_RECORD_BATCH_AT_BASE_OFFSET = 0,
    RK_RECORD_BATCH_AT_LENGTH = 8,
    RK_RECORD_BATCH_AT_LEADER_EPOCH = 12,
    RK_RECORD_BATCH_AT_MAGIC = 16,
    RK_RECORD_BATCH_AT_CRC = 17,
    RK_RECORD_BATCH_AT_ATTRIBUTES = 21, /* The CRC covers from here to the end. */
    RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA = 23,
    RK_RECORD_BATCH_AT_BASE_TIMESTAMP = 27,
    RK_RECORD_BATCH_AT_MAX_TIMESTAMP = 35,
    RK_RECORD_BATCH_AT_PRODUCER_ID = 43,
    RK_RECORD_BATCH_AT_PRODUCER_EPOCH = 51,
    RK_RECORD_BATCH_AT_BASE_SEQUENCE = 53,
    RK_RECORD_BATCH_AT_RECORD_COUNT = 57,
    RK_RECORD_BATCH_AT_RECORDS = 61,
};

/* Bits of `attributes`. */
#define RK_RECORD_BATCH_CODEC_MASK    0x07 /* enum rk_compression. */
#define RK_RECORD_BATCH_LOG_APPEND    0x08 /* Every record's timestamp is max_timestamp. */
#define RK_RECORD_BATCH_TRANSACTIONAL 0x10
#define RK_RECORD_BATCH_CONTROL       0x20 /* One record, for the client itself. */
#define RK_RECORD_BATCH_DELETE_HORIZON \
    0x40 /* base_timestamp is when tombstones may go; deltas still count from it. */

/* The smallest record: its length, attributes, two deltas, null key, null value, no headers. */
#define RK_RECORD_SIZE_MIN 7

/* More headers in one record than this are refused. */
#define RK_RECORD_HEADERS_MAX 100000

struct rk_record_batch_header {
    int64_t base_offset;
    int32_t batch_length; /* Bytes after this field: the batch is 12 bytes larger. */
    int32_t
        partition_leader_epoch; /* Written by the broker; -1 from producers and in message sets. */
    int8_t magic;
    uint32_t crc;
    int16_t attributes;
    int32_t last_offset_delta; /* The next batch begins at base_offset + last_offset_delta + 1,
                                  whatever records are left. */
    int64_t base_timestamp;    /* Milliseconds. */
    int64_t max_timestamp;
    int64_t producer_id; /* -1: not idempotent, and so for the next two. */
    int16_t producer_epoch;
    int32_t base_sequence; /* Goes from 2147483647 to 0. */
    int32_t record_count;  /* Of message sets: of a plain run exact, of a compressed one 1. */
};

/* One header of a record: name and value belong to somebody else. */
struct rk_record_header {
    const char *name; /* Not NUL-terminated. */
    int32_t name_size;
    int32_t value_size; /* -1: null. */
    const uint8_t *value;
};

static inline int rk_record_batch_codec(const struct rk_record_batch_header *header)
{
    return header->attributes & RK_RECORD_BATCH_CODEC_MASK;
}

static inline bool rk_record_batch_is_control(const struct rk_record_batch_header *header)
{
    return header->attributes & RK_RECORD_BATCH_CONTROL;
}

static inline bool rk_record_batch_is_transactional(const struct rk_record_batch_header *header)
{
    return header->attributes & RK_RECORD_BATCH_TRANSACTIONAL;
}

static inline bool rk_record_batch_is_log_append(const struct rk_record_batch_header *header)
{
    return header->attributes & RK_RECORD_BATCH_LOG_APPEND;
}

/* The offset to fetch after this batch. */
static inline int64_t rk_record_batch_next_offset(const struct rk_record_batch_header *header)
{
    return header->base_offset + header->last_offset_delta + 1;
}

#endif
