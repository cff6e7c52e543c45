/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/producer_topic.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/headers.h"
#include "event/visit.h"
#include "producer/batch_append.h"
#include "producer/delivery.h"
#include "producer/expiry.h"
#include "producer/producer.h"
#include "producer/queue_reason.h"

#define NO_KEY_SPREADS     (-2)
#define MISSING_REFRESH_US 1000000u
#define MEMORY_RETRY_US    100000u /* What could not be reported for lack of memory. */

/* Life */

static bool sticks(const struct rk_core *core, enum rk_partitioner partitioner)
{
    return core->conf->queue_buffering_max_ms > 0 &&
           core->conf->sticky_partitioning_linger_ms > 0 &&
           (partitioner == RK_PARTITIONER_RANDOM ||
            partitioner == RK_PARTITIONER_CONSISTENT_RANDOM ||
            partitioner == RK_PARTITIONER_MURMUR2_RANDOM ||
            partitioner == RK_PARTITIONER_FNV1A_RANDOM);
}

/* The largest size of a key that is not hashed: -1 stands for no key. */
static int32_t spreads_up_to(enum rk_partitioner partitioner)
{
    if (rk_partitioner_is_random(partitioner, "k", 1))
        return INT32_MAX;
    if (rk_partitioner_is_random(partitioner, "", 0))
        return 0;
    return rk_partitioner_is_random(partitioner, NULL, 0) ? -1 : NO_KEY_SPREADS;
}

void rk_producer_topic_init(void *producer, rd_kafka_topic_t *topic)
{
    struct rk_producer_topic *self = RK_NEW(struct rk_producer_topic);
    self->producer = producer;
    self->topic = topic;
    self->partitioner = rk_partitioner_from_name(topic->conf->partitioner);
    self->sticks = sticks(self->producer->core, self->partitioner);
    bool chooses_itself = topic->conf->callbacks.partitioner != NULL;
    self->spreads_up_to = chooses_itself ? NO_KEY_SPREADS : spreads_up_to(self->partitioner);
    atomic_init(&self->sticky_partition, -1);
    rk_mutex_init(&self->mutex, RK_RANK_PARTITION);
    STAILQ_INIT(&self->shared.staged);
    const struct rk_conf *conf = self->producer->core->conf;
    bool has_statistics = conf->statistics_interval_ms > 0;
    rk_window_init(&self->shared.batch_bytes, has_statistics ? conf->message_max_bytes : 0);
    rk_window_init(&self->shared.batch_messages, has_statistics ? conf->batch_num_messages : 0);
    topic->producer = self;
}

static void free_staged(struct rk_staged *staged)
{
    rk_headers_destroy((rd_kafka_headers_t *)(uintptr_t)staged->record.headers);
    rk_free(staged);
}

/* With the value, if it was given to us. */
static void drop_staged(struct rk_staged *staged)
{
    int flags = staged->record.flags;
    if ((flags & RD_KAFKA_MSG_F_FREE) && !(flags & RD_KAFKA_MSG_F_COPY))
        rk_app_free(staged->record.value);
    free_staged(staged);
}

/* A batch for a report on a message that never got a partition. NULL: no memory. */
static struct rk_batch *new_batch_of(struct rk_producer_topic *self, const struct rk_staged *staged)
{
    struct rk_batch *batch =
        rk_batch_try_new(self->producer, self->topic, NULL, 0, &staged->record);
    struct rk_segment *spare = NULL;
    size_t segment_size = 0;
    if (!batch)
        return NULL;
    enum rk_append result = rk_batch_append(batch, &staged->record, &spare, &segment_size);
    if (result == RK_APPEND_NEEDS_SEGMENT) {
        spare = rk_segment_try_take(&self->producer->pool, segment_size);
        result = rk_batch_append(batch, &staged->record, &spare, &segment_size);
    }
    if (spare)
        rk_segment_give_back(&self->producer->pool, spare);
    if (result != RK_APPEND_OK) {
        rk_batch_release(batch);
        return NULL;
    }
    batch->partition = staged->partition;
    return batch;
}

