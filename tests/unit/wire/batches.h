/* SPDX-License-Identifier: BSD-2-Clause */
/* Batches for the tests of this folder: written into memory of exactly their size, so that the
 * address sanitizer sees any read beyond them. */
#ifndef RK_TESTS_UNIT_WIRE_BATCHES_H
#define RK_TESTS_UNIT_WIRE_BATCHES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/compression.h"
#include "wire/record_batch_reader.h"
#include "wire/record_batch_writer.h"

struct bytes {
    uint8_t *data; /* free() */
    size_t size;
};

/* What record number i is made of. */
struct sample {
    const char *key;
    const char *value;
    int64_t timestamp_delta;
    int32_t header_count;
};

static const struct sample samples[] = {
    {"key", "value", 0, 0},
    {NULL, NULL, 5, 0},
    {"", "", -3, 0},
    {NULL, "a value that is long enough to need a length of two bytes, which begins at sixty-four",
     70000, 1},
    {"k", "v", INT64_C(1) << 40, 3},
};

#define SAMPLE_COUNT   5
#define BASE_OFFSET    INT64_C(1000)
#define BASE_TIMESTAMP INT64_C(1700000000000)

static const struct rk_record_header sample_headers[] = {
    {"name", 4, 5, (const uint8_t *)"text!"},
    {"", 0, 0, (const uint8_t *)""},
    {"null", 4, -1, NULL},
};

static inline int32_t size_or_null(const char *text)
{
    return text ? (int32_t)strlen(text) : -1;
}

static inline struct bytes bytes_copy(const void *data, size_t size)
{
    struct bytes copy = {malloc(size ? size : 1), size};
    if (size)
        memcpy(copy.data, data, size);
    return copy;
}

static inline struct bytes sample_records(void)
{
    uint8_t space[1024];
    uint8_t *at = space;
    for (int32_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample *sample = &samples[i];
        uint8_t headers[64];
        size_t headers_size = 0;
        if (sample->header_count) {
            headers_size = rk_record_headers_size(sample_headers, sample->header_count);
            rk_record_headers_write(headers, sample_headers, sample->header_count);
        }
        int32_t key_size = size_or_null(sample->key);
        int32_t value_size = size_or_null(sample->value);
        size_t body =
            rk_record_body_size(sample->timestamp_delta, i, key_size, value_size, headers_size);
        at = rk_record_write(at, body, sample->timestamp_delta, i, sample->key, key_size,
                             sample->value, value_size, headers, headers_size);
    }
    return bytes_copy(space, (size_t)(at - space));
}

static inline struct rk_record_batch_header sample_header(int codec)
{
    struct rk_record_batch_header header;
    rk_record_batch_header_init(&header);
    header.base_offset = BASE_OFFSET;
    header.attributes = (int16_t)codec;
    header.last_offset_delta = SAMPLE_COUNT - 1;
    header.base_timestamp = BASE_TIMESTAMP;
    header.max_timestamp = BASE_TIMESTAMP + samples[SAMPLE_COUNT - 1].timestamp_delta;
    header.record_count = SAMPLE_COUNT;
    return header;
}

/* Header and records as they are. */
static inline struct bytes join_batch(struct rk_record_batch_header *header, struct bytes records)
{
    struct bytes batch = {malloc(RK_RECORD_BATCH_HEADER_SIZE + records.size),
                          RK_RECORD_BATCH_HEADER_SIZE + records.size};
    struct iovec part = {records.data, records.size};
    memcpy(batch.data + RK_RECORD_BATCH_HEADER_SIZE, records.data, records.size);
    rk_record_batch_header_write(batch.data, header, &part, 1);
    return batch;
}

static inline struct bytes sample_batch(void)
{
    struct rk_record_batch_header header = sample_header(RK_COMPRESSION_NONE);
    struct bytes records = sample_records();
    struct bytes batch = join_batch(&header, records);
    free(records.data);
    return batch;
}

#endif
