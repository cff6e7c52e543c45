/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members and a coordinator that cannot be reached, or stands still: what nobody waits for any more
 * does not pile up, and who waits for the others is not kept waiting by who does not answer.
 */
#include "mock/mock_cluster.h"
#include "sim/members.h"

enum { BROKERS = 3, PARTITIONS = 6, ROUNDS = 1000, WARM_UP = 100, LEFT_MAX = 200 << 10 };

static void subscribe(struct sim_client *client)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(sim_handle(client), list);
    sim_check(!err, "subscribe: %s", rd_kafka_err2name(err));
    rd_kafka_topic_partition_list_destroy(list);
}

static void change_mind(struct sim_client *client, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        subscribe(client);
        sim_poll_for(client, (int64_t)sim_below(40));
        rd_kafka_resp_err_t err = rd_kafka_unsubscribe(sim_handle(client));
        sim_check(!err, "unsubscribe: %s", rd_kafka_err2name(err));
    }
}

SIM_SCENARIO(group_undecided, "an application subscribes and unsubscribes in an outage, for long")
{
    /* No connection is left that would still be of use. */
    static void (*const faults[])(int broker) = {sim_blackhole, sim_freeze, sim_broker_stop};
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    const char *protocol = sim_one_in(2) ? "classic" : "consumer";
    struct sim_client *client =
        sim_consumer("group.id", "g", "group.protocol", protocol, "socket.timeout.ms", "5000",
                     "retry.backoff.ms", "10", "retry.backoff.max.ms", "10", NULL);
    size_t fault = sim_below(sizeof(faults) / sizeof(faults[0]));
    bool was_in = sim_one_in(2);
    sim_note("protocol: %s, fault %d, %s", protocol, (int)fault, was_in ? "joined" : "new");
    if (was_in) {
        subscribe(client);
        sim_poll_for(client, 10000);
    } else {
        sim_run_for(sim_one_in(2) ? 0 : 2000);
    }
    faults[fault](0);
    change_mind(client, WARM_UP);
    size_t before = sim_memory_in_use();
    sim_memory_peak_begin();
    change_mind(client, ROUNDS);
    size_t more = sim_memory_peak() - before;
    sim_note("%d KB more", (int)(more >> 10));
    sim_check(more <= LEFT_MAX, "%d KB are left of %d rounds", (int)(more >> 10), ROUNDS);
    for (int broker = 1; broker <= BROKERS && faults[fault] == sim_broker_stop; broker++)
        sim_broker_start(broker);
    sim_heal(0);
    subscribe(client);
    uint64_t end_ms = sim_now_ms() + 60000;
    rd_kafka_topic_partition_list_t *list = NULL;
    do {
        rd_kafka_topic_partition_list_destroy(list);
        sim_poll_for(client, 200);
        sim_check(rd_kafka_assignment(sim_handle(client), &list) == 0, "no assignment");
    } while (list->cnt < PARTITIONS && sim_now_ms() < end_ms);
    sim_check(list->cnt == PARTITIONS, "it has %d partitions", list->cnt);
    rd_kafka_topic_partition_list_destroy(list);
    sim_await_actions();
}

/* Joining is answered when all are there. The others are with the next coordinator soon; who joined
 * with the one that stands still does not wait for it as long as a rebalance may take. */
SIM_SCENARIO(group_frozen_join, "a member waits to join with a coordinator that is another by now")
{
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    sim_group();
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", 1);
    const char *assignor = sim_one_in(2) ? "cooperative-sticky" : "range";
    sim_note("assignor: %s", assignor);
    for (int i = 0; i < 3; i++) {
        struct sim_member *member =
            sim_member(i, "partition.assignment.strategy", assignor, "session.timeout.ms", "20000",
                       "heartbeat.interval.ms", "1000", "max.poll.interval.ms", "600000", NULL);
        if (i == 2)
            sim_run_for(10000);
        sim_member_subscribe(member, "t", NULL);
    }
    sim_run_for((int64_t)sim_below(1500)); /* The first wait, or are about to. */
    sim_group_disturb(true);
    sim_freeze(1);
    sim_run_for(1000 + (int64_t)sim_below(3000));
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", 2);
    sim_leaders_leave(1);
    sim_run_for(60000);
    for (int i = 0; i < 3; i++)
        sim_check(sim_member_count(sim_member_at(i)) == PARTITIONS / 3,
                  "member %d has %d partitions", i, sim_member_count(sim_member_at(i)));
    sim_heal(1);
    sim_await_actions();
    sim_group_settle(60000, "t", NULL);
    sim_group_end();
}
