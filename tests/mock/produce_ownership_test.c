/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns a payload when: copied, given away (F_FREE), or lent; on success and on every way to
 * fail. The sanitizers and the leak checker see what is freed twice, too early or never.
 */
#include "support/produce_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 4, SMALL = 100, LARGE = 70000 /* More than message.copy.max.bytes. */ };

static const int kinds[KINDS] = {0, RD_KAFKA_MSG_F_FREE, RD_KAFKA_MSG_F_COPY,
                                 RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_FREE};

static struct produce_fixture fixture;
static rd_kafka_topic_t *topic;

/* What is ours still. */
static struct {
    char *value;
    size_t size;
    int flags;
    bool is_taken;
} sent[64];
static int sent_count;

static void check_payload(struct produce_fixture *self, const rd_kafka_message_t *message)
{
    (void)self;
    int index = (int)(intptr_t)message->_private;
    assert_in_range(index, 0, sent_count - 1);
    assert_int_equal(message->len, sent[index].size);
    if (!(sent[index].flags & RD_KAFKA_MSG_F_COPY))
        assert_ptr_equal(message->payload, sent[index].value);
    for (size_t i = 0; i < message->len; i++)
        assert_int_equal(((const char *)message->payload)[i], 'a' + index % 26);
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 1);
    fixture.on_report = check_payload;
    scripted_add_topic(fixture.cluster, "t", 4);
    topic = NULL;
    sent_count = 0;
    return 0;
}

/* The library has freed what it was to free. */
static void free_ours(void)
{
    for (int i = 0; i < sent_count; i++) {
        bool is_theirs = sent[i].is_taken && (sent[i].flags & RD_KAFKA_MSG_F_FREE) &&
                         !(sent[i].flags & RD_KAFKA_MSG_F_COPY);
        if (!is_theirs)
            free(sent[i].value);
    }
    sent_count = 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (topic)
        rd_kafka_topic_destroy(topic);
    fixture_end(&fixture);
    free_ours();
    return 0;
}

static char *new_value(size_t size, int flags)
{
    char *value = malloc(size);
    assert_non_null(value);
    memset(value, 'a' + sent_count % 26, size);
    sent[sent_count].value = value;
    sent[sent_count].size = size;
    sent[sent_count].flags = flags;
    sent[sent_count].is_taken = false;
    return value;
}

/* One of each kind, small and large. Returns how many were accepted. */
static int produce_all_kinds(int32_t partition)
{
    int accepted = 0;
    for (int i = 0; i < 2 * KINDS; i++) {
        size_t size = i < KINDS ? SMALL : LARGE;
        int flags = kinds[i % KINDS];
        char *value = new_value(size, flags);
        int index = sent_count++;
        sent[index].is_taken = !rd_kafka_produce(topic, partition, flags, value, size, "key", 3,
                                                 (void *)(intptr_t)index);
        accepted += sent[index].is_taken;
        if (flags & RD_KAFKA_MSG_F_COPY)
            memset(value, '!', size); /* Ours to change. */
    }
    return accepted;
}

