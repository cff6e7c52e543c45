/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Committing offsets of a group whose partitions were assigned by hand: what is committed and where
 * it goes on, whose callbacks are called, what becomes of errors, coordinators that move.
 */
#include "support/consume_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static struct consume_fixture fixture;

static struct {
    int count, failed;
    rd_kafka_resp_err_t err, entry_err, last_entry_err;
    int64_t offset;
    void *opaque;
} told;

enum { OFFSET_COMMIT = 8, OFFSET_FETCH = 9, FIND_COORDINATOR = 10 };

static int begin(void **state)
{
    (void)state;
    memset(&told, 0, sizeof(told));
    consume_init(&fixture, 2);
    consume_add_topic(&fixture, "t", 4);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    (void)rk;
    told.count++;
    told.err = err;
    told.opaque = opaque;
    if (offsets->cnt > 0) {
        told.offset = offsets->elems[0].offset;
        told.entry_err = offsets->elems[0].err;
        told.last_entry_err = offsets->elems[offsets->cnt - 1].err;
    }
    for (int i = 0; i < offsets->cnt; i++)
        told.failed += offsets->elems[i].err != 0;
}

static rd_kafka_resp_err_t commit(int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, offset);
    rd_kafka_resp_err_t err = rd_kafka_commit(fixture.rk, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static int64_t committed(int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, 77);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(list->elems[0].err, 0);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

static void await_told(int count)
{
    for (int i = 0; i < 200 && told.count < count; i++)
        rd_kafka_poll(fixture.rk, 100);
    assert_int_equal(told.count, count);
}

static void start_with_callback(rd_kafka_conf_t *conf)
{
    char error[200];
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture.cluster),
                      NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "group", NULL, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rd_kafka_conf_set_opaque(conf, &fixture);
    fixture.rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    assert_non_null(fixture.rk);
}

static void test_what_is_given_is_committed(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, "t", 2);
    entry->offset = 7;
    entry->metadata = strdup("where I was");
    entry->metadata_size = strlen("where I was");
    rd_kafka_topic_partition_set_leader_epoch(entry, 3);
    rd_kafka_topic_partition_list_add(list, "t", 1)->offset = RD_KAFKA_OFFSET_END; /* None. */
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 0), 0);
    assert_int_equal(list->elems[0].err, 0);
    rd_kafka_topic_partition_list_destroy(list);

    list = consume_list("t", 2, 0);
    rd_kafka_topic_partition_list_add(list, "t", 1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_topic_partition_list_add(list, "t", 2);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(list->elems[0].offset, 7);
    assert_int_equal(list->elems[0].metadata_size, strlen("where I was"));
    assert_memory_equal(list->elems[0].metadata, "where I was", strlen("where I was"));
    assert_int_equal(rd_kafka_topic_partition_get_leader_epoch(&list->elems[0]), 3);
    assert_int_equal(list->elems[1].offset, RD_KAFKA_OFFSET_INVALID);
    assert_int_equal(list->elems[2].offset, 5);
    assert_int_equal(list->elems[3].offset, 7);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The mock broker's answers have another order than what it is sent. */
static void test_many_at_once(void **state)
{
    (void)state;
    consume_add_topic(&fixture, "u", 3);
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(7);
    for (int i = 0; i < 4; i++)
        rd_kafka_topic_partition_list_add(list, "t", i)->offset = 10 + i;
    for (int i = 0; i < 2; i++)
        rd_kafka_topic_partition_list_add(list, "u", i)->offset = 20 + i;
    rd_kafka_topic_partition_list_add(list, "u", 9)->offset = 29; /* There is no such one. */
    assert_int_equal(rd_kafka_commit_queue(fixture.rk, list, NULL, on_commit, NULL), 0);
    assert_int_equal(told.failed, 1);
    assert_int_equal(told.last_entry_err, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    for (int i = 0; i < 4; i++)
        assert_int_equal(committed(i), 10 + i);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_nothing_to_commit(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), RD_KAFKA_RESP_ERR__NO_OFFSET);
    assert_int_equal(commit(0, RD_KAFKA_OFFSET_END), RD_KAFKA_RESP_ERR__NO_OFFSET);
    consume_fill(&fixture, "t", 0, 0, 3);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    assert_int_equal(committed(0), 1);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), RD_KAFKA_RESP_ERR__NO_OFFSET);
}

static void test_it_goes_on_where_it_was(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    for (int i = 0; i < 10; i++)
        consume_expect(&fixture, 0, i);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    consume_expect(&fixture, 0, 10);
    rd_kafka_destroy(fixture.rk);
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_INVALID);
    consume_expect(&fixture, 0, 10);
}

