/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/queue.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "event/queue_private.h"

#define NOTICES_MAX (4 << 20) /* Bytes; see rk_event's notice_size. */

/* Held while a forwarding is changed, of whichever client: a walk along it sees one state, and two
 * changes at once cannot make a loop. */
static struct rk_mutex forwarding = {.rank = RK_RANK_PARTITION}; /* All zero else: free. */

rd_kafka_queue_t *rk_queue_new(struct rk_core *core, const char *name)
{
    rd_kafka_queue_t *queue = RK_NEW(rd_kafka_queue_t);
    atomic_init(&queue->references, 1);
    queue->core = rk_core_acquire(core);
    queue->name = name;
    rk_mutex_init(&queue->mutex, RK_RANK_QUEUE);
    rk_condition_init(&queue->changed);
    TAILQ_INIT(&queue->shared.events);
    queue->shared.wakeup.fd = -1;
    return queue;
}

rd_kafka_queue_t *rk_queue_new_for_application(struct rk_core *core)
{
    rd_kafka_queue_t *queue = rk_queue_new(core, "application");
    queue->is_of_application = true;
    return queue;
}

rd_kafka_queue_t *rk_queue_acquire(rd_kafka_queue_t *queue)
{
    atomic_fetch_add_explicit(&queue->references, 1, memory_order_relaxed);
    return queue;
}

void rk_queue_release(rd_kafka_queue_t *queue)
{
    if (!queue || atomic_fetch_sub_explicit(&queue->references, 1, memory_order_acq_rel) != 1)
        return;
    rk_event_list_destroy(&queue->shared.events);
    rk_queue_release(queue->shared.target);
    rk_free(queue->shared.wakeup.payload);
    rk_condition_clear(&queue->changed);
    rk_mutex_clear(&queue->mutex);
    rk_core_release(queue->core);
    rk_free(queue);
}

/* Moves all that stands in the queue itself to the end of `events`. */
static void take_all(rd_kafka_queue_t *queue, struct rk_event_list *events)
    RK_REQUIRES(queue->mutex)
{
    TAILQ_CONCAT(events, &queue->shared.events, link);
    queue->shared.event_count = 0;
    queue->shared.length = 0;
    queue->shared.notice_bytes = 0;
}

void rk_queue_give_back(rd_kafka_queue_t *queue)
{
    struct rk_event_list left = TAILQ_HEAD_INITIALIZER(left);
    if (queue->is_of_application && !rk_queue_is_forwarded(queue)) {
        rk_queue_disable(queue);
        rk_mutex_lock(&queue->mutex);
        take_all(queue, &left);
        rk_mutex_unlock(&queue->mutex);
        rk_event_list_destroy(&left);
    }
    rk_queue_release(queue);
}

struct rk_core *rk_queue_core(const rd_kafka_queue_t *queue)
{
    return queue->core;
}

rd_kafka_queue_t *rk_queue_lock_target(rd_kafka_queue_t *queue) RK_NO_THREAD_ANALYSIS
{
    rd_kafka_queue_t *at = queue, *next;
    while ((next = at->shared.target) && !at->shared.is_disabled) {
        rk_queue_acquire(next);
        rk_queue_unlock_end(queue, at, false);
        rk_mutex_lock(&next->mutex);
        at = next;
    }
    return at;
}

/* Pushing */

void rk_queue_tell(rd_kafka_queue_t *queue)
{
    if (queue->shared.has_told)
        return;
    if (queue->shared.wakeup.callback) {
        queue->shared.has_told = true;
        rk_mutex_lend(&queue->mutex);
        queue->shared.wakeup.callback(queue->core->client, queue->shared.wakeup.opaque);
        rk_mutex_lend(NULL);
    } else if (queue->shared.wakeup.fd >= 0) {
        queue->shared.has_told = true;
        rk_wake_write(queue->shared.wakeup.fd, queue->shared.wakeup.payload,
                      queue->shared.wakeup.payload_size);
    }
}

