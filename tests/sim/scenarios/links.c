/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are slow, narrow or break. */
#include "sim/sim.h"

static void reset_often(int broker)
{
    sim_reset(broker);
    sim_at(50 + (int64_t)sim_below(1000), reset_often, 0);
}

SIM_SCENARIO(resets, "all connections are reset again and again, order is promised")
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
    sim_small_buffers(0);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", -1, 300);
    sim_flush(producer, 100000);
    sim_consume_all(consumer, 100000);
    sim_check(sim_consumed(consumer) >= 300, "not all are consumed");
}

SIM_SCENARIO(drip,
             "one broker's link lets one byte through now and then: the others are not held up")
{
    sim_cluster(3);
    sim_topic("slow", 1, 1);
    sim_topic("t", 4, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 10000);
    for (int i = 0; i < 4; i++)
        rd_kafka_flush(sim_handle(producer), 10);
    int slow = 1 + (int)sim_below(3);
    sim_leaders_leave(slow);
    sim_drip(slow, 1, 100000);
    sim_produce(producer, "t", -1, 200);
    sim_flush(producer, 10000);
    sim_check(sim_counts(producer).acked == 300, "not all are delivered");
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
