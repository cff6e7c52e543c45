/* SPDX-License-Identifier: BSD-2-Clause */
/* Variable-length integers: known bytes, every size, every truncation, overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/varint.h"

/* The bytes in memory of exactly their size, so that a read beyond them is seen by the address
 * sanitizer. */
static uint8_t *exact(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    return copy;
}

static void check_varlong(int64_t value)
{
    uint8_t bytes[RK_VARLONG_SIZE_MAX];
    int64_t read = ~value;
    size_t size = (size_t)(rk_varlong_write(bytes, value) - bytes);
    assert_int_equal(size, rk_varlong_size(value));
    uint8_t *copy = exact(bytes, size);
    assert_ptr_equal(rk_varlong_read(copy, copy + size, &read), copy + size);
    assert_true(read == value);
    free(copy);
    for (size_t cut = 0; cut < size; cut++) {
        copy = exact(bytes, cut);
        assert_null(rk_varlong_read(copy, copy + cut, &read));
        free(copy);
    }
}

static void check_varint(int32_t value)
{
    uint8_t bytes[RK_VARINT_SIZE_MAX];
    int32_t read = ~value;
    size_t size = (size_t)(rk_varint_write(bytes, value) - bytes);
    assert_int_equal(size, rk_varint_size(value));
    uint8_t *copy = exact(bytes, size);
    assert_ptr_equal(rk_varint_read(copy, copy + size, &read), copy + size);
    assert_true(read == value);
    free(copy);
    for (size_t cut = 0; cut < size; cut++) {
        copy = exact(bytes, cut);
        assert_null(rk_varint_read(copy, copy + cut, &read));
        free(copy);
    }
    uint32_t unsigned_read;
    size = (size_t)(rk_uvarint_write(bytes, (uint32_t)value) - bytes);
    assert_int_equal(size, rk_uvarint_size((uint32_t)value));
    assert_ptr_equal(rk_uvarint_read(bytes, bytes + size, &unsigned_read), bytes + size);
    assert_true(unsigned_read == (uint32_t)value);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int around = -2; around <= 2; around++) {
            uint64_t value = (UINT64_C(1) << bit) + (uint64_t)around;
            check_varlong((int64_t)value);
            check_varlong((int64_t)~value);
            check_varint((int32_t)(uint32_t)value);
            check_varint((int32_t)(uint32_t)~value);
        }
    }
    check_varlong(INT64_MAX);
    check_varlong(INT64_MIN);
    check_varint(INT32_MAX);
    check_varint(INT32_MIN);
}

static void test_known_bytes(void **state)
{
    uint8_t bytes[RK_VARLONG_SIZE_MAX];
    (void)state;
    assert_int_equal(rk_varint_write(bytes, 0) - bytes, 1);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(rk_varint_write(bytes, -1) - bytes, 1);
    assert_int_equal(bytes[0], 1);
    assert_int_equal(rk_varint_write(bytes, 63) - bytes, 1);
    assert_int_equal(bytes[0], 126);
    assert_int_equal(rk_varint_write(bytes, 64) - bytes, 2);
    assert_memory_equal(bytes, "\x80\x01", 2);
    assert_int_equal(rk_varint_write(bytes, -65) - bytes, 2);
    assert_memory_equal(bytes, "\x81\x01", 2);
    assert_int_equal(rk_varint_write(bytes, INT32_MIN) - bytes, 5);
    assert_memory_equal(bytes, "\xff\xff\xff\xff\x0f", 5);
    assert_int_equal(rk_varlong_write(bytes, INT64_MIN) - bytes, 10);
    assert_memory_equal(bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static void test_what_does_not_fit(void **state)
{
    const uint8_t too_large[] = {0xff, 0xff, 0xff, 0xff, 0x1f, 0};
    const uint8_t too_long[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0};
    const uint8_t large_long[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};
    const uint8_t zero_in_two[] = {0x80, 0};
    int32_t narrow;
    int64_t wide;
    (void)state;
    assert_null(rk_varint_read(too_large, too_large + sizeof(too_large), &narrow));
    assert_null(rk_varint_read(too_long, too_long + sizeof(too_long), &narrow));
    assert_null(rk_varlong_read(large_long, large_long + sizeof(large_long), &wide));
    assert_null(rk_varlong_read(endless, endless + sizeof(endless), &wide));
    assert_ptr_equal(rk_varint_read(zero_in_two, zero_in_two + 2, &narrow), zero_in_two + 2);
    assert_int_equal(narrow, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests_name("varint", tests, NULL, NULL);
}
