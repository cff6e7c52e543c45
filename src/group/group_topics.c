/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The topics of a group: which ones the patterns stand for, which partitions the leader has to give
 * out, and what became of either.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/failure.h"
#include "event/partition_list.h"
#include "event/queue.h"
#include "group/group_private.h"
#include "event/partition_sets.h"

#define TOPICS_WAIT_US     2000000u /* The leader waits for news of topics it does not know. */
#define NO_MEMORY_US       1000000u
#define FOREIGN_TOPICS_MAX 10000 /* Other members may make a leader ask for; they stay. */
#define NO_NEWS            (-1)  /* How many partitions the topic has was not known so far. */

static void look_at_all(struct rk_group *group) RK_ON_BACKGROUND;
static void try_plan(struct rk_group *group, uint64_t now_us) RK_ON_BACKGROUND;

static struct rk_loop *loop_of(const struct rk_group *group)
{
    return rk_cluster_background(group->cluster);
}

static void want(struct rk_group *group, const char *name, const char *reason)
{
    rk_cluster_post_refresh(
        group->cluster,
        rk_topic_registry_find_or_add(rk_cluster_topics(group->cluster), name, NULL, NULL), reason);
}

/* Patterns */

static bool is_followed(const struct rk_group *group)
{
    return group->own.subscription && group->own.subscription->pattern_count > 0;
}

/* takes: found (NULL: none) */
static void take_found(struct rk_group *group,
                       rd_kafka_topic_partition_list_t *found) RK_ON_BACKGROUND
{
    rd_kafka_topic_partition_list_t *topics =
        rk_subscription_topics(group->own.subscription, found);
    for (int i = 0; i < topics->cnt; i++) {
        const char *name = topics->elems[i].topic;
        bool is_new = false;
        rd_kafka_topic_t *topic =
            rk_topic_registry_find_or_add(rk_cluster_topics(group->cluster), name, NULL, &is_new);
        if (is_new || topic->known.state == RK_TOPIC_UNKNOWN)
            rk_cluster_post_refresh(group->cluster, topic, "a topic was subscribed to");
    }
    rk_partition_list_destroy(found);
    rk_group_on_subscribe(group, topics, rk_clock_now_us());
    rk_group_settle(group);
}

static rd_kafka_topic_partition_list_t *find_matches(const struct rk_group *group,
                                                     const struct rk_metadata_answer *answer)
{
    rd_kafka_topic_partition_list_t *found = rk_partition_list_new(0);
    for (int32_t i = 0; i < answer->topics.count; i++) {
        const struct rk_metadata_answer_topic *topic = &answer->topics.items[i];
        if (topic->name && topic->name[0] && !topic->error_code &&
            rk_subscription_matches(group->own.subscription, topic->name,
                                    &group->core->conf->topic_blacklist))
            rk_partition_list_add(found, topic->name, RD_KAFKA_PARTITION_UA);
    }
    return found;
}

static void look_again_at(struct rk_group *group, uint64_t at_us) RK_ON_BACKGROUND
{
    rk_loop_start_timer(loop_of(group), &group->own.pattern_timer, at_us);
}

static void on_all_topics(struct rk_request *request)
{
    struct rk_group *group = request->owner;
    const struct rk_metadata_answer *answer = request->answer;
    uint64_t now_us = rk_clock_now_us();
    if (request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(loop_of(group));
    group->own.is_looking = false;
    if (!is_followed(group) || group->own.is_terminated) {
        rk_request_destroy(request);
        return;
    }
    if (request->err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && !group->own.asks_old_broker) {
        group->own.asks_old_broker = true;
        look_at_all(group);
    } else if (request->err || answer->error_code || answer->brokers.count <= 0) {
        look_again_at(group, now_us + rk_backoff_next_us(&group->own.pattern_backoff));
    } else {
        int interval_ms = group->core->conf->topic_metadata_refresh_interval_ms;
        rk_backoff_reset(&group->own.pattern_backoff);
        if (interval_ms > 0)
            look_again_at(group, now_us + (uint64_t)interval_ms * 1000);
        take_found(group, find_matches(group, answer));
    }
    rk_request_destroy(request);
}

static void look_at_all(struct rk_group *group)
{
    if (group->own.is_looking)
        return;
    struct rk_request *request =
        rk_request_try_new(RK_API_METADATA, loop_of(group), on_all_topics, group);
    if (!request) {
        look_again_at(group, rk_clock_now_us() + NO_MEMORY_US);
        return;
    }
    struct rk_metadata_request *message = request->message;
    message->topics.count = group->own.asks_old_broker ? 0 : -1; /* Version 0: none means all. */
    message->allow_auto_topic_creation = false;
    if (group->own.asks_old_broker)
        request->max_version = 0;
    request->timeout_us = (uint64_t)group->core->conf->socket_timeout_ms * 1000;
    request->deadline_us = rk_clock_now_us() + request->timeout_us;
    group->own.is_looking = true;
    rk_cluster_post_send_any(group->cluster, request);
}

static void on_pattern_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group *group = rk_container_of(timer, struct rk_group, own.pattern_timer);
    (void)now_us;
    rk_on_background(loop_of(group));
    if (is_followed(group))
        look_at_all(group);
}

