/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes consumers stop without a word (acceptance scenario 17): fetching goes on within a
 * second from when the leader can be reached and is known. Where it is not known at once, the time
 * that metadata may take is added, which each scenario says.
 */
#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { AT_ONCE_MS = 1000, FOLLOWER_SILENT_MS = 2500 };

static struct sim_client *producer, *consumer;

static void begin(void)
{
    sim_cluster(3);
    sim_topic("t", 1, 3);
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1);
    producer = sim_producer("linger.ms", "0", NULL);
    consumer = sim_consumer("topic.metadata.refresh.interval.ms", "500", "socket.timeout.ms",
                            "5000", "client.rack", "near", NULL);
    sim_produce(producer, "t", 0, 20);
    sim_flush(producer, 5000);
}

static void begin_fetching(void)
{
    begin();
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    sim_consume_all(consumer, 5000);
    sim_run_for((int64_t)sim_below(1000));
}

/* A message passes from the producer to the consumer, which gets it within that time. */
static void expect_flow(int64_t within_ms)
{
    sim_produce(producer, "t", 0, 1);
    sim_flush(producer, 10000);
    sim_consume_all(consumer, within_ms);
}

static bool is_asked(int32_t broker)
{
    size_t count = 0;
    bool is_asked = false;
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(sim_mock(), &count);
    for (size_t i = 0; i < count; i++)
        is_asked |= requests[i].broker_id == broker && requests[i].api_key == RK_API_FETCH &&
                    (uint64_t)requests[i].timestamp_us + 60000000 > sim_now_us();
    rk_free(requests);
    return is_asked;
}

SIM_SCENARIO(leader_moves_in_look_up, "the leader moves while it is asked for an offset")
{
    begin();
    struct rk_mock_error late = {.delay_us = 1000 * sim_below(3000)};
    rk_mock_cluster_push_errors(sim_mock(), RK_API_LIST_OFFSETS, &late, 1);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    sim_run_for((int64_t)sim_below(100));
    for (int32_t leader = 2; leader <= 3; leader++) {
        rk_mock_cluster_set_leader(sim_mock(), "t", 0, leader);
        sim_run_for((int64_t)sim_below(100));
    }
    sim_consume_all(consumer, 3000 + AT_ONCE_MS);
}

SIM_SCENARIO(epoch_goes_back, "brokers tell of older leaders in turn with the right one")
{
    begin_fetching();
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 2);
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 3);
    expect_flow(AT_ONCE_MS);
    for (int i = 0; i < 20; i++) {
        if (sim_one_in(2))
            rk_mock_cluster_push_leader_response(sim_mock(), "t", 0, 1 + (int32_t)sim_below(2),
                                                 (int32_t)sim_below(2));
        sim_run_for((int64_t)sim_below(600));
        expect_flow(AT_ONCE_MS);
    }
}

SIM_SCENARIO(same_leader_new_epoch, "the leader is elected again, in a new epoch")
{
    begin_fetching();
    for (int i = 0; i < 10; i++) {
        rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1);
        if (sim_one_in(2))
            sim_run_for((int64_t)sim_below(1000));
        expect_flow(AT_ONCE_MS);
    }
}

SIM_SCENARIO(no_leader, "there is no leader for a minute: metadata is asked once a second at most")
{
    begin_fetching();
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, -1);
    sim_run_for(60000 + (int64_t)sim_below(1000));
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1 + (int32_t)sim_below(3));
    sim_produce(producer, "t", 0, 1);
    sim_consume_all(consumer, 1000 + AT_ONCE_MS);
    sim_flush(producer, AT_ONCE_MS);
}

SIM_SCENARIO(follower_ends, "the follower that is fetched from ends: the leader is asked again")
{
    begin_fetching();
    rk_mock_cluster_set_follower(sim_mock(), "t", 0, 2);
    expect_flow(AT_ONCE_MS);
    sim_run_for((int64_t)sim_below(2000));
    rk_mock_cluster_set_follower(sim_mock(), "t", 0, -1); /* Leaders do not name the dead. */
    sim_broker_stop(2);
    expect_flow(AT_ONCE_MS);
}

SIM_SCENARIO(follower_vanishes, "the same without a word: the request for it times out first")
{
    begin_fetching();
    rk_mock_cluster_set_follower(sim_mock(), "t", 0, 2);
    expect_flow(AT_ONCE_MS);
    sim_run_for((int64_t)sim_below(2000));
    rk_mock_cluster_set_follower(sim_mock(), "t", 0, -1);
    sim_broker_power_off(2);
    expect_flow(5500 + 500 + AT_ONCE_MS); /* socket.timeout.ms, and what a fetch may wait. */
}

/* The leader goes on to name a replica that is dead, with or without a word. */
static void insist(void (*end_broker)(int broker), int64_t within_ms)
{
    begin_fetching();
    rk_mock_cluster_set_follower(sim_mock(), "t", 0, 2);
    expect_flow(AT_ONCE_MS);
    sim_run_for((int64_t)sim_below(2000));
    end_broker(2);
    for (int i = 0; i < 8; i++) {
        expect_flow(within_ms);
        sim_run_for((int64_t)sim_below(10000));
    }
    sim_broker_start(2);
    sim_heal(2);
    for (int i = 0; i < 8; i++) {
        expect_flow(within_ms);
        sim_run_for((int64_t)sim_below(10000));
    }
    sim_run_for(60000); /* The longest bar. */
    expect_flow(AT_ONCE_MS);
    sim_check(is_asked(2), "the replica is back, and not fetched from");
}

SIM_SCENARIO(follower_stays_named, "the leader goes on to name a follower that has ended")
{
    insist(sim_broker_stop, AT_ONCE_MS);
}

SIM_SCENARIO(follower_vanishes_named, "the leader goes on to name a follower that vanished")
{
    insist(sim_broker_power_off, FOLLOWER_SILENT_MS + AT_ONCE_MS);
}

SIM_SCENARIO(leader_back, "the leader cannot be reached for a while, and no other is elected")
{
    begin_fetching();
    sim_refuse(1);
    sim_reset(1);
    sim_run_for((int64_t)sim_below(60000));
    sim_heal(1);
    sim_produce(producer, "t", 0, 1);
    sim_consume_all(consumer, 12000 + AT_ONCE_MS); /* reconnect.backoff.max.ms and a fifth. */
}

/* Only the leader is connected, and stands still: others are asked about the topic. */
SIM_SCENARIO(asked_stands_still, "the broker that is asked for metadata stands still: ask another")
{
    begin();
    sim_topic("u", 1, 3);
    rk_mock_cluster_set_leader(sim_mock(), "u", 0, 2);
    sim_run_for(12000); /* Others that answered the first questions are closed by now. */
    uint64_t before = sim_counts(producer).acked;
    sim_freeze(1);
    sim_produce(producer, "u", 0, 10);
    sim_await_acked(producer, before + 10, 3 * AT_ONCE_MS);
    sim_heal(1);
    expect_flow(AT_ONCE_MS + 10000);
}
