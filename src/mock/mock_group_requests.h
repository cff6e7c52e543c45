/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JoinGroup or SyncGroup that waits at a mock broker. Belongs to its connection, on the cluster's
 * loop.
 */
#ifndef RK_MOCK_MOCK_GROUP_REQUESTS_H
#define RK_MOCK_MOCK_GROUP_REQUESTS_H

#include "mock/mock_request.h"

struct rk_mock_group_request;

/* Its connection has gone; NULL is fine. */
void rk_mock_group_request_destroy(struct rk_mock_group_request *waiting);

#endif
