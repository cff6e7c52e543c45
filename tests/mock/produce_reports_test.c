/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery reports: what stands in them, and the ways they reach the application.
 */
#include "support/produce_fixture.h"

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

static void test_fields(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    int64_t before_ms = (int64_t)time(NULL) * 1000;
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(2),
                                       RD_KAFKA_V_KEY("key", 3), RD_KAFKA_V_VALUE("value", 5),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_HEADER("one", "1", -1),
                                       RD_KAFKA_V_HEADER("two", NULL, 0),
                                       RD_KAFKA_V_OPAQUE(&fixture), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(2),
                                       RD_KAFKA_V_TIMESTAMP(12345), RD_KAFKA_V_VALUE("other", 5),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     0);
    fixture_wait(&fixture, 2);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_MSG_STATUS_PERSISTED);
    const struct noted_report *first = &fixture.reports[0], *second = &fixture.reports[1];
    assert_string_equal(first->topic, "t");
    assert_int_equal(first->partition, 2);
    assert_int_equal(first->offset, 0);
    assert_string_equal(first->key, "key");
    assert_string_equal(first->text, "value");
    assert_ptr_equal(first->opaque, &fixture);
    assert_int_equal(first->header_count, 2);
    assert_int_equal(first->broker_id, 0);
    assert_int_equal(first->timestamp_type, RD_KAFKA_TIMESTAMP_CREATE_TIME);
    assert_in_range(first->timestamp_ms, before_ms, before_ms + 60000);
    assert_in_range(first->latency_us, 1, 60000000);
    assert_int_equal(second->offset, 1);
    assert_int_equal(second->timestamp_ms, 12345);
    assert_false(second->has_key);
    assert_int_equal(second->header_count, 0);
    assert_null(second->opaque);
    const struct scripted_record *record = scripted_record_at(fixture.cluster, "t", 2, 0);
    assert_memory_equal(record->key, "key", 3);
    assert_int_equal(record->timestamp_ms, first->timestamp_ms);
    static const uint8_t headers[] = {4, 6, 'o', 'n', 'e', 2, '1', 6, 't', 'w', 'o', 1};
    assert_int_equal(record->headers_size, sizeof(headers));
    assert_memory_equal(record->headers, headers, sizeof(headers));
    assert_int_equal(scripted_record_at(fixture.cluster, "t", 2, 1)->timestamp_ms, 12345);
}

static void test_null_is_not_empty(void **state)
{
    (void)state;
    static char nothing[1];
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    const struct {
        void *value;
        const void *key;
    } cases[] = {{NULL, NULL}, {nothing, NULL}, {NULL, nothing}, {nothing, nothing}};
    for (int i = 0; i < 4; i++)
        assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, cases[i].value, 0,
                                          cases[i].key, 0, NULL),
                         0);
    /* Without a pointer there is no length. */
    assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, NULL, 7, NULL, 9, NULL), 0);
    fixture_wait(&fixture, 5);
    for (int i = 0; i < 5; i++) {
        const struct scripted_record *record = scripted_record_at(fixture.cluster, "t", 0, i);
        assert_int_equal(record->value != NULL, i < 4 && cases[i].value != NULL);
        assert_int_equal(record->key != NULL, i < 4 && cases[i].key != NULL);
        assert_int_equal(record->value_size, 0);
        assert_int_equal(record->key_size, 0);
        assert_int_equal(fixture.reports[i].payload != NULL, record->value != NULL);
        assert_int_equal(fixture.reports[i].has_key, record->key != NULL);
    }
    rd_kafka_topic_destroy(topic);
}

static void test_timestamps_of_any_kind(void **state)
{
    (void)state;
    static const int64_t times[] = {1, INT64_MAX, -1, INT64_MIN, 1700000000000, 5, -5};
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "50", NULL);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(rd_kafka_producev(fixture.rk, RD_KAFKA_V_TOPIC("t"),
                                           RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("x", 1),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_TIMESTAMP(times[i]), RD_KAFKA_V_END),
                         0);
    fixture_wait(&fixture, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(fixture.reports[i].timestamp_ms, times[i]);
        assert_int_equal(scripted_record_at(fixture.cluster, "t", 0, i)->timestamp_ms, times[i]);
    }
}

