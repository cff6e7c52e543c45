/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups of the classic protocol, without a network: requests and the time go in, answers come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "mock/mock_group.h"

#define SECOND UINT64_C(1000000)

/* A client with one request on its way. */
struct client {
    struct rk_mock_classic_wait wait;
    int answers;
    rd_kafka_resp_err_t err;
    int32_t generation;
    char id[64], leader[64], protocol[32], assignment[32];
    int member_count; /* That it was told. */
    bool skips;
};

struct world {
    struct rk_mock_groups groups;
    uint64_t now_us;
};

static void copy(char *to, size_t size, const char *from)
{
    rk_text_copy(to, size, from ? from : "");
}

static void on_answer(struct rk_mock_classic_wait *wait,
                      const struct rk_mock_classic_result *result)
{
    struct client *client = rk_container_of(wait, struct client, wait);
    client->answers++;
    client->err = result->err;
    client->skips = result->skips_assignment;
    if (result->member_id && result->member_id[0] && result->member_id != client->id)
        copy(client->id, sizeof(client->id), result->member_id);
    copy(client->leader, sizeof(client->leader), result->leader);
    if (!result->member)
        return;
    client->generation = result->group->classic.generation;
    copy(client->protocol, sizeof(client->protocol), result->group->classic.protocol);
    client->member_count =
        result->tells_members ? (int)HASH_COUNT(result->group->classic.members) : 0;
    snprintf(client->assignment, sizeof(client->assignment), "%.*s",
             result->member->assignment_size, (const char *)result->member->assignment);
}

struct join_options {
    const char *id, *instance, *type, *metadata;
    const char *protocols[3];
    int version, session_ms, rebalance_ms;
};

/* What is not said is as for an ordinary consumer with range and roundrobin. */
static void join_with(struct world *world, struct client *client, struct join_options options)
{
    struct rk_join_group_request_protocol protocols[3];
    struct rk_join_group_request request;
    const char *metadata = options.metadata ? options.metadata : "topics";
    rk_join_group_request_init(&request);
    if (!options.protocols[0]) {
        options.protocols[0] = "range";
        options.protocols[1] = "roundrobin";
    }
    request.protocols.items = protocols;
    for (int i = 0; i < 3 && options.protocols[i]; i++) {
        protocols[i].name = options.protocols[i];
        protocols[i].metadata.data = (const uint8_t *)metadata;
        protocols[i].metadata.size = (int32_t)strlen(metadata);
        request.protocols.count++;
    }
    request.group_id = "g";
    request.member_id = options.id ? options.id : client->id;
    request.group_instance_id = options.instance;
    request.protocol_type = options.type ? options.type : "consumer";
    request.session_timeout_ms = options.session_ms ? options.session_ms : 10000;
    request.rebalance_timeout_ms = options.rebalance_ms ? options.rebalance_ms : 60000;
    client->wait.answer = on_answer;
    client->answers = 0;
    rk_mock_classic_join(&world->groups, &request, (int16_t)(options.version ? options.version : 9),
                         "client", &client->wait, world->now_us);
}

static void join(struct world *world, struct client *client)
{
    join_with(world, client, (struct join_options){0});
}

