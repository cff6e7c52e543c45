/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's threads as an application sees them: counted, waited for, calling back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rdkafka.h"

enum { TIMEOUT_MS = 20000, MESSAGES = 100 };

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    if (rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", error, sizeof(error)))
        fail_msg("%s", error);
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static void produce_many(rd_kafka_t *rk)
{
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(
            rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("v", 1), RD_KAFKA_V_END),
            0);
}

static void test_threads_are_counted(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_thread_cnt(), 0);
    assert_int_equal(rd_kafka_wait_destroyed(0), 0);
    rd_kafka_t *first = new_client(RD_KAFKA_PRODUCER, rd_kafka_conf_new());
    int count = rd_kafka_thread_cnt();
    assert_true(count >= 2); /* Main, background; those of the mock cluster. */
    rd_kafka_t *second = new_client(RD_KAFKA_CONSUMER, rd_kafka_conf_new());
    assert_true(rd_kafka_thread_cnt() > count);
    assert_int_equal(rd_kafka_wait_destroyed(10), -1);
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_int_equal(errno, ETIMEDOUT);
    rd_kafka_destroy(first);
    assert_int_equal(rd_kafka_wait_destroyed(0), -1);
    rd_kafka_destroy(second);
    assert_int_equal(rd_kafka_wait_destroyed(TIMEOUT_MS), 0);
    assert_int_equal(rd_kafka_thread_cnt(), 0);
}

/* What happened on a thread of the library. */
static struct {
    atomic_int messages, errors;
    atomic_bool was_application, was_named, metadata_was_there;
    pthread_t application;
} seen;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void count(atomic_int *counter, int more)
{
    pthread_mutex_lock(&mutex);
    *counter += more;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void await(atomic_int *counter, int wanted)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += TIMEOUT_MS / 1000;
    pthread_mutex_lock(&mutex);
    while (*counter < wanted && !pthread_cond_timedwait(&changed, &mutex, &deadline))
        continue;
    pthread_mutex_unlock(&mutex);
    assert_true(*counter >= wanted);
}

static void note_thread(void)
{
    char name[32] = "";
    pthread_getname_np(pthread_self(), name, sizeof(name));
    if (pthread_equal(pthread_self(), seen.application))
        seen.was_application = true;
    if (!strcmp(name, "rdk:main"))
        seen.was_named = true;
}

static void on_event(rd_kafka_t *rk, rd_kafka_event_t *event, void *opaque)
{
    const struct rd_kafka_metadata *metadata;
    assert_ptr_equal(opaque, &seen);
    note_thread();
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
        /* It may block. */
        if (!rd_kafka_metadata(rk, 0, NULL, &metadata, TIMEOUT_MS)) {
            seen.metadata_was_there = true;
            rd_kafka_metadata_destroy(metadata);
        }
        count(&seen.messages, (int)rd_kafka_event_message_count(event));
    } else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        count(&seen.errors, 1);
    }
    rd_kafka_event_destroy(event);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    assert_int_equal(message->err, 0);
    note_thread();
    count(&seen.messages, 1);
}

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    seen.application = pthread_self();
    return 0;
}

/* Events of the main queue, forwarded to the background queue, come without anyone polling. */
static void test_background_events(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_background_event_cb(conf, on_event);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd_kafka_conf_set_opaque(conf, &seen);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(rk);
    rd_kafka_queue_t *background = rd_kafka_queue_get_background(rk);
    assert_non_null(background);
    rd_kafka_queue_forward(main_queue, background);
    produce_many(rk);
    await(&seen.messages, MESSAGES);
    assert_true(seen.metadata_was_there);
    rd_kafka_test_fatal_error(rk, RD_KAFKA_RESP_ERR__STATE, "for the test");
    await(&seen.errors, 1);
    assert_false(seen.was_application);
    assert_true(seen.was_named);
    rd_kafka_queue_destroy(main_queue);
    rd_kafka_queue_destroy(background);
    rd_kafka_destroy(rk);
}

/* Without background_event_cb the queue's callbacks run there. */
static void test_background_callbacks(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
    rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(rk);
    rd_kafka_queue_t *background = rd_kafka_queue_get_background(rk);
    rd_kafka_queue_forward(main_queue, background);
    produce_many(rk);
    await(&seen.messages, MESSAGES);
    assert_false(seen.was_application);
    assert_true(seen.was_named);
    /* Back: polling again. */
    rd_kafka_queue_forward(main_queue, NULL);
    produce_many(rk);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_int_equal(seen.messages, 2 * MESSAGES);
    assert_true(seen.was_application);
    rd_kafka_queue_destroy(main_queue);
    rd_kafka_queue_destroy(background);
    rd_kafka_destroy(rk);
}

/* Destroyed while callbacks are under way, many times. */
static void test_destroy_meanwhile(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_conf_set_background_event_cb(conf, on_event);
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
        rd_kafka_conf_set_opaque(conf, &seen);
        rd_kafka_conf_set(conf, "linger.ms", "0", NULL, 0);
        rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, conf);
        rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(rk);
        rd_kafka_queue_t *background = rd_kafka_queue_get_background(rk);
        rd_kafka_queue_forward(main_queue, background);
        rd_kafka_queue_destroy(main_queue);
        rd_kafka_queue_destroy(background);
        produce_many(rk);
        if (i % 2)
            await(&seen.messages, 1);
        seen.messages = 0;
        rd_kafka_destroy(rk);
    }
    assert_int_equal(rd_kafka_wait_destroyed(TIMEOUT_MS), 0);
}

static void test_self_check(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_unittest(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_are_counted),
        cmocka_unit_test_setup(test_background_events, set_up),
        cmocka_unit_test_setup(test_background_callbacks, set_up),
        cmocka_unit_test_setup(test_destroy_meanwhile, set_up),
        cmocka_unit_test(test_self_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
