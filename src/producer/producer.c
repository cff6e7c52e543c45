/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/producer.h"

#include <errno.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/headers.h"
#include "event/queue.h"
#include "event/visit.h"
#include "producer/handover.h"
#include "producer/producer_topic.h"
#include "runtime/signal.h"

#define POOL_LIMIT      (16u << 20)
#define ZSTD_BATCH_SIZE (128u << 10) /* zstd compresses these faster, and as well. */
#define FLUSH_SLICE_US  10000u
#define COPY_SIZE_MIN   4096 /* Going by reference would cost more than these. */
#define MIN_BATCH_SIZE  (RK_RECORD_BATCH_HEADER_SIZE + RK_RECORD_OVERHEAD_MAX)

/* Life */

static struct rk_producer_limits limits_of(const struct rk_core *core)
{
    const struct rk_conf *conf = core->conf;
    uint32_t batch_size = (uint32_t)RK_MIN(conf->batch_size, conf->message_max_bytes);
    if (conf->compression_codec == RK_CONF_COMPRESSION_ZSTD &&
        !rk_conf_is_modified(core->conf_object, batch_size))
        batch_size = RK_MIN(batch_size, ZSTD_BATCH_SIZE);
    return (struct rk_producer_limits){
        .batch_size = RK_MAX(batch_size, (uint32_t)MIN_BATCH_SIZE),
        .batch_records = (uint32_t)conf->batch_num_messages,
        .message_size = (uint32_t)conf->message_max_bytes,
        .copy_size = (size_t)RK_MAX(conf->message_copy_max_bytes, COPY_SIZE_MIN),
        .linger_us = (uint64_t)(conf->queue_buffering_max_ms * 1000),
        .queue_messages = conf->queue_buffering_max_messages,
        .queue_bytes = (int64_t)conf->queue_buffering_max_kbytes * 1024,
    };
}

static void *attach(struct rk_cluster_observer *observer, struct rk_broker *broker)
{
    struct rk_producer *producer = rk_container_of(observer, struct rk_producer, observer);
    struct rk_sender *sender = rk_sender_new(producer, broker, broker->loop);
    broker->own.connections[RK_PURPOSE_PRODUCE].user = &sender->user;
    return sender;
}

static void detach(struct rk_cluster_observer *observer, struct rk_broker *broker, void *worker)
{
    (void)observer;
    broker->own.connections[RK_PURPOSE_PRODUCE].user = NULL;
    if (worker)
        rk_sender_destroy(worker);
}

static void broker_ending(void *worker)
{
    rk_sender_end(worker);
}

struct rk_producer *rk_producer_new(struct rk_core *core)
{
    struct rk_producer *producer = RK_NEW(struct rk_producer);
    atomic_init(&producer->references, 1);
    producer->core = rk_core_acquire(core);
    producer->limits = limits_of(core);
    producer->observer.on_topic = rk_handover_on_topic;
    producer->observer.attach = attach;
    producer->observer.detach = detach;
    producer->observer.broker_ending = broker_ending;
    SLIST_INIT(&producer->staging);
    rk_segment_pool_init(&producer->pool, POOL_LIMIT);
    rk_batch_pool_init(&producer->batches);
    rk_mutex_init(&producer->mutex, RK_RANK_REPLY);
    rk_condition_init(&producer->room);
    return producer;
}

struct rk_topic_parts rk_producer_topic_parts(struct rk_producer *producer)
{
    return (struct rk_topic_parts){
        .init = rk_producer_topic_init, .clear = rk_producer_topic_clear, .argument = producer};
}

void rk_producer_start(struct rk_producer *producer, struct rk_cluster *cluster)
{
    producer->cluster = cluster;
    producer->orphans = rk_sender_new(producer, NULL, rk_cluster_background(cluster));
    rk_cluster_set_observer(cluster, &producer->observer);
}

void rk_producer_terminate(struct rk_producer *producer)
{
    rk_sender_end(producer->orphans);
}

static void drop_topic(rd_kafka_topic_t *topic, void *argument)
{
    *(int64_t *)argument += rk_producer_topic_drop(topic->producer);
}

int64_t rk_producer_drop_all(struct rk_producer *producer)
{
    int64_t messages = 0;
    rk_topic_registry_visit(rk_cluster_topics(producer->cluster), drop_topic, &messages);
    return messages;
}

struct rk_producer *rk_producer_acquire(struct rk_producer *producer)
{
    atomic_fetch_add_explicit(&producer->references, 1, memory_order_relaxed);
    return producer;
}

