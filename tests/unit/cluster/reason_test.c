/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reasons in words, and when a silence is to be told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "cluster/reason.h"

static void codes_are_words(void **state)
{
    (void)state;
    for (int i = 0; i < RK_REASON_COUNT; i++) {
        const char *code = rk_reason_code((enum rk_reason_kind)i);
        assert_int_equal(strspn(code, "abcdefghijklmnopqrstuvwxyz-"), strlen(code));
        for (int other = 0; other < i; other++)
            assert_string_not_equal(code, rk_reason_code((enum rk_reason_kind)other));
    }
    assert_false(rk_reason_is_trouble(RK_REASON_PAUSED));
    assert_false(rk_reason_is_trouble(RK_REASON_MOVING));
    assert_true(rk_reason_is_trouble(RK_REASON_NO_LEADER));
    assert_true(rk_reason_is_trouble(RK_REASON_BUDGET_FULL));
}

static void expect(uint64_t since_us, uint64_t until_us, const char *wanted)
{
    struct rk_reason reason;
    char text[100];
    rk_reason_set(&reason, RK_REASON_BACKING_OFF, since_us, until_us, "waits for %d", 5);
    rk_reason_format(&reason, 10000000, text, sizeof(text));
    assert_string_equal(text, wanted);
}

static void tells_times(void **state)
{
    (void)state;
    struct rk_reason reason;
    char text[100];
    expect(0, 0, "waits for 5");
    expect(6750000, 0, "waits for 5, for 3.2 s");
    expect(0, 10080000, "waits for 5, another 80 ms");
    expect(9999300, 11000000, "waits for 5, for 700 us, another 1.0 s");
    expect(10000001, 9000000, "waits for 5"); /* Neither is in the right direction. */
    expect(0, RK_NEVER, "waits for 5");
    rk_reason_set(&reason, RK_REASON_NO_LEADER, 0, 0, NULL);
    rk_reason_format(&reason, 1, text, 4);
    assert_string_equal(text, "no-");
}

static void silence_is_told_less_and_less(void **state)
{
    (void)state;
    struct rk_silence silence = {0};
    uint64_t told[4] = {0};
    int count = 0;
    for (uint64_t now_us = 1000; now_us < 10000 && count < 4; now_us += 10) {
        if (rk_silence_is_due(&silence, 1000, 500, now_us))
            told[count++] = now_us;
    }
    assert_int_equal(told[0], 1500);
    assert_int_equal(told[1], 2000);
    assert_int_equal(told[2], 3000);
    assert_int_equal(told[3], 5000);
    rk_silence_end(&silence);
    assert_false(rk_silence_is_due(&silence, 9000, 500, 9100));
    assert_true(rk_silence_is_due(&silence, 7, 500, 9500)); /* It began at 9000. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_words),
        cmocka_unit_test(tells_times),
        cmocka_unit_test(silence_is_told_less_and_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
