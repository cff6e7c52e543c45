/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors that requests are to be answered with: for each kind of request a queue, each entry for
 * one request.
 *
 * A cluster has such a set, each broker and each partition. On the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_INJECT_H
#define RK_MOCK_MOCK_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

struct rk_mock_error {
    rd_kafka_resp_err_t err; /* NO_ERROR: succeeds; _TRANSPORT: the connection is closed. */
    uint64_t delay_us;       /* Of the answer, beyond the broker's. */
};

struct rk_mock_error_queue {
    int16_t api_key;
    struct rk_mock_error *errors;
    size_t first, count, capacity; /* Entries from first to first + count. */
};

struct rk_mock_injections {
    struct rk_mock_error_queue *queues; /* Few: those kinds that ever had errors. */
    int count;
};

/* Zeroed is empty. */
void rk_mock_injections_clear(struct rk_mock_injections *injections);
void rk_mock_injections_push(struct rk_mock_injections *injections, int16_t api_key,
                             const struct rk_mock_error *errors, size_t count);
/* False when there is none. */
bool rk_mock_injections_take(struct rk_mock_injections *injections, int16_t api_key,
                             struct rk_mock_error *error);
void rk_mock_injections_forget(struct rk_mock_injections *injections, int16_t api_key);
size_t rk_mock_injections_count(const struct rk_mock_injections *injections, int16_t api_key);

#endif
