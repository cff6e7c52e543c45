/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's counter may not be used: what the kernel says of it cannot be read. Time is then
 * asked of the kernel alone.
 */
#include <errno.h>

#include "base/clock.h"
#include "torture/flow.h"

static void test_life(void **state)
{
    (void)state;
    uint64_t now_us = rk_clock_now_us();
    flow_begin();
    flow_produce();
    flow_consume();
    flow_end();
    assert_true(rk_clock_now_us() > now_us);
    faults_disarm();
}

int main(void)
{
    faults_arm(FAULT_OPEN, 1, 1, EACCES); /* Once in a process, at its first use. */
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
