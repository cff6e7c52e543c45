/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers' threads end when there is nothing to do with the broker, and come back when there is.
 */
#include "mock/mock_cluster.h"
#include "sim/sim.h"

enum {
    BROKERS = 3,
    PARTITIONS = 6,
    THREADS_OF_CLIENT = 2, /* Besides those of brokers. */
    CLOSED_MS = 12000, /* Connections of a broker that is not used close, and its thread ends. */
    WITHIN_MS = 30000,
    FAULTY_MS = 60000,
};

static struct sim_client *producer, *consumer;
static uint64_t produced;
static int base; /* Threads while no broker has one. */

static void begin(const char *idle_ms, const char *statistics_ms)
{
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    base = rd_kafka_thread_cnt() + 2 * THREADS_OF_CLIENT;
    producer =
        sim_producer("linger.ms", "5", "connections.max.idle.ms", idle_ms, "statistics.interval.ms",
                     statistics_ms, "message.timeout.ms", "300000", NULL);
    consumer = sim_consumer("connections.max.idle.ms", idle_ms, "statistics.interval.ms",
                            statistics_ms, NULL);
}

static void consume_and_leave(void)
{
    sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    sim_consume_all(consumer, WITHIN_MS);
    rd_kafka_assign(sim_handle(consumer), NULL);
}

static void produce_some(void)
{
    int count = 1 + (int)sim_below(100);
    sim_produce(producer, "t", -1, count);
    produced += (uint64_t)count;
}

/* So many threads of brokers are left after at most that time. */
static void await_threads(int brokers, int64_t within_ms)
{
    for (int64_t ms = 0; ms < within_ms && rd_kafka_thread_cnt() != base + brokers; ms += 100)
        sim_run_for(100);
    sim_check(rd_kafka_thread_cnt() == base + brokers, "%d threads, and %d are due",
              rd_kafka_thread_cnt(), base + brokers);
}

SIM_SCENARIO(rest, "clients with pauses: no broker has a thread in them, nothing is lost")
{
    begin("2000", sim_one_in(2) ? "1000" : "0");
    for (int i = 0; i < 5; i++) {
        produce_some();
        sim_flush(producer, WITHIN_MS);
        consume_and_leave();
        await_threads(0, CLOSED_MS);
        if (sim_one_in(2)) /* It reaches who has something, and wakes nobody else. */
            rd_kafka_flush(sim_handle(producer), 10);
        sim_run_for((int64_t)sim_below(sim_one_in(4) ? 60000 : 20000));
        sim_check(rd_kafka_thread_cnt() == base, "threads came back without a reason");
    }
    sim_check(sim_counts(producer).acked == produced, "not all are delivered");
}

/* Posts come while threads are about to end. */
SIM_SCENARIO(rest_in_time, "something to do comes just when a thread ends")
{
    begin("1000", "0");
    for (int i = 0; i < 40; i++) {
        produce_some();
        sim_flush(producer, WITHIN_MS);
        sim_run_for(1800 + (int64_t)sim_below(500));
        while (sim_one_in(2)) /* About 2 s after the last answer. */
            sim_produce_one(producer, "t", (int)sim_below(PARTITIONS), RD_KAFKA_MSG_F_COPY, 0);
    }
    if (sim_one_in(2))
        return; /* Destroyed as it is. */
    sim_flush(producer, WITHIN_MS);
    consume_and_leave();
    await_threads(0, CLOSED_MS);
}

SIM_SCENARIO(rest_of_unused,
             "leaders move away: brokers that lead nothing lose connection and thread")
{
    begin("0", sim_one_in(2) ? "1000" : "0");
    for (int i = 0; i < 4; i++) {
        int leader = 1 + (int)sim_below(BROKERS);
        for (int p = 0; p < PARTITIONS; p++)
            rk_mock_cluster_set_leader(sim_mock(), "t", p, leader);
        produce_some();
        sim_flush(producer, WITHIN_MS);
        consume_and_leave();
        sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_END);
        sim_run_for(2000);
        /* News of leaders come with the answer to whoever asks the old one. */
        produce_some();
        sim_flush(producer, WITHIN_MS);
        await_threads(2, 5000 + CLOSED_MS);
    }
    rd_kafka_assign(sim_handle(consumer), NULL);
    await_threads(1, CLOSED_MS); /* The producer's. */
}

