/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sender counts for statistics, once per batch. On the sender's loop.
 */
#ifndef RK_PRODUCER_PRODUCE_STATS_H
#define RK_PRODUCER_PRODUCE_STATS_H

#include "producer/sender.h"

/* The batch goes into the request; the attempt is counted in it. */
void rk_produce_stats_on_sent(struct rk_sender *sender, struct rk_request *request,
                              struct rk_batch *batch, uint64_t now_us) RK_ON_BROKER;
/* It is not under way any more, or was reported. Before it is split. */
void rk_produce_stats_on_back(const struct rk_batch *batch);

#endif
