/* SPDX-License-Identifier: BSD-2-Clause */
/* A member of the consumer protocol at a broker that matches no patterns. */
#include "consumer_member.h"

/* The heartbeat was not sent: the broker matches no patterns. */
static void refuse_pattern(struct rk_consumer_membership *member)
{
    rk_consumer_membership_on_heartbeat_answer(
        member, member->base.attempt,
        &(struct rk_consumer_answer){.err = RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
                                     .is_of_pattern = true},
        now);
}

static void subscribe_pattern(struct rk_consumer_membership *member, const char *pattern)
{
    rk_consumer_membership_on_subscribe(member, list_of(""), pattern, now);
}

/* Owns a0 and a1 still, and has told of the pattern. */
static void reach_refused(struct rk_consumer_membership *member)
{
    reach_stable(member, "a0 a1");
    subscribe_pattern(member, "^a.*");
    assert_actions(member, BEAT);
    assert_true(member->beat.has_subscription);
    refuse_pattern(member);
    assert_actions(member, BEAT | REVOKE | RK_MEMBERSHIP_TELL_ERROR);
    assert_int_equal(member->state, RK_CONSUMER_LEAVING);
    assert_list(member->base.asked_list, "a0 a1");
    assert_false(member->base.is_lost);
}

/* What is fatal else is not when the broker only cannot match patterns. */
static void patterns_that_the_broker_does_not_have(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    for (int is_of_pattern = 0; is_of_pattern < 2; is_of_pattern++) {
        init(&member, false);
        subscribe(&member, "a0");
        assert_actions(&member, BEAT);
        rk_consumer_membership_on_heartbeat_answer(
            &member, member.base.attempt,
            &(struct rk_consumer_answer){.err = RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
                                         .is_of_pattern = is_of_pattern},
            now);
        assert_actions(&member,
                       is_of_pattern ? RK_MEMBERSHIP_TELL_ERROR : RK_MEMBERSHIP_TELL_FATAL);
        assert_int_equal(member.state, is_of_pattern ? RK_CONSUMER_JOINING : RK_CONSUMER_FAILED);
        rk_consumer_membership_clear(&member);
    }
}

/* It goes on with its heartbeats until the application has given up all. */
static void a_member_leaves_for_a_pattern_that_is_refused(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_refused(&member);
    assert_int_equal(member.beat.epoch, 1);
    assert_false(member.beat.has_subscription);
    for (int i = 0; i < 10; i++) {
        uint64_t before = now;
        answer(&member, 0, 1, NULL);
        go_to_deadline(&member);
        assert_true(now >= before + 5 * SECOND / 8);
        assert_actions(&member, BEAT);
        assert_false(member.beat.has_subscription);
    }
    answer(&member, RD_KAFKA_RESP_ERR__TRANSPORT, 0, NULL);
    assert_actions(&member, BEAT);
    assert_true(member.beat.has_all && member.beat.has_owned && !member.beat.has_subscription);
    done(&member);
    assert_actions(&member, LEAVE);
    assert_int_equal(member.leaving_epoch, -1);
    rk_consumer_membership_on_leave_answer(&member, now);
    for (int i = 0; i < 3; i++) { /* Out, unless the next coordinator does match. */
        assert_int_equal(member.state, RK_CONSUMER_JOINING);
        assert_actions(&member, 0);
        go_to_deadline(&member);
        assert_actions(&member, BEAT);
        assert_int_equal(member.beat.epoch, 0);
        refuse_pattern(&member);
    }
    subscribe_pattern(&member, "^b.*"); /* Another one is told of again. */
    assert_actions(&member, BEAT);
    refuse_pattern(&member);
    assert_actions(&member, RK_MEMBERSHIP_TELL_ERROR);
    subscribe(&member, "a0");
    assert_actions(&member, BEAT);
    answer(&member, 0, 2, "a0");
    assert_actions(&member, ASSIGN);
    rk_consumer_membership_clear(&member);
}

/* Nobody knows it, so it need not leave; a static one has no place to clear. */
static void a_pattern_that_is_refused_before_anything_was_sent(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, true);
    subscribe_pattern(&member, "^a.*");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(member.beat.epoch, 0);
        refuse_pattern(&member);
        go_to_deadline(&member);
    }
    refuse_pattern(&member);
    rk_member_take_actions(&member.base);
    rk_consumer_membership_on_unsubscribe(&member, now);
    assert_actions(&member, 0);
    assert_int_equal(member.state, RK_CONSUMER_OUT);
    rk_consumer_membership_clear(&member);
}

static void a_subscription_after_one_that_is_refused(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    subscribe_pattern(&member, "^a.*");
    assert_actions(&member, BEAT);
    subscribe(&member, "a0 b0"); /* Before it is known that the former is refused. */
    refuse_pattern(&member);
    assert_actions(&member, BEAT | RK_MEMBERSHIP_TELL_ERROR);
    assert_int_equal(member.state, RK_CONSUMER_STABLE);
    assert_true(member.beat.has_subscription);
    rk_consumer_membership_clear(&member);
    init(&member, false);
    reach_refused(&member);
    subscribe(&member, "a0"); /* While it leaves. */
    assert_actions(&member, 0);
    done(&member);
    assert_actions(&member, LEAVE);
    rk_consumer_membership_on_leave_answer(&member, now);
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, 0);
    rk_consumer_membership_clear(&member);
}

/* Its session would not end, and others would wait for ever. */
static void who_leaves_to_come_back_has_to_poll(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_refused(&member);
    now += 301 * SECOND;
    rk_consumer_membership_on_timer(&member, now);
    assert_actions(&member, LEAVE | RK_MEMBERSHIP_TELL_POLL_EXCEEDED);
    assert_int_equal(member.state, RK_CONSUMER_WAITING);
    assert_true(member.base.is_lost);
    rk_consumer_membership_on_poll(&member, now);
    done(&member);
    assert_int_equal(member.state, RK_CONSUMER_JOINING);
    rk_consumer_membership_clear(&member);
}

/* Nor does a close wait longer than the application does. */
static void a_close_after_a_pattern_that_is_refused(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0 a1");
    subscribe_pattern(&member, "^a.*");
    assert_actions(&member, BEAT);
    rk_consumer_membership_on_close(&member, now);
    assert_actions(&member, REVOKE);
    refuse_pattern(&member);
    assert_actions(&member, BEAT | RK_MEMBERSHIP_TELL_ERROR);
    assert_false(member.beat.has_subscription);
    done(&member);
    assert_actions(&member, LEAVE);
    rk_consumer_membership_on_leave_answer(&member, now);
    assert_int_equal(member.state, RK_CONSUMER_CLOSED);
    rk_consumer_membership_clear(&member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_that_the_broker_does_not_have),
        cmocka_unit_test(a_member_leaves_for_a_pattern_that_is_refused),
        cmocka_unit_test(a_pattern_that_is_refused_before_anything_was_sent),
        cmocka_unit_test(a_subscription_after_one_that_is_refused),
        cmocka_unit_test(who_leaves_to_come_back_has_to_poll),
        cmocka_unit_test(a_close_after_a_pattern_that_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