/* The client ends: nobody but interceptors is told. takes: staged */
static void discard_staged(struct rk_producer_topic *self, struct rk_staged *staged)
{
    const struct rk_interceptors *interceptors = &self->producer->core->conf_object->interceptors;
    struct rk_batch *batch = NULL;
    if (rk_interceptors_has(interceptors, RK_ON_ACKNOWLEDGEMENT))
        batch = new_batch_of(self, staged);
    if (batch) {
        rk_delivery_discard(batch);
        free_staged(staged);
    } else {
        drop_staged(staged);
    }
}

/* Published or not. Background, or after the loops have ended. */
static struct rk_partition_table *made_table(struct rk_producer_topic *self)
{
    struct rk_partition_table *table = atomic_load(&self->table);
    return table ? table : self->unpublished;
}

int64_t rk_producer_topic_drop(struct rk_producer_topic *self)
{
    int64_t messages = 0;
    struct rk_staged *staged;
    while ((staged = STAILQ_FIRST(&self->shared.staged)) != NULL) {
        STAILQ_REMOVE_HEAD(&self->shared.staged, link);
        discard_staged(self, staged);
        messages++;
    }
    struct rk_partition_table *table = made_table(self);
    for (int32_t i = 0; table && i < table->capacity; i++)
        messages += rk_partition_queue_drop(table->queues[i]);
    return messages;
}

void rk_producer_topic_clear(rd_kafka_topic_t *topic)
{
    struct rk_producer_topic *self = topic->producer;
    rk_producer_topic_drop(self);
    struct rk_partition_table *table = made_table(self);
    for (int32_t i = 0; table && i < table->capacity; i++)
        rk_partition_queue_destroy(table->queues[i]);
    while (table) {
        struct rk_partition_table *older = table->older;
        rk_free(table);
        table = older;
    }
    rk_window_clear(&self->shared.batch_bytes);
    rk_window_clear(&self->shared.batch_messages);
    rk_mutex_clear(&self->mutex);
    rk_free(self);
}

/* Choosing */

static inline int32_t count_of(const struct rk_partition_table *table)
{
    return atomic_load_explicit(&table->count, memory_order_acquire);
}

static bool has_leader(const void *argument, int32_t partition)
{
    const struct rk_partition_table *table = argument;
    return atomic_load_explicit(&table->queues[partition]->has_leader, memory_order_relaxed);
}

bool rk_producer_topic_is_available(const struct rk_producer_topic *self, int32_t partition)
{
    const struct rk_partition_table *table =
        atomic_load_explicit(&self->coming, memory_order_acquire);
    return table && partition >= 0 && partition < count_of(table) && has_leader(table, partition);
}

static __attribute__((noinline)) int32_t draw_sticky(struct rk_producer_topic *self,
                                                     const struct rk_partition_table *table,
                                                     int32_t count, uint64_t now_us)
{
    uint64_t linger_us = (uint64_t)self->producer->core->conf->sticky_partitioning_linger_ms * 1000;
    int32_t partition = rk_partitioner_draw(count, has_leader, table);
    atomic_store_explicit(&self->sticky_partition, partition, memory_order_relaxed);
    atomic_store_explicit(&self->sticky_until_us, now_us + linger_us, memory_order_relaxed);
    return partition;
}

/* The same partition for sticky.partitioning.linger.ms, so that batches fill. */
RK_ALWAYS_INLINE int32_t pick_sticky(struct rk_producer_topic *self,
                                     const struct rk_partition_table *table, int32_t count,
                                     uint64_t now_us)
{
    int32_t partition = atomic_load_explicit(&self->sticky_partition, memory_order_relaxed);
    uint64_t until_us = atomic_load_explicit(&self->sticky_until_us, memory_order_relaxed);
    if (RK_LIKELY(partition >= 0 && partition < count && now_us < until_us &&
                  has_leader(table, partition)))
        return partition;
    return draw_sticky(self, table, count, now_us);
}

