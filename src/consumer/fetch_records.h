/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk over the record batches that a Fetch answer brought for one partition.
 *
 * Tells which of them hold messages for the application: those before the position, control batches
 * and batches of aborted transactions are passed over, checksums compared, compressed ones
 * decompressed, one at a time, while there is room. Embedded in its partition, on the fetcher's
 * loop; a walk that stopped for lack of room goes on later. No loop, clock or socket in here.
 */
#ifndef RK_CONSUMER_FETCH_RECORDS_H
#define RK_CONSUMER_FETCH_RECORDS_H

#include "event/message_batch.h"
#include "wire/compression.h"
#include "wire/messages.h"

struct rk_fetch_walk {
    struct rk_record_batches batches;
    struct rk_block *block; /* What they stand in; counted; NULL: no walk under way. */
    int64_t offset;         /* Of the next record that is wanted. */
    int32_t epoch;          /* Leader epoch of the last batch that was passed; -1: unknown. */
    int64_t end_offset;     /* Where the broker says the log ends; below 1: unknown. */
    bool checks_crcs;
    bool has_found;     /* At least one whole batch. */
    bool was_cut_off;   /* The last batch was not there whole. */
    size_t size_limit;  /* Of one batch decompressed. */
    size_t needed_size; /* Of a first batch that did not fit. */
    uint64_t asked_us;  /* When the fetch was sent. */
    struct {
        struct rk_fetch_answer_aborted_transaction *items; /* By producer id, first offset; owned */
        int *ended; /* At a producer's first: how many of its transactions have ended; owned. */
        int count;
    } aborted;
    struct rk_block *pack; /* Small batches decompressed share it; counted. */
    size_t pack_used;
};

/* `block` NULL clears; takes a reference. `aborted` is copied; a count of 0 when everything is to
 * be seen. False: no memory. */
bool rk_fetch_walk_start(struct rk_fetch_walk *walk, struct rk_block *block, const uint8_t *data,
                         size_t size, const struct rk_fetch_answer_aborted_transaction *aborted,
                         int aborted_count);
void rk_fetch_walk_clear(struct rk_fetch_walk *walk);

enum rk_fetch_step {
    RK_FETCH_STEP_END,
    RK_FETCH_STEP_PART,      /* `part`, with a reference on its block. */
    RK_FETCH_STEP_ERROR,     /* `error`; the walk stands behind it. */
    RK_FETCH_STEP_TOO_LARGE, /* Not one batch is there whole: needed_size says what it takes. */
    RK_FETCH_STEP_NO_ROOM,   /* The next batch has to be decompressed, and may not be, or memory is
                                out: to be tried again. */
};

struct rk_fetch_error {
    rd_kafka_resp_err_t err;
    int64_t offset; /* Where what cannot be read begins. */
    char text[200];
};

/* The next thing to know. */
enum rk_fetch_step rk_fetch_walk_next(struct rk_fetch_walk *walk,
                                      struct rk_decompressor *decompressor, bool may_decompress,
                                      struct rk_message_part *part, struct rk_fetch_error *error);

#endif
