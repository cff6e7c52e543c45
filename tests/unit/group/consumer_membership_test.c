/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways of a member of the consumer protocol through its states. */
#include "consumer_member.h"

static void partitions_move_in_two_steps(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0 a1");
    /* The second since then: the first one acknowledged. */
    assert_int_equal(rk_consumer_membership_deadline(&member), now + 5 * SECOND / 8);
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    assert_false(member.beat.has_owned || member.beat.has_subscription || member.beat.has_all);
    answer(&member, 0, 1, "a1 b0");
    assert_actions(&member, REVOKE);
    assert_list(member.base.asked_list, "a0");
    go_to_deadline(&member); /* Heartbeats go on while the application takes its time. */
    assert_actions(&member, BEAT);
    answer(&member, 0, 1, "a1");
    assert_actions(&member, 0);
    done(&member);
    assert_actions(&member, BEAT); /* What was new is no more. */
    assert_true(member.beat.acknowledges);
    assert_list(member.base.owned, "a1");
    answer(&member, 0, 2, "a1 b0");
    assert_actions(&member, ASSIGN);
    assert_list(member.base.asked_list, "b0");
    done(&member);
    assert_actions(&member, BEAT);
    answer(&member, 0, 2, NULL);
    assert_int_equal(member.state, RK_CONSUMER_STABLE);
    assert_int_equal(member.epoch, 2);
    rk_consumer_membership_clear(&member);
}

static void an_answer_to_an_older_heartbeat_acknowledges_nothing(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0 a1");
    go_to_deadline(&member);
    answer(&member, 0, 1, "a1");
    assert_actions(&member, BEAT | REVOKE);
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    done(&member);
    assert_actions(&member, 0); /* One at a time. */
    assert_int_equal(member.state, RK_CONSUMER_ACKNOWLEDGING);
    answer(&member, 0, 1, NULL);
    assert_int_equal(member.state, RK_CONSUMER_ACKNOWLEDGING);
    assert_actions(&member, BEAT);
    answer(&member, 0, 2, NULL);
    assert_int_equal(member.state, RK_CONSUMER_STABLE);
    rk_consumer_membership_clear(&member);
}

static void while_nothing_is_assigned_it_asks_again_soon(void **state)
{
    struct rk_consumer_membership member;
    uint64_t waits_ms[] = {100, 200, 400, 800, 5000, 5000};
    (void)state;
    init(&member, false);
    subscribe(&member, "a0");
    for (size_t i = 0; i < RK_COUNT_OF(waits_ms); i++) {
        assert_actions(&member, BEAT);
        answer(&member, 0, 1, i == 0 ? "" : NULL);
        assert_int_equal(rk_consumer_membership_deadline(&member), now + waits_ms[i] * 1000);
        go_to_deadline(&member);
    }
    rk_consumer_membership_clear(&member);
}

static void after_a_failure_everything_is_said(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    answer(&member, RD_KAFKA_RESP_ERR__TRANSPORT, 0, NULL);
    assert_actions(&member, BEAT); /* At once, */
    assert_true(member.beat.has_all && member.beat.has_owned && member.beat.has_subscription);
    assert_int_equal(member.beat.epoch, 1);
    answer(&member, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 0, NULL);
    assert_actions(&member, 0); /* then after a while. */
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    answer(&member, 0, 2, NULL);
    go_to_deadline(&member);
    assert_false(member.beat.has_all);
    rk_consumer_membership_clear(&member);
}

static void a_subscription_is_said_until_it_is_known(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    rk_consumer_membership_on_subscribe(&member, list_of("a0"), "^x", now);
    assert_actions(&member, BEAT);
    assert_true(member.beat.has_subscription);
    assert_false(member.beat.has_all);
    subscribe(&member, "c0"); /* Another while that is under way. */
    assert_actions(&member, 0);
    answer(&member, 0, 2, NULL);
    assert_actions(&member, BEAT);
    assert_true(member.beat.has_subscription);
    subscribe(&member, "c0");
    answer(&member, 0, 3, "");
    assert_actions(&member, REVOKE);
    assert_string_equal(member.pattern, "");
    rk_consumer_membership_clear(&member);
}

