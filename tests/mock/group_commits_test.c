/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits of a group whose coordinator does not take them: while its partitions change hands, for
 * what a member has given up, it does not commit any more; and when there is none.
 */
#include "support/group_fixture.h"

enum { OFFSET_COMMIT = 8, MESSAGES = 100, BEYOND = 150 };

static struct group_fixture fixture;

static bool all_consumed(struct group_fixture *f)
{
    return f->total >= 4 * MESSAGES;
}

static void refuse_commits(void)
{
    for (int i = 0; i < 1000; i++)
        rd_kafka_mock_push_request_errors(fixture.base.cluster, OFFSET_COMMIT, 1,
                                          RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
}

/* Of all partitions of the member. */
static void commit(struct group_member *member, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_assignment(member->rk, &list), 0);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = offset;
    assert_int_equal(rd_kafka_commit(member->rk, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void expect_committed(struct group_member *member, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_assignment(member->rk, &list), 0);
    assert_true(list->cnt > 0);
    assert_int_equal(rd_kafka_committed(member->rk, list, CONSUME_TIMEOUT_MS), 0);
    for (int i = 0; i < list->cnt; i++)
        assert_int_equal(list->elems[i].offset, offset);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The first member tries to commit what it gives up until it is not waited for any longer. When the
 * coordinator takes commits again, the second one's stay. */
static void what_was_given_up_is_not_taken_back(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, MESSAGES);
    struct group_member *first =
        group_start(&fixture, 0, true, "auto.commit.interval.ms", "3600000", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, all_consumed);
    refuse_commits();
    struct group_member *second =
        group_start(&fixture, 1, true, "enable.auto.commit", "false", NULL);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(first->losses, 0);
    rd_kafka_mock_clear_request_errors(fixture.base.cluster, OFFSET_COMMIT);
    commit(second, BEYOND);
    group_run_ms(&fixture, 500);
    expect_committed(second, BEYOND);
}

/* Nobody could be asked who it is. */
static void no_coordinator_was_found(void **state)
{
    (void)state;
    for (int broker = 1; broker <= 2; broker++)
        assert_int_equal(rd_kafka_mock_broker_set_down(fixture.base.cluster, broker), 0);
    struct group_member *member = group_start(&fixture, 0, true, "socket.timeout.ms", "1000", NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    assert_int_equal(rd_kafka_commit(member->rk, list, 0), RD_KAFKA_RESP_ERR__WAIT_COORD);
    rd_kafka_topic_partition_list_destroy(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(what_was_given_up_is_not_taken_back, &fixture),
        GROUP_TEST(no_coordinator_was_found, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
