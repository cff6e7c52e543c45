/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `records` of a partition as a broker might send them: every batch, record and header in it is
 * read, and each record written again must read back the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "wire/record_batch_reader.h"
#include "wire/record_batch_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_headers(const struct rk_record *record)
{
    size_t size = (size_t)record->headers_size;
    int32_t count = rk_record_headers_count(record->headers, size);
    if (count < 0)
        return;
    struct rk_record_header *headers = calloc((size_t)count + 1, sizeof(*headers));
    if (rk_record_headers_parse(record->headers, size, headers, count) == 0 && count > 0) {
        size_t again_size = rk_record_headers_size(headers, count);
        RK_ASSERT(again_size <= size); /* Numbers may have come in a longer form. */
        uint8_t *again = malloc(again_size);
        RK_ASSERT(rk_record_headers_write(again, headers, count) == again + again_size);
        RK_ASSERT(rk_record_headers_parse(again, again_size, headers, count) == 0);
        free(again);
    }
    free(headers);
}

static void check_record(const struct rk_record_batch_header *header,
                         const struct rk_record *record)
{
    int64_t delta = (int64_t)((uint64_t)record->timestamp - (uint64_t)header->base_timestamp);
    int32_t offset_delta = (int32_t)(record->offset - header->base_offset);
    size_t body = rk_record_body_size(delta, offset_delta, record->key_size, record->value_size,
                                      (size_t)record->headers_size);
    uint8_t *bytes = malloc(rk_record_size(body));
    uint8_t *end = rk_record_write(bytes, body, delta, offset_delta, record->key, record->key_size,
                                   record->value, record->value_size, record->headers,
                                   (size_t)record->headers_size);
    RK_ASSERT(end == bytes + rk_record_size(body));

    struct rk_record_batch_header one = *header;
    struct rk_record_cursor cursor;
    struct rk_record again, none;
    one.record_count = 1;
    one.attributes = 0;
    RK_ASSERT(rk_record_cursor_init(&cursor, &one, bytes, (size_t)(end - bytes)) == 0);
    RK_ASSERT(rk_record_read(&cursor, &again) == RK_RECORD_FOUND);
    RK_ASSERT(rk_record_read(&cursor, &none) == RK_RECORD_END);
    RK_ASSERT(again.offset == record->offset && again.timestamp == record->timestamp &&
              again.key_size == record->key_size && again.value_size == record->value_size &&
              again.headers_size == record->headers_size);
    if (record->value_size > 0)
        RK_ASSERT(memcmp(again.value, record->value, (size_t)record->value_size) == 0);
    free(bytes);
}

static void check_batch(const struct rk_record_batch *batch)
{
    struct rk_record_cursor cursor;
    struct rk_record record;
    struct rk_control_record control;
    const struct rk_record_batch_header *header = &batch->header;

    rk_record_batch_check_crc(batch);
    RK_ASSERT(rk_record_batch_next_offset(header) > header->base_offset);
    if (rk_record_cursor_init(&cursor, header, batch->records, batch->records_size) != 0)
        return;
    int32_t count = 0;
    enum rk_record_result result;
    while ((result = rk_record_read(&cursor, &record)) == RK_RECORD_FOUND) {
        count++;
        check_headers(&record);
        rk_control_record_parse(&record, &control);
        if (header->magic == 2) {
            RK_ASSERT(record.offset >= header->base_offset);
            RK_ASSERT(record.offset < rk_record_batch_next_offset(header));
            check_record(header, &record);
        }
    }
    if (result == RK_RECORD_END && header->magic == 2)
        RK_ASSERT(count == header->record_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    enum rk_record_batch_result result;

    rk_record_batches_init(&batches, data, size);
    while ((result = rk_record_batches_next(&batches, &batch)) != RK_RECORD_BATCH_END) {
        if (result == RK_RECORD_BATCH_FOUND)
            check_batch(&batch);
    }
    return 0;
}
