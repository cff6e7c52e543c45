/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/cluster.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"
#include "event/core.h"

/* Life */

struct rk_cluster *rk_cluster_new(struct rk_core *core, struct rk_loop *background,
                                  const struct rk_topic_parts *parts)
{
    struct rk_cluster *cluster = RK_NEW(struct rk_cluster);
    cluster->core = core;
    cluster->background = background;
    cluster->resolver = rk_resolver_new();
    rk_topic_registry_init(&cluster->topics, core, parts);
    rk_mutex_init(&cluster->mutex, RK_RANK_REPLY);
    rk_condition_init(&cluster->snapshot_changed);
    LIST_INIT(&cluster->own.queries);
    LIST_INIT(&cluster->own.offset_jobs);
    rk_leader_hints_init(cluster);
    rk_seed_init(&cluster->own.seed, cluster, background);
    rk_metadata_init(&cluster->own.metadata, cluster);
    return cluster;
}

void rk_cluster_set_observer(struct rk_cluster *cluster, struct rk_cluster_observer *observer)
{
    cluster->observer = observer;
}

static void start(void *argument)
{
    struct rk_cluster *cluster = argument;
    rk_on_background(cluster->background);
    rk_seed_start(&cluster->own.seed);
    if (cluster->core->conf->metadata_broker_list && rk_seed_is_empty(&cluster->own.seed, NULL) &&
        !rk_seed_is_looking_up(&cluster->own.seed))
        rk_core_post_error(cluster->core, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
                           "No brokers configured: bootstrap.servers=%s names none",
                           cluster->core->conf->metadata_broker_list);
    rk_metadata_start(&cluster->own.metadata);
}

static void drop_nothing(void *argument)
{
    (void)argument;
}

void rk_cluster_post_start(struct rk_cluster *cluster)
{
    rk_cluster_post_call(cluster, start, drop_nothing, cluster);
}

struct termination {
    struct rk_cluster *cluster;
    struct rk_reply *reply;
};

static void terminate(void *argument)
{
    struct termination *termination = argument;
    struct rk_cluster *cluster = termination->cluster;
    rk_on_background(cluster->background);
    rk_on_broker(cluster->background); /* The seed runs here. */
    cluster->own.is_terminating = true;
    rk_metadata_stop(&cluster->own.metadata);
    rk_seed_terminate(&cluster->own.seed);
    rk_metadata_queries_terminate(cluster);
    rk_offset_jobs_terminate(cluster);
    rk_leader_hints_terminate(cluster);
    for (int i = 0; i < cluster->own.brokers.count; i++)
        rk_broker_end_keeping(cluster->own.brokers.items[i]);
    rk_mutex_lock(&cluster->mutex);
    cluster->shared.is_terminating = true;
    rk_condition_broadcast(&cluster->snapshot_changed);
    rk_mutex_unlock(&cluster->mutex);
    rk_reply_answer(termination->reply, NULL);
}

static void drop_termination(void *argument)
{
    rk_reply_abandon(((struct termination *)argument)->reply);
}

void rk_cluster_terminate(struct rk_cluster *cluster)
{
    struct termination termination = {.cluster = cluster, .reply = rk_reply_new(NULL)};
    void *nothing;
    rk_cluster_post_call(cluster, terminate, drop_termination, &termination);
    rk_reply_wait(termination.reply, RK_NEVER, &nothing);
    rk_reply_release(termination.reply);
}

void rk_cluster_stop(struct rk_cluster *cluster)
{
    for (int i = 0; i < cluster->own.brokers.count; i++)
        rk_broker_stop(cluster->own.brokers.items[i]);
}

void rk_cluster_destroy(struct rk_cluster *cluster)
{
    for (int i = 0; i < cluster->own.brokers.count; i++)
        rk_broker_destroy(cluster->own.brokers.items[i]);
    rk_free(cluster->own.brokers.items);
    rk_seed_clear(&cluster->own.seed);
    rk_snapshot_release(cluster->own.snapshot);
    rk_snapshot_release(cluster->shared.snapshot);
    rk_topic_registry_clear(&cluster->topics);
    rk_resolver_destroy(cluster->resolver);
    rk_condition_clear(&cluster->snapshot_changed);
    rk_mutex_clear(&cluster->mutex);
    rk_free(cluster);
}

struct rk_core *rk_cluster_core(const struct rk_cluster *cluster)
{
    return cluster->core;
}

