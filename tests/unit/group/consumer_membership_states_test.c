/* SPDX-License-Identifier: BSD-2-Clause */
/* A member of the consumer protocol: every event in every state. */
#include "consumer_member.h"

static void reach(struct rk_consumer_membership *member, enum rk_consumer_membership_state state)
{
    init(member, false);
    switch (state) {
    case RK_CONSUMER_OUT:
        break;
    case RK_CONSUMER_JOINING:
        subscribe(member, "a0");
        break;
    case RK_CONSUMER_RECONCILING:
        subscribe(member, "a0");
        answer(member, 0, 1, "a0 a1");
        break;
    case RK_CONSUMER_ACKNOWLEDGING:
        subscribe(member, "a0");
        answer(member, 0, 1, "a0 a1");
        done(member);
        break;
    case RK_CONSUMER_STABLE:
        reach_stable(member, "a0 a1");
        break;
    case RK_CONSUMER_FENCED:
        reach_stable(member, "a0 a1");
        go_to_deadline(member);
        answer(member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 0, NULL);
        break;
    case RK_CONSUMER_WAITING:
        reach_stable(member, "a0 a1");
        now += 301 * SECOND;
        rk_consumer_membership_on_timer(member, now);
        break;
    case RK_CONSUMER_LEAVING:
        reach_stable(member, "a0 a1");
        rk_consumer_membership_on_unsubscribe(member, now);
        break;
    case RK_CONSUMER_FAILED:
        reach_stable(member, "a0 a1");
        go_to_deadline(member);
        answer(member, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 0, NULL);
        break;
    case RK_CONSUMER_CLOSED:
        rk_consumer_membership_on_close(member, now);
        break;
    case RK_CONSUMER_STATES:
        break;
    }
    assert_int_equal(member->state, state);
    rk_member_take_actions(&member->base);
}

enum event {
    SUBSCRIBES,
    UNSUBSCRIBES,
    CLOSES,
    ANSWERED_WELL,
    ANSWERED_OTHER,
    ANSWERED_FENCED,
    ANSWERED_FATAL,
    ANSWERED_RETRY,
    ANSWERED_OLD,
    REFUSED_PATTERN,
    LEFT,
    NAMES,
    COMMIT_STALE,
    DONE,
    POLLS,
    TIMER,
    MUCH_LATER,
    EVENTS,
};

static void fire(struct rk_consumer_membership *member, enum event event)
{
    switch (event) {
    case SUBSCRIBES:
        rk_consumer_membership_on_subscribe(member, list_of("b0"), "^c", now);
        return;
    case UNSUBSCRIBES:
        rk_consumer_membership_on_unsubscribe(member, now);
        return;
    case CLOSES:
        rk_consumer_membership_on_close(member, now);
        return;
    case ANSWERED_WELL:
        answer(member, 0, 3, NULL);
        return;
    case ANSWERED_OTHER:
        answer(member, 0, 3, "a1 b1");
        return;
    case ANSWERED_FENCED:
        answer(member, RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, 0, NULL);
        return;
    case ANSWERED_FATAL:
        answer(member, RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR, 0, NULL);
        return;
    case ANSWERED_RETRY:
        answer(member, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0, NULL);
        return;
    case ANSWERED_OLD:
        member->base.attempt++;
        member->base.attempt--;
        rk_consumer_membership_on_heartbeat_answer(
            member, member->base.attempt - 1,
            &(struct rk_consumer_answer){.epoch = 9, .target = list_of("z0")}, now);
        return;
    case REFUSED_PATTERN:
        rk_consumer_membership_on_heartbeat_answer(
            member, member->base.attempt,
            &(struct rk_consumer_answer){.err = RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
                                         .is_of_pattern = true},
            now);
        return;
    case LEFT:
        rk_consumer_membership_on_leave_answer(member, now);
        return;
    case NAMES:
        rk_consumer_membership_on_names(member, list_of("a0"), false, now);
        return;
    case COMMIT_STALE:
        rk_consumer_membership_on_commit_error(member, RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, now);
        return;
    case DONE:
        done(member);
        return;
    case POLLS:
        rk_consumer_membership_on_poll(member, now);
        return;
    case TIMER:
        if (rk_consumer_membership_deadline(member) != RK_NEVER)
            now = RK_MAX(now, rk_consumer_membership_deadline(member));
        rk_consumer_membership_on_timer(member, now);
        return;
    case MUCH_LATER:
        now += 1000 * SECOND;
        rk_consumer_membership_on_timer(member, now);
        return;
    case EVENTS:
        break;
    }
}

static void assert_sane(struct rk_consumer_membership *member)
{
    unsigned actions = rk_member_take_actions(&member->base);
    assert_false((actions & ASSIGN) && (actions & REVOKE));
    assert_true(!(actions & (ASSIGN | REVOKE)) || member->base.asked != RK_ASKED_NOTHING);
    if (member->state == RK_CONSUMER_OUT || member->state == RK_CONSUMER_CLOSED) {
        assert_int_equal(member->base.owned->cnt, 0);
        assert_int_equal(rk_consumer_membership_deadline(member), RK_NEVER);
    }
    if (member->state == RK_CONSUMER_JOINING)
        assert_int_equal(member->base.owned->cnt, 0);
    if (actions & BEAT)
        assert_true(member->is_beat_sent);
    if (rk_consumer_membership_deadline(member) <= now)
        fail_msg("%s: due at once, for ever", rk_consumer_membership_state_name(member->state));
}

static void every_event_in_every_state(void **state)
{
    (void)state;
    for (int from = 0; from < RK_CONSUMER_STATES; from++) {
        for (int first = 0; first < EVENTS; first++) {
            for (int second = 0; second < EVENTS; second++) {
                struct rk_consumer_membership member;
                reach(&member, (enum rk_consumer_membership_state)from);
                fire(&member, (enum event)first);
                assert_sane(&member);
                fire(&member, (enum event)second);
                assert_sane(&member);
                rk_consumer_membership_clear(&member);
            }
        }
    }
}

static void close_ends_every_state(void **state)
{
    (void)state;
    for (int from = 0; from < RK_CONSUMER_STATES; from++) {
        for (int event = 0; event < EVENTS; event++) {
            struct rk_consumer_membership member;
            reach(&member, (enum rk_consumer_membership_state)from);
            fire(&member, (enum event)event);
            rk_consumer_membership_on_close(&member, now);
            for (int i = 0; i < 10 && member.state != RK_CONSUMER_CLOSED; i++) {
                done(&member);
                fire(&member, TIMER);
            }
            assert_int_equal(member.state, RK_CONSUMER_CLOSED);
            rk_consumer_membership_clear(&member);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_state),
        cmocka_unit_test(close_ends_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
