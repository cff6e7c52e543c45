/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups with members of both protocols, without a network: from one to the other and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "mock/mock_group.h"
#include "mock/mock_subscription.h"
#include "mock/mock_topic.h"
#include "support/group_checker.h"

#define SECOND UINT64_C(1000000)

enum { PARTITIONS = 4, ALL = (1 << PARTITIONS) - 1, SESSION_S = 10, REBALANCE_S = 30 };

struct world {
    struct rk_mock_groups groups;
    struct rk_mock_topics_view view;
    struct rk_mock_topic topic; /* "t" */
    uint64_t now_us;
    struct group_checker checker;
};

/* A classic member with a request on its way. Partitions are bits. */
struct classic {
    struct rk_mock_classic_wait wait;
    int answers, err;
    char id[64], leader[64], protocol[32];
    const char *instance, *type, *metadata;
    int32_t generation;
    unsigned owned; /* It says so in JoinGroup. */
    unsigned got;   /* By SyncGroup. */
};

/* A member with the consumer protocol. */
struct member {
    const char *id, *instance;
    int32_t epoch;
    unsigned owned;
};

static int set_up(void **state)
{
    struct world *world = RK_NEW(struct world);
    rk_mock_groups_init(&world->groups);
    world->groups.first_delay_us = 0;
    group_checker_watch(&world->checker, &world->groups);
    world->now_us = 1000 * SECOND;
    world->topic.name = rk_strdup("t");
    world->topic.id.bytes[0] = 1;
    world->topic.partition_count = PARTITIONS;
    HASH_ADD_KEYPTR(by_name, world->view.by_name, world->topic.name, 1, &world->topic);
    struct rk_mock_topic *topic = &world->topic;
    HASH_ADD(by_id, world->view.by_id, id, sizeof(topic->id), topic);
    world->view.version = 1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    assert_string_equal(world->checker.problem, "");
    rk_mock_groups_clear(&world->groups);
    assert_int_equal(world->groups.size, 0);
    HASH_CLEAR(by_name, world->view.by_name);
    HASH_CLEAR(by_id, world->view.by_id);
    rk_free(world->topic.name);
    rk_free(world);
    return 0;
}

static void pass(struct world *world, uint64_t us)
{
    uint64_t until_us = world->now_us + us;
    while (world->groups.wake_at_us <= until_us) {
        world->now_us = RK_MAX(world->now_us, world->groups.wake_at_us);
        rk_mock_groups_on_time(&world->groups, world->now_us);
    }
    world->now_us = until_us;
}

static struct rk_mock_group *group_of(struct world *world)
{
    return rk_mock_group_find(&world->groups, "g");
}

/* ---- Classic members ---- */

static void put_set(struct rk_mock_partition_set *set, const struct world *world, unsigned bits)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        if (bits & 1u << i)
            rk_mock_partition_set_add(set, &world->topic.id, i);
    }
}

static unsigned bits_of(const struct rk_mock_partition_set *set)
{
    unsigned bits = 0;
    for (int32_t i = 0; i < set->count; i++)
        bits |= 1u << set->places[i].partition;
    return bits;
}

static void on_answer(struct rk_mock_classic_wait *wait,
                      const struct rk_mock_classic_result *result)
{
    struct classic *classic = rk_container_of(wait, struct classic, wait);
    classic->answers++;
    classic->err = result->err;
    if (result->member_id && result->member_id[0])
        rk_text_copy(classic->id, sizeof(classic->id), result->member_id);
    rk_text_copy(classic->leader, sizeof(classic->leader), result->leader ? result->leader : "");
    if (!result->member)
        return;
    classic->generation = result->generation;
    rk_text_copy(classic->protocol, sizeof(classic->protocol), result->protocol);
}

/* Its assignment, as the answer to SyncGroup would tell. */
static unsigned read_assignment(struct world *world, const struct classic *classic)
{
    struct rk_mock_partition_set set = {0};
    struct rk_mock_classic_member *member =
        rk_mock_classic_member_find(group_of(world), classic->id);
    struct rk_arena arena;
    rk_arena_init(&arena, 10000);
    assert_true(
        rk_mock_assignment_try_read((struct rk_bytes){member->assignment, member->assignment_size},
                                    &world->view, &arena, &set));
    unsigned bits = bits_of(&set);
    rk_mock_partition_set_clear(&set);
    rk_arena_clear(&arena);
    return bits;
}

