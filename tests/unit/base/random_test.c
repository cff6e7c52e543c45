/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Randomness: bounds, spread, and that threads differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"

#include <pthread.h>

static void below_stays_below_and_reaches_all(void **state)
{
    (void)state;
    unsigned seen[10] = {0};
    for (int i = 0; i < 10000; i++) {
        uint32_t value = rk_random_below(10);
        assert_true(value < 10);
        seen[value]++;
        assert_int_equal(rk_random_below(1), 0);
        assert_true(rk_random_below(UINT32_MAX) < UINT32_MAX);
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 800, 1200); /* More than six standard deviations. */
}

static void *draw(void *argument)
{
    uint32_t *values = argument;
    for (int i = 0; i < 4; i++)
        values[i] = rk_random_u32();
    return NULL;
}

static void threads_differ(void **state)
{
    (void)state;
    uint32_t values[2][4];
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, draw, values[i]), 0);
        pthread_join(thread, NULL);
    }
    assert_memory_not_equal(values[0], values[1], sizeof(values[0]));
}

static void bytes_fill_exactly_what_is_given(void **state)
{
    (void)state;
    unsigned char bytes[600], other[600];
    memset(bytes, 0xaa, sizeof(bytes));
    rk_random_bytes(bytes + 1, 0);
    assert_int_equal(bytes[1], 0xaa);
    rk_random_bytes(bytes + 1, sizeof(bytes) - 2);
    rk_random_bytes(other + 1, sizeof(other) - 2);
    assert_int_equal(bytes[0], 0xaa);
    assert_int_equal(bytes[599], 0xaa);
    assert_memory_not_equal(bytes + 1, other + 1, sizeof(bytes) - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_stays_below_and_reaches_all),
        cmocka_unit_test(threads_differ),
        cmocka_unit_test(bytes_fill_exactly_what_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
