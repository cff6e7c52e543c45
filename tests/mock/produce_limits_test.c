/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits on what may be queued, and waiting for room.
 */
#include "support/produce_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

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

static void test_message_limit_is_exact(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "queue.buffering.max.messages",
                  "100", NULL);
    for (int round = 0; round < 3; round++) {
        fixture_produce_many(&fixture, "t", round, 100 * round, 100);
        assert_int_equal(fixture_produce(&fixture, "t", 0, "x", 0), RD_KAFKA_RESP_ERR__QUEUE_FULL);
        assert_int_equal(fixture_produce(&fixture, "unknown", 0, "x", 0),
                         RD_KAFKA_RESP_ERR__QUEUE_FULL);
        assert_int_equal(rd_kafka_outq_len(fixture.rk), 100);
        assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    }
    fixture_expect_each_once(&fixture, 300);
}

static void test_last_error_and_errno(void **state)
{
    (void)state;
    static char value[5000];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "queue.buffering.max.messages",
                  "1", "message.max.bytes", "4000", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(rd_kafka_produce(topic, 0, 0, value, 1, NULL, 0, NULL), 0);
    assert_int_equal(rd_kafka_last_error(), 0);
    assert_int_equal(rd_kafka_produce(topic, 0, 0, value, 1, NULL, 0, NULL), -1);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__QUEUE_FULL);
    assert_int_equal(errno, ENOBUFS);
    assert_int_equal(rd_kafka_produce(topic, 0, 0, value, sizeof(value), NULL, 0, NULL), -1);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_int_equal(errno, EMSGSIZE);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0); /* Now the partitions are known. */
    assert_int_equal(rd_kafka_produce(topic, 4, 0, value, 1, NULL, 0, NULL), -1);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(rd_kafka_produce(topic, -2, 0, value, 1, NULL, 0, NULL), -1);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0); /* None of them counts. */
    rd_kafka_topic_destroy(topic);
}

/* Keys count too; a report that waits to be served still counts. */
static void test_byte_limit(void **state)
{
    (void)state;
    static char value[4000];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "5", "queue.buffering.max.kbytes", "16",
                  NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++)
            assert_int_equal(
                rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, 4000, "key", 3, NULL), 0);
        assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1 + round));
        assert_int_equal(
            rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, 4000, "key", 3, NULL), -1);
        assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__QUEUE_FULL);
        assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    }
    rd_kafka_topic_destroy(topic);
}

/* Waiting could not help. */
static void test_larger_than_the_queue(void **state)
{
    (void)state;
    static char value[4000];
    fixture_start(&fixture, REPORT_MESSAGES, "queue.buffering.max.kbytes", "2", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK, value,
                                      4000, NULL, 0, NULL),
                     -1);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__QUEUE_FULL);
    rd_kafka_topic_destroy(topic);
}

static void test_no_message_limit(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "queue.buffering.max.messages", "0", "linger.ms", "10",
                  NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 5000);
    fixture_wait(&fixture, 5000);
}

static void test_message_size(void **state)
{
    (void)state;
    static char value[10000];
    fixture_start(&fixture, REPORT_MESSAGES, "message.max.bytes", "5000", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    int accepted = 0;
    for (size_t size = 4800; size <= 5010; size++) {
        if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, size, NULL, 0, NULL) == 0)
            accepted++;
        else
            assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    }
    assert_in_range(accepted, 50, 201);
    fixture_wait(&fixture, accepted);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    /* Key and headers count. */
    assert_int_equal(rd_kafka_produce(topic, 0, 0, value, 3000, value, 2500, NULL), -1);
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"),
                                       RD_KAFKA_V_VALUE(value, 3000),
                                       RD_KAFKA_V_HEADER("h", value, 2500), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_int_equal(
        rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, SIZE_MAX, NULL, 0, NULL), -1);
    assert_int_equal(
        rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, 1, value, SIZE_MAX, NULL), -1);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    rd_kafka_topic_destroy(topic);
}

/* Blocking */

enum { BLOCKED_EACH = 500, BLOCKED_THREADS = 4 };

struct blocked {
    pthread_t thread;
    rd_kafka_topic_t *topic;
    int first;
    int flags;
    int refused;
};

static void *produce_blocked(void *argument)
{
    struct blocked *self = argument;
    static char value[300];
    for (int i = self->first; i < self->first + BLOCKED_EACH; i++) {
        while (rd_kafka_produce(self->topic, i % 4, RD_KAFKA_MSG_F_COPY | self->flags, value,
                                (size_t)(i % 300), NULL, 0, (void *)(intptr_t)i)) {
            assert_int_equal(self->flags, 0);
            self->refused++;
            sched_yield(); /* Those who wait get their turn on few cores, too. */
        }
    }
    return NULL;
}

