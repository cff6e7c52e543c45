/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/produce_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 60000, POLL_MS = 20 };

int64_t fixture_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Noting */

static struct noted_report *add_report(struct produce_fixture *fixture)
{
    if (fixture->report_count == fixture->report_capacity) {
        fixture->report_capacity = 2 * fixture->report_capacity + 1024;
        fixture->reports =
            realloc(fixture->reports, (size_t)fixture->report_capacity * sizeof(*fixture->reports));
        assert_non_null(fixture->reports);
    }
    struct noted_report *report = &fixture->reports[fixture->report_count++];
    memset(report, 0, sizeof(*report));
    return report;
}

static void copy_text(char *to, size_t room, const void *from, size_t size)
{
    size_t length = size < room - 1 ? size : room - 1;
    if (length > 0)
        memcpy(to, from, length);
    to[length] = '\0';
}

static void note(struct produce_fixture *fixture, const rd_kafka_message_t *message)
{
    struct noted_report *report = add_report(fixture);
    rd_kafka_headers_t *headers;
    report->err = message->err;
    if (message->err)
        snprintf(report->error_text, sizeof(report->error_text), "%s",
                 rd_kafka_message_errstr(message));
    report->partition = message->partition;
    report->offset = message->offset;
    report->timestamp_ms = rd_kafka_message_timestamp(message, &report->timestamp_type);
    report->latency_us = rd_kafka_message_latency(message);
    report->status = rd_kafka_message_status(message);
    report->broker_id = rd_kafka_message_broker_id(message);
    report->opaque = message->_private;
    report->payload = message->payload;
    report->payload_size = message->len;
    report->key_size = message->key_len;
    report->has_key = message->key != NULL;
    copy_text(report->text, sizeof(report->text), message->payload, message->len);
    copy_text(report->key, sizeof(report->key), message->key, message->key_len);
    snprintf(report->topic, sizeof(report->topic), "%s", rd_kafka_topic_name(message->rkt));
    if (!rd_kafka_message_headers(message, &headers))
        report->header_count = (int)rd_kafka_header_cnt(headers);
    if (fixture->on_report)
        fixture->on_report(fixture, message);
}

static void on_message(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    note(opaque, message);
}

static void on_payload(rd_kafka_t *rk, void *payload, size_t size, rd_kafka_resp_err_t err,
                       void *opaque, void *message_opaque)
{
    struct produce_fixture *fixture = opaque;
    struct noted_report *report = add_report(fixture);
    (void)rk;
    report->err = err;
    report->payload = payload;
    report->payload_size = size;
    report->opaque = message_opaque;
    copy_text(report->text, sizeof(report->text), payload, size);
}

static void note_event(struct produce_fixture *fixture, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message;
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
        int before = fixture->report_count;
        int count = (int)rd_kafka_event_message_count(event);
        while ((message = rd_kafka_event_message_next(event)))
            note(fixture, message);
        assert_int_equal(fixture->report_count - before, count);
    }
    rd_kafka_event_destroy(event);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct produce_fixture *fixture = opaque;
    (void)rk;
    (void)reason;
    fixture->error_count++;
    fixture->last_error = err;
}

static void drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (getenv("RK_TEST_LOG"))
        fprintf(stderr, "%d %s %s\n", level, facility, text);
}

/* Life */

void fixture_init(struct produce_fixture *fixture, int broker_count)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->cluster = scripted_new(broker_count);
}

static void start(struct produce_fixture *fixture, enum report_mode mode,
                  rd_kafka_topic_conf_t *topic_conf, va_list properties)
{
    char text[256];
    const char *name;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    fixture->mode = mode;
    rd_kafka_conf_set_opaque(conf, fixture);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, drop_log);
    if (mode == REPORT_MESSAGES)
        rd_kafka_conf_set_dr_msg_cb(conf, on_message);
    else if (mode == REPORT_PAYLOADS)
        rd_kafka_conf_set_dr_cb(conf, on_payload);
    else if (mode == REPORT_EVENTS)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    if (topic_conf)
        rd_kafka_conf_set_default_topic_conf(conf, topic_conf);
    if (rd_kafka_conf_set(conf, "bootstrap.servers", scripted_bootstrap(fixture->cluster), text,
                          sizeof(text)))
        fail_msg("%s", text);
    if (getenv("RK_TEST_LOG"))
        rd_kafka_conf_set(conf, "debug", getenv("RK_TEST_LOG"), NULL, 0);
    while ((name = va_arg(properties, const char *))) {
        if (rd_kafka_conf_set(conf, name, va_arg(properties, const char *), text, sizeof(text)))
            fail_msg("%s", text);
    }
    fixture->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!fixture->rk)
        fail_msg("%s", text);
}

