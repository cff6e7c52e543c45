/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups of the consumer protocol (KIP-848), without a network: heartbeats go in, answers come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "mock/mock_group.h"
#include "mock/mock_topic.h"
#include "support/group_checker.h"

#define SECOND UINT64_C(1000000)

enum { TOPICS_MAX = 4, PARTITIONS_MAX = 16 };

struct world {
    struct rk_mock_groups groups;
    struct rk_mock_topics_view view;
    struct rk_mock_topic topics[TOPICS_MAX];
    int topic_count;
    uint64_t now_us;
    struct group_checker checker;
};

/* A member as it knows itself; it owns what it was told, unless a test says otherwise. */
struct member {
    const char *id, *instance, *regex, *assignor;
    const char *names[TOPICS_MAX];
    int32_t name_count;
    int32_t epoch;
    struct rk_mock_partition_set owned;
    bool has_news; /* The last answer told an assignment. */
};

static struct rk_mock_topic *add_topic(struct world *world, const char *name, int32_t count)
{
    struct rk_mock_topic *topic = &world->topics[world->topic_count++];
    topic->name = rk_strdup(name);
    topic->id.bytes[0] = (uint8_t)world->topic_count;
    topic->partition_count = count;
    HASH_ADD_KEYPTR(by_name, world->view.by_name, topic->name, strlen(name), topic);
    HASH_ADD(by_id, world->view.by_id, id, sizeof(topic->id), topic);
    world->view.version++;
    return topic;
}

static void fill(struct rk_consumer_group_heartbeat_request *request, const struct member *member,
                 int32_t epoch)
{
    rk_consumer_group_heartbeat_request_init(request);
    request->group_id = "g";
    request->member_id = member->id;
    request->member_epoch = epoch;
    request->instance_id = member->instance;
}

/* What it says in full. */
static void fill_all(struct rk_consumer_group_heartbeat_request *request, struct member *member)
{
    request->rebalance_timeout_ms = 60000;
    request->subscribed_topic_names.items = member->names;
    request->subscribed_topic_names.count = member->name_count;
    request->subscribed_topic_regex = member->regex;
    request->server_assignor = member->assignor;
}

static rd_kafka_resp_err_t send_beat(struct world *world, struct member *member,
                                     const struct rk_consumer_group_heartbeat_request *request)
{
    struct rk_mock_consumer_result result;
    rk_mock_consumer_heartbeat(&world->groups, &world->view, request, 1, "client", world->now_us,
                               &result);
    member->has_news = result.tells_assignment;
    if (result.err != 0)
        return result.err;
    member->epoch = result.epoch;
    if (result.tells_assignment) {
        static const struct rk_mock_partition_set nothing;
        rk_mock_partition_set_clear(&member->owned);
        rk_mock_partition_set_add_from(&member->owned, &result.member->assigned, false, &nothing);
    }
    return 0;
}

static rd_kafka_resp_err_t join(struct world *world, struct member *member)
{
    struct rk_consumer_group_heartbeat_request request;
    fill(&request, member, 0);
    fill_all(&request, member);
    request.topic_partitions.count = 0;
    return send_beat(world, member, &request);
}

static rd_kafka_resp_err_t beat_with(struct world *world, struct member *member, int32_t epoch,
                                     const struct rk_mock_partition_set *owned, bool is_full)
{
    struct rk_consumer_group_heartbeat_request request;
    struct rk_consumer_group_heartbeat_request_topic topics[PARTITIONS_MAX * TOPICS_MAX];
    int32_t partitions[PARTITIONS_MAX * TOPICS_MAX];
    fill(&request, member, epoch);
    if (is_full)
        fill_all(&request, member);
    if (owned) {
        for (int32_t i = 0; i < owned->count; i++) {
            partitions[i] = owned->places[i].partition;
            topics[i].topic_id = owned->places[i].topic;
            topics[i].partitions.items = &partitions[i];
            topics[i].partitions.count = 1;
        }
        request.topic_partitions.items = topics;
        request.topic_partitions.count = owned->count;
    }
    return send_beat(world, member, &request);
}

/* Nothing new. */
static rd_kafka_resp_err_t beat(struct world *world, struct member *member)
{
    return beat_with(world, member, member->epoch, NULL, false);
}

/* Has done what it was told. */
static rd_kafka_resp_err_t acknowledge(struct world *world, struct member *member)
{
    return beat_with(world, member, member->epoch, &member->owned, false);
}

static rd_kafka_resp_err_t leave(struct world *world, struct member *member, int32_t epoch)
{
    struct rk_consumer_group_heartbeat_request request;
    fill(&request, member, epoch);
    return send_beat(world, member, &request);
}

