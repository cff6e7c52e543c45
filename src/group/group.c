/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/group.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "conf/conf.h"
#include "event/group_metadata.h"
#include "event/partition_list.h"
#include "event/queue.h"
#include "group/group_private.h"

static void on_timer(struct rk_timer *timer, uint64_t now_us);

/* Life */

struct rk_group *rk_group_new(struct rk_core *core, struct rk_cluster *cluster,
                              struct rk_consumer *consumer, struct rk_group_offsets *offsets)
{
    struct rk_group *group = RK_NEW(struct rk_group);
    group->core = core;
    group->cluster = cluster;
    group->consumer = consumer;
    group->offsets = offsets;
    group->coordinator = rk_group_offsets_coordinator(offsets);
    group->queue = rk_queue_new(core, "group");
    rk_queue_forward(group->queue, rk_consumer_queue(consumer));
    rk_mutex_init(&group->mutex, RK_RANK_PARTITION);
    group->shared.subscription = rk_partition_list_new(0);
    group->shared.generation = -1;
    group->own.started_us = rk_clock_now_us();
    rk_group_init_member(group);
    group->shared.member_id = rk_strdup(group->own.member->member_id);
    group->own.told_state = rk_group_state_name(group);
    rk_timer_init(&group->own.timer, on_timer);
    rk_timer_init(&group->own.reason_timer, rk_group_on_reason_timer);
    rk_group_init_topics(group);
    rk_group_init_guard(group);
    return group;
}

void rk_group_terminate(void *argument)
{
    struct rk_group *group = argument;
    struct rk_loop *loop = rk_cluster_background(group->cluster);
    rk_on_background(loop);
    group->own.is_terminated = true;
    rk_loop_stop_timer(loop, &group->own.timer);
    rk_loop_stop_timer(loop, &group->own.plan_timer);
    rk_loop_stop_timer(loop, &group->own.reason_timer);
    rk_loop_stop_timer(loop, &group->own.pattern_timer);
    rk_loop_stop_timer(loop, &group->own.names_timer);
    rk_loop_stop_timer(loop, &group->own.commit_timer);
    atomic_store(&group->is_closed, true);
    if (group->own.close_queue)
        rk_queue_yield(group->own.close_queue);
}

void rk_group_drop_all(struct rk_group *group)
{
    rk_queue_disable(group->queue);
    rk_queue_forward(group->queue, NULL);
    rk_queue_remove(group->queue, NULL, NULL);
    rk_queue_release(group->own.close_queue);
    group->own.close_queue = NULL;
    rk_leader_plan_destroy(group->own.plan);
    group->own.plan = NULL;
    rk_request_destroy(group->own.joined);
    group->own.joined = NULL;
}

void rk_group_destroy(struct rk_group *group)
{
    if (!group)
        return;
    rk_group_clear_member(group);
    rk_subscription_destroy(group->own.subscription);
    rk_queue_release(group->queue);
    rk_partition_list_destroy(group->shared.subscription);
    rk_free(group->shared.member_id);
    rk_mutex_clear(&group->mutex);
    rk_free(group);
}

/* Events */

/* What commits say. */
static void identify(struct rk_group *group) RK_ON_BACKGROUND
{
    const struct rk_member *member = group->own.member;
    struct rk_membership_identity *identity = rk_group_offsets_identity(group->offsets);
    bool is_in = rk_group_is_in(group);
    bool was_lost = identity->is_lost;
    identity->generation = rk_group_generation(group);
    identity->member_id = is_in ? member->member_id : "";
    identity->instance_id = is_in ? group->core->conf->group_instance_id : NULL;
    identity->is_consumer = is_in && group->has_consumer_protocol;
    identity->is_joining =
        !group->has_consumer_protocol && rk_membership_is_joining(&group->own.membership);
    identity->is_lost = member->is_lost;
    if (identity->is_lost && !was_lost)
        rk_group_offsets_give_up(group->offsets, member->owned);
}

/* What any thread may ask. */
static void publish(struct rk_group *group) RK_ON_BACKGROUND
{
    const struct rk_member *member = group->own.member;
    /* Also what gets lost while the application is asked to give it up. */
    atomic_store(&group->is_lost, member->is_lost);
    rk_mutex_lock(&group->mutex);
    group->shared.generation = rk_group_generation(group);
    group->shared.has_protocol = rk_group_has_protocol(group);
    if (strcmp(group->shared.member_id, member->member_id) != 0) {
        rk_free(group->shared.member_id);
        group->shared.member_id = rk_strdup(member->member_id);
    }
    rk_mutex_unlock(&group->mutex);
}

static void log_state(struct rk_group *group) RK_ON_BACKGROUND
{
    const char *before = group->own.told_state, *now = rk_group_state_name(group);
    group->own.told_state = now;
    if (before != now)
        rk_log_debug(group->core, RK_DEBUG_CGRP, "CGRPJOINSTATE",
                     "Group \"%s\" changed join state %s -> %s (%d partition(s) owned)",
                     group->core->conf->group_id, before, now, group->own.member->owned->cnt);
}

void rk_group_settle(struct rk_group *group)
{
    struct rk_loop *loop = rk_cluster_background(group->cluster);
    unsigned actions;
    if (group->own.is_settling || group->own.is_terminated)
        return;
    group->own.is_settling = true;
    do {
        actions = rk_member_take_actions(group->own.member);
        identify(group);
        publish(group); /* Who is asked now may look at it. */
        rk_group_abandon_former(group);
        rk_group_act(group, actions);
        rk_group_follow_loss(group);
        rk_group_look_at_target(group);
    } while (group->own.member->actions != 0);
    group->own.is_settling = false;
    identify(group);
    publish(group);
    log_state(group);
    uint64_t deadline_us = rk_group_deadline(group);
    if (deadline_us == RK_NEVER)
        rk_loop_stop_timer(loop, &group->own.timer);
    else
        rk_loop_start_timer(loop, &group->own.timer, deadline_us);
    rk_group_watch(group);
    rk_group_go_on_closing(group);
}

