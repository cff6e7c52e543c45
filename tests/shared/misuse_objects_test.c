/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that a program should not make, with objects that need no client: each has its documented
 * answer.
 */
#include "support/client.h"

static void test_nothing_is_destroyed(void **state)
{
    (void)state;
    rd_kafka_error_destroy(NULL);
    rd_kafka_event_destroy(NULL);
    rd_kafka_queue_destroy(NULL);
    rd_kafka_topic_partition_list_destroy(NULL);
    rd_kafka_topic_partition_destroy(NULL);
    rd_kafka_headers_destroy(NULL);
    rd_kafka_message_destroy(NULL);
    rd_kafka_metadata_destroy(NULL);
    rd_kafka_consumer_group_metadata_destroy(NULL);
    rd_kafka_Uuid_destroy(NULL);
    rd_kafka_mem_free(NULL, NULL);
    rd_kafka_conf_dump_free(NULL, 0);
}

static void test_no_error(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_error_code(NULL), 0);
    assert_string_equal(rd_kafka_error_name(NULL), "");
    assert_string_equal(rd_kafka_error_string(NULL), "");
    assert_int_equal(rd_kafka_error_is_fatal(NULL), 0);
    assert_int_equal(rd_kafka_error_is_retriable(NULL), 0);
    assert_int_equal(rd_kafka_error_txn_requires_abort(NULL), 0);
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, NULL);
    assert_string_equal(rd_kafka_error_string(error), rd_kafka_err2str(RD_KAFKA_RESP_ERR__STATE));
    rd_kafka_error_destroy(error);
    assert_string_equal(rd_kafka_err2str((rd_kafka_resp_err_t)-9999), "Err--9999?");
    assert_string_equal(rd_kafka_err2name((rd_kafka_resp_err_t)9999), "ERR_9999?");
}

static void test_lists(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);
    rd_kafka_topic_partition_list_sort(list, NULL, NULL);
    assert_null(rd_kafka_topic_partition_list_find(list, "t", 0));
    assert_int_equal(rd_kafka_topic_partition_list_del(list, "t", 0), 0);
    assert_int_equal(rd_kafka_topic_partition_list_del_by_idx(list, 0), 0);
    assert_int_equal(rd_kafka_topic_partition_list_del_by_idx(list, -1), 0);
    assert_int_equal(rd_kafka_topic_partition_list_set_offset(list, "t", 0, 5),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    rd_kafka_topic_partition_list_add_range(list, "t", 3, 2);
    assert_int_equal(list->cnt, 0);
    rd_kafka_topic_partition_list_add_range(list, "t", 3, 5);
    assert_int_equal(list->cnt, 3);
    rd_kafka_topic_partition_list_t *copy = rd_kafka_topic_partition_list_copy(list);
    assert_int_equal(copy->cnt, 3);
    assert_int_equal(rd_kafka_topic_partition_get_leader_epoch(&copy->elems[0]), -1);
    rd_kafka_topic_partition_list_destroy(copy);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_headers(void **state)
{
    const char *name;
    const void *value;
    size_t size;
    (void)state;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(0);
    assert_int_equal(rd_kafka_header_remove(headers, "x"), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_get_last(headers, "x", &value, &size),
                     RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_get(headers, 0, "x", &value, &size), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_get_all(headers, 0, &name, &value, &size),
                     RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rd_kafka_header_add(headers, "x", -1, NULL, 5), 0);
    assert_int_equal(rd_kafka_header_get_last(headers, "x", &value, &size), 0);
    assert_null(value);
    assert_int_equal(size, 0);
    assert_int_equal(rd_kafka_header_get(headers, 1, "x", &value, &size), RD_KAFKA_RESP_ERR__NOENT);
    rd_kafka_headers_destroy(headers);
}

static void test_group_metadata(void **state)
{
    rd_kafka_consumer_group_metadata_t *metadata;
    (void)state;
    assert_null(rd_kafka_consumer_group_metadata_new(NULL));
    assert_int_equal(
        client_code_of(rd_kafka_consumer_group_metadata_read(&metadata, "nonsense", 8)),
        RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_int_equal(client_code_of(rd_kafka_consumer_group_metadata_read(&metadata, "", 0)),
                     RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_null(metadata);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_destroyed),
        cmocka_unit_test(test_no_error),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_group_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
