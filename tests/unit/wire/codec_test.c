/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec's rules, on an API made up to have every kind of field: bytes computed by hand,
 * versions, nulls, tags, and what a broken or hostile peer sends.
 */
#include "unit/wire/codec_sample.h"

static void assert_encodes(int16_t version, const struct rk_sample_request *message,
                           const char *expected_hex)
{
    struct bytes expected = hex(expected_hex);
    struct rk_writer writer;
    rk_writer_init(&writer);
    enum rk_codec_result result = rk_codec_encode(schema, version, message, &writer);
    if (writer.failed)
        print_error("%s: %s\n", writer.field, writer.failure);
    assert_int_equal(result, RK_CODEC_OK);
    assert_int_equal(rk_writer_total(&writer), expected.size);
    struct bytes actual;
    rk_writer_copy(&writer, actual.data);
    assert_memory_equal(actual.data, expected.data, expected.size);
    rk_writer_clear(&writer);
}

static void assert_does_not_encode(int16_t version, const struct rk_sample_request *message,
                                   enum rk_codec_result expected, const char *field)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_codec_encode(schema, version, message, &writer), expected);
    assert_true(writer.failed);
    assert_non_null(writer.failure);
    assert_string_equal(writer.field, field);
    rk_writer_clear(&writer);
}

/* ---- bytes computed by hand ---- */

static int8_t tinies[] = {1, -1};
static int32_t numbers[] = {7};
static int64_t larges[] = {-2};
static const char *names[] = {"a", "", "bc"};

/* Everything that is in all versions. */
static struct rk_sample_request full_message(void)
{
    struct rk_sample_request message;
    rk_sample_request_init(&message);
    message.flag = true;
    message.small = -2;
    message.medium = 0x0102;
    message.number = 0x01020304;
    message.large = 0x0102030405060708;
    message.ratio = 1.0;
    for (uint8_t i = 0; i < 16; i++)
        message.id.bytes[i] = i;
    message.name = "name";
    message.maybe_name = "n";
    message.blob = (struct rk_bytes){.data = (const uint8_t *)"\xff\x00", .size = 2};
    message.records = (struct rk_records){.data = (const uint8_t *)"rec", .size = 3};
    message.tinies.items = tinies;
    message.tinies.count = 2;
    message.numbers.items = numbers;
    message.numbers.count = 1;
    message.larges.items = larges;
    message.larges.count = 1;
    message.names.items = names;
    message.names.count = 3;
    message.inner.a = 5;
    message.inner.b = 6;
    return message;
}

#define FULL_FIXED                                          \
    "01 fe 0102 01020304 0102030405060708 3ff0000000000000" \
    "000102030405060708090a0b0c0d0e0f"

#define FULL_VERSION_0                                            \
    FULL_FIXED                                                    \
    "0004 6e616d65  0001 6e  00000002 ff00  00000003 726563"      \
    "00000002 01ff  00000001 00000007  00000001 fffffffffffffffe" \
    "00000003 0001 61 0000 0002 6263"

static void test_golden_version_0(void **state)
{
    (void)state;
    struct rk_sample_part part;
    rk_sample_part_init(&part);
    part.id = 9;
    part.note = "dropped: ignorable and since version 1";
    struct rk_sample_request message = full_message();
    message.parts.items = &part;
    message.parts.count = 1;
    message.old = 11;
    assert_encodes(0, &message,
                   FULL_VERSION_0 "00000001 00000009"
                                  "05 0000000000000006"
                                  "0000000b");
}

static void test_golden_version_2(void **state)
{
    (void)state;
    struct rk_sample_inner inner = {.a = 1, .b = 2};
    struct rk_sample_request message = full_message();
    message.maybe_name = NULL;
    message.blob.size = -1;
    message.numbers.count = -1;
    message.parts.count = -1;
    message.maybe_inner = &inner;
    message.middle = 12;
    message.strict = 13;
    message.loose = 14;
    assert_encodes(2, &message,
                   FULL_FIXED "0004 6e616d65  ffff  ffffffff  00000003 726563"
                              "00000002 01ff  ffffffff  00000001 fffffffffffffffe"
                              "00000003 0001 61 0000 0002 6263"
                              "ffffffff"
                              "05 0000000000000006"
                              "01 01 0000000000000002"
                              "0000000c 0000000d 0000000e");
}

