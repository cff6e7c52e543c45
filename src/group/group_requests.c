/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A member's requests to its coordinator, and what the answers mean to the membership.
 */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/partition_list.h"
#include "group/group_private.h"

#define JOIN_MORE_US    5000000u /* A rebalance takes as long as the slowest member may take. */
#define FIRST_WITH_MANY 3        /* LeaveGroup of several members. */

/* Building */

static const struct rk_conf *conf_of(const struct rk_group *group)
{
    return group->core->conf;
}

struct rk_request *rk_group_try_new_request(struct rk_group *group, enum rk_api_key key,
                                            rk_request_handler *on_done)
{
    struct rk_request *request =
        rk_request_try_new(key, rk_cluster_background(group->cluster), on_done, NULL);
    struct rk_group_call *call = request ? rk_request_try_alloc(request, sizeof(*call)) : NULL;
    if (!call) {
        rk_request_destroy(request);
        return NULL;
    }
    *call = (struct rk_group_call){.group = group, .attempt = group->own.member->attempt};
    request->owner = call;
    request->timeout_us = (uint64_t)conf_of(group)->socket_timeout_ms * 1000;
    request->deadline_us = RK_NEVER;
    return request;
}

const char *rk_group_try_copy(struct rk_request *request, const char *text)
{
    return rk_arena_try_text(&request->arena, text, strlen(text));
}

/* Takes what was written into the request; false: no memory. */
static bool try_take_bytes(struct rk_request *request, struct rk_writer *writer,
                           struct rk_bytes *bytes)
{
    uint8_t *copy = writer->failed ? NULL : rk_request_try_alloc(request, writer->size);
    if (copy) {
        rk_writer_copy(writer, copy);
        *bytes = (struct rk_bytes){.data = copy, .size = (int32_t)writer->size};
    }
    rk_writer_clear(writer);
    return copy != NULL;
}

bool rk_group_send_whole(struct rk_group *group, struct rk_request *request, bool is_whole)
{
    if (is_whole)
        rk_coordinator_send(group->coordinator, request);
    else
        rk_request_destroy(request);
    return is_whole;
}

void rk_group_take_error(struct rk_group *group, const struct rk_request *request,
                         rd_kafka_resp_err_t err, const char *words)
{
    const char *text = request->err ? request->error_text : words;
    bool has_answered = !request->err;
    rk_coordinator_take_error(group->coordinator, request, err);
    if (!err) {
        group->own.failure.attempts = 0;
        return;
    }
    if (group->own.failure.attempts++ == 0)
        group->own.failure.since_us = request->sent_us;
    group->own.failure.broker[0] = '\0';
    if (has_answered)
        rk_cluster_name_broker(group->cluster, request->broker_id, group->own.failure.broker,
                               sizeof(group->own.failure.broker));
    rk_text_copy(group->own.failure.words, sizeof(group->own.failure.words), text ? text : "");
}

static bool is_former(const struct rk_request *request, const void *owner, const void *argument)
{
    const struct rk_group *group = argument;
    const struct rk_group_call *call = owner;
    switch (request->api->key) {
    case RK_API_JOIN_GROUP:
    case RK_API_SYNC_GROUP:
    case RK_API_HEARTBEAT:
    case RK_API_DESCRIBE_GROUPS:
    case RK_API_CONSUMER_GROUP_HEARTBEAT:
        return call->attempt != group->own.member->attempt && !call->is_leave;
    default: /* To leave is what former members still have to do; others send commits. */
        return false;
    }
}

void rk_group_abandon_former(struct rk_group *group)
{
    if (group->own.attempt == group->own.member->attempt)
        return;
    group->own.attempt = group->own.member->attempt;
    rk_coordinator_abandon(group->coordinator, is_former, group);
}

/* JoinGroup */

static bool try_add_protocol(struct rk_group *group, struct rk_request *request,
                             struct rk_join_group_request_protocol *protocol, const char *name,
                             size_t size)
{
    const struct rk_membership *membership = &group->own.membership;
    struct rk_writer writer;
    protocol->name = rk_arena_try_text(&request->arena, name, size);
    if (!protocol->name)
        return false;
    enum rk_protocol_userdata userdata = rk_protocol_userdata_of(protocol->name);
    struct rk_protocol_subscription_source source = {
        .topics = membership->base.topics,
        /* Sticky: what it had, for by now it has given up everything. */
        .owned = userdata == RK_USERDATA_STICKY ? membership->base.target : membership->base.owned,
        .generation = membership->generation,
        .rack = conf_of(group)->client_rack,
        .userdata = userdata,
    };
    rk_writer_init(&writer);
    rk_protocol_write_subscription(&writer, RK_CONSUMER_PROTOCOL_VERSION, &source);
    return try_take_bytes(request, &writer, &protocol->metadata);
}

