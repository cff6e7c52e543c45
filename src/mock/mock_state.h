/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a mock cluster, for the files of this folder.
 *
 * Made and freed by mock_cluster.c. Everything in `own` belongs to the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_STATE_H
#define RK_MOCK_MOCK_STATE_H

#include "mock/mock_cluster.h"
#include "mock/mock_group.h"
#include "mock/mock_inject.h"
#include "mock/mock_topic.h"
#include "mock/mock_tracking.h"
#include "runtime/loop.h"
#include "wire/api.h"
#include "wire/compression.h"

struct rk_mock_broker;
struct rk_mock_connection;
struct rk_mock_fetch;
struct rk_mock_commits;
struct rk_mock_group_request;
struct rk_mock_coordinator;
struct rk_mock_transactional_id;

enum {
    RK_MOCK_LOG_LEVEL_ERROR = 3,
    RK_MOCK_LOG_LEVEL_DEBUG = 7,
};

struct rk_mock_versions {
    int16_t min_version;
    int16_t max_version; /* -1: not offered. */
};

struct rk_mock_cluster {
    struct rk_loop *loop; /* Safe from any thread as its header says. */
    struct rk_mock_options options;
    char *bootstraps;
    char id[24];
    struct {
        TAILQ_HEAD(, rk_mock_broker) brokers; /* By the time they were added. */
        int broker_count;
        struct rk_mock_topic *topics;             /* A table by name, which owns them, */
        struct rk_mock_topic *topics_by_id;       /* and one by id. */
        uint64_t topics_version;                  /* Grows with every change of them. */
        struct rk_mock_coordinator *coordinators; /* Those that were set. */
        struct rk_mock_commits *commits;          /* A table by group. */
        int64_t commit_count; /* Of all groups, places included that have none. */
        struct rk_mock_transactional_id *transactional_ids;
        int64_t next_producer_id;
        struct rk_mock_groups groups;
        struct rk_timer group_timer; /* Started when a group waits for its time. */
        struct rk_mock_injections injections;
        struct rk_mock_tracking tracking;
        struct rk_mock_versions versions[RK_API_COUNT];
        struct rk_decompressor decompressor;
        /* What settle() has still to do. */
        TAILQ_HEAD(, rk_mock_fetch) ready_fetches;
        TAILQ_HEAD(, rk_mock_connection) resumed;
        TAILQ_HEAD(, rk_mock_connection) doomed;
        int fetch_part_count; /* Of all sessions together. */
        bool has_no_patience; /* Empty Fetches are answered at once. */
    } own;
};

/* Any thread. */
void rk_mock_cluster_log(const struct rk_mock_cluster *cluster, int level, const char *facility,
                         const char *format, ...) RK_FORMAT(4, 5);
#define rk_mock_cluster_debug(cluster, facility, ...)                                         \
    do {                                                                                      \
        if ((cluster)->options.is_debugging)                                                  \
            rk_mock_cluster_log((cluster), RK_MOCK_LOG_LEVEL_DEBUG, (facility), __VA_ARGS__); \
    } while (0)
/*
 * Answers fetches that became ready, goes on with connections whose wait is over, and closes those
 * that failed. The last thing every timer,
 * watch and call of this folder does; nothing below them frees a connection.
 */
void rk_mock_cluster_settle(struct rk_mock_cluster *cluster);

#endif
