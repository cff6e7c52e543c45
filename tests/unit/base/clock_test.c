/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock against the kernel's: never back, never far off, the same on every thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { RUN_US = 100000, TOLERANCE_US = 2000 };

static uint64_t kernel_us(clockid_t id)
{
    struct timespec time;
    clock_gettime(id, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* True when ours lies between two readings of the kernel's, give or take: whatever else runs. */
static bool agrees(uint64_t before_us, uint64_t ours_us, uint64_t after_us)
{
    return ours_us + TOLERANCE_US >= before_us && ours_us <= after_us + TOLERANCE_US;
}

static void *watch(void *argument)
{
    bool *is_fine = argument;
    uint64_t last_us = 0, until_us = kernel_us(CLOCK_MONOTONIC) + RUN_US;
    *is_fine = true;
    for (uint64_t before_us = 0; before_us < until_us;) {
        before_us = kernel_us(CLOCK_MONOTONIC);
        uint64_t now_us = rk_clock_now_us();
        uint64_t after_us = kernel_us(CLOCK_MONOTONIC);
        *is_fine &= now_us >= last_us && agrees(before_us, now_us, after_us);
        last_us = now_us;
        /* Longer than a thread trusts its last reading. */
        uint64_t pause_us = rk_random_below(1000) == 0 ? 1500 : 0;
        while (kernel_us(CLOCK_MONOTONIC) < before_us + pause_us)
            ;
    }
    return NULL;
}

static void never_steps_back_on_any_thread(void **state)
{
    (void)state;
    pthread_t threads[4];
    bool is_fine[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, watch, &is_fine[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(is_fine[i]);
    }
}

static void wall_time_is_the_kernels(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t before_us = kernel_us(CLOCK_REALTIME);
        int64_t wall_ms = rk_clock_wall_ms(), both_ms;
        rk_clock_now_and_wall(&both_ms);
        uint64_t after_us = kernel_us(CLOCK_REALTIME);
        assert_true(agrees(before_us, (uint64_t)wall_ms * 1000 + 999, after_us + 1000));
        assert_true(agrees(before_us, (uint64_t)both_ms * 1000 + 999, after_us + 1000));
    }
}

static void deadlines(void **state)
{
    (void)state;
    assert_true(rk_deadline_from_ms(5, -1) == RK_NEVER);
    assert_true(rk_deadline_from_ms(5, INT32_MIN) == RK_NEVER);
    assert_true(rk_deadline_from_ms(5, 0) == 5);
    assert_true(rk_deadline_from_ms(5, INT32_MAX) == 5 + (uint64_t)INT32_MAX * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_steps_back_on_any_thread),
        cmocka_unit_test(wall_time_is_the_kernels),
        cmocka_unit_test(deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
