/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a coordinator answers to a member of a classic group, one after the other, and what the
 * member makes of it: the machines of the coordinator and of the membership, the leader's plan.
 *
 * An input is a byte of flags, then steps (support/fuzz_steps.h); an answer's other byte is its
 * version. Whatever they say, the machines keep their states, ask for one thing at a time, and a
 * leader gives each partition to one member that subscribed to it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "event/partition_list.h"
#include "group/consumer_protocol.h"
#include "group/coordinator_machine.h"
#include "group/leader_plan.h"
#include "group/membership.h"
#include "support/fuzz_steps.h"
#include "wire/messages.h"

#define ARENA_LIMIT (1 << 20)

enum { PARTITIONS_MAX = 12, EVENTS = 12, ANSWERS = 5 };

struct group {
    struct rk_membership membership;
    struct rk_coordinator_machine coordinator;
    uint64_t now_us;
    int sent_now; /* Since time went on. */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The leader */

static bool wants(const struct rk_leader_member *member, const char *topic)
{
    for (int32_t i = 0; i < member->subscription.topic_count; i++) {
        if (strcmp(member->subscription.topics[i], topic) == 0)
            return true;
    }
    return false;
}

static void check_assignments(const struct rk_leader_plan *plan)
{
    int64_t there = 0, given = 0;
    for (int i = 0; i < plan->topics->cnt; i++)
        there += plan->topics->elems[i].partition;
    rd_kafka_topic_partition_list_t *all = rk_partition_list_new(0);
    for (int32_t m = 0; m < plan->member_count; m++) {
        const rd_kafka_topic_partition_list_t *list = plan->members[m].assignment;
        for (int i = 0; i < list->cnt; i++, given++) {
            const rd_kafka_topic_partition_t *topic =
                rk_leader_plan_find_topic(plan, list->elems[i].topic);
            RK_ASSERT(topic && list->elems[i].partition < topic->partition);
            RK_ASSERT(wants(&plan->members[m], topic->topic));
            rk_partition_list_add_copy(all, &list->elems[i]);
        }
    }
    RK_ASSERT(given <= there);
    rk_partition_list_sort(all, NULL, NULL);
    for (int i = 1; i < all->cnt; i++)
        RK_ASSERT(all->elems[i - 1].partition != all->elems[i].partition ||
                  strcmp(all->elems[i - 1].topic, all->elems[i].topic) != 0);
    rk_partition_list_destroy(all);
}

static void lead(const struct rk_join_group_answer *answer)
{
    static const char *const names[] = {"range", "roundrobin", "sticky", "cooperative-sticky"};
    if (!rk_leader_plan_is_possible(answer))
        return;
    for (size_t i = 0; i < RK_COUNT_OF(names); i++) {
        struct rk_leader_plan *plan = rk_leader_plan_try_new(rk_assignor_find(names[i]), answer);
        RK_ASSERT(plan);
        for (int t = 0; t < plan->topics->cnt; t++)
            plan->topics->elems[t].partition = (int32_t)(strlen(plan->topics->elems[t].topic) *
                                                         (unsigned)(t + 1) % PARTITIONS_MAX);
        if (rk_leader_plan_try_assign(plan, NULL))
            check_assignments(plan);
        rk_leader_plan_destroy(plan);
    }
}

/* Answers */

static void on_join(struct group *group, const struct rk_join_group_answer *answer)
{
    struct rk_membership_joined joined = {.err = (rd_kafka_resp_err_t)answer->error_code,
                                          .generation = answer->generation_id,
                                          .member_id = answer->member_id,
                                          .leader_id = answer->leader,
                                          .protocol = answer->protocol_name,
                                          .skips_assignment = answer->skip_assignment};
    lead(answer);
    rk_membership_on_join_answer(&group->membership, group->membership.base.attempt, &joined,
                                 group->now_us);
}

static void on_sync(struct group *group, const struct rk_sync_group_answer *answer)
{
    rd_kafka_topic_partition_list_t *assignment = rk_protocol_try_read_assignment(
        answer->assignment.data, (size_t)RK_MAX(answer->assignment.size, 0));
    rk_membership_on_sync_answer(&group->membership, group->membership.base.attempt,
                                 (rd_kafka_resp_err_t)answer->error_code, assignment,
                                 group->now_us);
}

static void on_found(struct group *group, const struct rk_find_coordinator_answer *answer)
{
    if (answer->error_code || answer->node_id < 0)
        rk_coordinator_machine_on_not_found(&group->coordinator,
                                            (rd_kafka_resp_err_t)answer->error_code,
                                            answer->node_id % 2, group->now_us);
    else
        rk_coordinator_machine_on_found(&group->coordinator, answer->node_id);
}

static void on_heartbeat(struct group *group, const struct rk_heartbeat_answer *answer)
{
    rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)answer->error_code;
    rk_membership_on_heartbeat_answer(&group->membership, group->membership.base.attempt, err,
                                      group->now_us);
    rk_membership_on_commit_error(&group->membership, err, group->now_us);
    rk_coordinator_machine_on_lost(&group->coordinator, group->coordinator.broker_id, err,
                                   group->now_us);
}

