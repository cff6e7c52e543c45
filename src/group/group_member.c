/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The group's member, of whichever protocol: the one place that knows which machine it is.
 */
#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "base/random.h"
#include "conf/conf.h"
#include "event/partition_list.h"
#include "event/uuid.h"
#include "group/group_private.h"

/* Life */

static uint64_t us_of(int ms)
{
    return (uint64_t)ms * 1000;
}

static bool is_static(const struct rk_conf *conf)
{
    return conf->group_instance_id && conf->group_instance_id[0];
}

static void init_classic(struct rk_group *group)
{
    const struct rk_conf *conf = group->core->conf;
    const char *strategy = conf->partition_assignment_strategy;
    rk_membership_init(&group->own.membership,
                       &(struct rk_membership_conf){
                           .session_timeout_us = us_of(conf->session_timeout_ms),
                           .heartbeat_interval_us = us_of(conf->heartbeat_interval_ms),
                           .max_poll_interval_us = us_of(conf->max_poll_interval_ms),
                           .leave_timeout_us = us_of(RK_GROUP_LEAVE_MAX_MS),
                           .retry_backoff_ms = conf->retry_backoff_ms,
                           .retry_backoff_max_ms = conf->retry_backoff_max_ms,
                           .is_static = is_static(conf),
                           .is_cooperative = strategy && strstr(strategy, "cooperative") != NULL,
                       });
}

