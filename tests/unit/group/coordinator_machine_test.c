/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a coordinator is asked for: every state with every event, and the pauses between attempts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/assert.h"
#include "base/clock.h"
#include "group/coordinator_machine.h"

enum event {
    WANTED,
    UNWANTED,
    FOUND,
    NOT_FOUND,
    REFUSED,
    LOST,
    LOST_OTHER, /* A broker that it was before. */
    DUE,
    EVENTS,
};

enum { STATES = RK_COORDINATOR_KNOWN + 1, BASE_MS = 100, MAX_MS = 1000, NOW_US = 10000000 };

#define NONE        RK_COORDINATOR_DO_NOTHING
#define ASK         RK_COORDINATOR_DO_ASK
#define SEND        RK_COORDINATOR_DO_SEND
#define FAIL        RK_COORDINATOR_DO_FAIL
#define STATE(name) RK_COORDINATOR_##name

static enum rk_coordinator_order happen(struct rk_coordinator_machine *machine, enum event event,
                                        uint64_t now_us)
{
    switch (event) {
    case WANTED:
    case UNWANTED:
        return rk_coordinator_machine_on_wanted(machine, event == WANTED, now_us);
    case FOUND:
        return rk_coordinator_machine_on_found(machine, 7);
    case NOT_FOUND:
        return rk_coordinator_machine_on_not_found(
            machine, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, false, now_us);
    case REFUSED:
        return rk_coordinator_machine_on_not_found(
            machine, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, true, now_us);
    case LOST:
        return rk_coordinator_machine_on_lost(machine, 7, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                              now_us);
    case LOST_OTHER:
        return rk_coordinator_machine_on_lost(machine, 6, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                              now_us);
    case DUE:
        return rk_coordinator_machine_on_due(machine, now_us);
    case EVENTS:
        break;
    }
    fail();
    return NONE;
}

/* In that state, still wanted where it can be. */
static struct rk_coordinator_machine machine_in(enum rk_coordinator_state state)
{
    struct rk_coordinator_machine machine;
    rk_coordinator_machine_init(&machine, BASE_MS, MAX_MS);
    if (state != STATE(UNKNOWN))
        happen(&machine, WANTED, 1000);
    if (state == STATE(BACKING_OFF))
        happen(&machine, NOT_FOUND, 1000);
    if (state == STATE(KNOWN))
        happen(&machine, FOUND, 1000);
    assert_int_equal(machine.state, state);
    return machine;
}

static void test_every_state_and_event(void **state)
{
    static const struct {
        enum rk_coordinator_state after;
        enum rk_coordinator_order order;
    } expected[STATES][EVENTS] = {
        [STATE(UNKNOWN)] =
            {
                [WANTED] = {STATE(ASKING), ASK},
                [UNWANTED] = {STATE(UNKNOWN), NONE},
                [FOUND] = {STATE(UNKNOWN), NONE},
                [NOT_FOUND] = {STATE(UNKNOWN), NONE},
                [REFUSED] = {STATE(UNKNOWN), NONE},
                [LOST] = {STATE(UNKNOWN), NONE},
                [LOST_OTHER] = {STATE(UNKNOWN), NONE},
                [DUE] = {STATE(UNKNOWN), NONE},
            },
        [STATE(ASKING)] =
            {
                [WANTED] = {STATE(ASKING), NONE},
                [UNWANTED] = {STATE(ASKING), NONE},
                [FOUND] = {STATE(KNOWN), SEND},
                [NOT_FOUND] = {STATE(BACKING_OFF), NONE},
                [REFUSED] = {STATE(UNKNOWN), FAIL},
                [LOST] = {STATE(ASKING), NONE},
                [LOST_OTHER] = {STATE(ASKING), NONE},
                [DUE] = {STATE(ASKING), NONE},
            },
        [STATE(BACKING_OFF)] =
            {
                [WANTED] = {STATE(BACKING_OFF), NONE},
                [UNWANTED] = {STATE(UNKNOWN), NONE},
                [FOUND] = {STATE(BACKING_OFF), NONE},
                [NOT_FOUND] = {STATE(BACKING_OFF), NONE},
                [REFUSED] = {STATE(BACKING_OFF), NONE},
                [LOST] = {STATE(BACKING_OFF), NONE},
                [LOST_OTHER] = {STATE(BACKING_OFF), NONE},
                [DUE] = {STATE(ASKING), ASK},
            },
        [STATE(KNOWN)] =
            {
                [WANTED] = {STATE(KNOWN), SEND},
                [UNWANTED] = {STATE(KNOWN), NONE},
                [FOUND] = {STATE(KNOWN), NONE},
                [NOT_FOUND] = {STATE(KNOWN), NONE},
                [REFUSED] = {STATE(KNOWN), NONE},
                [LOST] = {STATE(ASKING), ASK},
                [LOST_OTHER] = {STATE(KNOWN), NONE},
                [DUE] = {STATE(KNOWN), NONE},
            },
    };
    (void)state;
    for (int from = 0; from < STATES; from++) {
        for (int event = 0; event < EVENTS; event++) {
            struct rk_coordinator_machine machine = machine_in((enum rk_coordinator_state)from);
            enum rk_coordinator_order order = happen(&machine, (enum event)event, NOW_US);
            if (machine.state != expected[from][event].after ||
                order != expected[from][event].order)
                fail_msg("%s, event %d: %s, order %d",
                         rk_coordinator_state_name((enum rk_coordinator_state)from), event,
                         rk_coordinator_state_name(machine.state), (int)order);
        }
    }
}