void rk_group_stop_following(struct rk_group *group)
{
    rk_loop_stop_timer(loop_of(group), &group->own.pattern_timer);
    rk_subscription_destroy(group->own.subscription);
    group->own.subscription = NULL;
}

void rk_group_follow(struct rk_group *group, struct rk_subscription *subscription)
{
    rk_group_stop_following(group);
    group->own.subscription = subscription;
    for (int i = 0; i < subscription->names->cnt; i++)
        want(group, subscription->names->elems[i].topic, "a topic was subscribed to");
    if (rk_group_is_out(group))
        group->own.member->since_us = rk_clock_now_us(); /* It waits, for all topics. */
    if (subscription->pattern_count > 0)
        look_at_all(group);
    else
        take_found(group, NULL);
}

/* The leader's plan */

static void on_plan_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group *group = rk_container_of(timer, struct rk_group, own.plan_timer);
    rk_on_background(loop_of(group));
    try_plan(group, now_us);
    rk_group_settle(group);
}

void rk_group_init_topics(struct rk_group *group)
{
    rk_timer_init(&group->own.pattern_timer, on_pattern_timer);
    rk_timer_init(&group->own.plan_timer, on_plan_timer);
    rk_backoff_init(&group->own.pattern_backoff, group->core->conf->retry_backoff_ms,
                    group->core->conf->retry_backoff_max_ms);
}

static int32_t count_of(const rd_kafka_topic_t *topic)
{
    return topic && topic->known.state == RK_TOPIC_EXISTS ? topic->known.partition_count : 0;
}

static const rd_kafka_topic_t *topic_at(const struct rk_group *group, int index)
{
    return rk_topic_registry_find(rk_cluster_topics(group->cluster),
                                  group->own.plan->topics->elems[index].topic);
}

/* True when nothing is known yet of one of the topics. Errors that pass count as news: others would
 * wait for this topic. One that was not asked for is not waited for. */
static bool lacks_news(struct rk_group *group) RK_ON_BACKGROUND
{
    struct rk_leader_plan *plan = group->own.plan;
    for (; plan->known_count < plan->topics->cnt; plan->known_count++) {
        const rd_kafka_topic_t *topic = topic_at(group, plan->known_count);
        if (topic && topic->known.state == RK_TOPIC_UNKNOWN && !topic->known.err)
            return true;
    }
    return false;
}

static void count_partitions(struct rk_group *group) RK_ON_BACKGROUND
{
    for (int i = 0; i < group->own.plan->topics->cnt; i++)
        group->own.plan->topics->elems[i].partition = count_of(topic_at(group, i));
}

static void try_plan(struct rk_group *group, uint64_t now_us)
{
    struct rk_leader_plan *plan = group->own.plan;
    if (!plan || !plan->answer || !rk_membership_is_assigning(&group->own.membership))
        return;
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(group->cluster);
    if (now_us < group->own.plan_until_us && lacks_news(group)) {
        rk_loop_start_timer(loop_of(group), &group->own.plan_timer, group->own.plan_until_us);
        rk_snapshot_release(snapshot);
        return;
    }
    count_partitions(group);
    if (!rk_leader_plan_try_assign(plan, snapshot)) {
        rk_loop_start_timer(loop_of(group), &group->own.plan_timer, now_us + NO_MEMORY_US);
    } else {
        rk_log_debug(group->core, RK_DEBUG_CGRP | RK_DEBUG_ASSIGNOR, "ASSIGN",
                     "Group \"%s\": %s assignment of %d topic(s) to %d member(s)",
                     group->core->conf->group_id, plan->assignor->name, plan->topics->cnt,
                     (int)plan->member_count);
        rk_loop_stop_timer(loop_of(group), &group->own.plan_timer);
        rk_membership_on_assignment_made(&group->own.membership, now_us);
    }
    rk_snapshot_release(snapshot);
}

/* Whoever is in the group can name topics without end: they are not all asked for. */
static void want_topics(struct rk_group *group) RK_ON_BACKGROUND
{
    int left_out = 0;
    for (int i = 0; i < group->own.plan->topics->cnt; i++) {
        const rd_kafka_topic_t *topic = topic_at(group, i);
        bool is_foreign = !topic;
        if (topic && topic->known.state != RK_TOPIC_UNKNOWN)
            continue;
        if (is_foreign && group->own.foreign_topics == FOREIGN_TOPICS_MAX) {
            left_out++;
            continue;
        }
        group->own.foreign_topics += is_foreign;
        want(group, group->own.plan->topics->elems[i].topic,
             "a member of the group subscribes to a topic");
    }
    if (left_out > 0)
        rk_log(group->core, RK_LOG_WARNING, "JOINGROUP",
               "Group \"%s\": members subscribe to %d topics beyond the %d that their leader asks "
               "for: nobody gets them",
               group->core->conf->group_id, left_out, FOREIGN_TOPICS_MAX);
}

