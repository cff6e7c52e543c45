/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a leader makes of a JoinGroup answer: which ones it does not believe, which topics it asks
 * for, and who gets what.
 */
#include "group/leader_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "event/partition_list.h"

enum { MEMBERS_MAX = 4 };

struct fixture {
    struct rk_join_group_answer answer;
    struct rk_join_group_answer_member members[MEMBERS_MAX];
    struct rk_writer writers[MEMBERS_MAX];
};

static rd_kafka_topic_partition_list_t *list_of(const char *names)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    char *copy = rk_strdup(names), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        rk_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
    rk_free(copy);
    return list;
}

static int begin(void **state)
{
    struct fixture *fixture = RK_NEW(struct fixture);
    rk_join_group_answer_init(&fixture->answer);
    fixture->answer.member_id = fixture->answer.leader = "me";
    fixture->answer.members.items = fixture->members;
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    for (int32_t i = 0; i < fixture->answer.members.count; i++)
        rk_writer_clear(&fixture->writers[i]);
    rk_free(fixture);
    return 0;
}

/* `owned` NULL: nothing. */
static void add_owner(struct fixture *fixture, const char *id, const char *topics,
                      const rd_kafka_topic_partition_list_t *owned)
{
    int32_t i = fixture->answer.members.count++;
    rd_kafka_topic_partition_list_t *list = list_of(topics);
    struct rk_protocol_subscription_source source = {
        .topics = list, .owned = owned, .generation = owned ? 3 : -1, .rack = "rack"};
    rk_writer_init(&fixture->writers[i]);
    rk_protocol_write_subscription(&fixture->writers[i], RK_CONSUMER_PROTOCOL_VERSION, &source);
    fixture->members[i] = (struct rk_join_group_answer_member){
        .member_id = id, .metadata = {fixture->writers[i].data, (int32_t)fixture->writers[i].size}};
    rk_partition_list_destroy(list);
}

static void add(struct fixture *fixture, const char *id, const char *topics)
{
    add_owner(fixture, id, topics, NULL);
}

static void add_garbage(struct fixture *fixture, const char *id)
{
    static const uint8_t garbage[] = {0, 1, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3};
    add(fixture, id, "");
    fixture->members[fixture->answer.members.count - 1].metadata =
        (struct rk_bytes){garbage, sizeof(garbage)};
}

static struct rk_leader_plan *plan_with(struct fixture *fixture, const char *assignor)
{
    struct rk_leader_plan *plan =
        rk_leader_plan_try_new(rk_assignor_find(assignor), &fixture->answer);
    assert_non_null(plan);
    return plan;
}

static void assert_assignment(const struct rk_leader_plan *plan, int member, const char *expected)
{
    const rd_kafka_topic_partition_list_t *list = plan->members[member].assignment;
    char text[200] = "";
    for (int i = 0; i < list->cnt; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%d", i ? " " : "",
                 list->elems[i].topic, (int)list->elems[i].partition);
    assert_string_equal(text, expected);
}

/* Who is not believed */

static void a_leader_is_among_the_members(void **state)
{
    struct fixture *fixture = *state;
    assert_false(rk_leader_plan_is_possible(&fixture->answer)); /* Nobody. */
    add(fixture, "another", "t");
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
    add(fixture, "me", "t");
    assert_true(rk_leader_plan_is_possible(&fixture->answer));
}

static void nobody_is_there_twice(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "me", "t");
    add(fixture, "b", "t");
    add(fixture, "a", "t");
    assert_true(rk_leader_plan_is_possible(&fixture->answer));
    add(fixture, "b", "t");
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
    fixture->members[3].member_id = "a";
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
    fixture->members[3].member_id = "";
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
    fixture->members[3].member_id = "me";
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
}

static void its_own_subscription_can_be_read(void **state)
{
    struct fixture *fixture = *state;
    add_garbage(fixture, "me");
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
    fixture->members[0].metadata.size = -1;
    assert_false(rk_leader_plan_is_possible(&fixture->answer));
    add(fixture, "me", "t");
    fixture->members[0].member_id = "another"; /* That is the other's own concern. */
    assert_true(rk_leader_plan_is_possible(&fixture->answer));
}

/* Topics */

