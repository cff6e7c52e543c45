/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of APIs: keys, names, versions, headers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/api.h"

static void test_every_key(void **state)
{
    (void)state;
    assert_int_equal(RK_API_COUNT, 95);
    for (int16_t key = 0; key < RK_API_COUNT; key++) {
        assert_non_null(rk_api_name(key));
        assert_string_not_equal(rk_api_name(key), "Unknown");
        const struct rk_api *api = rk_api_find(key);
        if (!api)
            continue;
        assert_int_equal(api->key, key);
        assert_string_equal(api->name, rk_api_name(key));
        assert_true(api->min_version >= 0);
        assert_true(api->max_version >= api->min_version);
        assert_true(rk_api_stable_version(api) <= api->max_version);
        assert_ptr_equal(api->request->versions, api->answer->versions);
        assert_int_equal(api->request->versions->max_version, api->max_version);
        assert_int_equal(api->request->versions->flexible_since, api->flexible_since);
        assert_non_null(strstr(api->request->name, "_request"));
        assert_non_null(strstr(api->answer->name, "_answer"));
    }
}

static void test_some_keys(void **state)
{
    (void)state;
    const struct rk_api *fetch = rk_api_find(RK_API_FETCH);
    assert_int_equal(fetch->key, 1);
    assert_string_equal(fetch->name, "Fetch");
    assert_int_equal(fetch->max_version, 18);
    assert_int_equal(rk_api_stable_version(fetch), 18);
    assert_int_equal(fetch->flexible_since, 12);
    assert_int_equal(fetch->throttled_since, 8);
    assert_int_equal(rk_api_stable_version(rk_api_find(RK_API_INIT_PRODUCER_ID)), 5);
    assert_int_equal(rk_api_find(RK_API_SASL_HANDSHAKE)->flexible_since, RK_NEVER_FLEXIBLE);
    assert_int_equal(rk_api_find(RK_API_SASL_HANDSHAKE)->throttled_since, RK_NEVER_THROTTLED);
    assert_int_equal(rk_api_find(RK_API_SHARE_FETCH)->min_version, 1);
    assert_int_equal(RK_API_UNREGISTER_CONTROLLER, 94);
}

static void test_keys_without_a_schema(void **state)
{
    (void)state;
    assert_null(rk_api_find(RK_API_LEADER_AND_ISR));
    assert_string_equal(rk_api_name(RK_API_LEADER_AND_ISR), "LeaderAndIsr");
    assert_null(rk_api_find(-1));
    assert_null(rk_api_find(RK_API_COUNT));
    assert_null(rk_api_find(INT16_MAX));
    assert_null(rk_api_find(INT16_MIN));
    assert_string_equal(rk_api_name(-1), "Unknown");
    assert_string_equal(rk_api_name(RK_API_COUNT), "Unknown");
}

static void test_header_versions(void **state)
{
    (void)state;
    const struct rk_api *produce = rk_api_find(RK_API_PRODUCE);
    assert_int_equal(rk_api_request_header_version(produce, 8), 1);
    assert_int_equal(rk_api_request_header_version(produce, 9), 2);
    assert_int_equal(rk_api_answer_header_version(produce, 8), 0);
    assert_int_equal(rk_api_answer_header_version(produce, 9), 1);
    const struct rk_api *api_versions = rk_api_find(RK_API_API_VERSIONS);
    assert_int_equal(rk_api_request_header_version(api_versions, 3), 2);
    assert_int_equal(rk_api_answer_header_version(api_versions, 3), 0);
    const struct rk_api *handshake = rk_api_find(RK_API_SASL_HANDSHAKE);
    assert_int_equal(rk_api_request_header_version(handshake, 1), 1);
    assert_int_equal(rk_api_answer_header_version(handshake, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_some_keys),
        cmocka_unit_test(test_keys_without_a_schema),
        cmocka_unit_test(test_header_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
