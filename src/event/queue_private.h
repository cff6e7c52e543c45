/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a queue, for queue.c and queue_take.c only.
 */
#ifndef RK_EVENT_QUEUE_PRIVATE_H
#define RK_EVENT_QUEUE_PRIVATE_H

#include "event/core.h"
#include "event/queue.h"

struct rd_kafka_queue_s {
    _Atomic int references;
    struct rk_core *core;
    const char *name;
    bool is_of_application; /* From rd_kafka_queue_new(). */
    struct rk_mutex mutex;  /* RK_RANK_QUEUE */
    struct rk_condition changed;
    struct {
        struct rk_event_list events;
        int event_count;
        size_t length;
        size_t notice_bytes;      /* Of the notices in it. */
        bool drops_notices;       /* Some were dropped since there was room. */
        rd_kafka_queue_t *target; /* Forwards there; counted. `events` is empty then. */
        int waiters;              /* Threads that wait for `changed`. */
        bool is_disabled;
        bool is_yielded; /* The next thread that would wait returns. */
        bool has_told;   /* The wake-up has fired, and nobody has taken since. */
        bool was_polled; /* Somebody took, or tried to, after polled_us; */
        bool times_poll; /* whoever does so next notes the time. */
        bool is_watched; /* By rk_queue_look_for_polls(). */
        uint64_t polled_us;
        bool is_forwarded_by_application;
        struct {
            void (*callback)(rd_kafka_t *rk, void *opaque);
            void *opaque;
            int fd; /* -1: none. */
            void *payload;
            size_t payload_size;
        } wakeup;
    } shared; /* Under the mutex. */
};

/* For rk_queue_lock_end: goes on from `queue`, which is locked, to where it forwards. */
rd_kafka_queue_t *rk_queue_lock_target(rd_kafka_queue_t *queue);

/* The queue at the end of the forwarding, locked, with a reference if it is not `queue` itself. A
 * queue that is disabled forwards no more. */
static inline rd_kafka_queue_t *rk_queue_lock_end(rd_kafka_queue_t *queue) RK_NO_THREAD_ANALYSIS
{
    rk_mutex_lock(&queue->mutex);
    return RK_LIKELY(!queue->shared.target) ? queue : rk_queue_lock_target(queue);
}

/* Undoes that, and wakes one of those who wait if `wake` says so. */
static inline void rk_queue_unlock_end(rd_kafka_queue_t *queue, rd_kafka_queue_t *end,
                                       bool wake) RK_NO_THREAD_ANALYSIS
{
    rk_mutex_unlock(&end->mutex);
    if (wake)
        rk_condition_signal(&end->changed);
    if (end != queue)
        rk_queue_release(end);
}

/* Tells the application that there is something in the queue, if it has taken since the last time.
 */
void rk_queue_tell(rd_kafka_queue_t *queue) RK_REQUIRES(queue->mutex);

/* The time of this poll is polled_us. */
void rk_queue_time_poll(rd_kafka_queue_t *queue) RK_REQUIRES(queue->mutex);

/* Somebody takes, or tries to. That does not read the clock for each message. */
static inline void rk_queue_mark_poll(rd_kafka_queue_t *queue) RK_REQUIRES(queue->mutex)
{
    queue->shared.has_told = false;
    queue->shared.was_polled = true;
    if (RK_UNLIKELY(queue->shared.times_poll))
        rk_queue_time_poll(queue);
}

/* Takes an event out. */
static inline void rk_queue_unlink(rd_kafka_queue_t *queue, rd_kafka_event_t *event)
    RK_REQUIRES(queue->mutex)
{
    TAILQ_REMOVE(&queue->shared.events, event, link);
    queue->shared.event_count--;
    queue->shared.length -= (size_t)event->length;
    queue->shared.notice_bytes -= event->notice_size;
}

static inline void rk_event_list_destroy(struct rk_event_list *events)
{
    rd_kafka_event_t *event;
    while ((event = TAILQ_FIRST(events))) {
        TAILQ_REMOVE(events, event, link);
        rk_event_destroy(event);
    }
}

#endif
