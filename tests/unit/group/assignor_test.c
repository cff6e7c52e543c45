/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assignors: the examples that Kafka's own documentation gives for each, and properties of many
 * random groups.
 */
#include "group/assignor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_MEMBERS    1000
#define MAX_TOPICS     200
#define MAX_PARTITIONS 10000

/* A group under construction. */
static struct group {
    struct rk_assignor_topic topics[MAX_TOPICS];
    struct rk_assignor_member members[MAX_MEMBERS];
    struct rk_assignor_racks racks[MAX_PARTITIONS];
    char topic_names[MAX_TOPICS][16], member_names[MAX_MEMBERS][16];
    int32_t *subscribed[MAX_MEMBERS], *owned[MAX_MEMBERS];
    int32_t owner[MAX_PARTITIONS], before[MAX_PARTITIONS];
    struct rk_assignor_input input;
} group;

static int clear(void **state)
{
    (void)state;
    for (int m = 0; m < MAX_MEMBERS; m++) {
        free(group.subscribed[m]);
        free(group.owned[m]);
    }
    memset(&group, 0, sizeof(group));
    group.input.topics = group.topics;
    group.input.members = group.members;
    return 0;
}

static void add_topic(int32_t partition_count)
{
    int32_t t = group.input.topic_count++;
    snprintf(group.topic_names[t], sizeof(group.topic_names[t]), "t%03d", (int)t);
    group.topics[t] = (struct rk_assignor_topic){.name = group.topic_names[t],
                                                 .partition_count = partition_count,
                                                 .first = group.input.partition_count};
    group.input.partition_count += partition_count;
}

/* Topics as digits: "02". */
static struct rk_assignor_member *add_member(const char *topics)
{
    int32_t m = group.input.member_count++;
    struct rk_assignor_member *member = &group.members[m];
    snprintf(group.member_names[m], sizeof(group.member_names[m]), "m%04d", (int)m);
    *member = (struct rk_assignor_member){.id = group.member_names[m], .generation = -1};
    group.subscribed[m] = calloc(MAX_TOPICS, sizeof(int32_t));
    for (const char *c = topics; *c; c++)
        group.subscribed[m][member->topic_count++] = *c - '0';
    member->topics = group.subscribed[m];
    return member;
}

static void own(int32_t m, int32_t partition)
{
    if (!group.owned[m])
        group.owned[m] = calloc(MAX_PARTITIONS, sizeof(int32_t));
    group.owned[m][group.members[m].owned_count++] = partition;
    group.members[m].owned = group.owned[m];
}

/* Members own what they got. */
static void take_over(int32_t generation)
{
    for (int32_t m = 0; m < group.input.member_count; m++) {
        group.members[m].owned_count = 0;
        group.members[m].generation = generation;
    }
    for (int32_t p = 0; p < group.input.partition_count; p++) {
        if (group.owner[p] >= 0)
            own(group.owner[p], p);
    }
    memcpy(group.before, group.owner, sizeof(group.before));
}

static void remove_member(int32_t m)
{
    free(group.subscribed[m]);
    free(group.owned[m]);
    int32_t last = --group.input.member_count;
    for (int32_t i = m; i < last; i++) {
        group.members[i] = group.members[i + 1];
        group.subscribed[i] = group.subscribed[i + 1];
        group.owned[i] = group.owned[i + 1];
    }
    group.subscribed[last] = group.owned[last] = NULL;
    for (int32_t p = 0; p < group.input.partition_count; p++) {
        if (group.before[p] == m)
            group.before[p] = RK_ASSIGNOR_NOBODY;
        else if (group.before[p] > m)
            group.before[p]--;
    }
}

static void assign(const char *name)
{
    const struct rk_assignor *assignor = rk_assignor_find(name);
    assert_non_null(assignor);
    assert_true(assignor->try_assign(&group.input, group.owner));
}

/* The owners of all partitions as letters, '-' for nobody. */
static void expect(const char *owners)
{
    char text[256];
    int32_t p = 0;
    for (; p < group.input.partition_count; p++)
        text[p] = group.owner[p] < 0 ? '-' : (char)('A' + group.owner[p]);
    text[p] = 0;
    assert_string_equal(text, owners);
}

static int32_t count_of(int32_t m, int32_t first, int32_t count)
{
    int32_t found = 0;
    for (int32_t p = first; p < first + count; p++)
        found += group.owner[p] == m;
    return found;
}

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

/* Properties */

static const char *const names[] = {"range", "roundrobin", "sticky", "cooperative-sticky"};

static void random_topics(int32_t m)
{
    struct rk_assignor_member *member = &group.members[m];
    member->topic_count = 0;
    for (int32_t t = 0; t < group.input.topic_count; t++) {
        if (rand() % 3 != 0)
            group.subscribed[m][member->topic_count++] = t;
    }
}

static void random_group(unsigned seed, bool is_equal)
{
    clear(NULL);
    srand(seed);
    int topics = 1 + rand() % 9, members = 1 + rand() % 12;
    for (int i = 0; i < topics; i++)
        add_topic(rand() % 12);
    for (int m = 0; m < members; m++) {
        add_member(is_equal ? &"012345678"[9 - topics] : "");
        for (int i = 0; is_equal && i < topics; i++)
            group.subscribed[m][i] = i;
        if (!is_equal)
            random_topics(m);
    }
}

