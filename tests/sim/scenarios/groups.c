/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consumer groups, one trouble at a time: a rolling restart, static members, an application that
 * does not poll, refused epochs, seeks and pauses, the end of members whatever the cluster does
 * (acceptance scenarios 11, 13 to 15, 18, 26; group_migration.c has the rest of 15). members.h says
 * what must hold in each.
 */
#include "mock/mock_cluster.h"
#include "sim/members.h"
#include "wire/api.h"

enum { BROKERS = 3, PARTITIONS = 6, SETTLE_MS = 30000, SESSION_MS = 6000, MAX_POLL_MS = 10000 };

static struct sim_client *producer;
static const char *assignor; /* NULL: the coordinator assigns (KIP-848). */

/* `has_both`: with one or the other protocol. */
static void begin(bool has_both)
{
    sim_cluster(BROKERS);
    sim_topic("t", PARTITIONS, BROKERS);
    sim_group();
    rk_mock_cluster_set_group_delay(sim_mock(), (int)sim_below(500));
    rk_mock_cluster_set_consumer_session(sim_mock(), SESSION_MS);
    rk_mock_cluster_set_consumer_heartbeat(sim_mock(), 1000);
    assignor = sim_one_in(2) ? "cooperative-sticky" : "range";
    if (has_both && sim_one_in(2))
        assignor = NULL;
    sim_note("assignor: %s", assignor ? assignor : "the coordinator's");
    producer = sim_producer("linger.ms", "5", "socket.timeout.ms", "5000", NULL);
}

/* What both protocols have. */
#define COMMON                                                                                    \
    "max.poll.interval.ms", "10000", "group.instance.id", instance_id, "auto.commit.interval.ms", \
        "500", "auto.offset.reset", "earliest", "socket.timeout.ms", "5000",                      \
        "reconnect.backoff.max.ms", "1000"

static struct sim_member *join(int slot, const char *instance_id)
{
    struct sim_member *member =
        assignor ? sim_member(slot, "partition.assignment.strategy", assignor, "session.timeout.ms",
                              "6000", "heartbeat.interval.ms", "1000", COMMON, NULL)
                 : sim_member(slot, "group.protocol", "consumer", COMMON, NULL);
    sim_member_subscribe(member, "t", NULL);
    return member;
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
}

/* 11 */

SIM_SCENARIO(group_bounce, "brokers are restarted one by one: no rebalance, all is committed")
{
    begin(true);
    for (int i = 0; i < 3; i++)
        join(i, "");
    produce_for(1000);
    settle();
    int before = sim_group_rebalances();
    sim_group_disturb(true);
    for (int broker = 1; broker <= BROKERS; broker++) {
        rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", broker % BROKERS + 1);
        sim_leaders_leave(broker);
        produce_for(300);
        sim_broker_stop(broker);
        produce_for(1000 + (int64_t)sim_below(3000));
        sim_broker_start(broker);
        produce_for(3000);
    }
    sim_await_actions();
    settle();
    sim_check(sim_group_rebalances() == before, "%d rebalances while brokers were restarted",
              sim_group_rebalances() - before);
    const char *uncommitted = sim_history_uncommitted();
    sim_check(!uncommitted, "%s", uncommitted);
    sim_group_end();
}

/* The next one is found before the session ends, which is not begun anew here. */
SIM_SCENARIO(group_frozen, "the coordinator stands still and is replaced: nobody loses anything")
{
    begin(false);
    bool has_consumer_protocol = sim_one_in(2);
    rk_mock_cluster_set_consumer_session(sim_mock(), 3 * SESSION_MS);
    rk_mock_cluster_set_consumer_heartbeat(sim_mock(), 1000);
    for (int i = 0; i < 3; i++) {
        struct sim_member *member =
            has_consumer_protocol
                ? sim_member(i, "group.protocol", "consumer", "auto.offset.reset", "earliest", NULL)
                : sim_member(i, "partition.assignment.strategy", assignor, "session.timeout.ms",
                             "18000", "heartbeat.interval.ms", "1000", "auto.offset.reset",
                             "earliest", NULL);
        sim_member_subscribe(member, "t", NULL);
    }
    produce_for(1000);
    settle();
    int before = sim_group_rebalances();
    sim_group_disturb(true);
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", 1);
    produce_for(2000);
    sim_freeze(1);
    produce_for(1000 + (int64_t)sim_below(3000));
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", 2);
    sim_leaders_leave(1);
    produce_for(60000);
    sim_heal(1);
    sim_await_actions();
    settle();
    sim_check(sim_group_rebalances() == before, "%d rebalances while it stood still",
              sim_group_rebalances() - before);
    sim_group_end();
}

