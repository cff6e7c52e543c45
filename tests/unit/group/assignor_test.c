/* SPDX-License-Identifier: BSD-2-Clause */
/* Assignors: the examples that Kafka's own documentation gives for each, claims and racks. */
#include "assignor_group.h"

/* Examples */

static void test_names(void **state)
{
    (void)state;
    assert_null(rk_assignor_find("Range"));
    assert_null(rk_assignor_find(""));
    assert_true(rk_assignor_find("cooperative-sticky")->is_cooperative);
    assert_false(rk_assignor_find("sticky")->is_cooperative);
}

static void test_range(void **state)
{
    (void)state;
    add_topic(3);
    add_topic(3);
    add_member("01");
    add_member("01");
    assign("range");
    expect("AABAAB");
    add_topic(1);
    add_member("12");
    assign("range");
    expect("AABABCC");
}

static void test_round_robin(void **state)
{
    (void)state;
    add_topic(3);
    add_topic(3);
    add_member("01");
    add_member("01");
    assign("roundrobin");
    expect("ABABAB");
}

static void test_round_robin_unequal(void **state)
{
    (void)state;
    add_topic(1);
    add_topic(2);
    add_topic(3);
    add_topic(2); /* Nobody's. */
    add_member("0");
    add_member("01");
    add_member("012");
    assign("roundrobin");
    expect("ABCCCC--");
}

static void test_sticky(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        add_topic(2);
    for (int i = 0; i < 3; i++)
        add_member("0123");
    assign("sticky");
    expect("ABCABCAB");
    take_over(1);
    remove_member(1);
    assign("sticky");
    expect("ABBAABAB"); /* A keeps 0, 3, 6 and C, now B, keeps 2, 5. */
}

static void test_sticky_unequal(void **state)
{
    (void)state;
    add_topic(1);
    add_topic(2);
    add_topic(3);
    add_member("0");
    add_member("01");
    add_member("012");
    assign("sticky");
    expect("ABBCCC");
    take_over(1);
    remove_member(0);
    assign("sticky");
    expect("AAABBB");
}

static void test_static_members_come_first(void **state)
{
    (void)state;
    const struct rk_assignor_member a = {.id = "a"}, b = {.id = "b"};
    const struct rk_assignor_member y = {.id = "y", .instance_id = "2"};
    const struct rk_assignor_member z = {.id = "z", .instance_id = "1"};
    assert_true(rk_assignor_compare_members(&a, &b) < 0);
    assert_true(rk_assignor_compare_members(&y, &a) < 0);
    assert_true(rk_assignor_compare_members(&a, &z) > 0);
    assert_true(rk_assignor_compare_members(&z, &y) < 0);
}

/* C may only have of topic 1, which B has: B gets one of A's for it. */
static void test_sticky_by_way_of_another(void **state)
{
    (void)state;
    add_topic(2);
    add_topic(1);
    add_member("0");
    add_member("01");
    add_member("1");
    own(0, 0);
    own(0, 1);
    own(1, 2);
    assign("sticky");
    expect("BAC"); /* Two, one and none. */
}

/* Claims */

static void test_claims(void **state)
{
    (void)state;
    add_topic(4);
    add_member("0")->generation = 5;
    add_member("0")->generation = 6;
    add_member("0")->generation = 6;
    own(0, 0); /* Older than B's. */
    own(1, 0);
    own(1, 1); /* Contested. */
    own(2, 1);
    own(2, 3);
    assign("sticky");
    assert_int_equal(group.owner[0], 1);
    assert_int_equal(group.owner[3], 2);
    for (int m = 0; m < 3; m++)
        assert_in_range(count_of(m, 0, 4), 1, 2);
    assign("cooperative-sticky");
    assert_int_equal(group.owner[0], 1);
    assert_true(group.owner[1] != 0); /* B and C think they have it. */
}

static void test_cooperative(void **state)
{
    (void)state;
    add_topic(4);
    add_member("0");
    assign("cooperative-sticky");
    expect("AAAA");
    take_over(1);
    add_member("0")->generation = 1;
    assign("cooperative-sticky");
    expect("AA--"); /* A gives up two first. */
    take_over(2);
    assign("cooperative-sticky");
    expect("AABB");
    take_over(3);
    assign("cooperative-sticky");
    expect("AABB");
}

