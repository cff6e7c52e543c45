/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs that end before offsets that were stored or committed: what is committed from then on is
 * where the consumption stands.
 */
#include "support/consume_fixture.h"

enum { FETCH = 1, COUNT = 100, BEYOND = 150 };

static struct consume_fixture fixture;

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 1);
    consume_add_topic(&fixture, "t", 1);
    consume_fill(&fixture, "t", 0, 0, COUNT);
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

static void commit_stored(rd_kafka_resp_err_t expected, int64_t expected_offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 77);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), expected);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    assert_int_equal(list->elems[0].offset, expected_offset);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_again),
        TEST(goes_on_at_the_end),
        TEST(what_is_in_the_log_stays),
        TEST(stored_in_what_is_gone),
        TEST(nothing_until_the_application_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