RK_ALWAYS_INLINE int32_t pick_without_key(struct rk_producer_topic *self,
                                          const struct rk_partition_table *table, int32_t count,
                                          uint64_t now_us)
{
    return self->sticks ? pick_sticky(self, table, count, now_us)
                        : rk_partitioner_draw(count, has_leader, table);
}

static __attribute__((noinline)) int32_t
ask_application(struct rk_producer_topic *self, int32_t count, const struct rk_new_record *record)
{
    const struct rk_topic_callbacks *callbacks = &self->topic->conf->callbacks;
    struct rk_visit mark;
    rk_visit_mark(&mark, self->producer->core);
    int32_t partition = callbacks->partitioner(
        self->topic, record->key_size >= 0 ? record->key : NULL,
        (size_t)RK_MAX(record->key_size, 0), count, callbacks->opaque, record->opaque);
    rk_visit_unmark(&mark);
    return partition;
}

RK_ALWAYS_INLINE int32_t pick(struct rk_producer_topic *self,
                              const struct rk_partition_table *table, int32_t count,
                              const struct rk_new_record *record)
{
    if (RK_LIKELY(record->key_size <= self->spreads_up_to))
        return pick_without_key(self, table, count, record->enqueued_us);
    if (self->topic->conf->callbacks.partitioner)
        return ask_application(self, count, record);
    return rk_partitioner_hash(self->partitioner, record->key, (size_t)RK_MAX(record->key_size, 0),
                               count);
}

/* Adding */

RK_ALWAYS_INLINE rd_kafka_resp_err_t add_to(struct rk_producer_topic *self,
                                            const struct rk_partition_table *table, int32_t count,
                                            const struct rk_new_record *record, int32_t partition)
{
    if (partition == RD_KAFKA_PARTITION_UA)
        partition = pick(self, table, count, record);
    if (partition < 0 || partition >= count)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    return rk_partition_queue_append(table->queues[partition], record);
}

static struct rk_staged *new_staged(const struct rk_new_record *record, int32_t partition)
{
    bool copies = (record->flags & RD_KAFKA_MSG_F_COPY) != 0;
    size_t key_size = (size_t)RK_MAX(record->key_size, 0);
    size_t value_size = copies ? (size_t)RK_MAX(record->value_size, 0) : 0;
    struct rk_staged *staged = rk_try_malloc(sizeof(*staged) + key_size + value_size);
    if (!staged)
        return NULL;
    staged->record = *record;
    staged->partition = partition;
    if (record->key_size >= 0)
        staged->record.key = memcpy(staged->bytes, record->key ? record->key : "", key_size);
    if (copies && record->value_size >= 0)
        staged->record.value =
            memcpy(staged->bytes + key_size, record->value ? record->value : "", value_size);
    if (record->headers) {
        staged->record.headers = rk_headers_try_copy(record->headers);
        if (!staged->record.headers) {
            rk_free(staged);
            return NULL;
        }
    }
    return staged;
}

static void note_staging(void *argument)
{
    struct rk_producer_topic *self = argument;
    struct rk_producer *producer = self->producer;
    rk_on_background(producer->orphans->loop);
    if (!self->is_staging) {
        self->is_staging = true;
        SLIST_INSERT_HEAD(&producer->staging, self, staging_link);
    }
    uint64_t now_us = rk_clock_now_us();
    rk_expiry_wake_by(producer->orphans, rk_producer_expire_staged(producer, now_us));
    rk_queue_reason_on_staging(producer->orphans, now_us);
}

static void drop_nothing(void *argument)
{
    (void)argument;
}

