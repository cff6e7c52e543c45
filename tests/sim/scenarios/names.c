/* SPDX-License-Identifier: BSD-2-Clause */
/* Name resolution that fails and hangs; readdressed.c has names that change. */
#include "sim/sim.h"

SIM_SCENARIO(names_fail, "names cannot be resolved for a while")
{
    sim_cluster(2);
    sim_topic("t", 4, 2);
    for (int i = 0; i < 2; i++)
        sim_name_state(i ? "broker2" : "broker1", SIM_NAME_FAILS);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_poll_for(producer, 5000);
    sim_check(sim_counts(producer).acked == 0, "delivered without a name");
    for (int i = 0; i < 2; i++)
        sim_name_state(i ? "broker2" : "broker1", SIM_NAME_WORKS);
    sim_flush(producer, 15000);
    sim_check(sim_counts(producer).acked == 100, "not all are delivered");
}

SIM_SCENARIO(names_hang, "a look-up never ends: clients are destroyed all the same")
{
    sim_cluster(1);
    sim_topic("t", 1, 1);
    sim_name_state("broker1", SIM_NAME_HANGS);
    sim_allow(SIM_ALLOW_ABANDONED);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", 0, 10);
    sim_run_for((int64_t)sim_below(10000));
}
