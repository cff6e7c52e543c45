/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_topic.h"

#include "base/random.h"
#include "mock/mock_broker.h"
#include "mock/mock_fetch.h"
#include "mock/mock_state.h"

bool rk_mock_topic_is_name_valid(const char *name)
{
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return length > 0 && length <= RK_MOCK_TOPIC_NAME_MAX && name[length] == '\0' &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

struct rk_mock_topic *rk_mock_topic_find(struct rk_mock_cluster *cluster, const char *name)
{
    struct rk_mock_topic *topic;
    HASH_FIND(by_name, cluster->own.topics, name, strlen(name), topic);
    return topic;
}

struct rk_mock_topic *rk_mock_topic_find_id(struct rk_mock_cluster *cluster,
                                            const struct rk_uuid *id)
{
    struct rk_mock_topic *topic;
    HASH_FIND(by_id, cluster->own.topics_by_id, id, sizeof(*id), topic);
    return topic;
}

struct rk_mock_topic *rk_mock_topic_create(struct rk_mock_cluster *cluster, const char *name,
                                           int32_t partition_count, int32_t replication)
{
    if (HASH_CNT(by_name, cluster->own.topics) >= RK_MOCK_TOPICS_MAX)
        return NULL;
    struct rk_mock_topic *topic = RK_NEW(struct rk_mock_topic);
    topic->references = 1;
    topic->name = rk_strdup(name);
    topic->replication = replication;
    do
        rk_random_bytes(topic->id.bytes, sizeof(topic->id.bytes));
    while (rk_uuid_is_zero(&topic->id));
    HASH_ADD_KEYPTR(by_name, cluster->own.topics, topic->name, strlen(topic->name), topic);
    cluster->own.topics_version++;
    HASH_ADD(by_id, cluster->own.topics_by_id, id, sizeof(topic->id), topic);
    rk_mock_topic_grow(cluster, topic, partition_count);
    return topic;
}

static struct rk_mock_partition *new_partition(struct rk_mock_cluster *cluster,
                                               struct rk_mock_topic *topic, int32_t index)
{
    struct rk_mock_partition *partition = RK_NEW(struct rk_mock_partition);
    partition->topic = topic;
    partition->index = index;
    partition->leader_id = -1;
    partition->leader_epoch = -1;
    partition->follower_id = -1;
    partition->follower_start = -1;
    partition->follower_end = -1;
    STAILQ_INIT(&partition->leader_responses);
    LIST_INIT(&partition->waiting);

    int32_t broker_count = cluster->own.broker_count;
    partition->replica_count = RK_MIN(topic->replication, broker_count);
    partition->replicas =
        rk_calloc((size_t)partition->replica_count + 1, sizeof(*partition->replicas));
    for (int32_t i = 0; i < partition->replica_count; i++)
        partition->replicas[i] = rk_mock_broker_at(cluster, (index + i) % broker_count)->id;
    rk_mock_partition_set_leader(partition,
                                 partition->replica_count > 0 ? partition->replicas[0] : -1);
    return partition;
}

void rk_mock_topic_grow(struct rk_mock_cluster *cluster, struct rk_mock_topic *topic,
                        int32_t partition_count)
{
    if (partition_count <= topic->partition_count)
        return;
    topic->partitions =
        rk_realloc(topic->partitions, (size_t)partition_count * sizeof(*topic->partitions));
    for (int32_t i = topic->partition_count; i < partition_count; i++)
        topic->partitions[i] = new_partition(cluster, topic, i);
    topic->partition_count = partition_count;
    cluster->own.topics_version++;
}

void rk_mock_topic_delete(struct rk_mock_cluster *cluster, struct rk_mock_topic *topic)
{
    HASH_DELETE(by_name, cluster->own.topics, topic);
    HASH_DELETE(by_id, cluster->own.topics_by_id, topic);
    topic->is_deleted = true;
    cluster->own.topics_version++;
    for (int32_t i = 0; i < topic->partition_count; i++)
        rk_mock_fetch_wake(topic->partitions[i]);
    rk_mock_topic_release(topic);
}

struct rk_mock_topic *rk_mock_topic_acquire(struct rk_mock_topic *topic)
{
    topic->references++;
    return topic;
}

static void destroy_partition(struct rk_mock_partition *partition)
{
    RK_ASSERT(LIST_EMPTY(&partition->waiting));
    while (!STAILQ_EMPTY(&partition->leader_responses)) {
        struct rk_mock_leader_response *response = STAILQ_FIRST(&partition->leader_responses);
        STAILQ_REMOVE_HEAD(&partition->leader_responses, link);
        rk_free(response);
    }
    rk_mock_log_clear(&partition->log);
    rk_mock_sequences_clear(&partition->sequences);
    rk_mock_injections_clear(&partition->injections);
    rk_free(partition->replicas);
    rk_free(partition);
}

void rk_mock_topic_release(struct rk_mock_topic *topic)
{
    if (--topic->references > 0)
        return;
    for (int32_t i = 0; i < topic->partition_count; i++)
        destroy_partition(topic->partitions[i]);
    rk_free(topic->partitions);
    rk_free(topic->name);
    rk_free(topic);
}

struct rk_mock_partition *rk_mock_topic_partition(struct rk_mock_topic *topic, int32_t index)
{
    return index >= 0 && index < topic->partition_count ? topic->partitions[index] : NULL;
}

struct rk_mock_partition *rk_mock_topic_need_partition(struct rk_mock_cluster *cluster,
                                                       const char *name, int32_t index)
{
    if (index < 0 || index >= RK_MOCK_PARTITIONS_MAX || !name || !rk_mock_topic_is_name_valid(name))
        return NULL;
    struct rk_mock_topic *topic = rk_mock_topic_find(cluster, name);
    if (!topic)
        topic = rk_mock_topic_create(cluster, name, RK_MAX(index + 1, RK_MOCK_PARTITIONS_DEFAULT),
                                     RK_MOCK_REPLICATION_DEFAULT);
    if (!topic)
        return NULL;
    rk_mock_topic_grow(cluster, topic, index + 1);
    return topic->partitions[index];
}

/* A leader is a replica: it takes the place of the last one, or an empty one. */
static void ensure_replica(struct rk_mock_partition *partition, int32_t broker_id)
{
    for (int32_t i = 0; i < partition->replica_count; i++) {
        if (partition->replicas[i] == broker_id)
            return;
    }
    if (partition->replica_count == 0)
        partition->replica_count = 1;
    partition->replicas[partition->replica_count - 1] = broker_id;
}

void rk_mock_partition_set_leader(struct rk_mock_partition *partition, int32_t broker_id)
{
    if (broker_id >= 0)
        ensure_replica(partition, broker_id);
    partition->leader_id = broker_id;
    partition->leader_epoch++;
    rk_mock_log_begin_epoch(&partition->log, partition->leader_epoch);
    rk_mock_fetch_wake(partition);
}

static void leave_broker(struct rk_mock_cluster *cluster, struct rk_mock_partition *partition,
                         int32_t broker_id)
{
    int32_t leader_id = -1, kept = 0;
    for (int32_t i = 0; i < partition->replica_count; i++) {
        if (partition->replicas[i] != broker_id)
            partition->replicas[kept++] = partition->replicas[i];
    }
    partition->replica_count = kept;
    if (partition->follower_id == broker_id)
        partition->follower_id = -1;
    if (partition->leader_id != broker_id)
        return;
    if (kept > 0)
        leader_id = partition->replicas[0];
    else if (cluster->own.broker_count > 0)
        leader_id = rk_mock_broker_at(cluster, partition->index % cluster->own.broker_count)->id;
    rk_mock_partition_set_leader(partition, leader_id);
}

void rk_mock_topics_leave_broker(struct rk_mock_cluster *cluster, int32_t broker_id)
{
    struct rk_mock_topic *topic, *next;
    HASH_ITER(by_name, cluster->own.topics, topic, next)
    {
        for (int32_t i = 0; i < topic->partition_count; i++)
            leave_broker(cluster, topic->partitions[i], broker_id);
    }
}
