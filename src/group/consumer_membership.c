/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/consumer_membership_private.h"

#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "event/partition_list.h"
#include "group/partition_sets.h"

#define S(name)           RK_CONSUMER_##name
#define TO(name)          (1u << RK_CONSUMER_##name)
#define STOPS             (TO(FENCED) | TO(WAITING) | TO(LEAVING) | TO(FAILED))

#define EPOCH_LEAVE       (-1)
#define EPOCH_AWAY        (-2) /* A static member keeps its place for a while. */
#define EARLY_BEATS       4
#define EARLY_INTERVAL_US 100000
#define MIN_INTERVAL_US   10000 /* Whatever the coordinator says. */

static const struct {
    const char *name;
    unsigned next;
} states[RK_CONSUMER_STATES] = {
    [S(OUT)] = {"out", TO(JOINING) | TO(CLOSED)},
    [S(JOINING)] = {"joining", TO(RECONCILING) | TO(STABLE) | STOPS},
    [S(RECONCILING)] = {"reconciling", TO(ACKNOWLEDGING) | TO(STABLE) | STOPS},
    [S(ACKNOWLEDGING)] = {"acknowledging", TO(RECONCILING) | TO(STABLE) | STOPS},
    [S(STABLE)] = {"stable", TO(RECONCILING) | STOPS},
    [S(FENCED)] = {"fenced", TO(JOINING) | TO(WAITING) | TO(LEAVING)},
    [S(WAITING)] = {"waiting", TO(JOINING) | TO(LEAVING)},
    [S(LEAVING)] = {"leaving", TO(OUT) | TO(CLOSED)},
    [S(FAILED)] = {"failed", TO(CLOSED)},
    [S(CLOSED)] = {"closed", 0},
};

/* States */

bool rk_consumer_membership_may_follow(enum rk_consumer_membership_state from,
                                       enum rk_consumer_membership_state to)
{
    return (states[from].next & (1u << to)) != 0;
}

const char *rk_consumer_membership_state_name(enum rk_consumer_membership_state state)
{
    return states[state].name;
}

bool rk_consumer_membership_is_in(const struct rk_consumer_membership *membership)
{
    return membership->epoch > 0;
}

rd_kafka_topic_partition_list_t *
rk_consumer_membership_held(const struct rk_consumer_membership *membership)
{
    return membership->asked == RK_ASKED_ASSIGN
               ? rk_partition_set_merge(membership->owned, membership->asked_list)
               : rk_partition_list_copy(membership->owned);
}

static void set_state(struct rk_consumer_membership *membership,
                      enum rk_consumer_membership_state state, uint64_t now_us)
{
    RK_ASSERT(rk_consumer_membership_may_follow(membership->state, state));
    membership->state = state;
    membership->since_us = now_us;
    membership->has_asked = false;
}

void rk_consumer_membership_init(struct rk_consumer_membership *membership,
                                 const struct rk_consumer_membership_conf *conf,
                                 const char *member_id)
{
    *membership = (struct rk_consumer_membership){
        .conf = *conf,
        .member_id = rk_strdup(member_id),
        .topics = rk_partition_list_new(0),
        .pattern = rk_strdup(""),
        .owned = rk_partition_list_new(0),
        .target = rk_partition_list_new(0),
        .asked_list = rk_partition_list_new(0),
        .unreleased_us = RK_NEVER,
        .leave_until_us = RK_NEVER,
    };
    rk_backoff_init(&membership->backoff, conf->retry_backoff_ms, conf->retry_backoff_max_ms);
}

void rk_consumer_membership_clear(struct rk_consumer_membership *membership)
{
    rk_free(membership->member_id);
    rk_free(membership->pattern);
    rk_partition_list_destroy(membership->topics);
    rk_partition_list_destroy(membership->owned);
    rk_partition_list_destroy(membership->target);
    rk_partition_list_destroy(membership->asked_list);
}

unsigned rk_consumer_membership_take_actions(struct rk_consumer_membership *membership)
{
    unsigned actions = membership->actions;
    membership->actions = 0;
    return actions;
}

static void replace(rd_kafka_topic_partition_list_t **list, rd_kafka_topic_partition_list_t *by)
{
    rk_partition_list_destroy(*list);
    *list = by;
}