/* Stages the message; false: the table was published meanwhile, try that. */
static bool stage(struct rk_producer_topic *self, const struct rk_new_record *record,
                  int32_t partition, rd_kafka_resp_err_t *err)
{
    struct rk_staged *staged = new_staged(record, partition);
    *err = staged ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    if (!staged)
        return true;
    rk_mutex_lock(&self->mutex);
    bool is_known = atomic_load_explicit(&self->table, memory_order_relaxed) != NULL;
    bool is_first = STAILQ_EMPTY(&self->shared.staged);
    if (!is_known)
        STAILQ_INSERT_TAIL(&self->shared.staged, staged, link);
    rk_mutex_unlock(&self->mutex);
    if (is_known) {
        free_staged(staged);
        return false;
    }
    if (is_first) {
        rk_cluster_post_call(self->producer->cluster, note_staging, drop_nothing, self);
        rk_cluster_post_refresh(self->producer->cluster, self->topic, "messages wait for it");
    }
    return true;
}

/* The cluster said there is no such topic; asks again now and then, for it may come. */
static void ask_for_missing(struct rk_producer_topic *self, uint64_t now_us)
{
    if (now_us < atomic_load_explicit(&self->ask_again_us, memory_order_relaxed))
        return;
    atomic_store_explicit(&self->ask_again_us, now_us + MISSING_REFRESH_US, memory_order_relaxed);
    rk_cluster_post_refresh(self->producer->cluster, self->topic,
                            "an application produces to it, but it was missing");
}

/* There was no table, or the message could not be added to it: `err`. */
static __attribute__((noinline)) rd_kafka_resp_err_t
add_slowly(struct rk_producer_topic *self, const struct rk_partition_table *table, int32_t count,
           const struct rk_new_record *record, int32_t partition, rd_kafka_resp_err_t err)
{
    for (;;) {
        rd_kafka_resp_err_t missing_err =
            (rd_kafka_resp_err_t)atomic_load_explicit(&self->missing_err, memory_order_relaxed);
        if (missing_err)
            ask_for_missing(self, record->enqueued_us);
        if (table && (err != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
                      (table == atomic_load_explicit(&self->table, memory_order_acquire) &&
                       count == count_of(table))))
            return err;
        if (!table && missing_err)
            return missing_err;
        if (!table && stage(self, record, partition, &err))
            return err;
        /* The table was changed meanwhile. */
        table = atomic_load_explicit(&self->table, memory_order_acquire);
        if (!table)
            continue;
        count = count_of(table);
        err = add_to(self, table, count, record, partition);
        if (!err)
            return err;
    }
}

rd_kafka_resp_err_t rk_producer_topic_add(struct rk_producer_topic *self,
                                          const struct rk_new_record *record, int32_t partition)
{
    const struct rk_partition_table *table =
        atomic_load_explicit(&self->table, memory_order_acquire);
    int32_t count = 0;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (RK_LIKELY(table != NULL)) {
        count = count_of(table);
        err = add_to(self, table, count, record, partition);
        if (RK_LIKELY(!err))
            return err;
    }
    return add_slowly(self, table, count, record, partition, err);
}

/* Background: leaving staging */

/* A report for a message that never got a partition. takes: staged, unless there is no memory for
 * it: false. */
static bool fail_staged(struct rk_producer_topic *self, struct rk_staged *staged,
                        rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    struct rk_batch *batch = new_batch_of(self, staged);
    if (!batch)
        return false;
    uint64_t now_us = rk_clock_now_us();
    char *text = err == RD_KAFKA_RESP_ERR__PURGE_QUEUE
                     ? NULL
                     : rk_expiry_describe_topic(self->producer, self->topic, err,
                                                staged->record.enqueued_us, now_us);
    rk_delivery_fail(batch, err, text, RD_KAFKA_MSG_STATUS_NOT_PERSISTED, now_us);
    rk_free(text);
    free_staged(staged);
    return true;
}

static void take_staged(struct rk_producer_topic *self, struct rk_staged_list *list)
{
    STAILQ_INIT(list);
    rk_mutex_lock(&self->mutex);
    STAILQ_CONCAT(list, &self->shared.staged);
    rk_mutex_unlock(&self->mutex);
}

