/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that are wrong: the simulation has to say so, and how. Run by tests/sim/stuck only.
 */
#include <time.h>

#include "runtime/signal.h"
#include "runtime/thread.h"
#include "sim/sim.h"

static struct rk_mutex mutex;

static void take_and_give(void *argument)
{
    (void)argument;
    rk_mutex_lock(&mutex);
    rk_mutex_unlock(&mutex);
}

SIM_WRONG_SCENARIO(wrong_deadlock, "a thread waits for the end of one that waits for its lock")
{
    rk_mutex_init(&mutex, RK_RANK_PARTITION);
    rk_mutex_lock(&mutex);
    sim_join(sim_spawn("locker", take_and_give, NULL));
    rk_mutex_unlock(&mutex);
}

SIM_WRONG_SCENARIO(wrong_livelock, "a thread looks again and again whether something has changed")
{
    _Atomic bool is_done = false;
    while (!rk_signal_raise(&is_done))
        rk_signal_lower(&is_done);
}

SIM_WRONG_SCENARIO(wrong_trace, "something that the seed does not decide")
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sim_note("%lld", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
}
