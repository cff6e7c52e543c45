/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an application has consumed: assignments, and partitions started one by one; seek, pause and
 * resume of them.
 *
 * Application threads; the work is done on background while they wait, so that what was fetched
 * before is void when a call returns.
 */
#ifndef RK_CONSUMER_ASSIGNMENT_H
#define RK_CONSUMER_ASSIGNMENT_H

#include "consumer/consumer.h"

/* Replaces the assignment; NULL or empty: ends it. A partition that stays begins anew at the
 * entry's offset. borrows: list. _UNKNOWN_GROUP, _INVALID_ARG, _FATAL, _DESTROY; _STATE when a
 * group's protocol wants the other kind of change. */
rd_kafka_resp_err_t rk_assignment_set(struct rk_consumer *consumer,
                                      const rd_kafka_topic_partition_list_t *list);
/* The same by a group, on background; what does not fit is left out. borrows: list */
void rk_assignment_set_here(struct rk_consumer *consumer,
                            const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;
void rk_assignment_add_here(struct rk_consumer *consumer,
                            const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;
void rk_assignment_remove_here(struct rk_consumer *consumer,
                               const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;
/* Any of these is assigned. */
bool rk_assignment_has_any(struct rk_consumer *consumer,
                           const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;
/* Nothing of these is handed out until they are assigned anew. */
void rk_assignment_withhold(struct rk_consumer *consumer,
                            const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;
/* Adds to it. _CONFLICT for what is assigned already; nothing is done then. */
rd_kafka_resp_err_t rk_assignment_add(struct rk_consumer *consumer,
                                      const rd_kafka_topic_partition_list_t *list);
/* _INVALID_ARG for what is not assigned; nothing is done then. */
rd_kafka_resp_err_t rk_assignment_remove(struct rk_consumer *consumer,
                                         const rd_kafka_topic_partition_list_t *list);
/* A copy, the caller's. */
rd_kafka_topic_partition_list_t *rk_assignment_copy(struct rk_consumer *consumer);

/* rd_kafka_consume_start(): messages go to `queue`, or to the partition's own when NULL. Offsets as
 * of rk_position_is_valid. */
rd_kafka_resp_err_t rk_assignment_start_one(rd_kafka_topic_t *topic, int32_t number, int64_t offset,
                                            rd_kafka_queue_t *queue);
/* _UNKNOWN_PARTITION when it was not started. */
rd_kafka_resp_err_t rk_assignment_stop_one(rd_kafka_topic_t *topic, int32_t number);

/* Each entry's err is set: 0, _STATE for one that is not consumed, _INVALID_ARG. */
void rk_assignment_seek(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list);
/* Entries' err: 0 or _UNKNOWN_PARTITION for one that nobody has named so far. */
void rk_assignment_set_paused(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list,
                              bool is_paused);

#endif
