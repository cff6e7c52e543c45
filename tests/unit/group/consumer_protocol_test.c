/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Subscriptions and assignments as members write and read them: round trips, the bytes that Kafka's
 * own client writes, what older and newer ones do otherwise, and every truncation.
 */
#include "group/consumer_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/partition_list.h"

static rd_kafka_topic_partition_list_t *list_of(const char *topic, int from, int to)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    for (int i = from; i < to; i++)
        rk_partition_list_add(list, topic, i);
    return list;
}

static void write_one(struct rk_writer *writer, int16_t version, enum rk_protocol_userdata userdata)
{
    rd_kafka_topic_partition_list_t *topics = list_of("apples", -1, 0);
    rk_partition_list_add(topics, "pears", -1);
    rd_kafka_topic_partition_list_t *owned = list_of("apples", 1, 3);
    rk_partition_list_add(owned, "pears", 7);
    rk_writer_init(writer);
    rk_protocol_write_subscription(
        writer, version,
        &(struct rk_protocol_subscription_source){
            .topics = topics, .owned = owned, .generation = 5, .rack = "r1", .userdata = userdata});
    assert_false(writer->failed);
    rk_partition_list_destroy(topics);
    rk_partition_list_destroy(owned);
}

static void check_owned(const struct rk_protocol_subscription *read)
{
    assert_int_equal(read->owned.count, 2);
    assert_string_equal(read->owned.items[0].name, "apples");
    assert_int_equal(read->owned.items[0].partition_count, 2);
    assert_int_equal(read->owned.items[0].partitions[1], 2);
    assert_int_equal(read->owned.items[1].partitions[0], 7);
}

static void subscription_round_trips(void **state)
{
    (void)state;
    for (int16_t version = 0; version <= RK_CONSUMER_PROTOCOL_VERSION; version++) {
        for (int kind = RK_USERDATA_NONE; kind <= RK_USERDATA_COOPERATIVE; kind++) {
            struct rk_protocol_subscription read;
            struct rk_writer writer;
            struct rk_arena arena;
            rk_arena_init(&arena, 65536);
            write_one(&writer, version, (enum rk_protocol_userdata)kind);
            assert_true(rk_protocol_try_read_subscription(
                writer.data, writer.size, (enum rk_protocol_userdata)kind, &arena, &read));
            assert_int_equal(read.version, version);
            assert_int_equal(read.topic_count, 2);
            assert_string_equal(read.topics[1], "pears");
            if (version >= 1 || kind == RK_USERDATA_STICKY)
                check_owned(&read);
            else
                assert_int_equal(read.owned.count, 0);
            assert_int_equal(read.generation, version >= 2 || kind != RK_USERDATA_NONE ? 5 : -1);
            if (version >= 3)
                assert_string_equal(read.rack, "r1");
            else
                assert_null(read.rack);
            rk_writer_clear(&writer);
            rk_arena_clear(&arena);
        }
    }
}

/* Every truncation is either refused or ends at a field's end, without a read beyond. */
static void truncations_are_safe(void **state)
{
    (void)state;
    struct rk_writer writer;
    write_one(&writer, 3, RK_USERDATA_STICKY);
    for (size_t size = 0; size < writer.size; size++) {
        struct rk_protocol_subscription read;
        struct rk_arena arena;
        uint8_t *copy = malloc(size + 1);
        memcpy(copy, writer.data, size);
        uint8_t *exact = realloc(copy, size ? size : 1);
        rk_arena_init(&arena, 65536);
        bool is_read =
            rk_protocol_try_read_subscription(exact, size, RK_USERDATA_STICKY, &arena, &read);
        assert_true(!is_read || size >= 2 + 4 + 8 + 7);
        rk_partition_list_destroy(rk_protocol_try_read_assignment(exact, size));
        rk_arena_clear(&arena);
        free(exact);
    }
    rk_writer_clear(&writer);
}

static void later_versions_are_read(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 9, 0, 0, 0, 1, 0, 1, 'a',  0xff, 0xff, 0xff, 0xff,
                                    0, 0, 0, 0, 0, 0, 0, 4, 0xff, 0xff, 1,    2,    3};
    struct rk_protocol_subscription read;
    struct rk_arena arena;
    rk_arena_init(&arena, 65536);
    assert_true(
        rk_protocol_try_read_subscription(bytes, sizeof(bytes), RK_USERDATA_NONE, &arena, &read));
    assert_int_equal(read.topic_count, 1);
    assert_int_equal(read.generation, 4);
    assert_null(read.rack);
    rk_arena_clear(&arena);
}

