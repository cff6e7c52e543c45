/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an application is told in the end: which broker, at which address, what failed, since when,
 * and how often it was tried.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>

static struct hostile_fixture fixture;

static void expect_part(const char *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void expect_part(const char *text, const char *format, ...)
{
    char part[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(part, sizeof(part), format, arguments);
    va_end(arguments);
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void expect_delivered_to(int32_t partition)
{
    int before = fixture.delivered;
    hostile_produce(&fixture, "t", partition);
    hostile_expect_reported(&fixture);
    assert_int_equal(fixture.delivered, before + 1);
}

/* One broker lets nobody in: its messages time out, those of the other do not wait. */
static void test_a_broker_that_is_down(void **state)
{
    (void)state;
    unsigned port = liar_port(fixture.liar, 1);
    hostile_start(&fixture, RD_KAFKA_PRODUCER, "message.timeout.ms", "4000",
                  "topic.metadata.refresh.interval.ms", "50", NULL);
    expect_delivered_to(0);
    expect_delivered_to(1);
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 1);
    hostile_produce(&fixture, "t", 0);
    for (int i = 0; i < 10; i++) {
        int before = fixture.delivered;
        hostile_produce(&fixture, "t", 1);
        while (fixture.delivered == before)
            hostile_serve(&fixture, 20);
    }
    hostile_expect_reported(&fixture);
    assert_int_equal(fixture.undelivered, 1);
    assert_int_equal(fixture.report.err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    expect_part(fixture.report.text, "%s: ", rd_kafka_err2str(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT));
    expect_part(fixture.report.text, "127.0.0.1:%u/1: ", port);
    expect_part(fixture.report.text, " ipv4#127.0.0.1:%u ", port);
    expect_part(fixture.report.text, ", attempt ");
    expect_part(fixture.report.text, " time(s) within ");
    rd_kafka_mock_broker_set_up(fixture.base.cluster, 1);
    expect_delivered_to(0);
}

/* One broker takes requests and never answers. */
static enum liar_fate be_silent(struct liar_answer *answer)
{
    (void)answer;
    return LIAR_SILENCE;
}

static void test_a_broker_that_is_silent(void **state)
{
    (void)state;
    static const struct hostile_lie silence = {"silence", be_silent, true};
    hostile_start(&fixture, RD_KAFKA_PRODUCER, "message.timeout.ms", "4000", NULL);
    expect_delivered_to(0);
    hostile_tell(&fixture, &silence, 1000, RK_API_PRODUCE, 1);
    hostile_produce(&fixture, "t", 0);
    hostile_expect_reported(&fixture);
    assert_int_equal(fixture.undelivered, 1);
    expect_part(fixture.report.text, "127.0.0.1:%u/1: no answer yet; sent 1 time(s) within ",
                (unsigned)liar_port(fixture.liar, 1));
}

static void test_a_partition_without_leader(void **state)
{
    (void)state;
    hostile_start(&fixture, RD_KAFKA_PRODUCER, "message.timeout.ms", "4000",
                  "topic.metadata.refresh.interval.ms", "20", NULL);
    expect_delivered_to(1);
    rd_kafka_mock_partition_set_leader(fixture.base.cluster, "t", 1, -1);
    hostile_produce(&fixture, "t", 1);
    hostile_expect_reported(&fixture);
    assert_int_equal(fixture.undelivered, 1);
    expect_part(fixture.report.text, "t [1] has no leader to be sent to");
}

static void test_all_brokers_down(void **state)
{
    (void)state;
    for (int i = 1; i <= 2; i++)
        rd_kafka_mock_broker_set_down(fixture.base.cluster, i);
    hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    const struct hostile_error *error = hostile_expect_error(
        &fixture, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "2/2 brokers are down; the last: 127.0.0.1");
    expect_part(error->text, "/bootstrap: ");
    expect_part(error->text, " ipv4#127.0.0.1:");
    expect_part(error->text, ", attempt ");
}

/* A partition's error says which broker gave it. */

static enum liar_fate refuse(struct liar_answer *answer)
{
    struct rk_fetch_answer *fetch = answer->answer;
    if (fetch->responses.count == 0)
        return LIAR_TRUTH;
    fetch->responses.items[0].partitions.items[0].error_code =
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    return LIAR_TELL;
}

static void test_a_refused_fetch(void **state)
{
    (void)state;
    static const struct hostile_lie refusal = {"refusal", refuse, false};
    consume_fill_all(&fixture.base, "t", 2, 10);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    hostile_tell(&fixture, &refusal, 1, RK_API_FETCH, 2);
    consume_assign(&fixture.base, "t", 2, 0);
    const struct hostile_error *error = hostile_expect_error(
        &fixture, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "t [1]: Fetch at offset 0 failed");
    expect_part(error->text, "(127.0.0.1:%u/2, attempt 1 within ",
                (unsigned)liar_port(fixture.liar, 2));
    hostile_expect_consumed(&fixture, 0, 10);
    hostile_expect_consumed(&fixture, 1, 10);
}

#define TEST(name) HOSTILE_TEST(name, &fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_broker_that_is_down),
        TEST(test_a_broker_that_is_silent),
        TEST(test_a_partition_without_leader),
        TEST(test_all_brokers_down),
        TEST(test_a_refused_fetch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
