/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a classic group's member can be, and what can happen to it there.
 */
#ifndef RK_TEST_GROUP_CLASSIC_SITUATIONS_H
#define RK_TEST_GROUP_CLASSIC_SITUATIONS_H

#include "classic_member.h"

#define S(name) RK_MEMBERSHIP_##name
#define E(name) RD_KAFKA_RESP_ERR_##name

/* Situations: the states, some in more ways than one */

enum situation {
    OUT,
    PREPARING,        /* The group rebalances: it gives up all. */
    PREPARING_LOST,   /* It is unknown: the same. */
    PREPARING_TAKING, /* The same; the application was asked to take partitions before, and may not
                         know it yet. */
    JOINING,          /* For the first time. */
    JOINING_LATER,    /* It waits for its next attempt, and subscribes to more since the last. */
    JOINING_AGAIN,    /* Cooperative, so it has partitions. */
    JOINING_STATIC,
    ASSIGNING,
    SYNCING,
    SYNCING_LATER,       /* As leader; it waits for its next attempt. */
    SYNCING_COOPERATIVE, /* It has partitions. */
    SYNCING_STATIC,
    SYNCING_STATIC_LEADER,
    REVOKING,
    TAKING,
    STABLE,
    STABLE_COOPERATIVE,
    STABLE_LEADER,
    STABLE_STATIC,
    WAITING,
    WAITING_EMPTY, /* It has given up all. */
    LEAVING,
    LEAVING_JOINING,   /* Its JoinGroup is under way. */
    LEAVING_ASSIGNING, /* As leader, of the generation that it joined meanwhile. */
    LEAVING_SYNCING,   /* The same; its SyncGroup is under way. */
    LEAVING_SENT,      /* LeaveGroup is. */
    CLOSING_STATIC,    /* Gives up all. */
    FAILED,
    FAILED_EMPTY,
    CLOSED,
    SITUATIONS,
};

static void stop_waiting(struct rk_membership *member)
{
    rk_member_take_actions(&member->base);
    rk_membership_on_answered(member, now);
}

static void begin_sync(struct rk_membership *member, const char *leader)
{
    rk_membership_on_subscribe(member, list_of("a0 b0"), now);
    join_answer(member, E(NO_ERROR), "me", leader);
}

static void reach_preparing(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    reach_stable(member, "a0 a1");
    heartbeat_answer(member, err);
}

static void reach_joining(struct rk_membership *member, enum situation situation)
{
    if (situation == JOINING_AGAIN) {
        reach_preparing(member, E(REBALANCE_IN_PROGRESS));
        return;
    }
    rk_membership_on_subscribe(member, list_of(situation == JOINING_LATER ? "a0" : "a0 b0"), now);
    if (situation == JOINING_LATER) {
        join_answer(member, E(COORDINATOR_LOAD_IN_PROGRESS), NULL, NULL);
        rk_membership_on_subscribe(member, list_of("a0 b0"), now);
    }
}

static void reach_syncing(struct rk_membership *member, enum situation situation)
{
    if (situation == SYNCING_COOPERATIVE) {
        reach_preparing(member, E(REBALANCE_IN_PROGRESS));
        join_answer(member, E(NO_ERROR), "me", "other");
        return;
    }
    bool is_leader = situation == SYNCING_LATER || situation == SYNCING_STATIC_LEADER;
    begin_sync(member, is_leader ? "me" : "other");
    if (is_leader)
        rk_membership_on_assignment_made(member, now);
    if (situation != SYNCING_LATER)
        return;
    rk_membership_on_sync_answer(member, member->base.attempt, E(COORDINATOR_LOAD_IN_PROGRESS),
                                 NULL, now);
}

/* Cooperative: it has a0 and a1, and is to have a1 and b0. */
static void reach_revoking(struct rk_membership *member)
{
    reach_preparing(member, E(REBALANCE_IN_PROGRESS));
    join_answer(member, E(NO_ERROR), "me", "other");
    sync_answer(member, "a1 b0");
}