static void fenced(rd_kafka_resp_err_t err)
{
    struct rk_consumer_membership member;
    init(&member, false);
    reach_stable(&member, "a0");
    go_to_deadline(&member);
    rk_member_take_actions(&member.base);
    answer(&member, err, 0, NULL);
    assert_actions(&member, REVOKE);
    assert_int_equal(member.state, RK_CONSUMER_FENCED);
    assert_true(member.base.is_lost);
    assert_int_equal(rk_consumer_membership_is_in(&member), false);
    done(&member);
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, 0);
    assert_string_equal(member.base.member_id, "me");
    assert_false(member.base.is_lost);
    rk_consumer_membership_clear(&member);
}

static void who_is_put_out_joins_again(void **state)
{
    (void)state;
    fenced(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    fenced(RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH);
    fenced(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND); /* The group was deleted. */
}

static void who_is_put_out_while_it_takes_gives_that_up_too(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    subscribe(&member, "a0");
    answer(&member, 0, 1, "a0");
    assert_actions(&member, BEAT | ASSIGN);
    go_to_deadline(&member);
    answer(&member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 0, NULL);
    assert_actions(&member, BEAT);
    assert_true(member.base.is_lost);
    done(&member);
    assert_actions(&member, REVOKE);
    assert_list(member.base.asked_list, "a0");
    assert_true(member.base.is_lost);
    rk_consumer_membership_clear(&member);
}

static void a_refused_join_leaves_first(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    subscribe(&member, "a0");
    assert_actions(&member, BEAT);
    answer(&member, RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, 0, NULL);
    assert_actions(&member, 0);
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, -1);
    answer(&member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 0, NULL);
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, 0);
    answer(&member, 0, 1, "a0");
    assert_actions(&member, ASSIGN);
    rk_consumer_membership_clear(&member);
}

static void a_static_member_clears_its_place(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, true);
    subscribe(&member, "a0");
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, 0); /* The first time nobody knows it. */
    answer(&member, RD_KAFKA_RESP_ERR__TIMED_OUT, 0, NULL);
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, -2);
    answer(&member, 0, -2, NULL);
    assert_actions(&member, BEAT);
    assert_int_equal(member.beat.epoch, 0);
    answer(&member, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID, 0, NULL);
    assert_int_equal(member.state, RK_CONSUMER_JOINING); /* It may be itself. */
    for (uint64_t end = now + 43 * SECOND; now < end;) {
        if (!member.is_beat_sent)
            go_to_deadline(&member);
        bool is_join = member.beat.epoch == 0;
        answer(&member, is_join ? RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID : 0, 0, NULL);
        assert_int_equal(member.state, RK_CONSUMER_JOINING);
    }
    now += 2 * SECOND;
    for (int i = 0; i < 4 && member.state == RK_CONSUMER_JOINING; i++) {
        now += 2 * SECOND;
        rk_consumer_membership_on_timer(&member, now);
        answer(&member, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID, 0, NULL);
    }
    assert_int_equal(member.state, RK_CONSUMER_FAILED);
    rk_consumer_membership_clear(&member);
}

static void a_static_member_whose_place_is_taken_fails(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, true);
    subscribe(&member, "a0");
    answer(&member, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID, 0, NULL);
    assert_actions(&member, BEAT | RK_MEMBERSHIP_TELL_FATAL);
    assert_int_equal(member.base.told_err, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID);
    rk_consumer_membership_clear(&member);
}

static void errors_are_told_once_and_the_member_stays(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    subscribe(&member, "a0");
    assert_actions(&member, BEAT);
    for (int i = 0; i < 3; i++) {
        answer(&member, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 0, NULL);
        assert_actions(&member, i == 0 ? RK_MEMBERSHIP_TELL_ERROR : 0);
        go_to_deadline(&member);
        assert_actions(&member, BEAT);
    }
    answer(&member, RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION, 0, NULL);
    assert_actions(&member, RK_MEMBERSHIP_TELL_ERROR);
    subscribe(&member, "b0"); /* That may help, so at once. */
    assert_actions(&member, BEAT);
    answer(&member, 0, 0, NULL); /* No epoch. */
    assert_actions(&member, RK_MEMBERSHIP_TELL_ERROR);
    go_to_deadline(&member);
    answer(&member, 0, 1, "b0");
    assert_actions(&member, BEAT | ASSIGN);
    done(&member);
    answer(&member, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 0, NULL);
    assert_int_equal(member.state, RK_CONSUMER_ACKNOWLEDGING);
    assert_list(member.base.owned, "b0");
    rk_consumer_membership_clear(&member);
}

