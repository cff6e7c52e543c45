/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th call of the `try` allocator, and of each system call, fails in the life of a group's
 * member: it joins, consumes, commits and leaves all the same, and nothing is left.
 */
#include <errno.h>
#include <netdb.h>

#include "base/types.h"
#include "torture/flow.h"

static int begin(void **state)
{
    (void)state;
    flow_begin();
    flow_join();
    flow_join_consumer();
    return 0;
}

static int end(void **state)
{
    (void)state;
    flow_end();
    return 0;
}

static void torture_both(struct torture torture)
{
    flow_torture(flow_join, &torture);
    flow_torture(flow_join_consumer, &torture);
}

static void test_memory(void **state)
{
    (void)state;
    torture_both((struct torture){FAULT_MEMORY, "join: try", 0, 1, 1});
    torture_both((struct torture){FAULT_MEMORY, "join: 30 try", 0, 30, 10});
}

static void test_threads(void **state)
{
    (void)state;
    torture_both((struct torture){FAULT_THREAD, "pthread_create", EAGAIN, 1, 1});
    torture_both((struct torture){FAULT_EVENTFD, "eventfd", EMFILE, 1, 1});
    torture_both((struct torture){FAULT_WAIT, "ppoll", EINTR, 1, 7});
}

static void test_sockets(void **state)
{
    (void)state;
    torture_both((struct torture){FAULT_SOCKET, "socket", EMFILE, 1, 1});
    torture_both((struct torture){FAULT_CONNECT, "connect", ECONNREFUSED, 1, 1});
    torture_both((struct torture){FAULT_RESULT, "SO_ERROR", ETIMEDOUT, 1, 1});
    torture_both((struct torture){FAULT_RESOLVE, "getaddrinfo", EAI_AGAIN, 1, 1});
}

static void test_bytes(void **state)
{
    (void)state;
    torture_both((struct torture){FAULT_RECEIVE, "recv", ECONNRESET, 1, 1});
    torture_both((struct torture){FAULT_RECEIVE, "recv", FAULT_END_OF_FILE, 1, 1});
    torture_both((struct torture){FAULT_SEND, "sendmsg", EPIPE, 1, 1});
    torture_both((struct torture){FAULT_SEND, "sendmsg", FAULT_ONE_BYTE, 1, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
