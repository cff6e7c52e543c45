/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a classic group's member: every event in every state, and what follows.
 */
#include "classic_expected.h"
#include "outcome.h"

#define SOON_US 500000 /* Pauses between attempts are shorter, those between heartbeats longer. */

struct before {
    enum rk_membership_state state;
    uint64_t heard_us;
    int32_t generation;
    int owned;
    bool has_id, is_lost, rejoins, is_joining, waits;
};

static struct before look(const struct rk_membership *member)
{
    return (struct before){
        .state = member->state,
        .heard_us = member->heard_us,
        .generation = member->generation,
        .owned = member->base.owned->cnt,
        .has_id = member->base.member_id[0] != '\0',
        .is_lost = member->base.is_lost,
        .rejoins = member->wants_rejoin,
        .is_joining = rk_membership_is_joining(member),
        .waits = rk_membership_deadline(member) <= now + SOON_US,
    };
}

static void add_actions(struct outcome *outcome, const struct rk_membership *member)
{
    unsigned actions = member->base.actions;
    add_if(outcome, actions & RK_MEMBERSHIP_SEND_JOIN, "JOIN");
    add_if(outcome, actions & RK_MEMBERSHIP_MAKE_ASSIGNMENT, "ASSIGNMENT");
    add_if(outcome, actions & RK_MEMBERSHIP_SEND_SYNC, "SYNC");
    add_if(outcome, actions & RK_MEMBERSHIP_SEND_HEARTBEAT, "HEARTBEAT");
    add_if(outcome, actions & RK_MEMBERSHIP_SEND_LEAVE, "LEAVE");
    add_if(outcome, actions & RK_MEMBERSHIP_LOOK_AT_GROUP, "LOOK");
    add_common(outcome, &member->base, actions);
}

