/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a group's member: flow_join(). One at a time. */
#include "torture/flow.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static struct {
    int64_t next[FLOW_PARTITIONS];     /* Offset of the first message that has not come yet. */
    int64_t at[FLOW_PARTITIONS];       /* Offset that comes next. */
    bool may_go_back[FLOW_PARTITIONS]; /* It was just assigned. */
} the;

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)opaque;
    bool assigns = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    bool is_cooperative = strcmp(rd_kafka_rebalance_protocol(rk), "COOPERATIVE") == 0;
    rd_kafka_error_t *error = NULL;
    for (int i = 0; assigns && i < list->cnt; i++)
        the.may_go_back[list->elems[i].partition] = true;
    if (!is_cooperative)
        assert_int_equal(rd_kafka_assign(rk, assigns ? list : NULL), 0);
    else if (assigns)
        error = rd_kafka_incremental_assign(rk, list);
    else
        error = rd_kafka_incremental_unassign(rk, list);
    if (error)
        fail_msg("%s", rd_kafka_error_string(error));
}

static void check_message(const rd_kafka_message_t *message)
{
    int32_t partition = message->partition;
    int64_t *at = &the.at[partition];
    if (the.may_go_back[partition] && message->offset < *at)
        *at = message->offset;
    the.may_go_back[partition] = false;
    if (message->offset != *at)
        fail_msg("partition %d: offset %d, expected %d", (int)partition, (int)message->offset,
                 (int)*at);
    (*at)++;
    the.next[partition] = RK_MAX(the.next[partition], *at);
}

static bool is_all_consumed(void)
{
    int count = 0;
    for (int i = 0; i < FLOW_PARTITIONS; i++)
        count += the.next[i] == FLOW_FILLED && the.at[i] == FLOW_FILLED;
    return count == FLOW_PARTITIONS;
}

static void consume_all(rd_kafka_t *rk)
{
    while (!is_all_consumed()) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, FLOW_TIMEOUT_MS);
        if (!message)
            fail_msg("messages do not come: %d and %d have", (int)the.at[0], (int)the.at[1]);
        if (!message->err)
            check_message(message);
        rd_kafka_message_destroy(message);
    }
}

static rd_kafka_topic_partition_list_t *both_partitions(void)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(FLOW_PARTITIONS);
    rd_kafka_topic_partition_list_add_range(list, FLOW_TOPIC, 0, FLOW_PARTITIONS - 1);
    return list;
}

/* A call may fail, and the next one does it: the watchdog is the limit. */
static void commit_all(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = both_partitions();
    for (int i = 0; i < FLOW_PARTITIONS; i++)
        list->elems[i].offset = FLOW_FILLED;
    while (rd_kafka_commit(rk, list, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
        consume_all(rk);
    while (rd_kafka_committed(rk, list, FLOW_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        ;
    for (int i = 0; i < FLOW_PARTITIONS; i++)
        assert_int_equal(list->elems[i].offset, FLOW_FILLED);
    rd_kafka_topic_partition_list_destroy(list);
}

static rd_kafka_t *new_member(const char *strategy, char *error, size_t error_size)
{
    static int turn;
    char group[32];
    rd_kafka_conf_t *conf = flow_new_conf();
    snprintf(group, sizeof(group), "member-%d", turn++); /* So that nobody is left in it. */
    flow_set(conf, "group.id", group);
    if (strategy) {
        flow_set(conf, "partition.assignment.strategy", strategy);
        flow_set(conf, "heartbeat.interval.ms", "5");
    } else {
        flow_set(conf, "group.protocol", "consumer");
    }
    flow_set(conf, "enable.auto.commit", turn % 2 ? "true" : "false");
    flow_set(conf, "auto.commit.interval.ms", "5");
    flow_set(conf, "fetch.wait.max.ms", "10");
    flow_set(conf, "fetch.error.backoff.ms", "1");
    flow_set(conf, "auto.offset.reset", "earliest");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, error_size);
    if (!rk)
        rd_kafka_conf_destroy(conf);
    return rk;
}

/* NULL: the protocol that leaves assigning to the coordinator. */
static void join(const char *strategy)
{
    char error[256] = "";
    memset(&the, 0, sizeof(the));
    rd_kafka_t *rk = new_member(strategy, error, sizeof(error));
    if (!rk) {
        assert_string_not_equal(error, "");
        return;
    }
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, FLOW_TOPIC, RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(rk);
    assert_int_equal(rd_kafka_subscribe(rk, topics), 0);
    rd_kafka_topic_partition_list_destroy(topics);
    consume_all(rk);
    commit_all(rk);
    assert_int_equal(rd_kafka_consumer_close(rk), 0);
    rd_kafka_destroy(rk);
}

void flow_join(void)
{
    static const char *const strategies[] = {"range", "cooperative-sticky", "roundrobin"};
    static int turn;
    join(strategies[turn++ % 3]);
}

void flow_join_consumer(void)
{
    join(NULL);
}
