/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that are no message, or nearly none: what the codec says of them, and what it takes.
 */
#include "unit/wire/codec_sample.h"

/* A message of defaults, up to the field `parts` and from `inner` to the tags. */
#define EMPTY_FIXED                                         \
    "01 00 0000 ffffffff 0000000000000000 0000000000000000" \
    "00000000000000000000000000000000"
#define EMPTY_0 EMPTY_FIXED "0000 0000 00000000 00000000 00000000 00000000 00000000 00000000"
#define EMPTY_4 EMPTY_FIXED "01 01 01 01 01 01 01 01"
#define INNER_4 "03 0000000000000000 00 ff 00000000 00000000"

static void test_hostile_counts(void **state)
{
    (void)state;
    static const char counted[] = "counts more items";
    assert_does_not_decode(0, EMPTY_0 "7fffffff", "parts", counted);
    assert_does_not_decode(0, EMPTY_0 "00000004 00000000 00000000 00000000", "parts", counted);
    assert_does_not_decode(4, EMPTY_4 "ffffffff0f", "parts", counted);
    assert_does_not_decode(4, EMPTY_4 "03 0000000001 00 000000", "parts", counted);
    assert_does_not_decode(0, EMPTY_0 "fffffffe", "parts", "negative");
    assert_does_not_decode(0, EMPTY_0 "80000000", "parts", "negative");
    assert_does_not_decode(4, EMPTY_4 "ffffffff1f", "parts", "32 bits");
    assert_does_not_decode(4, EMPTY_4 "808080808080", "parts", "32 bits");
    assert_does_not_decode(4, EMPTY_4 "8080", "parts", "the bytes end");

    /* Every kind of array. */
    assert_does_not_decode(0, EMPTY_FIXED "0000 0000 00000000 00000000 00000002 01", "tinies",
                           counted);
    assert_does_not_decode(4, EMPTY_FIXED "01 01 01 01 01 03 00000000 000000", "numbers", counted);
    assert_does_not_decode(4, EMPTY_FIXED "01 01 01 01 01 01 02 00000000000000", "larges", counted);
    assert_does_not_decode(4, EMPTY_FIXED "01 01 01 01 01 01 01 03 01", "names", counted);
}

static void test_hostile_lengths(void **state)
{
    (void)state;
    static const char truncated[] = "the bytes end";
    assert_does_not_decode(0, EMPTY_FIXED "7fff 6161", "name", truncated);
    assert_does_not_decode(0, EMPTY_FIXED "fffe", "name", "negative");
    assert_does_not_decode(0, EMPTY_FIXED "ffff", "name", "null");
    assert_does_not_decode(4, EMPTY_FIXED "00", "name", "null");
    assert_does_not_decode(4, EMPTY_FIXED "ffffffff0f", "name", truncated);
    assert_does_not_decode(0, EMPTY_FIXED "0003 610061", "name", "zero byte");
    assert_does_not_decode(0, EMPTY_FIXED "0000 ffff", "maybe_name", "null");
    assert_does_not_decode(0, EMPTY_FIXED "0000 0000 7fffffff", "blob", truncated);
    assert_does_not_decode(0, EMPTY_FIXED "0000 0000 fffffff0", "blob", "negative");
    assert_does_not_decode(4, EMPTY_FIXED "01 01 ffffffff0f 00", "blob", truncated);
}

static void test_null_records_are_taken(void **state)
{
    (void)state;
    struct bytes bytes = hex(EMPTY_FIXED "01 01 01 00 01 01 01 01 01" INNER_4 "00");
    struct rk_sample_request message;
    struct rk_arena arena;
    decode(4, &bytes, &message, &arena);
    assert_int_equal(message.records.size, -1);
    rk_arena_clear(&arena);
}

static void test_nullable_struct(void **state)
{
    (void)state;
    static const char head[] = EMPTY_4 "01 03 0000000000000000 00";
    char text[512];
    snprintf(text, sizeof(text), "%s00", head);
    assert_does_not_decode(4, text, "maybe_inner", "neither null");
    snprintf(text, sizeof(text), "%s02", head);
    assert_does_not_decode(4, text, "maybe_inner", "neither null");
    snprintf(text, sizeof(text), "%s01", head);
    assert_does_not_decode(4, text, "a", "the bytes end");
}

static void test_trailing_bytes(void **state)
{
    (void)state;
    assert_does_not_decode(4, EMPTY_4 "01" INNER_4 "00 00", NULL, "left after");
}

