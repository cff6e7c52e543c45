/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a producer's partition is not moving, and the line in the log when it has not for long.
 *
 * On the loop of the sender that owns it. A partition that has something to send, none of which is
 * acknowledged, is silent; after silence.log.ms, or up to half as much later, that is logged. The
 * sender's timer runs only while there is something to send.
 */
#ifndef RK_PRODUCER_QUEUE_REASON_H
#define RK_PRODUCER_QUEUE_REASON_H

#include "cluster/reason.h"
#include "producer/sender.h"

/* Of a queue the sender owns. */
void rk_queue_reason_find(struct rk_sender *sender, struct rk_partition_queue *queue,
                          uint64_t now_us, struct rk_reason *reason) RK_ON_BROKER;
/* Of messages that wait in staging, for a topic that has no table. Background. */
void rk_queue_reason_of_staging(const rd_kafka_topic_t *topic, struct rk_reason *reason);

/* The sender has looked at the queue, which has something to send, or has not. */
void rk_queue_reason_on_look(struct rk_sender *sender, struct rk_partition_queue *queue,
                             bool has_work, uint64_t now_us);
/* Background: messages wait in staging. */
void rk_queue_reason_on_staging(struct rk_sender *orphans, uint64_t now_us);
void rk_queue_reason_on_timer(struct rk_timer *timer, uint64_t now_us);

#endif
