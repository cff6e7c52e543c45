/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Topics of the mock cluster and their partitions.
 *
 * On the cluster's loop. A topic belongs to its cluster; fetch sessions that name it hold a
 * reference, and find it marked as deleted later. Partitions live as long as their topic.
 */
#ifndef RK_MOCK_MOCK_TOPIC_H
#define RK_MOCK_MOCK_TOPIC_H

#include <sys/queue.h>

#include "base/types.h"
#include "mock/mock_hash.h"
#include "mock/mock_inject.h"
#include "mock/mock_log.h"
#include "mock/mock_sequence.h"

#define RK_MOCK_TOPIC_NAME_MAX      249
#define RK_MOCK_TOPICS_MAX          100000
#define RK_MOCK_PARTITIONS_MAX      100000 /* Of one topic. */
#define RK_MOCK_PARTITIONS_DEFAULT  4
#define RK_MOCK_REPLICATION_DEFAULT 3 /* Or as many as there are brokers. */

struct rk_mock_cluster;
struct rk_mock_fetch_part;

/* A leader that one metadata answer is to tell. */
struct rk_mock_leader_response {
    STAILQ_ENTRY(rk_mock_leader_response) link;
    int32_t leader_id; /* -1: as it is, and so for the next. */
    int32_t leader_epoch;
};

struct rk_mock_partition {
    struct rk_mock_topic *topic;
    int32_t index;
    int32_t leader_id; /* -1: none. */
    int32_t leader_epoch;
    int32_t *replicas;
    int32_t replica_count;
    int32_t follower_id;                  /* Whom consumers are told to fetch from; -1: nobody. */
    int64_t follower_start, follower_end; /* -1: as the leader's. */
    struct rk_mock_log log;
    struct rk_mock_sequences sequences;
    struct rk_mock_injections injections;
    STAILQ_HEAD(, rk_mock_leader_response) leader_responses;
    LIST_HEAD(, rk_mock_fetch_part) waiting; /* Of fetches that wait for more. */
};

struct rk_mock_topic {
    UT_hash_handle by_name, by_id;
    int references;
    bool is_deleted;
    char *name;
    struct rk_uuid id;
    rd_kafka_resp_err_t err; /* What metadata tells about it. */
    struct rk_mock_partition **partitions;
    int32_t partition_count;
    int32_t replication;
};

bool rk_mock_topic_is_name_valid(const char *name);
/* NULL when there is none. */
struct rk_mock_topic *rk_mock_topic_find(struct rk_mock_cluster *cluster, const char *name);
struct rk_mock_topic *rk_mock_topic_find_id(struct rk_mock_cluster *cluster,
                                            const struct rk_uuid *id);
/* A valid name that is not there yet. NULL when there are too many. */
struct rk_mock_topic *rk_mock_topic_create(struct rk_mock_cluster *cluster, const char *name,
                                           int32_t partition_count, int32_t replication);
/* More partitions, up to this number. */
void rk_mock_topic_grow(struct rk_mock_cluster *cluster, struct rk_mock_topic *topic,
                        int32_t partition_count);
void rk_mock_topic_delete(struct rk_mock_cluster *cluster, struct rk_mock_topic *topic);
struct rk_mock_topic *rk_mock_topic_acquire(struct rk_mock_topic *topic);
void rk_mock_topic_release(struct rk_mock_topic *topic);

/* NULL when the topic does not have it. */
struct rk_mock_partition *rk_mock_topic_partition(struct rk_mock_topic *topic, int32_t index);
/* Creates topic and partition if they are not there. NULL for a name or number that cannot be. */
struct rk_mock_partition *rk_mock_topic_need_partition(struct rk_mock_cluster *cluster,
                                                       const char *name, int32_t index);
/* The next leader epoch begins, under this broker; -1: under none. */
void rk_mock_partition_set_leader(struct rk_mock_partition *partition, int32_t broker_id);
/* Another broker of its replicas, else any, leads what this one did. */
void rk_mock_topics_leave_broker(struct rk_mock_cluster *cluster, int32_t broker_id);

#endif
