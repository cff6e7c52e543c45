/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues that lead to others, that are emptied or disabled, and that wake somebody up.
 */
#include "queue_fixture.h"

#include <unistd.h>

/* Forwarding */

static void test_forward_moves_in_order(void **state)
{
    (void)state;
    rd_kafka_queue_t *target = rk_queue_new(core, "target");
    rk_queue_push(target, plain_new(0));
    rk_queue_push(queue, plain_new(1));
    rk_queue_push(queue, plain_new(2));
    assert_false(rk_queue_is_forwarded(queue));
    assert_true(rk_queue_forward(queue, target));
    assert_true(rk_queue_is_forwarded(queue));
    assert_false(rk_queue_is_forwarded_by_application(queue));
    rk_queue_push(queue, plain_new(3));
    assert_int_equal(rk_queue_length(queue), 4);
    assert_int_equal(rk_queue_length(target), 4);
    expect_event(queue, 0);
    expect_event(target, 1);
    expect_event(queue, 2);

    assert_true(rk_queue_forward_for_application(queue, NULL));
    assert_true(rk_queue_is_forwarded_by_application(queue));
    assert_false(rk_queue_is_forwarded(queue));
    rk_queue_push(queue, plain_new(4));
    assert_int_equal(rk_queue_length(target), 1);
    expect_event(queue, 4);
    assert_null(rk_queue_take_event(queue, 0));
    expect_event(target, 3);
    rk_queue_release(target);
}

static void test_forward_chain(void **state)
{
    (void)state;
    rd_kafka_queue_t *second = rk_queue_new(core, "second"), *third = rk_queue_new(core, "third");
    assert_true(rk_queue_forward(queue, second));
    assert_true(rk_queue_forward(second, third));
    rk_queue_push(queue, batch_new(0, 5, 2));
    assert_int_equal(rk_queue_length(third), 2);
    expect_message(queue, 5);
    expect_message(second, 6);

    /* Part of an event goes back to where it came from. */
    rd_kafka_event_t *event = plain_new(0);
    rk_container_of(event, struct numbered, event)->serves_left = 2;
    rk_queue_push(queue, event);
    assert_int_equal(rk_queue_serve(queue, 0, 0), 1);
    assert_int_equal(rk_queue_length(third), 1);

    /* The chain lives as long as its head. */
    rk_queue_release(second);
    rk_queue_release(third);
    assert_int_equal(rk_queue_serve(queue, 0, 0), 1);
}

static void test_forward_refuses_loops(void **state)
{
    (void)state;
    rd_kafka_queue_t *second = rk_queue_new(core, "second"), *third = rk_queue_new(core, "third");
    assert_false(rk_queue_forward(queue, queue));
    assert_true(rk_queue_forward(queue, second));
    assert_false(rk_queue_forward(second, queue));
    assert_true(rk_queue_forward(second, third));
    assert_false(rk_queue_forward(third, queue));
    assert_false(rk_queue_is_forwarded(third));
    assert_true(rk_queue_forward(queue, NULL));
    assert_true(rk_queue_forward(third, queue));
    rk_queue_push(second, plain_new(1));
    expect_event(queue, 1);
    assert_true(rk_queue_forward(third, NULL));
    rk_queue_release(second);
    rk_queue_release(third);
}

static void test_forward_elsewhere(void **state)
{
    (void)state;
    rd_kafka_queue_t *one = rk_queue_new(core, "one"), *other = rk_queue_new(core, "other");
    assert_true(rk_queue_forward(queue, one));
    rk_queue_push(queue, plain_new(1));
    assert_true(rk_queue_forward(queue, other));
    rk_queue_push(queue, plain_new(2));
    expect_event(one, 1);
    expect_event(other, 2);
    rk_queue_disable(other);
    rk_queue_push(queue, plain_new(3));
    assert_int_equal(destroyed_count, 3);
    rk_queue_release(one);
    rk_queue_release(other);
}

static bool is_odd(const rd_kafka_event_t *event, const void *argument)
{
    (void)argument;
    return event->kind == &numbered_kind && number_of(event) % 2;
}

static void test_remove(void **state)
{
    (void)state;
    rd_kafka_queue_t *target = rk_queue_new(core, "target");
    assert_true(rk_queue_forward(queue, target));
    for (int i = 0; i < 4; i++)
        rk_queue_push(queue, plain_new(i));
    rk_queue_push(queue, batch_new(0, 0, 10));
    probed_queue = queue;
    assert_int_equal(rk_queue_remove(queue, is_odd, NULL), 2);
    assert_int_equal(rk_queue_length(queue), 12);
    expect_event(target, 0);
    assert_int_equal(rk_queue_remove(queue, NULL, NULL), 11);
    assert_null(rk_queue_take_event(target, 0));
    probed_queue = NULL;
    rk_queue_release(target);
}

