/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/membership.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/error_policy.h"
#include "event/partition_list.h"
#include "group/membership_private.h"
#include "group/partition_sets.h"

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

void rk_membership_set_state(struct rk_membership *membership, enum rk_membership_state state,
                             uint64_t now_us)
{
    RK_ASSERT(rk_membership_may_follow(membership->state, state));
    membership->state = state;
    membership->since_us = now_us;
    membership->has_asked = false;
}

void rk_membership_init(struct rk_membership *membership, const struct rk_membership_conf *conf)
{
    *membership = (struct rk_membership){
        .conf = *conf,
        .generation = -1,
        .member_id = rk_strdup(""),
        .leaving_id = rk_strdup(""),
        .topics = rk_partition_list_new(0),
        .owned = rk_partition_list_new(0),
        .target = rk_partition_list_new(0),
        .asked_list = rk_partition_list_new(0),
        .leave_until_us = RK_NEVER,
    };
    rk_backoff_init(&membership->backoff, conf->retry_backoff_ms, conf->retry_backoff_max_ms);
    membership->heartbeat_backoff = membership->backoff;
}

void rk_membership_clear(struct rk_membership *membership)
{
    rk_free(membership->member_id);
    rk_free(membership->leaving_id);
    rk_free(membership->protocol);
    rk_partition_list_destroy(membership->topics);
    rk_partition_list_destroy(membership->owned);
    rk_partition_list_destroy(membership->target);
    rk_partition_list_destroy(membership->asked_list);
}

unsigned rk_membership_take_actions(struct rk_membership *membership)
{
    unsigned actions = membership->actions;
    membership->actions = 0;
    return actions;
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
        return rk_membership_is_in(membership) && !membership->is_leave_sent;
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
            deadline_us = RK_MIN(deadline_us, membership->heartbeat_at_us);
        deadline_us =
            RK_MIN(deadline_us, membership->heard_us + membership->conf.session_timeout_us);
    }
    if (watches_polls(membership))
        deadline_us =
            RK_MIN(deadline_us, membership->polled_us + membership->conf.max_poll_interval_us);
    if (membership->state == S(LEAVING) && membership->is_leave_sent)
        deadline_us = RK_MIN(deadline_us, membership->leave_until_us);
    return deadline_us;
}

/* Losing and joining again */

void rk_membership_set_reason(struct rk_membership *membership, const char *reason)
{
    rk_text_copy(membership->reason, sizeof(membership->reason), reason);
}

void rk_membership_forget(struct rk_membership *membership, bool keeps_id)
{
    if (membership->owned->cnt > 0 || membership->asked == RK_ASKED_ASSIGN)
        membership->is_lost = true;
    membership->generation = -1;
    membership->is_leader = false;
    membership->attempt++;
    membership->is_join_sent = membership->is_sync_sent = membership->is_heartbeat_sent = false;
    if (!keeps_id)
        rk_membership_replace_text(&membership->member_id, "");
}

void rk_membership_rejoin(struct rk_membership *membership, const char *reason, uint64_t now_us)
{
    rk_membership_set_reason(membership, reason);
    membership->wants_rejoin = false;
    if (membership->state != S(PREPARING) && membership->state <= S(STABLE))
        rk_membership_set_state(membership, S(PREPARING), now_us);
}

uint64_t rk_membership_next_attempt_us(struct rk_membership *membership, uint64_t now_us)
{
    bool is_first = membership->backoff.failures == 0;
    uint64_t wait_us = rk_backoff_next_us(&membership->backoff);
    return is_first ? now_us : now_us + wait_us;
}

/* Asking the application. takes: list */
static void ask(struct rk_membership *membership, enum rk_membership_asked what,
                rd_kafka_topic_partition_list_t *list, uint64_t now_us)
{
    rk_membership_replace(&membership->asked_list, list);
    membership->asked = what;
    membership->asked_us = now_us;
    membership->has_asked = true;
    membership->actions |=
        what == RK_ASKED_ASSIGN ? RK_MEMBERSHIP_TELL_ASSIGN : RK_MEMBERSHIP_TELL_REVOKE;
}

/* Has the application give up what this is. True while there is something to wait for. takes: list
 */
