/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Randomness: a seam, replaced in tests. rk_random_bytes asks the operating system and is fit for
 * nonces; rk_random_u32 is a fast generator per thread, seeded from it, for jitter and
 * partitioning. Any thread.
 */
#ifndef RK_BASE_RANDOM_H
#define RK_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void rk_random_bytes(void *bytes, size_t size);
uint32_t rk_random_u32(void);
/* Evenly from 0 to limit - 1; limit > 0. */
uint32_t rk_random_below(uint32_t limit);

#endif
