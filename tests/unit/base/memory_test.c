/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator: counting, empty pieces, copies of texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"

static void every_allocation_counts(void **state)
{
    (void)state;
    unsigned long long before = rk_memory_allocations();
    void *a = rk_malloc(1), *b = rk_calloc(2, 3), *c = rk_try_malloc(1), *d = rk_try_calloc(1, 1);
    a = rk_realloc(a, 100);
    c = rk_try_realloc(c, 100);
    assert_int_equal(rk_memory_allocations() - before, 6);
    void *bare = rk_app_malloc(1); /* The application's own: not ours to count. */
    assert_int_equal(rk_memory_allocations() - before, 6);
    rk_free(a);
    rk_free(b);
    rk_free(c);
    rk_free(d);
    rk_free(NULL);
    rk_app_free(bare);
}

static void nothing_is_something(void **state)
{
    (void)state;
    void *pieces[] = {rk_malloc(0), rk_calloc(0, 8), rk_try_malloc(0), rk_try_calloc(8, 0)};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(pieces[i]);
        rk_free(pieces[i]);
    }
}

static void texts(void **state)
{
    (void)state;
    char *whole = rk_strdup("abc"), *part = rk_strndup("abc", 2), *all = rk_strndup("abc", 9);
    assert_string_equal(whole, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(all, "abc");
    assert_null(rk_strdup_or_null(NULL));
    rk_free(whole);
    rk_free(part);
    rk_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_counts),
        cmocka_unit_test(nothing_is_something),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
