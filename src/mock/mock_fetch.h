/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetch at a mock broker: answered at once when it can be, else it waits for enough records, for
 * news about its partitions, or for its time to be over.
 *
 * Belongs to its connection while it waits; on the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_FETCH_H
#define RK_MOCK_MOCK_FETCH_H

#include "mock/mock_fetch_session.h"
#include "mock/mock_request.h"

struct rk_mock_fetch {
    TAILQ_ENTRY(rk_mock_fetch) ready_link;
    bool is_waiting, is_ready;
    struct rk_mock_connection *connection;
    int32_t correlation_id;
    int16_t version;
    bool is_injected;
    struct rk_mock_error injected;
    int64_t min_bytes;
    int32_t max_bytes;
    int8_t isolation_level;
    bool has_rack;                         /* The client has told where it is (KIP-392). */
    bool is_incremental;                   /* Tells only what is new. */
    bool has_lost_session;                 /* Another request ended it meanwhile. */
    struct rk_mock_fetch_session *session; /* Its own when that has id 0. */
    struct rk_timer timer;
    int64_t size; /* Bytes there are to fetch; all that came while it waited is counted. */
};

/* NULL is fine. */
void rk_mock_fetch_destroy(struct rk_mock_fetch *fetch);
/* Answers a fetch that is ready, and frees it. */
void rk_mock_fetch_finish(struct rk_mock_fetch *fetch, uint64_t now_us);
/* Its session is no more in the broker's table; it answers so. */
void rk_mock_fetch_lose_session(struct rk_mock_fetch *fetch);
/* So many bytes were appended. */
void rk_mock_fetch_on_append(struct rk_mock_partition *partition, size_t size);
/* Something else about the partition changed. */
void rk_mock_fetch_wake(struct rk_mock_partition *partition);

/* What a broker has to say to a fetch about a partition (mock_fetch_answer.c). */
struct rk_mock_fetch_view {
    rd_kafka_resp_err_t err;
    struct rk_mock_partition *partition; /* NULL: there is none. */
    int64_t log_start, end;              /* As this broker, leader or follower, sees them. */
    int32_t preferred_replica;           /* -1 */
    bool is_diverging;
};

void rk_mock_fetch_look(struct rk_mock_fetch *fetch, struct rk_mock_fetch_part *part,
                        struct rk_mock_fetch_view *view);
/* Fills in the answer's body, and holds in `answer` what it splices. False without memory. */
bool rk_mock_fetch_fill(struct rk_mock_request *request, struct rk_mock_fetch *fetch,
                        struct rk_fetch_answer *body, struct rk_mock_answer *answer);

#endif
