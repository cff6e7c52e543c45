/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of an error, with and without each of its parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "event/failure.h"

#define NOW_US 5000000

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        struct rk_failure failure;
        const char *text;
    } rows[] = {
        {{"Fetch of t [0]", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "no", "h:1/2", 3,
          4760000},
         "Fetch of t [0] failed: Not authorized for the topic: no (h:1/2, attempt 3 within 240ms)"},
        {{"Fetch", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, NULL, NULL, 0, 0},
         "Fetch failed: Not authorized for the topic"},
        {{NULL, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, NULL, "h:1/2", 1, 0},
         "Not authorized for the topic (h:1/2, attempt 1)"},
        {{NULL, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "no", NULL, 2, NOW_US + 1},
         "no (attempt 2 within 0ms)"},
        {{NULL, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "no", "h:1/2", 0, 4999000},
         "no (h:1/2, for 1ms)"},
        {{NULL, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "no", "h:1/2", 0, 0}, "no (h:1/2)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = rk_failure_text(&rows[i].failure, NOW_US);
        assert_string_equal(text, rows[i].text);
        rk_free(text);
    }
}

static void test_times(void **state)
{
    (void)state;
    assert_int_equal(rk_failure_ms_since(NOW_US - 240000, NOW_US), 240);
    assert_int_equal(rk_failure_ms_since(NOW_US, NOW_US), 0);
    assert_int_equal(rk_failure_ms_since(NOW_US + 1, NOW_US), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
