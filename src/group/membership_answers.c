/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the coordinator's answers do to a membership. Those to an attempt that is over do nothing.
 */
#include <stdio.h>
#include <string.h>

#include "cluster/error_policy.h"
#include "event/partition_list.h"
#include "group/membership.h"
#include "group/membership_private.h"
#include "event/partition_sets.h"

#define S(name)           RK_MEMBERSHIP_##name

#define INTERRUPTIONS_MAX 10 /* Then it makes pauses. */

static void begin_heartbeats(struct rk_membership *membership, uint64_t now_us)
{
    membership->heard_us = now_us;
    membership->base.early_beats = 0;
    membership->base.heartbeat_at_us = rk_membership_next_beat_us(membership, now_us);
    membership->is_heartbeat_sent = false;
    rk_backoff_reset(&membership->heartbeat_backoff);
}

static void fail(struct rk_membership *membership, enum rk_api_key api, rd_kafka_resp_err_t err,
                 uint64_t now_us)
{
    rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_FATAL, api, err);
    rk_membership_forget(membership, false);
    rk_membership_set_state(membership, S(FAILED), now_us);
}

/*
 * What an error of a member's request means for the membership. True: all is said; false: the
 * request is to be repeated.
 */
static bool act(struct rk_membership *membership, unsigned action, enum rk_api_key api,
                rd_kafka_resp_err_t err, uint64_t now_us)
{
    if (action & RK_ACTION_FATAL) {
        fail(membership, api, err, now_us);
        return true;
    }
    /* A lie is told of, and asked about again. */
    if ((action & RK_ACTION_FAIL) || err == RD_KAFKA_RESP_ERR__BAD_MSG)
        rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_ERROR, api, err);
    if (action & (RK_ACTION_RESET_MEMBER | RK_ACTION_RESET_GENERATION))
        rk_membership_forget(membership, !(action & RK_ACTION_RESET_MEMBER));
    if (!(action & RK_ACTION_REJOIN))
        return false;
    char reason[100];
    snprintf(reason, sizeof(reason), "%s: %s", rk_api_find(api)->name, rd_kafka_err2name(err));
    rk_membership_rejoin(membership, reason, now_us);
    return true;
}

static bool act_on_error(struct rk_membership *membership, enum rk_api_key api,
                         rd_kafka_resp_err_t err, uint64_t now_us)
{
    return act(membership, rk_error_policy_find(api, err), api, err, now_us);
}

/* Before the request is repeated. */
static void put_off(struct rk_membership *membership, uint64_t now_us)
{
    membership->retry_at_us = now_us + rk_backoff_next_us(&membership->base.backoff);
}

/* It has to join again under this id: at once, when it had none. Whoever says so again and again is
 * not believed to have an end. */
static void take_id(struct rk_membership *membership, const char *member_id, uint64_t now_us)
{
    bool is_id = member_id && member_id[0];
    if (is_id && !membership->base.member_id[0]) {
        membership->retry_at_us = now_us;
    } else {
        put_off(membership, now_us);
        rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_ERROR, RK_API_JOIN_GROUP,
                       RD_KAFKA_RESP_ERR__BAD_MSG);
    }
    if (is_id)
        rk_membership_replace_text(&membership->base.member_id, member_id);
}

static bool is_whole(const struct rk_membership_joined *joined)
{
    return joined->generation >= 0 && joined->member_id && joined->member_id[0] && joined->protocol;
}

static void enter_generation(struct rk_membership *membership,
                             const struct rk_membership_joined *joined, uint64_t now_us)
{
    membership->generation = joined->generation;
    membership->has_returned = membership->conf.is_static && !membership->base.member_id[0];
    rk_membership_replace_text(&membership->base.member_id, joined->member_id);
    rk_membership_replace_text(&membership->protocol, joined->protocol);
    membership->is_leader = joined->leader_id && strcmp(joined->leader_id, joined->member_id) == 0;
    membership->is_alone = membership->is_leader && joined->member_count == 1;
    membership->skips_assignment = membership->conf.is_static && joined->skips_assignment;
    begin_heartbeats(membership, now_us);
}

/* It leaves, but the application still gives up its partitions, which are its own in the generation
 * that it joined, too: they are committed as of that one. */
