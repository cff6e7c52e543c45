/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits of a group's offsets: one after the other, to its coordinator, tried again until their
 * deadline.
 *
 * Background. One OffsetCommit is under way at a time, and takes along everything that was asked
 * for before it was sent; of several commits of one partition the last counts. So an offset never
 * goes back because requests overtook each other.
 */
#ifndef RK_GROUP_OFFSET_COMMIT_H
#define RK_GROUP_OFFSET_COMMIT_H

#include "event/partition_list.h"
#include "group/coordinator.h"
#include "group/membership_identity.h"

/* Asked for by one call, or by ourselves. Made by whoever asks, given back through on_done. */
struct rk_commit {
    TAILQ_ENTRY(rk_commit) link;
    rd_kafka_topic_partition_list_t *offsets; /* Owned. Entries' err is their outcome. */
    uint64_t deadline_us;
    rd_kafka_resp_err_t err; /* The outcome: 0 when any partition was committed. */
    int attempts;
    uint64_t number;                           /* In the order they were asked for. */
    void (*on_done)(struct rk_commit *commit); /* Background. takes: commit */
    void *owner;
};

TAILQ_HEAD(rk_commit_list, rk_commit);

/* Waits for the commits that were asked for before. */
struct rk_commit_waiter {
    TAILQ_ENTRY(rk_commit_waiter) link;
    uint64_t number; /* Of the last commit that it waits for. */
    void (*on_committed)(struct rk_commit_waiter *waiter); /* takes: waiter */
    void *owner;
};

struct rk_committer {
    struct rk_cluster *cluster;
    struct rk_coordinator *coordinator;
    const char *group_id;
    const struct rk_membership_identity *identity;
    struct rk_commit_list queued;
    struct rk_commit_list sending;           /* What the request under way carries. */
    rd_kafka_topic_partition_list_t *merged; /* The same as one list, sorted. */
    bool is_sending;
    bool is_terminated;
    int32_t sent_generation;
    bool was_joining;      /* When it was sent. */
    uint64_t last_number;  /* Of a commit. */
    char answered_by[300]; /* The broker, last; or what came instead of an answer. */
    uint64_t retry_at_us;
    struct rk_backoff backoff;
    struct rk_timer timer;
    TAILQ_HEAD(, rk_commit_waiter) waiters;
    /* An offset was committed. */
    void (*on_committed)(struct rk_committer *committer, const rd_kafka_topic_partition_t *entry);
    /* The coordinator does not take us for that member. May be NULL. */
    void (*on_member_error)(struct rk_committer *committer, rd_kafka_resp_err_t err);
};

void rk_committer_init(struct rk_committer *committer, struct rk_cluster *cluster,
                       struct rk_coordinator *coordinator, const char *group_id,
                       const struct rk_membership_identity *identity);
/* Everything completes with _DESTROY. */
void rk_committer_terminate(struct rk_committer *committer) RK_ON_BACKGROUND;
void rk_committer_clear(struct rk_committer *committer);

/* Any thread. takes: offsets. What is no offset to be committed is left out. */
struct rk_commit *rk_commit_new(rd_kafka_topic_partition_list_t *offsets, uint64_t deadline_us,
                                void (*on_done)(struct rk_commit *commit), void *owner);
void rk_commit_destroy(struct rk_commit *commit);
/* takes: commit; completes with _NO_OFFSET at once when there is nothing in it. */
void rk_committer_commit(struct rk_committer *committer, struct rk_commit *commit) RK_ON_BACKGROUND;
/* These partitions (sorted) are others' from now on: commits of them that were asked for before are
 * not tried again, and fail with _ASSIGNMENT_LOST if nothing was sent. Under another generation
 * they could take back what their new owner has committed. */
void rk_committer_give_up(struct rk_committer *committer,
                          const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND;
/* For on_committed: no commit after that number has asked for the entry's partition. */
bool rk_committer_is_up_to(const struct rk_committer *committer, uint64_t number,
                           const rd_kafka_topic_partition_t *entry) RK_ON_BACKGROUND;
/* Commits are queued or under way. */
bool rk_committer_is_busy(const struct rk_committer *committer) RK_ON_BACKGROUND;
/* Calls back when all that was asked for so far has its outcome: at once if there is nothing.
 * takes: waiter */
void rk_committer_wait(struct rk_committer *committer,
                       struct rk_commit_waiter *waiter) RK_ON_BACKGROUND;

#endif