SIM_SCENARIO(rest_of_dead, "a broker dies and nothing is to be sent: no thread, and no attempts")
{
    begin("0", "0");
    for (int p = 0; p < PARTITIONS; p++)
        rk_mock_cluster_set_leader(sim_mock(), "t", p, 1);
    produce_some();
    sim_flush(producer, WITHIN_MS);
    consume_and_leave();
    await_threads(1, CLOSED_MS); /* The producer's. */
    if (sim_one_in(2))
        sim_broker_stop(1);
    else
        sim_broker_power_off(1);
    rd_kafka_flush(sim_handle(producer), 10);
    if (sim_one_in(2)) /* To whoever leads it then. */
        produce_some();
    sim_flush(producer, 200000);
    sim_run_for(600000);
    sim_check(rd_kafka_thread_cnt() <= base + BROKERS - 1, "%d threads", rd_kafka_thread_cnt());
    sim_broker_start(1);
    sim_flush(producer, WITHIN_MS);
    produce_some();
    sim_flush(producer, WITHIN_MS);
    sim_check(sim_counts(producer).acked == produced, "not all are delivered");
}

static bool is_healing;

static void any_fault(int unused)
{
    static void (*const faults[])(int broker) = {sim_reset,         sim_refuse,      sim_half_open,
                                                 sim_hang_connects, sim_silent,      sim_heal,
                                                 sim_leaders_leave, sim_broker_start};
    int broker = 1 + (int)sim_below(BROKERS);
    (void)unused;
    if (is_healing)
        return;
    switch (sim_below(4)) {
    case 0:
        sim_fail_call(SIM_FAULT_THREAD, 1, sim_below(20));
        break;
    case 1:
        sim_broker_stop(broker);
        break;
    default:
        faults[sim_below(sizeof(faults) / sizeof(faults[0]))](broker);
        break;
    }
    sim_at((int64_t)sim_below(20000), any_fault, 0);
}

SIM_SCENARIO(rest_under_faults, "threads end and come back under faults; destroyed at any point")
{
    begin(sim_one_in(2) ? "1000" : "3000", sim_one_in(2) ? "1000" : "0");
    sim_at((int64_t)sim_below(10000), any_fault, 0);
    for (int i = 0; i < 30; i++) {
        produce_some();
        if (sim_one_in(3))
            rd_kafka_flush(sim_handle(producer), (int)sim_below(5000));
        if (sim_one_in(3))
            sim_assign(consumer, "t", 1 + (int)sim_below(PARTITIONS), RD_KAFKA_OFFSET_BEGINNING);
        else if (sim_one_in(2))
            rd_kafka_assign(sim_handle(consumer), NULL);
        while (sim_one_in(2) && sim_consume_one(consumer, 100))
            ;
        sim_poll_for(producer, (int64_t)sim_below(sim_one_in(3) ? FAULTY_MS : 3000));
        if (sim_one_in(40)) {
            is_healing = true;
            return;
        }
    }
    is_healing = true;
    sim_await_actions();
    sim_fail_call(SIM_FAULT_THREAD, UINT64_MAX / 2, 0);
    sim_broker_start(0);
    sim_heal(0);
    sim_flush(producer, 200000);
    consume_and_leave();
    await_threads(0, WITHIN_MS);
}

/* Nobody but the library tries again. */
SIM_SCENARIO(rest_without_thread,
             "threads cannot be made again for a while: it flows when they can")
{
    begin("1000", "0");
    produce_some();
    sim_flush(producer, WITHIN_MS);
    await_threads(0, CLOSED_MS);
    sim_fail_call(SIM_FAULT_THREAD, 1, sim_below(10));
    produce_some();
    sim_await_acked(producer, produced, WITHIN_MS);
}

/* The loop that has a message has no thread, and will never have one. */
SIM_SCENARIO(rest_for_good, "threads end and cannot be made again: every message has its report")
{
    begin("1000", sim_one_in(2) ? "1000" : "0");
    produce_some();
    sim_flush(producer, WITHIN_MS);
    await_threads(0, CLOSED_MS);
    sim_fail_call(SIM_FAULT_THREAD, 1, UINT64_MAX / 2);
    produce_some();
    if (sim_one_in(2))
        sim_poll_for(producer, (int64_t)sim_below(10000));
    if (sim_one_in(3))
        return;
    if (sim_one_in(2))
        rd_kafka_purge(sim_handle(producer), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    sim_poll_for(producer, 310000);
    sim_check(rd_kafka_outq_len(sim_handle(producer)) == 0, "messages have no report");
}
