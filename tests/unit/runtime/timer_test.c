/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer heap: order, restarting, stopping, against a plain list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "runtime/timer.h"

enum { TIMERS = 200 };

static struct rk_timer_heap heap;
static struct rk_timer timers[TIMERS];

static int set_up(void **state)
{
    (void)state;
    heap = (struct rk_timer_heap){0};
    for (int i = 0; i < TIMERS; i++)
        rk_timer_init(&timers[i], NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rk_timer_heap_clear(&heap);
    return 0;
}

static void empty(void **state)
{
    (void)state;
    assert_true(rk_timer_heap_next(&heap) == RK_NEVER);
    assert_null(rk_timer_heap_take_due(&heap, RK_NEVER));
    rk_timer_heap_stop(&heap, &timers[0]);
    assert_false(rk_timer_is_started(&timers[0]));
}

static void comes_out_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < TIMERS; i++)
        rk_timer_heap_start(&heap, &timers[i], rk_random_below(50));
    uint64_t last_us = 0;
    for (int i = 0; i < TIMERS; i++) {
        uint64_t next_us = rk_timer_heap_next(&heap);
        struct rk_timer *timer = rk_timer_heap_take_due(&heap, 50);
        assert_non_null(timer);
        assert_false(rk_timer_is_started(timer));
        assert_true(timer->deadline_us == next_us && next_us >= last_us);
        last_us = next_us;
    }
    assert_null(rk_timer_heap_take_due(&heap, RK_NEVER));
}

static void only_what_is_due(void **state)
{
    (void)state;
    rk_timer_heap_start(&heap, &timers[0], 10);
    assert_null(rk_timer_heap_take_due(&heap, 9));
    assert_ptr_equal(rk_timer_heap_take_due(&heap, 10), &timers[0]);
    rk_timer_heap_start(&heap, &timers[0], RK_NEVER);
    assert_null(rk_timer_heap_take_due(&heap, RK_NEVER - 1));
}

static void restarting_moves_it(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        rk_timer_heap_start(&heap, &timers[i], 100 + (uint64_t)i);
    rk_timer_heap_start(&heap, &timers[9], 1);
    rk_timer_heap_start(&heap, &timers[0], 1000);
    rk_timer_heap_start(&heap, &timers[5], 105);
    assert_int_equal(heap.count, 10);
    assert_ptr_equal(rk_timer_heap_take_due(&heap, 1000), &timers[9]);
    for (int i = 1; i < 9; i++)
        assert_ptr_equal(rk_timer_heap_take_due(&heap, 1000), &timers[i]);
    assert_ptr_equal(rk_timer_heap_take_due(&heap, 1000), &timers[0]);
}

/* Whatever is started, restarted and stopped: the next deadline is the smallest of those started.
 */
static void agrees_with_a_plain_list(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct rk_timer *timer = &timers[rk_random_below(TIMERS)];
        if (rk_random_below(3))
            rk_timer_heap_start(&heap, timer, rk_random_below(1000));
        else
            rk_timer_heap_stop(&heap, timer);
        uint64_t smallest_us = RK_NEVER;
        size_t count = 0;
        for (int i = 0; i < TIMERS; i++) {
            if (!rk_timer_is_started(&timers[i]))
                continue;
            count++;
            assert_ptr_equal(heap.timers[timers[i].position], &timers[i]);
            if (timers[i].deadline_us < smallest_us)
                smallest_us = timers[i].deadline_us;
        }
        assert_int_equal(heap.count, count);
        assert_true(rk_timer_heap_next(&heap) == smallest_us);
    }
}

static void clearing_stops_all(void **state)
{
    (void)state;
    for (int i = 0; i < TIMERS; i++)
        rk_timer_heap_start(&heap, &timers[i], (uint64_t)i);
    rk_timer_heap_clear(&heap);
    for (int i = 0; i < TIMERS; i++)
        assert_false(rk_timer_is_started(&timers[i]));
    rk_timer_heap_start(&heap, &timers[0], 1);
    assert_ptr_equal(rk_timer_heap_take_due(&heap, 1), &timers[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comes_out_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(restarting_moves_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(agrees_with_a_plain_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clearing_stops_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
