/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ConsumerGroupHeartbeat: what a member of the consumer protocol (KIP-848) tells its coordinator,
 * and what it is told.
 */
#include <string.h>

#include "base/clock.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/partition_list.h"
#include "group/group_private.h"

#define PATTERNS_SINCE 1

static const struct rk_conf *conf_of(const struct rk_group *group)
{
    return group->core->conf;
}

/* Building */

static bool try_add_topics(const struct rk_group *group, struct rk_request *request)
{
    struct rk_consumer_group_heartbeat_request *message = request->message;
    const rd_kafka_topic_partition_list_t *topics = group->own.member->topics;
    const char **names = rk_request_try_alloc(request, ((size_t)topics->cnt + 1) * sizeof(*names));
    if (!names)
        return false;
    for (int i = 0; i < topics->cnt; i++) {
        names[i] = rk_group_try_copy(request, topics->elems[i].topic);
        if (!names[i])
            return false;
    }
    message->subscribed_topic_names.items = names;
    message->subscribed_topic_names.count = topics->cnt;
    return true;
}

/* A broker that knows of no patterns is not told that there is none. */
static void prepare(struct rk_request *request)
{
    struct rk_consumer_group_heartbeat_request *message = request->message;
    if (request->version < PATTERNS_SINCE)
        message->subscribed_topic_regex = NULL;
}

static bool try_add_subscription(const struct rk_group *group, struct rk_request *request)
{
    struct rk_consumer_group_heartbeat_request *message = request->message;
    const char *pattern = group->own.consumer_membership.pattern;
    message->subscribed_topic_regex = rk_group_try_copy(request, pattern);
    if (pattern[0])
        request->min_version = PATTERNS_SINCE;
    else
        request->prepare = prepare;
    return message->subscribed_topic_regex && try_add_topics(group, request);
}

static bool try_add_owned(struct rk_group *group, struct rk_request *request)
{
    rd_kafka_topic_partition_list_t *held =
        rk_consumer_membership_held(&group->own.consumer_membership);
    bool is_filled =
        rk_consumer_target_try_fill(&group->own.target, held, request->message, &request->arena);
    rk_partition_list_destroy(held);
    return is_filled;
}

static bool fill(struct rk_group *group, struct rk_request *request, int32_t epoch)
{
    struct rk_consumer_group_heartbeat_request *message = request->message;
    message->group_id = conf_of(group)->group_id;
    message->member_id = rk_group_try_copy(request, group->own.member->member_id);
    message->member_epoch = epoch;
    message->instance_id = conf_of(group)->group_instance_id;
    return message->member_id != NULL;
}

/* The session is the brokers' affair; by default it is nine intervals long. */
static uint64_t patience_us(const struct rk_consumer_membership *membership)
{
    uint64_t longest_us = rk_group_patience_us(membership->conf.session_timeout_us);
    return RK_MIN(longest_us, RK_MAX(3 * membership->interval_us, RK_GROUP_PATIENCE_US));
}

static bool fill_beat(struct rk_group *group, struct rk_request *request)
{
    const struct rk_conf *conf = conf_of(group);
    const struct rk_consumer_membership *membership = &group->own.consumer_membership;
    const struct rk_consumer_beat *beat = &membership->beat;
    struct rk_consumer_group_heartbeat_request *message = request->message;
    if (!fill(group, request, beat->epoch))
        return false;
    if (beat->has_all) {
        message->rebalance_timeout_ms = conf->max_poll_interval_ms;
        message->server_assignor = conf->group_remote_assignor;
        if (beat->epoch == 0)
            message->rack_id = conf->client_rack;
    }
    request->timeout_us = RK_MIN(request->timeout_us, patience_us(membership));
    request->deadline_us = rk_clock_now_us() + membership->conf.session_timeout_us;
    return (!beat->has_subscription || try_add_subscription(group, request)) &&
           (!beat->has_owned || try_add_owned(group, request));
}

/* Answers */