static void reach_stable_leader(struct rk_membership *member)
{
    begin_sync(member, "me");
    rk_membership_on_assignment_made(member, now);
    sync_answer(member, "a0 a1");
    stop_waiting(member);
}

static void reach_waiting(struct rk_membership *member, enum situation situation)
{
    reach_stable(member, "a0 a1");
    now = member->base.polled_us + member->conf.max_poll_interval_us;
    rk_membership_on_timer(member, now);
    if (situation == WAITING_EMPTY)
        stop_waiting(member);
}

static void reach_leaving(struct rk_membership *member, enum situation situation)
{
    reach_stable(member, "a0 a1");
    if (situation == CLOSING_STATIC) {
        rk_membership_on_close(member, now);
        return;
    }
    if (situation >= LEAVING_JOINING && situation <= LEAVING_SYNCING)
        heartbeat_answer(member, E(REBALANCE_IN_PROGRESS));
    rk_membership_on_unsubscribe(member, now);
    if (situation == LEAVING_ASSIGNING || situation == LEAVING_SYNCING)
        join_answer(member, E(NO_ERROR), "me", "me");
    if (situation == LEAVING_SYNCING)
        rk_membership_on_assignment_made(member, now);
    if (situation == LEAVING_SENT)
        stop_waiting(member);
}

static void reach_failed(struct rk_membership *member, enum situation situation)
{
    reach_preparing(member, E(FENCED_INSTANCE_ID));
    if (situation == FAILED_EMPTY)
        stop_waiting(member);
}

static enum rk_membership_state go(struct rk_membership *member, enum situation situation)
{
    switch (situation) {
    case OUT:
        return S(OUT);
    case PREPARING:
        reach_preparing(member, E(REBALANCE_IN_PROGRESS));
        return S(PREPARING);
    case PREPARING_LOST:
        reach_preparing(member, E(UNKNOWN_MEMBER_ID));
        return S(PREPARING);
    case PREPARING_TAKING:
        begin_sync(member, "other");
        sync_answer(member, "a0 a1");
        rk_member_take_actions(&member->base);
        heartbeat_answer(member, E(UNKNOWN_MEMBER_ID));
        return S(PREPARING);
    case JOINING:
    case JOINING_LATER:
    case JOINING_AGAIN:
    case JOINING_STATIC:
        reach_joining(member, situation);
        return S(JOINING);
    case ASSIGNING:
        begin_sync(member, "me");
        return S(ASSIGNING);
    case SYNCING:
    case SYNCING_LATER:
    case SYNCING_COOPERATIVE:
    case SYNCING_STATIC:
    case SYNCING_STATIC_LEADER:
        reach_syncing(member, situation);
        return S(SYNCING);
    case REVOKING:
        reach_revoking(member);
        return S(REVOKING);
    case TAKING:
        begin_sync(member, "other");
        sync_answer(member, "a0 a1");
        return S(TAKING);
    case STABLE:
    case STABLE_COOPERATIVE:
    case STABLE_STATIC:
        reach_stable(member, "a0 a1");
        return S(STABLE);
    case STABLE_LEADER:
        reach_stable_leader(member);
        return S(STABLE);
    case WAITING:
    case WAITING_EMPTY:
        reach_waiting(member, situation);
        return S(WAITING);
    case LEAVING:
    case LEAVING_JOINING:
    case LEAVING_ASSIGNING:
    case LEAVING_SYNCING:
    case LEAVING_SENT:
    case CLOSING_STATIC:
        reach_leaving(member, situation);
        return S(LEAVING);
    case FAILED:
    case FAILED_EMPTY:
        reach_failed(member, situation);
        return S(FAILED);
    case CLOSED:
        rk_membership_on_close(member, now);
        return S(CLOSED);
    case SITUATIONS:
        break;
    }
    fail();
    return S(OUT);
}