/* For lack of memory these stay where they were, before what came meanwhile. */
static void stage_again(struct rk_producer_topic *self, struct rk_staged_list *list)
{
    rk_mutex_lock(&self->mutex);
    STAILQ_CONCAT(list, &self->shared.staged);
    STAILQ_CONCAT(&self->shared.staged, list);
    rk_mutex_unlock(&self->mutex);
}

/* False: no memory, the rest is staged again. */
static bool route(struct rk_producer_topic *self, const struct rk_partition_table *table,
                  struct rk_staged_list *list) RK_ON_BACKGROUND
{
    struct rk_staged *staged;
    while ((staged = STAILQ_FIRST(list)) != NULL) {
        rd_kafka_resp_err_t err =
            add_to(self, table, count_of(table), &staged->record, staged->partition);
        STAILQ_REMOVE_HEAD(list, link);
        if (!err) {
            free_staged(staged);
        } else if (err == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE || !fail_staged(self, staged, err)) {
            STAILQ_INSERT_HEAD(list, staged, link);
            stage_again(self, list);
            return false;
        }
    }
    return true;
}

static struct rk_partition_table *new_table(struct rk_producer_topic *self,
                                            struct rk_partition_table *older, int32_t count)
{
    struct rk_partition_table *table =
        rk_calloc(1, sizeof(*table) + (size_t)count * sizeof(struct rk_partition_queue *));
    table->older = older;
    table->capacity = count;
    atomic_init(&table->count, count);
    for (int32_t i = 0; i < count; i++)
        table->queues[i] =
            older && i < older->capacity
                ? older->queues[i]
                : rk_partition_queue_new(self->producer, self->topic, i, self->producer->orphans);
    return table;
}

static void close_queue(const struct rk_producer_topic *self, struct rk_partition_queue *queue,
                        rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    uint64_t now_us = rk_clock_now_us();
    char *text = rk_expiry_describe_topic(self->producer, self->topic, err, 0, now_us);
    rk_partition_queue_close(queue, err);
    rk_expiry_fail_all(queue, err, text, now_us);
    rk_free(text);
}

/* What was staged goes into its queues first. */
static void publish_behind_staged(struct rk_producer_topic *self,
                                  struct rk_partition_table *table) RK_ON_BACKGROUND
{
    for (;;) {
        struct rk_staged_list list;
        rk_mutex_lock(&self->mutex);
        bool is_empty = STAILQ_EMPTY(&self->shared.staged);
        if (is_empty)
            atomic_store_explicit(&self->table, table, memory_order_release);
        rk_mutex_unlock(&self->mutex);
        if (is_empty)
            break;
        take_staged(self, &list);
        rk_log_debug(self->producer->core, RK_DEBUG_TOPIC, "PARTCNT",
                     "Partitioning unassigned messages in topic %s to %d partitions",
                     rk_topic_name(self->topic), (int)table->capacity);
        if (!route(self, table, &list)) {
            self->unpublished = table;
            rk_cluster_post_refresh(self->producer->cluster, self->topic,
                                    "there was no memory to give its messages to partitions");
            return;
        }
    }
    self->unpublished = NULL;
}