#define FULL_FLEXIBLE                           \
    FULL_FIXED                                  \
    "05 6e616d65  02 6e  03 ff00  04 726563"    \
    "03 01ff  02 00000007  02 fffffffffffffffe" \
    "04 02 61 01 03 6263"

static void test_golden_version_4(void **state)
{
    (void)state;
    struct rk_sample_part parts[2];
    for (int i = 0; i < 2; i++)
        rk_sample_part_init(&parts[i]);
    parts[0].id = 1;
    parts[0].note = "x";
    parts[1].id = 2;
    parts[1].rank = 7;
    struct rk_sample_request message = full_message();
    message.parts.items = parts;
    message.parts.count = 2;
    message.strict = 13;
    message.loose = 14;
    message.tag_name = "t";
    message.tag_inner.b = 1;
    message.tag_parts.items = parts;
    message.tag_parts.count = 1;
    assert_encodes(4, &message,
                   FULL_FLEXIBLE "03"
                                 "00000001 02 78 00"
                                 "00000002 00 01 00 02 0007"
                                 "05 0000000000000006 00"
                                 "ff"
                                 "0000000d 0000000e"
                                 "03"
                                 "00 02 02 74"
                                 "01 0a 03 0000000000000001 00"
                                 "05 08 02 00000001 02 78 00");
}

/* The same bytes, read. */
static void test_decode_version_4(void **state)
{
    (void)state;
    struct bytes bytes = hex(FULL_FLEXIBLE "03"
                                           "00000001 02 78 00"
                                           "00000002 00 01 00 02 0007"
                                           "05 0000000000000006 00"
                                           "01 01 0000000000000002 00"
                                           "0000000d 0000000e"
                                           "02"
                                           "00 02 02 74"
                                           "05 08 02 00000001 02 78 00");
    struct rk_sample_request message;
    struct rk_arena arena;
    decode(4, &bytes, &message, &arena);
    assert_true(message.flag);
    assert_int_equal(message.small, -2);
    assert_int_equal(message.medium, 0x0102);
    assert_int_equal(message.number, 0x01020304);
    assert_int_equal(message.large, 0x0102030405060708);
    assert_true(message.ratio == 1.0);
    assert_int_equal(message.id.bytes[15], 15);
    assert_string_equal(message.name, "name");
    assert_string_equal(message.maybe_name, "n");
    assert_int_equal(message.blob.size, 2);
    assert_int_equal(message.records.size, 3);
    assert_int_equal(message.tinies.count, 2);
    assert_int_equal(message.tinies.items[1], -1);
    assert_int_equal(message.numbers.items[0], 7);
    assert_int_equal(message.larges.items[0], -2);
    assert_int_equal(message.names.count, 3);
    assert_string_equal(message.names.items[1], "");
    assert_string_equal(message.names.items[2], "bc");
    assert_int_equal(message.parts.count, 2);
    assert_string_equal(message.parts.items[0].note, "x");
    assert_int_equal(message.parts.items[0].rank, -1);
    assert_null(message.parts.items[1].note);
    assert_int_equal(message.parts.items[1].rank, 7);
    assert_int_equal(message.inner.a, 5);
    assert_int_equal(message.maybe_inner->b, 2);
    assert_int_equal(message.old, 0);
    assert_int_equal(message.strict, 13);
    assert_string_equal(message.tag_name, "t");
    assert_int_equal(message.tag_inner.a, 3);
    assert_int_equal(message.tag_parts.count, 1);
    assert_string_equal(message.tag_parts.items[0].note, "x");

    /* Bytes and records are not copied. */
    assert_true(message.blob.data > bytes.data && message.blob.data < bytes.data + bytes.size);
    assert_true(message.records.data > message.blob.data);
    assert_memory_equal(message.records.data, "rec", 3);
    assert_null(message.records.parts);
    rk_arena_clear(&arena);
}

