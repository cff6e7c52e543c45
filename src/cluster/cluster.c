/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
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

/* Brokers */

static int compare_id(const void *id, const void *item)
{
    int32_t a = *(const int32_t *)id, b = (*(struct rk_broker *const *)item)->id;
    return (a > b) - (a < b);
}

static int order_by_id(const void *a, const void *b)
{
    return compare_id(&(*(struct rk_broker *const *)a)->id, b);
}

static struct rk_broker *find_broker(const struct rk_broker_table *table, int32_t id)
{
    if (table->count == 0)
        return NULL;
    struct rk_broker **found =
        bsearch(&id, table->items, (size_t)table->count, sizeof(*table->items), compare_id);
    return found ? *found : NULL;
}

static void add_broker(struct rk_cluster *cluster, const struct rk_snapshot_broker *known)
{
    struct rk_broker_table *table = &cluster->own.brokers;
    if (table->count == table->capacity) {
        table->capacity = RK_MAX(table->capacity * 2, 8);
        table->items = rk_realloc(table->items, (size_t)table->capacity * sizeof(*table->items));
    }
    struct rk_broker *broker =
        rk_broker_new(cluster, known->id, known->host, known->port, known->rack);
    broker->known.is_named = true;
    table->items[table->count++] = broker;
}

/* Those that were never used and are named no more: whoever names new ones all the time would fill
 * the memory. */
static void forget_brokers(struct rk_broker_table *table)
{
    int kept = 0;
    for (int i = 0; i < table->count; i++) {
        struct rk_broker *broker = table->items[i];
        if (broker->known.is_started || broker->known.is_named)
            table->items[kept++] = broker;
        else
            rk_broker_destroy(broker);
    }
    table->count = kept;
}

static void move_broker(struct rk_broker *broker, const struct rk_snapshot_broker *known)
{
    if (broker->known.port == known->port && strcmp(broker->known.host, known->host) == 0)
        return;
    rk_free(broker->known.host);
    broker->known.host = rk_strdup(known->host);
    broker->known.port = known->port;
    if (broker->known.is_started)
        rk_broker_post_address(broker, known->host, known->port);
    else
        rk_broker_set_address(broker, known->host, known->port);
}

static void update_brokers(struct rk_cluster *cluster, const struct rk_snapshot *snapshot)
{
    struct rk_broker_table *table = &cluster->own.brokers;
    for (int i = 0; i < table->count; i++) {
        struct rk_broker *broker = table->items[i];
        bool is_named = rk_snapshot_find_broker(snapshot, broker->id) != NULL;
        if (broker->known.is_started && broker->known.is_named != is_named)
            rk_broker_post_retire(broker, !is_named);
        broker->known.is_named = is_named;
    }
    forget_brokers(table);
    struct rk_broker_table before = *table;
    for (int32_t i = 0; i < snapshot->broker_count; i++) {
        struct rk_broker *broker = find_broker(&before, snapshot->brokers[i].id);
        if (broker)
            move_broker(broker, &snapshot->brokers[i]);
        else
            add_broker(cluster, &snapshot->brokers[i]);
        before.items = table->items; /* May have moved. */
    }
    if (table->count > before.count)
        qsort(table->items, (size_t)table->count, sizeof(*table->items), order_by_id);
}

struct rk_broker *rk_cluster_find_broker(struct rk_cluster *cluster, int32_t id)
{
    struct rk_broker *broker = find_broker(&cluster->own.brokers, id);
    return broker && broker->known.is_started ? broker : NULL;
}

struct rk_broker *rk_cluster_use_broker(struct rk_cluster *cluster, int32_t id)
{
    struct rk_broker *broker = find_broker(&cluster->own.brokers, id);
    if (!broker || !broker->known.is_named || cluster->own.is_terminating)
        return NULL;
    if (!broker->known.is_started && !rk_broker_start(broker))
        return NULL;
    return broker;
}

void rk_cluster_visit_started(struct rk_cluster *cluster,
                              void (*visit)(struct rk_broker *broker, void *argument),
                              void *argument)
{
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        if (cluster->own.brokers.items[i]->known.is_started)
            visit(cluster->own.brokers.items[i], argument);
    }
}

void rk_cluster_visit_brokers(struct rk_cluster *cluster,
                              void (*visit)(struct rk_broker *broker, bool is_seed, void *argument),
                              void *argument)
{
    visit(cluster->own.seed.broker, true, argument);
    for (int i = 0; i < cluster->own.brokers.count; i++)
        visit(cluster->own.brokers.items[i], false, argument);
}

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

/* Connections came and went */

static void report_all_down(struct rk_cluster *cluster) RK_ON_BROKER
{
    int failing = 0, in_use = 0;
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        if (!broker->known.is_started || !broker->known.is_named)
            continue;
        in_use++;
        failing += atomic_load_explicit(&broker->stats.is_failing, memory_order_relaxed);
    }
    struct rk_seed *seed = &cluster->own.seed;
    bool all_down = failing == in_use && seed->seen_failures > 0 &&
                    rk_seed_has_failed(seed, cluster->own.snapshot);
    if (all_down && !cluster->own.said_all_down) {
        int count = in_use ? in_use : seed->server_count;
        const char *why = seed->broker->own.last_failure;
        rk_core_post_error(cluster->core, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
                           "%d/%d brokers are down%s%s", count, count, why ? "; the last: " : "",
                           why ? why : "");
    }
    cluster->own.said_all_down = all_down;
}

