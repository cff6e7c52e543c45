/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of a group's offsets share: group_offsets.c (life, calls), group_commit.c
 * (automatic commits), group_position.c (committed offsets at which partitions begin).
 */
#ifndef RK_GROUP_GROUP_OFFSETS_PRIVATE_H
#define RK_GROUP_GROUP_OFFSETS_PRIVATE_H

#include "consumer/consumer_private.h"
#include "group/group_offsets.h"
#include "group/offset_fetch.h"

struct rk_group_offsets {
    struct rk_consumer_group hooks;
    struct rk_core *core;
    struct rk_cluster *cluster;
    struct rk_consumer *consumer;
    struct rk_loop *background;
    _Atomic bool is_stirred; /* There may be stored offsets: the timer below runs, or will. */
    struct {                 /* Background. */
        struct rk_coordinator *coordinator;
        struct rk_membership_identity identity;
        struct rk_committer committer;
        struct rk_committed_queries queries;
        struct rk_partition_list look_ups; /* Partitions that wait for their committed offset. */
        struct rk_timer look_up_timer;
        struct rk_timer commit_timer;           /* auto.commit.interval.ms */
        rd_kafka_topic_partition_list_t *ended; /* Stored by partitions that have ended, and not
                                                   asked to be committed yet; NULL: none. */
        struct rk_timer ended_timer;
        void (*on_member_error)(void *argument, rd_kafka_resp_err_t err);
        void *on_member_error_argument;
        bool is_terminated;
    } own;
};

/* What was stored beyond what is committed, of everything that is consumed; the caller's. */
rd_kafka_topic_partition_list_t *
rk_group_commit_gather(struct rk_group_offsets *offsets) RK_ON_BACKGROUND;
/* The assignment is lost: entries of what is assigned fail. */
void rk_group_commit_refuse_assigned(struct rk_group_offsets *offsets,
                                     struct rk_commit *commit) RK_ON_BACKGROUND;
/* Asks for the commits of partitions that have ended. */
void rk_group_commit_flush_ended(struct rk_group_offsets *offsets) RK_ON_BACKGROUND;
void rk_group_commit_on_timer(struct rk_timer *timer, uint64_t now_us);
void rk_group_commit_on_ended_timer(struct rk_timer *timer, uint64_t now_us);
/* rk_consumer_group */
void rk_group_commit_on_stop(struct rk_consumer_group *group, struct rk_partition *partition);
void rk_group_commit_on_cut(struct rk_consumer_group *group, struct rk_partition *partition,
                            int64_t end);
void rk_group_commit_post_stored(struct rk_consumer_group *group);
/* One that nobody waits for. takes: list */
void rk_group_offsets_commit_auto(struct rk_group_offsets *offsets,
                                  rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;

/* rk_consumer_group */
void rk_group_position_look_up(struct rk_consumer_group *group, struct rk_partition *partition);
void rk_group_position_on_timer(struct rk_timer *timer, uint64_t now_us);

#endif
