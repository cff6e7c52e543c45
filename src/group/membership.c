/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/membership.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "event/partition_list.h"
#include "group/membership_private.h"
#include "event/partition_sets.h"

#define S(name)  RK_MEMBERSHIP_##name
#define TO(name) (1u << RK_MEMBERSHIP_##name)
#define STOPS    (TO(WAITING) | TO(LEAVING) | TO(FAILED))

static const struct {
    const char *name;
    unsigned next;
} states[RK_MEMBERSHIP_STATES] = {
    [S(OUT)] = {"out", TO(PREPARING) | TO(CLOSED)},
    [S(PREPARING)] = {"preparing", TO(JOINING) | STOPS},
    [S(JOINING)] = {"joining", TO(PREPARING) | TO(ASSIGNING) | TO(SYNCING) | STOPS},
    [S(ASSIGNING)] = {"assigning", TO(PREPARING) | TO(SYNCING) | STOPS},
    [S(SYNCING)] = {"syncing", TO(PREPARING) | TO(REVOKING) | TO(TAKING) | STOPS},
    [S(REVOKING)] = {"revoking", TO(PREPARING) | TO(TAKING) | TO(STABLE) | STOPS},
    [S(TAKING)] = {"taking", TO(PREPARING) | TO(STABLE) | STOPS},
    [S(STABLE)] = {"stable", TO(PREPARING) | STOPS},
    [S(WAITING)] = {"waiting", TO(PREPARING) | TO(LEAVING) | TO(FAILED)},
    [S(LEAVING)] = {"leaving", TO(OUT) | TO(CLOSED) | TO(FAILED)},
    [S(FAILED)] = {"failed", TO(CLOSED)},
    [S(CLOSED)] = {"closed", 0},
};

/* States */

bool rk_membership_may_follow(enum rk_membership_state from, enum rk_membership_state to)
{
    return (states[from].next & (1u << to)) != 0;
}

const char *rk_membership_state_name(enum rk_membership_state state)
{
    return states[state].name;
}

bool rk_membership_is_in(const struct rk_membership *membership)
{
    return membership->generation >= 0;
}

bool rk_membership_is_joining(const struct rk_membership *membership)
{
    switch (membership->state) {
    case S(JOINING):
    case S(ASSIGNING):
    case S(SYNCING):
        return rk_membership_is_in(membership);
    case S(LEAVING):
        return rk_membership_is_in(membership) &&
               (membership->is_join_sent || membership->is_sync_sent || membership->is_completing);
    case S(OUT):
    case S(PREPARING):
    case S(REVOKING):
    case S(TAKING):
    case S(STABLE):
    case S(WAITING):
    case S(FAILED):
    case S(CLOSED):
    case RK_MEMBERSHIP_STATES:
        break;
    }
    return false;
}

bool rk_membership_is_assigning(const struct rk_membership *membership)
{
    return membership->state == S(ASSIGNING) ||
           (membership->state == S(LEAVING) && membership->is_leader && membership->is_completing &&
            !membership->is_sync_sent);
}

bool rk_membership_is_syncing(const struct rk_membership *membership)
{
    return membership->state == S(SYNCING) ||
           (membership->state == S(LEAVING) && membership->is_sync_sent);
}

void rk_membership_set_state(struct rk_membership *membership, enum rk_membership_state state,
                             uint64_t now_us)
{
    RK_ASSERT(rk_membership_may_follow(membership->state, state));
    if (membership->state == S(JOINING))
        membership->heard_us = now_us; /* The JoinGroup stood for heartbeats. */
    membership->state = state;
    rk_member_enter_state(&membership->base, now_us);
}

void rk_membership_init(struct rk_membership *membership, const struct rk_membership_conf *conf)
{
    *membership =
        (struct rk_membership){.conf = *conf, .generation = -1, .leaving_id = rk_strdup("")};
    rk_member_init(&membership->base, "", conf->retry_backoff_ms, conf->retry_backoff_max_ms);
    membership->heartbeat_backoff = membership->base.backoff;
}

void rk_membership_clear(struct rk_membership *membership)
{
    rk_member_clear(&membership->base);
    rk_free(membership->leaving_id);
    rk_free(membership->protocol);
}

/* Heartbeats */

