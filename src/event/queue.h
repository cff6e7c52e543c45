/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application queue: the public rd_kafka_queue_t.
 *
 * Counted; any thread may push and any thread may take. A queue may forward to another one: the
 * source's lock is released before the target's is taken, so two are never held. The wake-up
 * (descriptor or callback) runs under the lock of the queue that got the event, so that nothing
 * fires after it was disabled. Rank RK_RANK_QUEUE.
 */
#ifndef RK_EVENT_QUEUE_H
#define RK_EVENT_QUEUE_H

#include "event/event.h"
#include "runtime/thread.h"

/* One reference. Holds a reference to `core` while the queue lives. `name` is for logs; borrowed,
 * static. */
rd_kafka_queue_t *rk_queue_new(struct rk_core *core, const char *name);
/* The same for rd_kafka_queue_new(): rk_queue_give_back() closes it. */
rd_kafka_queue_t *rk_queue_new_for_application(struct rk_core *core);
rd_kafka_queue_t *rk_queue_acquire(rd_kafka_queue_t *queue);
/* Destroys what stands in it with the last reference. NULL is fine. */
void rk_queue_release(rd_kafka_queue_t *queue);
/* rd_kafka_queue_destroy(): the application's reference. A queue of its own takes nothing any more,
 * for nobody is left to take it out. */
void rk_queue_give_back(rd_kafka_queue_t *queue);
struct rk_core *rk_queue_core(const rd_kafka_queue_t *queue);

/* takes: event. After rk_queue_disable the event is destroyed at once. */
void rk_queue_push(rd_kafka_queue_t *queue, rd_kafka_event_t *event);
/* All of them, in order, with one wake-up; the list is empty afterwards. takes: the events */
void rk_queue_push_all(rd_kafka_queue_t *queue, struct rk_event_list *events);
/* Before all others of its priority. */
void rk_queue_push_front(rd_kafka_queue_t *queue, rd_kafka_event_t *event);
/* Forwards to `target` (takes a reference) from now on, moving what stands in the queue, in order;
 * NULL ends it. Loops are refused: false. No lock held. */
bool rk_queue_forward(rd_kafka_queue_t *queue, rd_kafka_queue_t *target);
/* The same for rd_kafka_queue_forward(): an assignment leaves such a queue alone afterwards. */
bool rk_queue_forward_for_application(rd_kafka_queue_t *queue, rd_kafka_queue_t *target);
bool rk_queue_is_forwarded(rd_kafka_queue_t *queue);
/* The application has chosen where this queue forwards to, or that it does not. */
bool rk_queue_is_forwarded_by_application(rd_kafka_queue_t *queue);
/* Of the queue at the end of the forwarding. */
size_t rk_queue_length(rd_kafka_queue_t *queue);
/*
 * When somebody last took from it, or tried to; whoever waits there does so now. 0: nobody has. Of
 * the queue at the end of the forwarding.
 *
 * Never too early. Too late only for who takes several messages of one event between two of these
 * questions, for these do not read the clock: it counts as the time of the second one, or of what
 * was pushed meanwhile.
 */
uint64_t rk_queue_look_for_polls(rd_kafka_queue_t *queue, uint64_t now_us);
/* Destroys all events for which `matches` says so (NULL: all), in this queue and where it forwards
 * to; `matches` runs under the lock. Returns the sum of their lengths. */
size_t rk_queue_remove(rd_kafka_queue_t *queue,
                       bool (*matches)(const rd_kafka_event_t *event, const void *argument),
                       const void *argument);
/* Nothing more enters; what stands in it can still be taken, without waiting; threads that wait
 * return. For destroy. */
void rk_queue_disable(rd_kafka_queue_t *queue);
/* A waiting rk_queue_* call returns early, or else the next one that would wait. */
void rk_queue_yield(rd_kafka_queue_t *queue);

/*
 * The three ways to take, all by application threads, waiting until the deadline (rk_clock_now_us;
 * 0: do not wait). What has only a callback is served in all of them. Callbacks run without a lock.
 */
/*
 * Serves events by callbacks: those that stood in the queue when it was looked at, so that a
 * callback which causes new events does not keep the call; waits only for the first; `max` 0: no
 * limit. Stops after a callback that asked for it; rk_take_yield_request() tells. Returns how many
 * were served.
 */
int rk_queue_serve(rd_kafka_queue_t *queue, uint64_t deadline_us, int max);
/* The next event, owned by the caller; consumed messages come one by one. NULL at the deadline or
 * on yield. */
rd_kafka_event_t *rk_queue_take_event(rd_kafka_queue_t *queue, uint64_t deadline_us);
/*
 * The next message, a consumer's error included, owned by the caller. NULL with
 * rd_kafka_last_error() _TIMED_OUT at the deadline or on rk_queue_yield, _INTR after a callback
 * that called rd_kafka_yield(), _DESTROY when the queue is disabled.
 */
struct rk_message *rk_queue_take_message(rd_kafka_queue_t *queue, uint64_t deadline_us);
/* The same with a time-out of the public API; reads the clock only if it has to wait. */
struct rk_message *rk_queue_take_message_within(rd_kafka_queue_t *queue, int timeout_ms);
/* Waits until `max` messages are there or the deadline has come, taking as many as there are under
 * one lock; returns how many. Errors are included as messages. When there are none,
 * rd_kafka_last_error() is that of rk_queue_take_message. */
size_t rk_queue_take_messages(rd_kafka_queue_t *queue, uint64_t deadline_us,
                              rd_kafka_message_t **messages, size_t max);

/*
 * How a queue that goes from empty to non-empty tells the application, once until somebody takes
 * from it: by writing to a descriptor or by calling. One of the two, the last one set; fd -1 or
 * callback NULL ends it. `payload` is copied.
 */
void rk_queue_enable_io(rd_kafka_queue_t *queue, int fd, const void *payload, size_t size);
void rk_queue_enable_callback(rd_kafka_queue_t *queue,
                              void (*callback)(rd_kafka_t *rk, void *opaque), void *opaque);

#endif
