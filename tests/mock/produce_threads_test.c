/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many threads on one producer: they produce, poll, flush, purge and move leaders at the same time.
 */
#include "support/produce_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCERS = 4, EACH = 10000, PARTITIONS = 5, TOTAL = PRODUCERS * EACH };

static struct produce_fixture fixture;
static rd_kafka_topic_t *topic;
static atomic_char reported[TOTAL];
static atomic_int report_count, error_count;
static atomic_bool is_over;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 2);
    scripted_add_topic(fixture.cluster, "t", PARTITIONS);
    memset(reported, 0, sizeof(reported));
    atomic_store(&report_count, 0);
    atomic_store(&error_count, 0);
    atomic_store(&is_over, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rd_kafka_topic_destroy(topic);
    fixture_end(&fixture);
    return 0;
}

/* Instead of the fixture's noting, which is for one thread. */
static void on_message(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    intptr_t number = (intptr_t)message->_private;
    if (atomic_fetch_add(&reported[number], 1))
        fail_msg("message %ld was reported twice", (long)number);
    if (message->err)
        atomic_fetch_add(&error_count, 1);
    atomic_fetch_add(&report_count, 1);
}

static void start_for_threads(const char *linger_ms, const char *max_messages)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, on_message);
    rd_kafka_conf_set(conf, "bootstrap.servers", scripted_bootstrap(fixture.cluster), NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", linger_ms, NULL, 0);
    rd_kafka_conf_set(conf, "queue.buffering.max.messages", max_messages, NULL, 0);
    rd_kafka_conf_set(conf, "retry.backoff.ms", "5", NULL, 0);
    rd_kafka_conf_set(conf, "topic.metadata.refresh.fast.interval.ms", "20", NULL, 0);
    fixture.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    assert_non_null(fixture.rk);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
}

static void *produce(void *argument)
{
    int first = (int)(intptr_t)argument * EACH;
    char text[600];
    memset(text, 'x', sizeof(text));
    for (int i = first; i < first + EACH; i++) {
        int size = snprintf(text, 16, "%d", i);
        text[size] = 'x';
        while (rd_kafka_produce(topic, i % 3 ? i % PARTITIONS : RD_KAFKA_PARTITION_UA,
                                RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK, text,
                                (size_t)(16 + i % 500), NULL, 0, (void *)(intptr_t)i))
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                fail_msg("%s", rd_kafka_err2name(rd_kafka_last_error()));
    }
    return NULL;
}

static void *poll_reports(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over))
        rd_kafka_poll(fixture.rk, 10);
    return NULL;
}

static void *flush_often(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        rd_kafka_flush(fixture.rk, 5);
        rd_kafka_outq_len(fixture.rk);
    }
    return NULL;
}

static void *purge_often(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(fixture.rk, 3);
    }
    return NULL;
}

static void *move_leaders(void *argument)
{
    unsigned seed = 99;
    (void)argument;
    while (!atomic_load(&is_over)) {
        scripted_set_leader(fixture.cluster, "t", (int)((unsigned)rand_r(&seed) % PARTITIONS),
                            (int)((unsigned)rand_r(&seed) % 2));
        rd_kafka_poll(fixture.rk, 20);
    }
    return NULL;
}

static void run(void *(*first)(void *), void *(*second)(void *))
{
    pthread_t producers[PRODUCERS], others[2];
    for (intptr_t i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&producers[i], NULL, produce, (void *)i), 0);
    assert_int_equal(pthread_create(&others[0], NULL, first, NULL), 0);
    assert_int_equal(pthread_create(&others[1], NULL, second, NULL), 0);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    int64_t until_ms = fixture_now_ms() + 20000;
    while (atomic_load(&report_count) < TOTAL && fixture_now_ms() < until_ms)
        rd_kafka_flush(fixture.rk, 100);
    atomic_store(&is_over, true);
    pthread_join(others[0], NULL);
    pthread_join(others[1], NULL);
    assert_int_equal(atomic_load(&report_count), TOTAL);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static int count_records(void)
{
    int count = 0;
    for (int p = 0; p < PARTITIONS; p++)
        count += scripted_record_count(fixture.cluster, "t", p);
    return count;
}

/* What one thread produces to one partition stays in order. */
static void check_order(void)
{
    for (int p = 0; p < PARTITIONS; p++) {
        int last[PRODUCERS] = {-1, -1, -1, -1};
        int count = scripted_record_count(fixture.cluster, "t", p);
        for (int i = 0; i < count; i++) {
            const struct scripted_record *record = scripted_record_at(fixture.cluster, "t", p, i);
            char text[16] = "";
            memcpy(text, record->value, 15);
            int number = atoi(text);
            assert_true(number > last[number / EACH]);
            last[number / EACH] = number;
        }
    }
}

static void test_produce_and_poll(void **state)
{
    (void)state;
    start_for_threads("0", "100000");
    run(poll_reports, poll_reports);
    assert_int_equal(atomic_load(&error_count), 0);
    assert_int_equal(count_records(), TOTAL);
    check_order();
}

static void test_produce_into_a_small_queue(void **state)
{
    (void)state;
    start_for_threads("1", "50");
    run(poll_reports, poll_reports);
    assert_int_equal(atomic_load(&error_count), 0);
    assert_int_equal(count_records(), TOTAL);
    check_order();
}

static void test_produce_and_flush(void **state)
{
    (void)state;
    start_for_threads("1000", "2000");
    run(flush_often, poll_reports);
    assert_int_equal(atomic_load(&error_count), 0);
    assert_int_equal(count_records(), TOTAL);
    check_order();
}

static void test_produce_while_leaders_move(void **state)
{
    (void)state;
    start_for_threads("2", "20000");
    run(poll_reports, move_leaders);
    assert_int_equal(atomic_load(&error_count), 0);
    assert_int_equal(count_records(), TOTAL);
}

static void test_produce_and_purge(void **state)
{
    (void)state;
    start_for_threads("1", "5000");
    run(purge_often, poll_reports);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_produce_and_poll),  TEST(test_produce_into_a_small_queue),
        TEST(test_produce_and_flush), TEST(test_produce_while_leaders_move),
        TEST(test_produce_and_purge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
