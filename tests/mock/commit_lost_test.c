/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs that end before offsets that were stored or committed: what is committed from then on is
 * where the consumption stands.
 */
#include "support/consume_fixture.h"

#include <sched.h>

#include "runtime/thread.h"

enum { FETCH = 1, LIST_OFFSETS = 2, METADATA = 3, OFFSET_COMMIT = 8, LEADER_EPOCH = 23 };
enum { COUNT = 100, BEYOND = 150 };

static struct consume_fixture fixture;

static void fill(void)
{
    consume_add_topic(&fixture, "t", 1);
    consume_fill(&fixture, "t", 0, 0, COUNT);
}

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 1);
    fill();
    return 0;
}

/* Without ids of topics and leader epochs nothing but its end tells that the log is another. */
static int begin_with_old_brokers(void **state)
{
    (void)state;
    consume_init(&fixture, 1);
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, METADATA, 0, 9), 0);
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, FETCH, 4, 11), 0);
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, LEADER_EPOCH, -1, -1), 0);
    fill();
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

static void commit(int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, offset);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static int64_t committed(void)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 77);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

static void commit_stored(rd_kafka_resp_err_t expected, int64_t expected_offset)
{
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), expected);
    assert_int_equal(committed(), expected_offset);
}

static void commit_later(int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, offset);
    assert_int_equal(rd_kafka_commit(fixture.rk, list, 1), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void seek(int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, offset);
    assert_null(rd_kafka_seek_partitions(fixture.rk, list, CONSUME_TIMEOUT_MS));
    assert_int_equal(list->elems[0].err, 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void begins_again(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    commit(BEYOND);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    consume_expect(&fixture, 0, 0);
    commit_stored(0, 1);
    seek(BEYOND);
    consume_expect(&fixture, 0, 0);
    consume_expect(&fixture, 0, 1);
    commit_stored(0, 2);
}

static void goes_on_at_the_end(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", "auto.offset.reset", "latest",
                  "enable.partition.eof", "true", NULL);
    commit(BEYOND);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), COUNT);
    commit_stored(RD_KAFKA_RESP_ERR__NO_OFFSET, BEYOND); /* Nothing was stored. */
    consume_fill(&fixture, "t", 0, COUNT, 1);
    consume_expect(&fixture, 0, COUNT);
    commit_stored(0, COUNT + 1);
}

/* The application's seek is lost, not what is committed. */
static void what_is_in_the_log_stays(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, 60);
    consume_expect(&fixture, 0, 60);
    commit_stored(0, 61);
    seek(BEYOND);
    consume_expect(&fixture, 0, 0);
    commit_stored(RD_KAFKA_RESP_ERR__NO_OFFSET, 61);
}

static void expect_first(int count)
{
    for (int i = 0; i < count; i++)
        consume_expect(&fixture, 0, i);
}

/* Commits that were asked for before the end was known, and are answered, or sent, behind it. */
static void committed_too_late(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_first(3);
    commit_stored(0, 3);
    rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, OFFSET_COMMIT, 2,
                                                 RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, 500,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, 500);
    commit_later(BEYOND);
    commit_later(BEYOND + 1);
    seek(BEYOND);
    expect_first(2);
    while (committed() != BEYOND + 1)
        sched_yield();
    commit_stored(0, 2);
}

/* That one is the application's wish. */
static void committed_since_then(void **state)
{
    (void)state;
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, BEYOND);
    expect_first(2);
    commit(BEYOND);
    commit_stored(RD_KAFKA_RESP_ERR__NO_OFFSET, BEYOND);
}

static int requests_seen(int16_t api_key)
{
    size_t count;
    int seen = 0;
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(fixture.cluster, &count);
    for (size_t i = 0; i < count; i++)
        seen += rd_kafka_mock_request_api_key(requests[i]) == api_key;
    rd_kafka_mock_request_destroy_array(requests, count);
    return seen;
}

/* Has it reset a position beyond the end, and `more` be stored, while nobody says where that is. */
static void store_while_measuring(int64_t more)
{
    int seen = requests_seen(LIST_OFFSETS);
    consume_assign(&fixture, "t", 1, BEYOND);
    while (requests_seen(LIST_OFFSETS) == seen)
        sched_yield();
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, more);
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Neither from time to time, nor when the partition is given up. */
static void not_while_the_end_is_unknown(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++)
        rd_kafka_mock_push_request_errors(fixture.cluster, LIST_OFFSETS, 1,
                                          RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    rd_kafka_mock_start_request_tracking(fixture.cluster);
    consume_start(&fixture, "enable.auto.offset.store", "false", "auto.commit.interval.ms", "20",
                  "fetch.error.backoff.ms", "20", NULL);
    store_while_measuring(BEYOND + 1);
    rk_thread_pause_us(200 * 1000);
    store_while_measuring(BEYOND + 2); /* The first assignment is over. */
    rk_thread_pause_us(200 * 1000);
    assert_int_equal(requests_seen(OFFSET_COMMIT), 0);
    rd_kafka_mock_clear_request_errors(fixture.cluster, LIST_OFFSETS);
    rd_kafka_message_t *message = consume_next(&fixture);
    while (message->err) { /* Of the look-ups. */
        rd_kafka_message_destroy(message);
        message = consume_next(&fixture);
    }
    assert_int_equal(message->offset, 0);
    assert_null(rd_kafka_offset_store_message(message));
    rd_kafka_message_destroy(message);
    while (committed() != 1)
        sched_yield();
}

