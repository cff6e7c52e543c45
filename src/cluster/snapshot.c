/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "wire/messages.h"

#define ARENA_LIMIT          ((size_t)1 << 30)
#define EPOCHS_TRUSTED_SINCE 9
/* A broker lags behind the others for less than that. */
#define OLDER_EPOCHS_BELIEVED_US 10000000u
/* Brokers name all partitions of a topic, or most of them while they start: numbers far beyond how
 * many there are make no honest answer, and would make a small answer a large snapshot. */
#define MAX_PARTITION_NUMBER(count) (4 * (int64_t)(count) + 64)
/* More than any cluster has. What an answer names beyond is left out, as each costs memory for good
 * wherever it is used. */
#define MAX_PARTITIONS 262144
#define MAX_BROKERS    10000

/* A snapshot with the arena that all it points to lives in. */
struct owned_snapshot {
    struct rk_snapshot snapshot;
    struct rk_arena arena;
};

static struct owned_snapshot *owned(struct rk_snapshot *snapshot)
{
    return rk_container_of(snapshot, struct owned_snapshot, snapshot);
}

struct rk_snapshot *rk_snapshot_acquire(struct rk_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void rk_snapshot_release(struct rk_snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
        return;
    rk_arena_clear(&owned(snapshot)->arena);
    rk_free(owned(snapshot));
}

/* Look-up */

static int compare_topic(const void *name, const void *item)
{
    return strcmp(name, (*(struct rk_snapshot_topic *const *)item)->name);
}

const struct rk_snapshot_topic *rk_snapshot_find_topic(const struct rk_snapshot *snapshot,
                                                       const char *name)
{
    if (!snapshot || snapshot->topic_count == 0)
        return NULL;
    struct rk_snapshot_topic **found =
        bsearch(name, snapshot->topics, (size_t)snapshot->topic_count, sizeof(*snapshot->topics),
                compare_topic);
    return found ? *found : NULL;
}

const struct rk_snapshot_partition *
rk_snapshot_find_partition(const struct rk_snapshot_topic *topic, int32_t partition)
{
    return topic && partition >= 0 && partition < topic->partition_count
               ? &topic->partitions[partition]
               : NULL;
}

static int compare_broker(const void *id, const void *item)
{
    int32_t a = *(const int32_t *)id, b = ((const struct rk_snapshot_broker *)item)->id;
    return (a > b) - (a < b);
}

const struct rk_snapshot_broker *rk_snapshot_find_broker(const struct rk_snapshot *snapshot,
                                                         int32_t id)
{
    if (!snapshot || snapshot->broker_count == 0)
        return NULL;
    return bsearch(&id, snapshot->brokers, (size_t)snapshot->broker_count,
                   sizeof(*snapshot->brokers), compare_broker);
}

/* Building. Everything goes into the arena; a lack of memory is noticed once, at the end. */

struct builder {
    struct owned_snapshot *made;
    bool failed;
};

static void *build(struct builder *builder, size_t size)
{
    void *memory = builder->failed ? NULL : rk_arena_try_alloc(&builder->made->arena, size);
    builder->failed |= !memory;
    return memory;
}

static const char *build_text(struct builder *builder, const char *text)
{
    if (!text)
        return NULL;
    char *copy = build(builder, strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

static int32_t *build_ids(struct builder *builder, const int32_t *ids, int32_t count)
{
    int32_t *copy = build(builder, (size_t)RK_MAX(count, 0) * sizeof(*ids));
    if (copy && count > 0)
        memcpy(copy, ids, (size_t)count * sizeof(*ids));
    return copy;
}

static bool begin(struct builder *builder)
{
    *builder = (struct builder){.made = rk_try_calloc(1, sizeof(struct owned_snapshot))};
    if (!builder->made)
        return false;
    rk_arena_init(&builder->made->arena, ARENA_LIMIT);
    atomic_init(&builder->made->snapshot.references, 1);
    builder->made->snapshot.controller_id = -1;
    builder->made->snapshot.answered_by = -1;
    return true;
}

static struct rk_snapshot *finish(struct builder *builder)
{
    struct rk_snapshot *snapshot = &builder->made->snapshot;
    if (!builder->failed)
        return snapshot;
    rk_snapshot_release(snapshot);
    return NULL;
}

static int order_brokers(const void *a, const void *b)
{
    return compare_broker(&((const struct rk_snapshot_broker *)a)->id, b);
}

static int order_topics(const void *a, const void *b)
{
    return compare_topic((*(struct rk_snapshot_topic *const *)a)->name, b);
}

/* Sorts by id; of several with the same id the first of the sorted stays. */
static void order_and_dedupe(struct rk_snapshot *snapshot)
{
    int32_t kept = 0;
    if (snapshot->broker_count > 0)
        qsort(snapshot->brokers, (size_t)snapshot->broker_count, sizeof(*snapshot->brokers),
              order_brokers);
    for (int32_t i = 0; i < snapshot->broker_count; i++) {
        if (i == 0 || snapshot->brokers[i].id != snapshot->brokers[kept - 1].id)
            snapshot->brokers[kept++] = snapshot->brokers[i];
    }
    snapshot->broker_count = kept;
}

static void build_brokers(struct builder *builder, const struct rk_metadata_answer *answer)
{
    struct rk_snapshot *snapshot = &builder->made->snapshot;
    int32_t count = RK_MAX(answer->brokers.count, 0);
    snapshot->brokers = build(builder, (size_t)count * sizeof(*snapshot->brokers));
    for (int32_t i = 0; i < count && !builder->failed; i++) {
        const struct rk_metadata_answer_broker *broker = &answer->brokers.items[i];
        if (broker->node_id < 0 || broker->port <= 0 || broker->port > UINT16_MAX ||
            !broker->host || !*broker->host)
            continue;
        snapshot->brokers[snapshot->broker_count++] = (struct rk_snapshot_broker){
            .id = broker->node_id,
            .host = build_text(builder, broker->host),
            .port = (uint16_t)broker->port,
            .rack = build_text(builder, broker->rack),
        };
    }
    order_and_dedupe(snapshot);
    snapshot->broker_count = RK_MIN(snapshot->broker_count, MAX_BROKERS);
}

static void copy_partition(struct builder *builder, struct rk_snapshot_partition *to,
                           const struct rk_snapshot_partition *from)
{
    *to = *from;
    to->replicas = build_ids(builder, from->replicas, from->replica_count);
    to->isrs = build_ids(builder, from->isrs, from->isr_count);
}

static struct rk_snapshot_topic *copy_topic(struct builder *builder,
                                            const struct rk_snapshot_topic *from)
{
    struct rk_snapshot_topic *to = build(builder, sizeof(*to));
    if (!to)
        return NULL;
    *to = *from;
    to->name = build_text(builder, from->name);
    to->partitions = build(builder, (size_t)from->partition_count * sizeof(*to->partitions));
    for (int32_t i = 0; i < from->partition_count && to->partitions; i++)
        copy_partition(builder, &to->partitions[i], &from->partitions[i]);
    return to;
}

/* An older epoch than the one known comes from a broker that lags behind: what is known stays. */
static bool is_stale(const struct rk_snapshot_topic *topic,
                     const struct rk_snapshot_topic *before_topic, int32_t partition, int32_t epoch)
{
    const struct rk_snapshot_partition *before =
        rk_snapshot_find_partition(before_topic, partition);
    if (!before || before->leader_epoch < 0 || epoch < 0)
        return false;
    if (!rk_uuid_is_zero(&topic->id) && !rk_uuid_equal(&topic->id, &before_topic->id))
        return false;
    return epoch < before->leader_epoch;
}

static void build_partition(struct builder *builder, const struct rk_snapshot_merge *merge,
                            const struct rk_snapshot_topic *topic,
                            const struct rk_snapshot_topic *before_topic,
                            const struct rk_metadata_answer_partition *from)
{
    struct rk_snapshot_partition *to = &topic->partitions[from->partition_index];
    int32_t epoch = merge->version >= EPOCHS_TRUSTED_SINCE ? from->leader_epoch : -1;
    if (is_stale(topic, before_topic, from->partition_index, epoch)) {
        const struct rk_snapshot_partition *before =
            &before_topic->partitions[from->partition_index];
        uint64_t since_us = before->older_since_us ? before->older_since_us : merge->now_us;
        if (merge->now_us - since_us < OLDER_EPOCHS_BELIEVED_US) {
            copy_partition(builder, to, before);
            to->older_since_us = since_us;
            return;
        }
    }
    to->err = rk_error_of_broker(from->error_code);
    to->leader = from->leader_id >= 0 ? from->leader_id : -1;
    to->leader_epoch = epoch;
    to->replica_count = RK_MAX(from->replica_nodes.count, 0);
    to->replicas = build_ids(builder, from->replica_nodes.items, to->replica_count);
    to->isr_count = RK_MAX(from->isr_nodes.count, 0);
    to->isrs = build_ids(builder, from->isr_nodes.items, to->isr_count);
}

static int32_t count_partitions(const struct rk_metadata_answer_topic *from)
{
    int32_t count = 0;
    for (int32_t i = 0; i < from->partitions.count; i++) {
        int32_t index = from->partitions.items[i].partition_index;
        if (index >= count && index < MAX_PARTITION_NUMBER(from->partitions.count) &&
            index < MAX_PARTITIONS)
            count = index + 1;
    }
    return count;
}

/* An answer without partitions for a topic that was there means that it is on its way: what is
 * known stays. */
static bool keeps_what_is_known(const struct rk_metadata_answer_topic *from,
                                const struct rk_snapshot_topic *before)
{
    return before && before->partition_count > 0 && from->partitions.count <= 0 &&
           from->error_code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

static struct rk_snapshot_topic *build_topic(struct builder *builder,
                                             const struct rk_snapshot_merge *merge,
                                             const struct rk_metadata_answer_topic *from)
{
    const struct rk_snapshot_topic *before = rk_snapshot_find_topic(merge->before, from->name);
    struct rk_snapshot_topic *to;
    if (keeps_what_is_known(from, before)) {
        to = copy_topic(builder, before);
        if (to)
            to->err = rk_error_of_broker(from->error_code);
        return to;
    }
    to = build(builder, sizeof(*to));
    if (!to)
        return NULL;
    to->name = build_text(builder, from->name);
    to->id = from->topic_id;
    to->err = rk_error_of_broker(from->error_code);
    to->seen_us = merge->now_us;
    to->partition_count = count_partitions(from);
    to->partitions = build(builder, (size_t)to->partition_count * sizeof(*to->partitions));
    if (!to->partitions)
        return NULL;
    for (int32_t i = 0; i < to->partition_count; i++)
        to->partitions[i] = (struct rk_snapshot_partition){
            .err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, .leader = -1, .leader_epoch = -1};
    for (int32_t i = 0; i < from->partitions.count; i++) {
        const struct rk_metadata_answer_partition *partition = &from->partitions.items[i];
        if (partition->partition_index >= 0 && partition->partition_index < to->partition_count)
            build_partition(builder, merge, to, before, partition);
    }
    return to;
}

/* Sorts by name; of several with the same name one stays. */
static void dedupe_topics(struct rk_snapshot *snapshot)
{
    int32_t kept = 0;
    if (snapshot->topic_count > 0)
        qsort(snapshot->topics, (size_t)snapshot->topic_count, sizeof(*snapshot->topics),
              order_topics);
    for (int32_t i = 0; i < snapshot->topic_count; i++) {
        if (i == 0 || strcmp(snapshot->topics[i]->name, snapshot->topics[kept - 1]->name) != 0)
            snapshot->topics[kept++] = snapshot->topics[i];
    }
    snapshot->topic_count = kept;
}

static void build_topics(struct builder *builder, const struct rk_snapshot_merge *merge)
{
    struct rk_snapshot *snapshot = &builder->made->snapshot;
    int32_t answered = RK_MAX(merge->answer->topics.count, 0);
    int32_t kept = merge->before && !merge->is_complete ? merge->before->topic_count : 0;
    snapshot->topics = build(builder, (size_t)(answered + kept) * sizeof(*snapshot->topics));
    for (int32_t i = 0; i < answered && !builder->failed; i++) {
        const struct rk_metadata_answer_topic *topic = &merge->answer->topics.items[i];
        if (topic->name)
            snapshot->topics[snapshot->topic_count++] = build_topic(builder, merge, topic);
    }
    if (builder->failed)
        return;
    dedupe_topics(snapshot);
    int32_t fresh = snapshot->topic_count;
    for (int32_t i = 0; i < kept && !builder->failed; i++) {
        const struct rk_snapshot_topic *topic = merge->before->topics[i];
        struct rk_snapshot fresh_only = *snapshot;
        fresh_only.topic_count = fresh;
        if (!rk_snapshot_find_topic(&fresh_only, topic->name))
            snapshot->topics[snapshot->topic_count++] = copy_topic(builder, topic);
    }
    if (!builder->failed && snapshot->topic_count > fresh)
        qsort(snapshot->topics, (size_t)snapshot->topic_count, sizeof(*snapshot->topics),
              order_topics);
}

struct rk_snapshot *rk_snapshot_try_merge(const struct rk_snapshot_merge *merge)
{
    struct builder builder;
    if (!begin(&builder))
        return NULL;
    struct rk_snapshot *snapshot = &builder.made->snapshot;
    const char *cluster_id = merge->answer->cluster_id;
    if (!cluster_id && merge->before)
        cluster_id = merge->before->cluster_id;
    snapshot->cluster_id = build_text(&builder, cluster_id);
    snapshot->controller_id = merge->answer->controller_id;
    snapshot->answered_by = merge->answered_by;
    build_brokers(&builder, merge->answer);
    build_topics(&builder, merge);
    return finish(&builder);
}

/* Leader hints */

static void copy_broker(struct builder *builder, const struct rk_snapshot_broker *from)
{
    struct rk_snapshot *snapshot = &builder->made->snapshot;
    if (builder->failed)
        return;
    snapshot->brokers[snapshot->broker_count++] = (struct rk_snapshot_broker){
        .id = from->id,
        .host = build_text(builder, from->host),
        .port = from->port,
        .rack = build_text(builder, from->rack),
    };
}

/* Whether it is among the first `count`, which are few and in no order. */
static bool has_broker(const struct rk_snapshot *snapshot, int32_t count, int32_t id)
{
    for (int32_t i = 0; i < count; i++) {
        if (snapshot->brokers[i].id == id)
            return true;
    }
    return false;
}

/* Those of the hints, which know newer addresses, and those known. */
static void copy_brokers(struct builder *builder, const struct rk_snapshot *before,
                         const struct rk_leader_hint *hints, int hint_count)
{
    struct rk_snapshot *snapshot = &builder->made->snapshot;
    size_t count = (size_t)before->broker_count;
    for (int i = 0; i < hint_count; i++)
        count += (size_t)hints[i].endpoint_count;
    snapshot->brokers = build(builder, count * sizeof(*snapshot->brokers));
    for (int i = 0; i < hint_count && !builder->failed; i++) {
        for (int32_t k = 0; k < hints[i].endpoint_count; k++) {
            if (!has_broker(snapshot, snapshot->broker_count, hints[i].endpoints[k].id))
                copy_broker(builder, &hints[i].endpoints[k]);
        }
    }
    int32_t hinted = snapshot->broker_count;
    for (int32_t i = 0; i < before->broker_count; i++) {
        if (!has_broker(snapshot, hinted, before->brokers[i].id))
            copy_broker(builder, &before->brokers[i]);
    }
    order_and_dedupe(snapshot);
}

static void move_leader(struct rk_snapshot *snapshot, const struct rk_leader_hint *hint)
{
    const struct rk_snapshot_topic *topic = rk_snapshot_find_topic(snapshot, hint->topic);
    if (!topic || hint->partition < 0 || hint->partition >= topic->partition_count)
        return;
    struct rk_snapshot_partition *partition = &topic->partitions[hint->partition];
    if (hint->leader_epoch <= partition->leader_epoch)
        return;
    partition->leader = hint->leader;
    partition->leader_epoch = hint->leader_epoch;
    partition->older_since_us = 0;
    partition->err = RD_KAFKA_RESP_ERR_NO_ERROR;
}

struct rk_snapshot *rk_snapshot_try_move_leaders(const struct rk_snapshot *before,
                                                 const struct rk_leader_hint *hints, int count)
{
    struct builder builder;
    if (!begin(&builder))
        return NULL;
    struct rk_snapshot *snapshot = &builder.made->snapshot;
    snapshot->cluster_id = build_text(&builder, before->cluster_id);
    snapshot->controller_id = before->controller_id;
    snapshot->answered_by = before->answered_by;
    copy_brokers(&builder, before, hints, count);
    snapshot->topics = build(&builder, (size_t)before->topic_count * sizeof(*snapshot->topics));
    for (int32_t i = 0; i < before->topic_count && !builder.failed; i++)
        snapshot->topics[snapshot->topic_count++] = copy_topic(&builder, before->topics[i]);
    for (int i = 0; i < count && !builder.failed; i++)
        move_leader(snapshot, &hints[i]);
    return finish(&builder);
}
