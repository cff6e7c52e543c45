/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/block.h"

#include <stdatomic.h>

#include "base/memory.h"

struct rk_block *rk_block_try_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    struct rk_block *block = rk_try_malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    atomic_init(&block->references, 1);
    block->size = size;
    return block;
}

struct rk_block *rk_block_acquire(struct rk_block *block)
{
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void rk_block_release(struct rk_block *block)
{
    if (block && atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1)
        rk_free(block);
}
