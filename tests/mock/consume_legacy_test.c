/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_consume_start() and what goes with it: partitions consumed one by one, without a group.
 */
#include "support/consume_fixture.h"

#include <errno.h>
#include <string.h>

static struct consume_fixture fixture;
static rd_kafka_topic_t *topic;

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 1);
    consume_add_topic(&fixture, "t", 2);
    consume_fill_all(&fixture, "t", 2, 30);
    consume_start_plain(&fixture, NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rd_kafka_topic_destroy(topic);
    consume_end(&fixture);
    return 0;
}

static void expect(int32_t partition, int64_t offset)
{
    rd_kafka_message_t *message = rd_kafka_consume(topic, partition, CONSUME_TIMEOUT_MS);
    assert_non_null(message);
    assert_int_equal(message->err, 0);
    assert_int_equal(message->partition, partition);
    assert_int_equal(message->offset, offset);
    consume_check_text(message);
    rd_kafka_message_destroy(message);
}

static void test_one_by_one(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_consume_start(topic, 0, 10), 0);
    assert_int_equal(rd_kafka_consume_start(topic, 1, RD_KAFKA_OFFSET_TAIL(2)), 0);
    expect(0, 10);
    expect(1, 28);
    expect(0, 11);
    expect(1, 29);
    assert_null(rd_kafka_consume(topic, 1, 50));
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(rd_kafka_seek(topic, 0, 3, CONSUME_TIMEOUT_MS), 0);
    expect(0, 3);
    assert_int_equal(consume_position(&fixture, "t", 0), 4);
    assert_int_equal(rd_kafka_consume_stop(topic, 0), 0);
    assert_int_equal(rd_kafka_seek(topic, 0, 3, CONSUME_TIMEOUT_MS), RD_KAFKA_RESP_ERR__STATE);
    assert_null(rd_kafka_consume(topic, 0, 50));
    assert_int_equal(rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING), 0);
    expect(0, 0);
    /* Started again: from there. */
    assert_int_equal(rd_kafka_consume_start(topic, 0, 20), 0);
    expect(0, 20);
    assert_int_equal(rd_kafka_consume_stop(topic, 0), 0);
    assert_int_equal(rd_kafka_consume_stop(topic, 1), 0);
}

static void expect_failure(int result, rd_kafka_resp_err_t err, int error_number)
{
    int found = errno;
    assert_int_equal(result, -1);
    assert_int_equal(rd_kafka_last_error(), err);
    assert_int_equal(found, error_number);
}

