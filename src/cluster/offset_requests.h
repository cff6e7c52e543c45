/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ListOffsets for many partitions at once: grouped by leader, asked again until a deadline.
 *
 * For a consumer's look-ups and for the application's blocking calls. Runs on background; the
 * answer comes on the loop that was named.
 */
#ifndef RK_CLUSTER_OFFSET_REQUESTS_H
#define RK_CLUSTER_OFFSET_REQUESTS_H

#include "cluster/cluster.h"

#define RK_TIMESTAMP_LATEST   (-1)
#define RK_TIMESTAMP_EARLIEST (-2)

struct rk_offset_query {
    rd_kafka_topic_t *topic; /* Borrowed: topics live as long as the client. */
    int32_t partition;
    int64_t timestamp; /* Milliseconds, or one of the above. */
    /* The answer. */
    rd_kafka_resp_err_t err;
    int64_t offset; /* -1: none at or after that time. */
    int64_t found_timestamp;
    int32_t leader_epoch; /* -1: unknown. */
    bool is_answered;
    bool is_asked;    /* A request under way names it. */
    int32_t asked_of; /* That broker. */
};

/* Made by whoever asks, filled in by background, given back through on_done. */
struct rk_offset_queries {
    struct rk_cluster *cluster;
    struct rk_mail mail;        /* On its way back. */
    struct rk_loop *reply_loop; /* NULL: on_done runs on background itself. */
    void (*on_done)(struct rk_offset_queries *queries); /* takes: queries */
    void *owner;
    uint64_t deadline_us;
    bool read_committed;
    int count;
    struct rk_offset_query items[];
};

struct rk_offset_queries *rk_offset_queries_new(struct rk_cluster *cluster, int count);
void rk_offset_queries_destroy(struct rk_offset_queries *queries);
/* Any thread. takes: queries. At the deadline items without an answer get _TIMED_OUT, or the last
 * error. When the client goes away: _DESTROY. */
void rk_offset_queries_post(struct rk_offset_queries *queries);
/* Application threads: posts, and waits until all items have a result; the deadline bounds it. */
void rk_offset_queries_ask(struct rk_offset_queries *queries);

#endif