/* Heartbeats */

static bool has_heartbeats(const struct rk_consumer_membership *membership)
{
    switch (membership->state) {
    case S(JOINING):
        return membership->asked == RK_ASKED_NOTHING;
    case S(RECONCILING):
    case S(ACKNOWLEDGING):
    case S(STABLE):
        return true;
    case S(LEAVING): /* While the application gives up what it has. */
        return rk_consumer_membership_is_in(membership) && !membership->is_leave_sent;
    case S(OUT):
    case S(FENCED):
    case S(WAITING):
    case S(FAILED):
    case S(CLOSED):
    case RK_CONSUMER_STATES:
        break;
    }
    return false;
}

static bool watches_polls(const struct rk_consumer_membership *membership)
{
    return membership->state >= S(JOINING) && membership->state <= S(FENCED);
}

uint64_t rk_consumer_membership_deadline(const struct rk_consumer_membership *membership)
{
    uint64_t deadline_us = RK_NEVER;
    if (has_heartbeats(membership) && !membership->is_beat_sent)
        deadline_us = membership->heartbeat_at_us;
    if (watches_polls(membership))
        deadline_us =
            RK_MIN(deadline_us, membership->polled_us + membership->conf.max_poll_interval_us);
    if (membership->state == S(LEAVING) && membership->is_leave_sent)
        deadline_us = RK_MIN(deadline_us, membership->leave_until_us);
    return deadline_us;
}

static int32_t leave_epoch(const struct rk_consumer_membership *membership)
{
    return membership->conf.is_static ? EPOCH_AWAY : EPOCH_LEAVE;
}

/* A static member's place is held by what it was before, unless that is told to be gone; the same
 * goes for one that was refused its join. */
static bool clears_first(const struct rk_consumer_membership *membership)
{
    return membership->state == S(JOINING) && membership->may_be_known && !membership->has_cleared;
}

static void beat(struct rk_consumer_membership *membership, uint64_t now_us)
{
    bool is_joining = membership->state == S(JOINING);
    bool has_all = is_joining || membership->needs_all;
    if (!has_heartbeats(membership) || membership->is_beat_sent ||
        membership->heartbeat_at_us > now_us)
        return;
    membership->beat = (struct rk_consumer_beat){
        .epoch = membership->epoch,
        .has_all = has_all,
        .has_subscription = has_all || membership->subscription != membership->sent_subscription,
        .has_owned = has_all || membership->state == S(ACKNOWLEDGING),
        .acknowledges = membership->state == S(ACKNOWLEDGING),
        .subscription = membership->subscription,
    };
    if (clears_first(membership))
        membership->beat = (struct rk_consumer_beat){.epoch = leave_epoch(membership)};
    else if (is_joining)
        membership->joins++;
    membership->is_beat_sent = true;
    membership->actions |= RK_MEMBERSHIP_SEND_HEARTBEAT;
}

/* The first attempt after a success goes out at once, others after a while: no coordinator can make
 * it ask without end. */
static uint64_t next_attempt_us(struct rk_consumer_membership *membership, uint64_t now_us)
{
    bool is_first = membership->backoff.failures == 0;
    uint64_t wait_us = rk_backoff_next_us(&membership->backoff);
    return is_first ? now_us : now_us + wait_us;
}

/* Losing */

/* It is no member any more; answers under way do not count. */
static void forget(struct rk_consumer_membership *membership)
{
    if (membership->owned->cnt > 0 || membership->asked == RK_ASKED_ASSIGN)
        membership->is_lost = true;
    membership->epoch = 0;
    membership->attempt++;
    membership->is_beat_sent = false;
    membership->is_partial = false;
    replace(&membership->target, rk_partition_list_new(0));
}

static void tell(struct rk_consumer_membership *membership, unsigned action,
                 rd_kafka_resp_err_t err)
{
    if (action == RK_MEMBERSHIP_TELL_ERROR && membership->told_err == err)
        return;
    membership->told_err = err;
    membership->told_api = RK_API_CONSUMER_GROUP_HEARTBEAT;
    membership->actions |= action;
}

static void fail(struct rk_consumer_membership *membership, rd_kafka_resp_err_t err,
                 uint64_t now_us)
{
    tell(membership, RK_MEMBERSHIP_TELL_FATAL, err);
    forget(membership);
    set_state(membership, S(FAILED), now_us);
}

