/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th system call of a kind fails, with each error it can have, for every n of a producer's
 * and a consumer's life: no crash, no hang, nothing left, no report lost, no message lost or twice.
 */
#include <errno.h>
#include <netdb.h>

#include "base/types.h"
#include "torture/flow.h"

enum { ERRORS_MAX = 8 };

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
                                         EADDRNOTAVAIL, EACCES, EAGAIN, EPERM},
                 1);
    torture_both(FAULT_RESULT, "SO_ERROR",
                 (const int[ERRORS_MAX]){ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH}, 1);
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

static void test_randomness(void **state)
{
    (void)state;
    torture_both(FAULT_RANDOM, "getrandom", (const int[ERRORS_MAX]){EINTR}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_wake_ups),
        cmocka_unit_test(test_opening),    cmocka_unit_test(test_connecting),
        cmocka_unit_test(test_receiving),  cmocka_unit_test(test_sending),
        cmocka_unit_test(test_waiting),    cmocka_unit_test(test_resolving),
        cmocka_unit_test(test_randomness),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