bool rk_membership_has_heartbeats(const struct rk_membership *membership)
{
    switch (membership->state) {
    case S(PREPARING):
    case S(ASSIGNING):
    case S(SYNCING):
    case S(REVOKING):
    case S(TAKING):
    case S(STABLE):
        return rk_membership_is_in(membership);
    case S(LEAVING):
        return rk_membership_is_in(membership) && !membership->base.is_leave_sent;
    case S(OUT):
    case S(JOINING): /* The coordinator does not expect any while a JoinGroup waits. */
    case S(WAITING):
    case S(FAILED):
    case S(CLOSED):
    case RK_MEMBERSHIP_STATES:
        break;
    }
    return false;
}

/*
 * The members of a generation begin with it at the same time, so that they send their heartbeats
 * together. When one dies, its session ends some intervals after its last: the next ones of the
 * others are to come after that, not just before, or the group loses another interval. Therefore
 * each comes so much later than it could that it is a 32nd of an interval within a session. Nobody
 * waits for a member that is alone.
 */
uint64_t rk_membership_next_beat_us(struct rk_membership *membership, uint64_t now_us)
{
    uint64_t interval_us = membership->conf.heartbeat_interval_us;
    uint64_t later_us = interval_us / 32;
    if (membership->is_alone)
        later_us = 0;
    else if (membership->conf.session_timeout_us > interval_us)
        later_us = later_us * interval_us / membership->conf.session_timeout_us;
    return now_us + rk_member_beat_wait_us(&membership->base, interval_us + later_us);
}

static bool watches_polls(const struct rk_membership *membership)
{
    return membership->state >= S(PREPARING) && membership->state <= S(STABLE);
}

uint64_t rk_membership_deadline(const struct rk_membership *membership)
{
    uint64_t deadline_us = RK_NEVER;
    if ((membership->state == S(JOINING) && !membership->is_join_sent) ||
        (membership->state == S(SYNCING) && !membership->is_sync_sent))
        deadline_us = membership->retry_at_us;
    if (rk_membership_has_heartbeats(membership)) {
        if (!membership->is_heartbeat_sent)
            deadline_us = RK_MIN(deadline_us, membership->base.heartbeat_at_us);
        deadline_us =
            RK_MIN(deadline_us, membership->heard_us + membership->conf.session_timeout_us);
    }
    if (watches_polls(membership))
        deadline_us =
            RK_MIN(deadline_us, membership->base.polled_us + membership->conf.max_poll_interval_us);
    if (membership->state == S(LEAVING) && membership->base.is_leave_sent)
        deadline_us = RK_MIN(deadline_us, membership->base.leave_until_us);
    return deadline_us;
}

/* Losing and joining again */

void rk_membership_forget(struct rk_membership *membership, bool keeps_id)
{
    rk_member_forget(&membership->base);
    membership->generation = -1;
    membership->is_leader = false;
    membership->is_join_sent = membership->is_sync_sent = membership->is_heartbeat_sent = false;
    membership->is_completing = false;
    if (!keeps_id)
        rk_membership_replace_text(&membership->base.member_id, "");
}

void rk_membership_rejoin(struct rk_membership *membership, const char *reason, uint64_t now_us)
{
    rk_member_set_reason(&membership->base, reason);
    membership->wants_rejoin = false;
    if (membership->state != S(PREPARING) && membership->state <= S(STABLE))
        rk_membership_set_state(membership, S(PREPARING), now_us);
}

void rk_membership_on_answered(struct rk_membership *membership, uint64_t now_us)
{
    if (rk_member_take_answer(&membership->base))
        rk_membership_advance(membership, now_us);
}

void rk_membership_on_declined(struct rk_membership *membership, uint64_t now_us)
{
    if (rk_member_decline(&membership->base))
        rk_membership_advance(membership, now_us);
}

/* Working towards the goal: one step per call; true: look again. */

static bool prepare(struct rk_membership *membership, uint64_t now_us)
{
    struct rk_member *member = &membership->base;
    bool gives_all = member->is_lost || !membership->conf.is_cooperative;
    if (member->asked != RK_ASKED_NOTHING ||
        rk_member_try_ask(member, RK_ASKED_REVOKE,
                          gives_all
                              ? rk_partition_list_copy(member->owned)
                              : rk_partition_set_of_other_topics(member->owned, member->topics),
                          now_us))
        return false;
    member->is_lost = false;
    membership->is_join_sent = false;
    membership->base.attempt++;
    membership->retry_at_us = rk_member_next_attempt_us(&membership->base, now_us);
    rk_membership_set_state(membership, S(JOINING), now_us);
    return true;
}

