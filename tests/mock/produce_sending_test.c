/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When batches are sent: linger, full batches, back-off, several partitions and topics in one
 * request, classes of topics.
 */
#include "support/produce_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct produce_fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 1);
    scripted_add_topic(fixture.cluster, "t", 8);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void test_full_batch_does_not_linger(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "batch.num.messages", "10",
                  NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_wait(&fixture, 10);
    fixture_produce_many(&fixture, "t", 0, 10, 25);
    fixture_wait(&fixture, 30);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 5);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_texts(&fixture, "t", 0, 0, 35);
}

/* One that reaches batch.size alone. */
static void test_large_record_does_not_linger(void **state)
{
    (void)state;
    static char value[5000];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "batch.size", "4000", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(rd_kafka_produce(topic, 0, 0, value, sizeof(value), NULL, 0, NULL), 0);
    fixture_wait(&fixture, 1);
    rd_kafka_topic_destroy(topic);
}

static void test_linger(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "500", NULL);
    fixture_produce_many(&fixture, "t", 1, 0, 1);
    fixture_wait(&fixture, 1); /* Everything is known now. */
    int64_t start_ms, in_ms;
    int count = 0, requests;
    do { /* Again when this thread stood still: what came late was not in time for the request. */
        requests = scripted_request_count(fixture.cluster, RK_API_PRODUCE);
        start_ms = fixture_now_ms();
        fixture_produce_many(&fixture, "t", 0, count, 50);
        in_ms = fixture_now_ms() - start_ms;
        count += 50;
        fixture_wait(&fixture, 1 + count);
        assert_true(fixture_now_ms() - start_ms >= 490);
    } while (in_ms >= 490);
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_PRODUCE), requests + 1);
    for (int i = count - 50; i < count; i++)
        assert_int_equal(scripted_record_at(fixture.cluster, "t", 0, i)->request, requests);
}

static enum scripted_fate hold(struct scripted_produce *produce, void *opaque)
{
    (void)produce;
    (void)opaque;
    return SCRIPTED_HOLD;
}

/* Partitions that are ready together go in one request. */
static void test_partitions_share_a_request(void **state)
{
    (void)state;
    scripted_add_topic(fixture.cluster, "u", 3);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "max.in.flight", "1", NULL);
    for (int p = 0; p < 3; p++) /* Everything is known then. */
        fixture_produce_many(&fixture, "u", p, p, 1);
    for (int p = 1; p < 8; p++)
        fixture_produce_many(&fixture, "t", p, 2 + p, 1);
    fixture_wait(&fixture, 10);
    scripted_set_hook(fixture.cluster, hold, NULL);
    int before = scripted_request_count(fixture.cluster, RK_API_PRODUCE);
    fixture_produce_many(&fixture, "t", 0, 10, 1);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, before + 1));
    for (int p = 0; p < 8; p++)
        fixture_produce_many(&fixture, "t", p, 11 + 10 * p, 10);
    for (int p = 0; p < 3; p++)
        fixture_produce_many(&fixture, "u", p, 91 + 10 * p, 10);
    scripted_set_hook(fixture.cluster, NULL, NULL);
    scripted_release(fixture.cluster);
    fixture_wait(&fixture, 121);
    /* One more when the answer comes while the sender hears of the partitions. */
    assert_true(scripted_request_count(fixture.cluster, RK_API_PRODUCE) <= before + 3);
    fixture_expect_each_once(&fixture, 121);
    assert_int_equal(scripted_record_count(fixture.cluster, "t", 7), 11);
}

/* Topics whose acks or time-outs differ cannot share one. */
static void test_classes(void **state)
{
    (void)state;
    static const char *const acks[] = {"0", "1", "all", "1", "1"};
    static const char *const timeouts[] = {"5000", "5000", "5000", "6000", "7000"};
    static const char *const names[] = {"c0", "c1", "c2", "c3", "c4"};
    rd_kafka_topic_t *topics[5];
    for (int i = 0; i < 5; i++)
        scripted_add_topic(fixture.cluster, names[i], 2);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "5", "max.in.flight", "1", NULL);
    for (int i = 0; i < 5; i++) {
        rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
        rd_kafka_topic_conf_set(conf, "acks", acks[i], NULL, 0);
        rd_kafka_topic_conf_set(conf, "request.timeout.ms", timeouts[i], NULL, 0);
        topics[i] = rd_kafka_topic_new(fixture.rk, names[i], conf);
    }
    for (int round = 0; round < 200; round++) {
        fixture_produce_many(&fixture, names[round % 5], round % 2, round, 1);
        if (round % 50 == 0)
            fixture_poll(&fixture, 10);
    }
    fixture_wait(&fixture, 200);
    fixture_expect_each_once(&fixture, 200);
    for (int i = 0; i < 200; i++)
        assert_int_equal(fixture.reports[i].err, 0);
    for (int i = 0; i < 5; i++)
        rd_kafka_topic_destroy(topics[i]);
}

