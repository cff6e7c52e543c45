/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/partition_sets.h"

#include <string.h>

#include "event/partition_list.h"

int rk_partition_set_compare(const rd_kafka_topic_partition_t *a,
                             const rd_kafka_topic_partition_t *b)
{
    int order = strcmp(a->topic, b->topic);
    return order ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

void rk_partition_set_make(rd_kafka_topic_partition_list_t *list)
{
    int kept = 0;
    rk_partition_list_sort(list, NULL, NULL);
    for (int i = 0; i < list->cnt; i++) {
        if (kept > 0 && rk_partition_set_compare(&list->elems[kept - 1], &list->elems[i]) == 0)
            continue;
        rd_kafka_topic_partition_t entry = list->elems[kept];
        list->elems[kept++] = list->elems[i];
        list->elems[i] = entry; /* Doubles gather at the end. */
    }
    while (list->cnt > kept)
        rk_partition_list_remove(list, list->cnt - 1);
}

/* Where the partition stands, or would. */
static int place_of(const rd_kafka_topic_partition_list_t *set, const char *topic,
                    int32_t partition)
{
    int low = 0, high = set->cnt;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(set->elems[middle].topic, topic);
        if (order < 0 || (order == 0 && set->elems[middle].partition < partition))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

rd_kafka_topic_partition_t *rk_partition_set_find_topic(const rd_kafka_topic_partition_list_t *set,
                                                        const char *topic)
{
    int place = place_of(set, topic, INT32_MIN);
    bool is_found = place < set->cnt && strcmp(set->elems[place].topic, topic) == 0;
    return is_found ? &set->elems[place] : NULL;
}

rd_kafka_topic_partition_t *rk_partition_set_find(const rd_kafka_topic_partition_list_t *set,
                                                  const char *topic, int32_t partition)
{
    int place = place_of(set, topic, partition);
    bool is_found = place < set->cnt && set->elems[place].partition == partition &&
                    strcmp(set->elems[place].topic, topic) == 0;
    return is_found ? &set->elems[place] : NULL;
}

rd_kafka_topic_partition_list_t *
rk_partition_set_subtract(const rd_kafka_topic_partition_list_t *from,
                          const rd_kafka_topic_partition_list_t *removed)
{
    rd_kafka_topic_partition_list_t *rest = rk_partition_list_new(from->cnt);
    for (int i = 0, r = 0; i < from->cnt; i++) {
        while (r < removed->cnt &&
               rk_partition_set_compare(&removed->elems[r], &from->elems[i]) < 0)
            r++;
        if (r == removed->cnt || rk_partition_set_compare(&removed->elems[r], &from->elems[i]) != 0)
            rk_partition_list_add_copy(rest, &from->elems[i]);
    }
    return rest;
}

rd_kafka_topic_partition_list_t *rk_partition_set_merge(const rd_kafka_topic_partition_list_t *a,
                                                        const rd_kafka_topic_partition_list_t *b)
{
    rd_kafka_topic_partition_list_t *all = rk_partition_set_subtract(a, b);
    for (int i = 0; i < b->cnt; i++)
        rk_partition_list_add_copy(all, &b->elems[i]);
    rk_partition_list_sort(all, NULL, NULL);
    return all;
}

rd_kafka_topic_partition_list_t *
rk_partition_set_of_other_topics(const rd_kafka_topic_partition_list_t *list,
                                 const rd_kafka_topic_partition_list_t *topics)
{
    rd_kafka_topic_partition_list_t *others = rk_partition_list_new(0);
    for (int i = 0, t = 0; i < list->cnt; i++) {
        while (t < topics->cnt && strcmp(topics->elems[t].topic, list->elems[i].topic) < 0)
            t++;
        if (t == topics->cnt || strcmp(topics->elems[t].topic, list->elems[i].topic) != 0)
            rk_partition_list_add_copy(others, &list->elems[i]);
    }
    return others;
}

bool rk_partition_set_same_topics(const rd_kafka_topic_partition_list_t *a,
                                  const rd_kafka_topic_partition_list_t *b)
{
    bool is_same = a->cnt == b->cnt;
    for (int i = 0; is_same && i < a->cnt; i++)
        is_same = strcmp(a->elems[i].topic, b->elems[i].topic) == 0;
    return is_same;
}
