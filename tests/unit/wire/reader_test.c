/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader: values, bounds, and errors that stick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/reader.h"

static void test_integers(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xff, 0x80, 0x00, 0x80, 0x00, 0x00, 0x01, 0x7f, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x02, 0x3f,
                                    0xf8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xac, 0x02};
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, sizeof(bytes));
    assert_int_equal(rk_reader_get_int8(&reader), -1);
    assert_int_equal(rk_reader_get_int16(&reader), INT16_MIN);
    assert_int_equal(rk_reader_get_int32(&reader), INT32_MIN + 1);
    assert_int_equal(rk_reader_get_int64(&reader), INT64_MAX);
    assert_false(rk_reader_get_bool(&reader));
    assert_true(rk_reader_get_bool(&reader));
    assert_true(rk_reader_get_float64(&reader) == 1.5);
    assert_int_equal(rk_reader_offset(&reader), 25);
    assert_int_equal(rk_reader_get_uvarint(&reader), 300);
    assert_int_equal(rk_reader_left(&reader), 0);
    assert_false(reader.failed);
    assert_null(reader.failure);
}

static void test_first_failure_sticks(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, sizeof(bytes));
    assert_int_equal(rk_reader_get_int8(&reader), 1);
    assert_int_equal(rk_reader_get_int32(&reader), 0);
    assert_true(reader.failed);
    const char *failure = reader.failure;
    assert_non_null(failure);
    assert_int_equal(rk_reader_offset(&reader), 1);
    /* Two bytes are there, but nothing is given any more. */
    assert_int_equal(rk_reader_get_int16(&reader), 0);
    assert_int_equal(rk_reader_get_uvarint(&reader), 0);
    struct rk_uuid uuid = {{1}};
    rk_reader_get_uuid(&reader, &uuid);
    assert_true(rk_uuid_is_zero(&uuid));
    rk_reader_fail(&reader, "another one");
    assert_ptr_equal(reader.failure, failure);
    assert_int_equal(rk_reader_offset(&reader), 1);
}

static uint32_t uvarint_of(const char *bytes, size_t size, const char **failure)
{
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, size);
    uint32_t value = rk_reader_get_uvarint(&reader);
    *failure = reader.failure;
    return value;
}

static void test_uvarints(void **state)
{
    (void)state;
    const char *failure;
    assert_int_equal(uvarint_of("\x00", 1, &failure), 0);
    assert_int_equal(uvarint_of("\x7f", 1, &failure), 127);
    assert_int_equal(uvarint_of("\x80\x01", 2, &failure), 128);
    assert_int_equal(uvarint_of("\xff\xff\xff\xff\x0f", 5, &failure), UINT32_MAX);
    assert_null(failure);
    uvarint_of("\xff\xff\xff\xff\x10", 5, &failure);
    assert_non_null(strstr(failure, "32 bits"));
    uvarint_of("\x80\x80\x80\x80\x80\x01", 6, &failure);
    assert_non_null(strstr(failure, "32 bits"));
    uvarint_of("\x80\x80", 2, &failure);
    assert_non_null(strstr(failure, "bytes end"));
    uvarint_of("", 0, &failure);
    assert_non_null(strstr(failure, "bytes end"));
}

static void test_texts(void **state)
{
    (void)state;
    struct rk_arena arena;
    rk_arena_init(&arena, 1024);
    static const uint8_t bytes[] = {0, 2, 'a', 'b', 0xff, 0xff, 0, 0, 3, 'c', 'd', 0, 1};
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, sizeof(bytes));
    assert_string_equal(rk_reader_get_text(&reader, false, false, &arena), "ab");
    assert_null(rk_reader_get_text(&reader, false, true, &arena));
    assert_string_equal(rk_reader_get_text(&reader, false, false, &arena), "");
    assert_string_equal(rk_reader_get_text(&reader, true, false, &arena), "cd");
    assert_null(rk_reader_get_text(&reader, true, true, &arena));
    assert_string_equal(rk_reader_get_text(&reader, true, true, &arena), "");
    assert_false(reader.failed);
    rk_arena_clear(&arena);

    /* An arena at its limit. */
    rk_arena_init(&arena, 8);
    static const uint8_t longer[] = {0, 8, '1', '2', '3', '4', '5', '6', '7', '8'};
    rk_reader_init(&reader, longer, sizeof(longer));
    assert_null(rk_reader_get_text(&reader, false, false, &arena));
    assert_non_null(strstr(reader.failure, "limit"));
    rk_arena_clear(&arena);
}

static void test_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 2, 0xaa, 0xbb, 3, 0xcc, 0xdd, 0, 0, 0, 0, 0};
    struct rk_reader reader;
    struct rk_bytes value;
    rk_reader_init(&reader, bytes, sizeof(bytes));
    rk_reader_get_bytes(&reader, false, false, &value);
    assert_ptr_equal(value.data, bytes + 4);
    assert_int_equal(value.size, 2);
    rk_reader_get_bytes(&reader, true, false, &value);
    assert_ptr_equal(value.data, bytes + 7);
    rk_reader_get_bytes(&reader, true, true, &value);
    assert_int_equal(value.size, -1);
    rk_reader_get_bytes(&reader, false, false, &value);
    assert_int_equal(value.size, 0);
    assert_false(reader.failed);
    rk_reader_get_bytes(&reader, false, true, &value);
    assert_true(reader.failed);
    assert_int_equal(value.size, -1);
}

static void test_counts(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, sizeof(bytes));
    assert_int_equal(rk_reader_get_count(&reader, false, false, 2), 3);
    assert_false(reader.failed);
    rk_reader_init(&reader, bytes, sizeof(bytes));
    assert_int_equal(rk_reader_get_count(&reader, false, false, 3), -1);
    assert_true(reader.failed);
    rk_reader_init(&reader, bytes, 1);
    assert_int_equal(rk_reader_get_count(&reader, true, true, 1), -1);
    assert_false(reader.failed);
}

static void test_skip_tags(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {2, 0, 1, 0xff, 9, 0, 42};
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, sizeof(bytes));
    rk_reader_skip_tags(&reader);
    assert_int_equal(rk_reader_get_int8(&reader), 42);
    rk_reader_init(&reader, bytes, 3);
    rk_reader_skip_tags(&reader);
    assert_true(reader.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),  cmocka_unit_test(test_first_failure_sticks),
        cmocka_unit_test(test_uvarints),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_bytes),     cmocka_unit_test(test_counts),
        cmocka_unit_test(test_skip_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