/* The application */

/* takes: list */
static void ask(struct rk_consumer_membership *membership, enum rk_membership_asked what,
                rd_kafka_topic_partition_list_t *list, uint64_t now_us)
{
    replace(&membership->asked_list, list);
    membership->asked = what;
    membership->asked_us = now_us;
    membership->has_asked = true;
    membership->actions |=
        what == RK_ASKED_ASSIGN ? RK_MEMBERSHIP_TELL_ASSIGN : RK_MEMBERSHIP_TELL_REVOKE;
}

/* Has the application take or give up what this is. False when it is nothing. takes: list */
static bool try_ask(struct rk_consumer_membership *membership, enum rk_membership_asked what,
                    rd_kafka_topic_partition_list_t *list, uint64_t now_us)
{
    if (list->cnt == 0) {
        rk_partition_list_destroy(list);
        return false;
    }
    ask(membership, what, list, now_us);
    return true;
}

/* True while there is something to wait for. */
static bool gives_up_all(struct rk_consumer_membership *membership, uint64_t now_us)
{
    return membership->asked != RK_ASKED_NOTHING ||
           try_ask(membership, RK_ASKED_REVOKE, rk_partition_list_copy(membership->owned), now_us);
}

void rk_consumer_membership_on_answered(struct rk_consumer_membership *membership, uint64_t now_us)
{
    rd_kafka_topic_partition_list_t *owned = NULL;
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
    replace(&membership->owned, owned);
    membership->asked = RK_ASKED_NOTHING;
    if (membership->owned->cnt == 0)
        membership->is_lost = false;
    rk_consumer_membership_advance(membership, now_us);
}

/* Working towards the goal: one step per call; true: look again. */

static bool begin_joining(struct rk_consumer_membership *membership, uint64_t now_us)
{
    membership->early_beats = 0;
    membership->is_lost = false;
    membership->has_cleared = false;
    if (membership->conf.is_static && membership->joins > 0)
        membership->may_be_known = true;
    membership->heartbeat_at_us = next_attempt_us(membership, now_us);
    set_state(membership, S(JOINING), now_us);
    return true;
}

static bool reconcile(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (membership->asked != RK_ASKED_NOTHING ||
        try_ask(membership, RK_ASKED_REVOKE,
                rk_partition_set_subtract(membership->owned, membership->target), now_us) ||
        try_ask(membership, RK_ASKED_ASSIGN,
                rk_partition_set_subtract(membership->target, membership->owned), now_us))
        return false;
    if (membership->has_asked) {
        set_state(membership, S(ACKNOWLEDGING), now_us);
        membership->heartbeat_at_us = now_us;
    } else {
        set_state(membership, S(STABLE), now_us);
    }
    return true;
}

static bool watch_target(struct rk_consumer_membership *membership, uint64_t now_us)
{
    rd_kafka_topic_partition_list_t *lost =
        rk_partition_set_subtract(membership->owned, membership->target);
    rd_kafka_topic_partition_list_t *added =
        rk_partition_set_subtract(membership->target, membership->owned);
    bool is_same = lost->cnt == 0 && added->cnt == 0;
    rk_partition_list_destroy(lost);
    rk_partition_list_destroy(added);
    if (is_same)
        return false;
    set_state(membership, S(RECONCILING), now_us);
    return true;
}

/* Leaves as what it is now; it is no member any more. False when nobody knows it. */
static bool send_leave(struct rk_consumer_membership *membership)
{
    bool is_known = rk_consumer_membership_is_in(membership) || membership->joins > 0;
    forget(membership);
    membership->joins = 0;
    membership->leaving_epoch = leave_epoch(membership);
    if (is_known)
        membership->actions |= RK_MEMBERSHIP_SEND_LEAVE;
    membership->actions &= ~(unsigned)RK_MEMBERSHIP_SEND_HEARTBEAT;
    return is_known;
}

