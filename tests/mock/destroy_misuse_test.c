/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must not be done with the end of a client is noticed and said; it neither hangs nor does
 * harm.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "runtime/thread.h"

enum { TIMEOUT_MS = 20000 };

static _Atomic int refusals; /* Logs at level 0. */

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)text;
    if (level == 0 && strcmp(facility, "DESTROY") == 0)
        atomic_fetch_add(&refusals, 1);
}

static void destroy_in_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)message;
    (void)opaque;
    rd_kafka_destroy(rk);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", NULL, 0);
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static void produce(rd_kafka_t *rk)
{
    assert_int_equal(
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END),
        0);
}

/* Runs in a child of its own: it is to end by a signal. */
static void destroy_on_internal_thread(rd_kafka_t *rk, rd_kafka_event_t *event, void *opaque)
{
    (void)opaque;
    rd_kafka_event_destroy(event);
    rd_kafka_destroy(rk);
}

static void run_child(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL); /* Not a sanitizer's. */
    if (!freopen("/dev/null", "w", stderr))
        _exit(1);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_background_event_cb(conf, destroy_on_internal_thread);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(rk);
    rd_kafka_queue_t *background = rd_kafka_queue_get_background(rk);
    rd_kafka_queue_forward(main_queue, background);
    produce(rk);
    rk_thread_pause_us((uint64_t)TIMEOUT_MS * 1000);
    _exit(0);
}

/* First: the process has no other threads yet. */
static void test_destroy_on_internal_thread(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0)
        run_child();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_destroy_in_callback(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, destroy_in_report);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    int before = atomic_load(&refusals);
    produce(rk);
    while (rd_kafka_poll(rk, TIMEOUT_MS) == 0)
        ;
    produce(rk); /* It goes on as if nothing had been. */
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_int_equal(atomic_load(&refusals), before + 2);
    rd_kafka_destroy(rk);
}

static void destroy_another(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    rd_kafka_destroy(*(rd_kafka_t **)opaque);
    *(rd_kafka_t **)opaque = NULL;
}

/* Of another client it is allowed. */
static void test_destroy_another_in_callback(void **state)
{
    (void)state;
    rd_kafka_t *other = new_client(RD_KAFKA_CONSUMER, rd_kafka_conf_new());
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, destroy_another);
    rd_kafka_conf_set_opaque(conf, &other);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    produce(rk);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_null(other);
    rd_kafka_destroy(rk);
}

/* Said on standard error, for there is no client whose log_cb could be called. */
static void test_destroy_twice(void **state)
{
    (void)state;
    char text[256] = "";
    int pipe_fds[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipe_fds), 0);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, rd_kafka_conf_new());
    rd_kafka_destroy(rk);
    dup2(pipe_fds[1], STDERR_FILENO);
    rd_kafka_destroy(rk);
    dup2(before, STDERR_FILENO);
    assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, "Application bug"));
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close(before);
    rd_kafka_destroy(NULL); /* Nothing. */
}

/* Calls of the other kind of client. */
static void test_wrong_kind(void **state)
{
    (void)state;
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, rd_kafka_conf_new());
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, rd_kafka_conf_new());
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);

    assert_int_equal(rd_kafka_consumer_close(producer), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_assign(producer, list), RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    assert_int_equal(rd_kafka_position(producer, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_null(rd_kafka_queue_get_consumer(producer));
    assert_null(rd_kafka_queue_get_partition(producer, "t", 0));
    rd_kafka_message_t *message = rd_kafka_consumer_poll(producer, TIMEOUT_MS);
    assert_int_equal(message->err, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
    rd_kafka_message_destroy(message);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, "t", NULL);
    assert_int_equal(rd_kafka_consume_start(topic, 0, 0), -1);
    assert_null(rd_kafka_consume(topic, 0, TIMEOUT_MS));
    assert_int_equal(rd_kafka_consume_stop(topic, 0), -1);
    rd_kafka_topic_destroy(topic);

    assert_int_equal(rd_kafka_producev(consumer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rd_kafka_flush(consumer, TIMEOUT_MS), RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    assert_int_equal(rd_kafka_purge(consumer, RD_KAFKA_PURGE_F_QUEUE),
                     RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    topic = rd_kafka_topic_new(consumer, "t", NULL);
    assert_int_equal(rd_kafka_produce(topic, 0, 0, "x", 1, NULL, 0, NULL), -1);
    rd_kafka_topic_destroy(topic);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_destroy_on_internal_thread),
        cmocka_unit_test(test_destroy_in_callback),
        cmocka_unit_test(test_destroy_another_in_callback),
        cmocka_unit_test(test_destroy_twice),
        cmocka_unit_test(test_wrong_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