/* Logs that become shorter while messages of them wait for the application */

enum { TAKEN = 60, LESS = 80 };

static void take_some(const char *reset)
{
    consume_start(&fixture, "enable.auto.commit", "false", "auto.offset.reset", reset,
                  "enable.partition.eof", "true", "fetch.error.backoff.ms", "20", NULL);
    consume_assign(&fixture, "t", 1, 0);
    for (int i = 0; i < TAKEN; i++)
        consume_expect(&fixture, 0, i);
}

static void await_waiting(bool (*is_enough)(size_t length))
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(fixture.rk);
    for (int i = 0; i < CONSUME_TIMEOUT_MS / 10 && !is_enough(rd_kafka_queue_length(queue)); i++)
        rk_thread_pause_us(10 * 1000);
    rd_kafka_queue_destroy(queue);
}

static bool is_rest_and_end(size_t length)
{
    return length == COUNT - TAKEN + 1;
}

static bool is_not_rest_and_end(size_t length)
{
    return !is_rest_and_end(length);
}

static void make_shorter(void)
{
    await_waiting(is_rest_and_end);
    for (int i = 0; i < 10000; i++) /* Nobody sees how the log grows to that length. */
        rd_kafka_mock_push_request_errors(fixture.cluster, FETCH, 1,
                                          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(rd_kafka_mock_topic_delete(fixture.cluster, "t"), 0);
    consume_add_topic(&fixture, "t", 1);
    consume_fill(&fixture, "t", 0, 0, LESS);
    rd_kafka_mock_clear_request_errors(fixture.cluster, FETCH);
    await_waiting(is_not_rest_and_end);
}

static void what_waits_is_of_the_log_before(void **state)
{
    (void)state;
    take_some("earliest");
    make_shorter();
    for (int i = 0; i < 3; i++)
        consume_expect(&fixture, 0, i);
    commit_stored(0, 3);
}

/* Not at the end: what lies before it was not handed out yet. */
static void what_was_not_taken_is_fetched_again(void **state)
{
    (void)state;
    take_some("latest");
    make_shorter();
    for (int i = TAKEN; i < LESS; i++)
        consume_expect(&fixture, 0, i);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), LESS);
    commit_stored(0, LESS);
}

/* Truncated logs (KIP-320): the position knows a leader epoch that the log does not have there. */

static int32_t find_epoch(void)
{
    consume_assign(&fixture, "t", 1, 0);
    rd_kafka_message_t *message = consume_next(&fixture);
    int32_t epoch = rd_kafka_message_leader_epoch(message);
    assert_true(epoch >= 0);
    rd_kafka_message_destroy(message);
    return epoch;
}

static void stand_beyond(const char *reset)
{
    consume_start(&fixture, "enable.auto.commit", "false", "enable.auto.offset.store", "false",
                  "enable.partition.eof", "true", "auto.offset.reset", reset, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, BEYOND);
    rd_kafka_topic_partition_set_leader_epoch(list->elems, find_epoch());
    assert_int_equal(rd_kafka_pause_partitions(fixture.rk, list), 0);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), 0);
    commit_stored(0, BEYOND);
    list->elems[0].offset++;
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), 0);
    assert_int_equal(rd_kafka_resume_partitions(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void stored_in_what_is_gone(void **state)
{
    static const int16_t versions[] = {16, 11}; /* Fetch says so, or brokers are asked. */
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, FETCH, 4, versions[i]), 0);
        stand_beyond("earliest");
        assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), COUNT);
        commit_stored(0, COUNT);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
    }
}

/* The application is to decide. */
static void nothing_until_the_application_goes_on(void **state)
{
    (void)state;
    stand_beyond("error");
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__LOG_TRUNCATION), COUNT);
    commit_stored(RD_KAFKA_RESP_ERR__NO_OFFSET, BEYOND);
    seek(50);
    rd_kafka_message_t *message = consume_next(&fixture);
    assert_null(rd_kafka_offset_store_message(message));
    rd_kafka_message_destroy(message);
    commit_stored(0, 51);
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, begin, end)
#define TEST_OF_OLD(name) cmocka_unit_test_setup_teardown(name, begin_with_old_brokers, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_again),
        TEST(goes_on_at_the_end),
        TEST(what_is_in_the_log_stays),
        TEST(committed_too_late),
        TEST(committed_since_then),
        TEST(not_while_the_end_is_unknown),
        TEST_OF_OLD(what_waits_is_of_the_log_before),
        TEST_OF_OLD(what_was_not_taken_is_fetched_again),
        TEST(stored_in_what_is_gone),
        TEST(nothing_until_the_application_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