static void insert(rd_kafka_queue_t *queue, rd_kafka_event_t *event, bool in_front)
    RK_REQUIRES(queue->mutex)
{
    struct rk_event_list *events = &queue->shared.events;
    rd_kafka_event_t *last = TAILQ_LAST(events, rk_event_list), *after;
    if (!last || (!in_front && last->priority >= event->priority)) {
        TAILQ_INSERT_TAIL(events, event, link);
    } else {
        /* Few events have more than the normal priority. */
        TAILQ_FOREACH (after, events, link) {
            if (in_front ? after->priority <= event->priority : after->priority < event->priority)
                break;
        }
        if (after)
            TAILQ_INSERT_BEFORE(after, event, link);
        else
            TAILQ_INSERT_TAIL(events, event, link);
    }
    queue->shared.event_count++;
    queue->shared.length += (size_t)event->length;
    queue->shared.notice_bytes += event->notice_size;
    if (queue->shared.event_count == 1)
        rk_queue_tell(queue);
    if (queue->shared.is_watched && queue->shared.was_polled) {
        rk_queue_time_poll(queue); /* Not later than now. */
        queue->shared.times_poll = true;
    }
}

enum pushed {
    PUSHED,
    REFUSED,       /* Nothing enters there any more. */
    FULL,          /* Of notices, and this is one. */
    FULL_FROM_NOW, /* The same, for the first time since there was room. */
};

/* Nobody has to serve a queue: what only informs is dropped when too much of it waits. One always
 * has room, however large it is. */
static enum pushed may_enter(rd_kafka_queue_t *queue, const rd_kafka_event_t *event)
    RK_REQUIRES(queue->mutex)
{
    if (queue->shared.is_disabled)
        return REFUSED;
    if (RK_LIKELY(event->notice_size == 0))
        return PUSHED;
    if (queue->shared.notice_bytes == 0 ||
        queue->shared.notice_bytes + event->notice_size <= NOTICES_MAX) {
        queue->shared.drops_notices = false;
        return PUSHED;
    }
    bool is_first = !queue->shared.drops_notices;
    queue->shared.drops_notices = true;
    return is_first ? FULL_FROM_NOW : FULL;
}

/* The event is still the caller's if it was not pushed. */
static enum pushed try_push(rd_kafka_queue_t *queue, rd_kafka_event_t *event,
                            bool in_front) RK_NO_THREAD_ANALYSIS
{
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    enum pushed pushed = may_enter(end, event);
    if (pushed == PUSHED)
        insert(end, event, in_front);
    rk_queue_unlock_end(queue, end, pushed == PUSHED && end->shared.waiters > 0);
    return pushed;
}

static void push(rd_kafka_queue_t *queue, rd_kafka_event_t *event, bool in_front)
{
    enum pushed pushed = try_push(queue, event, in_front);
    if (pushed == PUSHED)
        return;
    if (pushed == FULL_FROM_NOW && event->type != RD_KAFKA_EVENT_LOG) /* It would come here. */
        rk_log(queue->core, RK_LOG_WARNING, "EVENTS",
               "The application does not serve the %s queue: %d MB of errors, logs and statistics "
               "wait in it, and what follows is dropped",
               queue->name, NOTICES_MAX >> 20);
    rk_event_destroy(event);
}

void rk_queue_push(rd_kafka_queue_t *queue, rd_kafka_event_t *event)
{
    push(queue, event, false);
}

void rk_queue_push_all(rd_kafka_queue_t *queue, struct rk_event_list *events) RK_NO_THREAD_ANALYSIS
{
    rd_kafka_event_t *event;
    if (TAILQ_EMPTY(events))
        return;
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    bool is_disabled = end->shared.is_disabled;
    while (!is_disabled && (event = TAILQ_FIRST(events))) {
        TAILQ_REMOVE(events, event, link);
        insert(end, event, false);
    }
    rk_queue_unlock_end(queue, end, !is_disabled && end->shared.waiters > 0);
    rk_event_list_destroy(events);
}