static void older_clients_leave_out_the_rest(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 1, 0, 0, 0, 1, 0, 1, 'a'};
    struct rk_protocol_subscription read;
    struct rk_arena arena;
    rk_arena_init(&arena, 65536);
    assert_true(
        rk_protocol_try_read_subscription(bytes, sizeof(bytes), RK_USERDATA_STICKY, &arena, &read));
    assert_string_equal(read.topics[0], "a");
    assert_int_equal(read.owned.count, 0);
    assert_int_equal(read.generation, -1);
    rk_arena_clear(&arena);
}

static void hostile_counts_are_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 1, 0x7f, 0xff, 0xff, 0xff, 0, 1, 'a'};
    static const uint8_t negative[] = {0xff, 0xff, 0, 0, 0, 0};
    struct rk_protocol_subscription read;
    struct rk_arena arena;
    rk_arena_init(&arena, 65536);
    assert_false(
        rk_protocol_try_read_subscription(bytes, sizeof(bytes), RK_USERDATA_NONE, &arena, &read));
    assert_false(rk_protocol_try_read_subscription(negative, sizeof(negative), RK_USERDATA_NONE,
                                                   &arena, &read));
    assert_null(rk_protocol_try_read_assignment(bytes, sizeof(bytes)));
    assert_null(rk_protocol_try_read_assignment(negative, sizeof(negative)));
    rk_arena_clear(&arena);
}

static void assignment_round_trips(void **state)
{
    (void)state;
    struct rk_writer writer;
    rd_kafka_topic_partition_list_t *list = list_of("apples", 0, 3);
    rk_partition_list_add(list, "pears", 1);
    rk_writer_init(&writer);
    rk_protocol_write_assignment(&writer, 0, list);
    static const uint8_t expected[] = {0,   0, 0, 0, 0, 2, 0,    6,    'a',  'p', 'p', 'l', 'e',
                                       's', 0, 0, 0, 3, 0, 0,    0,    0,    0,   0,   0,   1,
                                       0,   0, 0, 2, 0, 5, 'p',  'e',  'a',  'r', 's', 0,   0,
                                       0,   1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff};
    assert_int_equal(writer.size, sizeof(expected));
    assert_memory_equal(writer.data, expected, sizeof(expected));
    rd_kafka_topic_partition_list_t *read =
        rk_protocol_try_read_assignment(writer.data, writer.size);
    assert_int_equal(read->cnt, 4);
    assert_string_equal(read->elems[3].topic, "pears");
    rk_partition_list_destroy(read);
    read = rk_protocol_try_read_assignment(NULL, 0);
    assert_int_equal(read->cnt, 0);
    rk_partition_list_destroy(read);
    rk_partition_list_destroy(list);
    rk_writer_clear(&writer);
}

/* Named twice, negative, without a name: each partition once, the others not at all. */
static void odd_assignments_are_cleaned(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 0, 0,    2,    0,    1,    'b', 0, 0, 0, 3, 0,
                                    0, 0, 1, 0, 0,    0,    0,    0,    0,   0, 1, 0, 1, 'a',
                                    0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0,   0, 0, 5};
    rd_kafka_topic_partition_list_t *read = rk_protocol_try_read_assignment(bytes, sizeof(bytes));
    assert_non_null(read);
    assert_int_equal(read->cnt, 3);
    assert_string_equal(read->elems[0].topic, "a");
    assert_int_equal(read->elems[0].partition, 5);
    assert_int_equal(read->elems[2].partition, 1);
    rk_partition_list_destroy(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subscription_round_trips),
        cmocka_unit_test(truncations_are_safe),
        cmocka_unit_test(later_versions_are_read),
        cmocka_unit_test(older_clients_leave_out_the_rest),
        cmocka_unit_test(hostile_counts_are_refused),
        cmocka_unit_test(assignment_round_trips),
        cmocka_unit_test(odd_assignments_are_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
