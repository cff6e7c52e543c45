/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/sender.h"

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "producer/delivery.h"
#include "producer/expiry.h"
#include "producer/produce_request.h"
#include "producer/producer.h"
#include "producer/queue_reason.h"
#include "runtime/signal.h"
#include "wire/compression.h"

#define CROWDED_REQUESTS 8

static void run(struct rk_connection_user *user, uint64_t now_us);

static struct rk_connection *connection_of(struct rk_sender *sender) RK_ON_BROKER
{
    return rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE);
}

/* Ready and lingering queues */

static void unlist(struct rk_sender *sender, struct rk_partition_queue *queue)
{
    if (queue->own.is_ready)
        TAILQ_REMOVE(&sender->own.ready, queue, own.ready_link);
    if (queue->own.is_lingering)
        TAILQ_REMOVE(&sender->own.lingering, queue, own.linger_link);
    queue->own.is_ready = queue->own.is_lingering = false;
}

static void set_linger_timer(struct rk_sender *sender)
{
    struct rk_partition_queue *first = TAILQ_FIRST(&sender->own.lingering);
    if (first)
        rk_loop_start_timer(sender->loop, &sender->own.linger_timer, first->own.linger_until_us);
    else
        rk_loop_stop_timer(sender->loop, &sender->own.linger_timer);
}

/* Nearly always at the end: deadlines come in the order of time. */
static void list_lingering(struct rk_sender *sender, struct rk_partition_queue *queue,
                           uint64_t until_us)
{
    queue->own.linger_until_us = until_us;
    queue->own.is_lingering = true;
    struct rk_partition_queue *before = TAILQ_LAST(&sender->own.lingering, rk_partition_queue_list);
    while (before && before->own.linger_until_us > until_us)
        before = TAILQ_PREV(before, rk_partition_queue_list, own.linger_link);
    if (before)
        TAILQ_INSERT_AFTER(&sender->own.lingering, before, queue, own.linger_link);
    else
        TAILQ_INSERT_HEAD(&sender->own.lingering, queue, own.linger_link);
    if (TAILQ_FIRST(&sender->own.lingering) == queue)
        set_linger_timer(sender);
}

/*
 * How long an open batch lingers at least because the broker is far away or does not keep up: while
 * many requests are unanswered, an eighth of the time that the first of them has waited. So a
 * message waits for an eighth of a round trip more, and a broker that stands still has some dozen
 * batches of a partition to answer, or a new leader to get again, not thousands of one message.
 */
static uint64_t crowded_linger(struct rk_sender *sender, uint64_t now_us) RK_ON_BROKER
{
    const struct rk_connection *connection = connection_of(sender);
    if (rk_connection_in_flight_count(connection) < CROWDED_REQUESTS)
        return 0;
    uint64_t since_us = rk_reason_unanswered_since(connection);
    return since_us && since_us < now_us ? (now_us - since_us) / CROWDED_REQUESTS : 0;
}

/* What matters of a queue. */
struct sight {
    uint64_t due_us; /* When its next batch may be sent; RK_NEVER: there is none, or not now. */
    uint64_t filling_since_us;
    uint64_t expires_us; /* When something in the queue expires. */
    bool is_filling;     /* Due only because linger is over. */
    bool has_work;       /* Something is to be sent, or is under way. */
};

static struct sight look_into(struct rk_partition_queue *queue, uint64_t now_us)
{
    struct sight sight;
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    const struct rk_batch *next = rk_partition_queue_next(queue, shared, now_us, &sight.due_us);
    sight.is_filling = next && next == shared->open;
    sight.filling_since_us = sight.is_filling ? next->base_enqueued_us : 0;
    sight.expires_us = rk_expiry_of_queue(shared);
    sight.has_work = !TAILQ_EMPTY(&shared->batches) || shared->in_flight > 0;
    rk_partition_queue_unlock(queue);
    return sight;
}