/* Requests that together exceed message.max.bytes go one after the other. */
static void test_more_than_one_request_holds(void **state)
{
    (void)state;
    static char value[6000];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "100", "message.max.bytes", "20000",
                  "batch.size", "15000", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 0; i < 80; i++)
        assert_int_equal(rd_kafka_produce(topic, i % 8, RD_KAFKA_MSG_F_COPY, value, sizeof(value),
                                          NULL, 0, (void *)(intptr_t)i),
                         0);
    fixture_wait(&fixture, 80);
    fixture_expect_each_once(&fixture, 80);
    assert_true(scripted_request_count(fixture.cluster, RK_API_PRODUCE) >= 80 * 6000 / 20000);
    rd_kafka_topic_destroy(topic);
}

/* Nothing is sent to a partition before its back-off is over, whatever comes behind. */
static enum scripted_fate refuse_all(struct scripted_produce *produce, void *opaque)
{
    if (!atomic_load((atomic_bool *)opaque))
        return SCRIPTED_ANSWER;
    for (int32_t p = 0; p < produce->answer->responses.items[0].partition_responses.count; p++)
        produce->answer->responses.items[0].partition_responses.items[p].error_code =
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
    return SCRIPTED_ANSWER;
}

static void test_backoff_is_kept(void **state)
{
    (void)state;
    atomic_bool refuses = true;
    char text[16];
    scripted_set_hook(fixture.cluster, refuse_all, &refuses);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "retry.backoff.ms", "100",
                  "retry.backoff.max.ms", "100", "batch.num.messages", "2", "max.in.flight", "5",
                  NULL);
    int64_t began_ms = fixture_now_ms();
    int count = 0;
    while (fixture_now_ms() < began_ms + 600 ||
           scripted_request_count(fixture.cluster, RK_API_PRODUCE) < 2) {
        snprintf(text, sizeof(text), "%d", count);
        assert_int_equal(fixture_produce(&fixture, "t", 0, text, count++), 0);
        fixture_poll(&fixture, 1);
    }
    int requests = scripted_request_count(fixture.cluster, RK_API_PRODUCE);
    int64_t passed_ms = fixture_now_ms() - began_ms;
    atomic_store(&refuses, false);
    assert_in_range(requests, 2, 5 * (passed_ms / 80 + 2)); /* No more than five per 80 ms. */
    fixture_wait(&fixture, count);
    fixture_expect_each_once(&fixture, count);
}

/* The first batch waits for its back-off and expires; what is behind it goes on. */
static void test_next_batch_goes_on(void **state)
{
    (void)state;
    atomic_bool refuses = true;
    int at = 0;
    scripted_set_hook(fixture.cluster, refuse_all, &refuses);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "retry.backoff.ms", "100000",
                  "retry.backoff.max.ms", "200000", "message.timeout.ms", "2000", NULL);
    for (int p = 0; p < 8; p++) { /* Again when all stood still until the second expired, too. */
        int requests = scripted_request_count(fixture.cluster, RK_API_PRODUCE);
        atomic_store(&refuses, true);
        fixture_produce_many(&fixture, "t", p, 0, 1);
        assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, requests + 1));
        fixture_poll(&fixture, 1000);
        atomic_store(&refuses, false);
        fixture_produce_many(&fixture, "t", p, 1, 1); /* Behind the one that waits. */
        fixture_wait(&fixture, at + 2);
        assert_int_equal(fixture.reports[at].err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
        assert_int_equal((intptr_t)fixture.reports[at].opaque, 0);
        if (!fixture.reports[at + 1].err)
            return;
        at += 2;
    }
    fail_msg("what is behind the first batch never goes on");
}

