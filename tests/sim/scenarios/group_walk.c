/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ten members of a group come and go at random (acceptance scenario 12): they join, leave, die,
 * stall for shorter and longer than max.poll.interval.ms, subscribe to something else, while
 * records are produced, topics grow, coordinators move and crash, and links fail. members.h says
 * what must hold. In the end all is well again: the group settles within a bound.
 *
 * Brokers never stand still, and packets are lost for good: a commit that was given up long ago
 * must not arrive in the end, which nobody can prevent.
 */
#include <stdio.h>

#include "mock/mock_cluster.h"
#include "mock/mock_state.h"
#include "sim/members.h"

enum { SLOTS = 10, BROKERS = 3, TOPICS = 3, STEPS = 50, PARTITIONS_MAX = 12 };
enum { SESSION_MS = 6000, MAX_POLL_MS = 10000, SETTLE_MS = 60000, REQUESTS_MAX = 400 };

static const char *const topics[TOPICS] = {"a", "b", "c"};

static struct {
    const char *assignors; /* NULL: the coordinator assigns (KIP-848). */
    struct sim_client *producer;
    int partition_count[TOPICS];
    bool is_stormy; /* A fault may come, */
    bool is_off;    /* or not any more. */
} walk;

#define ONE_OF(...)                            \
    one_of((const char *const[]){__VA_ARGS__}, \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static const char *one_of(const char *const *values, uint64_t count)
{
    return values[sim_below(count)];
}

/* Faults */

static void move_coordinator(int broker)
{
    sim_note_fault("the coordinator is broker %d", broker);
    rk_mock_cluster_set_coordinator(sim_mock(), "group", "g", broker);
}

static void any_fault(int unused)
{
    static void (*const faults[])(int broker) = {sim_broker_stop,   sim_reset,  sim_half_open,
                                                 sim_refuse,        sim_heal,   sim_leaders_leave,
                                                 sim_small_buffers, sim_silent, move_coordinator};
    int broker = 1 + (int)sim_below(BROKERS);
    (void)unused;
    if (walk.is_off)
        return;
    faults[sim_below(sizeof(faults) / sizeof(faults[0]))](broker);
    if (sim_one_in(2))
        sim_at((int64_t)sim_below(15000), sim_broker_start, broker);
    if (sim_one_in(3))
        sim_at((int64_t)sim_below(15000), move_coordinator, 1 + (int)sim_below(BROKERS));
    sim_at((int64_t)sim_below(10000), any_fault, 0);
}

static void begin_storm(void)
{
    walk.is_off = false;
    walk.is_stormy = true;
    sim_group_disturb(true);
    sim_at(0, any_fault, 0);
}

static void end_storm(void)
{
    walk.is_off = true;
    walk.is_stormy = false;
    sim_await_actions();
    sim_broker_start(0);
    sim_heal(0);
    sim_await_actions();
    sim_group_disturb(false);
}

/* Steps */

static struct sim_member *any_member(void)
{
    struct sim_member *member = sim_member_at((int)sim_below(SLOTS));
    if (member && member->fatal) /* A static one whose name was taken: by its own JoinGroup, when */
        sim_member_leave(member); /* the answer to an older one was lost. */
    return member && member->order == SIM_MEMBER_LIVES ? member : NULL;
}

static void subscribe(struct sim_member *member)
{
    switch (sim_below(6)) {
    case 0:
        sim_member_subscribe(member, topics[sim_below(TOPICS)], NULL);
        break;
    case 1:
        sim_member_subscribe(member, "a", "b", NULL);
        break;
    case 2:
        sim_member_subscribe(member, "^[bc]$", NULL);
        break;
    default:
        sim_member_subscribe(member, "a", "b", "c", NULL);
    }
}

/* What both protocols have. */
#define COMMON                                                                                    \
    "max.poll.interval.ms", "10000", "group.instance.id", instance, "enable.auto.commit",         \
        sim_one_in(3) ? "false" : "true", "auto.commit.interval.ms", ONE_OF("100", "5000"),       \
        "auto.offset.reset", "earliest", "socket.timeout.ms", "5000", "reconnect.backoff.max.ms", \
        "1000", "topic.metadata.refresh.interval.ms", ONE_OF("3000", "300000"),                   \
        "fetch.wait.max.ms", ONE_OF("100", "500")

static void join(int slot)
{
    char instance[16] = "";
    struct sim_member *member;
    if (slot % 3 == 0)
        snprintf(instance, sizeof(instance), "i%d", slot);
    if (walk.assignors)
        member =
            sim_member(slot, "partition.assignment.strategy", walk.assignors, "session.timeout.ms",
                       "6000", "heartbeat.interval.ms", "1000", COMMON, NULL);
    else
        member = sim_member(slot, "group.protocol", "consumer", "group.remote.assignor",
                            ONE_OF("uniform", "range"), COMMON, NULL);
    member->callback_ms = sim_one_in(3) ? 2000 : 0;
    subscribe(member);
}

static void step_join(void)
{
    int slot = (int)sim_below(SLOTS);
    struct sim_member *member = sim_member_at(slot);
    if (member && member->has_ended)
        sim_member_await_end(member);
    if (!sim_member_at(slot))
        join(slot);
}

static void grow(struct rk_mock_cluster *mock, void *argument)
{
    int i = *(const int *)argument;
    rk_mock_topic_grow(mock, rk_mock_topic_find(mock, topics[i]), walk.partition_count[i]);
}

static void step_topic(void)
{
    int i = (int)sim_below(TOPICS);
    if (walk.partition_count[i] == PARTITIONS_MAX || !sim_one_in(3))
        return;
    walk.partition_count[i]++;
    sim_note("%s has %d partitions", topics[i], walk.partition_count[i]);
    rk_mock_cluster_run(sim_mock(), grow, &i);
}

static void step(void)
{
    struct sim_member *member = any_member();
    int at = (int)sim_below(12);
    sim_produce(walk.producer, topics[sim_below(TOPICS)], -1, (int)sim_below(20));
    if (at < 4 || !member) {
        step_join();
        return;
    }
    switch (at) {
    case 4:
        sim_member_leave(member);
        break;
    case 5:
        sim_member_die(member);
        break;
    case 6:
        sim_member_stall(member, MAX_POLL_MS / 10 + (int64_t)sim_below(MAX_POLL_MS / 2));
        break;
    case 7:
        sim_member_stall(member, MAX_POLL_MS + (int64_t)sim_below(MAX_POLL_MS));
        break;
    case 8:
        subscribe(member);
        break;
    case 9:
        rd_kafka_unsubscribe(sim_handle(member->client));
        sim_note("member %d unsubscribes", member->slot);
        break;
    case 10:
        step_topic();
        break;
    default:
        if (walk.is_stormy)
            end_storm();
        else if (sim_one_in(2))
            begin_storm();
    }
}

static void settle(void)
{
    if (walk.is_stormy)
        end_storm();
    sim_note("the last change");
    for (int i = 0; i < SLOTS; i++) {
        struct sim_member *member = sim_member_at(i);
        if (member && member->fatal)
            sim_member_leave(member);
        if (member && member->order != SIM_MEMBER_LIVES) {
            sim_member_await_end(member);
            member = NULL;
        }
        if (!member)
            join(i);
        sim_member_at(i)->stall_ms = 0;
        sim_member_subscribe(sim_member_at(i), "a", "b", "c", NULL);
    }
    sim_flush(walk.producer, SETTLE_MS);
    sim_group_settle(SETTLE_MS, "a", "b", "c", NULL);
}

static void run(const char *assignors)
{
    sim_cluster(BROKERS);
    sim_connect_cap(12 * (SLOTS + 1)); /* For each purpose up to four attempts. */
    walk.assignors = assignors;
    sim_group();
    for (int i = 0; i < TOPICS; i++) {
        walk.partition_count[i] = 1 + (int)sim_below(6);
        sim_topic(topics[i], walk.partition_count[i], BROKERS);
    }
    rk_mock_cluster_set_group_delay(sim_mock(), (int)sim_below(1000));
    rk_mock_cluster_set_consumer_session(sim_mock(), SESSION_MS);
    rk_mock_cluster_set_consumer_heartbeat(sim_mock(), 1000);
    sim_note("assignors: %s", walk.assignors ? walk.assignors : "the coordinator's");
    walk.producer = sim_producer("linger.ms", "5", "topic.metadata.refresh.interval.ms", "3000",
                                 "socket.timeout.ms", "5000", NULL);
    for (int i = 0; i < STEPS; i++) {
        step();
        sim_poll_for(walk.producer, (int64_t)sim_below(sim_one_in(4) ? 10000 : 1000));
    }
    settle();
    sim_check(sim_group_busiest_second() <= REQUESTS_MAX, "storm: %d requests within a second",
              sim_group_busiest_second());
    sim_group_end();
}

SIM_SCENARIO(group_walk, "members of a group come and go at random under random faults")
{
    run(ONE_OF("range", "roundrobin", "range,roundrobin", "sticky", "cooperative-sticky",
               "cooperative-sticky"));
}

SIM_SCENARIO(group_walk_consumer, "the same with the consumer protocol (KIP-848)")
{
    run(NULL);
}
