/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaders that move, and the order of messages.
 */
#include "support/produce_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct produce_fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 3);
    scripted_add_topic(fixture.cluster, "t", 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void start(const char *max_in_flight)
{
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "1", "max.in.flight", max_in_flight,
                  "retry.backoff.ms", "10", "retry.backoff.max.ms", "50",
                  "topic.metadata.refresh.fast.interval.ms", "20", "reconnect.backoff.ms", "10",
                  "reconnect.backoff.max.ms", "50", NULL);
}

static void test_leader_moves(void **state)
{
    (void)state;
    int count = 0;
    start("1");
    for (int round = 0; round < 20; round++) {
        fixture_produce_many(&fixture, "t", 0, count, 50);
        count += 50;
        scripted_set_leader(fixture.cluster, "t", 0, (round + 1) % 3);
        fixture_produce_many(&fixture, "t", 0, count, 50);
        count += 50;
        if (round % 3 == 0)
            fixture_poll(&fixture, 30);
    }
    fixture_wait(&fixture, count);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, count);
    for (int i = 0; i < count; i++)
        assert_int_equal((intptr_t)fixture.reports[i].opaque, i);
}

static void test_no_leader_for_a_while(void **state)
{
    (void)state;
    start("1");
    fixture_produce_many(&fixture, "t", 1, 0, 10);
    fixture_wait(&fixture, 10);
    scripted_set_leader(fixture.cluster, "t", 1, -1);
    fixture_produce_many(&fixture, "t", 1, 10, 10);
    fixture_poll(&fixture, 100);
    assert_int_equal(fixture.report_count, 10);
    scripted_set_leader(fixture.cluster, "t", 1, 2);
    fixture_wait(&fixture, 20);
    fixture_expect_texts(&fixture, "t", 1, 0, 20);
}

/* KIP-951: the answer names the new leader; no Metadata is needed to go there. */
static enum scripted_fate hint(struct scripted_produce *produce, void *opaque)
{
    struct rk_produce_answer_partition *partition =
        &produce->answer->responses.items[0].partition_responses.items[0];
    (void)opaque;
    if (partition->error_code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION) {
        partition->current_leader.leader_id = 2;
        partition->current_leader.leader_epoch = 100;
    }
    return SCRIPTED_ANSWER;
}

static void test_leader_hint(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, hint, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "1", "retry.backoff.ms", "10",
                  "topic.metadata.refresh.fast.interval.ms", "60000", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    fixture_wait(&fixture, 10);
    scripted_set_leader(fixture.cluster, "t", 0, 2);
    fixture_produce_many(&fixture, "t", 0, 10, 10);
    fixture_wait(&fixture, 20); /* Metadata would come later. */
    assert_int_equal(fixture.reports[19].broker_id, 2);
    fixture_expect_texts(&fixture, "t", 0, 0, 20);
}

/* A leader that does not know yet that it is one, as of a topic that was just made: what is refused
 * at first is not passed by what is sent after it, however many requests may be under way. */
static enum scripted_fate refuse_at_first(struct scripted_produce *produce, void *opaque)
{
    int *left = opaque;
    produce->delay_ms = 5;
    if ((*left)-- > 0)
        produce->answer->responses.items[0].partition_responses.items[0].error_code =
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    return SCRIPTED_ANSWER;
}

static void test_order_on_a_leader_that_refuses_at_first(void **state)
{
    (void)state;
    int left = 3;
    scripted_set_hook(fixture.cluster, refuse_at_first, &left);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "0", "batch.num.messages", "10",
                  "retry.backoff.ms", "10", "topic.metadata.refresh.fast.interval.ms", "20", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 500);
    fixture_wait(&fixture, 500);
    assert_true(left < 0);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, 500);
}

/* Everything goes wrong now and then: with one request in flight the order is kept. */
struct chaos {
    unsigned seed;
    int left;
};

static enum scripted_fate misbehave(struct scripted_produce *produce, void *opaque)
{
    static const int errors[] = {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                 RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                 RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR};
    struct chaos *chaos = opaque;
    if (chaos->left <= 0)
        return SCRIPTED_ANSWER;
    chaos->left--;
    unsigned dice = (unsigned)rand_r(&chaos->seed) % 10;
    for (int32_t t = 0; t < produce->answer->responses.count; t++) {
        struct rk_produce_answer_topic *topic = &produce->answer->responses.items[t];
        for (int32_t p = 0; p < topic->partition_responses.count; p++) {
            struct rk_produce_answer_partition *partition = &topic->partition_responses.items[p];
            if (partition->error_code || (dice && (unsigned)rand_r(&chaos->seed) % 2))
                continue;
            partition->error_code = (int16_t)errors[(unsigned)rand_r(&chaos->seed) % 3];
        }
    }
    produce->delay_ms = (int)((unsigned)rand_r(&chaos->seed) % 10);
    return dice ? SCRIPTED_ANSWER : SCRIPTED_CLOSE; /* Closed without having appended anything. */
}

