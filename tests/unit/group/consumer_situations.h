/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a member of the consumer protocol can be, and what can happen to it there.
 */
#ifndef RK_TEST_GROUP_CONSUMER_SITUATIONS_H
#define RK_TEST_GROUP_CONSUMER_SITUATIONS_H

#include "consumer_member.h"

#define S(name) RK_CONSUMER_##name
#define E(name) RD_KAFKA_RESP_ERR_##name

/* Situations: the states, some in more ways than one. A heartbeat is under way, if not said
 * otherwise and if there are any. */

enum situation {
    OUT,
    JOINING,
    JOINING_LATER,    /* It waits for its next attempt. */
    JOINING_CLEARING, /* It was refused: first what it may have been leaves. */
    JOINING_STATIC,
    JOINING_STATIC_AGAIN, /* What it may have been has left. */
    REVOKING,
    TAKING,
    ACKNOWLEDGING,
    ACKNOWLEDGING_LATER, /* What is under way does not acknowledge. */
    STABLE,
    STABLE_QUIET,  /* No heartbeat is under way. */
    STABLE_UNSURE, /* The one under way may come after one that was lost. */
    STABLE_STATIC,
    FENCED,
    FENCED_TAKING, /* The application was asked to take partitions, and may not know it yet. */
    WAITING,
    WAITING_EMPTY, /* It has given up all. */
    LEAVING,
    LEAVING_REFUSED, /* The broker matches no patterns; it is to come back. */
    LEAVING_SENT,    /* The coordinator was told. */
    CLOSING_STATIC,
    FAILED,
    FAILED_EMPTY, /* It has given up all. */
    CLOSED,
    SITUATIONS,
};

static void reach_joining(struct rk_consumer_membership *member, enum situation situation)
{
    subscribe(member, "a0 b0");
    if (situation == JOINING_LATER)
        answer(member, E(COORDINATOR_LOAD_IN_PROGRESS), 0, NULL);
    if (situation == JOINING_CLEARING || situation == JOINING_STATIC_AGAIN) {
        answer(member, E(FENCED_MEMBER_EPOCH), 0, NULL);
        go_to_deadline(member);
    }
    if (situation == JOINING_STATIC_AGAIN)
        answer(member, E(NO_ERROR), -2, NULL);
}

static void reach_reconciling(struct rk_consumer_membership *member, enum situation situation)
{
    if (situation == REVOKING) {
        reach_stable(member, "a0 a1");
        go_to_deadline(member);
        answer(member, E(NO_ERROR), 2, "a1 b0");
    } else {
        subscribe(member, "a0 b0");
        answer(member, E(NO_ERROR), 1, "a0 a1");
    }
    if (situation != ACKNOWLEDGING)
        go_to_deadline(member);
    if (situation == ACKNOWLEDGING || situation == ACKNOWLEDGING_LATER)
        done(member);
}

static void reach_heartbeat(struct rk_consumer_membership *member)
{
    reach_stable(member, "a0 a1");
    go_to_deadline(member);
}

/* How many attempts ago the request went out that is answered. */
static uint32_t attempts_ago;

static void told(struct rk_consumer_membership *member, struct rk_consumer_answer answer)
{
    answer.epoch = answer.err || answer.epoch < 0 ? 0 : 7;
    answer.interval_ms = 5000;
    rk_consumer_membership_on_heartbeat_answer(member, member->base.attempt - attempts_ago, &answer,
                                               now);
}

static void reach_waiting(struct rk_consumer_membership *member, enum situation situation)
{
    rk_consumer_membership_on_poll(member, now);
    reach_heartbeat(member);
    now = member->base.polled_us + member->conf.max_poll_interval_us;
    rk_consumer_membership_on_timer(member, now);
    if (situation == WAITING_EMPTY)
        done(member);
}

static void reach_leaving(struct rk_consumer_membership *member, enum situation situation)
{
    reach_heartbeat(member);
    if (situation == LEAVING_REFUSED)
        told(member,
             (struct rk_consumer_answer){.err = E(_UNSUPPORTED_FEATURE), .is_of_pattern = true});
    else if (situation == CLOSING_STATIC)
        rk_consumer_membership_on_close(member, now);
    else
        rk_consumer_membership_on_unsubscribe(member, now);
    if (situation == LEAVING_SENT)
        done(member);
}

