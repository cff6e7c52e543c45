/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies: either side may go first, and nothing leaks or is freed twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "runtime/reply.h"

#include <stdatomic.h>

static _Atomic int dropped;
static int answer_value;

static void drop(void *answer)
{
    assert_ptr_equal(answer, &answer_value);
    atomic_fetch_add(&dropped, 1);
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&dropped, 0);
    return 0;
}

static uint64_t soon_us(uint64_t in_us)
{
    return rk_clock_now_us() + in_us;
}

static void answered_first(void **state)
{
    (void)state;
    struct rk_reply *reply = rk_reply_new(drop);
    rk_reply_answer(reply, &answer_value);
    void *answer;
    assert_true(rk_reply_wait(reply, 0, &answer));
    assert_ptr_equal(answer, &answer_value);
    assert_true(rk_reply_wait(reply, 0, &answer)); /* It is taken once. */
    assert_null(answer);
    rk_reply_release(reply);
    assert_int_equal(dropped, 0);
}

static void nobody_waits_any_more(void **state)
{
    (void)state;
    struct rk_reply *reply = rk_reply_new(drop);
    void *answer;
    uint64_t before_us = rk_clock_now_us();
    assert_false(rk_reply_wait(reply, before_us + 20000, &answer));
    assert_true(rk_clock_now_us() - before_us >= 20000);
    assert_null(answer);
    rk_reply_release(reply);
    rk_reply_answer(reply, &answer_value);
    assert_int_equal(dropped, 1);
}

static void released_without_a_look(void **state)
{
    (void)state;
    struct rk_reply *reply = rk_reply_new(drop);
    rk_reply_answer(reply, &answer_value);
    rk_reply_release(reply);
    assert_int_equal(dropped, 1);
    reply = rk_reply_new(NULL);
    rk_reply_answer(reply, &answer_value);
    rk_reply_release(reply);
}

static void abandoned(void **state)
{
    (void)state;
    struct rk_reply *reply = rk_reply_new(drop);
    rk_reply_abandon(reply);
    void *answer = &answer_value;
    assert_true(rk_reply_wait(reply, RK_NEVER, &answer));
    assert_null(answer);
    rk_reply_release(reply);
    assert_int_equal(dropped, 0);
}

static void run_answerer(void *argument)
{
    rk_thread_pause_us(10000);
    rk_reply_answer(argument, &answer_value);
}

static void the_waiter_is_woken(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct rk_reply *reply = rk_reply_new(drop);
        struct rk_thread *thread = rk_thread_start("answerer", run_answerer, reply);
        void *answer;
        /* Asked again after a time-out, the last time for ever. */
        while (!rk_reply_wait(reply, i % 2 ? soon_us(1000) : RK_NEVER, &answer))
            ;
        assert_ptr_equal(answer, &answer_value);
        rk_reply_release(reply);
        rk_thread_join(thread);
    }
    assert_int_equal(dropped, 0);
}

static void run_quick_answerer(void *argument)
{
    rk_reply_answer(argument, &answer_value);
}

static void both_leave_at_once(void **state)
{
    (void)state;
    int taken = 0;
    for (int i = 0; i < 300; i++) {
        struct rk_reply *reply = rk_reply_new(drop);
        struct rk_thread *thread = rk_thread_start("answerer", run_quick_answerer, reply);
        void *answer;
        rk_reply_wait(reply, soon_us((uint64_t)i % 100), &answer);
        taken += answer != NULL;
        rk_reply_release(reply);
        rk_thread_join(thread);
    }
    assert_int_equal(dropped + taken, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answered_first, set_up),
        cmocka_unit_test_setup(nobody_waits_any_more, set_up),
        cmocka_unit_test_setup(released_without_a_look, set_up),
        cmocka_unit_test_setup(abandoned, set_up),
        cmocka_unit_test_setup(the_waiter_is_woken, set_up),
        cmocka_unit_test_setup(both_leave_at_once, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
