/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues that nobody serves: what only informs is dropped when too much of it waits, what the
 * application is owed is not.
 */
#include "fixture.h"

enum { TEXT_SIZE = 1000, MANY = 10000, BYTES_MAX = 4 << 20 };

static struct rk_core *core;
static rd_kafka_queue_t *queue;
static char text[TEXT_SIZE + 1];
static int dropped_told;

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    (void)rk;
    (void)line;
    dropped_told += level == 4 && strcmp(facility, "EVENTS") == 0;
}

static void configure(rd_kafka_conf_t *conf)
{
    conf->conf.callbacks.log_cb = on_log;
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_ERROR;
}

static int set_up(void **state)
{
    (void)state;
    reset_notes();
    dropped_told = 0;
    memset(text, 'x', TEXT_SIZE);
    core = core_new(configure);
    queue = rk_queue_new(core, "test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rk_queue_release(queue);
    core_end(core);
    return 0;
}

static void test_logs(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    size_t kept = rk_queue_length(queue);
    assert_true(kept > BYTES_MAX / TEXT_SIZE / 2 && kept < BYTES_MAX / TEXT_SIZE);
    rk_event_destroy(rk_queue_take_event(queue, 0)); /* Room again, for one. */
    rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    assert_int_equal(rk_queue_length(queue), kept);
    assert_int_equal(dropped_told, 0); /* That would be a log. */
}

static void test_errors(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        rk_core_post_error(core, RD_KAFKA_RESP_ERR__TRANSPORT, "%s", text);
    size_t kept = rk_queue_length(core->main_queue);
    assert_true(kept < BYTES_MAX / TEXT_SIZE);
    assert_int_equal(dropped_told, 1);
    rk_core_raise_fatal(core, RD_KAFKA_RESP_ERR__FENCED, "last words");
    assert_int_equal(rk_queue_length(core->main_queue), kept + 1);
    rk_queue_remove(core->main_queue, NULL, NULL);
    for (int i = 0; i < MANY; i++)
        rk_core_post_error(core, RD_KAFKA_RESP_ERR__TRANSPORT, "%s", text);
    assert_int_equal(rk_queue_length(core->main_queue), kept);
    assert_int_equal(dropped_told, 2);
}

static void test_statistics(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) { /* Each larger than all that may wait: one does. */
        char *json = rk_app_calloc(1, 2 * BYTES_MAX);
        rk_queue_push(queue, rk_event_new_stats(json, 2 * BYTES_MAX - 1));
    }
    assert_int_equal(rk_queue_length(queue), 1);
}

static void test_others_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    size_t kept = rk_queue_length(queue);
    for (int i = 0; i < 100; i++)
        rk_queue_push(queue, plain_new(i));
    assert_int_equal(rk_queue_length(queue), kept + 100);
}

static void test_forwarding_counts_anew(void **state)
{
    (void)state;
    rd_kafka_queue_t *target = rk_queue_new(core, "target");
    for (int i = 0; i < MANY; i++)
        rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    size_t kept = rk_queue_length(queue);
    assert_true(rk_queue_forward(queue, target));
    rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    assert_int_equal(rk_queue_length(target), kept);
    rk_queue_forward(queue, NULL);
    for (int i = 0; i < MANY; i++)
        rk_queue_push(queue, rk_event_new_log(7, 0, "TEST", text));
    assert_int_equal(rk_queue_length(queue), kept);
    rk_queue_release(target);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_logs),
        TEST(test_errors),
        TEST(test_statistics),
        TEST(test_others_are_kept),
        TEST(test_forwarding_counts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
