/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers that are half-open, silent or very slow (acceptance scenario 21): requests are given up
 * after their time within a tenth, other brokers' partitions do not notice (a message there takes
 * less than 500 ms), late answers are discarded, and a request written in part is never followed by
 * another one (brokers fail the run when they read nonsense).
 */
#include <string.h>

#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { NOTICED_MS = 500 };

/* Partition p of "t" is led by broker p + 1. */
static void begin(int broker_count)
{
    sim_cluster(broker_count);
    sim_topic("t", broker_count, 1);
    for (int i = 0; i < broker_count; i++) {
        rk_mock_cluster_set_leader(sim_mock(), "t", i, i + 1);
        *sim_link(i + 1) = (struct sim_link){.latency_us = 1000, .buffer = 1 << 20};
    }
}

static void make_silent(int broker)
{
    sim_silent(broker);
    sim_reset(broker);
}

static void drip(int broker)
{
    sim_drip(broker, 1, 100000);
}

static void drop_all(int broker)
{
    sim_half_open(broker);
    sim_hang_connects(broker);
}

static void (*any_fault(void))(int broker)
{
    static void (*const faults[])(int broker) = {make_silent, drip, drop_all, sim_freeze,
                                                 sim_blackhole};
    return faults[sim_below(sizeof(faults) / sizeof(faults[0]))];
}

SIM_SCENARIO(slow_producing, "a broker becomes slow or silent: messages to others are as quick")
{
    begin(3);
    struct sim_client *producer = sim_producer("linger.ms", "5", "socket.timeout.ms", "5000",
                                               "request.timeout.ms", "2000", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 5000);
    any_fault()(1);
    for (int i = 0; i < 30; i++) {
        uint64_t acked = sim_counts(producer).acked;
        sim_produce(producer, "t", 0, 1);
        sim_produce(producer, "t", 1, 5);
        sim_produce(producer, "t", 2, 5);
        sim_await_acked(producer, acked + 10, NOTICED_MS);
        sim_poll_for(producer, (int64_t)sim_below(1000));
    }
    sim_heal(1);
    sim_flush(producer, 30000);
    sim_check(sim_counts(producer).acked == 430, "not all are delivered");
}

SIM_SCENARIO(slow_consuming, "the same for a consumer")
{
    begin(3);
    struct sim_client *producer = sim_producer("linger.ms", "0", "request.timeout.ms", "2000",
                                               "socket.timeout.ms", "5000", NULL);
    struct sim_client *consumer = sim_consumer("socket.timeout.ms", "5000", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 5000);
    sim_assign(consumer, "t", 3, RD_KAFKA_OFFSET_BEGINNING);
    sim_consume_all(consumer, 5000);
    any_fault()(1);
    for (int i = 0; i < 30; i++) {
        sim_produce(producer, "t", 1 + (int)sim_below(2), 5);
        sim_consume(consumer, 5, NOTICED_MS);
        sim_poll_for(producer, (int64_t)sim_below(1000));
    }
    sim_heal(1);
    sim_produce(producer, "t", 0, 10);
    sim_flush(producer, 30000);
    sim_consume_all(consumer, 30000);
}

SIM_SCENARIO(half_open_fetch, "a fetch without answer is given up after its time")
{
    begin(1);
    struct sim_client *consumer =
        sim_consumer("socket.timeout.ms", "10000", "fetch.wait.max.ms", "500", NULL);
    struct sim_client *producer = sim_producer("linger.ms", "0", NULL);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", 0, 10);
    sim_consume(consumer, 10, 5000);
    sim_destroy(producer, 1000);
    sim_run_for((int64_t)sim_below(1000));
    sim_half_open(1);
    uint64_t begin_ms = sim_now_ms();
    producer = sim_producer("linger.ms", "0", NULL);
    sim_produce(producer, "t", 0, 10);
    sim_consume(consumer, 10, 12000);
    int took_ms = (int)(sim_now_ms() - begin_ms);
    sim_note("the messages took %d ms", took_ms);
    sim_check(took_ms >= 9000 && took_ms <= 12000, "given up after %d ms", took_ms);
}

SIM_SCENARIO(late_answers, "answers come when their requests have been given up, and do no harm")
{
    begin(2);
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "request.timeout.ms", "1000", "socket.timeout.ms", "1000",
                     "message.send.max.retries", "100", NULL);
    sim_produce(producer, "t", -1, 50);
    sim_flush(producer, 5000);
    for (int i = 0; i < 10; i++) {
        struct rk_mock_error late = {.delay_us = 1000 * (500 + sim_below(1500))};
        rk_mock_cluster_push_errors(sim_mock(), RK_API_PRODUCE, &late, 1);
        sim_produce(producer, "t", -1, 50);
        sim_poll_for(producer, (int64_t)sim_below(1500));
    }
    rk_mock_cluster_clear_errors(sim_mock(), RK_API_PRODUCE);
    sim_flush(producer, 30000);
    sim_check(sim_counts(producer).acked == 550, "not all are delivered");
}

/* request.timeout.ms is the broker's; the client gives it one second more to say so. */
SIM_SCENARIO(request_time_exact, "a Produce without answer is given up within a tenth of its time")
{
    bool is_longer = sim_one_in(2);
    int due_ms = is_longer ? 8000 : 5000;
    begin(1);
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "request.timeout.ms", "4000", "socket.timeout.ms",
                     is_longer ? "8000" : "2000", "message.send.max.retries", "0", NULL);
    sim_produce(producer, "t", 0, 10);
    sim_flush(producer, 5000);
    struct rk_mock_error late = {.delay_us = 20000000};
    rk_mock_cluster_push_errors(sim_mock(), RK_API_PRODUCE, &late, 1);
    uint64_t begin_ms = sim_now_ms();
    sim_produce(producer, "t", 0, 1);
    sim_flush(producer, 10000);
    int took_ms = (int)(sim_now_ms() - begin_ms);
    sim_check(took_ms * 10 >= due_ms * 9 && took_ms * 10 <= due_ms * 11, "given up after %d ms",
              took_ms);
    sim_check(sim_counts(producer).possibly_persisted == 1, "it may be persisted");
}

SIM_SCENARIO(half_written, "requests are written in part when their messages expire or are purged")
{
    begin(2);
    struct sim_client *producer = sim_producer("linger.ms", "0", "message.timeout.ms", "2000",
                                               "socket.timeout.ms", "60000", NULL);
    sim_produce(producer, "t", -1, 20);
    sim_flush(producer, 5000);
    uint64_t acked = sim_counts(producer).acked;
    for (int i = 0; i < 5; i++) {
        sim_small_buffers(0);
        drip(0);
        for (int k = 0; k < 10; k++)
            sim_produce_one(producer, "t", -1, RD_KAFKA_MSG_F_COPY, 100 + sim_below(3000));
        sim_poll_for(producer, (int64_t)sim_below(3000));
        if (sim_one_in(2))
            rd_kafka_purge(sim_handle(producer),
                           RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        sim_heal(0);
        sim_poll_for(producer, (int64_t)sim_below(3000));
    }
    sim_flush(producer, 5000);
    sim_run_for(15000);
    acked = sim_counts(producer).acked;
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 10000);
    sim_check(sim_counts(producer).acked == acked + 100, "not all are delivered in the end");
}
