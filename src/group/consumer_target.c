/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/consumer_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "event/partition_list.h"
#include "group/consumer_protocol.h"
#include "event/partition_sets.h"

static void drop_topics(struct rk_consumer_target_topic *topics, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        rk_free(topics[i].name);
        rk_free(topics[i].partitions);
    }
    rk_free(topics);
}

void rk_consumer_target_clear(struct rk_consumer_target *target)
{
    drop_topics(target->topics, target->count);
    drop_topics(target->names, target->name_count);
    *target = (struct rk_consumer_target){0};
}

static int compare_numbers(const void *one, const void *other)
{
    int32_t a = *(const int32_t *)one, b = *(const int32_t *)other;
    return (a > b) - (a < b);
}

static int compare_topics(const void *one, const void *other)
{
    const struct rk_consumer_target_topic *a = one, *b = other;
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));
}

/* Each partition takes some hundred bytes by name, four of an answer; so does a topic. */
bool rk_consumer_target_is_sound(
    const struct rk_consumer_group_heartbeat_answer_assignment *assignment)
{
    int64_t count = assignment->topic_partitions.count;
    for (int32_t i = 0; i < assignment->topic_partitions.count; i++) {
        if (rk_uuid_is_zero(&assignment->topic_partitions.items[i].topic_id))
            return false;
        count += assignment->topic_partitions.items[i].partitions.count;
    }
    return count <= RK_PROTOCOL_PARTITIONS_MAX;
}

static bool copy_topic(struct rk_consumer_target_topic *to,
                       const struct rk_consumer_group_heartbeat_answer_topic *from)
{
    size_t count = (size_t)from->partitions.count;
    to->id = from->topic_id;
    to->partitions = rk_try_malloc((count + 1) * sizeof(*to->partitions));
    if (!to->partitions)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (from->partitions.items[i] >= 0)
            to->partitions[to->count++] = from->partitions.items[i];
    }
    qsort(to->partitions, (size_t)to->count, sizeof(*to->partitions), compare_numbers);
    return true;
}

static const char *find_name(const struct rk_consumer_target *target, const struct rk_uuid *id)
{
    struct rk_consumer_target_topic key = {.id = *id};
    const struct rk_consumer_target_topic *found =
        target->name_count > 0
            ? bsearch(&key, target->names, (size_t)target->name_count, sizeof(key), compare_topics)
            : NULL;
    return found ? found->name : NULL;
}

bool rk_consumer_target_try_set(struct rk_consumer_target *target,
                                const struct rk_consumer_group_heartbeat_answer_assignment *from)
{
    int32_t count = from->topic_partitions.count, copied = 0;
    struct rk_consumer_target_topic *topics = rk_try_calloc((size_t)count + 1, sizeof(*topics));
    if (!topics)
        return false;
    for (int32_t i = 0; i < count; i++) {
        struct rk_consumer_target_topic *topic = &topics[copied];
        if (!copy_topic(topic, &from->topic_partitions.items[i])) {
            drop_topics(topics, copied);
            return false;
        }
        if (topic->count > 0) {
            topic->name = rk_strdup_or_null(find_name(target, &topic->id));
            copied++;
        } else { /* Of this one nothing is assigned. */
            rk_free(topic->partitions);
            topic->partitions = NULL;
        }
    }
    qsort(topics, (size_t)copied, sizeof(*topics), compare_topics);
    drop_topics(target->topics, target->count);
    target->topics = topics;
    target->count = copied;
    return true;
}

/* Both are in the order of ids, and so is what becomes of them. */
static void remember_names(struct rk_consumer_target *target)
{
    int32_t old = 0, count = 0;
    struct rk_consumer_target_topic *names =
        rk_calloc((size_t)target->count + (size_t)target->name_count + 1, sizeof(*names));
    for (int32_t i = 0; i < target->count; i++) {
        const struct rk_consumer_target_topic *topic = &target->topics[i];
        while (old < target->name_count && compare_topics(&target->names[old], topic) <= 0)
            names[count++] = target->names[old++];
        if (topic->name && (count == 0 || compare_topics(&names[count - 1], topic) != 0))
            names[count++] =
                (struct rk_consumer_target_topic){.id = topic->id, .name = rk_strdup(topic->name)};
    }
    while (old < target->name_count)
        names[count++] = target->names[old++];
    rk_free(target->names);
    target->names = names;
    target->name_count = count;
}

int32_t rk_consumer_target_count_missing(const struct rk_consumer_target *target)
{
    int32_t count = 0;
    for (int32_t i = 0; i < target->count; i++)
        count += !target->topics[i].name;
    return count;
}