void rk_producer_release(struct rk_producer *producer)
{
    if (atomic_fetch_sub_explicit(&producer->references, 1, memory_order_acq_rel) != 1)
        return;
    if (producer->orphans)
        rk_sender_destroy(producer->orphans);
    rk_batch_pool_clear(&producer->batches);
    rk_segment_pool_clear(&producer->pool);
    rk_condition_clear(&producer->room);
    rk_mutex_clear(&producer->mutex);
    rk_core_release(producer->core);
    rk_free(producer);
}

/*
 * Limits: added first, then checked, so that they are exact whoever else adds. Who waits has said
 * so before it tries again, and who gives back looks for waiters afterwards: with sequentially
 * consistent counters one of them sees the other.
 */

RK_ALWAYS_INLINE bool take_credit(struct rk_producer *producer, int64_t bytes)
{
    const struct rk_producer_limits *limits = &producer->limits;
    int64_t messages = atomic_fetch_add(&producer->queued_messages, 1) + 1;
    int64_t total = atomic_fetch_add(&producer->queued_bytes, bytes) + bytes;
    if (RK_LIKELY((limits->queue_messages == 0 || messages <= limits->queue_messages) &&
                  total <= limits->queue_bytes))
        return true;
    atomic_fetch_sub(&producer->queued_messages, 1);
    atomic_fetch_sub(&producer->queued_bytes, bytes);
    return false;
}

static void wake_blocked_if_any(struct rk_producer *producer)
{
    rk_signal_switch_point();
    if (RK_UNLIKELY(atomic_load(&producer->blocked) > 0))
        rk_producer_wake_blocked(producer);
}

void rk_producer_return_credit(struct rk_producer *producer, int64_t messages, int64_t bytes)
{
    atomic_fetch_sub(&producer->queued_bytes, bytes);
    atomic_fetch_sub(&producer->queued_messages, messages);
    wake_blocked_if_any(producer);
}

static bool gives_up_waiting(const struct rk_core *core)
{
    return atomic_load(&core->is_terminating) || atomic_load(&core->fatal_err);
}

static rd_kafka_resp_err_t wait_for_credit(struct rk_producer *producer, int64_t bytes)
{
    bool taken = false;
    rk_signal_switch_point();
    atomic_fetch_add(&producer->blocked, 1);
    rk_mutex_lock(&producer->mutex);
    while (!(taken = take_credit(producer, bytes)) && !gives_up_waiting(producer->core))
        rk_condition_wait(&producer->room, &producer->mutex, RK_NEVER);
    rk_mutex_unlock(&producer->mutex);
    atomic_fetch_sub(&producer->blocked, 1);
    if (taken)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return atomic_load(&producer->core->is_terminating) ? RD_KAFKA_RESP_ERR__DESTROY
                                                        : RD_KAFKA_RESP_ERR__FATAL;
}

void rk_producer_wake_blocked(struct rk_producer *producer)
{
    rk_mutex_lock(&producer->mutex);
    rk_condition_broadcast(&producer->room);
    rk_mutex_unlock(&producer->mutex);
}

int64_t rk_producer_queued(const struct rk_producer *producer)
{
    return atomic_load(&producer->queued_messages);
}

/* Producing */

/* Overhead of a batch with this one record included, as the broker's limit counts it. No sum
 * overflows: each part is checked first. */
static inline bool is_too_large(const struct rk_producer *producer,
                                const struct rk_produce *produce)
{
    size_t overhead = RK_RECORD_BATCH_HEADER_SIZE + RK_RECORD_OVERHEAD_MAX;
    size_t limit = producer->limits.message_size;
    size_t headers_size = produce->record.headers_size;
    return (produce->value_size | produce->key_size | headers_size) > INT32_MAX ||
           produce->value_size + produce->key_size + headers_size + overhead > limit;
}

/* It had room, and does not go in. */
static void refuse(struct rk_producer *producer, const struct rk_produce_watcher *watcher,
                   int64_t bytes, rd_kafka_resp_err_t err)
{
    rk_producer_return_credit(producer, 1, bytes);
    if (watcher)
        watcher->refused(watcher->argument, err);
}

/* There was no room. A thread that waits is a visitor until its message is in the queue: then
 * `visit` has begun. */
static rd_kafka_resp_err_t wait_or_give_up(struct rk_producer *producer, int64_t bytes, int flags,
                                           struct rk_visit *visit)
{
    wake_blocked_if_any(producer); /* Our attempt may have kept them from what there was. */
    bool waits = flags & RD_KAFKA_MSG_F_BLOCK && bytes <= producer->limits.queue_bytes &&
                 rk_visit_may_wait(producer->core, "rd_kafka_produce() with RD_KAFKA_MSG_F_BLOCK");
    if (!waits)
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    return rk_visit_begin(visit, producer->core) ? wait_for_credit(producer, bytes)
                                                 : RD_KAFKA_RESP_ERR__DESTROY;
}

