/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JoinGroup, SyncGroup, Heartbeat, LeaveGroup at the broker. The first two may wait, and the
 * requests behind them on their connection with them, as with a real broker.
 */
#include "mock/mock_group_requests.h"

#include "base/clock.h"
#include "mock/mock_coordinator.h"

/* Version of LeaveGroup that has several members. */
#define LEAVE_SEVERAL_SINCE 3

struct rk_mock_group_request {
    struct rk_mock_classic_wait wait;
    struct rk_mock_connection *connection;
    const struct rk_api *api;
    int16_t version;
    int32_t correlation_id;
    struct rk_mock_error injected;
};

void rk_mock_group_request_destroy(struct rk_mock_group_request *waiting)
{
    if (!waiting)
        return;
    rk_mock_classic_wait_abandon(&waiting->wait);
    waiting->connection->group_request = NULL;
    rk_free(waiting);
}

/* Why the group cannot be asked here. */
static rd_kafka_resp_err_t check_group(struct rk_mock_request *request, const char *group_id)
{
    if (request->injected.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return request->injected.err;
    if (group_id[0] == '\0')
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    return rk_mock_coordinator_check(request, RK_MOCK_COORDINATOR_GROUP, group_id);
}

static struct rk_mock_group_request *
hold(struct rk_mock_request *request,
     void (*answer)(struct rk_mock_classic_wait *wait, const struct rk_mock_classic_result *result))
{
    struct rk_mock_group_request *waiting = RK_NEW(struct rk_mock_group_request);
    waiting->wait.answer = answer;
    waiting->connection = request->connection;
    waiting->api = request->api;
    waiting->version = request->version;
    waiting->correlation_id = request->correlation_id;
    waiting->injected = request->injected;
    request->connection->group_request = waiting;
    return waiting;
}

/* Sends the answer, and lets the connection go on when whoever is at work now is done. */
static void finish(struct rk_mock_group_request *waiting, const void *body)
{
    struct rk_mock_connection *connection = waiting->connection;
    struct rk_mock_request request = {
        .cluster = connection->broker->cluster,
        .broker = connection->broker,
        .connection = connection,
        .api = waiting->api,
        .version = waiting->version,
        .correlation_id = waiting->correlation_id,
        .now_us = rk_clock_now_us(),
        .injected = waiting->injected,
    };
    rk_mock_request_answer(&request, request.version, body, rk_mock_answer_new(connection));
    rk_mock_group_request_destroy(waiting);
    rk_mock_connection_resume(connection);
}

static bool tell_members(struct rk_join_group_answer *to, const struct rk_mock_group *group,
                         struct rk_arena *arena)
{
    const struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    int32_t count = (int32_t)HASH_COUNT(classic->members);
    to->members.items = rk_join_group_answer_member_try_new(arena, count);
    if (!to->members.items)
        return false;
    HASH_ITER(hh, classic->members, member, next)
    {
        struct rk_join_group_answer_member *one = &to->members.items[to->members.count++];
        const struct rk_join_group_request_protocol *protocol =
            rk_mock_classic_protocol(member, classic->protocol);
        one->member_id = member->id;
        one->group_instance_id = member->instance_id;
        one->metadata = protocol ? protocol->metadata : (struct rk_bytes){0};
    }
    return true;
}

static void answer_join(struct rk_mock_classic_wait *wait,
                        const struct rk_mock_classic_result *result)
{
    struct rk_mock_group_request *waiting =
        rk_container_of(wait, struct rk_mock_group_request, wait);
    struct rk_join_group_answer body;
    struct rk_arena arena;
    rk_mock_request_arena_init(&arena);
    rk_join_group_answer_init(&body);
    body.error_code = (int16_t)result->err;
    body.member_id = result->member_id;
    body.leader = result->leader;
    body.protocol_name = waiting->version >= 7 ? NULL : "";
    if (result->member) {
        body.generation_id = result->generation;
        body.protocol_type = result->group->classic.protocol_type;
        body.protocol_name = result->protocol;
        body.skip_assignment = result->skips_assignment;
    }
    if (result->tells_members && !tell_members(&body, result->group, &arena))
        rk_mock_connection_fail(waiting->connection, "no memory for an answer to JoinGroup");
    finish(waiting, &body);
    rk_arena_clear(&arena);
}

enum rk_mock_outcome rk_mock_on_join_group(struct rk_mock_request *request, const void *body,
                                           void *answer)
{
    const struct rk_join_group_request *from = body;
    struct rk_join_group_answer *to = answer;
    struct rk_mock_cluster *cluster = request->cluster;
    rd_kafka_resp_err_t err = check_group(request, from->group_id);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        to->error_code = (int16_t)err;
        to->member_id = from->member_id;
        return RK_MOCK_ANSWER;
    }
    struct rk_mock_topics_view view = rk_mock_coordinator_topics(cluster);
    rk_mock_classic_join(&cluster->own.groups, &view, from, request->version, request->client_id,
                         &hold(request, answer_join)->wait, request->now_us);
    return RK_MOCK_SILENT;
}