static void enter_for_a_while(struct rk_membership *membership,
                              const struct rk_membership_joined *joined, uint64_t now_us)
{
    membership->is_join_sent = false;
    if (joined->err || !is_whole(joined))
        return;
    membership->base.attempt++; /* Heartbeats of the old one do not count. */
    enter_generation(membership, joined, now_us);
    membership->is_completing = true;
    if (membership->is_leader && !membership->skips_assignment)
        membership->base.actions |= RK_MEMBERSHIP_MAKE_ASSIGNMENT;
}

void rk_membership_on_join_answer(struct rk_membership *membership, uint32_t attempt,
                                  const struct rk_membership_joined *joined, uint64_t now_us)
{
    if (attempt != membership->base.attempt)
        return;
    if (membership->state == S(LEAVING) && membership->is_join_sent)
        enter_for_a_while(membership, joined, now_us);
    if (membership->state != S(JOINING))
        return;
    membership->is_join_sent = false;
    if (joined->err == RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED) {
        take_id(membership, joined->member_id, now_us);
    } else if (joined->err) {
        if (!act_on_error(membership, RK_API_JOIN_GROUP, joined->err, now_us))
            put_off(membership, now_us);
    } else if (!is_whole(joined)) {
        put_off(membership, now_us);
        rk_member_tell(&membership->base, RK_MEMBERSHIP_TELL_ERROR, RK_API_JOIN_GROUP,
                       RD_KAFKA_RESP_ERR__BAD_MSG);
    } else {
        enter_generation(membership, joined, now_us);
        membership->retry_at_us = now_us;
        membership->is_sync_sent = false;
        bool assigns = membership->is_leader && !membership->skips_assignment;
        membership->has_returned &= !assigns;
        rk_membership_set_state(membership, assigns ? S(ASSIGNING) : S(SYNCING), now_us);
        if (assigns)
            membership->base.actions |= RK_MEMBERSHIP_MAKE_ASSIGNMENT;
    }
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_join_failed(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->state == S(LEAVING))
        membership->is_completing = false;
    if (membership->state != S(ASSIGNING))
        return;
    rk_membership_forget(membership, true);
    rk_membership_rejoin(membership, "no assignment could be made", now_us);
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_assignment_made(struct rk_membership *membership, uint64_t now_us)
{
    if (!rk_membership_is_assigning(membership))
        return;
    if (membership->state == S(LEAVING)) {
        membership->is_sync_sent = true;
        membership->base.actions |= RK_MEMBERSHIP_SEND_SYNC;
        return;
    }
    membership->retry_at_us = now_us;
    rk_membership_set_state(membership, S(SYNCING), now_us);
    rk_membership_advance(membership, now_us);
}

/* Of topics that are not subscribed to nothing is taken, as leaders could have meant an older
 * subscription: the member joins again, and not without pauses. takes: assignment */
static void take_target(struct rk_membership *membership,
                        rd_kafka_topic_partition_list_t *assignment)
{
    rd_kafka_topic_partition_list_t *others =
        rk_partition_set_of_other_topics(assignment, membership->base.topics);
    if (others->cnt == 0) {
        rk_member_replace(&membership->base.target, assignment);
        rk_backoff_reset(&membership->base.backoff);
        membership->interruptions = 0;
    } else {
        rk_member_replace(&membership->base.target, rk_partition_set_subtract(assignment, others));
        rk_partition_list_destroy(assignment);
        membership->wants_rejoin = true;
        rk_member_set_reason(&membership->base, "the assignment has topics not subscribed to");
    }
    rk_partition_list_destroy(others);
}

/* A static member that comes back is given what it had, even if it subscribes to something else by
 * now, and nobody else learns of that. What it cannot tell from that: others may have those topics
 * because there are too few partitions for all. */
static void look_for_return(struct rk_membership *membership)
{
    rd_kafka_topic_partition_list_t *lacking =
        rk_partition_set_of_other_topics(membership->base.topics, membership->base.target);
    if (membership->has_returned && lacking->cnt > 0 && !membership->wants_rejoin)
        membership->base.actions |= RK_MEMBERSHIP_LOOK_AT_GROUP;
    membership->has_returned = false;
    rk_partition_list_destroy(lacking);
}

void rk_membership_on_left_out(struct rk_membership *membership, uint32_t attempt, uint64_t now_us)
{
    if (attempt != membership->base.attempt || membership->state < S(REVOKING) ||
        membership->state > S(STABLE))
        return;
    membership->wants_rejoin = true;
    rk_member_set_reason(&membership->base, "it came back with another subscription");
    rk_membership_advance(membership, now_us);
}

/* Others have joined meanwhile, as when many start at once: all wait for this one, so it makes no
 * pause. */
static void note_interruption(struct rk_membership *membership)
{
    if (membership->interruptions == INTERRUPTIONS_MAX)
        return;
    membership->interruptions++;
    rk_backoff_reset(&membership->base.backoff);
}

void rk_membership_on_sync_answer(struct rk_membership *membership, uint32_t attempt,
                                  rd_kafka_resp_err_t err,
                                  rd_kafka_topic_partition_list_t *assignment, uint64_t now_us)
{
    if (attempt != membership->base.attempt || membership->state != S(SYNCING)) {
        rk_partition_list_destroy(assignment);
        return;
    }
    membership->is_sync_sent = false;
    if (!err && !assignment)
        err = RD_KAFKA_RESP_ERR__BAD_MSG;
    if (err) {
        rk_partition_list_destroy(assignment);
        membership->retry_at_us = now_us + rk_backoff_next_us(&membership->base.backoff);
        if (err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
            note_interruption(membership);
        if (!act_on_error(membership, RK_API_SYNC_GROUP, err, now_us) &&
            !(rk_error_policy_find(RK_API_SYNC_GROUP, err) & RK_ACTION_RETRY))
            rk_membership_rejoin(membership, rd_kafka_err2name(err), now_us);
    } else {
        take_target(membership, assignment);
        look_for_return(membership);
        membership->base.told_err = RD_KAFKA_RESP_ERR_NO_ERROR;
        membership->heard_us = now_us;
        rk_membership_set_state(membership,
                                membership->conf.is_cooperative ? S(REVOKING) : S(TAKING), now_us);
    }
    rk_membership_advance(membership, now_us);
}

/* The group has gone on without its answer to JoinGroup, which is still on its way. */
static bool is_overtaken(const struct rk_membership *membership, rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION && membership->state == S(LEAVING) &&
           membership->is_join_sent;
}

void rk_membership_on_heartbeat_answer(struct rk_membership *membership, uint32_t attempt,
                                       rd_kafka_resp_err_t err, uint64_t now_us)
{
    if (attempt != membership->base.attempt || !membership->is_heartbeat_sent)
        return;
    unsigned action = rk_error_policy_find(RK_API_HEARTBEAT, err);
    membership->is_heartbeat_sent = false;
    if (!rk_membership_has_heartbeats(membership))
        return;
    if (!err || err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS) {
        membership->heard_us = now_us;
        rk_backoff_reset(&membership->heartbeat_backoff);
    }
    if (err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS) {
        /* Before the partitions are handed over it is this member's own join that goes on. */
        if (membership->state >= S(REVOKING) && membership->state <= S(STABLE)) {
            membership->wants_rejoin = true;
            rk_member_set_reason(&membership->base, "the group is rebalancing");
        }
    } else if (err && ((action & RK_ACTION_RETRY) || is_overtaken(membership, err))) {
        membership->base.heartbeat_at_us =
            now_us + rk_backoff_next_us(&membership->heartbeat_backoff);
    } else if (err) {
        act_on_error(membership, RK_API_HEARTBEAT, err, now_us);
    }
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_leave_answer(struct rk_membership *membership, uint64_t now_us)
{
    if (membership->state != S(LEAVING) || !membership->base.is_leave_sent)
        return;
    membership->base.has_left = true;
    rk_membership_advance(membership, now_us);
}

void rk_membership_on_commit_error(struct rk_membership *membership, rd_kafka_resp_err_t err,
                                   uint64_t now_us)
{
    unsigned action = rk_error_policy_find(RK_API_HEARTBEAT, err);
    /* Who is no member any more waits for its JoinGroup in vain. */
    bool is_out = membership->state == S(JOINING) && rk_membership_is_in(membership) &&
                  err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (is_overtaken(membership, err) || !(is_out || rk_membership_has_heartbeats(membership)))
        return;
    if (err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
        membership->wants_rejoin = membership->state == S(STABLE) || membership->wants_rejoin;
    else if (action & (RK_ACTION_REJOIN | RK_ACTION_FATAL)) /* As if a heartbeat had got it. */
        act(membership, action, RK_API_OFFSET_COMMIT, err, now_us);
    rk_membership_advance(membership, now_us);
}
