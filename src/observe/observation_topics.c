/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Topics and partitions of an observation: which there are, and what of them is known on
 * background.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "cluster/reason.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/partition_reason.h"
#include "observe/observation.h"
#include "producer/producer.h"
#include "producer/queue_reason.h"

struct walk {
    struct rk_observation *observation;
    const struct rk_snapshot *snapshot; /* NULL before the first metadata. */
    int capacity;                       /* Topics there is room for. */
};

static void init_partition(struct rk_observation *observation, struct rk_stats_partition *item,
                           int32_t number)
{
    const int64_t none = RD_KAFKA_OFFSET_INVALID;
    *item = (struct rk_stats_partition){
        .key = rk_observation_text(&observation->arena, "%d", (int)number),
        .partition = number,
        .broker = -1,
        .leader = -1,
        .fetch_state = "none",
        .query_offset = none,
        .next_offset = none,
        .app_offset = none,
        .stored_offset = none,
        .stored_leader_epoch = -1,
        .commited_offset = none,
        .committed_offset = none,
        .committed_leader_epoch = -1,
        .eof_offset = none,
        .lo_offset = none,
        .hi_offset = none,
        .ls_offset = none,
        .consumer_lag = -1,
        .consumer_lag_stored = -1,
        .leader_epoch = -1,
        .reason_code = rk_reason_code(RK_REASON_NOTHING),
        .reason = "nothing to do",
    };
}

/* Somebody works on it through that broker, whose loop has its look later. */
static void belongs_to(struct rk_observation *observation, struct rk_stats_partition *item,
                       const void *identity, const struct rk_broker *broker)
{
    struct rk_stats_broker *found = rk_observation_find_broker(observation, broker->id);
    item->broker = broker->id;
    item->identity = identity;
    item->reason_code = rk_reason_code(RK_REASON_HANDOVER);
    item->reason = "it changes hands";
    if (!found)
        return;
    item->next_of_broker = found->partitions;
    found->partitions = item;
}

/* Producer */

static void see_queue(struct rk_observation *observation, struct rk_stats_partition *item,
                      struct rk_partition_queue *queue) RK_ON_BACKGROUND
{
    struct rk_sender *sender = queue->known.current;
    item->leader = queue->known.leader;
    item->leader_epoch = queue->known.leader_epoch;
    item->unknown = rk_partition_queue_closed_err(queue) != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (sender->broker) {
        belongs_to(observation, item, queue, sender->broker);
        return;
    }
    rk_on_broker(sender->loop); /* The orphans': it is this one. */
    struct rk_reason reason;
    item->identity = queue;
    rk_observation_see_queue(item, queue);
    rk_queue_reason_find(sender, queue, observation->now_us, &reason);
    rk_observation_set_reason(&observation->arena, item, &reason, observation->now_us);
}

static void see_staging(struct rk_observation *observation, struct rk_stats_partition *item,
                        const rd_kafka_topic_t *topic)
{
    struct rk_producer_topic *self = topic->producer;
    const struct rk_staged *staged;
    rk_mutex_lock(&self->mutex);
    STAILQ_FOREACH (staged, &self->shared.staged, link) {
        item->msgq_cnt++;
        item->msgq_bytes += RK_MAX(staged->record.key_size, 0);
        item->msgq_bytes += RK_MAX(staged->record.value_size, 0);
    }
    rk_mutex_unlock(&self->mutex);
    item->msgs = item->msgq_cnt;
    if (item->msgq_cnt == 0)
        return;
    struct rk_reason reason;
    rk_queue_reason_of_staging(topic, &reason);
    rk_observation_set_reason(&observation->arena, item, &reason, observation->now_us);
}

static void see_batches(const struct rk_observation *observation, struct rk_stats_topic *item,
                        struct rk_producer_topic *topic)
{
    bool resets = observation->resets_windows;
    rk_mutex_lock(&topic->mutex);
    rk_window_summarize(&topic->shared.batch_bytes, &item->batchsize, resets);
    rk_window_summarize(&topic->shared.batch_messages, &item->batchcnt, resets);
    rk_mutex_unlock(&topic->mutex);
}