/* The watcher sees the message, and may change its headers. */
__attribute__((noinline)) static rd_kafka_resp_err_t show(struct rk_producer *producer,
                                                          struct rk_produce *produce,
                                                          const struct rk_produce_watcher *watcher)
{
    struct rk_visit mark;
    rk_visit_mark(&mark, producer->core);
    watcher->admitted(watcher->argument, produce);
    rk_visit_unmark(&mark);
    if (!produce->record.headers)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    produce->record.headers_size = rk_headers_wire_size(produce->record.headers);
    return is_too_large(producer, produce) ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
                                           : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Somebody watches, or there was no room for `bytes` more: that was tried. */
static __attribute__((noinline)) rd_kafka_resp_err_t
admit_slowly(struct rk_producer *producer, struct rk_produce *produce,
             const struct rk_produce_watcher *watcher, int64_t bytes, struct rk_visit *visit)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!watcher || !take_credit(producer, bytes))
        err = wait_or_give_up(producer, bytes, produce->record.flags, visit);
    if (!err && watcher) {
        err = show(producer, produce, watcher);
        if (err)
            refuse(producer, watcher, bytes, err);
    }
    if (err && visit->core)
        rk_visit_end(visit);
    return err;
}

/* What comes once per message is in this function as a whole: rare things have their own. */
rd_kafka_resp_err_t rk_producer_add(struct rk_producer *producer, struct rk_produce *produce,
                                    const struct rk_produce_watcher *watcher)
{
    struct rk_new_record *record = &produce->record;
    record->headers_size = 0;
    if (record->headers)
        record->headers_size = rk_headers_wire_size(record->headers);
    if (RK_UNLIKELY(is_too_large(producer, produce)))
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    if (RK_UNLIKELY(atomic_load_explicit(&producer->core->fatal_err, memory_order_relaxed)))
        return RD_KAFKA_RESP_ERR__FATAL;
    size_t payload_size = produce->value_size + produce->key_size;
    struct rk_visit visit;
    visit.core = NULL;
    rd_kafka_resp_err_t err;
    if (RK_UNLIKELY(watcher || !take_credit(producer, (int64_t)payload_size))) {
        err = admit_slowly(producer, produce, watcher, (int64_t)payload_size, &visit);
        if (err)
            return err;
    }
    record->payload_size = payload_size;
    record->key_size = record->key ? (int32_t)produce->key_size : -1;
    record->value_size = record->value ? (int32_t)produce->value_size : -1;
    record->by_reference =
        !(record->flags & RD_KAFKA_MSG_F_COPY) && produce->value_size > producer->limits.copy_size;
    int64_t wall_ms;
    record->enqueued_us = rk_clock_now_and_wall(&wall_ms);
    if (record->timestamp_ms == 0)
        record->timestamp_ms = wall_ms;
    err = rk_producer_topic_add(produce->topic->producer, record, produce->partition);
    if (RK_UNLIKELY(err))
        refuse(producer, watcher, (int64_t)payload_size, err);
    if (RK_UNLIKELY(visit.core != NULL))
        rk_visit_end(&visit);
    return err;
}

/* Flushing and purging */

static void kick_sender(struct rk_broker *broker, void *argument)
{
    (void)argument;
    rk_sender_post_kick(broker->worker);
}

static void kick_all(void *argument)
{
    struct rk_producer *producer = argument;
    rk_on_background(producer->orphans->loop);
    rk_cluster_visit_busy(producer->cluster, kick_sender, NULL);
    rk_producer_release(producer);
}

static void drop_kick(void *argument)
{
    rk_producer_release(argument);
}

