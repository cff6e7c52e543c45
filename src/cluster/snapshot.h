/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster as last heard of: an immutable, counted snapshot.
 *
 * Built by the metadata machine (background) from the previous snapshot and an answer, then
 * published; never changed. Readers on any thread hold a reference. All of it is one allocation
 * plus a table by name.
 */
#ifndef RK_CLUSTER_SNAPSHOT_H
#define RK_CLUSTER_SNAPSHOT_H

#include "base/types.h"
#include "rdkafka.h"

struct rk_metadata_answer;
struct rk_arena;

struct rk_snapshot_broker {
    int32_t id;
    const char *host;
    uint16_t port;
    const char *rack; /* NULL: none. */
};

struct rk_snapshot_partition {
    rd_kafka_resp_err_t err;
    int32_t leader;          /* -1: none. */
    int32_t leader_epoch;    /* -1: unknown or not to be trusted. */
    uint64_t older_since_us; /* Since when all answers tell of older epochs; 0: they do not. */
    int32_t replica_count;
    int32_t *replicas;
    int32_t isr_count;
    int32_t *isrs;
};

struct rk_snapshot_topic {
    const char *name;
    struct rk_uuid id; /* Zero: unknown. */
    rd_kafka_resp_err_t err;
    uint64_t seen_us; /* When an answer last named it. */
    int32_t partition_count;
    struct rk_snapshot_partition
        *partitions; /* By partition number; one that an answer left out has err and no leader. */
};

struct rk_snapshot {
    _Atomic int references;
    const char *cluster_id; /* NULL: unknown. */
    int32_t controller_id;  /* -1: unknown. */
    int32_t answered_by;    /* Broker that gave the last answer. */
    int32_t broker_count;
    struct rk_snapshot_broker *brokers; /* By id, ascending. */
    int32_t topic_count;
    struct rk_snapshot_topic **topics; /* By name, ascending. */
};

struct rk_snapshot *rk_snapshot_acquire(struct rk_snapshot *snapshot);
/* NULL is fine. */
void rk_snapshot_release(struct rk_snapshot *snapshot);
/* NULL when not known. Any thread. */
const struct rk_snapshot_topic *rk_snapshot_find_topic(const struct rk_snapshot *snapshot,
                                                       const char *name);
const struct rk_snapshot_partition *
rk_snapshot_find_partition(const struct rk_snapshot_topic *topic, int32_t partition);
const struct rk_snapshot_broker *rk_snapshot_find_broker(const struct rk_snapshot *snapshot,
                                                         int32_t id);

struct rk_snapshot_merge {
    const struct rk_snapshot *before; /* NULL: none yet. */
    const struct rk_metadata_answer *answer;
    int16_t version;  /* Leader epochs are trusted from 9 on. */
    bool is_complete; /* The answer names all topics: others are gone. */
    int32_t answered_by;
    uint64_t now_us;
};

/* The next snapshot, one reference; NULL when memory is out. A partition whose leader epoch would
 * go back keeps what was known, until all answers have said so for a while: then what was known was
 * wrong. */
struct rk_snapshot *rk_snapshot_try_merge(const struct rk_snapshot_merge *merge);
/* What a Produce or Fetch answer tells of a leader (KIP-951). */
struct rk_leader_hint {
    const char *topic;
    int32_t partition, leader, leader_epoch;
    const struct rk_snapshot_broker *endpoints; /* Where brokers are, the leader among them. */
    int32_t endpoint_count;
};

/* A copy in which the partitions have these leaders, where that is newer than what is known;
 * brokers of the endpoints are added. NULL when memory is out. */
struct rk_snapshot *rk_snapshot_try_move_leaders(const struct rk_snapshot *before,
                                                 const struct rk_leader_hint *hints, int count);

#endif
