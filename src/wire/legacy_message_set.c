/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/legacy_message_set.h"

#include "base/big_endian.h"
#include "base/hash.h"
#include "wire/record_batch_writer.h"

/* Positions in an entry; key and value follow with sizes of four bytes. */
enum {
    AT_OFFSET = 0,
    AT_SIZE = 8,
    AT_CRC = 12,
    AT_MAGIC = 16, /* The CRC covers from here to the end. */
    AT_ATTRIBUTES = 17,
    AT_TIMESTAMP = 18, /* Magic 1. */
    AT_KEY_0 = 18,
    AT_KEY_1 = 26,
};

#define ENTRY_PREFIX_SIZE 12 /* Offset and size: not counted by the size. */
#define LOG_APPEND        RK_RECORD_BATCH_LOG_APPEND
#define CODEC_MASK        RK_RECORD_BATCH_CODEC_MASK

struct entry {
    int64_t offset;
    int64_t timestamp; /* -1 in magic 0. */
    const uint8_t *key;
    const uint8_t *value;
    int32_t key_size;
    int32_t value_size;
    size_t size;
    uint8_t magic;
    uint8_t attributes;
};

enum entry_result { ENTRY_WHOLE, ENTRY_TRUNCATED, ENTRY_CORRUPT };

static const uint8_t *read_sized(const uint8_t *at, const uint8_t *end, const uint8_t **data,
                                 int32_t *size)
{
    if (end - at < 4)
        return NULL;
    int32_t length = rk_load_be32(at);
    at += 4;
    *size = length < 0 ? -1 : length;
    *data = length < 0 ? NULL : at;
    if (length < 0)
        return length == -1 ? at : NULL;
    return length <= end - at ? at + length : NULL;
}

/* entry->size is 0 when it cannot be believed, and only offset and size are set unless the entry is
 * whole. */
static enum entry_result read_entry(struct entry *entry, const uint8_t *at, size_t left)
{
    *entry = (struct entry){.timestamp = -1};
    if (left < ENTRY_PREFIX_SIZE)
        return ENTRY_TRUNCATED;
    entry->offset = rk_load_be64(at + AT_OFFSET);
    int32_t claimed = rk_load_be32(at + AT_SIZE);
    if (claimed < RK_LEGACY_ENTRY_SIZE_MIN - ENTRY_PREFIX_SIZE)
        return ENTRY_CORRUPT;
    entry->size = ENTRY_PREFIX_SIZE + (size_t)claimed;
    if (entry->size > left)
        return ENTRY_TRUNCATED;

    const uint8_t *end = at + entry->size;
    entry->magic = at[AT_MAGIC];
    entry->attributes = at[AT_ATTRIBUTES];
    if (entry->magic > 1 || entry->offset < 0 || entry->offset == INT64_MAX)
        return ENTRY_CORRUPT;
    if (entry->magic == 1 && entry->size < AT_KEY_1)
        return ENTRY_CORRUPT;
    if (entry->magic == 1)
        entry->timestamp = rk_load_be64(at + AT_TIMESTAMP);

    at = read_sized(at + (entry->magic ? AT_KEY_1 : AT_KEY_0), end, &entry->key, &entry->key_size);
    if (at)
        at = read_sized(at, end, &entry->value, &entry->value_size);
    return at == end ? ENTRY_WHOLE : ENTRY_CORRUPT;
}

static bool is_wrapper(const struct entry *entry)
{
    return entry->attributes & CODEC_MASK;
}

/* Further plain messages of the same kind that can be told as offsets from the first one. */
static void extend_run(struct rk_record_batch *batch, const struct entry *first, const uint8_t *end)
{
    struct entry next;
    for (;;) {
        const uint8_t *at = batch->data + batch->size;
        if (read_entry(&next, at, (size_t)(end - at)) != ENTRY_WHOLE ||
            next.magic != first->magic || next.attributes != first->attributes ||
            next.offset < first->offset + batch->header.last_offset_delta ||
            next.offset - first->offset > INT32_MAX)
            return;
        batch->size += next.size;
        batch->header.last_offset_delta = (int32_t)(next.offset - first->offset);
        batch->header.record_count++;
        if (next.timestamp > batch->header.max_timestamp)
            batch->header.max_timestamp = next.timestamp;
    }
}

enum rk_record_batch_result rk_legacy_batches_next(struct rk_record_batches *batches,
                                                   struct rk_record_batch *batch)
{
    struct entry entry;
    const uint8_t *at = batches->at;
    enum entry_result result = read_entry(&entry, at, (size_t)(batches->end - at));

