/* SPDX-License-Identifier: BSD-2-Clause */
/* A classic group from one generation to the next. */
#include "base/clock.h"
#include "mock/mock_group.h"

static void set_state(struct rk_mock_group *group, enum rk_mock_classic_state state)
{
    static const unsigned next_states[] = {
        [RK_MOCK_CLASSIC_EMPTY] = 1U << RK_MOCK_CLASSIC_PREPARING | 1U << RK_MOCK_CLASSIC_STABLE,
        [RK_MOCK_CLASSIC_PREPARING] =
            1U << RK_MOCK_CLASSIC_COMPLETING | 1U << RK_MOCK_CLASSIC_EMPTY,
        [RK_MOCK_CLASSIC_COMPLETING] = 1U << RK_MOCK_CLASSIC_STABLE |
                                       1U << RK_MOCK_CLASSIC_PREPARING |
                                       1U << RK_MOCK_CLASSIC_EMPTY,
        [RK_MOCK_CLASSIC_STABLE] = 1U << RK_MOCK_CLASSIC_PREPARING | 1U << RK_MOCK_CLASSIC_EMPTY,
    };
    RK_ASSERT(next_states[group->classic.state] & 1U << state);
    group->classic.state = state;
}

static void answer(struct rk_mock_classic_wait **place, const struct rk_mock_classic_result *result)
{
    struct rk_mock_classic_wait *wait = *place;
    if (!wait)
        return;
    rk_mock_classic_wait_abandon(wait);
    wait->answer(wait, result);
}

void rk_mock_classic_answer_error(struct rk_mock_classic_wait **place, rd_kafka_resp_err_t err,
                                  const char *member_id)
{
    struct rk_mock_classic_result result = {.err = err, .member_id = member_id, .leader = ""};
    answer(place, &result);
}

void rk_mock_classic_answer_join(struct rk_mock_group *group, struct rk_mock_classic_member *member)
{
    struct rk_mock_classic_result result = {
        .group = group,
        .member = member,
        .generation = group->classic.generation,
        .protocol = group->classic.protocol,
        .member_id = member->id,
        .leader = group->classic.leader ? group->classic.leader->id : "",
        .tells_members = member == group->classic.leader,
    };
    answer(&member->join, &result);
}

void rk_mock_classic_answer_sync(struct rk_mock_group *group, struct rk_mock_classic_member *member)
{
    struct rk_mock_classic_result result = {
        .group = group,
        .member = member,
        .generation = group->classic.generation,
        .protocol = group->classic.protocol,
    };
    member->is_syncing = false;
    answer(&member->sync, &result);
}

void rk_mock_classic_keep_alive(struct rk_mock_group *group, struct rk_mock_classic_member *member,
                                uint64_t now_us)
{
    member->session_at_us = now_us + member->session_us;
    rk_mock_group_wake_by(group, member->session_at_us);
}

static uint64_t rebalance_timeout_us(const struct rk_mock_group *group)
{
    struct rk_mock_classic_member *member, *next;
    uint64_t longest = 0;
    HASH_ITER(hh, group->classic.members, member, next)
    longest = RK_MAX(longest, member->rebalance_us);
    return longest;
}

static void end_rebalance_at(struct rk_mock_group *group, uint64_t at_us)
{
    group->classic.rebalance_at_us = at_us;
    rk_mock_group_wake_by(group, at_us);
}

void rk_mock_classic_begin_rebalance(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    uint64_t timeout_us = rebalance_timeout_us(group);
    if (classic->state == RK_MOCK_CLASSIC_PREPARING)
        return;
    classic->is_first = classic->state == RK_MOCK_CLASSIC_EMPTY;
    classic->has_newcomers = false;
    set_state(group, RK_MOCK_CLASSIC_PREPARING);
    HASH_ITER(hh, classic->members, member, next)
    {
        if (!member->is_syncing)
            continue;
        member->is_syncing = false;
        rk_mock_classic_keep_alive(group, member, now_us);
        rk_mock_classic_answer_error(&member->sync, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, "");
    }
    if (classic->is_first) {
        uint64_t delay_us = group->groups->first_delay_us;
        classic->first_until_us = now_us + RK_MAX(delay_us, timeout_us);
        timeout_us = delay_us;
    }
    end_rebalance_at(group, now_us + timeout_us);
}

/* Those who did not come are out, but static ones, who may have been away only for a moment. */
static int drop_absent_members(struct rk_mock_group *group)
{
    struct rk_mock_classic_member *member, *next;
    int joined = 0;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        if (member->is_joining)
            joined++;
        else if (!member->instance_id)
            rk_mock_classic_member_destroy(group, member);
    }
    return joined;
}

static void choose_leader(struct rk_mock_group *group)
{
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    if (classic->leader && classic->leader->is_joining)
        return;
    HASH_ITER(hh, classic->members, member, next)
    {
        if (member->is_joining) {
            classic->leader = member;
            return;
        }
    }
}

static void begin_generation(struct rk_mock_group *group, const char *protocol)
{
    struct rk_mock_classic *classic = &group->classic;
    classic->generation = classic->generation == INT32_MAX ? 1 : classic->generation + 1;
    rk_free(classic->protocol);
    classic->protocol = rk_strdup_or_null(protocol);
    classic->is_first = false;
}

