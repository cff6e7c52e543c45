/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events and queues as the application uses them: what the accessors say about each kind.
 */
#include "unit/event/fixture.h"

#include <stdio.h>

#include "api/client.h"
#include "event/partition_list.h"

static struct rd_kafka_s client;

static void configure(rd_kafka_conf_t *conf)
{
    char errstr[200];
    assert_int_equal(rk_conf_set(conf, "log.queue", "true", errstr, sizeof(errstr)), 0);
    assert_int_equal(rk_conf_set(conf, "debug", "msg,cgrp", errstr, sizeof(errstr)), 0);
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_ERROR;
}

static int set_up(void **state)
{
    (void)state;
    reset_notes();
    client.core = core_new(configure);
    client.core->client = &client;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    core_end(client.core);
    return 0;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_event_type_t type;
        const char *name;
    } cases[] = {
        {RD_KAFKA_EVENT_NONE, "(NONE)"},
        {RD_KAFKA_EVENT_BACKGROUND, "(NONE)"},
        {RD_KAFKA_EVENT_DR, "DeliveryReport"},
        {RD_KAFKA_EVENT_OFFSET_COMMIT, "OffsetCommit"},
        {RD_KAFKA_EVENT_CREATETOPICS_RESULT, "CreateTopicsResult"},
        {RD_KAFKA_EVENT_ALTERUSERSCRAMCREDENTIALS_RESULT, "AlterUserScramCredentials"},
        {RD_KAFKA_EVENT_ELECTLEADERS_RESULT, "ElectLeadersResult"},
        {0x40000000, "?unknown?"},
    };
    rd_kafka_event_t *event = plain_new(0);
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        event->type = cases[i].type;
        assert_string_equal(rd_kafka_event_name(event), cases[i].name);
    }
    rd_kafka_event_destroy(event);
    assert_int_equal(rd_kafka_event_type(NULL), RD_KAFKA_EVENT_NONE);
    assert_string_equal(rd_kafka_event_name(NULL), "(NONE)");
    rd_kafka_event_destroy(NULL);
}

static void expect_no_details(rd_kafka_event_t *event)
{
    const char *text;
    char contexts[10];
    int level;
    const rd_kafka_message_t *message;
    assert_null(rd_kafka_event_message_next(event));
    assert_int_equal(rd_kafka_event_message_array(event, &message, 1), 0);
    assert_int_equal(rd_kafka_event_message_count(event), 0);
    assert_null(rd_kafka_event_config_string(event));
    assert_null(rd_kafka_event_opaque(event));
    assert_int_equal(rd_kafka_event_log(event, &text, &text, &level), -1);
    assert_int_equal(rd_kafka_event_debug_contexts(event, contexts, sizeof(contexts)), -1);
    assert_null(rd_kafka_event_stats(event));
    assert_null(rd_kafka_event_topic_partition_list(event));
    assert_null(rd_kafka_event_topic_partition(event));
    assert_null(rd_kafka_event_CreateTopics_result(event));
    assert_null(rd_kafka_event_ElectLeaders_result(event));
}

