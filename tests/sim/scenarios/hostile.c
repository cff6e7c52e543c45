/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers whose answers are wrong in random bytes, for a minute (acceptance scenario 22): the
 * clients survive within 16 MB of memory, ask no more than 300 times a second and broker, and
 * within 60 s of the last lie everything is reported and flows.
 */
#include "mock/mock_cluster.h"
#include "mock/mock_state.h"
#include "sim/sim.h"

enum { MEMORY_MAX = 16 << 20, WITHIN_MS = 60000, AT_ONCE_MS = 200, SMALL = 100 };

static void serve(struct sim_client *producer, struct sim_client *consumer, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        for (int k = 0; k < 5; k++) /* A partition that is said to be gone is refused. */
            sim_produce_one(producer, "t", (int)sim_below(4) - 1, RD_KAFKA_MSG_F_COPY, 0);
        sim_poll_for(producer, (int64_t)sim_below(500));
        while (sim_consume_one(consumer, 10))
            ;
    }
}

SIM_SCENARIO(hostile, "one in a few answers of any kind is wrong somewhere")
{
    sim_cluster(2);
    sim_topic("t", 3, 2);
    sim_request_cap(300);
    if (sim_one_in(2))
        sim_corrupt(0, 1 + sim_below(20)); /* From the first byte on. */
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "message.timeout.ms", "20000", "request.timeout.ms", "2000",
                     "socket.timeout.ms", "5000", "topic.metadata.refresh.interval.ms", "3000",
                     "receive.message.max.bytes", "1100000", "message.max.bytes", "1000000", NULL);
    struct sim_client *consumer = sim_consumer(
        "check.crcs", "true", "auto.offset.reset", "earliest", "socket.timeout.ms", "5000",
        "receive.message.max.bytes", "1100000", "fetch.max.bytes", "1000000", "message.max.bytes",
        "1000000", "topic.metadata.refresh.interval.ms", "3000", NULL);
    sim_assign(consumer, "t", 3, RD_KAFKA_OFFSET_BEGINNING);
    sim_memory_peak_begin();
    size_t before = sim_memory_in_use();
    sim_corrupt(0, 1 + sim_below(50));
    serve(producer, consumer, 100);
    sim_note("%d KB more memory at most", (int)((sim_memory_peak() - before) >> 10));
    sim_check(sim_memory_peak() - before < MEMORY_MAX, "%d MB of memory",
              (int)((sim_memory_peak() - before) >> 20));
    sim_corrupt(0, 0);
    sim_reset(0); /* Half an answer is still waited for. */
    sim_flush(producer, WITHIN_MS);
    sim_run_for(WITHIN_MS / 2);
    uint64_t acked = sim_counts(producer).acked;
    sim_produce(producer, "t", -1, 30);
    sim_flush(producer, 5000);
    sim_check(sim_counts(producer).acked == acked + 30, "not all are delivered in the end");
    sim_assign(consumer, "t", 3, RD_KAFKA_OFFSET_BEGINNING);
    sim_consume_all(consumer, WITHIN_MS);
}

static void lose_patience(struct rk_mock_cluster *cluster, void *argument)
{
    (void)argument;
    cluster->own.has_no_patience = true;
}

SIM_SCENARIO(impatient,
             "brokers answer empty fetches at once: that does not set the rate of asking")
{
    sim_cluster(2);
    sim_topic("t", 4, 1);
    sim_request_cap(40);
    rk_mock_cluster_run(sim_mock(), lose_patience, NULL);
    struct sim_client *producer = sim_producer("linger.ms", "0", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
    sim_run_for(20000);
    for (int i = 0; i < 10; i++) {
        sim_produce_one(producer, "t", (int)sim_below(4), RD_KAFKA_MSG_F_COPY, SMALL);
        sim_flush(producer, 5000);
        sim_consume_all(consumer, AT_ONCE_MS); /* In one piece, however small the buffers. */
        sim_run_for(1000 + (int64_t)sim_below(3000));
    }
}
