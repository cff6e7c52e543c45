/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Membership of a classic consumer group: the machine behind JoinGroup, SyncGroup, Heartbeat and
 * LeaveGroup, and the handing over of partitions to and from the application.
 *
 * Pure: events and the time come in; what is to be done (send a request, tell the application) is
 * set in `actions`, which whoever brought the event takes out and does, and
 * `rk_membership_deadline` says when to come back. What is wanted (`goal`) is kept apart from what
 * is (`state`), and every event works towards it. The application is asked one thing at a time, to
 * take partitions or to give them up, and is waited for; heartbeats go on meanwhile.
 *
 * Lives in struct rk_group, on background.
 */
#ifndef RK_GROUP_MEMBERSHIP_H
#define RK_GROUP_MEMBERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "group/member.h"

enum rk_membership_state {
    RK_MEMBERSHIP_OUT,       /* No member. Leaves when something is subscribed to. */
    RK_MEMBERSHIP_PREPARING, /* To join (again): first the application gives up what it must. */
    RK_MEMBERSHIP_JOINING,   /* JoinGroup is under way, or waits for its next attempt. */
    RK_MEMBERSHIP_ASSIGNING, /* Leader: the assignment is being made. */
    RK_MEMBERSHIP_SYNCING,   /* SyncGroup is under way, or waits for its next attempt. */
    RK_MEMBERSHIP_REVOKING,  /* Cooperative: the application gives up what others are to get. */
    RK_MEMBERSHIP_TAKING,    /* The application takes what it got. */
    RK_MEMBERSHIP_STABLE,
    RK_MEMBERSHIP_WAITING, /* Left because the application did not poll: until it does. */
    RK_MEMBERSHIP_LEAVING, /* The application gives up all, then LeaveGroup. */
    RK_MEMBERSHIP_FAILED,  /* By a fatal error. */
    RK_MEMBERSHIP_CLOSED,
    RK_MEMBERSHIP_STATES,
};

/* Frozen. */
struct rk_membership_conf {
    uint64_t session_timeout_us, heartbeat_interval_us, max_poll_interval_us;
    uint64_t leave_timeout_us; /* How long LeaveGroup's answer is waited for. */
    int retry_backoff_ms, retry_backoff_max_ms;
    bool is_static; /* Has a group.instance.id. */
    bool is_cooperative;
};

struct rk_membership {
    struct rk_member base;
    struct rk_membership_conf conf;
    enum rk_membership_state state;

    /* Who it is in the group. */
    char *leaving_id;   /* Of the LeaveGroup to be sent; of who left without one. */
    int32_t generation; /* -1: none. */
    char *protocol;     /* The assignor that was chosen; NULL: none yet. */
    bool is_leader;
    bool is_alone;         /* A leader of nobody else. */
    bool skips_assignment; /* A leader that has nothing to assign (KIP-814). */
    bool has_returned;     /* Static: the generation may be older than what it subscribes to now. */

    bool wants_rejoin;
    bool is_join_sent, is_sync_sent, is_heartbeat_sent;
    bool is_completing; /* LEAVING: its JoinGroup was answered, the generation is not complete. */
    int interruptions;  /* In a row: the group began anew before this member got its partitions. */
    struct rk_backoff heartbeat_backoff;
    uint64_t retry_at_us; /* JOINING, SYNCING: the next attempt. */
    uint64_t heard_us;    /* The coordinator last took it for a member. */
};

void rk_membership_init(struct rk_membership *membership, const struct rk_membership_conf *conf);
void rk_membership_clear(struct rk_membership *membership);

/* RK_NEVER: nothing is due. */
uint64_t rk_membership_deadline(const struct rk_membership *membership);

/* Events */

/* rd_kafka_subscribe(), or what a pattern stands for is something else. takes: topics (sorted) */
void rk_membership_on_subscribe(struct rk_membership *membership,
                                rd_kafka_topic_partition_list_t *topics, uint64_t now_us);
void rk_membership_on_unsubscribe(struct rk_membership *membership, uint64_t now_us);
void rk_membership_on_close(struct rk_membership *membership, uint64_t now_us);

struct rk_membership_joined {
    rd_kafka_resp_err_t err;
    int32_t generation;
    const char *member_id;
    const char *leader_id;
    const char *protocol;
    int32_t member_count; /* To a leader, of all. */
    bool skips_assignment;
};

/* Answers; `attempt` is what stood there when the request was sent. */
void rk_membership_on_join_answer(struct rk_membership *membership, uint32_t attempt,
                                  const struct rk_membership_joined *joined, uint64_t now_us);
/* Leader: the SyncGroup may go out. */
void rk_membership_on_assignment_made(struct rk_membership *membership, uint64_t now_us);
/* takes: assignment (sorted; NULL: it could not be read) */
void rk_membership_on_sync_answer(struct rk_membership *membership, uint32_t attempt,
                                  rd_kafka_resp_err_t err,
                                  rd_kafka_topic_partition_list_t *assignment, uint64_t now_us);
void rk_membership_on_heartbeat_answer(struct rk_membership *membership, uint32_t attempt,
                                       rd_kafka_resp_err_t err, uint64_t now_us);
void rk_membership_on_leave_answer(struct rk_membership *membership, uint64_t now_us);
/* Of a topic it subscribes to it has nothing, as it seems because the group took it for the member
 * that it was before. */
void rk_membership_on_left_out(struct rk_membership *membership, uint32_t attempt, uint64_t now_us);
/* A commit of what it is now was answered with it. */
void rk_membership_on_commit_error(struct rk_membership *membership, rd_kafka_resp_err_t err,
                                   uint64_t now_us);

/* The application did what it was asked last. */
void rk_membership_on_answered(struct rk_membership *membership, uint64_t now_us);
/* It was not asked after all, to take partitions. */
void rk_membership_on_declined(struct rk_membership *membership, uint64_t now_us);
/* Leader: no assignment could be made. */
void rk_membership_on_join_failed(struct rk_membership *membership, uint64_t now_us);
/* It polled since the last look. */
void rk_membership_on_poll(struct rk_membership *membership, uint64_t now_us);
/* The partitions that were assigned by this leader are others now. */
void rk_membership_on_partitions_changed(struct rk_membership *membership, const char *reason,
                                         uint64_t now_us);
void rk_membership_on_timer(struct rk_membership *membership, uint64_t now_us);

/* Looking at it */

/* The coordinator knows it as a member of a generation. */
bool rk_membership_is_in(const struct rk_membership *membership);
/* It is a member of a generation that is about to be followed by another, or not yet complete; that
 * goes on whatever the application does. */
bool rk_membership_is_joining(const struct rk_membership *membership);
/* As leader, of a plan for the generation; and whoever asks for what it says. One that leaves goes
 * on with both while it has partitions. */
bool rk_membership_is_assigning(const struct rk_membership *membership);
bool rk_membership_is_syncing(const struct rk_membership *membership);
const char *rk_membership_state_name(enum rk_membership_state state);
bool rk_membership_may_follow(enum rk_membership_state from, enum rk_membership_state to);

#endif
