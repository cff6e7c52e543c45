/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What befalls the process (acceptance scenario 28): clocks that jump, a machine that sleeps, no
 * descriptors, threads or memory. Nothing is lost and nothing times out before its time; it flows
 * again within 20 s of the end of the fault.
 */
#include <stdlib.h>

#include "sim/sim.h"

enum { DAY_MS = 86400000, HOUR_MS = 3600000, WITHIN_MS = 20000 };

static struct sim_client *producer, *consumer;

static void begin(void)
{
    sim_cluster(2);
    sim_topic("t", 4, 2);
    producer = sim_producer("linger.ms", "5", "message.timeout.ms", "86400000", NULL);
    consumer = sim_consumer("statistics.interval.ms", "1000", NULL);
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
}

static void finish(uint64_t expected)
{
    sim_flush(producer, WITHIN_MS);
    sim_check(sim_counts(producer).acked == expected, "not all are delivered");
    sim_consume_all(consumer, WITHIN_MS);
}

SIM_SCENARIO(wall_clock, "the wall clock jumps by up to a day and back: a second is a second")
{
    begin();
    for (int i = 0; i < 20; i++) {
        sim_wall_clock_jump((int64_t)sim_below(2 * DAY_MS) - DAY_MS);
        uint64_t begin_ms = sim_now_ms();
        sim_produce(producer, "t", -1, 20);
        sim_await_acked(producer, 20 * ((uint64_t)i + 1), 1000);
        sim_check(sim_now_ms() - begin_ms < 1000, "a wait was too long");
        sim_consume_all(consumer, 1000);
    }
    finish(400);
}

SIM_SCENARIO(suspend, "the machine sleeps for an hour, in the middle of everything")
{
    begin();
    uint64_t produced = 0;
    for (int i = 0; i < 5; i++) {
        sim_produce(producer, "t", -1, 50);
        sim_poll_for(producer, (int64_t)sim_below(100));
        sim_produce(producer, "t", -1, 50);
        sim_suspend(HOUR_MS);
        produced += 100;
        sim_await_acked(producer, produced, WITHIN_MS);
        sim_consume_all(consumer, WITHIN_MS);
    }
    finish(produced);
}

SIM_SCENARIO(no_descriptors, "there is no descriptor to be had for a while")
{
    begin();
    bool is_early = sim_one_in(2);
    if (!is_early) {
        sim_produce(producer, "t", -1, 50);
        sim_consume(consumer, 50, 5000);
    }
    sim_descriptor_limit(sim_descriptors_open() + (int)sim_below(3));
    sim_reset(0);
    sim_produce(producer, "t", -1, 50);
    sim_run_for((int64_t)sim_below(30000));
    sim_descriptor_limit(-1);
    finish(is_early ? 50 : 100);
}

SIM_SCENARIO(no_threads, "threads cannot be made: a client is refused, or gets them later")
{
    sim_cluster(2);
    sim_topic("t", 4, 2);
    for (int i = 0; i < 10; i++) {
        char text[256] = "";
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_conf_set(conf, "bootstrap.servers", sim_bootstraps(), NULL, 0);
        sim_fail_call(SIM_FAULT_THREAD, 1 + sim_below(5), sim_below(5));
        rd_kafka_t *rk = rd_kafka_new(sim_one_in(2) ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf,
                                      text, sizeof(text));
        if (rk) {
            sim_run_for((int64_t)sim_below(3000));
            rd_kafka_destroy(rk);
        } else {
            sim_check(text[0] && rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE,
                      "error %s, text %s", rd_kafka_err2name(rd_kafka_last_error()), text);
            rd_kafka_conf_destroy(conf);
        }
        sim_fail_call(SIM_FAULT_THREAD, UINT64_MAX / 2, 0);
    }
}

SIM_SCENARIO(no_threads_later, "broker threads cannot be made for a while")
{
    begin();
    sim_fail_call(SIM_FAULT_THREAD, 1, sim_below(10));
    sim_produce(producer, "t", -1, 100);
    finish(100);
}

SIM_SCENARIO(no_memory, "allocations of what is sized from outside fail now and then")
{
    begin();
    sim_allow(SIM_ALLOW_GAPS); /* The mock cluster's memory is out as well. */
    int taken = 0;
    for (int i = 0; i < 20; i++) {
        sim_fail_call(SIM_FAULT_MEMORY, 1 + sim_below(200), sim_below(20));
        for (int k = 0; k < 50; k++)
            taken += !sim_produce_one(producer, "t", -1, RD_KAFKA_MSG_F_COPY, 0);
        while (sim_consume_one(consumer, 20))
            ;
        rd_kafka_poll(sim_handle(producer), 50);
    }
    sim_fail_call(SIM_FAULT_MEMORY, UINT64_MAX / 2, 0);
    sim_flush(producer, WITHIN_MS);
    sim_consume_all(consumer, WITHIN_MS);
    sim_check(taken > 0, "nothing is taken");
}