static enum rk_consumer_membership_state go(struct rk_consumer_membership *member,
                                            enum situation situation)
{
    switch (situation) {
    case OUT:
        return S(OUT);
    case JOINING:
    case JOINING_LATER:
    case JOINING_CLEARING:
    case JOINING_STATIC:
    case JOINING_STATIC_AGAIN:
        reach_joining(member, situation);
        return S(JOINING);
    case REVOKING:
    case TAKING:
        reach_reconciling(member, situation);
        return S(RECONCILING);
    case ACKNOWLEDGING:
    case ACKNOWLEDGING_LATER:
        reach_reconciling(member, situation);
        return S(ACKNOWLEDGING);
    case STABLE_QUIET:
        reach_stable(member, "a0 a1");
        return S(STABLE);
    case STABLE:
    case STABLE_STATIC:
        reach_heartbeat(member);
        return S(STABLE);
    case STABLE_UNSURE:
        reach_heartbeat(member);
        answer(member, E(_TRANSPORT), 0, NULL);
        return S(STABLE);
    case FENCED:
    case FENCED_TAKING:
        if (situation == FENCED)
            reach_heartbeat(member);
        else
            reach_reconciling(member, TAKING);
        answer(member, E(UNKNOWN_MEMBER_ID), 0, NULL);
        return S(FENCED);
    case WAITING:
    case WAITING_EMPTY:
        reach_waiting(member, situation);
        return S(WAITING);
    case LEAVING:
    case LEAVING_REFUSED:
    case LEAVING_SENT:
    case CLOSING_STATIC:
        reach_leaving(member, situation);
        return S(LEAVING);
    case FAILED:
    case FAILED_EMPTY:
        reach_heartbeat(member);
        answer(member, E(FENCED_INSTANCE_ID), 0, NULL);
        if (situation == FAILED_EMPTY)
            done(member);
        return S(FAILED);
    case CLOSED:
        rk_consumer_membership_on_close(member, now);
        return S(CLOSED);
    case SITUATIONS:
        break;
    }
    fail();
    return S(OUT);
}

static void reach(struct rk_consumer_membership *member, enum situation situation)
{
    init(member, situation == JOINING_STATIC || situation == JOINING_STATIC_AGAIN ||
                     situation == STABLE_STATIC || situation == CLOSING_STATIC);
    enum rk_consumer_membership_state state = go(member, situation);
    assert_int_equal(member->state, state);
    rk_member_take_actions(&member->base);
    now += 10000;
}

/* Events */

typedef void event_function(struct rk_consumer_membership *member, rd_kafka_resp_err_t err);

static void subscribes_to_the_same(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    subscribe(member, "a0 b0");
}

static void subscribes_to_another(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    subscribe(member, "b0");
}

static void subscribes_to_a_pattern(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_subscribe(member, list_of("a0 b0"), "^c", now);
}

static void unsubscribes(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_unsubscribe(member, now);
}

static void closes(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_close(member, now);
}

static void polls(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_poll(member, now);
}

static void answers(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    done(member);
}

static void declines(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_declined(member, now);
}

static void beat(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err});
}

static void beat_same(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err, .target = list_of("a0 a1")});
}

static void beat_other(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err, .target = list_of("a1 b0")});
}

static void beat_more(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err, .target = list_of("a0 a1 b0")});
}

static void beat_nothing(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err, .target = list_of("")});
}

static void beat_without_epoch(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err, .epoch = -1});
}

static void beat_of_pattern(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    told(member, (struct rk_consumer_answer){.err = err, .is_of_pattern = true});
}

static void leave(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_leave_answer(member, now);
}

static void names_same(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_names(member, rk_partition_list_copy(member->base.target), false,
                                    now);
}

static void names_more(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_names(member, list_of("a0 a1 b0"), false, now);
}

static void commit(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    rk_consumer_membership_on_commit_error(member, err, now);
}

static void nothing_due(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    rk_consumer_membership_on_timer(member, now);
}

static void due(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    uint64_t deadline_us = rk_consumer_membership_deadline(member);
    now = deadline_us == RK_NEVER ? now : deadline_us;
    rk_consumer_membership_on_timer(member, now);
}

