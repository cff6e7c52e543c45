/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Topics that are not known yet, come late, grow, go; partitioners.
 */
#include "support/produce_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct produce_fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 2);
    scripted_add_topic(fixture.cluster, "t", 8);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void start_quick(void)
{
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "5", "retry.backoff.ms", "10",
                  "topic.metadata.refresh.fast.interval.ms", "20",
                  "topic.metadata.propagation.max.ms", "300", "sticky.partitioning.linger.ms", "5",
                  NULL);
}

/* Staging */

enum { STAGED_COUNT = 20000 };

static void *create_late(void *argument)
{
    struct produce_fixture *self = argument;
    scripted_wait_requests(self->cluster, RK_API_METADATA, 4);
    scripted_add_topic(self->cluster, "late", 1);
    return NULL;
}

/* No message overtakes another while the topic becomes known. */
static void test_order_through_staging(void **state)
{
    (void)state;
    pthread_t thread;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "5", "retry.backoff.ms", "10",
                  "topic.metadata.refresh.fast.interval.ms", "20",
                  "topic.metadata.propagation.max.ms", "60000", NULL);
    assert_int_equal(pthread_create(&thread, NULL, create_late, &fixture), 0);
    int64_t until_ms = fixture_now_ms() + 10000;
    int count = 0;
    while ((count < STAGED_COUNT || fixture.report_count == 0) && fixture_now_ms() < until_ms) {
        fixture_produce_many(&fixture, "late", count % 2 ? 0 : RD_KAFKA_PARTITION_UA, count, 1);
        count++;
        if (count % 100 == 0)
            fixture_poll(&fixture, 1);
    }
    pthread_join(thread, NULL);
    fixture_wait(&fixture, count);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "late", 0, 0, count);
}

/* Until the client has learned that there is no such topic, `count` at most. Returns how many were
 * taken. */
