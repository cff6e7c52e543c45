/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More is produced, message by message, than round trips would carry one batch each: what waits
 * for answers is few batches, not thousands, and a message waits for an eighth of a round trip more
 * at most.
 */
#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

/* How many Produce requests the brokers have read. */
static int produce_requests(void)
{
    size_t count;
    int found = 0;
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(sim_mock(), &count);
    for (size_t i = 0; i < count; i++)
        found += requests[i].api_key == RK_API_PRODUCE;
    rk_free(requests);
    return found;
}

/* One message per millisecond. */
static void trickle(struct sim_client *producer, int count)
{
    for (int i = 0; i < count; i++) {
        sim_produce(producer, "t", 0, 1);
        sim_poll_for(producer, 1);
    }
}

SIM_SCENARIO(far_away, "a broker a fifth of a second away gets few batches, hardly later")
{
    enum { ROUND_TRIP_MS = 200 };
    sim_cluster(1);
    sim_topic("t", 1, 1);
    *sim_link(1) = (struct sim_link){.latency_us = ROUND_TRIP_MS * 1000 / 2, .buffer = 1 << 20};
    struct sim_client *producer = sim_producer("linger.ms", sim_one_in(2) ? "0" : "2", NULL);
    trickle(producer, 3000);
    sim_flush(producer, 60000);
    int before = produce_requests();
    uint64_t acked = sim_counts(producer).acked;
    for (int i = 0; i < 5; i++) {
        trickle(producer, 1000);
        int waiting = rd_kafka_outq_len(sim_handle(producer));
        sim_check(waiting <= ROUND_TRIP_MS * 3 / 2 + 50, "%d messages wait, a millisecond each",
                  waiting);
    }
    sim_flush(producer, ROUND_TRIP_MS * 2);
    sim_check(sim_counts(producer).acked == acked + 5000, "not all are delivered");
    int requests = produce_requests() - before;
    sim_note("%d requests", requests);
    sim_check(requests <= 400, "%d requests for 5000 messages", requests);
}

SIM_SCENARIO(stands_still, "a broker stands still: what is sent meanwhile is sent again in one go")
{
    sim_cluster(2);
    sim_topic("t", 1, 2);
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1);
    for (int i = 1; i <= 2; i++)
        *sim_link(i) = (struct sim_link){.latency_us = 1000, .buffer = 1 << 20};
    struct sim_client *producer = sim_producer("linger.ms", "1", NULL);
    trickle(producer, 100);
    sim_flush(producer, 5000);
    sim_blackhole(1);
    trickle(producer, 10000);
    sim_reset(1);
    int before = produce_requests();
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 2);
    sim_flush(producer, 15000);
    sim_check(sim_counts(producer).acked == 10100, "not all are delivered");
    int requests = produce_requests() - before;
    sim_note("%d requests", requests);
    sim_check(requests <= 100, "%d requests for what was in flight", requests);
}

SIM_SCENARIO(lost_together, "batches of 200 partitions fail together: metadata is wanted once")
{
    enum { PARTITIONS = 200 };
    sim_cluster(2);
    sim_topic("t", PARTITIONS, 2);
    for (int i = 0; i < PARTITIONS; i++)
        rk_mock_cluster_set_leader(sim_mock(), "t", i, 1);
    struct sim_client *producer = sim_producer("linger.ms", "1", "debug", "metadata", NULL);
    sim_produce(producer, "t", 0, 1);
    sim_flush(producer, 5000);
    sim_blackhole(1);
    int before = sim_logged("METADATA");
    for (int i = 0; i < PARTITIONS; i++)
        sim_produce(producer, "t", i, 1);
    sim_poll_for(producer, 100);
    sim_reset(1);
    sim_heal(1);
    sim_flush(producer, 30000);
    sim_check(sim_logged("METADATA") - before <= 30, "metadata is mentioned %d times",
              sim_logged("METADATA") - before);
}