static void polls_too_late(struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    (void)err;
    member->conf.max_poll_interval_us = now - member->base.polled_us;
    rk_consumer_membership_on_timer(member, now);
}

enum event {
    SUBSCRIBE_SAME,
    SUBSCRIBE_OTHER,
    SUBSCRIBE_PATTERN,
    UNSUBSCRIBE,
    CLOSE,
    POLL,
    ANSWERED,
    DECLINED,
    BEAT_SHORT, /* Nothing of partitions. */
    BEAT_SAME,
    BEAT_OTHER,
    BEAT_MORE,
    BEAT_NOTHING,
    BEAT_WITHOUT_EPOCH,
    BEAT_RETRY,
    BEAT_BROKEN,
    BEAT_UNKNOWN,
    BEAT_NO_GROUP,
    BEAT_UNRELEASED,
    BEAT_FATAL,
    BEAT_REFUSED,
    BEAT_PATTERN_REFUSED,
    LEFT,
    NAMES_SAME,
    NAMES_MORE,
    COMMIT_OLD,
    COMMIT_PASSING,
    NOTHING_DUE,
    DUE,
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
    EVENT(SUBSCRIBE_PATTERN, subscribes_to_a_pattern, E(NO_ERROR)),
    EVENT(UNSUBSCRIBE, unsubscribes, E(NO_ERROR)),
    EVENT(CLOSE, closes, E(NO_ERROR)),
    EVENT(POLL, polls, E(NO_ERROR)),
    EVENT(ANSWERED, answers, E(NO_ERROR)),
    EVENT(DECLINED, declines, E(NO_ERROR)),
    EVENT(BEAT_SHORT, beat, E(NO_ERROR)),
    EVENT(BEAT_SAME, beat_same, E(NO_ERROR)),
    EVENT(BEAT_OTHER, beat_other, E(NO_ERROR)),
    EVENT(BEAT_MORE, beat_more, E(NO_ERROR)),
    EVENT(BEAT_NOTHING, beat_nothing, E(NO_ERROR)),
    EVENT(BEAT_WITHOUT_EPOCH, beat_without_epoch, E(NO_ERROR)),
    EVENT(BEAT_RETRY, beat, RETRIED),
    EVENT(BEAT_BROKEN, beat, E(_BAD_MSG)),
    EVENT(BEAT_UNKNOWN, beat, E(UNKNOWN_MEMBER_ID), E(FENCED_MEMBER_EPOCH)),
    EVENT(BEAT_NO_GROUP, beat, E(GROUP_ID_NOT_FOUND)),
    EVENT(BEAT_UNRELEASED, beat, E(UNRELEASED_INSTANCE_ID)),
    EVENT(BEAT_FATAL, beat, E(FENCED_INSTANCE_ID), E(INVALID_REQUEST), E(UNSUPPORTED_ASSIGNOR),
          E(UNSUPPORTED_VERSION), E(_UNSUPPORTED_FEATURE)),
    EVENT(BEAT_REFUSED, beat, E(GROUP_AUTHORIZATION_FAILED), E(TOPIC_AUTHORIZATION_FAILED),
          E(GROUP_MAX_SIZE_REACHED), E(INVALID_REGULAR_EXPRESSION)),
    EVENT(BEAT_PATTERN_REFUSED, beat_of_pattern, E(_UNSUPPORTED_FEATURE)),
    EVENT(LEFT, leave, E(NO_ERROR)),
    EVENT(NAMES_SAME, names_same, E(NO_ERROR)),
    EVENT(NAMES_MORE, names_more, E(NO_ERROR)),
    EVENT(COMMIT_OLD, commit, E(STALE_MEMBER_EPOCH), E(UNKNOWN_MEMBER_ID)),
    EVENT(COMMIT_PASSING, commit, RETRIED, E(OFFSET_METADATA_TOO_LARGE)),
    EVENT(NOTHING_DUE, nothing_due, E(NO_ERROR)),
    EVENT(DUE, due, E(NO_ERROR)),
    EVENT(POLLS_TOO_LATE, polls_too_late, E(NO_ERROR)),
};

#endif