SIM_SCENARIO(group_half_open, "connections are dead and do not say so; others would wait for them")
{
    begin(false);
    for (int i = 0; i < 3; i++) {
        struct sim_member *member =
            sim_member(i, "partition.assignment.strategy", assignor, "session.timeout.ms", "6000",
                       "heartbeat.interval.ms", "1000", "max.poll.interval.ms", "300000",
                       "socket.timeout.ms", "5000", "auto.offset.reset", "earliest", NULL);
        if (i < 2) {
            sim_member_subscribe(member, "t", NULL);
            continue;
        }
        produce_for(3000);
        sim_group_disturb(true);
        sim_half_open(0);
        sim_heal(0);
        sim_member_subscribe(member, "t", NULL);
    }
    settle();
    for (int i = 0; i < 3; i++)
        sim_check(sim_member_count(sim_member_at(i)) == PARTITIONS / 3,
                  "member %d has %d partitions", i, sim_member_count(sim_member_at(i)));
    sim_group_end();
}

SIM_SCENARIO(group_lone_join, "a member joins again by a connection that is dead: nobody says so")
{
    begin(false);
    sim_topic("u", PARTITIONS, BROKERS);
    struct sim_member *member =
        sim_member(0, "partition.assignment.strategy", assignor, "session.timeout.ms", "6000",
                   "heartbeat.interval.ms", "1000", "max.poll.interval.ms", "300000",
                   "socket.timeout.ms", "5000", "auto.offset.reset", "earliest", NULL);
    sim_member_subscribe(member, "t", NULL);
    sim_run_for(3000 + (int64_t)sim_below(1000)); /* The connection of JoinGroup is still there. */
    sim_check(sim_member_count(member) == PARTITIONS, "it has not joined");
    sim_group_disturb(true);
    sim_half_open(0);
    sim_heal(0);
    sim_member_subscribe(member, "t", "u", NULL);
    sim_group_settle(SETTLE_MS, "t", "u", NULL);
    sim_group_end();
}

/* 13 */

SIM_SCENARIO(group_static, "a static member is back in time; then another process takes its name")
{
    begin(true);
    struct sim_member *members[] = {join(0, "i0"), join(1, "i1"), join(2, "i2")};
    produce_for(1000);
    settle();
    int had = sim_member_count(members[1]);
    int others =
        members[0]->assigns + members[0]->revokes + members[2]->assigns + members[2]->revokes;
    if (assignor && sim_one_in(2))
        sim_member_die(members[1]); /* With KIP-848 its name would stay taken. */
    else
        sim_member_leave(members[1]);
    sim_member_await_end(members[1]);
    produce_for((int64_t)sim_below(SESSION_MS / 2));
    members[1] = join(1, "i1");
    settle();
    sim_check(sim_member_count(members[1]) == had, "it had %d partitions and has %d", had,
              sim_member_count(members[1]));
    sim_check(members[0]->assigns + members[0]->revokes + members[2]->assigns +
                      members[2]->revokes ==
                  others,
              "the others were disturbed");
    sim_group_disturb(true);
    struct sim_member *twin = join(3, "i1");
    /* The name is the last one's, and with KIP-848 the first one's. */
    struct sim_member *fenced = assignor ? members[1] : twin;
    struct sim_member *other = assignor ? twin : members[1];
    fenced->may_be_fenced = true;
    produce_for(3000);
    sim_check(fenced->fatal == (assignor ? RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID
                                         : RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID),
              "one of the two is not fenced");
    sim_check(!other->fatal && sim_member_count(other) == had, "the other does not go on");
    sim_member_leave(fenced);
    sim_member_await_end(fenced);
    settle();
    sim_check(sim_member_count(other) == had, "the other goes with it");
    sim_group_end();
}

/* 14 */

SIM_SCENARIO(group_missed_poll, "an application misses its poll interval while others join")
{
    begin(true);
    struct sim_member *slow = join(0, "");
    join(1, "");
    produce_for(1000);
    settle();
    produce_for(1000);
    sim_check(sim_member_count(slow) > 0, "it has nothing to lose");
    sim_member_stall(slow, MAX_POLL_MS + 1000 + (int64_t)sim_below(MAX_POLL_MS));
    produce_for((int64_t)sim_below(MAX_POLL_MS));
    join(2, "");
    produce_for(2 * MAX_POLL_MS);
    settle();
    sim_check(slow->losses > 0, "it was not told that its partitions are lost");
    sim_group_end();
}

/* 15 */

