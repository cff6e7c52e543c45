/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes: values published or computed by other implementations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static const struct {
    const char *key;
    uint32_t murmur2;
    uint32_t fnv1a;
} keys[] = {
    {"", 0x106e08d9, 0x7ee3623b},
    {"a", 0xa2d0b27c, 0x1bf3d6d4},
    {"21", 0xc5f2f8ec, 0x730d6814},
    {"abc", 0x1c94221b, 0x1a47e90b},
    {"foobar", 0xd0e47bbe, 0x40630698},
    {"a-little-bit-long-string", 0xc53b1da0, 0x225cf7d8},
    {"a-little-bit-longer-string", 0xa768c9c3, 0x2e87f629},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 0xfc7d49cd, 0x1731f50e},
    {"\xff\xfe\xfd", 0x3b85fe24, 0x729e29e9},
};

static void test_partitioner_hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_int_equal(rk_murmur2(keys[i].key, strlen(keys[i].key)), keys[i].murmur2);
        assert_int_equal(rk_fnv1a(keys[i].key, strlen(keys[i].key)), keys[i].fnv1a);
    }
}

static void test_crc32(void **state)
{
    uint8_t bytes[300];
    (void)state;
    assert_int_equal(rk_crc32(0, "", 0), 0);
    assert_int_equal(rk_crc32(0, "a", 1), 0xe8b7be43);
    assert_int_equal(rk_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(rk_crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        uint32_t by_definition = 0xffffffff;
        for (size_t i = 0; i < size; i++) {
            by_definition ^= bytes[i];
            for (int bit = 0; bit < 8; bit++)
                by_definition = by_definition >> 1 ^ (by_definition & 1 ? 0xedb88320 : 0);
        }
        assert_int_equal(rk_crc32(0, bytes, size), ~by_definition);
        assert_int_equal(rk_crc32(rk_crc32(0, bytes, size / 3), bytes + size / 3, size - size / 3),
                         ~by_definition);
    }
}

static void test_xxhash32(void **state)
{
    const char *fox = "Nobody inspects the spammish repetition";
    (void)state;
    assert_int_equal(rk_xxhash32("", 0), 0x02cc5d05);
    assert_int_equal(rk_xxhash32("a", 1), 0x550d7456);
    assert_int_equal(rk_xxhash32("abc", 3), 0x32d153ff);
    assert_int_equal(rk_xxhash32(fox, strlen(fox)), 0xe2293b2f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitioner_hashes),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_xxhash32),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
