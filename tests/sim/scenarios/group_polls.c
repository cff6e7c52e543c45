/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * max.poll.interval.ms, in virtual time: whoever polls in time stays a member however seldom it
 * polls, and whoever does not is told so when the time is over, not with the next heartbeat. To
 * subscribe counts as a poll.
 */
#include "mock/mock_cluster.h"
#include "sim/sim.h"

enum { MAX_POLL_MS = 30000, HEARTBEAT_MS = 5000, RECORDS = 60, EXACT_MS = 5, ROUNDS = 12 };

static struct sim_client *consumer;

static void subscribe(bool to_another)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    if (to_another)
        rd_kafka_topic_partition_list_add(list, "another", RD_KAFKA_PARTITION_UA);
    sim_check(!rd_kafka_subscribe(sim_handle(consumer), list), "subscribe");
    rd_kafka_topic_partition_list_destroy(list);
}

static void begin(void)
{
    bool has_consumer_protocol = sim_one_in(2);
    sim_cluster(1);
    sim_topic("t", 1, 1);
    rk_mock_cluster_set_group_delay(sim_mock(), 0);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", 0, RECORDS);
    sim_flush(producer, 10000);
    sim_note("group.protocol: %s", has_consumer_protocol ? "consumer" : "classic");
    consumer =
        has_consumer_protocol
            ? sim_consumer("group.protocol", "consumer", "max.poll.interval.ms", "30000",
                           "auto.offset.reset", "earliest", NULL)
            : sim_consumer("session.timeout.ms", "20000", "heartbeat.interval.ms", "5000",
                           "max.poll.interval.ms", "30000", "auto.offset.reset", "earliest", NULL);
    subscribe(false);
}

/* Whether there was a message. */
static bool poll_for(int ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(sim_handle(consumer), ms);
    bool is_message = message && !message->err;
    if (message)
        rd_kafka_message_destroy(message);
    return is_message;
}

/* No poll from here on. */
static void expect_exceeded(int exact_ms)
{
    uint64_t polled_ms = sim_now_ms();
    sim_note("it does not poll any more");
    while (sim_logged("MAXPOLL") == 0 && sim_now_ms() < polled_ms + 2 * MAX_POLL_MS)
        sim_run_for(1);
    int64_t late_ms = (int64_t)(sim_now_ms() - polled_ms) - MAX_POLL_MS;
    sim_check(late_ms >= -1, "told %d ms too early", (int)-late_ms);
    sim_check(late_ms <= exact_ms, "told %d ms too late", (int)late_ms);
}

SIM_SCENARIO(group_poll_slow, "each message takes long, the last one too long")
{
    begin();
    while (!poll_for(1000)) {
    }
    for (uint64_t i = sim_below(ROUNDS); i > 0; i--) {
        sim_run_for(6000 + (int64_t)sim_below(MAX_POLL_MS - 7000));
        sim_check(poll_for(0), "no message, which were fetched together");
        sim_check(sim_logged("MAXPOLL") == 0, "told that it did not poll");
    }
    expect_exceeded(EXACT_MS);
}

SIM_SCENARIO(group_poll_waits, "a poll waits, for nothing or for a message; none follows")
{
    begin();
    while (!poll_for(1000)) {
    }
    while (poll_for(1000)) {
    }
    for (uint64_t i = sim_below(ROUNDS); i > 0; i--) {
        poll_for((int)sim_below(2 * MAX_POLL_MS));
        sim_check(sim_logged("MAXPOLL") == 0, "told that it did not poll");
    }
    for (uint64_t i = sim_below(ROUNDS); i > 0; i--) {
        sim_run_for((int64_t)sim_below(3000));
        poll_for(0);
    }
    expect_exceeded(EXACT_MS);
}

/* Messages that are there do not read the clock one by one. */
SIM_SCENARIO(group_poll_batch, "what was fetched is taken at once, or a part; no poll follows")
{
    begin();
    int count = sim_one_in(2) ? RECORDS : 1 + (int)sim_below(RECORDS);
    for (int i = 0; i < count; i += poll_for(1000)) {
    }
    expect_exceeded(count == RECORDS ? EXACT_MS : HEARTBEAT_MS + HEARTBEAT_MS / 16);
}

SIM_SCENARIO(group_poll_subscribe, "who subscribes again and again is at work; none follows")
{
    begin();
    while (!poll_for(1000)) {
    }
    for (uint64_t i = 1 + sim_below(ROUNDS); i > 0; i--) {
        sim_run_for(MAX_POLL_MS / 2 + (int64_t)sim_below(MAX_POLL_MS / 2 - 1000));
        subscribe(i % 2 == 0);
        sim_check(sim_logged("MAXPOLL") == 0, "told that it did not poll");
    }
    expect_exceeded(EXACT_MS);
}
