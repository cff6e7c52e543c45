/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/partition_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

/* Behind an entry's _private, from the first time one of these is set. */
struct entry_details {
    int32_t leader_epoch;
    int32_t current_leader_epoch;
    struct rk_uuid topic_id;
};

static const struct entry_details no_details = {-1, -1, {{0}}};

static const struct entry_details *details_of(const rd_kafka_topic_partition_t *entry)
{
    return entry->_private ? entry->_private : &no_details;
}

static struct entry_details *make_details(rd_kafka_topic_partition_t *entry)
{
    if (!entry->_private) {
        entry->_private = rk_malloc(sizeof(struct entry_details));
        memcpy(entry->_private, &no_details, sizeof(no_details));
    }
    return entry->_private;
}

int32_t rk_partition_entry_leader_epoch(const rd_kafka_topic_partition_t *entry)
{
    return details_of(entry)->leader_epoch;
}

void rk_partition_entry_set_leader_epoch(rd_kafka_topic_partition_t *entry, int32_t leader_epoch)
{
    if (leader_epoch != details_of(entry)->leader_epoch)
        make_details(entry)->leader_epoch = leader_epoch;
}

int32_t rk_partition_entry_current_leader_epoch(const rd_kafka_topic_partition_t *entry)
{
    return details_of(entry)->current_leader_epoch;
}

void rk_partition_entry_set_current_leader_epoch(rd_kafka_topic_partition_t *entry, int32_t epoch)
{
    if (epoch != details_of(entry)->current_leader_epoch)
        make_details(entry)->current_leader_epoch = epoch;
}

struct rk_uuid rk_partition_entry_topic_id(const rd_kafka_topic_partition_t *entry)
{
    return details_of(entry)->topic_id;
}

void rk_partition_entry_set_topic_id(rd_kafka_topic_partition_t *entry, struct rk_uuid id)
{
    if (!rk_uuid_equal(&id, &details_of(entry)->topic_id))
        make_details(entry)->topic_id = id;
}

/* Entries */

/* Memory that the application sees, for small things: there is no error to return. */
static void *must_have(void *memory)
{
    RK_ASSERT(memory);
    return memory;
}

static void init_entry(rd_kafka_topic_partition_t *entry, const char *topic, int32_t partition)
{
    *entry = (rd_kafka_topic_partition_t){.topic = must_have(rk_app_strdup(topic)),
                                          .partition = partition,
                                          .offset = RD_KAFKA_OFFSET_INVALID};
}

static void clear_entry(rd_kafka_topic_partition_t *entry)
{
    rk_app_free(entry->topic);
    rk_app_free(entry->metadata);
    rk_free(entry->_private);
}

rd_kafka_topic_partition_t *rk_partition_entry_new(const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_t *entry = must_have(rk_app_malloc(sizeof(*entry)));
    init_entry(entry, topic, partition);
    return entry;
}

void rk_partition_entry_destroy(rd_kafka_topic_partition_t *entry)
{
    if (!entry)
        return;
    clear_entry(entry);
    rk_app_free(entry);
}

/* Lists */

static void reserve(rd_kafka_topic_partition_list_t *list, int size)
{
    if (size <= list->size)
        return;
    list->elems = must_have(rk_app_realloc(list->elems, (size_t)size * sizeof(*list->elems)));
    list->size = size;
}

rd_kafka_topic_partition_list_t *rk_partition_list_new(int size)
{
    rd_kafka_topic_partition_list_t *list = must_have(rk_app_calloc(1, sizeof(*list)));
    reserve(list, size);
    return list;
}

void rk_partition_list_destroy(rd_kafka_topic_partition_list_t *list)
{
    if (!list)
        return;
    for (int i = 0; i < list->cnt; i++)
        clear_entry(&list->elems[i]);
    rk_app_free(list->elems);
    rk_app_free(list);
}

rd_kafka_topic_partition_t *rk_partition_list_add(rd_kafka_topic_partition_list_t *list,
                                                  const char *topic, int32_t partition)
{
    if (list->cnt == list->size)
        reserve(list, list->size ? list->size * 2 : 8);
    rd_kafka_topic_partition_t *entry = &list->elems[list->cnt++];
    init_entry(entry, topic, partition);
    return entry;
}

