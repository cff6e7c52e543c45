/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ListOffsets for many partitions at once: grouped by leader, retried until a deadline.
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
    /* Progress, internal. */
    bool is_done;
    bool is_asked;
};

struct rk_offset_queries {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    struct rk_loop *reply_loop;
    void (*on_done)(struct rk_offset_queries *queries); /* On reply_loop; takes: queries. */
    void *owner;
    uint64_t deadline_us;
    bool read_committed;
    int count;
    int asked; /* Requests under way. */
    unsigned attempts;
    struct rk_timer timer;
    struct rk_offset_query items[];
};

struct rk_offset_queries *rk_offset_queries_new(struct rk_cluster *cluster, int count);
void rk_offset_queries_destroy(struct rk_offset_queries *queries);
/* Any thread. takes: queries. Every item ends with a result or an error; at the deadline with
 * _TIMED_OUT or the last error. */
void rk_offset_queries_post(struct rk_offset_queries *queries);
/* Application threads: posts and waits. On true the items are filled in and the caller keeps the
 * queries. On false (deadline) they are gone. */
bool rk_offset_queries_wait(struct rk_offset_queries **queries);

#endif
