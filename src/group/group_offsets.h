/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The offsets of a consumer's group: commits, automatic ones too, and the committed offsets at
 * which partitions begin.
 *
 * Made and freed by api/client.c for consumers with a group.id; owns the group's coordinator. The
 * machines run on background. Works without membership as well, for partitions that were assigned
 * by hand; membership tells who the client is through rk_group_offsets_identity.
 */
#ifndef RK_GROUP_GROUP_OFFSETS_H
#define RK_GROUP_GROUP_OFFSETS_H

#include "consumer/consumer.h"
#include "event/commit_event.h"
#include "group/offset_commit.h"

struct rk_group_offsets;

/* Before the first thread starts; the consumer has been given its cluster. */
struct rk_group_offsets *rk_group_offsets_new(struct rk_consumer *consumer,
                                              struct rk_cluster *cluster);
/* Everything that waits completes with _DESTROY; the coordinator too. */
void rk_group_offsets_terminate(struct rk_group_offsets *offsets) RK_ON_BACKGROUND;
/* After the loops have ended. NULL is fine. */
void rk_group_offsets_destroy(struct rk_group_offsets *offsets);

/* For membership, on background. */
struct rk_coordinator *rk_group_offsets_coordinator(struct rk_group_offsets *offsets);
/* To be kept up to date by membership: what commits say, read when each is sent. */
struct rk_membership_identity *rk_group_offsets_identity(struct rk_group_offsets *offsets);
/* A commit was answered with an error about the member that the client still is. */
void rk_group_offsets_set_on_member_error(struct rk_group_offsets *offsets,
                                          void (*on_member_error)(void *argument,
                                                                  rd_kafka_resp_err_t err),
                                          void *argument);
/* Calls back when all commits that were asked for so far, those of partitions that have just ended
 * included, have their outcome. takes: waiter */
void rk_group_offsets_when_committed(struct rk_group_offsets *offsets,
                                     struct rk_commit_waiter *waiter) RK_ON_BACKGROUND;
/* As rk_committer_give_up. */
void rk_group_offsets_give_up(struct rk_group_offsets *offsets,
                              const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;

/*
 * Commits; application threads. `list` NULL: what is stored of the partitions that are consumed.
 * borrows: list
 */
/* Does not wait; the result goes to offset_commit_cb or EVENT_OFFSET_COMMIT. */
void rk_group_offsets_commit_async(struct rk_group_offsets *offsets,
                                   const rd_kafka_topic_partition_list_t *list);
/* The result goes to that queue, and to `callback` when it is served. */
void rk_group_offsets_commit_to(struct rk_group_offsets *offsets,
                                const rd_kafka_topic_partition_list_t *list,
                                rd_kafka_queue_t *queue, rk_commit_callback_t *callback,
                                void *opaque);
/* Waits for the result. `*result` (the caller's): the partitions with their errors; may be NULL,
 * and then the result goes up too, as with commit_async. */
rd_kafka_resp_err_t rk_group_offsets_commit_and_wait(struct rk_group_offsets *offsets,
                                                     const rd_kafka_topic_partition_list_t *list,
                                                     rd_kafka_topic_partition_list_t **result);
/* Fills in the list: offset (INVALID: none), leader epoch, metadata and err of each. _TIMED_OUT ...
 * Application threads. */
rd_kafka_resp_err_t rk_group_offsets_committed(struct rk_group_offsets *offsets,
                                               rd_kafka_topic_partition_list_t *list,
                                               uint64_t deadline_us);

#endif
