/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th system call of a kind fails, with each error it can have, for every n of a producer's
 * and a consumer's life: no crash, no hang, nothing left, no report lost, no message lost or twice.
 */
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "base/random.h"
#include "torture/flow.h"

enum { ERRORS_MAX = 10 };

static int begin(void **state)
{
    (void)state;
    flow_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    flow_end();
    return 0;
}

static void torture_both(enum fault_kind kind, const char *name, const int *errors, int step)
{
    for (int i = 0; i < ERRORS_MAX && errors[i]; i++) {
        struct torture torture = {kind, name, errors[i], 1, step};
        flow_torture(flow_produce, &torture);
        flow_torture(flow_consume, &torture);
    }
}

static void test_threads(void **state)
{
    (void)state;
    torture_both(FAULT_THREAD, "pthread_create", (const int[ERRORS_MAX]){EAGAIN, EPERM}, 1);
}

static void test_wake_ups(void **state)
{
    (void)state;
    torture_both(FAULT_EVENTFD, "eventfd", (const int[ERRORS_MAX]){EMFILE, ENFILE, ENOMEM}, 1);
    torture_both(FAULT_READ, "read", (const int[ERRORS_MAX]){EINTR, EAGAIN}, 7);
    torture_both(FAULT_WRITE, "write", (const int[ERRORS_MAX]){EINTR}, 7);
}

static void test_opening(void **state)
{
    (void)state;
    torture_both(FAULT_SOCKET, "socket",
                 (const int[ERRORS_MAX]){EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAFNOSUPPORT}, 1);
}

static void test_connecting(void **state)
{
    (void)state;
    torture_both(FAULT_CONNECT, "connect",
                 (const int[ERRORS_MAX]){ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH,
                                         EADDRNOTAVAIL, EACCES, EAGAIN, EPERM, EINTR},
                 1);
    torture_both(FAULT_RESULT, "SO_ERROR",
                 (const int[ERRORS_MAX]){ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH}, 1);
}

/* Options are hints, so that it connects all the same. */
static void test_options(void **state)
{
    (void)state;
    torture_both(FAULT_OPTION, "setsockopt", (const int[ERRORS_MAX]){ENOPROTOOPT, ENOMEM}, 1);
    torture_both(FAULT_ASKING, "getsockopt", (const int[ERRORS_MAX]){ENOBUFS}, 1);
    torture_both(FAULT_POLL, "poll", (const int[ERRORS_MAX]){EINTR, ENOMEM}, 1);
}

/* A descriptor that would block is given back. */
static void test_adopting(void **state)
{
    (void)state;
    flow_use_socket_callback(true);
    torture_both(FAULT_FLAGS, "fcntl", (const int[ERRORS_MAX]){EBADF, EPERM}, 1);
    flow_use_socket_callback(false);
}

static void test_receiving(void **state)
{
    (void)state;
    torture_both(
        FAULT_RECEIVE, "recv",
        (const int[ERRORS_MAX]){ECONNRESET, ETIMEDOUT, ENOMEM, EINTR, EAGAIN, FAULT_END_OF_FILE},
        1);
}

static void test_sending(void **state)
{
    (void)state;
    torture_both(FAULT_SEND, "sendmsg",
                 (const int[ERRORS_MAX]){EPIPE, ECONNRESET, ENOBUFS, ETIMEDOUT, EINTR, EAGAIN,
                                         FAULT_ONE_BYTE},
                 1);
}

static void test_waiting(void **state)
{
    (void)state;
    torture_both(FAULT_WAIT, "ppoll", (const int[ERRORS_MAX]){EINTR, ENOMEM}, 7);
}

static void test_resolving(void **state)
{
    (void)state;
    torture_both(FAULT_RESOLVE, "getaddrinfo",
                 (const int[ERRORS_MAX]){EAI_AGAIN, EAI_NONAME, EAI_FAIL, EAI_MEMORY, EAI_SYSTEM},
                 1);
}

/* Of an address by its number, after the name was not to be had. */
static void test_names_of_addresses(void **state)
{
    (void)state;
    flow_use_canonical_names(true);
    torture_both(FAULT_NAME, "getnameinfo",
                 (const int[ERRORS_MAX]){EAI_AGAIN, EAI_NONAME, EAI_SYSTEM}, 1);
    flow_torture(flow_produce, &(struct torture){FAULT_NAME, "2 getnameinfo", EAI_FAIL, 2, 1});
    flow_torture(flow_consume, &(struct torture){FAULT_NAME, "2 getnameinfo", EAI_FAIL, 2, 1});
    flow_use_canonical_names(false);
}

static void test_locks(void **state)
{
    (void)state;
    torture_both(FAULT_FUTEX, "futex", (const int[ERRORS_MAX]){EINTR, EAGAIN, ENOMEM}, 7);
}

/* It is there, but cannot be loaded. */
static void test_plugins(void **state)
{
    (void)state;
    char text[256] = "";
    long live = faults_live_allocations();
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    faults_arm(FAULT_LIBRARY, 1, 1, ENOMEM);
    assert_int_equal(
        rd_kafka_conf_set(conf, "plugin.library.paths", "libc.so.6", text, sizeof(text)),
        RD_KAFKA_CONF_INVALID);
    assert_true(faults_disarm());
    assert_non_null(strstr(text, "libc.so.6"));
    assert_null(strstr(text, "conf_init"));
    assert_int_equal(
        rd_kafka_conf_set(conf, "plugin.library.paths", "libc.so.6", text, sizeof(text)),
        RD_KAFKA_CONF_INVALID);
    assert_non_null(strstr(text, "conf_init")); /* Loaded, and no plugin. */
    rd_kafka_conf_destroy(conf);
    assert_int_equal(faults_live_allocations(), live);
}

/* Once per thread, so that it is asked here. */
static void test_randomness(void **state)
{
    (void)state;
    uint64_t number = 0;
    faults_arm(FAULT_RANDOM, 1, 3, EINTR);
    rk_random_bytes(&number, sizeof(number));
    assert_true(faults_disarm());
    assert_true(number != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_wake_ups),
        cmocka_unit_test(test_opening),    cmocka_unit_test(test_connecting),
        cmocka_unit_test(test_receiving),  cmocka_unit_test(test_sending),
        cmocka_unit_test(test_waiting),    cmocka_unit_test(test_resolving),
        cmocka_unit_test(test_randomness), cmocka_unit_test(test_options),
        cmocka_unit_test(test_adopting),   cmocka_unit_test(test_names_of_addresses),
        cmocka_unit_test(test_locks),      cmocka_unit_test(test_plugins),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