    *batch = (struct rk_record_batch){.data = at, .size = entry.size};
    rk_record_batch_header_init(&batch->header);
    batch->header.base_offset = entry.offset;
    batch->header.batch_length = entry.size ? (int32_t)(entry.size - ENTRY_PREFIX_SIZE) : 0;
    batch->header.magic = (int8_t)at[AT_MAGIC];
    if (result == ENTRY_TRUNCATED || entry.size == 0) {
        batches->at = batches->end;
        return result == ENTRY_TRUNCATED ? RK_RECORD_BATCH_TRUNCATED : RK_RECORD_BATCH_CORRUPT;
    }
    batches->at += entry.size;
    if (result == ENTRY_CORRUPT || (is_wrapper(&entry) && !entry.value) ||
        (entry.attributes & CODEC_MASK) > RK_COMPRESSION_LZ4)
        return RK_RECORD_BATCH_CORRUPT;

    batch->header.crc = (uint32_t)rk_load_be32(at + AT_CRC);
    batch->header.attributes = entry.attributes & (CODEC_MASK | (entry.magic ? LOG_APPEND : 0));
    batch->header.base_timestamp = entry.timestamp;
    batch->header.max_timestamp = entry.timestamp;
    batch->header.record_count = 1;
    if (is_wrapper(&entry)) {
        batch->records = entry.value;
        batch->records_size = (size_t)entry.value_size;
        return RK_RECORD_BATCH_FOUND;
    }
    extend_run(batch, &entry, batches->end);
    batches->at = at + batch->size;
    batch->records = at;
    batch->records_size = batch->size;
    return RK_RECORD_BATCH_FOUND;
}