static void test_defaults(void **state)
{
    (void)state;
    struct rk_sample_request message;
    memset(&message, 0xee, sizeof(message));
    rk_codec_init(schema, &message);
    assert_true(message.flag);
    assert_int_equal(message.number, -1);
    assert_int_equal(message.large, 0);
    assert_string_equal(message.name, "");
    assert_int_equal(message.blob.size, 0);
    assert_int_equal(message.records.size, -1);
    assert_int_equal(message.parts.count, 0);
    assert_int_equal(message.inner.a, 3);
    assert_null(message.maybe_inner);
    assert_int_equal(message.tag_inner.a, 3);

    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    struct rk_sample_part *parts = rk_sample_part_try_new(&arena, 3);
    for (int i = 0; i < 3; i++) {
        assert_null(parts[i].note);
        assert_int_equal(parts[i].rank, -1);
    }
    assert_non_null(rk_sample_part_try_new(&arena, 0));
    assert_null(rk_sample_part_try_new(&arena, -1));
    assert_null(rk_sample_part_try_new(&arena, ARENA_LIMIT));
    rk_arena_clear(&arena);
}

/* ---- what a version lacks ---- */

static void test_absent_fields(void **state)
{
    (void)state;
    struct rk_sample_request message;
    rk_sample_request_init(&message);
    message.records.size = 0;

    message.strict = 1;
    assert_does_not_encode(1, &message, RK_CODEC_UNSUPPORTED, "strict");
    message.strict = 0;
    message.old = 1;
    assert_does_not_encode(2, &message, RK_CODEC_UNSUPPORTED, "old");
    message.old = 0;
    message.middle = 1;
    assert_does_not_encode(0, &message, RK_CODEC_UNSUPPORTED, "middle");
    assert_does_not_encode(3, &message, RK_CODEC_UNSUPPORTED, "middle");
    message.middle = 0;

    struct rk_sample_inner inner = {.a = 1};
    message.maybe_inner = &inner;
    assert_does_not_encode(1, &message, RK_CODEC_UNSUPPORTED, "maybe_inner");
    message.maybe_inner = NULL;
    message.tag_inner.b = 1;
    assert_does_not_encode(2, &message, RK_CODEC_UNSUPPORTED, "tag_inner");
    message.tag_inner.b = 0;

    struct rk_sample_part part = {.rank = 1};
    message.parts.items = &part;
    message.parts.count = 1;
    assert_does_not_encode(3, &message, RK_CODEC_UNSUPPORTED, "rank");
    message.parts.count = 0;

    /* Ignorable ones are dropped. */
    message.loose = 1;
    message.tag_name = "dropped";
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_codec_encode(schema, 1, &message, &writer), RK_CODEC_OK);
    rk_writer_clear(&writer);
}

static void test_nulls_where_none_may_be(void **state)
{
    (void)state;
    struct rk_sample_request message = full_message();
    message.name = NULL;
    assert_does_not_encode(0, &message, RK_CODEC_INVALID, "name");
    message = full_message();
    message.maybe_name = NULL;
    assert_does_not_encode(0, &message, RK_CODEC_INVALID, "maybe_name");
    message = full_message();
    message.records.size = -1;
    assert_does_not_encode(0, &message, RK_CODEC_INVALID, "records");
    message = full_message();
    message.numbers.count = -1;
    assert_does_not_encode(1, &message, RK_CODEC_INVALID, "numbers");
    message = full_message();
    names[1] = NULL;
    assert_does_not_encode(1, &message, RK_CODEC_INVALID, "names");
    names[1] = "";
}