void rk_group_begin_plan(struct rk_group *group)
{
    uint64_t now_us = rk_clock_now_us();
    const struct rk_assignor *assignor = rk_assignor_find(group->own.membership.protocol);
    struct rk_leader_plan *plan = rk_leader_plan_try_new(assignor, group->own.joined->answer);
    group->own.plan = plan;
    if (!plan) {
        rk_membership_on_join_failed(&group->own.membership, now_us);
        return;
    }
    if (plan->unreadable_count > 0)
        rk_log(group->core, RK_LOG_WARNING, "JOINGROUP",
               "Group \"%s\": the subscriptions of %d member(s) cannot be read: they get nothing",
               group->core->conf->group_id, (int)plan->unreadable_count);
    want_topics(group);
    group->own.plan_until_us = now_us + TOPICS_WAIT_US;
    try_plan(group, now_us);
}

/* A static leader that came back has nothing to assign, and goes on watching (KIP-814). */
void rk_group_begin_watch(struct rk_group *group, const struct rk_join_group_answer *answer)
{
    rk_group_drop_plan(group);
    struct rk_leader_plan *plan =
        rk_leader_plan_try_new(rk_assignor_find(answer->protocol_name), answer);
    if (!plan)
        return;
    group->own.plan = plan;
    rk_leader_plan_forget_members(plan);
    want_topics(group);
    for (int i = 0; i < plan->topics->cnt; i++) {
        const rd_kafka_topic_t *topic = topic_at(group, i);
        bool is_known = topic && topic->known.state != RK_TOPIC_UNKNOWN;
        plan->topics->elems[i].partition = is_known ? count_of(topic) : NO_NEWS;
    }
}

/* News of a topic */

/*
 * What the application is told of a topic it subscribes to. One that nobody has seen yet is told of
 * at once, for it may be misspelled, unless asking for it creates it; one that was there may be out
 * of one broker's sight only, and is missing after a while.
 */
static rd_kafka_resp_err_t find_trouble(const struct rk_group *group, const rd_kafka_topic_t *topic)
{
    bool is_unseen = topic->known.state == RK_TOPIC_UNKNOWN && topic->known.missing_since_us > 0 &&
                     !group->core->conf->allow_auto_create_topics;
    if (topic->known.state != RK_TOPIC_MISSING && !is_unseen)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return topic->known.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID
               ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
               : topic->known.err;
}

/* Once, until it is well again. */
static void tell_unavailable(struct rk_group *group, rd_kafka_topic_t *topic) RK_ON_BACKGROUND
{
    if (!group->own.subscription)
        return;
    rd_kafka_topic_partition_t *entry =
        rk_partition_set_find_topic(group->own.subscription->names, rk_topic_name(topic));
    rd_kafka_resp_err_t err = find_trouble(group, topic);
    if (!entry || entry->err == err)
        return;
    entry->err = err;
    if (!err)
        return;
    char answerer[300];
    char *words = rk_text_format("Subscribed topic not available: %s: %s", entry->topic,
                                 rd_kafka_err2str(err));
    char *text =
        rk_failure_text(&(struct rk_failure){.err = err,
                                             .words = words,
                                             .broker = rk_cluster_name_answerer(
                                                 group->cluster, answerer, sizeof(answerer)),
                                             .since_us = topic->known.missing_since_us},
                        rk_clock_now_us());
    rk_queue_push(group->queue, rk_event_new_consumer_error(err, topic, RD_KAFKA_PARTITION_UA,
                                                            RD_KAFKA_OFFSET_INVALID, text));
    rk_free(text);
    rk_free(words);
}

void rk_group_on_topic(struct rk_group *group, rd_kafka_topic_t *topic)
{
    struct rk_leader_plan *plan = group->own.plan;
    uint64_t now_us = rk_clock_now_us();
    tell_unavailable(group, topic);
    rd_kafka_topic_partition_t *entry =
        plan ? rk_leader_plan_find_topic(plan, rk_topic_name(topic)) : NULL;
    if (!entry)
        return;
    if (rk_membership_is_assigning(&group->own.membership)) {
        try_plan(group, now_us);
    } else if (entry->partition == NO_NEWS) {
        entry->partition = topic->known.state == RK_TOPIC_UNKNOWN ? NO_NEWS : count_of(topic);
    } else if (count_of(topic) != entry->partition) {
        char reason[128];
        snprintf(reason, sizeof(reason), "topic %.60s has %d partitions instead of %d",
                 rk_topic_name(topic), (int)count_of(topic), (int)entry->partition);
        rk_membership_on_partitions_changed(&group->own.membership, reason, now_us);
    }
    rk_group_settle(group);
}
