/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produce answers that say what cannot be. Broker 1 lies a few times and then tells the truth:
 * partitions of broker 2 are not held up, and those of broker 1 go on in the end; each message has
 * one report.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum { TIMES = 3, MANY = 2000 };

static struct hostile_fixture fixture;

#define PRODUCED(answer) ((struct rk_produce_answer *)(answer)->answer)
#define PRODUCED_PARTITION(answer) \
    (&PRODUCED(answer)->responses.items[0].partition_responses.items[0])

static enum liar_fate other_topic(struct liar_answer *answer)
{
    PRODUCED(answer)->responses.items[0].name = "stranger";
    if (answer->version >= 13)
        PRODUCED(answer)->responses.items[0].topic_id.bytes[5] ^= 0x55;
    return LIAR_TELL;
}

static enum liar_fate other_partition(struct liar_answer *answer)
{
    PRODUCED_PARTITION(answer)->index = 1;
    return LIAR_TELL;
}

static enum liar_fate negative_partition(struct liar_answer *answer)
{
    PRODUCED_PARTITION(answer)->index = INT32_MIN;
    return LIAR_TELL;
}

static enum liar_fate nothing_said(struct liar_answer *answer)
{
    PRODUCED(answer)->responses.count = 0;
    return LIAR_TELL;
}

static enum liar_fate topic_without_partitions(struct liar_answer *answer)
{
    PRODUCED(answer)->responses.items[0].partition_responses.count = 0;
    return LIAR_TELL;
}