static void see_producer_topic(struct rk_observation *observation, struct rk_stats_topic *item,
                               rd_kafka_topic_t *topic) RK_ON_BACKGROUND
{
    const struct rk_partition_table *table =
        atomic_load_explicit(&topic->producer->table, memory_order_acquire);
    int32_t count = table ? table->count : 0;
    item->partitions.count = count + 1;
    item->partitions.items = rk_calloc((size_t)count + 1, sizeof(*item->partitions.items));
    for (int32_t i = 0; i < count; i++) {
        init_partition(observation, &item->partitions.items[i], i);
        see_queue(observation, &item->partitions.items[i], table->queues[i]);
    }
    init_partition(observation, &item->partitions.items[count], RD_KAFKA_PARTITION_UA);
    see_staging(observation, &item->partitions.items[count], topic);
    see_batches(observation, item, topic->producer);
}

/* Consumer */

static const char *state_of(const struct rk_partition *partition) RK_ON_BACKGROUND
{
    switch (partition->known.state) {
    case RK_PARTITION_STOPPED:
        return partition->known.fetcher ? "stopping" : "none";
    case RK_PARTITION_LOOKING_UP:
        return partition->known.look_up ? "offset-wait" : "offset-query";
    case RK_PARTITION_READY:
        return "active";
    case RK_PARTITION_FAILED:
        break;
    }
    return "stopped";
}

static int64_t lag_of(int64_t position, int64_t end)
{
    return position >= 0 && position <= end ? end - position : -1;
}

static void see_offsets(const struct rk_observation *observation, struct rk_stats_partition *item,
                        struct rk_partition *partition) RK_ON_BACKGROUND
{
    const struct rk_conf *conf = observation->subject.core->conf;
    bool is_committed = conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
    item->lo_offset = atomic_load_explicit(&partition->watermarks.low, memory_order_relaxed);
    item->hi_offset = atomic_load_explicit(&partition->watermarks.high, memory_order_relaxed);
    item->ls_offset = atomic_load_explicit(&partition->watermarks.stable, memory_order_relaxed);
    struct rk_cursor *cursor = rk_partition_acquire_cursor(partition);
    if (!cursor)
        return;
    struct rk_cursor_values values = rk_cursor_read(cursor);
    rk_cursor_release(cursor);
    int64_t end = is_committed ? item->ls_offset : item->hi_offset;
    item->app_offset = values.position;
    item->stored_offset = values.stored;
    item->stored_leader_epoch = values.stored_epoch;
    item->committed_offset = item->commited_offset = partition->known.committed;
    item->committed_leader_epoch = partition->known.committed_epoch;
    item->consumer_lag = lag_of(item->committed_offset, end);
    item->consumer_lag_stored = lag_of(item->stored_offset, end);
}

static void see_received(struct rk_stats_partition *item, const struct rk_partition *partition)
{
    item->fetchq_cnt = atomic_load_explicit(&partition->prefetch->messages, memory_order_relaxed);
    item->fetchq_size = atomic_load_explicit(&partition->prefetch->bytes, memory_order_relaxed);
    item->rxmsgs =
        (int64_t)atomic_load_explicit(&partition->stats.received_messages, memory_order_relaxed);
    item->rxbytes =
        (int64_t)atomic_load_explicit(&partition->stats.received_bytes, memory_order_relaxed);
    item->rx_ver_drops =
        (int64_t)atomic_load_explicit(&partition->stats.void_messages, memory_order_relaxed);
    item->msgs = item->rxmsgs;
}

static void see_partition(struct rk_observation *observation, struct rk_stats_partition *item,
                          struct rk_partition *partition) RK_ON_BACKGROUND
{
    item->desired = partition->known.state != RK_PARTITION_STOPPED;
    item->fetch_state = state_of(partition);
    if (partition->known.state == RK_PARTITION_LOOKING_UP)
        item->query_offset = partition->known.wanted;
    if (partition->known.state == RK_PARTITION_READY)
        item->next_offset = partition->known.position.offset;
    see_received(item, partition);
    see_offsets(observation, item, partition);
    if (partition->known.fetcher) {
        belongs_to(observation, item, partition, partition->known.fetcher->broker);
        return;
    }
    struct rk_reason reason;
    rk_partition_reason_find_known(partition, observation->now_us, &reason);
    rk_observation_set_reason(&observation->arena, item, &reason, observation->now_us);
}

static bool is_simple(const struct rk_partition *partition) RK_ON_BACKGROUND
{
    return partition->known.state != RK_PARTITION_STOPPED && !partition->known.is_assigned;
}

static void see_metadata(struct rk_stats_partition *item, const struct rk_snapshot_topic *data)
{
    const struct rk_snapshot_partition *partition =
        data ? rk_snapshot_find_partition(data, (int32_t)item->partition) : NULL;
    item->unknown = !partition;
    if (!partition)
        return;
    item->leader = partition->leader;
    item->leader_epoch = partition->leader_epoch;
}