void fixture_start(struct produce_fixture *fixture, enum report_mode mode, ...)
{
    va_list properties;
    va_start(properties, mode);
    start(fixture, mode, NULL, properties);
    va_end(properties);
}

void fixture_start_with(struct produce_fixture *fixture, enum report_mode mode,
                        rd_kafka_topic_conf_t *topic_conf, ...)
{
    va_list properties;
    va_start(properties, topic_conf);
    start(fixture, mode, topic_conf, properties);
    va_end(properties);
}

void fixture_end(struct produce_fixture *fixture)
{
    if (fixture->rk)
        rd_kafka_destroy(fixture->rk);
    scripted_destroy(fixture->cluster);
    free(fixture->reports);
}

/* Producing and waiting */

rd_kafka_resp_err_t fixture_produce(struct produce_fixture *fixture, const char *topic,
                                    int32_t partition, const char *text, intptr_t number)
{
    return rd_kafka_producev(fixture->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_VALUE((void *)(uintptr_t)text, strlen(text)),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_OPAQUE((void *)number), RD_KAFKA_V_END);
}

void fixture_produce_many(struct produce_fixture *fixture, const char *topic, int32_t partition,
                          int first, int count)
{
    char text[16];
    for (int i = first; i < first + count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        assert_int_equal(fixture_produce(fixture, topic, partition, text, i), 0);
    }
}

void fixture_poll(struct produce_fixture *fixture, int timeout_ms)
{
    int64_t until_ms = fixture_now_ms() + timeout_ms;
    do {
        int slice_ms = (int)(until_ms - fixture_now_ms());
        slice_ms = slice_ms < 0 ? 0 : slice_ms > POLL_MS ? POLL_MS : slice_ms;
        if (fixture->mode == REPORT_EVENTS) {
            rd_kafka_queue_t *queue = rd_kafka_queue_get_main(fixture->rk);
            rd_kafka_event_t *event = rd_kafka_queue_poll(queue, slice_ms);
            if (event)
                note_event(fixture, event);
            rd_kafka_queue_destroy(queue);
        } else {
            rd_kafka_poll(fixture->rk, slice_ms);
        }
    } while (fixture_now_ms() < until_ms);
}

void fixture_wait(struct produce_fixture *fixture, int report_count)
{
    int64_t until_ms = fixture_now_ms() + WAIT_MS;
    while (fixture->report_count < report_count && fixture_now_ms() < until_ms)
        fixture_poll(fixture, 0);
    if (fixture->report_count != report_count)
        fail_msg("%d reports instead of %d", fixture->report_count, report_count);
}

/* Expectations */

void fixture_expect_texts(struct produce_fixture *fixture, const char *topic, int partition,
                          int first, int count)
{
    char text[16];
    assert_int_equal(scripted_record_count(fixture->cluster, topic, partition), count);
    for (int i = 0; i < count; i++) {
        const struct scripted_record *record =
            scripted_record_at(fixture->cluster, topic, partition, i);
        snprintf(text, sizeof(text), "%d", first + i);
        assert_int_equal(record->value_size, strlen(text));
        assert_memory_equal(record->value, text, strlen(text));
    }
}

void fixture_expect_outcome(const struct produce_fixture *fixture, int from,
                            rd_kafka_resp_err_t err, rd_kafka_msg_status_t status)
{
    for (int i = from; i < fixture->report_count; i++) {
        if (fixture->reports[i].err != err || fixture->reports[i].status != status)
            fail_msg("report %d of %d: %s, status %d", i, fixture->report_count,
                     rd_kafka_err2name(fixture->reports[i].err), fixture->reports[i].status);
    }
}

void fixture_expect_each_once(const struct produce_fixture *fixture, int count)
{
    assert_int_equal(fixture->report_count, count);
    char *seen = calloc((size_t)count, 1);
    assert_non_null(seen);
    for (int i = 0; i < count; i++) {
        intptr_t number = (intptr_t)fixture->reports[i].opaque;
        assert_in_range(number, 0, count - 1);
        assert_int_equal(seen[number]++, 0);
    }
    free(seen);
}
