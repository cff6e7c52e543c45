/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The offsets that groups have committed, and OffsetCommit and OffsetFetch at their coordinator.
 *
 * Belongs to its cluster, on the cluster's loop. Offsets stay until their topic is deleted.
 */
#ifndef RK_MOCK_MOCK_COMMITS_H
#define RK_MOCK_MOCK_COMMITS_H

#include "mock/mock_state.h"

struct rk_mock_commit {
    int64_t offset; /* -1: none. */
    int32_t leader_epoch;
    char *metadata;
};

/* NULL when there is none. */
const struct rk_mock_commit *rk_mock_commits_find(const struct rk_mock_cluster *cluster,
                                                  const char *group, const char *topic,
                                                  int32_t partition);
void rk_mock_commits_clear(struct rk_mock_cluster *cluster);

#endif