static void on_connection_change(void *argument)
{
    struct rk_cluster *cluster = argument;
    rk_on_background(cluster->background);
    rk_on_broker(cluster->background);
    atomic_store(&cluster->connection_change_posted, false);
    if (cluster->own.is_terminating)
        return;
    rk_seed_on_change(&cluster->own.seed, cluster->own.snapshot);
    bool any_up = false, any_failing = false;
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        any_up |= atomic_load_explicit(&broker->stats.up_connections, memory_order_relaxed) > 0;
        any_failing |= broker->known.is_named &&
                       atomic_load_explicit(&broker->stats.is_failing, memory_order_relaxed);
    }
    if (any_failing)
        rk_metadata_want_all(&cluster->own.metadata, "a broker cannot be reached");
    if (any_up)
        rk_connection_close_idle(
            rk_broker_connection(cluster->own.seed.broker, RK_PURPOSE_GENERAL));
    report_all_down(cluster);
}

void rk_cluster_post_connection_change(struct rk_cluster *cluster)
{
    if (!atomic_exchange(&cluster->connection_change_posted, true))
        rk_cluster_post_call(cluster, on_connection_change, drop_nothing, cluster);
}

void rk_cluster_rebootstrap(struct rk_cluster *cluster, const char *reason)
{
    if (cluster->core->conf->metadata_recovery_strategy == RK_CONF_RECOVERY_NONE)
        return;
    rk_on_broker(cluster->background);
    rk_log(cluster->core, 5, "REBOOTSTRAP", "Beginning anew with the bootstrap servers: %s",
           reason);
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        if (cluster->own.brokers.items[i]->known.is_started)
            rk_broker_post_drop(cluster->own.brokers.items[i]);
    }
    rk_seed_restart(&cluster->own.seed);
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
    update_brokers(cluster, snapshot);
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

/* Refreshes and hints */

struct refresh_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    rd_kafka_topic_t *topic;
    const char *reason;
};

static void deliver_refresh(struct rk_mail *mail)
{
    struct refresh_mail *self = rk_container_of(mail, struct refresh_mail, mail);
    rk_on_background(self->cluster->background);
    rk_metadata_want_topic(&self->cluster->own.metadata, self->topic, self->reason);
    rk_free(self);
}

static void discard_refresh(struct rk_mail *mail)
{
    rk_free(rk_container_of(mail, struct refresh_mail, mail));
}

void rk_cluster_post_refresh(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                             const char *reason)
{
    struct refresh_mail *self = RK_NEW(struct refresh_mail);
    self->mail.deliver = deliver_refresh;
    self->mail.discard = discard_refresh;
    self->cluster = cluster;
    self->topic = topic;
    self->reason = reason;
    rk_loop_post(cluster->background, &self->mail);
}

void rk_cluster_refresh_brokers(struct rk_cluster *cluster, const char *reason)
{
    rk_metadata_want_all(&cluster->own.metadata, reason);
}

struct hint_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    rd_kafka_topic_t *topic;
    int32_t partition, leader, leader_epoch;
    int32_t endpoint_count;
    struct rk_snapshot_broker endpoints[]; /* Texts owned. */
};

static void discard_hint(struct rk_mail *mail)
{
    struct hint_mail *self = rk_container_of(mail, struct hint_mail, mail);
    for (int32_t i = 0; i < self->endpoint_count; i++) {
        rk_free((char *)(uintptr_t)self->endpoints[i].host);
        rk_free((char *)(uintptr_t)self->endpoints[i].rack);
    }
    rk_free(self);
}

static bool is_news(const struct hint_mail *hint, const struct rk_snapshot *snapshot)
{
    if (hint->leader < 0 || hint->leader_epoch < 0)
        return false;
    const struct rk_snapshot_partition *known = rk_snapshot_find_partition(
        rk_snapshot_find_topic(snapshot, hint->topic->base.name), hint->partition);
    if (!known || known->leader_epoch >= hint->leader_epoch)
        return false;
    if (rk_snapshot_find_broker(snapshot, hint->leader))
        return true;
    for (int32_t i = 0; i < hint->endpoint_count; i++) {
        if (hint->endpoints[i].id == hint->leader)
            return true;
    }
    return false;
}

