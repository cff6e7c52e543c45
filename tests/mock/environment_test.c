/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile process: no descriptors left, or closed under the client, a storm of signals, brokers
 * that close while they are written to, fork. A producer and a consumer get through, and no report
 * is lost.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "base/clock.h"
#include "rdkafka_mock.h"
#include "runtime/thread.h"

enum { TIMEOUT_MS = 60000, PARTITIONS = 2, MESSAGES = 500, STORM_US = 500 };

static struct {
    rd_kafka_t *owner; /* Of the cluster. */
    rd_kafka_mock_cluster_t *cluster;
    int reports, failures;
    char topic[32]; /* Another one for each test. */
} the;

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static int begin(void **state)
{
    static int count;
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    the.owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    the.cluster = rd_kafka_mock_cluster_new(the.owner, 2);
    the.reports = the.failures = 0;
    snprintf(the.topic, sizeof(the.topic), "t%d", count++);
    rd_kafka_mock_topic_create(the.cluster, the.topic, PARTITIONS, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rd_kafka_mock_cluster_destroy(the.cluster);
    rd_kafka_destroy(the.owner);
    return 0;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    the.reports++;
    the.failures += message->err != 0;
}

/* A descriptor that the application closes though it is not its own, as daemons do. */

static _Atomic int last_socket;     /* -1: none. */
static _Atomic int taken_away = -1; /* Until the client lets go of it. */

static int open_socket(int domain, int type, int protocol, void *opaque)
{
    (void)opaque;
    atomic_store(&last_socket, socket(domain, type | SOCK_CLOEXEC, protocol));
    return atomic_load(&last_socket);
}

static int close_socket(int fd, void *opaque)
{
    int expected = fd;
    (void)opaque;
    if (!atomic_compare_exchange_strong(&taken_away, &expected, -1))
        close(fd);
    return 0;
}

static rd_kafka_t *new_client(rd_kafka_type_t type, bool opens_sockets)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(the.cluster));
    set(conf, "reconnect.backoff.ms", "10");
    set(conf, "reconnect.backoff.max.ms", "50");
    set(conf, "retry.backoff.ms", "10");
    set(conf, "retry.backoff.max.ms", "50");
    set(conf, "linger.ms", "0");
    rd_kafka_conf_set_log_cb(conf, NULL);
    if (opens_sockets) {
        rd_kafka_conf_set_socket_cb(conf, open_socket);
        rd_kafka_conf_set_closesocket_cb(conf, close_socket);
    }
    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    } else {
        set(conf, "group.id", "group");
        set(conf, "auto.offset.reset", "earliest");
        set(conf, "fetch.wait.max.ms", "50");
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static void produce(rd_kafka_t *rk, int count)
{
    static char value[200];
    for (int i = 0; i < count; i++) {
        assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(the.topic),
                                           RD_KAFKA_V_PARTITION(i % PARTITIONS),
                                           RD_KAFKA_V_VALUE(value, sizeof(value)), RD_KAFKA_V_END),
                         0);
        rd_kafka_poll(rk, 0);
    }
}

static void flush_all(rd_kafka_t *rk, int count)
{
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_int_equal(the.reports, count);
}

/* In order; at least the first `count` of each partition. */
static void consume(rd_kafka_t *rk, int count)
{
    int64_t next[PARTITIONS] = {0};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, the.topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    for (int left = count * PARTITIONS; left > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
        assert_non_null(message);
        if (!message->err) {
            assert_int_equal(message->offset, next[message->partition]++);
            left--;
        }
        rd_kafka_message_destroy(message);
    }
}

/* Descriptors */

static int lower_descriptor_limit(struct rlimit *before)
{
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    int lowest = dup(STDIN_FILENO); /* All below it are in use. */
    close(lowest);
    struct rlimit none = {.rlim_cur = (rlim_t)lowest, .rlim_max = before->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return lowest;
}

static void test_no_descriptors_for_a_client(void **state)
{
    (void)state;
    struct rlimit before;
    char error[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    lower_descriptor_limit(&before);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    setrlimit(RLIMIT_NOFILE, &before);
    assert_null(rk);
    assert_string_not_equal(error, "");
    assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
    rd_kafka_conf_destroy(conf);
}

/* No connection and no loop can be had for a while; afterwards all goes on. */
static void test_no_descriptors_for_brokers(void **state)
{
    (void)state;
    struct rlimit before;
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, false);
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, false);
    lower_descriptor_limit(&before);
    produce(producer, MESSAGES);
    for (int i = 0; i < 20; i++)
        rd_kafka_poll(producer, 10);
    assert_int_equal(the.reports, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    flush_all(producer, MESSAGES);
    assert_int_equal(the.failures, 0);
    consume(consumer, MESSAGES / PARTITIONS);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
}

/* Signals */

static _Atomic int signal_count;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signal_count, 1);
}

