/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions whose feature is not built yet: each way of answering, and that an admin operation
 * leaves a program that waits for its result with a result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/queue.h"
#include "rdkafka.h"

static void test_codes(void **state)
{
    char text[64] = "";

    (void)state;
    assert_int_equal(
        rd_kafka_oauthbearer_set_token(NULL, "token", 0, "me", NULL, 0, text, sizeof(text)),
        RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    assert_non_null(strstr(text, "rd_kafka_oauthbearer_set_token"));
}

static void test_error_objects(void **state)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(NULL);

    (void)state;
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    assert_string_equal(rd_kafka_error_string(error),
                        "rd_kafka_begin_transaction() is not implemented yet");
    assert_false(rd_kafka_error_is_fatal(error));
    assert_false(rd_kafka_error_is_retriable(error));
    rd_kafka_error_destroy(error);
}

static void test_objects_and_results(void **state)
{
    rd_kafka_topic_partition_list_t *partitions = (rd_kafka_topic_partition_list_t *)state;
    char text[64] = "";
    size_t count = 7;
    rd_kafka_error_t *error;

    assert_null(rd_kafka_NewTopic_new("topic", 1, 1, text, sizeof(text)));
    assert_non_null(strstr(text, "rd_kafka_NewTopic_new"));
    assert_null(rd_kafka_NewTopic_new("topic", 1, 1, NULL, 0));
    assert_null(rd_kafka_CreateTopics_result_topics(NULL, &count));
    assert_int_equal(count, 0);
    partitions = (rd_kafka_topic_partition_list_t *)state;
    error = rd_kafka_share_commit_sync(NULL, 0, &partitions);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    assert_null(partitions);
    rd_kafka_error_destroy(error);
}

static void test_admin_operation_gives_a_result(void **state)
{
    struct rk_core *core = rk_core_new(RD_KAFKA_PRODUCER, rk_strdup("test"), rk_conf_new(NULL));
    rd_kafka_queue_t *queue = rk_queue_new(core, "results");
    rd_kafka_event_t *event;

    (void)state;
    rd_kafka_DescribeCluster(NULL, NULL, queue);
    rd_kafka_DeleteTopics(NULL, NULL, 0, NULL, queue);
    assert_int_equal(rk_queue_length(queue), 2);

    event = rk_queue_take_event(queue, 0);
    assert_non_null(event);
    assert_int_equal(event->type, RD_KAFKA_EVENT_DESCRIBECLUSTER_RESULT);
    assert_int_equal(event->err, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    assert_non_null(strstr(event->text, "not implemented"));
    rk_event_destroy(event);

    event = rk_queue_take_event(queue, 0);
    assert_non_null(event);
    assert_int_equal(event->type, RD_KAFKA_EVENT_DELETETOPICS_RESULT);
    rk_event_destroy(event);

    /* Served by callbacks it is dropped; a queue that goes takes it along. */
    rd_kafka_ElectLeaders(NULL, NULL, NULL, queue);
    rk_queue_serve(queue, 0, 0);
    assert_int_equal(rk_queue_length(queue), 0);
    rd_kafka_CreateAcls(NULL, NULL, 0, NULL, queue);

    rk_queue_release(queue);
    rk_core_release(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_error_objects),
        cmocka_unit_test(test_objects_and_results),
        cmocka_unit_test(test_admin_operation_gives_a_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
