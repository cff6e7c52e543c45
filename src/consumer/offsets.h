/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets as the application asks for and stores them. Application threads; what blocks says so.
 */
#ifndef RK_CONSUMER_OFFSETS_H
#define RK_CONSUMER_OFFSETS_H

#include "consumer/consumer.h"

/* Entries' offset (INVALID: nothing handed out yet), leader epoch and err: 0 or _UNKNOWN_PARTITION.
 */
void rk_offsets_position(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list);
/* What a broker told last; INVALID: nothing yet. _UNKNOWN_PARTITION */
rd_kafka_resp_err_t rk_offsets_watermarks(rd_kafka_topic_t *topic, int32_t number, int64_t *low,
                                          int64_t *high);
/* Stores an offset to be committed. `metadata` is copied; may be NULL. _STATE when
 * the partition is not consumed. */
rd_kafka_resp_err_t rk_offsets_store(rd_kafka_topic_t *topic, int32_t number, int64_t offset,
                                     int32_t leader_epoch, const void *metadata,
                                     size_t metadata_size);

/* The two below block until the deadline at most, and are for any client. */

/* The offset of the oldest message and the one behind the newest. _TIMED_OUT, _UNKNOWN_PARTITION,
 * or a broker's error. */
rd_kafka_resp_err_t rk_offsets_query_watermarks(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                                                int32_t number, uint64_t deadline_us, int64_t *low,
                                                int64_t *high);
/* Entries' offset is a time in milliseconds, and becomes an offset, RD_KAFKA_OFFSET_END when there
 * is none; err is set. Returns the first error, 0 if any succeeded. */
rd_kafka_resp_err_t rk_offsets_for_times(struct rk_cluster *cluster,
                                         rd_kafka_topic_partition_list_t *list,
                                         uint64_t deadline_us);

#endif
