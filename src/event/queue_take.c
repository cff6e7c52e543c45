/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How application threads take from a queue: waiting, then served by callbacks, as events, or as
 * messages.
 *
 * All ways share one wait and one step to the next message. What is done to a message or an event
 * after it left the queue happens without the lock. Who waits or calls back holds a reference on
 * the queue: the client may be destroyed meanwhile.
 */
#include <errno.h>

#include "base/clock.h"
#include "event/message.h"
#include "event/queue_private.h"
#include "event/visit.h"

/* Why a call ends without having found anything. rk_queue_yield() looks like the deadline. */
enum ending { ENDED_BY_DEADLINE, ENDED_BY_CALLBACK, ENDED_BY_DISABLE };

/* Messages taken under one lock. */
enum { CHUNK = 64 };

static void set_last_error_for(enum ending ending)
{
    switch (ending) {
    case ENDED_BY_DEADLINE:
        rk_set_last_error(RD_KAFKA_RESP_ERR__TIMED_OUT, ETIMEDOUT);
        break;
    case ENDED_BY_CALLBACK:
        rk_set_last_error(RD_KAFKA_RESP_ERR__INTR, EINTR);
        break;
    case ENDED_BY_DISABLE:
        rk_set_last_error(RD_KAFKA_RESP_ERR__DESTROY, ESHUTDOWN);
        break;
    }
}

static bool wait(rd_kafka_queue_t *queue, uint64_t deadline_us) RK_REQUIRES(queue->mutex)
{
    queue->shared.waiters++;
    bool in_time = rk_condition_wait(&queue->changed, &queue->mutex, deadline_us);
    queue->shared.waiters--;
    return in_time;
}

/*
 * Waits until there is an event at the end of the forwarding. returns: that queue as from
 * rk_queue_lock_end, or NULL with the reason. Forwarding may change while a thread waits: it begins
 * again at `queue` each time it wakes up.
 */
static rd_kafka_queue_t *wait_until_filled(rd_kafka_queue_t *queue, uint64_t deadline_us,
                                           enum ending *ending) RK_NO_THREAD_ANALYSIS
{
    bool in_time = deadline_us != 0 && rk_visit_may_wait(queue->core, "a poll with a timeout");
    bool has_waited = false;
    for (;;) {
        rd_kafka_queue_t *end = rk_queue_lock_end(queue);
        rk_queue_mark_poll(end);
        if (end->shared.is_watched)
            rk_queue_time_poll(end);
        if (RK_LIKELY(!TAILQ_EMPTY(&end->shared.events)))
            return end;
        bool is_over = true;
        if (end->shared.is_yielded) {
            end->shared.is_yielded = false;
            *ending = ENDED_BY_DEADLINE;
        } else if (end->shared.is_disabled) {
            *ending = ENDED_BY_DISABLE;
        } else {
            if (!has_waited && in_time && deadline_us != RK_NEVER)
                in_time = rk_clock_now_us() < deadline_us;
            *ending = ENDED_BY_DEADLINE;
            is_over = !in_time;
        }
        if (!is_over)
            in_time = wait(end, deadline_us);
        has_waited = true;
        rk_queue_unlock_end(queue, end, false);
        if (is_over)
            return NULL;
    }
}

/* The same, for the case that there is one. */
static inline rd_kafka_queue_t *lock_when_filled(rd_kafka_queue_t *queue, uint64_t deadline_us,
                                                 enum ending *ending) RK_NO_THREAD_ANALYSIS
{
    rd_kafka_queue_t *end = rk_queue_lock_end(queue);
    if (RK_LIKELY(!TAILQ_EMPTY(&end->shared.events))) {
        rk_queue_mark_poll(end);
        return end;
    }
    rk_queue_unlock_end(queue, end, false);
    return wait_until_filled(queue, deadline_us, ending);
}

/* After something was taken: others who wait may have what is left. */
static void unlock_after_take(rd_kafka_queue_t *queue, rd_kafka_queue_t *end) RK_NO_THREAD_ANALYSIS
{
    rk_queue_unlock_end(queue, end, end->shared.waiters && !TAILQ_EMPTY(&end->shared.events));
}

static rd_kafka_event_t *take_first(rd_kafka_queue_t *queue) RK_REQUIRES(queue->mutex)
{
    rd_kafka_event_t *event = TAILQ_FIRST(&queue->shared.events);
    if (event)
        rk_queue_unlink(queue, event);
    return event;
}

static bool has_messages(const rd_kafka_event_t *event)
{
    return event && event->kind->next_message;
}

/* After a step that left the event with `length`, or gave nothing: counts, and takes out an event
 * that has run empty, which is returned. */
static __attribute__((noinline)) rd_kafka_event_t *account(rd_kafka_queue_t *queue,
                                                           rd_kafka_event_t *event,
                                                           const struct rk_message *message,
                                                           int length) RK_REQUIRES(queue->mutex)
{
    if (event->length == length && length > 1)
        event->length = length - 1;
    queue->shared.length -= (size_t)(length - event->length);
    if (message && (event->length > 1 || !event->kind->is_empty(event)))
        return NULL;
    if (queue->shared.is_watched)
        rk_queue_time_poll(queue);
    rk_queue_unlink(queue, event);
    return event;
}