static bool has_subscriber(int32_t topic)
{
    for (int32_t m = 0; m < group.input.member_count; m++) {
        if (rk_assignor_is_subscribed(&group.members[m], topic))
            return true;
    }
    return false;
}

static void expect_each_once(bool may_hold_back)
{
    for (int32_t t = 0; t < group.input.topic_count; t++) {
        for (int32_t i = 0; i < group.topics[t].partition_count; i++) {
            int32_t owner = group.owner[group.topics[t].first + i];
            assert_in_range(owner + 1, 0, group.input.member_count);
            if (owner >= 0)
                assert_true(rk_assignor_is_subscribed(&group.members[owner], t));
            else
                assert_true(may_hold_back || !has_subscriber(t));
        }
    }
}

/* No partition could move to a member with at least two fewer. */
static void expect_balance(void)
{
    int32_t counts[MAX_MEMBERS] = {0};
    for (int32_t p = 0; p < group.input.partition_count; p++) {
        if (group.owner[p] >= 0)
            counts[group.owner[p]]++;
    }
    for (int32_t t = 0; t < group.input.topic_count; t++) {
        for (int32_t i = 0; i < group.topics[t].partition_count; i++) {
            int32_t owner = group.owner[group.topics[t].first + i];
            for (int32_t m = 0; owner >= 0 && m < group.input.member_count; m++) {
                if (rk_assignor_is_subscribed(&group.members[m], t))
                    assert_true(counts[owner] - counts[m] < 2);
            }
        }
    }
}

static int32_t count_moved(void)
{
    int32_t moved = 0;
    for (int32_t p = 0; p < group.input.partition_count; p++)
        moved += group.before[p] >= 0 && group.owner[p] != group.before[p];
    return moved;
}

static void test_every_partition_once(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 500; seed++) {
        random_group(seed, seed % 2 == 0);
        for (int i = 0; i < 4; i++) {
            assign(names[i]);
            expect_each_once(false); /* Nobody owns anything yet. */
        }
    }
}

static void test_runs_are_even(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 200; seed++) {
        random_group(seed, true);
        assign("range");
        for (int32_t t = 0; t < group.input.topic_count; t++) {
            int32_t count = group.topics[t].partition_count;
            for (int32_t m = 0; m < group.input.member_count; m++) {
                int32_t each = count / group.input.member_count;
                bool gets_more = m < count % group.input.member_count;
                assert_int_equal(count_of(m, group.topics[t].first, count), each + gets_more);
            }
        }
        assign("roundrobin");
        expect_balance();
    }
}

static void test_sticky_stays(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 500; seed++) {
        random_group(seed, seed % 2 == 0);
        assign("sticky");
        expect_balance();
        take_over(1);
        assign("sticky");
        assert_int_equal(count_moved(), 0);
        if (group.input.member_count > 1) {
            remove_member(rand() % group.input.member_count);
            assign("sticky");
            expect_each_once(false);
            expect_balance();
            if (seed % 2 == 0) /* All can take over what is left: nothing else moves. */
                assert_int_equal(count_moved(), 0);
        }
    }
}

/* A member that joins gets its share, and nothing else moves. */
static void test_sticky_joins(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        random_group(seed, true);
        assign("sticky");
        take_over(1);
        int32_t topics = group.input.topic_count, m = group.input.member_count;
        add_member("")->topic_count = topics;
        memcpy(group.subscribed[m], group.subscribed[0], (size_t)topics * sizeof(int32_t));
        assign("sticky");
        expect_each_once(false);
        expect_balance();
        assert_int_equal(count_moved(), count_of(m, 0, group.input.partition_count));
    }
}

/* Nothing changes hands in one round, and a few rounds are enough. */
static void test_cooperative_rounds(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 500; seed++) {
        random_group(seed, seed % 2 == 0);
        assign("cooperative-sticky");
        take_over(1);
        for (int32_t m = 0; m < group.input.member_count; m++) {
            if (seed % 2 != 0 && rand() % 2)
                random_topics(m);
        }
        add_member(seed % 2 == 0 ? "0" : "");
        group.members[group.input.member_count - 1].generation = 1;
        assign("cooperative-sticky");
        expect_each_once(true);
        for (int32_t p = 0; p < group.input.partition_count; p++) {
            if (group.before[p] >= 0)
                assert_true(group.owner[p] == group.before[p] || group.owner[p] < 0);
        }
        for (int32_t round = 2; round < 5; round++) {
            take_over(round);
            assign("cooperative-sticky");
        }
        expect_each_once(false);
        assert_int_equal(count_moved(), 0);
    }
}

static void test_scale(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        add_topic(100);
    for (int m = 0; m < MAX_MEMBERS; m++) {
        add_member("");
        for (int32_t t = 0; t < 100; t++) {
            if ((m + t) % 3 != 0) /* Mixed subscriptions. */
                group.subscribed[m][group.members[m].topic_count++] = t;
        }
    }
    for (int i = 0; i < 4; i++) {
        assign(names[i]);
        expect_each_once(false);
    }
    take_over(1);
    for (int i = 0; i < 100; i++)
        remove_member(i);
    assign("sticky");
    expect_each_once(false);
    expect_balance();
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
        TEST(test_every_partition_once),
        TEST(test_runs_are_even),
        TEST(test_sticky_stays),
        TEST(test_sticky_joins),
        TEST(test_cooperative_rounds),
        TEST(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