static void reach(struct rk_membership *member, enum situation situation)
{
    bool is_static = situation == JOINING_STATIC || situation == SYNCING_STATIC ||
                     situation == SYNCING_STATIC_LEADER || situation == STABLE_STATIC ||
                     situation == CLOSING_STATIC;
    bool is_cooperative = situation == JOINING_AGAIN || situation == SYNCING_COOPERATIVE ||
                          situation == REVOKING || situation == STABLE_COOPERATIVE ||
                          (situation >= LEAVING_JOINING && situation <= LEAVING_SYNCING);
    init(member, is_static, is_cooperative);
    member->conf.heartbeat_interval_us = 8 * SECOND; /* Longer than any pause. */
    enum rk_membership_state state = go(member, situation);
    assert_int_equal(member->state, state);
    rk_member_take_actions(&member->base);
    now += 10000;
}

/* Events */

/* How many attempts ago the request went out that is answered. */
static uint32_t attempts_ago;

typedef void event_function(struct rk_membership *member, rd_kafka_resp_err_t err);

static void subscribes_to_the_same(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_subscribe(member, list_of("a0 b0"), now);
}

static void subscribes_to_another(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_subscribe(member, list_of("b0"), now);
}

static void unsubscribes(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_unsubscribe(member, now);
}

static void closes(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_close(member, now);
}

static void polls(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_poll(member, now);
}

static void answers(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_answered(member, now);
}

static void declines(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_declined(member, now);
}

static void joined(struct rk_membership *member, rd_kafka_resp_err_t err, const char *leader,
                   bool skips)
{
    const struct rk_membership_joined answer = {.err = err,
                                                .generation = err ? -1 : 8,
                                                .member_id = leader ? "me" : NULL,
                                                .leader_id = leader,
                                                .protocol = err ? NULL : "range",
                                                .member_count = 2,
                                                .skips_assignment = skips};
    rk_membership_on_join_answer(member, member->base.attempt - attempts_ago, &answer, now);
}

static void joined_as_leader(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    joined(member, err, "me", false);
}

static void joined_without_assignment(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    joined(member, err, "me", true);
}

static void joined_as_follower(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    joined(member, err, "other", false);
}

static void joined_without_id(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    joined(member, err, NULL, false);
}

static void assignment_made(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_assignment_made(member, now);
}

static void join_failed(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_join_failed(member, now);
}

static void synced(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    rk_membership_on_sync_answer(member, member->base.attempt - attempts_ago, err,
                                 err ? NULL : list_of("a0 b0"), now);
}

static void sync_of_one_topic(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    rk_membership_on_sync_answer(member, member->base.attempt - attempts_ago, err, list_of("a0"),
                                 now);
}

static void sync_of_another_topic(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    rk_membership_on_sync_answer(member, member->base.attempt - attempts_ago, err, list_of("a0 z0"),
                                 now);
}

static void sync_unreadable(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    rk_membership_on_sync_answer(member, member->base.attempt - attempts_ago, err, NULL, now);
}

static void heartbeat(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    member->is_heartbeat_sent = true;
    rk_membership_on_heartbeat_answer(member, member->base.attempt - attempts_ago, err, now);
}

static void leave(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_leave_answer(member, now);
}

static void commit(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    rk_membership_on_commit_error(member, err, now);
}

static void left_out(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_left_out(member, member->base.attempt - attempts_ago, now);
}

static void partitions_changed(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_partitions_changed(member, "changed", now);
}

static void nothing_due(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_membership_on_timer(member, now);
}

static void due(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    uint64_t deadline_us = rk_membership_deadline(member);
    now = deadline_us == RK_NEVER ? now : deadline_us;
    rk_membership_on_timer(member, now);
}

static void session_over(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    member->is_heartbeat_sent = true;
    member->conf.max_poll_interval_us = 1000 * SECOND;
    now = member->heard_us + member->conf.session_timeout_us;
    rk_membership_on_timer(member, now);
}

static void polls_too_late(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    member->is_heartbeat_sent = true;
    member->conf.session_timeout_us = 1000 * SECOND;
    now = member->base.polled_us + member->conf.max_poll_interval_us;
    rk_membership_on_timer(member, now);
}

