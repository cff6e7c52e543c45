/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetching from a replica near by (KIP-392), and back from the leader when that one cannot serve
 * what is asked of it. Nothing is lost, nothing comes twice.
 */
#include "support/consume_fixture.h"

#include <time.h>

static struct consume_fixture fixture;

enum { FETCH = 1, LEADER = 1, FOLLOWER = 2, OTHER = 3, NEW = 4, COUNT = 100 };

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 3);
    consume_add_topic(&fixture, "t", 2);
    for (int i = 0; i < 2; i++) {
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", i, LEADER);
        rd_kafka_mock_partition_set_follower(fixture.cluster, "t", i, FOLLOWER);
    }
    consume_fill_all(&fixture, "t", 2, COUNT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

/* The next messages of partition 0; returns the broker that gave the last one. */
static int32_t take(int64_t first, int64_t count)
{
    int32_t broker = -1;
    for (int64_t offset = first; offset < first + count; offset++) {
        rd_kafka_message_t *message = consume_next(&fixture);
        assert_int_equal(message->err, 0);
        assert_int_equal(message->offset, offset);
        consume_check_text(message);
        broker = rd_kafka_message_broker_id(message);
        rd_kafka_message_destroy(message);
    }
    return broker;
}

/* One more message is produced, and fetched from that broker. */
static int64_t expect_from(int64_t next, int32_t broker)
{
    consume_fill(&fixture, "t", 0, (int)next, 1);
    assert_int_equal(take(next, 1), broker);
    return next + 1;
}

/* Until the partition is fetched from that broker; messages are produced for it all along. */
static int64_t wait_for(int64_t next, int32_t broker)
{
    time_t deadline = time(NULL) + CONSUME_TIMEOUT_MS / 1000;
    for (;;) {
        consume_fill(&fixture, "t", 0, (int)next, 1);
        if (take(next++, 1) == broker)
            return next;
        assert_true(time(NULL) < deadline);
    }
}

static void start(const char *max_age_ms)
{
    consume_start(&fixture, "client.rack", "here", "metadata.max.age.ms", max_age_ms,
                  "topic.metadata.refresh.interval.ms", "-1", NULL);
}

static void test_the_replica_is_used(void **state)
{
    (void)state;
    start("900000");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), FOLLOWER);
    int64_t next = expect_from(COUNT, FOLLOWER);
    assert_int_equal(consume_position(&fixture, "t", 0), next);
}

/* Whoever does not say where he is is served by the leader. */
static void test_without_a_rack(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), LEADER);
}

static void test_a_replica_that_changes(void **state)
{
    (void)state;
    start("200");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), FOLLOWER);
    rd_kafka_mock_partition_set_follower(fixture.cluster, "t", 0, OTHER);
    int64_t next = wait_for(COUNT, OTHER); /* Its first request fails: it is no follower now. */
    rd_kafka_mock_partition_set_follower(fixture.cluster, "t", 0, -1);
    wait_for(next, LEADER);
}

/* The lease ends with the age of metadata, and the leader is asked again. */
static void test_the_lease(void **state)
{
    size_t count;
    int asked = 0;
    (void)state;
    start("100");
    consume_assign(&fixture, "t", 1, 0);
    take(0, COUNT);
    rd_kafka_mock_start_request_tracking(fixture.cluster);
    int64_t next = COUNT;
    while (asked < 3) {
        next = expect_from(next, FOLLOWER);
        rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(fixture.cluster, &count);
        asked = 0;
        for (size_t i = 0; i < count; i++)
            asked += rd_kafka_mock_request_api_key(requests[i]) == FETCH &&
                     rd_kafka_mock_request_id(requests[i]) == LEADER;
        rd_kafka_mock_request_destroy_array(requests, count);
    }
}

static void test_a_replica_that_dies(void **state)
{
    (void)state;
    start("900000");
    consume_assign(&fixture, "t", 2, 0);
    for (int i = 0; i < 2 * COUNT; i++)
        rd_kafka_message_destroy(consume_next(&fixture));
    rd_kafka_mock_broker_set_down(fixture.cluster, FOLLOWER);
    int64_t next = expect_from(COUNT, LEADER);
    next = expect_from(next, LEADER);
    rd_kafka_mock_broker_set_up(fixture.cluster, FOLLOWER);
    wait_for(next, FOLLOWER);
}