/* The application's polls leave a mark in the queue, which is looked at when there is something
 * else to do, or max.poll.interval.ms have passed since the last one that is known of: so they cost
 * nothing. */
static void look_for_polls(struct rk_group *group, uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_member *member = group->own.member;
    uint64_t polled_us = rk_queue_look_for_polls(rk_consumer_queue(group->consumer), now_us);
    if (!rk_group_is_waiting_for_poll(group))
        member->polled_us = RK_MAX(member->polled_us, polled_us);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group *group = rk_container_of(timer, struct rk_group, own.timer);
    rk_on_background(rk_cluster_background(group->cluster));
    look_for_polls(group, now_us);
    rk_group_on_time(group, now_us);
    rk_group_settle(group);
}

struct question {
    struct rk_group *group;
    void (*run)(void *argument);
    void *argument;
};

static void run_question(void *argument)
{
    struct question *question = argument;
    rk_on_background(rk_cluster_background(question->group->cluster));
    if (question->group->own.is_terminated)
        return;
    question->run(question->argument);
    rk_group_settle(question->group);
}

bool rk_group_ask(struct rk_group *group, void (*run)(void *argument), void *argument)
{
    struct question question = {.group = group, .run = run, .argument = argument};
    return rk_consumer_ask(group->consumer, run_question, &question);
}

/* What is subscribed to */

static void set_subscription(struct rk_group *group, rd_kafka_topic_partition_list_t *list)
{
    rk_mutex_lock(&group->mutex);
    rd_kafka_topic_partition_list_t *before = group->shared.subscription;
    group->shared.subscription = list;
    rk_mutex_unlock(&group->mutex);
    rk_partition_list_destroy(before);
}

struct subscribe {
    struct rk_group *group;
    struct rk_subscription *subscription; /* NULL: none any more. */
};

static void run_subscribe(void *argument)
{
    struct subscribe *subscribe = argument;
    struct rk_group *group = subscribe->group;
    rk_on_background(rk_cluster_background(group->cluster));
    struct rk_subscription *subscription = subscribe->subscription;
    subscribe->subscription = NULL;
    set_subscription(group, subscription ? rk_partition_list_copy(subscription->list)
                                         : rk_partition_list_new(0));
    if (subscription) {
        uint64_t now_us = rk_clock_now_us();
        look_for_polls(group, now_us);            /* From now on their times are known. */
        if (!rk_group_is_waiting_for_poll(group)) /* Who subscribes is at work, as who polls. */
            group->own.member->polled_us = now_us;
        rk_group_follow(group, subscription);
    } else {
        rk_group_stop_following(group);
        rk_group_on_unsubscribe(group, rk_clock_now_us());
    }
}

rd_kafka_resp_err_t rk_group_subscribe(struct rk_group *group,
                                       const rd_kafka_topic_partition_list_t *list)
{
    char reason[256];
    if (rk_core_fatal_error(group->core, NULL, 0))
        return RD_KAFKA_RESP_ERR__FATAL;
    if (atomic_load(&group->is_closing))
        return RD_KAFKA_RESP_ERR__DESTROY;
    struct subscribe subscribe = {.group = group};
    subscribe.subscription =
        rk_subscription_try_new(list, group->has_consumer_protocol, reason, sizeof(reason));
    if (!subscribe.subscription) {
        rk_log(group->core, RK_LOG_WARNING, "SUBSCRIBE", "Refused to subscribe: %s", reason);
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    rk_group_ask(group, run_subscribe, &subscribe);
    if (!subscribe.subscription)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rk_subscription_destroy(subscribe.subscription);
    return RD_KAFKA_RESP_ERR__DESTROY;
}

rd_kafka_resp_err_t rk_group_unsubscribe(struct rk_group *group)
{
    struct subscribe subscribe = {.group = group};
    return rk_group_ask(group, run_subscribe, &subscribe) ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                          : RD_KAFKA_RESP_ERR__DESTROY;
}

rd_kafka_topic_partition_list_t *rk_group_subscription(struct rk_group *group)
{
    rk_mutex_lock(&group->mutex);
    rd_kafka_topic_partition_list_t *copy = rk_partition_list_copy(group->shared.subscription);
    rk_mutex_unlock(&group->mutex);
    return copy;
}

/* Who it is */

char *rk_group_member_id(struct rk_group *group)
{
    rk_mutex_lock(&group->mutex);
    char *copy = rk_app_strdup(group->shared.member_id);
    rk_mutex_unlock(&group->mutex);
    return copy;
}

rd_kafka_consumer_group_metadata_t *rk_group_metadata(struct rk_group *group)
{
    const struct rk_conf *conf = group->core->conf;
    rk_mutex_lock(&group->mutex);
    rd_kafka_consumer_group_metadata_t *metadata = rk_group_metadata_new(
        conf->group_id, group->shared.generation, group->shared.member_id, conf->group_instance_id);
    rk_mutex_unlock(&group->mutex);
    return metadata;
}

bool rk_group_is_lost(const struct rk_group *group)
{
    return atomic_load(&group->is_lost);
}

const char *rk_group_protocol_name(struct rk_group *group)
{
    rk_mutex_lock(&group->mutex);
    bool has_protocol = group->shared.has_protocol;
    rk_mutex_unlock(&group->mutex);
    if (!has_protocol)
        return "NONE";
    return rk_group_is_cooperative(group) ? "COOPERATIVE" : "EAGER";
}
