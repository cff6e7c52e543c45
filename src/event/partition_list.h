/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of topic partitions: the public rd_kafka_topic_partition_list_t, with what an entry carries
 * behind `_private`: leader epochs and topic id.
 *
 * Owned by one thread at a time. Topic, metadata and the entries themselves come from the
 * application's allocator, for the application may set metadata of its own, which is freed with the
 * list.
 */
#ifndef RK_EVENT_PARTITION_LIST_H
#define RK_EVENT_PARTITION_LIST_H

#include "base/types.h"
#include "rdkafka.h"

/* -1: unknown. */
int32_t rk_partition_entry_leader_epoch(const rd_kafka_topic_partition_t *entry);
void rk_partition_entry_set_leader_epoch(rd_kafka_topic_partition_t *entry, int32_t leader_epoch);
int32_t rk_partition_entry_current_leader_epoch(const rd_kafka_topic_partition_t *entry);
void rk_partition_entry_set_current_leader_epoch(rd_kafka_topic_partition_t *entry, int32_t epoch);
/* All zero: unknown. */
struct rk_uuid rk_partition_entry_topic_id(const rd_kafka_topic_partition_t *entry);
void rk_partition_entry_set_topic_id(rd_kafka_topic_partition_t *entry, struct rk_uuid id);

/* An entry of its own; rk_partition_entry_destroy. */
rd_kafka_topic_partition_t *rk_partition_entry_new(const char *topic, int32_t partition);
void rk_partition_entry_destroy(rd_kafka_topic_partition_t *entry);

/* `size`: entries to make room for. */
rd_kafka_topic_partition_list_t *rk_partition_list_new(int size);
/* NULL is fine. */
void rk_partition_list_destroy(rd_kafka_topic_partition_list_t *list);
/* The new entry, offset RD_KAFKA_OFFSET_INVALID; valid until the next one is added. */
rd_kafka_topic_partition_t *rk_partition_list_add(rd_kafka_topic_partition_list_t *list,
                                                  const char *topic, int32_t partition);
/* Adds a copy of the entry and of all it carries. */
rd_kafka_topic_partition_t *rk_partition_list_add_copy(rd_kafka_topic_partition_list_t *list,
                                                       const rd_kafka_topic_partition_t *entry);
rd_kafka_topic_partition_list_t *
rk_partition_list_copy(const rd_kafka_topic_partition_list_t *list);
/* The entry or NULL. */
rd_kafka_topic_partition_t *rk_partition_list_find(const rd_kafka_topic_partition_list_t *list,
                                                   const char *topic, int32_t partition);
/* Of a sorted list: how many entries from `first` on have its topic. */
int rk_partition_list_count_topic(const rd_kafka_topic_partition_list_t *list, int first);
/* False when there is no entry at `index`; the rest keeps its order. */
bool rk_partition_list_remove(rd_kafka_topic_partition_list_t *list, int index);
/* By `compare`, NULL: by topic and partition. Equal ones keep their order. */
void rk_partition_list_sort(rd_kafka_topic_partition_list_t *list,
                            int (*compare)(const void *a, const void *b, void *opaque),
                            void *opaque);

#endif
