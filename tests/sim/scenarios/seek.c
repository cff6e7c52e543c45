/* SPDX-License-Identifier: BSD-2-Clause */
/* Positions that change while something about them is under way. */
#include "sim/sim.h"

static void fill(void)
{
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", 0, 300);
    sim_flush(producer, 10000);
    sim_destroy(producer, 1000);
}

SIM_SCENARIO(seek_early, "a seek while the offset to begin at is looked up: the seek counts")
{
    sim_cluster(1);
    sim_topic("t", 1, 1);
    fill();
    struct sim_client *consumer = sim_consumer(NULL);
    for (int i = 0; i < 10; i++) {
        int64_t offset = 100 + (int64_t)sim_below(100);
        sim_assign(consumer, "t", 1,
                   sim_one_in(2) ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END);
        if (sim_one_in(2))
            sim_consume_one(consumer, (int64_t)sim_below(30));
        sim_seek(consumer, "t", 0, offset);
        if (sim_one_in(2)) {
            sim_run_for((int64_t)sim_below(100));
            sim_pause(consumer, "t", 0, true);
            sim_pause(consumer, "t", 0, false);
        }
        sim_consume(consumer, 10, 10000);
    }
}

SIM_SCENARIO(seek_pause, "seeks, pauses and resumes while messages are on their way")
{
    sim_cluster(1);
    sim_topic("t", 1, 1);
    fill();
    struct sim_client *consumer = sim_consumer("fetch.message.max.bytes", "1000", NULL);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < 60; i++) {
        if (sim_one_in(3))
            sim_seek(consumer, "t", 0, (int64_t)sim_below(300));
        if (sim_one_in(2))
            sim_pause(consumer, "t", 0, sim_one_in(2));
        for (uint64_t left = sim_below(30); left > 0 && sim_consume_one(consumer, 20); left--)
            ;
    }
    sim_pause(consumer, "t", 0, false);
    sim_consume_all(consumer, 60000);
}