static void test_error(void **state)
{
    (void)state;
    rk_core_post_error(client.core, RD_KAFKA_RESP_ERR__TRANSPORT, "gone");
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(&client);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 1000);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_ERROR);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_string_equal(rd_kafka_event_error_string(event), "gone");
    assert_int_equal(rd_kafka_event_error_is_fatal(event), 0);
    expect_no_details(event);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void test_fatal_error(void **state)
{
    (void)state;
    char text[100];
    assert_int_equal(rd_kafka_fatal_error(&client, text, sizeof(text)), 0);
    assert_int_equal(rd_kafka_test_fatal_error(&client, 0, "why"), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(
        rd_kafka_test_fatal_error(&client, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "why"),
        0);
    assert_int_equal(rd_kafka_test_fatal_error(&client, RD_KAFKA_RESP_ERR__FENCED, "again"),
                     RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS);
    assert_int_equal(rd_kafka_fatal_error(&client, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_string_equal(text, "test_fatal_error: why");
    rd_kafka_event_t *event = rd_kafka_queue_poll(client.core->main_queue, 0);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_int_equal(rd_kafka_event_error_is_fatal(event), 1);
    rd_kafka_event_destroy(event);
}

static void test_consumer_error(void **state)
{
    (void)state;
    rd_kafka_topic_t *topic = topic_new(client.core, "words");
    rd_kafka_queue_t *queue = rd_kafka_queue_new(&client);
    rk_queue_push(
        queue, rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, topic, 4, 99, NULL));
    rk_queue_push(queue, rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, NULL,
                                                     RD_KAFKA_PARTITION_UA, 0, "slow"));
    rk_topic_release(topic);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 0);
    assert_string_equal(rd_kafka_event_error_string(event),
                        rd_kafka_err2str(RD_KAFKA_RESP_ERR__PARTITION_EOF));
    rd_kafka_topic_partition_t *partition = rd_kafka_event_topic_partition(event);
    rd_kafka_event_destroy(event);
    assert_string_equal(partition->topic, "words");
    assert_int_equal(partition->partition, 4);
    assert_int_equal(partition->offset, 99);
    rd_kafka_topic_partition_destroy(partition);

    event = rd_kafka_queue_poll(queue, 0);
    assert_string_equal(rd_kafka_event_error_string(event), "slow");
    expect_no_details(event);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_queue_destroy(NULL);
}

static void test_log(void **state)
{
    (void)state;
    const char *facility, *text;
    int level;
    char contexts[40];
    rk_log(client.core, 4, "FAC", "plain");
    rk_log_debug(client.core, RK_DEBUG_MSG | RK_DEBUG_CGRP, "FAC", "debug");
    assert_int_equal(rd_kafka_set_log_queue(&client, NULL), 0);
    rd_kafka_event_t *event = rd_kafka_queue_poll(client.core->main_queue, 0);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_LOG);
    assert_int_equal(rd_kafka_event_log(event, &facility, &text, &level), 0);
    assert_string_equal(facility, "FAC");
    assert_string_equal(text, "[thrd:app]: plain");
    assert_int_equal(level, 4);
    assert_int_equal(rd_kafka_event_debug_contexts(event, contexts, sizeof(contexts)), 0);
    assert_string_equal(contexts, "");
    assert_int_equal(rd_kafka_event_log(event, NULL, NULL, NULL), 0);
    rd_kafka_event_destroy(event);

    event = rd_kafka_queue_poll(client.core->main_queue, 0);
    assert_int_equal(rd_kafka_event_debug_contexts(event, contexts, sizeof(contexts)), 0);
    assert_string_equal(contexts, "msg,cgrp");
    assert_int_equal(rd_kafka_event_debug_contexts(event, contexts, 4), 0);
    assert_string_equal(contexts, "msg");
    rd_kafka_event_destroy(event);

    rd_kafka_set_log_level(&client, 3);
    rk_log(client.core, 4, "FAC", "too fine");
    assert_null(rd_kafka_queue_poll(client.core->main_queue, 0));
}

static void test_log_queue_not_configured(void **state)
{
    (void)state;
    struct rd_kafka_s other = {.core = core_new(NULL)};
    assert_int_equal(rd_kafka_set_log_queue(&other, NULL), RD_KAFKA_RESP_ERR__NOT_CONFIGURED);
    core_end(other.core);
}

