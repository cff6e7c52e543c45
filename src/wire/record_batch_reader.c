/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/record_batch_reader.h"

#include <string.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "base/crc32c.h"
#include "base/varint.h"
#include "wire/legacy_message_set.h"

void rk_record_batches_init(struct rk_record_batches *batches, const uint8_t *data, size_t size)
{
    batches->at = data;
    batches->end = size ? data + size : data;
}

static void read_header(struct rk_record_batch_header *header, const uint8_t *at)
{
    *header = (struct rk_record_batch_header){
        .base_offset = rk_load_be64(at + RK_RECORD_BATCH_AT_BASE_OFFSET),
        .batch_length = rk_load_be32(at + RK_RECORD_BATCH_AT_LENGTH),
        .partition_leader_epoch = rk_load_be32(at + RK_RECORD_BATCH_AT_LEADER_EPOCH),
        .magic = (int8_t)at[RK_RECORD_BATCH_AT_MAGIC],
        .crc = (uint32_t)rk_load_be32(at + RK_RECORD_BATCH_AT_CRC),
        .attributes = rk_load_be16(at + RK_RECORD_BATCH_AT_ATTRIBUTES),
        .last_offset_delta = rk_load_be32(at + RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA),
        .base_timestamp = rk_load_be64(at + RK_RECORD_BATCH_AT_BASE_TIMESTAMP),
        .max_timestamp = rk_load_be64(at + RK_RECORD_BATCH_AT_MAX_TIMESTAMP),
        .producer_id = rk_load_be64(at + RK_RECORD_BATCH_AT_PRODUCER_ID),
        .producer_epoch = rk_load_be16(at + RK_RECORD_BATCH_AT_PRODUCER_EPOCH),
        .base_sequence = rk_load_be32(at + RK_RECORD_BATCH_AT_BASE_SEQUENCE),
        .record_count = rk_load_be32(at + RK_RECORD_BATCH_AT_RECORD_COUNT),
    };
}

/* Offsets that exist and leave room for the one after them. */
static bool has_sane_offsets(const struct rk_record_batch_header *header)
{
    return header->base_offset >= 0 && header->last_offset_delta >= 0 &&
           header->base_offset < INT64_MAX - header->last_offset_delta;
}

rd_kafka_resp_err_t rk_record_batch_header_parse(struct rk_record_batch_header *header,
                                                 const uint8_t *data, size_t size)
{
    if (size > RK_RECORD_BATCH_AT_MAGIC && data[RK_RECORD_BATCH_AT_MAGIC] != 2)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    if (size < RK_RECORD_BATCH_HEADER_SIZE)
        return RD_KAFKA_RESP_ERR__UNDERFLOW;
    read_header(header, data);
    if (header->batch_length < RK_RECORD_BATCH_LENGTH_MIN || !has_sane_offsets(header) ||
        header->record_count < 0 || header->record_count - 1 > header->last_offset_delta)
        return RD_KAFKA_RESP_ERR__BAD_MSG;

    size_t records_size = (size_t)header->batch_length - RK_RECORD_BATCH_LENGTH_MIN;
    if (rk_record_batch_codec(header) == 0 &&
        (size_t)header->record_count > records_size / RK_RECORD_SIZE_MIN)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    if (records_size > size - RK_RECORD_BATCH_HEADER_SIZE)
        return RD_KAFKA_RESP_ERR__UNDERFLOW;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Nothing more can be read: what follows a size that is not known has no place. */
static enum rk_record_batch_result stop(struct rk_record_batches *batches,
                                        enum rk_record_batch_result result)
{
    batches->at = batches->end;
    return result;
}

static enum rk_record_batch_result next_record_batch(struct rk_record_batches *batches,
                                                     struct rk_record_batch *batch, size_t left)
{
    rd_kafka_resp_err_t err = rk_record_batch_header_parse(&batch->header, batch->data, left);
    size_t size = batch->size;
    if (size < RK_RECORD_BATCH_HEADER_SIZE) {
        batch->size = 0;
        return stop(batches, RK_RECORD_BATCH_CORRUPT);
    }
    if (size > left)
        return stop(batches, RK_RECORD_BATCH_TRUNCATED);

    batches->at += size;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (!has_sane_offsets(&batch->header))
            batch->header.last_offset_delta = 0;
        return RK_RECORD_BATCH_CORRUPT;
    }
    batch->records = batch->data + RK_RECORD_BATCH_AT_RECORDS;
    batch->records_size = size - RK_RECORD_BATCH_HEADER_SIZE;
    return RK_RECORD_BATCH_FOUND;
}

