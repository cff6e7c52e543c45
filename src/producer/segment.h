/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments: the pieces of memory that batches are made of, and the client's pool of free ones.
 *
 * Sizes are powers of two from 1 to 64 KB, and exact for a record that is larger. The pool is
 * bounded, last in first out; any thread. A segment belongs to its batch. A foreign segment has no
 * bytes of its own: it stands for a value that is sent from where the application has it.
 */
#ifndef RK_PRODUCER_SEGMENT_H
#define RK_PRODUCER_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "runtime/thread.h"

#define RK_SEGMENT_MIN_SIZE 1024
#define RK_SEGMENT_MAX_SIZE 65536
#define RK_SEGMENT_CLASSES  7

struct rk_segment {
    struct rk_segment *next;
    uint8_t *bytes;    /* Own bytes behind the struct, or the foreign value. */
    uint32_t size;     /* In use. */
    uint32_t capacity; /* 0: foreign. */
};

struct rk_segment_pool {
    struct rk_mutex mutex; /* RK_RANK_POOL */
    struct {
        struct rk_segment *free[RK_SEGMENT_CLASSES];
        size_t free_size;
    } shared;
    size_t limit;
};

/* Asks for the memory of its first records, which another thread has written. */
static inline void rk_segment_prefetch(const struct rk_segment *segment)
{
    const char *at = (const char *)segment;
    for (int i = 0; i < 5; i++)
        RK_PREFETCH(at + i * 64);
}

void rk_segment_pool_init(struct rk_segment_pool *pool, size_t limit);
void rk_segment_pool_clear(struct rk_segment_pool *pool);
/* At least `size` bytes; NULL when memory is out. */
struct rk_segment *rk_segment_try_take(struct rk_segment_pool *pool, size_t size);
/* Stands for `size` bytes at `value`; NULL when memory is out. */
struct rk_segment *rk_segment_try_foreign(void *value, size_t size);
/* A chain of segments goes back. */
void rk_segment_give_back(struct rk_segment_pool *pool, struct rk_segment *segments);

#endif
