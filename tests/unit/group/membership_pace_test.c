/* SPDX-License-Identifier: BSD-2-Clause */
/* When a member of a classic group sends its heartbeats, and when it joins again. */
#include "classic_member.h"
#include "group/membership_private.h"

static void heartbeats_come_early_after_a_rebalance(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    uint64_t begun = now, eighth = 3 * SECOND / 8, later = 3 * SECOND + 3 * SECOND / 32 / 15;
    reach_stable(&member, "a0");
    static const unsigned eighths[] = {1, 2, 4, 8};
    for (size_t i = 0; i < RK_COUNT_OF(eighths); i++) {
        heartbeat_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_in_range(now - begun, eighths[i] * eighth, eighths[i] * (eighth + later / 100));
    }
    for (int i = 0; i < 3; i++) { /* Later than the interval, by little. */
        uint64_t before = now;
        heartbeat_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_int_equal(now - before, later);
    }
    heartbeat_answer(&member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_actions(&member, RK_MEMBERSHIP_TELL_REVOKE);
    rk_membership_on_answered(&member, now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
    assert_in_range(rk_membership_deadline(&member), now + eighth, now + later / 8);
    rk_membership_clear(&member);
}

/* Others wait for it. */
static void whoever_is_interrupted_joins_again_at_once(void **state)
{
    (void)state;
    struct rk_membership member;
    init(&member, false, false);
    rk_membership_on_subscribe(&member, list_of("a0"), now);
    assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    int at_once = 0;
    for (int i = 0; i < 100; i++) {
        join_answer(&member, RD_KAFKA_RESP_ERR_NO_ERROR, "me", "other");
        assert_actions(&member, RK_MEMBERSHIP_SEND_SYNC);
        rk_membership_on_sync_answer(&member, member.base.attempt,
                                     RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, NULL, now);
        if (rk_member_take_actions(&member.base) == RK_MEMBERSHIP_SEND_JOIN) {
            at_once++;
            continue;
        }
        assert_in_range(rk_membership_deadline(&member) - now, 1, 2 * SECOND);
        now = rk_membership_deadline(&member);
        rk_membership_on_timer(&member, now);
        assert_actions(&member, RK_MEMBERSHIP_SEND_JOIN);
    }
    assert_in_range(at_once, 3, 20); /* And not without end. */
    rk_membership_clear(&member);
}

/* When it joins with so many. After the first ones, which come early, its heartbeats come every: */
static uint64_t beats_among(int32_t members)
{
    struct rk_membership member;
    init(&member, false, true);
    rk_membership_on_subscribe(&member, list_of("a0"), now);
    rk_member_take_actions(&member.base);
    rk_membership_on_join_answer(&member, member.base.attempt,
                                 &(struct rk_membership_joined){.generation = 1,
                                                                .member_id = "me",
                                                                .leader_id = "me",
                                                                .protocol = "range",
                                                                .member_count = members},
                                 now);
    for (int i = 0; i < 8; i++)
        rk_membership_next_beat_us(&member, now);
    uint64_t wait_us = rk_membership_next_beat_us(&member, now) - now;
    rk_membership_clear(&member);
    return wait_us;
}

static void others_are_waited_for(void **state)
{
    (void)state;
    uint64_t alone_us = beats_among(1);
    assert_in_range(beats_among(2), alone_us + 1, alone_us + alone_us / 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heartbeats_come_early_after_a_rebalance),
        cmocka_unit_test(others_are_waited_for),
        cmocka_unit_test(whoever_is_interrupted_joins_again_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
