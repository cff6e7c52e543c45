/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of a classic group's member: the machine with a clock of its own, and short ways to say
 * what happens to it. */
#ifndef RK_TEST_GROUP_CLASSIC_MEMBER_H
#define RK_TEST_GROUP_CLASSIC_MEMBER_H

#include "group/membership.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "event/partition_list.h"

#define SECOND UINT64_C(1000000)

static uint64_t now;

static inline void init(struct rk_membership *member, bool is_static, bool is_cooperative)
{
    now = 1000 * SECOND;
    rk_membership_init(member, &(struct rk_membership_conf){.session_timeout_us = 45 * SECOND,
                                                            .heartbeat_interval_us = 3 * SECOND,
                                                            .max_poll_interval_us = 300 * SECOND,
                                                            .leave_timeout_us = 5 * SECOND,
                                                            .retry_backoff_ms = 100,
                                                            .retry_backoff_max_ms = 1000,
                                                            .is_static = is_static,
                                                            .is_cooperative = is_cooperative});
}

/* "a0 a1 b0" */
static inline rd_kafka_topic_partition_list_t *list_of(const char *text)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    for (; *text; text += 2 + (text[2] == ' ')) {
        char topic[2] = {text[0], '\0'};
        rk_partition_list_add(list, topic, text[1] - '0');
    }
    return list;
}

static inline void assert_list(const rd_kafka_topic_partition_list_t *list, const char *expected)
{
    char text[100] = "";
    size_t used = 0;
    for (int i = 0; i < list->cnt; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%d", i > 0 ? " " : "",
                                 list->elems[i].topic, (int)list->elems[i].partition);
    assert_string_equal(text, expected);
}

static inline void assert_actions(struct rk_membership *member, unsigned expected)
{
    assert_int_equal(rk_member_take_actions(&member->base), expected);
}

static inline void join_answer(struct rk_membership *member, rd_kafka_resp_err_t err,
                               const char *id, const char *leader)
{
    rk_membership_on_join_answer(member, member->base.attempt,
                                 &(struct rk_membership_joined){.err = err,
                                                                .generation = err ? -1 : 7,
                                                                .member_id = id,
                                                                .leader_id = leader,
                                                                .protocol = err ? NULL : "range"},
                                 now);
}

static inline void sync_answer(struct rk_membership *member, const char *assignment)
{
    rk_membership_on_sync_answer(member, member->base.attempt, RD_KAFKA_RESP_ERR_NO_ERROR,
                                 list_of(assignment), now);
}

static inline void heartbeat_answer(struct rk_membership *member, rd_kafka_resp_err_t err)
{
    now = rk_membership_deadline(member);
    rk_membership_on_timer(member, now);
    assert_actions(member, RK_MEMBERSHIP_SEND_HEARTBEAT);
    rk_membership_on_heartbeat_answer(member, member->base.attempt, err, now);
}

/* A follower that has these partitions. */
static inline void reach_stable(struct rk_membership *member, const char *assignment)
{
    rk_membership_on_subscribe(member, list_of("a0 b0"), now);
    assert_actions(member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    assert_actions(member, RK_MEMBERSHIP_SEND_SYNC);
    sync_answer(member, assignment);
    member->base.actions &= ~(unsigned)RK_MEMBERSHIP_LOOK_AT_GROUP; /* Who is static looks. */
    assert_actions(member, RK_MEMBERSHIP_TELL_ASSIGN);
    assert_list(member->base.asked_list, assignment);
    rk_membership_on_answered(member, now);
    assert_int_equal(member->state, RK_MEMBERSHIP_STABLE);
    assert_actions(member, 0);
}

#endif
