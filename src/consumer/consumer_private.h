/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the consumer share.
 */
#ifndef RK_CONSUMER_CONSUMER_PRIVATE_H
#define RK_CONSUMER_CONSUMER_PRIVATE_H

#include "consumer/consumer.h"
#include "consumer/fetcher.h"
#include "consumer/partition.h"
#include "event/partition_list.h"
#include "event/queue.h"

/* What a group does for the partitions that are consumed. On background, but where it says so. */
struct rk_consumer_group {
    /* The partition waits for its committed offset: rk_position_on_committed. Called again and
     * again while it does. */
    void (*look_up)(struct rk_consumer_group *group, struct rk_partition *partition);
    /* Its consumption is about to end; its cursor is still there. */
    void (*on_stop)(struct rk_consumer_group *group, struct rk_partition *partition);
    /* Its log has turned out to end at `end`, before offsets that may have been stored. */
    void (*on_cut)(struct rk_consumer_group *group, struct rk_partition *partition, int64_t end);
    /* There are, or will be, stored offsets. Any thread. */
    void (*post_stored)(struct rk_consumer_group *group);
};

struct rk_consumer {
    struct rk_core *core;
    struct rk_cluster *cluster;
    struct rk_cluster_observer observer;
    struct rk_assignment_guard *guard; /* NULL: no group. */
    rd_kafka_queue_t *queue;           /* rd_kafka_consumer_poll()'s; NULL without group.id. */
    struct rk_consumer_group *group;   /* Set before the first thread starts; NULL without group.id.
                                        */
    struct rk_slab_pool *slabs;
    struct rk_room *room; /* Its lock guards `fetchers`. */
    LIST_HEAD(, rk_fetcher) fetchers;
    int64_t budget_limit; /* queued.max.messages.kbytes, in bytes. */
    _Atomic bool is_closed;
    struct rk_mutex mutex; /* RK_RANK_PARTITION */
    struct {
        rd_kafka_topic_partition_list_t *assignment; /* By topic and partition. */
    } shared;
    struct {                               /* Background. */
        struct rk_partition_list look_ups; /* To be looked up. */
        struct rk_timer look_up_timer;
        struct rk_timer silence_timer; /* While a partition is with no fetcher and should be. */
        uint64_t last_look_up;
        int fetchers_in_use; /* That have partitions: each gets its share of the budget. */
    } known;
};

#endif
