/* SPDX-License-Identifier: BSD-2-Clause */
/* What it costs to even out a large assignment: counted, whatever the machine. */
#include "group/assignor_balance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMBERS    50
#define PARTITIONS 40000
#define TOPICS     4

static const int32_t all_topics[] = {0, 1, 2, 3};
static const char *const names[][2] = {{"a", "b"}, {"b", "c"}, {"c", "a"}};

static struct large {
    struct rk_assignor_topic topics[TOPICS];
    struct rk_assignor_member members[MEMBERS];
    struct rk_assignor_racks racks[PARTITIONS];
    int32_t topic_of[PARTITIONS], owner[PARTITIONS], claims[PARTITIONS], older[PARTITIONS];
    int32_t counts[MEMBERS];
    struct rk_assignor_input input;
} large;

/* The first member has everything; of the others some subscribe to less, and some to little. */
static void init(bool has_racks)
{
    memset(&large, 0, sizeof(large));
    for (int32_t t = 0; t < TOPICS; t++)
        large.topics[t] = (struct rk_assignor_topic){.name = "topic",
                                                     .partition_count = PARTITIONS / TOPICS,
                                                     .first = t * (PARTITIONS / TOPICS)};
    for (int32_t m = 0; m < MEMBERS; m++) {
        int32_t skipped = m % TOPICS;
        large.members[m] = (struct rk_assignor_member){.topics = all_topics + skipped,
                                                       .topic_count = TOPICS - skipped,
                                                       .rack = names[m % 3][0]};
    }
    for (int32_t p = 0; p < PARTITIONS; p++) {
        large.racks[p] = (struct rk_assignor_racks){names[p % 3], 2};
        large.topic_of[p] = p / (PARTITIONS / TOPICS);
        large.older[p] = RK_ASSIGNOR_NOBODY;
    }
    large.counts[0] = PARTITIONS;
    large.input = (struct rk_assignor_input){.topics = large.topics,
                                             .topic_count = TOPICS,
                                             .partition_count = PARTITIONS,
                                             .members = large.members,
                                             .member_count = MEMBERS,
                                             .racks = has_racks ? large.racks : NULL};
}

static int64_t balance(void)
{
    struct rk_assignor_subscribers subscribers;
    assert_true(rk_assignor_subscribers_try_init(&subscribers, &large.input));
    struct rk_assignor_balance balance = {.input = &large.input,
                                          .subscribers = &subscribers,
                                          .topics = large.topic_of,
                                          .claims = large.claims,
                                          .older = large.older,
                                          .owner = large.owner,
                                          .counts = large.counts};
    assert_true(rk_assignor_try_balance(&balance));
    rk_assignor_subscribers_clear(&subscribers);
    return balance.looks;
}

static void expect_even(void)
{
    int32_t counts[MEMBERS] = {0};
    for (int32_t p = 0; p < PARTITIONS; p++) {
        assert_in_range(large.owner[p], 0, MEMBERS - 1);
        assert_true(rk_assignor_is_subscribed(&large.members[large.owner[p]], large.topic_of[p]));
        counts[large.owner[p]]++;
    }
    for (int32_t m = 0; m < MEMBERS; m++) {
        assert_int_equal(large.counts[m], counts[m]);
        assert_true(counts[0] - counts[m] < 2);
    }
}

static void a_move_looks_at_kinds_not_at_partitions(void **state)
{
    (void)state;
    for (int has_racks = 0; has_racks < 2; has_racks++) {
        init(has_racks);
        int64_t looks = balance();
        expect_even();
        if (looks > 100 * PARTITIONS)
            fail_msg("racks %d: %lld looks at %d partitions", has_racks, (long long)looks,
                     PARTITIONS);
    }
}

/* What is near is moved there, as far as there is any. */
static void racks_are_kept_to(void **state)
{
    int32_t near = 0, moved = 0;
    (void)state;
    init(true);
    balance();
    for (int32_t p = 0; p < PARTITIONS; p++) {
        moved += large.owner[p] != 0;
        near += large.owner[p] != 0 && rk_assignor_is_near(&large.input, large.owner[p], p);
    }
    assert_int_equal(moved, PARTITIONS / MEMBERS * (MEMBERS - 1));
    assert_int_equal(near, moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_move_looks_at_kinds_not_at_partitions),
        cmocka_unit_test(racks_are_kept_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