/* With both steps of version 4 and later. */
static void join_fresh(struct world *world, struct client *client)
{
    join(world, client);
    assert_int_equal(client->answers, 1);
    assert_int_equal(client->err, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    join(world, client);
}

static void sync_as(struct world *world, struct client *client, const char *instance,
                    const char *protocol, struct client **assigned, int count)
{
    struct rk_sync_group_request_assignment assignments[4];
    struct rk_sync_group_request request;
    rk_sync_group_request_init(&request);
    request.group_id = "g";
    request.generation_id = client->generation;
    request.member_id = client->id;
    request.group_instance_id = instance;
    request.protocol_name = protocol;
    for (int i = 0; i < count; i++) {
        assignments[i].member_id = assigned[i]->id;
        assignments[i].assignment.data = (const uint8_t *)assigned[i]->id;
        assignments[i].assignment.size = (int32_t)strlen(assigned[i]->id);
    }
    request.assignments.items = assignments;
    request.assignments.count = count;
    client->wait.answer = on_answer;
    client->answers = 0;
    rk_mock_classic_sync(&world->groups, &request, &client->wait, world->now_us);
}

static void sync(struct world *world, struct client *client)
{
    sync_as(world, client, NULL, NULL, NULL, 0);
}

static rd_kafka_resp_err_t beat_as(struct world *world, const struct client *client,
                                   const char *instance)
{
    struct rk_heartbeat_request request;
    rk_heartbeat_request_init(&request);
    request.group_id = "g";
    request.generation_id = client->generation;
    request.member_id = client->id;
    request.group_instance_id = instance;
    return rk_mock_classic_heartbeat(&world->groups, &request, world->now_us);
}

static rd_kafka_resp_err_t beat(struct world *world, const struct client *client)
{
    return beat_as(world, client, NULL);
}

static rd_kafka_resp_err_t leave(struct world *world, const struct client *client)
{
    return rk_mock_classic_leave(&world->groups, "g", client->id, NULL, world->now_us);
}

static rd_kafka_resp_err_t commit(struct world *world, const struct client *client)
{
    return rk_mock_group_check_commit(&world->groups, "g", client->generation, client->id, NULL,
                                      world->now_us);
}

/* The time goes on to then, with all that is due on the way. */
static void wait_until(struct world *world, uint64_t until_us)
{
    while (world->groups.wake_at_us <= until_us) {
        world->now_us = RK_MAX(world->now_us, world->groups.wake_at_us);
        rk_mock_groups_on_time(&world->groups, world->now_us);
    }
    world->now_us = until_us;
}

static void pass(struct world *world, uint64_t us)
{
    wait_until(world, world->now_us + us);
}

static const struct rk_mock_group *group_of(struct world *world)
{
    return rk_mock_group_find(&world->groups, "g");
}

static int set_up(void **state)
{
    struct world *world = RK_NEW(struct world);
    rk_mock_groups_init(&world->groups);
    world->now_us = 1000 * SECOND;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    rk_mock_groups_clear(&world->groups);
    assert_int_equal(world->groups.size, 0);
    rk_free(world);
    return 0;
}

/* Two members, assigned. */
static void start_two(struct world *world, struct client *a, struct client *b)
{
    join_fresh(world, a);
    join_fresh(world, b);
    pass(world, 3 * SECOND); /* For b, */
    pass(world, 3 * SECOND); /* and once more, for nobody. */
    assert_int_equal(a->answers + b->answers, 2);
    sync_as(world, a, NULL, NULL, (struct client *[]){a, b}, 2);
    sync(world, b);
    assert_int_equal(a->answers + b->answers, 2);
}

static void test_first_members_are_waited_for(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, c = {0};
    join_fresh(world, &a);
    pass(world, 2 * SECOND);
    join_fresh(world, &b);
    pass(world, 2 * SECOND);
    assert_int_equal(a.answers, 0); /* b came: another three seconds from 3.0. */
    pass(world, 2 * SECOND);
    assert_int_equal(a.answers, 1);
    assert_int_equal(b.answers, 1);
    assert_int_equal(a.generation, 1);
    assert_string_equal(a.leader, a.id);
    assert_int_equal(a.member_count, 2);
    assert_int_equal(b.member_count, 0);
    assert_string_equal(b.leader, a.id);
    assert_string_equal(b.protocol, "range");

    world->groups.first_delay_us = 0;
    assert_int_equal(leave(world, &a), 0);
    assert_int_equal(leave(world, &b), 0);
    assert_string_equal(rk_mock_group_state_name(group_of(world)), "Empty");
    join_fresh(world, &c);
    pass(world, 0);
    assert_int_equal(c.answers, 1);
}

static void test_two_members_and_a_third(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, c = {0};
    start_two(world, &a, &b);
    assert_string_equal(a.assignment, a.id);
    assert_string_equal(b.assignment, b.id);
    assert_string_equal(rk_mock_group_state_name(group_of(world)), "Stable");
    assert_int_equal(beat(world, &a), 0);
    sync(world, &b); /* Again: the same. */
    assert_string_equal(b.assignment, b.id);

    join_fresh(world, &c);
    assert_int_equal(c.answers, 0);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(commit(world, &a), 0);
    sync(world, &b);
    assert_int_equal(b.err, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(world, &b);
    join(world, &a);
    assert_int_equal(a.answers + b.answers + c.answers, 3);
    assert_int_equal(a.generation, 2);
    assert_string_equal(c.leader, a.id);
    assert_int_equal(commit(world, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(beat(world, &b), 0);
    sync(world, &c);
    assert_int_equal(c.answers, 0);
    sync_as(world, &a, NULL, "range", (struct client *[]){&b, &c}, 2);
    assert_string_equal(a.assignment, ""); /* Left out. */
    assert_string_equal(c.assignment, c.id);
    sync(world, &b);
    assert_string_equal(b.assignment, b.id);
    assert_int_equal(commit(world, &b), 0);
}

static void test_a_member_leaves(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0};
    start_two(world, &a, &b);
    assert_int_equal(leave(world, &a), 0);
    assert_int_equal(leave(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(world, &b);
    assert_int_equal(b.answers, 1);
    assert_string_equal(b.leader, b.id);
    assert_int_equal(b.member_count, 1);
    assert_int_equal(leave(world, &b), 0);
    assert_true(rk_mock_group_is_empty(group_of(world)));
    assert_int_equal(group_of(world)->classic.generation, 3);
}

static void test_a_member_dies(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0};
    start_two(world, &a, &b);
    for (int i = 0; i < 9; i++) {
        pass(world, SECOND);
        assert_int_equal(beat(world, &b), 0);
    }
    pass(world, SECOND);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(world, &b);
    assert_int_equal(b.answers, 1);
    assert_int_equal(b.member_count, 1);
}

static void test_a_member_misses_the_rebalance(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, c = {0};
    start_two(world, &a, &b);
    join_fresh(world, &c);
    join(world, &b);
    for (int i = 0; i < 59; i++) {
        pass(world, SECOND);
        assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    }
    assert_int_equal(b.answers, 0);
    pass(world, SECOND);
    assert_int_equal(b.answers + c.answers, 2);
    assert_string_equal(b.leader, b.id);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);

    sync_as(world, &b, NULL, NULL, (struct client *[]){&b, &c}, 2);
    for (int i = 0; i < 59; i++) { /* c never asks for its assignment. */
        pass(world, SECOND);
        assert_int_equal(beat(world, &b), 0);
        assert_int_equal(beat(world, &c), 0);
    }
    pass(world, SECOND);
    assert_int_equal(beat(world, &c), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

static void test_member_ids(void **state)
{
    struct world *world = *state;
    struct client a = {0}, old = {0}, stray = {0};
    join(world, &a);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    a.generation = 0;
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    sync(world, &a);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    pass(world, 11 * SECOND);
    join(world, &a);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    a.id[0] = '\0';
    join_fresh(world, &a);
    join_with(world, &old, (struct join_options){.version = 3});
    assert_int_equal(old.answers, 0); /* Needs no id. */
    join_with(world, &stray, (struct join_options){.id = "stray"});
    assert_int_equal(stray.err, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    pass(world, 6 * SECOND);
    assert_int_equal(a.answers + old.answers, 2);
}

static void test_an_unused_id_holds_up_the_rebalance(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, c = {0};
    start_two(world, &a, &b);
    join(world, &c); /* Was given an id, and does not come back. */
    assert_int_equal(leave(world, &a), 0);
    join(world, &b);
    assert_int_equal(b.answers, 0);
    pass(world, 10 * SECOND);
    assert_int_equal(b.answers, 1);
}

static void test_what_is_refused(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, other = {0};
    join_with(world, &other, (struct join_options){.session_ms = -1});
    assert_int_equal(other.err, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT);
    assert_null(group_of(world));
    start_two(world, &a, &b);
    join_with(world, &other, (struct join_options){.protocols = {"sticky"}});
    assert_int_equal(other.err, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    join_with(world, &other, (struct join_options){.type = "connect"});
    assert_int_equal(other.err, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    join_with(world, &other, (struct join_options){.type = ""});
    assert_int_equal(other.err, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    sync_as(world, &b, NULL, "roundrobin", NULL, 0);
    assert_int_equal(b.err, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    b.generation++;
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(commit(world, &b), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    b.generation = -1;
    assert_int_equal(commit(world, &b), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    b.id[0] = '\0';
    assert_int_equal(commit(world, &b), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(leave(world, &a), 0);
}

static void test_the_protocol_that_all_have(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, c = {0};
    world->groups.first_delay_us = SECOND;
    join_with(world, &a, (struct join_options){.version = 3, .protocols = {"x", "y", "z"}});
    join_with(world, &b, (struct join_options){.version = 3, .protocols = {"z", "y"}});
    join_with(world, &c, (struct join_options){.version = 3, .protocols = {"z", "y"}});
    pass(world, 2 * SECOND);
    assert_int_equal(a.answers + b.answers + c.answers, 3);
    assert_string_equal(a.protocol, "z"); /* Two votes for one. */
}

static void test_rejoining(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0};
    start_two(world, &a, &b);
    join(world, &b); /* Follower, nothing new: no rebalance. */
    assert_int_equal(b.answers, 1);
    assert_int_equal(b.generation, 1);
    join_with(world, &b, (struct join_options){.metadata = "more topics"});
    assert_int_equal(b.answers, 0);
    join(world, &a);
    assert_int_equal(a.generation, 2);
    join(world, &a); /* The answer was lost: the same once more, members and all. */
    assert_int_equal(a.generation, 2);
    assert_int_equal(a.member_count, 2);
    sync_as(world, &a, NULL, NULL, (struct client *[]){&a, &b}, 2);
    sync(world, &b);
    join(world, &a); /* The leader may have seen new partitions. */
    assert_int_equal(a.answers, 0);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(leave(world, &a), 0);
    assert_int_equal(a.answers, 1);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void test_a_second_join_replaces_the_first(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, again;
    start_two(world, &a, &b);
    join_with(world, &b, (struct join_options){.metadata = "other"});
    again = (struct client){0};
    join_with(world, &again, (struct join_options){.metadata = "other", .id = b.id});
    join(world, &a);
    assert_int_equal(again.answers, 1);
    assert_int_equal(b.answers, 0);
    assert_null(b.wait.place);
}

static void test_a_lost_connection(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0};
    start_two(world, &a, &b);
    join_with(world, &b, (struct join_options){.metadata = "other"});
    rk_mock_classic_wait_abandon(&b.wait);
    join(world, &a);
    assert_int_equal(a.answers, 1); /* b counts as joined, */
    assert_int_equal(a.member_count, 2);
    assert_int_equal(b.answers, 0);
    sync(world, &a);
    for (int i = 0; i < 9; i++) {
        pass(world, SECOND);
        assert_int_equal(beat(world, &a), 0);
    }
    pass(world, SECOND);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS); /* until it dies. */
}

static void join_static(struct world *world, struct client *client, const char *instance,
                        int version)
{
    client->id[0] = '\0';
    join_with(world, client, (struct join_options){.instance = instance, .version = version});
}

static void start_two_static(struct world *world, struct client *a, struct client *b)
{
    world->groups.first_delay_us = SECOND;
    join_static(world, a, "one", 9);
    join_static(world, b, "two", 9);
    pass(world, 3 * SECOND);
    sync_as(world, a, "one", NULL, (struct client *[]){a, b}, 2);
    sync_as(world, b, "two", NULL, NULL, 0);
    assert_int_equal(a->answers + b->answers, 2);
}

static void test_a_static_member_returns(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, old;
    start_two_static(world, &a, &b);
    old = b;
    join_static(world, &b, "two", 9);
    assert_int_equal(b.answers, 1);
    assert_int_equal(b.generation, 1);
    assert_string_not_equal(b.id, old.id);
    sync_as(world, &b, "two", NULL, NULL, 0);
    assert_string_equal(b.assignment, old.id); /* What the leader had sent. */
    assert_int_equal(beat_as(world, &a, "one"), 0);
    assert_int_equal(beat_as(world, &old, "two"), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(beat(world, &old), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    old.answers = 0;
    join_with(world, &old, (struct join_options){.instance = "two"});
    assert_int_equal(old.err, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(rk_mock_classic_leave(&world->groups, "g", old.id, "two", world->now_us),
                     RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(rk_mock_classic_leave(&world->groups, "g", "", "two", world->now_us), 0);
    assert_int_equal(beat_as(world, &a, "one"), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

static void test_a_static_leader_returns(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, old;
    start_two_static(world, &a, &b);
    old = a;
    join_static(world, &a, "one", 8);
    assert_int_equal(a.generation, 1);
    assert_string_equal(a.leader, old.id);
    assert_int_equal(a.member_count, 0);
    assert_false(a.skips);
    join_static(world, &a, "one", 9);
    assert_string_equal(a.leader, a.id);
    assert_int_equal(a.member_count, 2);
    assert_true(a.skips);
    join_with(world, &a, (struct join_options){.instance = "one"});
    assert_int_equal(a.answers, 0); /* With its id: a rebalance. */
    assert_int_equal(beat_as(world, &b, "two"), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

static void test_a_duplicate_static_member_fences(void **state)
{
    struct world *world = *state;
    struct client a = {0}, twin = {0};
    join_static(world, &a, "one", 9);
    join_static(world, &twin, "one", 9);
    assert_int_equal(a.answers, 1);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    pass(world, 6 * SECOND);
    assert_int_equal(twin.answers, 1);
    assert_int_equal(twin.member_count, 1);
}

static void test_absent_static_members_stay_for_their_session(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0};
    start_two_static(world, &a, &b);
    join_with(world, &a, (struct join_options){.instance = "one", .rebalance_ms = 5000});
    assert_int_equal(a.answers, 0);
    pass(world, 9 * SECOND);
    assert_int_equal(a.answers, 0);
    pass(world, 2 * SECOND);
    assert_int_equal(a.answers, 1);
    assert_int_equal(a.member_count, 1);
}

static void test_a_move_to_another_coordinator(void **state)
{
    struct world *world = *state;
    struct client a = {0}, b = {0}, c = {0};
    start_two(world, &a, &b);
    join_fresh(world, &c);
    rk_mock_group_on_moved(rk_mock_group_find(&world->groups, "g"), world->now_us);
    assert_int_equal(c.answers, 1);
    assert_int_equal(c.err, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    join(world, &c);
    join(world, &a);
    join(world, &b);
    assert_int_equal(c.answers, 1);
    assert_int_equal(c.err, 0);
    assert_int_equal(a.member_count, 3);
}

static void test_memory_is_limited(void **state)
{
    struct world *world = *state;
    struct client a = {0};
    char *large = rk_malloc(100 << 20);
    memset(large, 'x', (100 << 20) - 1);
    large[(100 << 20) - 1] = '\0';
    join_with(world, &a,
              (struct join_options){.version = 3, .metadata = large, .protocols = {"x", "y", "z"}});
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED);
    rk_free(large);
    world->groups.size = RK_MOCK_GROUPS_SIZE_MAX;
    join(world, &a);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED);
    world->groups.size = strlen("g") + 1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_members_are_waited_for),
        TEST(test_two_members_and_a_third),
        TEST(test_a_member_leaves),
        TEST(test_a_member_dies),
        TEST(test_a_member_misses_the_rebalance),
        TEST(test_member_ids),
        TEST(test_an_unused_id_holds_up_the_rebalance),
        TEST(test_what_is_refused),
        TEST(test_the_protocol_that_all_have),
        TEST(test_rejoining),
        TEST(test_a_second_join_replaces_the_first),
        TEST(test_a_lost_connection),
        TEST(test_a_static_member_returns),
        TEST(test_a_static_leader_returns),
        TEST(test_a_duplicate_static_member_fences),
        TEST(test_absent_static_members_stay_for_their_session),
        TEST(test_a_move_to_another_coordinator),
        TEST(test_memory_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
