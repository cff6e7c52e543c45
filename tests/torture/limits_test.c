/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory stays within the configured limits plus what INTRODUCTION.md says: a full queue and dead
 * brokers, an application that does not poll, batches that unpack a thousandfold, queues that
 * nobody serves. Measured in bytes allocated at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "runtime/thread.h"
#include "torture/faults.h"

enum {
    TIMEOUT_MS = 60000,
    BROKERS = 2,
    PARTITIONS = 4,
    KB = 1024,
    MB = 1024 * 1024,
    QUEUE_KB = 8192,
    FIXED = 1 * MB, /* Threads' and connections' own, and what few requests take. */
    NOTICES = 4 * MB,
    LARGE = 900000, /* Of zeros: about a hundred bytes when compressed. */
    LARGE_COUNT = 100,
    PREFETCH_KB = 1024,

};

static struct {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *cluster;
    int64_t reports;
} the;

static char zeros[LARGE];

static void set(rd_kafka_conf_t *conf, const char *name, long value)
{
    char error[256], text[32];
    snprintf(text, sizeof(text), "%ld", value);
    if (rd_kafka_conf_set(conf, name, text, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
    the.reports++;
}

static rd_kafka_conf_t *new_conf(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(the.cluster),
                      NULL, 0);
    set(conf, "reconnect.backoff.ms", 10);
    set(conf, "reconnect.backoff.max.ms", 50);
    rd_kafka_conf_set_log_cb(conf, NULL);
    return conf;
}

/* takes: conf */
static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static int begin(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    the.owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    the.cluster = rd_kafka_mock_cluster_new(the.owner, BROKERS);
    static const char *const topics[] = {"produced", "large"};
    for (size_t i = 0; i < RK_COUNT_OF(topics); i++)
        rd_kafka_mock_topic_create(the.cluster, topics[i], PARTITIONS, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rd_kafka_mock_cluster_destroy(the.cluster);
    rd_kafka_destroy(the.owner);
    return 0;
}

static void set_brokers_up(bool are_up)
{
    faults_ignore_me(true);
    for (int i = 1; i <= BROKERS; i++) {
        if (are_up)
            rd_kafka_mock_broker_set_up(the.cluster, i);
        else
            rd_kafka_mock_broker_set_down(the.cluster, i);
    }
    faults_ignore_me(false);
}

static void expect_at_most(const char *what, long before, long bytes)
{
    long peak = faults_take_peak_bytes() - before;
    fprintf(stderr, "%s: %ld KB of %ld KB\n", what, peak / KB, bytes / KB);
    assert_true(peak <= bytes);
}

/* Producers */

static rd_kafka_resp_err_t produce(rd_kafka_t *rk, int partition, size_t size)
{
    return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("produced"), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_VALUE(zeros, size),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
}

/* As much as there is room for while the brokers are dead; then they come back. */
static void fill_queue(const char *what, size_t size, const char *codec)
{
    rd_kafka_conf_t *conf = new_conf();
    set(conf, "queue.buffering.max.kbytes", QUEUE_KB);
    rd_kafka_conf_set(conf, "compression.type", codec, NULL, 0);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    faults_take_peak_bytes();
    long before = faults_take_peak_bytes();
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    the.reports = 0;
    assert_int_equal(produce(rk, 0, size), 0); /* So that the topic is known. */
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    set_brokers_up(false);
    int64_t count = 1;
    while (produce(rk, (int)(count % PARTITIONS), size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        count++;
    rk_thread_pause_us(300000);
    set_brokers_up(true);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_int_equal(the.reports, count);
    rd_kafka_destroy(rk);
    long queued = count * (long)size;
    expect_at_most(what, before, 2 * (queued + 32 * count) + 2 * KB * PARTITIONS + FIXED);
}

static void test_full_queue(void **state)
{
    (void)state;
    fill_queue("1 KB each", 1000, "none");
    fill_queue("1 KB each, lz4", 1000, "lz4");
    fill_queue("10 B each", 10, "none");
    fill_queue("100 KB each", 100000, "none");
}

/* Reports that nobody takes: the queue stays full. */
static void test_reports_not_taken(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = new_conf();
    set(conf, "queue.buffering.max.messages", 10000);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    faults_take_peak_bytes();
    long before = faults_take_peak_bytes();
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    for (int i = 0; i < 200000; i++)
        produce(rk, i % PARTITIONS, 100);
    rk_thread_pause_us(300000);
    assert_int_equal(produce(rk, 0, 100), RD_KAFKA_RESP_ERR__QUEUE_FULL);
    expect_at_most("reports", before, 2 * 10000 * (100 + 32) + 2 * KB * PARTITIONS + FIXED);
    rd_kafka_destroy(rk);
}

/* Consumers */

static void fill_large(void)
{
    rd_kafka_conf_t *conf = new_conf();
    rd_kafka_conf_set(conf, "compression.type", "zstd", NULL, 0);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    for (int i = 0; i < LARGE_COUNT; i++)
        assert_int_equal(
            rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("large"), RD_KAFKA_V_PARTITION(i % PARTITIONS),
                              RD_KAFKA_V_VALUE(zeros, LARGE),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_BLOCK), RD_KAFKA_V_END),
            0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    rd_kafka_destroy(rk);
}

static void assign_large(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, "large", i)->offset = 0;
    assert_int_equal(rd_kafka_assign(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* 90 MB in 20 KB. The application does not poll for a while, then takes all, slowly at first. */
static void test_thousandfold_batches(void **state)
{
    (void)state;
    fill_large();
    rd_kafka_conf_t *conf = new_conf();
    rd_kafka_conf_set(conf, "group.id", "group", NULL, 0);
    set(conf, "queued.max.messages.kbytes", PREFETCH_KB);
    set(conf, "fetch.max.bytes", 1000000);
    set(conf, "fetch.wait.max.ms", 50);
    faults_take_peak_bytes();
    long before = faults_take_peak_bytes();
    rd_kafka_t *rk = new_client(RD_KAFKA_CONSUMER, conf);
    assign_large(rk);
    rk_thread_pause_us(1000000);
    for (int i = 0; i < LARGE_COUNT; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
        assert_non_null(message);
        assert_int_equal(message->err, 0);
        assert_int_equal(message->len, LARGE);
        rd_kafka_message_destroy(message);
        if (i < 5)
            rk_thread_pause_us(50000);
    }
    rd_kafka_destroy(rk);
    /* The limit; on each broker one answer, one batch beyond the limit, and its scratch of twice
     * the size. */
    expect_at_most("thousandfold", before,
                   PREFETCH_KB * KB + BROKERS * (1000000L + 3 * MB) + FIXED);
}

/* Notices */

static void test_logs_not_taken(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = new_conf();
    rd_kafka_conf_set(conf, "log.queue", "true", NULL, 0);
    rd_kafka_conf_set(conf, "debug", "all", NULL, 0);
    set(conf, "linger.ms", 0);
    faults_take_peak_bytes();
    long before = faults_take_peak_bytes();
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    assert_null(rd_kafka_set_log_queue(rk, queue));
    for (int i = 0; i < 30; i++) { /* Connections come and go: each logs. */
        produce(rk, 0, 10);
        set_brokers_up(i % 2);
        rk_thread_pause_us(20000);
    }
    set_brokers_up(true);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_true(rd_kafka_queue_length(queue) > 0);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    expect_at_most("logs", before, NOTICES + FIXED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_reports_not_taken),
        cmocka_unit_test(test_thousandfold_batches),
        cmocka_unit_test(test_logs_not_taken),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
