/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a classic group's member: the ways through it. membership_matrix_test.c has every
 * event in every state.
 */
#include "classic_member.h"

static void a_leader_joins_and_assigns(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    rk_membership_on_subscribe(&member, list_of("a0"), now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(&member, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, "me", NULL);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN); /* At once, */
    assert_string_equal(member.base.member_id, "me");
    join_answer(&member, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, "me2", NULL);
    assert_actions(&member, RK_MEMBERSHIP_TELL_ERROR); /* but not for ever, */
    join_answer(&member, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, "", NULL);
    assert_actions(&member, 0); /* and only under one. */
    now = rk_membership_deadline(&member);
    rk_membership_on_timer(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me2", "me2");
    assert_actions(&member, RK_MEMBERSHIP_MAKE_ASSIGNMENT);
    rk_membership_on_assignment_made(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
    sync_answer(&member, "");
    assert_actions(&member, RK_MEMBERSHIP_TELL_ASSIGN); /* Nothing is told, too. */
    rk_membership_on_answered(&member, now);
    assert_int_equal(member.state, RK_MEMBERSHIP_STABLE);
    rk_membership_on_partitions_changed(&member, "more partitions", now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    assert_string_equal(member.base.reason, "more partitions");
    rk_membership_clear(&member);
}

static void an_eager_member_gives_up_all_before_it_rejoins(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    reach_stable(&member, "a0 a1");
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    assert_list(member.base.asked_list, "a0 a1");
    assert_false(member.base.is_lost);
    /* Heartbeats go on while the application takes its time. */
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_actions(&member, 0);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    assert_int_equal(member.base.owned->cnt, 0);
    rk_membership_clear(&member);
}

static void a_cooperative_member_gives_up_what_moves(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, true);
    reach_stable(&member, "a0 a1 b0");
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN); /* Nothing is given up for that. */
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
    sync_answer(&member, "a0 b0 b1");
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    assert_list(member.base.asked_list, "a1");
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_ASSIGN);
    assert_list(member.base.asked_list, "b1");
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN); /* So that a1 can go to another. */
    assert_list(member.base.owned, "a0 b0 b1");
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
    sync_answer(&member, "a0 b0 b1");
    assert_actions(&member, RK_MEMBERSHIP_TELL_ASSIGN);
    assert_list(member.base.asked_list, "");
    rk_membership_on_answered(&member, now);
    assert_int_equal(member.state, RK_MEMBERSHIP_STABLE);
    rk_membership_on_subscribe(&member, list_of("b0"), now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    assert_list(member.base.asked_list, "a0");
    rk_membership_clear(&member);
}

static void errors_of_a_join_are_told_and_tried_again(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    rk_membership_on_subscribe(&member, list_of("a0"), now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    for (int i = 0; i < 3; i++) {
        join_answer(&member, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, NULL, NULL);
        assert_actions(&member, i == 0 ? RK_MEMBERSHIP_TELL_ERROR : 0); /* Once. */
        assert_true(rk_membership_deadline(&member) > now);
        now = rk_membership_deadline(&member);
        rk_membership_on_timer(&member, now);
        assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    }
    join_answer(&member, RD_KAFKA_RESP_ERR__TRANSPORT, NULL, NULL);
    assert_actions(&member, 0);
    now = rk_membership_deadline(&member);
    rk_membership_on_timer(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(&member, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, NULL, NULL);
    assert_actions(&member, RK_MEMBERSHIP_TELL_FATAL);
    assert_int_equal(member.state, RK_MEMBERSHIP_FAILED);
    assert_true(rk_membership_deadline(&member) == RK_NEVER);
    rk_membership_clear(&member);
}

/* A coordinator that has just moved takes requests again soon: the pauses grow from the shortest
 * on, one step per attempt. */
static void a_join_is_repeated_soon(void **state)
{
    static const rd_kafka_resp_err_t passing[] = {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                                  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID};
    (void)state;
    for (size_t e = 0; e < RK_COUNT_OF(passing); e++) {
        struct rk_membership member;
        init(&member, false, false);
        rk_membership_on_subscribe(&member, list_of("a0"), now);
        for (uint64_t most_us = 240000; most_us < SECOND; most_us *= 2) {
            assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
            join_answer(&member, passing[e], NULL, NULL);
            assert_actions(&member, 0);
            uint64_t next_us = rk_membership_deadline(&member);
            assert_in_range(next_us - now, most_us / 2, most_us);
            now = next_us;
            rk_membership_on_timer(&member, now);
        }
        rk_membership_clear(&member);
    }
}

/* What ended it is called by its name. */
static void a_commit_finds_out_that_it_is_fenced(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, true, false);
    reach_stable(&member, "a0");
    rk_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_FATAL | RK_MEMBERSHIP_TELL_REVOKE);
    assert_int_equal(member.base.told_api, RK_API_OFFSET_COMMIT);
    assert_int_equal(member.base.told_err, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    rk_membership_clear(&member);
}

static void a_member_that_is_unknown_lost_its_partitions(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct rk_membership member;
        init(&member, false, i == 1);
        reach_stable(&member, "a0");
        if (i == 2) { /* Nothing heard for too long. */
            for (uint64_t until = now + 45 * SECOND; now < until;) {
                now = rk_membership_deadline(&member);
                rk_membership_on_timer(&member, now);
                if (rk_member_take_actions(&member.base) & RK_MEMBERSHIP_TELL_REVOKE)
                    break;
                rk_membership_on_heartbeat_answer(&member, member.base.attempt,
                                                  RD_KAFKA_RESP_ERR__TRANSPORT, now);
            }
        } else {
            heartbeat_answer(&member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
            assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
        }
        assert_true(member.base.is_lost);
        assert_string_equal(member.base.member_id, "");
        assert_false(rk_membership_is_in(&member));
        assert_list(member.base.asked_list, "a0");
        rk_membership_on_answered(&member, now);
        assert_false(member.base.is_lost);
        assert_int_equal(member.state, RK_MEMBERSHIP_JOINING);
        rk_membership_clear(&member);
    }
}

static void illegal_generation_keeps_the_member_id(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, true);
    reach_stable(&member, "a0");
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    assert_true(member.base.is_lost);
    assert_string_equal(member.base.member_id, "me");
    rk_membership_clear(&member);
}

