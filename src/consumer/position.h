/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of a partition: from "consume it from there" to "its leader's fetcher has it".
 *
 * Background. What is wanted (consumed, from where, paused) is kept apart from what is (looked up,
 * given to a fetcher, asked back), and every event works towards it. The offset is looked up when a
 * logical one is wanted; the fetcher is the leader's, or that of a replica near by; a position that
 * was voided while a fetcher had it is asked back and replaced.
 */
#ifndef RK_CONSUMER_POSITION_H
#define RK_CONSUMER_POSITION_H

#include "consumer/partition.h"
#include "runtime/roles.h"

struct rk_cluster_observer;
struct rk_snapshot;
struct rk_snapshot_topic;

/* An offset that may be asked for: not negative, or a logical one. */
bool rk_position_is_valid(int64_t offset);

/* Begins to consume with a new cursor. RD_KAFKA_OFFSET_STORED and _INVALID mean the offset that the
 * group has committed; without one, or without a group, auto.offset.reset decides. `epoch`: leader
 * epoch of the record before, or -1. */
void rk_position_start(struct rk_partition *partition, int64_t offset,
                       int32_t epoch) RK_ON_BACKGROUND;
void rk_position_stop(struct rk_partition *partition) RK_ON_BACKGROUND;
/* Not STOPPED. */
void rk_position_seek(struct rk_partition *partition, int64_t offset,
                      int32_t epoch) RK_ON_BACKGROUND;
void rk_position_set_paused(struct rk_partition *partition, bool is_paused) RK_ON_BACKGROUND;
/* Nothing more is handed out until it is stopped or started anew. */
void rk_position_withhold(struct rk_partition *partition) RK_ON_BACKGROUND;

/* rk_cluster_observer.on_topic */
void rk_position_on_topic(struct rk_cluster_observer *observer, rd_kafka_topic_t *topic,
                          const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot);

/* The look-up it waited for, which was asked then. */
void rk_position_on_looked_up(struct rk_partition *partition, rd_kafka_resp_err_t err,
                              int64_t offset, int32_t epoch, uint64_t asked_us,
                              uint64_t now_us) RK_ON_BACKGROUND;

/* What came of asking for a committed offset. */
struct rk_committed {
    rd_kafka_resp_err_t err;
    const char *error_text; /* NULL: the code says it all. */
    int64_t offset;         /* INVALID: there is none. */
    int32_t epoch;
    int32_t broker_id;              /* Who answered, */
    struct rk_failure_row attempts; /* after how many. */
};

/* The committed offset it waited for; after an error it waits for the next attempt. */
void rk_position_on_committed(struct rk_partition *partition, const struct rk_committed *committed,
                              uint64_t now_us) RK_ON_BACKGROUND;

/* Why a fetcher gives a position back. */
enum rk_return_reason {
    RK_RETURN_ASKED,        /* It was asked to. */
    RK_RETURN_OUT_OF_RANGE, /* There is no such offset. */
    RK_RETURN_DIVERGED,     /* The log was truncated below the position (KIP-320). */
    RK_RETURN_MADE_ANEW,    /* The topic is another one of the same name, */
    RK_RETURN_NAMED_ANEW,   /* or so metadata says, and nothing else is known. */
    RK_RETURN_REDIRECTED,   /* `replica` is to be fetched from (KIP-392). */
    RK_RETURN_LEASE_OVER,   /* The leader is to say again who that is. */
    RK_RETURN_NO_FOLLOWER,  /* The replica cannot serve it: the leader has to. */
};

struct rk_returned {
    struct rk_fetch_position position; /* Takes its cursor. */
    enum rk_return_reason reason;
    int64_t end_offset; /* DIVERGED: where the log and what was read part. */
    int32_t end_epoch;
    int32_t replica;
    int32_t broker_id; /* Who had it, and what failed there last. */
    struct rk_failure_row failures;
};

void rk_position_on_returned(struct rk_partition *partition,
                             const struct rk_returned *returned) RK_ON_BACKGROUND;

#endif
