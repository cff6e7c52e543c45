/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing, jittered waiting times (KIP-580): min(base * 2^n, max), times 0.8 to 1.2. A value; the
 * clock comes in from outside.
 */
#ifndef RK_CLUSTER_BACKOFF_H
#define RK_CLUSTER_BACKOFF_H

#include <stdint.h>

struct rk_backoff {
    uint64_t base_us, max_us;
    unsigned failures; /* Since the last success. */
};

void rk_backoff_init(struct rk_backoff *backoff, int base_ms, int max_ms);
/* The wait before the next attempt; counts a failure. */
uint64_t rk_backoff_next_us(struct rk_backoff *backoff);
void rk_backoff_reset(struct rk_backoff *backoff);
/* For something that has failed n times. */
uint64_t rk_backoff_us(uint64_t base_us, uint64_t max_us, unsigned failures);

#endif
