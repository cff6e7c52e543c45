/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assigning partitions: where they begin, what becomes of those that go, what is refused;
 * positions, ends, queues of their own.
 */
#include "support/consume_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct consume_fixture fixture;

static int begin(void **state)
{
    (void)state;
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

static void test_where_it_begins(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 50);
    consume_start(&fixture, "enable.partition.eof", "true", NULL);
    consume_assign(&fixture, "t", 1, 20);
    assert_int_equal(consume_position(&fixture, "t", 0), RD_KAFKA_OFFSET_INVALID);
    consume_expect(&fixture, 0, 20);
    assert_int_equal(consume_position(&fixture, "t", 0), 21);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    assert_int_equal(consume_position(&fixture, "t", 0), RD_KAFKA_OFFSET_INVALID);
    consume_expect(&fixture, 0, 0);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_TAIL(3));
    consume_expect(&fixture, 0, 47);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_TAIL(1000));
    consume_expect(&fixture, 0, 0);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_END);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), 50);
    consume_fill(&fixture, "t", 0, 50, 1);
    consume_expect(&fixture, 0, 50);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), 51);
    consume_expect_nothing(&fixture);
}

/* Without committed offsets auto.offset.reset decides. */
static void test_stored_offsets(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 5);
    consume_start(&fixture, "enable.auto.commit", "false", NULL);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    consume_expect(&fixture, 0, 0);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_INVALID);
    consume_expect(&fixture, 0, 0);
    rd_kafka_destroy(fixture.rk);
    consume_start(&fixture, "auto.offset.reset", "error", NULL);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_STORED);
    consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    consume_expect_nothing(&fixture);
    /* A seek brings it back. */
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 3);
    assert_null(rd_kafka_seek_partitions(fixture.rk, list, CONSUME_TIMEOUT_MS));
    assert_int_equal(list->elems[0].err, 0);
    rd_kafka_topic_partition_list_destroy(list);
    consume_expect(&fixture, 0, 3);
}

/* Each message of each partition once, in order. */
static void test_many_partitions(void **state)
{
    enum { PARTITIONS = 4, COUNT = 500 };
    int64_t next[PARTITIONS] = {0};
    (void)state;
    consume_fill_all(&fixture, "t", PARTITIONS, COUNT);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < PARTITIONS * COUNT; i++) {
        rd_kafka_message_t *message = consume_next(&fixture);
        assert_int_equal(message->err, 0);
        assert_int_equal(message->offset, next[message->partition]++);
        consume_check_text(message);
        assert_int_equal(rd_kafka_message_status(message), RD_KAFKA_MSG_STATUS_PERSISTED);
        assert_true(rd_kafka_message_broker_id(message) > 0);
        rd_kafka_message_destroy(message);
    }
    consume_expect_nothing(&fixture);
    int64_t low, high;
    assert_int_equal(rd_kafka_get_watermark_offsets(fixture.rk, "t", 0, &low, &high), 0);
    assert_int_equal(low, 0);
    assert_int_equal(high, COUNT);
}

