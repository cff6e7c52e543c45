/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers to a consumer that say what cannot be. Broker 1 lies a few times and then tells the
 * truth: partition 1 (broker 2) is not held up, and partition 0 goes on in the end; no message is
 * missing, none comes twice.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum { TIMES = 3, RECORDS = 10, MANY = 2000 };

static struct hostile_fixture fixture;

/* Fetch */

static struct rk_fetch_answer *fetched(struct liar_answer *answer)
{
    return answer->answer;
}

/* NULL: the answer names nothing. */
static struct rk_fetch_answer_partition *first_fetched(struct liar_answer *answer)
{
    struct rk_fetch_answer *fetch = fetched(answer);
    return fetch->responses.count > 0 && fetch->responses.items[0].partitions.count > 0
               ? &fetch->responses.items[0].partitions.items[0]
               : NULL;
}

static enum liar_fate another_topic(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    if (answer->version >= 13)
        fetched(answer)->responses.items[0].topic_id.bytes[5] ^= 0x55;
    fetched(answer)->responses.items[0].topic = "stranger";
    return LIAR_TELL;
}

static enum liar_fate another_partition(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    first_fetched(answer)->partition_index = 1;
    return LIAR_TELL;
}

static enum liar_fate negative_partition(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    first_fetched(answer)->partition_index = INT32_MIN;
    return LIAR_TELL;
}

static enum liar_fate nothing_said(struct liar_answer *answer)
{
    fetched(answer)->responses.count = 0;
    return LIAR_TELL;
}

static enum liar_fate partition_over_and_over(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    struct rk_fetch_answer_partition *items =
        rk_fetch_answer_partition_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = *first_fetched(answer);
    fetched(answer)->responses.items[0].partitions.items = items;
    fetched(answer)->responses.items[0].partitions.count = MANY;
    return LIAR_TELL;
}

/* Each time with another leader. */
static enum liar_fate errors_over_and_over(struct liar_answer *answer)
{
    if (partition_over_and_over(answer) == LIAR_TRUTH)
        return LIAR_TRUTH;
    for (int i = 0; i < MANY; i++) {
        struct rk_fetch_answer_partition *item =
            &fetched(answer)->responses.items[0].partitions.items[i];
        item->error_code = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
        if (answer->version >= 12)
            item->current_leader = (struct rk_fetch_answer_current_leader){77, i};
    }
    return LIAR_TELL;
}

static enum liar_fate topic_over_and_over(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    struct rk_fetch_answer_topic *items = rk_fetch_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = fetched(answer)->responses.items[0];
    fetched(answer)->responses.items = items;
    fetched(answer)->responses.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate strangers(struct liar_answer *answer)
{
    struct rk_fetch_answer_topic *items = rk_fetch_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++) {
        items[i].topic = "stranger";
        items[i].partitions.items = rk_fetch_answer_partition_try_new(answer->arena, 1);
        items[i].partitions.count = 1;
    }
    fetched(answer)->responses.items = items;
    fetched(answer)->responses.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate ends(struct liar_answer *answer, int64_t end_offset)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    first_fetched(answer)->high_watermark = end_offset;
    first_fetched(answer)->last_stable_offset = end_offset;
    first_fetched(answer)->log_start_offset = end_offset;
    return LIAR_TELL;
}

static enum liar_fate negative_ends(struct liar_answer *answer)
{
    return ends(answer, INT64_MIN);
}

static enum liar_fate endless(struct liar_answer *answer)
{
    return ends(answer, INT64_MAX);
}

static enum liar_fate partition_code(struct liar_answer *answer, int code)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    first_fetched(answer)->error_code = (int16_t)code;
    return LIAR_TELL;
}

static enum liar_fate code_of_ours(struct liar_answer *answer)
{
    return partition_code(answer, RD_KAFKA_RESP_ERR__DESTROY);
}

static enum liar_fate code_unheard_of(struct liar_answer *answer)
{
    return partition_code(answer, 32767);
}

static enum liar_fate whole_code_of_ours(struct liar_answer *answer)
{
    fetched(answer)->error_code = RD_KAFKA_RESP_ERR__DESTROY;
    return LIAR_TELL;
}

