/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Producing to the built-in mock cluster while it misbehaves: each message gets one report, what is
 * reported as delivered can be consumed, once where no attempt was uncertain, and in order with one
 * request in flight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rdkafka.h"
#include "rdkafka_mock.h"

enum { PRODUCE = 0, METADATA = 3, PARTITIONS = 4, MAX_MESSAGES = 5000, TIMEOUT_MS = 20000 };

static rd_kafka_t *producer;
static rd_kafka_mock_cluster_t *cluster;
static int produced;
static struct {
    int reports;
    rd_kafka_resp_err_t err;
    rd_kafka_msg_status_t status;
    int32_t partition;
    int64_t offset;
    int times_consumed;
    bool is_where_reported;
} messages[MAX_MESSAGES];

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    intptr_t number = (intptr_t)message->_private;
    (void)rk;
    (void)opaque;
    messages[number].reports++;
    messages[number].err = message->err;
    messages[number].status = rd_kafka_message_status(message);
    messages[number].partition = message->partition;
    messages[number].offset = message->offset;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    set(conf, "retry.backoff.ms", "10");
    set(conf, "retry.backoff.max.ms", "50");
    set(conf, "reconnect.backoff.ms", "10");
    set(conf, "reconnect.backoff.max.ms", "50");
    set(conf, "topic.metadata.refresh.fast.interval.ms", "20");
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

/* Pairs of property and value up to NULL. */
static void start(const char *name, ...)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    va_list arguments;
    memset(messages, 0, sizeof(messages));
    produced = 0;
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    set(conf, "test.mock.num.brokers", "3");
    set(conf, "linger.ms", "1");
    set(conf, "message.timeout.ms", "15000");
    va_start(arguments, name);
    for (; name; name = va_arg(arguments, const char *))
        set(conf, name, va_arg(arguments, const char *));
    va_end(arguments);
    producer = new_client(RD_KAFKA_PRODUCER, conf);
    cluster = rd_kafka_handle_mock_cluster(producer);
    assert_non_null(cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "t", PARTITIONS, 3), 0);
}

static int tear_down(void **state)
{
    (void)state;
    if (producer)
        rd_kafka_destroy(producer);
    producer = NULL;
    return 0;
}

/* Message `number` to partition number % PARTITIONS. */
static void produce(int count)
{
    char text[16];
    for (int i = 0; i < count; i++, produced++) {
        snprintf(text, sizeof(text), "%d", produced);
        assert_int_equal(
            rd_kafka_producev(
                producer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(produced % PARTITIONS),
                RD_KAFKA_V_VALUE(text, strlen(text)), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                RD_KAFKA_V_OPAQUE((void *)(intptr_t)produced), RD_KAFKA_V_END),
            0);
        if (i % 20 == 0)
            rd_kafka_poll(producer, 0);
    }
}

/* All reports are there, one each; how many say that all went well. */
static int finish(void)
{
    int delivered = 0;
    assert_int_equal(rd_kafka_flush(producer, TIMEOUT_MS), 0);
    assert_int_equal(rd_kafka_outq_len(producer), 0);
    for (int i = 0; i < produced; i++) {
        assert_int_equal(messages[i].reports, 1);
        if (!messages[i].err) {
            delivered++;
            assert_int_equal(messages[i].status, RD_KAFKA_MSG_STATUS_PERSISTED);
        }
    }
    return delivered;
}

static void note_consumed(const rd_kafka_message_t *message, int *last, bool in_order)
{
    char text[16] = {0};
    assert_true(message->len < sizeof(text));
    memcpy(text, message->payload, message->len);
    int number = atoi(text);
    assert_in_range(number, 0, produced - 1);
    assert_int_equal(message->partition, number % PARTITIONS);
    if (in_order && messages[number].times_consumed == 0)
        assert_true(number > last[message->partition]);
    last[message->partition] = number;
    messages[number].times_consumed++;
    messages[number].is_where_reported |= messages[number].offset == message->offset;
}

/* Reads the topic from its beginning to its end. */
static void consume(bool in_order)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int ends = 0, last[PARTITIONS] = {-1, -1, -1, -1};
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster));
    set(conf, "group.id", "g");
    set(conf, "enable.partition.eof", "true");
    set(conf, "auto.offset.reset", "earliest");
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, "t", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    uint64_t deadline_us = rk_clock_now_us() + (uint64_t)TIMEOUT_MS * 1000;
    while (ends < PARTITIONS) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        assert_true(rk_clock_now_us() < deadline_us);
        if (!message)
            continue;
        if (!message->err)
            note_consumed(message, last, in_order);
        else
            ends += message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy(consumer);
}