rd_kafka_resp_err_t rk_legacy_check_crc(const struct rk_record_batch *batch)
{
    const uint8_t *at = batch->data;
    const uint8_t *end = at + batch->size;
    while (at < end) {
        const uint8_t *next = at + ENTRY_PREFIX_SIZE + rk_load_be32(at + AT_SIZE);
        if (rk_crc32(0, at + AT_MAGIC, (size_t)(next - at) - AT_MAGIC) !=
            (uint32_t)rk_load_be32(at + AT_CRC))
            return RD_KAFKA_RESP_ERR__BAD_MSG;
        at = next;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_legacy_cursor_init(struct rk_record_cursor *cursor,
                                          const struct rk_record_batch_header *header,
                                          const uint8_t *records, size_t size)
{
    bool in_wrapper = rk_record_batch_codec(header) != 0;
    bool has_wrapper_time = in_wrapper && rk_record_batch_is_log_append(header);
    *cursor = (struct rk_record_cursor){
        .at = records,
        .end = size ? records + size : records,
        .base_timestamp = has_wrapper_time ? header->max_timestamp : 0,
        .timestamp_mask = has_wrapper_time ? 0 : -1,
        .magic = header->magic,
    };

    /* The whole set is looked over, because offsets count from its last message. */
    struct entry entry = {.offset = 0};
    int64_t largest = 0;
    for (const uint8_t *at = cursor->at; at < cursor->end; at += entry.size) {
        if (read_entry(&entry, at, (size_t)(cursor->end - at)) != ENTRY_WHOLE ||
            entry.magic != header->magic || is_wrapper(&entry))
            return RD_KAFKA_RESP_ERR__BAD_MSG;
        largest = RK_MAX(largest, entry.offset);
        cursor->left++;
    }
    if (in_wrapper && header->magic == 1) {
        if (largest > entry.offset)
            return RD_KAFKA_RESP_ERR__BAD_MSG;
        cursor->base_offset = header->base_offset - entry.offset;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

enum rk_record_result rk_legacy_read(struct rk_record_cursor *cursor, struct rk_record *record)
{
    struct entry entry;
    if (read_entry(&entry, cursor->at, (size_t)(cursor->end - cursor->at)) != ENTRY_WHOLE) {
        cursor->left = -1;
        return RK_RECORD_CORRUPT;
    }
    *record = (struct rk_record){
        .offset = cursor->base_offset + entry.offset,
        .timestamp = (entry.timestamp & cursor->timestamp_mask) + cursor->base_timestamp,
        .key = entry.key,
        .value = entry.value,
        .key_size = entry.key_size,
        .value_size = entry.value_size,
    };
    cursor->at += entry.size;
    cursor->left--;
    return RK_RECORD_FOUND;
}

static size_t entry_size(int magic, int32_t key_size, int32_t value_size)
{
    return (size_t)(magic ? AT_KEY_1 : AT_KEY_0) + 8 + (size_t)RK_MAX(key_size, 0) +
           (size_t)RK_MAX(value_size, 0);
}

/* All of an entry but its value and its CRC, which need the value in place; returns where the value
 * goes. */
static uint8_t *write_entry_head(uint8_t *at, int magic, int codec, const struct rk_record *record)
{
    size_t size = entry_size(magic, record->key_size, record->value_size);
    rk_store_be64(at + AT_OFFSET, record->offset);
    rk_store_be32(at + AT_SIZE, (int32_t)(size - ENTRY_PREFIX_SIZE));
    at[AT_MAGIC] = (uint8_t)magic;
    at[AT_ATTRIBUTES] = (uint8_t)codec;
    if (magic)
        rk_store_be64(at + AT_TIMESTAMP, record->timestamp);

    at += magic ? AT_KEY_1 : AT_KEY_0;
    rk_store_be32(at, record->key_size);
    at += 4;
    if (record->key_size > 0) {
        memcpy(at, record->key, (size_t)record->key_size);
        at += record->key_size;
    }
    rk_store_be32(at, record->value_size);
    return at + 4;
}

static void seal_entry(uint8_t *entry, const uint8_t *end)
{
    uint32_t crc = rk_crc32(0, entry + AT_MAGIC, (size_t)(end - entry) - AT_MAGIC);
    rk_store_be32(entry + AT_CRC, (int32_t)crc);
}

static void write_entries(uint8_t *at, int magic, struct rk_record_cursor cursor,
                          int64_t *max_timestamp)
{
    struct rk_record record;
    *max_timestamp = -1;
    for (int64_t offset = 0; rk_record_read(&cursor, &record) == RK_RECORD_FOUND; offset++) {
        record.offset = offset;
        uint8_t *value = write_entry_head(at, magic, 0, &record);
        uint8_t *end = value + RK_MAX(record.value_size, 0);
        if (record.value_size > 0)
            memcpy(value, record.value, (size_t)record.value_size);
        seal_entry(at, end);
        *max_timestamp = RK_MAX(*max_timestamp, record.timestamp);
        at = end;
    }
}

/* The plain set of a batch whose records lie in one piece. */
static rd_kafka_resp_err_t write_plain_set(int magic, const struct rk_record_batch_header *header,
                                           const uint8_t *records, size_t size,
                                           int64_t *max_timestamp, struct rk_block **block)
{
    struct rk_record_cursor cursor;
    struct rk_record record;
    enum rk_record_result result;
    size_t total = 0;

    rd_kafka_resp_err_t err = rk_record_cursor_init(&cursor, header, records, size);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    struct rk_record_cursor measured = cursor;
    while ((result = rk_record_read(&measured, &record)) == RK_RECORD_FOUND)
        total += entry_size(magic, record.key_size, record.value_size);
    if (result != RK_RECORD_END)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    if (total > INT32_MAX)
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;

    *block = rk_block_try_new(total);
    if (!*block)
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    write_entries((*block)->data, magic, cursor, max_timestamp);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Replaces a plain set by one message with the set inside. takes: *block */
static rd_kafka_resp_err_t wrap_set(struct rk_compressor *compressor, int magic, int codec,
                                    int level, int32_t count, int64_t timestamp,
                                    struct rk_block **block)
{
    struct rk_block *plain = *block;
    struct iovec part = {plain->data, plain->size};
    size_t head_size = entry_size(magic, -1, -1);

    *block = NULL;
    rd_kafka_resp_err_t err =
        rk_compress(compressor, codec, level, magic, &part, 1, head_size, block);
    rk_block_release(plain);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;

    uint8_t *at = (*block)->data;
    struct rk_record wrapper = {
        .offset = RK_MAX(count - 1, 0),
        .timestamp = timestamp,
        .key_size = -1,
        .value_size = (int32_t)((*block)->size - head_size),
    };
    write_entry_head(at, magic, codec, &wrapper);
    seal_entry(at, at + (*block)->size);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_legacy_message_set_write(struct rk_compressor *compressor, int magic,
                                                int codec, int level,
                                                const struct rk_record_batch_header *header,
                                                const struct iovec *parts, size_t part_count,
                                                struct rk_block **block)
{
    *block = NULL;
    if (magic < 0 || magic > 1 || codec > RK_COMPRESSION_LZ4)
        return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;

    struct rk_block *joined;
    rd_kafka_resp_err_t err =
        rk_compress(compressor, RK_COMPRESSION_NONE, 0, 2, parts, part_count, 0, &joined);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    int64_t max_timestamp;
    err = write_plain_set(magic, header, joined->data, joined->size, &max_timestamp, block);
    rk_block_release(joined);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && codec != RK_COMPRESSION_NONE)
        err = wrap_set(compressor, magic, codec, level, header->record_count, max_timestamp, block);
    return err;
}
