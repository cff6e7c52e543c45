/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/segment.h"

#include "base/assert.h"
#include "base/memory.h"

/* The class whose segments hold `size` bytes; RK_SEGMENT_CLASSES when none does. */
static int class_of(size_t size)
{
    int size_class = 0;
    size_t class_bytes = RK_SEGMENT_MIN_SIZE;
    while (class_bytes < size && size_class < RK_SEGMENT_CLASSES) {
        class_bytes *= 2;
        size_class++;
    }
    return size_class;
}

void rk_segment_pool_init(struct rk_segment_pool *pool, size_t limit)
{
    *pool = (struct rk_segment_pool){.limit = limit};
    rk_mutex_init(&pool->mutex, RK_RANK_POOL);
}

void rk_segment_pool_clear(struct rk_segment_pool *pool)
{
    for (int size_class = 0; size_class < RK_SEGMENT_CLASSES; size_class++) {
        while (pool->shared.free[size_class]) {
            struct rk_segment *segment = pool->shared.free[size_class];
            pool->shared.free[size_class] = segment->next;
            rk_free(segment);
        }
    }
    rk_mutex_clear(&pool->mutex);
}

static struct rk_segment *take_free(struct rk_segment_pool *pool, int size_class)
{
    rk_mutex_lock(&pool->mutex);
    struct rk_segment *segment = pool->shared.free[size_class];
    if (segment) {
        pool->shared.free[size_class] = segment->next;
        pool->shared.free_size -= segment->capacity;
    }
    rk_mutex_unlock(&pool->mutex);
    return segment;
}

struct rk_segment *rk_segment_try_take(struct rk_segment_pool *pool, size_t size)
{
    int size_class = class_of(size);
    size_t capacity = size;
    struct rk_segment *segment = NULL;
    if (size_class < RK_SEGMENT_CLASSES) {
        capacity = (size_t)RK_SEGMENT_MIN_SIZE << size_class;
        segment = take_free(pool, size_class);
    }
    if (!segment) {
        segment = rk_try_malloc(sizeof(*segment) + capacity);
        if (!segment)
            return NULL;
        segment->bytes = (uint8_t *)(segment + 1);
        segment->capacity = (uint32_t)capacity;
    }
    segment->next = NULL;
    segment->size = 0;
    return segment;
}

struct rk_segment *rk_segment_try_foreign(void *value, size_t size)
{
    struct rk_segment *segment = rk_try_malloc(sizeof(*segment));
    if (segment)
        *segment = (struct rk_segment){.bytes = value, .size = (uint32_t)size};
    return segment;
}

static bool is_pooled(const struct rk_segment *segment)
{
    int size_class = class_of(segment->capacity);
    return segment->capacity && size_class < RK_SEGMENT_CLASSES &&
           segment->capacity == (uint32_t)RK_SEGMENT_MIN_SIZE << size_class;
}

void rk_segment_give_back(struct rk_segment_pool *pool, struct rk_segment *segments)
{
    struct rk_segment *surplus = NULL;
    rk_mutex_lock(&pool->mutex);
    while (segments) {
        struct rk_segment *segment = segments;
        segments = segment->next;
        if (is_pooled(segment) && pool->shared.free_size + segment->capacity <= pool->limit) {
            int size_class = class_of(segment->capacity);
            segment->next = pool->shared.free[size_class];
            pool->shared.free[size_class] = segment;
            pool->shared.free_size += segment->capacity;
        } else {
            segment->next = surplus;
            surplus = segment;
        }
    }
    rk_mutex_unlock(&pool->mutex);
    while (surplus) {
        struct rk_segment *segment = surplus;
        surplus = segment->next;
        rk_free(segment);
    }
}
