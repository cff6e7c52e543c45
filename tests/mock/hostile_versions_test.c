/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ApiVersions answers that say what cannot be. What makes a connection useless ends it, so that the
 * next one may know better.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "wire/header.h"

enum { TIMES = 3 };

static struct hostile_fixture fixture;

#define VERSIONS(answer) ((struct rk_api_versions_answer *)(answer)->answer)

static enum liar_fate tell_and_close(struct liar_answer *answer)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_answer_encode(answer->api, answer->version, answer->correlation_id,
                                      answer->answer, &writer),
                     0);
    answer->raw.size = rk_writer_total(&writer);
    answer->raw.data = liar_alloc(answer, answer->raw.size);
    rk_writer_copy(&writer, (uint8_t *)(uintptr_t)answer->raw.data);
    rk_writer_clear(&writer);
    return LIAR_RAW_AND_CLOSE;
}

static enum liar_fate no_apis(struct liar_answer *answer)
{
    VERSIONS(answer)->api_keys.count = 0;
    return tell_and_close(answer);
}

static enum liar_fate each_range(struct liar_answer *answer, int16_t min, int16_t max)
{
    for (int32_t i = 0; i < VERSIONS(answer)->api_keys.count; i++) {
        VERSIONS(answer)->api_keys.items[i].min_version = min;
        VERSIONS(answer)->api_keys.items[i].max_version = max;
    }
    return tell_and_close(answer);
}

static enum liar_fate negative_ranges(struct liar_answer *answer)
{
    return each_range(answer, -9, -3);
}

static enum liar_fate reversed_ranges(struct liar_answer *answer)
{
    return each_range(answer, 9, 0);
}

static enum liar_fate endless_ranges(struct liar_answer *answer)
{
    return each_range(answer, INT16_MIN, INT16_MAX);
}

static enum liar_fate future_ranges(struct liar_answer *answer)
{
    return each_range(answer, 1000, 2000);
}

static enum liar_fate strange_apis(struct liar_answer *answer)
{
    static const int16_t keys[] = {-1, INT16_MIN, INT16_MAX, 100, 127, 128};
    for (int32_t i = 0; i < VERSIONS(answer)->api_keys.count; i++)
        VERSIONS(answer)->api_keys.items[i].api_key = keys[i % (int)RK_COUNT_OF(keys)];
    return tell_and_close(answer);
}

static enum liar_fate same_apis(struct liar_answer *answer)
{
    for (int32_t i = 0; i < VERSIONS(answer)->api_keys.count; i++)
        VERSIONS(answer)->api_keys.items[i].api_key = RK_API_METADATA;
    return tell_and_close(answer);
}

static enum liar_fate versions_code_of_ours(struct liar_answer *answer)
{
    VERSIONS(answer)->error_code = RD_KAFKA_RESP_ERR__DESTROY;
    return LIAR_TELL;
}

static enum liar_fate always_another_version(struct liar_answer *answer)
{
    VERSIONS(answer)->error_code = RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
    if (answer->version > 0)
        answer->version = 0; /* Whatever was asked. */
    for (int32_t i = 0; i < VERSIONS(answer)->api_keys.count; i++)
        VERSIONS(answer)->api_keys.items[i].max_version = INT16_MAX;
    return LIAR_TELL;
}

static enum liar_fate always_invalid(struct liar_answer *answer)
{
    VERSIONS(answer)->error_code = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    return LIAR_TELL;
}

static enum liar_fate versions_pause(struct liar_answer *answer)
{
    VERSIONS(answer)->throttle_time_ms = INT32_MIN;
    return LIAR_TELL;
}

static const struct hostile_lie versions_lies[] = {
    {LIE(no_apis), false},
    {LIE(negative_ranges), false},
    {LIE(reversed_ranges), false},
    {LIE(endless_ranges), false},
    {LIE(future_ranges), false},
    {LIE(strange_apis), false},
    {LIE(same_apis), false},
    {LIE(versions_code_of_ours), false},
    {LIE(always_another_version), false},
    {LIE(always_invalid), false},
    {LIE(versions_pause), false},
};

static void test_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(versions_lies); i++) {
        int before = liar_connection_count(fixture.liar, 0);
        hostile_tell(&fixture, &versions_lies[i], TIMES, RK_API_API_VERSIONS, 0);
        hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
        hostile_produce(&fixture, "t", 0);
        hostile_produce(&fixture, "t", 1);
        hostile_expect_told(&fixture);
        hostile_expect_delivered(&fixture);
        assert_in_range(liar_connection_count(fixture.liar, 0) - before, 1, 20);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
        fixture.error_count = 0;
    }
}

/* And stays connected: that nothing can be asked is said. */

static enum liar_fate nothing_in_common(struct liar_answer *answer)
{
    VERSIONS(answer)->api_keys.count = 0;
    return LIAR_TELL;
}

static void test_nothing_in_common(void **state)
{
    (void)state;
    static const struct hostile_lie nothing = {LIE(nothing_in_common), false};
    char text[128];
    hostile_tell(&fixture, &nothing, 1000, RK_API_API_VERSIONS, 0);
    hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    const struct hostile_error *error =
        hostile_expect_error(&fixture, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, "Metadata");
    bool is_named = false;
    for (int i = 1; i <= 2; i++) {
        snprintf(text, sizeof(text),
                 "127.0.0.1:%u/bootstrap: the broker has no version of Metadata in common with us "
                 "(attempt 1 within ",
                 liar_port(fixture.liar, i));
        is_named |= strncmp(error->text, text, strlen(text)) == 0;
    }
    assert_true(is_named);
}

#define TEST(name) HOSTILE_TEST(name, &fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_versions),
        TEST(test_nothing_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
