/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_flush and rd_kafka_purge.
 */
#include "support/produce_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct produce_fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 1);
    scripted_add_topic(fixture.cluster, "t", 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

/* Flush */

static void test_flush_ignores_linger(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", NULL);
    for (int p = 0; p < 4; p++)
        fixture_produce_many(&fixture, "t", p, 100 * p, 100);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, 400);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    fixture_produce_many(&fixture, "t", 0, 400, 1); /* Linger counts again. */
    fixture_poll(&fixture, 300);
    assert_int_equal(fixture.report_count, 400);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, 401);
}

static void test_flush_of_nothing(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    assert_int_equal(rd_kafka_flush(fixture.rk, 600000), 0); /* Longer than a test may take. */
    assert_int_equal(rd_kafka_flush(fixture.rk, 0), 0);
    assert_int_equal(rd_kafka_flush(fixture.rk, -1), 0);
}

static enum scripted_fate hold(struct scripted_produce *produce, void *opaque)
{
    (void)produce;
    (void)opaque;
    return SCRIPTED_HOLD;
}

static void test_flush_times_out(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hold, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    int64_t start_ms = fixture_now_ms();
    assert_int_equal(rd_kafka_flush(fixture.rk, 300), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_true(fixture_now_ms() - start_ms >= 290);
    assert_int_equal(rd_kafka_flush(fixture.rk, 0), RD_KAFKA_RESP_ERR__TIMED_OUT);
    scripted_set_hook(fixture.cluster, NULL, NULL);
    scripted_release(fixture.cluster);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, 10);
}

/* At least one look, even without time. */
static void test_flush_zero_serves(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    int64_t until_ms = fixture_now_ms() + 10000;
    while (rd_kafka_flush(fixture.rk, 0) && fixture_now_ms() < until_ms)
        ;
    assert_int_equal(fixture.report_count, 1);
}

static void yield_now(struct produce_fixture *self, const rd_kafka_message_t *message)
{
    (void)message;
    if (self->report_count == 5)
        rd_kafka_yield(self->rk);
}

static void test_flush_stops_on_yield(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "1000", NULL);
    fixture.on_report = yield_now;
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_int_equal(fixture.report_count, 5);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, 10);
}

static void *serve_events(void *argument)
{
    struct produce_fixture *self = argument;
    while (self->report_count < 100)
        fixture_poll(self, 20);
    return NULL;
}

/* In event mode somebody else takes the reports. */
static void test_flush_with_events(void **state)
{
    (void)state;
    pthread_t thread;
    fixture_start(&fixture, REPORT_EVENTS, "linger.ms", "60000", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 100);
    assert_int_equal(rd_kafka_flush(fixture.rk, 300), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_int_equal(pthread_create(&thread, NULL, serve_events, &fixture), 0);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    pthread_join(thread, NULL);
    fixture_expect_each_once(&fixture, 100);
}

static void produce_one_more(struct produce_fixture *self, const rd_kafka_message_t *message)
{
    (void)message;
    if (self->report_count < 20)
        fixture_produce_many(self, "t", 0, self->report_count, 1);
}

static void test_flush_waits_for_what_callbacks_produce(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", NULL);
    fixture.on_report = produce_one_more;
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, 20);
}

static void test_flush_unknown_topic(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "message.timeout.ms", "70000",
                  NULL);
    fixture_produce_many(&fixture, "later", RD_KAFKA_PARTITION_UA, 0, 10);
    assert_int_equal(rd_kafka_flush(fixture.rk, 200), RD_KAFKA_RESP_ERR__TIMED_OUT);
    scripted_add_topic(fixture.cluster, "later", 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_texts(&fixture, "later", 0, 0, 10);
}

/* Purge */

static void test_purge_flags(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    assert_int_equal(rd_kafka_purge(fixture.rk, 8), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rd_kafka_purge(fixture.rk, 0), 0);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_NON_BLOCKING), 0);
    assert_int_equal(rd_kafka_purge(fixture.rk, 7), 0);
    assert_int_equal(rd_kafka_purge(fixture.rk, 3), 0);
}

static void test_purge_queued(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "batch.num.messages", "1000",
                  NULL);
    fixture_produce_many(&fixture, "nobody knows", 0, 0, 10);
    for (int p = 0; p < 4; p++)
        fixture_produce_many(&fixture, "t", p, 10 + 10 * p, 10);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE), 0);
    while (rd_kafka_poll(fixture.rk, 0))
        ;
    fixture_expect_each_once(&fixture, 50);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    fixture_produce_many(&fixture, "t", 0, 0, 1); /* And it goes on. */
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_int_equal(fixture.reports[50].err, 0);
}

static void test_purge_spares_in_flight(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hold, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "max.in.flight", "1", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    fixture_produce_many(&fixture, "t", 0, 1, 9);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE), 0);
    while (rd_kafka_poll(fixture.rk, 0))
        ;
    assert_int_equal(fixture.report_count, 9);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    scripted_release(fixture.cluster);
    fixture_wait(&fixture, 10);
    assert_int_equal(fixture.reports[9].err, 0);
    fixture_expect_each_once(&fixture, 10);
}

