/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.timeout.ms: what waits too long is reported as failed. Counts from produce(), on the
 * sender that owns the partition.
 *
 * A batch that was never sent loses exactly the records that have expired; one that was sent
 * expires with its last record, for it must stay what it was.
 */
#ifndef RK_PRODUCER_EXPIRY_H
#define RK_PRODUCER_EXPIRY_H

#include "producer/sender.h"

/* Under the queue's lock: when the first thing in it expires. */
uint64_t rk_expiry_of_queue(const struct rk_partition_queue_shared *shared);
/* Makes sure the timer fires by then. */
void rk_expiry_wake_by(struct rk_sender *sender, uint64_t deadline_us);
void rk_expiry_on_timer(struct rk_timer *timer, uint64_t now_us);
/* Reports everything in the queue as failed with that. Any loop: its sender finds it empty. */
void rk_expiry_fail_all(struct rk_partition_queue *queue, rd_kafka_resp_err_t err, const char *text,
                        uint64_t now_us);
/* Why messages fail, or have not left, whose topic or partition is not there, or not known, and who
 * said so. `since_us`: they were produced, and wait since; 0: each at its time. rk_free. */
char *rk_expiry_describe_topic(const struct rk_producer *producer, const rd_kafka_topic_t *topic,
                               rd_kafka_resp_err_t err, uint64_t since_us,
                               uint64_t now_us) RK_ON_BACKGROUND;
/* Reports it as expired, naming what went wrong last, with which broker, and how often it was
 * tried. `sender`: whose loop this is. takes: batch */
void rk_expiry_fail(struct rk_sender *sender, struct rk_batch *batch, rd_kafka_msg_status_t status,
                    uint64_t now_us) RK_ON_BROKER;
/* When a record enqueued then expires; RK_NEVER: never. */
uint64_t rk_expiry_time(const rd_kafka_topic_t *topic, uint64_t enqueued_us);
/* When the last record of a batch expires. */
uint64_t rk_expiry_of_batch(const struct rk_batch *batch);

#endif