static enum liar_fate whole_code_unheard_of(struct liar_answer *answer)
{
    fetched(answer)->error_code = 32767;
    return LIAR_TELL;
}

static enum liar_fate other_session(struct liar_answer *answer)
{
    fetched(answer)->session_id ^= 0x5a5a5a5a;
    return LIAR_TELL;
}

static enum liar_fate negative_session(struct liar_answer *answer)
{
    fetched(answer)->session_id = -1;
    return LIAR_TELL;
}

static enum liar_fate no_such_replica(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    first_fetched(answer)->preferred_read_replica = 77;
    return LIAR_TELL;
}

static enum liar_fate all_aborted(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    struct rk_fetch_answer_aborted_transaction *items =
        rk_fetch_answer_aborted_transaction_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = (struct rk_fetch_answer_aborted_transaction){i % 3 - 1,
                                                                i % 2 ? INT64_MIN : (int64_t)i - 5};
    first_fetched(answer)->aborted_transactions.items = items;
    first_fetched(answer)->aborted_transactions.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate hint(struct liar_answer *answer, int32_t leader, int32_t epoch,
                           const char *host, int32_t port)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    if (answer->version >= 12) {
        first_fetched(answer)->current_leader.leader_id = leader;
        first_fetched(answer)->current_leader.leader_epoch = epoch;
    }
    if (answer->version >= 16 && host) {
        struct rk_fetch_answer_node_endpoint *endpoint =
            rk_fetch_answer_node_endpoint_try_new(answer->arena, 1);
        endpoint->node_id = leader;
        endpoint->host = host;
        endpoint->port = port;
        fetched(answer)->node_endpoints.items = endpoint;
        fetched(answer)->node_endpoints.count = 1;
    }
    return partition_code(answer, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
}

#define HINT(name, ...)                                    \
    static enum liar_fate name(struct liar_answer *answer) \
    {                                                      \
        return hint(answer, __VA_ARGS__);                  \
    }
HOSTILE_HINTS(HINT)

static enum liar_fate divergence_nowhere(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    if (answer->version >= 12)
        first_fetched(answer)->diverging_epoch =
            (struct rk_fetch_answer_diverging_epoch){INT32_MIN, INT64_MIN};
    return LIAR_TELL;
}

static enum liar_fate no_records(struct liar_answer *answer)
{
    if (!first_fetched(answer))
        return LIAR_TRUTH;
    first_fetched(answer)->records = (struct rk_records){.size = -1};
    return LIAR_TELL;
}

static enum liar_fate negative_pause(struct liar_answer *answer)
{
    fetched(answer)->throttle_time_ms = INT32_MIN;
    return LIAR_TELL;
}

/* Marked: the error is told of the partition. */
static const struct hostile_lie fetch_lies[] = {
    {LIE(another_topic), false},
    {LIE(another_partition), false},
    {LIE(negative_partition), false},
    {LIE(nothing_said), false},
    {LIE(partition_over_and_over), false},
    {LIE(errors_over_and_over), false},
    {LIE(topic_over_and_over), false},
    {LIE(strangers), false},
    {LIE(negative_ends), false},
    {LIE(endless), false},
    {LIE(code_of_ours), false},
    {LIE(code_unheard_of), true},
    {LIE(whole_code_of_ours), false},
    {LIE(whole_code_unheard_of), false},
    {LIE(other_session), false},
    {LIE(negative_session), false},
    {LIE(no_such_replica), false},
    {LIE(all_aborted), false},
    {LIE(hint_without_address), false},
    {LIE(hint_without_host), false},
    {LIE(hint_to_port_0), false},
    {LIE(hint_to_port_70000), false},
    {LIE(hint_to_nobody), false},
    {LIE(divergence_nowhere), false},
    {LIE(no_records), false},
    {LIE(negative_pause), false},
};

static void fetch_against(int16_t max_version)
{
    int next = RECORDS;
    liar_set_max_version(fixture.liar, RK_API_FETCH, max_version);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    consume_fill_all(&fixture.base, "t", 2, RECORDS);
    consume_assign(&fixture.base, "t", 2, 0);
    for (int p = 0; p < 2; p++)
        hostile_expect_consumed(&fixture, p, next);
    for (size_t i = 0; i < RK_COUNT_OF(fetch_lies); i++) {
        hostile_tell(&fixture, &fetch_lies[i], TIMES, RK_API_FETCH, 1);
        do {
            for (int p = 0; p < 2; p++)
                consume_fill(&fixture.base, "t", p, next, RECORDS);
            next += RECORDS;
            hostile_expect_consumed(&fixture, 1, next);
        } while (!hostile_was_told(&fixture));
        hostile_expect_consumed(&fixture, 0, next);
        for (int e = 0; e < fixture.error_count; e++) {
            if (fixture.errors[e].partition != 0 || !fetch_lies[i].may_fail)
                fail_msg("%s: %s", fetch_lies[i].name, fixture.errors[e].text);
        }
        fixture.error_count = 0;
    }
}

static void test_fetch(void **state)
{
    (void)state;
    fetch_against(INT16_MAX);
}

/* Without epochs, sessions and ids. */
static void test_fetch_of_old_brokers(void **state)
{
    (void)state;
    fetch_against(11);
}

/* ListOffsets */

static struct rk_list_offsets_answer *listed(struct liar_answer *answer)
{
    return answer->answer;
}

static struct rk_list_offsets_answer_partition *first_listed(struct liar_answer *answer)
{
    return &listed(answer)->topics.items[0].partitions.items[0];
}

static enum liar_fate list_of_another_topic(struct liar_answer *answer)
{
    listed(answer)->topics.items[0].name = "stranger";
    return LIAR_TELL;
}

static enum liar_fate list_of_another_partition(struct liar_answer *answer)
{
    first_listed(answer)->partition_index = -1;
    return LIAR_TELL;
}

static enum liar_fate empty_list(struct liar_answer *answer)
{
    listed(answer)->topics.count = 0;
    return LIAR_TELL;
}

static enum liar_fate long_list(struct liar_answer *answer)
{
    struct rk_list_offsets_answer_topic *items =
        rk_list_offsets_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = listed(answer)->topics.items[0];
    listed(answer)->topics.items = items;
    listed(answer)->topics.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate list_of(struct liar_answer *answer, int err, int64_t offset)
{
    first_listed(answer)->error_code = (int16_t)err;
    first_listed(answer)->offset = offset;
    first_listed(answer)->timestamp = offset;
    if (answer->version >= 4)
        first_listed(answer)->leader_epoch = err ? -1 : INT32_MIN;
    return LIAR_TELL;
}

static enum liar_fate negative_offset(struct liar_answer *answer)
{
    return list_of(answer, 0, INT64_MIN);
}

static enum liar_fate no_offset(struct liar_answer *answer)
{
    return list_of(answer, 0, -1);
}

static enum liar_fate last_offset(struct liar_answer *answer)
{
    return list_of(answer, 0, INT64_MAX);
}

static enum liar_fate list_code_of_ours(struct liar_answer *answer)
{
    return list_of(answer, RD_KAFKA_RESP_ERR__DESTROY, 0);
}

static enum liar_fate list_code_unheard_of(struct liar_answer *answer)
{
    return list_of(answer, 32767, 0);
}

static const struct hostile_lie list_lies[] = {
    {LIE(list_of_another_topic), false},
    {LIE(list_of_another_partition), false},
    {LIE(empty_list), false},
    {LIE(long_list), false},
    {LIE(negative_offset), true},
    {LIE(no_offset), true},
    {LIE(last_offset), false},
    {LIE(list_code_of_ours), true},
    {LIE(list_code_unheard_of), true},
};

static void test_list_offsets(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 2, RECORDS);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    for (size_t i = 0; i < RK_COUNT_OF(list_lies); i++) {
        fixture.next[0] = fixture.next[1] = 0;
        hostile_tell(&fixture, &list_lies[i], 1, RK_API_LIST_OFFSETS, 1);
        consume_assign(&fixture.base, "t", 2, RD_KAFKA_OFFSET_BEGINNING);
        hostile_expect_consumed(&fixture, 1, RECORDS);
        hostile_expect_told(&fixture);
        hostile_expect_consumed(&fixture, 0, RECORDS);
        for (int e = 0; e < fixture.error_count; e++) {
            if (fixture.errors[e].partition != 0 || !list_lies[i].may_fail)
                fail_msg("%s: %s", list_lies[i].name, fixture.errors[e].text);
        }
        assert_true(fixture.error_count > 0 || !list_lies[i].may_fail);
        fixture.error_count = 0;
    }
}

/* OffsetForLeaderEpoch */

static struct rk_offset_for_leader_epoch_answer *validated(struct liar_answer *answer)
{
    return answer->answer;
}

static enum liar_fate epoch_of_another_topic(struct liar_answer *answer)
{
    validated(answer)->topics.items[0].topic = "stranger";
    return LIAR_TELL;
}

static enum liar_fate no_epochs(struct liar_answer *answer)
{
    validated(answer)->topics.count = 0;
    return LIAR_TELL;
}

static enum liar_fate many_epochs(struct liar_answer *answer)
{
    struct rk_offset_for_leader_epoch_answer_topic *items =
        rk_offset_for_leader_epoch_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++)
        items[i] = validated(answer)->topics.items[0];
    validated(answer)->topics.items = items;
    validated(answer)->topics.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate epoch_of(struct liar_answer *answer, int err, int32_t epoch,
                               int64_t end_offset)
{
    struct rk_offset_for_leader_epoch_answer_partition *partition =
        &validated(answer)->topics.items[0].partitions.items[0];
    partition->error_code = (int16_t)err;
    partition->leader_epoch = epoch;
    partition->end_offset = end_offset;
    return LIAR_TELL;
}

static enum liar_fate epoch_without_end(struct liar_answer *answer)
{
    return epoch_of(answer, 0, INT32_MAX, INT64_MAX);
}

static enum liar_fate negative_epoch(struct liar_answer *answer)
{
    return epoch_of(answer, 0, INT32_MIN, INT64_MIN);
}

static enum liar_fate epoch_code_of_ours(struct liar_answer *answer)
{
    return epoch_of(answer, RD_KAFKA_RESP_ERR__DESTROY, 0, 0);
}

static enum liar_fate epoch_code_unheard_of(struct liar_answer *answer)
{
    return epoch_of(answer, 32767, 0, 0);
}

static const struct hostile_lie epoch_lies[] = {
    {LIE(epoch_of_another_topic), false},
    {LIE(no_epochs), false},
    {LIE(many_epochs), false},
    {LIE(epoch_without_end), false},
    {LIE(negative_epoch), false},
    {LIE(epoch_code_of_ours), true},
    {LIE(epoch_code_unheard_of), true},
};

static int32_t find_epoch(void)
{
    consume_assign(&fixture.base, "t", 1, 0);
    rd_kafka_message_t *message = consume_next(&fixture.base);
    int32_t epoch = rd_kafka_message_leader_epoch(message);
    assert_in_range(epoch, 0, 100);
    rd_kafka_message_destroy(message);
    return epoch;
}

static void test_offset_for_leader_epoch(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 2, RECORDS);
    liar_set_max_version(fixture.liar, RK_API_FETCH, 11);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    int32_t epoch = find_epoch();
    for (size_t i = 0; i < RK_COUNT_OF(epoch_lies); i++) {
        fixture.next[0] = fixture.next[1] = 0;
        hostile_tell(&fixture, &epoch_lies[i], 1, RK_API_OFFSET_FOR_LEADER_EPOCH, 1);
        rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
        rd_kafka_topic_partition_list_add(list, "t", 1)->offset = 0;
        rd_kafka_topic_partition_set_leader_epoch(&list->elems[0], epoch);
        assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
        rd_kafka_topic_partition_list_destroy(list);
        hostile_expect_consumed(&fixture, 1, RECORDS);
        hostile_expect_told(&fixture);
        hostile_expect_consumed(&fixture, 0, RECORDS);
        for (int e = 0; e < fixture.error_count; e++) {
            if (fixture.errors[e].partition != 0 || !epoch_lies[i].may_fail)
                fail_msg("%s: %s", epoch_lies[i].name, fixture.errors[e].text);
        }
        fixture.error_count = 0;
    }
}

#define TEST(name) HOSTILE_TEST(name, &fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fetch),
        TEST(test_fetch_of_old_brokers),
        TEST(test_list_offsets),
        TEST(test_offset_for_leader_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
