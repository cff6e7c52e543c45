/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots: merging answers, epochs that go back, topics that come again, leader hints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/memory.h"
#include "cluster/snapshot.h"
#include "wire/messages.h"

/* An answer under construction. */
static struct rk_arena arena;
static struct rk_metadata_answer answer;
static struct rk_snapshot *snapshot;

static int set_up(void **state)
{
    (void)state;
    rk_arena_init(&arena, 64u << 20);
    rk_metadata_answer_init(&answer);
    answer.brokers.items = rk_metadata_answer_broker_try_new(&arena, 10);
    answer.topics.items = rk_metadata_answer_topic_try_new(&arena, 10);
    snapshot = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rk_snapshot_release(snapshot);
    rk_arena_clear(&arena);
    return 0;
}

static void clear_answer(void)
{
    answer.brokers.count = answer.topics.count = 0;
}

static struct rk_metadata_answer_broker *add_broker(int32_t id, const char *host, int32_t port)
{
    struct rk_metadata_answer_broker *broker = &answer.brokers.items[answer.brokers.count++];
    rk_metadata_answer_broker_init(broker);
    broker->node_id = id;
    broker->host = host;
    broker->port = port;
    return broker;
}

static struct rk_metadata_answer_topic *add_topic(const char *name, int count)
{
    struct rk_metadata_answer_topic *topic = &answer.topics.items[answer.topics.count++];
    rk_metadata_answer_topic_init(topic);
    topic->name = name;
    topic->partitions.items = rk_metadata_answer_partition_try_new(&arena, count);
    topic->partitions.count = count;
    for (int i = 0; i < count; i++) {
        topic->partitions.items[i].partition_index = i;
        topic->partitions.items[i].leader_id = 1;
        topic->partitions.items[i].leader_epoch = 5;
    }
    return topic;
}

static uint64_t now_us = 1234;

static void merge_as(int16_t version, bool is_complete)
{
    struct rk_snapshot *before = snapshot;
    snapshot = rk_snapshot_try_merge(&(struct rk_snapshot_merge){.before = before,
                                                                 .answer = &answer,
                                                                 .version = version,
                                                                 .is_complete = is_complete,
                                                                 .answered_by = 7,
                                                                 .now_us = now_us});
    assert_non_null(snapshot);
    rk_snapshot_release(before);
}

static void merge(void)
{
    merge_as(12, false);
}

static const struct rk_snapshot_partition *partition_of(const char *topic, int32_t partition)
{
    return rk_snapshot_find_partition(rk_snapshot_find_topic(snapshot, topic), partition);
}

static void nothing_is_found_in_nothing(void **state)
{
    (void)state;
    assert_null(rk_snapshot_find_topic(NULL, "t"));
    assert_null(rk_snapshot_find_partition(NULL, 0));
    assert_null(rk_snapshot_find_broker(NULL, 1));
    merge();
    assert_null(rk_snapshot_find_topic(snapshot, "t"));
    assert_null(rk_snapshot_find_broker(snapshot, 1));
    assert_int_equal(snapshot->answered_by, 7);
    assert_int_equal(snapshot->controller_id, -1);
    assert_null(snapshot->cluster_id);
}

