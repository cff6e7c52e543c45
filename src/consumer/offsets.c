/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/offsets.h"

#include <string.h>

#include "base/memory.h"
#include "cluster/offset_requests.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"

static struct rk_partition *find(struct rk_consumer *consumer,
                                 const rd_kafka_topic_partition_t *entry)
{
    rd_kafka_topic_t *topic =
        rk_topic_registry_find(rk_cluster_topics(consumer->cluster), entry->topic);
    return topic ? rk_partition_find(topic, entry->partition) : NULL;
}

void rk_offsets_position(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &list->elems[i];
        struct rk_partition *partition = find(consumer, entry);
        struct rk_cursor *cursor = partition ? rk_partition_acquire_cursor(partition) : NULL;
        entry->err = partition ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        entry->offset = RD_KAFKA_OFFSET_INVALID;
        if (cursor) {
            struct rk_cursor_values values = rk_cursor_read(cursor);
            entry->offset = values.position;
            rk_partition_entry_set_leader_epoch(entry, values.position_epoch);
        }
        rk_cursor_release(cursor);
    }
}

rd_kafka_resp_err_t rk_offsets_watermarks(rd_kafka_topic_t *topic, int32_t number, int64_t *low,
                                          int64_t *high)
{
    struct rk_partition *partition = rk_partition_find(topic, number);
    if (!partition)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (low)
        *low = atomic_load_explicit(&partition->watermarks.low, memory_order_relaxed);
    if (high)
        *high = atomic_load_explicit(&partition->watermarks.high, memory_order_relaxed);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Storing */

static void set_metadata(struct rk_partition *partition, const struct rk_cursor *cursor,
                         int64_t offset, const void *metadata, size_t size)
{
    char *copy = NULL;
    if (metadata && size) {
        copy = rk_malloc(size);
        memcpy(copy, metadata, size);
    }
    rk_mutex_lock(&partition->mutex);
    char *unused = copy;
    if (partition->shared.cursor == cursor) {
        unused = partition->shared.stored_metadata;
        partition->shared.stored_metadata = copy;
        partition->shared.stored_metadata_size = copy ? size : 0;
        partition->shared.stored_metadata_offset = offset;
    }
    rk_mutex_unlock(&partition->mutex);
    rk_free(unused);
}

rd_kafka_resp_err_t rk_offsets_store(rd_kafka_topic_t *topic, int32_t number, int64_t offset,
                                     int32_t leader_epoch, const void *metadata,
                                     size_t metadata_size)
{
    struct rk_partition *partition = rk_partition_find(topic, number);
    struct rk_cursor *cursor = partition ? rk_partition_acquire_cursor(partition) : NULL;
    if (!cursor)
        return RD_KAFKA_RESP_ERR__STATE;
    set_metadata(partition, cursor, offset, metadata, metadata_size);
    rk_cursor_store(cursor, offset, leader_epoch);
    rk_cursor_release(cursor);
    struct rk_consumer_group *group = partition->consumer->group;
    if (group)
        group->post_stored(group);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Asking brokers */

static bool reads_committed(struct rk_cluster *cluster)
{
    return rk_cluster_core(cluster)->conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
}

static rd_kafka_resp_err_t query_one(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                                     int32_t number, int64_t timestamp, uint64_t deadline_us,
                                     int64_t *offset)
{
    struct rk_offset_queries *queries = rk_offset_queries_new(cluster, 1);
    queries->deadline_us = deadline_us;
    queries->read_committed = reads_committed(cluster);
    queries->items[0].topic = topic;
    queries->items[0].partition = number;
    queries->items[0].timestamp = timestamp;
    rk_offset_queries_ask(queries);
    rd_kafka_resp_err_t err = queries->items[0].err;
    if (!err && offset)
        *offset = queries->items[0].offset;
    rk_offset_queries_destroy(queries);
    return err;
}

rd_kafka_resp_err_t rk_offsets_query_watermarks(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                                                int32_t number, uint64_t deadline_us, int64_t *low,
                                                int64_t *high)
{
    /* Two requests: a broker refuses one that names a partition twice. */
    rd_kafka_resp_err_t err =
        query_one(cluster, topic, number, RK_TIMESTAMP_EARLIEST, deadline_us, low);
    if (!err)
        err = query_one(cluster, topic, number, RK_TIMESTAMP_LATEST, deadline_us, high);
    return err;
}

static void take_results(const struct rk_offset_queries *queries,
                         rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct rk_offset_query *item = &queries->items[i];
        list->elems[i].err = item->err;
        if (item->err)
            continue;
        list->elems[i].offset = item->offset < 0 ? RD_KAFKA_OFFSET_END : item->offset;
        rk_partition_entry_set_leader_epoch(&list->elems[i], item->leader_epoch);
    }
}

rd_kafka_resp_err_t rk_offsets_for_times(struct rk_cluster *cluster,
                                         rd_kafka_topic_partition_list_t *list,
                                         uint64_t deadline_us)
{
    struct rk_offset_queries *queries = rk_offset_queries_new(cluster, list->cnt);
    queries->deadline_us = deadline_us;
    queries->read_committed = reads_committed(cluster);
    for (int i = 0; i < list->cnt; i++) {
        queries->items[i].topic = rk_topic_registry_find_or_add(rk_cluster_topics(cluster),
                                                                list->elems[i].topic, NULL, NULL);
        queries->items[i].partition = list->elems[i].partition;
        queries->items[i].timestamp = list->elems[i].offset;
    }
    rk_offset_queries_ask(queries);
    take_results(queries, list);
    rk_offset_queries_destroy(queries);
    rd_kafka_resp_err_t first = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++) {
        if (!list->elems[i].err)
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!first)
            first = list->elems[i].err;
    }
    return first;
}
