/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back-off: bounds, growth, reset (KIP-580).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cluster/backoff.h"

static void grows_to_the_limit_within_jitter(void **state)
{
    (void)state;
    struct rk_backoff backoff;
    rk_backoff_init(&backoff, 100, 1000);
    static const uint64_t expected_us[] = {100000, 200000, 400000, 800000, 1000000, 1000000};
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof(expected_us) / sizeof(*expected_us); i++)
            assert_in_range(rk_backoff_next_us(&backoff), expected_us[i] * 8 / 10,
                            expected_us[i] * 12 / 10);
        rk_backoff_reset(&backoff);
    }
}

static void waits_differ(void **state)
{
    (void)state;
    uint64_t lowest_us = UINT64_MAX, highest_us = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t wait_us = rk_backoff_us(1000000, 1000000, 0);
        lowest_us = wait_us < lowest_us ? wait_us : lowest_us;
        highest_us = wait_us > highest_us ? wait_us : highest_us;
    }
    assert_true(lowest_us < 850000 && highest_us > 1150000);
}

static void extremes(void **state)
{
    (void)state;
    assert_true(rk_backoff_us(3600000000, 3600000000, UINT32_MAX) <= 4320000000);
    assert_true(rk_backoff_us(0, 0, 5) == 0);
    assert_in_range(rk_backoff_us(5000, 1000, 0), 800, 1200); /* The limit wins. */
    struct rk_backoff backoff;
    rk_backoff_init(&backoff, 1, 3600000);
    for (int i = 0; i < 1000; i++)
        assert_true(rk_backoff_next_us(&backoff) <= 4320000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_the_limit_within_jitter),
        cmocka_unit_test(waits_differ),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