static void deliver_hint(struct rk_mail *mail)
{
    struct hint_mail *self = rk_container_of(mail, struct hint_mail, mail);
    struct rk_cluster *cluster = self->cluster;
    rk_on_background(cluster->background);
    struct rk_snapshot *moved = NULL;
    if (cluster->own.is_terminating) {
        discard_hint(mail);
        return;
    }
    if (is_news(self, cluster->own.snapshot))
        moved = rk_snapshot_try_move_leader(cluster->own.snapshot, self->topic->base.name,
                                            self->partition, self->leader, self->leader_epoch,
                                            self->endpoints, self->endpoint_count);
    if (moved) {
        rk_cluster_publish(cluster, moved);
        rk_cluster_tell_topic(cluster, self->topic,
                              rk_snapshot_find_topic(moved, self->topic->base.name), moved);
    }
    rk_metadata_want_topic(&cluster->own.metadata, self->topic, "a leader has moved");
    discard_hint(mail);
}

void rk_cluster_post_leader_hint(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                                 int32_t partition, int32_t leader, int32_t leader_epoch,
                                 const struct rk_snapshot_broker *endpoints, int32_t endpoint_count)
{
    struct hint_mail *self =
        rk_calloc(1, sizeof(*self) + (size_t)endpoint_count * sizeof(*endpoints));
    self->mail.deliver = deliver_hint;
    self->mail.discard = discard_hint;
    self->cluster = cluster;
    self->topic = topic;
    self->partition = partition;
    self->leader = leader;
    self->leader_epoch = leader_epoch;
    for (int32_t i = 0; i < endpoint_count; i++) {
        if (endpoints[i].id < 0 || endpoints[i].port == 0 || !endpoints[i].host ||
            !*endpoints[i].host)
            continue; /* As metadata would: no broker. */
        struct rk_snapshot_broker *endpoint = &self->endpoints[self->endpoint_count++];
        *endpoint = endpoints[i];
        endpoint->host = rk_strdup(endpoints[i].host);
        endpoint->rack = rk_strdup_or_null(endpoints[i].rack);
    }
    rk_loop_post(cluster->background, &self->mail);
}

/* Requests */

void rk_cluster_send(struct rk_cluster *cluster, int32_t broker_id, enum rk_purpose purpose,
                     struct rk_request *request)
{
    if (cluster->own.is_terminating) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
        return;
    }
    struct rk_broker *broker = rk_cluster_use_broker(cluster, broker_id);
    if (!broker)
        rk_request_fail(request, RD_KAFKA_RESP_ERR__UNKNOWN_BROKER,
                        "broker %d is not known, or cannot be given a thread", (int)broker_id);
    else
        rk_broker_post_send(broker, purpose, request);
}

/* Of those that are connected one with the least requests under way, at random. */
static struct rk_broker *any_connected(const struct rk_cluster *cluster)
{
    struct rk_broker *chosen = NULL;
    uint64_t least = UINT64_MAX;
    uint32_t seen = 0;
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        if (!broker->known.is_started ||
            atomic_load_explicit(&broker->stats.up_connections, memory_order_relaxed) <= 0)
            continue;
        uint64_t count =
            atomic_load_explicit(&broker->stats.requests_in_flight, memory_order_relaxed);
        if (count < least)
            seen = 0;
        if (count <= least && rk_random_below(++seen) == 0)
            chosen = broker;
        least = RK_MIN(least, count);
    }
    return chosen;
}

void rk_cluster_send_any(struct rk_cluster *cluster, struct rk_request *request)
{
    if (cluster->own.is_terminating) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
        return;
    }
    struct rk_broker *broker = any_connected(cluster);
    if (broker) {
        rk_broker_post_send(broker, RK_PURPOSE_GENERAL, request);
        return;
    }
    if (rk_seed_is_empty(&cluster->own.seed, cluster->own.snapshot)) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__TRANSPORT, "no bootstrap.servers configured");
        return;
    }
    rk_broker_post_send(cluster->own.seed.broker, RK_PURPOSE_GENERAL, request);
}

struct send_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    int32_t broker_id; /* -1: any. */
    enum rk_purpose purpose;
    struct rk_request *request;
};

static void deliver_send(struct rk_mail *mail)
{
    struct send_mail *self = rk_container_of(mail, struct send_mail, mail);
    rk_on_background(self->cluster->background);
    if (self->broker_id >= 0)
        rk_cluster_send(self->cluster, self->broker_id, self->purpose, self->request);
    else
        rk_cluster_send_any(self->cluster, self->request);
    rk_free(self);
}

static void discard_send(struct rk_mail *mail)
{
    struct send_mail *self = rk_container_of(mail, struct send_mail, mail);
    rk_request_fail(self->request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
    rk_free(self);
}

void rk_cluster_post_send(struct rk_cluster *cluster, int32_t broker_id, enum rk_purpose purpose,
                          struct rk_request *request)
{
    struct send_mail *self = RK_NEW(struct send_mail);
    self->mail.deliver = deliver_send;
    self->mail.discard = discard_send;
    self->cluster = cluster;
    self->broker_id = broker_id;
    self->purpose = purpose;
    self->request = request;
    rk_loop_post(cluster->background, &self->mail);
}

void rk_cluster_post_send_any(struct rk_cluster *cluster, struct rk_request *request)
{
    rk_cluster_post_send(cluster, -1, RK_PURPOSE_GENERAL, request);
}
