/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last step of the sticky assignors: evens out an assignment, with few moves.
 *
 * Pure. Borrowed by the call: all that it names; it changes `owner` and `counts`.
 */
#ifndef RK_GROUP_ASSIGNOR_BALANCE_H
#define RK_GROUP_ASSIGNOR_BALANCE_H

#include "group/assignor.h"

struct rk_assignor_balance {
    const struct rk_assignor_input *input;
    const struct rk_assignor_subscribers *subscribers;
    const int32_t *topics; /* Per partition. */
    const int32_t *claims; /* Per partition: whose it is, which costs a move; RK_ASSIGNOR_NOBODY. */
    const int32_t *older;  /* Per partition: who would be glad to have it again. */
    int32_t *owner;        /* Per partition. */
    int32_t *counts;       /* Per member: partitions it owns. */
    int64_t looks;         /* What finding moves has cost so far. */
};

/* Until no partition, and no chain of them, can move from a member to one that has at least two
 * fewer: no assignment is more even then. False: no memory. */
bool rk_assignor_try_balance(struct rk_assignor_balance *balance);

#endif
