/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logging: levels, contexts, log_cb, the log queue and what is logged before there is one.
 */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "runtime/thread.h"

static struct rk_core *core;
static int line_count;
static char last_line[200];
static int last_level;
static const char *debug_contexts, *uses_queue;

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    assert_ptr_equal(rk, core->client);
    line_count++;
    last_level = level;
    snprintf(last_line, sizeof(last_line), "%s|%s", facility, text);
}

static void configure(rd_kafka_conf_t *conf)
{
    char errstr[200];
    conf->conf.callbacks.log_cb = on_log;
    if (debug_contexts)
        assert_int_equal(rk_conf_set(conf, "debug", debug_contexts, errstr, sizeof(errstr)), 0);
    if (uses_queue)
        assert_int_equal(rk_conf_set(conf, "log.queue", uses_queue, errstr, sizeof(errstr)), 0);
}

static void begin(const char *contexts, const char *with_queue)
{
    debug_contexts = contexts;
    uses_queue = with_queue;
    line_count = 0;
    core = core_new(configure);
}

static void test_levels(void **state)
{
    (void)state;
    begin(NULL, NULL);
    rk_log(core, 6, "FAC", "number %d", 5);
    assert_int_equal(line_count, 1);
    assert_int_equal(last_level, 6);
    assert_string_equal(last_line, "FAC|[thrd:app]: number 5");
    rk_log(core, 7, "FAC", "too fine");
    rk_log_debug(core, RK_DEBUG_MSG, "FAC", "no context");
    assert_int_equal(line_count, 1);
    atomic_store(&core->log_level, 2);
    rk_log(core, 3, "FAC", "too fine");
    assert_int_equal(line_count, 1);
    atomic_store(&core->log_callback, NULL);
    rk_log(core, 0, "FAC", "nobody listens");
    assert_int_equal(line_count, 1);
    core_end(core);
}

static void test_contexts(void **state)
{
    (void)state;
    begin("msg,broker", NULL);
    rk_log_debug(core, RK_DEBUG_MSG, "FAC", "seen");
    rk_log_debug(core, RK_DEBUG_CGRP, "FAC", "not seen");
    rk_log(core, 7, "FAC", "debug opens level 7");
    assert_int_equal(line_count, 2);
    atomic_store(&core->log_level, 6);
    rk_log_debug(core, RK_DEBUG_MSG, "FAC", "not seen");
    assert_int_equal(line_count, 2);
    core_end(core);
}

static void log_a_line(void *argument)
{
    (void)argument;
    rk_log(core, 3, "FAC", "line");
}

static void log_with_a_label(void *argument)
{
    rk_log_label_thread("host:9092/1");
    log_a_line(argument);
}

static void test_thread_name(void **state)
{
    (void)state;
    begin(NULL, NULL);
    rk_thread_join(rk_thread_start("rdk:broker1", log_a_line, NULL));
    assert_string_equal(last_line, "FAC|[thrd:broker1]: line");
    rk_thread_join(rk_thread_start("other", log_a_line, NULL));
    assert_string_equal(last_line, "FAC|[thrd:other]: line");
    rk_thread_join(rk_thread_start("rdk:broker1", log_with_a_label, NULL));
    assert_string_equal(last_line, "FAC|[thrd:host:9092/1]: line");
    rk_log(core, 3, "FAC", "line");
    assert_string_equal(last_line, "FAC|[thrd:app]: line");
    core_end(core);
}

static void expect_line(rd_kafka_queue_t *queue, const char *text)
{
    struct rk_event_log log;
    rd_kafka_event_t *event = rk_queue_take_event(queue, 0);
    assert_non_null(event);
    assert_int_equal(event->type, RD_KAFKA_EVENT_LOG);
    assert_true(rk_event_get_log(event, &log));
    assert_string_equal(strchr(log.text, ' ') + 1, text);
    rk_event_destroy(event);
}