static void take_error(struct rk_group *group, const struct rk_request *request,
                       rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    const struct rk_consumer_group_heartbeat_answer *answer = request->answer;
    rk_group_take_error(group, request, err, answer ? answer->error_message : NULL);
    if (err)
        rk_log_debug(group->core, RK_DEBUG_CGRP, "HEARTBEAT", "Group \"%s\": heartbeat: %s: %s",
                     conf_of(group)->group_id, rd_kafka_err2str(err), group->own.failure.words);
}

static rd_kafka_resp_err_t error_of(const struct rk_request *request)
{
    const struct rk_consumer_group_heartbeat_answer *answer = request->answer;
    return answer ? rk_error_of_broker(answer->error_code) : request->err;
}

/* It is about this member, in the group. */
static bool is_sound(const struct rk_group *group,
                     const struct rk_consumer_group_heartbeat_answer *answer)
{
    return answer->member_epoch > 0 &&
           (!answer->member_id || strcmp(answer->member_id, group->own.member->member_id) == 0);
}

static void take_answer(struct rk_group *group, const struct rk_request *request,
                        uint32_t attempt) RK_ON_BACKGROUND
{
    struct rk_consumer_answer told = {.err = error_of(request),
                                      .is_of_pattern = request->lacks_feature};
    const struct rk_consumer_group_heartbeat_request *asked = request->message;
    const struct rk_consumer_group_heartbeat_answer *answer = request->answer;
    if (!told.err && answer && asked->member_epoch >= 0) {
        told.epoch = answer->member_epoch;
        told.interval_ms = answer->heartbeat_interval_ms;
        if (!is_sound(group, answer))
            told.err = RD_KAFKA_RESP_ERR__BAD_MSG;
        else if (answer->assignment && attempt == group->own.member->attempt)
            told.err =
                rk_group_take_target(group, answer->assignment, &told.target, &told.is_partial);
    }
    take_error(group, request, told.err);
    rk_consumer_membership_on_heartbeat_answer(&group->own.consumer_membership, attempt, &told,
                                               rk_clock_now_us());
}

static void on_done(struct rk_request *request)
{
    const struct rk_group_call *call = request->owner;
    struct rk_group *group = call->group;
    if (request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(rk_cluster_background(group->cluster));
    if (!call->is_leave) {
        take_answer(group, request, call->attempt);
    } else {
        take_error(group, request, error_of(request));
        if (call->attempt == group->own.member->attempt)
            rk_consumer_membership_on_leave_answer(&group->own.consumer_membership,
                                                   rk_clock_now_us());
    }
    rk_group_settle(group);
    rk_request_destroy(request);
}

/* Sending */

void rk_group_send_consumer_heartbeat(struct rk_group *group)
{
    struct rk_request *request =
        rk_group_try_new_request(group, RK_API_CONSUMER_GROUP_HEARTBEAT, on_done);
    if (request && rk_group_send_whole(group, request, fill_beat(group, request)))
        return;
    const struct rk_consumer_answer told = {.err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE};
    rk_consumer_membership_on_heartbeat_answer(
        &group->own.consumer_membership, group->own.member->attempt, &told, rk_clock_now_us());
}

void rk_group_send_consumer_leave(struct rk_group *group)
{
    const struct rk_consumer_membership *membership = &group->own.consumer_membership;
    struct rk_request *request =
        rk_group_try_new_request(group, RK_API_CONSUMER_GROUP_HEARTBEAT, on_done);
    rk_log_debug(group->core, RK_DEBUG_CGRP, "LEAVE", "Group \"%s\": \"%s\" leaves (epoch %d)",
                 conf_of(group)->group_id, membership->base.member_id,
                 (int)membership->leaving_epoch);
    if (request) {
        struct rk_group_call *call = request->owner;
        call->is_leave = true;
        request->timeout_us = membership->conf.leave_timeout_us;
        request->deadline_us = rk_clock_now_us() + request->timeout_us;
        if (rk_group_send_whole(group, request, fill(group, request, membership->leaving_epoch)))
            return;
    }
    rk_consumer_membership_on_leave_answer(&group->own.consumer_membership, rk_clock_now_us());
}
