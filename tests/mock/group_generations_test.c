/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of an assignment when it is over: nothing of it is handed out or committed any more.
 */
#include "support/group_fixture.h"

#include <pthread.h>
#include <sched.h>

enum { OFFSET_COMMIT = 8, OFFSET_FETCH = 9, MESSAGES = 10 };

static struct group_fixture fixture;

static bool all_consumed(struct group_fixture *f)
{
    return f->total >= 4 * MESSAGES;
}

static int requests_seen(int16_t api_key)
{
    size_t count;
    int seen = 0;
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(fixture.base.cluster, &count);
    for (size_t i = 0; i < count; i++)
        seen += rd_kafka_mock_request_api_key(requests[i]) == api_key;
    rd_kafka_mock_request_destroy_array(requests, count);
    return seen;
}

static void await_requests(int16_t api_key, int count)
{
    while (requests_seen(api_key) < count)
        sched_yield();
}

static rd_kafka_resp_err_t store(rd_kafka_t *rk, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, offset);
    rd_kafka_resp_err_t err = rd_kafka_offsets_store(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static rd_kafka_resp_err_t commit(rd_kafka_t *rk, int32_t partition, int64_t offset, int async)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, offset);
    rd_kafka_resp_err_t err = rd_kafka_commit(rk, list, async);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static int64_t committed(rd_kafka_t *rk, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, 77);
    assert_int_equal(rd_kafka_committed(rk, list, CONSUME_TIMEOUT_MS), 0);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

/* Two calls, and both are good; then it forgets the rest. */
static void give_up_two(struct group_member *member)
{
    for (int i = 0; member->revokes == 1 && i < 2; i++) {
        rd_kafka_topic_partition_list_t *list = consume_list("t", i, 0);
        assert_null(rd_kafka_incremental_unassign(member->rk, list));
        rd_kafka_topic_partition_list_destroy(list);
    }
}

static void gives_up_a_part_with(const char *name, const char *value)
{
    struct group_member *member =
        group_start(&fixture, 0, true, "enable.auto.offset.store", "false", name, value, NULL);
    fixture.total = 0;
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    group_run(&fixture, all_consumed);
    member->is_held = true;
    member->at_the_end = give_up_two;
    assert_int_equal(rd_kafka_unsubscribe(member->rk), 0);
    while (!member->revokes)
        group_run_ms(&fixture, 5);
    assert_int_equal(group_assigned(member), 0);
    assert_int_equal(store(member->rk, 2, 5), RD_KAFKA_RESP_ERR__STATE);
    member->is_held = false;
    member->at_the_end = NULL;
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    group_destroy_member(member);
}

static void gives_up_a_part(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, MESSAGES);
    gives_up_a_part_with("partition.assignment.strategy", "cooperative-sticky");
    gives_up_a_part_with("group.protocol", "consumer");
}

/* Neither what was asked for before, and is tried again, nor what is asked for now: though nobody
 * is in the group, and anybody may commit. */
