/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_topic_partition_*(): entries and lists of partitions.
 */
#include "event/partition_list.h"

void rd_kafka_topic_partition_destroy(rd_kafka_topic_partition_t *rktpar)
{
    rk_partition_entry_destroy(rktpar);
}

void rd_kafka_topic_partition_set_leader_epoch(rd_kafka_topic_partition_t *rktpar,
                                               int32_t leader_epoch)
{
    rk_partition_entry_set_leader_epoch(rktpar, leader_epoch);
}

int32_t rd_kafka_topic_partition_get_leader_epoch(const rd_kafka_topic_partition_t *rktpar)
{
    return rk_partition_entry_leader_epoch(rktpar);
}

rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_new(int size)
{
    return rk_partition_list_new(size);
}

void rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *rkparlist)
{
    rk_partition_list_destroy(rkparlist);
}

rd_kafka_topic_partition_t *
rd_kafka_topic_partition_list_add(rd_kafka_topic_partition_list_t *rktparlist, const char *topic,
                                  int32_t partition)
{
    return rk_partition_list_add(rktparlist, topic, partition);
}

void rd_kafka_topic_partition_list_add_range(rd_kafka_topic_partition_list_t *rktparlist,
                                             const char *topic, int32_t start, int32_t stop)
{
    for (int64_t partition = start; partition <= stop; partition++)
        rk_partition_list_add(rktparlist, topic, (int32_t)partition);
}

int rd_kafka_topic_partition_list_del(rd_kafka_topic_partition_list_t *rktparlist,
                                      const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_t *entry = rk_partition_list_find(rktparlist, topic, partition);
    return entry && rk_partition_list_remove(rktparlist, (int)(entry - rktparlist->elems));
}

int rd_kafka_topic_partition_list_del_by_idx(rd_kafka_topic_partition_list_t *rktparlist, int idx)
{
    return rk_partition_list_remove(rktparlist, idx);
}

rd_kafka_topic_partition_list_t *
rd_kafka_topic_partition_list_copy(const rd_kafka_topic_partition_list_t *src)
{
    return rk_partition_list_copy(src);
}

rd_kafka_resp_err_t
rd_kafka_topic_partition_list_set_offset(rd_kafka_topic_partition_list_t *rktparlist,
                                         const char *topic, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_t *entry = rk_partition_list_find(rktparlist, topic, partition);
    if (!entry)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    entry->offset = offset;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_topic_partition_t *
rd_kafka_topic_partition_list_find(const rd_kafka_topic_partition_list_t *rktparlist,
                                   const char *topic, int32_t partition)
{
    return rk_partition_list_find(rktparlist, topic, partition);
}

void rd_kafka_topic_partition_list_sort(rd_kafka_topic_partition_list_t *rktparlist,
                                        int (*cmp)(const void *a, const void *b, void *cmp_opaque),
                                        void *cmp_opaque)
{
    rk_partition_list_sort(rktparlist, cmp, cmp_opaque);
}
