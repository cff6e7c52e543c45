/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Static members of a classic group that come back within their session: the coordinator gives them
 * what they had, whatever they subscribe to by now.
 */
#include <string.h>

#include "support/group_fixture.h"

enum { JOIN_GROUP = 11, DESCRIBE_GROUPS = 15 };

static struct group_fixture fixture;

static void subscribe_to(struct group_member *member, const char *one, const char *other)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, one, RD_KAFKA_PARTITION_UA);
    rd_kafka_topic_partition_list_add(list, other, RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(member->rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static struct group_member *start_static(int index, const char *instance, const char *strategy)
{
    return group_start(&fixture, index, true, "group.instance.id", instance,
                       "partition.assignment.strategy", strategy, NULL);
}

/* How many of its partitions are of the topic. */
static int count_of(const struct group_member *member, const char *topic)
{
    rd_kafka_topic_partition_list_t *list;
    int count = 0;
    assert_int_equal(rd_kafka_assignment(member->rk, &list), 0);
    for (int i = 0; i < list->cnt; i++)
        count += strcmp(list->elems[i].topic, topic) == 0;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

static bool leader_has_both(struct group_fixture *f)
{
    return count_of(&f->members[0], "t") == 4 && count_of(&f->members[0], "u") == 2;
}

static void leader_with_a_new_topic(void **state)
{
    (void)state;
    consume_add_topic(&fixture.base, "u", 2);
    struct group_member *leader = start_static(0, "a", "range");
    group_subscribe(leader, "t");
    group_run(&fixture, group_first_has_all);
    group_destroy_member(leader);
    leader = start_static(0, "a", "range");
    subscribe_to(leader, "t", "u");
    group_run(&fixture, leader_has_both);
}

static bool second_has_new(struct group_fixture *f)
{
    return count_of(&f->members[1], "u") == 2 && group_assigned(&f->members[0]) == 2;
}

static void follower_with_a_new_topic(const char *strategy)
{
    consume_add_topic(&fixture.base, "u", 2);
    struct group_member *first = start_static(0, "a", strategy);
    struct group_member *second = start_static(1, "b", strategy);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    group_destroy_member(second);
    second = start_static(1, "b", strategy);
    subscribe_to(second, "t", "u");
    group_run(&fixture, second_has_new);
}

static void eager_follower_with_a_new_topic(void **state)
{
    (void)state;
    follower_with_a_new_topic("range");
}

static bool first_has_rest(struct group_fixture *f)
{
    return count_of(&f->members[1], "u") == 2 && count_of(&f->members[0], "t") == 4;
}

/* Nothing of what it had is for it any more. */
static void cooperative_follower_with_another_topic(void **state)
{
    (void)state;
    consume_add_topic(&fixture.base, "u", 2);
    struct group_member *first = start_static(0, "a", "cooperative-sticky");
    struct group_member *second = start_static(1, "b", "cooperative-sticky");
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    group_destroy_member(second);
    second = start_static(1, "b", "cooperative-sticky");
    group_subscribe(second, "u");
    group_run(&fixture, first_has_rest);
}

static bool one_of_each(struct group_fixture *f)
{
    return count_of(&f->members[0], "t") == 2 && count_of(&f->members[1], "t") == 2 &&
           count_of(&f->members[0], "u") + count_of(&f->members[1], "u") == 1;
}

/* Of a topic with one partition it had nothing before: the others do not notice that it was away,
 * and no member asks what it knows. */
static void member_that_has_nothing_of_a_topic(void **state)
{
    (void)state;
    consume_add_topic(&fixture.base, "u", 1);
    struct group_member *first = start_static(0, "a", "range");
    struct group_member *second = start_static(1, "b", "range");
    subscribe_to(first, "t", "u");
    subscribe_to(second, "t", "u");
    group_run(&fixture, one_of_each);
    bool lacks = count_of(second, "u") == 0;
    struct group_member *away = lacks ? second : first, *other = lacks ? first : second;
    int assigns = other->assigns;
    group_destroy_member(away);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    away = start_static(lacks ? 1 : 0, lacks ? "b" : "a", "range");
    subscribe_to(away, "t", "u");
    group_run(&fixture, one_of_each);
    while (group_requests(&fixture, DESCRIBE_GROUPS) == 0)
        group_run_ms(&fixture, 5);
    group_run_ms(&fixture, 200);
    assert_int_equal(other->assigns, assigns);
    assert_int_equal(group_requests(&fixture, JOIN_GROUP), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(leader_with_a_new_topic, &fixture),
        GROUP_TEST(eager_follower_with_a_new_topic, &fixture),
        GROUP_TEST(cooperative_follower_with_another_topic, &fixture),
        GROUP_TEST(member_that_has_nothing_of_a_topic, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
