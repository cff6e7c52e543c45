/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th call of the `try` allocator fails, for every n of a producer's and a consumer's life: no
 * crash, no hang, nothing left, no report lost, no message lost or twice.
 */
#include "torture/flow.h"

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

static void test_producer(void **state)
{
    (void)state;
    flow_torture(flow_produce, &(struct torture){FAULT_MEMORY, "produce: try", 0, 1, 1});
}

static void test_consumer(void **state)
{
    (void)state;
    flow_torture(flow_consume, &(struct torture){FAULT_MEMORY, "consume: try", 0, 1, 1});
}

/* What is tried next for lack of memory has none either. */
static void test_several_in_a_row(void **state)
{
    (void)state;
    flow_torture(flow_produce, &(struct torture){FAULT_MEMORY, "produce: 30 try", 0, 30, 10});
    flow_torture(flow_consume, &(struct torture){FAULT_MEMORY, "consume: 30 try", 0, 30, 10});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_producer),
        cmocka_unit_test(test_consumer),
        cmocka_unit_test(test_several_in_a_row),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
