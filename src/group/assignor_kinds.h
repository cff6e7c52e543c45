/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which partitions are alike for rk_assignor_try_balance(): the same members may have them, and it
 * is as well to move the one as the other. Thousands of partitions are of a few kinds.
 *
 * Pure. Lives in the call; borrows its input.
 */
#ifndef RK_GROUP_ASSIGNOR_KINDS_H
#define RK_GROUP_ASSIGNOR_KINDS_H

#include "group/assignor_balance.h"

struct rk_assignor_kinds {
    int32_t *circles; /* Per topic: the same for topics with the same subscribers; from 0 on. */
    int32_t *kinds;   /* Per partition; from 0 on. Those of a kind are of one circle. */
    int32_t *order;   /* All partitions, by kind, then ascending. */
};

/* False: no memory; to be cleared either way. */
bool rk_assignor_kinds_try_init(struct rk_assignor_kinds *kinds,
                                const struct rk_assignor_balance *balance);
void rk_assignor_kinds_clear(struct rk_assignor_kinds *kinds);

#endif
