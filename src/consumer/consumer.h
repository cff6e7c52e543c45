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
#include "runtime/roles.h"

struct rk_consumer;

/* The consumer queue is there from the start when group.id is set. */
struct rk_consumer *rk_consumer_new(struct rk_core *core);
/* Hooks for the topic registry. */
struct rk_topic_parts rk_consumer_topic_parts(struct rk_consumer *consumer);
enum rk_assignment_change {
    RK_ASSIGNMENT_SET,    /* rd_kafka_assign() */
    RK_ASSIGNMENT_ADD,    /* rd_kafka_incremental_assign() */
    RK_ASSIGNMENT_REMOVE, /* rd_kafka_incremental_unassign() */
};

/* What a group hangs on the consumer; all on background. */
struct rk_assignment_guard {
    /* Whether the application may change it so: 0, or _STATE. */
    rd_kafka_resp_err_t (*may_change)(struct rk_assignment_guard *guard,
                                      enum rk_assignment_change change);
    void (*on_changed)(struct rk_assignment_guard *guard, enum rk_assignment_change change);
    /* As rk_cluster_observer's, after the partitions know. */
    void (*on_topic)(struct rk_assignment_guard *guard, rd_kafka_topic_t *topic);
};

/* Before the first thread starts. borrows: guard */
void rk_consumer_set_guard(struct rk_consumer *consumer, struct rk_assignment_guard *guard);
/* Runs `run(argument)` on background while the calling application thread waits. False when the
 * client goes away instead. */
bool rk_consumer_ask(struct rk_consumer *consumer, void (*run)(void *argument), void *argument);
/* Before the first thread starts: becomes the cluster's observer. */
void rk_consumer_start(struct rk_consumer *consumer, struct rk_cluster *cluster);
/* What rd_kafka_consumer_poll() serves; NULL without group.id. Borrowed. */
rd_kafka_queue_t *rk_consumer_queue(const struct rk_consumer *consumer);
/* From here on nothing is assigned any more: the group closes, or the client ends. Any thread. */
void rk_consumer_begin_close(struct rk_consumer *consumer);
/* Gives up what was started, assigned or not. */
void rk_consumer_stop_all_here(struct rk_consumer *consumer) RK_ON_BACKGROUND;
/* After all loops have ended, before rk_cluster_destroy: closes the queues, frees what is in them.
 */
void rk_consumer_drop_all(struct rk_consumer *consumer);
/* After rk_cluster_destroy. Messages and topics that the application holds may live on. */
void rk_consumer_destroy(struct rk_consumer *consumer);

#endif
