/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts under construction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"

static void grows_and_stays_closed(void **state)
{
    (void)state;
    struct rk_text text = {0};
    assert_string_equal(rk_text_chars(&text), "");
    for (int i = 0; i < 1000; i++) {
        if (i % 2)
            rk_text_append(&text, "abc", 3);
        else
            rk_text_appendf(&text, "%d-", i);
        assert_int_equal(text.chars[text.size], '\0');
        assert_int_equal(strlen(rk_text_chars(&text)), text.size);
    }
    assert_memory_equal(text.chars, "0-abc2-abc4-", 12);
    rk_text_clear(&text);
    assert_string_equal(rk_text_chars(&text), "");
    rk_text_clear(&text);
}

static void nothing_may_be_appended(void **state)
{
    (void)state;
    struct rk_text text = {0};
    rk_text_append(&text, NULL, 0);
    rk_text_appendf(&text, "%s", "");
    assert_string_equal(rk_text_chars(&text), "");
    rk_text_clear(&text);
}

static void holds_any_bytes(void **state)
{
    (void)state;
    struct rk_text text = {0};
    rk_text_append(&text, "a\0b", 3);
    assert_int_equal(text.size, 3);
    assert_memory_equal(text.chars, "a\0b", 4);
    rk_text_clear(&text);
}

static void a_long_format_fits(void **state)
{
    (void)state;
    struct rk_text text = {0};
    rk_text_append(&text, "x", 1);
    rk_text_appendf(&text, "%5000s", "end");
    assert_int_equal(text.size, 5001);
    assert_string_equal(text.chars + 4998, "end");
    rk_text_clear(&text);
}

static void given_away(void **state)
{
    (void)state;
    struct rk_text text = {0};
    char *empty = rk_text_take(&text);
    assert_string_equal(empty, "");
    rk_free(empty);
    rk_text_appendf(&text, "%s", "mine");
    char *chars = rk_text_take(&text);
    assert_string_equal(chars, "mine");
    assert_null(text.chars);
    assert_int_equal(text.size, 0);
    rk_free(chars);
    chars = rk_text_format("%d%%", 5);
    assert_string_equal(chars, "5%");
    rk_free(chars);
}

static void copies_are_cut_and_closed(void **state)
{
    (void)state;
    char to[4] = "zzz";
    rk_text_copy(to, sizeof(to), "abcdef");
    assert_string_equal(to, "abc");
    rk_text_copy(to, 1, "abc");
    assert_string_equal(to, "");
    rk_text_copy(to, 0, "abc");
    rk_text_copy(NULL, 5, "abc");
    assert_string_equal(to, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_closed),
        cmocka_unit_test(nothing_may_be_appended),
        cmocka_unit_test(holds_any_bytes),
        cmocka_unit_test(a_long_format_fits),
        cmocka_unit_test(given_away),
        cmocka_unit_test(copies_are_cut_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