/* Readies the queue, or lists it as lingering. With `early_us` a batch that would linger for no
 * longer than that is ready too. */
static void look(struct rk_sender *sender, struct rk_partition_queue *queue, uint64_t now_us,
                 uint64_t early_us)
{
    struct sight sight = look_into(queue, now_us);
    rk_expiry_wake_by(sender, sight.expires_us);
    rk_queue_reason_on_look(sender, queue, sight.has_work, now_us);
    if (!sender->broker)
        return;
    if (sight.is_filling) {
        rk_on_broker(sender->loop);
        uint64_t crowded_us = crowded_linger(sender, now_us);
        sight.due_us = RK_MAX(sight.due_us, sight.filling_since_us + crowded_us);
    }
    bool is_due = sight.due_us <= now_us + (sight.is_filling ? early_us : 0);
    if (queue->own.is_lingering &&
        (is_due || sight.due_us < queue->own.linger_until_us || sight.due_us == RK_NEVER))
        unlist(sender, queue);
    if (sight.due_us == RK_NEVER || queue->own.is_ready || queue->own.is_lingering)
        return;
    if (!is_due) {
        list_lingering(sender, queue, sight.due_us);
        return;
    }
    queue->own.is_ready = true;
    TAILQ_INSERT_TAIL(&sender->own.ready, queue, own.ready_link);
}

void rk_sender_look(struct rk_sender *sender, struct rk_partition_queue *queue, uint64_t now_us)
{
    look(sender, queue, now_us, 0);
}

/* The connection is kept up while there is something to send on it, now or soon. */
static void set_wanted(struct rk_sender *sender) RK_ON_BROKER
{
    bool has_work = !TAILQ_EMPTY(&sender->own.ready) || !TAILQ_EMPTY(&sender->own.lingering);
    rk_connection_want(connection_of(sender), has_work);
}

void rk_sender_send(struct rk_sender *sender, uint64_t now_us)
{
    if (!sender->broker || sender->own.is_ended)
        return;
    set_wanted(sender);
    if (!TAILQ_EMPTY(&sender->own.ready))
        rk_connection_poke(connection_of(sender), now_us);
}

/* What becomes ready in one turn of the loop is sent together. */
static void send_this_turn(struct rk_sender *sender)
{
    if (!rk_timer_is_started(&sender->own.turn_timer))
        rk_loop_start_timer(sender->loop, &sender->own.turn_timer, 0);
}

static bool has_timers(const struct rk_sender *sender)
{
    return rk_timer_is_started(&sender->own.expiry_timer) ||
           rk_timer_is_started(&sender->own.silence_timer);
}

/* The connection has closed because nothing is to be sent: what timers were set for is done, as a
 * rule, and the loop need not stay for them. */
static void forget_timers(struct rk_sender *sender, uint64_t now_us)
{
    bool any_waits = false;
    struct rk_partition_queue *queue;
    sender->own.next_expiry_us = RK_NEVER;
    rk_loop_stop_timer(sender->loop, &sender->own.expiry_timer);
    TAILQ_FOREACH (queue, &sender->own.owned, own.owned_link) {
        rk_sender_look(sender, queue, now_us);
        any_waits |= queue->own.silence.since_us > 0;
    }
    if (!any_waits)
        rk_loop_stop_timer(sender->loop, &sender->own.silence_timer);
}

static void run(struct rk_connection_user *user, uint64_t now_us)
{
    struct rk_sender *sender = rk_container_of(user, struct rk_sender, user);
    rk_on_broker(sender->loop);
    if (connection_of(sender)->own.state == RK_CONNECTION_IDLE &&
        LIST_EMPTY(&sender->own.in_flight) && !sender->own.is_ended && has_timers(sender))
        forget_timers(sender, now_us);
    while (!TAILQ_EMPTY(&sender->own.ready) &&
           rk_connection_may_send(connection_of(sender), now_us) &&
           rk_produce_request_send_next(sender, now_us))
        ;
    set_wanted(sender);
    set_linger_timer(sender);
}

