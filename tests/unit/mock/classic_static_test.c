/* SPDX-License-Identifier: BSD-2-Clause */
/* Static members of classic groups (KIP-345, KIP-814). */
#include "classic.h"

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
    static struct client a, b; /* Still waits in the end. */
    struct client old;
    a = b = (struct client){0};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_static_member_returns),
        TEST(test_a_static_leader_returns),
        TEST(test_a_duplicate_static_member_fences),
        TEST(test_absent_static_members_stay_for_their_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
