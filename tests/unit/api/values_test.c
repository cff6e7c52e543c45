/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects an application holds by itself: errors, lists of partitions, headers, messages, topic
 * ids, group metadata, memory.
 */
#include "unit/event/fixture.h"

#include <errno.h>

static void test_errors(void **state)
{
    (void)state;
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__FATAL, NULL);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__FATAL);
    assert_string_equal(rd_kafka_error_name(error), "_FATAL");
    assert_string_equal(rd_kafka_error_string(error), rd_kafka_err2str(RD_KAFKA_RESP_ERR__FATAL));
    assert_int_equal(rd_kafka_error_is_fatal(error), 0);
    rd_kafka_error_destroy(error);
    error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, "%s!", "no");
    assert_string_equal(rd_kafka_error_string(error), "no!");
    assert_int_equal(rd_kafka_error_is_retriable(error), 0);
    assert_int_equal(rd_kafka_error_txn_requires_abort(error), 0);
    rd_kafka_error_destroy(error);

    assert_int_equal(rd_kafka_error_code(NULL), 0);
    assert_string_equal(rd_kafka_error_name(NULL), "");
    assert_string_equal(rd_kafka_error_string(NULL), "");
    assert_int_equal(rd_kafka_error_is_fatal(NULL), 0);
    assert_int_equal(rd_kafka_error_is_retriable(NULL), 0);
    assert_int_equal(rd_kafka_error_txn_requires_abort(NULL), 0);
    rd_kafka_error_destroy(NULL);

    rk_set_last_error(RD_KAFKA_RESP_ERR__QUEUE_FULL, ENOBUFS);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__QUEUE_FULL);
    assert_int_equal(errno, ENOBUFS);
}

static void test_partition_lists(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);
    rd_kafka_topic_partition_list_add_range(list, "words", 3, 5);
    rd_kafka_topic_partition_list_add_range(list, "words", 3, 2);
    rd_kafka_topic_partition_list_add_range(list, "last", INT32_MAX, INT32_MAX);
    assert_int_equal(list->cnt, 4);
    assert_true(list->size >= list->cnt);
    assert_int_equal(list->elems[1].partition, 4);
    assert_int_equal(list->elems[1].offset, RD_KAFKA_OFFSET_INVALID);
    assert_int_equal(rd_kafka_topic_partition_get_leader_epoch(&list->elems[1]), -1);
    rd_kafka_topic_partition_set_leader_epoch(&list->elems[1], 8);
    assert_int_equal(rd_kafka_topic_partition_get_leader_epoch(&list->elems[1]), 8);

    assert_int_equal(rd_kafka_topic_partition_list_set_offset(list, "words", 4, 17), 0);
    assert_int_equal(rd_kafka_topic_partition_list_set_offset(list, "words", 9, 17),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    rd_kafka_topic_partition_list_t *copy = rd_kafka_topic_partition_list_copy(list);
    assert_int_equal(rd_kafka_topic_partition_list_find(copy, "words", 4)->offset, 17);
    assert_int_equal(rd_kafka_topic_partition_get_leader_epoch(
                         rd_kafka_topic_partition_list_find(copy, "words", 4)),
                     8);

    assert_int_equal(rd_kafka_topic_partition_list_del(list, "words", 4), 1);
    assert_int_equal(rd_kafka_topic_partition_list_del(list, "words", 4), 0);
    assert_int_equal(rd_kafka_topic_partition_list_del_by_idx(list, 3), 0);
    assert_int_equal(rd_kafka_topic_partition_list_del_by_idx(list, 0), 1);
    assert_int_equal(list->elems[0].partition, 5);
    rd_kafka_topic_partition_list_sort(list, NULL, NULL);
    assert_string_equal(list->elems[0].topic, "last");
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_partition_list_destroy(copy);
}

static void test_headers(void **state)
{
    (void)state;
    const char *name;
    const void *value;
    size_t size;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
    assert_int_equal(rd_kafka_header_add(headers, "a", -1, "first", -1), 0);
    assert_int_equal(rd_kafka_header_add(headers, "b", -1, NULL, -1), 0);
    assert_int_equal(rd_kafka_header_add(headers, "abc", 1, "second", 6), 0);
    assert_int_equal(rd_kafka_header_cnt(headers), 3);

    assert_int_equal(rd_kafka_header_get_last(headers, "a", &value, &size), 0);
    assert_string_equal(value, "second");
    assert_int_equal(size, 6);
    assert_int_equal(rd_kafka_header_get(headers, 0, "a", &value, &size), 0);
    assert_string_equal(value, "first");
    assert_int_equal(rd_kafka_header_get(headers, 2, "a", &value, &size), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_get_all(headers, 1, &name, &value, &size), 0);
    assert_string_equal(name, "b");
    assert_null(value);
    assert_int_equal(size, 0);
    assert_int_equal(rd_kafka_header_get_all(headers, 3, &name, &value, &size),
                     RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_get_last(headers, "c", &value, &size),
                     RD_KAFKA_RESP_ERR__NOENT);

    rd_kafka_headers_t *copy = rd_kafka_headers_copy(headers);
    assert_int_equal(rd_kafka_header_remove(headers, "a"), 0);
    assert_int_equal(rd_kafka_header_remove(headers, "a"), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_cnt(headers), 1);
    rd_kafka_headers_destroy(headers);
    assert_int_equal(rd_kafka_header_cnt(copy), 3);
    rd_kafka_headers_destroy(copy);
}

