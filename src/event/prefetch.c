/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/prefetch.h"

#include "base/memory.h"
#include "runtime/signal.h"

struct rk_room *rk_room_new(void (*tell)(void *argument), void *argument)
{
    struct rk_room *room = RK_NEW(struct rk_room);
    atomic_init(&room->references, 1);
    rk_mutex_init(&room->mutex, RK_RANK_QUEUE);
    room->shared.tell = tell;
    room->shared.argument = argument;
    return room;
}

void rk_room_close(struct rk_room *room)
{
    rk_mutex_lock(&room->mutex);
    room->shared.tell = NULL;
    rk_mutex_unlock(&room->mutex);
}

void rk_room_release(struct rk_room *room)
{
    if (!room || atomic_fetch_sub_explicit(&room->references, 1, memory_order_acq_rel) != 1)
        return;
    rk_mutex_clear(&room->mutex);
    rk_free(room);
}

void rk_room_tell(struct rk_room *room)
{
    if (!rk_signal_is_raised(&room->is_wanted) || !rk_signal_take(&room->is_wanted))
        return;
    rk_mutex_lock(&room->mutex);
    if (room->shared.tell)
        room->shared.tell(room->shared.argument);
    rk_mutex_unlock(&room->mutex);
}

static int64_t low_mark(int64_t limit)
{
    return limit / 4 * 3;
}

/* Whether a count that stood at `before` went down to the low mark. */
static bool has_crossed(int64_t before, int64_t given, int64_t limit)
{
    return before > low_mark(limit) && before - given <= low_mark(limit);
}

struct rk_budget *rk_budget_new(int64_t limit)
{
    struct rk_budget *budget = RK_NEW(struct rk_budget);
    atomic_init(&budget->references, 1);
    atomic_init(&budget->limit, limit);
    return budget;
}

struct rk_budget *rk_budget_acquire(struct rk_budget *budget)
{
    atomic_fetch_add_explicit(&budget->references, 1, memory_order_relaxed);
    return budget;
}

void rk_budget_release(struct rk_budget *budget)
{
    if (budget && atomic_fetch_sub_explicit(&budget->references, 1, memory_order_acq_rel) == 1)
        rk_free(budget);
}

void rk_budget_take(struct rk_budget *budget, int64_t bytes)
{
    atomic_fetch_add(&budget->used, bytes);
}

bool rk_budget_give(struct rk_budget *budget, int64_t bytes)
{
    return has_crossed(atomic_fetch_sub(&budget->used, bytes), bytes, atomic_load(&budget->limit));
}

void rk_budget_set_limit(struct rk_budget *budget, int64_t limit)
{
    atomic_store(&budget->limit, limit);
}

int64_t rk_budget_left(const struct rk_budget *budget)
{
    return atomic_load(&budget->limit) - atomic_load(&budget->used);
}

bool rk_budget_is_low(const struct rk_budget *budget)
{
    return atomic_load(&budget->used) <= low_mark(atomic_load(&budget->limit));
}

struct rk_prefetch *rk_prefetch_new(struct rk_room *room, int64_t limit)
{
    struct rk_prefetch *prefetch = RK_NEW(struct rk_prefetch);
    atomic_init(&prefetch->references, 1);
    atomic_fetch_add_explicit(&room->references, 1, memory_order_relaxed);
    prefetch->room = room;
    prefetch->limit = limit;
    return prefetch;
}

struct rk_prefetch *rk_prefetch_acquire(struct rk_prefetch *prefetch)
{
    atomic_fetch_add_explicit(&prefetch->references, 1, memory_order_relaxed);
    return prefetch;
}

void rk_prefetch_release(struct rk_prefetch *prefetch)
{
    if (!prefetch || atomic_fetch_sub_explicit(&prefetch->references, 1, memory_order_acq_rel) != 1)
        return;
    rk_room_release(prefetch->room);
    rk_free(prefetch);
}

void rk_prefetch_take(struct rk_prefetch *prefetch, int64_t messages)
{
    atomic_fetch_add(&prefetch->messages, messages);
}

bool rk_prefetch_give(struct rk_prefetch *prefetch, int64_t messages)
{
    return has_crossed(atomic_fetch_sub(&prefetch->messages, messages), messages, prefetch->limit);
}

bool rk_prefetch_is_full(const struct rk_prefetch *prefetch)
{
    return atomic_load(&prefetch->messages) >= prefetch->limit;
}

bool rk_prefetch_is_low(const struct rk_prefetch *prefetch)
{
    return atomic_load(&prefetch->messages) <= low_mark(prefetch->limit);
}