/* The names of partition.assignment.strategy, in order of preference. */
static bool try_add_protocols(struct rk_group *group, struct rk_request *request)
{
    struct rk_join_group_request *message = request->message;
    const char *at = conf_of(group)->partition_assignment_strategy;
    int32_t count = 1;
    for (const char *c = at; *c; c++)
        count += *c == ',';
    message->protocols.items = rk_join_group_request_protocol_try_new(&request->arena, count);
    if (!message->protocols.items)
        return false;
    while (*at) {
        size_t size = strcspn(at, ","), used = size;
        const char *name = at;
        for (; used > 0 && isspace((unsigned char)*name); used--)
            name++;
        while (used > 0 && isspace((unsigned char)name[used - 1]))
            used--;
        if (used > 0 &&
            !try_add_protocol(group, request, &message->protocols.items[message->protocols.count++],
                              name, used))
            return false;
        at += size + (at[size] == ',');
    }
    return true;
}

static bool fill_join(struct rk_group *group, struct rk_request *request)
{
    const struct rk_conf *conf = conf_of(group);
    const struct rk_membership *membership = &group->own.membership;
    struct rk_join_group_request *message = request->message;
    message->group_id = conf->group_id;
    message->session_timeout_ms = conf->session_timeout_ms;
    message->rebalance_timeout_ms = conf->max_poll_interval_ms;
    message->member_id = rk_group_try_copy(request, membership->base.member_id);
    message->group_instance_id = conf->group_instance_id;
    message->protocol_type = conf->group_protocol_type;
    message->reason = rk_group_try_copy(request, membership->base.reason);
    uint64_t most_us = (uint64_t)conf->max_poll_interval_ms * 1000 + JOIN_MORE_US;
    request->timeout_us = RK_MAX(request->timeout_us, most_us);
    return message->member_id && message->reason && try_add_protocols(group, request);
}

static bool is_offered(const struct rk_join_group_request *asked, const char *protocol)
{
    for (int32_t i = 0; i < asked->protocols.count; i++) {
        if (strcmp(asked->protocols.items[i].name, protocol) == 0)
            return true;
    }
    return false;
}

