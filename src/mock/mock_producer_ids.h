/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Producer ids, and who has which transactional id. On the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_PRODUCER_IDS_H
#define RK_MOCK_MOCK_PRODUCER_IDS_H

#include "mock/mock_state.h"

void rk_mock_producer_ids_init(struct rk_mock_cluster *cluster);
void rk_mock_producer_ids_clear(struct rk_mock_cluster *cluster);

#endif