static void test_unknown_tags(void **state)
{
    (void)state;
    /* 2: unknown; 5: known from version 4 on; both are skipped by version 3. */
    struct bytes bytes = hex(EMPTY_4 "01" INNER_4 "03  00 02 02 74  02 03 ffffff  05 01 ff");
    struct rk_sample_request message;
    struct rk_arena arena;
    decode(3, &bytes, &message, &arena);
    assert_string_equal(message.tag_name, "t");
    assert_int_equal(message.tag_parts.count, 0);
    rk_arena_clear(&arena);

    /* In nested structs too. */
    bytes = hex(EMPTY_4 "02 00000001 00 01 ff01 02 abcd" INNER_4 "00");
    decode(4, &bytes, &message, &arena);
    assert_int_equal(message.parts.items[0].id, 1);
    rk_arena_clear(&arena);
}

static void test_broken_tags(void **state)
{
    (void)state;
#define AT_TAGS EMPTY_4 "01" INNER_4
    assert_does_not_decode(4, AT_TAGS "02 02 00 01 00", NULL, "ascending");
    assert_does_not_decode(4, AT_TAGS "02 02 00 02 00", NULL, "ascending");
    assert_does_not_decode(4, AT_TAGS "01 02 05 00", NULL, "the bytes end");
    assert_does_not_decode(4, AT_TAGS "ffffffff0f", NULL, "the bytes end");
    assert_does_not_decode(4, AT_TAGS "01 00 7f 02 74", "tag_name", "the bytes end");
    /* A known field must fit its size exactly. */
    assert_does_not_decode(4, AT_TAGS "01 00 03 02 74 00", "tag_name", "longer than its value");
    assert_does_not_decode(4, AT_TAGS "01 00 01 02 74", "tag_name", "the bytes end");
    assert_does_not_decode(4, AT_TAGS "01 05 01 02 00000000 00 00", "tag_parts",
                           "counts more items");
}

static void test_arena_limit(void **state)
{
    (void)state;
    /* Two bytes on the wire per item, many more in memory. */
    enum { COUNT = 5000 };
    struct rk_writer writer;
    rk_writer_init(&writer);
    struct bytes head = hex(EMPTY_0);
    rk_writer_put_raw(&writer, head.data, head.size);
    rk_writer_put_int32(&writer, COUNT);
    for (int i = 0; i < COUNT; i++)
        rk_writer_put_int32(&writer, i);
    struct bytes tail = hex("03 0000000000000000 00000000");
    rk_writer_put_raw(&writer, tail.data, tail.size);

    struct rk_sample_request message;
    struct rk_reader reader;
    struct rk_arena arena;
    rk_arena_init(&arena, COUNT * sizeof(struct rk_sample_part) - 1);
    rk_reader_init(&reader, writer.data, writer.size);
    assert_false(rk_codec_decode(schema, 0, &message, &reader, &arena));
    assert_string_equal(reader.field, "parts");
    assert_non_null(strstr(reader.failure, "limit"));
    rk_arena_clear(&arena);

    rk_arena_init(&arena, COUNT * sizeof(struct rk_sample_part));
    rk_reader_init(&reader, writer.data, writer.size);
    assert_true(rk_codec_decode(schema, 0, &message, &reader, &arena));
    rk_arena_clear(&arena);
    rk_writer_clear(&writer);
}

static void test_min_size(void **state)
{
    (void)state;
    assert_int_equal(rk_codec_min_size(schema, 0), hex(EMPTY_0 "00000000 03 0000000000000000"
                                                               "00000000")
                                                       .size);
    assert_int_equal(rk_codec_min_size(schema, 4), hex(EMPTY_4 "01" INNER_4 "00").size);
    assert_int_equal(rk_codec_min_size(&rk_sample_answer_schema, 0), 2);
    assert_int_equal(rk_codec_min_size(&rk_sample_answer_schema, 5), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_counts),
        cmocka_unit_test(test_hostile_lengths),
        cmocka_unit_test(test_null_records_are_taken),
        cmocka_unit_test(test_nullable_struct),
        cmocka_unit_test(test_trailing_bytes),
        cmocka_unit_test(test_unknown_tags),
        cmocka_unit_test(test_broken_tags),
        cmocka_unit_test(test_arena_limit),
        cmocka_unit_test(test_min_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
