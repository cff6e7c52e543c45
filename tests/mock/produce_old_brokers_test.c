/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers from before 0.11, which take message sets, and from before 0.10, which cannot say what
 * they speak; and a broker that is upgraded or downgraded between two attempts.
 */
#include "support/produce_fixture.h"

#include <stdatomic.h>
#include <string.h>

#include "wire/compression.h"

enum { CLOSES = -1 };

static struct produce_fixture fixture;
static _Atomic int last_version;

static enum scripted_fate note_version(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    atomic_store(&last_version, produce->version);
    return SCRIPTED_ANSWER;
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 1);
    scripted_add_topic(fixture.cluster, "t", 1);
    scripted_set_hook(fixture.cluster, note_version, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void start(const char *asks, const char *release, const char *fallback_ms, const char *codec)
{
    fixture_start(&fixture, REPORT_MESSAGES, "api.version.request", asks, "broker.version.fallback",
                  release, "api.version.fallback.ms", fallback_ms, "compression.codec", codec,
                  "linger.ms", "20", "reconnect.backoff.ms", "10", "retry.backoff.ms", "10", NULL);
}

/* Produces a few messages; the codec they arrive with. */
static int produce_few(void)
{
    int first = fixture.report_count;
    fixture_produce_many(&fixture, "t", 0, first, 100);
    fixture_wait(&fixture, first + 100);
    fixture_expect_outcome(&fixture, first, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, first + 100);
    assert_int_equal(fixture.reports[first + 99].offset, first + 99);
    return scripted_record_at(fixture.cluster, "t", 0, first)->codec;
}

static void test_not_asked(void **state)
{
    (void)state;
    scripted_set_max_version(fixture.cluster, RK_API_API_VERSIONS, CLOSES);
    start("false", "0.9.0.1", "0", "lz4");
    assert_int_equal(produce_few(), RK_COMPRESSION_LZ4);
    assert_int_equal(last_version, 1);
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_API_VERSIONS), 0);
}

static void test_no_lz4_before_0_8_2(void **state)
{
    (void)state;
    start("false", "0.8.1", "0", "lz4");
    assert_int_equal(produce_few(), RK_COMPRESSION_NONE);
    assert_int_equal(last_version, 0);
}

/* It can answer, by that number: so it is asked. */
static void test_asked_all_the_same(void **state)
{
    (void)state;
    start("false", "0.10.0", "0", "none");
    produce_few();
    assert_true(scripted_request_count(fixture.cluster, RK_API_API_VERSIONS) > 0);
    assert_true(last_version > 3);
}

static void test_fallback(void **state)
{
    (void)state;
    scripted_set_max_version(fixture.cluster, RK_API_API_VERSIONS, CLOSES);
    start("true", "0.9.0", "60000", "gzip");
    assert_int_equal(produce_few(), RK_COMPRESSION_GZIP);
    assert_int_equal(last_version, 1);
    int asked = scripted_request_count(fixture.cluster, RK_API_API_VERSIONS);
    scripted_set_up(fixture.cluster, 0, false);
    scripted_set_up(fixture.cluster, 0, true);
    produce_few();
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_API_VERSIONS), asked);
}

/* Without a fallback nobody is taken for what it does not say it is. */
static void test_no_fallback(void **state)
{
    (void)state;
    scripted_set_max_version(fixture.cluster, RK_API_API_VERSIONS, CLOSES);
    start("true", "0.9.0", "0", "none");
    fixture_produce_many(&fixture, "t", 0, 0, 1);
    fixture_poll(&fixture, 300);
    assert_int_equal(fixture.report_count, 0);
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_METADATA), 0);
}

/* What the next attempt finds. */
static int16_t next_version;

static enum scripted_fate replace_broker(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    atomic_store(&last_version, produce->version);
    if (produce->number > 0)
        return SCRIPTED_ANSWER;
    produce->keeps_nothing = true;
    scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, next_version);
    return SCRIPTED_CLOSE;
}

static void check_replaced(int16_t before, int16_t after, int codec)
{
    scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, before);
    scripted_set_hook(fixture.cluster, replace_broker, NULL);
    next_version = after;
    start("true", "0.10.0", "0", "zstd");
    assert_int_equal(produce_few(), codec);
    assert_int_equal(last_version, after);
}

static void test_downgrade(void **state)
{
    (void)state;
    check_replaced(9, 2, RK_COMPRESSION_NONE);
}

static void test_upgrade(void **state)
{
    (void)state;
    check_replaced(1, 9, RK_COMPRESSION_ZSTD);
}

static void test_zstd_is_lost(void **state)
{
    (void)state;
    check_replaced(9, 5, RK_COMPRESSION_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_not_asked), TEST(test_no_lz4_before_0_8_2), TEST(test_asked_all_the_same),
        TEST(test_fallback),  TEST(test_no_fallback),         TEST(test_downgrade),
        TEST(test_upgrade),   TEST(test_zstd_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
