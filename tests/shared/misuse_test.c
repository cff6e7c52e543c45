/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that a program should not make: each has its documented answer, and none harms the client.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "support/client.h"

enum { TIMEOUT_MS = 20000 };

static rd_kafka_t *producer, *consumer, *loner; /* `loner`: a consumer without a group. */
static rd_kafka_mock_cluster_t *cluster;
static rd_kafka_topic_t *written, *read_topic; /* "t", of the producer and of the consumer. */

/* The last error, if the call failed. */
static int last_of(int result)
{
    return result == -1 ? (int)rd_kafka_last_error() : 0;
}

static rd_kafka_t *new_client(rd_kafka_type_t type, ...)
{
    va_list arguments;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    va_start(arguments, type);
    rd_kafka_t *rk = client_new(type, conf, arguments);
    va_end(arguments);
    return rk;
}

static int set_up(void **state)
{
    (void)state;
    producer = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "2", NULL);
    cluster = rd_kafka_handle_mock_cluster(producer);
    const char *bootstraps = rd_kafka_mock_cluster_bootstraps(cluster);
    rd_kafka_mock_topic_create(cluster, "t", 2, 1);
    consumer =
        new_client(RD_KAFKA_CONSUMER, "bootstrap.servers", bootstraps, "group.id", "g", NULL);
    loner = new_client(RD_KAFKA_CONSUMER, "bootstrap.servers", bootstraps, NULL);
    written = rd_kafka_topic_new(producer, "t", NULL);
    read_topic = rd_kafka_topic_new(consumer, "t", NULL);
    assert_int_equal(rd_kafka_produce(written, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t) "v", 1,
                                      NULL, 0, NULL),
                     0);
    assert_int_equal(rd_kafka_flush(producer, TIMEOUT_MS), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rd_kafka_topic_destroy(written);
    rd_kafka_topic_destroy(read_topic);
    rd_kafka_destroy(loner);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
    return 0;
}

/* A list of one partition. */
static rd_kafka_topic_partition_list_t *list_of(const char *topic, int32_t partition,
                                                int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    return list;
}

struct trial {
    const char *call;
    int (*run)(void);
    int expected;
};

static void run(const struct trial *trials, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int result = trials[i].run();
        if (result != trials[i].expected)
            fail_msg("%s: %d (%s), expected %d (%s)", trials[i].call, result,
                     rd_kafka_err2name((rd_kafka_resp_err_t)result), trials[i].expected,
                     rd_kafka_err2name((rd_kafka_resp_err_t)trials[i].expected));
    }
}

#define RUN(trials) run(trials, sizeof(trials) / sizeof(*(trials)))

/* CALL(name, expression) makes a function for a table; WITH_LIST the same with a list `list`. */
#define CALL(name, expression) \
    static int name(void)      \
    {                          \
        return (expression);   \
    }
#define WITH_LIST(name, topic, partition, offset, expression)                      \
    static int name(void)                                                          \
    {                                                                              \
        rd_kafka_topic_partition_list_t *list = list_of(topic, partition, offset); \
        int result = (expression);                                                 \
        rd_kafka_topic_partition_list_destroy(list);                               \
        return result;                                                             \
    }
/* With a list of no partitions. */
#define WITH_NOTHING(name, expression)                                                \
    static int name(void)                                                             \
    {                                                                                 \
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0); \
        int result = (expression);                                                    \
        rd_kafka_topic_partition_list_destroy(list);                                  \
        return result;                                                                \
    }
#define TRIAL(name, expected) \
    {                         \
#name, name, expected \
    }

/* A producer is asked to consume */

static rd_kafka_topic_partition_list_t *ignored_list;

WITH_LIST(producer_assign, "t", 0, 0, rd_kafka_assign(producer, list))
WITH_LIST(producer_incremental_assign, "t", 0, 0,
          client_code_of(rd_kafka_incremental_assign(producer, list)))
