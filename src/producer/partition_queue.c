/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/partition_queue.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/topic.h"
#include "conf/conf.h"
#include "producer/batch_append.h"
#include "producer/delivery.h"
#include "producer/expiry.h"
#include "producer/producer.h"
#include "producer/sender.h"
#include "runtime/signal.h"

/* More than batch.num.messages can be: a batch's number is its first record's, whatever it is split
 * into. */
#define NUMBER_STEP (1u << 20)

struct rk_partition_queue *rk_partition_queue_new(struct rk_producer *producer,
                                                  rd_kafka_topic_t *topic, int32_t partition,
                                                  struct rk_sender *sender)
{
    struct rk_partition_queue *queue = RK_NEW(struct rk_partition_queue);
    queue->topic = topic;
    queue->partition = partition;
    queue->producer = producer;
    rk_mutex_init(&queue->mutex, RK_RANK_PARTITION);
    TAILQ_INIT(&queue->shared.batches);
    queue->shared.sender = sender;
    queue->known.leader = -1;
    queue->known.leader_epoch = -1;
    queue->known.current = sender;
    rk_sender_init_mail(queue);
    return queue;
}

int64_t rk_partition_queue_drop(struct rk_partition_queue *queue)
{
    struct rk_batch_list batches;
    int64_t messages = 0;
    rk_partition_queue_take_all(queue, &batches);
    struct rk_batch *batch;
    while ((batch = TAILQ_FIRST(&batches)) != NULL) {
        TAILQ_REMOVE(&batches, batch, link);
        messages += batch->record_count;
        rk_delivery_discard(batch);
    }
    return messages;
}

void rk_partition_queue_destroy(struct rk_partition_queue *queue)
{
    rk_mutex_clear(&queue->mutex);
    rk_free(queue);
}

struct rk_partition_queue_shared *rk_partition_queue_lock(struct rk_partition_queue *queue)
{
    rk_mutex_lock(&queue->mutex);
    return &queue->shared;
}

void rk_partition_queue_unlock(struct rk_partition_queue *queue)
{
    rk_mutex_unlock(&queue->mutex);
}

/* How the sender is told after unlock. */
enum telling {
    TELL_NOT,
    TELL_SOMETIME, /* Early enough for linger. */
    TELL_NOW,
    TELL_BY_WAKING, /* It was told sometime, and that is too late now. */
};

/* Under the lock. `*sender` is who is to be told. */
static enum telling mark_told(struct rk_partition_queue *queue,
                              struct rk_partition_queue_shared *shared, bool is_urgent,
                              struct rk_sender **sender)
{
    if (shared->is_posted) {
        *sender = is_urgent ? atomic_exchange(&queue->told_sometime, NULL) : NULL;
        return *sender ? TELL_BY_WAKING : TELL_NOT;
    }
    *sender = shared->sender;
    if (!*sender)
        return TELL_NOT;
    shared->is_posted = true;
    atomic_store(&queue->told_sometime, is_urgent ? NULL : *sender);
    return is_urgent ? TELL_NOW : TELL_SOMETIME;
}

static void tell(struct rk_partition_queue *queue, struct rk_sender *sender, enum telling telling,
                 uint64_t by_us)
{
    switch (telling) {
    case TELL_NOT:
        break;
    case TELL_SOMETIME:
        rk_loop_post_by(rk_sender_loop(sender), &queue->ready_mail, by_us);
        rk_signal_switch_point();
        if (!atomic_load(&queue->told_sometime))
            rk_loop_wake(rk_sender_loop(sender)); /* Somebody else's waking came before our mail. */
        break;
    case TELL_NOW:
        rk_loop_post(rk_sender_loop(sender), &queue->ready_mail);
        break;
    case TELL_BY_WAKING:
        rk_loop_wake(rk_sender_loop(sender));
        break;
    }
}

/* Gives up the lock, and tells the sender that there is something to send. */
static void unlock_and_tell(struct rk_partition_queue *queue,
                            struct rk_partition_queue_shared *shared) RK_RELEASES(queue->mutex)
{
    struct rk_sender *sender;
    enum telling telling = mark_told(queue, shared, true, &sender);
    rk_partition_queue_unlock(queue);
    tell(queue, sender, telling, 0);
}

void rk_partition_queue_post_ready(struct rk_partition_queue *queue)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    unlock_and_tell(queue, shared);
}

void rk_partition_queue_close(struct rk_partition_queue *queue, rd_kafka_resp_err_t err)
{
    rk_partition_queue_lock(queue)->closed_err = err;
    rk_partition_queue_unlock(queue);
}

rd_kafka_resp_err_t rk_partition_queue_closed_err(struct rk_partition_queue *queue)
{
    rd_kafka_resp_err_t err = rk_partition_queue_lock(queue)->closed_err;
    rk_partition_queue_unlock(queue);
    return err;
}

/* Under the lock. */
static void seal(struct rk_partition_queue_shared *shared)
{
    shared->open = NULL;
    shared->sealed_count++;
}

