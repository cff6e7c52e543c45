/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients are destroyed whatever the state of the cluster: within a second, and consumers that have
 * something to commit within four (INTRODUCTION.md).
 */
#include "sim/sim.h"

static void break_everything(void)
{
    static void (*const faults[])(int broker) = {
        sim_blackhole, sim_half_open,   sim_refuse,           sim_hang_connects, sim_silent,
        sim_reset,     sim_broker_stop, sim_broker_power_off, sim_small_buffers,
    };
    faults[sim_below(sizeof(faults) / sizeof(faults[0]))](0);
}

SIM_SCENARIO(destroy_unreachable, "clients are destroyed while no broker can be reached")
{
    sim_cluster(3);
    sim_topic("t", 6, 3);
    bool is_early = sim_one_in(2);
    if (is_early)
        break_everything();
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    bool commits = sim_one_in(2);
    struct sim_client *consumer =
        sim_consumer("enable.auto.commit", commits ? "true" : "false", NULL);
    sim_assign(consumer, "t", 6, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", -1, (int)sim_below(500));
    sim_poll_for(producer, (int64_t)sim_below(200));
    while (sim_consume_one(consumer, 5))
        ;
    if (!is_early)
        break_everything();
    sim_produce(producer, "t", -1, (int)sim_below(500));
    sim_run_for((int64_t)sim_below(sim_one_in(2) ? 10 : 20000));
    sim_destroy(producer, 1000);
    sim_destroy(consumer, commits ? 4000 : 1000);
}

SIM_SCENARIO(destroy_at_once, "clients are destroyed at any moment of their first milliseconds")
{
    sim_cluster(2);
    sim_topic("t", 2, 2);
    for (int i = 0; i < 5; i++) {
        struct sim_client *client = sim_one_in(2) ? sim_producer(NULL) : sim_consumer(NULL);
        sim_run_for((int64_t)sim_below(30));
        sim_destroy(client, 4000); /* A consumer waits for its last commit. */
    }
}