WITH_LIST(producer_incremental_unassign, "t", 0, 0,
          client_code_of(rd_kafka_incremental_unassign(producer, list)))
CALL(producer_assignment, rd_kafka_assignment(producer, &ignored_list))
CALL(producer_unsubscribe, rd_kafka_unsubscribe(producer))
CALL(producer_consumer_close, rd_kafka_consumer_close(producer))
CALL(producer_consumer_closed, rd_kafka_consumer_closed(producer))
CALL(producer_poll_set_consumer, rd_kafka_poll_set_consumer(producer))
WITH_LIST(producer_seek_partitions, "t", 0, 0,
          client_code_of(rd_kafka_seek_partitions(producer, list, 0)))
WITH_LIST(producer_position, "t", 0, 0, rd_kafka_position(producer, list))
WITH_LIST(producer_offsets_store, "t", 0, 0, rd_kafka_offsets_store(producer, list))
CALL(producer_offset_store, rd_kafka_offset_store(written, 0, 0))
CALL(producer_consume_start, last_of(rd_kafka_consume_start(written, 0, 0)))
CALL(producer_consume_stop, last_of(rd_kafka_consume_stop(written, 0)))
CALL(producer_consume, rd_kafka_consume(written, 0, 0) ? -1 : (int)rd_kafka_last_error())
CALL(producer_seek, rd_kafka_seek(written, 0, 0, 0))
CALL(producer_get_consumer, rd_kafka_queue_get_consumer(producer) != NULL)
CALL(producer_get_partition, rd_kafka_queue_get_partition(producer, "t", 0) != NULL)
CALL(producer_rebalance_protocol, rd_kafka_rebalance_protocol(producer) != NULL)
CALL(producer_assignment_lost, rd_kafka_assignment_lost(producer))
CALL(producer_group_metadata, rd_kafka_consumer_group_metadata(producer) != NULL)
CALL(producer_get_watermarks,
     rd_kafka_get_watermark_offsets(producer, "t", 0, &(int64_t){0}, &(int64_t){0}))

static int producer_consumer_poll(void)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(producer, 0);
    int err = message ? (int)message->err : 0;
    rd_kafka_message_destroy(message);
    return err;
}

