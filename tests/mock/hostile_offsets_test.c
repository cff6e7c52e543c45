/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coordinators that lie, a few times, and then tell the truth: of who they are, of what was
 * committed, and of what is. In the end the truth is what counts.
 */
#include "support/hostile_fixture.h"

#include <string.h>

#include "base/assert.h"

enum { TIMES = 3, MANY = 5000 };

static struct hostile_fixture fixture;

#define LIE(name) #name, name

static int begin(void **state)
{
    (void)state;
    hostile_init(&fixture, 2);
    hostile_add_topic(&fixture, "t", 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    hostile_end(&fixture);
    return 0;
}

/* FindCoordinator */

#define FOUND(answer) (((struct rk_find_coordinator_answer *)(answer)->answer)->coordinators)

static enum liar_fate node(struct liar_answer *answer, int32_t id)
{
    for (int32_t i = 0; i < FOUND(answer).count; i++)
        FOUND(answer).items[i].node_id = id;
    return LIAR_TELL;
}

static enum liar_fate negative_node(struct liar_answer *answer)
{
    return node(answer, -1);
}

static enum liar_fate unknown_node(struct liar_answer *answer)
{
    return node(answer, 4711);
}

static enum liar_fate highest_node(struct liar_answer *answer)
{
    return node(answer, INT32_MAX);
}

static enum liar_fate other_node(struct liar_answer *answer)
{
    return node(answer, FOUND(answer).count > 0 ? 3 - FOUND(answer).items[0].node_id : 0);
}

static enum liar_fate nobody(struct liar_answer *answer)
{
    FOUND(answer).count = 0;
    return LIAR_TELL;
}

static enum liar_fate other_group(struct liar_answer *answer)
{
    for (int32_t i = 0; i < FOUND(answer).count; i++)
        FOUND(answer).items[i].key = "another";
    return LIAR_TELL;
}

static enum liar_fate many_groups(struct liar_answer *answer)
{
    struct rk_find_coordinator_answer_coordinator *items =
        rk_find_coordinator_answer_coordinator_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = FOUND(answer).items[0];
    FOUND(answer).items = items;
    FOUND(answer).count = MANY;
    return LIAR_TELL;
}

/* OffsetCommit */

#define COMMITTED(answer) (((struct rk_offset_commit_answer *)(answer)->answer)->topics)

static enum liar_fate commit_without_topics(struct liar_answer *answer)
{
    COMMITTED(answer).count = 0;
    return LIAR_TELL;
}

static enum liar_fate commit_without_partitions(struct liar_answer *answer)
{
    COMMITTED(answer).items[0].partitions.count = 0;
    return LIAR_TELL;
}

static enum liar_fate commit_of_another_topic(struct liar_answer *answer)
{
    COMMITTED(answer).items[0].name = "another";
    COMMITTED(answer).items[0].topic_id.bytes[3]++;
    return LIAR_TELL;
}

static enum liar_fate commit_of_another_partition(struct liar_answer *answer)
{
    COMMITTED(answer).items[0].partitions.items[0].partition_index = 77;
    return LIAR_TELL;
}

static enum liar_fate commit_of_many(struct liar_answer *answer)
{
    struct rk_offset_commit_answer_topic *items =
        rk_offset_commit_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i].name = "another";
    COMMITTED(answer).items = items;
    COMMITTED(answer).count = MANY;
    return LIAR_TELL;
}

/* OffsetFetch */

#define FETCHED(answer) (((struct rk_offset_fetch_answer *)(answer)->answer)->groups)

static enum liar_fate fetch_without_groups(struct liar_answer *answer)
{
    FETCHED(answer).count = 0;
    return LIAR_TELL;
}

static enum liar_fate fetch_of_another_group(struct liar_answer *answer)
{
    FETCHED(answer).items[0].group_id = "another";
    return LIAR_TELL;
}

static enum liar_fate fetch_without_topics(struct liar_answer *answer)
{
    FETCHED(answer).items[0].topics.count = 0;
    return LIAR_TELL;
}

static enum liar_fate fetch_without_partitions(struct liar_answer *answer)
{
    FETCHED(answer).items[0].topics.items[0].partitions.count = 0;
    return LIAR_TELL;
}

static enum liar_fate fetch_of_another_topic(struct liar_answer *answer)
{
    FETCHED(answer).items[0].topics.items[0].name = "another";
    FETCHED(answer).items[0].topics.items[0].topic_id.bytes[3]++;
    return LIAR_TELL;
}

static enum liar_fate fetch_of_another_partition(struct liar_answer *answer)
{
    FETCHED(answer).items[0].topics.items[0].partitions.items[0].partition_index = 77;
    return LIAR_TELL;
}

static enum liar_fate fetch_of_many(struct liar_answer *answer)
{
    struct rk_offset_fetch_answer_group_partition *items =
        rk_offset_fetch_answer_group_partition_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i].partition_index = 77;
    FETCHED(answer).items[0].topics.items[0].partitions.items = items;
    FETCHED(answer).items[0].topics.items[0].partitions.count = MANY;
    return LIAR_TELL;
}

