/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests in flight: order, ids, the next expiry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "cluster/in_flight.h"

static struct rk_in_flight in_flight;

static int set_up(void **state)
{
    (void)state;
    rk_in_flight_init(&in_flight);
    return 0;
}

static void first_in_first_out(void **state)
{
    (void)state;
    struct rk_request requests[5] = {0};
    assert_null(rk_in_flight_first(&in_flight));
    assert_null(rk_in_flight_take_first(&in_flight));
    for (int i = 0; i < 5; i++) {
        rk_in_flight_add(&in_flight, &requests[i]);
        assert_int_equal(in_flight.count, i + 1);
    }
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(rk_in_flight_first(&in_flight), &requests[i]);
        assert_ptr_equal(rk_in_flight_take_first(&in_flight), &requests[i]);
    }
    assert_int_equal(in_flight.count, 0);
}

static void the_earliest_expiry_counts(void **state)
{
    (void)state;
    struct rk_request requests[3] = {
        {.wire.expires_us = 30}, {.wire.expires_us = 10}, {.wire.expires_us = RK_NEVER}};
    assert_true(rk_in_flight_next_expiry_us(&in_flight) == RK_NEVER);
    for (int i = 0; i < 3; i++)
        rk_in_flight_add(&in_flight, &requests[i]);
    assert_true(rk_in_flight_next_expiry_us(&in_flight) == 10);
    rk_in_flight_take_first(&in_flight);
    rk_in_flight_take_first(&in_flight);
    assert_true(rk_in_flight_next_expiry_us(&in_flight) == RK_NEVER);
}

static void ids_count_up_and_wrap_below_the_reserved(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 1000; i++)
        assert_int_equal(rk_in_flight_take_correlation_id(&in_flight), i);
    in_flight.next_correlation_id = INT32_MAX - 9;
    assert_int_equal(rk_in_flight_take_correlation_id(&in_flight), INT32_MAX - 9);
    assert_int_equal(rk_in_flight_take_correlation_id(&in_flight), INT32_MAX - 8);
    assert_int_equal(rk_in_flight_take_correlation_id(&in_flight), 0);
    assert_int_equal(rk_in_flight_take_correlation_id(&in_flight), 1);
    rk_in_flight_reset_ids(&in_flight);
    assert_int_equal(rk_in_flight_take_correlation_id(&in_flight), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_in_first_out, set_up),
        cmocka_unit_test_setup(the_earliest_expiry_counts, set_up),
        cmocka_unit_test_setup(ids_count_up_and_wrap_below_the_reserved, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