static void test_what_is_refused(void **state)
{
    rd_kafka_message_t *messages[1];
    (void)state;
    expect_failure(rd_kafka_consume_start(topic, -1, 0), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                   ESRCH);
    expect_failure(rd_kafka_consume_start(topic, 0, -7), RD_KAFKA_RESP_ERR__INVALID_ARG, EINVAL);
    expect_failure(rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_STORED),
                   RD_KAFKA_RESP_ERR__INVALID_ARG, EINVAL);
    expect_failure(rd_kafka_consume_stop(topic, RD_KAFKA_PARTITION_UA),
                   RD_KAFKA_RESP_ERR__INVALID_ARG, EINVAL);
    expect_failure(rd_kafka_consume_stop(topic, 1), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ESRCH);
    assert_null(rd_kafka_consume(topic, 7, 0));
    assert_int_equal(errno, ESRCH);
    expect_failure((int)rd_kafka_consume_batch(topic, 7, 0, messages, 1),
                   RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ESRCH);
    expect_failure(rd_kafka_consume_callback(topic, 7, 0, NULL, NULL),
                   RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ESRCH);
    assert_int_equal(rd_kafka_seek(topic, RD_KAFKA_PARTITION_UA, 0, 0),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rd_kafka_seek(topic, 77, 0, 0), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(rd_kafka_offset_store(topic, 77, 0), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
}

static void test_batch(void **state)
{
    rd_kafka_message_t *messages[50];
    (void)state;
    assert_int_equal(rd_kafka_consume_start(topic, 0, 0), 0);
    assert_int_equal(rd_kafka_consume_batch(topic, 0, CONSUME_TIMEOUT_MS, messages, 20), 20);
    for (ssize_t count = 20; count < 30;) { /* As many as there are when its time is over. */
        ssize_t more = rd_kafka_consume_batch(topic, 0, 300, messages + count, 20);
        assert_true(more >= 0);
        count += more;
    }
    for (int i = 0; i < 30; i++) {
        assert_int_equal(messages[i]->offset, i);
        rd_kafka_message_destroy(messages[i]);
    }
}

struct callback {
    int count, yield_at;
};

static void on_message(rd_kafka_message_t *message, void *opaque)
{
    struct callback *callback = opaque;
    assert_int_equal(message->offset, callback->count);
    if (++callback->count == callback->yield_at)
        rd_kafka_yield(fixture.rk);
}

static void test_callback(void **state)
{
    struct callback callback = {.yield_at = 5};
    (void)state;
    assert_int_equal(rd_kafka_consume_start(topic, 0, 0), 0);
    while (callback.count < 5)
        assert_true(rd_kafka_consume_callback(topic, 0, CONSUME_TIMEOUT_MS, on_message, &callback) >
                    0);
    assert_int_equal(callback.count, 5);
    while (callback.count < 30)
        rd_kafka_consume_callback(topic, 0, CONSUME_TIMEOUT_MS, on_message, &callback);
    assert_int_equal(rd_kafka_consume_callback(topic, 0, 50, on_message, &callback), 0);
}

static void test_callback_has_a_limit(void **state)
{
    struct callback callback = {0};
    char text[64];
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    (void)state;
    consume_add_topic(&fixture, "limited", 1);
    consume_fill(&fixture, "limited", 0, 0, 30);
    assert_int_equal(
        rd_kafka_topic_conf_set(conf, "consume.callback.max.messages", "4", text, sizeof(text)),
        RD_KAFKA_CONF_OK);
    rd_kafka_topic_t *limited = rd_kafka_topic_new(fixture.rk, "limited", conf);
    assert_int_equal(rd_kafka_consume_start(limited, 0, 0), 0);
    while (callback.count < 30) {
        int count =
            rd_kafka_consume_callback(limited, 0, CONSUME_TIMEOUT_MS, on_message, &callback);
        assert_in_range(count, 1, 4);
    }
    rd_kafka_topic_destroy(limited);
}

static void test_two_partitions_in_a_queue(void **state)
{
    int64_t next[2] = {0};
    (void)state;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(fixture.rk);
    assert_int_equal(rd_kafka_consume_start_queue(topic, 0, 0, queue), 0);
    assert_int_equal(rd_kafka_consume_start_queue(topic, 1, 0, queue), 0);
    for (int i = 0; i < 60; i++) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(queue, CONSUME_TIMEOUT_MS);
        assert_non_null(message);
        assert_int_equal(message->offset, next[message->partition]++);
        rd_kafka_message_destroy(message);
    }
    assert_int_equal(rd_kafka_seek(topic, 0, 0, CONSUME_TIMEOUT_MS), 0);
    struct callback callback = {0};
    while (callback.count < 30)
        rd_kafka_consume_callback_queue(queue, CONSUME_TIMEOUT_MS, on_message, &callback);
    assert_int_equal(rd_kafka_consume_stop(topic, 0), 0);
    assert_int_equal(rd_kafka_consume_stop(topic, 1), 0);
    assert_null(rd_kafka_consume_queue(queue, 50));
    rd_kafka_queue_destroy(queue);
}

/* What was fetched and not taken does not come after the stop, nor after a new start. */
static void test_stop_drops(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rd_kafka_consume_start(topic, 0, i), 0);
        expect(0, i);
        assert_int_equal(rd_kafka_consume_stop(topic, 0), 0);
        assert_null(rd_kafka_consume(topic, 0, 0));
    }
}

static void test_offsets_of_brokers(void **state)
{
    int64_t low = -5, high = -5;
    (void)state;
    assert_int_equal(rd_kafka_get_watermark_offsets(fixture.rk, "t", 0, &low, &high),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(
        rd_kafka_query_watermark_offsets(fixture.rk, "t", 0, &low, &high, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(low, 0);
    assert_int_equal(high, 30);
    assert_int_equal(
        rd_kafka_query_watermark_offsets(fixture.rk, "t", 0, NULL, NULL, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(
        rd_kafka_query_watermark_offsets(fixture.rk, "t", 9, &low, &high, CONSUME_TIMEOUT_MS),
        RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    rd_kafka_topic_partition_list_add(list, "t", 1)->offset = INT64_C(9999999999999);
    assert_int_equal(rd_kafka_offsets_for_times(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(list->elems[0].err, 0);
    assert_int_equal(list->elems[0].offset, 0);
    assert_int_equal(list->elems[1].offset, RD_KAFKA_OFFSET_END);
    list->cnt = 0;
    assert_int_equal(rd_kafka_offsets_for_times(fixture.rk, list, 1000),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    list->cnt = 2;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    assert_int_equal(rd_kafka_query_watermark_offsets(fixture.rk, "t", 0, &low, &high, 200) != 0,
                     1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_one_by_one),
        TEST(test_what_is_refused),
        TEST(test_batch),
        TEST(test_callback),
        TEST(test_callback_has_a_limit),
        TEST(test_two_partitions_in_a_queue),
        TEST(test_stop_drops),
        TEST(test_offsets_of_brokers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
