/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A member of the consumer protocol for tests: its time, its answers, what it is to do.
 */
#ifndef RK_TESTS_UNIT_GROUP_CONSUMER_MEMBER_H
#define RK_TESTS_UNIT_GROUP_CONSUMER_MEMBER_H

#include "group/consumer_membership.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/clock.h"
#include "event/partition_list.h"

#define SECOND UINT64_C(1000000)

enum {
    BEAT = RK_MEMBERSHIP_SEND_HEARTBEAT,
    LEAVE = RK_MEMBERSHIP_SEND_LEAVE,
    ASSIGN = RK_MEMBERSHIP_TELL_ASSIGN,
    REVOKE = RK_MEMBERSHIP_TELL_REVOKE,
};

static uint64_t now;

static inline void init(struct rk_consumer_membership *member, bool is_static)
{
    now = 1000 * SECOND;
    rk_consumer_membership_init(
        member,
        &(struct rk_consumer_membership_conf){.max_poll_interval_us = 300 * SECOND,
                                              .leave_timeout_us = 5 * SECOND,
                                              .session_timeout_us = 45 * SECOND,
                                              .heartbeat_interval_us = 3 * SECOND,
                                              .retry_backoff_ms = 100,
                                              .retry_backoff_max_ms = 1000,
                                              .is_static = is_static},
        "me");
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

static inline void assert_actions(struct rk_consumer_membership *member, unsigned expected)
{
    assert_int_equal(rk_member_take_actions(&member->base), expected);
}

/* The answer to the heartbeat that is under way; `target` NULL: as before. */
static inline void answer(struct rk_consumer_membership *member, rd_kafka_resp_err_t err,
                          int32_t epoch, const char *target)
{
    rk_consumer_membership_on_heartbeat_answer(
        member, member->base.attempt,
        &(struct rk_consumer_answer){.err = err,
                                     .epoch = epoch,
                                     .interval_ms = 5000,
                                     .target = target ? list_of(target) : NULL},
        now);
}

static inline void go_to_deadline(struct rk_consumer_membership *member)
{
    now = rk_consumer_membership_deadline(member);
    rk_consumer_membership_on_timer(member, now);
}

static inline void subscribe(struct rk_consumer_membership *member, const char *topics)
{
    rk_consumer_membership_on_subscribe(member, list_of(topics), NULL, now);
}

static inline void done(struct rk_consumer_membership *member)
{
    rk_consumer_membership_on_answered(member, now);
}

/* Joins, and has these partitions. */
static inline void reach_stable(struct rk_consumer_membership *member, const char *target)
{
    subscribe(member, "a0 b0");
    assert_actions(member, BEAT);
    assert_int_equal(member->beat.epoch, 0);
    assert_true(member->beat.has_all && member->beat.has_owned && member->beat.has_subscription);
    answer(member, 0, 1, target);
    assert_actions(member, ASSIGN);
    assert_list(member->base.asked_list, target);
    done(member);
    assert_actions(member, BEAT);
    assert_true(member->beat.acknowledges && member->beat.has_owned);
    assert_false(member->beat.has_all || member->beat.has_subscription);
    answer(member, 0, 1, NULL);
    assert_int_equal(member->state, RK_CONSUMER_STABLE);
    assert_actions(member, 0);
}

#endif
