/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster's brokers: those that metadata names, those in use, and what it means when their
 * connections come and go. On background.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"
#include "event/core.h"

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

void rk_cluster_update_brokers(struct rk_cluster *cluster, const struct rk_snapshot *snapshot)
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

struct rk_broker *rk_cluster_use_broker(struct rk_cluster *cluster, int32_t id)
{
    struct rk_broker *broker = find_broker(&cluster->own.brokers, id);
    if (!broker || !broker->known.is_named || cluster->own.is_terminating)
        return NULL;
    if (!broker->known.is_started && !rk_broker_start(broker))
        return NULL;
    return broker;
}

void rk_cluster_visit_busy(struct rk_cluster *cluster,
                           void (*visit)(struct rk_broker *broker, void *argument), void *argument)
{
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        if (broker->known.is_started && !rk_broker_is_resting(broker))
            visit(broker, argument);
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

const char *rk_cluster_name_broker(const struct rk_cluster *cluster, int32_t id, char *text,
                                   size_t size)
{
    const struct rk_broker *broker = find_broker(&cluster->own.brokers, id);
    if (broker)
        snprintf(text, size, "%s:%u/%d", broker->known.host, broker->known.port, (int)id);
    else if (id < 0)
        snprintf(text, size, "%s", cluster->own.seed.broker->own.name);
    else
        snprintf(text, size, "broker %d", (int)id);
    return text;
}

const char *rk_cluster_name_answerer(const struct rk_cluster *cluster, char *text, size_t size)
{
    const struct rk_snapshot *snapshot = cluster->own.snapshot;
    return rk_cluster_name_broker(cluster, snapshot ? snapshot->answered_by : -1, text, size);
}

const char *rk_cluster_seed_failure(const struct rk_cluster *cluster)
{
    return cluster->own.seed.broker->own.last_failure;
}

/* Connections came and went */

static void report_all_down(struct rk_cluster *cluster) RK_ON_BACKGROUND RK_ON_BROKER
{
    int failing = 0, in_use = 0;
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        if (!broker->known.is_started || !broker->known.is_named || rk_broker_is_resting(broker))
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

static void drop_change(void *argument)
{
    (void)argument;
}

void rk_cluster_post_connection_change(struct rk_cluster *cluster)
{
    if (!atomic_exchange(&cluster->connection_change_posted, true))
        rk_cluster_post_call(cluster, on_connection_change, drop_change, cluster);
}

void rk_cluster_rebootstrap(struct rk_cluster *cluster, const char *reason)
{
    if (cluster->core->conf->metadata_recovery_strategy == RK_CONF_RECOVERY_NONE)
        return;
    rk_on_broker(cluster->background);
    rk_log(cluster->core, RK_LOG_NOTICE, "REBOOTSTRAP",
           "Beginning anew with the bootstrap servers: %s", reason);
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        if (broker->known.is_started && !rk_broker_is_resting(broker))
            rk_broker_post_drop(broker);
    }
    rk_seed_restart(&cluster->own.seed);
}
