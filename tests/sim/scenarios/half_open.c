/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are dead without saying so. */
#include "sim/sim.h"

SIM_SCENARIO(half_open, "a dead connection is given up after the request time-out, within 10 %")
{
    sim_cluster(1);
    sim_topic("t", 1, 1);
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "socket.timeout.ms", "10000", "request.timeout.ms", "5000",
                     "message.timeout.ms", "60000", NULL);
    sim_produce(producer, "t", 0, 10);
    sim_flush(producer, 5000);
    sim_half_open(1);
    uint64_t begin_ms = sim_now_ms();
    sim_check(!sim_produce_one(producer, "t", 0, RD_KAFKA_MSG_F_COPY, 20), "produce");
    sim_flush(producer, 30000);
    uint64_t took_ms = sim_now_ms() - begin_ms;
    sim_note("the message took %d ms", (int)took_ms);
    sim_check(took_ms >= 5000, "the request was given up after %d ms", (int)took_ms);
    sim_check(sim_counts(producer).acked == 11, "not all are delivered");
}

SIM_SCENARIO(silence, "every connection is dead, or new ones are not served: messages expire")
{
    sim_cluster(3);
    sim_topic("t", 3, 3);
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "socket.timeout.ms", "5000", "request.timeout.ms", "2000",
                     "message.timeout.ms", "10000", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 5000);
    if (sim_one_in(2))
        sim_blackhole(0);
    else
        sim_silent(0);
    sim_half_open(0);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 15000);
    struct sim_counts counts = sim_counts(producer);
    sim_check(counts.acked == 100, "delivered through a dead link");
    sim_check(counts.possibly_persisted + counts.not_persisted == 100, "not all have expired");
    sim_heal(0);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 15000);
    sim_check(sim_counts(producer).acked == 200, "not all are delivered once the links are back");
}