static void test_disable(void **state)
{
    (void)state;
    rk_queue_push(queue, plain_new(0));
    rk_queue_disable(queue);
    rk_queue_push(queue, plain_new(1));
    rk_queue_push_front(queue, plain_new(2));
    assert_int_equal(destroyed_count, 2);
    expect_event(queue, 0);
    assert_null(rk_queue_take_event(queue, RK_NEVER));
    assert_int_equal(rk_queue_serve(queue, RK_NEVER, 0), 0);
}

static void test_give_back(void **state)
{
    (void)state;
    rd_kafka_queue_t *own = rk_queue_new_for_application(core);
    assert_ptr_equal(rk_queue_core(own), core);
    assert_true(rk_queue_forward(queue, own));
    rk_queue_push(queue, plain_new(0));
    rk_queue_give_back(own);
    assert_int_equal(destroyed_count, 1);
    rk_queue_push(queue, plain_new(1));
    assert_int_equal(destroyed_count, 2);

    /* One that forwards goes on doing so. */
    own = rk_queue_new_for_application(core);
    assert_true(rk_queue_forward(own, core->main_queue));
    assert_true(rk_queue_forward(queue, own));
    rk_queue_give_back(own);
    rk_queue_push(queue, plain_new(2));
    expect_event(core->main_queue, 2);

    /* One that is not of the application stays as it is. */
    rk_queue_push(core->main_queue, plain_new(3));
    rk_queue_give_back(rk_queue_acquire(core->main_queue));
    expect_event(core->main_queue, 3);
}

/* Wake-ups */

static int wakeups;

static void wake(rd_kafka_t *rk, void *opaque)
{
    assert_ptr_equal(rk, core->client);
    assert_ptr_equal(opaque, &wakeups);
    wakeups++;
}

static void test_callback_wakeup(void **state)
{
    (void)state;
    wakeups = 0;
    rk_queue_push(queue, plain_new(0));
    rk_queue_enable_callback(queue, wake, &wakeups);
    rk_queue_push(queue, plain_new(1));
    assert_int_equal(wakeups, 0);
    rk_queue_remove(queue, NULL, NULL);

    rk_queue_push(queue, plain_new(2));
    rk_queue_push(queue, plain_new(3));
    assert_int_equal(wakeups, 1);
    expect_event(queue, 2);
    rk_queue_push(queue, plain_new(4));
    assert_int_equal(wakeups, 1);
    expect_event(queue, 3);
    expect_event(queue, 4);
    rk_queue_push(queue, plain_new(5));
    assert_int_equal(wakeups, 2);

    /* Nobody has taken since. */
    rk_queue_remove(queue, NULL, NULL);
    rk_queue_push(queue, plain_new(6));
    assert_int_equal(wakeups, 2);
    expect_event(queue, 6);

    rk_queue_yield(queue);
    assert_int_equal(wakeups, 3);
    assert_null(rk_queue_take_event(queue, RK_NEVER));

    rk_queue_enable_callback(queue, NULL, NULL);
    rk_queue_push(queue, plain_new(7));
    assert_int_equal(wakeups, 3);
}

static void test_wakeup_is_the_targets(void **state)
{
    (void)state;
    wakeups = 0;
    rd_kafka_queue_t *target = rk_queue_new(core, "target");
    rk_queue_push(queue, plain_new(0));
    rk_queue_enable_callback(target, wake, &wakeups);
    assert_true(rk_queue_forward(queue, target));
    assert_int_equal(wakeups, 1);
    expect_event(queue, 0);
    rk_queue_push(queue, plain_new(1));
    assert_int_equal(wakeups, 2);
    rk_queue_release(target);
}

static void test_descriptor_wakeup(void **state)
{
    (void)state;
    int pipe_ends[2];
    char bytes[16];
    wakeups = 0;
    assert_int_equal(pipe(pipe_ends), 0);
    rk_queue_enable_callback(queue, wake, &wakeups);
    rk_queue_enable_io(queue, pipe_ends[1], "hello", 5);
    rk_queue_push(queue, plain_new(0));
    rk_queue_push(queue, plain_new(1));
    assert_int_equal(read(pipe_ends[0], bytes, sizeof(bytes)), 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(wakeups, 0);
    expect_event(queue, 0);
    expect_event(queue, 1);

    rk_queue_enable_io(queue, pipe_ends[1], "x", 1);
    rk_queue_push(queue, plain_new(2));
    assert_int_equal(read(pipe_ends[0], bytes, sizeof(bytes)), 1);
    expect_event(queue, 2);
    rk_queue_enable_io(queue, -1, NULL, 0);
    rk_queue_push(queue, plain_new(3));
    close(pipe_ends[1]);
    assert_int_equal(read(pipe_ends[0], bytes, sizeof(bytes)), 0);
    close(pipe_ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_forward_moves_in_order),
        TEST(test_forward_chain),
        TEST(test_forward_refuses_loops),
        TEST(test_forward_elsewhere),
        TEST(test_remove),
        TEST(test_disable),
        TEST(test_give_back),
        TEST(test_callback_wakeup),
        TEST(test_wakeup_is_the_targets),
        TEST(test_descriptor_wakeup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
