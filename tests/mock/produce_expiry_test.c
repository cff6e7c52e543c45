/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.timeout.ms, wherever a message is when its time is over.
 */
#include "support/produce_fixture.h"

#include <stdio.h>
#include <string.h>

static struct produce_fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 2);
    scripted_add_topic(fixture.cluster, "t", 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void expect_expired(int count, rd_kafka_msg_status_t status)
{
    fixture_wait(&fixture, count);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, status);
    fixture_expect_each_once(&fixture, count);
    for (int i = 0; i < count; i++)
        assert_in_range(fixture.reports[i].latency_us, 290 * 1000, 5000 * 1000);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_no_broker(void **state)
{
    (void)state;
    scripted_set_up(fixture.cluster, 0, false);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 50);
    fixture_produce_many(&fixture, "u", RD_KAFKA_PARTITION_UA, 50, 50);
    expect_expired(100, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

static void test_no_topic(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", NULL);
    fixture_produce_many(&fixture, "u", RD_KAFKA_PARTITION_UA, 0, 50);
    fixture_produce_many(&fixture, "v", 3, 50, 50);
    expect_expired(100, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

static void test_no_leader(void **state)
{
    (void)state;
    scripted_set_leader(fixture.cluster, "t", 0, -1);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 50);
    expect_expired(50, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

/* A leader that cannot be reached. */
static void test_leader_down(void **state)
{
    (void)state;
    scripted_set_up(fixture.cluster, 1, false);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", NULL);
    fixture_produce_many(&fixture, "t", 1, 0, 50);
    expect_expired(50, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

static enum scripted_fate be_silent(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    produce->answer->responses.items[0].partition_responses.items[0].error_code =
        RD_KAFKA_RESP_ERR_UNKNOWN; /* Not appended. */
    return SCRIPTED_SILENCE;
}

/* Sent, and never answered. */
static void test_in_flight(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, be_silent, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", "linger.ms", "5", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 50);
    expect_expired(50, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
}

static enum scripted_fate hold(struct scripted_produce *produce, void *opaque)
{
    (void)produce;
    (void)opaque;
    return SCRIPTED_HOLD;
}

/* The answer comes after the report. */
static void test_late_answer(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hold, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", "max.in.flight", "1",
                  NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    expect_expired(10, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    scripted_set_hook(fixture.cluster, NULL, NULL);
    scripted_release(fixture.cluster);
    fixture_produce_many(&fixture, "t", 0, 10, 10);
    fixture_wait(&fixture, 20);
    fixture_expect_outcome(&fixture, 10, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, 20);
}

/* Not written, or not whole: reported only when nobody writes it any more. */
static void test_unwritten(void **state)
{
    (void)state;
    static char value[200000];
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "600", "linger.ms", "0",
                  "socket.send.buffer.bytes", "20000", "reconnect.backoff.ms", "10",
                  "message.copy.max.bytes", "0", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    scripted_set_reading(fixture.cluster, 0, false);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 1; i < 31; i++)
        assert_int_equal(
            rd_kafka_produce(topic, 0, 0, value, sizeof(value), NULL, 0, (void *)(intptr_t)i), 0);
    fixture_wait(&fixture, 31);
    for (int i = 1; i < 31; i++)
        assert_int_equal(fixture.reports[i].err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    memset(value, 'x', sizeof(value)); /* Ours again. */
    fixture_expect_each_once(&fixture, 31);
    scripted_set_reading(fixture.cluster, 0, true);
    fixture_produce_many(&fixture, "t", 0, 31, 1);
    fixture_wait(&fixture, 32);
    assert_int_equal(fixture.reports[31].err, 0);
    rd_kafka_topic_destroy(topic);
}

/* Of a batch that was never sent only what has expired goes, whichever kind its records are. */
static void test_exact_prefix(void **state)
{
    (void)state;
    static char large[80000];
    scripted_set_leader(fixture.cluster, "t", 0, -1);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "1000", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 0; i < 40; i++) {
        bool is_large = i % 5 == 2;
        assert_int_equal(rd_kafka_produce(topic, 0, 0, large, is_large ? sizeof(large) : 10, "k",
                                          i % 2, (void *)(intptr_t)i),
                         0);
        if (i % 10 == 9)
            fixture_poll(&fixture, 300);
    }
    assert_in_range(fixture.report_count, 1, 30); /* The first ten have 1200 ms. */
    fixture_expect_each_once(&fixture, fixture.report_count);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    for (int i = 0; i < fixture.report_count; i++)
        assert_in_range(fixture.reports[i].latency_us, 990 * 1000, 3000 * 1000);
    int expired = fixture.report_count;
    scripted_set_leader(fixture.cluster, "t", 0, 0);
    fixture_wait(&fixture, 40);
    fixture_expect_each_once(&fixture, 40);
    int delivered = 0;
    for (int i = expired; i < 40; i++)
        delivered += !fixture.reports[i].err;
    assert_int_equal(scripted_record_count(fixture.cluster, "t", 0), delivered);
    assert_true(delivered > 0);
    for (int i = 0; i < delivered; i++) {
        const struct scripted_record *record = scripted_record_at(fixture.cluster, "t", 0, i);
        int number = 40 - delivered + i;
        assert_int_equal(record->value_size, number % 5 == 2 ? sizeof(large) : 10);
        assert_int_equal(record->key_size, number % 2);
    }
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    rd_kafka_topic_destroy(topic);
}

static enum scripted_fate refuse(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    produce->answer->responses.items[0].partition_responses.items[0].error_code =
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT;
    return SCRIPTED_ANSWER;
}

/* A batch that is retried over and over ends with its time. */
static void test_between_retries(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, refuse, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", "retry.backoff.ms", "50",
                  "retry.backoff.max.ms", "60", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 20);
    expect_expired(20, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
}

/* Each topic its own. */
static void test_of_the_topic(void **state)
{
    (void)state;
    scripted_set_up(fixture.cluster, 0, false);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "60000", NULL);
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    assert_int_equal(rd_kafka_topic_conf_set(conf, "message.timeout.ms", "300", NULL, 0), 0);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", conf);
    fixture_produce_many(&fixture, "u", 0, 100, 10);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_wait(&fixture, 10);
    fixture_expect_each_once(&fixture, 10);
    fixture_poll(&fixture, 200);
    assert_int_equal(fixture.report_count, 10);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 10);
    rd_kafka_topic_destroy(topic);
}

static void test_never(void **state)
{
    (void)state;
    scripted_set_leader(fixture.cluster, "t", 0, -1);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "0", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_produce_many(&fixture, "u", 0, 0, 10);
    fixture_poll(&fixture, 400);
    assert_int_equal(fixture.report_count, 0);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_no_broker),    TEST(test_no_topic),     TEST(test_no_leader),
        TEST(test_leader_down),  TEST(test_in_flight),    TEST(test_late_answer),
        TEST(test_unwritten),    TEST(test_exact_prefix), TEST(test_between_retries),
        TEST(test_of_the_topic), TEST(test_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
