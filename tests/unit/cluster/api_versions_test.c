/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing versions, and what to try after error 35.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/assert.h"
#include "cluster/api_versions.h"

static struct rk_api_versions versions;

static void learn(struct rk_api_versions_answer_api_key *keys, int32_t count)
{
    struct rk_api_versions_answer answer = {.api_keys = {keys, count}};
    rk_api_versions_learn(&versions, &answer);
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    rk_api_versions_clear(&versions);
    assert_false(versions.is_known);
    for (int key = 0; key < RK_API_VERSIONS_KEYS; key++)
        assert_int_equal(rk_api_versions_pick(&versions, (enum rk_api_key)key, 0, INT16_MAX), -1);
}

static void highest_in_both_ranges(void **state)
{
    (void)state;
    struct rk_api_versions_answer_api_key keys[] = {
        {.api_key = RK_API_PRODUCE, .min_version = 3, .max_version = 9},
        {.api_key = RK_API_FETCH, .min_version = 0, .max_version = 0},
    };
    learn(keys, 2);
    assert_true(versions.is_known);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 0, 13), 9);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 0, 5), 5);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 9, 13), 9);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 3, 3), 3);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 0, 2), -1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 10, 13), -1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_FETCH, 0, 17), 0);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_METADATA, 0, 13), -1);
}

static void odd_answers_do_no_harm(void **state)
{
    (void)state;
    struct rk_api_versions_answer_api_key keys[] = {
        {.api_key = -1, .min_version = 0, .max_version = 9},
        {.api_key = INT16_MIN, .min_version = 0, .max_version = 9},
        {.api_key = INT16_MAX, .min_version = 0, .max_version = 9},
        {.api_key = RK_API_VERSIONS_KEYS, .min_version = 0, .max_version = 9},
        {.api_key = RK_API_PRODUCE, .min_version = 5, .max_version = 2},
        {.api_key = RK_API_FETCH, .min_version = INT16_MIN, .max_version = -1},
        {.api_key = RK_API_METADATA, .min_version = INT16_MIN, .max_version = INT16_MAX},
    };
    learn(keys, RK_COUNT_OF(keys));
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 0, 13), -1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_FETCH, 0, 17), -1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_METADATA, 0, 13), 13);
    learn(NULL, -1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_METADATA, 0, 13), -1);
}

static void learning_forgets_what_was_known(void **state)
{
    (void)state;
    struct rk_api_versions_answer_api_key produce = {.api_key = RK_API_PRODUCE, .max_version = 9};
    struct rk_api_versions_answer_api_key fetch = {.api_key = RK_API_FETCH, .max_version = 9};
    learn(&produce, 1);
    learn(&fetch, 1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_PRODUCE, 0, 13), -1);
    assert_int_equal(rk_api_versions_pick(&versions, RK_API_FETCH, 0, 13), 9);
}

static int16_t fallback(int16_t sent, int16_t broker_max)
{
    struct rk_api_versions_answer_api_key key = {.api_key = RK_API_API_VERSIONS,
                                                 .max_version = broker_max};
    struct rk_api_versions_answer answer = {.api_keys = {&key, 1}};
    return rk_api_versions_fallback(sent, &answer);
}

static void falls_back_to_what_the_broker_names(void **state)
{
    (void)state;
    assert_int_equal(fallback(4, 3), 3);
    assert_int_equal(fallback(4, 2), 2);
    assert_int_equal(fallback(4, 0), 0);
    assert_int_equal(fallback(4, 9), 3); /* It says both: each attempt goes down all the same. */
    assert_int_equal(fallback(1, 9), 0);
    assert_int_equal(fallback(4, -5), 0);
    assert_int_equal(fallback(0, 3), -1); /* None is left. */
}

static void falls_back_to_0_without_a_hint(void **state)
{
    (void)state;
    struct rk_api_versions_answer empty = {.api_keys = {NULL, 0}}, null = {.api_keys = {NULL, -1}};
    struct rk_api_versions_answer_api_key other = {.api_key = RK_API_PRODUCE, .max_version = 3};
    struct rk_api_versions_answer others = {.api_keys = {&other, 1}};
    assert_int_equal(rk_api_versions_fallback(4, &empty), 0);
    assert_int_equal(rk_api_versions_fallback(4, &null), 0);
    assert_int_equal(rk_api_versions_fallback(4, &others), 0);
    assert_int_equal(rk_api_versions_fallback(0, &empty), -1);
}

static int16_t assumed(const char *release, enum rk_api_key key)
{
    struct rk_api_versions assumed_versions;
    rk_api_versions_assume(&assumed_versions, release);
    assert_true(assumed_versions.is_known);
    return rk_api_versions_pick(&assumed_versions, key, 0, INT16_MAX);
}

static void old_releases_are_known_by_heart(void **state)
{
    (void)state;
    assert_int_equal(assumed("0.8", RK_API_PRODUCE), 0);
    assert_int_equal(assumed("0.8.0", RK_API_OFFSET_COMMIT), -1);
    assert_int_equal(assumed("0.8.1", RK_API_OFFSET_COMMIT), 0);
    assert_int_equal(assumed("0.8.1.1", RK_API_FIND_COORDINATOR), -1);
    assert_int_equal(assumed("0.8.2.x", RK_API_FIND_COORDINATOR), 0);
    assert_int_equal(assumed("0.9.0.1", RK_API_PRODUCE), 1);
    assert_int_equal(assumed("0.9.0.1", RK_API_METADATA), 0);
    assert_int_equal(assumed("0.9", RK_API_API_VERSIONS), -1);
    assert_int_equal(assumed("0.10.0", RK_API_PRODUCE), 2);
    assert_int_equal(assumed("0.11.0.3", RK_API_FETCH), 2);
    assert_int_equal(assumed("2.8", RK_API_METADATA), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(highest_in_both_ranges),
        cmocka_unit_test(odd_answers_do_no_harm),
        cmocka_unit_test(learning_forgets_what_was_known),
        cmocka_unit_test(falls_back_to_what_the_broker_names),
        cmocka_unit_test(falls_back_to_0_without_a_hint),
        cmocka_unit_test(old_releases_are_known_by_heart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
