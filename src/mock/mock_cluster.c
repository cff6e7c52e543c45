/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_cluster.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "mock/mock_broker.h"
#include "mock/mock_commits.h"
#include "mock/mock_coordinator.h"
#include "mock/mock_connection.h"
#include "mock/mock_fetch.h"
#include "mock/mock_producer_ids.h"
#include "mock/mock_request.h"

void rk_mock_cluster_log(const struct rk_mock_cluster *cluster, int level, const char *facility,
                         const char *format, ...)
{
    if (!cluster->options.log)
        return;
    va_list arguments;
    va_start(arguments, format);
    char *text = rk_text_formatv(format, arguments);
    va_end(arguments);
    cluster->options.log(cluster->options.log_argument, level, facility, text);
    rk_free(text);
}

static void on_group_time(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_mock_cluster *cluster =
        rk_container_of(timer, struct rk_mock_cluster, own.group_timer);
    rk_mock_groups_on_time(&cluster->own.groups, now_us);
    rk_mock_cluster_settle(cluster);
}

static void arm_group_timer(struct rk_mock_cluster *cluster)
{
    struct rk_timer *timer = &cluster->own.group_timer;
    uint64_t at_us = cluster->own.groups.wake_at_us;
    if (at_us == RK_NEVER)
        rk_loop_stop_timer(cluster->loop, timer);
    else if (!rk_timer_is_started(timer) || timer->deadline_us != at_us)
        rk_loop_start_timer(cluster->loop, timer, at_us);
}

void rk_mock_cluster_settle(struct rk_mock_cluster *cluster)
{
    while (!TAILQ_EMPTY(&cluster->own.ready_fetches) || !TAILQ_EMPTY(&cluster->own.resumed)) {
        struct rk_mock_fetch *fetch = TAILQ_FIRST(&cluster->own.ready_fetches);
        if (fetch)
            rk_mock_fetch_finish(fetch, rk_clock_now_us());
        else
            rk_mock_connection_run(TAILQ_FIRST(&cluster->own.resumed), rk_clock_now_us());
    }
    arm_group_timer(cluster);
    while (!TAILQ_EMPTY(&cluster->own.doomed))
        rk_mock_connection_destroy(TAILQ_FIRST(&cluster->own.doomed));
}

static char *describe_bootstraps(struct rk_mock_cluster *cluster)
{
    struct rk_text text = {0};
    struct rk_mock_broker *broker;
    TAILQ_FOREACH (broker, &cluster->own.brokers, link)
        rk_text_appendf(&text, "%s%s:%u", text.size > 0 ? "," : "", broker->host, broker->port);
    return rk_text_take(&text);
}

static bool add_brokers(struct rk_mock_cluster *cluster, int count)
{
    for (int32_t id = 1; id <= count; id++) {
        if (!rk_mock_broker_new(cluster, id))
            return false;
    }
    return true;
}

struct rk_mock_cluster *rk_mock_cluster_new(const struct rk_mock_options *options)
{
    if (options->broker_count < 1) {
        errno = EINVAL;
        return NULL;
    }
    struct rk_mock_cluster *cluster = RK_NEW(struct rk_mock_cluster);
    cluster->options = *options;
    snprintf(cluster->id, sizeof(cluster->id), "mock-%08x%08x", rk_random_u32(), rk_random_u32());
    TAILQ_INIT(&cluster->own.brokers);
    TAILQ_INIT(&cluster->own.ready_fetches);
    TAILQ_INIT(&cluster->own.resumed);
    TAILQ_INIT(&cluster->own.doomed);
    rk_mock_groups_init(&cluster->own.groups);
    rk_timer_init(&cluster->own.group_timer, on_group_time);
    rk_decompressor_init(&cluster->own.decompressor);
    rk_mock_producer_ids_init(cluster);
    rk_mock_versions_init(cluster);
    cluster->loop = rk_loop_new("rdk:mock", NULL);
    if (cluster->loop && add_brokers(cluster, options->broker_count)) {
        cluster->bootstraps = describe_bootstraps(cluster);
        if (rk_loop_start(cluster->loop))
            return cluster;
    }
    int error = errno;
    rk_mock_cluster_destroy(cluster);
    errno = error;
    return NULL;
}

void rk_mock_cluster_destroy(struct rk_mock_cluster *cluster)
{
    struct rk_mock_topic *topic, *next;
    if (cluster->loop)
        rk_loop_stop(cluster->loop);
    while (!TAILQ_EMPTY(&cluster->own.brokers))
        rk_mock_broker_destroy(TAILQ_FIRST(&cluster->own.brokers));
    HASH_ITER(by_name, cluster->own.topics, topic, next)
    rk_mock_topic_delete(cluster, topic);
    rk_mock_commits_clear(cluster);
    rk_mock_groups_clear(&cluster->own.groups);
    rk_mock_coordinators_clear(cluster);
    rk_mock_producer_ids_clear(cluster);
    rk_mock_injections_clear(&cluster->own.injections);
    rk_mock_tracking_clear(&cluster->own.tracking);
    rk_decompressor_clear(&cluster->own.decompressor);
    rk_loop_destroy(cluster->loop);
    rk_free(cluster->bootstraps);
    rk_free(cluster);
}

const char *rk_mock_cluster_bootstraps(const struct rk_mock_cluster *cluster)
{
    return cluster->bootstraps;
}
