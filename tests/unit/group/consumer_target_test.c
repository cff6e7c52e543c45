/* SPDX-License-Identifier: BSD-2-Clause */
/* From topic ids to names and back: names that come late, topics that are made again. */
#include "group/consumer_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event/partition_list.h"

enum { TOPICS = 3 };

static struct rk_consumer_target target;
static const char *names[TOPICS + 1]; /* By the first byte of the id. */

/* Partitions 1 and 0 of each of these. */
static void assign(const uint8_t *ids, int32_t count)
{
    static int32_t numbers[] = {1, 0};
    struct rk_consumer_group_heartbeat_answer_topic topics[TOPICS];
    struct rk_consumer_group_heartbeat_answer_assignment from;
    memset(topics, 0, sizeof(topics));
    for (int32_t i = 0; i < count; i++) {
        topics[i].topic_id.bytes[0] = ids[i];
        topics[i].partitions.items = numbers;
        topics[i].partitions.count = 2;
    }
    from.topic_partitions.items = topics;
    from.topic_partitions.count = count;
    assert_true(rk_consumer_target_try_set(&target, &from));
}

/* How many partitions have a name now. takes: owned */
static rd_kafka_topic_partition_list_t *resolve(rd_kafka_topic_partition_list_t *owned, int count,
                                                bool expects_partial)
{
    bool is_partial;
    for (uint8_t id = 0; id <= TOPICS; id++) {
        if (names[id])
            rk_consumer_target_learn(&target, &(struct rk_uuid){{id}}, names[id]);
    }
    rd_kafka_topic_partition_list_t *list = rk_consumer_target_resolve(&target, owned, &is_partial);
    assert_int_equal(list->cnt, count);
    assert_int_equal(is_partial, expects_partial);
    rk_partition_list_destroy(owned);
    return list;
}

/* The only id that a heartbeat names for what is owned. */
static uint8_t told_id(const rd_kafka_topic_partition_list_t *owned)
{
    struct rk_arena arena;
    struct rk_consumer_group_heartbeat_request request;
    rk_arena_init(&arena, 1 << 16);
    rk_consumer_group_heartbeat_request_init(&request);
    assert_true(rk_consumer_target_try_fill(&target, owned, &request, &arena));
    assert_int_equal(request.topic_partitions.count, 1);
    assert_int_equal(request.topic_partitions.items[0].partitions.count, owned->cnt);
    uint8_t id = request.topic_partitions.items[0].topic_id.bytes[0];
    rk_arena_clear(&arena);
    return id;
}

static int begin(void **state)
{
    (void)state;
    memset(names, 0, sizeof(names));
    return 0;
}

static int end(void **state)
{
    (void)state;
    rk_consumer_target_clear(&target);
    return 0;
}

static void names_that_come_late(void **state)
{
    (void)state;
    names[1] = "a";
    assign((const uint8_t[]){2, 1}, 2);
    rd_kafka_topic_partition_list_t *list = resolve(rk_partition_list_new(0), 2, true);
    assert_string_equal(list->elems[0].topic, "a");
    assert_int_equal(list->elems[0].partition, 0);
    assert_int_equal(list->elems[1].partition, 1);
    assert_int_equal(rk_consumer_target_count_missing(&target), 1);
    names[1] = NULL; /* Known for good. */
    names[2] = "b";
    list = resolve(list, 4, false);
    assert_int_equal(rk_consumer_target_count_missing(&target), 0);
    assert_false(target.is_blocked);
    rk_partition_list_destroy(list);
}

/* The new one waits until nothing of the old one is owned; heartbeats tell of each by its id. */
static void topic_made_again(void **state)
{
    (void)state;
    names[1] = names[2] = "a";
    assign((const uint8_t[]){1}, 1);
    rd_kafka_topic_partition_list_t *owned = resolve(rk_partition_list_new(0), 2, false);
    assert_int_equal(told_id(owned), 1);
    assign((const uint8_t[]){2}, 1);
    rd_kafka_topic_partition_list_t *none = resolve(rk_partition_list_copy(owned), 0, true);
    assert_true(target.is_blocked);
    assert_int_equal(told_id(owned), 1);
    rk_partition_list_destroy(owned);
    owned = resolve(none, 2, false);
    assert_false(target.is_blocked);
    assert_int_equal(told_id(owned), 2);
    rk_partition_list_destroy(owned);
}

/* Topics of which nothing is assigned, partitions that cannot be, and what is said twice. */
static void what_makes_no_sense(void **state)
{
    (void)state;
    static int32_t numbers[] = {5, -1, 5, INT32_MIN, 0};
    struct rk_consumer_group_heartbeat_answer_topic topics[] = {
        {.topic_id = {{3}}, .partitions = {numbers + 1, 1}},
        {.topic_id = {{1}}, .partitions = {numbers, 3}},
        {.topic_id = {{2}}, .partitions = {NULL, 0}},
        {.topic_id = {{1}}, .partitions = {numbers + 2, 3}},
    };
    struct rk_consumer_group_heartbeat_answer_assignment from = {.topic_partitions = {topics, 4}};
    names[1] = "a";
    assert_true(rk_consumer_target_try_set(&target, &from));
    rd_kafka_topic_partition_list_t *list = resolve(rk_partition_list_new(0), 2, false);
    assert_int_equal(list->elems[0].partition, 0);
    assert_int_equal(list->elems[1].partition, 5);
    assert_int_equal(target.name_count, 1);
    rk_partition_list_destroy(list);
}

/* Two topics that are said to have one name: partitions of the one that came first. */
static void two_of_one_name(void **state)
{
    (void)state;
    names[1] = names[2] = "a";
    assign((const uint8_t[]){2, 1}, 2);
    rd_kafka_topic_partition_list_t *list = resolve(rk_partition_list_new(0), 2, false);
    for (int i = 0; i < 3; i++)
        list = resolve(list, 2, true);
    rk_partition_list_destroy(list);
}

/* However many there were: what is neither assigned nor owned has no name here. */
static void names_do_not_pile_up(void **state)
{
    (void)state;
    char text[TOPICS + 1][8];
    for (int i = 0; i < 100; i++) {
        for (uint8_t id = 1; id <= TOPICS; id++) {
            snprintf(text[id], sizeof(text[id]), "%d-%d", i, id);
            names[id] = text[id];
            assign(&id, 1);
            rk_partition_list_destroy(resolve(rk_partition_list_new(0), 2, false));
            assert_int_equal(target.name_count, 1);
        }
    }
}

/* Nobody knows what the application has taken without having been given it. */
static void taken_by_hand(void **state)
{
    (void)state;
    struct rk_arena arena;
    struct rk_consumer_group_heartbeat_request request;
    rd_kafka_topic_partition_list_t *owned = rk_partition_list_new(1);
    rk_partition_list_add(owned, "other", 3);
    rk_arena_init(&arena, 1 << 16);
    rk_consumer_group_heartbeat_request_init(&request);
    assert_true(rk_consumer_target_try_fill(&target, owned, &request, &arena));
    assert_int_equal(request.topic_partitions.count, 0);
    rk_arena_clear(&arena);
    rk_partition_list_destroy(owned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_that_come_late, begin, end),
        cmocka_unit_test_setup_teardown(topic_made_again, begin, end),
        cmocka_unit_test_setup_teardown(what_makes_no_sense, begin, end),
        cmocka_unit_test_setup_teardown(two_of_one_name, begin, end),
        cmocka_unit_test_setup_teardown(names_do_not_pile_up, begin, end),
        cmocka_unit_test_setup_teardown(taken_by_hand, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
