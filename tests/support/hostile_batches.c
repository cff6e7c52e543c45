/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hostile_batches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/crc32c.h"
#include "wire/compression.h"
#include "wire/record_batch_writer.h"

static void fail(const char *what)
{
    fprintf(stderr, "hostile batches: %s\n", what);
    abort();
}

/* The log */

void hostile_log_init(struct hostile_log *log)
{
    memset(log, 0, sizeof(*log));
    pthread_mutex_init(&log->mutex, NULL);
}

void hostile_log_clear(struct hostile_log *log)
{
    hostile_log_reset(log);
    pthread_mutex_destroy(&log->mutex);
}

void hostile_log_lock(struct hostile_log *log)
{
    pthread_mutex_lock(&log->mutex);
}

void hostile_log_unlock(struct hostile_log *log)
{
    pthread_mutex_unlock(&log->mutex);
}

void hostile_log_reset(struct hostile_log *log)
{
    for (int i = 0; i < log->count; i++)
        free(log->batches[i].bytes);
    log->count = 0;
}

static struct hostile_batch *add(struct hostile_log *log, int64_t base_offset, int count,
                                 uint8_t *records, size_t size)
{
    struct iovec part = {records, size};
    struct rk_record_batch_header header;
    rk_record_batch_header_init(&header);
    header.base_offset = base_offset;
    header.last_offset_delta = count - 1;
    header.record_count = count;
    if (log->count == HOSTILE_BATCHES_MAX)
        fail("too many");
    struct hostile_batch *batch = &log->batches[log->count++];
    batch->base_offset = base_offset;
    batch->next_offset = base_offset + count;
    batch->size = RK_RECORD_BATCH_HEADER_SIZE + size;
    batch->bytes = malloc(batch->size);
    rk_record_batch_header_write(batch->bytes, &header, &part, 1);
    rk_store_be32(batch->bytes + RK_RECORD_BATCH_AT_LEADER_EPOCH, 0);
    memcpy(batch->bytes + RK_RECORD_BATCH_HEADER_SIZE, records, size);
    return batch;
}

struct hostile_batch *hostile_log_add(struct hostile_log *log, const char *topic, int32_t partition,
                                      int64_t base_offset, int count)
{
    uint8_t records[16384], *at = records;
    for (int i = 0; i < count; i++) {
        char text[64];
        int size = snprintf(text, sizeof(text), "%s %d %lld", topic, (int)partition,
                            (long long)base_offset + i);
        size_t body = rk_record_body_size(0, i, -1, size, 0);
        at = rk_record_write(at, body, 0, i, NULL, -1, text, size, NULL, 0);
    }
    return add(log, base_offset, count, records, (size_t)(at - records));
}

struct hostile_batch *hostile_log_add_zeros(struct hostile_log *log, int64_t offset, size_t size)
{
    uint8_t *zeros = calloc(1, size), *records = malloc(size + 64);
    size_t body = rk_record_body_size(0, 0, -1, (int32_t)size, 0);
    uint8_t *end = rk_record_write(records, body, 0, 0, NULL, -1, zeros, (int32_t)size, NULL, 0);
    struct hostile_batch *batch = add(log, offset, 1, records, (size_t)(end - records));
    free(zeros);
    free(records);
    return batch;
}

/* What an incremental request does not name stays as it was. */
static void note_offset(struct hostile_log *log, const struct rk_fetch_request *request,
                        int32_t partition)
{
    for (int32_t t = 0; t < request->topics.count; t++) {
        const struct rk_fetch_request_topic *topic = &request->topics.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            if (topic->partitions.items[p].partition == partition)
                log->asked_offset = topic->partitions.items[p].fetch_offset;
        }
    }
}

/* In the place of the real ones, with their leader epoch. */
static void replace_records(struct hostile_log *log, struct liar_answer *answer,
                            struct rk_fetch_answer_partition *partition)
{
    size_t size = 0;
    int first = 0;
    while (first < log->count && log->batches[first].next_offset <= log->asked_offset)
        first++;
    for (int i = first; i < log->count; i++)
        size += log->batches[i].size;
    uint8_t *bytes = liar_alloc(answer, size), *at = bytes;
    for (int i = first; i < log->count; i++) {
        memcpy(at, log->batches[i].bytes, log->batches[i].size);
        memcpy(at + RK_RECORD_BATCH_AT_LEADER_EPOCH,
               partition->records.data + RK_RECORD_BATCH_AT_LEADER_EPOCH, sizeof(int32_t));
        at += log->batches[i].size;
    }
    partition->records = (struct rk_records){.data = bytes, .size = (int32_t)size};
}

void hostile_log_serve(struct hostile_log *log, struct liar_answer *answer, int32_t partition)
{
    struct rk_fetch_answer *fetch = answer->answer;
    hostile_log_lock(log);
    note_offset(log, answer->request, partition);
    for (int32_t t = 0; t < fetch->responses.count; t++) {
        struct rk_fetch_answer_topic *topic = &fetch->responses.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            struct rk_fetch_answer_partition *item = &topic->partitions.items[p];
            if (item->partition_index == partition && !item->error_code && item->records.size > 0)
                replace_records(log, answer, item);
        }
    }
    hostile_log_unlock(log);
}

/* Batches */

void hostile_batch_seal(struct hostile_batch *batch)
{
    const uint8_t *from = batch->bytes + RK_RECORD_BATCH_AT_ATTRIBUTES;
    rk_store_be32(batch->bytes + RK_RECORD_BATCH_AT_LENGTH,
                  (int32_t)(batch->size - RK_RECORD_BATCH_PREFIX_SIZE));
    rk_store_be32(batch->bytes + RK_RECORD_BATCH_AT_CRC,
                  (int32_t)rk_crc32c(0, from, batch->size - RK_RECORD_BATCH_AT_ATTRIBUTES));
}

void hostile_batch_replace(struct hostile_batch *batch, int codec, const uint8_t *bytes,
                           size_t size)
{
    uint8_t *made = malloc(RK_RECORD_BATCH_HEADER_SIZE + size);
    memcpy(made, batch->bytes, RK_RECORD_BATCH_HEADER_SIZE);
    memcpy(made + RK_RECORD_BATCH_HEADER_SIZE, bytes, size);
    free(batch->bytes);
    batch->bytes = made;
    batch->size = RK_RECORD_BATCH_HEADER_SIZE + size;
    rk_store_be16(batch->bytes + RK_RECORD_BATCH_AT_ATTRIBUTES, (int16_t)codec);
    hostile_batch_seal(batch);
}

static void compress(struct hostile_batch *batch, int codec, void *bytes, size_t size)
{
    struct rk_compressor compressor;
    struct rk_block *block;
    struct iovec part = {bytes, size};
    rk_compressor_init(&compressor);
    if (rk_compress(&compressor, codec, -1, 2, &part, 1, 0, &block))
        fail("cannot compress");
    hostile_batch_replace(batch, codec, block->data, block->size);
    rk_block_release(block);
    rk_compressor_clear(&compressor);
}

void hostile_batch_compress(struct hostile_batch *batch, int codec)
{
    size_t size = batch->size - RK_RECORD_BATCH_HEADER_SIZE;
    compress(batch, codec, batch->bytes + RK_RECORD_BATCH_HEADER_SIZE, size);
}

void hostile_batch_bomb(struct hostile_batch *batch, int codec, size_t size)
{
    uint8_t *zeros = calloc(1, size);
    compress(batch, codec, zeros, size);
    free(zeros);
}
