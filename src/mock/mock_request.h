/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request at a mock broker, from its frame to its answer: which requests there are in which
 * versions, and how each is handled.
 *
 * A request lives on the stack of the connection's run; only a fetch that waits outlives it. On the
 * cluster's loop.
 */
#ifndef RK_MOCK_MOCK_REQUEST_H
#define RK_MOCK_MOCK_REQUEST_H

#include "base/arena.h"
#include "mock/mock_broker.h"
#include "wire/header.h"
#include "wire/messages.h"

struct rk_mock_request {
    struct rk_mock_cluster *cluster;
    struct rk_mock_broker *broker;
    struct rk_mock_connection *connection;
    const struct rk_api *api;
    int16_t version;
    int32_t correlation_id;
    const char *client_id; /* "" for none; as long as the request. */
    uint64_t now_us;
    bool is_injected;              /* `injected` was found for the broker or the cluster. */
    struct rk_mock_error injected; /* NO_ERROR and no delay if not. */
    bool is_cut;                   /* A partition's injected error closes the connection. */
    struct rk_arena *arena;        /* For the answer; gone when it is encoded. */
};

enum rk_mock_outcome {
    RK_MOCK_ANSWER, /* The answer is filled in. */
    RK_MOCK_SILENT, /* There is none, or not yet. */
    RK_MOCK_REFUSE, /* The connection was failed. */
};

/* `body` and `answer` are the API's structs, the answer set to defaults. */
typedef enum rk_mock_outcome rk_mock_handler(struct rk_mock_request *request, const void *body,
                                             void *answer);

rk_mock_handler rk_mock_on_produce;
rk_mock_handler rk_mock_on_fetch;
rk_mock_handler rk_mock_on_list_offsets;
rk_mock_handler rk_mock_on_metadata;
rk_mock_handler rk_mock_on_offset_commit;
rk_mock_handler rk_mock_on_offset_fetch;
rk_mock_handler rk_mock_on_find_coordinator;
rk_mock_handler rk_mock_on_api_versions;
rk_mock_handler rk_mock_on_init_producer_id;
rk_mock_handler rk_mock_on_offset_for_leader_epoch;
rk_mock_handler rk_mock_on_join_group;
rk_mock_handler rk_mock_on_sync_group;
rk_mock_handler rk_mock_on_heartbeat;
rk_mock_handler rk_mock_on_leave_group;
rk_mock_handler rk_mock_on_list_groups;
rk_mock_handler rk_mock_on_describe_groups;
rk_mock_handler rk_mock_on_consumer_group_heartbeat;
rk_mock_handler rk_mock_on_consumer_group_describe;

/* All that is offered, to begin with. */
void rk_mock_versions_init(struct rk_mock_cluster *cluster);
/* False when the cluster does not have them. -1, -1: not offered. */
bool rk_mock_versions_set(struct rk_mock_cluster *cluster, int16_t api_key, int16_t min_version,
                          int16_t max_version);

/* For an answer. */
void rk_mock_request_arena_init(struct rk_arena *arena);
/* One frame without its size prefix. */
void rk_mock_request_handle(struct rk_mock_connection *connection, const uint8_t *frame,
                            size_t size, uint64_t now_us);
/* Closes the connection when its answer would come. */
void rk_mock_request_cut(const struct rk_mock_request *request);
/* Sends an answer for the request, `answer` holding what it splices. takes: answer */
void rk_mock_request_answer(const struct rk_mock_request *request, int16_t version,
                            const void *body, struct rk_mock_answer *answer);
/*
 * What is injected for one partition: what was found for the request as a whole, else what is there
 * for the partition, which may be NULL.
 */
rd_kafka_resp_err_t rk_mock_request_partition_error(struct rk_mock_request *request,
                                                    struct rk_mock_partition *partition);
/* Fails the connection. */
enum rk_mock_outcome rk_mock_request_no_memory(struct rk_mock_request *request);

#endif
