/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mock cluster with messages in it and a consumer of them: for tests/mock/consume_*_test.c.
 *
 * One fixture per test, used by the test's thread. The cluster belongs to a producer that fills it:
 * message number i of a partition has the offset i and the text "<topic> <partition> <i>".
 */
#ifndef SUPPORT_CONSUME_FIXTURE_H
#define SUPPORT_CONSUME_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"

enum { CONSUME_TIMEOUT_MS = 20000, CONSUME_QUIET_MS = 200 };

struct consume_fixture {
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    rd_kafka_t *rk;  /* The consumer. */
    int error_count; /* error_cb */
    rd_kafka_resp_err_t last_error;
};

/* A cluster without topics. */
void consume_init(struct consume_fixture *fixture, int broker_count);
/* The same with properties for the producer, pairs up to NULL. */
void consume_init_with(struct consume_fixture *fixture, int broker_count, ...)
    __attribute__((sentinel));
/* A consumer with a group.id; pairs of property and value up to NULL. `fixture` is the opaque. */
void consume_start(struct consume_fixture *fixture, ...) __attribute__((sentinel));
/* The same without group.id. */
void consume_start_plain(struct consume_fixture *fixture, ...) __attribute__((sentinel));
/* Destroys the consumer, if that was not done, and the cluster. */
void consume_end(struct consume_fixture *fixture);

void consume_add_topic(struct consume_fixture *fixture, const char *topic, int partition_count);
/* Appends messages to the partition, with the numbers from `first` on; in batches of about ten. */
void consume_fill(struct consume_fixture *fixture, const char *topic, int32_t partition, int first,
                  int count);
/* The same to each of the first partitions. */
void consume_fill_all(struct consume_fixture *fixture, const char *topic, int partition_count,
                      int count);

/* Replaces the assignment by the first partitions of a topic, all at that offset. */
void consume_assign(struct consume_fixture *fixture, const char *topic, int partition_count,
                    int64_t offset);
rd_kafka_topic_partition_list_t *consume_list(const char *topic, int32_t partition, int64_t offset);
/* The next message or error, for rd_kafka_message_destroy(); fails the test when none comes. */
rd_kafka_message_t *consume_next(struct consume_fixture *fixture);
/* The next is that message, of the topic "t". */
void consume_expect(struct consume_fixture *fixture, int32_t partition, int64_t offset);
/* The next is that error. Returns its offset. */
int64_t consume_expect_error(struct consume_fixture *fixture, rd_kafka_resp_err_t err);
/* Nothing comes for a while. */
void consume_expect_nothing(struct consume_fixture *fixture);
/* A message of the topic has the text that belongs to its place. */
void consume_check_text(const rd_kafka_message_t *message);
bool consume_has_text(const rd_kafka_message_t *message); /* Any thread. */
int64_t consume_position(struct consume_fixture *fixture, const char *topic, int32_t partition);

#endif
