/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes wrong while fetching: answers with errors, leaders that move, brokers that go, sessions
 * that are lost, offsets that are out of range. Nothing is lost, nothing comes twice.
 */
#include "support/consume_fixture.h"

static struct consume_fixture fixture;

enum { FETCH = 1, LIST_OFFSETS = 2, OFFSET_FOR_LEADER_EPOCH = 23 };

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 3);
    consume_add_topic(&fixture, "t", 2);
    for (int i = 0; i < 2; i++)
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", i, 1);
    consume_fill_all(&fixture, "t", 2, 100);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

static void expect_run(int32_t partition, int64_t first, int64_t count)
{
    for (int64_t offset = first; offset < first + count; offset++)
        consume_expect(&fixture, partition, offset);
}

static void push_errors(int api_key, rd_kafka_resp_err_t err, int count)
{
    for (int i = 0; i < count; i++)
        rd_kafka_mock_push_request_errors(fixture.cluster, (int16_t)api_key, 1, err);
}

/* Errors that pass: the application sees nothing of them. */
static void test_errors_that_pass(void **state)
{
    static const rd_kafka_resp_err_t errs[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,   RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,       RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,        RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
        RD_KAFKA_RESP_ERR_INCONSISTENT_TOPIC_ID,      RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND, RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH,
    };
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, 0, 100);
    int next = 100;
    for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
        push_errors(FETCH, errs[i], 2);
        consume_fill(&fixture, "t", 0, next, 5);
        expect_run(0, next, 5);
        next += 5;
    }
    consume_expect_nothing(&fixture);
}

static void test_errors_that_are_told(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    push_errors(FETCH, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 3);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect_error(&fixture, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    expect_run(0, 0, 100); /* Told once, and it goes on. */
}

static void test_look_ups_that_fail(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    push_errors(LIST_OFFSETS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
    push_errors(LIST_OFFSETS, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_TAIL(4));
    expect_run(0, 96, 4);
    push_errors(LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 2);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    consume_expect_error(&fixture, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    expect_run(0, 0, 100);
}

/* Offsets out of range */

static void test_out_of_range_earliest(void **state)
{
    (void)state;
    consume_start(&fixture, "auto.offset.reset", "earliest", NULL);
    consume_assign(&fixture, "t", 1, 5000);
    expect_run(0, 0, 10);
}

static void test_out_of_range_latest(void **state)
{
    (void)state;
    consume_start(&fixture, "auto.offset.reset", "latest", "enable.partition.eof", "true", NULL);
    consume_assign(&fixture, "t", 1, 5000);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), 100);
    consume_fill(&fixture, "t", 0, 100, 1);
    consume_expect(&fixture, 0, 100);
}

static void test_out_of_range_error(void **state)
{
    (void)state;
    consume_start(&fixture, "auto.offset.reset", "error", NULL);
    consume_assign(&fixture, "t", 1, 5000);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET), 5000);
    consume_expect_nothing(&fixture);
    consume_assign(&fixture, "t", 1, 50);
    expect_run(0, 50, 10);
}

/* Brokers that know less: without sessions, with names instead of ids, without epochs. */

static void test_older_versions(void **state)
{
    static const int16_t fetch_versions[] = {4, 6, 7, 11, 12, 13, 15, 16};
    (void)state;
    int next = 100;
    for (size_t i = 0; i < sizeof(fetch_versions) / sizeof(fetch_versions[0]); i++) {
        assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, FETCH, 4, fetch_versions[i]),
                         0);
        consume_start(&fixture, "enable.partition.eof", "true", NULL);
        consume_assign(&fixture, "t", 1, 0);
        expect_run(0, 0, next);
        assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), next);
        rd_kafka_destroy(fixture.rk);
        consume_start(&fixture, NULL);
        consume_assign(&fixture, "t", 1, next);
        consume_fill(&fixture, "t", 0, next, 10);
        expect_run(0, next, 10);
        push_errors(FETCH, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1);
        consume_fill(&fixture, "t", 0, next + 10, 10);
        expect_run(0, next + 10, 10);
        next += 20;
        rd_kafka_destroy(fixture.rk);
    }
    fixture.rk = NULL;
}

/* Truncated logs (KIP-320): the position knows a leader epoch that the log does not have there. */

static void assign_with_epoch(int64_t offset, int32_t epoch)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, offset);
    rd_kafka_topic_partition_set_leader_epoch(&list->elems[0], epoch);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The epoch the messages were written under. */