static void test_a_producer_consumes(void **state)
{
    static const struct trial trials[] = {
        TRIAL(producer_assign, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_incremental_assign, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_incremental_unassign, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_assignment, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_unsubscribe, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_consumer_close, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_consumer_closed, 0),
        TRIAL(producer_consumer_poll, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_poll_set_consumer, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(producer_seek_partitions, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(producer_position, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(producer_offsets_store, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(producer_offset_store, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(producer_consume_start, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(producer_consume_stop, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(producer_consume, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(producer_seek, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(producer_get_consumer, 0),
        TRIAL(producer_get_partition, 0),
        TRIAL(producer_rebalance_protocol, 0),
        TRIAL(producer_assignment_lost, 0),
        TRIAL(producer_group_metadata, 0),
        TRIAL(producer_get_watermarks, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
    };
    (void)state;
    RUN(trials);
}

/* A consumer is asked to produce */

CALL(consumer_produce, last_of(rd_kafka_produce(read_topic, 0, 0, NULL, 0, NULL, 0, NULL)))
CALL(consumer_producev, rd_kafka_producev(consumer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_END))
CALL(consumer_produceva, client_code_of(rd_kafka_produceva(consumer, NULL, 0)))
CALL(consumer_flush, rd_kafka_flush(consumer, 0))
CALL(consumer_purge, rd_kafka_purge(consumer, RD_KAFKA_PURGE_F_QUEUE))
CALL(consumer_is_available, rd_kafka_topic_partition_available(read_topic, 0))
CALL(consumer_outq_len, rd_kafka_outq_len(consumer))

static int consumer_produce_batch(void)
{
    rd_kafka_message_t messages[2];
    memset(messages, 0, sizeof(messages));
    if (rd_kafka_produce_batch(read_topic, 0, 0, messages, 2) != 0)
        return -1;
    return messages[1].err;
}

static void test_a_consumer_produces(void **state)
{
    static const struct trial trials[] = {
        TRIAL(consumer_produce, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(consumer_producev, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(consumer_produceva, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(consumer_produce_batch, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(consumer_flush, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED),
        TRIAL(consumer_purge, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED),
        TRIAL(consumer_is_available, 0),
        TRIAL(consumer_outq_len, 0),
    };
    (void)state;
    RUN(trials);
}

/* Producing what cannot be */

static char large[2000000];

CALL(bad_partition,
     last_of(rd_kafka_produce(written, 99, RD_KAFKA_MSG_F_COPY, large, 1, NULL, 0, NULL)))
CALL(negative_partition,
     last_of(rd_kafka_produce(written, -7, RD_KAFKA_MSG_F_COPY, large, 1, NULL, 0, NULL)))
CALL(too_large, last_of(rd_kafka_produce(written, 0, RD_KAFKA_MSG_F_COPY, large, sizeof(large),
                                         NULL, 0, NULL)))
CALL(too_large_key, last_of(rd_kafka_produce(written, 0, 0, NULL, 0, large, sizeof(large), NULL)))
CALL(no_topic, rd_kafka_producev(producer, RD_KAFKA_V_VALUE(large, 1), RD_KAFKA_V_END))
CALL(null_topic, rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(NULL), RD_KAFKA_V_END))
CALL(both_kinds_of_headers,
     rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_HEADER("a", "b", 1),
                       RD_KAFKA_V_HEADERS(NULL), RD_KAFKA_V_END))
CALL(unknown_argument, rd_kafka_producev(producer, (rd_kafka_vtype_t)99, RD_KAFKA_V_END))
CALL(an_end_in_an_array,
     client_code_of(rd_kafka_produceva(producer, &(rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_END}, 1)))
CALL(purge_unknown_flags, rd_kafka_purge(producer, 0x100))
CALL(purge_nothing, rd_kafka_purge(producer, 0))
CALL(an_empty_batch, rd_kafka_produce_batch(written, 0, 0, NULL, 0))
CALL(unknown_partition_is_available, rd_kafka_topic_partition_available(written, 99))

static void test_impossible_messages(void **state)
{
    static const struct trial trials[] = {
        TRIAL(bad_partition, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(negative_partition, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(too_large, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
        TRIAL(too_large_key, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
        TRIAL(no_topic, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(null_topic, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(both_kinds_of_headers, RD_KAFKA_RESP_ERR__CONFLICT),
        TRIAL(unknown_argument, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(an_end_in_an_array, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(purge_unknown_flags, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(purge_nothing, 0),
        TRIAL(an_empty_batch, 0),
        TRIAL(unknown_partition_is_available, 0),
    };
    (void)state;
    RUN(trials);
    assert_int_equal(rd_kafka_outq_len(producer), 0);
}

/* Consuming what cannot be */

CALL(start_without_partition, last_of(rd_kafka_consume_start(read_topic, -1, 0)))
CALL(start_at_no_offset, last_of(rd_kafka_consume_start(read_topic, 0, -5)))
CALL(stop_what_was_not_started, last_of(rd_kafka_consume_stop(read_topic, 1)))
CALL(stop_no_partition, last_of(rd_kafka_consume_stop(read_topic, RD_KAFKA_PARTITION_UA)))
CALL(consume_what_was_not_started,
     rd_kafka_consume(read_topic, 77, 0) ? -1 : (int)rd_kafka_last_error())
CALL(batch_of_what_was_not_started,
     last_of((int)rd_kafka_consume_batch(read_topic, 77, 0, &(rd_kafka_message_t *){NULL}, 1)))
CALL(callback_of_what_was_not_started,
     last_of(rd_kafka_consume_callback(read_topic, 77, 0, NULL, NULL)))
CALL(seek_no_partition, rd_kafka_seek(read_topic, RD_KAFKA_PARTITION_UA, 0, 0))
CALL(seek_what_was_not_started, rd_kafka_seek(read_topic, 77, 0, 0))
CALL(seek_no_list, client_code_of(rd_kafka_seek_partitions(consumer, NULL, 0)))
WITH_NOTHING(seek_nothing, client_code_of(rd_kafka_seek_partitions(consumer, list, 0)))
WITH_LIST(seek_unassigned, "t", 1, 0,
          client_code_of(rd_kafka_seek_partitions(consumer, list, 100)) ? -1
                                                                        : (int)list->elems[0].err)
WITH_LIST(assign_no_offset, "t", 0, -5, rd_kafka_assign(consumer, list))
CALL(incrementally_nothing, client_code_of(rd_kafka_incremental_assign(consumer, NULL)))
CALL(incrementally_unassign_nothing, client_code_of(rd_kafka_incremental_unassign(consumer, NULL)))
WITH_LIST(unassign_unassigned, "t", 1, 0,
          client_code_of(rd_kafka_incremental_unassign(consumer, list)))
WITH_LIST(assign_twice, "t", 0, 0,
          (rd_kafka_topic_partition_list_add(list, "t", 0),
           client_code_of(rd_kafka_incremental_assign(consumer, list))))
WITH_LIST(pause_unknown, "nowhere", 0, 0,
          rd_kafka_pause_partitions(consumer, list) ? -1 : (int)list->elems[0].err)
WITH_LIST(resume_unknown, "nowhere", 0, 0,
          rd_kafka_resume_partitions(consumer, list) ? -1 : (int)list->elems[0].err)
WITH_LIST(position_of_unknown, "nowhere", 0, 0,
          rd_kafka_position(consumer, list) ? -1 : (int)list->elems[0].err)
CALL(store_negative, rd_kafka_offset_store(read_topic, 0, -1))
CALL(store_unassigned, rd_kafka_offset_store(read_topic, 1, 5))
WITH_LIST(store_while_automatic, "t", 0, 5, rd_kafka_offsets_store(consumer, list))
CALL(watermarks_of_no_topic,
     rd_kafka_query_watermark_offsets(consumer, NULL, 0, &(int64_t){0}, &(int64_t){0}, 10))
CALL(watermarks_of_no_partition,
     rd_kafka_query_watermark_offsets(consumer, "t", 99, &(int64_t){0}, &(int64_t){0}, 5000))
CALL(known_watermarks_of_nothing,
     rd_kafka_get_watermark_offsets(consumer, "nowhere", 0, &(int64_t){0}, &(int64_t){0}))
WITH_NOTHING(times_of_nothing, rd_kafka_offsets_for_times(consumer, list, 100))
CALL(close_into_no_queue, client_code_of(rd_kafka_consumer_close_queue(consumer, NULL)))
CALL(partition_of_no_topic, rd_kafka_queue_get_partition(consumer, NULL, 0) != NULL)
CALL(partition_without_number, rd_kafka_queue_get_partition(consumer, "t", -1) != NULL)
CALL(no_log_queue, rd_kafka_set_log_queue(consumer, NULL))
CALL(a_closed_consumer_is_not_yet, rd_kafka_consumer_closed(consumer))

static void test_impossible_consumption(void **state)
{
    static const struct trial trials[] = {
        TRIAL(start_without_partition, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(start_at_no_offset, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(stop_what_was_not_started, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(stop_no_partition, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(consume_what_was_not_started, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(batch_of_what_was_not_started, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(callback_of_what_was_not_started, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(seek_no_partition, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(seek_what_was_not_started, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(seek_no_list, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(seek_nothing, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(seek_unassigned, RD_KAFKA_RESP_ERR__STATE),
        TRIAL(assign_no_offset, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(incrementally_nothing, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(incrementally_unassign_nothing, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(unassign_unassigned, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(assign_twice, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(pause_unknown, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(resume_unknown, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(position_of_unknown, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(store_negative, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(store_unassigned, RD_KAFKA_RESP_ERR__STATE),
        TRIAL(store_while_automatic, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(watermarks_of_no_topic, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(watermarks_of_no_partition, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(known_watermarks_of_nothing, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
        TRIAL(times_of_nothing, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(close_into_no_queue, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(partition_of_no_topic, 0),
        TRIAL(partition_without_number, 0),
        TRIAL(no_log_queue, RD_KAFKA_RESP_ERR__NOT_CONFIGURED),
        TRIAL(a_closed_consumer_is_not_yet, 0),
    };
    (void)state;
    RUN(trials);
}

/* A consumer without a group */

CALL(loner_get_consumer, rd_kafka_queue_get_consumer(loner) != NULL)
CALL(loner_close, rd_kafka_consumer_close(loner))
CALL(loner_poll_set_consumer, rd_kafka_poll_set_consumer(loner))
CALL(loner_group_metadata, rd_kafka_consumer_group_metadata(loner) != NULL)
CALL(loner_rebalance_protocol, rd_kafka_rebalance_protocol(loner) != NULL)
CALL(loner_unsubscribe, rd_kafka_unsubscribe(loner))

static int loner_poll(void)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(loner, 0);
    int err = message ? (int)message->err : 0;
    rd_kafka_message_destroy(message);
    return err;
}

static void test_without_a_group(void **state)
{
    static const struct trial trials[] = {
        TRIAL(loner_poll, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(loner_get_consumer, 0),
        TRIAL(loner_close, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(loner_poll_set_consumer, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
        TRIAL(loner_group_metadata, 0),
        TRIAL(loner_rebalance_protocol, 0),
        TRIAL(loner_unsubscribe, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP),
    };
    (void)state;
    RUN(trials);
}

/* Topics and configurations */

static char long_name[600];

CALL(topic_without_name,
     rd_kafka_topic_new(producer, NULL, rd_kafka_topic_conf_new()) ? 0 : (int)rd_kafka_last_error())
CALL(topic_with_long_name,
     rd_kafka_topic_new(producer, long_name, NULL) ? 0 : (int)rd_kafka_last_error())

static int client_of_contradictions(void)
{
    char error[200] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "linger.ms", "5000", NULL, 0);
    rd_kafka_conf_set(conf, "message.timeout.ms", "1000", NULL, 0);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    assert_null(rk);
    assert_true(error[0] != '\0');
    assert_int_equal(errno, EINVAL);
    rd_kafka_conf_destroy(conf); /* It is still ours. */
    return rd_kafka_last_error();
}

static void test_topics_and_clients(void **state)
{
    static const struct trial trials[] = {
        TRIAL(topic_without_name, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(topic_with_long_name, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(client_of_contradictions, RD_KAFKA_RESP_ERR__INVALID_ARG),
    };
    (void)state;
    memset(long_name, 'x', sizeof(long_name) - 1);
    RUN(trials);
    /* Without a configuration, and without room for a text. */
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, NULL, 0);
    assert_non_null(rk);
    assert_null(rd_kafka_handle_mock_cluster(rk));
    assert_null(rd_kafka_opaque(rk));
    rd_kafka_destroy(rk);
    rd_kafka_destroy(NULL);
    rd_kafka_topic_conf_destroy(NULL);
    rd_kafka_conf_destroy(NULL);
}

static void test_fatal_errors(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_fatal_error(producer, NULL, 0), 0);
    assert_int_equal(rd_kafka_test_fatal_error(loner, RD_KAFKA_RESP_ERR__STATE, NULL), 0);
    assert_int_equal(rd_kafka_test_fatal_error(loner, RD_KAFKA_RESP_ERR__FAIL, "again"),
                     RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS);
    assert_int_equal(rd_kafka_fatal_error(loner, NULL, 0), RD_KAFKA_RESP_ERR__STATE);
}

/* Events: what belongs to another kind is NULL, 0 or -1 */

static void assert_no_result(rd_kafka_event_t *event)
{
    assert_null(rd_kafka_event_CreateTopics_result(event));
    assert_null(rd_kafka_event_DeleteTopics_result(event));
    assert_null(rd_kafka_event_CreatePartitions_result(event));
    assert_null(rd_kafka_event_AlterConfigs_result(event));
    assert_null(rd_kafka_event_IncrementalAlterConfigs_result(event));
    assert_null(rd_kafka_event_DescribeConfigs_result(event));
    assert_null(rd_kafka_event_DeleteRecords_result(event));
    assert_null(rd_kafka_event_ListConsumerGroups_result(event));
    assert_null(rd_kafka_event_DescribeConsumerGroups_result(event));
    assert_null(rd_kafka_event_DescribeTopics_result(event));
    assert_null(rd_kafka_event_DescribeCluster_result(event));
    assert_null(rd_kafka_event_DeleteGroups_result(event));
    assert_null(rd_kafka_event_DeleteConsumerGroupOffsets_result(event));
    assert_null(rd_kafka_event_CreateAcls_result(event));
    assert_null(rd_kafka_event_DescribeAcls_result(event));
    assert_null(rd_kafka_event_DeleteAcls_result(event));
    assert_null(rd_kafka_event_ListConsumerGroupOffsets_result(event));
    assert_null(rd_kafka_event_AlterConsumerGroupOffsets_result(event));
    assert_null(rd_kafka_event_ListOffsets_result(event));
    assert_null(rd_kafka_event_DescribeUserScramCredentials_result(event));
    assert_null(rd_kafka_event_AlterUserScramCredentials_result(event));
    assert_null(rd_kafka_event_ElectLeaders_result(event));
}

/* Takes an event of that type from the queue, within the time; asks it for everything. */
static void assert_event(rd_kafka_queue_t *queue, rd_kafka_event_type_t type, size_t messages)
{
    const char *facility, *text;
    int level;
    char contexts[64];
    const rd_kafka_message_t *array[4];
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(queue, TIMEOUT_MS)) != NULL &&
           rd_kafka_event_type(event) != type)
        rd_kafka_event_destroy(event);
    assert_non_null(event);
    bool is_log = type == RD_KAFKA_EVENT_LOG, is_error = type == RD_KAFKA_EVENT_ERROR;
    assert_no_result(event);
    assert_int_equal(rd_kafka_event_log(event, &facility, &text, &level), is_log ? 0 : -1);
    assert_int_equal(rd_kafka_event_log(event, NULL, NULL, NULL), is_log ? 0 : -1);
    assert_int_equal(rd_kafka_event_debug_contexts(event, contexts, sizeof(contexts)),
                     is_log ? 0 : -1);
    assert_null(rd_kafka_event_stats(event));
    assert_null(rd_kafka_event_config_string(event));
    assert_null(rd_kafka_event_topic_partition_list(event));
    assert_null(rd_kafka_event_topic_partition(event));
    assert_null(rd_kafka_event_opaque(event));
    assert_int_equal(rd_kafka_event_error(event) != 0, is_error);
    assert_int_equal(rd_kafka_event_error_is_fatal(event), is_error);
    assert_non_null(rd_kafka_event_error_string(event));
    assert_int_equal(rd_kafka_event_message_count(event), messages);
    assert_int_equal(rd_kafka_event_message_next(event) != NULL, messages > 0);
    assert_int_equal(rd_kafka_event_message_array(event, array, 4), messages ? messages - 1 : 0);
    assert_int_equal(rd_kafka_event_message_array(event, array, 4), 0);
    assert_null(rd_kafka_event_message_next(event));
    rd_kafka_event_destroy(event);
}

static void test_events(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_event_type(NULL), RD_KAFKA_EVENT_NONE);
    assert_string_equal(rd_kafka_event_name(NULL), "(NONE)");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "log.queue", "true", NULL, 0);
    rd_kafka_conf_set(conf, "debug", "all", NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "200", NULL, 0);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "t", NULL);
    for (int i = 0; i < 3; i++)
        rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, large, 1, NULL, 0, NULL);
    assert_event(queue, RD_KAFKA_EVENT_DR, 3);
    assert_int_equal(rd_kafka_set_log_queue(rk, NULL), 0);
    assert_event(queue, RD_KAFKA_EVENT_LOG, 0);
    rd_kafka_test_fatal_error(rk, RD_KAFKA_RESP_ERR__STATE, "for the test");
    assert_event(queue, RD_KAFKA_EVENT_ERROR, 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);

    rd_kafka_topic_partition_list_t *list = list_of("t", 0, 0);
    assert_int_equal(rd_kafka_assign(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    queue = rd_kafka_queue_get_consumer(consumer);
    assert_event(queue, RD_KAFKA_EVENT_FETCH, 1);
    rd_kafka_queue_destroy(queue);
}

/* The mock cluster */

CALL(down_unknown, rd_kafka_mock_broker_set_down(cluster, 99))
CALL(up_unknown, rd_kafka_mock_broker_set_up(cluster, 99))
CALL(rtt_unknown, rd_kafka_mock_broker_set_rtt(cluster, 99, 5))
CALL(rack_unknown, rd_kafka_mock_broker_set_rack(cluster, 99, "r"))
CALL(errors_of_unknown,
     rd_kafka_mock_broker_push_request_error_rtts(cluster, 99, 0, 1, RD_KAFKA_RESP_ERR__FAIL, 0))
CALL(count_errors_of_unknown, rd_kafka_mock_broker_error_stack_cnt(cluster, 99, 0, &(size_t){0}))
CALL(topic_twice, rd_kafka_mock_topic_create(cluster, "t", 1, 1))
CALL(coordinator_of_what, rd_kafka_mock_coordinator_set(cluster, "nonsense", "g", 1))
CALL(versions_the_wrong_way, rd_kafka_mock_set_apiversion(cluster, 0, 9, 3))
CALL(versions_of_what, rd_kafka_mock_set_apiversion(cluster, 999, 0, 1))
CALL(cluster_of_nobody, rd_kafka_mock_cluster_new(producer, 0) != NULL)

static void test_mock_cluster(void **state)
{
    static const struct trial trials[] = {
        TRIAL(down_unknown, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE),
        TRIAL(up_unknown, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE),
        TRIAL(rtt_unknown, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE),
        TRIAL(rack_unknown, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE),
        TRIAL(errors_of_unknown, RD_KAFKA_RESP_ERR__UNKNOWN_BROKER),
        TRIAL(count_errors_of_unknown, RD_KAFKA_RESP_ERR__UNKNOWN_BROKER),
        TRIAL(topic_twice, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS),
        TRIAL(coordinator_of_what, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(versions_the_wrong_way, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(versions_of_what, RD_KAFKA_RESP_ERR__INVALID_ARG),
        TRIAL(cluster_of_nobody, 0),
    };
    (void)state;
    RUN(trials);
    /* Nothing is tracked: no requests. */
    size_t count = 1;
    assert_null(rd_kafka_mock_get_requests(cluster, &count));
    assert_int_equal(count, 0);
    rd_kafka_mock_request_destroy_array(NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_producer_consumes), TEST(test_a_consumer_produces),
        TEST(test_impossible_messages), TEST(test_impossible_consumption),
        TEST(test_without_a_group),     TEST(test_topics_and_clients),
        TEST(test_fatal_errors),        TEST(test_events),
        TEST(test_mock_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
