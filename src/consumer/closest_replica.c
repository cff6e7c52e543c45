/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/closest_replica.h"

#include "cluster/backoff.h"

#define BAR_US      1000000
#define BAR_MAX_US  60000000
#define FORGIVEN_US 300000000 /* So long after a failure, the next counts as the first. */

void rk_closest_init(struct rk_closest *closest)
{
    *closest = (struct rk_closest){.replica = -1, .missed = -1};
}

void rk_closest_follow(struct rk_closest *closest, int32_t replica, uint64_t now_us,
                       uint64_t lease_us)
{
    closest->replica = replica;
    closest->until_us = now_us + lease_us;
}

void rk_closest_leave(struct rk_closest *closest)
{
    closest->replica = -1;
}

void rk_closest_fail(struct rk_closest *closest, uint64_t now_us)
{
    if (now_us - closest->failed_us > FORGIVEN_US)
        closest->failures = 0;
    closest->replica = closest->missed = -1;
    closest->barred_us = now_us + rk_backoff_us(BAR_US, BAR_MAX_US, closest->failures++);
    closest->failed_us = now_us;
}

void rk_closest_miss(struct rk_closest *closest, uint64_t now_us)
{
    int32_t missed = closest->replica;
    rk_closest_fail(closest, now_us);
    closest->missed = missed;
}

void rk_closest_find(struct rk_closest *closest)
{
    closest->missed = -1;
    closest->barred_us = 0;
    if (closest->failures > 0)
        closest->failures--;
}