/* A heartbeat that is refused for its topics or its pattern does not count for the session: those
 * between do, which say nothing of them. It is told once. */
static void a_refused_subscription_does_not_cost_the_session(void **state)
{
    static const rd_kafka_resp_err_t errs[] = {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                               RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION};
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(errs); i++) {
        struct rk_consumer_membership member;
        init(&member, false);
        reach_stable(&member, "a0 a1");
        rk_consumer_membership_on_subscribe(&member, list_of("a0 x0"), "^x(", now);
        assert_actions(&member, BEAT);
        for (int round = 0; round < 5; round++) {
            assert_true(member.beat.has_subscription);
            answer(&member, errs[i], 0, NULL);
            assert_actions(&member, BEAT | (round == 0 ? RK_MEMBERSHIP_TELL_ERROR : 0));
            assert_true(member.beat.has_all && member.beat.has_owned);
            assert_false(member.beat.has_subscription);
            uint64_t before = now;
            answer(&member, 0, 1, NULL);
            assert_actions(&member, 0);
            assert_int_equal(member.state, RK_CONSUMER_STABLE);
            go_to_deadline(&member);
            assert_true(now >= before + 5 * SECOND / 8);
            assert_actions(&member, BEAT);
        }
        answer(&member, errs[i], 0, NULL);
        assert_actions(&member, BEAT);
        subscribe(&member, "a0"); /* Meanwhile. */
        answer(&member, 0, 1, NULL);
        assert_actions(&member, BEAT);
        assert_true(member.beat.has_subscription);
        answer(&member, 0, 2, "a0 a1");
        assert_int_equal(member.base.told_err, 0);
        rk_consumer_membership_clear(&member);
    }
}

static void who_does_not_poll_leaves_until_it_does(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    now += 301 * SECOND;
    rk_consumer_membership_on_subscribe(&member, list_of("a0"), NULL,
                                        now); /* As patterns do: no poll. */
    rk_consumer_membership_on_timer(&member, now);
    assert_actions(&member, LEAVE | REVOKE | RK_MEMBERSHIP_TELL_POLL_EXCEEDED);
    assert_int_equal(member.leaving_epoch, -1);
    assert_true(member.base.is_lost);
    rk_consumer_membership_on_poll(&member, now);
    assert_int_equal(member.state, RK_CONSUMER_WAITING);
    done(&member);
    assert_int_equal(member.state, RK_CONSUMER_JOINING);
    assert_actions(&member, BEAT);
    rk_consumer_membership_clear(&member);
}

static void leave_and_close(bool is_static)
{
    struct rk_consumer_membership member;
    init(&member, is_static);
    reach_stable(&member, "a0");
    rk_consumer_membership_on_unsubscribe(&member, now);
    assert_actions(&member, REVOKE);
    go_to_deadline(&member);
    assert_actions(&member, BEAT); /* Still a member. */
    done(&member);
    assert_actions(&member, LEAVE);
    assert_int_equal(member.leaving_epoch, is_static ? -2 : -1);
    rk_consumer_membership_on_leave_answer(&member, now);
    assert_int_equal(member.state, RK_CONSUMER_OUT);
    reach_stable(&member, "a0 b0");
    rk_consumer_membership_on_close(&member, now);
    assert_actions(&member, REVOKE);
    done(&member);
    assert_actions(&member, LEAVE);
    go_to_deadline(&member); /* No answer. */
    assert_int_equal(member.state, RK_CONSUMER_CLOSED);
    rk_consumer_membership_clear(&member);
}