/* "t", and what it owns: an assignment has the same form as the list of what is owned. */
static void write_subscription(struct rk_writer *writer, const struct world *world, unsigned owned)
{
    struct rk_mock_partition_set set = {0};
    struct rk_writer list;
    put_set(&set, world, owned);
    rk_writer_init(&list);
    rk_mock_assignment_write(&list, &world->view, &set);
    rk_writer_put_int16(writer, 1);
    rk_writer_put_length(writer, false, 1);
    rk_writer_put_text(writer, false, "t");
    rk_writer_put_length(writer, false, -1);
    rk_writer_put_raw(writer, list.data + 2, list.size - 6);
    rk_writer_clear(&list);
    rk_mock_partition_set_clear(&set);
}

static void join_once(struct world *world, struct classic *classic)
{
    struct rk_join_group_request request;
    struct rk_join_group_request_protocol protocol = {.name = "p"};
    struct rk_writer writer;
    rk_writer_init(&writer);
    write_subscription(&writer, world, classic->owned);
    protocol.metadata = (struct rk_bytes){writer.data, (int32_t)writer.size};
    if (classic->metadata)
        protocol.metadata = (struct rk_bytes){(const uint8_t *)classic->metadata,
                                              (int32_t)strlen(classic->metadata)};
    rk_join_group_request_init(&request);
    request.group_id = "g";
    request.member_id = classic->id;
    request.group_instance_id = classic->instance;
    request.protocol_type = classic->type ? classic->type : "consumer";
    request.session_timeout_ms = SESSION_S * 1000;
    request.rebalance_timeout_ms = REBALANCE_S * 1000;
    request.protocols.items = &protocol;
    request.protocols.count = 1;
    classic->answers = 0;
    classic->wait.answer = on_answer;
    rk_mock_classic_join(&world->groups, &world->view, &request, 9, "client", &classic->wait,
                         world->now_us);
    rk_writer_clear(&writer);
}

static void join(struct world *world, struct classic *classic)
{
    join_once(world, classic);
    if (classic->answers == 1 && classic->err == RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED)
        join_once(world, classic);
    pass(world, 0);
}

/* With an assignment for another if it leads. */
static rd_kafka_resp_err_t sync_with(struct world *world, struct classic *classic,
                                     struct classic **members, const unsigned *bits, int count)
{
    struct rk_sync_group_request request;
    struct rk_sync_group_request_assignment assignments[4];
    struct rk_writer writers[4];
    rk_sync_group_request_init(&request);
    request.group_id = "g";
    request.generation_id = classic->generation;
    request.member_id = classic->id;
    request.group_instance_id = classic->instance;
    request.protocol_type = "consumer";
    request.protocol_name = "p";
    for (int i = 0; i < count; i++) {
        struct rk_mock_partition_set set = {0};
        put_set(&set, world, bits[i]);
        rk_writer_init(&writers[i]);
        rk_mock_assignment_write(&writers[i], &world->view, &set);
        rk_mock_partition_set_clear(&set);
        assignments[i].member_id = members[i]->id;
        assignments[i].assignment = (struct rk_bytes){writers[i].data, (int32_t)writers[i].size};
    }
    request.assignments.items = assignments;
    request.assignments.count = count;
    classic->answers = 0;
    classic->wait.answer = on_answer;
    rk_mock_classic_sync(&world->groups, &request, &classic->wait, world->now_us);
    for (int i = 0; i < count; i++)
        rk_writer_clear(&writers[i]);
    if (classic->answers == 0)
        return RD_KAFKA_RESP_ERR__IN_PROGRESS;
    if (classic->err == 0)
        classic->got = read_assignment(world, classic);
    return classic->err;
}

static rd_kafka_resp_err_t sync(struct world *world, struct classic *classic)
{
    return sync_with(world, classic, NULL, NULL, 0);
}

static rd_kafka_resp_err_t beat(struct world *world, const struct classic *classic)
{
    struct rk_heartbeat_request request;
    rk_heartbeat_request_init(&request);
    request.group_id = "g";
    request.generation_id = classic->generation;
    request.member_id = classic->id;
    request.group_instance_id = classic->instance;
    return rk_mock_classic_heartbeat(&world->groups, &request, world->now_us);
}

