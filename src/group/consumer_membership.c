/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/consumer_membership_private.h"

#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "event/partition_list.h"
#include "event/partition_sets.h"

#define S(name)           RK_CONSUMER_##name
#define TO(name)          (1u << RK_CONSUMER_##name)
#define STOPS             (TO(FENCED) | TO(WAITING) | TO(LEAVING) | TO(FAILED))

#define EPOCH_LEAVE       (-1)
#define EPOCH_AWAY        (-2) /* A static member keeps its place for a while. */
#define EARLY_BEATS       4
#define EARLY_INTERVAL_US 100000
/* Whatever the coordinator says, and makes the member do: so many heartbeats may follow one another
 * at once; then one per spacing. */
#define BEATS_AT_ONCE 20
#define SPACING_US    50000

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
    [S(LEAVING)] = {"leaving", TO(OUT) | TO(WAITING) | TO(CLOSED)},
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
    return membership->base.asked == RK_ASKED_ASSIGN
               ? rk_partition_set_merge(membership->base.owned, membership->base.asked_list)
               : rk_partition_list_copy(membership->base.owned);
}

static void set_state(struct rk_consumer_membership *membership,
                      enum rk_consumer_membership_state state, uint64_t now_us)
{
    RK_ASSERT(rk_consumer_membership_may_follow(membership->state, state));
    membership->state = state;
    rk_member_enter_state(&membership->base, now_us);
}

void rk_consumer_membership_init(struct rk_consumer_membership *membership,
                                 const struct rk_consumer_membership_conf *conf,
                                 const char *member_id)
{
    *membership = (struct rk_consumer_membership){.conf = *conf,
                                                  .interval_us = conf->heartbeat_interval_us,
                                                  .pattern = rk_strdup(""),
                                                  .unreleased_us = RK_NEVER};
    rk_member_init(&membership->base, member_id, conf->retry_backoff_ms,
                   conf->retry_backoff_max_ms);
}

void rk_consumer_membership_clear(struct rk_consumer_membership *membership)
{
    rk_member_clear(&membership->base);
    rk_free(membership->pattern);
}

/* Heartbeats */

