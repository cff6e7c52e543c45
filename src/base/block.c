/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/block.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/memory.h"

/*
 * Large blocks that were freed wait here to be used again: answers come in much the same sizes, and
 * the system clears every page it hands out anew. A slot belongs to whoever exchanges its block
 * against NULL; no lock, and the process keeps SLOTS * CACHED_MAX bytes at most.
 */
#define SLOTS      8
#define CACHED_MIN 65536
#define CACHED_MAX ((size_t)4 << 20)
#define ROUNDING   ((size_t)65536) /* So that sizes differ less. */

#ifndef RK_DEBUG

static _Atomic(struct rk_block *) slots[SLOTS];

static struct rk_block *take_cached(size_t size)
{
    for (int i = 0; i < SLOTS; i++) {
        if (!atomic_load_explicit(&slots[i], memory_order_relaxed))
            continue;
        struct rk_block *block = atomic_exchange_explicit(&slots[i], NULL, memory_order_acquire);
        if (block && block->capacity >= size && block->capacity / 2 <= size)
            return block;
        /* Not a good fit. Whoever filled the slot meanwhile has a younger one. */
        struct rk_block *nothing = NULL;
        if (block && !atomic_compare_exchange_strong_explicit(
                         &slots[i], &nothing, block, memory_order_release, memory_order_relaxed))
            rk_free(block);
    }
    return NULL;
}

/* Pushes out the oldest when there is no slot left. */
static void cache(struct rk_block *block)
{
    static _Atomic unsigned next;
    for (int i = 0; i < SLOTS; i++) {
        struct rk_block *nothing = NULL;
        if (!atomic_load_explicit(&slots[i], memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&slots[i], &nothing, block,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    unsigned at = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % SLOTS;
    rk_free(atomic_exchange_explicit(&slots[at], block, memory_order_acq_rel));
}

static bool may_be_cached(size_t capacity)
{
    return capacity >= CACHED_MIN && capacity <= CACHED_MAX;
}

#else /* The sanitizers are to see every use of what was freed. */

static struct rk_block *take_cached(size_t size)
{
    (void)size;
    return NULL;
}

static void cache(struct rk_block *block)
{
    rk_free(block);
}

static bool may_be_cached(size_t capacity)
{
    (void)capacity;
    return false;
}

#endif

struct rk_block *rk_block_try_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t capacity = size;
    if (may_be_cached(size))
        capacity = (size + ROUNDING - 1) / ROUNDING * ROUNDING;
    struct rk_block *block = may_be_cached(capacity) ? take_cached(size) : NULL;
    if (!block) {
        block = rk_try_malloc(sizeof(*block) + capacity);
        if (!block)
            return NULL;
        block->capacity = capacity;
    }
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
    if (!block || atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1)
        return;
    if (may_be_cached(block->capacity))
        cache(block);
    else
        rk_free(block);
}