static void test_no_more_than_max_in_flight(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "max.in.flight", "3",
                  "batch.num.messages", "1", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    scripted_set_reading(fixture.cluster, 0, false);
    fixture_produce_many(&fixture, "t", 0, 1, 20);
    fixture_poll(&fixture, 50);
    scripted_set_reading(fixture.cluster, 0, true);
    fixture_wait(&fixture, 21);
    fixture_expect_texts(&fixture, "t", 0, 0, 21);
}

/* Requests do not wait for each other's answers. */
static void test_requests_are_pipelined(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "1000", "batch.num.messages", "1", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    scripted_set_hook(fixture.cluster, hold, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    assert_int_equal(rd_kafka_pause_partitions(fixture.rk, list), 0);
    fixture_produce_many(&fixture, "t", 0, 1, 50); /* All are ready at once. */
    assert_int_equal(rd_kafka_resume_partitions(fixture.rk, list), 0);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 51));
    assert_int_equal(fixture.report_count, 1);
    scripted_set_hook(fixture.cluster, NULL, NULL);
    scripted_release(fixture.cluster);
    fixture_wait(&fixture, 51);
    rd_kafka_topic_partition_list_destroy(list);
    fixture_expect_texts(&fixture, "t", 0, 0, 51);
}

/* How many requests 30 messages make, one every few milliseconds, behind one that fills the socket.
 */
static int requests_behind_a_full_socket(const char *threshold, int pause_ms)
{
    static char large[600000];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "socket.send.buffer.bytes", "20000",
                  "queue.buffering.backpressure.threshold", threshold, NULL);
    for (int p = 0; p < 2; p++) /* Both leaders have stored something. */
        fixture_produce_many(&fixture, "t", p, p, 1);
    fixture_wait(&fixture, 2);
    int before = scripted_request_count(fixture.cluster, RK_API_PRODUCE);
    scripted_set_reading(fixture.cluster, 0, false);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 0; i < 8; i++) /* More than sockets hold. */
        assert_int_equal(rd_kafka_produce(topic, 0, 0, large, sizeof(large), NULL, 0, NULL), 0);
    for (int i = 0; i < 30; i++) {
        fixture_poll(&fixture, pause_ms);
        fixture_produce_many(&fixture, "t", 1, i, 1);
    }
    scripted_set_reading(fixture.cluster, 0, true);
    fixture_wait(&fixture, 40);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    fixture.report_count = 0;
    return scripted_request_count(fixture.cluster, RK_API_PRODUCE) - before;
}

/* What cannot be written yet is not built yet either, and so fills larger batches. */
static void test_backpressure(void **state)
{
    (void)state;
    int few = requests_behind_a_full_socket("1", 5), many = 0;
    assert_in_range(few, 8, 12);
    /* Not 30 more: eight that are unanswered are a crowd. And again, slower, when the broker's
     * thread stood still while the messages came. */
    for (int attempt = 0; many <= few + 5 && attempt < 10; attempt++)
        many = requests_behind_a_full_socket("100", 5 + 30 * attempt);
    assert_true(many > few + 5);
}

/* rd_kafka_pause_partitions() on a producer: nothing is sent, nothing is lost. */
static void test_pause(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_topic_partition_list_add(list, "t", 99);
    assert_int_equal(rd_kafka_pause_partitions(fixture.rk, list), 0);
    assert_int_equal(list->elems[0].err, 0);
    assert_int_equal(list->elems[1].err, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    fixture_produce_many(&fixture, "t", 0, 1, 10);
    fixture_produce_many(&fixture, "t", 1, 11, 10);
    fixture_wait(&fixture, 11);
    fixture_poll(&fixture, 100);
    assert_int_equal(fixture.report_count, 11);
    assert_int_equal(scripted_record_count(fixture.cluster, "t", 0), 1);
    assert_int_equal(rd_kafka_resume_partitions(fixture.rk, list), 0);
    fixture_wait(&fixture, 21);
    fixture_expect_texts(&fixture, "t", 0, 0, 11);
    rd_kafka_topic_partition_list_destroy(list);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_full_batch_does_not_linger),
        TEST(test_large_record_does_not_linger),
        TEST(test_linger),
        TEST(test_partitions_share_a_request),
        TEST(test_classes),
        TEST(test_more_than_one_request_holds),
        TEST(test_backoff_is_kept),
        TEST(test_next_batch_goes_on),
        TEST(test_no_more_than_max_in_flight),
        TEST(test_requests_are_pipelined),
        TEST(test_backpressure),
        TEST(test_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
