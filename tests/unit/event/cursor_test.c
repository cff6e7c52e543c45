/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of a cursor: which writer moves what, and what a gap does to where it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "event/cursor.h"
#include "rdkafka.h"

static void test_advance(void **state)
{
    struct rk_cursor *cursor = rk_cursor_new(true);
    (void)state;
    rk_cursor_set_next(cursor, 1, 10, 3);
    assert_int_equal(rk_cursor_read(cursor).position, RD_KAFKA_OFFSET_INVALID);
    assert_true(rk_cursor_advance(cursor, 1, 12, 15, 4));
    struct rk_cursor_values values = rk_cursor_read(cursor);
    assert_int_equal(values.next, 15);
    assert_int_equal(values.position, 13);
    assert_int_equal(values.stored, 13);
    assert_int_equal(values.next_epoch, 4);
    rk_cursor_void(cursor);
    assert_false(rk_cursor_advance(cursor, 1, 15, 16, 4));
    assert_int_equal(rk_cursor_read(cursor).next, 15);
    rk_cursor_release(cursor);
}

/* Behind the last message there are only ends of transactions. */
static void test_gap(void **state)
{
    struct rk_cursor *cursor = rk_cursor_new(true);
    (void)state;
    rk_cursor_set_gap(cursor, 1, 12, 13);
    rk_cursor_set_gap(cursor, 1, 13, 17); /* Goes on where the first ends. */
    rk_cursor_advance(cursor, 1, 10, 11, 0);
    assert_int_equal(rk_cursor_read(cursor).next, 11);
    rk_cursor_advance(cursor, 1, 11, 12, 0);
    assert_int_equal(rk_cursor_read(cursor).next, 17);
    assert_int_equal(rk_cursor_read(cursor).position, 12);
    rk_cursor_advance(cursor, 1, 17, 18, 0);
    rk_cursor_set_gap(cursor, 1, 20, 21);
    assert_int_equal(rk_cursor_read(cursor).next, 18);
    rk_cursor_set_next(cursor, 1, 20, 0);
    assert_int_equal(rk_cursor_void(cursor).next, 21);
    assert_int_equal(rk_cursor_read(cursor).next, 20); /* Fetched under another version. */
    rk_cursor_set_gap(cursor, 1, 20, 21);
    assert_int_equal(rk_cursor_read(cursor).next, 20);
    rk_cursor_release(cursor);
}

static void test_stored_beyond_the_end(void **state)
{
    struct rk_cursor *cursor = rk_cursor_new(false);
    (void)state;
    rk_cursor_store(cursor, 20, 3);
    rk_cursor_cut_stored(cursor, 20, 20, 2);
    assert_int_equal(rk_cursor_read(cursor).stored_epoch, 3);
    rk_cursor_cut_stored(cursor, 19, 19, 2);
    assert_int_equal(rk_cursor_read(cursor).stored, 19);
    assert_int_equal(rk_cursor_read(cursor).stored_epoch, 2);
    rk_cursor_release(cursor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_advance),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_stored_beyond_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