static void pass(struct world *world, uint64_t us)
{
    world->now_us += us;
    if (world->groups.wake_at_us <= world->now_us)
        rk_mock_groups_on_time(&world->groups, world->now_us);
}

static const char *state_of(struct world *world)
{
    return rk_mock_group_state_name(rk_mock_group_find(&world->groups, "g"));
}

static struct member subscriber(const char *id, const char *topic)
{
    return (struct member){.id = id, .names = {topic}, .name_count = 1};
}

static int set_up(void **state)
{
    struct world *world = RK_NEW(struct world);
    rk_mock_groups_init(&world->groups);
    group_checker_watch(&world->checker, &world->groups);
    world->now_us = 1000 * SECOND;
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
    for (int i = 0; i < world->topic_count; i++)
        rk_free(world->topics[i].name);
    rk_free(world);
    return 0;
}

static void clear(struct member *member)
{
    rk_mock_partition_set_clear(&member->owned);
}

static void test_a_partition_moves_in_two_steps(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), b = subscriber("b", "t");
    add_topic(world, "t", 4);
    assert_int_equal(join(world, &a), 0);
    assert_int_equal(a.epoch, 1);
    assert_int_equal(a.owned.count, 4);
    assert_int_equal(beat(world, &a), 0);
    assert_false(a.has_news);
    assert_string_equal(state_of(world), "Stable");

    assert_int_equal(join(world, &b), 0);
    assert_int_equal(b.epoch, 2);
    assert_true(b.has_news);
    assert_int_equal(b.owned.count, 0);
    assert_string_equal(state_of(world), "Reconciling");
    assert_int_equal(beat(world, &a), 0);
    assert_true(a.has_news);
    assert_int_equal(a.epoch, 1); /* Until it has given up two. */
    assert_int_equal(a.owned.count, 2);
    assert_int_equal(beat(world, &b), 0);
    assert_false(b.has_news);
    assert_int_equal(acknowledge(world, &a), 0);
    assert_int_equal(a.epoch, 2);
    assert_int_equal(a.owned.count, 2);
    assert_int_equal(beat(world, &b), 0);
    assert_true(b.has_news);
    assert_int_equal(b.owned.count, 2);
    assert_false(rk_mock_partition_set_meets(&a.owned, &b.owned));
    assert_string_equal(state_of(world), "Stable");
    clear(&a);
    clear(&b);
}

static void test_leaving_and_dying(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), b = subscriber("b", "t");
    add_topic(world, "t", 4);
    join(world, &a);
    join(world, &b);
    beat(world, &a);
    acknowledge(world, &a);
    beat(world, &b);
    assert_int_equal(leave(world, &a, -1), 0);
    assert_int_equal(a.epoch, -1);
    assert_int_equal(leave(world, &a, -1), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &b), 0);
    assert_int_equal(b.owned.count, 4);
    assert_int_equal(join(world, &a), 0);
    for (int i = 0; i < 29; i++) {
        pass(world, SECOND);
        assert_int_equal(beat(world, &a), 0);
    }
    pass(world, SECOND);
    assert_int_equal(beat(world, &b), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &a), 0);
    assert_int_equal(a.owned.count, 4);
    assert_int_equal(leave(world, &a, -1), 0);
    assert_string_equal(state_of(world), "Empty");
    clear(&a);
    clear(&b);
}

static void test_who_does_not_give_up_is_out(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), b = subscriber("b", "t");
    add_topic(world, "t", 4);
    join(world, &a);
    join(world, &b);
    beat(world, &a);
    for (int i = 0; i < 3; i++) {
        pass(world, 19 * SECOND);
        assert_int_equal(beat(world, &a), 0); /* Alive, but holds on. */
        assert_int_equal(beat(world, &b), 0);
    }
    assert_int_equal(b.owned.count, 0);
    pass(world, 4 * SECOND);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(beat(world, &b), 0);
    assert_int_equal(b.owned.count, 4);
    clear(&a);
    clear(&b);
}