static void leaving_gives_up_first(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    leave_and_close(false);
    leave_and_close(true);
    init(&member, false);
    rk_consumer_membership_on_close(&member, now);
    assert_int_equal(member.state, RK_CONSUMER_CLOSED);
    assert_actions(&member, 0);
    rk_consumer_membership_clear(&member);
    init(&member, false);
    subscribe(&member, "a0");
    assert_actions(&member, BEAT);
    rk_consumer_membership_on_close(&member, now); /* The join may arrive. */
    assert_actions(&member, LEAVE);
    rk_consumer_membership_clear(&member);
}

static void names_that_come_late(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    subscribe(&member, "a0");
    rk_consumer_membership_on_heartbeat_answer(
        &member, member.base.attempt,
        &(struct rk_consumer_answer){
            .epoch = 1, .interval_ms = 5000, .target = list_of(""), .is_partial = true},
        now);
    assert_int_equal(member.state, RK_CONSUMER_STABLE);
    assert_int_equal(rk_consumer_membership_deadline(&member), now + 5 * SECOND / 8);
    rk_consumer_membership_on_names(&member, list_of("a0"), false, now);
    assert_actions(&member, BEAT | ASSIGN);
    rk_consumer_membership_on_names(&member, list_of("a0 a0"), false, now); /* Twice the same. */
    done(&member);
    assert_int_equal(member.state, RK_CONSUMER_ACKNOWLEDGING);
    rk_consumer_membership_clear(&member);
}

static void beat_once(struct rk_consumer_membership *member)
{
    go_to_deadline(member);
    assert_actions(member, BEAT);
    answer(member, 0, 1, NULL);
}

static void heartbeats_come_early_after_a_new_assignment(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    for (uint64_t begun = now; now - begun < 4 * SECOND;)
        beat_once(&member);
    for (int i = 0; i < 3; i++) {
        uint64_t before = now;
        beat_once(&member);
        assert_int_equal(now - before, 5 * SECOND);
    }
    rk_consumer_membership_clear(&member);
}

static void errors_of_commits_ask_the_coordinator(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    rk_consumer_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,
                                           now);
    assert_actions(&member, 0);
    rk_consumer_membership_on_commit_error(&member, RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, now);
    assert_actions(&member, BEAT);
    rk_consumer_membership_clear(&member);
}

/* What a coordinator makes of each heartbeat to have many of them. */
typedef struct rk_consumer_answer storm(int number);

static struct rk_consumer_answer fences_who_has_joined(int number)
{
    return (struct rk_consumer_answer){
        .err = number % 2 ? RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH : RD_KAFKA_RESP_ERR_NO_ERROR,
        .epoch = 1,
        .interval_ms = 5000,
        .target = number % 2 ? NULL : list_of("a0"),
    };
}

static struct rk_consumer_answer assigns_something_else(int number)
{
    return (struct rk_consumer_answer){
        .epoch = 1 + number, .interval_ms = 5000, .target = list_of(number % 2 ? "a0" : "a1")};
}

static struct rk_consumer_answer wants_to_hear_more(int number)
{
    (void)number;
    return (struct rk_consumer_answer){.epoch = 1, .interval_ms = 1, .target = list_of("a0")};
}

static struct rk_consumer_answer is_broken_now_and_then(int number)
{
    return (struct rk_consumer_answer){.err = number % 2 ? RD_KAFKA_RESP_ERR__BAD_MSG
                                                         : RD_KAFKA_RESP_ERR_NO_ERROR,
                                       .epoch = 1,
                                       .interval_ms = 1};
}

/* The application and the coordinator answer at once: how many heartbeats there are in a minute. */
static int count_beats(storm *tell)
{
    struct rk_consumer_membership member;
    int count = 0;
    init(&member, false);
    uint64_t until = now + 60 * SECOND;
    subscribe(&member, "a0");
    while (now < until) {
        unsigned actions = rk_member_take_actions(&member.base);
        if (actions & BEAT) {
            struct rk_consumer_answer told = tell(count++);
            rk_consumer_membership_on_heartbeat_answer(&member, member.base.attempt, &told, now);
        } else if (actions & (ASSIGN | REVOKE)) {
            done(&member);
        } else {
            go_to_deadline(&member);
        }
    }
    rk_consumer_membership_clear(&member);
    return count;
}

