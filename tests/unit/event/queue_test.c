/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues on one thread: order, length, the three ways to take, forwarding, wake-ups.
 */
#include "fixture.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"

static struct rk_core *core;
static rd_kafka_queue_t *queue;

static int set_up(void **state)
{
    (void)state;
    reset_notes();
    core = core_new(NULL);
    queue = rk_queue_new(core, "test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    probed_queue = NULL;
    rk_queue_release(queue);
    core_end(core);
    return 0;
}

static void expect_event(rd_kafka_queue_t *from, int number)
{
    rd_kafka_event_t *event = rk_queue_take_event(from, 0);
    assert_non_null(event);
    assert_int_equal(number_of(event), number);
    rk_event_destroy(event);
}

static void expect_message(rd_kafka_queue_t *from, int64_t offset)
{
    struct rk_message *message = rk_queue_take_message(from, 0);
    assert_non_null(message);
    assert_int_equal(message->rkmessage.offset, offset);
    rk_message_destroy(message);
}

static void test_priorities(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum rk_event_priority priority;
    } pushed[] = {
        {5, RK_PRIORITY_NORMAL}, {4, RK_PRIORITY_MEDIUM}, {6, RK_PRIORITY_NORMAL},
        {1, RK_PRIORITY_HIGH},   {0, RK_PRIORITY_FLASH},  {2, RK_PRIORITY_HIGH},
        {7, RK_PRIORITY_NORMAL}, {3, RK_PRIORITY_HIGH},
    };
    for (size_t i = 0; i < RK_COUNT_OF(pushed); i++)
        rk_queue_push(queue,
                      numbered_new(pushed[i].number, RD_KAFKA_EVENT_STATS, pushed[i].priority));
    rk_queue_push_front(queue, plain_new(45));
    assert_int_equal(rk_queue_length(queue), 9);
    for (int i = 0; i < 5; i++)
        expect_event(queue, i);
    expect_event(queue, 45);
    for (int i = 5; i < 8; i++)
        expect_event(queue, i);
    assert_null(rk_queue_take_event(queue, 0));
    assert_int_equal(rk_queue_length(queue), 0);
}

static void test_push_front_keeps_priority(void **state)
{
    (void)state;
    rk_queue_push(queue, numbered_new(1, RD_KAFKA_EVENT_STATS, RK_PRIORITY_HIGH));
    rk_queue_push_front(queue, plain_new(2));
    rk_queue_push_front(queue, numbered_new(0, RD_KAFKA_EVENT_STATS, RK_PRIORITY_HIGH));
    for (int i = 0; i < 3; i++)
        expect_event(queue, i);
}

static void test_messages_one_by_one(void **state)
{
    (void)state;
    probed_queue = queue;
    rk_queue_push(queue, batch_new(0, 10, 3));
    rk_queue_push(queue, batch_new(0, 20, 1));
    rk_queue_push(queue, rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, NULL, 7, 21,
                                                     "the end"));
    assert_int_equal(rk_queue_length(queue), 5);
    for (int i = 0; i < 3; i++) {
        expect_message(queue, 10 + i);
        assert_int_equal(rk_queue_length(queue), 4 - i);
    }
    expect_message(queue, 20);
    assert_int_equal(taken_count, 4);
    assert_int_equal(destroyed_count, 4 + 2);

    struct rk_message *error = rk_queue_take_message(queue, 0);
    assert_int_equal(error->rkmessage.err, RD_KAFKA_RESP_ERR__PARTITION_EOF);
    assert_int_equal(error->rkmessage.partition, 7);
    assert_int_equal(error->rkmessage.offset, 21);
    assert_int_equal(error->rkmessage.len, strlen("the end"));
    assert_string_equal(error->rkmessage.payload, "the end");
    rk_message_destroy(error);
    assert_int_equal(rk_queue_length(queue), 0);
}

/* A kind that counts `length` down itself. */
static struct rk_message *next_and_count(rd_kafka_event_t *event)
{
    struct rk_message *message = next_in_batch(event);
    event->length--;
    return message;
}

static void test_kind_that_counts_itself(void **state)
{
    (void)state;
    static const struct rk_event_kind counting_kind = {
        .name = "counting",
        .next_message = next_and_count,
        .is_empty = is_batch_empty,
        .destroy = destroy_batch,
    };
    rd_kafka_event_t *event = batch_new(0, 0, 3);
    event->kind = &counting_kind;
    rk_queue_push(queue, event);
    for (int i = 0; i < 3; i++) {
        expect_message(queue, i);
        assert_int_equal(rk_queue_length(queue), 2 - i);
    }
}