static void test_epochs(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), b = subscriber("b", "t");
    struct rk_mock_partition_set before = {0};
    add_topic(world, "t", 4);
    join(world, &a);
    join(world, &b);
    beat(world, &a);
    rk_mock_partition_set_add(&before, &a.owned.places[0].topic, a.owned.places[0].partition);
    acknowledge(world, &a); /* That answer, with epoch 2, is taken to be lost. */
    assert_int_equal(beat_with(world, &a, 1, NULL, false), RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH);
    assert_int_equal(beat_with(world, &a, 1, &before, true), 0);
    assert_int_equal(a.epoch, 2);
    assert_true(a.has_news); /* Whoever says all is told all. */
    rk_mock_partition_set_add(&before, &a.owned.places[0].topic, 99);
    assert_int_equal(beat_with(world, &a, 1, &before, true), RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH);
    assert_int_equal(beat_with(world, &a, 3, NULL, false), RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH);
    assert_int_equal(join(world, &a), 0); /* As if it were new. */
    assert_int_equal(a.epoch, 2);
    assert_int_equal(a.owned.count, 2);
    rk_mock_partition_set_clear(&before);
    clear(&a);
    clear(&b);
}

static void test_commits(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t");
    add_topic(world, "t", 1);
    join(world, &a);
    struct rk_mock_groups *groups = &world->groups;
    assert_int_equal(rk_mock_group_check_commit(groups, "g", 1, "a", NULL, world->now_us), 0);
    assert_int_equal(rk_mock_group_check_commit(groups, "g", 0, "a", NULL, world->now_us),
                     RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH);
    assert_int_equal(rk_mock_group_check_commit(groups, "g", 1, "b", NULL, world->now_us),
                     RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(rk_mock_group_check_commit(groups, "g", -1, "", NULL, world->now_us),
                     RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(rk_mock_group_check_fetch(groups, "g", 0, "a", world->now_us),
                     RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH);
    assert_int_equal(rk_mock_group_check_fetch(groups, "other", 5, "a", world->now_us), 0);
    assert_int_equal(rk_mock_group_check_commit(groups, "other", -1, "", NULL, world->now_us), 0);
    clear(&a);
}

static void test_what_is_refused(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), nobody = subscriber("", "t");
    struct rk_consumer_group_heartbeat_request request;
    assert_int_equal(beat_with(world, &a, 1, NULL, false), RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    assert_int_equal(join(world, &nobody), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    a.assignor = "mine";
    assert_int_equal(join(world, &a), RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR);
    a.assignor = "range";
    fill(&request, &a, 0);
    fill_all(&request, &a); /* No list of partitions. */
    assert_int_equal(send_beat(world, &a, &request), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    request.topic_partitions.count = 0;
    request.rebalance_timeout_ms = -1;
    assert_int_equal(send_beat(world, &a, &request), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    request.rebalance_timeout_ms = 1;
    request.subscribed_topic_names.count = -1;
    assert_int_equal(send_beat(world, &a, &request), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    assert_int_equal(leave(world, &a, -2), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    assert_int_equal(leave(world, &a, -3), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    a.regex = "(?=t)";
    assert_int_equal(join(world, &a), RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION);
    a.regex = "((t{1,200}){1,200}){1,200}";
    assert_int_equal(join(world, &a), RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION);
    a.regex = NULL;
    assert_int_equal(join(world, &a), 0);
    assert_int_equal(beat_with(world, &nobody, 1, NULL, false), RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    nobody.id = "b";
    assert_int_equal(beat_with(world, &nobody, 1, NULL, false),
                     RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    clear(&a);
}

static void test_subscriptions(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "nothing");
    add_topic(world, "t1", 2);
    add_topic(world, "xt1", 2);
    a.regex = "t[12]";
    assert_int_equal(join(world, &a), 0);
    assert_int_equal(a.owned.count, 2);
    add_topic(world, "t2", 3);
    assert_int_equal(beat(world, &a), 0);
    assert_int_equal(a.owned.count, 5);
    int32_t epoch = a.epoch;
    add_topic(world, "other", 1);
    assert_int_equal(beat(world, &a), 0);
    assert_int_equal(a.epoch, epoch); /* Nothing to it. */
    world->topics[0].partition_count = 4;
    world->view.version++;
    assert_int_equal(beat(world, &a), 0);
    assert_int_equal(a.owned.count, 7);
    a.regex = "";
    assert_int_equal(beat_with(world, &a, a.epoch, &a.owned, true), 0);
    assert_int_equal(a.owned.count, 0);
    a.names[0] = "t2";
    assert_int_equal(beat_with(world, &a, a.epoch, &a.owned, true), 0);
    assert_int_equal(a.owned.count, 3);
    clear(&a);
}

static void test_assignors(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t1"), b = subscriber("b", "t1");
    a.names[1] = b.names[1] = "t2";
    a.name_count = b.name_count = 2;
    a.assignor = b.assignor = "range";
    add_topic(world, "t1", 3);
    add_topic(world, "t2", 3);
    join(world, &a);
    join(world, &b);
    beat(world, &a);
    acknowledge(world, &a);
    beat(world, &b);
    assert_int_equal(a.owned.count, 4); /* Two of each: 0 and 1. */
    assert_int_equal(b.owned.count, 2);
    assert_int_equal(a.owned.places[1].partition, 1);
    a.assignor = b.assignor = "uniform";
    beat_with(world, &a, a.epoch, &a.owned, true);
    beat_with(world, &b, b.epoch, &b.owned, true);
    beat(world, &a);
    acknowledge(world, &a);
    beat(world, &b);
    assert_int_equal(a.owned.count, 3);
    assert_int_equal(b.owned.count, 3);
    clear(&a);
    clear(&b);
}

static void test_static_members(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), again = subscriber("again", "t");
    add_topic(world, "t", 4);
    a.instance = again.instance = "i";
    join(world, &a);
    assert_int_equal(join(world, &again), RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID);
    assert_int_equal(join(world, &a), RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID);
    assert_int_equal(leave(world, &a, -2), 0);
    assert_int_equal(a.epoch, -2);
    a.epoch = 1;
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH);
    pass(world, 29 * SECOND);
    assert_int_equal(join(world, &again), 0);
    assert_int_equal(again.epoch, 1);
    assert_int_equal(again.owned.count, 4);
    assert_int_equal(beat(world, &a), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(leave(world, &a, -1), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(leave(world, &again, -2), 0);
    pass(world, 31 * SECOND);
    assert_string_equal(state_of(world), "Empty");
    clear(&a);
    clear(&again);
}

static void test_by_hand(void **state)
{
    struct world *world = *state;
    struct member a = subscriber("a", "t"), b = subscriber("b", "t");
    struct rk_mock_topic *topic = add_topic(world, "t", 4);
    join(world, &a);
    struct rk_mock_group *group = rk_mock_group_find(&world->groups, "g");
    rk_mock_consumer_begin_target(group);
    rk_mock_consumer_add_target(group, "a", &topic->id, 3);
    rk_mock_consumer_add_target(group, "stranger", &topic->id, 2);
    beat(world, &a);
    acknowledge(world, &a);
    assert_int_equal(a.epoch, 2);
    assert_int_equal(a.owned.count, 1);
    assert_int_equal(a.owned.places[0].partition, 3);
    join(world, &b);
    assert_int_equal(b.owned.count, 0);
    clear(&a);
    clear(&b);
}

/* Members come, go, die and dawdle; what they have is never shared, and is all in the end. */
static void test_any_order(void **state)
{
    enum { MEMBERS = 6, STEPS = 4000, ALL = 11 };
    static const char *ids[MEMBERS] = {"a", "b", "c", "d", "e", "f"};
    struct world *world = *state;
    struct member members[MEMBERS];
    uint32_t seed = 12345;
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = subscriber(ids[i], "t1");
        members[i].names[1] = "t2";
        members[i].name_count = 1 + i % 2;
    }
    add_topic(world, "t1", 7);
    add_topic(world, "t2", 4);
    for (int step = 0; step < STEPS + 40 * MEMBERS; step++) {
        seed = seed * 1664525 + 1013904223;
        struct member *member = &members[(seed >> 8) % MEMBERS];
        unsigned what = step < STEPS ? (seed >> 16) % 20 : 10;
        if (step >= STEPS)
            member = &members[step % MEMBERS];
        pass(world, SECOND / 2);
        if (what == 0) {
            leave(world, member, -1);
            rk_mock_partition_set_clear(&member->owned);
            member->epoch = 0;
        } else if (member->epoch <= 0 || (what == 1)) {
            rk_mock_partition_set_clear(&member->owned);
            join(world, member);
        } else if (what >= 2 && (what < 6 ? beat(world, member) : acknowledge(world, member))) {
            rk_mock_partition_set_clear(&member->owned);
            member->epoch = 0; /* Fenced: it drops all. */
        }
    }
    int32_t owned = 0;
    for (int i = 0; i < MEMBERS; i++) {
        owned += members[i].owned.count;
        for (int k = 0; k < i; k++)
            assert_false(rk_mock_partition_set_meets(&members[i].owned, &members[k].owned));
    }
    assert_int_equal(owned, ALL);
    assert_string_equal(state_of(world), "Stable");
    for (int i = 0; i < MEMBERS; i++)
        clear(&members[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_partition_moves_in_two_steps),
        TEST(test_leaving_and_dying),
        TEST(test_who_does_not_give_up_is_out),
        TEST(test_epochs),
        TEST(test_commits),
        TEST(test_what_is_refused),
        TEST(test_subscriptions),
        TEST(test_assignors),
        TEST(test_static_members),
        TEST(test_by_hand),
        TEST(test_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
