/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The leaders that one answer names, each once (KIP-951). A value on the stack of a handler.
 */
#ifndef RK_MOCK_MOCK_LEADER_H
#define RK_MOCK_MOCK_LEADER_H

#include "mock/mock_broker.h"

#define RK_MOCK_LEADERS_MAX 16 /* More are not named: it is only a hint. */

struct rk_mock_leaders {
    struct rk_mock_cluster *cluster;
    struct rk_mock_broker *brokers[RK_MOCK_LEADERS_MAX];
    int count;
};

/* -1 and brokers that are not in metadata are left out. */
static inline void rk_mock_leaders_add(struct rk_mock_leaders *leaders, int32_t broker_id)
{
    struct rk_mock_broker *broker =
        broker_id >= 0 ? rk_mock_broker_find(leaders->cluster, broker_id) : NULL;
    if (!broker || broker->is_hidden || leaders->count == RK_MOCK_LEADERS_MAX)
        return;
    for (int i = 0; i < leaders->count; i++) {
        if (leaders->brokers[i] == broker)
            return;
    }
    leaders->brokers[leaders->count++] = broker;
}

#endif