void rk_consumer_target_learn(struct rk_consumer_target *target, const struct rk_uuid *id,
                              const char *name)
{
    int32_t first = 0, end = target->count;
    struct rk_consumer_target_topic key = {.id = *id};
    while (first < end) {
        int32_t middle = first + (end - first) / 2;
        if (compare_topics(&target->topics[middle], &key) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (; first < target->count && rk_uuid_equal(&target->topics[first].id, id); first++) {
        if (!target->topics[first].name)
            target->topics[first].name = rk_strdup(name);
    }
}

/* Names in their own order; several topics may have one. */

struct by_name {
    struct rk_consumer_target_topic **names;
    int32_t count;
};

static int compare_names(const void *one, const void *other)
{
    const struct rk_consumer_target_topic *const *a = one, *const *b = other;
    return strcmp((*a)->name, (*b)->name);
}

static struct by_name order_by_name(const struct rk_consumer_target *target)
{
    struct by_name index = {.count = target->name_count};
    index.names = rk_calloc((size_t)index.count + 1, sizeof(struct rk_consumer_target_topic *));
    for (int32_t i = 0; i < index.count; i++)
        index.names[i] = &target->names[i];
    qsort(index.names, (size_t)index.count, sizeof(index.names[0]), compare_names);
    return index;
}

static int32_t first_of_name(const struct by_name *index, const char *name)
{
    int32_t first = 0, end = index->count;
    while (first < end) {
        int32_t middle = first + (end - first) / 2;
        if (strcmp(index->names[middle]->name, name) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static struct rk_consumer_target_topic *find_current(const struct by_name *index, const char *name)
{
    for (int32_t i = first_of_name(index, name);
         i < index->count && strcmp(index->names[i]->name, name) == 0; i++) {
        if (index->names[i]->is_current)
            return index->names[i];
    }
    return NULL;
}

static bool is_owned(const rd_kafka_topic_partition_list_t *owned, const char *name)
{
    return rk_partition_set_find_topic(owned, name) != NULL;
}

/* What has its name is another topic, of which partitions are owned still. */
static bool is_blocked(const struct by_name *index, const struct rk_consumer_target_topic *topic,
                       const rd_kafka_topic_partition_list_t *owned)
{
    const struct rk_consumer_target_topic *current = find_current(index, topic->name);
    return current && compare_topics(current, topic) != 0 && is_owned(owned, topic->name);
}

static void make_current(const struct by_name *index, const struct rk_consumer_target_topic *topic)
{
    for (int32_t i = first_of_name(index, topic->name);
         i < index->count && strcmp(index->names[i]->name, topic->name) == 0; i++)
        index->names[i]->is_current = compare_topics(index->names[i], topic) == 0;
}

static bool is_assigned(const struct rk_consumer_target *target, const struct rk_uuid *id)
{
    struct rk_consumer_target_topic key = {.id = *id};
    return target->count > 0 && bsearch(&key, target->topics, (size_t)target->count, sizeof(key),
                                        compare_topics) != NULL;
}

static void forget_others(struct rk_consumer_target *target,
                          const rd_kafka_topic_partition_list_t *owned)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < target->name_count; i++) {
        struct rk_consumer_target_topic *name = &target->names[i];
        if (is_assigned(target, &name->id) || is_owned(owned, name->name))
            target->names[kept++] = *name;
        else
            rk_free(name->name);
    }
    target->name_count = kept;
}

rd_kafka_topic_partition_list_t *
rk_consumer_target_resolve(struct rk_consumer_target *target,
                           const rd_kafka_topic_partition_list_t *owned, bool *is_partial)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    remember_names(target);
    forget_others(target, owned);
    struct by_name index = order_by_name(target);
    target->is_blocked = false;
    *is_partial = false;
    for (int32_t i = 0; i < target->count; i++) {
        const struct rk_consumer_target_topic *topic = &target->topics[i];
        bool waits = topic->name && is_blocked(&index, topic, owned);
        target->is_blocked |= waits;
        if (!topic->name || waits) {
            *is_partial = true;
            continue;
        }
        make_current(&index, topic);
        for (int32_t k = 0; k < topic->count; k++)
            rk_partition_list_add(list, topic->name, topic->partitions[k]);
    }
    rk_free(index.names);
    rk_partition_set_make(list);
    return list;
}

bool rk_consumer_target_try_fill(struct rk_consumer_target *target,
                                 const rd_kafka_topic_partition_list_t *owned,
                                 struct rk_consumer_group_heartbeat_request *request,
                                 struct rk_arena *arena)
{
    const char *name = NULL;
    const struct rk_consumer_target_topic *known = NULL;
    struct rk_consumer_group_heartbeat_request_topic *topic = NULL;
    int32_t *partitions = rk_arena_try_alloc(arena, (size_t)owned->cnt * sizeof(*partitions));
    request->topic_partitions.items =
        rk_consumer_group_heartbeat_request_topic_try_new(arena, owned->cnt);
    request->topic_partitions.count = 0;
    if (!partitions || !request->topic_partitions.items)
        return false;
    forget_others(target, owned);
    struct by_name index = order_by_name(target);
    for (int i = 0; i < owned->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &owned->elems[i];
        if (!name || strcmp(name, partition->topic) != 0) {
            name = partition->topic;
            known = find_current(&index, name);
            topic = NULL;
        }
        if (!known)
            continue; /* Taken by hand: the coordinator does not know it. */
        partitions[i] = partition->partition;
        if (!topic) {
            topic = &request->topic_partitions.items[request->topic_partitions.count++];
            topic->topic_id = known->id;
            topic->partitions.items = &partitions[i];
        }
        topic->partitions.count++;
    }
    rk_free(index.names);
    return true;
}
