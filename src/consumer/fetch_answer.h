/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fetcher does with an answer: errors partition by partition, and messages on their way up.
 */
#ifndef RK_CONSUMER_FETCH_ANSWER_H
#define RK_CONSUMER_FETCH_ANSWER_H

#include "consumer/fetcher.h"

/* takes: request */
void rk_fetch_answer_on_done(struct rk_request *request);
/* Goes on with answers that were put off for lack of room. */
void rk_fetch_answer_resume(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER;
/* What is left of the partition's answer is not wanted any more. */
void rk_fetch_answer_drop_walk(struct rk_fetcher *fetcher,
                               struct rk_partition *partition) RK_ON_BROKER;

#endif
