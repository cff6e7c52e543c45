/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to a Produce request, and what becomes of each of its batches: reported, sent again,
 * split. On the sender's loop.
 */
#ifndef RK_PRODUCER_PRODUCE_ANSWER_H
#define RK_PRODUCER_PRODUCE_ANSWER_H

#include "cluster/request.h"

/* The handler of Produce requests, whose owner is a struct rk_produce_context; takes: request */
void rk_produce_answer_take(struct rk_request *request);

#endif
