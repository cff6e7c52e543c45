/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/record_batch_writer.h"

#include "base/big_endian.h"
#include "base/crc32c.h"

size_t rk_record_headers_size(const struct rk_record_header *headers, int32_t count)
{
    size_t size = rk_varint_size(count);
    for (int32_t i = 0; i < count; i++) {
        const struct rk_record_header *header = &headers[i];
        size += rk_varint_size(header->name_size) + (size_t)header->name_size +
                rk_varint_size(header->value_size) +
                (size_t)(header->value_size < 0 ? 0 : header->value_size);
    }
    return size;
}

uint8_t *rk_record_headers_write(uint8_t *at, const struct rk_record_header *headers, int32_t count)
{
    at = rk_varint_write(at, count);
    for (int32_t i = 0; i < count; i++) {
        const struct rk_record_header *header = &headers[i];
        at = rk_varint_write(at, header->name_size);
        if (header->name_size > 0) {
            memcpy(at, header->name, (size_t)header->name_size);
            at += header->name_size;
        }
        at = rk_varint_write(at, header->value_size);
        if (header->value_size > 0) {
            memcpy(at, header->value, (size_t)header->value_size);
            at += header->value_size;
        }
    }
    return at;
}

void rk_record_batch_header_init(struct rk_record_batch_header *header)
{
    *header = (struct rk_record_batch_header){
        .partition_leader_epoch = -1,
        .magic = 2,
        .producer_id = -1,
        .producer_epoch = -1,
        .base_sequence = -1,
    };
}

/* Over the header from its attributes on, and all parts. */
static uint32_t batch_crc(const uint8_t *at, const struct iovec *parts, size_t part_count)
{
    uint32_t crc = rk_crc32c(0, at + RK_RECORD_BATCH_AT_ATTRIBUTES,
                             RK_RECORD_BATCH_HEADER_SIZE - RK_RECORD_BATCH_AT_ATTRIBUTES);
    for (size_t i = 0; i < part_count; i++)
        crc = rk_crc32c(crc, parts[i].iov_base, parts[i].iov_len);
    return crc;
}

void rk_record_batch_header_write(uint8_t at[RK_RECORD_BATCH_HEADER_SIZE],
                                  struct rk_record_batch_header *header, const struct iovec *parts,
                                  size_t part_count)
{
    size_t length = RK_RECORD_BATCH_LENGTH_MIN;
    for (size_t i = 0; i < part_count; i++)
        length += parts[i].iov_len;
    RK_ASSERT(length <= INT32_MAX);
    header->batch_length = (int32_t)length;
    header->magic = 2;

    rk_store_be64(at + RK_RECORD_BATCH_AT_BASE_OFFSET, header->base_offset);
    rk_store_be32(at + RK_RECORD_BATCH_AT_LENGTH, header->batch_length);
    rk_store_be32(at + RK_RECORD_BATCH_AT_LEADER_EPOCH, header->partition_leader_epoch);
    at[RK_RECORD_BATCH_AT_MAGIC] = 2;
    rk_store_be16(at + RK_RECORD_BATCH_AT_ATTRIBUTES, header->attributes);
    rk_store_be32(at + RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA, header->last_offset_delta);
    rk_store_be64(at + RK_RECORD_BATCH_AT_BASE_TIMESTAMP, header->base_timestamp);
    rk_store_be64(at + RK_RECORD_BATCH_AT_MAX_TIMESTAMP, header->max_timestamp);
    rk_store_be64(at + RK_RECORD_BATCH_AT_PRODUCER_ID, header->producer_id);
    rk_store_be16(at + RK_RECORD_BATCH_AT_PRODUCER_EPOCH, header->producer_epoch);
    rk_store_be32(at + RK_RECORD_BATCH_AT_BASE_SEQUENCE, header->base_sequence);
    rk_store_be32(at + RK_RECORD_BATCH_AT_RECORD_COUNT, header->record_count);

    header->crc = batch_crc(at, parts, part_count);
    rk_store_be32(at + RK_RECORD_BATCH_AT_CRC, (int32_t)header->crc);
}

void rk_record_batch_header_rewrite(uint8_t at[RK_RECORD_BATCH_HEADER_SIZE], int64_t producer_id,
                                    int16_t producer_epoch, int32_t base_sequence,
                                    const struct iovec *parts, size_t part_count)
{
    rk_store_be64(at + RK_RECORD_BATCH_AT_PRODUCER_ID, producer_id);
    rk_store_be16(at + RK_RECORD_BATCH_AT_PRODUCER_EPOCH, producer_epoch);
    rk_store_be32(at + RK_RECORD_BATCH_AT_BASE_SEQUENCE, base_sequence);
    rk_store_be32(at + RK_RECORD_BATCH_AT_CRC, (int32_t)batch_crc(at, parts, part_count));
}
