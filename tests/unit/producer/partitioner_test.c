/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partitioners: the partitions that other clients choose for the same keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "producer/partitioner.h"

/* As librdkafka answers. */
static const struct {
    const char *key;
    int32_t count;
    int32_t consistent, murmur2, fnv1a;
} vectors[] = {
    {"", 7, 0, 2, 2},
    {"", 1000, 0, 681, 35},
    {"", INT32_MAX, 0, 275646681, 2128831035},
    {"a", 7, 4, 5, 6},
    {"a", 1000, 907, 524, 76},
    {"a", INT32_MAX, 1756872260, 584102524, 468965076},
    {"key1", 7, 1, 5, 2},
    {"key1", 1000, 496, 940, 783},
    {"key1", INT32_MAX, 744252496, 28543940, 927623783},
    {"hello world", 7, 5, 2, 4},
    {"hello world", 1000, 957, 59, 489},
    {"hello world", INT32_MAX, 222957957, 1221641059, 712294489},
    {"123456789", 7, 5, 1, 3},
    {"123456789", 1000, 262, 566, 740},
    {"123456789", INT32_MAX, 1274296615, 325246566, 1148800740},
    {"foobar", 7, 6, 0, 4},
    {"foobar", 1000, 69, 166, 576},
    {"foobar", INT32_MAX, 519446422, 1357151166, 1080231576},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(vectors); i++) {
        const char *key = vectors[i].key;
        size_t size = strlen(key);
        int32_t count = vectors[i].count;
        assert_int_equal(rk_partitioner_hash(RK_PARTITIONER_CONSISTENT, key, size, count),
                         vectors[i].consistent);
        assert_int_equal(rk_partitioner_hash(RK_PARTITIONER_CONSISTENT_RANDOM, key, size, count),
                         vectors[i].consistent);
        assert_int_equal(rk_partitioner_hash(RK_PARTITIONER_MURMUR2, key, size, count),
                         vectors[i].murmur2);
        assert_int_equal(rk_partitioner_hash(RK_PARTITIONER_MURMUR2_RANDOM, key, size, count),
                         vectors[i].murmur2);
        assert_int_equal(rk_partitioner_hash(RK_PARTITIONER_FNV1A, key, size, count),
                         vectors[i].fnv1a);
        assert_int_equal(rk_partitioner_hash(RK_PARTITIONER_FNV1A_RANDOM, key, size, count),
                         vectors[i].fnv1a);
    }
}

/* As Java's Utils.murmur2 answers, by its own test. */
static void test_java_murmur2(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } rows[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < RK_COUNT_OF(rows); i++)
        assert_int_equal(
            rk_partitioner_hash(RK_PARTITIONER_MURMUR2, rows[i].key, strlen(rows[i].key), 1000003),
            (rows[i].hash & 0x7fffffff) % 1000003);
}

static void test_which_keys_are_none(void **state)
{
    (void)state;
    static const struct {
        enum rk_partitioner partitioner;
        bool null, empty, other;
    } rows[] = {
        {RK_PARTITIONER_RANDOM, true, true, true},
        {RK_PARTITIONER_CONSISTENT, false, false, false},
        {RK_PARTITIONER_CONSISTENT_RANDOM, true, true, false},
        {RK_PARTITIONER_MURMUR2, false, false, false},
        {RK_PARTITIONER_MURMUR2_RANDOM, true, false, false},
        {RK_PARTITIONER_FNV1A, false, false, false},
        {RK_PARTITIONER_FNV1A_RANDOM, true, false, false},
    };
    for (size_t i = 0; i < RK_COUNT_OF(rows); i++) {
        assert_int_equal(rk_partitioner_is_random(rows[i].partitioner, NULL, 0), rows[i].null);
        assert_int_equal(rk_partitioner_is_random(rows[i].partitioner, "", 0), rows[i].empty);
        assert_int_equal(rk_partitioner_is_random(rows[i].partitioner, "k", 1), rows[i].other);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(rk_partitioner_from_name("random"), RK_PARTITIONER_RANDOM);
    assert_int_equal(rk_partitioner_from_name("consistent"), RK_PARTITIONER_CONSISTENT);
    assert_int_equal(rk_partitioner_from_name("murmur2_random"), RK_PARTITIONER_MURMUR2_RANDOM);
    assert_int_equal(rk_partitioner_from_name("fnv1a"), RK_PARTITIONER_FNV1A);
    assert_int_equal(rk_partitioner_from_name(NULL), RK_PARTITIONER_CONSISTENT_RANDOM);
}

static int asked;

static bool is_even(const void *argument, int32_t partition)
{
    assert_ptr_equal(argument, &asked);
    asked++;
    return partition % 2 == 0;
}

/* One that is not available is drawn again, once: a quarter instead of a half is odd. */
static void test_draw(void **state)
{
    (void)state;
    int counts[10] = {0}, odd = 0;
    for (int i = 0; i < 20000; i++) {
        int32_t partition = rk_partitioner_draw(10, is_even, &asked);
        assert_in_range(partition, 0, 9);
        counts[partition]++;
        odd += partition % 2;
    }
    assert_int_equal(asked, 20000);
    assert_in_range(odd, 4400, 5600);
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], i % 2 ? 700 : 2500, i % 2 ? 1300 : 3500);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rk_partitioner_draw(1, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_java_murmur2),
        cmocka_unit_test(test_which_keys_are_none),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_draw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
