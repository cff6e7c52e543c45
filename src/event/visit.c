/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/visit.h"

#include <stddef.h>

#include "base/clock.h"
#include "event/core.h"

static _Thread_local struct rk_visit *innermost;

bool rk_visit_begin(struct rk_visit *visit, struct rk_core *core)
{
    bool is_inside = rk_visit_is_inside(core);
    rk_mutex_lock(&core->mutex);
    bool may_enter = is_inside || !core->shared.is_closed_to_visits;
    if (may_enter)
        core->shared.visits++;
    rk_mutex_unlock(&core->mutex);
    if (!may_enter)
        return false;
    visit->core = rk_core_acquire(core);
    visit->outer = innermost;
    innermost = visit;
    return true;
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