/*
 * One step: the next message of the first event, which holds messages; NULL when there was none
 * left in it. The event is returned in `*emptied`, to be destroyed after unlock, when it has run
 * empty, else NULL.
 */
static inline struct rk_message *next_message(rd_kafka_queue_t *queue, rd_kafka_event_t *event,
                                              rd_kafka_event_t **emptied) RK_REQUIRES(queue->mutex)
{
    int length = event->length;
    struct rk_message *message = event->kind->next_message(event);
    *emptied = NULL;
    if (RK_LIKELY(message && length > 2 && event->length == length)) {
        event->length = length - 1;
        queue->shared.length--;
    } else {
        *emptied = account(queue, event, message, length);
    }
    return message;
}

/* What follows after unlock. */
static inline void finish_message(const struct rk_event_kind *kind, struct rk_message *message,
                                  rd_kafka_event_t *emptied)
{
    if (message && RK_UNLIKELY(message->is_watched) && kind->message_taken)
        kind->message_taken(message);
    if (RK_UNLIKELY(emptied != NULL))
        rk_event_destroy(emptied);
}

/* takes: event. True when the callback asked for the call to end, or the client is gone. */
static bool serve_event(rd_kafka_queue_t *queue, rd_kafka_event_t *event, int *count)
{
    enum rk_served served = RK_SERVED_WHOLE;
    struct rk_visit visit;
    rk_take_yield_request();
    if (!rk_visit_begin(&visit, queue->core)) {
        rk_event_destroy(event);
        return true;
    }
    if (event->kind->serve)
        served = event->kind->serve(event, queue->core, count);
    rk_visit_end(&visit);
    if (served == RK_SERVED_PART) {
        rk_queue_push_front(queue, event);
        rk_request_yield();
    } else {
        rk_event_destroy(event);
    }
    return rk_has_yield_request();
}

int rk_queue_serve(rd_kafka_queue_t *queue, uint64_t deadline_us, int max) RK_NO_THREAD_ANALYSIS
{
    int count = 0;
    enum ending ending;
    rk_take_yield_request();
    rk_queue_acquire(queue);
    rd_kafka_queue_t *end = lock_when_filled(queue, deadline_us, &ending);
    int left = end ? end->shared.event_count : 0;
    if (max && max < left)
        left = max;
    while (end) {
        rd_kafka_event_t *event = take_first(end);
        RK_PREFETCH(TAILQ_FIRST(&end->shared.events));
        unlock_after_take(queue, end);
        if (serve_event(queue, event, &count) || --left <= 0)
            break;
        end = lock_when_filled(queue, 0, &ending);
    }
    rk_queue_release(queue);
    return count;
}

static rd_kafka_event_t *take_event(rd_kafka_queue_t *queue,
                                    uint64_t deadline_us) RK_NO_THREAD_ANALYSIS
{
    enum ending ending;
    rd_kafka_queue_t *end;
    while ((end = lock_when_filled(queue, deadline_us, &ending))) {
        rd_kafka_event_t *event = TAILQ_FIRST(&end->shared.events), *emptied;
        if (has_messages(event) && event->type == RD_KAFKA_EVENT_FETCH) {
            const struct rk_event_kind *kind = event->kind;
            struct rk_message *message = next_message(end, event, &emptied);
            unlock_after_take(queue, end);
            finish_message(kind, message, emptied);
            if (message)
                return rk_event_new_fetch(message);
            continue;
        }
        rk_queue_unlink(end, event);
        unlock_after_take(queue, end);
        int count = 0;
        if (event->kind->is_void && event->kind->is_void(event)) {
            rk_event_destroy(event);
            continue;
        }
        if (event->type != RD_KAFKA_EVENT_NONE)
            return event;
        if (serve_event(queue, event, &count))
            break;
    }
    return NULL;
}

rd_kafka_event_t *rk_queue_take_event(rd_kafka_queue_t *queue, uint64_t deadline_us)
{
    rk_queue_acquire(queue);
    rd_kafka_event_t *event = take_event(queue, deadline_us);
    rk_queue_release(queue);
    return event;
}

static struct rk_message *take_message(rd_kafka_queue_t *queue,
                                       uint64_t deadline_us) RK_NO_THREAD_ANALYSIS
{
    enum ending ending;
    rd_kafka_queue_t *end;
    while ((end = lock_when_filled(queue, deadline_us, &ending))) {
        rd_kafka_event_t *event = TAILQ_FIRST(&end->shared.events), *emptied;
        if (RK_LIKELY(has_messages(event))) {
            const struct rk_event_kind *kind = event->kind;
            struct rk_message *message = next_message(end, event, &emptied);
            unlock_after_take(queue, end);
            finish_message(kind, message, emptied);
            if (RK_LIKELY(message))
                return message;
            continue;
        }
        rk_queue_unlink(end, event);
        unlock_after_take(queue, end);
        int count = 0;
        if (serve_event(queue, event, &count)) {
            ending = ENDED_BY_CALLBACK;
            break;
        }
    }
    set_last_error_for(ending);
    return NULL;
}