rd_kafka_topic_partition_t *rk_partition_list_add_copy(rd_kafka_topic_partition_list_t *list,
                                                       const rd_kafka_topic_partition_t *entry)
{
    rd_kafka_topic_partition_t *copy = rk_partition_list_add(list, entry->topic, entry->partition);
    copy->offset = entry->offset;
    copy->opaque = entry->opaque;
    copy->err = entry->err;
    if (entry->metadata && entry->metadata_size) {
        copy->metadata = must_have(rk_app_malloc(entry->metadata_size));
        memcpy(copy->metadata, entry->metadata, entry->metadata_size);
        copy->metadata_size = entry->metadata_size;
    }
    if (entry->_private)
        *make_details(copy) = *details_of(entry);
    return copy;
}

rd_kafka_topic_partition_list_t *rk_partition_list_copy(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *copy = rk_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        rk_partition_list_add_copy(copy, &list->elems[i]);
    return copy;
}

rd_kafka_topic_partition_t *rk_partition_list_find(const rd_kafka_topic_partition_list_t *list,
                                                   const char *topic, int32_t partition)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &list->elems[i];
        if (entry->partition == partition && strcmp(entry->topic, topic) == 0)
            return entry;
    }
    return NULL;
}

int rk_partition_list_count_topic(const rd_kafka_topic_partition_list_t *list, int first)
{
    int count = 1;
    while (first + count < list->cnt &&
           strcmp(list->elems[first + count].topic, list->elems[first].topic) == 0)
        count++;
    return count;
}

bool rk_partition_list_remove(rd_kafka_topic_partition_list_t *list, int index)
{
    if (index < 0 || index >= list->cnt)
        return false;
    clear_entry(&list->elems[index]);
    list->cnt--;
    memmove(&list->elems[index], &list->elems[index + 1],
            (size_t)(list->cnt - index) * sizeof(*list->elems));
    return true;
}

static int compare_by_name(const void *a, const void *b, void *opaque)
{
    const rd_kafka_topic_partition_t *left = a, *right = b;
    (void)opaque;
    int order = strcmp(left->topic, right->topic);
    return order ? order
                 : (left->partition > right->partition) - (left->partition < right->partition);
}

/* Merges two sorted runs that lie behind each other into `to`. */
static void merge(const rd_kafka_topic_partition_t *left, int left_count, int right_count,
                  rd_kafka_topic_partition_t *to,
                  int (*compare)(const void *a, const void *b, void *opaque), void *opaque)
{
    const rd_kafka_topic_partition_t *right = left + left_count;
    while (left_count && right_count) {
        if (compare(left, right, opaque) <= 0) {
            *to++ = *left++;
            left_count--;
        } else {
            *to++ = *right++;
            right_count--;
        }
    }
    memcpy(to, left, (size_t)left_count * sizeof(*to));
    memcpy(to + left_count, right, (size_t)right_count * sizeof(*to));
}

void rk_partition_list_sort(rd_kafka_topic_partition_list_t *list,
                            int (*compare)(const void *a, const void *b, void *opaque),
                            void *opaque)
{
    int count = list->cnt;
    if (count < 2)
        return;
    if (!compare)
        compare = compare_by_name;
    rd_kafka_topic_partition_t *from = list->elems;
    rd_kafka_topic_partition_t *to = must_have(rk_app_malloc((size_t)list->size * sizeof(*to)));
    for (int64_t run = 1; run < count; run *= 2) {
        for (int64_t at = 0; at < count; at += 2 * run) {
            int left = (int)RK_MIN(run, count - at);
            int right = (int)RK_MIN(run, count - at - left);
            merge(from + at, left, right, to + at, compare, opaque);
        }
        rd_kafka_topic_partition_t *sorted = to;
        to = from;
        from = sorted;
    }
    /* The entries stay where they are: the application may hold pointers to them. */
    if (from != list->elems) {
        memcpy(to, from, (size_t)count * sizeof(*to));
        to = from;
    }
    rk_app_free(to);
}
