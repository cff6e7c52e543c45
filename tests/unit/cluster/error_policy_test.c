/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done about errors: the rules that hold for whole classes, and the rows that matter most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/assert.h"
#include "cluster/error_policy.h"

#define ALL_APIS RK_API_COUNT
#define ALL_BITS 0x7fffu

static void every_answer_is_an_action(void **state)
{
    (void)state;
    for (int key = 0; key < ALL_APIS; key++) {
        assert_int_equal(rk_error_policy_find((enum rk_api_key)key, RD_KAFKA_RESP_ERR_NO_ERROR),
                         RK_ACTION_NONE);
        for (int err = -300; err < 300; err++) {
            unsigned actions = rk_error_policy_find((enum rk_api_key)key, (rd_kafka_resp_err_t)err);
            assert_int_equal(actions & ~ALL_BITS, 0);
            /* Nothing is retried and given up at once, or refreshed without saying what then. */
            assert_false((actions & RK_ACTION_RETRY) && (actions & RK_ACTION_FAIL));
            assert_false((actions & RK_ACTION_RETRY) && (actions & RK_ACTION_FATAL));
            assert_false(actions == RK_ACTION_REFRESH);
        }
    }
}

static void unknown_errors_are_final(void **state)
{
    (void)state;
    for (int key = 0; key < ALL_APIS; key++) {
        assert_int_equal(rk_error_policy_find((enum rk_api_key)key, (rd_kafka_resp_err_t)999),
                         RK_ACTION_FAIL);
        assert_int_equal(rk_error_policy_find((enum rk_api_key)key, (rd_kafka_resp_err_t)32000),
                         RK_ACTION_FAIL);
    }
}

/* Those that Kafka calls retriable, whoever gets them; with news of the cluster where they say so.
 */
static void retriable_errors_are_retried(void **state)
{
    (void)state;
    static const struct {
        int err;
        unsigned also;
    } retriable[] = {
        {5, RK_ACTION_REFRESH},
        {6, RK_ACTION_REFRESH},
        {7, 0},
        {9, RK_ACTION_REFRESH},
        {13, RK_ACTION_REFRESH},
        {14, 0},
        {15, RK_ACTION_FIND_COORDINATOR},
        {16, RK_ACTION_FIND_COORDINATOR},
        {41, 0},
        {56, RK_ACTION_REFRESH},
        {72, RK_ACTION_REFRESH},
        {74, RK_ACTION_REFRESH},
        {75, 0},
        {80, RK_ACTION_REFRESH},
        {83, RK_ACTION_REFRESH},
        {84, RK_ACTION_REFRESH},
        {88, 0},
        {89, 0},
        {100, RK_ACTION_REFRESH},
        {103, RK_ACTION_REFRESH},
    };
    for (int key = 0; key < ALL_APIS; key++) {
        for (size_t i = 0; i < RK_COUNT_OF(retriable); i++) {
            unsigned actions =
                rk_error_policy_find((enum rk_api_key)key, (rd_kafka_resp_err_t)retriable[i].err);
            if (!(actions & RK_ACTION_RETRY) || (actions & retriable[i].also) != retriable[i].also)
                fail_msg("api %d, error %d: %#x", key, retriable[i].err, actions);
        }
    }
}

static void what_may_have_arrived_is_said(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t uncertain[] = {
        RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR__TIMED_OUT,
        RD_KAFKA_RESP_ERR__BAD_MSG,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    };
    for (size_t i = 0; i < RK_COUNT_OF(uncertain); i++)
        assert_true(rk_error_policy_find(RK_API_PRODUCE, uncertain[i]) &
                    RK_ACTION_MAY_BE_PERSISTED);
    static const rd_kafka_resp_err_t certain[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    for (size_t i = 0; i < RK_COUNT_OF(certain); i++)
        assert_false(rk_error_policy_find(RK_API_PRODUCE, certain[i]) & RK_ACTION_MAY_BE_PERSISTED);
}

static void rows_of_single_requests(void **state)
{
    (void)state;
    assert_int_equal(
        rk_error_policy_find(RK_API_PRODUCE, RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER),
        RK_ACTION_NONE);
    assert_int_equal(rk_error_policy_find(RK_API_PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
                     RK_ACTION_SPLIT);
    assert_int_equal(rk_error_policy_find(RK_API_FETCH, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE),
                     RK_ACTION_RESET_OFFSET);
    assert_true(rk_error_policy_find(RK_API_FETCH, RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND) &
                RK_ACTION_NEW_SESSION);
    assert_true(rk_error_policy_find(RK_API_FETCH, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH) &
                RK_ACTION_VALIDATE);
    assert_int_equal(
        rk_error_policy_find(RK_API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED),
        RK_ACTION_FAIL);
    assert_int_equal(rk_error_policy_find(RK_API_METADATA, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE),
                     RK_ACTION_FAIL);
    assert_int_equal(rk_error_policy_find(RK_API_METADATA, RD_KAFKA_RESP_ERR__DESTROY),
                     RK_ACTION_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_an_action),
        cmocka_unit_test(unknown_errors_are_final),
        cmocka_unit_test(retriable_errors_are_retried),
        cmocka_unit_test(what_may_have_arrived_is_said),
        cmocka_unit_test(rows_of_single_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
