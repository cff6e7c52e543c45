/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas: what they give is zeroed, aligned and apart; the limit holds whatever is asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/memory.h"

static void nothing_is_taken_before_the_first_use(void **state)
{
    (void)state;
    unsigned long long before = rk_memory_allocations();
    struct rk_arena arena;
    rk_arena_init(&arena, 1 << 20);
    assert_int_equal(arena.total, 0);
    rk_arena_clear(&arena);
    rk_arena_clear(&arena);
    assert_true(rk_memory_allocations() == before);
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct rk_arena arena;
    rk_arena_init(&arena, 1 << 20);
    for (int round = 0; round < 2; round++) {
        unsigned char *pieces[300];
        for (size_t i = 0; i < 300; i++) {
            pieces[i] = rk_arena_try_alloc(&arena, i + 1);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % 8, 0);
            for (size_t at = 0; at <= i; at++)
                assert_int_equal(pieces[i][at], 0);
            memset(pieces[i], (int)i | 1, i + 1);
        }
        for (size_t i = 0; i < 300; i++)
            for (size_t at = 0; at <= i; at++)
                assert_int_equal(pieces[i][at], (unsigned char)((int)i | 1));
        rk_arena_clear(&arena);
        assert_int_equal(arena.total, 0);
    }
}

static void the_limit_holds_to_the_byte(void **state)
{
    (void)state;
    struct rk_arena arena;
    rk_arena_init(&arena, 4096);
    assert_null(rk_arena_try_alloc(&arena, 4097));
    assert_non_null(rk_arena_try_alloc(&arena, 4096));
    assert_null(rk_arena_try_alloc(&arena, 1));
    assert_int_equal(arena.total, 4096);
    rk_arena_clear(&arena);

    size_t given = 0;
    while (rk_arena_try_alloc(&arena, 24))
        given += 24;
    assert_true(arena.total <= 4096);
    assert_true(given > 2048); /* Most of it can be used. */
    rk_arena_clear(&arena);

    rk_arena_init(&arena, 0);
    assert_null(rk_arena_try_alloc(&arena, 1));
    rk_arena_clear(&arena);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct rk_arena arena;
    rk_arena_init(&arena, SIZE_MAX);
    assert_null(rk_arena_try_alloc(&arena, SIZE_MAX));
    assert_null(rk_arena_try_alloc(&arena, SIZE_MAX - 7));
    assert_null(rk_arena_try_alloc(&arena, SIZE_MAX / 2 + 1));
    assert_null(rk_arena_try_text(&arena, "", SIZE_MAX));
    assert_non_null(rk_arena_try_alloc(&arena, 1));
    rk_arena_clear(&arena);
}

static void an_empty_piece_is_not_null(void **state)
{
    (void)state;
    struct rk_arena arena;
    rk_arena_init(&arena, 1024);
    assert_non_null(rk_arena_try_alloc(&arena, 0));
    while (rk_arena_try_alloc(&arena, 8))
        ;
    assert_non_null(rk_arena_try_alloc(&arena, 0));
    rk_arena_clear(&arena);
}

static void texts_are_copied_and_closed(void **state)
{
    (void)state;
    struct rk_arena arena;
    rk_arena_init(&arena, 1 << 20);
    char *text = rk_arena_try_text(&arena, "abcdef", 3);
    char *empty = rk_arena_try_text(&arena, "x", 0);
    assert_string_equal(text, "abc");
    assert_string_equal(empty, "");
    rk_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_taken_before_the_first_use),
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(the_limit_holds_to_the_byte),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(an_empty_piece_is_not_null),
        cmocka_unit_test(texts_are_copied_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
