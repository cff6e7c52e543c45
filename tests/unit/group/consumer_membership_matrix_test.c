/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a member of the consumer protocol: every event in every state, and what follows.
 */
#include "consumer_expected.h"
#include "outcome.h"

#define SOON_US 500000 /* Pauses between attempts are shorter, those between heartbeats longer. */

struct before {
    enum rk_consumer_membership_state state;
    int32_t epoch;
    int owned;
    struct outcome target;
    bool is_lost, is_unsure, needs_all, is_untold, waits;
};

static struct before look(const struct rk_consumer_membership *member)
{
    struct before look = {
        .state = member->state,
        .epoch = member->epoch,
        .owned = member->base.owned->cnt,
        .is_lost = member->base.is_lost,
        .is_unsure = member->is_unsure,
        .needs_all = member->needs_all,
        .is_untold = member->subscription != member->sent_subscription,
        .waits = rk_consumer_membership_deadline(member) <= now + SOON_US,
    };
    add_list(&look.target, "next", member->base.target);
    return look;
}

/* "BEAT(0 all topics owned)" */
static void add_beat(struct outcome *outcome, const struct rk_consumer_beat *beat)
{
    char word[60];
    snprintf(word, sizeof(word), "BEAT(%d%s%s%s%s)", (int)beat->epoch, beat->has_all ? " all" : "",
             beat->has_subscription ? " topics" : "", beat->has_owned ? " owned" : "",
             beat->acknowledges ? " done" : "");
    add(outcome, word);
}

static void add_actions(struct outcome *outcome, const struct rk_consumer_membership *member)
{
    unsigned actions = member->base.actions;
    if (actions & RK_MEMBERSHIP_SEND_HEARTBEAT)
        add_beat(outcome, &member->beat);
    if (actions & RK_MEMBERSHIP_SEND_LEAVE) {
        char word[20];
        snprintf(word, sizeof(word), "LEAVE(%d)", (int)member->leaving_epoch);
        add(outcome, word);
    }
    add_common(outcome, &member->base, actions);
}

/* NULL: as before, and nothing to do. */
static const char *compare(struct outcome *outcome, const struct before *before,
                           const struct rk_consumer_membership *member)
{
    struct before after = look(member);
    *outcome = (struct outcome){.used = 0};
    add(outcome, rk_consumer_membership_state_name(after.state));
    size_t used = outcome->used;
    add_actions(outcome, member);
    bool asks = member->base.actions & (ASSIGN | REVOKE);
    bool has_target = after.epoch > 0 || member->base.target->cnt > 0;
    add_if(outcome, has_target && !asks && strcmp(after.target.text, before->target.text) != 0,
           after.target.text);
    add_if(outcome, after.epoch > 0 && before->epoch == 0, "in");
    add_if(outcome, after.epoch > 0 && before->epoch > 0 && after.epoch != before->epoch, "epoch");
    add_if(outcome, after.epoch == 0 && before->epoch > 0, "out");
    add_if(outcome, after.is_lost && !before->is_lost, "lost");
    add_if(outcome, !after.is_lost && before->is_lost, "settled");
    add_if(outcome, after.is_unsure && !before->is_unsure, "unsure");
    add_if(outcome, !after.is_unsure && before->is_unsure, "sure");
    add_if(outcome, after.needs_all && !before->needs_all, "full");
    add_if(outcome, !after.needs_all && before->needs_all, "brief");
    add_if(outcome, after.is_untold && !before->is_untold, "untold");
    add_if(outcome, !after.is_untold && before->is_untold, "told");
    add_if(outcome, after.owned > before->owned, "took");
    add_if(outcome, after.owned < before->owned, "gave");
    add_if(outcome, after.waits && (!before->waits || after.state != before->state), "soon");
    return after.state == before->state && outcome->used == used ? NULL : outcome->text;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void check(struct rk_consumer_membership *member)
{
    if (member->state == S(OUT) || member->state == S(CLOSED)) {
        assert_int_equal(member->base.owned->cnt, 0);
        assert_int_equal(rk_consumer_membership_deadline(member), RK_NEVER);
    }
    if (member->state == S(JOINING))
        assert_int_equal(member->base.owned->cnt, 0);
    if (member->base.actions & BEAT)
        assert_true(member->is_beat_sent);
    if (rk_consumer_membership_deadline(member) <= now)
        fail_msg("%s: due at once, for ever", rk_consumer_membership_state_name(member->state));
}

/* Whatever has happened, close comes to its end. */
static void drive_to_close(struct rk_consumer_membership *member)
{
    rk_consumer_membership_on_close(member, now);
    for (int i = 0; i < 10 && member->state != S(CLOSED); i++) {
        done(member);
        now += 6 * SECOND;
        rk_consumer_membership_on_timer(member, now);
        check(member);
    }
    assert_int_equal(member->state, S(CLOSED));
}

/* What is told is what has happened. */
static void check_told(const struct rk_consumer_membership *member, rd_kafka_resp_err_t err)
{
    if (!(member->base.actions & (RK_MEMBERSHIP_TELL_ERROR | RK_MEMBERSHIP_TELL_FATAL)))
        return;
    assert_int_equal(member->base.told_err, err ? err : E(_BAD_MSG));
    assert_int_equal(member->base.told_api, RK_API_CONSUMER_GROUP_HEARTBEAT);
}

/* True: it is as expected. */
static bool try_event(enum situation situation, enum event event, rd_kafka_resp_err_t err)
{
    struct rk_consumer_membership member;
    struct outcome outcome;
    reach(&member, situation);
    struct before before = look(&member);
    events[event].happen(&member, err);
    check_told(&member, err);
    assert_true(event != POLL || member.base.polled_us == now);
    const char *found = compare(&outcome, &before, &member);
    bool is_expected = is_same(found, expected[situation][event]);
    if (!is_expected)
        print_message("situation %d (%s), %s, error %d: \"%s\", not \"%s\"\n", situation,
                      rk_consumer_membership_state_name(before.state), events[event].name, err,
                      found ? found : "",
                      expected[situation][event] ? expected[situation][event] : "");
    check(&member);
    drive_to_close(&member);
    rk_consumer_membership_clear(&member);
    return is_expected;
}

static void every_event_in_every_situation(void **state)
{
    (void)state;
    int wrong = 0;
    for (int s = 0; s < SITUATIONS; s++) {
        for (int event = 0; event < EVENTS; event++) {
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
                struct rk_consumer_membership member;
                reach(&member, (enum situation)s);
                events[first].happen(&member, events[first].errors[0]);
                check(&member);
                rk_member_take_actions(&member.base);
                events[second].happen(&member, events[second].errors[0]);
                check(&member);
                drive_to_close(&member);
                rk_consumer_membership_clear(&member);
            }
        }
    }
}

/* Answers to what was sent before it was put out, or has left. */
static void late_answers_change_nothing(void **state)
{
    (void)state;
    for (int s = 0; s < SITUATIONS; s++) {
        for (int event = BEAT_SHORT; event <= BEAT_PATTERN_REFUSED; event++) {
            struct rk_consumer_membership member;
            struct outcome outcome;
            reach(&member, (enum situation)s);
            struct before before = look(&member);
            attempts_ago = 1;
            events[event].happen(&member, events[event].errors[0]);
            attempts_ago = 0;
            const char *found = compare(&outcome, &before, &member);
            if (found)
                fail_msg("%d, %s: %s", s, events[event].name, found);
            rk_consumer_membership_clear(&member);
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