static bool leave(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (gives_up_all(membership, now_us))
        return false;
    if (!membership->is_leave_sent) {
        membership->has_left = !send_leave(membership);
        membership->is_leave_sent = true;
        membership->leave_until_us = now_us + membership->conf.leave_timeout_us;
    }
    if (!membership->has_left && now_us < membership->leave_until_us)
        return false;
    membership->is_leave_sent = membership->has_left = false;
    membership->is_lost = membership->may_be_known = false;
    bool is_closing = membership->goal == RK_MEMBERSHIP_WANTS_CLOSE;
    set_state(membership, is_closing ? S(CLOSED) : S(OUT), now_us);
    return true;
}

static bool step(struct rk_consumer_membership *membership, uint64_t now_us)
{
    bool wants_in = membership->goal == RK_MEMBERSHIP_WANTS_IN;
    bool wants_close = membership->goal == RK_MEMBERSHIP_WANTS_CLOSE;
    if (!wants_in && membership->state >= S(JOINING) && membership->state <= S(WAITING)) {
        set_state(membership, S(LEAVING), now_us);
        return true;
    }
    switch (membership->state) {
    case S(OUT):
        if (!wants_in && !wants_close)
            return false;
        membership->polled_us = now_us;
        if (wants_in)
            return begin_joining(membership, now_us);
        set_state(membership, S(CLOSED), now_us);
        return true;
    case S(RECONCILING):
        return reconcile(membership, now_us);
    case S(STABLE):
        return watch_target(membership, now_us);
    case S(FENCED):
        return !gives_up_all(membership, now_us) && begin_joining(membership, now_us);
    case S(WAITING):
        return !gives_up_all(membership, now_us) && membership->has_polled &&
               begin_joining(membership, now_us);
    case S(LEAVING):
        return leave(membership, now_us);
    case S(FAILED):
        if (gives_up_all(membership, now_us) || !wants_close)
            return false;
        set_state(membership, S(CLOSED), now_us);
        return true;
    case S(JOINING):
    case S(ACKNOWLEDGING):
    case S(CLOSED):
    case RK_CONSUMER_STATES:
        break;
    }
    return false;
}

void rk_consumer_membership_advance(struct rk_consumer_membership *membership, uint64_t now_us)
{
    while (step(membership, now_us)) {
    }
    beat(membership, now_us);
}

/* Answers */

/* After something that went wrong everything is said again: the coordinator may know more or less
 * than this member thinks. */
static void try_again(struct rk_consumer_membership *membership, uint64_t now_us)
{
    membership->needs_all = true;
    membership->has_cleared = false;
    membership->heartbeat_at_us = next_attempt_us(membership, now_us);
}

static void fence(struct rk_consumer_membership *membership, uint64_t now_us)
{
    bool was_joining = membership->state == S(JOINING);
    forget(membership);
    if (was_joining) { /* The coordinator has it under another epoch: that one leaves first. */
        membership->may_be_known = true;
        try_again(membership, now_us);
    } else if (membership->state == S(LEAVING)) {
        membership->joins = 0;
    } else {
        set_state(membership, S(FENCED), now_us);
    }
}

/* Whether another with this instance id may be what this member was before. */
static bool is_own_shadow(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (membership->joins < 2)
        return false;
    if (membership->unreleased_us == RK_NEVER)
        membership->unreleased_us = now_us;
    return now_us - membership->unreleased_us < membership->conf.session_timeout_us;
}

static void on_error(struct rk_consumer_membership *membership, rd_kafka_resp_err_t err,
                     uint64_t now_us)
{
    unsigned action = rk_error_policy_find(RK_API_CONSUMER_GROUP_HEARTBEAT, err);
    if (err == RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID && membership->state == S(JOINING) &&
        is_own_shadow(membership, now_us)) {
        membership->may_be_known = true;
        try_again(membership, now_us);
    } else if (membership->state == S(LEAVING) && (action & RK_ACTION_FATAL)) {
        forget(membership);
    } else if (action & RK_ACTION_FATAL) {
        fail(membership, err, now_us);
    } else if ((action & RK_ACTION_REJOIN) || (err == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND &&
                                               rk_consumer_membership_is_in(membership))) {
        fence(membership, now_us);
    } else {
        if (!(action & RK_ACTION_RETRY))
            tell(membership, RK_MEMBERSHIP_TELL_ERROR, err);
        if (membership->state == S(JOINING) && membership->conf.is_static)
            membership->may_be_known = true;
        try_again(membership, now_us);
    }
}