static struct sim_member *join_with_consumer_protocol(int slot)
{
    struct sim_member *member =
        sim_member(slot, "group.protocol", "consumer", "max.poll.interval.ms", "10000",
                   "auto.commit.interval.ms", "500", "auto.offset.reset", "earliest",
                   "socket.timeout.ms", "5000", "reconnect.backoff.max.ms", "1000", NULL);
    member->callback_ms = 500;
    sim_member_subscribe(member, "t", NULL);
    return member;
}

static void refuse_some(void)
{
    static const struct {
        int16_t api_key;
        rd_kafka_resp_err_t err;
    } rows[] = {
        {RK_API_CONSUMER_GROUP_HEARTBEAT, RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH},
        {RK_API_CONSUMER_GROUP_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID},
        {RK_API_CONSUMER_GROUP_HEARTBEAT, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},
        {RK_API_CONSUMER_GROUP_HEARTBEAT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
        {RK_API_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH},
        {RK_API_OFFSET_FETCH, RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH},
        {RK_API_OFFSET_FETCH, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID},
    };
    size_t row = sim_below(sizeof(rows) / sizeof(rows[0]));
    const struct rk_mock_error error = {.err = rows[row].err};
    sim_note("the next answers to %s: %s", rk_api_name(rows[row].api_key),
             rd_kafka_err2name(error.err));
    for (uint64_t i = 1 + sim_below(5); i > 0; i--)
        rk_mock_cluster_push_errors(sim_mock(), rows[row].api_key, &error, 1);
}

SIM_SCENARIO(group_epochs,
             "epochs are refused in storms, and coordinators move amid reconciliation")
{
    begin(false);
    rk_mock_cluster_set_consumer_session(sim_mock(), SESSION_MS);
    rk_mock_cluster_set_consumer_heartbeat(sim_mock(), 500);
    for (int i = 0; i < 3; i++)
        join_with_consumer_protocol(i);
    produce_for(1000);
    settle();
    sim_group_disturb(true);
    for (int i = 0; i < 20; i++) {
        struct sim_member *fourth = sim_member_at(3);
        if (sim_one_in(2))
            refuse_some();
        if (!fourth && sim_one_in(4))
            join_with_consumer_protocol(3);
        else if (fourth && sim_one_in(2))
            sim_member_leave(fourth);
        produce_for((int64_t)sim_below(1500)); /* They reconcile. */
        if (sim_one_in(4))
            rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", 1 + (int)sim_below(BROKERS));
        if (fourth && fourth->has_ended)
            sim_member_await_end(fourth);
    }
    settle();
    for (int i = 0; i < 3; i++)
        sim_check(sim_member_count(sim_member_at(i)) > 0, "member %d has nothing", i);
    const char *uncommitted = sim_history_uncommitted();
    sim_check(!uncommitted, "%s", uncommitted);
    sim_group_end();
}

/* 18 */

SIM_SCENARIO(group_moves, "members seek and pause what they have while others come and go")
{
    begin(true);
    for (int i = 0; i < 3; i++)
        join(i, "")->plays = true;
    for (int i = 0; i < 6; i++) {
        struct sim_member *member = sim_member_at(3);
        produce_for(1000 + (int64_t)sim_below(3000));
        if (member)
            sim_member_leave(member);
        else
            join(3, "")->plays = true;
        if (member)
            sim_member_await_end(member);
    }
    for (int i = 0; i < 4; i++) {
        if (sim_member_at(i))
            sim_member_at(i)->plays = false;
    }
    settle();
    sim_group_end();
}

/* 26 */

SIM_SCENARIO(group_ends, "members leave and die whatever the state of the cluster and the group")
{
    static void (*const faults[])(int broker) = {
        sim_blackhole, sim_half_open,   sim_refuse,           sim_hang_connects, sim_silent,
        sim_reset,     sim_broker_stop, sim_broker_power_off, sim_small_buffers, sim_freeze,
    };
    begin(true);
    sim_group_disturb(true);
    for (int i = 0; i < 4; i++) {
        struct sim_member *member = join(i, i == 3 ? "i" : "");
        member->callback_ms = sim_one_in(2) ? 0 : 1000;
        produce_for((int64_t)sim_below(1000));
    }
    produce_for((int64_t)sim_below(3000));
    if (!sim_one_in(4))
        faults[sim_below(sizeof(faults) / sizeof(faults[0]))](0);
    sim_run_for((int64_t)sim_below(sim_one_in(2) ? 100 : 10000));
    for (int i = 0; i < 4; i++) {
        if (sim_one_in(2))
            sim_member_die(sim_member_at(i));
        sim_run_for((int64_t)sim_below(100));
    }
    sim_group_end();
}