static const struct {
    int api_key;
    struct hostile_lie lie;
} lies[] = {
    {RK_API_FIND_COORDINATOR, {LIE(negative_node), false}},
    {RK_API_FIND_COORDINATOR, {LIE(unknown_node), false}},
    {RK_API_FIND_COORDINATOR, {LIE(highest_node), false}},
    {RK_API_FIND_COORDINATOR, {LIE(other_node), false}},
    {RK_API_FIND_COORDINATOR, {LIE(nobody), false}},
    {RK_API_FIND_COORDINATOR, {LIE(other_group), false}},
    {RK_API_FIND_COORDINATOR, {LIE(many_groups), false}},
    {RK_API_FIND_COORDINATOR, {LIE(hostile_closed), false}},
    {RK_API_FIND_COORDINATOR, {LIE(hostile_cut), false}},
    {RK_API_FIND_COORDINATOR, {LIE(hostile_garbage), false}},
    {RK_API_OFFSET_COMMIT, {LIE(commit_without_topics), false}},
    {RK_API_OFFSET_COMMIT, {LIE(commit_without_partitions), false}},
    {RK_API_OFFSET_COMMIT, {LIE(commit_of_another_topic), false}},
    {RK_API_OFFSET_COMMIT, {LIE(commit_of_another_partition), false}},
    {RK_API_OFFSET_COMMIT, {LIE(commit_of_many), false}},
    {RK_API_OFFSET_COMMIT, {LIE(hostile_closed), false}},
    {RK_API_OFFSET_COMMIT, {LIE(hostile_cut), false}},
    {RK_API_OFFSET_COMMIT, {LIE(hostile_garbage), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_without_groups), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_of_another_group), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_without_topics), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_without_partitions), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_of_another_topic), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_of_another_partition), false}},
    {RK_API_OFFSET_FETCH, {LIE(fetch_of_many), false}},
    {RK_API_OFFSET_FETCH, {LIE(hostile_closed), false}},
    {RK_API_OFFSET_FETCH, {LIE(hostile_cut), false}},
    {RK_API_OFFSET_FETCH, {LIE(hostile_garbage), false}},
};

static void commit_and_ask(int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 1, offset);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 0), 0);
    list->elems[0].offset = 0;
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(list->elems[0].err, 0);
    assert_int_equal(list->elems[0].offset, offset);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_in_the_end_the_truth_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++) {
        hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
        hostile_tell(&fixture, &lies[i].lie, TIMES, lies[i].api_key, 0);
        commit_and_ask(100 + (int64_t)i);
        hostile_expect_told(&fixture);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
    }
}

/* Who never comes to the truth is not asked without end. */
static void test_not_without_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++) {
        if (lies[i].lie.tell != commit_without_partitions &&
            lies[i].lie.tell != fetch_without_partitions)
            continue;
        bool commits = lies[i].api_key == RK_API_OFFSET_COMMIT;
        hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
        hostile_tell(&fixture, &lies[i].lie, 1000, lies[i].api_key, 0);
        rd_kafka_topic_partition_list_t *list = consume_list("t", 1, 1);
        int before = liar_request_count(fixture.liar, 0, lies[i].api_key);
        assert_int_equal(commits ? rd_kafka_commit(fixture.rk, list, 0)
                                 : rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS),
                         RD_KAFKA_RESP_ERR__BAD_MSG);
        assert_int_equal(liar_request_count(fixture.liar, 0, lies[i].api_key) - before, 5);
        rd_kafka_topic_partition_list_destroy(list);
        hostile_expect_error(&fixture, RD_KAFKA_RESP_ERR__BAD_MSG,
                             commits ? "OffsetCommit: 127.0.0.1:" : "OffsetFetch: 127.0.0.1:");
        assert_int_equal(hostile_count_client_errors(&fixture), 1);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
        fixture.error_count = 0;
    }
}

/* Old answers have another form. */
static void test_old_versions_too(void **state)
{
    (void)state;
    static const struct hostile_lie lie = {LIE(hostile_closed), false};
    static const struct hostile_lie other = {LIE(hostile_garbage), false};
    liar_set_max_version(fixture.liar, RK_API_FIND_COORDINATOR, 3);
    liar_set_max_version(fixture.liar, RK_API_OFFSET_FETCH, 7);
    liar_set_max_version(fixture.liar, RK_API_OFFSET_COMMIT, 7);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    const int keys[] = {RK_API_FIND_COORDINATOR, RK_API_OFFSET_COMMIT, RK_API_OFFSET_FETCH};
    for (size_t i = 0; i < 2 * RK_COUNT_OF(keys); i++) {
        hostile_tell(&fixture, i % 2 ? &lie : &other, TIMES, keys[i / 2], 0);
        commit_and_ask(100 + (int64_t)i);
    }
}

/* Where consumption begins is not made up either. */
static void test_positions(void **state)
{
    (void)state;
    int next = 0;
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++) {
        if (lies[i].api_key == RK_API_OFFSET_COMMIT)
            continue;
        consume_fill(&fixture.base, "t", 1, next, 2);
        hostile_start(&fixture, RD_KAFKA_CONSUMER, "enable.auto.commit", "false", NULL);
        commit_and_ask(++next);
        rd_kafka_destroy(fixture.rk);
        hostile_start(&fixture, RD_KAFKA_CONSUMER, "enable.auto.commit", "false", NULL);
        hostile_tell(&fixture, &lies[i].lie, TIMES, lies[i].api_key, 0);
        rd_kafka_topic_partition_list_t *list = consume_list("t", 1, RD_KAFKA_OFFSET_STORED);
        assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_message_t *message = NULL;
        do {
            if (message)
                rd_kafka_message_destroy(message);
            message = rd_kafka_consumer_poll(fixture.rk, CONSUME_TIMEOUT_MS);
            assert_non_null(message);
        } while (message->err);
        assert_int_equal(message->offset, next);
        rd_kafka_message_destroy(message);
        hostile_expect_told(&fixture);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
        next++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_the_end_the_truth_counts, begin, end),
        cmocka_unit_test_setup_teardown(test_not_without_end, begin, end),
        cmocka_unit_test_setup_teardown(test_old_versions_too, begin, end),
        cmocka_unit_test_setup_teardown(test_positions, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