void rk_queue_push_front(rd_kafka_queue_t *queue, rd_kafka_event_t *event)
{
    push(queue, event, true);
}

/* Forwarding */

/* The next queue of the chain with a reference, or NULL; gives up the one of `queue`. */
static rd_kafka_queue_t *step(rd_kafka_queue_t *queue)
{
    rk_mutex_lock(&queue->mutex);
    rd_kafka_queue_t *target = queue->shared.target;
    if (target)
        rk_queue_acquire(target);
    rk_mutex_unlock(&queue->mutex);
    rk_queue_release(queue);
    return target;
}

static bool leads_to(rd_kafka_queue_t *from, const rd_kafka_queue_t *queue)
{
    rd_kafka_queue_t *at = rk_queue_acquire(from);
    while (at && at != queue)
        at = step(at);
    rk_queue_release(at);
    return at != NULL;
}

/* Lets all who wait at the end of the chain look again, from where they came in. */
static void wake_all(rd_kafka_queue_t *queue)
{
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    rk_condition_broadcast(&end->changed);
    rk_queue_unlock_end(queue, end, false);
}

/* Moves everything to the target until there is nothing left to move, and sets it then, so that no
 * later event overtakes. Adds what the target does not take to `refused`. Returns the target
 * before. */
static rd_kafka_queue_t *set_target(rd_kafka_queue_t *queue, rd_kafka_queue_t *target,
                                    struct rk_event_list *refused)
{
    for (;;) {
        struct rk_event_list events = TAILQ_HEAD_INITIALIZER(events);
        rd_kafka_event_t *event;
        rk_mutex_lock(&queue->mutex);
        if (target)
            take_all(queue, &events);
        if (TAILQ_EMPTY(&events)) {
            rd_kafka_queue_t *before = queue->shared.target;
            queue->shared.target = target ? rk_queue_acquire(target) : NULL;
            rk_condition_broadcast(&queue->changed);
            rk_mutex_unlock(&queue->mutex);
            return before;
        }
        rk_mutex_unlock(&queue->mutex);
        while ((event = TAILQ_FIRST(&events))) {
            TAILQ_REMOVE(&events, event, link);
            if (try_push(target, event, false) != PUSHED)
                TAILQ_INSERT_TAIL(refused, event, link);
        }
    }
}

static bool forward(rd_kafka_queue_t *queue, rd_kafka_queue_t *target, bool by_application)
{
    struct rk_event_list refused = TAILQ_HEAD_INITIALIZER(refused);
    rd_kafka_queue_t *before = NULL;

    rk_mutex_lock(&forwarding);
    bool is_loop = target && leads_to(target, queue);
    if (!is_loop) {
        before = set_target(queue, target, &refused);
        if (by_application) {
            rk_mutex_lock(&queue->mutex);
            queue->shared.is_forwarded_by_application = true;
            rk_mutex_unlock(&queue->mutex);
        }
    }
    rk_mutex_unlock(&forwarding);

    rk_event_list_destroy(&refused);
    if (before)
        wake_all(before);
    rk_queue_release(before);
    return !is_loop;
}

bool rk_queue_forward(rd_kafka_queue_t *queue, rd_kafka_queue_t *target)
{
    return forward(queue, target, false);
}

bool rk_queue_forward_for_application(rd_kafka_queue_t *queue, rd_kafka_queue_t *target)
{
    return forward(queue, target, true);
}

bool rk_queue_is_forwarded(rd_kafka_queue_t *queue)
{
    rk_mutex_lock(&queue->mutex);
    bool is_forwarded = queue->shared.target != NULL;
    rk_mutex_unlock(&queue->mutex);
    return is_forwarded;
}

bool rk_queue_is_forwarded_by_application(rd_kafka_queue_t *queue)
{
    rk_mutex_lock(&queue->mutex);
    bool is_forwarded = queue->shared.is_forwarded_by_application;
    rk_mutex_unlock(&queue->mutex);
    return is_forwarded;
}

/* Looking and clearing */

