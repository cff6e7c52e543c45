/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are slow, narrow or break. */
#include "mock/mock_cluster.h"
#include "sim/sim.h"

static void reset_often(int broker)
{
    sim_reset(broker);
    if (sim_now_ms() < 10000)
        sim_at(50 + (int64_t)sim_below(1000), reset_often, 0);
}

SIM_SCENARIO(resets, "all connections are reset again and again for ten seconds, order is promised")
{
    sim_cluster(3);
    sim_topic("t", 6, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", "max.in.flight", "1", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 6, RD_KAFKA_OFFSET_BEGINNING);
    sim_at(10, reset_often, 0);
    for (int i = 0; i < 20; i++) {
        sim_produce(producer, "t", -1, 50);
        sim_consume_one(consumer, (int64_t)sim_below(200));
    }
    sim_flush(producer, 60000);
    sim_check(sim_counts(producer).acked == 1000, "not all are delivered");
    sim_consume_all(consumer, 60000);
}

SIM_SCENARIO(small_buffers, "every write is cut, every read gets a piece")
{
    sim_cluster(2);
    sim_topic("t", 4, 2);
    for (int i = 1; i <= 2; i++)
        *sim_link(i) = (struct sim_link){.latency_us = 200}; /* Each piece waits for it. */
    sim_small_buffers(0);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", -1, 300);
    sim_flush(producer, 100000);
    sim_consume_all(consumer, 100000);
    sim_check(sim_consumed(consumer) >= 300, "not all are consumed");
}

SIM_SCENARIO(drip, "a link lets one byte through now and then: partitions elsewhere go on")
{
    int slow = 1 + (int)sim_below(3);
    sim_cluster(3);
    sim_topic("slow", 1, 1);
    sim_topic("t", 4, 3);
    rk_mock_cluster_set_leader(sim_mock(), "slow", 0, slow);
    sim_leaders_leave(slow);
    rk_mock_cluster_set_leader(sim_mock(), "slow", 0, slow);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "slow", 0, 10);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 10000);
    sim_drip(slow, 1, 100000);
    for (int i = 0; i < 20; i++) {
        sim_produce(producer, "slow", 0, 1);
        sim_produce(producer, "t", -1, 10);
        sim_poll_for(producer, 100);
    }
    sim_await_acked(producer, 310, 5000);
    sim_heal(slow);
    sim_flush(producer, 100000);
    sim_check(sim_counts(producer).acked == 330, "not all are delivered");
}

SIM_SCENARIO(lost_tail, "an election loses acknowledged records: no crash, no hang")
{
    sim_cluster(3);
    sim_topic("t", 1, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", "acks", "1", NULL);
    struct sim_client *consumer = sim_consumer("auto.offset.reset", "earliest", NULL);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    sim_allow(SIM_ALLOW_GAPS);
    sim_produce(producer, "t", 0, 200);
    sim_flush(producer, 10000);
    sim_consume_all(consumer, 10000);
    sim_lose_tail("t", 0, 50);
    sim_produce(producer, "t", 0, 200);
    sim_flush(producer, 10000);
    sim_run_for(10000);
    while (sim_consume_one(consumer, 1000))
        ;
    sim_check(sim_consumed(consumer) >= 350, "only %d are consumed", (int)sim_consumed(consumer));
}
