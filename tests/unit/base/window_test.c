/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: exact sums, percentiles within the promised error, values out of range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/window.h"

static void is_off_without_a_range(void **state)
{
    (void)state;
    struct rk_window window;
    struct rk_window_summary summary;
    rk_window_init(&window, 0);
    rk_window_add(&window, 5, 1);
    rk_window_summarize(&window, &summary, true);
    assert_int_equal(summary.count, 0);
    assert_int_equal(summary.size, 0);
    assert_null(window.buckets);
    rk_window_clear(&window);
}

static void small_values_are_exact(void **state)
{
    (void)state;
    struct rk_window window;
    struct rk_window_summary summary;
    rk_window_init(&window, 1000);
    for (int64_t value = 1; value <= 100; value++)
        rk_window_add(&window, value, 1);
    rk_window_summarize(&window, &summary, true);
    assert_int_equal(summary.count, 100);
    assert_int_equal(summary.min, 1);
    assert_int_equal(summary.max, 100);
    assert_int_equal(summary.sum, 5050);
    assert_int_equal(summary.average, 50);
    assert_int_equal(summary.deviation, 28);
    assert_int_equal(summary.p50, 50);
    assert_int_equal(summary.p75, 75);
    assert_int_equal(summary.p90, 90);
    assert_int_equal(summary.p95, 95);
    assert_int_equal(summary.p99, 99);
    assert_int_equal(summary.p99_99, 100);
    rk_window_summarize(&window, &summary, true);
    assert_int_equal(summary.count, 0);
    assert_int_equal(summary.p99, 0);
    rk_window_clear(&window);
}

static void assert_close(int64_t value, int64_t wanted)
{
    assert_in_range(value, wanted - wanted / 50, wanted + wanted / 50);
}

static void large_values_are_close(void **state)
{
    (void)state;
    struct rk_window window;
    struct rk_window_summary summary;
    rk_window_init(&window, (int64_t)1 << 36);
    for (int64_t value = 1; value <= 1000; value++)
        rk_window_add(&window, value * 1234567, 3);
    rk_window_summarize(&window, &summary, false);
    assert_int_equal(summary.count, 3000);
    assert_int_equal(summary.sum, (int64_t)1234567 * 3 * 500500);
    assert_close(summary.p50, (int64_t)500 * 1234567);
    assert_close(summary.p99, (int64_t)990 * 1234567);
    assert_close(summary.deviation, (int64_t)(288.67 * 1234567));
    assert_int_equal(summary.max, (int64_t)1000 * 1234567);
    assert_true(summary.p99_99 <= summary.max);
    rk_window_summarize(&window, &summary, false);
    assert_int_equal(summary.count, 3000); /* Looking does not change it. */
    rk_window_clear(&window);
}

static void knows_its_range(void **state)
{
    (void)state;
    struct rk_window window;
    struct rk_window_summary summary;
    rk_window_init(&window, 100000);
    rk_window_add(&window, 100000, 1);
    rk_window_add(&window, 100001, 2);
    rk_window_add(&window, INT64_MAX, 1);
    rk_window_add(&window, -5, 1);
    rk_window_summarize(&window, &summary, false);
    assert_int_equal(summary.count, 2);
    assert_int_equal(summary.out_of_range, 3);
    assert_int_equal(summary.min, 0);
    assert_int_equal(summary.max, 100000);
    assert_true(summary.size > 0);
    rk_window_clear(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_off_without_a_range),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(large_values_are_close),
        cmocka_unit_test(knows_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
