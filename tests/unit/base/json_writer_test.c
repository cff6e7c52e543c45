/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON as it is written: commas, nesting, escapes, bytes that are no text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_writer.h"

static void writes_objects_and_values(void **state)
{
    (void)state;
    struct rk_text text = {0};
    struct rk_json_writer writer;
    rk_json_writer_init(&writer, &text);
    rk_json_writer_begin_object(&writer, NULL);
    rk_json_writer_begin_object(&writer, "empty");
    rk_json_writer_end_object(&writer);
    rk_json_writer_integer(&writer, "low", INT64_MIN);
    rk_json_writer_begin_object(&writer, "inner");
    rk_json_writer_boolean(&writer, "yes", true);
    rk_json_writer_boolean(&writer, "no", false);
    rk_json_writer_end_object(&writer);
    rk_json_writer_string(&writer, "none", NULL);
    rk_json_writer_end_object(&writer);
    assert_string_equal(rk_text_chars(&text),
                        "{\"empty\":{},\"low\":-9223372036854775808,"
                        "\"inner\":{\"yes\":true,\"no\":false},\"none\":\"\"}");
    rk_text_clear(&text);
}

static void expect(const char *in, const char *out)
{
    struct rk_text text = {0};
    struct rk_json_writer writer;
    rk_json_writer_init(&writer, &text);
    rk_json_writer_string(&writer, NULL, in);
    assert_string_equal(rk_text_chars(&text), out);
    rk_text_clear(&text);
}

static void escapes_strings(void **state)
{
    (void)state;
    expect("a\"b\\c", "\"a\\\"b\\\\c\"");
    expect("\n\t\x1f", "\"\\u000a\\u0009\\u001f\"");
    expect("\x7f", "\"\x7f\"");
    expect("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x98",
           "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x98\"");
}

static void replaces_what_is_no_text(void **state)
{
    (void)state;
    expect("\x80", "\"\\ufffd\"");
    expect("a\xc3", "\"a\\ufffd\"");
    expect("\xc0\xaf", "\"\\ufffd\\ufffd\"");                         /* Overlong. */
    expect("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");              /* A surrogate. */
    expect("\xf4\x90\x80\x80x", "\"\\ufffd\\ufffd\\ufffd\\ufffdx\""); /* Beyond U+10FFFF. */
    expect("\xff\xfe", "\"\\ufffd\\ufffd\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_objects_and_values),
        cmocka_unit_test(escapes_strings),
        cmocka_unit_test(replaces_what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