void rk_producer_topic_publish(struct rk_producer_topic *self, int32_t partition_count,
                               const struct rk_snapshot_topic *data)
{
    struct rk_partition_table *before = made_table(self);
    int32_t capacity = before ? before->capacity : 0;
    atomic_store(&self->missing_err, 0);
    for (int32_t i = 0; i < RK_MIN(partition_count, capacity); i++)
        rk_partition_queue_close(before->queues[i], RD_KAFKA_RESP_ERR_NO_ERROR);
    if (partition_count > capacity) {
        struct rk_partition_table *table = new_table(self, before, partition_count);
        for (int32_t i = capacity; i < partition_count; i++) {
            const struct rk_snapshot_partition *partition = rk_snapshot_find_partition(data, i);
            atomic_store_explicit(&table->queues[i]->has_leader,
                                  partition && partition->leader >= 0, memory_order_relaxed);
            rk_sender_adopt_on_background(self->producer->orphans, table->queues[i]);
        }
        atomic_store_explicit(&self->coming, table, memory_order_release);
        publish_behind_staged(self, table);
        return;
    }
    /* Who finds a closed queue looks again, and then at this count. */
    int32_t count_before = atomic_exchange(&before->count, partition_count);
    for (int32_t i = partition_count; i < count_before; i++)
        close_queue(self, before->queues[i], RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    if (self->unpublished)
        publish_behind_staged(self, before);
}

static void fail_all_staged(struct rk_producer_topic *self,
                            rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    struct rk_staged_list list;
    struct rk_staged *staged;
    take_staged(self, &list);
    while ((staged = STAILQ_FIRST(&list)) != NULL) {
        STAILQ_REMOVE_HEAD(&list, link);
        if (!fail_staged(self, staged, err)) {
            STAILQ_INSERT_HEAD(&list, staged, link);
            stage_again(self, &list);
            rk_expiry_wake_by(self->producer->orphans, rk_clock_now_us() + MEMORY_RETRY_US);
            return;
        }
    }
}

void rk_producer_topic_set_missing(struct rk_producer_topic *self, rd_kafka_resp_err_t err)
{
    const struct rk_partition_table *table = made_table(self);
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID)
        err = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    atomic_store(&self->missing_err, (int)err);
    fail_all_staged(self, err);
    for (int32_t i = 0; table && i < table->capacity; i++)
        close_queue(self, table->queues[i], err);
}

void rk_producer_topic_purge(struct rk_producer_topic *self)
{
    const struct rk_partition_table *table = made_table(self);
    rk_on_background(self->producer->orphans->loop);
    fail_all_staged(self, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
    for (int32_t i = 0; table && i < table->capacity; i++)
        rk_expiry_fail_all(table->queues[i], RD_KAFKA_RESP_ERR__PURGE_QUEUE, NULL,
                           rk_clock_now_us());
}

/* Staged messages of one topic are in the order of time. All are overdue when there is no such
 * topic and memory was short when that became known. */
static uint64_t expire_topic(struct rk_producer_topic *self, uint64_t now_us) RK_ON_BACKGROUND
{
    rd_kafka_resp_err_t missing_err = (rd_kafka_resp_err_t)atomic_load(&self->missing_err);
    for (;;) {
        rk_mutex_lock(&self->mutex);
        struct rk_staged *first = STAILQ_FIRST(&self->shared.staged);
        uint64_t expires_us =
            first ? rk_expiry_time(self->topic, first->record.enqueued_us) : RK_NEVER;
        bool is_due = first && (missing_err || expires_us <= now_us);
        if (is_due)
            STAILQ_REMOVE_HEAD(&self->shared.staged, link);
        rk_mutex_unlock(&self->mutex);
        if (!is_due)
            return expires_us;
        if (!fail_staged(self, first,
                         expires_us <= now_us ? RD_KAFKA_RESP_ERR__MSG_TIMED_OUT : missing_err)) {
            rk_mutex_lock(&self->mutex);
            STAILQ_INSERT_HEAD(&self->shared.staged, first, link);
            rk_mutex_unlock(&self->mutex);
            return now_us + MEMORY_RETRY_US;
        }
    }
}

uint64_t rk_producer_expire_staged(struct rk_producer *producer, uint64_t now_us)
{
    uint64_t next_us = RK_NEVER;
    struct rk_producer_topic *self, *next;
    for (self = SLIST_FIRST(&producer->staging); self; self = next) {
        next = SLIST_NEXT(self, staging_link);
        uint64_t expires_us = expire_topic(self, now_us);
        if (expires_us == RK_NEVER && atomic_load(&self->table)) {
            SLIST_REMOVE(&producer->staging, self, rk_producer_topic, staging_link);
            self->is_staging = false;
        }
        next_us = RK_MIN(next_us, expires_us);
    }
    return next_us;
}
