/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Record batches as they should not be, and a log made of them that a liar serves.
 *
 * The log belongs to the test; the liar's thread reads it, under its lock.
 */
#ifndef SUPPORT_HOSTILE_BATCHES_H
#define SUPPORT_HOSTILE_BATCHES_H

#include <pthread.h>

#include "support/liar.h"
#include "wire/record_batch.h"

enum { HOSTILE_BATCHES_MAX = 64 };

struct hostile_batch {
    int64_t base_offset, next_offset; /* The truth. */
    uint8_t *bytes;
    size_t size;
};

struct hostile_log {
    pthread_mutex_t mutex;
    struct hostile_batch batches[HOSTILE_BATCHES_MAX];
    int count;
    int64_t asked_offset; /* What the client's session wants next. */
};

void hostile_log_init(struct hostile_log *log);
void hostile_log_clear(struct hostile_log *log);
void hostile_log_lock(struct hostile_log *log);
void hostile_log_unlock(struct hostile_log *log);
/* Nothing is in it. */
void hostile_log_reset(struct hostile_log *log);
/* A sound batch with the texts of consume_fixture.h. */
struct hostile_batch *hostile_log_add(struct hostile_log *log, const char *topic, int32_t partition,
                                      int64_t base_offset, int count);
/* One record with so many zeros. */
struct hostile_batch *hostile_log_add_zeros(struct hostile_log *log, int64_t offset, size_t size);
/* In a Fetch answer: the log's batches in place of those of the partition. */
void hostile_log_serve(struct hostile_log *log, struct liar_answer *answer, int32_t partition);

/* Makes length and checksum right again. */
void hostile_batch_seal(struct hostile_batch *batch);
/* Other bytes in place of the records, said to be of that codec. */
void hostile_batch_replace(struct hostile_batch *batch, int codec, const uint8_t *bytes,
                           size_t size);
void hostile_batch_compress(struct hostile_batch *batch, int codec);
/* Records that unpack to that many zeros. */
void hostile_batch_bomb(struct hostile_batch *batch, int codec, size_t size);

#endif
