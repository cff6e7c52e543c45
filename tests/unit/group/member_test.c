/* SPDX-License-Identifier: BSD-2-Clause */
/* What members of both protocols have in common: what is asked, had, told and tried again. */
#include "group/member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "event/partition_list.h"

enum { NOW = 1000000 };

static struct rk_member member;

static int begin(void **state)
{
    (void)state;
    rk_member_init(&member, "me", 100, 1000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rk_member_clear(&member);
    return 0;
}

/* Of the topic "t". */
static rd_kafka_topic_partition_list_t *partitions(int first, int end_at)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    for (int p = first; p < end_at; p++)
        rk_partition_list_add(list, "t", p);
    return list;
}

static void expect_actions(unsigned expected)
{
    assert_int_equal(rk_member_take_actions(&member), expected);
    assert_int_equal(rk_member_take_actions(&member), 0);
}

static void what_is_asked_is_had_when_answered(void **state)
{
    (void)state;
    assert_false(rk_member_take_answer(&member)); /* It was not asked. */
    assert_false(rk_member_decline(&member));
    assert_false(rk_member_try_ask(&member, RK_ASKED_ASSIGN, partitions(0, 0), NOW));
    expect_actions(0);
    assert_true(rk_member_try_ask(&member, RK_ASKED_ASSIGN, partitions(0, 3), NOW));
    assert_true(member.has_asked);
    assert_int_equal(member.asked_us, NOW);
    expect_actions(RK_MEMBERSHIP_TELL_ASSIGN);
    assert_int_equal(member.owned->cnt, 0);
    assert_true(rk_member_take_answer(&member));
    assert_int_equal(member.owned->cnt, 3);
    assert_int_equal(member.asked, RK_ASKED_NOTHING);
    rk_member_ask(&member, RK_ASKED_REVOKE, partitions(1, 2), NOW);
    expect_actions(RK_MEMBERSHIP_TELL_REVOKE);
    assert_false(rk_member_decline(&member)); /* That cannot be refused. */
    assert_true(rk_member_take_answer(&member));
    assert_int_equal(member.owned->cnt, 2);
    assert_int_equal(member.owned->elems[1].partition, 2);
    rk_member_ask(&member, RK_ASKED_ASSIGN, partitions(1, 2), NOW);
    assert_true(rk_member_decline(&member));
    assert_int_equal(member.owned->cnt, 2);
    rk_member_enter_state(&member, NOW + 1);
    assert_false(member.has_asked);
    assert_int_equal(member.since_us, NOW + 1);
}

static void giving_up_all(void **state)
{
    (void)state;
    assert_false(rk_member_gives_up_all(&member, NOW));
    rk_member_ask(&member, RK_ASKED_ASSIGN, partitions(0, 2), NOW);
    assert_true(rk_member_gives_up_all(&member, NOW)); /* That first. */
    expect_actions(RK_MEMBERSHIP_TELL_ASSIGN);
    rk_member_take_answer(&member);
    assert_true(rk_member_gives_up_all(&member, NOW));
    expect_actions(RK_MEMBERSHIP_TELL_REVOKE);
    assert_int_equal(member.asked_list->cnt, 2);
    assert_true(rk_member_gives_up_all(&member, NOW)); /* Asked once. */
    expect_actions(0);
    rk_member_take_answer(&member);
    assert_false(rk_member_gives_up_all(&member, NOW));
}

/* Lost is what is owned, or about to be, until nothing of it is left. */
static void losing(void **state)
{
    (void)state;
    uint32_t attempt = member.attempt;
    rk_member_forget(&member);
    assert_false(member.is_lost);
    assert_int_equal(member.attempt, attempt + 1);
    rk_member_ask(&member, RK_ASKED_ASSIGN, partitions(0, 2), NOW);
    rk_member_forget(&member);
    assert_true(member.is_lost);
    rk_member_take_answer(&member);
    assert_true(member.is_lost);
    rk_member_ask(&member, RK_ASKED_REVOKE, partitions(0, 1), NOW);
    rk_member_take_answer(&member);
    assert_true(member.is_lost);
    rk_member_ask(&member, RK_ASKED_REVOKE, partitions(1, 2), NOW);
    rk_member_take_answer(&member);
    assert_false(member.is_lost);
}