enum event {
    SUBSCRIBE_SAME,
    SUBSCRIBE_OTHER,
    UNSUBSCRIBE,
    CLOSE,
    POLL,
    ANSWERED,
    DECLINED,
    JOIN_LEADER,
    JOIN_SKIPS, /* As a leader that has nothing to assign (KIP-814). */
    JOIN_FOLLOWER,
    JOIN_WITHOUT_ID,
    JOIN_ID_REQUIRED,
    JOIN_NO_ID,
    JOIN_RETRY,
    JOIN_UNKNOWN,
    JOIN_REBALANCE,
    JOIN_REFUSED,
    JOIN_BROKEN,
    JOIN_FENCED,
    ASSIGNMENT_MADE,
    JOIN_FAILED,
    SYNC,
    SYNC_ONE_TOPIC,   /* It subscribes to another, too. */
    SYNC_OTHER_TOPIC, /* It does not subscribe to it. */
    SYNC_UNREADABLE,
    SYNC_RETRY,
    SYNC_UNKNOWN,
    SYNC_GENERATION,
    SYNC_REBALANCE,
    SYNC_REFUSED,
    SYNC_FENCED,
    HEARTBEAT,
    HEARTBEAT_RETRY,
    HEARTBEAT_UNKNOWN,
    HEARTBEAT_GENERATION,
    HEARTBEAT_REBALANCE,
    HEARTBEAT_REFUSED,
    HEARTBEAT_FENCED,
    LEAVE,
    COMMIT_PASSING,
    COMMIT_UNKNOWN,
    COMMIT_GENERATION,
    COMMIT_REBALANCE,
    COMMIT_FENCED,
    LEFT_OUT,
    PARTITIONS_CHANGED,
    NOTHING_DUE,
    DUE,
    SESSION_OVER,
    POLLS_TOO_LATE,
    EVENTS,
};

#define RETRIED                                                                        \
    E(COORDINATOR_LOAD_IN_PROGRESS), E(COORDINATOR_NOT_AVAILABLE), E(NOT_COORDINATOR), \
        E(REQUEST_TIMED_OUT), E(_TRANSPORT), E(_TIMED_OUT), E(_WAIT_COORD)
#define EVENT(name, function, ...) [name] = {#name, function, {__VA_ARGS__}}

