/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.timeout.ms, wherever a message is when its time is over.
 */
#include "support/produce_fixture.h"

#include <stdio.h>
#include <string.h>

static struct produce_fixture fixture;

enum { PARTITIONS = 8, LATE_US = 9000000 };

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 2);
    scripted_add_topic(fixture.cluster, "t", PARTITIONS);
    scripted_add_topic(fixture.cluster, "short", 4);
    return 0;
}

/* Messages for the topic "short" have so long, all others for ever. */
static rd_kafka_topic_t *new_short_topic(const char *timeout_ms)
{
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    assert_int_equal(rd_kafka_topic_conf_set(conf, "message.timeout.ms", timeout_ms, NULL, 0), 0);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "short", conf);
    assert_non_null(topic);
    return topic;
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
        assert_in_range(fixture.reports[i].latency_us, 290 * 1000, LATE_US);
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

/* Something was delivered; from now on the hook says what becomes of it. */
static rd_kafka_topic_t *start_connected(scripted_produce_hook *hook)
{
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "0", "linger.ms", "5",
                  "max.in.flight", "1", "retry.backoff.ms", "50", "retry.backoff.max.ms", "60",
                  NULL);
    rd_kafka_topic_t *topic = new_short_topic("300");
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    scripted_set_hook(fixture.cluster, hook, NULL);
    return topic;
}

/* A message that is sent expires; again when all stood still, and it was not sent in time. */
static void expire_in_flight(void)
{
    int requests = scripted_request_count(fixture.cluster, RK_API_PRODUCE);
    const struct noted_report *report;
    do {
        int count = fixture.report_count;
        assert_int_equal(fixture_produce(&fixture, "short", 0, "x", count), 0);
        fixture_wait(&fixture, count + 1);
        report = &fixture.reports[count];
        assert_int_equal(report->err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
        assert_in_range(report->latency_us, 290 * 1000, LATE_US);
    } while (report->status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED &&
             scripted_request_count(fixture.cluster, RK_API_PRODUCE) == requests);
    assert_int_equal(report->status, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

/* Sent, and never answered. */
static void test_in_flight(void **state)
{
    (void)state;
    rd_kafka_topic_t *topic = start_connected(be_silent);
    expire_in_flight();
    fixture_expect_each_once(&fixture, fixture.report_count);
    rd_kafka_topic_destroy(topic);
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
    rd_kafka_topic_t *topic = start_connected(hold);
    expire_in_flight();
    int count = fixture.report_count;
    scripted_set_hook(fixture.cluster, NULL, NULL);
    scripted_release(fixture.cluster);
    fixture_produce_many(&fixture, "t", 0, count, 10);
    fixture_wait(&fixture, count + 10);
    fixture_expect_outcome(&fixture, count, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, count + 10);
    rd_kafka_topic_destroy(topic);
}

/* Not written, or not whole: reported only when nobody writes it any more. */
static void test_unwritten(void **state)
{
    (void)state;
    static char value[200000];
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "0", "linger.ms", "0",
                  "socket.send.buffer.bytes", "20000", "reconnect.backoff.ms", "10",
                  "message.copy.max.bytes", "0", NULL);
    rd_kafka_topic_t *topic = new_short_topic("600");
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    while (!rd_kafka_topic_partition_available(topic, 0))
        fixture_poll(&fixture, 5);
    scripted_set_reading(fixture.cluster, 0, false);
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

/* Of a batch that was never sent only what has expired goes, whichever kind its records are. False
 * when everything has expired, for the machine stood still. */
static bool cut_prefix(rd_kafka_topic_t *topic, int32_t partition)
{
    static char large[80000];
    fixture.report_count = 0;
    for (int i = 0; i < 40; i++) {
        bool is_large = i % 5 == 2;
        assert_int_equal(rd_kafka_produce(topic, partition, 0, large, is_large ? sizeof(large) : 10,
                                          "k", i % 2, (void *)(intptr_t)i),
                         0);
        if (i % 10 == 9)
            fixture_poll(&fixture, 300);
    }
    while (fixture.report_count == 0) /* The first ten have had 1200 ms. */
        fixture_poll(&fixture, 1);
    int expired = fixture.report_count;
    fixture_expect_each_once(&fixture, expired);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    for (int i = 0; i < expired; i++)
        assert_in_range(fixture.reports[i].latency_us, 990 * 1000, LATE_US);
    scripted_set_leader(fixture.cluster, "t", partition, 0);
    fixture_wait(&fixture, 40);
    fixture_expect_each_once(&fixture, 40);
    /* A batch may expire when it has been sent, on a machine that stands still. */
    int delivered = 0, sent = 0;
    for (int i = expired; i < 40; i++) {
        delivered += !fixture.reports[i].err;
        sent += fixture.reports[i].status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    }
    int stored = scripted_record_count(fixture.cluster, "t", partition);
    assert_in_range(stored, delivered, sent);
    for (int i = 0; stored == sent && i < stored; i++) {
        const struct scripted_record *record =
            scripted_record_at(fixture.cluster, "t", partition, i);
        int number = 40 - sent + i;
        assert_int_equal(record->value_size, number % 5 == 2 ? sizeof(large) : 10);
        assert_int_equal(record->key_size, number % 2);
    }
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    return delivered > 0;
}

static void test_exact_prefix(void **state)
{
    (void)state;
    bool is_cut = false;
    for (int p = 0; p < PARTITIONS; p++)
        scripted_set_leader(fixture.cluster, "t", p, -1);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "1000", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int p = 0; p < PARTITIONS && !is_cut; p++)
        is_cut = cut_prefix(topic, p);
    assert_true(is_cut);
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
    rd_kafka_topic_t *topic = start_connected(refuse);
    expire_in_flight();
    rd_kafka_topic_destroy(topic);
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
