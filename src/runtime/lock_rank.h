/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which ranks of locks the calling thread holds, in debug builds: locks are taken upwards only. And
 * which of them the application's code runs under.
 *
 * For the implementations of runtime/thread.h alone, of which a program has one.
 */
#ifndef RK_RUNTIME_LOCK_RANK_H
#define RK_RUNTIME_LOCK_RANK_H

#include "base/assert.h"
#include "runtime/thread.h"

static _Thread_local const struct rk_mutex *rk_lent_mutex;

static inline void rk_refuse_lent(void)
{
    RK_ASSERT(!"Application bug: the library was called in a function that "
               "rd_kafka_queue_cb_event_enable() was given");
}

#ifdef RK_DEBUG
#define RK_LOCK_RANKS_MAX 8
static _Thread_local enum rk_rank rk_lock_ranks_held[RK_LOCK_RANKS_MAX];
static _Thread_local int rk_lock_rank_count;

static inline void rk_lock_rank_push(enum rk_rank rank)
{
    RK_ASSERT(rk_lock_rank_count < RK_LOCK_RANKS_MAX);
    for (int i = 0; i < rk_lock_rank_count; i++) {
        if (rk_lent_mutex && rk_lock_ranks_held[i] >= rank)
            rk_refuse_lent();
        RK_ASSERT(rk_lock_ranks_held[i] < rank);
    }
    rk_lock_ranks_held[rk_lock_rank_count++] = rank;
}

static inline void rk_lock_rank_pop(enum rk_rank rank)
{
    int i = rk_lock_rank_count - 1;
    while (i >= 0 && rk_lock_ranks_held[i] != rank)
        i--;
    RK_ASSERT(i >= 0);
    for (; i < rk_lock_rank_count - 1; i++)
        rk_lock_ranks_held[i] = rk_lock_ranks_held[i + 1];
    rk_lock_rank_count--;
}
#else
static inline void rk_lock_rank_push(enum rk_rank rank)
{
    (void)rank;
}

static inline void rk_lock_rank_pop(enum rk_rank rank)
{
    (void)rank;
}
#endif

#endif