static void test_outdated_batch_is_dropped(void **state)
{
    (void)state;
    probed_queue = queue;
    rd_kafka_event_t *first = batch_new(0, 0, 3);
    rk_queue_push(queue, first);
    rk_queue_push(queue, batch_new(0, 10, 1));
    expect_message(queue, 0);
    rk_container_of(first, struct batch, event)->is_outdated = true;
    expect_message(queue, 10);
    assert_int_equal(rk_queue_length(queue), 0);
    assert_int_equal(destroyed_count, 4);

    first = batch_new(0, 0, 3);
    rk_container_of(first, struct batch, event)->is_outdated = true;
    rk_queue_push(queue, first);
    assert_null(rk_queue_take_event(queue, 0));
    assert_int_equal(rk_queue_length(queue), 0);
}

static void test_events_of_messages(void **state)
{
    (void)state;
    probed_queue = queue;
    rk_queue_push(queue, batch_new(3, 10, 2));
    rd_kafka_event_t *outdated = batch_new(3, 10, 2);
    rk_container_of(outdated, struct batch, event)->is_outdated = true;
    rk_queue_push(queue, outdated);
    rk_queue_push(queue,
                  rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, NULL, 3, 12, NULL));
    for (int i = 0; i < 2; i++) {
        rd_kafka_event_t *event = rk_queue_take_event(queue, 0);
        assert_int_equal(event->type, RD_KAFKA_EVENT_FETCH);
        assert_int_equal(event->kind->message_count(event), 1);
        assert_int_equal(event->kind->message_at(event, 0)->offset, 10 + i);
        rk_event_destroy(event);
    }
    assert_int_equal(taken_count, 2);
    rd_kafka_event_t *event = rk_queue_take_event(queue, 0);
    assert_int_equal(event->type, RD_KAFKA_EVENT_ERROR);
    assert_int_equal(event->err, RD_KAFKA_RESP_ERR__PARTITION_EOF);
    rk_event_destroy(event);
    assert_null(rk_queue_take_event(queue, 0));
}

static void test_callbacks_are_served_on_the_way(void **state)
{
    (void)state;
    rk_queue_push(queue, numbered_new(1, RD_KAFKA_EVENT_NONE, RK_PRIORITY_NORMAL));
    rk_queue_push(queue, plain_new(2));
    expect_event(queue, 2);
    assert_int_equal(served_count, 1);

    rk_queue_push(queue, plain_new(3));
    rk_queue_push(queue, batch_new(0, 5, 1));
    expect_message(queue, 5);
    assert_int_equal(served_count, 2);
    assert_int_equal(served_numbers[1], 3);
}

static void yield(struct numbered *mine)
{
    (void)mine;
    rk_request_yield();
}

static void test_last_error(void **state)
{
    (void)state;
    assert_null(rk_queue_take_message(queue, 0));
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(rk_last_error(), RD_KAFKA_RESP_ERR__TIMED_OUT);

    while_serving = yield;
    rk_queue_push(queue, plain_new(1));
    rk_queue_push(queue, batch_new(0, 5, 1));
    assert_null(rk_queue_take_message(queue, 0));
    assert_int_equal(errno, EINTR);
    assert_int_equal(rk_last_error(), RD_KAFKA_RESP_ERR__INTR);
    expect_message(queue, 5);

    rk_queue_disable(queue);
    assert_null(rk_queue_take_message(queue, RK_NEVER));
    assert_int_equal(rk_last_error(), RD_KAFKA_RESP_ERR__DESTROY);
}

static void test_serve(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        rk_queue_push(queue, plain_new(i));
    assert_int_equal(rk_queue_serve(queue, 0, 2), 2);
    assert_int_equal(rk_queue_serve(queue, 0, 0), 3);
    for (int i = 0; i < 5; i++)
        assert_int_equal(served_numbers[i], i);
    assert_int_equal(destroyed_count, 5);
    assert_int_equal(rk_queue_serve(queue, 0, 0), 0);
}

static void push_another(struct numbered *mine)
{
    rk_queue_push(queue, plain_new(mine->number + 1));
}

static void test_serve_ends(void **state)
{
    (void)state;
    while_serving = push_another;
    rk_queue_push(queue, plain_new(0));
    rk_queue_push(queue, plain_new(100));
    assert_int_equal(rk_queue_serve(queue, 0, 0), 2);
    assert_int_equal(rk_queue_length(queue), 2);
}