static void complete_join(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    int joined = drop_absent_members(group);
    if (!classic->members) {
        begin_generation(group, NULL);
        classic->rebalance_at_us = RK_NEVER;
        set_state(group, RK_MOCK_CLASSIC_EMPTY);
        return;
    }
    if (joined == 0) { /* Only static members, none of which has come. */
        end_rebalance_at(group, now_us + rebalance_timeout_us(group));
        return;
    }
    choose_leader(group);
    begin_generation(group, rk_mock_classic_choose_protocol(group));
    set_state(group, RK_MOCK_CLASSIC_COMPLETING);
    end_rebalance_at(group, now_us + rebalance_timeout_us(group));
    HASH_ITER(hh, classic->members, member, next)
    {
        member->has_synced = false;
        if (!member->is_joining)
            continue;
        member->is_joining = false;
        rk_mock_classic_keep_alive(group, member, now_us);
        rk_mock_classic_answer_join(group, member);
    }
}

void rk_mock_classic_try_complete_join(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    if (classic->state != RK_MOCK_CLASSIC_PREPARING || classic->is_first || classic->pending)
        return;
    HASH_ITER(hh, classic->members, member, next)
    {
        if (!member->is_joining)
            return;
    }
    complete_join(group, now_us);
}

void rk_mock_classic_complete_sync(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic_member *member, *next;
    set_state(group, RK_MOCK_CLASSIC_STABLE);
    rk_mock_group_tell_assigned(group);
    HASH_ITER(hh, group->classic.members, member, next)
    {
        if (!member->is_syncing)
            continue;
        rk_mock_classic_keep_alive(group, member, now_us);
        rk_mock_classic_answer_sync(group, member);
    }
}

static void end_membership(struct rk_mock_group *group, struct rk_mock_classic_member *member)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    rk_mock_classic_answer_error(&member->join, err, member->id);
    rk_mock_classic_answer_error(&member->sync, err, "");
    rk_mock_classic_member_destroy(group, member);
}

static void go_on_without(struct rk_mock_group *group, uint64_t now_us)
{
    rk_mock_classic_begin_rebalance(group, now_us);
    rk_mock_classic_try_complete_join(group, now_us);
}

void rk_mock_classic_remove(struct rk_mock_group *group, struct rk_mock_classic_member *member,
                            uint64_t now_us)
{
    end_membership(group, member);
    go_on_without(group, now_us);
}

void rk_mock_classic_suspend(struct rk_mock_group *group)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    struct rk_mock_classic_member *member, *next;
    if (group->classic.state != RK_MOCK_CLASSIC_EMPTY)
        set_state(group, RK_MOCK_CLASSIC_EMPTY);
    group->classic.is_first = false;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        member->is_joining = member->is_syncing = false;
        rk_mock_classic_answer_error(&member->join, err, member->id);
        rk_mock_classic_answer_error(&member->sync, err, "");
    }
}

void rk_mock_classic_resume(struct rk_mock_group *group, int32_t generation, uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    classic->generation = generation;
    classic->leader = NULL;
    rk_free(classic->protocol);
    classic->protocol = rk_strdup(rk_mock_classic_choose_protocol(group));
    HASH_ITER(hh, classic->members, member, next)
    rk_mock_classic_keep_alive(group, member, now_us);
    set_state(group, RK_MOCK_CLASSIC_STABLE);
    rk_mock_classic_begin_rebalance(group, now_us);
}

/* The end of a rebalance's time, or another while for an empty group that is still filling. */
static void end_preparing(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    if (classic->is_first && classic->has_newcomers && now_us < classic->first_until_us) {
        classic->has_newcomers = false;
        end_rebalance_at(group,
                         RK_MIN(now_us + group->groups->first_delay_us, classic->first_until_us));
        return;
    }
    classic->is_first = false;
    complete_join(group, now_us);
}

/* Who has not asked for its assignment in all that time is out, whatever heartbeats say. */
static void drop_unsynced_members(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic_member *member, *next;
    bool has_dropped = false;
    group->classic.rebalance_at_us = RK_NEVER;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        if (member->has_synced)
            continue;
        end_membership(group, member);
        has_dropped = true;
    }
    if (has_dropped)
        go_on_without(group, now_us);
}

static void drop_pending(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic_pending *pending, *next;
    HASH_ITER(hh, group->classic.pending, pending, next)
    {
        if (pending->until_us > now_us)
            continue;
        rk_mock_classic_drop_pending(group, pending);
    }
    rk_mock_classic_try_complete_join(group, now_us);
}

static void drop_dead(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic_member *member, *next;
    bool has_dropped = false;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        if (member->is_joining || member->is_syncing || member->session_at_us > now_us)
            continue;
        end_membership(group, member);
        has_dropped = true;
    }
    if (has_dropped)
        go_on_without(group, now_us);
}

void rk_mock_classic_on_time(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    drop_pending(group, now_us);
    drop_dead(group, now_us);
    if (classic->state != RK_MOCK_CLASSIC_EMPTY && classic->rebalance_at_us <= now_us) {
        if (classic->state == RK_MOCK_CLASSIC_PREPARING)
            end_preparing(group, now_us);
        else
            drop_unsynced_members(group, now_us);
    }
}

uint64_t rk_mock_classic_next_us(const struct rk_mock_group *group)
{
    const struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    struct rk_mock_classic_pending *pending, *next_pending;
    uint64_t at_us = classic->state == RK_MOCK_CLASSIC_EMPTY ? RK_NEVER : classic->rebalance_at_us;
    HASH_ITER(hh, classic->members, member, next)
    {
        if (!member->is_joining && !member->is_syncing)
            at_us = RK_MIN(at_us, member->session_at_us);
    }
    HASH_ITER(hh, classic->pending, pending, next_pending)
    at_us = RK_MIN(at_us, pending->until_us);
    return at_us;
}