static void answer_sync(struct rk_mock_classic_wait *wait,
                        const struct rk_mock_classic_result *result)
{
    struct rk_mock_group_request *waiting =
        rk_container_of(wait, struct rk_mock_group_request, wait);
    struct rk_sync_group_answer body;
    rk_sync_group_answer_init(&body);
    body.error_code = (int16_t)result->err;
    if (result->member) {
        body.protocol_type = result->group->classic.protocol_type;
        body.protocol_name = result->protocol;
        body.assignment.data = result->member->assignment;
        body.assignment.size = result->member->assignment_size;
    }
    finish(waiting, &body);
}

enum rk_mock_outcome rk_mock_on_sync_group(struct rk_mock_request *request, const void *body,
                                           void *answer)
{
    const struct rk_sync_group_request *from = body;
    struct rk_sync_group_answer *to = answer;
    rd_kafka_resp_err_t err = check_group(request, from->group_id);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        to->error_code = (int16_t)err;
        return RK_MOCK_ANSWER;
    }
    rk_mock_classic_sync(&request->cluster->own.groups, from, &hold(request, answer_sync)->wait,
                         request->now_us);
    return RK_MOCK_SILENT;
}

enum rk_mock_outcome rk_mock_on_heartbeat(struct rk_mock_request *request, const void *body,
                                          void *answer)
{
    const struct rk_heartbeat_request *from = body;
    struct rk_heartbeat_answer *to = answer;
    rd_kafka_resp_err_t err = check_group(request, from->group_id);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = rk_mock_classic_heartbeat(&request->cluster->own.groups, from, request->now_us);
    to->error_code = (int16_t)err;
    return RK_MOCK_ANSWER;
}

enum rk_mock_outcome rk_mock_on_leave_group(struct rk_mock_request *request, const void *body,
                                            void *answer)
{
    const struct rk_leave_group_request *from = body;
    struct rk_leave_group_answer *to = answer;
    struct rk_mock_groups *groups = &request->cluster->own.groups;
    rd_kafka_resp_err_t err = check_group(request, from->group_id);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && request->version < LEAVE_SEVERAL_SINCE)
        err = rk_mock_classic_leave(groups, from->group_id, from->member_id, NULL, request->now_us);
    to->error_code = (int16_t)err;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR || request->version < LEAVE_SEVERAL_SINCE)
        return RK_MOCK_ANSWER;
    to->members.items = rk_leave_group_answer_member_try_new(request->arena, from->members.count);
    if (!to->members.items)
        return rk_mock_request_no_memory(request);
    to->members.count = from->members.count;
    for (int32_t i = 0; i < from->members.count; i++) {
        const struct rk_leave_group_request_member *member = &from->members.items[i];
        to->members.items[i].member_id = member->member_id;
        to->members.items[i].group_instance_id = member->group_instance_id;
        to->members.items[i].error_code = (int16_t)rk_mock_classic_leave(
            groups, from->group_id, member->member_id, member->group_instance_id, request->now_us);
    }
    return RK_MOCK_ANSWER;
}
