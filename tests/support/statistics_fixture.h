/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mock cluster and one client of it whose statistics are read: for
 * tests/mock/statistics_*_test.c.
 */
#ifndef SUPPORT_STATISTICS_FIXTURE_H
#define SUPPORT_STATISTICS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "support/statistics_reader.h"

enum { STATISTICS_GROUP_LINES = 64, STATISTICS_SILENCES = 64 };

struct statistics_fixture {
    rd_kafka_t *owner; /* Of the cluster. */
    rd_kafka_mock_cluster_t *cluster;
    rd_kafka_t *rk;
    struct statistics_reader reader;
    _Atomic int silence_count; /* Lines of the log that tell of silence. */
    char silences[STATISTICS_SILENCES][512];
    _Atomic int group_line_count; /* Lines of the log that tell what the group waits for. */
    char group_lines[STATISTICS_GROUP_LINES][512];
    void (*configure)(rd_kafka_conf_t *conf); /* What no property can say; or NULL. */
};

/* A cluster of so many brokers with the topic "t" of so many partitions; its owner is not connected
 * to it. */
void statistics_init(struct statistics_fixture *fixture, int broker_count, int partition_count);
/* The client, statistics every 50 ms; pairs of property and value up to NULL. */
void statistics_start(struct statistics_fixture *fixture, rd_kafka_type_t type, ...)
    __attribute__((sentinel));
void statistics_end(struct statistics_fixture *fixture);
/* To that partition of "t", or of whichever topic. */
void statistics_produce(struct statistics_fixture *fixture, const char *topic, int32_t partition,
                        int count);

#endif
