/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The consumer: from an assigned partition to messages.
 *
 * Made and freed by api/client.c. Background decides which partition is fetched from which broker,
 * and looks up offsets; the brokers' fetchers fetch; application threads take messages from queues
 * (event/message_batch.h). What the application asks for runs on background while it waits.
 */
#ifndef RK_CONSUMER_CONSUMER_H
#define RK_CONSUMER_CONSUMER_H

#include "cluster/cluster.h"

struct rk_consumer;

/* The consumer queue is there from the start when group.id is set. */
struct rk_consumer *rk_consumer_new(struct rk_core *core);
/* Hooks for the topic registry. */
struct rk_topic_parts rk_consumer_topic_parts(struct rk_consumer *consumer);
/* Before the first thread starts: becomes the cluster's observer. */
void rk_consumer_start(struct rk_consumer *consumer, struct rk_cluster *cluster);
/* What rd_kafka_consumer_poll() serves; NULL without group.id. Borrowed. */
rd_kafka_queue_t *rk_consumer_queue(const struct rk_consumer *consumer);
/*
 * rd_kafka_consumer_close(): gives up the assignment; nothing is fetched or handed out any more.
 * _UNKNOWN_GROUP without group.id, _DESTROY when it was closed before. Application threads, while
 * the loops run. Destroy need not call it before rk_cluster_terminate.
 */
rd_kafka_resp_err_t rk_consumer_close(struct rk_consumer *consumer);
bool rk_consumer_is_closed(const struct rk_consumer *consumer);
/* After all loops have ended, before rk_cluster_destroy: closes the queues, frees what is in them.
 */
void rk_consumer_drop_all(struct rk_consumer *consumer);
/* After rk_cluster_destroy. Messages and topics that the application holds may live on. */
void rk_consumer_destroy(struct rk_consumer *consumer);

#endif
