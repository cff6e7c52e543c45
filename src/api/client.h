/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client: the public rd_kafka_t.
 *
 * Made by rd_kafka_new(), freed by rd_kafka_destroy(). Everything in it is set before
 * rd_kafka_new() returns and only read afterwards; the parts know their own threads. What may
 * outlive it (messages, topics, queues) holds the core, not the client.
 */
#ifndef RK_API_CLIENT_H
#define RK_API_CLIENT_H

#include <sys/queue.h>

#include "cluster/cluster.h"
#include "event/core.h"
#include "event/queue.h"

struct rd_kafka_mock_cluster_s;
struct rk_consumer;
struct rk_group;
struct rk_group_lists;
struct rk_group_offsets;
struct rk_producer;
struct rk_statistics;

struct rd_kafka_s {
    struct rk_core *core;        /* First. */
    LIST_ENTRY(rd_kafka_s) link; /* Of all clients. */
    int process;                 /* That it belongs to. */
    struct rk_loop *background;
    struct rk_loop *main; /* Callbacks of the application that need a thread of ours. */
    struct rk_cluster *cluster;
    struct rk_producer *producer;                 /* NULL on a consumer. */
    struct rk_consumer *consumer;                 /* NULL on a producer. */
    struct rk_group *group;                       /* NULL without group.id. */
    struct rk_group_offsets *group_offsets;       /* NULL without group.id. */
    struct rk_group_lists *group_lists;           /* Calls of rd_kafka_list_groups(). */
    struct rd_kafka_mock_cluster_s *mock_cluster; /* test.mock.num.brokers; NULL: none. */
    rd_kafka_queue_t *background_queue;   /* Served on `main`; NULL until it is asked for. */
    struct rk_mail background_queue_mail; /* Tells `main` that there is something in it. */
    _Atomic bool is_background_queue_posted;
    struct rk_mutex mutex; /* RK_RANK_TOPICS: making the background queue. */
    uint64_t created_us;
    struct rk_statistics *statistics; /* NULL: none are wanted. */
};

/* What debug shows of a new client: its version, features and configuration (api/log.c). */
void rk_client_log_start(rd_kafka_t *rk);

#endif