static void test_a_message_is_committed(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, 4);
    rd_kafka_message_t *message = consume_next(&fixture);
    assert_int_equal(rd_kafka_commit_message(fixture.rk, message, 0), 0);
    assert_int_equal(committed(0), 5);
    message->err = RD_KAFKA_RESP_ERR__PARTITION_EOF;
    assert_int_equal(rd_kafka_commit_message(fixture.rk, message, 0),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    message->err = 0;
    rd_kafka_message_destroy(message);
}

static void test_from_time_to_time(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "auto.commit.interval.ms", "50", NULL, 0);
    start_with_callback(conf);
    consume_fill(&fixture, "t", 0, 0, 10);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    for (int i = 0; i < 10; i++)
        consume_expect(&fixture, 0, i);
    for (int i = 0; i < 200 && told.offset != 10; i++)
        rd_kafka_poll(fixture.rk, 100);
    assert_int_equal(told.offset, 10);
    assert_int_equal(told.err, 0);
    assert_ptr_equal(told.opaque, &fixture);
    assert_int_equal(committed(0), 10);
    int count = told.count; /* Nothing new: nothing is said. */
    rd_kafka_poll(fixture.rk, CONSUME_QUIET_MS);
    assert_int_equal(told.count, count);
    consume_fill(&fixture, "t", 0, 10, 1); /* The timer has stopped, and starts again. */
    consume_expect(&fixture, 0, 10);
    await_told(count + 1);
    assert_int_equal(committed(0), 11);
}

/* A seek back does not take back what was committed. */
static void test_no_step_back(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, 10);
    consume_expect(&fixture, 0, 10);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 2);
    assert_null(rd_kafka_seek_partitions(fixture.rk, list, CONSUME_TIMEOUT_MS));
    consume_expect(&fixture, 0, 2);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), RD_KAFKA_RESP_ERR__NO_OFFSET);
    assert_int_equal(committed(0), 11);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 0), 0); /* Told to. */
    assert_int_equal(committed(0), 2);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_the_end_is_committed(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_fill(&fixture, "t", 1, 0, 20);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 2, 3);
    rd_kafka_message_destroy(consume_next(&fixture));
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED); /* Or partition 1 had it. */
    int64_t sum = committed(0) + committed(1) - RD_KAFKA_OFFSET_INVALID;
    assert_int_equal(sum, 4);
    consume_assign(&fixture, "t", 1, 9);
    consume_expect(&fixture, 0, 9);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
    rd_kafka_destroy(fixture.rk);
    consume_start(&fixture, NULL);
    assert_int_equal(committed(0), 10);
    consume_assign(&fixture, "t", 1, 15);
    consume_expect(&fixture, 0, 15);
    rd_kafka_destroy_flags(fixture.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    consume_start(&fixture, NULL);
    assert_int_equal(committed(0), 10);
}

/* The last commit is told while the consumer closes, to a program that has only one place where it
 * polls. */
static void test_the_end_is_told(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 20);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "auto.commit.interval.ms", "3600000", NULL, 0);
    start_with_callback(conf);
    assert_int_equal(rd_kafka_poll_set_consumer(fixture.rk), 0);
    consume_assign(&fixture, "t", 1, 3);
    consume_expect(&fixture, 0, 3);
    consume_expect(&fixture, 0, 4);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.err, 0);
    assert_int_equal(told.offset, 5);
    assert_null(rd_kafka_consumer_poll(fixture.rk, 0));
    assert_int_equal(told.count, 1);
}

static void test_stored_by_the_application(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_start(&fixture, "enable.auto.offset.store", "false", "auto.commit.interval.ms", "20",
                  NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 8);
    list->elems[0].metadata = strdup("note");
    list->elems[0].metadata_size = 4;
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), 0);
    for (int i = 0; i < 400 && committed(0) != 8; i++)
        rd_kafka_poll(fixture.rk, 10);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(list->elems[0].offset, 8);
    assert_memory_equal(list->elems[0].metadata, "note", 4);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Who is told */

static void test_callbacks(void **state)
{
    (void)state;
    start_with_callback(rd_kafka_conf_new());
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 1), 0);
    await_told(1);
    assert_int_equal(told.offset, 5);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 0), 0);
    await_told(2);
    assert_int_equal(rd_kafka_commit_queue(fixture.rk, list, NULL, on_commit, &told), 0);
    assert_int_equal(told.count, 3);
    assert_ptr_equal(told.opaque, &told);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(fixture.rk);
    assert_int_equal(rd_kafka_commit_queue(fixture.rk, list, queue, on_commit, &told), 0);
    assert_int_equal(rd_kafka_queue_poll_callback(queue, CONSUME_TIMEOUT_MS), 1);
    assert_int_equal(told.count, 4);
    assert_int_equal(rd_kafka_commit_queue(fixture.rk, list, queue, NULL, &told), 0);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CONSUME_TIMEOUT_MS);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_OFFSET_COMMIT);
    assert_int_equal(rd_kafka_event_error(event), 0);
    assert_ptr_equal(rd_kafka_event_opaque(event), &told);
    assert_int_equal(rd_kafka_event_topic_partition_list(event)->elems[0].offset, 5);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Errors */