static rd_kafka_resp_err_t commit(struct world *world, const struct classic *classic)
{
    return rk_mock_group_check_commit(&world->groups, "g", classic->generation, classic->id,
                                      classic->instance, world->now_us);
}

/* Two of them with two partitions each, in generation 2. */
static void begin_with_two(struct world *world, struct classic *a, struct classic *b)
{
    join(world, a);
    assert_string_equal(a->leader, a->id);
    struct classic *members[] = {a, b};
    join(world, b);
    join(world, a);
    assert_int_equal(a->generation, 2);
    assert_int_equal(sync(world, b), RD_KAFKA_RESP_ERR__IN_PROGRESS);
    assert_int_equal(sync_with(world, a, members, (const unsigned[]){3, 12}, 2), 0);
    assert_int_equal(b->err, 0);
    b->got = read_assignment(world, b);
    assert_int_equal(a->got, 3);
    assert_int_equal(b->got, 12);
    a->owned = a->got;
    b->owned = b->got;
}

/* ---- Members with the consumer protocol ---- */

static rd_kafka_resp_err_t send_beat(struct world *world, struct member *member, int32_t epoch)
{
    static const char *topics[] = {"t"};
    struct rk_consumer_group_heartbeat_request request;
    struct rk_consumer_group_heartbeat_request_topic topic;
    struct rk_mock_consumer_result result;
    int32_t partitions[PARTITIONS];
    rk_consumer_group_heartbeat_request_init(&request);
    request.group_id = "g";
    request.member_id = member->id;
    request.instance_id = member->instance;
    request.member_epoch = epoch;
    request.topic_partitions.items = &topic;
    request.topic_partitions.count = epoch > 0;
    topic.topic_id = world->topic.id;
    topic.partitions.items = partitions;
    topic.partitions.count = 0;
    for (int32_t i = 0; i < PARTITIONS; i++) {
        if (member->owned & 1u << i)
            partitions[topic.partitions.count++] = i;
    }
    if (epoch == 0) {
        request.rebalance_timeout_ms = REBALANCE_S * 1000;
        request.subscribed_topic_names.items = topics;
        request.subscribed_topic_names.count = 1;
    }
    rk_mock_consumer_heartbeat(&world->groups, &world->view, &request, 1, "client", world->now_us,
                               &result);
    if (result.err == 0) {
        member->epoch = result.epoch;
        if (result.member)
            member->owned = bits_of(&result.member->assigned);
    }
    return result.err;
}

static rd_kafka_resp_err_t go_on(struct world *world, struct member *member)
{
    return send_beat(world, member, member->epoch);
}

/* ---- Tests ---- */

