/* SPDX-License-Identifier: BSD-2-Clause */
/* Brokers that answer empty Fetches sooner than they were asked to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/assert.h"
#include "consumer/fetch_pace.h"

enum { ASKED_US = 500000 };

static void test_grows_up_to_its_bound(void **state)
{
    (void)state;
    static const uint64_t pauses_us[] = {0,    0,     0,     1000,  2000, 4000,
                                         8000, 16000, 32000, 64000, 64000};
    struct rk_fetch_pace pace = {0};
    for (size_t i = 0; i < RK_COUNT_OF(pauses_us); i++)
        assert_int_equal(rk_fetch_pace_on_answer(&pace, false, 100, ASKED_US), pauses_us[i]);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(rk_fetch_pace_on_answer(&pace, false, 100, ASKED_US), 64000);
}

static void make_slow(struct rk_fetch_pace *pace)
{
    for (int i = 0; i < 20; i++)
        rk_fetch_pace_on_answer(pace, false, 0, ASKED_US);
}

static void test_news_end_it(void **state)
{
    (void)state;
    struct rk_fetch_pace pace = {0};
    make_slow(&pace);
    assert_int_equal(rk_fetch_pace_on_answer(&pace, true, 100, ASKED_US), 0);
    assert_int_equal(rk_fetch_pace_on_answer(&pace, false, 100, ASKED_US), 0);
}

static void test_patience_ends_it(void **state)
{
    (void)state;
    struct rk_fetch_pace pace = {0};
    make_slow(&pace);
    assert_int_equal(rk_fetch_pace_on_answer(&pace, false, ASKED_US / 2 - 1, ASKED_US), 64000);
    assert_int_equal(rk_fetch_pace_on_answer(&pace, false, ASKED_US / 2, ASKED_US), 0);
    assert_int_equal(rk_fetch_pace_on_answer(&pace, false, 100, ASKED_US), 0);
}

/* Whoever asks for answers at once gets them at once. */
static void test_not_longer_than_asked(void **state)
{
    (void)state;
    struct rk_fetch_pace pace = {0};
    for (int i = 0; i < 100; i++)
        assert_int_equal(rk_fetch_pace_on_answer(&pace, false, 0, 0), 0);
    make_slow(&pace);
    assert_int_equal(rk_fetch_pace_on_answer(&pace, false, 300, 1000), 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_up_to_its_bound),
        cmocka_unit_test(test_news_end_it),
        cmocka_unit_test(test_patience_ends_it),
        cmocka_unit_test(test_not_longer_than_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