static bool open_batch(struct rk_partition_queue *queue, struct rk_partition_queue_shared *shared,
                       const struct rk_new_record *record)
{
    struct rk_batch *batch =
        rk_batch_try_new(queue->producer, queue->topic, queue, shared->next_number, record);
    if (!batch)
        return false;
    shared->next_number += NUMBER_STEP;
    shared->open = batch;
    TAILQ_INSERT_TAIL(&shared->batches, batch, link);
    return true;
}

/* Nothing more fits, whatever it is: there is no reason to linger. */
static inline bool holds_all_it_may(const struct rk_producer *producer,
                                    const struct rk_batch *batch)
{
    return batch->record_count >= producer->limits.batch_records ||
           batch->size >= producer->limits.batch_size;
}

enum news {
    NEWS_NONE,
    NEWS_FIRST,  /* Records where there were none: they linger. */
    NEWS_SEALED, /* A batch that need not linger. */
};

/*
 * Under the lock, one attempt. `*news`: what the sender has to know. A new batch is allocated here,
 * once per batch; segments come from outside.
 */
static enum rk_append append_locked(struct rk_partition_queue *queue,
                                    struct rk_partition_queue_shared *shared,
                                    const struct rk_new_record *record, struct rk_segment **spare,
                                    size_t *segment_size, enum news *news)
{
    for (;;) {
        if (!shared->open) {
            *segment_size = rk_batch_second_segment_size(record);
            if (*segment_size && (!*spare || (*spare)->capacity < *segment_size))
                return RK_APPEND_NEEDS_SEGMENT;
            if (!open_batch(queue, shared, record))
                return RK_APPEND_NO_MEMORY;
        }
        struct rk_batch *open = shared->open;
        enum rk_append result = rk_batch_append(open, record, spare, segment_size);
        if (result == RK_APPEND_FULL) {
            seal(shared);
            *news = NEWS_SEALED;
            continue;
        }
        if (result == RK_APPEND_OK) {
            if (holds_all_it_may(queue->producer, open)) {
                seal(shared);
                *news = NEWS_SEALED;
            } else if (open->record_count == 1 && open == TAILQ_FIRST(&shared->batches)) {
                *news = NEWS_FIRST;
            }
        } else if (open->record_count == 0) { /* Memory is out. */
            TAILQ_REMOVE(&shared->batches, open, link);
            shared->open = NULL;
            shared->next_number -= NUMBER_STEP;
            rk_batch_release(open);
        }
        return result;
    }
}

/* Under the lock, so that a flush that we do not see yet finds what we have appended. */
static bool is_urgent(const struct rk_producer *producer, enum news news)
{
    return news == NEWS_SEALED ||
           atomic_load_explicit(&producer->flushing, memory_order_relaxed) > 0;
}

static uint64_t must_know_by(const struct rk_partition_queue *queue,
                             const struct rk_new_record *record)
{
    return RK_MIN(record->enqueued_us + queue->producer->limits.linger_us,
                  rk_expiry_time(queue->topic, record->enqueued_us));
}

