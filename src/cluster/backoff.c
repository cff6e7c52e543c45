/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/backoff.h"

#include "base/assert.h"
#include "base/random.h"

#define MAX_DOUBLINGS 20

uint64_t rk_backoff_us(uint64_t base_us, uint64_t max_us, unsigned failures)
{
    uint64_t wait_us = base_us << RK_MIN(failures, (unsigned)MAX_DOUBLINGS);
    wait_us = RK_MIN(wait_us, max_us);
    return wait_us * 8 / 10 + wait_us * rk_random_below(401) / 1000;
}

void rk_backoff_init(struct rk_backoff *backoff, int base_ms, int max_ms)
{
    backoff->base_us = (uint64_t)base_ms * 1000;
    backoff->max_us = (uint64_t)max_ms * 1000;
    backoff->failures = 0;
}

uint64_t rk_backoff_next_us(struct rk_backoff *backoff)
{
    return rk_backoff_us(backoff->base_us, backoff->max_us, backoff->failures++);
}

void rk_backoff_reset(struct rk_backoff *backoff)
{
    backoff->failures = 0;
}