static bool give_up(struct rk_membership *membership, rd_kafka_topic_partition_list_t *list,
                    uint64_t now_us)
{
    if (list->cnt == 0) {
        rk_partition_list_destroy(list);
        return false;
    }
    ask(membership, RK_ASKED_REVOKE, list, now_us);
    return true;
}

void rk_membership_on_answered(struct rk_membership *membership, uint64_t now_us)
{
    rd_kafka_topic_partition_list_t *owned = membership->owned;
    switch (membership->asked) {
    case RK_ASKED_NOTHING:
        return;
    case RK_ASKED_ASSIGN:
        owned = rk_partition_set_merge(membership->owned, membership->asked_list);
        break;
    case RK_ASKED_REVOKE:
        owned = rk_partition_set_subtract(membership->owned, membership->asked_list);
        break;
    }
    rk_membership_replace(&membership->owned, owned);
    membership->asked = RK_ASKED_NOTHING;
    if (membership->owned->cnt == 0)
        membership->is_lost = false;
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_declined(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->asked != RK_ASKED_ASSIGN)
        return;
    membership->asked = RK_ASKED_NOTHING;
    rk_membership_advance(membership, now_us);
}

/* Working towards the goal: one step per call; true: look again. */

static bool prepare(struct rk_membership *membership, uint64_t now_us)
{
    bool gives_all = membership->is_lost || !membership->conf.is_cooperative;
    if (membership->asked != RK_ASKED_NOTHING ||
        give_up(membership,
                gives_all ? rk_partition_list_copy(membership->owned)
                          : rk_partition_set_of_other_topics(membership->owned, membership->topics),
                now_us))
        return false;
    membership->is_lost = false;
    membership->wants_rejoin = false;
    membership->is_join_sent = false;
    membership->attempt++;
    membership->retry_at_us = rk_membership_next_attempt_us(membership, now_us);
    rk_membership_set_state(membership, S(JOINING), now_us);
    return true;
}

static bool try_join(struct rk_membership *membership, uint64_t now_us)
{
    if (!membership->is_join_sent && membership->retry_at_us <= now_us) {
        membership->is_join_sent = true;
        membership->actions |= RK_MEMBERSHIP_SEND_JOIN;
    }
    return false;
}

static bool try_sync(struct rk_membership *membership, uint64_t now_us)
{
    if (!membership->is_sync_sent && membership->retry_at_us <= now_us) {
        membership->is_sync_sent = true;
        membership->actions |= RK_MEMBERSHIP_SEND_SYNC;
    }
    return false;
}

static bool revoke(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->asked != RK_ASKED_NOTHING)
        return false;
    if (!membership->has_asked &&
        give_up(membership, rk_partition_set_subtract(membership->owned, membership->target),
                now_us)) {
        /* Others wait for them: this member joins again when it has given them up. */
        membership->wants_rejoin = true;
        rk_membership_set_reason(membership, "partitions were given up");
        return false;
    }
    rd_kafka_topic_partition_list_t *added =
        rk_partition_set_subtract(membership->target, membership->owned);
    bool takes = added->cnt > 0 || !membership->has_asked;
    rk_partition_list_destroy(added);
    rk_membership_set_state(membership, takes ? S(TAKING) : S(STABLE), now_us);
    return true;
}

static bool take(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->asked != RK_ASKED_NOTHING)
        return false;
    if (!membership->has_asked) {
        ask(membership, RK_ASKED_ASSIGN,
            rk_partition_set_subtract(membership->target, membership->owned), now_us);
        return false;
    }
    rk_membership_set_state(membership, S(STABLE), now_us);
    return true;
}

/* LeaveGroup for what it is now; it is no member any more. */
static bool send_leave(struct rk_membership *membership)
{
    bool is_known = membership->member_id[0] != '\0';
    rk_membership_replace_text(&membership->leaving_id, membership->member_id);
    rk_membership_forget(membership, false);
    if (is_known)
        membership->actions |= RK_MEMBERSHIP_SEND_LEAVE;
    return is_known;
}

