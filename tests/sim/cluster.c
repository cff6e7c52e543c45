/* SPDX-License-Identifier: BSD-2-Clause */
/* The scenario's verbs about the cluster and the network. */
#include <stdio.h>
#include <string.h>

#include "mock/mock_broker.h"
#include "mock/mock_cluster.h"
#include "sim/network.h"
#include "sim/run.h"

enum { BROKERS_MAX = 1024, LOG_LEVEL_DEBUG = 7 };

static struct {
    struct rk_mock_cluster *mock;
    int broker_count;
    struct sim_node *nodes[BROKERS_MAX + 1]; /* By broker. */
    struct sim_link healthy[BROKERS_MAX + 1];
    bool is_off[BROKERS_MAX + 1];
    char bootstraps[BROKERS_MAX * 24];
} cluster;

static void log_of_mock(void *argument, int level, const char *facility, const char *text)
{
    (void)argument;
    if (level < LOG_LEVEL_DEBUG)
        sim_trace_text("mock %s: %s", facility, text);
    sim_check(!strstr(text, "malformed") || strstr(text, "memory"), "%s", text);
}

static struct sim_node *node_numbered(int number)
{
    struct sim_node *node = sim_nodes();
    while (node && node->number != number)
        node = node->next;
    return node;
}

void sim_cluster(int broker_count)
{
    struct rk_mock_options options = {.broker_count = broker_count, .log = log_of_mock};
    char name[24], address[24];
    size_t size = 0;
    sim_check(!cluster.mock && broker_count <= BROKERS_MAX, "one cluster, of %d at most",
              BROKERS_MAX);
    cluster.mock = rk_mock_cluster_new(&options);
    sim_check(cluster.mock != NULL, "no mock cluster");
    cluster.broker_count = broker_count;
    for (int i = 1; i <= broker_count; i++) {
        cluster.nodes[i] = node_numbered(i);
        cluster.healthy[i] = cluster.nodes[i]->link;
        snprintf(name, sizeof(name), "broker%d", i);
        snprintf(address, sizeof(address), "10.0.%d.%d", i / 250, i % 250 + 1);
        sim_name(name, address);
        rk_mock_cluster_set_broker_address(cluster.mock, i, name, cluster.nodes[i]->port);
        size += (size_t)snprintf(cluster.bootstraps + size, sizeof(cluster.bootstraps) - size,
                                 "%s%s:%d", i > 1 ? "," : "", name, cluster.nodes[i]->port);
    }
    rk_mock_cluster_track_requests(cluster.mock, true);
}

void sim_cluster_end(void)
{
    if (cluster.mock)
        rk_mock_cluster_destroy(cluster.mock);
    cluster.mock = NULL;
}

const char *sim_bootstraps(void)
{
    return cluster.bootstraps;
}

struct rk_mock_cluster *sim_mock(void)
{
    return cluster.mock;
}

void sim_topic(const char *topic, int partition_count, int replication)
{
    rd_kafka_resp_err_t err =
        rk_mock_cluster_create_topic(cluster.mock, topic, partition_count, replication);
    sim_check(!err, "no topic %s: %s", topic, rd_kafka_err2name(err));
}

/* Does it for one broker, or for all. */
static void each(int broker, void (*verb)(int broker))
{
    if (broker) {
        verb(broker);
        return;
    }
    for (int i = 1; i <= cluster.broker_count; i++)
        verb(i);
}

/* Brokers */

static int32_t other_leader(struct rk_mock_cluster *mock, const struct rk_mock_partition *partition)
{
    for (int32_t i = 0; i < partition->replica_count; i++) {
        const struct rk_mock_broker *broker = rk_mock_broker_find(mock, partition->replicas[i]);
        if (broker && broker->listen_fd >= 0 && !cluster.is_off[broker->id])
            return broker->id;
    }
    return -1;
}

/* Every partition whose leader is gone gets another one, if there is one. */
static void elect(struct rk_mock_cluster *mock, void *argument)
{
    const int *leaving = argument;
    struct rk_mock_topic *topic, *next;
    HASH_ITER(by_name, mock->own.topics, topic, next)
    {
        for (int32_t i = 0; i < topic->partition_count; i++) {
            struct rk_mock_partition *partition = topic->partitions[i];
            const struct rk_mock_broker *leader = rk_mock_broker_find(mock, partition->leader_id);
            bool is_gone = !leader || leader->listen_fd < 0 || cluster.is_off[leader->id];
            int32_t other = other_leader(mock, partition);
            if ((is_gone || partition->leader_id == *leaving) && other >= 0 &&
                other != partition->leader_id)
                rk_mock_partition_set_leader(partition, other);
        }
    }
}

static void elect_now(int leaving)
{
    if (!cluster.mock)
        return;
    sim_note_fault("leaders are elected");
    rk_mock_cluster_run(cluster.mock, elect, &leaving);
}

static void elect_later(void)
{
    sim_at(100 + (int64_t)sim_chance_below(SIM_CHANCE_NETWORK, 3000), elect_now, 0);
}

static void leave(int broker)
{
    sim_note_fault("broker %d gives its partitions away", broker);
    cluster.is_off[broker] = true;
    elect_now(broker);
    cluster.is_off[broker] = false;
}

