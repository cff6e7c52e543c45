/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks: counted, and freed with the last reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/block.h"

static void lives_until_the_last_reference(void **state)
{
    (void)state;
    struct rk_block *block = rk_block_try_new(1000);
    assert_non_null(block);
    assert_int_equal(block->size, 1000);
    assert_int_equal((uintptr_t)block->data % 8, 0);
    memset(block->data, 7, 1000);
    assert_ptr_equal(rk_block_acquire(block), block);
    rk_block_release(block);
    assert_int_equal(block->data[999], 7);
    rk_block_release(block);
    rk_block_release(NULL);
}

static void sizes_at_the_edges(void **state)
{
    (void)state;
    struct rk_block *empty = rk_block_try_new(0);
    assert_non_null(empty);
    rk_block_release(empty);
    assert_null(rk_block_try_new(SIZE_MAX));
    assert_null(rk_block_try_new(SIZE_MAX / 2 + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_until_the_last_reference),
        cmocka_unit_test(sizes_at_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
