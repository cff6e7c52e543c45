/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core: what it takes from the configuration, errors and fatal errors, how long it lives.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>

static struct rk_core *core;
static char last_line[200];
static char last_reason[200];
static int last_err, callback_count;

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    snprintf(last_line, sizeof(last_line), "%d|%s|%s", level, facility, text);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    (void)opaque;
    callback_count++;
    last_err = err;
    snprintf(last_reason, sizeof(last_reason), "%s", reason);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
}

static void log_only(rd_kafka_conf_t *conf)
{
    conf->conf.callbacks.log_cb = on_log;
    last_line[0] = '\0';
}

static void with_callbacks(rd_kafka_conf_t *conf)
{
    log_only(conf);
    conf->conf.callbacks.error_cb = on_error;
    conf->conf.callbacks.dr_msg_cb = on_report;
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_DR;
    callback_count = 0;
}

static void with_events(rd_kafka_conf_t *conf)
{
    log_only(conf);
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR;
}

static void test_reports(void **state)
{
    (void)state;
    core = core_new(log_only);
    assert_false(core->reports_by_callback);
    assert_false(core->reports_by_event);
    assert_non_null(core->default_topic_conf);
    assert_int_equal(core->shared.controller_id, -1);
    core_end(core);
    core = core_new(with_callbacks);
    assert_true(core->reports_by_callback);
    assert_false(core->reports_by_event);
    core_end(core);
    core = core_new(with_events);
    assert_false(core->reports_by_callback);
    assert_true(core->reports_by_event);
    core_end(core);
}

static void test_error_by_callback(void **state)
{
    (void)state;
    core = core_new(with_callbacks);
    rk_core_post_error(core, RD_KAFKA_RESP_ERR__TRANSPORT, "%s: refused", "10.0.0.1:9092");
    assert_int_equal(callback_count, 0);
    assert_int_equal(rk_queue_serve(core->main_queue, 0, 0), 1);
    assert_int_equal(callback_count, 1);
    assert_int_equal(last_err, RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_string_equal(last_reason, "10.0.0.1:9092: refused");
    assert_string_equal(last_line, "");
    core_end(core);
}

static void test_error_by_event(void **state)
{
    (void)state;
    core = core_new(with_events);
    rk_core_post_error(core, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "2/2 brokers are down");
    rd_kafka_event_t *event = rk_queue_take_event(core->main_queue, 0);
    assert_int_equal(event->type, RD_KAFKA_EVENT_ERROR);
    assert_int_equal(event->err, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    assert_string_equal(event->text, "2/2 brokers are down");
    rk_event_destroy(event);
    core_end(core);
}

static void test_error_by_log(void **state)
{
    (void)state;
    core = core_new(log_only);
    rk_core_post_error(core, RD_KAFKA_RESP_ERR__TRANSPORT, "gone");
    assert_string_equal(last_line, "3|ERROR|[thrd:app]: gone");
    assert_int_equal(rk_queue_length(core->main_queue), 0);
    core_end(core);
}

static void test_fatal_error(void **state)
{
    (void)state;
    char text[100] = "untouched";
    core = core_new(with_callbacks);
    assert_int_equal(rk_core_fatal_error(core, text, sizeof(text)), 0);
    assert_string_equal(text, "untouched");

    assert_true(rk_core_raise_fatal(core, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, "fenced by %d", 7));
    assert_false(rk_core_raise_fatal(core, RD_KAFKA_RESP_ERR_INVALID_RECORD, "later"));
    assert_int_equal(rk_core_fatal_error(core, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_string_equal(text, "fenced by 7");
    assert_int_equal(rk_core_fatal_error(core, text, 4), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_string_equal(text, "fen");
    assert_int_equal(rk_core_fatal_error(core, NULL, 0), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);

    assert_int_equal(rk_queue_length(core->main_queue), 1);
    rd_kafka_event_t *event = rk_queue_take_event(core->main_queue, 0);
    assert_int_equal(event->err, RD_KAFKA_RESP_ERR__FATAL);
    assert_int_equal(event->fatal_err, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    rk_queue_push(core->main_queue, event);
    assert_int_equal(rk_queue_serve(core->main_queue, 0, 0), 1);
    assert_int_equal(last_err, RD_KAFKA_RESP_ERR__FATAL);
    char expected[200];
    snprintf(expected, sizeof(expected), "Fatal error: %s: fenced by 7",
             rd_kafka_err2str(RD_KAFKA_RESP_ERR_PRODUCER_FENCED));
    assert_string_equal(last_reason, expected);
    core_end(core);
}

static void test_fatal_error_by_log(void **state)
{
    (void)state;
    core = core_new(log_only);
    assert_true(rk_core_raise_fatal(core, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, "fenced"));
    assert_memory_equal(last_line, "3|ERROR|[thrd:app]: Fatal error: ", 33);
    core_end(core);
}

/* A queue or topic that the application still holds keeps the core, not the other way round. */
static void test_life(void **state)
{
    (void)state;
    reset_notes();
    core = core_new(NULL);
    rd_kafka_queue_t *queue = rk_queue_new(core, "held");
    rd_kafka_topic_t *topic = topic_new(core, "held");
    assert_string_equal(rk_topic_name(topic), "held");
    assert_ptr_equal(rk_topic_acquire(topic), topic);
    rk_topic_release(topic);
    rk_topic_release(NULL);
    rk_core_release(rk_core_acquire(core));
    core_end(core);
    rk_queue_push(queue, plain_new(1));
    assert_string_equal(core->name, "test#consumer-1");
    rk_queue_release(queue);
    assert_int_equal(destroyed_count, 1);
    assert_string_equal(core->name, "test#consumer-1");
    rk_topic_release(topic);
    assert_int_equal(destroyed_count, 2);
}

static void test_last_error(void **state)
{
    (void)state;
    rk_set_last_error(RD_KAFKA_RESP_ERR__QUEUE_FULL, ENOBUFS);
    assert_int_equal(errno, ENOBUFS);
    assert_int_equal(rk_last_error(), RD_KAFKA_RESP_ERR__QUEUE_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),        cmocka_unit_test(test_error_by_callback),
        cmocka_unit_test(test_error_by_event), cmocka_unit_test(test_error_by_log),
        cmocka_unit_test(test_fatal_error),    cmocka_unit_test(test_fatal_error_by_log),
        cmocka_unit_test(test_life),           cmocka_unit_test(test_last_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
