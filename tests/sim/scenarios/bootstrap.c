/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in, and questions about the cluster, while some brokers keep silent: the others are not
 * asked later than a second or two.
 */
#include "sim/sim.h"

enum { BROKERS = 3, PATIENCE_MS = 1000, SLACK_MS = 1200 };
/* Of a back-off, with its jitter; and a link on which the way in takes a third of a second. */
enum { LONGEST_PAUSE_MS = 12000, LATENCY_US = 60000 };

static void (*const ways_to_be_silent[])(int broker) = {
    sim_hang_connects, sim_silent, sim_freeze, sim_blackhole, sim_broker_power_off,
};

static void silence(int broker)
{
    ways_to_be_silent[sim_below(sizeof(ways_to_be_silent) / sizeof(*ways_to_be_silent))](broker);
}

/* Answered within that time. */
static void expect_metadata(rd_kafka_t *rk, int64_t within_ms)
{
    const struct rd_kafka_metadata *metadata;
    uint64_t begin_ms = sim_now_ms();
    rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 1, NULL, &metadata, 60000);
    int took_ms = (int)(sim_now_ms() - begin_ms);
    sim_check(err == RD_KAFKA_RESP_ERR_NO_ERROR, "metadata: %s", rd_kafka_err2name(err));
    sim_note("metadata took %d ms", took_ms);
    sim_check(took_ms <= within_ms, "metadata took %d ms", took_ms);
    sim_check(metadata->topic_cnt == 1, "%d topics", metadata->topic_cnt);
    rd_kafka_metadata_destroy(metadata);
}

SIM_SCENARIO(bootstrap_silent, "all bootstrap servers but one keep silent: the way in is found")
{
    sim_cluster(BROKERS);
    sim_topic("t", 3, 1);
    int well = 1 + (int)sim_below(BROKERS);
    for (int broker = 1; broker <= BROKERS; broker++) {
        if (broker != well)
            silence(broker);
    }
    struct sim_client *client = sim_producer("linger.ms", "5", NULL);
    expect_metadata(sim_handle(client), (BROKERS - 1) * (PATIENCE_MS + 200) + SLACK_MS);
    sim_heal(0);
    for (int broker = 1; broker <= BROKERS; broker++)
        sim_broker_start(broker);
    sim_produce(client, "t", -1, 100);
    sim_flush(client, 60000);
}

SIM_SCENARIO(query_silent, "rd_kafka_metadata() while a connected broker keeps silent")
{
    sim_cluster(BROKERS);
    sim_topic("t", 6, 3);
    struct sim_client *client = sim_producer("linger.ms", "5", NULL);
    sim_produce(client, "t", -1, 100);
    sim_flush(client, 10000);
    int broker = 1 + (int)sim_below(BROKERS);
    void (*const ways[])(int broker) = {sim_freeze, sim_blackhole, sim_half_open};
    ways[sim_below(sizeof(ways) / sizeof(*ways))](broker);
    for (int i = 0; i < 10; i++)
        expect_metadata(sim_handle(client), PATIENCE_MS + SLACK_MS);
    sim_heal(0);
    sim_produce(client, "t", -1, 100);
    sim_flush(client, 120000);
}

SIM_SCENARIO(bootstrap_late,
             "the brokers are started late: who waits for them is in at the next attempt")
{
    sim_cluster(2);
    sim_topic("t", 2, 1);
    sim_keep_whole();
    for (int broker = 1; broker <= 2; broker++) {
        sim_link(broker)->latency_us = LATENCY_US;
        sim_link(broker)->jitter_us = 0;
        sim_broker_stop(broker);
    }
    struct sim_client *client =
        sim_producer("linger.ms", "5", "reconnect.backoff.max.ms", "10000", NULL);
    sim_produce(client, "t", -1, 10);
    sim_run_for((int64_t)sim_below(60000));
    for (int broker = 1; broker <= 2; broker++)
        sim_broker_start(broker);
    sim_flush(client, LONGEST_PAUSE_MS + SLACK_MS);
}
