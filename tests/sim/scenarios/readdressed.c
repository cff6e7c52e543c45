/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole cluster moves to other addresses, and packets to the old ones vanish without a word
 * (acceptance scenario 19): clients find it again by the names they were configured with (KIP-899,
 * KIP-1102), without a restart and within the time their configuration says.
 */
#include <stdio.h>

#include "mock/mock_cluster.h"
#include "sim/sim.h"

enum { BROKERS = 3, PARTITIONS = 6, SOCKET_TIMEOUT_MS = 5000, SETUP_TIMEOUT_MS = 3000 };
/* A request that is on its way must time out, connecting to the old addresses too, and another is
 * tried after reconnect.backoff.max.ms. */
enum { WITHIN_MS = SOCKET_TIMEOUT_MS + SETUP_TIMEOUT_MS + 2 * 2400 + 2000 };

static struct sim_client *producer, *consumer;

static void begin(const char *rebootstrap_ms)
{
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    producer =
        sim_producer("linger.ms", "5", "socket.timeout.ms", "5000",
                     "socket.connection.setup.timeout.ms", "3000", "reconnect.backoff.max.ms",
                     "2000", "request.timeout.ms", "5000", "topic.metadata.refresh.interval.ms",
                     "2000", "metadata.recovery.rebootstrap.trigger.ms", rebootstrap_ms, NULL);
    consumer =
        sim_consumer("socket.timeout.ms", "5000", "socket.connection.setup.timeout.ms", "3000",
                     "reconnect.backoff.max.ms", "2000", "topic.metadata.refresh.interval.ms",
                     "2000", "metadata.recovery.rebootstrap.trigger.ms", rebootstrap_ms, NULL);
    sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", -1, 200);
    sim_flush(producer, 10000);
    sim_consume_all(consumer, 10000);
    sim_run_for((int64_t)sim_below(5000));
}

static void kill_addresses(void)
{
    char address[24];
    for (int i = 1; i <= BROKERS; i++) {
        snprintf(address, sizeof(address), "10.0.0.%d", i + 1);
        sim_address_dead(address, true);
    }
    sim_half_open(0); /* What is connected, too. */
}

/* `prefix`: of the names that lead to the new addresses. */
static void move_names(const char *prefix)
{
    char name[24], address[24];
    for (int i = 1; i <= BROKERS; i++) {
        snprintf(name, sizeof(name), "%s%d", prefix, i);
        snprintf(address, sizeof(address), "10.1.0.%d", i + 1);
        sim_name(name, address);
    }
}

/* Brokers call themselves otherwise. */
static void rename_brokers(const char *prefix)
{
    char name[24];
    for (int i = 1; i <= BROKERS; i++) {
        snprintf(name, sizeof(name), "%s%d", prefix, i);
        rk_mock_cluster_set_broker_address(sim_mock(), i, name, 20000 + i);
    }
}

static void expect_service(int64_t within_ms)
{
    uint64_t acked = sim_counts(producer).acked;
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, within_ms);
    sim_check(sim_counts(producer).acked == acked + 100, "not all are delivered");
    sim_consume_all(consumer, within_ms);
}

SIM_SCENARIO(readdressed, "the brokers' names lead to other addresses, the old ones are dead")
{
    begin("300000");
    kill_addresses();
    if (sim_one_in(2))
        sim_run_for((int64_t)sim_below(60000)); /* Names are updated later. */
    move_names("broker");
    expect_service(WITHIN_MS);
}

SIM_SCENARIO(renamed, "brokers have other names and addresses: only the bootstrap names lead there")
{
    begin("300000");
    move_names("other");
    rename_brokers("other");
    kill_addresses();
    move_names("broker");
    expect_service(WITHIN_MS);
}

SIM_SCENARIO(renamed_late, "brokers' new names lead nowhere for a while: the way in is tried again")
{
    begin("10000");
    kill_addresses();
    rename_brokers("other");
    move_names("broker");
    sim_run_for((int64_t)sim_below(60000));
    move_names("other");
    expect_service(WITHIN_MS + 10000);
}
