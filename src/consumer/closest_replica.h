/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which replica a partition is fetched from (KIP-392).
 *
 * A consumer with client.rack tells its rack to the leader, which may name a replica that is
 * nearer. That one is fetched from until metadata.max.age.ms have passed, the leader changes, or it
 * cannot serve the partition; then the leader is asked again. A leader that goes on to name a
 * replica that fails is not told the rack for a while, longer each time, and so serves the
 * partition itself. A replica that metadata does not know is asked about, and not held to have
 * failed once it is known. Background; no clock or lock in here.
 */
#ifndef RK_CONSUMER_CLOSEST_REPLICA_H
#define RK_CONSUMER_CLOSEST_REPLICA_H

#include "consumer/partition.h"
#include "runtime/roles.h"

void rk_closest_init(struct rk_closest *closest);
/* The leader has named it. */
void rk_closest_follow(struct rk_closest *closest, int32_t replica, uint64_t now_us,
                       uint64_t lease_us);
/* Back to the leader, which may name one again. */
void rk_closest_leave(struct rk_closest *closest);
/* Back to the leader, which has to serve it itself for a while. */
void rk_closest_fail(struct rk_closest *closest, uint64_t now_us);
/* The same: metadata does not know the replica, which may have just started. */
void rk_closest_miss(struct rk_closest *closest, uint64_t now_us);
/* The one that was missed is known now: it may be named at once. */
void rk_closest_find(struct rk_closest *closest);

#endif
