/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of one partition: the record batches it was given, as they came, and the leader epochs
 * they came in.
 *
 * Embedded in a partition; on the cluster's loop. It keeps the newest RK_MOCK_LOG_SIZE_MAX bytes
 * and RK_MOCK_LOG_COUNT_MAX batches (one batch always) and drops the oldest beyond that, which
 * moves its start. Batches are counted blocks, so that an answer under way keeps what it sends.
 */
#ifndef RK_MOCK_MOCK_LOG_H
#define RK_MOCK_MOCK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/block.h"
#include "wire/compression.h"
#include "wire/record_batch_reader.h"

#define RK_MOCK_LOG_SIZE_MAX  ((uint64_t)5 * 1024 * 1024)
#define RK_MOCK_LOG_COUNT_MAX 100000

struct rk_mock_batch {
    struct rk_block *block; /* Its bytes, all of them. */
    int64_t base_offset;
    int64_t next_offset; /* Of the batch behind it. */
    int64_t max_timestamp;
    uint64_t position; /* Bytes ever appended before it. */
};

struct rk_mock_log {
    struct rk_mock_batch *batches; /* A ring. */
    size_t first, count, capacity;
    uint64_t end_position; /* Bytes ever appended. */
    int64_t start_offset;  /* Lies inside the first batch, or at the end. */
    int64_t end_offset;
    struct rk_mock_log_epoch {
        int32_t epoch;
        int64_t start_offset;
    } * epochs; /* Ascending; those that took no batch are not kept. */
    int epoch_count, epoch_capacity;
};

/* Zeroed is empty. */
void rk_mock_log_clear(struct rk_mock_log *log);
/* From now on batches come in this epoch. */
void rk_mock_log_begin_epoch(struct rk_mock_log *log, int32_t epoch);
/*
 * Copies a checked batch and gives it the next offsets, and the epoch. Returns its first offset, -1
 * when memory is out.
 */
int64_t rk_mock_log_append(struct rk_mock_log *log, const struct rk_record_batch *batch);
/* Moves the start, and drops batches that lie before it. `before` is within start and end. */
void rk_mock_log_delete_before(struct rk_mock_log *log, int64_t before);

/* Forgets the newest batches, those with an offset of `end` or above. Not before the start. */
void rk_mock_log_truncate(struct rk_mock_log *log, int64_t end);

static inline const struct rk_mock_batch *rk_mock_log_at(const struct rk_mock_log *log,
                                                         size_t number)
{
    return &log->batches[(log->first + number) % log->capacity];
}

/* The number, from 0, of the batch with this offset; the count when it is at the end or beyond. */
size_t rk_mock_log_find(const struct rk_mock_log *log, int64_t offset);
/* Bytes from the batch with this offset to the end. */
uint64_t rk_mock_log_size_from(const struct rk_mock_log *log, int64_t offset);

struct rk_mock_log_place {
    int64_t offset; /* -1: there is none. */
    int64_t timestamp;
    int32_t leader_epoch;
};

/* The first record at this time or later. */
struct rk_mock_log_place rk_mock_log_find_time(const struct rk_mock_log *log, int64_t timestamp,
                                               struct rk_decompressor *decompressor);
/* The record with the newest time. */
struct rk_mock_log_place rk_mock_log_find_newest(const struct rk_mock_log *log,
                                                 struct rk_decompressor *decompressor);
/* The epoch an offset was, or will be, written in. */
int32_t rk_mock_log_epoch_of(const struct rk_mock_log *log, int64_t offset);
/*
 * The largest epoch not above this one, and where it ended (KIP-320). Both -1 for an epoch that is
 * still to come.
 */
void rk_mock_log_find_epoch_end(const struct rk_mock_log *log, int32_t epoch, int32_t *found,
                                int64_t *end_offset);

#endif