static bool leave(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->asked != RK_ASKED_NOTHING ||
        give_up(membership, rk_partition_list_copy(membership->owned), now_us))
        return false;
    bool is_closing = membership->goal == RK_MEMBERSHIP_WANTS_CLOSE;
    if (!membership->is_leave_sent && !(is_closing && membership->conf.is_static)) {
        membership->has_left = !send_leave(membership);
        membership->is_leave_sent = true;
        membership->leave_until_us = now_us + membership->conf.leave_timeout_us;
    }
    if (membership->is_leave_sent && !membership->has_left && now_us < membership->leave_until_us)
        return false;
    rk_membership_forget(membership, false);
    rk_membership_replace_text(&membership->protocol, NULL);
    membership->is_leave_sent = membership->has_left = false;
    membership->is_lost = false;
    rk_membership_set_state(membership, is_closing ? S(CLOSED) : S(OUT), now_us);
    return true;
}

static bool step(struct rk_membership *membership, uint64_t now_us)
{
    bool wants_in = membership->goal == RK_MEMBERSHIP_WANTS_IN;
    bool wants_close = membership->goal == RK_MEMBERSHIP_WANTS_CLOSE;
    if (!wants_in && membership->state >= S(PREPARING) && membership->state <= S(WAITING)) {
        rk_membership_set_state(membership, S(LEAVING), now_us);
        return true;
    }
    switch (membership->state) {
    case S(OUT):
        if (!wants_in && !wants_close)
            return false;
        membership->polled_us = now_us;
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
        if (membership->asked != RK_ASKED_NOTHING ||
            give_up(membership, rk_partition_list_copy(membership->owned), now_us) || !wants_close)
            return false;
        rk_membership_set_state(membership, S(CLOSED), now_us);
        return false;
    case S(WAITING):
        if (membership->asked == RK_ASKED_NOTHING)
            give_up(membership, rk_partition_list_copy(membership->owned), now_us);
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
    bool is_same = rk_partition_set_same_topics(topics, membership->topics);
    rk_membership_replace(&membership->topics, topics);
    membership->polled_us = now_us;
    if (membership->goal != RK_MEMBERSHIP_WANTS_CLOSE)
        membership->goal = RK_MEMBERSHIP_WANTS_IN;
    if (!is_same && membership->state >= S(JOINING) && membership->state <= S(STABLE)) {
        membership->wants_rejoin = true;
        rk_membership_set_reason(membership, "the subscription changed");
    }
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_unsubscribe(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->goal == RK_MEMBERSHIP_WANTS_IN)
        membership->goal = RK_MEMBERSHIP_WANTS_OUT;
    rk_membership_replace(&membership->topics, rk_partition_list_new(0));
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_close(struct rk_membership *membership, uint64_t now_us)
{
    membership->goal = RK_MEMBERSHIP_WANTS_CLOSE;
    rk_membership_advance(membership, now_us);
}

/* Other events */

void rk_membership_on_poll(struct rk_membership *membership, uint64_t now_us)
{
    membership->polled_us = now_us;
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
    rk_membership_set_reason(membership, reason);
    rk_membership_advance(membership, now_us);
}

static void exceed_poll_interval(struct rk_membership *membership, uint64_t now_us)
{
    membership->actions |= RK_MEMBERSHIP_TELL_POLL_EXCEEDED;
    if (membership->conf.is_static)
        rk_membership_forget(membership, false);
    else
        send_leave(membership);
    rk_membership_set_state(membership, S(WAITING), now_us);
}

void rk_membership_on_timer(struct rk_membership *membership, uint64_t now_us)
{
    if (watches_polls(membership) &&
        now_us >= membership->polled_us + membership->conf.max_poll_interval_us) {
        exceed_poll_interval(membership, now_us);
    } else if (rk_membership_has_heartbeats(membership)) {
        if (now_us >= membership->heard_us + membership->conf.session_timeout_us) {
            rk_membership_forget(membership, false);
            rk_membership_rejoin(membership, "the session timed out", now_us);
        } else if (!membership->is_heartbeat_sent && now_us >= membership->heartbeat_at_us) {
            membership->is_heartbeat_sent = true;
            membership->heartbeat_at_us = now_us + membership->conf.heartbeat_interval_us;
            membership->actions |= RK_MEMBERSHIP_SEND_HEARTBEAT;
        }
    }
    rk_membership_advance(membership, now_us);
}