/* The same error of the same request once; a fatal one always. */
static void telling(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        rk_member_tell(&member, RK_MEMBERSHIP_TELL_ERROR, RK_API_JOIN_GROUP,
                       RD_KAFKA_RESP_ERR_INVALID_GROUP_ID);
        expect_actions(i == 0 ? RK_MEMBERSHIP_TELL_ERROR : 0);
    }
    rk_member_tell(&member, RK_MEMBERSHIP_TELL_ERROR, RK_API_SYNC_GROUP,
                   RD_KAFKA_RESP_ERR_INVALID_GROUP_ID);
    expect_actions(RK_MEMBERSHIP_TELL_ERROR);
    rk_member_tell(&member, RK_MEMBERSHIP_TELL_FATAL, RK_API_SYNC_GROUP,
                   RD_KAFKA_RESP_ERR_INVALID_GROUP_ID);
    expect_actions(RK_MEMBERSHIP_TELL_FATAL);
    assert_int_equal(member.told_api, RK_API_SYNC_GROUP);
}

/* At once after a success, then not sooner than four fifths of the growing pause. */
static void trying_again(void **state)
{
    (void)state;
    uint64_t least_us = 80000;
    assert_int_equal(rk_member_next_attempt_us(&member, NOW), NOW);
    for (int i = 0; i < 20; i++) {
        uint64_t at_us = rk_member_next_attempt_us(&member, NOW);
        assert_true(at_us >= NOW + least_us && at_us <= NOW + 1200000);
        if (least_us < 800000)
            least_us = least_us * 2 > 800000 ? 800000 : least_us * 2;
    }
    rk_backoff_reset(&member.backoff);
    assert_int_equal(rk_member_next_attempt_us(&member, NOW), NOW);
}

static void leaving(void **state)
{
    (void)state;
    assert_false(rk_member_is_leaving(&member, NOW));
    rk_member_begin_leave(&member, false, NOW + 10); /* Nobody knows it. */
    assert_false(rk_member_is_leaving(&member, NOW));
    rk_member_end_leave(&member);
    rk_member_begin_leave(&member, true, NOW + 10);
    assert_true(rk_member_is_leaving(&member, NOW + 9));
    assert_false(rk_member_is_leaving(&member, NOW + 10));
    member.has_left = true; /* The answer. */
    assert_false(rk_member_is_leaving(&member, NOW));
    rk_member_end_leave(&member);
    assert_false(member.is_leave_sent || member.has_left);
}

/* Who closes wants nothing else any more. */
static void goals(void **state)
{
    (void)state;
    rk_member_want_out(&member);
    assert_int_equal(member.goal, RK_MEMBERSHIP_WANTS_OUT);
    rk_member_want_in(&member, NOW);
    assert_int_equal(member.goal, RK_MEMBERSHIP_WANTS_IN);
    assert_int_equal(member.polled_us, NOW);
    rk_member_want_out(&member);
    assert_int_equal(member.goal, RK_MEMBERSHIP_WANTS_OUT);
    member.goal = RK_MEMBERSHIP_WANTS_CLOSE;
    rk_member_want_in(&member, NOW);
    rk_member_want_out(&member);
    assert_int_equal(member.goal, RK_MEMBERSHIP_WANTS_CLOSE);
}

static void reasons_are_cut(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    rk_member_set_reason(&member, text);
    assert_int_equal(strlen(member.reason), sizeof(member.reason) - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_asked_is_had_when_answered),
        TEST(giving_up_all),
        TEST(losing),
        TEST(telling),
        TEST(trying_again),
        TEST(leaving),
        TEST(goals),
        TEST(reasons_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
