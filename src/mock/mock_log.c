/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_log.h"

#include <string.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "base/memory.h"

/* What a batch may become when its records are looked at for their times. */
#define DECOMPRESSED_MAX ((size_t)64 * 1024 * 1024)

void rk_mock_log_clear(struct rk_mock_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        rk_block_release(rk_mock_log_at(log, i)->block);
    rk_free(log->batches);
    rk_free(log->epochs);
    *log = (struct rk_mock_log){0};
}

void rk_mock_log_begin_epoch(struct rk_mock_log *log, int32_t epoch)
{
    if (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].start_offset == log->end_offset)
        log->epoch_count--; /* It took nothing. */
    if (log->epoch_count == log->epoch_capacity) {
        log->epoch_capacity = RK_MAX(log->epoch_capacity * 2, 4);
        log->epochs = rk_realloc(log->epochs, (size_t)log->epoch_capacity * sizeof(*log->epochs));
    }
    log->epochs[log->epoch_count++] =
        (struct rk_mock_log_epoch){.epoch = epoch, .start_offset = log->end_offset};
}

static void drop_first(struct rk_mock_log *log)
{
    const struct rk_mock_batch *batch = rk_mock_log_at(log, 0);
    if (log->start_offset < batch->next_offset)
        log->start_offset = batch->next_offset;
    rk_block_release(batch->block);
    log->first = (log->first + 1) % log->capacity;
    log->count--;
}

static void drop_beyond_limits(struct rk_mock_log *log)
{
    while (log->count > 1 &&
           (log->count > RK_MOCK_LOG_COUNT_MAX ||
            log->end_position - rk_mock_log_at(log, 0)->position > RK_MOCK_LOG_SIZE_MAX))
        drop_first(log);
}

/* Room for one more in the ring. */
static bool reserve_batch(struct rk_mock_log *log)
{
    if (log->count < log->capacity)
        return true;
    size_t capacity = RK_MAX(log->capacity * 2, (size_t)16);
    struct rk_mock_batch *batches = rk_try_malloc(capacity * sizeof(*batches));
    if (!batches)
        return false;
    for (size_t i = 0; i < log->count; i++)
        batches[i] = *rk_mock_log_at(log, i);
    rk_free(log->batches);
    log->batches = batches;
    log->first = 0;
    log->capacity = capacity;
    return true;
}

int64_t rk_mock_log_append(struct rk_mock_log *log, const struct rk_record_batch *batch)
{
    if (log->end_offset > INT64_MAX - INT32_MAX - 1 || !reserve_batch(log))
        return -1;
    struct rk_block *block = rk_block_try_new(batch->size);
    if (!block)
        return -1;
    int32_t epoch = log->epoch_count > 0 ? log->epochs[log->epoch_count - 1].epoch : -1;
    memcpy(block->data, batch->data, batch->size);
    rk_store_be64(block->data + RK_RECORD_BATCH_AT_BASE_OFFSET, log->end_offset);
    rk_store_be32(block->data + RK_RECORD_BATCH_AT_LEADER_EPOCH, epoch);

    int64_t base_offset = log->end_offset;
    log->end_offset += (int64_t)batch->header.last_offset_delta + 1;
    log->batches[(log->first + log->count++) % log->capacity] = (struct rk_mock_batch){
        .block = block,
        .base_offset = base_offset,
        .next_offset = log->end_offset,
        .max_timestamp = batch->header.max_timestamp,
        .position = log->end_position,
    };
    log->end_position += batch->size;
    drop_beyond_limits(log);
    return base_offset;
}

void rk_mock_log_delete_before(struct rk_mock_log *log, int64_t before)
{
    RK_ASSERT(before <= log->end_offset);
    while (log->count > 0 && rk_mock_log_at(log, 0)->next_offset <= before)
        drop_first(log);
    log->start_offset = RK_MAX(log->start_offset, before);
}

void rk_mock_log_truncate(struct rk_mock_log *log, int64_t end)
{
    while (log->count > 0 && log->end_offset > end) {
        const struct rk_mock_batch *batch = rk_mock_log_at(log, --log->count);
        log->end_offset = RK_MAX(batch->base_offset, log->start_offset);
        log->end_position = batch->position;
        rk_block_release(batch->block);
    }
    while (log->epoch_count > 1 && log->epochs[log->epoch_count - 1].start_offset > log->end_offset)
        log->epoch_count--;
}