/* Without SA_RESTART: every system call of this thread may end with EINTR. */
static void test_storm_of_signals(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct itimerval storm = {.it_interval.tv_usec = STORM_US, .it_value.tv_usec = STORM_US};
    struct itimerval calm = {.it_value.tv_usec = 0};
    sigaction(SIGVTALRM, &action, &before);
    struct sigaction real_before;
    sigaction(SIGPROF, &action, &real_before);
    setitimer(ITIMER_VIRTUAL, &storm, NULL);
    setitimer(ITIMER_PROF, &storm, NULL);
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, false);
    produce(producer, MESSAGES * 20);
    flush_all(producer, MESSAGES * 20);
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, false);
    consume(consumer, MESSAGES * 20 / PARTITIONS);
    const struct rd_kafka_metadata *metadata;
    assert_int_equal(rd_kafka_metadata(producer, 1, NULL, &metadata, TIMEOUT_MS), 0);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
    setitimer(ITIMER_VIRTUAL, &calm, NULL);
    setitimer(ITIMER_PROF, &calm, NULL);
    sigaction(SIGVTALRM, &before, NULL);
    sigaction(SIGPROF, &real_before, NULL);
    assert_int_equal(the.failures, 0);
    assert_true(atomic_load(&signal_count) > 0);
}

/* Its default is to end the process. */
static void test_sigpipe(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, false);
    for (int i = 0; i < 20; i++) {
        produce(producer, MESSAGES);
        rd_kafka_mock_broker_set_down(the.cluster, 1);
        rd_kafka_mock_broker_set_down(the.cluster, 2);
        produce(producer, MESSAGES);
        rd_kafka_mock_broker_set_up(the.cluster, 1);
        rd_kafka_mock_broker_set_up(the.cluster, 2);
    }
    flush_all(producer, 20 * 2 * MESSAGES);
    rd_kafka_destroy(producer);
}

#ifndef __SANITIZE_THREAD__ /* It would see that two threads use one descriptor: so they do. */

/* What is closed there is noticed, and another takes its place. */
static void test_a_descriptor_is_closed(void **state)
{
    (void)state;
    atomic_store(&last_socket, -1);
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, true);
    FILE *nowhere = fopen("/dev/null", "w");
    produce(producer, MESSAGES);
    flush_all(producer, MESSAGES);
    assert_true(atomic_load(&last_socket) >= 0);
    atomic_store(&taken_away, atomic_load(&last_socket));
    close(atomic_load(&last_socket));
    uint64_t end_us = rk_clock_now_us() + TIMEOUT_MS * UINT64_C(1000);
    while (atomic_load(&taken_away) >= 0) {
        rd_kafka_dump(nowhere, producer); /* Every thread looks; nothing is written. */
        rd_kafka_poll(producer, 10);
        assert_true(rk_clock_now_us() < end_us);
    }
    produce(producer, MESSAGES);
    flush_all(producer, 2 * MESSAGES);
    rd_kafka_destroy(producer);
    assert_int_equal(the.failures, 0);
    fclose(nowhere);
}

#endif

/* Fork */

/* What a child may do: nothing with the client, and leave by _exit() or exec(). Descriptors do not
 * outlive exec: the child's shell counts those it has. */
static void test_fork(void **state)
{
    (void)state;
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, false);
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, false);
    for (int i = 0; i < 10; i++) {
        int status;
        produce(producer, MESSAGES);
        pid_t child = fork();
        if (child == 0) {
            if (i % 3 == 1)
                _exit(42);
            if (i % 3 == 2) { /* That is not for it to do: refused at once. */
                close(STDERR_FILENO);
                rd_kafka_destroy(producer);
                rd_kafka_destroy(consumer);
                _exit(42);
            }
            /* 0, 1, 2, and what the shell opens to look; none of the client's. */
            execl("/bin/sh", "sh", "-c",
                  "for fd in /proc/self/fd/*; do case $(readlink $fd) in socket:*|*eventfd*) "
                  "exit 1;; esac; done; exit 42",
                  (char *)NULL);
            _exit(1);
        }
        produce(producer, MESSAGES); /* The parent goes on meanwhile. */
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 42);
    }
    flush_all(producer, 20 * MESSAGES);
    assert_int_equal(the.failures, 0);
    consume(consumer, 20 * MESSAGES / PARTITIONS);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_no_descriptors_for_a_client),
        TEST(test_no_descriptors_for_brokers),
        TEST(test_storm_of_signals),
        TEST(test_sigpipe),
#ifndef __SANITIZE_THREAD__
        TEST(test_a_descriptor_is_closed),
#endif
        TEST(test_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
