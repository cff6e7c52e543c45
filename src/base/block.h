/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block: a counted, fixed-size piece of memory that several owners read, on any thread.
 *
 * A response is read straight into one; batches and messages that point into it hold a reference.
 * Whoever made it may write it until it is shared.
 */
#ifndef RK_BASE_BLOCK_H
#define RK_BASE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct rk_block {
    _Atomic uint32_t references;
    size_t size;
    size_t capacity; /* What was allocated. */
    _Alignas(8) uint8_t data[];
};

/* One reference, contents undefined; NULL when memory is out. */
struct rk_block *rk_block_try_new(size_t size);
struct rk_block *rk_block_acquire(struct rk_block *block);
/* NULL is fine. */
void rk_block_release(struct rk_block *block);

#endif