/* A form from the future: passed over if its size is there. */
static enum rk_record_batch_result next_unknown(struct rk_record_batches *batches,
                                                struct rk_record_batch *batch, size_t left)
{
    if (batch->header.batch_length <= RK_RECORD_BATCH_AT_MAGIC - RK_RECORD_BATCH_PREFIX_SIZE ||
        batch->size > left) {
        batch->size = 0;
        return stop(batches, RK_RECORD_BATCH_CORRUPT);
    }
    batches->at += batch->size;
    return RK_RECORD_BATCH_CORRUPT;
}

enum rk_record_batch_result rk_record_batches_next(struct rk_record_batches *batches,
                                                   struct rk_record_batch *batch)
{
    *batch = (struct rk_record_batch){.data = batches->at};
    size_t left = (size_t)(batches->end - batches->at);
    if (left == 0)
        return RK_RECORD_BATCH_END;
    if (left < RK_RECORD_BATCH_PREFIX_SIZE)
        return stop(batches, RK_RECORD_BATCH_TRUNCATED);

    /* The same place in all magics. */
    batch->header.base_offset = rk_load_be64(batch->data + RK_RECORD_BATCH_AT_BASE_OFFSET);
    batch->header.batch_length = rk_load_be32(batch->data + RK_RECORD_BATCH_AT_LENGTH);
    if (batch->header.batch_length <= 0)
        return stop(batches, RK_RECORD_BATCH_CORRUPT);
    batch->size = RK_RECORD_BATCH_PREFIX_SIZE + (size_t)batch->header.batch_length;
    if (left <= RK_RECORD_BATCH_AT_MAGIC)
        return stop(batches, RK_RECORD_BATCH_TRUNCATED);

    switch (batch->data[RK_RECORD_BATCH_AT_MAGIC]) {
    case 0:
    case 1:
        return rk_legacy_batches_next(batches, batch);
    case 2:
        return next_record_batch(batches, batch, left);
    default:
        return next_unknown(batches, batch, left);
    }
}

rd_kafka_resp_err_t rk_record_batch_check_crc(const struct rk_record_batch *batch)
{
    if (batch->header.magic < 2)
        return rk_legacy_check_crc(batch);
    uint32_t crc = rk_crc32c(0, batch->data + RK_RECORD_BATCH_AT_ATTRIBUTES,
                             batch->size - RK_RECORD_BATCH_AT_ATTRIBUTES);
    return crc == batch->header.crc ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__BAD_MSG;
}

