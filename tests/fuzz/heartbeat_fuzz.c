/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a coordinator answers to a member of the consumer protocol (KIP-848), what Metadata calls
 * the topics in it, and what the member makes of both: the membership's machine and its target.
 *
 * An input is a byte of flags, then steps (support/fuzz_steps.h); an answer's other byte is its
 * version. Whatever they say, the machine keeps its states, asks the application for one thing at
 * a time and the coordinator not without end, and what it takes and tells are partitions with
 * names, each once.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/clock.h"
#include "event/partition_list.h"
#include "group/consumer_membership.h"
#include "group/consumer_target.h"
#include "event/partition_sets.h"
#include "support/fuzz_steps.h"
#include "wire/messages.h"

#define ARENA_LIMIT (1 << 20)

enum { EVENTS = 12, ANSWERS = 3, BEATS_AT_ONCE_MAX = 22 };

struct group {
    struct rk_consumer_membership membership;
    struct rk_consumer_target target;
    uint64_t now_us;
    int sent_now; /* Since time went on. */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_set(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        RK_ASSERT(list->elems[i].partition >= 0 && list->elems[i].topic[0]);
        RK_ASSERT(i == 0 || rk_partition_set_compare(&list->elems[i - 1], &list->elems[i]) < 0);
    }
}

/* The target */

static rd_kafka_topic_partition_list_t *resolve(struct group *group, bool *is_partial)
{
    rd_kafka_topic_partition_list_t *held = rk_consumer_membership_held(&group->membership);
    rd_kafka_topic_partition_list_t *list =
        rk_consumer_target_resolve(&group->target, held, is_partial);
    check_set(list);
    RK_ASSERT(*is_partial || rk_consumer_target_count_missing(&group->target) == 0);
    RK_ASSERT(group->target.name_count <= group->target.count + held->cnt);
    rk_partition_list_destroy(held);
    return list;
}

/* What the next heartbeat says is owned. */
static void tell_owned(struct group *group)
{
    struct rk_arena arena;
    struct rk_consumer_group_heartbeat_request request;
    rd_kafka_topic_partition_list_t *held = rk_consumer_membership_held(&group->membership);
    int told = 0;
    check_set(held);
    rk_arena_init(&arena, ARENA_LIMIT);
    rk_consumer_group_heartbeat_request_init(&request);
    if (rk_consumer_target_try_fill(&group->target, held, &request, &arena)) {
        for (int32_t i = 0; i < request.topic_partitions.count; i++) {
            RK_ASSERT(!rk_uuid_is_zero(&request.topic_partitions.items[i].topic_id));
            RK_ASSERT(request.topic_partitions.items[i].partitions.count > 0);
            told += request.topic_partitions.items[i].partitions.count;
        }
        RK_ASSERT(told <= held->cnt);
    }
    rk_arena_clear(&arena);
    rk_partition_list_destroy(held);
}

/* Answers */

static void on_heartbeat(struct group *group,
                         const struct rk_consumer_group_heartbeat_answer *answer)
{
    struct rk_consumer_answer told = {.err = (rd_kafka_resp_err_t)answer->error_code,
                                      .epoch = answer->member_epoch,
                                      .interval_ms = answer->heartbeat_interval_ms};
    if (!told.err && answer->assignment) {
        if (!rk_consumer_target_is_sound(answer->assignment))
            told.err = RD_KAFKA_RESP_ERR__BAD_MSG;
        else if (rk_consumer_target_try_set(&group->target, answer->assignment))
            told.target = resolve(group, &told.is_partial);
    }
    rk_consumer_membership_on_heartbeat_answer(&group->membership, group->membership.base.attempt,
                                               &told, group->now_us);
}

static void on_names(struct group *group, const struct rk_metadata_answer *answer)
{
    bool is_partial;
    for (int32_t i = 0; i < answer->topics.count; i++) {
        const struct rk_metadata_answer_topic *topic = &answer->topics.items[i];
        if (topic->name && topic->name[0])
            rk_consumer_target_learn(&group->target, &topic->topic_id, topic->name);
    }
    rd_kafka_topic_partition_list_t *list = resolve(group, &is_partial);
    rk_consumer_membership_on_names(&group->membership, list, is_partial, group->now_us);
}

