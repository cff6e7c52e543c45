/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the topic ids of an assignment (KIP-848) to names: those that metadata has named already,
 * and the others by a question of their own, repeated until all have one or the assignment is
 * another.
 */
#include "base/clock.h"
#include "conf/conf.h"
#include "event/partition_list.h"
#include "group/group_private.h"

#define IDS_SINCE 12 /* Metadata of topics without a name. */

static struct rk_loop *loop_of(const struct rk_group *group)
{
    return rk_cluster_background(group->cluster);
}

static void ask(struct rk_group *group) RK_ON_BACKGROUND;

/* Names */

static bool is_nameless(const struct rk_group *group) RK_ON_BACKGROUND
{
    return rk_consumer_target_count_missing(&group->own.target) > 0;
}

static void learn_from_snapshot(struct rk_group *group) RK_ON_BACKGROUND
{
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(group->cluster);
    for (int32_t i = 0; snapshot && i < snapshot->topic_count; i++)
        rk_consumer_target_learn(&group->own.target, &snapshot->topics[i]->id,
                                 snapshot->topics[i]->name);
    rk_snapshot_release(snapshot);
}

static void learn_from_answer(struct rk_group *group,
                              const struct rk_metadata_answer *answer) RK_ON_BACKGROUND
{
    for (int32_t i = 0; i < answer->topics.count; i++) {
        const struct rk_metadata_answer_topic *topic = &answer->topics.items[i];
        if (!topic->error_code && topic->name && topic->name[0])
            rk_consumer_target_learn(&group->own.target, &topic->topic_id, topic->name);
    }
}

/* By name, what the coordinator gave. returns: new list */
static rd_kafka_topic_partition_list_t *resolve(struct rk_group *group,
                                                const struct rk_metadata_answer *answer,
                                                bool *is_partial) RK_ON_BACKGROUND
{
    rd_kafka_topic_partition_list_t *list, *held;
    if (answer) /* It stays known from now on. */
        learn_from_answer(group, answer);
    if (is_nameless(group))
        learn_from_snapshot(group);
    held = rk_consumer_membership_held(&group->own.consumer_membership);
    list = rk_consumer_target_resolve(&group->own.target, held, is_partial);
    rk_partition_list_destroy(held);
    return list;
}

static void resolve_again(struct rk_group *group,
                          const struct rk_metadata_answer *answer) RK_ON_BACKGROUND
{
    bool is_partial;
    rd_kafka_topic_partition_list_t *list = resolve(group, answer, &is_partial);
    rk_consumer_membership_on_names(&group->own.consumer_membership, list, is_partial,
                                    rk_clock_now_us());
}

/* Asking for them */

static bool is_wanted(const struct rk_group *group) RK_ON_BACKGROUND
{
    return group->has_consumer_protocol && rk_group_is_in(group) && !group->own.is_terminated &&
           is_nameless(group);
}

static void ask_later(struct rk_group *group) RK_ON_BACKGROUND
{
    rk_loop_start_timer(loop_of(group), &group->own.names_timer,
                        rk_clock_now_us() + rk_backoff_next_us(&group->own.names_backoff));
}

static void on_names(struct rk_request *request)
{
    struct rk_group *group = request->owner;
    if (request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(loop_of(group));
    group->own.asks_names = false;
    if (is_wanted(group) && !request->err)
        resolve_again(group, request->answer);
    if (is_wanted(group))
        ask_later(group);
    else
        rk_backoff_reset(&group->own.names_backoff);
    rk_group_settle(group);
    rk_request_destroy(request);
}

static bool fill(const struct rk_group *group, struct rk_request *request)
{
    struct rk_metadata_request *message = request->message;
    const struct rk_consumer_target *target = &group->own.target;
    message->topics.items = rk_metadata_request_topic_try_new(
        &request->arena, rk_consumer_target_count_missing(target));
    message->topics.count = 0;
    if (!message->topics.items)
        return false;
    for (int32_t i = 0; i < target->count; i++) {
        if (!target->topics[i].name)
            message->topics.items[message->topics.count++] =
                (struct rk_metadata_request_topic){.topic_id = target->topics[i].id};
    }
    message->allow_auto_topic_creation = false;
    request->min_version = IDS_SINCE;
    request->timeout_us = (uint64_t)group->core->conf->socket_timeout_ms * 1000;
    request->deadline_us = rk_clock_now_us() + request->timeout_us;
    return true;
}

static void ask(struct rk_group *group)
{
    if (group->own.asks_names)
        return;
    struct rk_request *request =
        rk_request_try_new(RK_API_METADATA, loop_of(group), on_names, group);
    if (!request || !fill(group, request)) {
        rk_request_destroy(request);
        ask_later(group);
        return;
    }
    group->own.asks_names = true;
    rk_cluster_post_send_any(group->cluster, request);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group *group = rk_container_of(timer, struct rk_group, own.names_timer);
    (void)now_us;
    rk_on_background(loop_of(group));
    if (is_wanted(group))
        ask(group);
}

/* Events */

void rk_group_init_target(struct rk_group *group)
{
    rk_timer_init(&group->own.names_timer, on_timer);
    rk_backoff_init(&group->own.names_backoff, group->core->conf->retry_backoff_ms,
                    group->core->conf->retry_backoff_max_ms);
}

rd_kafka_resp_err_t
rk_group_take_target(struct rk_group *group,
                     const struct rk_consumer_group_heartbeat_answer_assignment *assignment,
                     rd_kafka_topic_partition_list_t **target, bool *is_partial)
{
    if (!rk_consumer_target_is_sound(assignment))
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    if (!rk_consumer_target_try_set(&group->own.target, assignment))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    *target = resolve(group, NULL, is_partial);
    if (is_nameless(group) && !rk_timer_is_started(&group->own.names_timer))
        ask(group);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_group_look_at_target(struct rk_group *group)
{
    if (group->has_consumer_protocol && rk_group_is_in(group) && group->own.target.is_blocked &&
        group->own.member->asked == RK_ASKED_NOTHING)
        resolve_again(group, NULL);
}
