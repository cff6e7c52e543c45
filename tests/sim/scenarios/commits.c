/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets are committed while their coordinator moves, crashes and comes back: what is committed
 * never goes back, is never ahead of what was handed out, and is all of it in the end. No broker
 * stands still here: when it goes on it serves what was given up long ago, which nobody can
 * prevent.
 */
#include "mock/mock_cluster.h"
#include "mock/mock_commits.h"
#include "sim/sim.h"

enum { PARTITIONS = 4, COUNT = 2000, STEPS = 60, BROKERS = 3, WITHIN_MS = 60000 };

static int64_t committed[PARTITIONS];

static void look(struct rk_mock_cluster *cluster, void *argument)
{
    int64_t *now = argument;
    for (int i = 0; i < PARTITIONS; i++) {
        const struct rk_mock_commit *commit = rk_mock_commits_find(cluster, "g", "t", i);
        now[i] = commit ? commit->offset : 0;
    }
}

static rd_kafka_topic_partition_list_t *positions(struct sim_client *consumer)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, "t", i);
    rd_kafka_position(sim_handle(consumer), list);
    return list;
}

/* `is_all`: everything that was handed out is committed. */
static void check(struct sim_client *consumer, bool is_all)
{
    int64_t now[PARTITIONS];
    rk_mock_cluster_run(sim_mock(), look, now);
    rd_kafka_topic_partition_list_t *list = positions(consumer);
    for (int i = 0; i < PARTITIONS; i++) {
        int64_t position = list->elems[i].offset < 0 ? 0 : list->elems[i].offset;
        sim_check(now[i] >= committed[i], "t [%d]: %d was committed after %d", i, (int)now[i],
                  (int)committed[i]);
        sim_check(now[i] <= position, "t [%d]: %d was committed, %d handed out", i, (int)now[i],
                  (int)position);
        sim_check(!is_all || now[i] == position, "t [%d]: %d is committed, not %d", i, (int)now[i],
                  (int)position);
        committed[i] = now[i];
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void move(int broker)
{
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", broker);
}

static void disturb(void)
{
    static void (*const faults[])(int broker) = {sim_broker_stop, sim_reset, sim_half_open,
                                                 sim_refuse};
    int broker = 1 + (int)sim_below(BROKERS);
    switch (sim_below(4)) {
    case 0:
        move(broker);
        break;
    case 1:
        faults[sim_below(sizeof(faults) / sizeof(faults[0]))](broker);
        break;
    case 2:
        sim_broker_start(broker);
        sim_heal(broker);
        break;
    default:
        break;
    }
}

static void step(struct sim_client *consumer)
{
    for (uint64_t left = sim_below(30); left > 0 && sim_consume_one(consumer, 50); left--)
        ;
    if (sim_one_in(2))
        disturb();
    switch (sim_below(4)) {
    case 0:
        rd_kafka_commit(sim_handle(consumer), NULL, 1);
        break;
    case 1: {
        rd_kafka_resp_err_t err = rd_kafka_commit(sim_handle(consumer), NULL, 0);
        sim_note("commit: %s", rd_kafka_err2name(err));
        check(consumer, !err);
        break;
    }
    default:
        sim_run_for((int64_t)sim_below(500));
    }
    check(consumer, false);
}

SIM_SCENARIO(commits, "offsets are committed while coordinators move, crash and come back")
{
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    struct sim_client *producer = /* Batches that a slow link takes within the time-out. */
        sim_producer("linger.ms", "5", "batch.size", "16384", NULL);
    sim_produce(producer, "t", -1, COUNT);
    sim_flush(producer, 10000);
    sim_destroy(producer, 1000);
    struct sim_client *consumer =
        sim_consumer("auto.commit.interval.ms", sim_one_in(2) ? "100" : "3000", "socket.timeout.ms",
                     "5000", /* Faults last; links may be slow: */
                     "fetch.message.max.bytes", "20000", "auto.offset.reset", "earliest", NULL);
    sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < STEPS; i++)
        step(consumer);
    for (int broker = 1; broker <= BROKERS; broker++) {
        sim_broker_start(broker);
        sim_heal(broker);
    }
    sim_consume_all(consumer, WITHIN_MS);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__NO_OFFSET;
    do
        err = rd_kafka_commit(sim_handle(consumer), NULL, 0);
    while (err && err != RD_KAFKA_RESP_ERR__NO_OFFSET && sim_now_ms() < 1000000);
    check(consumer, true);
    rd_kafka_assign(sim_handle(consumer), NULL);
}
