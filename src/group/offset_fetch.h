/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Committed offsets, asked of a group's coordinator until there is an answer or the deadline has
 * come.
 *
 * Background. Each question is by itself.
 */
#ifndef RK_GROUP_OFFSET_FETCH_H
#define RK_GROUP_OFFSET_FETCH_H

#include "event/partition_list.h"
#include "group/coordinator.h"
#include "group/membership_identity.h"

struct rk_committed_queries;

/* Made by whoever asks, given back through on_done. */
struct rk_committed_query {
    LIST_ENTRY(rk_committed_query) link;
    struct rk_committed_queries *queries;
    rd_kafka_topic_partition_list_t *offsets; /* Owned. The answer: offset (INVALID: none), leader
                                                 epoch, metadata and err of each. */
    uint64_t deadline_us;                     /* RK_NEVER: as long as the client lives. */
    rd_kafka_resp_err_t err;                  /* What all of them failed with, or 0. */
    char *error_text; /* Of that, naming the broker; NULL: the code says it all. */
    int attempts;
    int32_t broker_id;                /* Who answered last. */
    uint64_t since_us;                /* It was asked first. */
    struct rk_committed_asked *asked; /* The request under way; NULL: none. */
    struct rk_backoff backoff;
    struct rk_timer timer;
    void (*on_done)(struct rk_committed_query *query); /* Background. takes: query */
    void *owner;
};

struct rk_committed_queries {
    struct rk_cluster *cluster;
    struct rk_coordinator *coordinator;
    const char *group_id;
    const struct rk_membership_identity *identity;
    bool is_terminated;
    LIST_HEAD(, rk_committed_query) all;
};

void rk_committed_queries_init(struct rk_committed_queries *queries, struct rk_cluster *cluster,
                               struct rk_coordinator *coordinator, const char *group_id,
                               const struct rk_membership_identity *identity);
/* They complete with _DESTROY. */
void rk_committed_queries_terminate(struct rk_committed_queries *queries) RK_ON_BACKGROUND;

/* Any thread. takes: offsets. No partition may be named twice. */
struct rk_committed_query *rk_committed_query_new(rd_kafka_topic_partition_list_t *offsets,
                                                  uint64_t deadline_us,
                                                  void (*on_done)(struct rk_committed_query *query),
                                                  void *owner);
void rk_committed_query_destroy(struct rk_committed_query *query);
/* takes: query */
void rk_committed_query_ask(struct rk_committed_queries *queries,
                            struct rk_committed_query *query) RK_ON_BACKGROUND;

#endif