static void test_serve_yields(void **state)
{
    (void)state;
    while_serving = yield;
    rk_queue_push(queue, plain_new(0));
    rk_queue_push(queue, plain_new(1));
    assert_int_equal(rk_queue_serve(queue, 0, 0), 1);
    assert_true(rk_take_yield_request());
    assert_false(rk_take_yield_request());

    /* A request from outside of a callback is void. */
    while_serving = NULL;
    rk_queue_push(queue, plain_new(2));
    rk_request_yield();
    assert_int_equal(rk_queue_serve(queue, 0, 0), 2);
    assert_false(rk_take_yield_request());
}

static void test_served_in_part(void **state)
{
    (void)state;
    rd_kafka_event_t *event = plain_new(0);
    rk_container_of(event, struct numbered, event)->serves_left = 3;
    rk_queue_push(queue, event);
    rk_queue_push(queue, plain_new(1));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rk_queue_serve(queue, 0, 0), 1);
        assert_true(rk_take_yield_request());
        assert_int_equal(rk_queue_length(queue), 2);
    }
    assert_int_equal(rk_queue_serve(queue, 0, 0), 2);
    static const int order[] = {0, 0, 0, 1};
    assert_memory_equal(served_numbers, order, sizeof(order));
    assert_int_equal(destroyed_count, 2);
}

static void test_batches_of_messages(void **state)
{
    (void)state;
    rd_kafka_message_t *messages[300];
    probed_queue = queue;
    rk_queue_push(queue, batch_new(0, 0, 100));
    rk_queue_push(queue, plain_new(1));
    rk_queue_push(queue, batch_new(0, 100, 100));
    rk_queue_push(
        queue, rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, NULL, 0, 200, NULL));
    assert_int_equal(rk_queue_take_messages(queue, 0, messages, 150), 150);
    assert_int_equal(rk_queue_take_messages(queue, 0, messages + 150, 150), 51);
    assert_int_equal(served_count, 1);
    assert_int_equal(taken_count, 200);
    for (int i = 0; i < 201; i++) {
        assert_int_equal(messages[i]->offset, i);
        assert_int_equal(messages[i]->err, i < 200 ? 0 : RD_KAFKA_RESP_ERR__PARTITION_EOF);
        rk_message_destroy(rk_message_from_public(messages[i]));
    }
    assert_int_equal(rk_queue_take_messages(queue, 0, messages, 300), 0);
    assert_int_equal(rk_last_error(), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_int_equal(rk_queue_take_messages(queue, RK_NEVER, messages, 0), 0);
}

static void test_batch_of_messages_waits_until_full(void **state)
{
    (void)state;
    rd_kafka_message_t *messages[3];
    rk_queue_push(queue, batch_new(0, 0, 2));
    uint64_t begun_us = rk_clock_now_us();
    assert_int_equal(rk_queue_take_messages(queue, begun_us + 20000, messages, 3), 2);
    assert_true(rk_clock_now_us() + 1000 >= begun_us + 20000);
    for (int i = 0; i < 2; i++)
        rk_message_destroy(rk_message_from_public(messages[i]));

    while_serving = yield;
    rk_queue_push(queue, batch_new(0, 0, 1));
    rk_queue_push(queue, plain_new(1));
    rk_queue_push(queue, batch_new(0, 1, 1));
    assert_int_equal(rk_queue_take_messages(queue, RK_NEVER, messages, 3), 1);
    rk_message_destroy(rk_message_from_public(messages[0]));
}

static void test_no_memory_per_message(void **state)
{
    (void)state;
    /* Each message of the stand-in takes memory, once; the queue itself none. */
    rk_queue_push(queue, batch_new(0, 0, 50));
    unsigned long long before = rk_memory_allocations();
    for (int i = 0; i < 50; i++)
        expect_message(queue, i);
    assert_int_equal(rk_memory_allocations() - before, 50);
}

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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_priorities),
        TEST(test_push_front_keeps_priority),
        TEST(test_messages_one_by_one),
        TEST(test_kind_that_counts_itself),
        TEST(test_outdated_batch_is_dropped),
        TEST(test_events_of_messages),
        TEST(test_callbacks_are_served_on_the_way),
        TEST(test_last_error),
        TEST(test_serve),
        TEST(test_serve_ends),
        TEST(test_serve_yields),
        TEST(test_served_in_part),
        TEST(test_batches_of_messages),
        TEST(test_batch_of_messages_waits_until_full),
        TEST(test_no_memory_per_message),
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
