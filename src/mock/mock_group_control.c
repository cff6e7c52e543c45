/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests tell the groups of a mock cluster, on the way to the cluster's loop. */
#include "mock/mock_state.h"

static void set_delay(struct rk_mock_cluster *cluster, void *argument)
{
    const int *delay_ms = argument;
    cluster->own.groups.first_delay_us = (uint64_t)RK_MAX(*delay_ms, 0) * 1000;
}

void rk_mock_cluster_set_group_delay(struct rk_mock_cluster *cluster, int delay_ms)
{
    rk_mock_cluster_run(cluster, set_delay, &delay_ms);
}

static void set_session(struct rk_mock_cluster *cluster, void *argument)
{
    const int *timeout_ms = argument;
    cluster->own.groups.consumer_session_us = (uint64_t)RK_MAX(*timeout_ms, 1) * 1000;
}

void rk_mock_cluster_set_consumer_session(struct rk_mock_cluster *cluster, int timeout_ms)
{
    rk_mock_cluster_run(cluster, set_session, &timeout_ms);
}

static void set_heartbeat(struct rk_mock_cluster *cluster, void *argument)
{
    const int *interval_ms = argument;
    cluster->own.groups.consumer_heartbeat_ms = RK_MAX(*interval_ms, 1);
}

void rk_mock_cluster_set_consumer_heartbeat(struct rk_mock_cluster *cluster, int interval_ms)
{
    rk_mock_cluster_run(cluster, set_heartbeat, &interval_ms);
}

struct target {
    const char *group_id;
    const struct rk_mock_target *places;
    size_t count;
};

static void set_target(struct rk_mock_cluster *cluster, void *argument)
{
    const struct target *target = argument;
    struct rk_mock_group *group = rk_mock_group_need(&cluster->own.groups, target->group_id);
    if (!group)
        return;
    rk_mock_consumer_begin_target(group);
    for (size_t i = 0; i < target->count; i++) {
        const struct rk_mock_target *place = &target->places[i];
        struct rk_mock_topic *topic = rk_mock_topic_find(cluster, place->topic);
        if (topic && rk_mock_topic_partition(topic, place->partition))
            rk_mock_consumer_add_target(group, place->member_id, &topic->id, place->partition);
    }
}

void rk_mock_cluster_set_group_target(struct rk_mock_cluster *cluster, const char *group_id,
                                      const struct rk_mock_target *places, size_t count)
{
    struct target target = {group_id, places, count};
    rk_mock_cluster_run(cluster, set_target, &target);
}
