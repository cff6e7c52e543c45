/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/timer.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"

static void place(struct rk_timer_heap *heap, size_t position, struct rk_timer *timer)
{
    heap->timers[position] = timer;
    timer->position = position;
}

static void move_up(struct rk_timer_heap *heap, size_t position, struct rk_timer *timer)
{
    while (position > 1 && heap->timers[position / 2]->deadline_us > timer->deadline_us) {
        place(heap, position, heap->timers[position / 2]);
        position /= 2;
    }
    place(heap, position, timer);
}

static void move_down(struct rk_timer_heap *heap, size_t position, struct rk_timer *timer)
{
    for (;;) {
        size_t child = position * 2;
        if (child > heap->count)
            break;
        if (child < heap->count &&
            heap->timers[child + 1]->deadline_us < heap->timers[child]->deadline_us)
            child++;
        if (heap->timers[child]->deadline_us >= timer->deadline_us)
            break;
        place(heap, position, heap->timers[child]);
        position = child;
    }
    place(heap, position, timer);
}

void rk_timer_heap_clear(struct rk_timer_heap *heap)
{
    for (size_t i = 1; i <= heap->count; i++)
        heap->timers[i]->position = 0;
    rk_free(heap->timers);
    *heap = (struct rk_timer_heap){0};
}

void rk_timer_heap_start(struct rk_timer_heap *heap, struct rk_timer *timer, uint64_t deadline_us)
{
    if (rk_timer_is_started(timer)) {
        if (timer->deadline_us == deadline_us)
            return;
        rk_timer_heap_stop(heap, timer);
    }
    if (heap->count + 2 > heap->capacity) {
        heap->capacity = RK_MAX(heap->capacity * 2, (size_t)16);
        heap->timers = rk_realloc(heap->timers, heap->capacity * sizeof(*heap->timers));
    }
    timer->deadline_us = deadline_us;
    move_up(heap, ++heap->count, timer);
}

void rk_timer_heap_stop(struct rk_timer_heap *heap, struct rk_timer *timer)
{
    if (!rk_timer_is_started(timer))
        return;
    size_t position = timer->position;
    RK_ASSERT(heap->timers[position] == timer);
    timer->position = 0;
    struct rk_timer *last = heap->timers[heap->count--];
    if (last == timer)
        return;
    if (position > 1 && heap->timers[position / 2]->deadline_us > last->deadline_us)
        move_up(heap, position, last);
    else
        move_down(heap, position, last);
}

uint64_t rk_timer_heap_next(const struct rk_timer_heap *heap)
{
    return heap->count ? heap->timers[1]->deadline_us : RK_NEVER;
}

struct rk_timer *rk_timer_heap_take_due(struct rk_timer_heap *heap, uint64_t now_us)
{
    if (rk_timer_heap_next(heap) > now_us || !heap->count)
        return NULL;
    struct rk_timer *timer = heap->timers[1];
    rk_timer_heap_stop(heap, timer);
    return timer;
}