size_t rk_mock_log_find(const struct rk_mock_log *log, int64_t offset)
{
    size_t low = 0, high = log->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rk_mock_log_at(log, middle)->next_offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t rk_mock_log_size_from(const struct rk_mock_log *log, int64_t offset)
{
    size_t number = rk_mock_log_find(log, offset);
    return number < log->count ? log->end_position - rk_mock_log_at(log, number)->position : 0;
}

static const struct rk_mock_log_place nowhere = {.offset = -1, .timestamp = -1, .leader_epoch = -1};

/*
 * The first record of the batch that is wanted, or offset -1; the batch itself when its records
 * cannot be read.
 */
static struct rk_mock_log_place find_in_batch(const struct rk_mock_log *log,
                                              const struct rk_mock_batch *stored, int64_t timestamp,
                                              struct rk_decompressor *decompressor)
{
    struct rk_mock_log_place place = {
        .offset = RK_MAX(stored->base_offset, log->start_offset),
        .timestamp = stored->max_timestamp,
    };
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    struct rk_record_cursor cursor;
    struct rk_record record;
    place.leader_epoch = rk_mock_log_epoch_of(log, place.offset);

    rk_record_batches_init(&batches, stored->block->data, stored->block->size);
    if (rk_record_batches_next(&batches, &batch) != RK_RECORD_BATCH_FOUND)
        return place;
    const uint8_t *records = batch.records;
    size_t size = batch.records_size;
    int codec = rk_record_batch_codec(&batch.header);
    if (codec != RK_COMPRESSION_NONE &&
        rk_decompress_scratch(decompressor, codec, batch.records, batch.records_size,
                              DECOMPRESSED_MAX, &records, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return place;
    if (rk_record_cursor_init(&cursor, &batch.header, records, size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return place;
    enum rk_record_result result;
    while ((result = rk_record_read(&cursor, &record)) == RK_RECORD_FOUND) {
        if (record.timestamp < timestamp || record.offset < log->start_offset)
            continue;
        place.offset = record.offset;
        place.timestamp = record.timestamp;
        return place;
    }
    return result == RK_RECORD_END ? nowhere : place;
}

struct rk_mock_log_place rk_mock_log_find_time(const struct rk_mock_log *log, int64_t timestamp,
                                               struct rk_decompressor *decompressor)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct rk_mock_batch *batch = rk_mock_log_at(log, i);
        if (batch->max_timestamp < timestamp)
            continue;
        struct rk_mock_log_place place = find_in_batch(log, batch, timestamp, decompressor);
        if (place.offset >= 0)
            return place;
    }
    return nowhere;
}

struct rk_mock_log_place rk_mock_log_find_newest(const struct rk_mock_log *log,
                                                 struct rk_decompressor *decompressor)
{
    const struct rk_mock_batch *newest = NULL;
    for (size_t i = 0; i < log->count; i++) {
        const struct rk_mock_batch *batch = rk_mock_log_at(log, i);
        if (!newest || batch->max_timestamp > newest->max_timestamp)
            newest = batch;
    }
    return newest ? find_in_batch(log, newest, newest->max_timestamp, decompressor) : nowhere;
}

int32_t rk_mock_log_epoch_of(const struct rk_mock_log *log, int64_t offset)
{
    for (int i = log->epoch_count - 1; i >= 0; i--) {
        if (log->epochs[i].start_offset <= offset)
            return log->epochs[i].epoch;
    }
    return -1;
}

void rk_mock_log_find_epoch_end(const struct rk_mock_log *log, int32_t epoch, int32_t *found,
                                int64_t *end_offset)
{
    *found = -1;
    *end_offset = -1;
    if (log->epoch_count > 0 && epoch >= 0 && epoch < log->epochs[0].epoch) {
        *found = epoch; /* It took nothing, or nothing of it is known. */
        *end_offset = log->epochs[0].start_offset;
        return;
    }
    for (int i = log->epoch_count - 1; i >= 0; i--) {
        if (log->epochs[i].epoch > epoch)
            continue;
        bool is_last = i + 1 == log->epoch_count;
        if (is_last && log->epochs[i].epoch < epoch)
            return; /* Still to come. */
        *found = log->epochs[i].epoch;
        *end_offset = is_last ? log->end_offset : log->epochs[i + 1].start_offset;
        return;
    }
}
