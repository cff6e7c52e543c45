/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hostile_member.h"

#include <stdio.h>

int hostile_member_set_up(void **state)
{
    struct hostile_fixture *fixture = *state;
    hostile_init(fixture, 2);
    hostile_add_topic(fixture, "t", HOSTILE_MEMBER_PARTITIONS);
    rd_kafka_mock_group_initial_rebalance_delay_ms(fixture->base.cluster, 0);
    return 0;
}

void hostile_member_start(struct hostile_fixture *fixture, const char *what, int number,
                          const char *session_ms)
{
    char group[64];
    snprintf(group, sizeof(group), "%s-%d", what, number);
    hostile_start(fixture, RD_KAFKA_CONSUMER, "group.id", group, "heartbeat.interval.ms", "20",
                  "session.timeout.ms", session_ms, NULL);
    fixture->error_count = 0;
}

void hostile_member_start_consumer(struct hostile_fixture *fixture, const char *what, int number)
{
    char group[64];
    snprintf(group, sizeof(group), "%s-%d", what, number);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture->base.cluster, 50);
    hostile_start(fixture, RD_KAFKA_CONSUMER, "group.id", group, "group.protocol", "consumer",
                  NULL);
    fixture->error_count = 0;
}

void hostile_member_expect_messages(struct hostile_fixture *fixture, int count)
{
    fixture->may_repeat = true;
    consume_fill_all(&fixture->base, "t", HOSTILE_MEMBER_PARTITIONS, count);
    for (int32_t p = 0; p < HOSTILE_MEMBER_PARTITIONS; p++)
        hostile_expect_consumed(fixture, p, count);
}

void hostile_member_subscribe(struct hostile_fixture *fixture, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = consume_list(topic, RD_KAFKA_PARTITION_UA, 0);
    assert_int_equal(rd_kafka_subscribe(fixture->rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static bool has_partitions(struct hostile_fixture *fixture, const void *count)
{
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_assignment(fixture->rk, &list), 0);
    bool has = list->cnt == *(const int *)count;
    rd_kafka_topic_partition_list_destroy(list);
    return has;
}

void hostile_member_expect(struct hostile_fixture *fixture, int count, const char *what)
{
    hostile_wait(fixture, has_partitions, &count, what);
}

void hostile_member_end(struct hostile_fixture *fixture)
{
    rd_kafka_destroy(fixture->rk);
    fixture->rk = NULL;
}

enum liar_fate hostile_member_multiply(struct liar_answer *answer, int count, const char *id)
{
    struct rk_join_group_answer *joined = answer->answer;
    if (joined->error_code || joined->members.count == 0)
        return LIAR_TRUTH;
    struct rk_join_group_answer_member *items =
        rk_join_group_answer_member_try_new(answer->arena, count);
    for (int i = 0; i < count; i++) {
        items[i] = joined->members.items[0];
        if (i > 0 && id)
            items[i].member_id = id;
    }
    joined->members.items = items;
    joined->members.count = count;
    return LIAR_TELL;
}