static void expect_all(rd_kafka_resp_err_t err)
{
    fixture_expect_each_once(&fixture, sent_count);
    for (int i = 0; i < fixture.report_count; i++)
        assert_int_equal(fixture.reports[i].err, err);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_delivered(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    assert_int_equal(produce_all_kinds(1), 8);
    fixture_wait(&fixture, 16);
    expect_all(0);
    for (int i = 0; i < 8; i++) {
        const struct scripted_record *record = scripted_record_at(fixture.cluster, "t", 0, i);
        assert_int_equal(record->value_size, i < 4 ? SMALL : LARGE);
        for (size_t j = 0; j < record->value_size; j++)
            assert_int_equal(((const char *)record->value)[j], 'a' + i);
    }
}

static void test_everything_by_reference(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", "message.copy.max.bytes", "0",
                  NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(produce_all_kinds(0), 8);
    fixture_wait(&fixture, 32);
    expect_all(0);
}

static void test_events(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_EVENTS, "linger.ms", "20", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    fixture_wait(&fixture, 8);
    expect_all(0);
}

static void test_compressed(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", "compression.codec", "lz4", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    fixture_wait(&fixture, 8);
    expect_all(0);
}

/* A message that is refused is the application's, whatever the flags. */
static void test_refused(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "queue.buffering.max.messages", "1",
                  "message.max.bytes", "1000", "linger.ms", "60000", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    fixture.on_report = NULL;
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    assert_int_equal(produce_all_kinds(0), 0); /* Full, or too large. */
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_int_equal(produce_all_kinds(7), 0); /* No such partition. */
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

/* But produce_batch() frees what no partition takes. */
static void test_batch_frees_what_has_no_partition(void **state)
{
    (void)state;
    rd_kafka_message_t messages[3];
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    fixture.on_report = NULL;
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_wait(&fixture, 1);
    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < 3; i++) {
        messages[i].payload = malloc(10);
        assert_non_null(messages[i].payload);
        memset(messages[i].payload, 'x', 10);
        messages[i].len = 10;
        messages[i].partition = 9 * (i % 2);
        messages[i]._private = (void *)(intptr_t)i;
    }
    assert_int_equal(rd_kafka_produce_batch(
                         topic, 0, RD_KAFKA_MSG_F_FREE | RD_KAFKA_MSG_F_PARTITION, messages, 3),
                     2);
    assert_int_equal(messages[0].err, 0);
    assert_int_equal(messages[1].err, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(messages[2].err, 0);
    fixture_wait(&fixture, 3);
}

static void test_staged(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "later", NULL);
    assert_int_equal(produce_all_kinds(RD_KAFKA_PARTITION_UA), 8);
    fixture_poll(&fixture, 100);
    assert_int_equal(produce_all_kinds(0), 8);
    scripted_add_topic(fixture.cluster, "later", 1);
    fixture_wait(&fixture, 16);
    expect_all(0);
}

static void test_staged_for_a_missing_partition(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "later", NULL);
    assert_int_equal(produce_all_kinds(5), 8);
    scripted_add_topic(fixture.cluster, "later", 1);
    fixture_wait(&fixture, 8);
    expect_all(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
}

static void test_staged_until_missing(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "topic.metadata.propagation.max.ms", "200",
                  "topic.metadata.refresh.fast.interval.ms", "50", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "never", NULL);
    assert_int_equal(produce_all_kinds(RD_KAFKA_PARTITION_UA), 8);
    fixture_wait(&fixture, 8);
    expect_all(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    assert_int_equal(produce_all_kinds(RD_KAFKA_PARTITION_UA), 0);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
}

static void test_staged_until_expiry(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "300", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "never", NULL);
    assert_int_equal(produce_all_kinds(RD_KAFKA_PARTITION_UA), 8);
    fixture_wait(&fixture, 8);
    expect_all(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
}

static void test_expired_in_part(void **state)
{
    (void)state;
    scripted_set_leader(fixture.cluster, "t", 0, -1);
    fixture_start(&fixture, REPORT_MESSAGES, "message.timeout.ms", "400", "linger.ms", "20", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    fixture_poll(&fixture, 200);
    assert_int_equal(produce_all_kinds(0), 8);
    while (fixture.report_count < 8) /* Or all of them, if nobody ran meanwhile. */
        fixture_poll(&fixture, 5);
    for (int i = 0; i < 8; i++)
        assert_int_equal(fixture.reports[i].err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    scripted_set_leader(fixture.cluster, "t", 0, 0);
    fixture_wait(&fixture, 16);
    fixture_expect_each_once(&fixture, 16);
}

static enum scripted_fate hold(struct scripted_produce *produce, void *opaque)
{
    (void)produce;
    (void)opaque;
    return SCRIPTED_HOLD;
}

static void test_purged(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hold, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "max.in.flight", "1", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    assert_int_equal(produce_all_kinds(0), 8);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT),
                     0);
    fixture_wait(&fixture, 16);
    fixture_expect_each_once(&fixture, 16);
    scripted_release(fixture.cluster);
    fixture_poll(&fixture, 50);
}

/* Destroyed with messages everywhere: nothing is reported, everything is freed. */
static void test_destroyed(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hold, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "max.in.flight", "1", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8); /* In flight and behind it. */
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    assert_int_equal(produce_all_kinds(0), 8);
    rd_kafka_topic_t *unknown = rd_kafka_topic_new(fixture.rk, "never", NULL);
    rd_kafka_topic_destroy(topic);
    topic = unknown;
    assert_int_equal(produce_all_kinds(0), 8); /* Staged. */
    rd_kafka_topic_destroy(topic);
    topic = NULL;
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    assert_int_equal(fixture.report_count, 0);
}

/* The same with the handle given back last. */
static void test_destroyed_before_its_topic(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    assert_string_equal(rd_kafka_topic_name(topic), "t");
}

/* Reports that nobody served. */
static void test_destroyed_with_reports(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "5", NULL);
    topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(produce_all_kinds(0), 8);
    int64_t until_ms = fixture_now_ms() + 10000;
    while (rd_kafka_outq_len(fixture.rk) == 8 && fixture_now_ms() < until_ms)
        ;
    assert_true(rd_kafka_outq_len(fixture.rk) > 8); /* A report counts as one more. */
}

/* Headers */

static void test_headers(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    fixture.on_report = NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
    rd_kafka_header_add(headers, "name", -1, "value", -1);
    /* Refused: still ours. */
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"),
                                       RD_KAFKA_V_HEADERS(headers),
                                       RD_KAFKA_V_HEADER("other", "x", 1), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR__CONFLICT);
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rd_kafka_header_cnt(headers), 1);
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_VALUE("x", 1),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
                     0);
    fixture_wait(&fixture, 1);
    assert_int_equal(fixture.reports[0].header_count, 1);
}

static void test_staged_headers(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    fixture.on_report = NULL;
    for (int i = 0; i < 2; i++) {
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, "name", -1, "value", -1);
        rd_kafka_header_add(headers, "none", -1, NULL, 0);
        assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("later"),
                                           RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_KEY("k", 1),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
                         0);
    }
    scripted_add_topic(fixture.cluster, "later", 1);
    fixture_wait(&fixture, 2);
    assert_int_equal(fixture.reports[1].header_count, 2);
    assert_string_equal(fixture.reports[1].key, "k");
    static const uint8_t expected[] = {4,   8,   'n', 'a', 'm', 'e', 10,  'v', 'a',
                                       'l', 'u', 'e', 8,   'n', 'o', 'n', 'e', 1};
    const struct scripted_record *record = scripted_record_at(fixture.cluster, "later", 0, 1);
    assert_int_equal(record->headers_size, sizeof(expected));
    assert_memory_equal(record->headers, expected, sizeof(expected));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_delivered),
        TEST(test_everything_by_reference),
        TEST(test_events),
        TEST(test_compressed),
        TEST(test_refused),
        TEST(test_batch_frees_what_has_no_partition),
        TEST(test_staged),
        TEST(test_staged_for_a_missing_partition),
        TEST(test_staged_until_missing),
        TEST(test_staged_until_expiry),
        TEST(test_expired_in_part),
        TEST(test_purged),
        TEST(test_destroyed),
        TEST(test_destroyed_before_its_topic),
        TEST(test_destroyed_with_reports),
        TEST(test_headers),
        TEST(test_staged_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