static rd_kafka_resp_err_t check_join(const struct rk_group *group,
                                      const struct rk_request *request)
{
    const struct rk_join_group_answer *answer = request->answer;
    const char *type = conf_of(group)->group_protocol_type;
    if (answer->error_code)
        return rk_error_of_broker(answer->error_code);
    if (answer->protocol_type && strcmp(answer->protocol_type, type) != 0)
        return RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL;
    if (!answer->protocol_name || !is_offered(request->message, answer->protocol_name) ||
        answer->generation_id < 0 || !answer->member_id[0])
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    if (strcmp(answer->leader, answer->member_id) == 0 && !rk_leader_plan_is_possible(answer))
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The coordinator knows a member that nobody waits for. */
static void leave_behind(struct rk_group *group, const char *member_id) RK_ON_BACKGROUND
{
    if (!group->own.membership.conf.is_static && member_id && member_id[0] &&
        strcmp(member_id, group->own.membership.base.member_id) != 0)
        rk_group_send_leave(group, member_id, "joined too late");
}

static void on_join_done(struct rk_request *request)
{
    const struct rk_group_call *call = request->owner;
    struct rk_group *group = call->group;
    const struct rk_join_group_answer *answer = request->answer;
    if (request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(rk_cluster_background(group->cluster));
    struct rk_membership *membership = &group->own.membership;
    struct rk_membership_joined joined = {.err = request->err};
    if (answer) {
        joined = (struct rk_membership_joined){.err = check_join(group, request),
                                               .generation = answer->generation_id,
                                               .member_id = answer->member_id,
                                               .leader_id = answer->leader,
                                               .protocol = answer->protocol_name,
                                               .member_count = answer->members.count,
                                               .skips_assignment = answer->skip_assignment};
    }
    rk_group_take_error(group, request, joined.err, NULL);
    if (call->attempt != membership->base.attempt && !joined.err)
        leave_behind(group, joined.member_id);
    rk_membership_on_join_answer(membership, call->attempt, &joined, rk_clock_now_us());
    if (rk_membership_is_assigning(membership) &&
        (membership->base.actions & RK_MEMBERSHIP_MAKE_ASSIGNMENT)) {
        rk_group_drop_plan(group);
        group->own.joined = request;
        request = NULL;
    }
    if (answer && call->attempt == membership->base.attempt &&
        membership->state == RK_MEMBERSHIP_SYNCING && membership->skips_assignment)
        rk_group_begin_watch(group, answer);
    if (!joined.err)
        rk_log_debug(group->core, RK_DEBUG_CGRP, "JOINGROUP",
                     "Group \"%s\": joined generation %d as %s \"%s\" with the %s assignor",
                     conf_of(group)->group_id, (int)membership->generation,
                     membership->is_leader ? "leader" : "member", membership->base.member_id,
                     membership->protocol ? membership->protocol : "");
    rk_group_settle(group);
    rk_request_destroy(request);
}

void rk_group_send_join(struct rk_group *group)
{
    struct rk_membership *membership = &group->own.membership;
    rk_group_drop_plan(group);
    struct rk_request *request = rk_group_try_new_request(group, RK_API_JOIN_GROUP, on_join_done);
    rk_log_debug(group->core, RK_DEBUG_CGRP, "JOIN", "Group \"%s\": joining as \"%s\": %s",
                 conf_of(group)->group_id, membership->base.member_id, membership->base.reason);
    if (!request || !rk_group_send_whole(group, request, fill_join(group, request)))
        rk_membership_on_join_answer(
            membership, membership->base.attempt,
            &(struct rk_membership_joined){.err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE},
            rk_clock_now_us());
}

/* SyncGroup */

void rk_group_drop_plan(struct rk_group *group)
{
    rk_loop_stop_timer(rk_cluster_background(group->cluster), &group->own.plan_timer);
    rk_leader_plan_destroy(group->own.plan);
    rk_request_destroy(group->own.joined);
    group->own.plan = NULL;
    group->own.joined = NULL;
}

static bool try_add_assignments(struct rk_group *group, struct rk_request *request)
{
    struct rk_sync_group_request *message = request->message;
    const struct rk_leader_plan *plan = group->own.plan;
    int32_t count = plan ? plan->member_count : 0;
    message->assignments.items = rk_sync_group_request_assignment_try_new(&request->arena, count);
    if (!message->assignments.items)
        return false;
    message->assignments.count = count;
    for (int32_t i = 0; i < count; i++) {
        struct rk_writer writer;
        rk_writer_init(&writer);
        rk_protocol_write_assignment(&writer, 0, plan->members[i].assignment);
        message->assignments.items[i].member_id = rk_group_try_copy(request, plan->members[i].id);
        if (!try_take_bytes(request, &writer, &message->assignments.items[i].assignment) ||
            !message->assignments.items[i].member_id)
            return false;
    }
    return true;
}

static bool fill_sync(struct rk_group *group, struct rk_request *request)
{
    const struct rk_conf *conf = conf_of(group);
    const struct rk_membership *membership = &group->own.membership;
    struct rk_sync_group_request *message = request->message;
    message->group_id = conf->group_id;
    message->generation_id = membership->generation;
    message->member_id = rk_group_try_copy(request, membership->base.member_id);
    message->group_instance_id = conf->group_instance_id;
    message->protocol_type = conf->group_protocol_type;
    message->protocol_name = rk_group_try_copy(request, membership->protocol);
    request->timeout_us = RK_MAX(request->timeout_us, (uint64_t)conf->max_poll_interval_ms * 1000);
    return message->member_id && message->protocol_name && try_add_assignments(group, request);
}

static void on_sync_done(struct rk_request *request)
{
    const struct rk_group_call *call = request->owner;
    struct rk_group *group = call->group;
    const struct rk_sync_group_answer *answer = request->answer;
    rd_kafka_topic_partition_list_t *assignment = NULL;
    rd_kafka_resp_err_t err = request->err;
    if (err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(rk_cluster_background(group->cluster));
    if (answer)
        err = answer->error_code ? rk_error_of_broker(answer->error_code)
                                 : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (answer && !err)
        assignment = rk_protocol_try_read_assignment(answer->assignment.data,
                                                     (size_t)RK_MAX(answer->assignment.size, 0));
    rk_group_take_error(group, request, err, NULL);
    if (call->attempt == group->own.membership.base.attempt && assignment && group->own.plan) {
        rk_leader_plan_forget_members(group->own.plan);
        rk_request_destroy(group->own.joined);
        group->own.joined = NULL;
    }
    rk_membership_on_sync_answer(&group->own.membership, call->attempt, err, assignment,
                                 rk_clock_now_us());
    rk_group_settle(group);
    rk_request_destroy(request);
}

void rk_group_send_sync(struct rk_group *group)
{
    struct rk_membership *membership = &group->own.membership;
    struct rk_request *request = rk_group_try_new_request(group, RK_API_SYNC_GROUP, on_sync_done);
    if (!request || !rk_group_send_whole(group, request, fill_sync(group, request)))
        rk_membership_on_sync_answer(membership, membership->base.attempt,
                                     RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, NULL, rk_clock_now_us());
}

/* Heartbeat */

uint64_t rk_group_patience_us(uint64_t session_us)
{
    return RK_MAX(session_us / 3, RK_MIN(session_us / 3 * 2, RK_GROUP_PATIENCE_US));
}

static void on_heartbeat_done(struct rk_request *request)
{
    const struct rk_group_call *call = request->owner;
    struct rk_group *group = call->group;
    const struct rk_heartbeat_answer *answer = request->answer;
    rd_kafka_resp_err_t err = request->err;
    if (err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(rk_cluster_background(group->cluster));
    if (answer && answer->error_code)
        err = rk_error_of_broker(answer->error_code);
    rk_group_take_error(group, request, err, NULL);
    if (err)
        rk_log_debug(group->core, RK_DEBUG_CGRP, "HEARTBEAT", "Group \"%s\": heartbeat: %s",
                     conf_of(group)->group_id, rd_kafka_err2str(err));
    rk_membership_on_heartbeat_answer(&group->own.membership, call->attempt, err,
                                      rk_clock_now_us());
    rk_group_settle(group);
    rk_request_destroy(request);
}

void rk_group_send_heartbeat(struct rk_group *group)
{
    struct rk_membership *membership = &group->own.membership;
    struct rk_request *request =
        rk_group_try_new_request(group, RK_API_HEARTBEAT, on_heartbeat_done);
    bool is_whole = false;
    if (request) {
        struct rk_heartbeat_request *message = request->message;
        message->group_id = conf_of(group)->group_id;
        message->generation_id = membership->generation;
        message->member_id = rk_group_try_copy(request, membership->base.member_id);
        message->group_instance_id = conf_of(group)->group_instance_id;
        uint64_t patience_us = rk_group_patience_us(membership->conf.session_timeout_us);
        request->timeout_us = RK_MIN(request->timeout_us, patience_us);
        request->deadline_us = rk_clock_now_us() + membership->conf.session_timeout_us;
        is_whole = rk_group_send_whole(group, request, message->member_id != NULL);
    }
    if (!is_whole)
        rk_membership_on_heartbeat_answer(membership, membership->base.attempt,
                                          RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, rk_clock_now_us());
}

/* LeaveGroup */

struct leave {
    struct rk_group_call call;
    bool is_old;
    const char *member_id, *reason;
};

static bool send_leave(struct rk_group *group, const char *member_id, const char *reason,
                       bool is_old) RK_ON_BACKGROUND;

static void on_leave_done(struct rk_request *request)
{
    const struct leave *leave = request->owner;
    struct rk_group *group = leave->call.group;
    const struct rk_leave_group_answer *answer = request->answer;
    if (request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(rk_cluster_background(group->cluster));
    rk_coordinator_take_error(group->coordinator, request,
                              answer ? rk_error_of_broker(answer->error_code) : request->err);
    bool is_again = request->err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && !leave->is_old &&
                    send_leave(group, leave->member_id, leave->reason, true);
    if (!is_again && leave->call.attempt == group->own.membership.base.attempt)
        rk_membership_on_leave_answer(&group->own.membership, rk_clock_now_us());
    rk_group_settle(group);
    rk_request_destroy(request);
}

static bool send_leave(struct rk_group *group, const char *member_id, const char *reason,
                       bool is_old)
{
    struct rk_request *request = rk_group_try_new_request(group, RK_API_LEAVE_GROUP, on_leave_done);
    struct leave *leave = request ? rk_request_try_alloc(request, sizeof(*leave)) : NULL;
    if (!leave) {
        rk_request_destroy(request);
        return false;
    }
    *leave = (struct leave){.call = *(struct rk_group_call *)request->owner,
                            .is_old = is_old,
                            .member_id = rk_group_try_copy(request, member_id),
                            .reason = reason};
    request->owner = leave;
    struct rk_leave_group_request *message = request->message;
    message->group_id = conf_of(group)->group_id;
    if (is_old) {
        message->member_id = leave->member_id;
        request->max_version = FIRST_WITH_MANY - 1;
    } else {
        request->min_version = FIRST_WITH_MANY;
        message->members.items = rk_leave_group_request_member_try_new(&request->arena, 1);
        if (message->members.items) {
            message->members.count = 1;
            message->members.items[0].member_id = leave->member_id;
            message->members.items[0].group_instance_id = conf_of(group)->group_instance_id;
            message->members.items[0].reason = reason;
        }
    }
    request->timeout_us = group->own.membership.conf.leave_timeout_us;
    request->deadline_us = rk_clock_now_us() + request->timeout_us;
    return rk_group_send_whole(group, request,
                               leave->member_id && (is_old || message->members.items));
}

void rk_group_send_leave(struct rk_group *group, const char *member_id, const char *reason)
{
    rk_log_debug(group->core, RK_DEBUG_CGRP, "LEAVE", "Group \"%s\": \"%s\" leaves: %s",
                 conf_of(group)->group_id, member_id, reason);
    if (!send_leave(group, member_id, reason, false))
        rk_membership_on_leave_answer(&group->own.membership, rk_clock_now_us());
}
