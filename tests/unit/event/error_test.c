/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error objects; topic ids as text.
 */
#include "fixture.h"

#include "event/error.h"
#include "event/uuid.h"

static void test_error(void **state)
{
    (void)state;
    char long_text[3000];
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';

    unsigned long long before = rk_memory_allocations();
    rd_kafka_error_t *error =
        rk_error_new(RD_KAFKA_RESP_ERR__STATE, RK_ERROR_FATAL, "%s %d", "a", 5);
    assert_int_equal(rk_memory_allocations() - before, 1);
    assert_int_equal(error->code, RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(error->flags, RK_ERROR_FATAL);
    assert_string_equal(error->text, "a 5");
    rk_error_destroy(error);

    error = rk_error_new(RD_KAFKA_RESP_ERR__STATE, 0, NULL);
    assert_string_equal(error->text, "");
    rk_error_destroy(error);
    error = rk_error_new(RD_KAFKA_RESP_ERR__STATE, 0, "%s", long_text);
    assert_string_equal(error->text, long_text);
    rk_error_destroy(error);
    error = rk_error_new(RD_KAFKA_RESP_ERR__STATE, 0, "%s", "");
    assert_string_equal(error->text, "");
    rk_error_destroy(error);
    rk_error_destroy(NULL);
}

static void test_uuid(void **state)
{
    (void)state;
    static const struct {
        int64_t upper, lower;
        const char *text;
    } cases[] = {
        {0, 0, "AAAAAAAAAAAAAAAAAAAAAA"},
        {0, 1, "AAAAAAAAAAAAAAAAAAAAAQ"},
        {-1, -1, "/////////////////////w"},
        {0x0001020304050607, 0x08090a0b0c0d0e0f, "AAECAwQFBgcICQoLDA0ODw"},
        {(int64_t)0xfbefbefbefbefbef, (int64_t)0xbefbefbefbefbefb, "++++++++++++++++++++++"},
    };
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        rd_kafka_Uuid_t uuid;
        rk_uuid_init(&uuid, cases[i].upper, cases[i].lower);
        assert_int_equal(uuid.most_significant_bits, cases[i].upper);
        assert_int_equal(uuid.least_significant_bits, cases[i].lower);
        assert_int_equal(strlen(uuid.text), 22);
        if (i < 4)
            assert_string_equal(uuid.text, cases[i].text);
        else
            assert_memory_equal(uuid.text, cases[i].text, 21);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