/* Each is tried with each of its errors, up to the first that is none. */
static const struct {
    const char *name;
    event_function *happen;
    rd_kafka_resp_err_t errors[9];
} events[EVENTS] = {
    EVENT(SUBSCRIBE_SAME, subscribes_to_the_same, E(NO_ERROR)),
    EVENT(SUBSCRIBE_OTHER, subscribes_to_another, E(NO_ERROR)),
    EVENT(UNSUBSCRIBE, unsubscribes, E(NO_ERROR)),
    EVENT(CLOSE, closes, E(NO_ERROR)),
    EVENT(POLL, polls, E(NO_ERROR)),
    EVENT(ANSWERED, answers, E(NO_ERROR)),
    EVENT(DECLINED, declines, E(NO_ERROR)),
    EVENT(JOIN_LEADER, joined_as_leader, E(NO_ERROR)),
    EVENT(JOIN_SKIPS, joined_without_assignment, E(NO_ERROR)),
    EVENT(JOIN_FOLLOWER, joined_as_follower, E(NO_ERROR)),
    EVENT(JOIN_WITHOUT_ID, joined_without_id, E(NO_ERROR)),
    EVENT(JOIN_ID_REQUIRED, joined_as_follower, E(MEMBER_ID_REQUIRED)),
    EVENT(JOIN_NO_ID, joined_without_id, E(MEMBER_ID_REQUIRED)),
    EVENT(JOIN_RETRY, joined_without_id, RETRIED),
    EVENT(JOIN_UNKNOWN, joined_without_id, E(UNKNOWN_MEMBER_ID)),
    EVENT(JOIN_REBALANCE, joined_without_id, E(REBALANCE_IN_PROGRESS)),
    EVENT(JOIN_REFUSED, joined_without_id, E(INCONSISTENT_GROUP_PROTOCOL),
          E(INVALID_SESSION_TIMEOUT), E(INVALID_GROUP_ID), E(GROUP_AUTHORIZATION_FAILED),
          E(GROUP_MAX_SIZE_REACHED), E(UNSUPPORTED_VERSION)),
    EVENT(JOIN_BROKEN, joined_without_id, E(_BAD_MSG)),
    EVENT(JOIN_FENCED, joined_without_id, E(FENCED_INSTANCE_ID)),
    EVENT(ASSIGNMENT_MADE, assignment_made, E(NO_ERROR)),
    EVENT(JOIN_FAILED, join_failed, E(NO_ERROR)),
    EVENT(SYNC, synced, E(NO_ERROR)),
    EVENT(SYNC_ONE_TOPIC, sync_of_one_topic, E(NO_ERROR)),
    EVENT(SYNC_OTHER_TOPIC, sync_of_another_topic, E(NO_ERROR)),
    EVENT(SYNC_UNREADABLE, sync_unreadable, E(NO_ERROR)),
    EVENT(SYNC_RETRY, synced, RETRIED),
    EVENT(SYNC_UNKNOWN, synced, E(UNKNOWN_MEMBER_ID)),
    EVENT(SYNC_GENERATION, synced, E(ILLEGAL_GENERATION)),
    EVENT(SYNC_REBALANCE, synced, E(REBALANCE_IN_PROGRESS)),
    EVENT(SYNC_REFUSED, synced, E(GROUP_AUTHORIZATION_FAILED), E(INCONSISTENT_GROUP_PROTOCOL)),
    EVENT(SYNC_FENCED, synced, E(FENCED_INSTANCE_ID)),
    EVENT(HEARTBEAT, heartbeat, E(NO_ERROR)),
    EVENT(HEARTBEAT_RETRY, heartbeat, RETRIED, E(_BAD_MSG)),
    EVENT(HEARTBEAT_UNKNOWN, heartbeat, E(UNKNOWN_MEMBER_ID)),
    EVENT(HEARTBEAT_GENERATION, heartbeat, E(ILLEGAL_GENERATION)),
    EVENT(HEARTBEAT_REBALANCE, heartbeat, E(REBALANCE_IN_PROGRESS)),
    EVENT(HEARTBEAT_REFUSED, heartbeat, E(GROUP_AUTHORIZATION_FAILED)),
    EVENT(HEARTBEAT_FENCED, heartbeat, E(FENCED_INSTANCE_ID)),
    EVENT(LEAVE, leave, E(NO_ERROR)),
    EVENT(COMMIT_PASSING, commit, RETRIED, E(GROUP_AUTHORIZATION_FAILED)),
    EVENT(COMMIT_UNKNOWN, commit, E(UNKNOWN_MEMBER_ID)),
    EVENT(COMMIT_GENERATION, commit, E(ILLEGAL_GENERATION)),
    EVENT(COMMIT_REBALANCE, commit, E(REBALANCE_IN_PROGRESS)),
    EVENT(COMMIT_FENCED, commit, E(FENCED_INSTANCE_ID)),
    EVENT(LEFT_OUT, left_out, E(NO_ERROR)),
    EVENT(PARTITIONS_CHANGED, partitions_changed, E(NO_ERROR)),
    EVENT(NOTHING_DUE, nothing_due, E(NO_ERROR)),
    EVENT(DUE, due, E(NO_ERROR)),
    EVENT(SESSION_OVER, session_over, E(NO_ERROR)),
    EVENT(POLLS_TOO_LATE, polls_too_late, E(NO_ERROR)),
};

/* A request has one answer. */
static bool may_happen(enum situation situation, enum event event)
{
    return !(situation == JOINING_LATER && event >= JOIN_LEADER && event <= JOIN_FENCED) &&
           !(situation == SYNCING_LATER && event >= SYNC && event <= SYNC_FENCED);
}

#endif
