/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers of one loop: a binary heap of embedded timers, ordered by deadline.
 *
 * Belongs to its loop's thread. Starting a timer takes memory only when the heap grows.
 */
#ifndef RK_RUNTIME_TIMER_H
#define RK_RUNTIME_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_timer {
    uint64_t deadline_us;
    size_t position; /* In the heap, from 1; 0 while not started. */
    void (*fire)(struct rk_timer *timer, uint64_t now_us);
};

struct rk_timer_heap {
    struct rk_timer **timers; /* From index 1. */
    size_t count, capacity;
};

void rk_timer_heap_clear(struct rk_timer_heap *heap);
/* (Re)starts the timer. */
void rk_timer_heap_start(struct rk_timer_heap *heap, struct rk_timer *timer, uint64_t deadline_us);
void rk_timer_heap_stop(struct rk_timer_heap *heap, struct rk_timer *timer);
/* RK_NEVER when no timer is started. */
uint64_t rk_timer_heap_next(const struct rk_timer_heap *heap);
/* Takes out one timer that is due, or NULL. */
struct rk_timer *rk_timer_heap_take_due(struct rk_timer_heap *heap, uint64_t now_us);

static inline void rk_timer_init(struct rk_timer *timer,
                                 void (*fire)(struct rk_timer *timer, uint64_t now_us))
{
    *timer = (struct rk_timer){.fire = fire};
}

static inline bool rk_timer_is_started(const struct rk_timer *timer)
{
    return timer->position != 0;
}

#endif