static void test_dr_cb(void **state)
{
    (void)state;
    static char value[] = "mine";
    fixture_start(&fixture, REPORT_PAYLOADS, NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    assert_int_equal(rd_kafka_produce(topic, 1, 0, value, 4, "k", 1, &fixture), 0);
    fixture_wait(&fixture, 1);
    assert_ptr_equal(fixture.reports[0].payload, value);
    assert_int_equal(fixture.reports[0].payload_size, 4);
    assert_ptr_equal(fixture.reports[0].opaque, &fixture);
    rd_kafka_topic_destroy(topic);
}

static void test_events(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_EVENTS, "linger.ms", "20", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1000);
    fixture_wait(&fixture, 1000);
    fixture_expect_each_once(&fixture, 1000);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_event_array(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_EVENTS, "linger.ms", "200", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(fixture.rk);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 10000);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_DR);
    assert_int_equal(rd_kafka_event_message_count(event), 10);
    const rd_kafka_message_t *messages[16];
    assert_int_equal(rd_kafka_event_message_array(event, messages, 4), 4);
    assert_int_equal((intptr_t)messages[3]->_private, 3);
    assert_int_equal(rd_kafka_event_message_array(event, messages, 16), 6);
    assert_int_equal((intptr_t)messages[5]->_private, 9);
    assert_null(rd_kafka_event_message_next(event));
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 10); /* Until the event is given back. */
    rd_kafka_event_destroy(event);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    rd_kafka_queue_destroy(queue);
}

/* The application may keep an event longer than its client. */
static void test_event_outlives_client(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_EVENTS, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(fixture.rk);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 10000);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_DR);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    const rd_kafka_message_t *message = rd_kafka_event_message_next(event);
    assert_memory_equal(message->payload, "0", 1);
    assert_string_equal(rd_kafka_topic_name(message->rkt), "t");
    rd_kafka_event_destroy(event);
}

static void test_nobody_wants_reports(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_NOTHING, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 100);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
    fixture_expect_texts(&fixture, "t", 0, 0, 100);
}

static enum scripted_fate fail_odd(struct scripted_produce *produce, void *opaque)
{
    const struct rk_produce_answer_topic *topic = &produce->answer->responses.items[0];
    (void)opaque;
    for (int32_t i = 0; i < topic->partition_responses.count; i++) {
        if (topic->partition_responses.items[i].index % 2)
            topic->partition_responses.items[i].error_code = RD_KAFKA_RESP_ERR_INVALID_RECORD;
    }
    return SCRIPTED_ANSWER;
}

static void test_only_errors(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, fail_odd, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "delivery.report.only.error", "true", "linger.ms", "5",
                  "batch.num.messages", "1", NULL);
    for (int i = 0; i < 20; i++)
        fixture_produce_many(&fixture, "t", i % 2, i, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_int_equal(fixture.report_count, 10);
    for (int i = 0; i < fixture.report_count; i++) {
        assert_int_equal(fixture.reports[i].err, RD_KAFKA_RESP_ERR_INVALID_RECORD);
        assert_int_equal((intptr_t)fixture.reports[i].opaque % 2, 1);
    }
}

static enum scripted_fate set_append_time(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    produce->answer->responses.items[0].partition_responses.items[0].log_append_time_ms = 777;
    return SCRIPTED_ANSWER;
}

static void test_log_append_time(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, set_append_time, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 2);
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture.reports[i].timestamp_ms, 777);
        assert_int_equal(fixture.reports[i].timestamp_type, RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME);
    }
}

static void test_without_acks(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "acks", "0", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 50);
    fixture_wait(&fixture, 50);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(fixture.reports[i].err, 0);
        assert_int_equal(fixture.reports[i].offset, RD_KAFKA_OFFSET_INVALID);
        assert_int_equal(fixture.reports[i].status, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    }
    fixture_expect_each_once(&fixture, 50);
}

/* Yielding */

static void yield_at_third(struct produce_fixture *self, const rd_kafka_message_t *message)
{
    (void)message;
    if (self->report_count == 3)
        rd_kafka_yield(self->rk);
}

static void test_yield_inside_a_batch(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "100", NULL);
    fixture.on_report = yield_at_third;
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    while (fixture.report_count == 0)
        rd_kafka_poll(fixture.rk, 1000);
    assert_int_equal(fixture.report_count, 3);
    assert_true(rd_kafka_outq_len(fixture.rk) >= 7);
    rd_kafka_poll(fixture.rk, 1000);
    assert_int_equal(fixture.report_count, 10);
    fixture_expect_each_once(&fixture, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(fixture.reports[i].offset, i);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

/* Reports of a callback producer that are taken as events all the same come as events. */
static void test_poll_drops_events(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_EVENTS, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    int64_t until_ms = fixture_now_ms() + 10000;
    while (rd_kafka_outq_len(fixture.rk) > 0 && fixture_now_ms() < until_ms)
        rd_kafka_poll(fixture.rk, 10);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_fields),
        TEST(test_null_is_not_empty),
        TEST(test_timestamps_of_any_kind),
        TEST(test_dr_cb),
        TEST(test_events),
        TEST(test_event_array),
        TEST(test_event_outlives_client),
        TEST(test_nobody_wants_reports),
        TEST(test_only_errors),
        TEST(test_log_append_time),
        TEST(test_without_acks),
        TEST(test_yield_inside_a_batch),
        TEST(test_poll_drops_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
