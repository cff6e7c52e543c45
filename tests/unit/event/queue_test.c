/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues on one thread: order, length, the three ways to take.
 */
#include "queue_fixture.h"

#include <errno.h>

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
    assert_int_equal(rk_queue_take_messages(queue, 0, messages, 150), 100);
    assert_int_equal(served_count, 0); /* What was taken goes out first. */
    assert_int_equal(rk_queue_take_messages(queue, 0, messages + 100, 50), 50);
    assert_int_equal(served_count, 1);
    assert_int_equal(rk_queue_take_messages(queue, 0, messages + 150, 150), 51);
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

static void count_told(rd_kafka_t *client, void *opaque)
{
    (void)client;
    ++*(int *)opaque;
}

static void test_a_short_batch_is_told_of_again(void **state)
{
    rd_kafka_message_t *messages[10];
    int told = 0;
    (void)state;
    rk_queue_enable_callback(queue, count_told, &told);
    rk_queue_push(queue, batch_new(0, 0, 3));
    rk_queue_push(queue, plain_new(1));
    assert_int_equal(told, 1);
    assert_int_equal(rk_queue_take_messages(queue, 0, messages, 10), 3);
    assert_int_equal(told, 2); /* There is more, although the batch was not full. */
    for (int i = 0; i < 3; i++)
        rk_message_destroy(rk_message_from_public(messages[i]));
    assert_int_equal(rk_queue_take_messages(queue, 0, messages, 10), 0);
    assert_int_equal(told, 2);
    rk_queue_push(queue, plain_new(2));
    assert_int_equal(told, 3);
    rk_queue_enable_callback(queue, NULL, NULL);
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

/* Polls */

/* The answer, of a look long after all that has been. */
static uint64_t late_us;
static uint64_t look_for_polls(void)
{
    late_us = rk_clock_now_us() + 1000000000;
    return rk_queue_look_for_polls(queue, late_us);
}

/* After a call between `begin_us` and now. */
static void expect_poll_since(uint64_t begin_us)
{
    uint64_t end_us = rk_clock_now_us(), polled_us = look_for_polls();
    assert_true(polled_us >= begin_us && polled_us <= end_us);
    assert_true(look_for_polls() == polled_us);
}

static void test_time_of_the_last_poll(void **state)
{
    (void)state;
    assert_true(look_for_polls() == 0);
    uint64_t begin_us = rk_clock_now_us();
    assert_null(rk_queue_take_message(queue, 0));
    expect_poll_since(begin_us);
    rk_queue_push(queue, batch_new(0, 10, 4));
    begin_us = rk_clock_now_us();
    expect_message(queue, 10);
    expect_poll_since(begin_us);
    expect_message(queue, 11); /* The second one does not read the clock. */
    expect_message(queue, 12);
    assert_true(look_for_polls() == late_us);
    rk_queue_push(queue, batch_new(0, 20, 3));
    expect_message(queue, 13); /* The last one of an event does. */
    begin_us = rk_clock_now_us();
    expect_message(queue, 20);
    expect_message(queue, 21);
    rk_queue_push(queue, plain_new(1)); /* It was before this. */
    uint64_t end_us = rk_clock_now_us(), polled_us = look_for_polls();
    assert_true(polled_us >= begin_us && polled_us <= end_us);
    struct rk_message *message;
    assert_non_null(message = rk_queue_take_message_within(queue, 0));
    rk_message_destroy(message);
    expect_event(queue, 1);
}

int main(void)
{
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
        TEST(test_a_short_batch_is_told_of_again),
        TEST(test_no_memory_per_message),
        TEST(test_time_of_the_last_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
