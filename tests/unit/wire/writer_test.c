/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer: growth, splices, sizes that go before what they count, and reuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/writer.h"

/* Sanitizers end the process when memory is out, unless told otherwise. */
#define SANITIZER_OPTIONS(function)                                    \
    __attribute__((visibility("default"))) const char *function(void); \
    const char *function(void)                                         \
    {                                                                  \
        return "allocator_may_return_null=1";                          \
    }
SANITIZER_OPTIONS(__asan_default_options)
SANITIZER_OPTIONS(__tsan_default_options)

/* What would be sent, in one piece; also checks that finish and copy agree. free() it. */
static uint8_t *sent_bytes(struct rk_writer *writer)
{
    size_t total = rk_writer_total(writer);
    uint8_t *copied = malloc(total + 1);
    uint8_t *gathered = malloc(total + 1);
    rk_writer_copy(writer, copied);
    int count;
    struct iovec *parts = rk_writer_finish(writer, &count);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        assert_true(parts[i].iov_len > 0);
        memcpy(gathered + at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    assert_int_equal(at, total);
    assert_memory_equal(copied, gathered, total);
    free(copied);
    return gathered;
}

static void assert_bytes(struct rk_writer *writer, const char *expected, size_t size)
{
    assert_false(writer->failed);
    assert_int_equal(rk_writer_total(writer), size);
    uint8_t *bytes = sent_bytes(writer);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

#define ASSERT_BYTES(writer, expected) assert_bytes(writer, expected, sizeof(expected) - 1)

static void test_primitives(void **state)
{
    (void)state;
    struct rk_writer writer;
    rk_writer_init(&writer);
    rk_writer_put_int8(&writer, -1);
    rk_writer_put_int16(&writer, 0x0102);
    rk_writer_put_int32(&writer, -2);
    rk_writer_put_int64(&writer, 3);
    rk_writer_put_float64(&writer, 1.5);
    rk_writer_put_uvarint(&writer, 300);
    rk_writer_put_raw(&writer, "raw", 3);
    rk_writer_put_raw(&writer, NULL, 0);
    ASSERT_BYTES(&writer, "\xff\x01\x02\xff\xff\xff\xfe\0\0\0\0\0\0\0\3\x3f\xf8\0\0\0\0\0\0"
                          "\xac\x02raw");
    rk_writer_clear(&writer);
}

static void test_texts_and_lengths(void **state)
{
    (void)state;
    struct rk_writer writer;
    rk_writer_init(&writer);
    rk_writer_put_text(&writer, false, "ab");
    rk_writer_put_text(&writer, false, "");
    rk_writer_put_text(&writer, false, NULL);
    rk_writer_put_text(&writer, true, "ab");
    rk_writer_put_text(&writer, true, "");
    rk_writer_put_text(&writer, true, NULL);
    rk_writer_put_length(&writer, false, 5);
    rk_writer_put_length(&writer, false, -1);
    rk_writer_put_length(&writer, true, 5);
    rk_writer_put_length(&writer, true, -1);
    rk_writer_put_length(&writer, true, INT32_MAX);
    ASSERT_BYTES(&writer, "\0\2ab\0\0\xff\xff\3ab\1\0\0\0\0\5\xff\xff\xff\xff\6\0"
                          "\x80\x80\x80\x80\x08");
    rk_writer_clear(&writer);
}

static void test_growth_and_reuse(void **state)
{
    (void)state;
    struct rk_writer writer;
    rk_writer_init(&writer);
    for (int32_t i = 0; i < 10000; i++)
        rk_writer_put_int32(&writer, i);
    assert_int_equal(rk_writer_total(&writer), 40000);
    uint8_t *bytes = sent_bytes(&writer);
    for (int32_t i = 0; i < 10000; i++)
        assert_int_equal(rk_load_be32(bytes + 4 * i), i);
    free(bytes);

    unsigned long long allocations = rk_memory_allocations();
    for (int round = 0; round < 3; round++) {
        rk_writer_reset(&writer);
        assert_int_equal(rk_writer_total(&writer), 0);
        for (int32_t i = 0; i < 10000; i++)
            rk_writer_put_int32(&writer, i);
        int count;
        rk_writer_finish(&writer, &count);
        assert_int_equal(count, 1);
    }
    assert_int_equal(rk_memory_allocations(), allocations);
    rk_writer_clear(&writer);
}

static void test_splices(void **state)
{
    (void)state;
    static uint8_t foreign[3000];
    memset(foreign, 'f', sizeof(foreign));
    struct rk_writer writer;
    rk_writer_init(&writer);

    /* First thing in the writer, several in a row, empty parts, and own bytes that move. */
    struct iovec two[] = {{foreign, 900}, {foreign, 0}, {foreign + 900, 2100}};
    rk_writer_splice(&writer, two, 3, 3000);
    two[0] = (struct iovec){NULL, 0}; /* The array of parts was copied. */
    rk_writer_put_int8(&writer, 'x');
    const size_t large = RK_WRITER_COPY_MAX + 1;
    struct iovec one = {foreign, large};
    rk_writer_splice(&writer, &one, 1, large);
    rk_writer_splice(&writer, &one, 1, large);
    for (int i = 0; i < 5000; i++)
        rk_writer_put_int8(&writer, 'y');
    assert_int_equal(rk_writer_total(&writer), 3000 + 1 + large + large + 5000);
    uint8_t *bytes = sent_bytes(&writer);
    assert_int_equal(writer.part_count, 2 + 1 + 1 + 1 + 1);
    assert_int_equal(bytes[2999], 'f');
    assert_int_equal(bytes[3000], 'x');
    assert_int_equal(bytes[3001], 'f');
    assert_int_equal(bytes[3000 + 2 * large], 'f');
    assert_int_equal(bytes[3001 + 2 * large], 'y');
    free(bytes);

    /* Small ones are copied. */
    rk_writer_reset(&writer);
    struct iovec small[] = {{foreign, RK_WRITER_COPY_MAX - 1}, {foreign, 1}};
    rk_writer_put_int8(&writer, 'x');
    rk_writer_splice(&writer, small, 2, RK_WRITER_COPY_MAX);
    rk_writer_splice(&writer, NULL, 0, 0);
    int count;
    assert_non_null(rk_writer_finish(&writer, &count));
    assert_int_equal(count, 1);
    assert_int_equal(rk_writer_total(&writer), 1 + RK_WRITER_COPY_MAX);
    rk_writer_clear(&writer);
}

static void test_many_splices(void **state)
{
    (void)state;
    static uint8_t foreign[300];
    struct iovec part = {foreign, sizeof(foreign)};
    struct rk_writer writer;
    rk_writer_init(&writer);
    for (int i = 0; i < 1000; i++) {
        rk_writer_put_int32(&writer, i);
        rk_writer_splice(&writer, &part, 1, sizeof(foreign));
    }
    uint8_t *bytes = sent_bytes(&writer);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(rk_load_be32(bytes + 304 * i), i);
    free(bytes);
    rk_writer_clear(&writer);
}

static void test_sized(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 70000};
    for (size_t i = 0; i < RK_COUNT_OF(sizes); i++) {
        struct rk_writer writer;
        rk_writer_init(&writer);
        rk_writer_put_int8(&writer, 'a');
        size_t mark = rk_writer_begin_sized(&writer);
        for (size_t j = 0; j < sizes[i]; j++)
            rk_writer_put_int8(&writer, 'b');
        rk_writer_end_sized(&writer, mark);
        rk_writer_put_int8(&writer, 'c');

        uint8_t *bytes = sent_bytes(&writer);
        uint32_t size;
        const uint8_t *after = rk_uvarint_read(bytes + 1, bytes + 6, &size);
        assert_int_equal(size, sizes[i]);
        assert_int_equal(after - bytes - 1, rk_uvarint_size((uint32_t)sizes[i]));
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(after[j], 'b');
        assert_int_equal(after[sizes[i]], 'c');
        free(bytes);
        rk_writer_clear(&writer);
    }
}

static void test_first_failure_sticks(void **state)
{
    (void)state;
    struct rk_writer writer;
    rk_writer_init(&writer);
    rk_writer_put_int8(&writer, 1);
    rk_writer_fail(&writer, "first");
    rk_writer_fail(&writer, "second");
    assert_string_equal(writer.failure, "first");
    assert_false(writer.out_of_memory);
    rk_writer_put_int64(&writer, 1);
    rk_writer_put_text(&writer, true, "text");
    rk_writer_end_sized(&writer, rk_writer_begin_sized(&writer));
    uint8_t foreign[300];
    rk_writer_splice(&writer, &(struct iovec){foreign, 300}, 1, 300);
    assert_int_equal(rk_writer_total(&writer), 1);
    int count;
    assert_null(rk_writer_finish(&writer, &count));
    assert_int_equal(count, 0);

    rk_writer_reset(&writer);
    assert_false(writer.failed);
    assert_null(writer.failure);
    rk_writer_put_int8(&writer, 2);
    ASSERT_BYTES(&writer, "\2");
    rk_writer_clear(&writer);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct rk_writer writer;
    rk_writer_init(&writer);
    rk_writer_put_int8(&writer, 1);
    assert_null(rk_writer_put(&writer, SIZE_MAX / 2));
    assert_true(writer.failed);
    assert_true(writer.out_of_memory);
    rk_writer_clear(&writer);
}

static void test_nothing_written(void **state)
{
    (void)state;
    struct rk_writer writer;
    rk_writer_init(&writer);
    int count;
    rk_writer_finish(&writer, &count);
    assert_int_equal(count, 0);
    assert_false(writer.failed);
    rk_writer_clear(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_primitives),           cmocka_unit_test(test_texts_and_lengths),
        cmocka_unit_test(test_growth_and_reuse),     cmocka_unit_test(test_splices),
        cmocka_unit_test(test_many_splices),         cmocka_unit_test(test_sized),
        cmocka_unit_test(test_first_failure_sticks), cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_nothing_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
