/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_request.h"

#include "base/clock.h"

/* The memory of a decoded request, beyond a multiple of its size; answers are our own making. */
#define REQUEST_MEMORY_FACTOR 8
#define REQUEST_MEMORY_BASE   ((size_t)64 * 1024)
#define ANSWER_MEMORY_MAX     ((size_t)512 * 1024 * 1024)

static const struct handled_api {
    int16_t key;
    int16_t offered_since; /* Lowest version that is offered, */
    int16_t since;         /* and the lowest that is understood. */
    int16_t until;
    rk_mock_handler *handle;
} handled_apis[] = {
    /* As brokers since 4.0: old clients take a low end above 0 for a broker without Produce. */
    {RK_API_PRODUCE, 0, 3, 13, rk_mock_on_produce},
    {RK_API_FETCH, 4, 4, 18, rk_mock_on_fetch},
    {RK_API_LIST_OFFSETS, 1, 1, 11, rk_mock_on_list_offsets},
    {RK_API_METADATA, 0, 0, 13, rk_mock_on_metadata},
    {RK_API_OFFSET_COMMIT, 0, 0, 10, rk_mock_on_offset_commit},
    {RK_API_OFFSET_FETCH, 0, 0, 10, rk_mock_on_offset_fetch},
    {RK_API_FIND_COORDINATOR, 0, 0, 6, rk_mock_on_find_coordinator},
    {RK_API_JOIN_GROUP, 0, 0, 9, rk_mock_on_join_group},
    {RK_API_HEARTBEAT, 0, 0, 4, rk_mock_on_heartbeat},
    {RK_API_LEAVE_GROUP, 0, 0, 5, rk_mock_on_leave_group},
    {RK_API_SYNC_GROUP, 0, 0, 5, rk_mock_on_sync_group},
    {RK_API_DESCRIBE_GROUPS, 0, 0, 6, rk_mock_on_describe_groups},
    {RK_API_LIST_GROUPS, 0, 0, 5, rk_mock_on_list_groups},
    {RK_API_API_VERSIONS, 0, 0, 4, rk_mock_on_api_versions},
    {RK_API_INIT_PRODUCER_ID, 0, 0, 5, rk_mock_on_init_producer_id},
    {RK_API_OFFSET_FOR_LEADER_EPOCH, 2, 2, 4, rk_mock_on_offset_for_leader_epoch},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, 0, 0, 1, rk_mock_on_consumer_group_heartbeat},
    {RK_API_CONSUMER_GROUP_DESCRIBE, 0, 0, 1, rk_mock_on_consumer_group_describe},
};

static const struct handled_api *find_handled(int16_t api_key)
{
    for (size_t i = 0; i < RK_COUNT_OF(handled_apis); i++) {
        if (handled_apis[i].key == api_key)
            return &handled_apis[i];
    }
    return NULL;
}

void rk_mock_versions_init(struct rk_mock_cluster *cluster)
{
    for (size_t i = 0; i < RK_API_COUNT; i++)
        cluster->own.versions[i] = (struct rk_mock_versions){-1, -1};
    for (size_t i = 0; i < RK_COUNT_OF(handled_apis); i++)
        cluster->own.versions[handled_apis[i].key] = (struct rk_mock_versions){
            .min_version = handled_apis[i].offered_since,
            .max_version = handled_apis[i].until,
        };
}

bool rk_mock_versions_set(struct rk_mock_cluster *cluster, int16_t api_key, int16_t min_version,
                          int16_t max_version)
{
    const struct handled_api *handled = find_handled(api_key);
    if (!handled)
        return false;
    bool is_off = min_version == -1 && max_version == -1;
    if (!is_off && (min_version < handled->offered_since || max_version < handled->since ||
                    max_version > handled->until || min_version > max_version))
        return false;
    cluster->own.versions[api_key] = (struct rk_mock_versions){min_version, max_version};
    return true;
}

/* Whether the version may be decoded; ApiVersions always may, if it is offered at all. */
static bool is_understood(const struct rk_mock_cluster *cluster, const struct handled_api *handled,
                          int16_t version)
{
    const struct rk_mock_versions *versions = &cluster->own.versions[handled->key];
    if (handled->key == RK_API_API_VERSIONS)
        return versions->max_version >= 0;
    return version >= versions->min_version && version <= versions->max_version &&
           version >= handled->since;
}

static void take_injected(struct rk_mock_request *request)
{
    int16_t key = request->api->key;
    request->is_injected =
        rk_mock_injections_take(&request->broker->injections, key, &request->injected) ||
        rk_mock_injections_take(&request->cluster->own.injections, key, &request->injected);
}

void rk_mock_request_cut(const struct rk_mock_request *request)
{
    struct rk_mock_answer *answer = rk_mock_answer_new(request->connection);
    answer->closes = true;
    rk_mock_connection_send(request->connection, answer,
                            request->now_us + request->broker->rtt_us + request->injected.delay_us);
}

static void refuse_malformed(struct rk_mock_request *request, const struct rk_reader *reader)
{
    rk_mock_connection_fail(request->connection, "malformed %s v%d request: %s (%s, at byte %zu)",
                            request->api->name, request->version,
                            reader->failure ? reader->failure : "no memory",
                            reader->field ? reader->field : "header", rk_reader_offset(reader));
}