static void on_answer(struct group *group, struct fuzz_step *step)
{
    union {
        struct rk_find_coordinator_answer found;
        struct rk_join_group_answer joined;
        struct rk_sync_group_answer synced;
        struct rk_heartbeat_answer heard;
        struct rk_leave_group_answer left;
    } answer;
    static const struct rk_api *const apis[] = {&rk_join_group_api, &rk_sync_group_api,
                                                &rk_heartbeat_api, &rk_leave_group_api,
                                                &rk_find_coordinator_api};
    const struct rk_api *api = apis[step->event];
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    if (fuzz_try_read_answer(step, api, &answer, &arena)) {
        if (step->event == 0)
            on_join(group, &answer.joined);
        else if (step->event == 1)
            on_sync(group, &answer.synced);
        else if (step->event == 2)
            on_heartbeat(group, &answer.heard);
        else if (step->event == 3)
            rk_membership_on_leave_answer(&group->membership, group->now_us);
        else
            on_found(group, &answer.found);
    }
    rk_arena_clear(&arena);
}

/* The rest of the world */

static void on_event(struct group *group, uint8_t event, uint8_t byte)
{
    struct rk_membership *membership = &group->membership;
    switch (event) {
    case 5:
        rk_membership_on_subscribe(membership, fuzz_topics(byte), group->now_us);
        rk_coordinator_machine_on_wanted(&group->coordinator, true, group->now_us);
        break;
    case 6:
        rk_membership_on_answered(membership, group->now_us);
        break;
    case 7:
        rk_membership_on_assignment_made(membership, group->now_us);
        break;
    case 8:
        rk_membership_on_poll(membership, group->now_us);
        rk_membership_on_partitions_changed(membership, "others", group->now_us);
        break;
    case 9:
        rk_membership_on_unsubscribe(membership, group->now_us);
        rk_coordinator_machine_on_wanted(&group->coordinator, false, group->now_us);
        break;
    case 10:
        rk_membership_on_close(membership, group->now_us);
        break;
    default: {
        uint64_t due_us = rk_membership_deadline(membership);
        uint64_t asked_us = rk_coordinator_machine_next_us(&group->coordinator);
        group->now_us = due_us == RK_NEVER ? group->now_us + byte : RK_MAX(due_us, group->now_us);
        group->sent_now = 0;
        rk_membership_on_timer(membership, group->now_us);
        if (asked_us <= group->now_us)
            rk_coordinator_machine_on_due(&group->coordinator, group->now_us);
    }
    }
}

static void check(struct group *group, bool is_answer)
{
    const struct rk_membership *membership = &group->membership;
    unsigned actions = rk_member_take_actions(&group->membership.base);
    RK_ASSERT(membership->state < RK_MEMBERSHIP_STATES);
    RK_ASSERT(rk_membership_is_in(membership) == (membership->generation >= 0));
    RK_ASSERT(!rk_membership_is_in(membership) || membership->base.member_id[0]);
    RK_ASSERT(membership->base.reason[sizeof(membership->base.reason) - 1] == '\0');
    for (int i = 0; i < membership->base.owned->cnt; i++)
        RK_ASSERT(membership->base.owned->elems[i].partition >= 0);
    /* No coordinator makes it ask without end. */
    if (is_answer && (actions & (RK_MEMBERSHIP_SEND_JOIN | RK_MEMBERSHIP_SEND_SYNC)))
        RK_ASSERT(++group->sent_now < 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct group group = {.now_us = 1};
    if (size < 1)
        return 0;
    rk_membership_init(&group.membership,
                       &(struct rk_membership_conf){.session_timeout_us = 45000000,
                                                    .heartbeat_interval_us = 3000000,
                                                    .max_poll_interval_us = 300000000,
                                                    .leave_timeout_us = 3000000,
                                                    .retry_backoff_ms = 100,
                                                    .retry_backoff_max_ms = 1000,
                                                    .is_static = data[0] & 1,
                                                    .is_cooperative = data[0] & 2});
    rk_coordinator_machine_init(&group.coordinator, 100, 1000);
    on_event(&group, 5, data[0]);
    struct fuzz_steps steps = {data + 1, size - 1, EVENTS, ANSWERS};
    for (struct fuzz_step step; fuzz_next_step(&steps, &step);) {
        if (step.is_answer)
            on_answer(&group, &step);
        else
            on_event(&group, step.event, step.byte);
        check(&group, step.is_answer);
    }
    rk_membership_clear(&group.membership);
    return 0;
}
