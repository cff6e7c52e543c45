/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/partition.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/conf.h"
#include "consumer/closest_replica.h"
#include "consumer/consumer_private.h"

/* Life */

static struct rk_partition *new_partition(rd_kafka_topic_t *topic, int32_t number)
{
    struct rk_consumer *consumer = topic->consumer->consumer;
    const struct rk_conf *conf = consumer->core->conf;
    struct rk_partition *partition = RK_NEW(struct rk_partition);
    partition->consumer = consumer;
    partition->topic = topic;
    partition->number = number;
    partition->queue = rk_queue_new(consumer->core, "partition");
    if (consumer->queue)
        rk_queue_forward(partition->queue, consumer->queue);
    partition->budget = rk_budget_new(consumer->budget_limit);
    partition->prefetch = rk_prefetch_new(consumer->room, conf->queued_min_messages);
    atomic_init(&partition->watermarks.low, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&partition->watermarks.high, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&partition->watermarks.stable, RD_KAFKA_OFFSET_INVALID);
    rk_mutex_init(&partition->mutex, RK_RANK_PARTITION);
    partition->known.leader = -1;
    partition->known.leader_epoch = -1;
    rk_closest_init(&partition->known.closest);
    return partition;
}

/* Nobody consumes it, and no loop knows it. */
static void destroy(struct rk_partition *partition)
{
    rk_cursor_release(partition->shared.cursor);
    rk_free(partition->shared.stored_metadata);
    rk_queue_release(partition->queue);
    rk_budget_release(partition->budget);
    rk_prefetch_release(partition->prefetch);
    rk_mutex_clear(&partition->mutex);
    rk_free(partition);
}

void rk_consumer_topic_init(void *consumer, rd_kafka_topic_t *topic)
{
    struct rk_consumer_topic *self = RK_NEW(struct rk_consumer_topic);
    self->consumer = consumer;
    rk_mutex_init(&self->mutex, RK_RANK_PARTITION);
    topic->consumer = self;
}

void rk_consumer_topic_clear(rd_kafka_topic_t *topic)
{
    struct rk_consumer_topic *self = topic->consumer;
    for (int i = 0; i < self->shared.count; i++)
        destroy(self->shared.items[i]);
    rk_free(self->shared.items);
    rk_mutex_clear(&self->mutex);
    rk_free(self);
}

struct rk_consumer *rk_partition_consumer(const rd_kafka_topic_t *topic)
{
    return topic->consumer->consumer;
}

/* The table */

/* Where it stands, or would. */
static int place_of(const struct rk_consumer_topic *self, int32_t number) RK_REQUIRES(self->mutex)
{
    int low = 0, high = self->shared.count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (self->shared.items[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct rk_partition *find(const struct rk_consumer_topic *self, int32_t number)
    RK_REQUIRES(self->mutex)
{
    int place = place_of(self, number);
    if (place == self->shared.count || self->shared.items[place]->number != number)
        return NULL;
    return self->shared.items[place];
}

struct rk_partition *rk_partition_find(rd_kafka_topic_t *topic, int32_t number)
{
    struct rk_consumer_topic *self = topic->consumer;
    rk_mutex_lock(&self->mutex);
    struct rk_partition *partition = find(self, number);
    rk_mutex_unlock(&self->mutex);
    return partition;
}

static void insert(struct rk_consumer_topic *self, struct rk_partition *partition)
    RK_REQUIRES(self->mutex)
{
    if (self->shared.count == self->shared.capacity) {
        self->shared.capacity = RK_MAX(self->shared.capacity * 2, 4);
        self->shared.items = rk_realloc(self->shared.items, (size_t)self->shared.capacity *
                                                                sizeof(*self->shared.items));
    }
    int place = place_of(self, partition->number);
    memmove(&self->shared.items[place + 1], &self->shared.items[place],
            (size_t)(self->shared.count - place) * sizeof(*self->shared.items));
    self->shared.items[place] = partition;
    self->shared.count++;
}

struct rk_partition *rk_partition_find_or_add(rd_kafka_topic_t *topic, int32_t number)
{
    struct rk_consumer_topic *self = topic->consumer;
    struct rk_partition *partition = rk_partition_find(topic, number);
    if (partition)
        return partition;
    struct rk_partition *made = new_partition(topic, number);
    rk_mutex_lock(&self->mutex);
    partition = find(self, number);
    if (!partition)
        insert(self, made);
    rk_mutex_unlock(&self->mutex);
    if (!partition)
        return made;
    destroy(made);
    return partition;
}

bool rk_partition_is_known(rd_kafka_topic_t *topic, int32_t number)
{
    if (rk_partition_find(topic, number))
        return true;
    struct rk_snapshot *snapshot =
        rk_cluster_acquire_snapshot(rk_partition_consumer(topic)->cluster);
    const struct rk_snapshot_topic *data =
        snapshot ? rk_snapshot_find_topic(snapshot, rk_topic_name(topic)) : NULL;
    bool is_known = data && number >= 0 && number < data->partition_count;
    rk_snapshot_release(snapshot);
    return is_known;
}

struct rk_partition *rk_partition_at(rd_kafka_topic_t *topic, int index)
{
    struct rk_consumer_topic *self = topic->consumer;
    rk_mutex_lock(&self->mutex);
    struct rk_partition *partition = index < self->shared.count ? self->shared.items[index] : NULL;
    rk_mutex_unlock(&self->mutex);
    return partition;
}

/* What is shared */

struct rk_cursor *rk_partition_acquire_cursor(struct rk_partition *partition)
{
    rk_mutex_lock(&partition->mutex);
    struct rk_cursor *cursor = partition->shared.cursor;
    if (cursor)
        rk_cursor_acquire(cursor);
    rk_mutex_unlock(&partition->mutex);
    return cursor;
}

void rk_partition_set_cursor(struct rk_partition *partition, struct rk_cursor *cursor)
{
    rk_mutex_lock(&partition->mutex);
    struct rk_cursor *before = partition->shared.cursor;
    char *metadata = partition->shared.stored_metadata;
    partition->shared.cursor = cursor;
    partition->shared.stored_metadata = NULL;
    partition->shared.stored_metadata_size = 0;
    rk_mutex_unlock(&partition->mutex);
    rk_cursor_release(before);
    rk_free(metadata);
}

void rk_partition_push_error(struct rk_partition *partition, const struct rk_error_place *place,
                             rd_kafka_resp_err_t err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *what = rk_text_formatv(format, arguments);
    va_end(arguments);
    char *text = rk_text_format("%s [%d]: %s", rk_topic_name(partition->topic),
                                (int)partition->number, what);
    rk_queue_push(partition->queue, rk_event_new_partition_error(err, partition->topic,
                                                                 partition->number, text, place));
    rk_free(text);
    rk_free(what);
}

void rk_partition_drop_void(struct rk_partition *partition)
{
    size_t dropped = rk_queue_remove(partition->queue, rk_message_batch_is_void, NULL);
    atomic_fetch_add_explicit(&partition->stats.void_messages, dropped, memory_order_relaxed);
}