static bool has_heartbeats(const struct rk_consumer_membership *membership)
{
    switch (membership->state) {
    case S(JOINING):
        return membership->base.asked == RK_ASKED_NOTHING;
    case S(RECONCILING):
    case S(ACKNOWLEDGING):
    case S(STABLE):
        return true;
    case S(LEAVING): /* While the application gives up what it has. */
        return rk_consumer_membership_is_in(membership) && !membership->base.is_leave_sent;
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

/* Who leaves to come back has to poll as well: until then others wait for what it has. */
static bool watches_polls(const struct rk_consumer_membership *membership)
{
    return (membership->state >= S(JOINING) && membership->state <= S(FENCED)) ||
           (has_heartbeats(membership) && membership->base.goal == RK_MEMBERSHIP_WANTS_IN);
}

uint64_t rk_consumer_membership_deadline(const struct rk_consumer_membership *membership)
{
    uint64_t deadline_us = RK_NEVER;
    if (has_heartbeats(membership) && !membership->is_beat_sent)
        deadline_us = membership->base.heartbeat_at_us;
    if (watches_polls(membership))
        deadline_us =
            RK_MIN(deadline_us, membership->base.polled_us + membership->conf.max_poll_interval_us);
    if (membership->state == S(LEAVING) && membership->base.is_leave_sent)
        deadline_us = RK_MIN(deadline_us, membership->base.leave_until_us);
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

/* Each takes a spacing of time, of which some may be taken in advance. */
static bool may_beat(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (membership->paid_until_us > now_us + BEATS_AT_ONCE * SPACING_US) {
        membership->base.heartbeat_at_us = membership->paid_until_us - BEATS_AT_ONCE * SPACING_US;
        return false;
    }
    membership->paid_until_us = RK_MAX(membership->paid_until_us, now_us) + SPACING_US;
    return true;
}

/* Who leaves says nothing of what it wants: the broker may refuse that, and with it the heartbeat,
 * while the application has its partitions still. */
static bool may_tell_subscription(const struct rk_consumer_membership *membership)
{
    return membership->state != S(LEAVING) && !membership->is_refused;
}

static bool tells_subscription(const struct rk_consumer_membership *membership)
{
    return may_tell_subscription(membership) &&
           membership->subscription != membership->sent_subscription;
}

static void beat(struct rk_consumer_membership *membership, uint64_t now_us)
{
    bool is_joining = membership->state == S(JOINING);
    bool has_all = is_joining || membership->needs_all;
    if (!has_heartbeats(membership) || membership->is_beat_sent ||
        membership->base.heartbeat_at_us > now_us || !may_beat(membership, now_us))
        return;
    membership->beat = (struct rk_consumer_beat){
        .epoch = membership->epoch,
        .has_all = has_all,
        .has_subscription =
            (has_all && may_tell_subscription(membership)) || tells_subscription(membership),
        .has_owned = has_all || membership->state == S(ACKNOWLEDGING),
        .acknowledges = membership->state == S(ACKNOWLEDGING),
        .subscription = membership->subscription,
    };
    if (clears_first(membership))
        membership->beat = (struct rk_consumer_beat){.epoch = leave_epoch(membership)};
    else if (is_joining)
        membership->joins++;
    /* The coordinator gives away at once what is not named, whenever this arrives and whether the
     * answer does or not. */
    membership->is_unsure |= membership->beat.has_owned;
    membership->is_beat_sent = true;
    membership->base.actions |= RK_MEMBERSHIP_SEND_HEARTBEAT;
}

/* Losing */

/* It is no member any more; answers under way do not count. */
static void forget(struct rk_consumer_membership *membership)
{
    rk_member_forget(&membership->base);
    membership->epoch = 0;
    membership->is_beat_sent = membership->is_unsure = false;
    membership->is_partial = membership->is_refused = false;
    rk_member_replace(&membership->base.target, rk_partition_list_new(0));
}

static void fail(struct rk_consumer_membership *membership, rd_kafka_resp_err_t err,
                 uint64_t now_us)
{
    rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_FATAL, RK_API_CONSUMER_GROUP_HEARTBEAT,
                   err);
    forget(membership);
    set_state(membership, S(FAILED), now_us);
}

void rk_consumer_membership_on_answered(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (rk_member_take_answer(&membership->base))
        rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_declined(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (rk_member_decline(&membership->base))
        rk_consumer_membership_advance(membership, now_us);
}

/* Working towards the goal: one step per call; true: look again. */

static bool begin_joining(struct rk_consumer_membership *membership, uint64_t now_us)
{
    membership->base.early_beats = 0;
    membership->base.is_lost = false;
    membership->has_cleared = false;
    if (membership->conf.is_static && membership->joins > 0)
        membership->may_be_known = true;
    membership->base.heartbeat_at_us = rk_member_next_attempt_us(&membership->base, now_us);
    set_state(membership, S(JOINING), now_us);
    return true;
}

static bool reconcile(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (membership->base.asked != RK_ASKED_NOTHING ||
        rk_member_try_ask(
            &membership->base, RK_ASKED_REVOKE,
            rk_partition_set_subtract(membership->base.owned, membership->base.target), now_us))
        return false;
    rd_kafka_topic_partition_list_t *added =
        rk_partition_set_subtract(membership->base.target, membership->base.owned);
    if (added->cnt > 0 && membership->is_unsure) { /* That may be another's by now. */
        rk_partition_list_destroy(added);
        return false;
    }
    if (rk_member_try_ask(&membership->base, RK_ASKED_ASSIGN, added, now_us))
        return false;
    if (membership->base.has_asked) {
        set_state(membership, S(ACKNOWLEDGING), now_us);
        membership->base.heartbeat_at_us = now_us;
    } else {
        set_state(membership, S(STABLE), now_us);
    }
    return true;
}

static bool watch_target(struct rk_consumer_membership *membership, uint64_t now_us)
{
    rd_kafka_topic_partition_list_t *lost =
        rk_partition_set_subtract(membership->base.owned, membership->base.target);
    rd_kafka_topic_partition_list_t *added =
        rk_partition_set_subtract(membership->base.target, membership->base.owned);
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
        membership->base.actions |= RK_MEMBERSHIP_SEND_LEAVE;
    membership->base.actions &= ~(unsigned)RK_MEMBERSHIP_SEND_HEARTBEAT;
    return is_known;
}

static bool leave(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (rk_member_gives_up_all(&membership->base, now_us))
        return false;
    if (!membership->base.is_leave_sent) {
        bool is_sent = send_leave(membership);
        rk_member_begin_leave(&membership->base, is_sent,
                              now_us + membership->conf.leave_timeout_us);
    }
    if (rk_member_is_leaving(&membership->base, now_us))
        return false;
    rk_member_end_leave(&membership->base);
    membership->may_be_known = false;
    bool is_closing = membership->base.goal == RK_MEMBERSHIP_WANTS_CLOSE;
    set_state(membership, is_closing ? S(CLOSED) : S(OUT), now_us);
    return true;
}

static bool step(struct rk_consumer_membership *membership, uint64_t now_us)
{
    bool wants_in = membership->base.goal == RK_MEMBERSHIP_WANTS_IN;
    bool wants_close = membership->base.goal == RK_MEMBERSHIP_WANTS_CLOSE;
    if (!wants_in && membership->state >= S(JOINING) && membership->state <= S(WAITING)) {
        set_state(membership, S(LEAVING), now_us);
        return true;
    }
    switch (membership->state) {
    case S(OUT):
        if (!wants_in && !wants_close)
            return false;
        membership->base.polled_us = now_us;
        if (wants_in)
            return begin_joining(membership, now_us);
        set_state(membership, S(CLOSED), now_us);
        return true;
    case S(RECONCILING):
        return reconcile(membership, now_us);
    case S(STABLE):
        return watch_target(membership, now_us);
    case S(FENCED):
        return !rk_member_gives_up_all(&membership->base, now_us) &&
               begin_joining(membership, now_us);
    case S(WAITING):
        return !rk_member_gives_up_all(&membership->base, now_us) && membership->has_polled &&
               begin_joining(membership, now_us);
    case S(LEAVING):
        return leave(membership, now_us);
    case S(FAILED):
        if (rk_member_gives_up_all(&membership->base, now_us) || !wants_close)
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
    membership->base.heartbeat_at_us = rk_member_next_attempt_us(&membership->base, now_us);
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

/* The broker matches no patterns, so the heartbeat was not sent, and no other with this one would
 * be: a member leaves before its session ends and others have what it consumes. It joins again when
 * the application subscribes to something else, or the coordinator is a broker that does match. */
static void refuse_pattern(struct rk_consumer_membership *membership, rd_kafka_resp_err_t err,
                           uint64_t now_us)
{
    bool is_wanted = membership->beat.subscription == membership->subscription;
    rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_ERROR, RK_API_CONSUMER_GROUP_HEARTBEAT,
                   err);
    if (rk_consumer_membership_is_in(membership) && membership->state != S(LEAVING) && is_wanted) {
        set_state(membership, S(LEAVING), now_us);
        return;
    }
    if (membership->state == S(JOINING))
        membership->joins--;
    try_again(membership, now_us);
}

/* Of a member it may be what it subscribes to: a topic that it may not see, a pattern that is none.
 * Brokers look at that first, and for them such a heartbeat does not count: one without keeps the
 * session, and what the member has, before it asks again. */
static void doubt_subscription(struct rk_consumer_membership *membership)
{
    membership->is_refused = rk_consumer_membership_is_in(membership) &&
                             membership->beat.has_subscription &&
                             membership->beat.subscription == membership->subscription;
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
        /* A lie is told of, and asked about again. */
        if (!(action & RK_ACTION_RETRY) || err == RD_KAFKA_RESP_ERR__BAD_MSG)
            rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_ERROR,
                           RK_API_CONSUMER_GROUP_HEARTBEAT, err);
        if (!(action & RK_ACTION_RETRY))
            doubt_subscription(membership);
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
    /* Seldom enough, and it would never hear that it is no member any more. */
    interval_us = RK_MIN(interval_us, membership->conf.session_timeout_us);
    membership->interval_us = interval_us;
    unsigned beats = membership->base.early_beats;
    bool is_empty = membership->base.target->cnt == 0 && !membership->is_partial;
    interval_us = rk_member_beat_wait_us(&membership->base, interval_us);
    if (is_empty && beats < EARLY_BEATS) /* It asks again soon. */
        interval_us = RK_MIN(interval_us, (uint64_t)EARLY_INTERVAL_US << beats);
    membership->base.heartbeat_at_us = now_us + interval_us;
    if (tells_subscription(membership))
        membership->base.heartbeat_at_us = now_us;
}

static void on_success(struct rk_consumer_membership *membership,
                       const struct rk_consumer_answer *answer, uint64_t now_us)
{
    rk_backoff_reset(&membership->base.backoff);
    membership->epoch = answer->epoch;
    membership->needs_all = membership->may_be_known = false;
    membership->unreleased_us = RK_NEVER;
    if (may_tell_subscription(membership)) /* Else it says nothing of how that fares. */
        membership->base.told_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (membership->beat.has_owned)
        membership->is_unsure = false;
    if (membership->beat.has_subscription)
        membership->sent_subscription = membership->beat.subscription;
    if (answer->target) {
        membership->base.early_beats = 0;
        rk_member_replace(&membership->base.target, rk_partition_list_copy(answer->target));
        if (answer->is_partial && !membership->is_partial)
            membership->base.since_us = now_us;
        membership->is_partial = answer->is_partial;
        rk_member_set_reason(&membership->base, "the coordinator assigned");
    }
    schedule(membership, answer->interval_ms, now_us);
    membership->is_refused = false;
    if (membership->state == S(JOINING))
        set_state(membership, S(STABLE), now_us);
    else if (membership->state == S(ACKNOWLEDGING) && membership->beat.acknowledges)
        set_state(membership, S(STABLE), now_us);
    else if (membership->state == S(ACKNOWLEDGING))
        membership->base.heartbeat_at_us = now_us;
}

void rk_consumer_membership_on_heartbeat_answer(struct rk_consumer_membership *membership,
                                                uint32_t attempt,
                                                const struct rk_consumer_answer *answer,
                                                uint64_t now_us)
{
    if (attempt == membership->base.attempt && membership->is_beat_sent) {
        unsigned action = rk_error_policy_find(RK_API_CONSUMER_GROUP_HEARTBEAT, answer->err);
        membership->is_beat_sent = false;
        if (membership->beat.epoch < 0) { /* Whatever was there has left, or was not there. */
            membership->has_cleared = !(action & RK_ACTION_RETRY);
            membership->base.heartbeat_at_us =
                membership->has_cleared ? now_us
                                        : rk_member_next_attempt_us(&membership->base, now_us);
        } else if (answer->is_of_pattern) {
            refuse_pattern(membership, answer->err, now_us);
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
    if (membership->state != S(LEAVING) || !membership->base.is_leave_sent)
        return;
    membership->base.has_left = true;
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
    rk_member_replace(&membership->base.target, target);
    membership->is_partial = is_partial;
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_commit_error(struct rk_consumer_membership *membership,
                                            rd_kafka_resp_err_t err, uint64_t now_us)
{
    if (!rk_consumer_membership_is_in(membership))
        return;
    if (err == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH || err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
        membership->base.heartbeat_at_us = RK_MIN(membership->base.heartbeat_at_us, now_us);
    rk_consumer_membership_advance(membership, now_us);
}

/* Other events */

void rk_consumer_membership_on_timer(struct rk_consumer_membership *membership, uint64_t now_us)
{
    if (watches_polls(membership) &&
        now_us >= membership->base.polled_us + membership->conf.max_poll_interval_us) {
        membership->base.actions |= RK_MEMBERSHIP_TELL_POLL_EXCEEDED;
        send_leave(membership);
        membership->has_polled = false;
        set_state(membership, S(WAITING), now_us);
    }
    rk_consumer_membership_advance(membership, now_us);
}
