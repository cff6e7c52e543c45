/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests tell the groups of a mock cluster, on the way to the cluster's loop. */
#include "mock/mock_state.h"

static void set_delay(struct rk_mock_cluster *cluster, void *argument)
{
    const int *delay_ms = argument;
    cluster->own.groups.first_delay_us = (uint64_t)RK_MAX(*delay_ms, 0) * 1000;
}

void rk_mock_cluster_set_group_delay(struct rk_mock_cluster *cluster, int delay_ms)
{
    rk_mock_cluster_run(cluster, set_delay, &delay_ms);
}
