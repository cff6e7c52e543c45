/* SPDX-License-Identifier: BSD-2-Clause */
/* Following a replica near by, and how long the leader is not to name one after a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "consumer/closest_replica.h"

enum { SECOND = 1000000 };

/* Jitter is a fifth, both ways. */
static void assert_bar(const struct rk_closest *closest, uint64_t now_us, uint64_t wanted_us)
{
    uint64_t bar_us = closest->barred_us - now_us;
    assert_in_range(bar_us, wanted_us * 8 / 10, wanted_us * 12 / 10);
}

static void test_follow(void **state)
{
    struct rk_closest closest;
    (void)state;
    rk_closest_init(&closest);
    assert_int_equal(closest.replica, -1);
    rk_closest_follow(&closest, 3, 100, 50);
    assert_int_equal(closest.replica, 3);
    assert_int_equal(closest.until_us, 150);
    rk_closest_leave(&closest);
    assert_int_equal(closest.replica, -1);
    assert_int_equal(closest.barred_us, 0);
}

static void test_failures(void **state)
{
    struct rk_closest closest;
    uint64_t now_us = (uint64_t)1000 * SECOND, wanted_us = SECOND;
    (void)state;
    rk_closest_init(&closest);
    for (int i = 0; i < 20; i++) {
        rk_closest_follow(&closest, 3, now_us, SECOND);
        rk_closest_fail(&closest, now_us);
        assert_int_equal(closest.replica, -1);
        assert_bar(&closest, now_us, wanted_us);
        now_us = closest.barred_us;
        wanted_us = wanted_us * 2 > 60 * SECOND ? 60 * SECOND : wanted_us * 2;
    }
    now_us += (uint64_t)400 * SECOND; /* Long ago. */
    rk_closest_fail(&closest, now_us);
    assert_bar(&closest, now_us, SECOND);
}

/* One that metadata did not know has not failed, once it does. */
static void test_missed(void **state)
{
    struct rk_closest closest;
    uint64_t now_us = (uint64_t)1000 * SECOND;
    (void)state;
    rk_closest_init(&closest);
    assert_int_equal(closest.missed, -1);
    for (int i = 0; i < 3; i++) {
        rk_closest_follow(&closest, 3, now_us, SECOND);
        rk_closest_miss(&closest, now_us);
        assert_int_equal(closest.replica, -1);
        assert_int_equal(closest.missed, 3);
        assert_bar(&closest, now_us, SECOND);
        rk_closest_find(&closest);
        assert_int_equal(closest.missed, -1);
        assert_int_equal(closest.barred_us, 0);
    }
    rk_closest_miss(&closest, now_us);
    rk_closest_fail(&closest, now_us);
    assert_int_equal(closest.missed, -1);
    assert_bar(&closest, now_us, 2 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_follow),
                                       cmocka_unit_test(test_failures),
                                       cmocka_unit_test(test_missed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
