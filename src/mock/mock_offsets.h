/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What requests about offsets have in common with fetches. On the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_OFFSETS_H
#define RK_MOCK_MOCK_OFFSETS_H

#include "mock/mock_request.h"

/* Whether the client knows the right leader epoch (KIP-320); -1: it does not say. */
rd_kafka_resp_err_t rk_mock_partition_check_epoch(const struct rk_mock_partition *partition,
                                                  int32_t leader_epoch);

#endif