static void everything_is_copied_and_found(void **state)
{
    (void)state;
    char host[] = "three", name[] = "zebra", cluster[] = "cid";
    int32_t replicas[] = {3, 1}, isrs[] = {3};
    answer.cluster_id = cluster;
    answer.controller_id = 3;
    add_broker(3, host, 9093)->rack = "rack";
    add_broker(1, "one", 9091);
    add_topic("ape", 2);
    struct rk_metadata_answer_topic *topic = add_topic(name, 3);
    topic->topic_id = (struct rk_uuid){{9}};
    topic->partitions.items[1].leader_id = 3;
    topic->partitions.items[1].replica_nodes.items = replicas;
    topic->partitions.items[1].replica_nodes.count = 2;
    topic->partitions.items[1].isr_nodes.items = isrs;
    topic->partitions.items[1].isr_nodes.count = 1;
    topic->partitions.items[2].leader_id = -1;
    topic->partitions.items[2].error_code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    merge();
    memset(host, 'x', sizeof(host) - 1);
    memset(name, 'x', sizeof(name) - 1);
    memset(cluster, 'x', sizeof(cluster) - 1);
    memset(replicas, 0, sizeof(replicas));

    assert_string_equal(snapshot->cluster_id, "cid");
    assert_int_equal(snapshot->controller_id, 3);
    assert_int_equal(snapshot->broker_count, 2);
    assert_int_equal(snapshot->brokers[0].id, 1);
    assert_string_equal(rk_snapshot_find_broker(snapshot, 3)->host, "three");
    assert_string_equal(rk_snapshot_find_broker(snapshot, 3)->rack, "rack");
    assert_int_equal(rk_snapshot_find_broker(snapshot, 3)->port, 9093);
    assert_null(rk_snapshot_find_broker(snapshot, 2));
    const struct rk_snapshot_topic *found = rk_snapshot_find_topic(snapshot, "zebra");
    assert_int_equal(found->id.bytes[0], 9);
    assert_int_equal(found->partition_count, 3);
    assert_int_equal(found->seen_us, 1234);
    assert_int_equal(found->partitions[1].leader, 3);
    assert_int_equal(found->partitions[1].leader_epoch, 5);
    assert_int_equal(found->partitions[1].replica_count, 2);
    assert_int_equal(found->partitions[1].replicas[1], 1);
    assert_int_equal(found->partitions[1].isrs[0], 3);
    assert_int_equal(found->partitions[2].leader, -1);
    assert_int_equal(found->partitions[2].err, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_null(rk_snapshot_find_partition(found, 3));
    assert_null(rk_snapshot_find_partition(found, -1));
    assert_int_equal(rk_snapshot_find_topic(snapshot, "ape")->partition_count, 2);
}

static void topics_that_were_not_asked_for_stay(void **state)
{
    (void)state;
    add_broker(1, "one", 9091);
    add_topic("b", 1);
    add_topic("d", 1);
    merge();
    clear_answer();
    add_broker(2, "two", 9092);
    add_topic("a", 1);
    add_topic("d", 4);
    add_topic("c", 1);
    merge();
    assert_int_equal(snapshot->topic_count, 4);
    for (int i = 0; i < 4; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        assert_string_equal(snapshot->topics[i]->name, name);
    }
    assert_int_equal(rk_snapshot_find_topic(snapshot, "d")->partition_count, 4);
    assert_null(rk_snapshot_find_broker(snapshot, 1)); /* Brokers are always all of them. */

    clear_answer();
    add_topic("d", 1);
    merge_as(12, true);
    assert_int_equal(snapshot->topic_count, 1);
}

static void an_epoch_that_goes_back_changes_nothing(void **state)
{
    (void)state;
    struct rk_metadata_answer_topic *topic = add_topic("t", 3);
    merge();
    for (int i = 0; i < 3; i++) {
        topic->partitions.items[i].leader_id = 2;
        topic->partitions.items[i].leader_epoch = 4 + i; /* Older, the same, newer. */
    }
    merge();
    assert_int_equal(partition_of("t", 0)->leader, 1);
    assert_int_equal(partition_of("t", 0)->leader_epoch, 5);
    assert_int_equal(partition_of("t", 1)->leader, 2);
    assert_int_equal(partition_of("t", 1)->leader_epoch, 5);
    assert_int_equal(partition_of("t", 2)->leader, 2);
    assert_int_equal(partition_of("t", 2)->leader_epoch, 6);
}

/* One broker has told of an epoch that never was: all others say so for long enough. */
static void an_epoch_nobody_else_knows_is_forgotten(void **state)
{
    (void)state;
    struct rk_metadata_answer_topic *topic = add_topic("t", 2);
    topic->partitions.items[0].leader_epoch = INT32_MAX;
    merge();
    topic->partitions.items[0].leader_id = 2;
    for (int second = 0; second < 10; second++) {
        topic->partitions.items[0].leader_epoch = 5;
        merge();
        assert_int_equal(partition_of("t", 0)->leader, 1);
        assert_int_equal(partition_of("t", 0)->leader_epoch, INT32_MAX);
        now_us += 1000000;
    }
    topic->partitions.items[0].leader_epoch = INT32_MAX; /* One still says it. */
    topic->partitions.items[0].leader_id = 1;
    merge();
    topic->partitions.items[0].leader_epoch = 5;
    topic->partitions.items[0].leader_id = 2;
    merge();
    assert_int_equal(partition_of("t", 0)->leader_epoch, INT32_MAX);
    now_us += 10000000;
    merge();
    assert_int_equal(partition_of("t", 0)->leader, 2);
    assert_int_equal(partition_of("t", 0)->leader_epoch, 5);
    assert_int_equal(partition_of("t", 1)->leader_epoch, 5);
    now_us = 1234;
}

static void old_versions_have_no_epochs_to_trust(void **state)
{
    (void)state;
    struct rk_metadata_answer_topic *topic = add_topic("t", 1);
    merge();
    topic->partitions.items[0].leader_id = 2;
    topic->partitions.items[0].leader_epoch = 3;
    merge_as(8, false);
    assert_int_equal(partition_of("t", 0)->leader, 2);
    assert_int_equal(partition_of("t", 0)->leader_epoch, -1);
    topic->partitions.items[0].leader_epoch = 4;
    merge();
    assert_int_equal(partition_of("t", 0)->leader_epoch, 4);
}

static void a_topic_made_again_begins_anew(void **state)
{
    (void)state;
    struct rk_metadata_answer_topic *topic = add_topic("t", 4);
    topic->topic_id = (struct rk_uuid){{1}};
    merge();
    clear_answer();
    topic = add_topic("t", 2);
    topic->topic_id = (struct rk_uuid){{2}};
    topic->partitions.items[0].leader_epoch = 0;
    topic->partitions.items[0].leader_id = 9;
    merge();
    assert_int_equal(rk_snapshot_find_topic(snapshot, "t")->partition_count, 2);
    assert_int_equal(partition_of("t", 0)->leader, 9);
    assert_int_equal(partition_of("t", 0)->leader_epoch, 0);
    /* Without an id nothing says that it is another one. */
    topic->topic_id = (struct rk_uuid){{0}};
    topic->partitions.items[1].leader_epoch = 1;
    topic->partitions.items[1].leader_id = 8;
    merge();
    assert_int_equal(partition_of("t", 1)->leader, 1);
}

static void a_topic_on_its_way_keeps_what_is_known(void **state)
{
    (void)state;
    add_topic("t", 2);
    merge();
    clear_answer();
    struct rk_metadata_answer_topic *topic = add_topic("t", 0);
    topic->error_code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    merge();
    const struct rk_snapshot_topic *found = rk_snapshot_find_topic(snapshot, "t");
    assert_int_equal(found->err, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_int_equal(found->partition_count, 2);
    assert_int_equal(found->partitions[1].leader, 1);
    topic->error_code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    merge();
    assert_int_equal(rk_snapshot_find_topic(snapshot, "t")->partition_count, 0);
}

static void partitions_left_out_have_no_leader(void **state)
{
    (void)state;
    struct rk_metadata_answer_topic *topic = add_topic("t", 2);
    topic->partitions.items[0].partition_index = 5;
    topic->partitions.items[1].partition_index = 2;
    merge();
    assert_int_equal(rk_snapshot_find_topic(snapshot, "t")->partition_count, 6);
    assert_int_equal(partition_of("t", 5)->leader, 1);
    assert_int_equal(partition_of("t", 0)->leader, -1);
    assert_int_equal(partition_of("t", 0)->err, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
}

static void a_small_answer_makes_no_huge_snapshot(void **state)
{
    (void)state;
    static const int32_t absurd[] = {INT32_MAX, 999999, 100000, INT32_MIN, -1};
    unsigned long long before = rk_memory_allocations();
    for (size_t i = 0; i < RK_COUNT_OF(absurd); i++) {
        clear_answer();
        struct rk_metadata_answer_topic *topic = add_topic("t", 3);
        topic->partitions.items[1].partition_index = absurd[i];
        merge_as(12, true);
        assert_true(rk_snapshot_find_topic(snapshot, "t")->partition_count <= 3);
        assert_int_equal(partition_of("t", 2)->leader, 1);
    }
    assert_true(rk_memory_allocations() - before < 100);
}

static void odd_brokers_are_left_out(void **state)
{
    (void)state;
    add_broker(-1, "minus", 9092);
    add_broker(1, "", 9092);
    add_broker(2, "two", 0);
    add_broker(3, "three", 65536);
    add_broker(4, "four", -9092);
    add_broker(5, "five", 9092);
    add_broker(5, "again", 9093);
    add_broker(INT32_MAX, "last", 65535);
    merge();
    assert_int_equal(snapshot->broker_count, 2);
    assert_int_equal(snapshot->brokers[0].id, 5);
    assert_int_equal(snapshot->brokers[1].id, INT32_MAX);
}

static void the_cluster_id_stays_known(void **state)
{
    (void)state;
    answer.cluster_id = "cid";
    merge();
    answer.cluster_id = NULL;
    merge_as(1, false);
    assert_string_equal(snapshot->cluster_id, "cid");
}

static void topics_without_a_name_are_left_out(void **state)
{
    (void)state;
    add_topic(NULL, 1)->error_code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
    add_topic("t", 1);
    merge();
    assert_int_equal(snapshot->topic_count, 1);
}

/* Hints */

static void move(const char *topic, int32_t partition, int32_t leader, int32_t epoch,
                 const struct rk_snapshot_broker *endpoints, int32_t count)
{
    struct rk_snapshot *before = snapshot;
    struct rk_leader_hint hint = {topic, partition, leader, epoch, endpoints, count};
    snapshot = rk_snapshot_try_move_leaders(before, &hint, 1);
    assert_non_null(snapshot);
    rk_snapshot_release(before);
}

static void a_hint_moves_one_leader(void **state)
{
    (void)state;
    struct rk_snapshot_broker endpoints[] = {
        {.id = 4, .host = "four", .port = 9094, .rack = "r4"},
        {.id = 1, .host = "elsewhere", .port = 1},
    };
    answer.cluster_id = "cid";
    answer.controller_id = 1;
    add_broker(1, "one", 9091);
    add_broker(2, "two", 9092);
    add_topic("other", 2);
    add_topic("t", 2)->partitions.items[1].error_code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    merge();
    move("t", 1, 4, 6, endpoints, 2);
    assert_int_equal(partition_of("t", 1)->leader, 4);
    assert_int_equal(partition_of("t", 1)->leader_epoch, 6);
    assert_int_equal(partition_of("t", 1)->err, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(partition_of("t", 0)->leader, 1);
    assert_int_equal(partition_of("other", 1)->leader, 1);
    assert_int_equal(snapshot->broker_count, 3);
    assert_string_equal(rk_snapshot_find_broker(snapshot, 4)->rack, "r4");
    assert_string_equal(rk_snapshot_find_broker(snapshot, 1)->host, "elsewhere"); /* It is newer. */
    assert_string_equal(rk_snapshot_find_broker(snapshot, 2)->host, "two");
    assert_string_equal(snapshot->cluster_id, "cid");
    assert_int_equal(snapshot->controller_id, 1);
}

static void hints_move_several_leaders(void **state)
{
    (void)state;
    struct rk_snapshot_broker first[] = {{.id = 4, .host = "four", .port = 9094}};
    struct rk_snapshot_broker again[] = {{.id = 4, .host = "older", .port = 1},
                                         {.id = 5, .host = "five", .port = 9095}};
    struct rk_leader_hint hints[] = {{"t", 0, 4, 8, first, 1},
                                     {"t", 1, 5, 9, again, 2},
                                     {"t", 1, 1, 8, NULL, 0}, /* Older than that. */
                                     {"other", 1, 4, 7, NULL, 0}};
    add_broker(1, "one", 9091);
    add_topic("other", 2);
    add_topic("t", 2);
    merge();
    struct rk_snapshot *before = snapshot;
    snapshot = rk_snapshot_try_move_leaders(before, hints, RK_COUNT_OF(hints));
    assert_non_null(snapshot);
    rk_snapshot_release(before);
    assert_int_equal(partition_of("t", 0)->leader, 4);
    assert_int_equal(partition_of("t", 1)->leader, 5);
    assert_int_equal(partition_of("t", 1)->leader_epoch, 9);
    assert_int_equal(partition_of("other", 0)->leader, 1);
    assert_int_equal(partition_of("other", 1)->leader, 4);
    assert_int_equal(snapshot->broker_count, 3);
    assert_string_equal(rk_snapshot_find_broker(snapshot, 4)->host, "four");
}

static void a_hint_for_what_is_not_there_changes_nothing(void **state)
{
    (void)state;
    add_topic("t", 1);
    merge();
    move("u", 0, 4, 6, NULL, 0);
    move("t", 1, 4, 6, NULL, 0);
    move("t", -1, 4, 6, NULL, 0);
    assert_int_equal(partition_of("t", 0)->leader, 1);
    assert_int_equal(snapshot->topic_count, 1);
}

static void large_clusters(void **state)
{
    (void)state;
    enum { TOPICS = 500, PARTITIONS = 40 };
    static char names[TOPICS][16];
    answer.topics.items = rk_metadata_answer_topic_try_new(&arena, TOPICS);
    for (int i = 0; i < TOPICS; i++) {
        snprintf(names[i], sizeof(names[i]), "topic-%d", (i * 7919) % TOPICS);
        add_topic(names[i], PARTITIONS);
    }
    merge();
    clear_answer();
    add_topic("topic-17", 1);
    merge();
    assert_int_equal(snapshot->topic_count, TOPICS);
    for (int i = 0; i < TOPICS; i++)
        assert_int_equal(rk_snapshot_find_topic(snapshot, names[i])->partition_count,
                         strcmp(names[i], "topic-17") == 0 ? 1 : PARTITIONS);
}

/* What a broker must not say */

static void a_topic_named_twice_is_there_once(void **state)
{
    (void)state;
    add_topic("t", 2);
    add_topic("s", 1);
    add_topic("t", 3);
    add_topic("t", 1);
    merge();
    assert_int_equal(snapshot->topic_count, 2);
    merge();
    assert_int_equal(snapshot->topic_count, 2);
    assert_non_null(partition_of("t", 0));
    assert_non_null(partition_of("s", 0));
}

static void codes_of_ours_are_unknown_errors(void **state)
{
    (void)state;
    struct rk_metadata_answer_topic *topic = add_topic("t", 1);
    topic->error_code = RD_KAFKA_RESP_ERR__DESTROY;
    topic->partitions.items[0].error_code = RD_KAFKA_RESP_ERR__FATAL;
    merge();
    assert_int_equal(rk_snapshot_find_topic(snapshot, "t")->err, RD_KAFKA_RESP_ERR_UNKNOWN);
    assert_int_equal(partition_of("t", 0)->err, RD_KAFKA_RESP_ERR_UNKNOWN);
}

static void numbers_no_cluster_has_are_cut_off(void **state)
{
    (void)state;
    enum { COUNT = 300000, PARTITIONS_KEPT = 262144, BROKERS_KEPT = 10000 };
    answer.brokers.items = rk_metadata_answer_broker_try_new(&arena, COUNT);
    for (int32_t i = 0; i < COUNT; i++)
        add_broker(i, "h", 1);
    add_topic("t", COUNT)->partitions.items[7].leader_id = COUNT - 1;
    merge();
    assert_int_equal(snapshot->broker_count, BROKERS_KEPT);
    assert_non_null(rk_snapshot_find_broker(snapshot, BROKERS_KEPT - 1));
    assert_int_equal(rk_snapshot_find_topic(snapshot, "t")->partition_count, PARTITIONS_KEPT);
    assert_null(rk_snapshot_find_broker(snapshot, partition_of("t", 7)->leader));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_found_in_nothing),
        TEST(everything_is_copied_and_found),
        TEST(topics_that_were_not_asked_for_stay),
        TEST(an_epoch_that_goes_back_changes_nothing),
        TEST(an_epoch_nobody_else_knows_is_forgotten),
        TEST(old_versions_have_no_epochs_to_trust),
        TEST(a_topic_made_again_begins_anew),
        TEST(a_topic_on_its_way_keeps_what_is_known),
        TEST(partitions_left_out_have_no_leader),
        TEST(a_small_answer_makes_no_huge_snapshot),
        TEST(odd_brokers_are_left_out),
        TEST(the_cluster_id_stays_known),
        TEST(topics_without_a_name_are_left_out),
        TEST(a_hint_moves_one_leader),
        TEST(hints_move_several_leaders),
        TEST(a_hint_for_what_is_not_there_changes_nothing),
        TEST(large_clusters),
        TEST(a_topic_named_twice_is_there_once),
        TEST(codes_of_ours_are_unknown_errors),
        TEST(numbers_no_cluster_has_are_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