/* A random UUID (version 4), as text that may stand in URLs and names of files. */
static void make_member_id(char text[RK_UUID_TEXT_SIZE])
{
    uint8_t bytes[16];
    rd_kafka_Uuid_t uuid;
    rk_random_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    rk_uuid_init(&uuid, rk_load_be64(bytes), rk_load_be64(bytes + 8));
    for (int i = 0; i < RK_UUID_TEXT_SIZE; i++) {
        char c = uuid.text[i];
        text[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
}

static void init_consumer(struct rk_group *group)
{
    const struct rk_conf *conf = group->core->conf;
    char member_id[RK_UUID_TEXT_SIZE];
    make_member_id(member_id);
    rk_consumer_membership_init(&group->own.consumer_membership,
                                &(struct rk_consumer_membership_conf){
                                    .max_poll_interval_us = us_of(conf->max_poll_interval_ms),
                                    .leave_timeout_us = us_of(RK_GROUP_LEAVE_MAX_MS),
                                    .session_timeout_us = us_of(conf->session_timeout_ms),
                                    .heartbeat_interval_us = us_of(conf->heartbeat_interval_ms),
                                    .retry_backoff_ms = conf->retry_backoff_ms,
                                    .retry_backoff_max_ms = conf->retry_backoff_max_ms,
                                    .is_static = is_static(conf),
                                },
                                member_id);
}

void rk_group_init_member(struct rk_group *group)
{
    group->has_consumer_protocol =
        group->core->conf->group_protocol == RK_CONF_GROUP_PROTOCOL_CONSUMER;
    group->own.member = group->has_consumer_protocol ? &group->own.consumer_membership.base
                                                     : &group->own.membership.base;
    if (group->has_consumer_protocol)
        init_consumer(group);
    else
        init_classic(group);
    rk_group_init_target(group);
}

void rk_group_clear_member(struct rk_group *group)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_clear(&group->own.consumer_membership);
    else
        rk_membership_clear(&group->own.membership);
    rk_consumer_target_clear(&group->own.target);
}

/* What it wants to be done */

static void leave(struct rk_group *group) RK_ON_BACKGROUND
{
    const struct rk_membership *membership = &group->own.membership;
    if (group->has_consumer_protocol)
        rk_group_send_consumer_leave(group);
    else
        rk_group_send_leave(group, membership->leaving_id,
                            membership->state == RK_MEMBERSHIP_WAITING
                                ? "the application did not poll"
                                : "the consumer was closed or unsubscribed");
}

static void act_as_classic(struct rk_group *group, unsigned actions) RK_ON_BACKGROUND
{
    const struct rk_membership *membership = &group->own.membership;
    if ((actions & RK_MEMBERSHIP_SEND_JOIN) && membership->state == RK_MEMBERSHIP_JOINING)
        rk_group_send_join(group);
    if ((actions & RK_MEMBERSHIP_MAKE_ASSIGNMENT) && rk_membership_is_assigning(membership))
        rk_group_begin_plan(group);
    if ((actions & RK_MEMBERSHIP_SEND_SYNC) && rk_membership_is_syncing(membership))
        rk_group_send_sync(group);
    if ((actions & RK_MEMBERSHIP_SEND_HEARTBEAT) && rk_membership_is_in(membership))
        rk_group_send_heartbeat(group);
    if ((actions & RK_MEMBERSHIP_LOOK_AT_GROUP) && rk_membership_is_in(membership))
        rk_group_look_at_members(group);
}

void rk_group_act(struct rk_group *group, unsigned actions)
{
    const struct rk_member *member = group->own.member;
    if (actions & RK_MEMBERSHIP_TELL_FATAL)
        rk_group_tell_error(group, true);
    if (actions & RK_MEMBERSHIP_TELL_ERROR)
        rk_group_tell_error(group, false);
    if (actions & RK_MEMBERSHIP_TELL_POLL_EXCEEDED)
        rk_group_tell_poll_exceeded(group);
    if (actions & RK_MEMBERSHIP_SEND_LEAVE)
        leave(group);
    if ((actions & RK_MEMBERSHIP_TELL_REVOKE) && member->asked == RK_ASKED_REVOKE)
        rk_group_tell(group, false);
    if ((actions & RK_MEMBERSHIP_TELL_ASSIGN) && member->asked == RK_ASKED_ASSIGN)
        rk_group_tell(group, true);
    if (!group->has_consumer_protocol)
        act_as_classic(group, actions);
    else if ((actions & RK_MEMBERSHIP_SEND_HEARTBEAT) &&
             group->own.consumer_membership.is_beat_sent)
        rk_group_send_consumer_heartbeat(group);
}

uint64_t rk_group_deadline(const struct rk_group *group)
{
    return group->has_consumer_protocol
               ? rk_consumer_membership_deadline(&group->own.consumer_membership)
               : rk_membership_deadline(&group->own.membership);
}

/* Who it is */

bool rk_group_is_in(const struct rk_group *group)
{
    return group->has_consumer_protocol
               ? rk_consumer_membership_is_in(&group->own.consumer_membership)
               : rk_membership_is_in(&group->own.membership);
}

int32_t rk_group_generation(const struct rk_group *group)
{
    if (!group->has_consumer_protocol)
        return group->own.membership.generation;
    return rk_group_is_in(group) ? group->own.consumer_membership.epoch : -1;
}

bool rk_group_is_cooperative(const struct rk_group *group)
{
    return group->has_consumer_protocol || group->own.membership.conf.is_cooperative;
}

bool rk_group_has_protocol(const struct rk_group *group)
{
    return group->has_consumer_protocol ? group->own.consumer_membership.subscription > 0
                                        : group->own.membership.protocol != NULL;
}

bool rk_group_is_out(const struct rk_group *group)
{
    return group->has_consumer_protocol ? group->own.consumer_membership.state == RK_CONSUMER_OUT
                                        : group->own.membership.state == RK_MEMBERSHIP_OUT;
}

bool rk_group_is_waiting_for_poll(const struct rk_group *group)
{
    return group->has_consumer_protocol
               ? group->own.consumer_membership.state == RK_CONSUMER_WAITING
               : group->own.membership.state == RK_MEMBERSHIP_WAITING;
}

void rk_group_name_member(const struct rk_group *group, char *text, size_t size)
{
    const struct rk_conf *conf = group->core->conf;
    const char *id = group->own.member->member_id;
    if (!id[0] && !group->has_consumer_protocol)
        id = group->own.membership.leaving_id; /* One that has left has no id any more. */
    snprintf(text, size, "member \"%s\" (%s%s%sclient.id \"%s\")", id,
             is_static(conf) ? "group.instance.id \"" : "",
             is_static(conf) ? conf->group_instance_id : "", is_static(conf) ? "\", " : "",
             conf->client_id);
}

bool rk_group_has_failed(const struct rk_group *group)
{
    return group->has_consumer_protocol ? group->own.consumer_membership.state == RK_CONSUMER_FAILED
                                        : group->own.membership.state == RK_MEMBERSHIP_FAILED;
}

bool rk_group_has_ended(const struct rk_group *group)
{
    return group->has_consumer_protocol ? group->own.consumer_membership.state == RK_CONSUMER_CLOSED
                                        : group->own.membership.state == RK_MEMBERSHIP_CLOSED;
}

const char *rk_group_state_name(const struct rk_group *group)
{
    return group->has_consumer_protocol
               ? rk_consumer_membership_state_name(group->own.consumer_membership.state)
               : rk_membership_state_name(group->own.membership.state);
}

/* Events */

void rk_group_on_subscribe(struct rk_group *group, rd_kafka_topic_partition_list_t *topics,
                           uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_subscribe(&group->own.consumer_membership, topics,
                                            group->own.subscription->remote_pattern, now_us);
    else
        rk_membership_on_subscribe(&group->own.membership, topics, now_us);
}

void rk_group_on_unsubscribe(struct rk_group *group, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_unsubscribe(&group->own.consumer_membership, now_us);
    else
        rk_membership_on_unsubscribe(&group->own.membership, now_us);
}

void rk_group_on_close(struct rk_group *group, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_close(&group->own.consumer_membership, now_us);
    else
        rk_membership_on_close(&group->own.membership, now_us);
}

void rk_group_on_answered(struct rk_group *group, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_answered(&group->own.consumer_membership, now_us);
    else
        rk_membership_on_answered(&group->own.membership, now_us);
}

void rk_group_on_declined(struct rk_group *group, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_declined(&group->own.consumer_membership, now_us);
    else
        rk_membership_on_declined(&group->own.membership, now_us);
}

void rk_group_on_commit_error(struct rk_group *group, rd_kafka_resp_err_t err, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_commit_error(&group->own.consumer_membership, err, now_us);
    else
        rk_membership_on_commit_error(&group->own.membership, err, now_us);
}

void rk_group_on_poll(struct rk_group *group, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_poll(&group->own.consumer_membership, now_us);
    else
        rk_membership_on_poll(&group->own.membership, now_us);
}

void rk_group_on_time(struct rk_group *group, uint64_t now_us)
{
    if (group->has_consumer_protocol)
        rk_consumer_membership_on_timer(&group->own.consumer_membership, now_us);
    else
        rk_membership_on_timer(&group->own.membership, now_us);
}
