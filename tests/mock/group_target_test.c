/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups of the consumer protocol that the test's program assigns by hand.
 */
#include "support/group_fixture.h"

enum { ALL_MOVE = 400 };

static struct group_fixture fixture;

static struct group_member *start(int index)
{
    return group_start(&fixture, index, true, "group.protocol", "consumer", NULL);
}

/* The first `first_count` partitions for one, the others for the other. */
static void assign_by_hand(const struct group_member *one, const struct group_member *other,
                           int first_count)
{
    char *ids[] = {rd_kafka_memberid(one->rk), rd_kafka_memberid(other->rk)};
    rd_kafka_topic_partition_list_t *lists[] = {rd_kafka_topic_partition_list_new(0),
                                                rd_kafka_topic_partition_list_new(0)};
    for (int p = 0; p < fixture.partition_count; p++)
        rd_kafka_topic_partition_list_add(lists[p >= first_count], "t", p);
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target =
        rd_kafka_mock_cgrp_consumer_target_assignment_new(ids, 2, lists);
    for (int i = 0; i < 2; i++) { /* All was copied. */
        rd_kafka_mem_free(NULL, ids[i]);
        rd_kafka_topic_partition_list_destroy(lists[i]);
    }
    rd_kafka_mock_cgrp_consumer_target_assignment(fixture.base.cluster, "group", target);
    rd_kafka_mock_cgrp_consumer_target_assignment_destroy(target);
}

static bool has_one_and_three(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 1 && group_assigned(&f->members[1]) == 3;
}

static bool has_three_and_one(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 3 && group_assigned(&f->members[1]) == 1;
}

static bool third_is_in(struct group_fixture *f)
{
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata(f->members[2].rk);
    bool is_in = rd_kafka_consumer_group_metadata_generation_id(metadata) > 0;
    rd_kafka_consumer_group_metadata_destroy(metadata);
    return is_in;
}

static bool all_consumed(struct group_fixture *f)
{
    return f->total >= ALL_MOVE;
}

/* What moves is consumed once; who joins later gets nothing, for the cluster assigns no more. */
static void members_have_what_they_are_given(void **state)
{
    (void)state;
    struct group_member *first = start(0);
    struct group_member *second = start(1);
    group_subscribe(first, "t");
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assign_by_hand(first, second, 1);
    group_run(&fixture, has_one_and_three);
    consume_fill_all(&fixture.base, "t", 4, 50);
    assign_by_hand(first, second, 3);
    group_run(&fixture, has_three_and_one);
    group_subscribe(start(2), "t");
    group_run(&fixture, third_is_in);
    for (int p = 0; p < 4; p++)
        consume_fill(&fixture.base, "t", p, 50, 50);
    group_run(&fixture, all_consumed);
    group_expect_each_once(&fixture, 4, 100);
    assert_int_equal(group_assigned(&fixture.members[2]), 0);
    assert_true(has_three_and_one(&fixture));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(members_have_what_they_are_given, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
