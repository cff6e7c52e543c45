/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What requests a cluster has received, for tests to look at. On the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_TRACKING_H
#define RK_MOCK_MOCK_TRACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "mock/mock_cluster.h"

struct rk_mock_tracking {
    bool is_on;
    struct rk_mock_tracked_request *requests; /* In the order they came. */
    size_t count, capacity;
};

/* Zeroed is off and empty. */
void rk_mock_tracking_clear(struct rk_mock_tracking *tracking);
/* Does nothing while it is off. */
void rk_mock_tracking_add(struct rk_mock_tracking *tracking,
                          const struct rk_mock_tracked_request *request);
void rk_mock_tracking_switch(struct rk_mock_tracking *tracking, bool is_on);
/* A copy (rk_free), NULL for none. */
struct rk_mock_tracked_request *rk_mock_tracking_copy(const struct rk_mock_tracking *tracking,
                                                      size_t *count);

#endif
