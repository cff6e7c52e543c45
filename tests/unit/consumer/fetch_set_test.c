/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetcher's partitions by topic: finding them in any order, and what leaves the session when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "consumer/fetch_set.h"

enum { TOPICS = 3, PARTITIONS = 4 };

static struct rk_core *core;
static rd_kafka_topic_t *topics[TOPICS];
static struct rk_partition partitions[TOPICS][PARTITIONS];
static struct rk_uuid ids[TOPICS];
static struct rk_fetch_set set;

static void destroy_topic(rd_kafka_topic_t *topic)
{
    rk_topic_base_clear(&topic->base);
    rk_free(topic);
}

static int begin(void **state)
{
    (void)state;
    core = rk_core_new(RD_KAFKA_CONSUMER, rk_strdup("test"), rk_conf_new(NULL));
    set = (struct rk_fetch_set){0};
    for (int t = 0; t < TOPICS; t++) {
        char name[8];
        snprintf(name, sizeof(name), "t%d", t);
        topics[t] = RK_NEW(rd_kafka_topic_t);
        rk_topic_base_init(&topics[t]->base, core, name, destroy_topic);
        ids[t].bytes[0] = (uint8_t)(t + 1);
        for (int p = 0; p < PARTITIONS; p++)
            partitions[t][p] = (struct rk_partition){.topic = topics[t], .number = p * 10};
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    rk_fetch_set_clear(&set);
    for (int t = 0; t < TOPICS; t++)
        rk_topic_release(topics[t]);
    rk_core_release(core);
    return 0;
}

static void add_all(void)
{
    for (int p = 0; p < PARTITIONS; p++) {
        for (int t = 0; t < TOPICS; t++)
            rk_fetch_set_add(&set, &partitions[t][p], &ids[t]);
    }
}

static struct rk_partition *find(int t, int32_t number, bool by_id)
{
    struct rk_fetch_topic *topic =
        rk_fetch_set_find_topic(&set, by_id ? NULL : rk_topic_name(topics[t]), &ids[t]);
    return topic ? rk_fetch_topic_find(topic, number) : NULL;
}

static void test_finding(void **state)
{
    (void)state;
    assert_null(rk_fetch_set_find_topic(&set, "t0", NULL));
    add_all();
    assert_int_equal(set.partition_count, TOPICS * PARTITIONS);
    assert_int_equal(set.topic_count, TOPICS);
    for (int by_id = 0; by_id < 2; by_id++) {
        for (int t = 0; t < TOPICS; t++) {
            for (int p = 0; p < PARTITIONS; p++)
                assert_ptr_equal(find(t, p * 10, by_id), &partitions[t][p]);
        }
        for (int t = TOPICS - 1; t >= 0; t--) {
            for (int p = PARTITIONS - 1; p >= 0; p--)
                assert_ptr_equal(find(t, p * 10, by_id), &partitions[t][p]);
        }
    }
    assert_null(find(0, 5, false));
    assert_null(rk_fetch_set_find_topic(&set, "t9", NULL));
    struct rk_partition stranger = {.topic = topics[0], .number = 0};
    assert_true(rk_fetch_set_contains(&set, &partitions[1][1]));
    assert_false(rk_fetch_set_contains(&set, &stranger));
}

static void test_removing(void **state)
{
    (void)state;
    add_all();
    for (int p = 0; p < PARTITIONS; p++)
        rk_fetch_set_remove(&set, &partitions[1][p]);
    assert_int_equal(set.topic_count, TOPICS - 1);
    assert_int_equal(set.partition_count, (TOPICS - 1) * PARTITIONS);
    assert_null(find(1, 0, false));
    assert_ptr_equal(find(2, 30, false), &partitions[2][3]);
    assert_ptr_equal(find(0, 0, true), &partitions[0][0]);
    assert_int_equal(set.forgotten_count, 0); /* None was in the session. */
    rk_fetch_set_add(&set, &partitions[1][2], &ids[1]);
    assert_ptr_equal(find(1, 20, true), &partitions[1][2]);
}

static void test_leaving_the_session(void **state)
{
    (void)state;
    add_all();
    partitions[0][1].own.is_in_session = true;
    partitions[2][0].own.is_in_session = true;
    partitions[2][1].own.is_in_session = true;
    rk_fetch_set_remove(&set, &partitions[0][1]);
    assert_true(rk_fetch_set_is_forgotten(&set, &partitions[0][1]));
    assert_false(rk_fetch_set_is_forgotten(&set, &partitions[0][2]));
    assert_int_equal(set.forgotten_count, 1);
    assert_string_equal(set.forgotten[0].topic, "t0");
    assert_int_equal(set.forgotten[0].number, 10);
    assert_true(rk_uuid_equal(&set.forgotten[0].id, &ids[0]));
    /* Another topic of the same name: what is in the session under the old id leaves it. */
    struct rk_uuid id = {{99}};
    rk_fetch_set_set_topic_id(&set, topics[2], &id);
    assert_int_equal(set.forgotten_count, 3);
    assert_true(rk_uuid_equal(&set.forgotten[2].id, &ids[2]));
    assert_false(partitions[2][0].own.is_in_session);
    assert_non_null(rk_fetch_set_find_topic(&set, NULL, &id));
    partitions[1][0].own.is_in_session = true;
    rk_fetch_set_leave_session(&set);
    assert_int_equal(set.forgotten_count, 0);
    assert_false(partitions[1][0].own.is_in_session);
}

static void test_topics_without_ids(void **state)
{
    static const struct rk_uuid none;
    (void)state;
    rk_fetch_set_add(&set, &partitions[0][0], &none);
    rk_fetch_set_add(&set, &partitions[0][1], &none);
    rk_fetch_set_add(&set, &partitions[1][0], &ids[1]);
    assert_int_equal(set.topics_without_id, 1);
    rk_fetch_set_set_topic_id(&set, topics[0], &ids[0]);
    assert_int_equal(set.topics_without_id, 0);
    rk_fetch_set_set_topic_id(&set, topics[1], &none);
    assert_int_equal(set.topics_without_id, 1);
    rk_fetch_set_remove(&set, &partitions[1][0]);
    assert_int_equal(set.topics_without_id, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_finding),
        TEST(test_removing),
        TEST(test_leaving_the_session),
        TEST(test_topics_without_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