void sim_leaders_leave(int broker)
{
    each(broker, leave);
}

static void stop_broker(int broker)
{
    sim_note_fault("broker %d stops", broker);
    rk_mock_cluster_set_broker_down(cluster.mock, broker);
}

void sim_broker_stop(int broker)
{
    each(broker, stop_broker);
    elect_later();
}

static void power_off(int broker)
{
    sim_half_open(broker);
    sim_note_fault("broker %d has no power", broker);
    cluster.nodes[broker]->link.connect = SIM_CONNECT_HANGS;
    cluster.is_off[broker] = true;
    rk_mock_cluster_set_broker_down(cluster.mock, broker);
}

void sim_broker_power_off(int broker)
{
    each(broker, power_off);
    elect_later();
}

static void revive(struct sim_connection *connection)
{
    connection->is_dead = false;
    sim_connection_retry(connection);
}

static void for_connections_of(int broker, void (*verb)(struct sim_connection *connection))
{
    struct sim_connection *next;
    for (struct sim_connection *at = sim_connections(); at; at = next) {
        next = at->next;
        if (at->node == cluster.nodes[broker])
            verb(at);
    }
}

static void start_broker(int broker)
{
    sim_note_fault("broker %d starts", broker);
    if (cluster.is_off[broker]) {
        cluster.is_off[broker] = false;
        cluster.nodes[broker]->link.connect = SIM_CONNECT_WORKS;
        for_connections_of(broker, revive); /* Its machine knows nothing of them. */
    }
    rk_mock_cluster_set_broker_up(cluster.mock, broker);
}

void sim_broker_start(int broker)
{
    each(broker, start_broker);
    elect_later();
}

/* Links */

struct sim_link *sim_link(int broker)
{
    sim_check(broker >= 1 && broker <= cluster.broker_count, "there is no broker %d", broker);
    return &cluster.nodes[broker]->link;
}

static void blackhole(int broker)
{
    sim_note_fault("link to broker %d: packets vanish", broker);
    sim_link(broker)->is_blackhole = true;
}

void sim_blackhole(int broker)
{
    each(broker, blackhole);
}

static void kill_quietly(struct sim_connection *connection)
{
    connection->is_dead = true;
}

static void half_open(int broker)
{
    sim_note_fault("link to broker %d: connections are half-open", broker);
    for_connections_of(broker, kill_quietly);
}

void sim_half_open(int broker)
{
    each(broker, half_open);
}

static void reset(int broker)
{
    sim_note_fault("link to broker %d: connections are reset", broker);
    for_connections_of(broker, sim_connection_reset);
}

void sim_reset(int broker)
{
    each(broker, reset);
}

static void refuse(int broker)
{
    sim_note_fault("link to broker %d: connections are refused", broker);
    sim_link(broker)->connect = SIM_CONNECT_REFUSED;
}

void sim_refuse(int broker)
{
    each(broker, refuse);
}

static void hang_connects(int broker)
{
    sim_note_fault("link to broker %d: connecting hangs", broker);
    sim_link(broker)->connect = SIM_CONNECT_HANGS;
}

void sim_hang_connects(int broker)
{
    each(broker, hang_connects);
}

static void silent(int broker)
{
    sim_note_fault("link to broker %d: new connections are not served", broker);
    sim_link(broker)->connect = SIM_CONNECT_SILENT;
}

void sim_silent(int broker)
{
    each(broker, silent);
}

static void freeze(int broker)
{
    sim_note_fault("broker %d stands still", broker);
    sim_link(broker)->is_frozen = true;
    sim_link(broker)->connect = SIM_CONNECT_SILENT;
}

void sim_freeze(int broker)
{
    each(broker, freeze);
}

void sim_corrupt(int broker, uint64_t one_in)
{
    sim_allow(SIM_ALLOW_LIES | SIM_ALLOW_LOSS | SIM_ALLOW_DISORDER | SIM_ALLOW_GAPS);
    for (int i = 1; i <= cluster.broker_count; i++) {
        if (broker && broker != i)
            continue;
        sim_note_fault("broker %d: one in %d writes has a wrong byte", i, (int)one_in);
        cluster.nodes[i]->link.corrupt_one_in = one_in;
    }
}

void sim_drip(int broker, size_t size, uint64_t every_us)
{
    for (int i = 1; i <= cluster.broker_count; i++) {
        if (broker && broker != i)
            continue;
        sim_note_fault("link to broker %d: %zu bytes per %d us", i, size, (int)every_us);
        cluster.nodes[i]->link.drip_size = size;
        cluster.nodes[i]->link.drip_every_us = every_us;
    }
}

static void small_buffers(int broker)
{
    sim_note_fault("link to broker %d: small buffers", broker);
    sim_link(broker)->buffer = 16 + sim_chance_below(SIM_CHANCE_NETWORK, 500);
}

void sim_small_buffers(int broker)
{
    each(broker, small_buffers);
}

static void heal(int broker)
{
    sim_note_fault("link to broker %d is healthy", broker);
    cluster.nodes[broker]->link = cluster.healthy[broker];
    for_connections_of(broker, sim_connection_retry);
}

void sim_heal(int broker)
{
    each(broker, heal);
}
