/* SPDX-License-Identifier: BSD-2-Clause */
/* Brokers end and come back while messages flow. */
#include "sim/sim.h"

static void load(const char *in_flight)
{
    sim_cluster(3);
    sim_topic("t", 6, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", "max.in.flight", in_flight, NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 6, RD_KAFKA_OFFSET_BEGINNING);
    int broker = 1 + (int)sim_below(3);
    sim_at((int64_t)sim_below(500), sim_broker_stop, broker);
    sim_at(1000 + (int64_t)sim_below(9000), sim_broker_start, broker);
    for (int i = 0; i < 20; i++) {
        sim_produce(producer, "t", -1, 100);
        sim_poll_for(producer, (int64_t)sim_below(500));
    }
    sim_await_actions();
    sim_flush(producer, 20000);
    sim_check(sim_counts(producer).acked == 2000, "not all are delivered");
    sim_consume_all(consumer, 20000);
}

SIM_SCENARIO(crash, "a broker ends and comes back under load")
{
    load("5");
}

SIM_SCENARIO(crash_in_order, "the same with one request in flight, which promises order")
{
    load("1");
}

SIM_SCENARIO(power_off, "a machine vanishes without a word and comes back")
{
    sim_cluster(3);
    sim_topic("t", 6, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", "request.timeout.ms", "2000",
                                               "socket.timeout.ms", "5000", NULL);
    int broker = 1 + (int)sim_below(3);
    sim_at((int64_t)sim_below(500), sim_broker_power_off, broker);
    sim_at(20000, sim_broker_start, broker);
    for (int i = 0; i < 30; i++) {
        sim_produce(producer, "t", -1, 50);
        sim_poll_for(producer, (int64_t)sim_below(500));
    }
    sim_await_actions();
    sim_flush(producer, 30000);
    sim_check(sim_counts(producer).acked == 1500, "not all are delivered");
}
