/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds out about truncated logs before fetching (KIP-320), from brokers whose Fetch does not.
 *
 * From version 12 on a Fetch tells the leader epoch of the position, and the answer says when the
 * log has parted from it. Older brokers are asked with OffsetForLeaderEpoch, whenever a position
 * comes to them or their leader epoch changes. On the fetcher's loop.
 */
#ifndef RK_CONSUMER_OFFSET_VALIDATION_H
#define RK_CONSUMER_OFFSET_VALIDATION_H

#include "consumer/fetcher.h"

#define RK_FIRST_FETCH_WITH_LAST_EPOCH 12

/* True when the partition may not be fetched with that version of Fetch before it was asked about.
 */
bool rk_offset_validation_is_due(const struct rk_partition *partition, int16_t fetch_version);
/* Asks about all partitions that may be asked about now. */
void rk_offset_validation_send(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER;

#endif