static void run_chaos(const char *max_in_flight, bool in_order)
{
    struct chaos chaos = {.seed = 12345, .left = 300};
    unsigned seed = 54321;
    int count = 0;
    scripted_set_hook(fixture.cluster, misbehave, &chaos);
    start(max_in_flight);
    for (int round = 0; round < 60; round++) {
        for (int p = 0; p < 3; p++)
            fixture_produce_many(&fixture, "t", p, 10000 * p + count, 20);
        count += 20;
        if (round % 4 == 0)
            scripted_set_leader(fixture.cluster, "t", (int)((unsigned)rand_r(&seed) % 3),
                                (int)((unsigned)rand_r(&seed) % 4) - 1);
        fixture_poll(&fixture, (int)((unsigned)rand_r(&seed) % 10));
    }
    for (int p = 0; p < 3; p++)
        scripted_set_leader(fixture.cluster, "t", p, p);
    fixture_wait(&fixture, 3 * count);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    scripted_set_hook(fixture.cluster, NULL, NULL);
    int next[3] = {0, 10000, 20000};
    for (int p = 0; p < 3; p++) {
        if (in_order)
            fixture_expect_texts(&fixture, "t", p, 10000 * p, count);
        assert_true(scripted_record_count(fixture.cluster, "t", p) >= count);
    }
    for (int i = 0; in_order && i < fixture.report_count; i++)
        assert_int_equal((intptr_t)fixture.reports[i].opaque, next[fixture.reports[i].partition]++);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_order_with_one_in_flight(void **state)
{
    (void)state;
    run_chaos("1", true);
}

static void test_nothing_lost_with_many_in_flight(void **state)
{
    (void)state;
    run_chaos("1000", false);
}

static enum scripted_fate be_silent_at_first(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    if (produce->broker != 0 || produce->number > 0)
        return SCRIPTED_ANSWER;
    produce->answer->responses.items[0].partition_responses.items[0].error_code =
        RD_KAFKA_RESP_ERR_UNKNOWN;
    return SCRIPTED_SILENCE;
}

/* The new leader's sender does not wait for ever for what the old one has sent. */
static void test_old_leader_hangs(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, be_silent_at_first, NULL);
    start("1");
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    scripted_set_leader(fixture.cluster, "t", 0, 1);
    /* Something that makes the client look: another partition of the topic fails. */
    scripted_set_leader(fixture.cluster, "t", 2, 1);
    fixture_produce_many(&fixture, "t", 2, 100, 1);
    fixture_produce_many(&fixture, "t", 0, 10, 10);
    fixture_wait(&fixture, 21); /* The request would time out later. */
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, 20);
}

static enum scripted_fate be_slow(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    produce->delay_ms = 30;
    return SCRIPTED_ANSWER;
}

/* Once what it waits for has come back, a connection with other things to do is left alone. False
 * when it was not: the machine may have stood still until the answer was overdue. */
static bool leaves_old_leader_alone(void)
{
    int count = 0;
    scripted_set_leader(fixture.cluster, "t", 1, 0);
    scripted_set_hook(fixture.cluster, be_slow, NULL);
    start("1");
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    assert_true(scripted_wait_requests(fixture.cluster, RK_API_PRODUCE, 1));
    scripted_set_leader(fixture.cluster, "t", 0, 1);
    fixture_produce_many(&fixture, "t", 0, 10, 10);
    for (int i = 0; i < 60; i++) {
        fixture_produce_many(&fixture, "t", 1, 1000 + count++, 1);
        fixture_poll(&fixture, 5);
    }
    fixture_wait(&fixture, 20 + count);
    if (fixture.error_count > 0 || scripted_record_count(fixture.cluster, "t", 0) > 20 ||
        scripted_record_count(fixture.cluster, "t", 1) > count)
        return false;
    fixture_expect_texts(&fixture, "t", 0, 0, 20);
    fixture_expect_texts(&fixture, "t", 1, 1000, count);
    return true;
}

static void test_old_leader_is_not_cut_off(void **state)
{
    for (int attempt = 0; !leaves_old_leader_alone(); attempt++) {
        assert_true(attempt < 5);
        tear_down(state);
        set_up(state);
    }
}

/* The topic is deleted and made again: the same name, another id. */
static void test_topic_recreated(void **state)
{
    (void)state;
    for (int16_t version = 12; version <= 13; version++) {
        scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, version);
        start("1");
        fixture_produce_many(&fixture, "t", 0, 0, 10);
        fixture_wait(&fixture, 10);
        scripted_recreate_topic(fixture.cluster, "t", 3);
        fixture_produce_many(&fixture, "t", 0, 10, 10);
        fixture_produce_many(&fixture, "t", 1, 20, 10);
        fixture_wait(&fixture, 30);
        fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
        fixture_expect_texts(&fixture, "t", 0, 10, 10);
        fixture_expect_texts(&fixture, "t", 1, 20, 10);
        rd_kafka_destroy(fixture.rk);
        fixture.report_count = 0;
        scripted_recreate_topic(fixture.cluster, "t", 3);
    }
    fixture.rk = NULL;
}

/* All brokers go away one after the other and come back. */
static void test_rolling_restart(void **state)
{
    (void)state;
    int count = 0;
    start("1");
    for (int broker = 0; broker < 3; broker++) {
        scripted_set_up(fixture.cluster, broker, false);
        for (int p = 0; p < 3; p++) {
            scripted_set_leader(fixture.cluster, "t", p, (broker + 1) % 3);
            fixture_produce_many(&fixture, "t", p, 10000 * p + count, 50);
        }
        count += 50;
        fixture_poll(&fixture, 100);
        scripted_set_up(fixture.cluster, broker, true);
        fixture_poll(&fixture, 50);
    }
    fixture_wait(&fixture, 3 * count);
    for (int p = 0; p < 3; p++)
        fixture_expect_texts(&fixture, "t", p, 10000 * p, count);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_leader_moves),
        TEST(test_no_leader_for_a_while),
        TEST(test_leader_hint),
        TEST(test_order_on_a_leader_that_refuses_at_first),
        TEST(test_order_with_one_in_flight),
        TEST(test_nothing_lost_with_many_in_flight),
        TEST(test_old_leader_hangs),
        TEST(test_old_leader_is_not_cut_off),
        TEST(test_topic_recreated),
        TEST(test_rolling_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
