/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mock cluster inside a client: test.mock.num.brokers.
 */
#ifndef RK_API_MOCK_CLIENT_H
#define RK_API_MOCK_CLIENT_H

#include <stddef.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"

/*
 * Before the configuration is frozen: starts a cluster of as many brokers as it asks for, and makes
 * its addresses the bootstrap servers. NULL with a text when the system has no thread, descriptor
 * or port to give.
 */
rd_kafka_mock_cluster_t *rk_client_new_mock(rd_kafka_conf_t *conf, char *errstr, size_t size);
/* The client exists now: it logs for the cluster. */
void rk_client_adopt_mock(rd_kafka_t *rk, rd_kafka_mock_cluster_t *mcluster);
void rk_client_destroy_mock(rd_kafka_mock_cluster_t *mcluster);

#endif
