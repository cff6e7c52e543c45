/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_destroy() with messages wherever they can be: it returns soon, and leaves nothing
 * behind.
 */
#include "support/produce_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct produce_fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 3);
    scripted_add_topic(fixture.cluster, "t", 6);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

/* It waits for no time-out: these are longer than a test may take. */
static void destroy_soon(void)
{
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    assert_int_equal(rd_kafka_wait_destroyed(3000), 0);
    assert_int_equal(rd_kafka_thread_cnt(), 0);
}

static void test_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        fixture_start(&fixture, REPORT_MESSAGES, NULL);
        destroy_soon();
    }
}

static void test_brokers_down(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        scripted_set_up(fixture.cluster, i, false);
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1000);
    fixture_poll(&fixture, 50);
    destroy_soon();
}

static void test_brokers_not_reading(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "batch.num.messages", "10", NULL);
    for (int p = 0; p < 6; p++)
        fixture_produce_many(&fixture, "t", p, 0, 1);
    fixture_wait(&fixture, 6);
    for (int i = 0; i < 3; i++)
        scripted_set_reading(fixture.cluster, i, false);
    for (int i = 0; i < 6000; i++)
        fixture_produce_many(&fixture, "t", i % 6, i, 1);
    fixture_poll(&fixture, 50);
    destroy_soon();
}

static void test_lingering(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", NULL);
    for (int p = 0; p < 6; p++)
        fixture_produce_many(&fixture, "t", p, 0, 100);
    fixture_produce_many(&fixture, "unknown", 0, 0, 100);
    destroy_soon();
    assert_int_equal(fixture.report_count, 0);
}

/* Destroyed at any moment of its first second. */
static void test_at_any_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        fixture_start(&fixture, i % 2 ? REPORT_MESSAGES : REPORT_EVENTS, "linger.ms", "1",
                      "max.in.flight", i % 4 < 2 ? "1" : "100", NULL);
        for (int p = 0; p < 6; p++)
            fixture_produce_many(&fixture, "t", p, 0, 20);
        for (int p = 0; p < 6; p++)
            scripted_set_leader(fixture.cluster, "t", p, (i + p) % 4 - 1);
        if (i % 3 == 0)
            rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
        if (i % 5 == 0)
            rd_kafka_flush(fixture.rk, 0);
        fixture_poll(&fixture, i % 20);
        destroy_soon();
    }
}

static void yield_now(struct produce_fixture *self, const rd_kafka_message_t *message)
{
    (void)message;
    rd_kafka_yield(self->rk);
}

static void test_while_yielded(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "20", NULL);
    fixture.on_report = yield_now;
    fixture_produce_many(&fixture, "t", 0, 0, 100);
    while (fixture.report_count == 0)
        rd_kafka_poll(fixture.rk, 100);
    destroy_soon();
    assert_int_equal(fixture.report_count, 1);
}

/* Two clients do not know each other. */
static void test_two_clients(void **state)
{
    (void)state;
    struct produce_fixture other = {.cluster = fixture.cluster};
    fixture_start(&fixture, REPORT_MESSAGES, NULL);
    fixture_start(&other, REPORT_MESSAGES, NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 100);
    fixture_produce_many(&other, "t", 0, 0, 100);
    rd_kafka_destroy(other.rk);
    fixture_wait(&fixture, 100);
    destroy_soon();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_at_once),     TEST(test_brokers_down),  TEST(test_brokers_not_reading),
        TEST(test_lingering),   TEST(test_at_any_moment), TEST(test_while_yielded),
        TEST(test_two_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