static void on_answer(struct group *group, struct fuzz_step *step)
{
    union {
        struct rk_consumer_group_heartbeat_answer heard;
        struct rk_metadata_answer named;
    } answer;
    const struct rk_api *api =
        step->event == 0 ? &rk_metadata_api : &rk_consumer_group_heartbeat_api;
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    if (fuzz_try_read_answer(step, api, &answer, &arena)) {
        if (step->event == 0)
            on_names(group, &answer.named);
        else
            on_heartbeat(group, &answer.heard);
    }
    rk_arena_clear(&arena);
}

/* The rest of the world */

static void on_event(struct group *group, uint8_t event, uint8_t byte)
{
    struct rk_consumer_membership *membership = &group->membership;
    switch (event) {
    case 3:
        rk_consumer_membership_on_subscribe(membership, fuzz_topics(byte), byte & 2 ? "^t" : NULL,
                                            group->now_us);
        break;
    case 4:
        rk_consumer_membership_on_answered(membership, group->now_us);
        break;
    case 5:
        rk_consumer_membership_on_declined(membership, group->now_us);
        break;
    case 6:
        rk_consumer_membership_on_poll(membership, group->now_us);
        break;
    case 7:
        rk_consumer_membership_on_unsubscribe(membership, group->now_us);
        break;
    case 8:
        rk_consumer_membership_on_close(membership, group->now_us);
        break;
    case 9:
        rk_consumer_membership_on_leave_answer(membership, group->now_us);
        break;
    case 10:
        rk_consumer_membership_on_commit_error(membership, (rd_kafka_resp_err_t)byte,
                                               group->now_us);
        break;
    default: {
        uint64_t due_us = rk_consumer_membership_deadline(membership);
        if (due_us == RK_NEVER || due_us <= group->now_us)
            due_us = group->now_us + byte;
        if (due_us > group->now_us)
            group->sent_now = 0;
        group->now_us = due_us;
        rk_consumer_membership_on_timer(membership, group->now_us);
    }
    }
}

static void check(struct group *group)
{
    const struct rk_consumer_membership *membership = &group->membership;
    unsigned actions = rk_member_take_actions(&group->membership.base);
    unsigned telling = actions & (RK_MEMBERSHIP_TELL_ASSIGN | RK_MEMBERSHIP_TELL_REVOKE);
    RK_ASSERT(membership->state < RK_CONSUMER_STATES);
    RK_ASSERT(membership->epoch >= 0);
    RK_ASSERT((telling & (telling - 1)) == 0);
    RK_ASSERT(!telling || membership->base.asked_list->cnt > 0);
    check_set(membership->base.owned);
    check_set(membership->base.target);
    check_set(membership->base.asked_list);
    /* No coordinator makes it ask without end. */
    if (actions & RK_MEMBERSHIP_SEND_HEARTBEAT) {
        RK_ASSERT(++group->sent_now <= BEATS_AT_ONCE_MAX);
        if (membership->beat.has_owned)
            tell_owned(group);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct group group = {.now_us = 1};
    if (size < 1)
        return 0;
    rk_consumer_membership_init(
        &group.membership,
        &(struct rk_consumer_membership_conf){.session_timeout_us = 45000000,
                                              .heartbeat_interval_us = 3000000,
                                              .max_poll_interval_us = 300000000,
                                              .leave_timeout_us = 3000000,
                                              .retry_backoff_ms = 100,
                                              .retry_backoff_max_ms = 1000,
                                              .is_static = data[0] & 1},
        "member");
    on_event(&group, 3, data[0] >> 1);
    check(&group);
    struct fuzz_steps steps = {data + 1, size - 1, EVENTS, ANSWERS};
    for (struct fuzz_step step; fuzz_next_step(&steps, &step);) {
        if (step.is_answer)
            on_answer(&group, &step);
        else
            on_event(&group, step.event, step.byte);
        check(&group);
    }
    rk_consumer_membership_clear(&group.membership);
    rk_consumer_target_clear(&group.target);
    return 0;
}
