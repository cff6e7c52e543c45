/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments and their pool.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/memory.h"
#include "producer/segment.h"

static struct rk_segment_pool pool;

static int set_up(void **state)
{
    (void)state;
    rk_segment_pool_init(&pool, 8 * RK_SEGMENT_MAX_SIZE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rk_segment_pool_clear(&pool);
    return 0;
}

static struct rk_segment *take(size_t size)
{
    struct rk_segment *segment = rk_segment_try_take(&pool, size);
    assert_non_null(segment);
    assert_true(segment->capacity >= size);
    assert_int_equal(segment->size, 0);
    assert_null(segment->next);
    memset(segment->bytes, 0xaa, segment->capacity);
    return segment;
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        size_t size, capacity;
    } rows[] = {{0, 1024},    {1, 1024},      {1024, 1024},   {1025, 2048},   {2048, 2048},
                {5000, 8192}, {32769, 65536}, {65536, 65536}, {65537, 65537}, {1000000, 1000000}};
    for (size_t i = 0; i < RK_COUNT_OF(rows); i++) {
        struct rk_segment *segment = take(rows[i].size);
        assert_int_equal(segment->capacity, rows[i].capacity);
        rk_segment_give_back(&pool, segment);
    }
}

static void test_last_in_first_out(void **state)
{
    (void)state;
    struct rk_segment *one = take(1024), *two = take(1024), *other = take(2048);
    rk_segment_give_back(&pool, one);
    rk_segment_give_back(&pool, two);
    rk_segment_give_back(&pool, other);
    unsigned long long before = rk_memory_allocations();
    assert_ptr_equal(take(1), two);
    assert_ptr_equal(take(1024), one);
    assert_ptr_equal(take(1500), other);
    assert_int_equal(rk_memory_allocations(), before);
    rk_segment_give_back(&pool, one);
    rk_segment_give_back(&pool, two);
    rk_segment_give_back(&pool, other);
}

static void test_a_chain_goes_back(void **state)
{
    (void)state;
    char value[10];
    struct rk_segment *one = take(1024), *huge = take(100000), *two = take(64000);
    struct rk_segment *foreign = rk_segment_try_foreign(value, sizeof(value));
    assert_int_equal(foreign->capacity, 0);
    assert_int_equal(foreign->size, sizeof(value));
    assert_ptr_equal(foreign->bytes, value);
    one->next = huge;
    huge->next = foreign;
    foreign->next = two;
    rk_segment_give_back(&pool, one);
    assert_int_equal(pool.shared.free_size, 1024 + 65536); /* The others are not for keeping. */
    rk_segment_give_back(&pool, take(65536));
}

static void test_limit(void **state)
{
    (void)state;
    struct rk_segment *chain = NULL;
    for (int i = 0; i < 20; i++) {
        struct rk_segment *segment = take(65536);
        segment->next = chain;
        chain = segment;
    }
    rk_segment_give_back(&pool, chain);
    assert_int_equal(pool.shared.free_size, 8 * 65536);
    struct rk_segment *small = take(1024);
    rk_segment_give_back(&pool, small); /* No room even for that. */
    assert_int_equal(pool.shared.free_size, 8 * 65536);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_sizes),
        TEST(test_last_in_first_out),
        TEST(test_a_chain_goes_back),
        TEST(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
