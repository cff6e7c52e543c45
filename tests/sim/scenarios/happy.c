/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing goes wrong. */
#include "sim/sim.h"

SIM_SCENARIO(happy, "three brokers, one producer, one consumer, no faults")
{
    sim_cluster(3);
    sim_topic("t", 6, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 6, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", -1, 1000);
    sim_flush(producer, 10000);
    sim_check(sim_counts(producer).acked == 1000, "not all are delivered");
    sim_consume_all(consumer, 10000);
    sim_check(sim_consumed(consumer) == 1000, "not all are consumed");
}