static void commits_nothing_lost(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, "session.timeout.ms", "1000",
                                             "max.poll.interval.ms", "1000", NULL);
    struct group_member *other = group_start(&fixture, 1, false, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    for (int i = 0; i < 10000; i++)
        rd_kafka_mock_push_request_errors(fixture.base.cluster, OFFSET_COMMIT, 1,
                                          RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    assert_int_equal(commit(first->rk, 0, 5, true), 0);
    while (requests_seen(OFFSET_COMMIT) < 2 && !rd_kafka_assignment_lost(first->rk))
        sched_yield();
    while (!rd_kafka_assignment_lost(first->rk)) /* Nobody polls. */
        sched_yield();
    rd_kafka_mock_clear_request_errors(fixture.base.cluster, OFFSET_COMMIT);
    assert_int_equal(commit(first->rk, 1, 5, false), RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
    assert_int_equal(rd_kafka_commit(first->rk, NULL, 0), RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
    assert_int_equal(committed(other->rk, 0), RD_KAFKA_OFFSET_INVALID);
    assert_int_equal(committed(other->rk, 1), RD_KAFKA_OFFSET_INVALID);
    group_run(&fixture, group_first_lost);
    group_run(&fixture, group_first_has_all);
    assert_int_equal(committed(other->rk, 0), RD_KAFKA_OFFSET_INVALID);
    while (commit(first->rk, 0, 5, false)) /* Unless it was not polled in time again. */
        group_run_ms(&fixture, 5);
    assert_int_equal(committed(other->rk, 0), 5);
}

/* A message of a former assignment is stored before it is known what is committed by now. */
static void stored_too_early(void **state)
{
    (void)state;
    consume_fill(&fixture.base, "t", 0, 0, 30);
    struct group_member *member =
        group_start(&fixture, 0, true, "enable.auto.offset.store", "false",
                    "auto.commit.interval.ms", "20", "fetch.error.backoff.ms", "20", NULL);
    assert_int_equal(commit(member->rk, 0, 20, false), 0);
    for (int i = 0; i < 10000; i++)
        rd_kafka_mock_push_request_errors(fixture.base.cluster, OFFSET_FETCH, 1,
                                          RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, RD_KAFKA_OFFSET_STORED);
    assert_int_equal(rd_kafka_assign(member->rk, list), 0);
    assert_int_equal(store(member->rk, 0, 5), 0);
    await_requests(OFFSET_FETCH, 10);
    group_run_ms(&fixture, 200);
    assert_int_equal(rd_kafka_assign(member->rk, list), 0);
    assert_int_equal(store(member->rk, 0, 6), 0);
    assert_int_equal(requests_seen(OFFSET_COMMIT), 0);
    rd_kafka_mock_clear_request_errors(fixture.base.cluster, OFFSET_FETCH);
    while (member->messages < 10)
        group_run_ms(&fixture, 5);
    assert_int_equal(fixture.consumed[0][19], 0);
    assert_int_equal(committed(member->rk, 0), 20);
    assert_int_equal(store(member->rk, 0, 25), 0);
    while (committed(member->rk, 0) != 25)
        group_run_ms(&fixture, 5);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The refusal begins a rebalance, and what was stored since is committed at once: nobody has to be
 * asked before the partitions are given up. */
static void stored_while_a_commit_is_refused(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, MESSAGES);
    struct group_member *member = group_start(&fixture, 0, false, "auto.commit.interval.ms",
                                              "3600000", "enable.auto.offset.store", "false", NULL);
    group_subscribe(member, "t");
    group_run(&fixture, all_consumed);
    for (int broker = 1; broker <= 2; broker++)
        rd_kafka_mock_broker_push_request_error_rtts(fixture.base.cluster, broker, OFFSET_COMMIT, 1,
                                                     RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, 1000);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    assert_int_equal(commit(member->rk, 0, 2, true), 0);
    await_requests(OFFSET_COMMIT, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(store(member->rk, i, 5 + i), 0);
    for (int i = 0; i < 4; i++) {
        while (committed(member->rk, i) != 5 + i)
            group_run_ms(&fixture, 5);
    }
}

/* As soon as everything was taken. */
static void *unsubscribe_later(void *argument)
{
    rd_kafka_t *rk = argument;
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    int64_t taken = 0;
    for (int i = 1; i < 4; i++)
        rd_kafka_topic_partition_list_add(list, "t", i);
    while (taken != 4 * MESSAGES) {
        sched_yield();
        rd_kafka_position(rk, list);
        taken = 0;
        for (int i = 0; i < list->cnt; i++)
            taken += list->elems[i].offset;
    }
    rd_kafka_unsubscribe(rk);
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

/* The application has its messages before it is asked to give up their partitions. */
static void a_batch_goes_before_the_callback(void **state)
{
    (void)state;
    rd_kafka_message_t *messages[100];
    pthread_t thread;
    consume_fill_all(&fixture.base, "t", 4, MESSAGES);
    struct group_member *member = group_start(&fixture, 0, true, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(member->rk);
    assert_int_equal(pthread_create(&thread, NULL, unsubscribe_later, member->rk), 0);
    group_subscribe(member, "t");
    ssize_t count = 0;
    while (count < 4 * MESSAGES) {
        assert_int_equal(member->revokes, 0);
        count += rd_kafka_consume_batch_queue(queue, CONSUME_TIMEOUT_MS, messages + count,
                                              (size_t)(100 - count));
    }
    assert_int_equal(count, 4 * MESSAGES);
    assert_int_equal(member->revokes, 0);
    for (ssize_t i = 0; i < count; i++)
        rd_kafka_message_destroy(messages[i]);
    while (!member->revokes)
        group_run_ms(&fixture, 5);
    assert_int_equal(pthread_join(thread, NULL), 0);
    rd_kafka_queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(gives_up_a_part, &fixture),
        GROUP_TEST(commits_nothing_lost, &fixture),
        GROUP_TEST(stored_too_early, &fixture),
        GROUP_TEST(stored_while_a_commit_is_refused, &fixture),
        GROUP_TEST(a_batch_goes_before_the_callback, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
