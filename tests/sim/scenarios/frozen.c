/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two of three brokers stand still for 45 seconds and run for 20, twice (acceptance scenario 2).
 *
 * What they had been sent, they do when they go on. Each message is reported at the latest
 * message.timeout.ms and a tenth after it was produced, and within 15 s once all brokers run.
 */
#include "mock/mock_cluster.h"
#include "sim/sim.h"

enum { PARTITIONS = 6, MESSAGE_TIMEOUT_MS = 30000, REPORTED_MS = 33000, AVAILABLE_MS = 15000 };

static int awake;

static void elect(int unused)
{
    (void)unused;
    for (int i = 0; i < PARTITIONS; i++)
        rk_mock_cluster_set_leader(sim_mock(), "t", i, awake);
}

static void freeze_two(int unused)
{
    (void)unused;
    awake = 1 + (int)sim_below(3);
    for (int i = 1; i <= 3; i++) {
        if (i != awake)
            sim_freeze(i);
    }
    if (sim_one_in(2)) /* Else the one that runs does not notice either. */
        sim_at(3000 + (int64_t)sim_below(10000), elect, 0);
}

static void thaw(int unused)
{
    (void)unused;
    sim_heal(0);
}

static void load(const char *in_flight)
{
    sim_cluster(3);
    sim_topic("t", PARTITIONS, 3);
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "message.timeout.ms", "30000", "max.in.flight", in_flight,
                     "socket.timeout.ms", sim_one_in(2) ? "10000" : "60000", NULL);
    struct sim_client *consumer = sim_consumer("socket.timeout.ms", "10000", NULL);
    sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < 2; i++) {
        sim_at(i * 65000 + (int64_t)sim_below(1000), freeze_two, 0);
        sim_at(i * 65000 + 45000, thaw, 0);
    }
    for (int i = 0; i < 130; i++) {
        sim_produce(producer, "t", -1, 10);
        sim_poll_for(producer, 1000);
        int waiting = rd_kafka_outq_len(sim_handle(producer));
        sim_check(waiting <= 10 * REPORTED_MS / 1000, "%d messages wait, some for too long",
                  waiting);
    }
    sim_await_actions();
    sim_flush(producer, REPORTED_MS);
    uint64_t acked = sim_counts(producer).acked;
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, AVAILABLE_MS);
    sim_check(sim_counts(producer).acked == acked + 100, "not all are delivered after the thaw");
    sim_consume_all(consumer, AVAILABLE_MS);
}

SIM_SCENARIO(frozen, "two of three brokers stand still and go on, messages expire meanwhile")
{
    load("5");
}

SIM_SCENARIO(frozen_in_order, "the same with one request in flight, which promises order")
{
    load("1");
}