static void test_consumed_message(void **state)
{
    (void)state;
    rd_kafka_timestamp_type_t type;
    rd_kafka_headers_t *headers;
    struct rk_message *inside = message_new(0, 5);
    inside->timestamp_ms = 1234;
    inside->timestamp_type = RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    inside->latency_us = -1;
    inside->broker_id = 3;
    inside->leader_epoch = 7;
    inside->delivery_count = -1;
    rd_kafka_message_t *message = &inside->rkmessage;
    assert_null(rd_kafka_message_errstr(message));
    assert_null(rd_kafka_message_produce_errstr(message));
    assert_int_equal(rd_kafka_message_timestamp(message, &type), 1234);
    assert_int_equal(type, RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME);
    assert_int_equal(rd_kafka_message_timestamp(message, NULL), 1234);
    assert_int_equal(rd_kafka_message_latency(message), -1);
    assert_int_equal(rd_kafka_message_broker_id(message), 3);
    assert_int_equal(rd_kafka_message_status(message), RD_KAFKA_MSG_STATUS_PERSISTED);
    assert_int_equal(rd_kafka_message_leader_epoch(message), 7);
    assert_int_equal(rd_kafka_message_delivery_count(message), -1);
    assert_int_equal(rd_kafka_message_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    rd_kafka_message_set_headers(message, rd_kafka_headers_new(0));
    assert_int_equal(rd_kafka_message_detach_headers(message, &headers), 0);
    rd_kafka_headers_destroy(headers);
    rd_kafka_message_destroy(message);
    rd_kafka_message_destroy(NULL);
}

static void test_failed_message(void **state)
{
    (void)state;
    rd_kafka_timestamp_type_t type;
    struct rk_message inside = {
        .rkmessage = {.err = RD_KAFKA_RESP_ERR_INVALID_RECORD, .payload = "value", .len = 5},
        .kind = RK_MESSAGE_PRODUCED,
        .status = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
        .timestamp_ms = 5,
        .timestamp_type = RD_KAFKA_TIMESTAMP_CREATE_TIME,
    };
    rd_kafka_message_t *message = &inside.rkmessage;
    const char *meaning = rd_kafka_err2str(RD_KAFKA_RESP_ERR_INVALID_RECORD);
    assert_string_equal(rd_kafka_message_errstr(message), meaning);
    inside.error_text = "too blue";
    assert_string_equal(rd_kafka_message_errstr(message), "too blue");
    assert_string_equal(rd_kafka_message_produce_errstr(message), "too blue");
    assert_int_equal(rd_kafka_message_timestamp(message, &type), -1);
    assert_int_equal(type, RD_KAFKA_TIMESTAMP_NOT_AVAILABLE);
    assert_int_equal(rd_kafka_message_status(message), RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    rd_kafka_message_destroy(message);

    struct rk_message *error =
        rk_message_new_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, NULL, 0, 1, "the end");
    assert_string_equal(rd_kafka_message_errstr(&error->rkmessage), "the end");
    rd_kafka_message_destroy(&error->rkmessage);
}

static void test_uuid(void **state)
{
    (void)state;
    rd_kafka_Uuid_t *uuid = rd_kafka_Uuid_new(5, -6), *copy = rd_kafka_Uuid_copy(uuid);
    rd_kafka_Uuid_destroy(uuid);
    assert_int_equal(rd_kafka_Uuid_most_significant_bits(copy), 5);
    assert_int_equal(rd_kafka_Uuid_least_significant_bits(copy), -6);
    assert_string_equal(rd_kafka_Uuid_base64str(copy), "AAAAAAAAAAX/////////+g");
    rd_kafka_Uuid_destroy(copy);
}

static void test_group_metadata(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    assert_null(rd_kafka_consumer_group_metadata_new(NULL));
    rd_kafka_consumer_group_metadata_t *written =
        rd_kafka_consumer_group_metadata_new_with_genid("g", 4, "m", "i");
    assert_null(rd_kafka_consumer_group_metadata_write(written, &bytes, &size));
    rd_kafka_consumer_group_metadata_destroy(written);

    rd_kafka_consumer_group_metadata_t *read;
    assert_null(rd_kafka_consumer_group_metadata_read(&read, bytes, size));
    assert_string_equal(rd_kafka_consumer_group_metadata_group_id(read), "g");
    assert_int_equal(rd_kafka_consumer_group_metadata_generation_id(read), 4);
    assert_string_equal(rd_kafka_consumer_group_metadata_member_id(read), "m");
    assert_string_equal(rd_kafka_consumer_group_metadata_group_instance_id(read), "i");
    rd_kafka_consumer_group_metadata_destroy(read);

    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_read(&read, bytes, 5);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__BAD_MSG);
    rd_kafka_error_destroy(error);
    rd_kafka_mem_free(NULL, bytes);

    read = rd_kafka_consumer_group_metadata_new("g");
    assert_int_equal(rd_kafka_consumer_group_metadata_generation_id(read), -1);
    assert_string_equal(rd_kafka_consumer_group_metadata_member_id(read), "");
    assert_null(rd_kafka_consumer_group_metadata_group_instance_id(read));
    rd_kafka_consumer_group_metadata_destroy(read);
}

static void test_memory(void **state)
{
    (void)state;
    char *memory = rd_kafka_mem_calloc(NULL, 2, 4);
    assert_memory_equal(memory, "\0\0\0\0\0\0\0", 8);
    rd_kafka_mem_free(NULL, memory);
    memory = rd_kafka_mem_malloc(NULL, 5);
    assert_non_null(memory);
    rd_kafka_mem_free(NULL, memory);
    rd_kafka_mem_free(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),         cmocka_unit_test(test_partition_lists),
        cmocka_unit_test(test_headers),        cmocka_unit_test(test_consumed_message),
        cmocka_unit_test(test_failed_message), cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_group_metadata), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