struct rk_loop *rk_cluster_background(const struct rk_cluster *cluster)
{
    return cluster->background;
}

struct rk_topic_registry *rk_cluster_topics(struct rk_cluster *cluster)
{
    return &cluster->topics;
}

struct rk_resolver *rk_cluster_resolver(struct rk_cluster *cluster)
{
    return cluster->resolver;
}

/* Calls on background */

struct call {
    struct rk_mail mail;
    void (*run)(void *argument);
    void (*drop)(void *argument);
    void *argument;
};

static void deliver_call(struct rk_mail *mail)
{
    struct call *call = rk_container_of(mail, struct call, mail);
    call->run(call->argument);
    rk_free(call);
}

static void discard_call(struct rk_mail *mail)
{
    struct call *call = rk_container_of(mail, struct call, mail);
    call->drop(call->argument);
    rk_free(call);
}

void rk_cluster_post_call(struct rk_cluster *cluster, void (*run)(void *argument),
                          void (*drop)(void *argument), void *argument)
{
    struct call *call = RK_NEW(struct call);
    call->mail.deliver = deliver_call;
    call->mail.discard = discard_call;
    call->run = run;
    call->drop = drop;
    call->argument = argument;
    rk_loop_post(cluster->background, &call->mail);
}

/* Bootstrap servers */

struct addition {
    struct rk_cluster *cluster;
    const char *list;
    int added;
    struct rk_reply *reply;
};

static void add_servers(void *argument)
{
    struct addition *addition = argument;
    struct rk_cluster *cluster = addition->cluster;
    rk_on_background(cluster->background);
    addition->added = rk_seed_add(&cluster->own.seed, cluster->core, addition->list);
    if (addition->added > 0)
        rk_metadata_want_all(&cluster->own.metadata, "brokers were added");
    if (addition->reply)
        rk_reply_answer(addition->reply, NULL);
}

static void drop_addition(void *argument)
{
    rk_reply_abandon(((struct addition *)argument)->reply);
}

int rk_cluster_add_brokers(struct rk_cluster *cluster, const char *list)
{
    struct addition addition = {.cluster = cluster, .list = list};
    void *nothing;
    if (rk_loop_is_mine(cluster->background)) { /* From a callback there: it must not wait. */
        add_servers(&addition);
        return addition.added;
    }
    addition.reply = rk_reply_new(NULL);
    rk_cluster_post_call(cluster, add_servers, drop_addition, &addition);
    rk_reply_wait(addition.reply, RK_NEVER, &nothing);
    rk_reply_release(addition.reply);
    return addition.added;
}

/* Snapshots */

void rk_cluster_publish(struct rk_cluster *cluster, struct rk_snapshot *snapshot)
{
    rk_mutex_lock(&cluster->mutex);
    struct rk_snapshot *before = cluster->shared.snapshot;
    cluster->shared.snapshot = rk_snapshot_acquire(snapshot);
    rk_condition_broadcast(&cluster->snapshot_changed);
    rk_mutex_unlock(&cluster->mutex);
    rk_snapshot_release(before);
    rk_snapshot_release(cluster->own.snapshot);
    cluster->own.snapshot = snapshot;
    rk_cluster_update_brokers(cluster, snapshot);
    rk_offset_jobs_on_snapshot(cluster);
}

void rk_cluster_tell_topic(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                           const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot)
{
    if (cluster->observer && !cluster->own.is_terminating)
        cluster->observer->on_topic(cluster->observer, topic, data, snapshot);
}

struct rk_snapshot *rk_cluster_acquire_snapshot(struct rk_cluster *cluster)
{
    rk_mutex_lock(&cluster->mutex);
    struct rk_snapshot *snapshot = cluster->shared.snapshot;
    if (snapshot)
        rk_snapshot_acquire(snapshot);
    rk_mutex_unlock(&cluster->mutex);
    return snapshot;
}

struct rk_snapshot *rk_cluster_wait_snapshot(struct rk_cluster *cluster, uint64_t deadline_us)
{
    rk_mutex_lock(&cluster->mutex);
    while (!cluster->shared.snapshot && !cluster->shared.is_terminating) {
        if (!rk_condition_wait(&cluster->snapshot_changed, &cluster->mutex, deadline_us))
            break;
    }
    struct rk_snapshot *snapshot = cluster->shared.snapshot;
    if (snapshot)
        rk_snapshot_acquire(snapshot);
    rk_mutex_unlock(&cluster->mutex);
    return snapshot;
}