static void no_coordinator_causes_a_storm(void **state)
{
    (void)state;
    storm *const storms[] = {fences_who_has_joined, assigns_something_else, wants_to_hear_more,
                             is_broken_now_and_then};
    for (size_t i = 0; i < RK_COUNT_OF(storms); i++) {
        int count = count_beats(storms[i]);
        if (count < 60 || count > 20 + 60 * 20 + 1)
            fail_msg("storm %zu: %d heartbeats in a minute", i, count);
    }
}

/* An interval without end would be the end of all news. */
static void heartbeats_never_end(void **state)
{
    static const int32_t intervals_ms[] = {INT32_MAX, 0, -1, INT32_MIN};
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(intervals_ms); i++) {
        struct rk_consumer_membership member;
        init(&member, false);
        reach_stable(&member, "a0");
        go_to_deadline(&member);
        assert_actions(&member, BEAT);
        member.base.early_beats = 9; /* Long after anything has changed. */
        rk_consumer_membership_on_heartbeat_answer(
            &member, member.base.attempt,
            &(struct rk_consumer_answer){.epoch = 1, .interval_ms = intervals_ms[i]}, now);
        assert_int_equal(rk_consumer_membership_deadline(&member),
                         now + (i == 0 ? 45 * SECOND : 3 * SECOND));
        rk_consumer_membership_clear(&member);
    }
}

/* The coordinator gives away what a heartbeat with everything does not name, whenever that arrives:
 * until it has answered one, nothing more is taken. */
static void nothing_is_taken_behind_a_full_heartbeat(void **state)
{
    struct rk_consumer_membership member;
    (void)state;
    init(&member, false);
    reach_stable(&member, "a0");
    go_to_deadline(&member);
    answer(&member, 0, 2, "a0 a1");
    assert_actions(&member, BEAT | ASSIGN);
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    answer(&member, RD_KAFKA_RESP_ERR__TRANSPORT, 0, NULL);
    assert_actions(&member, BEAT);
    assert_true(member.beat.has_owned); /* a0, and a1, which is about to be taken. */
    rk_consumer_membership_on_names(&member, list_of("a0 a1 a2"), false, now);
    done(&member);
    assert_list(member.base.owned, "a0 a1");
    assert_actions(&member, 0);
    answer(&member, RD_KAFKA_RESP_ERR__TRANSPORT, 0, NULL); /* It may have arrived. */
    assert_actions(&member, 0);
    go_to_deadline(&member);
    assert_actions(&member, BEAT);
    answer(&member, 0, 2, "a0 a1 a3");
    assert_actions(&member, ASSIGN);
    assert_list(member.base.asked_list, "a3");
    rk_consumer_membership_clear(&member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_move_in_two_steps),
        cmocka_unit_test(an_answer_to_an_older_heartbeat_acknowledges_nothing),
        cmocka_unit_test(nothing_is_taken_behind_a_full_heartbeat),
        cmocka_unit_test(while_nothing_is_assigned_it_asks_again_soon),
        cmocka_unit_test(heartbeats_come_early_after_a_new_assignment),
        cmocka_unit_test(after_a_failure_everything_is_said),
        cmocka_unit_test(a_subscription_is_said_until_it_is_known),
        cmocka_unit_test(who_is_put_out_joins_again),
        cmocka_unit_test(who_is_put_out_while_it_takes_gives_that_up_too),
        cmocka_unit_test(a_refused_join_leaves_first),
        cmocka_unit_test(a_static_member_clears_its_place),
        cmocka_unit_test(a_static_member_whose_place_is_taken_fails),
        cmocka_unit_test(errors_are_told_once_and_the_member_stays),
        cmocka_unit_test(a_refused_subscription_does_not_cost_the_session),
        cmocka_unit_test(who_does_not_poll_leaves_until_it_does),
        cmocka_unit_test(leaving_gives_up_first),
        cmocka_unit_test(names_that_come_late),
        cmocka_unit_test(errors_of_commits_ask_the_coordinator),
        cmocka_unit_test(no_coordinator_causes_a_storm),
        cmocka_unit_test(heartbeats_never_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