static void an_application_that_does_not_poll_is_out(void **state)
{
    (void)state;
    for (int is_static = 0; is_static < 2; is_static++) {
        struct rk_membership member;
        init(&member, is_static, false);
        reach_stable(&member, "a0");
        now = member.base.polled_us + 300 * SECOND;
        rk_membership_on_subscribe(&member, list_of("a0 b0"), now); /* As patterns do: no poll. */
        rk_membership_on_timer(&member, now);
        assert_actions(&member, RK_MEMBERSHIP_TELL_POLL_EXCEEDED | RK_MEMBERSHIP_TELL_REVOKE |
                                    (is_static ? 0 : RK_MEMBERSHIP_SEND_LEAVE));
        assert_string_equal(member.leaving_id, "me"); /* For its name in texts. */
        assert_true(member.base.is_lost);
        assert_true(rk_membership_deadline(&member) == RK_NEVER);
        rk_membership_on_poll(&member, now);
        assert_actions(&member, 0); /* It still has partitions. */
        rk_membership_on_answered(&member, now);
        assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
        rk_membership_clear(&member);
    }
}

static void leaving_gives_up_all_first(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, true);
    reach_stable(&member, "a0");
    rk_membership_on_unsubscribe(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_LEAVE);
    assert_string_equal(member.leaving_id, "me");
    rk_membership_on_subscribe(&member, list_of("b0"), now); /* Another thought. */
    assert_actions(&member, 0);
    rk_membership_on_leave_answer(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    rk_membership_clear(&member);
}

/* Stable; then it joins again, and is told that it is to leave. */
static void leave_while_joining(struct rk_membership *member)
{
    init(member, false, true);
    reach_stable(member, "a0");
    heartbeat_answer(member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_actions(member, RK_MEMBERSHIP_SEND_JOIN);
    assert_true(rk_membership_is_joining(member));
    now += 60 * SECOND; /* Longer than a session: the coordinator waits for others. */
    rk_membership_on_unsubscribe(member, now);
    assert_actions(member, RK_MEMBERSHIP_TELL_REVOKE);
    rk_membership_on_timer(member, now);
    rk_member_take_actions(&member->base);
    assert_int_equal(member->state, RK_MEMBERSHIP_LEAVING);
}

/* What it commits before it leaves is of the generation that follows. */
static void leaving_while_joining_loses_nothing(void **state)
{
    (void)state;
    struct rk_membership member;
    leave_while_joining(&member);
    uint32_t attempt = member.base.attempt;
    rk_membership_on_heartbeat_answer(&member, attempt, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, now);
    rk_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, now);
    assert_false(member.base.is_lost);
    assert_true(rk_membership_is_joining(&member));
    rk_membership_on_join_answer(
        &member, attempt,
        &(struct rk_membership_joined){
            .generation = 8, .member_id = "me", .leader_id = "other", .protocol = "range"},
        now);
    assert_int_equal(member.generation, 8);
    assert_true(rk_membership_is_joining(&member)); /* Until the leader has assigned. */
    rk_membership_on_heartbeat_answer(&member, attempt, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, now);
    assert_false(member.base.is_lost);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_LEAVE);
    assert_string_equal(member.leaving_id, "me");
    assert_false(rk_membership_is_joining(&member));
    rk_membership_clear(&member);
}

static void a_leaving_leader_ends_what_it_joined(void **state)
{
    (void)state;
    struct rk_membership member;
    leave_while_joining(&member);
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "me");
    assert_true(rk_membership_is_joining(&member));
    assert_actions(&member, RK_MEMBERSHIP_MAKE_ASSIGNMENT);
    assert_true(rk_membership_is_assigning(&member));
    rk_membership_on_assignment_made(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
    assert_true(rk_membership_is_syncing(&member));
    assert_false(rk_membership_is_assigning(&member));
    assert_true(rk_membership_is_joining(&member)); /* Until it is known to be complete. */
    assert_false(member.base.is_lost);
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION); /* It went on without it. */
    assert_true(member.base.is_lost);
    rk_membership_clear(&member);
}