static void schedule(struct rk_consumer_membership *membership, int32_t interval_ms,
                     uint64_t now_us)
{
    uint64_t interval_us =
        interval_ms > 0 ? (uint64_t)interval_ms * 1000 : membership->conf.heartbeat_interval_us;
    if (membership->target->cnt == 0 && !membership->is_partial &&
        membership->early_beats < EARLY_BEATS) {
        interval_us = RK_MIN(interval_us, (uint64_t)EARLY_INTERVAL_US << membership->early_beats);
        membership->early_beats++;
    }
    membership->heartbeat_at_us = now_us + RK_MAX(interval_us, MIN_INTERVAL_US);
    if (membership->subscription != membership->sent_subscription)
        membership->heartbeat_at_us = now_us;
}

static void on_success(struct rk_consumer_membership *membership,
                       const struct rk_consumer_answer *answer, uint64_t now_us)
{
    rk_backoff_reset(&membership->backoff);
    membership->epoch = answer->epoch;
    membership->needs_all = membership->may_be_known = false;
    membership->unreleased_us = RK_NEVER;
    membership->told_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (membership->beat.has_subscription)
        membership->sent_subscription = membership->beat.subscription;
    if (answer->target) {
        replace(&membership->target, rk_partition_list_copy(answer->target));
        membership->is_partial = answer->is_partial;
    }
    schedule(membership, answer->interval_ms, now_us);
    if (membership->state == S(JOINING))
        set_state(membership, S(STABLE), now_us);
    else if (membership->state == S(ACKNOWLEDGING) && membership->beat.acknowledges)
        set_state(membership, S(STABLE), now_us);
    else if (membership->state == S(ACKNOWLEDGING))
        membership->heartbeat_at_us = now_us;
}

void rk_consumer_membership_on_heartbeat_answer(struct rk_consumer_membership *membership,
                                                uint32_t attempt,
                                                const struct rk_consumer_answer *answer,
                                                uint64_t now_us)
{
    if (attempt == membership->attempt && membership->is_beat_sent) {
        unsigned action = rk_error_policy_find(RK_API_CONSUMER_GROUP_HEARTBEAT, answer->err);
        membership->is_beat_sent = false;
        if (membership->beat.epoch < 0) { /* Whatever was there has left, or was not there. */
            membership->has_cleared = !(action & RK_ACTION_RETRY);
            membership->heartbeat_at_us =
                membership->has_cleared ? now_us : next_attempt_us(membership, now_us);
        } else if (answer->err) {
            on_error(membership, answer->err, now_us);
        } else if (answer->epoch <= 0) {
            on_error(membership, RD_KAFKA_RESP_ERR__BAD_MSG, now_us);
        } else {
            on_success(membership, answer, now_us);
        }
    }
    if (answer->target)
        rk_partition_list_destroy(answer->target);
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_leave_answer(struct rk_consumer_membership *membership,
                                            uint64_t now_us)
{
    if (membership->state != S(LEAVING) || !membership->is_leave_sent)
        return;
    membership->has_left = true;
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_names(struct rk_consumer_membership *membership,
                                     rd_kafka_topic_partition_list_t *target, bool is_partial,
                                     uint64_t now_us)
{
    if (!rk_consumer_membership_is_in(membership)) {
        rk_partition_list_destroy(target);
        return;
    }
    replace(&membership->target, target);
    membership->is_partial = is_partial;
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_commit_error(struct rk_consumer_membership *membership,
                                            uint32_t attempt, rd_kafka_resp_err_t err,
                                            uint64_t now_us)
{
    if (attempt != membership->attempt || !rk_consumer_membership_is_in(membership))
        return;
    if (err == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH || err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
        membership->heartbeat_at_us = RK_MIN(membership->heartbeat_at_us, now_us);
    rk_consumer_membership_advance(membership, now_us);
}

/* Other events */

void rk_consumer_membership_on_timer(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (watches_polls(membership) &&
        now_us >= membership->polled_us + membership->conf.max_poll_interval_us) {
        membership->actions |= RK_MEMBERSHIP_TELL_POLL_EXCEEDED;
        send_leave(membership);
        membership->has_polled = false;
        set_state(membership, S(WAITING), now_us);
    }
    rk_consumer_membership_advance(membership, now_us);
}