static void test_batches(void **state)
{
    rd_kafka_message_t *messages[100];
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 150);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(fixture.rk);
    assert_int_equal(rd_kafka_consume_batch_queue(queue, CONSUME_TIMEOUT_MS, messages, 100), 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(messages[i]->offset, i);
        rd_kafka_message_destroy(messages[i]);
    }
    assert_int_equal(consume_position(&fixture, "t", 0), 100);
    for (ssize_t count = 0; count < 50;) { /* As many as there are when its time is over. */
        ssize_t more = rd_kafka_consume_batch_queue(queue, 300, messages, 100);
        assert_true(more >= 0);
        for (ssize_t i = 0; i < more; i++) {
            assert_int_equal(messages[i]->offset, 100 + count++);
            rd_kafka_message_destroy(messages[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
}

/* Changing it */

static void expect_assignment(const char *text)
{
    rd_kafka_topic_partition_list_t *list;
    char found[256] = "";
    assert_int_equal(rd_kafka_assignment(fixture.rk, &list), 0);
    for (int i = 0; i < list->cnt; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof(found) - used, "%s%s:%d", i ? " " : "", list->elems[i].topic,
                 (int)list->elems[i].partition);
    }
    assert_string_equal(found, text);
    rd_kafka_topic_partition_list_destroy(list);
}

static rd_kafka_resp_err_t code_of(rd_kafka_error_t *error)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}

static rd_kafka_resp_err_t add(int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, offset);
    rd_kafka_resp_err_t err = code_of(rd_kafka_incremental_assign(fixture.rk, list));
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static rd_kafka_resp_err_t take_away(int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, 0);
    rd_kafka_resp_err_t err = code_of(rd_kafka_incremental_unassign(fixture.rk, list));
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static void test_step_by_step(void **state)
{
    (void)state;
    consume_fill_all(&fixture, "t", 4, 10);
    consume_start(&fixture, NULL);
    expect_assignment("");
    assert_int_equal(add(1, 0), 0);
    consume_expect(&fixture, 1, 0);
    assert_int_equal(add(1, 0), RD_KAFKA_RESP_ERR__CONFLICT);
    assert_int_equal(add(0, 5), 0);
    expect_assignment("t:0 t:1");
    /* The first goes on where it was. */
    int64_t next[2] = {5, 1};
    for (int i = 0; i < 14; i++) {
        rd_kafka_message_t *message = consume_next(&fixture);
        assert_int_equal(message->offset, next[message->partition]++);
        rd_kafka_message_destroy(message);
    }
    assert_int_equal(take_away(3), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(take_away(0), 0);
    expect_assignment("t:1");
    consume_fill_all(&fixture, "t", 1, 5); /* Partition 0: nobody wants it. */
    consume_expect_nothing(&fixture);
    assert_int_equal(rd_kafka_assign(fixture.rk, NULL), 0);
    expect_assignment("");
    assert_int_equal(code_of(rd_kafka_incremental_assign(fixture.rk, NULL)),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(code_of(rd_kafka_incremental_unassign(fixture.rk, NULL)),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 1;
    assert_int_equal(rd_kafka_assign(fixture.rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_topic_partition_list_destroy(list);
    list = consume_list("t", 0, -5);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_topic_partition_list_destroy(list);
    expect_assignment("");
}

/* Messages that were fetched for an assignment are not given after it. */
static void test_nothing_of_the_past(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 1000);
    consume_fill(&fixture, "t", 1, 0, 10);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    for (int i = 0; i < 10; i++)
        consume_expect(&fixture, 0, i);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 1, 3);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    for (int i = 3; i < 10; i++)
        consume_expect(&fixture, 1, i);
    assert_int_equal(rd_kafka_assign(fixture.rk, NULL), 0);
    consume_expect_nothing(&fixture);
}

/* Topics and partitions that are not there */

static void test_unknown_topic(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "nobody", 1, 0);
    consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    consume_expect_nothing(&fixture); /* Told once. */
}

static void test_unknown_partition(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 99, 0);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_message_t *message = consume_next(&fixture);
    assert_int_equal(message->err, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(message->partition, 99);
    assert_string_equal(rd_kafka_topic_name(message->rkt), "t");
    rd_kafka_message_destroy(message);
    consume_expect_nothing(&fixture);
}

/* Queues */

static void test_partition_on_its_own(void **state)
{
    (void)state;
    consume_fill_all(&fixture, "t", 2, 10);
    consume_start(&fixture, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(fixture.rk, "t", 1);
    assert_non_null(queue);
    rd_kafka_queue_forward(queue, NULL);
    consume_assign(&fixture, "t", 2, 0);
    for (int i = 0; i < 10; i++)
        consume_expect(&fixture, 0, i);
    consume_expect_nothing(&fixture);
    for (int i = 0; i < 10; i++) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(queue, CONSUME_TIMEOUT_MS);
        assert_int_equal(message->partition, 1);
        assert_int_equal(message->offset, i);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_queue_destroy(queue);
}

static void test_main_queue_leads_there(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 1);
    consume_start(&fixture, NULL);
    assert_int_equal(rd_kafka_poll_set_consumer(fixture.rk), 0);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    rd_kafka_mock_broker_set_down(fixture.cluster, 2);
    for (int i = 0; i < 100 && fixture.error_count == 0; i++)
        assert_null(rd_kafka_consumer_poll(fixture.rk, 100));
    assert_true(fixture.error_count > 0);
}

/* Offsets to be committed */

static void test_storing_offsets(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 3);
    consume_start(&fixture, "enable.auto.offset.store", "false", NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 1);
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), RD_KAFKA_RESP_ERR__STATE);
    consume_assign(&fixture, "t", 1, 0);
    rd_kafka_message_t *message = consume_next(&fixture);
    assert_null(rd_kafka_offset_store_message(message));
    assert_int_equal(rd_kafka_offset_store(message->rkt, 0, 5), 0);
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_add(list, "t", 3)->offset = 1;
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), 0);
    assert_int_equal(list->elems[0].err, 0);
    assert_int_equal(list->elems[1].err, RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(rd_kafka_assign(fixture.rk, NULL), 0);
    assert_int_equal(code_of(rd_kafka_offset_store_message(message)), RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(rd_kafka_offset_store(message->rkt, 0, 5), RD_KAFKA_RESP_ERR__STATE);
    rd_kafka_message_destroy(message);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_storing_is_refused_when_automatic(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 1);
    assert_int_equal(rd_kafka_offsets_store(fixture.rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Closing */

static void test_closing(void **state)
{
    (void)state;
    consume_fill(&fixture, "t", 0, 0, 100);
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    assert_int_equal(rd_kafka_consumer_closed(fixture.rk), 0);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
    assert_int_equal(rd_kafka_consumer_closed(fixture.rk), 1);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), RD_KAFKA_RESP_ERR__DESTROY);
    consume_expect_nothing(&fixture);
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_assignment(fixture.rk, &list), RD_KAFKA_RESP_ERR__DESTROY);
    consume_assign(&fixture, "t", 1, 0); /* As good as none. */
    consume_expect_nothing(&fixture);
}

static void test_closing_with_a_queue(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    assert_int_equal(code_of(rd_kafka_consumer_close_queue(fixture.rk, NULL)),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(fixture.rk);
    assert_null(rd_kafka_consumer_close_queue(fixture.rk, queue));
    for (int i = 0; i < 100 && !rd_kafka_consumer_closed(fixture.rk); i++)
        rd_kafka_event_destroy(rd_kafka_queue_poll(queue, 100));
    assert_int_equal(rd_kafka_consumer_closed(fixture.rk), 1);
    rd_kafka_queue_destroy(queue);
}

static void test_without_a_group(void **state)
{
    (void)state;
    consume_start_plain(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0), *assigned = NULL;
    consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_assignment(fixture.rk, &assigned), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(add(0, 0), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_null(rd_kafka_queue_get_consumer(fixture.rk));
    assert_int_equal(rd_kafka_poll_set_consumer(fixture.rk), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_unsubscribe(fixture.rk), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_null(rd_kafka_rebalance_protocol(fixture.rk));
    assert_int_equal(rd_kafka_assignment_lost(fixture.rk), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The first answer comes through a bootstrap connection. */
static void test_who_told_metadata(void **state)
{
    const struct rd_kafka_metadata *metadata;
    char expected[64];
    (void)state;
    consume_start(&fixture, NULL);
    assert_int_equal(rd_kafka_metadata(fixture.rk, 1, NULL, &metadata, CONSUME_TIMEOUT_MS), 0);
    const struct rd_kafka_metadata_broker *broker = NULL;
    for (int i = 0; i < metadata->broker_cnt; i++) {
        if (metadata->brokers[i].id == metadata->orig_broker_id)
            broker = &metadata->brokers[i];
    }
    assert_non_null(broker);
    snprintf(expected, sizeof(expected), "%s:%d/%d", broker->host, broker->port, (int)broker->id);
    assert_string_equal(metadata->orig_broker_name, expected);
    rd_kafka_metadata_destroy(metadata);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_where_it_begins),
        TEST(test_stored_offsets),
        TEST(test_many_partitions),
        TEST(test_batches),
        TEST(test_step_by_step),
        TEST(test_what_is_refused),
        TEST(test_nothing_of_the_past),
        TEST(test_unknown_topic),
        TEST(test_unknown_partition),
        TEST(test_partition_on_its_own),
        TEST(test_main_queue_leads_there),
        TEST(test_storing_offsets),
        TEST(test_storing_is_refused_when_automatic),
        TEST(test_closing),
        TEST(test_closing_with_a_queue),
        TEST(test_without_a_group),
        TEST(test_who_told_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
