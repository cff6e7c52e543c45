/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of partitions as sets: sorted by topic and partition, each once. Pure; lists that are
 * returned are new.
 */
#ifndef RK_EVENT_PARTITION_SETS_H
#define RK_EVENT_PARTITION_SETS_H

#include <stdbool.h>

#include "rdkafka.h"

/* Makes any list a set. */
void rk_partition_set_make(rd_kafka_topic_partition_list_t *list);
/* NULL: it is not in there. */
rd_kafka_topic_partition_t *rk_partition_set_find(const rd_kafka_topic_partition_list_t *set,
                                                  const char *topic, int32_t partition);
/* The first of the topic. */
rd_kafka_topic_partition_t *rk_partition_set_find_topic(const rd_kafka_topic_partition_list_t *set,
                                                        const char *topic);

/* As rk_partition_list_sort() sorts. */
int rk_partition_set_compare(const rd_kafka_topic_partition_t *a,
                             const rd_kafka_topic_partition_t *b);
rd_kafka_topic_partition_list_t *
rk_partition_set_subtract(const rd_kafka_topic_partition_list_t *from,
                          const rd_kafka_topic_partition_list_t *removed);
rd_kafka_topic_partition_list_t *rk_partition_set_merge(const rd_kafka_topic_partition_list_t *a,
                                                        const rd_kafka_topic_partition_list_t *b);
/* Those of `list` whose topic is not among `topics`, which is sorted too. */
rd_kafka_topic_partition_list_t *
rk_partition_set_of_other_topics(const rd_kafka_topic_partition_list_t *list,
                                 const rd_kafka_topic_partition_list_t *topics);

/* The same names in the same order, whatever the partitions. */
bool rk_partition_set_same_topics(const rd_kafka_topic_partition_list_t *a,
                                  const rd_kafka_topic_partition_list_t *b);

#endif