static void topics_of_all_members_each_once(void **state)
{
    struct fixture *fixture = *state;
    char endless[260];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    add(fixture, "me", "pears apples pears");
    add(fixture, "b", "plums apples a/b caf\xc3\xa9 ok.name_-9");
    add(fixture, "c", endless);
    struct rk_leader_plan *plan = plan_with(fixture, "range");
    static const char *const expected[] = {"apples", "ok.name_-9", "pears", "plums"};
    assert_int_equal(plan->topics->cnt, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(plan->topics->elems[i].topic, expected[i]);
    assert_ptr_equal(rk_leader_plan_find_topic(plan, "pears"), &plan->topics->elems[2]);
    assert_ptr_equal(rk_leader_plan_find_topic(plan, "apples"), &plan->topics->elems[0]);
    assert_ptr_equal(rk_leader_plan_find_topic(plan, "plums"), &plan->topics->elems[3]);
    assert_null(rk_leader_plan_find_topic(plan, "a/b"));
    assert_null(rk_leader_plan_find_topic(plan, ""));
    assert_null(rk_leader_plan_find_topic(plan, "zebras"));
    rk_leader_plan_forget_members(plan);
    memset(&fixture->members, 0xff, sizeof(fixture->members)); /* Not looked at any more. */
    assert_non_null(rk_leader_plan_find_topic(plan, "pears"));
    rk_leader_plan_destroy(plan);
    rk_leader_plan_destroy(NULL);
}

/* Assignments */

static void members_get_what_they_subscribe_to(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "me", "apples pears");
    add(fixture, "b", "apples unknown");
    add_garbage(fixture, "c");
    struct rk_leader_plan *plan = plan_with(fixture, "range");
    assert_int_equal(plan->unreadable_count, 1);
    rk_leader_plan_find_topic(plan, "apples")->partition = 3;
    rk_leader_plan_find_topic(plan, "pears")->partition = 2;
    assert_true(rk_leader_plan_try_assign(plan, NULL));
    assert_assignment(plan, 0, "apples2 pears0 pears1"); /* "b" comes first, whoever asks. */
    assert_assignment(plan, 1, "apples0 apples1");
    assert_assignment(plan, 2, "");
    rk_leader_plan_find_topic(plan, "apples")->partition = 0; /* It can be made again. */
    assert_true(rk_leader_plan_try_assign(plan, NULL));
    assert_assignment(plan, 0, "pears0 pears1");
    assert_assignment(plan, 1, "");
    rk_leader_plan_destroy(plan);
}

static void static_members_come_first(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "me", "t");
    add(fixture, "z", "t");
    fixture->members[1].group_instance_id = "instance";
    struct rk_leader_plan *plan = plan_with(fixture, "range");
    plan->topics->elems[0].partition = 3;
    assert_true(rk_leader_plan_try_assign(plan, NULL));
    assert_assignment(plan, 0, "t2");
    assert_assignment(plan, 1, "t0 t1");
    rk_leader_plan_destroy(plan);
}

/* What members say to own may be anything. */
static void owners_that_lie(void **state)
{
    struct fixture *fixture = *state;
    rd_kafka_topic_partition_list_t *owned = rk_partition_list_new(0);
    static const int32_t partitions[] = {-5, 1, 1, 3, 4, INT32_MAX};
    for (size_t i = 0; i < RK_COUNT_OF(partitions); i++)
        rk_partition_list_add(owned, "t", partitions[i]);
    rk_partition_list_add(owned, "unknown", 0);
    add_owner(fixture, "me", "t", owned);
    add(fixture, "b", "t");
    struct rk_leader_plan *plan = plan_with(fixture, "cooperative-sticky");
    rk_leader_plan_find_topic(plan, "t")->partition = 4;
    assert_true(rk_leader_plan_try_assign(plan, NULL));
    assert_assignment(plan, 0, "t1 t3");
    assert_assignment(plan, 1, "t0 t2");
    rk_leader_plan_destroy(plan);
    rk_partition_list_destroy(owned);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_leader_is_among_the_members),
        TEST(nobody_is_there_twice),
        TEST(its_own_subscription_can_be_read),
        TEST(topics_of_all_members_each_once),
        TEST(members_get_what_they_subscribe_to),
        TEST(static_members_come_first),
        TEST(owners_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
