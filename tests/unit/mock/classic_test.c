/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups of the classic protocol, without a network: requests and the time go in, answers come. */
#include "classic.h"

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
        TEST(test_a_move_to_another_coordinator),
        TEST(test_memory_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
