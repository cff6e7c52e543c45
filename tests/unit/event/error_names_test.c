/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and meanings of error codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "event/error_names.h"

static void test_known_codes(void **state)
{
    (void)state;
#define RK_ERROR(code, NAME, description)                                            \
    assert_int_equal(code, RD_KAFKA_RESP_ERR_##NAME);                                \
    assert_string_equal(rd_kafka_err2name((rd_kafka_resp_err_t)(code)), #NAME);      \
    assert_string_equal(rd_kafka_err2str((rd_kafka_resp_err_t)(code)), description); \
    assert_true(rk_error_is_known((rd_kafka_resp_err_t)(code)));
#include "event/error_codes.def"
#undef RK_ERROR
}

static void test_aliases_have_the_name_of_their_code(void **state)
{
    (void)state;
    assert_string_equal(rd_kafka_err2name(RD_KAFKA_RESP_ERR_NOT_LEADER_OR_FOLLOWER),
                        "NOT_LEADER_FOR_PARTITION");
    assert_string_equal(rd_kafka_err2name(RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP),
                        "NOT_COORDINATOR");
}

static void test_unknown_codes(void **state)
{
    static const struct {
        int code;
        const char *name;
        const char *text;
    } cases[] = {
        {INT32_MIN, "ERR_-2147483648?", "Err--2147483648?"},
        {-201, "ERR_-201?", "Err--201?"},
        {RD_KAFKA_RESP_ERR__BEGIN, "ERR_-200?", "Err--200?"},
        {-136, "ERR_-136?", "Err--136?"},
        {RD_KAFKA_RESP_ERR__END, "ERR_-100?", "Err--100?"},
        {-2, "ERR_-2?", "Err--2?"},
        {98, "ERR_98?", "Err-98?"},
        {RD_KAFKA_RESP_ERR_END_ALL, "ERR_134?", "Err-134?"},
        {INT32_MAX, "ERR_2147483647?", "Err-2147483647?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)cases[i].code;
        const char *name = rd_kafka_err2name(err);
        const char *text = rd_kafka_err2str(err);

        assert_string_equal(name, cases[i].name);
        assert_string_equal(text, cases[i].text);
        assert_false(rk_error_is_known(err));
    }
}

static void *ask_for_another_unknown_code(void *argument)
{
    (void)argument;
    return (void *)rd_kafka_err2str((rd_kafka_resp_err_t)4321);
}

static void test_buffer_of_unknown_codes_belongs_to_the_thread(void **state)
{
    const char *mine = rd_kafka_err2str((rd_kafka_resp_err_t)1234);
    pthread_t thread;
    void *other;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, ask_for_another_unknown_code, NULL), 0);
    assert_int_equal(pthread_join(thread, &other), 0);
    assert_true(mine != other);
    assert_string_equal(mine, "Err-1234?");
    assert_ptr_equal(rd_kafka_err2str((rd_kafka_resp_err_t)1235), mine);
    assert_string_equal(mine, "Err-1235?");
}

static void test_table_of_descriptions(void **state)
{
    const struct rd_kafka_err_desc *descriptions = NULL;
    size_t count = 0, described = 0;

    (void)state;
    rd_kafka_get_err_descs(&descriptions, &count);
    assert_int_equal(count, 334);
    for (size_t i = 0; i < count; i++) {
        if (!descriptions[i].desc)
            continue;
        described++;
        assert_int_equal(descriptions[i].code, RD_KAFKA_RESP_ERR__BEGIN + (int)i);
        assert_ptr_equal(descriptions[i].name, rd_kafka_err2name(descriptions[i].code));
        assert_ptr_equal(descriptions[i].desc, rd_kafka_err2str(descriptions[i].code));
        assert_in_range(strlen(descriptions[i].desc), 5, 80);
    }
    assert_int_equal(described, 188);
}

static void test_errno(void **state)
{
    static const struct {
        int error_number;
        rd_kafka_resp_err_t err;
    } cases[] = {
        {EINVAL, RD_KAFKA_RESP_ERR__INVALID_ARG},
        {EBUSY, RD_KAFKA_RESP_ERR__CONFLICT},
        {ENOENT, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC},
        {ESRCH, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION},
        {ETIMEDOUT, RD_KAFKA_RESP_ERR__TIMED_OUT},
        {EMSGSIZE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE},
        {ENOBUFS, RD_KAFKA_RESP_ERR__QUEUE_FULL},
        {ECANCELED, RD_KAFKA_RESP_ERR__FATAL},
        {EIO, RD_KAFKA_RESP_ERR__FAIL},
        {0, RD_KAFKA_RESP_ERR__FAIL},
    };

    (void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(rd_kafka_errno2err(cases[i].error_number), cases[i].err);
#pragma GCC diagnostic pop
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_codes),
        cmocka_unit_test(test_aliases_have_the_name_of_their_code),
        cmocka_unit_test(test_unknown_codes),
        cmocka_unit_test(test_buffer_of_unknown_codes_belongs_to_the_thread),
        cmocka_unit_test(test_table_of_descriptions),
        cmocka_unit_test(test_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
