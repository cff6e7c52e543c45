/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How application threads take from a queue: waiting, then served by callbacks, as events, or as
 * messages.
 *
 * All ways share one wait and one step to the next message. What is done to a message or an event
 * after it left the queue happens without the lock.
 */
#include <errno.h>

#include "base/clock.h"
#include "event/message.h"
#include "event/queue_private.h"

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
static rd_kafka_queue_t *lock_when_filled(rd_kafka_queue_t *queue, uint64_t deadline_us,
                                          enum ending *ending) RK_NO_THREAD_ANALYSIS
{
    bool in_time = deadline_us != 0;
    bool has_waited = false;
    for (;;) {
        rd_kafka_queue_t *end = rk_queue_lock_end(queue);
        end->shared.has_told = false;
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

/*
 * The next message, as long as events that hold messages stand first; those that ran empty go to
 * `emptied`. `*kind` is that of the event it came from. `type`: only from events of that type;
 * NONE: from any.
 */
static struct rk_message *next_message(rd_kafka_queue_t *queue, rd_kafka_event_type_t type,
                                       struct rk_event_list *emptied,
                                       const struct rk_event_kind **kind) RK_REQUIRES(queue->mutex)
{
    rd_kafka_event_t *event;
    while ((event = TAILQ_FIRST(&queue->shared.events)) && event->kind->next_message &&
           (type == RD_KAFKA_EVENT_NONE || event->type == type)) {
        int length = event->length;
        struct rk_message *message = event->kind->next_message(event);
        if (message && event->length == length && length > 1)
            event->length = length - 1;
        queue->shared.length -= (size_t)length - (size_t)event->length;
        *kind = event->kind;
        if (!message || event->kind->is_empty(event)) {
            rk_queue_unlink(queue, event);
            TAILQ_INSERT_TAIL(emptied, event, link);
        }
        if (message)
            return message;
    }
    return NULL;
}

/* takes: event. True when the callback asked for the call to end. */
static bool serve_event(rd_kafka_queue_t *queue, rd_kafka_event_t *event, int *count)
{
    enum rk_served served = RK_SERVED_WHOLE;
    rk_take_yield_request();
    if (event->kind->serve)
        served = event->kind->serve(event, queue->core, count);
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
    rd_kafka_queue_t *end = lock_when_filled(queue, deadline_us, &ending);
    int left = end ? end->shared.event_count : 0;
    if (max && max < left)
        left = max;
    while (end) {
        rd_kafka_event_t *event = take_first(end);
        unlock_after_take(queue, end);
        if (serve_event(queue, event, &count) || --left <= 0)
            break;
        end = lock_when_filled(queue, 0, &ending);
    }
    return count;
}

rd_kafka_event_t *rk_queue_take_event(rd_kafka_queue_t *queue,
                                      uint64_t deadline_us) RK_NO_THREAD_ANALYSIS
{
    for (;;) {
        enum ending ending;
        rd_kafka_queue_t *end = lock_when_filled(queue, deadline_us, &ending);
        if (!end)
            return NULL;
        struct rk_event_list emptied = TAILQ_HEAD_INITIALIZER(emptied);
        const struct rk_event_kind *kind = NULL;
        struct rk_message *message = next_message(end, RD_KAFKA_EVENT_FETCH, &emptied, &kind);
        rd_kafka_event_t *event = message ? NULL : take_first(end);
        unlock_after_take(queue, end);

        if (message && kind->message_taken)
            kind->message_taken(message);
        rk_event_list_destroy(&emptied);
        if (message)
            return rk_event_new_fetch(message);
        int count = 0;
        if (event && event->type != RD_KAFKA_EVENT_NONE)
            return event;
        if (event && serve_event(queue, event, &count))
            return NULL;
    }
}

struct rk_message *rk_queue_take_message(rd_kafka_queue_t *queue,
                                         uint64_t deadline_us) RK_NO_THREAD_ANALYSIS
{
    enum ending ending;
    rd_kafka_queue_t *end;
    while ((end = lock_when_filled(queue, deadline_us, &ending))) {
        struct rk_event_list emptied = TAILQ_HEAD_INITIALIZER(emptied);
        const struct rk_event_kind *kind = NULL;
        struct rk_message *message = next_message(end, RD_KAFKA_EVENT_NONE, &emptied, &kind);
        rd_kafka_event_t *event = message ? NULL : take_first(end);
        unlock_after_take(queue, end);

        if (message && kind->message_taken)
            kind->message_taken(message);
        rk_event_list_destroy(&emptied);
        if (message)
            return message;
        int count = 0;
        if (event && serve_event(queue, event, &count)) {
            ending = ENDED_BY_CALLBACK;
            break;
        }
    }
    set_last_error_for(ending);
    return NULL;
}

size_t rk_queue_take_messages(rd_kafka_queue_t *queue, uint64_t deadline_us,
                              rd_kafka_message_t **messages, size_t max) RK_NO_THREAD_ANALYSIS
{
    size_t count = 0;
    while (count < max) {
        enum ending ending;
        rd_kafka_queue_t *end = lock_when_filled(queue, deadline_us, &ending);
        struct rk_event_list emptied = TAILQ_HEAD_INITIALIZER(emptied);
        const struct rk_event_kind *kinds[CHUNK];
        size_t taken = 0, room = RK_MIN(max - count, (size_t)CHUNK);
        rd_kafka_event_t *event = NULL;
        struct rk_message *message;
        int served = 0;
        if (end) {
            while (taken < room &&
                   (message = next_message(end, RD_KAFKA_EVENT_NONE, &emptied, &kinds[taken])))
                messages[count + taken++] = &message->rkmessage;
            event = taken ? NULL : take_first(end);
            unlock_after_take(queue, end);
        }
        for (size_t i = 0; i < taken; i++) {
            if (kinds[i]->message_taken)
                kinds[i]->message_taken(rk_message_from_public(messages[count + i]));
        }
        rk_event_list_destroy(&emptied);
        count += taken;
        if (event && serve_event(queue, event, &served)) {
            end = NULL;
            ending = ENDED_BY_CALLBACK;
        }
        if (!end) {
            if (!count)
                set_last_error_for(ending);
            break;
        }
    }
    return count;
}
