/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to Produce that are lost, late, or overtaken by the end of their connection. */
#include "sim/sim.h"

SIM_SCENARIO(retries_in_order, "connections break with many batches behind the one in flight")
{
    sim_cluster(2);
    sim_topic("t", 2, 2);
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "batch.num.messages", "2", "max.in.flight", "1", NULL);
    for (int i = 1; i <= 2; i++)
        sim_link(i)->latency_us = 2000;
    for (int i = 0; i < 10; i++)
        sim_at((int64_t)sim_below(600), sim_reset, 0);
    sim_produce(producer, "t", -1, 400);
    sim_flush(producer, 20000);
    sim_check(sim_counts(producer).acked == 400, "not all are delivered");
}

SIM_SCENARIO(answers_lost, "messages expire that may be in the log: nobody says they are not")
{
    sim_cluster(1);
    sim_topic("t", 4, 1);
    sim_link(1)->latency_us = 20000;
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "message.timeout.ms", "8000", "request.timeout.ms", "2000",
                     "socket.timeout.ms", "3000", "max.in.flight", sim_one_in(2) ? "1" : "5", NULL);
    sim_produce(producer, "t", -1, 20);
    sim_flush(producer, 10000);
    sim_at((int64_t)sim_below(80), sim_blackhole, 1);
    for (int i = 0; i < 8; i++) {
        sim_produce(producer, "t", -1, 10);
        sim_poll_for(producer, 10);
    }
    sim_flush(producer, 10000);
    sim_check(sim_counts(producer).acked < 100, "the link was not cut");
}

SIM_SCENARIO(answers_late,
             "answers come after their requests were given up, on the same connection")
{
    sim_cluster(1);
    sim_topic("t", 4, 1);
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "request.timeout.ms", "300", "socket.max.fails", "1000",
                     "max.in.flight", "3", "retry.backoff.ms", "50", NULL);
    sim_produce(producer, "t", -1, 20);
    sim_flush(producer, 10000);
    for (int i = 0; i < 10; i++) {
        sim_produce(producer, "t", -1, 10);
        sim_poll_for(producer, (int64_t)sim_below(20));
        sim_blackhole(1);
        sim_poll_for(producer, (int64_t)sim_below(600));
        sim_heal(1);
    }
    sim_flush(producer, 60000);
    sim_check(sim_counts(producer).acked == 120, "not all are delivered");
}