/* Delivered: at least once. Not persisted: not at all. */
static void check_consumed(bool exactly_once)
{
    for (int i = 0; i < produced; i++) {
        if (!messages[i].err)
            assert_true(messages[i].is_where_reported);
        if (messages[i].status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
            assert_int_equal(messages[i].times_consumed, 0);
        if (exactly_once)
            assert_true(messages[i].times_consumed <= 1);
    }
}

/* Tests */

static void test_nothing_wrong(void **state)
{
    (void)state;
    start("compression.codec", "gzip", NULL);
    produce(1000);
    assert_int_equal(finish(), 1000);
    consume(true);
    check_consumed(true);
}

/* Refusals that pass: no attempt was written, so each is there once. */
static void test_retriable_errors(void **state)
{
    (void)state;
    start("max.in.flight", "1", NULL);
    for (int round = 0; round < 10; round++) {
        rd_kafka_mock_push_request_errors(
            cluster, PRODUCE, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NO_ERROR,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
        produce(100);
        rd_kafka_poll(producer, 10);
    }
    assert_int_equal(finish(), 1000);
    consume(true);
    check_consumed(true);
}

/* Connections that are closed instead of answers. */
static void test_connections_close(void **state)
{
    (void)state;
    start("max.in.flight", "1", NULL);
    for (int round = 0; round < 5; round++) {
        rd_kafka_mock_push_request_errors(cluster, PRODUCE, 3, RD_KAFKA_RESP_ERR__TRANSPORT,
                                          RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__TRANSPORT);
        produce(100);
        rd_kafka_poll(producer, 20);
    }
    assert_int_equal(finish(), 500);
    consume(true);
    check_consumed(false);
}

static void test_permanent_errors(void **state)
{
    (void)state;
    start("linger.ms", "0", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    for (int partition = 0; partition < PARTITIONS; partition++)
        rd_kafka_mock_partition_push_request_errors(cluster, "t", partition, PRODUCE, 1,
                                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    produce(PARTITIONS);
    assert_int_equal(finish(), 100);
    for (int i = 100; i < 100 + PARTITIONS; i++) {
        assert_int_equal(messages[i].err, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
        assert_int_equal(messages[i].status, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    }
    produce(100);
    assert_int_equal(finish(), 200);
    consume(true);
    check_consumed(true);
}

/* Not written in time, by the broker's word: may be there all the same. */
static void test_retries_run_out(void **state)
{
    (void)state;
    start("retries", "2", "linger.ms", "50", NULL);
    rd_kafka_mock_partition_push_request_errors(
        cluster, "t", 0, PRODUCE, 3, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    produce(PARTITIONS);
    assert_int_equal(finish(), PARTITIONS - 1);
    assert_int_equal(messages[0].err, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    assert_int_equal(messages[0].status, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
}

static void test_leaders_move(void **state)
{
    (void)state;
    start("max.in.flight", "1", NULL);
    for (int round = 0; round < 20; round++) {
        produce(50);
        for (int partition = 0; partition < PARTITIONS; partition++)
            rd_kafka_mock_partition_set_leader(cluster, "t", partition,
                                               1 + (round + partition) % 3);
        if (round % 4 == 0)
            rd_kafka_poll(producer, 20);
    }
    assert_int_equal(finish(), 1000);
    consume(true);
    check_consumed(true);
}

static void test_no_leader(void **state)
{
    (void)state;
    start("message.timeout.ms", "5000", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    rd_kafka_mock_partition_set_leader(cluster, "t", 0, -1);
    produce(PARTITIONS);
    assert_int_equal(finish(), 100 + PARTITIONS - 1);
    assert_int_equal(messages[100].err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    assert_int_equal(messages[100].status, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    rd_kafka_mock_partition_set_leader(cluster, "t", 0, 2);
    produce(100);
    assert_int_equal(finish(), 200 + PARTITIONS - 1);
    consume(true);
    check_consumed(true);
}

static void test_brokers_go_and_come(void **state)
{
    (void)state;
    start("max.in.flight", "1", NULL);
    for (int round = 0; round < 6; round++) {
        int32_t broker = 1 + round % 3;
        produce(100);
        assert_int_equal(rd_kafka_mock_broker_set_down(cluster, broker), 0);
        produce(100);
        rd_kafka_poll(producer, 100);
        assert_int_equal(rd_kafka_mock_broker_set_up(cluster, broker), 0);
    }
    assert_int_equal(finish(), 1200);
    consume(true);
    check_consumed(false);
}

static void test_all_brokers_are_down(void **state)
{
    (void)state;
    start("message.timeout.ms", "5000", "linger.ms", "0", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    for (int32_t broker = 1; broker <= 3; broker++)
        rd_kafka_mock_broker_set_down(cluster, broker);
    produce(100);
    assert_int_equal(finish(), 100);
    for (int i = 100; i < 200; i++)
        assert_int_equal(messages[i].err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    for (int32_t broker = 1; broker <= 3; broker++)
        rd_kafka_mock_broker_set_up(cluster, broker);
    produce(100);
    assert_int_equal(finish(), 200);
    consume(true);
    check_consumed(false);
}

/* A decommissioned broker's partitions are led by others. */
static void test_broker_is_gone(void **state)
{
    (void)state;
    start("max.in.flight", "1", NULL);
    produce(200);
    assert_int_equal(rd_kafka_mock_broker_decommission(cluster, 2), 0);
    produce(200);
    assert_int_equal(finish(), 400);
    assert_int_equal(rd_kafka_mock_broker_add(cluster, 7), 0);
    for (int partition = 0; partition < PARTITIONS; partition++)
        rd_kafka_mock_partition_set_leader(cluster, "t", partition, 7);
    produce(200);
    assert_int_equal(finish(), 600);
    consume(true);
    check_consumed(false);
}

static void test_slow_brokers(void **state)
{
    (void)state;
    start("linger.ms", "0", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    rd_kafka_mock_broker_set_rtt(cluster, -1, 200);
    uint64_t start_us = rk_clock_now_us();
    for (int i = 0; i < 10; i++) {
        produce(PARTITIONS);
        rd_kafka_poll(producer, 5);
    }
    assert_int_equal(finish(), 100 + 10 * PARTITIONS);
    assert_true(rk_clock_now_us() - start_us >= 200000);
    rd_kafka_mock_broker_set_rtt(cluster, -1, 0);
    consume(true);
    check_consumed(true);
}

static size_t requests_seen(void)
{
    size_t count;
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(cluster, &count);
    rd_kafka_mock_request_destroy_array(requests, count);
    return count;
}

/* Requests do not wait for each other's answers, which do not come here as long as a test lasts. */
static void test_requests_overlap(void **state)
{
    (void)state;
    start("linger.ms", "0", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    rd_kafka_mock_broker_set_rtt(cluster, -1, 600000);
    rd_kafka_mock_start_request_tracking(cluster);
    for (int i = 0; i < 5; i++) {
        size_t before = requests_seen();
        produce(1);
        while (requests_seen() == before)
            rd_kafka_poll(producer, 1);
    }
}

/* Answers later than requests may take. */
static void test_answers_too_late(void **state)
{
    (void)state;
    start("request.timeout.ms", "300", "socket.timeout.ms", "300", "max.in.flight", "1", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    for (int32_t broker = 1; broker <= 3; broker++)
        rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, PRODUCE, 1,
                                                     RD_KAFKA_RESP_ERR_NO_ERROR, 3000);
    produce(100);
    assert_int_equal(finish(), 200);
    consume(true);
    check_consumed(false);
}

/* Deleted and made again, with another id: what is produced meanwhile arrives or has an error. */
static void test_topic_is_made_again(void **state)
{
    (void)state;
    start("max.in.flight", "1", NULL);
    produce(100);
    assert_int_equal(finish(), 100);
    for (int round = 0; round < 3; round++) {
        int first = produced;
        assert_int_equal(rd_kafka_mock_topic_delete(cluster, "t"), 0);
        produce(100);
        rd_kafka_poll(producer, 30);
        rd_kafka_mock_topic_create(cluster, "t", PARTITIONS, 3); /* Unless it made itself. */
        produce(100);
        finish();
        for (int i = first + 100; i < produced; i++)
            assert_int_equal(messages[i].err, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_wrong),
        TEST(test_retriable_errors),
        TEST(test_connections_close),
        TEST(test_permanent_errors),
        TEST(test_retries_run_out),
        TEST(test_leaders_move),
        TEST(test_no_leader),
        TEST(test_brokers_go_and_come),
        TEST(test_all_brokers_are_down),
        TEST(test_broker_is_gone),
        TEST(test_slow_brokers),
        TEST(test_requests_overlap),
        TEST(test_answers_too_late),
        TEST(test_topic_is_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
