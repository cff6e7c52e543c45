/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A group moves from the classic protocol to the consumer protocol and back while it consumes
 * (KIP-848; acceptance scenario 15): its members are replaced one by one, so that members of both
 * protocols are in it for a while. members.h says what must hold; nobody may lose a partition on
 * the way, unless the coordinator moves or crashes meanwhile, or the way back is hasty: when the
 * last member with the consumer protocol goes, the generation becomes the group's epoch, and that
 * of a classic member that has not followed so far is an old one.
 */
#include "mock/mock_cluster.h"
#include "sim/members.h"

enum { BROKERS = 3, PARTITIONS = 6, MEMBERS = 3, SETTLE_MS = 60000, SESSION_MS = 6000 };

static struct sim_client *producer;
static const char *assignor;

#define COMMON                                                                              \
    "max.poll.interval.ms", "60000", "auto.commit.interval.ms", "500", "auto.offset.reset", \
        "earliest", "socket.timeout.ms", "5000", "reconnect.backoff.max.ms", "1000"

static void join(int slot, bool has_consumer_protocol)
{
    struct sim_member *member =
        has_consumer_protocol
            ? sim_member(slot, "group.protocol", "consumer", COMMON, NULL)
            : sim_member(slot, "partition.assignment.strategy", assignor, "session.timeout.ms",
                         "6000", "heartbeat.interval.ms", "1000", COMMON, NULL);
    member->callback_ms = sim_one_in(2) ? 500 : 0;
    sim_member_subscribe(member, "t", NULL);
}

static void produce_for(int64_t ms)
{
    for (uint64_t end_ms = sim_now_ms() + (uint64_t)ms; sim_now_ms() < end_ms;) {
        sim_produce(producer, "t", -1, (int)sim_below(10));
        sim_poll_for(producer, 200);
    }
}

static void settle(void)
{
    sim_flush(producer, SETTLE_MS);
    sim_group_settle(SETTLE_MS, "t", NULL);
    for (int slot = 0; slot < MEMBERS; slot++)
        sim_check(sim_member_count(sim_member_at(slot)) == PARTITIONS / MEMBERS,
                  "member %d has %d partitions", slot, sim_member_count(sim_member_at(slot)));
}

/* The new one may come before the old one has gone, or after. */
static void replace(int slot, bool has_consumer_protocol)
{
    struct sim_member *old = sim_member_at(slot);
    sim_note("member %d goes over to the %s protocol", slot,
             has_consumer_protocol ? "consumer" : "classic");
    sim_member_leave(old);
    if (sim_one_in(2))
        produce_for((int64_t)sim_below(3000));
    sim_member_await_end(old);
    join(slot, has_consumer_protocol);
}

static void move_coordinator(void)
{
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", 1 + (int)sim_below(BROKERS));
}

static void crash_coordinator(void)
{
    int broker = 1 + (int)sim_below(BROKERS);
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", broker);
    produce_for((int64_t)sim_below(1000));
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", broker % BROKERS + 1);
    sim_leaders_leave(broker);
    sim_broker_power_off(broker);
    sim_at((int64_t)sim_below(5000), sim_broker_start, broker);
}

/* One by one; a trouble comes in the middle of it. */
static void migrate(bool has_consumer_protocol, bool is_troubled, bool is_hasty)
{
    for (int slot = 0; slot < MEMBERS; slot++) {
        replace(slot, has_consumer_protocol);
        produce_for((int64_t)sim_below(2000));
        if (is_troubled && sim_one_in(2))
            move_coordinator();
        else if (is_troubled)
            crash_coordinator();
        if (!is_hasty)
            settle();
    }
    sim_await_actions();
    settle();
}

SIM_SCENARIO(group_migration, "a group goes over to the consumer protocol and back as it consumes")
{
    bool is_troubled = sim_one_in(2), is_hasty = sim_one_in(2);
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    sim_group();
    rk_mock_cluster_set_group_delay(sim_mock(), (int)sim_below(500));
    rk_mock_cluster_set_consumer_session(sim_mock(), SESSION_MS);
    rk_mock_cluster_set_consumer_heartbeat(sim_mock(), 1000);
    assignor = sim_one_in(2) ? "cooperative-sticky" : "range";
    sim_note("assignor: %s%s%s", assignor, is_troubled ? ", coordinators move" : "",
             is_hasty ? ", in haste" : "");
    producer = sim_producer("linger.ms", "5", "socket.timeout.ms", "5000", NULL);
    for (int slot = 0; slot < MEMBERS; slot++)
        join(slot, false);
    produce_for(1000);
    settle();
    if (is_troubled)
        sim_group_disturb(true);
    migrate(true, is_troubled, is_hasty);
    if (is_hasty)
        sim_group_disturb(true);
    migrate(false, is_troubled, is_hasty);
    const char *uncommitted = sim_history_uncommitted();
    sim_check(!uncommitted, "%s", uncommitted);
    sim_group_end();
}
