/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few atomics by which threads tell each other to wake up, or not to bother: flags that say
 * "posted already", "somebody waits", "room is wanted".
 *
 * Plain sequentially consistent atomics. In the simulation another thread may come in before each
 * of them, which is where a wake-up gets lost if it can.
 */
#ifndef RK_RUNTIME_SIGNAL_H
#define RK_RUNTIME_SIGNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#ifdef RK_SIMULATION
void rk_signal_switch_point(void);
#else
static inline void rk_signal_switch_point(void)
{
}
#endif

/* True when it was raised before: somebody else did the work that comes with it. */
static inline bool rk_signal_raise(_Atomic bool *flag)
{
    rk_signal_switch_point();
    return atomic_exchange(flag, true);
}

/* True when it was raised. */
static inline bool rk_signal_take(_Atomic bool *flag)
{
    rk_signal_switch_point();
    return atomic_exchange(flag, false);
}

static inline void rk_signal_lower(_Atomic bool *flag)
{
    rk_signal_switch_point();
    atomic_store(flag, false);
}

static inline bool rk_signal_is_raised(const _Atomic bool *flag)
{
    rk_signal_switch_point();
    return atomic_load(flag);
}

#endif