static bool try_join(struct rk_membership *membership, uint64_t now_us)
{
    if (!membership->is_join_sent && membership->retry_at_us <= now_us) {
        membership->is_join_sent = true;
        membership->wants_rejoin = false; /* It says what is subscribed to by now. */
        membership->base.actions |= RK_MEMBERSHIP_SEND_JOIN;
    }
    return false;
}

static bool try_sync(struct rk_membership *membership, uint64_t now_us)
{
    if (!membership->is_sync_sent && membership->retry_at_us <= now_us) {
        membership->is_sync_sent = true;
        membership->base.actions |= RK_MEMBERSHIP_SEND_SYNC;
    }
    return false;
}

static bool revoke(struct rk_membership *membership, uint64_t now_us)
{
    struct rk_member *member = &membership->base;
    if (member->asked != RK_ASKED_NOTHING)
        return false;
    if (!member->has_asked &&
        rk_member_try_ask(member, RK_ASKED_REVOKE,
                          rk_partition_set_subtract(member->owned, member->target), now_us)) {
        /* Others wait for them: this member joins again when it has given them up. */
        membership->wants_rejoin = true;
        rk_member_set_reason(member, "partitions were given up");
        return false;
    }
    rd_kafka_topic_partition_list_t *added =
        rk_partition_set_subtract(member->target, member->owned);
    bool takes = added->cnt > 0 || !member->has_asked;
    rk_partition_list_destroy(added);
    rk_membership_set_state(membership, takes ? S(TAKING) : S(STABLE), now_us);
    return true;
}

static bool take(struct rk_membership *membership, uint64_t now_us)
{
    struct rk_member *member = &membership->base;
    if (member->asked != RK_ASKED_NOTHING)
        return false;
    if (!member->has_asked) {
        rk_member_ask(member, RK_ASKED_ASSIGN,
                      rk_partition_set_subtract(member->target, member->owned), now_us);
        return false;
    }
    rk_membership_set_state(membership, S(STABLE), now_us);
    return true;
}

/* LeaveGroup for what it is now; it is no member any more. */
static bool send_leave(struct rk_membership *membership)
{
    bool is_known = membership->base.member_id[0] != '\0';
    rk_membership_replace_text(&membership->leaving_id, membership->base.member_id);
    rk_membership_forget(membership, false);
    if (is_known)
        membership->base.actions |= RK_MEMBERSHIP_SEND_LEAVE;
    return is_known;
}

static bool leave(struct rk_membership *membership, uint64_t now_us)
{
    struct rk_member *member = &membership->base;
    if (rk_member_gives_up_all(member, now_us))
        return false;
    bool is_closing = member->goal == RK_MEMBERSHIP_WANTS_CLOSE;
    if (!member->is_leave_sent && !(is_closing && membership->conf.is_static)) {
        bool is_sent = send_leave(membership);
        rk_member_begin_leave(member, is_sent, now_us + membership->conf.leave_timeout_us);
    }
    if (rk_member_is_leaving(member, now_us))
        return false;
    rk_membership_forget(membership, false);
    rk_membership_replace_text(&membership->protocol, NULL);
    rk_member_end_leave(member);
    rk_membership_set_state(membership, is_closing ? S(CLOSED) : S(OUT), now_us);
    return true;
}

/* Its partitions are still to be given up and committed, which the coordinator takes when the
 * generation is complete: a leader does its part. */
static void begin_leaving(struct rk_membership *membership, uint64_t now_us)
{
    membership->is_completing = membership->state == S(ASSIGNING);
    if (membership->state == S(SYNCING) && !membership->is_sync_sent) {
        membership->is_sync_sent = true;
        membership->base.actions |= RK_MEMBERSHIP_SEND_SYNC;
    }
    rk_membership_set_state(membership, S(LEAVING), now_us);
}