static void on_linger(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_sender *sender = rk_container_of(timer, struct rk_sender, own.linger_timer);
    rk_on_broker(sender->loop);
    struct rk_partition_queue *queue, *next;
    while ((queue = TAILQ_FIRST(&sender->own.lingering)) != NULL &&
           queue->own.linger_until_us <= now_us) {
        unlist(sender, queue);
        rk_sender_look(sender, queue, now_us);
    }
    /* A request costs as much as several batches: one that leaves takes along what has lingered for
     * half its time. */
    uint64_t early_us = sender->producer->limits.linger_us / 2;
    for (; queue && queue->own.linger_until_us <= now_us + early_us; queue = next) {
        next = TAILQ_NEXT(queue, own.linger_link);
        look(sender, queue, now_us, early_us);
    }
    set_linger_timer(sender);
    rk_sender_send(sender, now_us);
}

/* Mail */

static void on_ready_mail(struct rk_mail *mail)
{
    struct rk_partition_queue *queue = rk_container_of(mail, struct rk_partition_queue, ready_mail);
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    struct rk_sender *sender = shared->sender;
    shared->is_posted = false;
    atomic_store(&queue->told_sometime, NULL);
    rk_partition_queue_unlock(queue);
    if (!sender)
        return; /* It is changing hands: whoever adopts it looks. */
    if (!rk_loop_is_mine(sender->loop)) {
        rk_partition_queue_post_ready(queue); /* It has moved meanwhile. */
        return;
    }
    rk_on_broker(sender->loop);
    uint64_t now_us = rk_clock_now_us();
    if (sender->own.is_ended || !queue->own.is_adopted)
        return; /* Whoever adopts it looks. */
    rk_sender_look(sender, queue, now_us);
    send_this_turn(sender);
}

/* All mail of this turn of the loop was seen. */
static void on_turn(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_sender *sender = rk_container_of(timer, struct rk_sender, own.turn_timer);
    rk_on_broker(sender->loop);
    rk_sender_send(sender, now_us);
}

static void discard_mail(struct rk_mail *mail)
{
    (void)mail; /* Part of its queue or sender. */
}

void rk_sender_init_mail(struct rk_partition_queue *queue)
{
    queue->ready_mail.deliver = on_ready_mail;
    queue->ready_mail.discard = discard_mail;
    queue->move_mail.discard = discard_mail;
}

static void on_kick(struct rk_mail *mail)
{
    struct rk_sender *sender = rk_container_of(mail, struct rk_sender, kick_mail);
    rk_on_broker(sender->loop);
    uint64_t now_us = rk_clock_now_us();
    rk_signal_lower(&sender->is_kicked);
    if (sender->own.is_ended)
        return;
    struct rk_partition_queue *queue;
    TAILQ_FOREACH (queue, &sender->own.owned, own.owned_link) {
        rk_sender_look(sender, queue, now_us);
    }
    rk_sender_send(sender, now_us);
}

void rk_sender_post_kick(struct rk_sender *sender)
{
    if (!rk_signal_raise(&sender->is_kicked))
        rk_loop_post(sender->loop, &sender->kick_mail);
}

/* Owning */

void rk_sender_adopt(struct rk_sender *sender, struct rk_partition_queue *queue)
{
    uint64_t now_us = rk_clock_now_us();
    if (sender->own.is_ended)
        return;
    if (!queue->own.is_adopted) {
        queue->own.is_adopted = true;
        TAILQ_INSERT_TAIL(&sender->own.owned, queue, own.owned_link);
        if (sender->broker)
            rk_broker_set_used(sender->broker, true);
    }
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    struct rk_batch *batch;
    rk_partition_queue_distrust(shared);
    TAILQ_FOREACH (batch, &shared->batches, link) {
        batch->sending.retry_at_us = 0; /* The leader is another one: no reason to wait. */
    }
    rk_partition_queue_unlock(queue);
    rk_sender_look(sender, queue, now_us);
    send_this_turn(sender);
}

