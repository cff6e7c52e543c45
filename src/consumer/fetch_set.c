/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/fetch_set.h"

#include <string.h>

#include "base/memory.h"

static void free_topic(struct rk_fetch_topic *topic)
{
    rk_free(topic->items);
    rk_free(topic);
}

void rk_fetch_set_clear(struct rk_fetch_set *set)
{
    for (int i = 0; i < set->topic_count; i++)
        free_topic(set->topics[i]);
    rk_free(set->topics);
    rk_free(set->forgotten);
    *set = (struct rk_fetch_set){0};
}

/* Topics */

static int index_of_topic(const struct rk_fetch_set *set, const rd_kafka_topic_t *topic)
{
    for (int i = 0; i < set->topic_count; i++) {
        int at = (set->hint + i) % set->topic_count;
        if (set->topics[at]->topic == topic)
            return at;
    }
    return -1;
}

static struct rk_fetch_topic *add_topic(struct rk_fetch_set *set, rd_kafka_topic_t *topic,
                                        const struct rk_uuid *id)
{
    if (set->topic_count == set->topic_capacity) {
        set->topic_capacity = RK_MAX(set->topic_capacity * 2, 4);
        set->topics = rk_realloc(set->topics, (size_t)set->topic_capacity * sizeof(*set->topics));
    }
    struct rk_fetch_topic *added = RK_NEW(struct rk_fetch_topic);
    added->topic = topic;
    added->id = *id;
    set->topics_without_id += rk_uuid_is_zero(id);
    set->hint = set->topic_count;
    set->topics[set->topic_count++] = added;
    return added;
}

static void remove_topic(struct rk_fetch_set *set, int index)
{
    set->topics_without_id -= rk_uuid_is_zero(&set->topics[index]->id);
    free_topic(set->topics[index]);
    set->topic_count--;
    memmove(&set->topics[index], &set->topics[index + 1],
            (size_t)(set->topic_count - index) * sizeof(*set->topics));
    set->hint = 0;
}

/* The same name with another id is another topic to the broker. */
static void set_id(struct rk_fetch_set *set, struct rk_fetch_topic *topic, const struct rk_uuid *id)
{
    if (rk_uuid_equal(&topic->id, id))
        return;
    for (int i = 0; i < topic->count; i++) {
        if (topic->items[i]->own.is_in_session)
            rk_fetch_set_forget(set, topic, topic->items[i]);
    }
    set->topics_without_id += rk_uuid_is_zero(id) - rk_uuid_is_zero(&topic->id);
    topic->id = *id;
}

void rk_fetch_set_set_topic_id(struct rk_fetch_set *set, rd_kafka_topic_t *topic,
                               const struct rk_uuid *id)
{
    int index = index_of_topic(set, topic);
    if (index >= 0)
        set_id(set, set->topics[index], id);
}

struct rk_fetch_topic *rk_fetch_set_find_topic(struct rk_fetch_set *set, const char *name,
                                               const struct rk_uuid *id)
{
    for (int i = 0; i < set->topic_count; i++) {
        int at = (set->hint + i) % set->topic_count;
        struct rk_fetch_topic *topic = set->topics[at];
        if (name ? strcmp(rk_topic_name(topic->topic), name) == 0 : rk_uuid_equal(&topic->id, id)) {
            set->hint = (at + 1) % set->topic_count;
            return topic;
        }
    }
    return NULL;
}

/* Partitions */

static int index_of(const struct rk_fetch_topic *topic, const struct rk_partition *partition)
{
    for (int i = 0; i < topic->count; i++) {
        if (topic->items[i] == partition)
            return i;
    }
    return -1;
}

void rk_fetch_set_add(struct rk_fetch_set *set, struct rk_partition *partition,
                      const struct rk_uuid *id)
{
    int index = index_of_topic(set, partition->topic);
    struct rk_fetch_topic *topic =
        index < 0 ? add_topic(set, partition->topic, id) : set->topics[index];
    set_id(set, topic, id);
    if (topic->count == topic->capacity) {
        topic->capacity = RK_MAX(topic->capacity * 2, 4);
        topic->items = rk_realloc(topic->items, (size_t)topic->capacity * sizeof(topic->items[0]));
    }
    topic->items[topic->count++] = partition;
    set->partition_count++;
}

void rk_fetch_set_remove(struct rk_fetch_set *set, struct rk_partition *partition)
{
    int topic_index = index_of_topic(set, partition->topic);
    struct rk_fetch_topic *topic = set->topics[topic_index];
    int index = index_of(topic, partition);
    if (partition->own.is_in_session)
        rk_fetch_set_forget(set, topic, partition);
    topic->count--;
    memmove(&topic->items[index], &topic->items[index + 1],
            (size_t)(topic->count - index) * sizeof(topic->items[0]));
    topic->hint = 0;
    set->partition_count--;
    if (topic->count == 0)
        remove_topic(set, topic_index);
}

bool rk_fetch_set_contains(const struct rk_fetch_set *set, const struct rk_partition *partition)
{
    int index = index_of_topic(set, partition->topic);
    return index >= 0 && index_of(set->topics[index], partition) >= 0;
}

struct rk_partition *rk_fetch_topic_find(struct rk_fetch_topic *topic, int32_t number)
{
    for (int i = 0; i < topic->count; i++) {
        int at = (topic->hint + i) % topic->count;
        if (topic->items[at]->number == number) {
            topic->hint = (at + 1) % topic->count;
            return topic->items[at];
        }
    }
    return NULL;
}

/* The session */

void rk_fetch_set_forget(struct rk_fetch_set *set, const struct rk_fetch_topic *topic,
                         struct rk_partition *partition)
{
    if (set->forgotten_count == set->forgotten_capacity) {
        set->forgotten_capacity = RK_MAX(set->forgotten_capacity * 2, 8);
        set->forgotten =
            rk_realloc(set->forgotten, (size_t)set->forgotten_capacity * sizeof(*set->forgotten));
    }
    partition->own.is_in_session = false;
    set->forgotten[set->forgotten_count++] = (struct rk_forgotten){
        .topic = rk_topic_name(topic->topic), .id = topic->id, .number = partition->number};
}

bool rk_fetch_set_is_forgotten(const struct rk_fetch_set *set, const struct rk_partition *partition)
{
    const char *name = rk_topic_name(partition->topic);
    for (int i = 0; i < set->forgotten_count; i++) {
        if (set->forgotten[i].topic == name && set->forgotten[i].number == partition->number)
            return true;
    }
    return false;
}

void rk_fetch_set_leave_session(struct rk_fetch_set *set)
{
    set->forgotten_count = 0;
    for (int t = 0; t < set->topic_count; t++) {
        for (int i = 0; i < set->topics[t]->count; i++)
            set->topics[t]->items[i]->own.is_in_session = false;
    }
}
