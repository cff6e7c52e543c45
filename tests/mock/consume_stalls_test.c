/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What might make a partition stand still for good, or lose its place: leaders that move during a
 * look-up, brokers that say nothing, old news, no leader for a while, logs that lose their tail,
 * topics that are made anew.
 */
#include "support/consume_fixture.h"

#include "api/mock.h"
#include "mock/mock_cluster.h"
#include "mock/mock_topic.h"

static struct consume_fixture fixture;

enum { FETCH = 1, LIST_OFFSETS = 2, COUNT = 100, SILENCE_MS = 60000, QUERY_MS = 5000 };

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 3);
    consume_add_topic(&fixture, "t", 2);
    for (int i = 0; i < 2; i++)
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", i, 1);
    consume_fill_all(&fixture, "t", 2, COUNT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

static void expect_run(int64_t first, int64_t count)
{
    for (int64_t offset = first; offset < first + count; offset++)
        consume_expect(&fixture, 0, offset);
}

static void lead(int32_t broker)
{
    assert_int_equal(rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, broker), 0);
}

/* Another partition's error has the topic looked at anew. */
static void make_refresh(void)
{
    rd_kafka_mock_partition_push_request_errors(fixture.cluster, "t", 0, FETCH, 1,
                                                RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
}

/* Until broker 1 was asked for an offset. */
static void wait_for_question(void)
{
    size_t left;
    do {
        assert_null(rd_kafka_consumer_poll(fixture.rk, 1));
        rd_kafka_mock_broker_error_stack_cnt(fixture.cluster, 1, LIST_OFFSETS, &left);
    } while (left > 0);
}

/* The leader is asked for an offset, says nothing, and is leader no more. */
static void test_the_leader_moves_during_a_look_up(void **state)
{
    (void)state;
    rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, LIST_OFFSETS, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, SILENCE_MS);
    consume_start(&fixture, "topic.metadata.refresh.interval.ms", "100", NULL);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    wait_for_question();
    lead(2);
    expect_run(0, COUNT);
}

static void test_the_leader_moves_during_a_query(void **state)
{
    int64_t low = -1, high = -1;
    (void)state;
    rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, LIST_OFFSETS, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, SILENCE_MS);
    consume_start(&fixture, "topic.metadata.refresh.interval.ms", "100", NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    /* The first of its two requests is the one that is not answered. */
    rd_kafka_mock_push_request_errors(fixture.cluster, LIST_OFFSETS, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    lead(2);
    assert_int_equal(
        rd_kafka_query_watermark_offsets(fixture.rk, "t", 0, &low, &high, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(low, 0);
    assert_int_equal(high, COUNT);
}

/* A broker that keeps silent about its partition holds up no other one, which is to be asked about
 * again. */
static void test_a_silent_broker_during_a_query(void **state)
{
    (void)state;
    rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, LIST_OFFSETS, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, SILENCE_MS);
    rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 2, LIST_OFFSETS, 2,
                                                 RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, 0,
                                                 RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, 0);
    lead(2);
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    for (int i = 0; i < 2; i++)
        rd_kafka_topic_partition_list_add(list, "t", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_offsets_for_times(fixture.rk, list, QUERY_MS), 0);
    assert_int_equal(list->elems[0].err, 0);
    assert_int_equal(list->elems[0].offset, 0);
    assert_int_equal(list->elems[1].err, RD_KAFKA_RESP_ERR__TIMED_OUT);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_metadata_that_goes_back(void **state)
{
    (void)state;
    lead(2);
    lead(1);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    for (int i = 0; i < 3; i++) {
        rd_kafka_mock_partition_push_leader_response(fixture.cluster, "t", 0, 2, 0);
        make_refresh();
        consume_fill(&fixture, "t", 0, COUNT + 10 * i, 10);
        expect_run(COUNT + 10 * i, 10);
    }
}

static void test_the_same_leader_with_a_new_epoch(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    for (int i = 0; i < 3; i++) {
        lead(1);
        consume_fill(&fixture, "t", 0, COUNT + 10 * i, 10);
        expect_run(COUNT + 10 * i, 10);
    }
}

static void test_no_leader_for_a_while(void **state)
{
    (void)state;
    consume_start(&fixture, "retry.backoff.max.ms", "1000", NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    lead(-1);
    consume_expect_nothing(&fixture);
    lead(3);
    consume_fill(&fixture, "t", 0, COUNT, 10);
    expect_run(COUNT, 10);
}

/* The tail of a log is lost (KIP-320). */

struct loss {
    int64_t end;
};

static void lose(struct rk_mock_cluster *cluster, void *argument)
{
    const struct loss *loss = argument;
    struct rk_mock_partition *partition =
        rk_mock_topic_partition(rk_mock_topic_find(cluster, "t"), 0);
    rk_mock_log_truncate(&partition->log, loss->end);
    rk_mock_sequences_clear(&partition->sequences);
    rk_mock_partition_set_leader(partition, 2);
}

/* An election that was not clean: broker 2 leads, and has batches up to about that offset. Returns
 * the end. */
static int64_t lose_from(int64_t end)
{
    struct loss loss = {end};
    int64_t low, high;
    rk_mock_cluster_run(fixture.cluster->cluster, lose, &loss);
    assert_int_equal(
        rd_kafka_query_watermark_offsets(fixture.producer, "t", 0, &low, &high, CONSUME_TIMEOUT_MS),
        0);
    assert_true(high <= end && high > 0);
    return high;
}

/* What came in place of what was lost is seen from its first message on. */
static void test_a_lost_tail_with(int16_t fetch_version)
{
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.cluster, FETCH, 4, fetch_version), 0);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    int64_t end_offset = lose_from(COUNT / 2);
    consume_fill(&fixture, "t", 0, (int)end_offset, 2 * COUNT);
    expect_run(end_offset, 2 * COUNT);
}

static void test_a_lost_tail(void **state)
{
    (void)state;
    test_a_lost_tail_with(16);
}

static void test_a_lost_tail_at_older_brokers(void **state)
{
    (void)state;
    test_a_lost_tail_with(11);
}

static void test_a_lost_tail_is_an_error(void **state)
{
    (void)state;
    consume_start(&fixture, "auto.offset.reset", "error", NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    int64_t end_offset = lose_from(COUNT / 2);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__LOG_TRUNCATION), end_offset);
    consume_expect_nothing(&fixture);
    consume_assign(&fixture, "t", 1, end_offset);
    consume_fill(&fixture, "t", 0, (int)end_offset, 10);
    expect_run(end_offset, 10);
}

