/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Closing and destroying a consumer in every state, with messages, events, queues and topics still
 * in the application's hands: it returns soon, and what is held stays valid. Sanitizers see the
 * rest.
 */
#include "support/consume_fixture.h"

#include <stdlib.h>

#include "base/clock.h"

static struct consume_fixture fixture;

enum { PARTITIONS = 3, COUNT = 300 };

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 2);
    consume_add_topic(&fixture, "t", PARTITIONS);
    consume_fill_all(&fixture, "t", PARTITIONS, COUNT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

static void destroy_soon(int flags)
{
    rd_kafka_destroy_flags(fixture.rk, flags);
    fixture.rk = NULL;
}

static void test_messages_are_held(void **state)
{
    rd_kafka_message_t *messages[200];
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", PARTITIONS, 0);
    for (int i = 0; i < 200; i++)
        messages[i] = consume_next(&fixture);
    destroy_soon(0);
    for (int i = 199; i >= 0; i--) {
        consume_check_text(messages[i]); /* The topic's name too. */
        rd_kafka_message_destroy(messages[i]);
    }
}

static void test_everything_is_held(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.partition.eof", "true", NULL);
    consume_assign(&fixture, "t", PARTITIONS, 0);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    rd_kafka_queue_t *consumer_queue = rd_kafka_queue_get_consumer(fixture.rk);
    rd_kafka_queue_t *partition_queue = rd_kafka_queue_get_partition(fixture.rk, "t", 1);
    rd_kafka_queue_t *own = rd_kafka_queue_new(fixture.rk);
    rd_kafka_queue_forward(partition_queue, own);
    consume_fill(&fixture, "t", 1, COUNT, 10); /* All before may be in the consumer's queue. */
    rd_kafka_event_t *event = rd_kafka_queue_poll(own, CONSUME_TIMEOUT_MS);
    while (event && rd_kafka_event_type(event) != RD_KAFKA_EVENT_FETCH) { /* It was at the end. */
        rd_kafka_event_destroy(event);
        event = rd_kafka_queue_poll(own, CONSUME_TIMEOUT_MS);
    }
    assert_non_null(event);
    rd_kafka_message_t *message = consume_next(&fixture);
    destroy_soon(0);
    consume_check_text(rd_kafka_event_message_next(event));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(own);
    rd_kafka_queue_destroy(partition_queue);
    rd_kafka_queue_destroy(consumer_queue);
    rd_kafka_message_destroy(message);
    assert_string_equal(rd_kafka_topic_name(topic), "t");
    rd_kafka_topic_destroy(topic);
}

static void test_older_calls(void **state)
{
    (void)state;
    consume_start_plain(&fixture, NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(fixture.rk);
    assert_int_equal(rd_kafka_consume_start_queue(topic, 0, 0, queue), 0);
    assert_int_equal(rd_kafka_consume_start(topic, 1, 0), 0);
    rd_kafka_message_t *message = rd_kafka_consume_queue(queue, CONSUME_TIMEOUT_MS);
    assert_non_null(message);
    destroy_soon(0); /* Not stopped, nor the queue given back. */
    rd_kafka_message_destroy(message);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(topic);
}

/* At whatever moment. */
static void test_after_a_random_time(void **state)
{
    static const int64_t offsets[] = {0, RD_KAFKA_OFFSET_END, RD_KAFKA_OFFSET_TAIL(5), 100000};
    (void)state;
    srand(3);
    for (int i = 0; i < 40; i++) {
        consume_start(&fixture, NULL);
        consume_assign(&fixture, "t", PARTITIONS, offsets[i % 4]);
        uint64_t until_us = rk_clock_now_us() + (uint64_t)(rand() % 30000);
        while (rk_clock_now_us() < until_us) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 1);
            if (message)
                rd_kafka_message_destroy(message);
        }
        if (i % 3 == 0)
            assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
        destroy_soon(i % 3 == 1 ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0);
    }
}

static void test_brokers_are_down(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    rd_kafka_mock_broker_set_down(fixture.cluster, 2);
    consume_assign(&fixture, "t", PARTITIONS, RD_KAFKA_OFFSET_END);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 100);
    assert_null(message);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
    destroy_soon(0);
}

/* Brokers that do not answer. */
static void test_brokers_are_slow(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    rd_kafka_mock_broker_set_rtt(fixture.cluster, -1, 60000);
    consume_assign(&fixture, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 100);
    assert_null(message);
    destroy_soon(0);
    rd_kafka_mock_broker_set_rtt(fixture.cluster, -1, 0);
}

static void test_nothing_was_ever_there(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    destroy_soon(0);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "nobody", 2, RD_KAFKA_OFFSET_TAIL(1));
    destroy_soon(0);
}

static void test_after_a_fatal_error(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", PARTITIONS, 0);
    rd_kafka_message_destroy(consume_next(&fixture));
    assert_int_equal(
        rd_kafka_test_fatal_error(fixture.rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "test"), 0);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    destroy_soon(0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_messages_are_held),
        TEST(test_everything_is_held),
        TEST(test_older_calls),
        TEST(test_after_a_random_time),
        TEST(test_brokers_are_down),
        TEST(test_brokers_are_slow),
        TEST(test_nothing_was_ever_there),
        TEST(test_after_a_fatal_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