static void test_pauses_grow_until_it_serves(void **state)
{
    (void)state;
    struct rk_coordinator_machine machine = machine_in(STATE(ASKING));
    uint64_t now_us = NOW_US, expected_us = BASE_MS * 1000;
    for (int i = 0; i < 8; i++) {
        happen(&machine, NOT_FOUND, now_us);
        uint64_t pause_us = machine.not_before_us - now_us;
        assert_in_range(pause_us, expected_us * 8 / 10, expected_us * 12 / 10);
        assert_int_equal(rk_coordinator_machine_next_us(&machine), machine.not_before_us);
        assert_int_equal(happen(&machine, DUE, machine.not_before_us - 1), NONE);
        now_us = machine.not_before_us;
        assert_int_equal(happen(&machine, DUE, now_us), ASK);
        expected_us = RK_MIN(expected_us * 2, (uint64_t)MAX_MS * 1000);
    }
    happen(&machine, FOUND, now_us);
    assert_int_equal(machine.unknown_since_us, 0);
    assert_int_equal(rk_coordinator_machine_next_us(&machine), RK_NEVER);
    rk_coordinator_machine_on_served(&machine, 7);
    assert_int_equal(happen(&machine, LOST, now_us), ASK); /* At once. */
    assert_int_equal(machine.unknown_since_us, now_us);
    assert_int_equal(machine.err, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    happen(&machine, FOUND, now_us);
    assert_int_equal(happen(&machine, LOST, now_us), NONE); /* It never served. */
    assert_int_equal(machine.state, STATE(BACKING_OFF));
    assert_in_range(machine.not_before_us - now_us, 160000, 240000);
}

static void test_the_pause_outlives_those_who_wait(void **state)
{
    (void)state;
    struct rk_coordinator_machine machine = machine_in(STATE(BACKING_OFF));
    uint64_t not_before_us = machine.not_before_us;
    happen(&machine, UNWANTED, 2000);
    assert_int_equal(happen(&machine, WANTED, 3000), NONE);
    assert_int_equal(machine.state, STATE(BACKING_OFF));
    assert_int_equal(happen(&machine, DUE, not_before_us), ASK);
}

static void test_nobody_waits_any_more(void **state)
{
    (void)state;
    struct rk_coordinator_machine machine = machine_in(STATE(ASKING));
    happen(&machine, UNWANTED, 2000);
    assert_int_equal(happen(&machine, NOT_FOUND, 3000), NONE);
    assert_int_equal(machine.state, STATE(UNKNOWN));
    machine = machine_in(STATE(KNOWN));
    happen(&machine, UNWANTED, 2000);
    assert_int_equal(happen(&machine, LOST, 3000), NONE);
    assert_int_equal(machine.state, STATE(UNKNOWN));
    assert_int_equal(machine.broker_id, -1);
}

/* Somebody says that it is another broker: news only of one that was known. */
static void test_it_has_moved(void **state)
{
    (void)state;
    for (int i = 0; i < STATES; i++) {
        struct rk_coordinator_machine machine = machine_in((enum rk_coordinator_state)i);
        int32_t before = machine.broker_id;
        bool is_known = i == STATE(KNOWN);
        assert_int_equal(rk_coordinator_machine_on_moved(&machine, before + 7), is_known);
        assert_int_equal(machine.broker_id, is_known ? before + 7 : -1);
        assert_int_equal(machine.state, i);
        assert_false(rk_coordinator_machine_on_moved(&machine, machine.broker_id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_and_event),
        cmocka_unit_test(test_pauses_grow_until_it_serves),
        cmocka_unit_test(test_the_pause_outlives_those_who_wait),
        cmocka_unit_test(test_nobody_waits_any_more),
        cmocka_unit_test(test_it_has_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