static bool step(struct rk_membership *membership, uint64_t now_us)
{
    bool wants_in = membership->base.goal == RK_MEMBERSHIP_WANTS_IN;
    bool wants_close = membership->base.goal == RK_MEMBERSHIP_WANTS_CLOSE;
    if (!wants_in && membership->state >= S(PREPARING) && membership->state <= S(WAITING)) {
        begin_leaving(membership, now_us);
        return true;
    }
    switch (membership->state) {
    case S(OUT):
        if (!wants_in && !wants_close)
            return false;
        membership->base.polled_us = now_us;
        if (wants_in)
            rk_member_set_reason(&membership->base, ""); /* Those of before are over. */
        rk_membership_set_state(membership, wants_in ? S(PREPARING) : S(CLOSED), now_us);
        return true;
    case S(PREPARING):
        return prepare(membership, now_us);
    case S(JOINING):
        return try_join(membership, now_us);
    case S(SYNCING):
        return try_sync(membership, now_us);
    case S(REVOKING):
        return revoke(membership, now_us);
    case S(TAKING):
        return take(membership, now_us);
    case S(STABLE):
        if (!membership->wants_rejoin)
            return false;
        rk_membership_set_state(membership, S(PREPARING), now_us);
        return true;
    case S(LEAVING):
        return leave(membership, now_us);
    case S(FAILED):
        if (rk_member_gives_up_all(&membership->base, now_us) || !wants_close)
            return false;
        rk_membership_set_state(membership, S(CLOSED), now_us);
        return false;
    case S(WAITING):
        rk_member_gives_up_all(&membership->base, now_us);
        return false;
    case S(ASSIGNING):
    case S(CLOSED):
    case RK_MEMBERSHIP_STATES:
        break;
    }
    return false;
}

void rk_membership_advance(struct rk_membership *membership, uint64_t now_us)
{
    while (step(membership, now_us)) {
    }
}

/* What the application wants */

void rk_membership_on_subscribe(struct rk_membership *membership,
                                rd_kafka_topic_partition_list_t *topics, uint64_t now_us)
{
    bool is_same = rk_partition_set_same_topics(topics, membership->base.topics);
    rk_member_replace(&membership->base.topics, topics);
    rk_member_want_in(&membership->base, now_us);
    if (!is_same && membership->state >= S(JOINING) && membership->state <= S(STABLE)) {
        membership->wants_rejoin = true;
        rk_member_set_reason(&membership->base, "the subscription changed");
    }
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_unsubscribe(struct rk_membership *membership, uint64_t now_us)
{
    rk_member_want_out(&membership->base);
    rk_member_replace(&membership->base.topics, rk_partition_list_new(0));
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_close(struct rk_membership *membership, uint64_t now_us)
{
    membership->base.goal = RK_MEMBERSHIP_WANTS_CLOSE;
    rk_membership_advance(membership, now_us);
}

/* Other events */

void rk_membership_on_poll(struct rk_membership *membership, uint64_t now_us)
{
    membership->base.polled_us = now_us;
    if (membership->state == S(WAITING))
        rk_membership_rejoin(membership, "the application polls again", now_us);
    if (membership->state == S(WAITING))
        rk_membership_set_state(membership, S(PREPARING), now_us);
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_partitions_changed(struct rk_membership *membership, const char *reason,
                                         uint64_t now_us)
{
    if (!membership->is_leader || membership->state < S(SYNCING) || membership->state > S(STABLE))
        return;
    membership->wants_rejoin = true;
    rk_member_set_reason(&membership->base, reason);
    rk_membership_advance(membership, now_us);
}

static void exceed_poll_interval(struct rk_membership *membership, uint64_t now_us)
{
    membership->base.actions |= RK_MEMBERSHIP_TELL_POLL_EXCEEDED;
    send_leave(membership);
    if (membership->conf.is_static) /* The coordinator keeps its place. */
        membership->base.actions &= ~(unsigned)RK_MEMBERSHIP_SEND_LEAVE;
    rk_membership_set_state(membership, S(WAITING), now_us);
}

void rk_membership_on_timer(struct rk_membership *membership, uint64_t now_us)
{
    if (watches_polls(membership) &&
        now_us >= membership->base.polled_us + membership->conf.max_poll_interval_us) {
        exceed_poll_interval(membership, now_us);
    } else if (rk_membership_has_heartbeats(membership)) {
        if (now_us >= membership->heard_us + membership->conf.session_timeout_us) {
            rk_membership_forget(membership, false);
            rk_membership_rejoin(membership, "the session timed out", now_us);
        } else if (!membership->is_heartbeat_sent && now_us >= membership->base.heartbeat_at_us) {
            membership->is_heartbeat_sent = true;
            membership->base.heartbeat_at_us = rk_membership_next_beat_us(membership, now_us);
            membership->base.actions |= RK_MEMBERSHIP_SEND_HEARTBEAT;
        }
    }
    rk_membership_advance(membership, now_us);
}
