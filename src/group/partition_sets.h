/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of partitions as sets: sorted by topic and partition, each once. Pure; each returns a new
 * list.
 */
#ifndef RK_GROUP_PARTITION_SETS_H
#define RK_GROUP_PARTITION_SETS_H

#include <stdbool.h>

#include "rdkafka.h"

/* As rk_partition_list_sort() sorts. */
int rk_partition_set_compare(const rd_kafka_topic_partition_t *a,
                             const rd_kafka_topic_partition_t *b);
bool rk_partition_set_equal(const rd_kafka_topic_partition_list_t *a,
                            const rd_kafka_topic_partition_list_t *b);
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
