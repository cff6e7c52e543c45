/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Positions change while fetches are on their way (acceptance scenario 18): no message comes from a
 * position that was given up, none is left out, none comes twice. In the end everything comes
 * within 20 s.
 */
#include "mock/mock_cluster.h"
#include "sim/sim.h"

enum { PARTITIONS = 6, STEPS = 80, WITHIN_MS = 20000 };

static bool is_assigned[PARTITIONS], is_paused[PARTITIONS];

static void fill(int count)
{
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", -1, count);
    sim_flush(producer, 10000);
    sim_destroy(producer, 1000);
}

static void step(struct sim_client *consumer)
{
    int partition = (int)sim_below(PARTITIONS);
    int64_t offset = (int64_t)sim_below((uint64_t)sim_log_end("t", partition) + 1);
    switch (sim_below(4)) {
    case 0:
        if (is_assigned[partition])
            sim_unassign_one(consumer, "t", partition);
        else
            sim_assign_one(consumer, "t", partition, offset);
        is_assigned[partition] = !is_assigned[partition];
        break;
    case 1:
        if (is_assigned[partition])
            sim_seek(consumer, "t", partition, offset);
        break;
    case 2:
        is_paused[partition] = !is_paused[partition];
        if (is_assigned[partition])
            sim_pause(consumer, "t", partition, is_paused[partition]);
        break;
    default:
        for (uint64_t left = sim_below(50); left > 0 && sim_consume_one(consumer, 10); left--)
            ;
    }
}

static void change_positions(bool is_moving)
{
    sim_cluster(3);
    sim_topic("t", PARTITIONS, 3);
    fill(1000);
    struct sim_client *consumer = sim_consumer(
        "fetch.message.max.bytes", sim_one_in(2) ? "1000" : "1048576", "queued.min.messages",
        sim_one_in(2) ? "1" : "100000", "auto.offset.reset", "earliest", NULL);
    for (int i = 0; i < STEPS; i++) {
        step(consumer);
        if (is_moving && sim_one_in(5))
            rk_mock_cluster_set_leader(sim_mock(), "t", (int32_t)sim_below(PARTITIONS),
                                       1 + (int32_t)sim_below(3));
        if (is_moving && sim_one_in(10))
            sim_reset(1 + (int)sim_below(3));
    }
    sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < PARTITIONS; i++)
        sim_pause(consumer, "t", i, false);
    sim_consume_all(consumer, WITHIN_MS);
}

SIM_SCENARIO(positions, "pause, resume, seek, assign and unassign while fetches are on their way")
{
    change_positions(false);
}

SIM_SCENARIO(positions_moving, "the same while leaders move and connections break")
{
    change_positions(true);
}
