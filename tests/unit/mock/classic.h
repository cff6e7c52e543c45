/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients of classic groups for tests, without a network: requests and the time go in.
 */
#ifndef RK_TESTS_UNIT_MOCK_CLASSIC_H
#define RK_TESTS_UNIT_MOCK_CLASSIC_H

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

static inline void copy(char *to, size_t size, const char *from)
{
    rk_text_copy(to, size, from ? from : "");
}

static inline void on_answer(struct rk_mock_classic_wait *wait,
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
    client->generation = result->generation;
    copy(client->protocol, sizeof(client->protocol), result->protocol);
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
static inline void join_with(struct world *world, struct client *client,
                             struct join_options options)
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
    rk_mock_classic_join(&world->groups, &(struct rk_mock_topics_view){0}, &request,
                         (int16_t)(options.version ? options.version : 9), "client", &client->wait,
                         world->now_us);
}

static inline void join(struct world *world, struct client *client)
{
    join_with(world, client, (struct join_options){0});
}

/* With both steps of version 4 and later. */
static inline void join_fresh(struct world *world, struct client *client)
{
    join(world, client);
    assert_int_equal(client->answers, 1);
    assert_int_equal(client->err, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    join(world, client);
}

static inline void sync_as(struct world *world, struct client *client, const char *instance,
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

static inline void sync(struct world *world, struct client *client)
{
    sync_as(world, client, NULL, NULL, NULL, 0);
}

static inline rd_kafka_resp_err_t beat_as(struct world *world, const struct client *client,
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

static inline rd_kafka_resp_err_t beat(struct world *world, const struct client *client)
{
    return beat_as(world, client, NULL);
}

static inline rd_kafka_resp_err_t leave(struct world *world, const struct client *client)
{
    return rk_mock_classic_leave(&world->groups, "g", client->id, NULL, world->now_us);
}

static inline rd_kafka_resp_err_t commit(struct world *world, const struct client *client)
{
    return rk_mock_group_check_commit(&world->groups, "g", client->generation, client->id, NULL,
                                      world->now_us);
}

/* The time goes on to then, with all that is due on the way. */
static inline void wait_until(struct world *world, uint64_t until_us)
{
    while (world->groups.wake_at_us <= until_us) {
        world->now_us = RK_MAX(world->now_us, world->groups.wake_at_us);
        rk_mock_groups_on_time(&world->groups, world->now_us);
    }
    world->now_us = until_us;
}

static inline void pass(struct world *world, uint64_t us)
{
    wait_until(world, world->now_us + us);
}

static inline const struct rk_mock_group *group_of(struct world *world)
{
    return rk_mock_group_find(&world->groups, "g");
}

static inline int set_up(void **state)
{
    struct world *world = RK_NEW(struct world);
    rk_mock_groups_init(&world->groups);
    world->now_us = 1000 * SECOND;
    *state = world;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    rk_mock_groups_clear(&world->groups);
    assert_int_equal(world->groups.size, 0);
    rk_free(world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