/* NULL: as before, and nothing to do. */
static const char *compare(struct outcome *outcome, const struct before *before,
                           struct rk_membership *member)
{
    struct before after = look(member);
    *outcome = (struct outcome){.used = 0};
    add(outcome, rk_membership_state_name(after.state));
    size_t used = outcome->used;
    add_actions(outcome, member);
    add_if(outcome, after.heard_us != before->heard_us, "heard");
    add_if(outcome, after.generation >= 0 && after.generation != before->generation, "in");
    add_if(outcome, after.generation < 0 && before->generation >= 0, "out");
    add_if(outcome, after.has_id && !before->has_id, "named");
    add_if(outcome, !after.has_id && before->has_id, "nameless");
    add_if(outcome, after.is_lost && !before->is_lost, "lost");
    add_if(outcome, !after.is_lost && before->is_lost, "settled");
    add_if(outcome, after.rejoins && !before->rejoins, "rejoins");
    add_if(outcome, !after.rejoins && before->rejoins, "content");
    add_if(outcome, after.owned > before->owned, "took");
    add_if(outcome, after.owned < before->owned, "gave");
    add_if(outcome, after.is_joining && !before->is_joining, "incomplete");
    add_if(outcome, !after.is_joining && before->is_joining, "complete");
    add_if(outcome, after.waits && (!before->waits || after.state != before->state), "soon");
    return after.state == before->state && outcome->used == used ? NULL : outcome->text;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void check(struct rk_membership *member)
{
    if (member->state == S(OUT) || member->state == S(CLOSED)) {
        assert_int_equal(member->base.owned->cnt, 0);
        assert_int_equal(member->base.asked, RK_ASKED_NOTHING);
        assert_int_equal(rk_membership_deadline(member), RK_NEVER);
        assert_false(rk_membership_is_in(member));
    }
    if (member->state == S(STABLE))
        assert_true(rk_membership_is_in(member));
    rk_membership_on_timer(member, now);
    if (rk_membership_deadline(member) <= now)
        fail_msg("%s: due at once, for ever", rk_membership_state_name(member->state));
}

/* Whatever has happened, close comes to its end. */
static void drive_to_close(struct rk_membership *member)
{
    rk_membership_on_close(member, now);
    for (int i = 0; i < 10 && member->state != S(CLOSED); i++) {
        rk_membership_on_answered(member, now);
        now += 6 * SECOND;
        rk_membership_on_timer(member, now);
        check(member);
    }
    assert_int_equal(member->state, S(CLOSED));
}

/* What is told is what has happened. A broken answer is one without an error, too. */
static void check_told(const struct rk_membership *member, enum event event,
                       rd_kafka_resp_err_t err)
{
    if (!(member->base.actions & (RK_MEMBERSHIP_TELL_ERROR | RK_MEMBERSHIP_TELL_FATAL)))
        return;
    bool is_broken = !err || err == E(MEMBER_ID_REQUIRED);
    assert_int_equal(member->base.told_err, is_broken ? E(_BAD_MSG) : err);
    assert_int_equal(member->base.told_api, event <= JOIN_FENCED        ? RK_API_JOIN_GROUP
                                            : event <= SYNC_FENCED      ? RK_API_SYNC_GROUP
                                            : event <= HEARTBEAT_FENCED ? RK_API_HEARTBEAT
                                                                        : RK_API_OFFSET_COMMIT);
}

/* True: it is as expected. */
static bool try_event(enum situation situation, enum event event, rd_kafka_resp_err_t err)
{
    struct rk_membership member;
    struct outcome outcome;
    reach(&member, situation);
    struct before before = look(&member);
    events[event].happen(&member, err);
    check_told(&member, event, err);
    assert_true(event != POLL || member.base.polled_us == now);
    const char *found = compare(&outcome, &before, &member);
    bool is_expected = is_same(found, expected[situation][event]);
    if (!is_expected)
        print_message("situation %d (%s), %s, error %d: \"%s\", not \"%s\"\n", situation,
                      rk_membership_state_name(before.state), events[event].name, err,
                      found ? found : "",
                      expected[situation][event] ? expected[situation][event] : "");
    check(&member);
    drive_to_close(&member);
    rk_membership_clear(&member);
    return is_expected;
}

static void every_event_in_every_situation(void **state)
{
    (void)state;
    int wrong = 0;
    for (int s = 0; s < SITUATIONS; s++) {
        for (int event = 0; event < EVENTS; event++) {
            if (!may_happen((enum situation)s, (enum event)event))
                continue;
            const rd_kafka_resp_err_t *err = events[event].errors;
            do {
                wrong += !try_event((enum situation)s, (enum event)event, *err);
            } while (*err && *++err);
        }
    }
    assert_int_equal(wrong, 0);
}

static void close_ends_what_two_events_have_made(void **state)
{
    (void)state;
    for (int s = 0; s < SITUATIONS; s++) {
        for (int first = 0; first < EVENTS; first++) {
            for (int second = 0; second < EVENTS; second++) {
                struct rk_membership member;
                reach(&member, (enum situation)s);
                events[first].happen(&member, events[first].errors[0]);
                check(&member);
                events[second].happen(&member, events[second].errors[0]);
                check(&member);
                drive_to_close(&member);
                rk_membership_clear(&member);
            }
        }
    }
}

/* Answers to what was sent before it was put out, or began anew. */
static void late_answers_change_nothing(void **state)
{
    (void)state;
    for (int s = 0; s < SITUATIONS; s++) {
        for (int event = JOIN_LEADER; event <= HEARTBEAT_FENCED; event++) {
            struct rk_membership member;
            struct outcome outcome;
            if (event == ASSIGNMENT_MADE || event == JOIN_FAILED)
                continue;
            reach(&member, (enum situation)s);
            struct before before = look(&member);
            attempts_ago = 1;
            events[event].happen(&member, events[event].errors[0]);
            attempts_ago = 0;
            const char *found = compare(&outcome, &before, &member);
            if (found)
                fail_msg("%d, %s: %s", s, events[event].name, found);
            rk_membership_clear(&member);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_situation),
        cmocka_unit_test(close_ends_what_two_events_have_made),
        cmocka_unit_test(late_answers_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
