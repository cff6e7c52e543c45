/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who sends a partition's batches: background moves queues from sender to sender as leaders change.
 *
 * A move is: release, posted to the old sender; released, its answer; then the queue is the new
 * sender's, and adopt is posted to it. One move of a queue at a time; where it goes is decided at
 * its end, so that a leader that moves meanwhile costs nothing.
 */
#ifndef RK_PRODUCER_HANDOVER_H
#define RK_PRODUCER_HANDOVER_H

#include "cluster/cluster.h"

/* The observer's on_topic. */
void rk_handover_on_topic(struct rk_cluster_observer *observer, rd_kafka_topic_t *topic,
                          const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot);

#endif
