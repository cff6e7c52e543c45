/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a consumer's partition is not moving, and the line in the log when it has not for long.
 *
 * A partition that is consumed, not paused, and gets no answer that would be good news is silent;
 * after silence.log.ms, or up to half as much later, that is logged. The timers run while there are
 * partitions that are fetched, or that should be: a consumer without any sleeps.
 */
#ifndef RK_CONSUMER_PARTITION_REASON_H
#define RK_CONSUMER_PARTITION_REASON_H

#include "consumer/fetcher.h"

/* Of one that a fetcher has. */
void rk_partition_reason_find(struct rk_fetcher *fetcher, const struct rk_partition *partition,
                              uint64_t now_us, struct rk_reason *reason) RK_ON_BROKER;
/* Of one that no fetcher has. */
void rk_partition_reason_find_known(const struct rk_partition *partition, uint64_t now_us,
                                    struct rk_reason *reason) RK_ON_BACKGROUND;

/* The fetcher has got a partition. */
void rk_partition_reason_watch_fetcher(struct rk_fetcher *fetcher) RK_ON_BROKER;
/* A Fetch was sent: looks, if it is time to, without a wake-up for that alone. */
void rk_partition_reason_pass(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER;
void rk_partition_reason_on_fetcher_timer(struct rk_timer *timer, uint64_t now_us);
/* No fetcher has the partition, or, with `waits` false, one is about to get it. */
void rk_partition_reason_watch(struct rk_partition *partition, bool waits) RK_ON_BACKGROUND;
void rk_partition_reason_on_timer(struct rk_timer *timer, uint64_t now_us);

#endif
