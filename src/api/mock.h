/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mock cluster in the application's hands: the public rd_kafka_mock_cluster_t.
 *
 * Made by rd_kafka_mock_cluster_new() and freed by rd_kafka_mock_cluster_destroy(), or made and
 * freed by the client whose test.mock.num.brokers asks for one. Functions: any thread.
 */
#ifndef RK_API_MOCK_H
#define RK_API_MOCK_H

#include "mock/mock_cluster.h"
#include "rdkafka.h"
#include "rdkafka_mock.h"

struct rd_kafka_mock_cluster_s {
    _Atomic(rd_kafka_t *) rk; /* That logs for it; NULL before it exists. */
    struct rk_mock_cluster *cluster;
};

/* NULL with errno. */
rd_kafka_mock_cluster_t *rk_api_mock_new(rd_kafka_t *rk, int broker_count, bool is_debugging);

#endif
