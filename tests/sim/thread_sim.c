/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulation's twin of runtime/thread_posix.c: locks, conditions and threads on the scheduler.
 *
 * A lock's word holds its number, which it gets when it is made or first taken, above its two bits
 * of state.
 */
#include "runtime/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "runtime/signal.h"
#include "runtime/lock_rank.h"
#include "sim/faults.h"
#include "sim/scheduler.h"

#ifdef SIM_WITH_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#else
#define __tsan_acquire(address) ((void)(address))
#define __tsan_release(address) ((void)(address))
#endif

enum { FREE = 0, HELD = 1, STATE_MASK = 3, NUMBER_SHIFT = 2, SPURIOUS_ONE_IN = 512 };

struct rk_role rk_role_broker;
struct rk_role rk_role_background;

struct rk_thread {
    struct sim_thread *thread;
};

static uint32_t last_number;

/* Locks */

static uint32_t load(const struct rk_mutex *mutex)
{
    return atomic_load_explicit(&mutex->state, memory_order_relaxed);
}

static void set_state(struct rk_mutex *mutex, uint32_t state)
{
    uint32_t number = load(mutex) >> NUMBER_SHIFT;
    if (!number)
        number = ++last_number;
    atomic_store_explicit(&mutex->state, number << NUMBER_SHIFT | state, memory_order_relaxed);
}

static int64_t number_of(const struct rk_mutex *mutex)
{
    return load(mutex) >> NUMBER_SHIFT;
}

void rk_mutex_init(struct rk_mutex *mutex, enum rk_rank rank)
{
    atomic_init(&mutex->state, 0);
    set_state(mutex, FREE);
    mutex->rank = rank;
}

void rk_mutex_clear(struct rk_mutex *mutex)
{
    RK_ASSERT((load(mutex) & STATE_MASK) == FREE);
}

static void take(struct rk_mutex *mutex)
{
    while ((load(mutex) & STATE_MASK) == HELD)
        sim_wait_for(SIM_WAITS_MUTEX, mutex, number_of(mutex), RK_NEVER);
    set_state(mutex, HELD);
    __tsan_acquire(mutex);
}

static void give(struct rk_mutex *mutex)
{
    RK_ASSERT((load(mutex) & STATE_MASK) == HELD);
    __tsan_release(mutex);
    set_state(mutex, FREE);
    sim_wake_all(SIM_WAITS_MUTEX, mutex);
}

void rk_mutex_lock(struct rk_mutex *mutex) RK_NO_THREAD_ANALYSIS
{
    rk_lock_rank_push(mutex->rank);
    if (mutex == rk_lent_mutex)
        rk_refuse_lent();
    sim_switch_point(SIM_TRACE_LOCK, number_of(mutex), mutex->rank);
    take(mutex);
}

void rk_mutex_unlock(struct rk_mutex *mutex) RK_NO_THREAD_ANALYSIS
{
    int64_t number = number_of(mutex);
    rk_lock_rank_pop(mutex->rank);
    give(mutex);
    sim_switch_point(SIM_TRACE_UNLOCK, number, 0); /* Another thread may have freed it. */
}

void rk_mutex_lend(const struct rk_mutex *mutex)
{
    rk_lent_mutex = mutex;
}

/* Conditions: `sequence` is the number, `waiters` counts. */

void rk_condition_init(struct rk_condition *condition)
{
    atomic_init(&condition->sequence, ++last_number);
    atomic_init(&condition->waiters, 0);
}

void rk_condition_clear(struct rk_condition *condition)
{
    RK_ASSERT(atomic_load_explicit(&condition->waiters, memory_order_relaxed) == 0);
}

bool rk_condition_wait(struct rk_condition *condition, struct rk_mutex *mutex,
                       uint64_t deadline_us) RK_NO_THREAD_ANALYSIS
{
    bool in_time = true;
    int64_t number = atomic_load_explicit(&condition->sequence, memory_order_relaxed);
    sim_trace(SIM_TRACE_WAIT, number, number_of(mutex));
    rk_lock_rank_pop(mutex->rank);
    atomic_fetch_add_explicit(&condition->waiters, 1, memory_order_relaxed);
    give(mutex);
    if (deadline_us <= sim_now_us())
        in_time = false;
    else if (sim_chance_below(SIM_CHANCE_SCHEDULER, SPURIOUS_ONE_IN) > 0)
        in_time = sim_wait_for(SIM_WAITS_CONDITION, condition, number, deadline_us);
    rk_lock_rank_push(mutex->rank);
    take(mutex);
    atomic_fetch_sub_explicit(&condition->waiters, 1, memory_order_relaxed);
    return in_time;
}

static int64_t number_of_condition(const struct rk_condition *condition)
{
    return atomic_load_explicit(&condition->sequence, memory_order_relaxed);
}

void rk_condition_signal(struct rk_condition *condition)
{
    sim_wake_one(SIM_WAITS_CONDITION, condition);
    sim_switch_point(SIM_TRACE_SIGNAL, number_of_condition(condition), 1);
}

void rk_condition_broadcast(struct rk_condition *condition)
{
    sim_wake_all(SIM_WAITS_CONDITION, condition);
    sim_switch_point(SIM_TRACE_SIGNAL, number_of_condition(condition), 0);
}

void rk_signal_switch_point(void)
{
    sim_switch_point(SIM_TRACE_ATOMIC, 0, 0);
}

/* Threads */

struct rk_thread *rk_thread_start(const char *name, void (*run)(void *argument), void *argument)
{
    if (sim_fault_takes(SIM_FAULT_THREAD))
        return NULL;
    struct rk_thread *thread = RK_NEW(struct rk_thread);
    thread->thread = sim_thread_start(name, true, run, argument);
    return thread;
}

void rk_thread_join(struct rk_thread *thread)
{
    sim_thread_join(thread->thread);
    rk_free(thread);
}

void rk_thread_detach(struct rk_thread *thread)
{
    sim_thread_detach(thread->thread);
    rk_free(thread);
}

int rk_thread_count(void)
{
    return sim_internal_threads();
}

const char *rk_thread_name(void)
{
    return rk_thread_is_internal() ? sim_self()->name : "app";
}

bool rk_thread_is_internal(void)
{
    return sim_self() && sim_self()->is_internal;
}

int rk_process_id(void)
{
    return 1; /* Nothing forks. */
}

void rk_thread_pause_us(uint64_t duration_us)
{
    sim_trace(SIM_TRACE_SLEEP, (int64_t)duration_us, 0);
    sim_wait_for(SIM_SLEEPS, NULL, (int64_t)duration_us, sim_now_us() + duration_us);
}