/* Racks */

static void test_range_racks(void **state)
{
    (void)state;
    static const char *const a[] = {"a"}, *const b[] = {"b"}, *const ab[] = {"b", "a"};
    add_topic(4);
    add_member("0")->rack = "a";
    add_member("0")->rack = "b";
    group.input.racks = group.racks;
    group.racks[0] = group.racks[2] = (struct rk_assignor_racks){b, 1};
    group.racks[1] = group.racks[3] = (struct rk_assignor_racks){a, 1};
    assign("range");
    expect("BABA");
    for (int p = 0; p < 4; p++)
        group.racks[p] = (struct rk_assignor_racks){ab, 2};
    assign("range");
    expect("AABB"); /* Everybody is near everything. */
    group.racks[3] = (struct rk_assignor_racks){a, 1};
    group.members[0].rack = group.members[1].rack = "c";
    assign("range");
    expect("AABB"); /* Nobody is near anything. */
}

static void test_range_racks_keep_partitions_together(void **state)
{
    (void)state;
    static const char *const a[] = {"a"}, *const b[] = {"b"};
    add_topic(2);
    add_topic(2);
    add_member("01")->rack = "a";
    add_member("01")->rack = "b";
    group.input.racks = group.racks;
    group.racks[0] = group.racks[2] = (struct rk_assignor_racks){b, 1};
    group.racks[1] = group.racks[3] = (struct rk_assignor_racks){a, 1};
    assign("range");
    expect("BABA");
}

/* Who does not say where it is takes any, before others take what is left. */
static void test_range_without_a_rack(void **state)
{
    (void)state;
    static const char *const b[] = {"b"}, *const c[] = {"c"};
    add_topic(6);
    add_member("0")->rack = "a";
    add_member("0");
    add_member("0")->rack = "b";
    group.input.racks = group.racks;
    for (int p = 0; p < 6; p++)
        group.racks[p] =
            p % 2 == 0 ? (struct rk_assignor_racks){b, 1} : (struct rk_assignor_racks){c, 1};
    assign("range");
    expect("BBCACA");
}

/* Topics that go together are given out by rack together or not at all. */
static void test_range_racks_together(void **state)
{
    (void)state;
    static const char *const a[] = {"a"}, *const b[] = {"b"};
    for (int i = 0; i < 3; i++)
        add_topic(i < 2 ? 1 : 2);
    add_member("012")->rack = "c";
    add_member("012")->rack = "b";
    group.input.racks = group.racks;
    for (int p = 0; p < 4; p++)
        group.racks[p] = (struct rk_assignor_racks){b, 1};
    assign("range");
    expect("AAAB"); /* Racks tell nothing of any topic. */
    group.racks[2] = (struct rk_assignor_racks){a, 1};
    assign("range");
    expect("BBAB"); /* Of the third they do. */
    group.racks[1] = (struct rk_assignor_racks){a, 1};
    assign("range");
    expect("AAAB"); /* B is not near both. */
}

static void test_sticky_racks(void **state)
{
    (void)state;
    static const char *const a[] = {"a"}, *const b[] = {"b"};
    add_topic(4);
    add_member("0")->rack = "a";
    add_member("0")->rack = "b";
    group.input.racks = group.racks;
    group.racks[0] = group.racks[3] = (struct rk_assignor_racks){b, 1};
    group.racks[1] = group.racks[2] = (struct rk_assignor_racks){a, 1};
    assign("sticky");
    expect("BAAB");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_range),
        TEST(test_round_robin),
        TEST(test_round_robin_unequal),
        TEST(test_sticky),
        TEST(test_sticky_unequal),
        TEST(test_static_members_come_first),
        TEST(test_sticky_by_way_of_another),
        TEST(test_claims),
        TEST(test_cooperative),
        TEST(test_range_racks),
        TEST(test_range_racks_keep_partitions_together),
        TEST(test_range_without_a_rack),
        TEST(test_range_racks_together),
        TEST(test_sticky_racks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
