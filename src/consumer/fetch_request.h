/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds a fetcher's Fetch requests: which partitions may be fetched now, what of that the broker
 * does not know yet (KIP-227), and how much it may send.
 */
#ifndef RK_CONSUMER_FETCH_REQUEST_H
#define RK_CONSUMER_FETCH_REQUEST_H

#include "consumer/fetcher.h"

/* Sends the next request, unless there is nothing to fetch. Inside the connection's run. */
void rk_fetch_request_send(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER;
/* What counts the partition's bytes. */
struct rk_budget *rk_fetch_request_budget(const struct rk_fetcher *fetcher,
                                          const struct rk_partition *partition);
/* For its error at that offset: counted there, and void with what is fetched now. */
struct rk_error_place rk_fetch_request_error_place(const struct rk_fetcher *fetcher,
                                                   const struct rk_partition *partition,
                                                   int64_t offset);

#endif