static void test_too_long_a_text(void **state)
{
    (void)state;
    char *text = malloc(32769);
    memset(text, 'x', 32768);
    text[32768] = 0;
    struct rk_sample_request message = full_message();
    message.name = text;
    assert_does_not_encode(0, &message, RK_CODEC_INVALID, "name");
    assert_does_not_encode(4, &message, RK_CODEC_INVALID, "name");
    text[32767] = 0;
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_codec_encode(schema, 4, &message, &writer), RK_CODEC_OK);
    rk_writer_clear(&writer);
    free(text);
}

static void test_spliced_records(void **state)
{
    (void)state;
    static uint8_t foreign[3000];
    for (size_t i = 0; i < sizeof(foreign); i++)
        foreign[i] = (uint8_t)i;
    struct iovec parts[] = {{foreign, 1200}, {foreign + 1200, 1800}};
    struct rk_sample_request message = full_message();
    message.records = (struct rk_records){.size = 3000, .parts = parts, .part_count = 2};

    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_codec_encode(schema, 0, &message, &writer), RK_CODEC_OK);
    size_t total = rk_writer_total(&writer);
    int count;
    struct iovec *all = rk_writer_finish(&writer, &count);
    assert_int_equal(count, 4);
    assert_ptr_equal(all[1].iov_base, foreign);
    assert_ptr_equal(all[2].iov_base, foreign + 1200);
    assert_int_equal(all[0].iov_len + all[3].iov_len + 3000, total);

    /* The same from one piece: two equal messages. */
    uint8_t first[4096], second[4096];
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        memcpy(first + at, all[i].iov_base, all[i].iov_len);
        at += all[i].iov_len;
    }
    message.records = (struct rk_records){.size = 3000, .data = foreign};
    rk_writer_reset(&writer);
    assert_int_equal(rk_codec_encode(schema, 0, &message, &writer), RK_CODEC_OK);
    assert_int_equal(rk_writer_total(&writer), total);
    rk_writer_copy(&writer, second);
    assert_memory_equal(first, second, total);
    rk_writer_clear(&writer);
}

/* ---- hostile and broken input ---- */

static void test_dump(void **state)
{
    (void)state;
    struct rk_sample_part part;
    rk_sample_part_init(&part);
    struct rk_sample_inner inner = {.a = 1, .b = 2};
    struct rk_sample_request message = full_message();
    message.maybe_name = NULL;
    message.numbers.count = -1;
    message.parts.items = &part;
    message.parts.count = 1;
    message.maybe_inner = &inner;
    struct rk_text text = {0};
    rk_codec_dump(schema, 4, &message, &text);
    assert_string_equal(
        rk_text_chars(&text),
        "sample_request v4 {flag: true, small: -2, medium: 258, number: 16909060, "
        "large: 72623859790382856, ratio: 1, id: 000102030405060708090a0b0c0d0e0f, "
        "name: \"name\", maybe_name: null, blob: 2 bytes, records: 3 bytes, tinies: [1, -1], "
        "numbers: null, larges: [-2], names: [\"a\", \"\", \"bc\"], "
        "parts: [{id: 0, note: null}], inner: {a: 5, b: 6}, maybe_inner: {a: 1, b: 2}, "
        "strict: 0, loose: 0}");
    rk_text_clear(&text);

    message.maybe_inner = NULL;
    message.blob.size = -1;
    rk_codec_dump(schema, 2, &message, &text);
    assert_non_null(strstr(rk_text_chars(&text), "blob: null"));
    assert_non_null(strstr(rk_text_chars(&text), "maybe_inner: null"));
    rk_text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_version_0),
        cmocka_unit_test(test_golden_version_2),
        cmocka_unit_test(test_golden_version_4),
        cmocka_unit_test(test_decode_version_4),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_absent_fields),
        cmocka_unit_test(test_nulls_where_none_may_be),
        cmocka_unit_test(test_too_long_a_text),
        cmocka_unit_test(test_spliced_records),
        cmocka_unit_test(test_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