/* For what is not appended plainly. Gives up the lock. */
static __attribute__((noinline)) rd_kafka_resp_err_t
append(struct rk_partition_queue *queue, struct rk_partition_queue_shared *shared,
       const struct rk_new_record *record) RK_RELEASES(queue->mutex)
{
    struct rk_segment *spare = NULL;
    size_t segment_size = 0;
    enum rk_append result = RK_APPEND_NO_MEMORY;
    rd_kafka_resp_err_t closed_err;
    for (;;) {
        enum news news = NEWS_NONE;
        enum telling telling = TELL_NOT;
        struct rk_sender *sender = NULL;
        closed_err = shared->closed_err;
        if (RK_LIKELY(!closed_err))
            result = append_locked(queue, shared, record, &spare, &segment_size, &news);
        if (news != NEWS_NONE)
            telling = mark_told(queue, shared, is_urgent(queue->producer, news), &sender);
        rk_partition_queue_unlock(queue);
        if (telling != TELL_NOT)
            tell(queue, sender, telling, must_know_by(queue, record));
        if (spare) /* Not used up, or too small. */
            rk_segment_give_back(&queue->producer->pool, spare);
        spare = NULL;
        if (closed_err || result != RK_APPEND_NEEDS_SEGMENT)
            break;
        spare = rk_segment_try_take(&queue->producer->pool, segment_size);
        if (!spare)
            break;
        shared = rk_partition_queue_lock(queue);
    }
    if (closed_err)
        return closed_err;
    return result == RK_APPEND_OK ? RD_KAFKA_RESP_ERR_NO_ERROR
                                  : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

rd_kafka_resp_err_t rk_partition_queue_append(struct rk_partition_queue *queue,
                                              const struct rk_new_record *record)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    if (RK_UNLIKELY(!shared->open || shared->closed_err ||
                    !rk_batch_append_plainly(shared->open, record)))
        return append(queue, shared, record);
    rk_partition_queue_unlock(queue);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* When linger or back-off ends. */
static uint64_t due_of(const struct rk_partition_queue *queue,
                       const struct rk_partition_queue_shared *shared, const struct rk_batch *batch)
{
    const struct rk_producer *producer = queue->producer;
    if (batch == shared->open &&
        atomic_load_explicit(&producer->flushing, memory_order_relaxed) == 0)
        return batch->base_enqueued_us + producer->limits.linger_us;
    return batch->sending.retry_at_us;
}

static struct rk_batch *newest_due(const struct rk_partition_queue *queue,
                                   const struct rk_partition_queue_shared *shared, uint64_t now_us,
                                   uint64_t *due_us)
{
    struct rk_batch *batch, *next = NULL;
    *due_us = RK_NEVER;
    TAILQ_FOREACH_REVERSE(batch, &shared->batches, rk_batch_list, link)
    {
        uint64_t batch_due_us = due_of(queue, shared, batch);
        if (batch_due_us < *due_us) {
            next = batch;
            *due_us = batch_due_us;
        }
        if (batch_due_us <= now_us)
            break;
    }
    return next;
}

struct rk_batch *rk_partition_queue_next(const struct rk_partition_queue *queue,
                                         const struct rk_partition_queue_shared *shared,
                                         uint64_t now_us, uint64_t *due_us)
{
    struct rk_batch *first = TAILQ_FIRST(&shared->batches);
    *due_us = RK_NEVER;
    if (!first || shared->is_paused)
        return NULL;
    if (RK_UNLIKELY(queue->topic->conf->queuing_strategy == RK_TOPIC_CONF_QUEUING_LIFO))
        return newest_due(queue, shared, now_us, due_us);
    *due_us = due_of(queue, shared, first);
    return first;
}

static enum rk_take may_take(const struct rk_partition_queue_shared *shared,
                             const struct rk_batch *batch, const struct rk_take_limits *limits)
{
    if (!batch || batch->sending.retry_at_us > limits->now_us)
        return RK_TAKE_NOTHING;
    if (shared->trial || shared->in_flight >= limits->in_flight)
        return RK_TAKE_WAIT;
    return batch->size > limits->size ? RK_TAKE_TOO_LARGE : RK_TAKE_BATCH;
}

enum rk_take rk_partition_queue_take(struct rk_partition_queue *queue,
                                     const struct rk_take_limits *limits, struct rk_batch **batch)
{
    uint64_t due_us;
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    struct rk_batch *next = rk_partition_queue_next(queue, shared, limits->now_us, &due_us);
    enum rk_take result = may_take(shared, next, limits);
    if (result == RK_TAKE_BATCH) {
        *batch = next;
        if (next == shared->open)
            seal(shared);
        TAILQ_REMOVE(&shared->batches, next, link);
        shared->sealed_count--;
        shared->in_flight++;
        if (!shared->is_trusted)
            shared->trial = next;
        if (TAILQ_EMPTY(&shared->batches))
            result = RK_TAKE_LAST_BATCH;
    }
    rk_partition_queue_unlock(queue);
    return result;
}

void rk_partition_queue_distrust(struct rk_partition_queue_shared *shared)
{
    shared->is_trusted = false;
    shared->trial = NULL;
}

static void insert_by_number(struct rk_partition_queue_shared *shared, struct rk_batch *batch)
{
    struct rk_batch *after;
    TAILQ_FOREACH (after, &shared->batches, link) {
        if (after->number > batch->number) {
            TAILQ_INSERT_BEFORE(after, batch, link);
            return;
        }
    }
    TAILQ_INSERT_TAIL(&shared->batches, batch, link);
}

void rk_partition_queue_give_back(struct rk_partition_queue *queue, struct rk_batch *batch)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    insert_by_number(shared, batch);
    shared->sealed_count++;
    shared->in_flight--;
    shared->is_trusted = false;
    if (shared->trial == batch)
        shared->trial = NULL;
    unlock_and_tell(queue, shared);
}

void rk_partition_queue_give_back_halves(struct rk_partition_queue *queue, struct rk_batch *head,
                                         struct rk_batch *rest)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    insert_by_number(shared, head);
    shared->sealed_count++;
    rk_partition_queue_unlock(queue);
    rk_partition_queue_give_back(queue, rest);
}

void rk_partition_queue_forget(struct rk_partition_queue *queue, const struct rk_batch *batch,
                               bool was_stored)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    bool was_trial = shared->trial == batch;
    shared->in_flight--;
    if (was_trial) {
        shared->trial = NULL;
        shared->is_trusted = was_stored;
    }
    if ((was_trial || shared->in_flight == 0) && !TAILQ_EMPTY(&shared->batches))
        unlock_and_tell(queue, shared);
    else
        rk_partition_queue_unlock(queue);
}

void rk_partition_queue_take_all(struct rk_partition_queue *queue, struct rk_batch_list *batches)
{
    TAILQ_INIT(batches);
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    TAILQ_CONCAT(batches, &shared->batches, link);
    shared->open = NULL;
    shared->sealed_count = 0;
    rk_partition_queue_unlock(queue);
}