static void test_purge_in_flight(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hold, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "max.in.flight", "1", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    fixture_produce_many(&fixture, "t", 0, 1, 9);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_INFLIGHT), 0);
    while (rd_kafka_poll(fixture.rk, 0))
        ;
    assert_int_equal(fixture.report_count, 1);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
                           RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    scripted_set_hook(fixture.cluster, NULL, NULL);
    scripted_release(fixture.cluster); /* The late answer finds nobody. */
    fixture_wait(&fixture, 10);
    fixture_expect_outcome(&fixture, 1, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, 10);
}

/* A broker does not read: one request is written in part, and more wait behind it. */
static void fill_socket(void)
{
    static char value[100000];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "batch.num.messages", "1",
                  "socket.send.buffer.bytes", "20000", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    scripted_set_reading(fixture.cluster, 0, false);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 1; i < 50; i++)
        assert_int_equal(
            rd_kafka_produce(topic, i % 4, 0, value, sizeof(value), NULL, 0, (void *)(intptr_t)i),
            0);
    fixture_poll(&fixture, 200);
    assert_int_equal(fixture.report_count, 1);
    rd_kafka_topic_destroy(topic);
}

static void serve_reports(void)
{
    while (rd_kafka_poll(fixture.rk, 0))
        ;
}

static void test_purge_unwritten(void **state)
{
    (void)state;
    fill_socket();
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT),
                     0);
    serve_reports();
    fixture_expect_each_once(&fixture, 50);
    for (int i = 1; i < 50; i++) {
        bool was_in_flight = fixture.reports[i].err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
        if (!was_in_flight)
            assert_int_equal(fixture.reports[i].err, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
        assert_int_equal(fixture.reports[i].status, was_in_flight
                                                        ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                                                        : RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    }
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    scripted_set_reading(fixture.cluster, 0, true);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 51);
    assert_int_equal(fixture.reports[50].err, 0);
}

/* Requests that wait behind others, and the one that is written in part, count as queued. */
static void test_purge_queued_takes_unwritten(void **state)
{
    (void)state;
    fill_socket();
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE), 0);
    serve_reports();
    int purged = fixture.report_count - 1;
    assert_true(purged > 40);
    fixture_expect_outcome(&fixture, 1, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    scripted_set_reading(fixture.cluster, 0, true);
    fixture_wait(&fixture, 50);
    for (int i = 1 + purged; i < 50; i++)
        assert_int_equal(fixture.reports[i].err, 0);
    fixture_expect_each_once(&fixture, 50);
}

/* What is in flight is given up; what waits to be sent still is, on another connection. */
static void test_purge_in_flight_spares_unwritten(void **state)
{
    (void)state;
    fill_socket();
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_INFLIGHT), 0);
    serve_reports();
    int purged = fixture.report_count - 1;
    assert_true(purged >= 1 && purged < 40);
    fixture_expect_outcome(&fixture, 1, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
                           RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    scripted_set_reading(fixture.cluster, 0, true);
    fixture_wait(&fixture, 50);
    for (int i = 1 + purged; i < 50; i++)
        assert_int_equal(fixture.reports[i].err, 0);
    fixture_expect_each_once(&fixture, 50);
}

static void test_purge_without_blocking(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    assert_int_equal(
        rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING), 0);
    fixture_wait(&fixture, 10);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

/* After a fatal error nothing new is taken, and what waits is reported. */
static void test_fatal_error(void **state)
{
    (void)state;
    char text[128];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 5);
    fixture_produce_many(&fixture, "unknown", 0, 5, 5);
    assert_int_equal(
        rd_kafka_test_fatal_error(fixture.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "x"),
        0);
    assert_int_equal(rd_kafka_test_fatal_error(fixture.rk, RD_KAFKA_RESP_ERR_UNKNOWN, "y"),
                     RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS);
    assert_int_equal(fixture_produce(&fixture, "t", 0, "x", 0), RD_KAFKA_RESP_ERR__FATAL);
    fixture_wait(&fixture, 10);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    assert_int_equal(fixture.last_error, RD_KAFKA_RESP_ERR__FATAL);
    assert_int_equal(rd_kafka_fatal_error(fixture.rk, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
}

/* Whatever is on its way between queue and socket: all of it is reported, once. */
static void test_purge_under_load(void **state)
{
    (void)state;
    int count = 0;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "1", NULL);
    for (int round = 0; round < 100; round++) {
        for (int p = 0; p < 4; p++)
            fixture_produce_many(&fixture, "t", p, count + 25 * p, 25);
        count += 100;
        assert_int_equal(
            rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT), 0);
        rd_kafka_poll(fixture.rk, 0);
        if (round % 2)
            fixture_poll(&fixture, 2);
    }
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, count);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_flush_ignores_linger),
        TEST(test_flush_of_nothing),
        TEST(test_flush_times_out),
        TEST(test_flush_zero_serves),
        TEST(test_flush_stops_on_yield),
        TEST(test_flush_with_events),
        TEST(test_flush_waits_for_what_callbacks_produce),
        TEST(test_flush_unknown_topic),
        TEST(test_purge_flags),
        TEST(test_purge_queued),
        TEST(test_purge_spares_in_flight),
        TEST(test_purge_in_flight),
        TEST(test_purge_unwritten),
        TEST(test_purge_queued_takes_unwritten),
        TEST(test_purge_in_flight_spares_unwritten),
        TEST(test_purge_without_blocking),
        TEST(test_fatal_error),
        TEST(test_purge_under_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