/* Those that metadata names, with the others that the application has named among them, by number.
 */
static void see_consumer_topic(struct walk *walk, struct rk_stats_topic *item,
                               rd_kafka_topic_t *topic,
                               const struct rk_snapshot_topic *data) RK_ON_BACKGROUND
{
    struct rk_observation *observation = walk->observation;
    int32_t known_count = data ? data->partition_count : 0;
    int named_count = 0, at = 0;
    while (rk_partition_at(topic, named_count))
        named_count++;
    while (at < named_count && rk_partition_at(topic, at)->number < 0)
        at++; /* Such a one there cannot be. */
    size_t most = (size_t)known_count + (size_t)named_count + 1;
    item->partitions.items = rk_calloc(most, sizeof(*item->partitions.items));
    for (int32_t number = 0; number < known_count || at < named_count; number++) {
        struct rk_partition *named = at < named_count ? rk_partition_at(topic, at) : NULL;
        if (number >= known_count)
            number = named->number;
        if (named && named->number != number)
            named = NULL;
        struct rk_stats_partition *partition = &item->partitions.items[item->partitions.count++];
        init_partition(observation, partition, number);
        see_metadata(partition, data);
        if (named) {
            at++;
            observation->stats.simple_cnt += is_simple(named);
            see_partition(observation, partition, named);
        }
    }
    init_partition(observation, &item->partitions.items[item->partitions.count++],
                   RD_KAFKA_PARTITION_UA);
}

/* Topics */

static void count_topic(rd_kafka_topic_t *topic, void *argument)
{
    (void)topic;
    (*(int *)argument)++;
}

static void see_topic(rd_kafka_topic_t *topic, void *argument) RK_ON_BACKGROUND
{
    struct walk *walk = argument;
    struct rk_observation *observation = walk->observation;
    struct rk_stats_topic *item = &observation->stats.topics.items[observation->stats.topics.count];
    if (observation->stats.topics.count == walk->capacity)
        return; /* It came after they were counted. */
    const struct rk_snapshot_topic *data =
        walk->snapshot ? rk_snapshot_find_topic(walk->snapshot, rk_topic_name(topic)) : NULL;
    item->topic = item->key = rk_observation_text(&observation->arena, "%s", rk_topic_name(topic));
    item->age =
        (int64_t)(observation->now_us - RK_MIN(topic->created_us, observation->now_us)) / 1000;
    if (data)
        item->metadata_age = RK_MAX(
            (int64_t)(observation->now_us - RK_MIN(data->seen_us, observation->now_us)) / 1000, 1);
    if (topic->producer)
        see_producer_topic(observation, item, topic);
    else
        see_consumer_topic(walk, item, topic, data);
    observation->stats.topics.count++;
}

/* "topic-partition" of those that are worked on through a broker. */
static void list_parts(struct rk_observation *observation, struct rk_stats_topic *topic)
{
    for (int i = 0; i < topic->partitions.count; i++) {
        struct rk_stats_partition *partition = &topic->partitions.items[i];
        struct rk_stats_broker *broker =
            partition->broker >= 0
                ? rk_observation_find_broker(observation, (int32_t)partition->broker)
                : NULL;
        if (!broker)
            continue;
        int count = broker->toppars.count++;
        broker->toppars.items =
            rk_realloc(broker->toppars.items, ((size_t)count + 1) * sizeof(*broker->toppars.items));
        broker->toppars.items[count] = (struct rk_stats_part){
            .key = rk_observation_text(&observation->arena, "%s-%s", topic->topic, partition->key),
            .topic = topic->topic,
            .partition = partition->partition,
        };
    }
}

void rk_observation_see_topics(struct rk_observation *observation)
{
    struct rk_cluster *cluster = observation->subject.cluster;
    struct rk_topic_registry *registry = rk_cluster_topics(cluster);
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(cluster);
    struct walk walk = {.observation = observation, .snapshot = snapshot};
    int count = 0;
    observation->stats.metadata_cache_cnt = snapshot ? snapshot->topic_count : 0;
    rk_topic_registry_visit(registry, count_topic, &count);
    walk.capacity = count;
    observation->stats.topics.items =
        rk_calloc((size_t)count + 1, sizeof(*observation->stats.topics.items));
    rk_topic_registry_visit(registry, see_topic, &walk);
    rk_snapshot_release(snapshot);
    for (int i = 0; i < observation->stats.topics.count; i++)
        list_parts(observation, &observation->stats.topics.items[i]);
}
