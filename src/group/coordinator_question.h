/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FindCoordinator: the question of coordinator.c, and what an answer to it says. The request lives
 * as any other (cluster/request.h); no state of its own.
 */
#ifndef RK_GROUP_COORDINATOR_QUESTION_H
#define RK_GROUP_COORDINATOR_QUESTION_H

#include "cluster/request.h"
#include "group/coordinator.h"

/* `key` stays until it is answered; `patience_us`: socket.timeout.ms. NULL: no memory. */
struct rk_request *rk_coordinator_question_try_new(enum rk_coordinator_kind kind, const char *key,
                                                   struct rk_loop *reply_loop,
                                                   rk_request_handler *on_done, void *owner,
                                                   uint64_t patience_us);
/* Which broker it is, of a request that was answered; `*err` is not 0: nobody is named. */
int32_t rk_coordinator_question_read(const struct rk_request *request, rd_kafka_resp_err_t *err);

#endif
