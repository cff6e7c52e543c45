/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What time members of a group take, and what they do when there is nothing to do: in virtual time,
 * so that it is the protocol's steps and pauses that are measured.
 */
#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/members.h"
#include "sim/scheduler.h"
#include "wire/api.h"

enum {
    BROKERS = 3,
    PARTITIONS = 6,
    SETTLE_MS = 60000,
    IDLE_MS = 60000,
    MAX_POLL_MS = 60000,
    FETCH_WAIT_MS = 5000,
    LATENCY_US = 1000
};

static void begin(void)
{
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    sim_group();
    rk_mock_cluster_set_group_delay(sim_mock(), 0);
}

static struct sim_member *join(int slot, bool has_consumer_protocol)
{
    struct sim_member *member =
        sim_member(slot, "group.protocol", has_consumer_protocol ? "consumer" : "classic",
                   "fetch.wait.max.ms", "5000", "auto.offset.reset", "earliest", NULL);
    sim_member_subscribe(member, "t", NULL);
    return member;
}

static bool is_heartbeat(const struct rk_mock_tracked_request *request)
{
    return request->api_key == RK_API_HEARTBEAT ||
           request->api_key == RK_API_CONSUMER_GROUP_HEARTBEAT;
}

/* Timers go off for heartbeats alone. A heartbeat takes one more wake-up on background and two on
 * the broker's thread; a Fetch its answer, upon which the next one is sent. */
static void idle(bool has_consumer_protocol)
{
    size_t count = 0;
    int heartbeats = 0, fetches = 0;
    begin();
    sim_keep_whole();
    join(0, has_consumer_protocol);
    sim_group_settle(SETTLE_MS, "t", NULL);
    rk_mock_cluster_forget_requests(sim_mock());
    struct sim_waits before = sim_client_waits();
    sim_run_for(IDLE_MS);
    struct sim_waits after = sim_client_waits();
    int waits = after.waits - before.waits, timeouts = after.timeouts - before.timeouts;
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(sim_mock(), &count);
    for (size_t i = 0; i < count; i++) {
        heartbeats += is_heartbeat(&requests[i]);
        fetches += requests[i].api_key == RK_API_FETCH;
    }
    rk_free(requests);
    sim_note(
        "%d heartbeats, %d fetches, %d requests, %d wake-ups, %d of them by a timer, in an idle "
        "minute",
        heartbeats, fetches, (int)count, waits, timeouts);
    sim_check(heartbeats > 0 && heartbeats <= IDLE_MS / 3000 + 1, "%d heartbeats", heartbeats);
    sim_check(fetches <= BROKERS * (IDLE_MS / FETCH_WAIT_MS + 1), "%d fetches", fetches);
    sim_check((int)count == heartbeats + fetches, "%d other requests",
              (int)count - heartbeats - fetches);
    sim_check(timeouts <= heartbeats + 1, "%d wake-ups by a timer", timeouts);
    sim_check(waits <= 4 * (heartbeats + 1) + fetches + 3, "%d wake-ups", waits);
    sim_group_end();
}

SIM_SCENARIO(group_idle, "an idle member wakes up for heartbeats and long polls, and nothing else")
{
    idle(false);
}

SIM_SCENARIO(group_idle_consumer, "the same with the consumer protocol (KIP-848)")
{
    idle(true);
}

/* A poll that waits for longer than an application may be silent is none too late, nor are those
 * that come back and come again. */
SIM_SCENARIO(group_quiet, "nothing comes for long: who polls is not silent, however long it waits")
{
    begin();
    struct sim_member *member =
        sim_member(0, "group.protocol", sim_one_in(2) ? "consumer" : "classic",
                   "max.poll.interval.ms", "60000", "auto.offset.reset", "earliest", NULL);
    sim_member_subscribe(member, "t", NULL);
    sim_group_settle(SETTLE_MS, "t", NULL);
    int before = sim_group_rebalances();
    member->poll_ms = sim_one_in(2) ? member->poll_ms : MAX_POLL_MS + (int)sim_below(MAX_POLL_MS);
    sim_run_for(5 * MAX_POLL_MS);
    sim_check(sim_group_rebalances() == before, "%d rebalances of a member that polls",
              sim_group_rebalances() - before);
    sim_check(sim_member_count(member) == PARTITIONS, "it has lost what it had");
    sim_group_end();
}

/* Until each member has partitions, and all have an owner. */
static uint64_t await_all(int members, uint64_t since_ms)
{
    for (;;) {
        int owned = 0, least = PARTITIONS;
        for (int i = 0; i < members; i++) {
            int count = sim_member_count(sim_member_at(i));
            owned += count;
            least = count < least ? count : least;
        }
        if (owned == PARTITIONS && least > 0)
            return sim_now_ms() - since_ms;
        sim_run_for(5);
    }
}

static void start_together(bool has_consumer_protocol, int64_t alone_ms, int64_t together_ms)
{
    begin();
    for (int broker = 1; broker <= BROKERS; broker++) {
        sim_link(broker)->latency_us = LATENCY_US;
        sim_link(broker)->jitter_us = 0;
    }
    join(0, has_consumer_protocol);
    int64_t first_ms = (int64_t)await_all(1, sim_now_ms());
    for (int i = 1; i < PARTITIONS; i++) {
        sim_run_for((int64_t)sim_below(100));
        join(i, has_consumer_protocol);
    }
    int64_t last_ms = (int64_t)await_all(PARTITIONS, sim_now_ms());
    sim_note("the first has its partitions after %d ms, all after the last's %d ms", (int)first_ms,
             (int)last_ms);
    sim_check(first_ms <= alone_ms, "the first waits for %d ms", (int)first_ms);
    sim_check(last_ms <= together_ms, "the last waits for %d ms", (int)last_ms);
    sim_group_settle(SETTLE_MS, "t", NULL);
    sim_group_end();
}

SIM_SCENARIO(group_start, "members that start together do not wait for a heartbeat interval")
{
    start_together(false, 60, 1200);
}

SIM_SCENARIO(group_start_consumer, "the same with the consumer protocol (KIP-848)")
{
    start_together(true, 60, 2000);
}