static void test_stats_and_results(void **state)
{
    (void)state;
    rd_kafka_event_t *event = rk_event_new_stats(rk_app_strdup("{}"), 2);
    assert_string_equal(rd_kafka_event_stats(event), "{}");
    rd_kafka_event_destroy(event);

    int mine;
    event = plain_new(0);
    event->type = RD_KAFKA_EVENT_DELETETOPICS_RESULT;
    event->opaque = &mine;
    assert_ptr_equal(rd_kafka_event_DeleteTopics_result(event), event);
    assert_null(rd_kafka_event_CreateTopics_result(event));
    assert_null(rd_kafka_event_DeleteTopics_result(NULL));
    assert_ptr_equal(rd_kafka_event_opaque(event), &mine);
    assert_int_equal(rd_kafka_event_error(event), 0);
    event->partitions = rd_kafka_topic_partition_list_new(1);
    assert_ptr_equal(rd_kafka_event_topic_partition_list(event), event->partitions);
    rd_kafka_event_destroy(event);
}

/* An event with three messages, as a batch of delivery reports has them. */

static struct rk_message reports[3];

static size_t count_reports(rd_kafka_event_t *event)
{
    (void)event;
    return 3;
}

static const rd_kafka_message_t *report_at(rd_kafka_event_t *event, size_t index)
{
    (void)event;
    return &reports[index].rkmessage;
}

static void test_messages(void **state)
{
    (void)state;
    static const struct rk_event_kind reports_kind = {
        .name = "reports",
        .message_count = count_reports,
        .message_at = report_at,
        .destroy = destroy_numbered,
    };
    const rd_kafka_message_t *messages[3];
    rd_kafka_event_t *event = plain_new(0);
    event->kind = &reports_kind;
    event->type = RD_KAFKA_EVENT_DR;
    assert_int_equal(rd_kafka_event_message_count(event), 3);
    assert_ptr_equal(rd_kafka_event_message_next(event), &reports[0]);
    assert_int_equal(rd_kafka_event_message_array(event, messages, 1), 1);
    assert_ptr_equal(messages[0], &reports[1]);
    assert_int_equal(rd_kafka_event_message_array(event, messages, 3), 1);
    assert_ptr_equal(messages[0], &reports[2]);
    assert_null(rd_kafka_event_message_next(event));
    rd_kafka_event_destroy(event);

    rd_kafka_queue_t *queue = rd_kafka_queue_new(&client);
    rk_queue_push(queue, batch_new(0, 5, 2));
    event = rd_kafka_queue_poll(queue, 0);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_FETCH);
    assert_int_equal(rd_kafka_event_message_count(event), 1);
    assert_int_equal(rd_kafka_event_message_next(event)->offset, 5);
    assert_null(rd_kafka_event_message_next(event));
    assert_int_equal(rd_kafka_queue_length(queue), 1);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void yield(struct numbered *mine)
{
    (void)mine;
    rd_kafka_yield(&client);
}

static void test_poll(void **state)
{
    (void)state;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(&client), *main_queue;
    main_queue = rd_kafka_queue_get_main(&client);
    rd_kafka_queue_forward(queue, main_queue);
    rd_kafka_queue_forward(main_queue, queue);
    while_serving = yield;
    rk_queue_push(queue, plain_new(1));
    rk_queue_push(queue, plain_new(2));
    assert_int_equal(rd_kafka_poll(&client, 0), 1);
    while_serving = NULL;
    assert_int_equal(rd_kafka_poll(&client, 100), 1);
    assert_int_equal(rd_kafka_poll(&client, 1), 0);

    rd_kafka_queue_forward(queue, NULL);
    rk_queue_push(queue, plain_new(3));
    assert_int_equal(rd_kafka_queue_poll_callback(queue, -1), 1);
    rd_kafka_queue_yield(queue);
    assert_int_equal(rd_kafka_queue_poll_callback(queue, -1), 0);
    rd_kafka_queue_destroy(queue);
    rd_kafka_queue_destroy(main_queue);

    /* The refused ring was logged. */
    assert_int_equal(rd_kafka_set_log_queue(&client, NULL), 0);
    assert_int_equal(rd_kafka_queue_length(client.core->main_queue), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_error),
        TEST(test_fatal_error),
        TEST(test_consumer_error),
        TEST(test_log),
        TEST(test_log_queue_not_configured),
        TEST(test_stats_and_results),
        TEST(test_messages),
        TEST(test_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
