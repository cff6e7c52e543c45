/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partition knows of its idempotent producers: the epoch and the last five batches of each,
 * to drop what comes twice and refuse what comes out of order.
 *
 * Embedded in a partition; on the cluster's loop. Of RK_MOCK_PRODUCERS_MAX producers the one that
 * was new first is forgotten first.
 */
#ifndef RK_MOCK_MOCK_SEQUENCE_H
#define RK_MOCK_MOCK_SEQUENCE_H

#include "rdkafka.h"

#include "wire/record_batch.h"

#define RK_MOCK_PRODUCERS_MAX    1000
#define RK_MOCK_SEQUENCES_WINDOW 5

struct rk_mock_producer;

struct rk_mock_sequences {
    struct rk_mock_producer *producers; /* A table by producer id. */
};

/* Zeroed is empty. */
void rk_mock_sequences_clear(struct rk_mock_sequences *sequences);
/*
 * Whether a batch may be appended: NO_ERROR; DUPLICATE_SEQUENCE_NUMBER for one of the last five
 * again, with the offset it has in *offset; INVALID_PRODUCER_EPOCH; OUT_OF_ORDER_SEQUENCE_NUMBER.
 */
rd_kafka_resp_err_t rk_mock_sequences_check(const struct rk_mock_sequences *sequences,
                                            const struct rk_record_batch_header *header,
                                            int64_t *offset);
/* A batch that passed was appended at this offset. */
void rk_mock_sequences_add(struct rk_mock_sequences *sequences,
                           const struct rk_record_batch_header *header, int64_t offset);

#endif
