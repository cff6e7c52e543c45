/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much is fetched and not handed out yet, and who waits for it to become less.
 *
 * All counted, for events that hold fetched messages may outlive the consumer. A budget limits the
 * bytes of one or more partitions (queued.max.messages.kbytes), a prefetch the messages of one
 * partition (queued.min.messages). Fetching stops at whichever is met first and goes on, at once,
 * when three quarters are left. Counters are atomics, for any thread.
 */
#ifndef RK_EVENT_PREFETCH_H
#define RK_EVENT_PREFETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/thread.h"

/* Whoever waits until there is room again. */
struct rk_room {
    _Atomic uint32_t references;
    _Atomic bool is_wanted; /* Somebody stopped for lack of room and has to be told. */
    struct rk_mutex mutex;  /* RK_RANK_QUEUE */
    struct {
        void (*tell)(void *argument);
        void *argument;
    } shared;
};

struct rk_budget {
    _Atomic uint32_t references;
    _Atomic int64_t limit; /* Bytes. */
    _Atomic int64_t used;
};

struct rk_prefetch {
    _Atomic uint32_t references;
    struct rk_room *room; /* Counted. */
    int64_t limit;        /* Messages. */
    _Atomic int64_t messages;
    _Atomic int64_t bytes; /* Of these; for statistics only. */
};

/* `tell` runs on any thread under the room's lock and may only post: the consumer that it belongs
 * to goes away under the same lock. */
struct rk_room *rk_room_new(void (*tell)(void *argument), void *argument);
/* Nobody is told any more. */
void rk_room_close(struct rk_room *room);
void rk_room_release(struct rk_room *room);
/* No other lock held, but those of lower rank. */
void rk_room_tell(struct rk_room *room);

struct rk_budget *rk_budget_new(int64_t limit);
struct rk_budget *rk_budget_acquire(struct rk_budget *budget);
void rk_budget_release(struct rk_budget *budget);
void rk_budget_take(struct rk_budget *budget, int64_t bytes);
/* True when it went down to three quarters of the limit by that. */
bool rk_budget_give(struct rk_budget *budget, int64_t bytes);
void rk_budget_set_limit(struct rk_budget *budget, int64_t limit);
int64_t rk_budget_left(const struct rk_budget *budget); /* Below 0: overdrawn. */
/* Three quarters of the limit or less are in use. */
bool rk_budget_is_low(const struct rk_budget *budget);

struct rk_prefetch *rk_prefetch_new(struct rk_room *room, int64_t limit);
struct rk_prefetch *rk_prefetch_acquire(struct rk_prefetch *prefetch);
void rk_prefetch_release(struct rk_prefetch *prefetch);
void rk_prefetch_take(struct rk_prefetch *prefetch, int64_t messages);
bool rk_prefetch_give(struct rk_prefetch *prefetch, int64_t messages);
bool rk_prefetch_is_full(const struct rk_prefetch *prefetch);
bool rk_prefetch_is_low(const struct rk_prefetch *prefetch);

#endif