rd_kafka_resp_err_t rk_producer_flush(struct rk_producer *producer, uint64_t deadline_us)
{
    struct rk_core *core = producer->core;
    bool serves = core->reports_by_callback || !core->reports_by_event;
    atomic_fetch_add(&producer->flushing, 1);
    rk_cluster_post_call(producer->cluster, kick_all, drop_kick, rk_producer_acquire(producer));
    do {
        uint64_t now_us = rk_clock_now_us();
        uint64_t slice_us = RK_MIN(deadline_us, now_us + FLUSH_SLICE_US);
        if (serves) {
            rk_queue_serve(core->main_queue, deadline_us <= now_us ? 0 : slice_us, 0);
            if (rk_take_yield_request())
                break;
        } else if (deadline_us > now_us && rk_producer_queued(producer) > 0) {
            atomic_fetch_add(&producer->blocked, 1);
            rk_mutex_lock(&producer->mutex);
            if (rk_producer_queued(producer) > 0 && !atomic_load(&core->is_terminating))
                rk_condition_wait(&producer->room, &producer->mutex, deadline_us);
            rk_mutex_unlock(&producer->mutex);
            atomic_fetch_sub(&producer->blocked, 1);
        }
    } while (rk_producer_queued(producer) > 0 && rk_clock_now_us() < deadline_us &&
             !atomic_load(&core->is_terminating));
    atomic_fetch_sub(&producer->flushing, 1);
    return rk_producer_queued(producer) > 0 ? RD_KAFKA_RESP_ERR__TIMED_OUT
                                            : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* One purge on its way through all loops; counted. */
struct purge {
    _Atomic int references;
    struct rk_producer *producer;
    bool queued, in_flight;
    struct rk_reply *reply; /* Answered by the last reference. */
};

struct purge_mail {
    struct rk_mail mail;
    struct purge *purge;
    struct rk_sender *sender;
};

static void release_purge(struct purge *purge)
{
    if (atomic_fetch_sub(&purge->references, 1) != 1)
        return;
    rk_reply_answer(purge->reply, NULL);
    rk_producer_release(purge->producer);
    rk_free(purge);
}

static void discard_purge(struct rk_mail *mail)
{
    struct purge_mail *self = rk_container_of(mail, struct purge_mail, mail);
    release_purge(self->purge);
    rk_free(self);
}

static void deliver_purge(struct rk_mail *mail)
{
    struct purge_mail *self = rk_container_of(mail, struct purge_mail, mail);
    rk_on_broker(self->sender->loop);
    rk_sender_purge(self->sender, self->purge->queued, self->purge->in_flight);
    discard_purge(mail);
}

static void purge_broker(struct rk_broker *broker, void *argument)
{
    struct purge *purge = argument;
    struct purge_mail *self = RK_NEW(struct purge_mail);
    atomic_fetch_add(&purge->references, 1);
    self->mail.deliver = deliver_purge;
    self->mail.discard = discard_purge;
    self->purge = purge;
    self->sender = broker->worker;
    rk_loop_post(broker->loop, &self->mail);
}

static void purge_topic(rd_kafka_topic_t *topic, void *argument)
{
    (void)argument;
    rk_producer_topic_purge(topic->producer);
}

static void purge_all(void *argument)
{
    struct purge *purge = argument;
    struct rk_producer *producer = purge->producer;
    rk_on_background(producer->orphans->loop);
    if (purge->queued)
        rk_topic_registry_visit(rk_cluster_topics(producer->cluster), purge_topic, NULL);
    rk_cluster_visit_busy(producer->cluster, purge_broker, purge);
    release_purge(purge);
}

static void drop_purge(void *argument)
{
    release_purge(argument);
}

rd_kafka_resp_err_t rk_producer_purge(struct rk_producer *producer, int flags)
{
    const int known =
        RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING;
    if (flags & ~known)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!(flags & (RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    struct purge *purge = RK_NEW(struct purge);
    struct rk_reply *reply = rk_reply_new(NULL);
    atomic_init(&purge->references, 1);
    purge->producer = rk_producer_acquire(producer);
    purge->queued = flags & RD_KAFKA_PURGE_F_QUEUE;
    purge->in_flight = flags & RD_KAFKA_PURGE_F_INFLIGHT;
    purge->reply = reply;
    rk_cluster_post_call(producer->cluster, purge_all, drop_purge, purge);
    void *nothing;
    if (!(flags & RD_KAFKA_PURGE_F_NON_BLOCKING))
        rk_reply_wait(reply, RK_NEVER, &nothing);
    rk_reply_release(reply);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_producer_pause(rd_kafka_topic_t *topic, int32_t partition, bool is_paused)
{
    const struct rk_partition_table *table = atomic_load(&topic->producer->table);
    if (!table || partition < 0 || partition >= atomic_load(&table->count))
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    struct rk_partition_queue *queue = table->queues[partition];
    rk_partition_queue_lock(queue)->is_paused = is_paused;
    rk_partition_queue_unlock(queue);
    rk_partition_queue_post_ready(queue);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_producer_on_fatal(struct rk_producer *producer)
{
    rk_producer_wake_blocked(producer);
    rk_producer_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}