/* Version 0 is the one body that every client can read. */
static void answer_unsupported_version(struct rk_mock_request *request)
{
    struct rk_api_versions_answer answer;
    struct rk_api_versions_answer_api_key key;
    const struct rk_mock_versions *versions = &request->cluster->own.versions[RK_API_API_VERSIONS];
    rk_api_versions_answer_init(&answer);
    rk_api_versions_answer_api_key_init(&key);
    key.api_key = RK_API_API_VERSIONS;
    key.min_version = versions->min_version;
    key.max_version = versions->max_version;
    answer.error_code = RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
    answer.api_keys.items = &key;
    answer.api_keys.count = 1;
    rk_mock_request_answer(request, 0, &answer, rk_mock_answer_new(request->connection));
}

enum rk_mock_outcome rk_mock_request_no_memory(struct rk_mock_request *request)
{
    rk_mock_connection_fail(request->connection, "no memory for an answer to %s v%d",
                            request->api->name, request->version);
    return RK_MOCK_REFUSE;
}

void rk_mock_request_answer(const struct rk_mock_request *request, int16_t version,
                            const void *body, struct rk_mock_answer *answer)
{
    enum rk_codec_result result =
        rk_answer_encode(request->api, version, request->correlation_id, body, &answer->writer);
    if (result != RK_CODEC_OK) {
        rk_mock_connection_fail(
            request->connection, "cannot answer %s v%d: %s (%s)", request->api->name, version,
            answer->writer.failure ? answer->writer.failure : "not in this version",
            answer->writer.field ? answer->writer.field : "?");
        rk_mock_answer_destroy(answer);
        return;
    }
    rk_mock_connection_send(request->connection, answer,
                            request->now_us + request->broker->rtt_us + request->injected.delay_us);
}

/* `reader` stands at the body. */
static void handle_body(struct rk_mock_request *request, const struct handled_api *handled,
                        struct rk_reader *reader, struct rk_arena *body_arena)
{
    void *body = rk_arena_try_alloc(body_arena, request->api->request->size);
    if (!body ||
        !rk_codec_decode(request->api->request, request->version, body, reader, body_arena)) {
        refuse_malformed(request, reader);
        return;
    }
    rk_mock_tracking_add(&request->cluster->own.tracking,
                         &(struct rk_mock_tracked_request){
                             .broker_id = request->broker->id,
                             .api_key = request->api->key,
                             .timestamp_us = (int64_t)request->now_us,
                         });
    take_injected(request);
    if (request->injected.err == RD_KAFKA_RESP_ERR__TRANSPORT) {
        rk_mock_request_cut(request);
        return;
    }
    void *answer = rk_arena_try_alloc(request->arena, request->api->answer->size);
    if (!answer) {
        rk_mock_request_no_memory(request);
        return;
    }
    rk_codec_init(request->api->answer, answer);
    enum rk_mock_outcome outcome = handled->handle(request, body, answer);
    if (request->is_cut)
        rk_mock_request_cut(request);
    else if (outcome == RK_MOCK_ANSWER)
        rk_mock_request_answer(request, request->version, answer,
                               rk_mock_answer_new(request->connection));
}

void rk_mock_request_arena_init(struct rk_arena *arena)
{
    rk_arena_init(arena, ANSWER_MEMORY_MAX);
}

void rk_mock_request_handle(struct rk_mock_connection *connection, const uint8_t *frame,
                            size_t size, uint64_t now_us)
{
    struct rk_arena body_arena, answer_arena;
    struct rk_reader reader;
    struct rk_request_header header;
    struct rk_mock_request request = {
        .cluster = connection->broker->cluster,
        .broker = connection->broker,
        .connection = connection,
        .now_us = now_us,
        .arena = &answer_arena,
    };
    rk_arena_init(&body_arena, size * REQUEST_MEMORY_FACTOR + REQUEST_MEMORY_BASE);
    rk_mock_request_arena_init(&answer_arena);
    rk_reader_init(&reader, frame, size);

    request.api = rk_request_header_decode(&reader, &body_arena, &header);
    request.version = header.api_version;
    request.correlation_id = header.correlation_id;
    request.client_id = header.client_id ? header.client_id : "";
    const struct handled_api *handled = find_handled(header.api_key);
    if (reader.failed) {
        rk_mock_connection_fail(connection, "malformed request header: %s", reader.failure);
    } else if (!request.api || !handled ||
               !is_understood(request.cluster, handled, request.version)) {
        rk_mock_connection_fail(connection, "unsupported request %s (%d) v%d",
                                rk_api_name(header.api_key), header.api_key, header.api_version);
    } else if (handled->key == RK_API_API_VERSIONS &&
               (request.version < 0 ||
                request.version > request.cluster->own.versions[handled->key].max_version)) {
        answer_unsupported_version(&request);
    } else {
        rk_mock_cluster_debug(request.cluster, "MOCK", "broker %d: %s v%d from %s",
                              request.broker->id, request.api->name, request.version,
                              header.client_id ? header.client_id : "?");
        handle_body(&request, handled, &reader, &body_arena);
    }
    rk_arena_clear(&body_arena);
    rk_arena_clear(&answer_arena);
}

rd_kafka_resp_err_t rk_mock_request_partition_error(struct rk_mock_request *request,
                                                    struct rk_mock_partition *partition)
{
    struct rk_mock_error error = {0};
    if (request->is_injected)
        return request->injected.err;
    if (partition)
        rk_mock_injections_take(&partition->injections, request->api->key, &error);
    if (error.err == RD_KAFKA_RESP_ERR__TRANSPORT)
        request->is_cut = true;
    return error.err;
}