static void test_queue(void **state)
{
    (void)state;
    begin("msg", "true");
    rk_log(core, 3, "FAC", "first");
    rk_log_debug(core, RK_DEBUG_MSG, "FAC", "second");
    assert_int_equal(line_count, 0);
    assert_int_equal(rk_queue_length(core->main_queue), 0);

    rk_core_set_log_queue(core, core->main_queue);
    rk_log(core, 3, "FAC", "third");
    expect_line(core->main_queue, "first");
    expect_line(core->main_queue, "second");
    expect_line(core->main_queue, "third");

    rd_kafka_queue_t *other = rk_queue_new(core, "other");
    rk_core_set_log_queue(core, other);
    rk_log(core, 3, "FAC", "fourth");
    expect_line(other, "fourth");
    rk_queue_release(other);

    /* Served by callback it goes to log_cb. */
    rk_core_set_log_queue(core, core->main_queue);
    rk_log(core, 3, "FAC", "fifth");
    assert_int_equal(rk_queue_serve(core->main_queue, 0, 0), 1);
    assert_string_equal(last_line, "FAC|[thrd:app]: fifth");

    rk_core_end_logs(core);
    rk_log(core, 3, "FAC", "too late");
    assert_int_equal(rk_queue_length(core->main_queue), 0);
    core_end(core);
}

static void test_end_without_queue(void **state)
{
    (void)state;
    begin(NULL, "true");
    rk_log(core, 3, "FAC", "kept and dropped");
    core_end(core);

    begin(NULL, NULL);
    rk_core_end_logs(core);
    rk_log(core, 3, "FAC", "too late");
    assert_int_equal(line_count, 0);
    core_end(core);
}

static void test_early_logs_have_a_limit(void **state)
{
    (void)state;
    enum { MORE = 10500 };
    begin(NULL, "true");
    for (int i = 0; i < MORE; i++)
        rk_log(core, 3, "FAC", "%d", i);
    rk_core_set_log_queue(core, core->main_queue);
    size_t kept = rk_queue_length(core->main_queue) - 1;
    assert_true(kept < MORE);
    for (size_t i = 0; i < kept; i++) {
        char text[24];
        snprintf(text, sizeof(text), "%zu", i);
        expect_line(core->main_queue, text);
    }
    struct rk_event_log log;
    char expected[60];
    rd_kafka_event_t *event = rk_queue_take_event(core->main_queue, 0);
    assert_true(rk_event_get_log(event, &log));
    snprintf(expected, sizeof(expected), "%zu log lines were dropped", MORE - kept);
    assert_memory_equal(log.text, expected, strlen(expected));
    rk_event_destroy(event);
    core_end(core);
}

static _Atomic int logged_count;

static void log_lines(void *argument)
{
    for (int i = 0; i < 500; i++) {
        rk_log(core, 3, (const char *)argument, "%d", i);
        atomic_fetch_add(&logged_count, 1);
    }
}

/* The lines of a thread stay in order, whenever the queue is set. */
static void test_threads(void **state)
{
    (void)state;
    static char *names[] = {"A", "B", "C"};
    int next[3] = {0};
    struct rk_thread *threads[3];
    atomic_store(&logged_count, 0);
    begin(NULL, "true");
    for (int i = 0; i < 3; i++)
        threads[i] = rk_thread_start("logger", log_lines, names[i]);
    while (atomic_load(&logged_count) < 100)
        rk_thread_pause_us(100);
    rk_core_set_log_queue(core, core->main_queue);
    for (int i = 0; i < 3; i++)
        rk_thread_join(threads[i]);
    for (int i = 0; i < 1500; i++) {
        struct rk_event_log log;
        char expected[40];
        rd_kafka_event_t *event = rk_queue_take_event(core->main_queue, 0);
        assert_true(rk_event_get_log(event, &log));
        snprintf(expected, sizeof(expected), "[thrd:logger]: %d", next[log.facility[0] - 'A']++);
        assert_string_equal(log.text, expected);
        rk_event_destroy(event);
    }
    core_end(core);
}

static void test_print(void **state)
{
    (void)state;
    int pipe_ends[2];
    char line[200];
    assert_int_equal(pipe(pipe_ends), 0);
    int before = dup(STDERR_FILENO);
    dup2(pipe_ends[1], STDERR_FILENO);
    rk_log_print("client#producer-1", 3, "FAC", "[thrd:app]: text");
    dup2(before, STDERR_FILENO);
    close(before);
    close(pipe_ends[1]);
    ssize_t size = read(pipe_ends[0], line, sizeof(line) - 1);
    close(pipe_ends[0]);
    assert_true(size > 0);
    line[size] = '\0';
    long long seconds;
    int milliseconds, end = 0;
    assert_int_equal(sscanf(line, "%%3|%lld.%3d|FAC|client#producer-1| [thrd:app]: text\n%n",
                            &seconds, &milliseconds, &end),
                     2);
    assert_int_equal(end, size);
    assert_true(seconds > 1500000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_thread_name),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_end_without_queue),
        cmocka_unit_test(test_early_logs_have_a_limit),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