static int32_t find_epoch(void)
{
    consume_assign(&fixture, "t", 1, 0);
    rd_kafka_message_t *message = consume_next(&fixture);
    int32_t epoch = rd_kafka_message_leader_epoch(message);
    assert_true(epoch >= 0);
    rd_kafka_message_destroy(message);
    return epoch;
}

/* With Fetch saying so, and with versions that have to be asked beforehand. */
static void test_truncation_with(int16_t fetch_version)
{
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, FETCH, 4, fetch_version), 0);
    consume_start(&fixture, "enable.partition.eof", "true", NULL);
    int32_t epoch = find_epoch();
    assign_with_epoch(150, epoch);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), 100);
    assign_with_epoch(50, epoch);
    consume_expect(&fixture, 0, 50);
    push_errors(OFFSET_FOR_LEADER_EPOCH, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
    push_errors(OFFSET_FOR_LEADER_EPOCH, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
    assign_with_epoch(60, epoch);
    consume_expect(&fixture, 0, 60);
    assign_with_epoch(150, epoch);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), 100);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
}

static void test_truncation(void **state)
{
    (void)state;
    test_truncation_with(16);
    test_truncation_with(12);
    test_truncation_with(11);
    test_truncation_with(9);
    test_truncation_with(5);
}

static void test_truncation_is_an_error(void **state)
{
    (void)state;
    consume_start(&fixture, "auto.offset.reset", "error", NULL);
    int32_t epoch = find_epoch();
    assign_with_epoch(150, epoch);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__LOG_TRUNCATION), 100);
    consume_expect_nothing(&fixture);
    assign_with_epoch(99, epoch);
    consume_expect(&fixture, 0, 99);
}

/* An epoch from another life of the topic: what the offset stands for is not known. */
static void test_an_unknown_epoch_with(int16_t fetch_version, rd_kafka_resp_err_t err)
{
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, FETCH, 4, fetch_version), 0);
    consume_start(&fixture, "auto.offset.reset", "earliest", NULL);
    assign_with_epoch(50, 1000);
    expect_run(0, 0, 100);
    rd_kafka_destroy(fixture.rk);
    consume_start(&fixture, "auto.offset.reset", "error", NULL);
    assign_with_epoch(50, 1000);
    assert_int_equal(consume_expect_error(&fixture, err), 50);
    consume_expect_nothing(&fixture);
    consume_assign(&fixture, "t", 1, 50);
    consume_expect(&fixture, 0, 50);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
}

static void test_an_unknown_epoch(void **state)
{
    (void)state;
    test_an_unknown_epoch_with(16, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    test_an_unknown_epoch_with(12, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    test_an_unknown_epoch_with(11, RD_KAFKA_RESP_ERR__LOG_TRUNCATION);
}

/* Leaders and brokers */

static void test_leader_moves(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, 0, 100);
    int next = 100;
    for (int i = 0; i < 6; i++) {
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, 1 + i % 3);
        consume_fill(&fixture, "t", 0, next, 20);
        expect_run(0, next, 20);
        next += 20;
    }
    consume_expect_nothing(&fixture);
}

static void test_no_leader_for_a_while(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, -1);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect_nothing(&fixture);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, 2);
    expect_run(0, 0, 100);
}

static void test_broker_goes_and_comes_back(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, 0, 100);
    for (int i = 0; i < 3; i++) {
        rd_kafka_mock_broker_set_down(fixture.cluster, 1);
        consume_expect_nothing(&fixture);
        rd_kafka_mock_broker_set_up(fixture.cluster, 1);
        consume_fill(&fixture, "t", 0, 100 + i, 1);
        consume_expect(&fixture, 0, 100 + i);
    }
}

/* A broker that is slow or gone holds up no partition of another. */
static void test_other_brokers_go_on(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 1, 2);
    consume_start(&fixture, NULL);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    consume_assign(&fixture, "t", 2, 0);
    expect_run(1, 0, 100);
    rd_kafka_mock_broker_set_up(fixture.cluster, 1);
    expect_run(0, 0, 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_errors_that_pass),
        TEST(test_errors_that_are_told),
        TEST(test_look_ups_that_fail),
        TEST(test_out_of_range_earliest),
        TEST(test_out_of_range_latest),
        TEST(test_out_of_range_error),
        TEST(test_older_versions),
        TEST(test_truncation),
        TEST(test_truncation_is_an_error),
        TEST(test_an_unknown_epoch),
        TEST(test_leader_moves),
        TEST(test_no_leader_for_a_while),
        TEST(test_broker_goes_and_comes_back),
        TEST(test_other_brokers_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