static void who_is_unknown_does_not_wait_to_join(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, true);
    reach_stable(&member, "a0");
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    rk_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, now);
    assert_int_equal(member.state, RK_MEMBERSHIP_JOINING); /* The answer is on its way. */
    rk_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    assert_true(member.base.is_lost);
    assert_string_equal(member.base.member_id, "");
    rk_membership_clear(&member);
}

static void closing_ends_without_an_answer(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    reach_stable(&member, "a0");
    rk_membership_on_close(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_LEAVE);
    assert_true(rk_membership_deadline(&member) == now + 5 * SECOND);
    now += 5 * SECOND;
    rk_membership_on_timer(&member, now);
    assert_int_equal(member.state, RK_MEMBERSHIP_CLOSED);
    assert_true(rk_membership_deadline(&member) == RK_NEVER);
    rk_membership_clear(&member);
}

static void a_static_member_stays_in_the_group_when_it_closes(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, true, false);
    reach_stable(&member, "a0");
    rk_membership_on_close(&member, now);
    rk_member_take_actions(&member.base);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, 0);
    assert_int_equal(member.state, RK_MEMBERSHIP_CLOSED);
    rk_membership_clear(&member);
}

/* What it gets may be what it had when it subscribed to something else: it is to find out. */
static void a_static_member_that_comes_back_may_join_again(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, true, false);
    rk_membership_on_subscribe(&member, list_of("a0 b0"), now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
    sync_answer(&member, "a0 a1");
    assert_actions(&member, RK_MEMBERSHIP_TELL_ASSIGN | RK_MEMBERSHIP_LOOK_AT_GROUP);
    rk_membership_on_answered(&member, now);
    rk_membership_on_left_out(&member, member.base.attempt - 1, now);
    assert_actions(&member, 0);
    rk_membership_on_left_out(&member, member.base.attempt, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
    sync_answer(&member, "a0 a1"); /* Once. */
    assert_actions(&member, RK_MEMBERSHIP_TELL_ASSIGN);
    rk_membership_clear(&member);
}

static void late_answers_do_not_count(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    reach_stable(&member, "a0");
    uint32_t attempt = member.base.attempt;
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    rk_membership_on_heartbeat_answer(&member, attempt, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, now);
    rk_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, now);
    rk_membership_on_sync_answer(&member, attempt, RD_KAFKA_RESP_ERR_NO_ERROR, list_of("b9"), now);
    assert_actions(&member, 0);
    assert_int_equal(member.state, RK_MEMBERSHIP_PREPARING);
    rk_membership_clear(&member);
}

static void what_comes_while_the_application_takes_is_done_after(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    rk_membership_on_subscribe(&member, list_of("a0"), now);
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    sync_answer(&member, "a0 a1");
    assert_true(rk_member_take_actions(&member.base) & RK_MEMBERSHIP_TELL_ASSIGN);
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_actions(&member, 0); /* One thing at a time. */
    assert_true(member.base.is_lost);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    assert_list(member.base.asked_list, "a0 a1");
    assert_true(member.base.is_lost);
    rk_membership_clear(&member);
}

static void the_table_of_states(void **state)
{
    (void)state;
    for (int s = 0; s < RK_MEMBERSHIP_STATES; s++) {
        assert_non_null(rk_membership_state_name((enum rk_membership_state)s));
        assert_false(rk_membership_may_follow(RK_MEMBERSHIP_CLOSED, (enum rk_membership_state)s));
        assert_false(
            rk_membership_may_follow((enum rk_membership_state)s, (enum rk_membership_state)s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leader_joins_and_assigns),
        cmocka_unit_test(an_eager_member_gives_up_all_before_it_rejoins),
        cmocka_unit_test(a_cooperative_member_gives_up_what_moves),
        cmocka_unit_test(errors_of_a_join_are_told_and_tried_again),
        cmocka_unit_test(a_join_is_repeated_soon),
        cmocka_unit_test(a_commit_finds_out_that_it_is_fenced),
        cmocka_unit_test(a_member_that_is_unknown_lost_its_partitions),
        cmocka_unit_test(illegal_generation_keeps_the_member_id),
        cmocka_unit_test(an_application_that_does_not_poll_is_out),
        cmocka_unit_test(leaving_gives_up_all_first),
        cmocka_unit_test(leaving_while_joining_loses_nothing),
        cmocka_unit_test(a_leaving_leader_ends_what_it_joined),
        cmocka_unit_test(who_is_unknown_does_not_wait_to_join),
        cmocka_unit_test(closing_ends_without_an_answer),
        cmocka_unit_test(a_static_member_stays_in_the_group_when_it_closes),
        cmocka_unit_test(a_static_member_that_comes_back_may_join_again),
        cmocka_unit_test(late_answers_do_not_count),
        cmocka_unit_test(what_comes_while_the_application_takes_is_done_after),
        cmocka_unit_test(the_table_of_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
