/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of topics: each topic's messages go as its own configuration says. Acks and time-outs
 * are looked at in produce_sending_test.c and produce_expiry_test.c, partitioners in
 * produce_topics_test.c. And the order in which a partition's batches are sent.
 */
#include "support/produce_fixture.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "wire/compression.h"

static struct produce_fixture fixture;
static _Atomic int last_acks, last_timeout_ms, last_size;

static enum scripted_fate note_request(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    last_acks = produce->request->acks;
    last_timeout_ms = produce->request->timeout_ms;
    last_size = produce->request->topic_data.items[0].partition_data.items[0].records.size;
    return SCRIPTED_ANSWER;
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 1);
    scripted_add_topic(fixture.cluster, "t", 1);
    scripted_add_topic(fixture.cluster, "other", 1);
    scripted_set_hook(fixture.cluster, note_request, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

/* With one property of its own. */
static rd_kafka_topic_t *new_topic(const char *name, const char *property, const char *value)
{
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    assert_int_equal(rd_kafka_topic_conf_set(conf, property, value, NULL, 0), RD_KAFKA_CONF_OK);
    return rd_kafka_topic_new(fixture.rk, name, conf);
}

/* A hundred messages that compress well, in one batch; the codec they arrive with. */
static int codec_of(const char *topic)
{
    int first = fixture.report_count, index = scripted_record_count(fixture.cluster, topic, 0);
    fixture_produce_many(&fixture, topic, 0, first, 100);
    fixture_wait(&fixture, first + 100);
    return scripted_record_at(fixture.cluster, topic, 0, index)->codec;
}

static void test_compression(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int codec;
    } rows[] = {{"none", RK_COMPRESSION_NONE},     {"gzip", RK_COMPRESSION_GZIP},
                {"snappy", RK_COMPRESSION_SNAPPY}, {"lz4", RK_COMPRESSION_LZ4},
                {"zstd", RK_COMPRESSION_ZSTD},     {"inherit", RK_COMPRESSION_GZIP}};
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "50", "batch.num.messages", "100",
                  "compression.codec", "gzip", NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!rk_compression_is_available(rows[i].codec))
            continue;
        scripted_add_topic(fixture.cluster, rows[i].name, 1);
        rd_kafka_topic_t *topic = new_topic(rows[i].name, "compression.codec", rows[i].name);
        assert_int_equal(codec_of(rows[i].name), rows[i].codec);
        rd_kafka_topic_destroy(topic);
    }
}

/* Set on the client: for all topics that have no configuration of their own. */
static void test_default_of_the_client(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "50", "batch.num.messages", "100",
                  "compression.codec", "gzip", "acks", "1", "request.timeout.ms", "4321", NULL);
    assert_int_equal(codec_of("t"), RK_COMPRESSION_GZIP);
    assert_int_equal(last_acks, 1);
    assert_int_equal(last_timeout_ms, 4321);
    rd_kafka_topic_t *topic = new_topic("other", "acks", "all");
    codec_of("other"); /* By name: it is that topic all the same. */
    assert_int_equal(last_acks, -1);
    assert_int_equal(last_timeout_ms, 30000);
    rd_kafka_topic_destroy(topic);
}

static int size_at_level(const char *level)
{
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    char name[16] = "level";
    strcat(name, level);
    scripted_add_topic(fixture.cluster, name, 1);
    rd_kafka_topic_conf_set(conf, "compression.codec", "gzip", NULL, 0);
    assert_int_equal(rd_kafka_topic_conf_set(conf, "compression.level", level, NULL, 0), 0);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, name, conf);
    int first = fixture.report_count;
    fixture_produce_many(&fixture, name, 0, first + 1000000, 5000);
    fixture_wait(&fixture, first + 5000);
    rd_kafka_topic_destroy(topic);
    return last_size;
}

static void test_compression_level(void **state)
{
    (void)state;
    if (!rk_compression_is_available(RK_COMPRESSION_GZIP))
        skip();
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "batch.num.messages", "5000",
                  NULL);
    assert_true(size_at_level("1") > size_at_level("9"));
}

/* Thirty batches of ten wait while the partition is paused. */
static void run_strategy(const char *strategy, const char *max_in_flight)
{
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", "batch.num.messages", "10",
                  "max.in.flight", max_in_flight, NULL);
    rd_kafka_topic_t *topic = new_topic("t", "queuing.strategy", strategy);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    assert_int_equal(rd_kafka_pause_partitions(fixture.rk, list), 0);
    fixture_produce_many(&fixture, "t", 0, 1, 305); /* The last five: in an open batch. */
    assert_int_equal(rd_kafka_resume_partitions(fixture.rk, list), 0);
    fixture_wait(&fixture, 306);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, 306);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(topic);
}

static int number_at(int index)
{
    const struct scripted_record *record = scripted_record_at(fixture.cluster, "t", 0, index);
    char text[16] = {0};
    memcpy(text, record->value, record->value_size);
    return atoi(text);
}

static void test_fifo(void **state)
{
    (void)state;
    run_strategy("fifo", "1");
    for (int i = 0; i < 306; i++)
        assert_int_equal(number_at(i), i);
}

/* The newest batch first, its messages in order; the open one when it is due. */
static void test_lifo(void **state)
{
    (void)state;
    run_strategy("lifo", "1");
    int last_first = 1000, batches = 0;
    for (int i = 1; i < 306;) {
        int first = number_at(i), count = first == 301 ? 5 : 10;
        if (first != 301) {
            assert_true(first < last_first);
            last_first = first;
        }
        for (int k = 0; k < count; k++)
            assert_int_equal(number_at(i + k), first + k);
        i += count;
        batches++;
    }
    assert_int_equal(batches, 31);
}

static void test_lifo_with_many_in_flight(void **state)
{
    (void)state;
    run_strategy("lifo", "100");
}

static _Atomic int refusals;

static enum scripted_fate refuse_some(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    if (produce->number % 3 == 1) {
        produce->answer->responses.items[0].partition_responses.items[0].error_code =
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
        refusals++;
    }
    return SCRIPTED_ANSWER;
}

/* What backs off does not keep the others. */
static void test_lifo_with_retries(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, refuse_some, NULL);
    run_strategy("lifo", "2");
    assert_true(refusals > 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_compression),
        TEST(test_default_of_the_client),
        TEST(test_compression_level),
        TEST(test_fifo),
        TEST(test_lifo),
        TEST(test_lifo_with_many_in_flight),
        TEST(test_lifo_with_retries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
