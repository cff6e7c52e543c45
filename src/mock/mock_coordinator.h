/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who coordinates a group or transactional id: the broker that was set for it, or one that its name
 * leads to. On the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_COORDINATOR_H
#define RK_MOCK_MOCK_COORDINATOR_H

#include "mock/mock_broker.h"
#include "mock/mock_consumer.h"
#include "mock/mock_request.h"

/* As in FindCoordinator. */
enum rk_mock_coordinator_type {
    RK_MOCK_COORDINATOR_GROUP = 0,
    RK_MOCK_COORDINATOR_TRANSACTION = 1,
    RK_MOCK_COORDINATOR_SHARE = 2,
};

/* NULL when the cluster has no brokers any more. */
struct rk_mock_broker *rk_mock_coordinator_find(struct rk_mock_cluster *cluster,
                                                enum rk_mock_coordinator_type type,
                                                const char *key);
/* NOT_COORDINATOR, when the request went to another broker. */
rd_kafka_resp_err_t rk_mock_coordinator_check(const struct rk_mock_request *request,
                                              enum rk_mock_coordinator_type type, const char *key);
void rk_mock_coordinator_set(struct rk_mock_cluster *cluster, enum rk_mock_coordinator_type type,
                             const char *key, int32_t broker_id);
/* The topics as groups see them, during a request. */
struct rk_mock_topics_view rk_mock_coordinator_topics(const struct rk_mock_cluster *cluster);
/* Forgets all that were set. */
void rk_mock_coordinators_clear(struct rk_mock_cluster *cluster);

#endif