static int produce_until_unknown(const char *topic, int32_t partition, int first, int count)
{
    for (int i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = fixture_produce(&fixture, topic, partition, "x", first + i);
        if (err) {
            assert_int_equal(err, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
            return i;
        }
    }
    return count;
}

static void test_unknown_topic_comes_after_all(void **state)
{
    (void)state;
    start_quick();
    int taken = produce_until_unknown("later", 0, 0, 10);
    assert_true(taken > 0);
    fixture_wait(&fixture, taken);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    assert_int_equal(fixture_produce(&fixture, "later", 0, "x", 1),
                     RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    scripted_add_topic(fixture.cluster, "later", 1);
    int64_t until_ms = fixture_now_ms() + 10000;
    while (fixture_produce(&fixture, "later", 0, "10", 10) && fixture_now_ms() < until_ms)
        fixture_poll(&fixture, 20);
    fixture_wait(&fixture, taken + 1);
    assert_int_equal(fixture.reports[taken].err, 0);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_not_authorized(void **state)
{
    (void)state;
    scripted_set_topic_error(fixture.cluster, "t", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    start_quick();
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_wait(&fixture, 10);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

/* Errors that pass are waited for. */
static void test_topic_being_created(void **state)
{
    (void)state;
    scripted_set_topic_error(fixture.cluster, "t", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    start_quick();
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_poll(&fixture, 500);
    assert_int_equal(fixture.report_count, 0);
    scripted_set_topic_error(fixture.cluster, "t", 0);
    fixture_wait(&fixture, 10);
    fixture_expect_texts(&fixture, "t", 0, 0, 10);
}

static void test_topic_deleted(void **state)
{
    (void)state;
    start_quick();
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_wait(&fixture, 10);
    scripted_remove_topic(fixture.cluster, "t");
    int taken = produce_until_unknown("t", 0, 10, 10);
    assert_true(taken > 0);
    taken += 10 + produce_until_unknown("t", 1, 20, 10);
    fixture_wait(&fixture, taken);
    fixture_expect_outcome(&fixture, 10, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    assert_int_equal(fixture_produce(&fixture, "t", 0, "x", 1), RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    scripted_add_topic(fixture.cluster, "t", 2);
    int64_t until_ms = fixture_now_ms() + 10000;
    while (fixture_produce(&fixture, "t", 1, "30", 30) && fixture_now_ms() < until_ms)
        fixture_poll(&fixture, 20);
    fixture_wait(&fixture, taken + 1);
    assert_int_equal(fixture.reports[taken].err, 0);
    assert_int_equal(fixture_produce(&fixture, "t", 5, "x", 1),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

/* Growing */

static void test_partitions_are_added(void **state)
{
    (void)state;
    scripted_add_topic(fixture.cluster, "grows", 1);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "5", "topic.metadata.refresh.interval.ms",
                  "100", NULL);
    fixture_produce_many(&fixture, "grows", 0, 0, 10);
    fixture_wait(&fixture, 10);
    assert_int_equal(fixture_produce(&fixture, "grows", 3, "x", 1),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    for (int count = 2; count <= 16; count *= 2) {
        scripted_add_topic(fixture.cluster, "grows", count);
        int64_t until_ms = fixture_now_ms() + 10000;
        int before = fixture.report_count;
        while (fixture_produce(&fixture, "grows", count - 1, "y", before) &&
               fixture_now_ms() < until_ms)
            fixture_poll(&fixture, 20);
        fixture_produce_many(&fixture, "grows", RD_KAFKA_PARTITION_UA, before + 1, 10);
        fixture_wait(&fixture, before + 11);
    }
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, fixture.report_count);
}

/* Until the client knows that the topic has no partition `partition` any more. */
static int wait_until_gone(int32_t partition, int number)
{
    int64_t until_ms = fixture_now_ms() + 10000;
    while (!fixture_produce(&fixture, "shrinks", partition, "x", number) &&
           fixture_now_ms() < until_ms) {
        number++;
        fixture_poll(&fixture, 20);
    }
    return number;
}

/* Made again with fewer partitions, then with more: by id, or by time where brokers tell none. What
 * is for a partition that is gone fails, all else goes on. */
static void shrink(int16_t metadata_version)
{
    scripted_set_max_version(fixture.cluster, RK_API_METADATA, metadata_version);
    scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, metadata_version);
    scripted_add_topic(fixture.cluster, "shrinks", 8);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "1", "topic.metadata.refresh.interval.ms",
                  "50", "topic.metadata.propagation.max.ms", "300", "partitioner", "random", NULL);
    fixture_produce_many(&fixture, "shrinks", 7, 0, 10);
    fixture_wait(&fixture, 10);
    scripted_recreate_topic(fixture.cluster, "shrinks", 3);
    int count = wait_until_gone(7, 10);
    fixture_wait(&fixture, count);
    for (int i = 10; i < count; i++)
        assert_true(fixture.reports[i].err == 0 ||
                    fixture.reports[i].err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    fixture_produce_many(&fixture, "shrinks", RD_KAFKA_PARTITION_UA, count, 100);
    fixture_wait(&fixture, count + 100);
    fixture_expect_outcome(&fixture, count, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    for (int i = count; i < count + 100; i++)
        assert_in_range(fixture.reports[i].partition, 0, 2);
    count += 100;
    scripted_recreate_topic(fixture.cluster, "shrinks", 10);
    int64_t until_ms = fixture_now_ms() + 10000;
    while (fixture_produce(&fixture, "shrinks", 9, "x", count) && fixture_now_ms() < until_ms)
        fixture_poll(&fixture, 20);
    fixture_produce_many(&fixture, "shrinks", 5, count + 1, 10);
    fixture_wait(&fixture, count + 11);
    fixture_expect_outcome(&fixture, count, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, count + 11);
}

static void test_partitions_are_gone_by_id(void **state)
{
    (void)state;
    shrink(12);
}

static void test_partitions_are_gone_by_time(void **state)
{
    (void)state;
    shrink(9);
}

/* Partitioners */

static void restart_with(const char *partitioner, const char *linger_ms)
{
    if (fixture.rk)
        rd_kafka_destroy(fixture.rk);
    fixture.report_count = 0;
    fixture_start(&fixture, REPORT_MESSAGES, "partitioner", partitioner, "linger.ms", linger_ms,
                  NULL);
}

static int32_t partition_of_key(const char *key, size_t size)
{
    int before = fixture.report_count;
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"),
                                       RD_KAFKA_V_KEY((void *)(uintptr_t)key, size),
                                       RD_KAFKA_V_VALUE("x", 1),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     0);
    fixture_wait(&fixture, before + 1);
    assert_int_equal(fixture.reports[before].err, 0);
    return fixture.reports[before].partition;
}

/* The same as the functions that applications may call. */
static void test_hashes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t (*function)(const rd_kafka_topic_t *, const void *, size_t, int32_t, void *,
                            void *);
    } rows[] = {
        {"consistent", rd_kafka_msg_partitioner_consistent},
        {"consistent_random", rd_kafka_msg_partitioner_consistent_random},
        {"murmur2", rd_kafka_msg_partitioner_murmur2},
        {"murmur2_random", rd_kafka_msg_partitioner_murmur2_random},
        {"fnv1a", rd_kafka_msg_partitioner_fnv1a},
        {"fnv1a_random", rd_kafka_msg_partitioner_fnv1a_random},
    };
    char key[16];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        restart_with(rows[i].name, "0");
        for (int k = 0; k < 20; k++) {
            snprintf(key, sizeof(key), "key%d", k);
            assert_int_equal(partition_of_key(key, strlen(key)),
                             rows[i].function(NULL, key, strlen(key), 8, NULL, NULL));
        }
    }
}

/* Messages without a key gather in one partition for a while, and use all in the end. */
static void test_sticky(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "2", "sticky.partitioning.linger.ms",
                  "20", NULL);
    fixture_produce_many(&fixture, "t", RD_KAFKA_PARTITION_UA, 0, 1);
    fixture_wait(&fixture, 1);
    int switches = 0, count = 1;
    bool was_used[8] = {false};
    int64_t began_ms = fixture_now_ms();
    for (int i = 0; i < 400 || fixture_now_ms() < began_ms + 1500; i++) {
        fixture_produce_many(&fixture, "t", RD_KAFKA_PARTITION_UA, count, 20);
        count += 20;
        fixture_poll(&fixture, 2);
    }
    int64_t passed_ms = fixture_now_ms() - began_ms;
    fixture_wait(&fixture, count);
    int32_t *partitions = calloc((size_t)count, sizeof(*partitions));
    assert_non_null(partitions);
    for (int i = 0; i < count; i++)
        partitions[(intptr_t)fixture.reports[i].opaque] = fixture.reports[i].partition;
    for (int i = 0; i < count; i++) {
        was_used[partitions[i]] = true;
        switches += i > 0 && partitions[i] != partitions[i - 1];
    }
    free(partitions);
    assert_in_range(switches, 5, passed_ms / 20 + 5);
    int used = 0;
    for (int p = 0; p < 8; p++)
        used += was_used[p];
    assert_true(used >= 5);
}

/* Without linger they are spread; partitions without a leader are avoided as far as possible. */
static void test_random(void **state)
{
    (void)state;
    int counts[8] = {0};
    scripted_set_leader(fixture.cluster, "t", 3, -1);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "message.timeout.ms", "3000", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    fixture_poll(&fixture, 50);
    fixture_produce_many(&fixture, "t", RD_KAFKA_PARTITION_UA, 1, 800);
    fixture_wait(&fixture, 801);
    for (int i = 1; i < 801; i++)
        counts[fixture.reports[i].partition]++;
    for (int p = 0; p < 8; p++)
        assert_in_range(counts[p], p == 3 ? 0 : 50, p == 3 ? 40 : 200);
}

static atomic_int custom_calls;

static int32_t custom(const rd_kafka_topic_t *topic, const void *key, size_t key_size,
                      int32_t partition_count, void *topic_opaque, void *message_opaque)
{
    (void)key;
    atomic_fetch_add(&custom_calls, 1);
    if (strcmp(rd_kafka_topic_name(topic), "t") == 0) {
        assert_int_equal(partition_count, 8);
        assert_ptr_equal(topic_opaque, &fixture);
    }
    if (key_size == 3)
        return 100; /* There is none. */
    return (int32_t)((intptr_t)message_opaque % partition_count);
}

static void test_custom_partitioner(void **state)
{
    (void)state;
    atomic_store(&custom_calls, 0);
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    rd_kafka_topic_conf_set_partitioner_cb(conf, custom);
    rd_kafka_topic_conf_set_opaque(conf, &fixture);
    fixture_start_with(&fixture, REPORT_MESSAGES, conf, "linger.ms", "5", NULL);
    fixture_produce_many(&fixture, "t", RD_KAFKA_PARTITION_UA, 0, 40);
    fixture_wait(&fixture, 40);
    fixture_produce_many(&fixture, "t", RD_KAFKA_PARTITION_UA, 40, 40);
    fixture_wait(&fixture, 80);
    for (int i = 0; i < 80; i++)
        assert_int_equal(fixture.reports[i].partition, (intptr_t)fixture.reports[i].opaque % 8);
    assert_int_equal(atomic_load(&custom_calls), 80);
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_KEY("abc", 3),
                                       RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    fixture_produce_many(&fixture, "t", 2, 80, 1); /* Not asked when the partition is given. */
    fixture_wait(&fixture, 81);
    assert_int_equal(atomic_load(&custom_calls), 81);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_partition_available(void **state)
{
    (void)state;
    scripted_set_leader(fixture.cluster, "t", 3, -1);
    start_quick();
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    for (int32_t p = -1; p < 10; p++)
        assert_int_equal(rd_kafka_topic_partition_available(topic, p), p >= 0 && p < 8 && p != 3);
    rd_kafka_topic_destroy(topic);
}

static void test_handles(void **state)
{
    (void)state;
    char long_name[600];
    start_quick();
    rd_kafka_topic_t *one = rd_kafka_topic_new(fixture.rk, "t", NULL);
    rd_kafka_topic_t *two = rd_kafka_topic_new(fixture.rk, "t", rd_kafka_topic_conf_new());
    assert_ptr_equal(one, two);
    rd_kafka_topic_destroy(one);
    rd_kafka_topic_destroy(two);
    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    assert_null(rd_kafka_topic_new(fixture.rk, long_name, rd_kafka_topic_conf_new()));
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_null(rd_kafka_topic_new(fixture.rk, NULL, NULL));
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC(NULL), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC(long_name), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_order_through_staging),
        TEST(test_unknown_topic_comes_after_all),
        TEST(test_not_authorized),
        TEST(test_topic_being_created),
        TEST(test_topic_deleted),
        TEST(test_partitions_are_added),
        TEST(test_partitions_are_gone_by_id),
        TEST(test_partitions_are_gone_by_time),
        TEST(test_hashes),
        TEST(test_sticky),
        TEST(test_random),
        TEST(test_custom_partitioner),
        TEST(test_partition_available),
        TEST(test_handles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
