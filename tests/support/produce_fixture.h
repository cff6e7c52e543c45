/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A producer on scripted brokers, and the reports it got: for tests/mock/produce_*_test.c.
 *
 * One fixture per test, used by the test's thread. Reports are noted by dr_msg_cb, by dr_cb, or as
 * events, whichever the fixture was started with.
 */
#ifndef SUPPORT_PRODUCE_FIXTURE_H
#define SUPPORT_PRODUCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "support/scripted_broker.h"

enum report_mode { REPORT_MESSAGES, REPORT_PAYLOADS, REPORT_EVENTS, REPORT_NOTHING };

/* A delivery report. What the message pointed to is copied. */
struct noted_report {
    rd_kafka_resp_err_t err;
    char error_text[400];
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    rd_kafka_timestamp_type_t timestamp_type;
    int64_t latency_us;
    rd_kafka_msg_status_t status;
    int32_t broker_id;
    void *opaque;
    const void *payload; /* Only to be compared. */
    size_t payload_size, key_size;
    char text[64]; /* The payload's beginning. */
    char key[32];
    char topic[64];
    int header_count;
    bool has_key;
};

struct produce_fixture {
    struct scripted_cluster *cluster;
    rd_kafka_t *rk;
    enum report_mode mode;
    struct noted_report *reports;
    int report_count, report_capacity;
    int error_count; /* error_cb */
    rd_kafka_resp_err_t last_error;
    void (*on_report)(struct produce_fixture *fixture, const rd_kafka_message_t *message);
};

/* The brokers first, so that the test can set them up; then the producer, with pairs of property
 * and value up to NULL. `fixture` is the opaque of all callbacks. */
void fixture_init(struct produce_fixture *fixture, int broker_count);
void fixture_start(struct produce_fixture *fixture, enum report_mode mode, ...)
    __attribute__((sentinel));
/* The same with a topic configuration as the default; takes: topic_conf. */
void fixture_start_with(struct produce_fixture *fixture, enum report_mode mode,
                        rd_kafka_topic_conf_t *topic_conf, ...) __attribute__((sentinel));
/* Destroys the producer, if that was not done, and the brokers. */
void fixture_end(struct produce_fixture *fixture);

/* Copies the text; the opaque is the number. */
rd_kafka_resp_err_t fixture_produce(struct produce_fixture *fixture, const char *topic,
                                    int32_t partition, const char *text, intptr_t number);
/* Texts "<first>" ... as many as that. */
void fixture_produce_many(struct produce_fixture *fixture, const char *topic, int32_t partition,
                          int first, int count);
/* Serves callbacks or events for that long. */
void fixture_poll(struct produce_fixture *fixture, int timeout_ms);
/* Until that many reports were noted; fails the test after a minute. */
void fixture_wait(struct produce_fixture *fixture, int report_count);
/* Asserts that the records of the partition are the texts "<first>" ... in order. */
void fixture_expect_texts(struct produce_fixture *fixture, const char *topic, int partition,
                          int first, int count);
/* All reports, from `from`, have that error and status. */
void fixture_expect_outcome(const struct produce_fixture *fixture, int from,
                            rd_kafka_resp_err_t err, rd_kafka_msg_status_t status);
/* Each of the numbers 0 ... count - 1 was reported exactly once. */
void fixture_expect_each_once(const struct produce_fixture *fixture, int count);
/* Milliseconds on the monotonic clock. */
int64_t fixture_now_ms(void);

#endif
