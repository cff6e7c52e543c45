/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/consumer_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "event/partition_list.h"

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
    while (copied < count && copy_topic(&topics[copied], &from->topic_partitions.items[copied])) {
        topics[copied].name = rk_strdup_or_null(find_name(target, &topics[copied].id));
        copied++;
    }
    if (copied < count) {
        drop_topics(topics, copied);
        return false;
    }
    qsort(topics, (size_t)count, sizeof(*topics), compare_topics);
    drop_topics(target->topics, target->count);
    target->topics = topics;
    target->count = count;
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

static void drop_repeated(rd_kafka_topic_partition_list_t *list)
{
    int kept = 0;
    rk_partition_list_sort(list, NULL, NULL);
    for (int i = 0; i + 1 < list->cnt; i++)
        kept += list->elems[i].partition == list->elems[i + 1].partition &&
                strcmp(list->elems[i].topic, list->elems[i + 1].topic) == 0;
    for (int i = list->cnt - 1; i > 0 && kept > 0; i--) {
        if (list->elems[i].partition != list->elems[i - 1].partition ||
            strcmp(list->elems[i].topic, list->elems[i - 1].topic) != 0)
            continue;
        rk_partition_list_remove(list, i);
        kept--;
    }
}

int32_t rk_consumer_target_count_missing(const struct rk_consumer_target *target)
{
    int32_t count = 0;
    for (int32_t i = 0; i < target->count; i++)
        count += !target->topics[i].name;
    return count;
}

void rk_consumer_target_learn(struct rk_consumer_target *target,
                              const char *(*name_of)(void *argument, const struct rk_uuid *id),
                              void *argument)
{
    for (int32_t i = 0; i < target->count; i++) {
        struct rk_consumer_target_topic *topic = &target->topics[i];
        if (!topic->name)
            topic->name = rk_strdup_or_null(name_of(argument, &topic->id));
    }
    remember_names(target);
}

static bool is_owned(const rd_kafka_topic_partition_list_t *owned, const char *name)
{
    for (int i = 0; i < owned->cnt; i++) {
        if (strcmp(owned->elems[i].topic, name) == 0)
            return true;
    }
    return false;
}

/* What has its name is another topic, of which partitions are owned still. */
static bool is_blocked(const struct rk_consumer_target *target,
                       const struct rk_consumer_target_topic *topic,
                       const rd_kafka_topic_partition_list_t *owned)
{
    for (int32_t i = 0; i < target->name_count; i++) {
        const struct rk_consumer_target_topic *other = &target->names[i];
        if (other->is_current && compare_topics(other, topic) != 0 &&
            strcmp(other->name, topic->name) == 0)
            return is_owned(owned, topic->name);
    }
    return false;
}

static void make_current(struct rk_consumer_target *target,
                         const struct rk_consumer_target_topic *topic)
{
    for (int32_t i = 0; i < target->name_count; i++) {
        struct rk_consumer_target_topic *name = &target->names[i];
        if (strcmp(name->name, topic->name) == 0)
            name->is_current = compare_topics(name, topic) == 0;
    }
}

rd_kafka_topic_partition_list_t *
rk_consumer_target_resolve(struct rk_consumer_target *target,
                           const rd_kafka_topic_partition_list_t *owned,
                           const char *(*name_of)(void *argument, const struct rk_uuid *id),
                           void *argument, bool *is_partial)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    rk_consumer_target_learn(target, name_of, argument);
    target->is_blocked = false;
    *is_partial = false;
    for (int32_t i = 0; i < target->count; i++) {
        const struct rk_consumer_target_topic *topic = &target->topics[i];
        bool waits = topic->name && is_blocked(target, topic, owned);
        target->is_blocked |= waits;
        if (!topic->name || waits) {
            *is_partial = true;
            continue;
        }
        make_current(target, topic);
        for (int32_t k = 0; k < topic->count; k++)
            rk_partition_list_add(list, topic->name, topic->partitions[k]);
    }
    drop_repeated(list);
    return list;
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

static const struct rk_uuid *id_of(const struct rk_consumer_target *target, const char *name)
{
    for (int32_t i = 0; i < target->name_count; i++) {
        if (target->names[i].is_current && strcmp(target->names[i].name, name) == 0)
            return &target->names[i].id;
    }
    return NULL;
}

bool rk_consumer_target_try_fill(struct rk_consumer_target *target,
                                 const rd_kafka_topic_partition_list_t *owned,
                                 struct rk_consumer_group_heartbeat_request *request,
                                 struct rk_arena *arena)
{
    const char *name = NULL;
    const struct rk_uuid *id = NULL;
    struct rk_consumer_group_heartbeat_request_topic *topic = NULL;
    int32_t *partitions = rk_arena_try_alloc(arena, (size_t)owned->cnt * sizeof(*partitions));
    request->topic_partitions.items =
        rk_consumer_group_heartbeat_request_topic_try_new(arena, owned->cnt);
    request->topic_partitions.count = 0;
    if (!partitions || !request->topic_partitions.items)
        return false;
    forget_others(target, owned);
    for (int i = 0; i < owned->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &owned->elems[i];
        if (!name || strcmp(name, partition->topic) != 0) {
            name = partition->topic;
            id = id_of(target, name);
            topic = NULL;
        }
        if (!id)
            continue; /* Taken by hand: the coordinator does not know it. */
        partitions[i] = partition->partition;
        if (!topic) {
            topic = &request->topic_partitions.items[request->topic_partitions.count++];
            topic->topic_id = *id;
            topic->partitions.items = &partitions[i];
        }
        topic->partitions.count++;
    }
    return true;
}