void rk_sender_adopt_on_background(struct rk_sender *orphans, struct rk_partition_queue *queue)
{
    rk_on_broker(orphans->loop); /* The same loop. */
    rk_sender_adopt(orphans, queue);
}

void rk_sender_release(struct rk_sender *sender, struct rk_partition_queue *queue)
{
    rk_partition_queue_lock(queue)->sender = NULL; /* No mail is for us from here on. */
    rk_partition_queue_unlock(queue);
    if (!queue->own.is_adopted)
        return;
    unlist(sender, queue);
    TAILQ_REMOVE(&sender->own.owned, queue, own.owned_link);
    queue->own.is_adopted = false;
    set_linger_timer(sender);
    if (!sender->broker)
        return;
    rk_produce_request_abandon(sender, queue);
    rk_broker_set_used(sender->broker, !TAILQ_EMPTY(&sender->own.owned));
}

/* Life */

struct rk_sender *rk_sender_new(struct rk_producer *producer, struct rk_broker *broker,
                                struct rk_loop *loop)
{
    struct rk_sender *sender = RK_NEW(struct rk_sender);
    sender->user.run = run;
    sender->producer = producer;
    sender->broker = broker;
    sender->loop = loop;
    sender->kick_mail.deliver = on_kick;
    sender->kick_mail.discard = discard_mail;
    TAILQ_INIT(&sender->own.owned);
    TAILQ_INIT(&sender->own.ready);
    TAILQ_INIT(&sender->own.lingering);
    LIST_INIT(&sender->own.in_flight);
    rk_timer_init(&sender->own.turn_timer, on_turn);
    rk_timer_init(&sender->own.linger_timer, on_linger);
    rk_timer_init(&sender->own.expiry_timer, rk_expiry_on_timer);
    rk_timer_init(&sender->own.silence_timer, rk_queue_reason_on_timer);
    rk_timer_init(&sender->own.give_up_timer, rk_produce_request_on_give_up);
    sender->own.next_expiry_us = RK_NEVER;
    sender->own.compressor = RK_NEW(struct rk_compressor);
    rk_compressor_init(sender->own.compressor);
    sender->own.collection = rk_produce_request_new_collection();
    return sender;
}

void rk_sender_end(struct rk_sender *sender)
{
    sender->own.is_ended = true;
    rk_loop_stop_timer(sender->loop, &sender->own.turn_timer);
    rk_loop_stop_timer(sender->loop, &sender->own.linger_timer);
    rk_loop_stop_timer(sender->loop, &sender->own.expiry_timer);
    rk_loop_stop_timer(sender->loop, &sender->own.give_up_timer);
    rk_loop_stop_timer(sender->loop, &sender->own.silence_timer);
}

void rk_sender_destroy(struct rk_sender *sender)
{
    RK_ASSERT(LIST_EMPTY(&sender->own.in_flight));
    rk_compressor_clear(sender->own.compressor);
    rk_free(sender->own.compressor);
    rk_free(sender->own.collection);
    rk_free(sender);
}

struct rk_loop *rk_sender_loop(const struct rk_sender *sender)
{
    return sender->loop;
}

/* Purging */

void rk_sender_purge(struct rk_sender *sender, bool queued, bool in_flight)
{
    uint64_t now_us = rk_clock_now_us();
    struct rk_partition_queue *queue;
    TAILQ_FOREACH (queue, &sender->own.owned, own.owned_link) {
        if (!queued)
            break;
        rk_expiry_fail_all(queue, RD_KAFKA_RESP_ERR__PURGE_QUEUE, NULL, now_us);
        unlist(sender, queue);
    }
    set_linger_timer(sender);
    rk_produce_request_purge(sender, queued, in_flight, now_us);
}