static void test_there_and_back(void **state)
{
    struct world *world = *state;
    struct classic a = {0}, b = {0};
    struct member c = {.id = "c"};
    begin_with_two(world, &a, &b);
    assert_int_equal(send_beat(world, &c, 0), 0);
    assert_int_equal(group_of(world)->kind, RK_MOCK_GROUP_CONSUMER);
    assert_int_equal(c.epoch, 3);
    assert_int_equal(c.owned, 0); /* The others have all. */
    assert_int_equal(commit(world, &a), 0);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(sync(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);

    join(world, &a); /* One of the two is to give up one, and keeps its generation until then. */
    join(world, &b);
    assert_string_equal(a.leader, "");
    assert_string_equal(a.protocol, "p");
    assert_int_equal(sync(world, &a), 0);
    assert_int_equal(sync(world, &b), 0);
    struct classic *giver = a.generation == 2 ? &a : &b, *other = giver == &a ? &b : &a;
    assert_int_equal(giver->generation, 2);
    assert_int_equal(other->generation, 3);
    assert_int_equal(other->got, other->owned);
    assert_int_equal(beat(world, other), 0);
    assert_int_equal(giver->got & ~giver->owned, 0);
    assert_int_not_equal(giver->got, giver->owned);
    unsigned given = giver->owned & ~giver->got;
    assert_int_equal(go_on(world, &c), 0);
    assert_int_equal(c.owned, 0);
    assert_int_equal(beat(world, giver), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    giver->owned = giver->got;
    join(world, giver);
    assert_int_equal(giver->generation, 3);
    assert_int_equal(sync(world, giver), 0);
    assert_int_equal(beat(world, giver), 0);
    assert_int_equal(go_on(world, &c), 0);
    assert_int_equal(c.owned, given);
    assert_string_equal(rk_mock_group_state_name(group_of(world)), "Stable");
    assert_int_equal(beat(world, &a), 0);
    a.generation--;
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(commit(world, &a), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    a.generation++;

    assert_int_equal(send_beat(world, &c, RK_MOCK_EPOCH_LEAVE), 0);
    assert_int_equal(group_of(world)->kind, RK_MOCK_GROUP_CLASSIC);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(commit(world, &b), 0);
    join(world, &a);
    assert_int_equal(a.answers, 0); /* It waits for the other. */
    join(world, &b);
    assert_int_equal(a.answers, 1);
    assert_int_equal(a.generation, 4);
    assert_int_equal(b.generation, 4);
    assert_string_equal(a.leader, b.leader);
    assert_string_not_equal(a.leader, "");
}

static void test_eager_members_give_up_by_joining(void **state)
{
    struct world *world = *state;
    struct classic a = {0}, b = {0};
    struct member c = {.id = "c"};
    begin_with_two(world, &a, &b);
    assert_int_equal(send_beat(world, &c, 0), 0);
    a.owned = b.owned = 0;
    join(world, &a);
    join(world, &b);
    assert_int_equal(sync(world, &a), 0);
    assert_int_equal(sync(world, &b), 0);
    assert_int_equal(go_on(world, &c), 0);
    assert_int_equal(a.got | b.got | c.owned, ALL);
    assert_int_equal(beat(world, &a), 0);
    assert_int_equal(beat(world, &b), 0);
}

static void test_amid_a_rebalance(void **state)
{
    struct world *world = *state;
    struct classic a = {0}, b = {0}, d = {0};
    struct member c = {.id = "c"};
    begin_with_two(world, &a, &b);
    join(world, &d);
    join(world, &a);
    assert_int_equal(a.answers, 0); /* It waits for b. */
    assert_int_equal(send_beat(world, &c, 0), 0);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(d.err, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(c.owned, 0); /* What they had is theirs yet. */
    struct classic *members[] = {&a, &b, &d};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            join(world, members[i]);
            assert_int_equal(sync(world, members[i]), 0);
            members[i]->owned = members[i]->got;
        }
    }
    assert_int_equal(go_on(world, &c), 0);
    assert_int_equal(a.got | b.got | d.got | c.owned, ALL);
}

static void test_a_classic_member_joins(void **state)
{
    struct world *world = *state;
    struct classic a = {0};
    struct member c = {.id = "c"};
    assert_int_equal(send_beat(world, &c, 0), 0);
    assert_int_equal(c.owned, ALL);
    join(world, &a);
    assert_int_equal(a.err, 0);
    assert_int_equal(sync(world, &a), 0);
    assert_int_equal(a.got, 0);
    assert_int_equal(go_on(world, &c), 0); /* It is told, */
    assert_int_equal(beat(world, &a), 0);
    assert_int_equal(go_on(world, &c), 0); /* and has given up. */
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(world, &a);
    assert_int_equal(sync(world, &a), 0);
    assert_int_equal(a.got | c.owned, ALL);
    struct classic stranger = {.type = "connect"}, babbler = {.metadata = "?"};
    join(world, &stranger);
    assert_int_equal(stranger.err, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    join(world, &babbler);
    assert_int_equal(babbler.err, RD_KAFKA_RESP_ERR_UNKNOWN);
    assert_int_equal(rk_mock_classic_leave(&world->groups, "g", a.id, NULL, world->now_us), 0);
    assert_int_equal(go_on(world, &c), 0);
    assert_int_equal(c.owned, ALL);
}

/* What was under way before is over, and who was given an id meanwhile may come. */
static void test_nobody_left(void **state)
{
    struct world *world = *state;
    struct classic a = {0}, b = {0};
    struct member c = {.id = "c"};
    world->groups.first_delay_us = 5 * SECOND;
    join(world, &a);
    assert_int_equal(a.answers, 0);
    assert_int_equal(rk_mock_classic_leave(&world->groups, "g", a.id, NULL, world->now_us), 0);
    assert_int_equal(send_beat(world, &c, 0), 0);
    join(world, &b);
    assert_int_equal(sync(world, &b), 0);
    pass(world, 6 * SECOND);
    assert_int_equal(go_on(world, &c), 0);
    assert_int_equal(commit(world, &b), 0);

    assert_int_equal(rk_mock_classic_leave(&world->groups, "g", b.id, NULL, world->now_us), 0);
    a.id[0] = '\0';
    join_once(world, &a);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    assert_int_equal(send_beat(world, &c, RK_MOCK_EPOCH_LEAVE), 0);
    join_once(world, &a);
    pass(world, 6 * SECOND);
    assert_int_equal(a.err, 0);
    assert_string_equal(a.leader, a.id);
}

static void test_what_is_refused(void **state)
{
    struct world *world = *state;
    struct classic worker = {.type = "connect"}, babbler = {.metadata = "?"};
    struct member c = {.id = "c"};
    join(world, &worker);
    assert_int_equal(send_beat(world, &c, 0), RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    rk_mock_classic_leave(&world->groups, "g", worker.id, NULL, world->now_us);
    join(world, &babbler);
    assert_int_equal(babbler.err, 0);
    assert_int_equal(send_beat(world, &c, 0), RD_KAFKA_RESP_ERR_UNKNOWN);
    assert_int_equal(send_beat(world, &c, 5), RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    assert_int_equal(group_of(world)->kind, RK_MOCK_GROUP_CLASSIC);
}

static void test_time_runs_out(void **state)
{
    struct world *world = *state;
    struct classic a = {0}, b = {0};
    struct member c = {.id = "c"};
    begin_with_two(world, &a, &b);
    assert_int_equal(send_beat(world, &c, 0), 0);
    for (int i = 0; i < 4; i++) { /* One says nothing, the other does not join. */
        beat(world, &b);
        pass(world, (SESSION_S - 1) * SECOND);
        assert_int_equal(go_on(world, &c), 0);
    }
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(c.owned, ALL);
    struct classic d = {0};
    join(world, &d);
    pass(world, (SESSION_S - 1) * SECOND);
    assert_int_equal(sync(world, &d), 0);
    world->groups.consumer_session_us = SECOND;
    assert_int_equal(go_on(world, &c), 0);
    pass(world, 2 * SECOND); /* c is dead. */
    assert_int_equal(group_of(world)->kind, RK_MOCK_GROUP_CLASSIC);
    assert_int_equal(beat(world, &d), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

static void test_static_members(void **state)
{
    struct world *world = *state;
    struct classic a = {.instance = "i"}, b = {0};
    struct member c = {.id = "c", .instance = "i"};
    begin_with_two(world, &a, &b);
    assert_int_equal(send_beat(world, &c, 0), 0); /* Takes its name, and what it has. */
    assert_int_equal(c.owned, 3);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    join(world, &b);
    assert_int_equal(sync(world, &b), 0);
    assert_int_equal(b.got, 12);
    a.id[0] = '\0';
    a.owned = 0;
    join(world, &a);
    assert_int_equal(a.err, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID);
    assert_int_equal(send_beat(world, &c, RK_MOCK_EPOCH_AWAY), 0);
    a.id[0] = '\0';
    join(world, &a); /* The last one with the other protocol. */
    assert_int_equal(group_of(world)->kind, RK_MOCK_GROUP_CLASSIC);
    join(world, &b);
    assert_int_equal(b.err, 0);
    assert_int_equal(a.generation, b.generation);

    struct member d = {.id = "d"};
    struct classic *leader = a.leader[0] && strcmp(a.leader, a.id) == 0 ? &a : &b;
    struct classic *members[] = {&a, &b};
    sync_with(world, leader, members, (const unsigned[]){3, 12}, 2);
    assert_int_equal(send_beat(world, &d, 0), 0);
    char old_id[64];
    rk_text_copy(old_id, sizeof(old_id), a.id);
    a.id[0] = '\0';
    join(world, &a); /* Another process of its name. */
    assert_int_equal(a.err, 0);
    assert_string_not_equal(a.id, old_id);
    assert_int_equal(beat(world, &a), 0);
    rk_text_copy(a.id, sizeof(a.id), old_id);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),   TEST(test_eager_members_give_up_by_joining),
        TEST(test_amid_a_rebalance), TEST(test_a_classic_member_joins),
        TEST(test_nobody_left),      TEST(test_what_is_refused),
        TEST(test_time_runs_out),    TEST(test_static_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