rd_kafka_resp_err_t rk_record_cursor_init(struct rk_record_cursor *cursor,
                                          const struct rk_record_batch_header *header,
                                          const uint8_t *records, size_t size)
{
    if (header->magic < 2)
        return rk_legacy_cursor_init(cursor, header, records, size);
    if ((size_t)header->record_count > size / RK_RECORD_SIZE_MIN)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    bool log_append = rk_record_batch_is_log_append(header);
    *cursor = (struct rk_record_cursor){
        .at = records,
        .end = size ? records + size : records,
        .base_offset = header->base_offset,
        .base_timestamp = log_append ? header->max_timestamp : header->base_timestamp,
        .timestamp_mask = log_append ? 0 : -1,
        .last_offset_delta = (uint32_t)header->last_offset_delta,
        .left = header->record_count,
        .magic = 2,
    };
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Length and bytes of a key or value; NULL when they are not all there. */
static inline const uint8_t *read_sized(const uint8_t *at, const uint8_t *end, const uint8_t **data,
                                        int32_t *size)
{
    int32_t length;
    at = rk_varint_read(at, end, &length);
    if (RK_UNLIKELY(!at))
        return NULL;
    if (length < 0) {
        *data = NULL;
        *size = -1;
        return length == -1 ? at : NULL;
    }
    if (RK_UNLIKELY(length > end - at))
        return NULL;
    *data = at;
    *size = length;
    return at + length;
}

static enum rk_record_result end_or_corrupt(struct rk_record_cursor *cursor)
{
    if (cursor->left == 0 && cursor->at == cursor->end)
        return RK_RECORD_END;
    cursor->left = -1;
    return RK_RECORD_CORRUPT;
}

static enum rk_record_result corrupt(struct rk_record_cursor *cursor)
{
    cursor->left = -1;
    return RK_RECORD_CORRUPT;
}

enum rk_record_result rk_record_read_carefully(struct rk_record_cursor *cursor,
                                               struct rk_record *record)
{
    if (cursor->left <= 0)
        return end_or_corrupt(cursor);
    if (cursor->magic < 2)
        return rk_legacy_read(cursor, record);
    int32_t length;
    int32_t offset_delta;
    int64_t timestamp_delta;
    const uint8_t *at = rk_varint_read(cursor->at, cursor->end, &length);
    if (RK_UNLIKELY(!at || length < RK_RECORD_SIZE_MIN - 1 || length > cursor->end - at))
        return corrupt(cursor);

    const uint8_t *end = at + length;
    at = rk_varlong_read(at + 1, end, &timestamp_delta);
    if (RK_UNLIKELY(!at))
        return corrupt(cursor);
    at = rk_varint_read(at, end, &offset_delta);
    if (RK_UNLIKELY(!at || (uint32_t)offset_delta > cursor->last_offset_delta))
        return corrupt(cursor);
    at = read_sized(at, end, &record->key, &record->key_size);
    if (RK_UNLIKELY(!at))
        return corrupt(cursor);
    at = read_sized(at, end, &record->value, &record->value_size);
    if (RK_UNLIKELY(!at || at == end))
        return corrupt(cursor);

    record->headers = at;
    record->headers_size = *at == 0 ? 0 : (int32_t)(end - at);
    if (RK_UNLIKELY(*at == 0 && end - at != 1))
        return corrupt(cursor);
    record->offset = cursor->base_offset + offset_delta;
    record->timestamp = (int64_t)((uint64_t)cursor->base_timestamp +
                                  (uint64_t)(timestamp_delta & cursor->timestamp_mask));
    cursor->at = end;
    cursor->left--;
    return RK_RECORD_FOUND;
}

/* The smallest header: an empty name, a null value. */
#define HEADER_SIZE_MIN 2

static const uint8_t *read_headers_count(const uint8_t *raw, size_t size, int32_t *count)
{
    const uint8_t *at = rk_varint_read(raw, raw + size, count);
    if (!at || *count < 0 || *count > RK_RECORD_HEADERS_MAX)
        return NULL;
    return (size_t)*count <= (size_t)(raw + size - at) / HEADER_SIZE_MIN ? at : NULL;
}

int32_t rk_record_headers_count(const uint8_t *raw, size_t size)
{
    int32_t count;
    if (size == 0)
        return 0;
    return read_headers_count(raw, size, &count) ? count : -1;
}

rd_kafka_resp_err_t rk_record_headers_parse(const uint8_t *raw, size_t size,
                                            struct rk_record_header *headers, int32_t count)
{
    if (size == 0)
        return count == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__BAD_MSG;

    const uint8_t *end = raw + size;
    int32_t claimed;
    const uint8_t *at = read_headers_count(raw, size, &claimed);
    if (!at || claimed != count)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    for (int32_t i = 0; i < count; i++) {
        const uint8_t *name;
        at = read_sized(at, end, &name, &headers[i].name_size);
        if (!at || !name)
            return RD_KAFKA_RESP_ERR__BAD_MSG;
        headers[i].name = (const char *)name;
        at = read_sized(at, end, &headers[i].value, &headers[i].value_size);
        if (!at)
            return RD_KAFKA_RESP_ERR__BAD_MSG;
    }
    return at == end ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__BAD_MSG;
}

rd_kafka_resp_err_t rk_control_record_parse(const struct rk_record *record,
                                            struct rk_control_record *control)
{
    if (record->key_size < 4)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    int16_t version = rk_load_be16(record->key);
    int16_t type = rk_load_be16(record->key + 2);
    if (version < 0)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    control->type = type == RK_CONTROL_ABORT || type == RK_CONTROL_COMMIT
                        ? (enum rk_control_type)type
                        : RK_CONTROL_OTHER;
    control->coordinator_epoch = control->type != RK_CONTROL_OTHER && record->value_size >= 6
                                     ? rk_load_be32(record->value + 2)
                                     : -1;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
