/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/partition_sets.h"

#include <string.h>

#include "event/partition_list.h"

int rk_partition_set_compare(const rd_kafka_topic_partition_t *a,
                             const rd_kafka_topic_partition_t *b)
{
    int order = strcmp(a->topic, b->topic);
    return order ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

bool rk_partition_set_equal(const rd_kafka_topic_partition_list_t *a,
                            const rd_kafka_topic_partition_list_t *b)
{
    if (a->cnt != b->cnt)
        return false;
    for (int i = 0; i < a->cnt; i++) {
        if (rk_partition_set_compare(&a->elems[i], &b->elems[i]) != 0)
            return false;
    }
    return true;
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