/* Nothing that was read is lost: the position stays where it is. */
static void test_a_lost_tail_that_was_not_read(void **state)
{
    (void)state;
    consume_start(&fixture, "queued.min.messages", "1", "fetch.message.max.bytes", "200", NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, 10);
    int64_t end_offset = lose_from(COUNT / 2);
    expect_run(10, end_offset - 10);
    consume_fill(&fixture, "t", 0, (int)end_offset, 10);
    expect_run(end_offset, 10);
}

/* A topic is deleted and made anew, with fewer partitions. */

static void recreate(int partition_count, int count)
{
    assert_int_equal(rk_mock_cluster_delete_topic(fixture.cluster->cluster, "t"), 0);
    consume_add_topic(&fixture, "t", partition_count);
    consume_fill_all(&fixture, "t", partition_count, count);
}

static void test_a_topic_made_anew(void **state)
{
    int errors = 0, messages = 0;
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 2, 0);
    for (int i = 0; i < 2 * COUNT; i++)
        rd_kafka_message_destroy(consume_next(&fixture));
    recreate(1, 10);
    while (errors < 1 || messages < 10) {
        rd_kafka_message_t *message = consume_next(&fixture);
        if (message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
            assert_int_equal(message->partition, 1);
            errors++;
        } else if (message->err != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) { /* While it was away. */
            assert_int_equal(message->err, 0);
            assert_int_equal(message->partition, 0);
            assert_int_equal(message->offset, messages);
            consume_check_text(message);
            messages++;
        }
        rd_kafka_message_destroy(message);
    }
    consume_expect_nothing(&fixture);
    consume_fill(&fixture, "t", 0, 10, 10);
    expect_run(10, 10);
}

static void test_made_anew_again_and_again(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    for (int count = 50; count > 0; count -= 10) {
        recreate(1, count);
        for (int next = 0; next < count;) {
            rd_kafka_message_t *message = consume_next(&fixture);
            if (!message->err)
                assert_int_equal(message->offset, next++);
            rd_kafka_message_destroy(message);
        }
    }
}

/* The new one has more than was consumed of the old: that comes, too, from its beginning. */
static void test_made_anew_and_longer(void **state)
{
    (void)state;
    consume_start(&fixture, "auto.offset.reset", "latest", NULL);
    consume_assign(&fixture, "t", 1, 0);
    expect_run(0, COUNT);
    recreate(1, 2 * COUNT);
    for (int next = 0; next < 2 * COUNT;) {
        rd_kafka_message_t *message = consume_next(&fixture);
        if (!message->err)
            assert_int_equal(message->offset, next++);
        rd_kafka_message_destroy(message);
    }
}

/* A fatal error is for whoever polls the consumer. */
static void test_a_fatal_error(void **state)
{
    char text[200];
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    assert_int_equal(
        rd_kafka_test_fatal_error(fixture.rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "for a test"),
        0);
    rd_kafka_message_t *message;
    while (!(message = consume_next(&fixture))->err)
        rd_kafka_message_destroy(message);
    assert_int_equal(message->err, RD_KAFKA_RESP_ERR__FATAL);
    assert_null(message->rkt);
    rd_kafka_message_destroy(message);
    assert_int_equal(rd_kafka_fatal_error(fixture.rk, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(fixture.error_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_leader_moves_during_a_look_up),
        TEST(the_leader_moves_during_a_query),
        TEST(a_silent_broker_during_a_query),
        TEST(metadata_that_goes_back),
        TEST(the_same_leader_with_a_new_epoch),
        TEST(no_leader_for_a_while),
        TEST(a_lost_tail),
        TEST(a_lost_tail_at_older_brokers),
        TEST(a_lost_tail_is_an_error),
        TEST(a_lost_tail_that_was_not_read),
        TEST(a_topic_made_anew),
        TEST(made_anew_again_and_again),
        TEST(made_anew_and_longer),
        TEST(a_fatal_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