/* Threads that wait are woken as room comes, whichever limit they wait for. */
static void run_blocked(const char *messages, const char *kbytes, int last_flags)
{
    struct blocked blocked[BLOCKED_THREADS];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "queue.buffering.max.messages",
                  messages, "queue.buffering.max.kbytes", kbytes, NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 0; i < BLOCKED_THREADS; i++) {
        blocked[i] = (struct blocked){.topic = topic,
                                      .first = i * BLOCKED_EACH,
                                      .flags = i == 0 ? last_flags : RD_KAFKA_MSG_F_BLOCK};
        assert_int_equal(pthread_create(&blocked[i].thread, NULL, produce_blocked, &blocked[i]), 0);
    }
    int64_t until_ms = fixture_now_ms() + 100000;
    while (fixture.report_count < BLOCKED_EACH * BLOCKED_THREADS && fixture_now_ms() < until_ms)
        fixture_poll(&fixture, 0);
    fixture_expect_each_once(&fixture, BLOCKED_EACH * BLOCKED_THREADS);
    for (int i = 0; i < BLOCKED_THREADS; i++)
        pthread_join(blocked[i].thread, NULL);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    rd_kafka_topic_destroy(topic);
}

static void test_blocked_by_messages(void **state)
{
    (void)state;
    run_blocked("3", "1000", RD_KAFKA_MSG_F_BLOCK);
}

static void test_blocked_by_bytes(void **state)
{
    (void)state;
    run_blocked("1000", "1", RD_KAFKA_MSG_F_BLOCK);
}

/* One that does not wait competes with those that do. */
static void test_blocked_among_impatient(void **state)
{
    (void)state;
    run_blocked("1", "1", 0);
}

static void *block_on_one(void *argument)
{
    struct produce_fixture *self = argument;
    return (void *)(intptr_t)rd_kafka_producev(
        self->rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("x", 1),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK), RD_KAFKA_V_END);
}

/* Without reports wanted, room comes back when the broker answers. */
static void test_blocked_without_reports(void **state)
{
    (void)state;
    pthread_t thread;
    void *result;
    fixture_start(&fixture, REPORT_NOTHING, "linger.ms", "0", "queue.buffering.max.messages", "1",
                  NULL);
    for (int i = 0; i < 100; i++)
        assert_null(block_on_one(&fixture));
    assert_int_equal(pthread_create(&thread, NULL, block_on_one, &fixture), 0);
    pthread_join(thread, &result);
    assert_null(result);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_int_equal(scripted_record_count(fixture.cluster, "t", 0), 101);
}

/* Purged and expired messages give their room back too. */
static void test_blocked_until_purge(void **state)
{
    (void)state;
    pthread_t thread;
    void *result;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "queue.buffering.max.messages",
                  "10", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    assert_int_equal(pthread_create(&thread, NULL, block_on_one, &fixture), 0);
    fixture_poll(&fixture, 50);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE), 0);
    fixture_wait(&fixture, 10);
    pthread_join(thread, &result);
    assert_null(result);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 1);
}

static void test_produce_batch_fills_up(void **state)
{
    (void)state;
    rd_kafka_message_t messages[20];
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "queue.buffering.max.messages",
                  "15", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < 20; i++) {
        messages[i].payload = "abc";
        messages[i].len = 3;
        messages[i]._private = (void *)(intptr_t)i;
        messages[i].err = RD_KAFKA_RESP_ERR__FAIL;
    }
    assert_int_equal(rd_kafka_produce_batch(topic, 1, RD_KAFKA_MSG_F_COPY, messages, 20), 15);
    for (int i = 0; i < 20; i++)
        assert_int_equal(messages[i].err, i < 15 ? 0 : RD_KAFKA_RESP_ERR__QUEUE_FULL);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    fixture_expect_each_once(&fixture, 15);
    rd_kafka_topic_destroy(topic);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_message_limit_is_exact),
        TEST(test_last_error_and_errno),
        TEST(test_byte_limit),
        TEST(test_larger_than_the_queue),
        TEST(test_no_message_limit),
        TEST(test_message_size),
        TEST(test_blocked_by_messages),
        TEST(test_blocked_by_bytes),
        TEST(test_blocked_among_impatient),
        TEST(test_blocked_without_reports),
        TEST(test_blocked_until_purge),
        TEST(test_produce_batch_fills_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
