/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_mock_group_*(): the groups of a mock cluster.
 */
#include "api/mock.h"

void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *mcluster,
                                                    int32_t delay_ms)
{
    rk_mock_cluster_set_group_delay(mcluster->cluster, delay_ms);
}
