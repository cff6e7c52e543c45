/* SPDX-License-Identifier: BSD-2-Clause */
/* Assignors: properties of what many random groups are assigned, and a large one. */
#include "assignor_group.h"

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
        TEST(test_every_partition_once), TEST(test_runs_are_even),      TEST(test_sticky_stays),
        TEST(test_sticky_joins),         TEST(test_cooperative_rounds), TEST(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