struct rk_message *rk_queue_take_message(rd_kafka_queue_t *queue, uint64_t deadline_us)
{
    rk_queue_acquire(queue);
    struct rk_message *message = take_message(queue, deadline_us);
    rk_queue_release(queue);
    return message;
}

/* There is more to do than to give up the lock: somebody else waits, or the message is watched, or
 * the last one of its event. */
static __attribute__((noinline)) struct rk_message *
unlock_and_finish(rd_kafka_queue_t *queue, const struct rk_event_kind *kind,
                  struct rk_message *message, rd_kafka_event_t *emptied) RK_NO_THREAD_ANALYSIS
{
    unlock_after_take(queue, queue);
    finish_message(kind, message, emptied);
    return message;
}

struct rk_message *rk_queue_take_message_within(rd_kafka_queue_t *queue,
                                                int timeout_ms) RK_NO_THREAD_ANALYSIS
{
    rk_mutex_lock(&queue->mutex);
    /* A queue that forwards has no events itself. */
    rd_kafka_event_t *event = TAILQ_FIRST(&queue->shared.events), *emptied;
    struct rk_message *message = NULL;
    if (RK_LIKELY(has_messages(event))) {
        rk_queue_mark_poll(queue);
        message = next_message(queue, event, &emptied);
        if (RK_LIKELY(!emptied && !message->is_watched && !queue->shared.waiters)) {
            rk_mutex_unlock(&queue->mutex);
            return message;
        }
        message = unlock_and_finish(queue, event->kind, message, emptied);
    } else {
        rk_mutex_unlock(&queue->mutex);
    }
    if (message)
        return message;
    return rk_queue_take_message(
        queue, timeout_ms ? rk_deadline_from_ms(rk_clock_now_us(), timeout_ms) : 0);
}

/* Messages taken under one lock, and what they came from. */
struct chunk {
    const struct rk_event_kind *kinds[CHUNK];
    size_t count;
    struct rk_event_list emptied;
};

/* As many messages as stand first, and for which there is room. */
static void take_chunk(rd_kafka_queue_t *queue, struct chunk *chunk, rd_kafka_message_t **messages,
                       size_t room) RK_REQUIRES(queue->mutex)
{
    rd_kafka_event_t *event, *emptied;
    room = RK_MIN(room, (size_t)CHUNK);
    while (chunk->count < room && has_messages(event = TAILQ_FIRST(&queue->shared.events))) {
        chunk->kinds[chunk->count] = event->kind;
        struct rk_message *message = next_message(queue, event, &emptied);
        if (emptied)
            TAILQ_INSERT_TAIL(&chunk->emptied, emptied, link);
        if (message)
            messages[chunk->count++] = &message->rkmessage;
    }
}

/* What follows after unlock. */
static void finish_chunk(struct chunk *chunk, rd_kafka_message_t **messages)
{
    for (size_t i = 0; i < chunk->count; i++) {
        struct rk_message *message = rk_message_from_public(messages[i]);
        if (RK_UNLIKELY(message->is_watched) && chunk->kinds[i]->message_taken)
            chunk->kinds[i]->message_taken(message);
    }
    rk_event_list_destroy(&chunk->emptied);
}

size_t rk_queue_take_messages(rd_kafka_queue_t *queue, uint64_t deadline_us,
                              rd_kafka_message_t **messages, size_t max) RK_NO_THREAD_ANALYSIS
{
    size_t count = 0;
    rk_queue_acquire(queue);
    while (count < max) {
        enum ending ending;
        rd_kafka_queue_t *end = lock_when_filled(queue, deadline_us, &ending);
        if (end) {
            struct chunk chunk;
            chunk.count = 0;
            TAILQ_INIT(&chunk.emptied);
            take_chunk(end, &chunk, messages + count, max - count);
            /* What it calls may end the assignment that these are of: they go out first. */
            bool is_over = count > 0 && !chunk.count && !TAILQ_EMPTY(&end->shared.events);
            rd_kafka_event_t *event = chunk.count || is_over ? NULL : take_first(end);
            if (is_over)
                rk_queue_tell(end); /* What is not full looks like the last one. */
            unlock_after_take(queue, end);
            finish_chunk(&chunk, messages + count);
            count += chunk.count;
            if (is_over)
                break;
            int served = 0;
            if (event && serve_event(queue, event, &served)) {
                ending = ENDED_BY_CALLBACK;
                end = NULL;
            }
        }
        if (!end) {
            if (!count)
                set_last_error_for(ending);
            break;
        }
    }
    rk_queue_release(queue);
    return count;
}