static void test_errors_that_pass(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_mock_push_request_errors(
        fixture.cluster, FIND_COORDINATOR, 3, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR__TRANSPORT);
    rd_kafka_mock_push_request_errors(
        fixture.cluster, OFFSET_COMMIT, 5, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    assert_int_equal(commit(0, 5), 0);
    rd_kafka_mock_push_request_errors(
        fixture.cluster, OFFSET_COMMIT, 2, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART); /* The third time is the last one. */
    assert_int_equal(commit(0, 5), 0);
    rd_kafka_mock_push_request_errors(
        fixture.cluster, OFFSET_FETCH, 5, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    assert_int_equal(committed(0), 5);
    rd_kafka_mock_push_request_errors(fixture.cluster, OFFSET_FETCH, 2,
                                      RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
                                      RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    consume_fill(&fixture, "t", 0, 0, 10);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    consume_expect(&fixture, 0, 5);
}

static void test_errors_that_stay(void **state)
{
    static const rd_kafka_resp_err_t errors[] = {
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,          RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    };
    (void)state;
    consume_start(&fixture, NULL);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        rd_kafka_mock_push_request_errors(fixture.cluster, OFFSET_COMMIT, 1, errors[i]);
        assert_int_equal(commit(0, 5), errors[i]);
    }
    rd_kafka_mock_push_request_errors(fixture.cluster, OFFSET_FETCH, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS),
                     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(fixture.rk);
    consume_start(&fixture, NULL);
    rd_kafka_mock_push_request_errors(fixture.cluster, FIND_COORDINATOR, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(commit(0, 5), RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(commit(0, 5), 0);
    assert_int_equal(commit(9, 5), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

/* One partition's error is not the others'. */
static void test_one_of_two_fails(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    rd_kafka_topic_partition_list_add(list, "t", 9)->offset = 5;
    assert_int_equal(rd_kafka_commit_queue(fixture.rk, list, NULL, on_commit, NULL), 0);
    assert_int_equal(told.entry_err, 0);
    assert_int_equal(committed(0), 5);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_what_the_position_is_refused_is_told(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 3);
    consume_start(&fixture, NULL);
    rd_kafka_mock_push_request_errors(fixture.cluster, OFFSET_FETCH, 2,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    consume_expect_error(&fixture, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    consume_expect(&fixture, 0, 0); /* It may, by now. */
}

/* Coordinators */

static void test_the_coordinator_moves(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    for (int i = 0; i < 6; i++) {
        rd_kafka_mock_coordinator_set(fixture.cluster, "group", "group", 1 + i % 2);
        assert_int_equal(commit(0, 10 + i), 0);
        assert_int_equal(committed(0), 10 + i);
    }
}

static void test_the_coordinator_is_away(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_mock_coordinator_set(fixture.cluster, "group", "group", 2);
    assert_int_equal(commit(0, 1), 0);
    rd_kafka_mock_broker_set_down(fixture.cluster, 2);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    rd_kafka_resp_err_t err = rd_kafka_committed(fixture.rk, list, 300);
    assert_true(err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__TRANSPORT);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(fixture.rk);
    assert_int_equal(rd_kafka_commit_queue(fixture.rk, list, queue, on_commit, NULL), 0);
    assert_int_equal(rd_kafka_queue_poll_callback(queue, CONSUME_QUIET_MS), 0);
    rd_kafka_mock_coordinator_set(fixture.cluster, "group", "group", 1);
    assert_int_equal(rd_kafka_queue_poll_callback(queue, CONSUME_TIMEOUT_MS), 1);
    assert_int_equal(told.err, 0);
    assert_int_equal(committed(0), 5);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Whoever waits is let go. */
static void test_destroyed_while_it_commits(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_fill(&fixture, "t", 0, 0, 3);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    rd_kafka_mock_broker_set_rtt(fixture.cluster, -1, 600000); /* Longer than a test may take. */
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rd_kafka_commit(fixture.rk, list, 1), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
}

static void test_every_version(void **state)
{
    (void)state;
    for (int16_t version = 0; version <= 10; version++) {
        rd_kafka_mock_set_apiversion(fixture.cluster, OFFSET_COMMIT, 0, version);
        rd_kafka_mock_set_apiversion(fixture.cluster, OFFSET_FETCH, 0, version);
        rd_kafka_mock_set_apiversion(fixture.cluster, FIND_COORDINATOR, 0,
                                     version < 6 ? version : 6);
        consume_start(&fixture, NULL);
        consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_END); /* Topic ids become known. */
        assert_int_equal(commit(3, 100 + version), 0);
        assert_int_equal(committed(3), 100 + version);
        assert_int_equal(committed(2), RD_KAFKA_OFFSET_INVALID);
        rd_kafka_destroy(fixture.rk);
    }
    fixture.rk = NULL;
}

/* A topic that is deleted and made anew has offsets of its own. */

static rd_kafka_message_t *first_of_new_topic(void)
{
    assert_int_equal(rd_kafka_mock_topic_delete(fixture.cluster, "t"), 0);
    consume_add_topic(&fixture, "t", 1);
    consume_fill(&fixture, "t", 0, 0, 10);
    for (;;) { /* It may be told that the topic was away. */
        rd_kafka_message_t *message = consume_next(&fixture);
        if (!message->err) {
            assert_int_equal(message->offset, 0);
            return message;
        }
        rd_kafka_message_destroy(message);
    }
}

static void test_less_in_a_topic_made_anew(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_assign(&fixture, "t", 1, 0);
    for (int i = 0; i < 20; i++)
        rd_kafka_message_destroy(consume_next(&fixture));
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    assert_int_equal(committed(0), 20);
    rd_kafka_message_destroy(first_of_new_topic());
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    assert_int_equal(committed(0), 1);
}

static void test_nothing_of_the_old_topic(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", "enable.auto.offset.store", "false",
                  NULL);
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_assign(&fixture, "t", 1, 0);
    for (int i = 0; i < 20; i++) {
        rd_kafka_message_t *message = consume_next(&fixture);
        rd_kafka_error_destroy(rd_kafka_offset_store_message(message));
        rd_kafka_message_destroy(message);
    }
    rd_kafka_message_t *message = first_of_new_topic();
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), RD_KAFKA_RESP_ERR__NO_OFFSET);
    rd_kafka_error_destroy(rd_kafka_offset_store_message(message));
    rd_kafka_message_destroy(message);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    assert_int_equal(committed(0), 1);
}

/* A commit that is tried again is not taken for the new topic's. */
static void test_tried_again_in_a_topic_made_anew(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "enable.auto.commit", "false", NULL, 0);
    start_with_callback(conf);
    consume_fill(&fixture, "t", 0, 0, 20);
    consume_assign(&fixture, "t", 1, 0);
    for (int i = 0; i < 20; i++)
        rd_kafka_message_destroy(consume_next(&fixture));
    for (int i = 0; i < 1000; i++)
        rd_kafka_mock_push_request_errors(fixture.cluster, OFFSET_COMMIT, 1,
                                          RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 1), 0);
    rd_kafka_message_destroy(first_of_new_topic());
    rd_kafka_mock_clear_request_errors(fixture.cluster, OFFSET_COMMIT);
    await_told(1);
    assert_int_equal(told.err, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    assert_int_equal(committed(0), 1);
}

static void test_not_without_a_group(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    consume_start_plain(&fixture, NULL);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 0), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, 0), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_commit(fixture.producer, list, 0), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    rd_kafka_topic_partition_list_destroy(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_given_is_committed, begin, end),
        cmocka_unit_test_setup_teardown(test_many_at_once, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_to_commit, begin, end),
        cmocka_unit_test_setup_teardown(test_it_goes_on_where_it_was, begin, end),
        cmocka_unit_test_setup_teardown(test_a_message_is_committed, begin, end),
        cmocka_unit_test_setup_teardown(test_from_time_to_time, begin, end),
        cmocka_unit_test_setup_teardown(test_no_step_back, begin, end),
        cmocka_unit_test_setup_teardown(test_the_end_is_committed, begin, end),
        cmocka_unit_test_setup_teardown(test_the_end_is_told, begin, end),
        cmocka_unit_test_setup_teardown(test_stored_by_the_application, begin, end),
        cmocka_unit_test_setup_teardown(test_callbacks, begin, end),
        cmocka_unit_test_setup_teardown(test_errors_that_pass, begin, end),
        cmocka_unit_test_setup_teardown(test_errors_that_stay, begin, end),
        cmocka_unit_test_setup_teardown(test_one_of_two_fails, begin, end),
        cmocka_unit_test_setup_teardown(test_what_the_position_is_refused_is_told, begin, end),
        cmocka_unit_test_setup_teardown(test_the_coordinator_moves, begin, end),
        cmocka_unit_test_setup_teardown(test_the_coordinator_is_away, begin, end),
        cmocka_unit_test_setup_teardown(test_destroyed_while_it_commits, begin, end),
        cmocka_unit_test_setup_teardown(test_every_version, begin, end),
        cmocka_unit_test_setup_teardown(test_less_in_a_topic_made_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_of_the_old_topic, begin, end),
        cmocka_unit_test_setup_teardown(test_tried_again_in_a_topic_made_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_not_without_a_group, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