/* It was dead before it was named. */
static void test_a_replica_that_is_dead(void **state)
{
    (void)state;
    rd_kafka_mock_broker_set_down(fixture.cluster, FOLLOWER);
    start("900000");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), LEADER);
    expect_from(COUNT, LEADER);
}

/* It started after metadata was asked for last: that is not waited for again. */
static void test_a_replica_that_is_new(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_follower(fixture.cluster, "t", 0, -1);
    start("900000");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), LEADER);
    assert_int_equal(rd_kafka_mock_broker_add(fixture.cluster, NEW), 0);
    rd_kafka_mock_partition_set_follower(fixture.cluster, "t", 0, NEW);
    wait_for(COUNT, NEW);
}

/* It says nothing, and metadata names it no more. */
static void test_a_replica_that_is_silent(void **state)
{
    (void)state;
    start("900000");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), FOLLOWER);
    rd_kafka_mock_broker_set_rtt(fixture.cluster, FOLLOWER, 60000);
    rd_kafka_mock_broker_remove_from_metadata(fixture.cluster, FOLLOWER);
    expect_from(COUNT, LEADER);
}

/* What lies beyond the replica's end, or before its beginning, is no reason to lose the position.
 */
static void test_out_of_the_replica_s_range(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_follower_wmarks(fixture.cluster, "t", 0, -1, 40);
    start("900000");
    consume_assign(&fixture, "t", 1, 50);
    assert_int_equal(take(50, COUNT - 50), LEADER);
    rd_kafka_mock_partition_set_follower_wmarks(fixture.cluster, "t", 0, 60, -1);
    consume_assign(&fixture, "t", 1, 20);
    assert_int_equal(take(20, COUNT - 20), LEADER);
    rd_kafka_mock_partition_set_follower_wmarks(fixture.cluster, "t", 0, -1, -1);
    wait_for(COUNT, FOLLOWER);
}

/* A follower that lags behind gives what it has got. */
static void test_a_replica_that_lags(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_follower_wmarks(fixture.cluster, "t", 0, -1, 40);
    start("900000");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, 40), FOLLOWER);
    consume_expect_nothing(&fixture);
    rd_kafka_mock_partition_set_follower_wmarks(fixture.cluster, "t", 0, -1, -1);
    assert_int_equal(take(40, COUNT - 40), FOLLOWER);
}

static void test_errors_of_the_replica(void **state)
{
    static const rd_kafka_resp_err_t errs[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
        RD_KAFKA_RESP_ERR__TRANSPORT,
    };
    (void)state;
    for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
        start("900000");
        rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, FOLLOWER, FETCH, 1, errs[i],
                                                     0);
        consume_assign(&fixture, "t", 1, 0);
        assert_int_equal(take(0, COUNT), LEADER);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
    }
}

/* The leader moves, to the replica and elsewhere. */
static void test_the_leader_moves(void **state)
{
    (void)state;
    start("900000");
    consume_assign(&fixture, "t", 1, 0);
    assert_int_equal(take(0, COUNT), FOLLOWER);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, FOLLOWER);
    int64_t next = expect_from(COUNT, FOLLOWER);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, OTHER);
    next = wait_for(next, FOLLOWER);
    rd_kafka_mock_partition_set_follower(fixture.cluster, "t", 0, -1);
    wait_for(next, OTHER);
}

/* The end is told once, however often the partition moves between brokers. */
static void test_the_end_is_told_once(void **state)
{
    (void)state;
    consume_start(&fixture, "client.rack", "here", "metadata.max.age.ms", "50",
                  "topic.metadata.refresh.interval.ms", "-1", "enable.partition.eof", "true", NULL);
    consume_assign(&fixture, "t", 1, 0);
    take(0, COUNT);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), COUNT);
    consume_expect_nothing(&fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_replica_is_used),      TEST(without_a_rack),
        TEST(a_replica_that_changes),   TEST(the_lease),
        TEST(a_replica_that_dies),      TEST(a_replica_that_is_dead),
        TEST(a_replica_that_is_silent), TEST(out_of_the_replica_s_range),
        TEST(a_replica_that_lags),      TEST(errors_of_the_replica),
        TEST(the_leader_moves),         TEST(the_end_is_told_once),
        TEST(a_replica_that_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