static enum liar_fate partition_over_and_over(struct liar_answer *answer)
{
    struct rk_produce_answer_partition *items =
        rk_produce_answer_partition_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++) {
        items[i] = *PRODUCED_PARTITION(answer);
        items[i].error_code = (int16_t)(i % 2 ? RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION : 0);
    }
    PRODUCED(answer)->responses.items[0].partition_responses.items = items;
    PRODUCED(answer)->responses.items[0].partition_responses.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate topic_over_and_over(struct liar_answer *answer)
{
    struct rk_produce_answer_topic *items = rk_produce_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = PRODUCED(answer)->responses.items[0];
    PRODUCED(answer)->responses.items = items;
    PRODUCED(answer)->responses.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate no_such_offset(struct liar_answer *answer)
{
    PRODUCED_PARTITION(answer)->base_offset = INT64_MIN;
    PRODUCED_PARTITION(answer)->log_append_time_ms = INT64_MIN;
    PRODUCED_PARTITION(answer)->log_start_offset = INT64_MIN;
    return LIAR_TELL;
}

static enum liar_fate last_offset(struct liar_answer *answer)
{
    PRODUCED_PARTITION(answer)->base_offset = INT64_MAX - 1;
    PRODUCED_PARTITION(answer)->log_append_time_ms = INT64_MAX;
    return LIAR_TELL;
}

static enum liar_fate produce_code(struct liar_answer *answer, int err)
{
    PRODUCED_PARTITION(answer)->error_code = (int16_t)err;
    return LIAR_TELL;
}

static enum liar_fate produce_code_of_ours(struct liar_answer *answer)
{
    return produce_code(answer, RD_KAFKA_RESP_ERR__DESTROY);
}

static enum liar_fate produce_code_unheard_of(struct liar_answer *answer)
{
    return produce_code(answer, 32767);
}

static enum liar_fate too_large_for_ever(struct liar_answer *answer)
{
    return produce_code(answer, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
}

/* KIP-467: which records were bad. */
static enum liar_fate no_such_records(struct liar_answer *answer)
{
    static const int32_t indices[] = {-1, INT32_MIN, INT32_MAX, 0, 0, 1, 100000};
    int32_t count = (int32_t)RK_COUNT_OF(indices);
    struct rk_produce_answer_record_error *items =
        rk_produce_answer_record_error_try_new(answer->arena, count);
    for (int32_t i = 0; i < count; i++) {
        items[i].batch_index = indices[i];
        items[i].batch_index_error_message = i % 2 ? "bad" : NULL;
    }
    PRODUCED_PARTITION(answer)->record_errors.items = items;
    PRODUCED_PARTITION(answer)->record_errors.count = count;
    return produce_code(answer, RD_KAFKA_RESP_ERR_INVALID_RECORD);
}

/* KIP-951: another leader, who cannot be. */
static enum liar_fate hint(struct liar_answer *answer, int32_t leader, int32_t epoch,
                           const char *host, int32_t port)
{
    if (answer->version < 10)
        return produce_code(answer, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    struct rk_produce_answer_node_endpoint *endpoint =
        rk_produce_answer_node_endpoint_try_new(answer->arena, 1);
    endpoint->node_id = leader;
    endpoint->host = host;
    endpoint->port = port;
    PRODUCED_PARTITION(answer)->current_leader.leader_id = leader;
    PRODUCED_PARTITION(answer)->current_leader.leader_epoch = epoch;
    PRODUCED(answer)->node_endpoints.items = endpoint;
    PRODUCED(answer)->node_endpoints.count = host ? 1 : 0;
    return produce_code(answer, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
}

#define HINT(name, ...)                                    \
    static enum liar_fate name(struct liar_answer *answer) \
    {                                                      \
        return hint(answer, __VA_ARGS__);                  \
    }
HOSTILE_HINTS(HINT)

static enum liar_fate hint_to_the_past(struct liar_answer *answer)
{
    return hint(answer, 2, -3, NULL, 0);
}

static enum liar_fate produce_negative_pause(struct liar_answer *answer)
{
    PRODUCED(answer)->throttle_time_ms = INT32_MIN;
    return LIAR_TELL;
}

static const struct hostile_lie produce_lies[] = {
    {LIE(other_topic), false},
    {LIE(other_partition), false},
    {LIE(negative_partition), false},
    {LIE(nothing_said), false},
    {LIE(topic_without_partitions), false},
    {LIE(partition_over_and_over), false},
    {LIE(topic_over_and_over), false},
    {LIE(no_such_offset), false},
    {LIE(last_offset), false},
    {LIE(produce_code_of_ours), true},
    {LIE(produce_code_unheard_of), true},
    {LIE(too_large_for_ever), true},
    {LIE(no_such_records), true},
    {LIE(hint_without_address), false},
    {LIE(hint_without_host), false},
    {LIE(hint_to_port_0), false},
    {LIE(hint_to_port_70000), false},
    {LIE(hint_to_the_past), false},
    {LIE(hint_to_nobody), false},
    {LIE(produce_negative_pause), false},
};

static void produce_against(int16_t max_version)
{
    liar_set_max_version(fixture.liar, RK_API_PRODUCE, max_version);
    hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    for (size_t i = 0; i < RK_COUNT_OF(produce_lies); i++) {
        hostile_tell(&fixture, &produce_lies[i], TIMES, RK_API_PRODUCE, 1);
        while (!hostile_was_told(&fixture)) {
            for (int32_t p = 0; p < 2; p++)
                hostile_produce(&fixture, "t", p);
            hostile_serve(&fixture, 20);
        }
        for (int32_t p = 0; p < 2; p++)
            hostile_produce(&fixture, "t", p);
        int undelivered = fixture.undelivered;
        if (produce_lies[i].may_fail) {
            hostile_expect_reported(&fixture);
            assert_in_range(fixture.undelivered, 0, fixture.sent / 2);
            fixture.sent -= fixture.undelivered;
            fixture.undelivered = 0;
        } else {
            hostile_expect_delivered(&fixture);
            assert_int_equal(undelivered, 0);
        }
    }
    assert_int_equal(hostile_count_client_errors(&fixture), 0);
}

static void test_produce(void **state)
{
    (void)state;
    produce_against(INT16_MAX);
}

static void test_produce_by_name(void **state)
{
    (void)state;
    produce_against(8);
}

/* Pauses */

static enum liar_fate pause_for_ever(struct liar_answer *answer)
{
    PRODUCED(answer)->throttle_time_ms = INT32_MAX;
    return LIAR_TELL;
}

static void test_a_pause_for_ever(void **state)
{
    (void)state;
    static const struct hostile_lie for_ever = {LIE(pause_for_ever), false};
    hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    hostile_tell(&fixture, &for_ever, TIMES, RK_API_PRODUCE, 1);
    for (int32_t p = 0; p < 2; p++)
        hostile_produce(&fixture, "t", p);
    hostile_expect_delivered(&fixture);
    hostile_produce(&fixture, "t", 0); /* Waits, while others do not. */
    for (int i = 0; i < 20; i++) {
        hostile_produce(&fixture, "t", 1);
        int wanted = fixture.delivered;
        fixture.sent--;
        hostile_expect_delivered(&fixture);
        fixture.sent++;
        assert_int_equal(fixture.delivered, wanted + 1);
    }
    assert_int_equal(fixture.throttle_max_ms, INT32_MAX);
    assert_int_equal(fixture.throttle_min_ms, 0);
    rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    hostile_expect_reported(&fixture);
    assert_int_equal(fixture.undelivered, 1);
}

#define TEST(name) HOSTILE_TEST(name, &fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_produce),
        TEST(test_produce_by_name),
        TEST(test_a_pause_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
