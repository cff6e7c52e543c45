/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/visit.h"

#include <stddef.h>

#include "base/clock.h"
#include "event/core.h"
#include "runtime/loop.h"

static _Thread_local struct rk_visit *innermost;

static bool is_counted_inside(const struct rk_core *core)
{
    const struct rk_visit *visit = innermost;
    while (visit && (visit->core != core || visit->is_mark))
        visit = visit->outer;
    return visit != NULL;
}

bool rk_visit_begin(struct rk_visit *visit, struct rk_core *core)
{
    bool is_inside = is_counted_inside(core);
    rk_mutex_lock(&core->mutex);
    bool may_enter = is_inside || !core->shared.is_closed_to_visits;
    if (may_enter)
        core->shared.visits++;
    rk_mutex_unlock(&core->mutex);
    if (!may_enter)
        return false;
    visit->core = rk_core_acquire(core);
    visit->outer = innermost;
    visit->is_mark = false;
    innermost = visit;
    return true;
}

void rk_visit_mark(struct rk_visit *visit, struct rk_core *core)
{
    visit->core = core;
    visit->outer = innermost;
    visit->is_mark = true;
    innermost = visit;
}

void rk_visit_unmark(struct rk_visit *visit)
{
    RK_ASSERT(innermost == visit);
    innermost = visit->outer;
}

bool rk_visit_may_wait(struct rk_core *core, const char *call)
{
    static _Thread_local bool is_saying; /* What is said may be what calls. */
    if (RK_LIKELY(rk_loop_may_wait()))
        return true;
    if (!is_saying) {
        is_saying = true;
        rk_log(
            core, RK_LOG_EMERGENCY, "CALLBACK",
            "Application bug: %s was called in a callback on a thread of the library (%s), which "
            "must not wait: it is refused",
            call, rk_thread_name());
        is_saying = false;
    }
    return false;
}

void rk_visit_end(struct rk_visit *visit)
{
    struct rk_core *core = visit->core;
    RK_ASSERT(innermost == visit);
    innermost = visit->outer;
    rk_mutex_lock(&core->mutex);
    if (--core->shared.visits == 0)
        rk_condition_broadcast(&core->left);
    rk_mutex_unlock(&core->mutex);
    rk_core_release(core);
}

bool rk_visit_is_inside(const struct rk_core *core)
{
    const struct rk_visit *visit = innermost;
    while (visit && visit->core != core)
        visit = visit->outer;
    return visit != NULL;
}

void rk_visits_close(struct rk_core *core)
{
    rk_mutex_lock(&core->mutex);
    core->shared.is_closed_to_visits = true;
    while (core->shared.visits > 0)
        rk_condition_wait(&core->left, &core->mutex, RK_NEVER);
    rk_mutex_unlock(&core->mutex);
}