void rk_queue_time_poll(rd_kafka_queue_t *queue)
{
    queue->shared.polled_us = rk_clock_now_us();
    queue->shared.was_polled = queue->shared.times_poll = false;
}

uint64_t rk_queue_look_for_polls(rd_kafka_queue_t *queue, uint64_t now_us) RK_NO_THREAD_ANALYSIS
{
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    if (end->shared.was_polled || end->shared.waiters > 0)
        end->shared.polled_us = now_us;
    end->shared.was_polled = false;
    end->shared.is_watched = end->shared.times_poll = true;
    uint64_t polled_us = end->shared.polled_us;
    rk_queue_unlock_end(queue, end, false);
    return polled_us;
}

size_t rk_queue_length(rd_kafka_queue_t *queue)
{
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    size_t length = end->shared.length;
    rk_queue_unlock_end(queue, end, false);
    return length;
}

size_t rk_queue_remove(rd_kafka_queue_t *queue,
                       bool (*matches)(const rd_kafka_event_t *event, const void *argument),
                       const void *argument)
{
    struct rk_event_list removed = TAILQ_HEAD_INITIALIZER(removed);
    size_t length = 0;
    for (rd_kafka_queue_t *at = rk_queue_acquire(queue); at; at = step(at)) {
        rk_mutex_lock(&at->mutex);
        length += at->shared.length;
        rd_kafka_event_t *event = TAILQ_FIRST(&at->shared.events), *next;
        for (; event; event = next) {
            next = TAILQ_NEXT(event, link);
            if (!matches || matches(event, argument)) {
                rk_queue_unlink(at, event);
                TAILQ_INSERT_TAIL(&removed, event, link);
            }
        }
        length -= at->shared.length;
        rk_mutex_unlock(&at->mutex);
    }
    rk_event_list_destroy(&removed);
    return length;
}

void rk_queue_disable(rd_kafka_queue_t *queue)
{
    rk_mutex_lock(&queue->mutex);
    queue->shared.is_disabled = true;
    rd_kafka_queue_t *target = queue->shared.target;
    if (target)
        rk_queue_acquire(target);
    rk_condition_broadcast(&queue->changed);
    rk_mutex_unlock(&queue->mutex);
    if (target)
        wake_all(target);
    rk_queue_release(target);
}

void rk_queue_yield(rd_kafka_queue_t *queue) RK_NO_THREAD_ANALYSIS
{
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    end->shared.is_yielded = true;
    if (TAILQ_EMPTY(&end->shared.events))
        rk_queue_tell(end);
    rk_queue_unlock_end(queue, end, true);
}

/* Waking the application */

static void *set_wakeup(rd_kafka_queue_t *queue, int fd, void *payload, size_t size,
                        void (*callback)(rd_kafka_t *rk, void *opaque), void *opaque)
    RK_REQUIRES(queue->mutex)
{
    void *before = queue->shared.wakeup.payload;
    queue->shared.wakeup.fd = fd;
    queue->shared.wakeup.payload = payload;
    queue->shared.wakeup.payload_size = size;
    queue->shared.wakeup.callback = callback;
    queue->shared.wakeup.opaque = opaque;
    queue->shared.has_told = false;
    return before;
}

void rk_queue_enable_io(rd_kafka_queue_t *queue, int fd, const void *payload, size_t size)
{
    void *copy = NULL;
    if (fd >= 0 && size) {
        copy = rk_malloc(size);
        memcpy(copy, payload, size);
    }
    rk_mutex_lock(&queue->mutex);
    void *before = set_wakeup(queue, fd, copy, copy ? size : 0, NULL, NULL);
    rk_mutex_unlock(&queue->mutex);
    rk_free(before);
}

void rk_queue_enable_callback(rd_kafka_queue_t *queue,
                              void (*callback)(rd_kafka_t *rk, void *opaque), void *opaque)
{
    rk_mutex_lock(&queue->mutex);
    void *before = set_wakeup(queue, -1, NULL, 0, callback, opaque);
    rk_mutex_unlock(&queue->mutex);
    rk_free(before);
}
