/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks that jump: the wall clock by a day in either direction, the monotonic one by an hour, as
 * after the machine stood still. Clients go on; what is reported is so once, and what was sent
 * after the jump arrives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "runtime/thread.h"
#include "torture/faults.h"

enum { TIMEOUT_MS = 20000, ROUND = 100, DAY = 86400, HOUR = 3600, SLACK_MS = 60000 };

static struct {
    rd_kafka_t *owner, *producer, *consumer;
    rd_kafka_mock_cluster_t *cluster;
    int reports, timeouts, failures;
    int64_t next_offset;
} the;

/* The monotonic clock goes ahead only, also from one test to the next. A thread asks the kernel for
 * the time once per millisecond. */
static void jump(long wall_seconds, long monotonic_seconds)
{
    static long ahead;
    ahead += monotonic_seconds;
    faults_shift_clocks(wall_seconds, ahead);
    rk_thread_pause_us(3000);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    the.reports++;
    if (message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
        the.timeouts++;
    else if (message->err)
        the.failures++;
}

static rd_kafka_t *new_client(rd_kafka_type_t type)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    if (the.cluster)
        rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(the.cluster),
                          NULL, 0);
    rd_kafka_conf_set(conf, "reconnect.backoff.ms", "10", NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "0", NULL, 0);
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    else
        rd_kafka_conf_set(conf, "group.id", "group", NULL, 0);
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static int begin(void **state)
{
    (void)state;
    memset(&the, 0, sizeof(the));
    the.owner = new_client(RD_KAFKA_PRODUCER);
    the.cluster = rd_kafka_mock_cluster_new(the.owner, 1);
    rd_kafka_mock_topic_create(the.cluster, "t", 1, 1);
    the.producer = new_client(RD_KAFKA_PRODUCER);
    the.consumer = new_client(RD_KAFKA_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 0;
    assert_int_equal(rd_kafka_assign(the.consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    return 0;
}

static int end(void **state)
{
    (void)state;
    jump(0, 0);
    rd_kafka_destroy(the.consumer);
    rd_kafka_destroy(the.producer);
    rd_kafka_mock_cluster_destroy(the.cluster);
    rd_kafka_destroy(the.owner);
    return 0;
}

static void produce(int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(rd_kafka_producev(the.producer, RD_KAFKA_V_TOPIC("t"),
                                           RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END),
                         0);
}

/* The next messages; they carry the time of the wall clock. */
static void consume(int count, long wall_shift)
{
    while (count > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(the.consumer, TIMEOUT_MS);
        assert_non_null(message);
        if (!message->err) {
            rd_kafka_timestamp_type_t type;
            int64_t wall_ms = ((int64_t)time(NULL) + wall_shift) * 1000;
            assert_int_equal(message->offset, the.next_offset++);
            assert_true(llabs(rd_kafka_message_timestamp(message, &type) - wall_ms) < SLACK_MS);
            count--;
        }
        rd_kafka_message_destroy(message);
    }
}

static void go_round(long wall_shift)
{
    produce(ROUND);
    assert_int_equal(rd_kafka_flush(the.producer, TIMEOUT_MS), 0);
    consume(ROUND, wall_shift);
}

static void test_wall_clock(void **state)
{
    static const long shifts[] = {DAY, 0, -DAY, DAY, -DAY, 0};
    (void)state;
    go_round(0);
    for (int i = 0; i < 6; i++) {
        produce(ROUND); /* Under way, perhaps, when it jumps. */
        jump(shifts[i], 0);
        assert_int_equal(rd_kafka_flush(the.producer, TIMEOUT_MS), 0);
        for (int left = ROUND; left > 0;) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(the.consumer, TIMEOUT_MS);
            assert_non_null(message);
            assert_int_equal(message->err, 0);
            assert_int_equal(message->offset, the.next_offset++);
            rd_kafka_message_destroy(message);
            left--;
        }
        go_round(shifts[i]);
    }
    assert_int_equal(the.reports, 13 * ROUND);
    assert_int_equal(the.timeouts + the.failures, 0);
}

/* Nothing is under way: nothing is lost, all timers at once do no harm. */
static void test_standing_still_while_idle(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        go_round(i * HOUR);
        jump((i + 1) * HOUR, HOUR);
    }
    go_round(5 * HOUR);
    assert_int_equal(the.reports, 6 * ROUND);
    assert_int_equal(the.timeouts + the.failures, 0);
}

/* What is under way is an hour old then: it may be reported as timed out, once. What comes after
 * it is not. */
static void test_standing_still_under_load(void **state)
{
    (void)state;
    go_round(0);
    produce(ROUND);
    jump(HOUR, HOUR);
    assert_int_equal(rd_kafka_flush(the.producer, TIMEOUT_MS), 0);
    assert_int_equal(the.reports, 2 * ROUND);
    int timeouts = the.timeouts;
    assert_int_equal(the.failures, 0);
    produce(ROUND);
    assert_int_equal(rd_kafka_flush(the.producer, TIMEOUT_MS), 0);
    assert_int_equal(the.reports, 3 * ROUND);
    assert_int_equal(the.timeouts, timeouts);
    assert_int_equal(the.failures, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_wall_clock),
        TEST(test_standing_still_while_idle),
        TEST(test_standing_still_under_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
