/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metadata that says what cannot be, a few times, and then the truth: the client goes on in the end
 * with nothing lost.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum { TIMES = 3, RECORDS = 10, MANY = 2000 };

static struct hostile_fixture fixture;

/* Metadata */

#define BROKERS(answer)   (((struct rk_metadata_answer *)(answer)->answer)->brokers)
#define METADATA(answer)  ((struct rk_metadata_answer *)(answer)->answer)
#define NO_TOPICS(answer) (METADATA(answer)->topics.count == 0)

static enum liar_fate no_brokers(struct liar_answer *answer)
{
    BROKERS(answer).count = 0;
    return LIAR_TELL;
}

static enum liar_fate each_broker(struct liar_answer *answer, int32_t id, const char *host,
                                  int32_t port)
{
    for (int32_t i = 0; i < BROKERS(answer).count; i++) {
        struct rk_metadata_answer_broker *broker = &BROKERS(answer).items[i];
        broker->node_id = id != 0 ? id : broker->node_id;
        broker->host = host ? host : broker->host;
        broker->port = port != 1 ? port : broker->port;
    }
    return LIAR_TELL;
}

static enum liar_fate same_ids(struct liar_answer *answer)
{
    return each_broker(answer, 1, NULL, 1);
}

static enum liar_fate negative_ids(struct liar_answer *answer)
{
    return each_broker(answer, -7, NULL, 1);
}

static enum liar_fate no_hosts(struct liar_answer *answer)
{
    return each_broker(answer, 0, "", 1);
}

static enum liar_fate endless_hosts(struct liar_answer *answer)
{
    char *host = liar_alloc(answer, 30001);
    memset(host, 'x', 30000);
    return each_broker(answer, 0, host, 1);
}

static enum liar_fate port_zero(struct liar_answer *answer)
{
    return each_broker(answer, 0, NULL, 0);
}

static enum liar_fate port_70000(struct liar_answer *answer)
{
    return each_broker(answer, 0, NULL, 70000);
}

static enum liar_fate negative_port(struct liar_answer *answer)
{
    return each_broker(answer, 0, NULL, -9092);
}

static enum liar_fate many_brokers(struct liar_answer *answer)
{
    struct rk_metadata_answer_broker *items =
        rk_metadata_answer_broker_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++) {
        items[i].node_id = 1000 + i;
        items[i].host = "127.0.0.1";
        items[i].port = 1;
    }
    memcpy(items, BROKERS(answer).items, (size_t)BROKERS(answer).count * sizeof(*items));
    BROKERS(answer).items = items;
    BROKERS(answer).count = MANY;
    return LIAR_TELL;
}

/* Of every partition in the answer. */
static enum liar_fate each_partition(struct liar_answer *answer,
                                     void (*change)(struct rk_metadata_answer_partition *partition))
{
    for (int32_t t = 0; t < METADATA(answer)->topics.count; t++) {
        struct rk_metadata_answer_topic *topic = &METADATA(answer)->topics.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++)
            change(&topic->partitions.items[p]);
    }
    return LIAR_TELL;
}

static void stranger_leads(struct rk_metadata_answer_partition *partition)
{
    partition->leader_id = 999;
}

static void nobody_leads(struct rk_metadata_answer_partition *partition)
{
    partition->leader_id = -5;
}

static void other_leads(struct rk_metadata_answer_partition *partition)
{
    partition->leader_id = 3 - partition->leader_id;
}

static void epoch_goes_back(struct rk_metadata_answer_partition *partition)
{
    partition->leader_epoch -= 2;
    partition->leader_id = 3 - partition->leader_id;
}

static void negative_number(struct rk_metadata_answer_partition *partition)
{
    partition->partition_index = -1 - partition->partition_index;
}

static void same_number(struct rk_metadata_answer_partition *partition)
{
    partition->partition_index = 0;
}

static void huge_number(struct rk_metadata_answer_partition *partition)
{
    partition->partition_index = INT32_MAX - partition->partition_index;
}

static void code_of_ours(struct rk_metadata_answer_partition *partition)
{
    partition->error_code = RD_KAFKA_RESP_ERR__DESTROY;
}

static void no_such_replicas(struct rk_metadata_answer_partition *partition)
{
    static int32_t ids[] = {-1, -1, INT32_MIN, 77};
    partition->replica_nodes.items = partition->isr_nodes.items = ids;
    partition->replica_nodes.count = partition->isr_nodes.count = 4;
}

#define EACH_PARTITION(name)                                      \
    static enum liar_fate tell_##name(struct liar_answer *answer) \
    {                                                             \
        return each_partition(answer, name);                      \
    }
EACH_PARTITION(stranger_leads)
EACH_PARTITION(nobody_leads)
EACH_PARTITION(other_leads)
EACH_PARTITION(epoch_goes_back)
EACH_PARTITION(negative_number)
EACH_PARTITION(same_number)
EACH_PARTITION(huge_number)
EACH_PARTITION(code_of_ours)
EACH_PARTITION(no_such_replicas)

static enum liar_fate each_topic(struct liar_answer *answer, int err, const char *name, bool is_new)
{
    static uint8_t number;
    for (int32_t t = 0; t < METADATA(answer)->topics.count; t++) {
        struct rk_metadata_answer_topic *topic = &METADATA(answer)->topics.items[t];
        topic->error_code = err ? (int16_t)err : topic->error_code;
        topic->name = name ? name : topic->name;
        if (is_new)
            topic->topic_id.bytes[3] = ++number;
    }
    return LIAR_TELL;
}

static enum liar_fate topic_code_of_ours(struct liar_answer *answer)
{
    return each_topic(answer, RD_KAFKA_RESP_ERR__DESTROY, NULL, false);
}

static enum liar_fate topic_code_unheard_of(struct liar_answer *answer)
{
    return each_topic(answer, 32767, NULL, false);
}

static enum liar_fate other_topics(struct liar_answer *answer)
{
    return each_topic(answer, 0, "stranger", false);
}

static enum liar_fate nameless_topics(struct liar_answer *answer)
{
    return each_topic(answer, 0, "", false);
}

static enum liar_fate new_topic_ids(struct liar_answer *answer)
{
    return each_topic(answer, 0, NULL, true);
}

static enum liar_fate no_partitions(struct liar_answer *answer)
{
    for (int32_t t = 0; t < METADATA(answer)->topics.count; t++)
        METADATA(answer)->topics.items[t].partitions.count = 0;
    return LIAR_TELL;
}

static enum liar_fate topics_over_and_over(struct liar_answer *answer)
{
    if (NO_TOPICS(answer))
        return LIAR_TELL;
    struct rk_metadata_answer_topic *items = rk_metadata_answer_topic_try_new(answer->arena, MANY);
    for (int i = 0; i < MANY; i++) {
        items[i] = METADATA(answer)->topics.items[0];
        items[i].partitions.count = i % 2 + 1;
    }
    METADATA(answer)->topics.items = items;
    METADATA(answer)->topics.count = MANY;
    return LIAR_TELL;
}

static enum liar_fate error_of_all(struct liar_answer *answer)
{
    METADATA(answer)->error_code = RD_KAFKA_RESP_ERR__FATAL; /* From version 13 on. */
    METADATA(answer)->cluster_id = NULL;
    METADATA(answer)->controller_id = INT32_MIN;
    return LIAR_TELL;
}

static enum liar_fate negative_pause(struct liar_answer *answer)
{
    METADATA(answer)->throttle_time_ms = INT32_MIN;
    return LIAR_TELL;
}

/* Marked: it says that a partition is not there, which is believed of a topic nobody knew before.
 */
static const struct hostile_lie metadata_lies[] = {
    {LIE(no_brokers), false},
    {LIE(same_ids), false},
    {LIE(negative_ids), false},
    {LIE(no_hosts), false},
    {LIE(endless_hosts), false},
    {LIE(port_zero), false},
    {LIE(port_70000), false},
    {LIE(negative_port), false},
    {LIE(many_brokers), false},
    {LIE(tell_stranger_leads), false},
    {LIE(tell_nobody_leads), false},
    {LIE(tell_other_leads), false},
    {LIE(tell_epoch_goes_back), false},
    {LIE(tell_negative_number), true},
    {LIE(tell_same_number), true},
    {LIE(tell_huge_number), true},
    {LIE(tell_code_of_ours), false},
    {LIE(tell_no_such_replicas), false},
    {LIE(topic_code_of_ours), false},
    {LIE(topic_code_unheard_of), false},
    {LIE(other_topics), false},
    {LIE(nameless_topics), false},
    {LIE(no_partitions), false},
    {LIE(topics_over_and_over), true},
    {LIE(error_of_all), false},
    {LIE(negative_pause), false},
    /* Last: a topic made again may have fewer partitions, which is believed. */
    {LIE(new_topic_ids), false},
};

static void test_producer_and_metadata(void **state)
{
    (void)state;
    hostile_start(&fixture, RD_KAFKA_PRODUCER, "topic.metadata.refresh.interval.ms", "20",
                  "topic.metadata.propagation.max.ms", "30000", NULL);
    for (size_t i = 0; i < RK_COUNT_OF(metadata_lies); i++) {
        hostile_tell(&fixture, &metadata_lies[i], TIMES, RK_API_METADATA, 0);
        hostile_produce(&fixture, "t", 0);
        hostile_produce(&fixture, "t", 1);
        hostile_expect_told(&fixture);
        hostile_produce(&fixture, "t", 0);
        hostile_produce(&fixture, "t", 1);
        hostile_expect_delivered(&fixture);
    }
}

static void test_consumer_and_metadata(void **state)
{
    (void)state;
    int next = 0;
    hostile_start(&fixture, RD_KAFKA_CONSUMER, "topic.metadata.refresh.interval.ms", "20",
                  "topic.metadata.propagation.max.ms", "30000", NULL);
    consume_assign(&fixture.base, "t", 2, 0);
    for (size_t i = 0; i < RK_COUNT_OF(metadata_lies); i++) {
        hostile_tell(&fixture, &metadata_lies[i], TIMES, RK_API_METADATA, 0);
        hostile_expect_told(&fixture);
        for (int p = 0; p < 2; p++)
            consume_fill(&fixture.base, "t", p, next, RECORDS);
        next += RECORDS;
        for (int p = 0; p < 2; p++)
            hostile_expect_consumed(&fixture, p, next);
    }
}

/* From the very first answer on. */
static void test_first_metadata(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(metadata_lies); i++) {
        hostile_tell(&fixture, &metadata_lies[i], TIMES, RK_API_METADATA, 0);
        hostile_start(&fixture, RD_KAFKA_PRODUCER, "topic.metadata.refresh.interval.ms", "20",
                      "topic.metadata.propagation.max.ms", "30000", NULL);
        hostile_produce(&fixture, "t", 0);
        hostile_produce(&fixture, "t", 1);
        hostile_expect_told(&fixture);
        hostile_expect_reported(&fixture);
        if (!metadata_lies[i].may_fail)
            hostile_expect_delivered(&fixture);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
        fixture.error_count = 0;
        fixture.sent -= fixture.undelivered;
        fixture.undelivered = 0;
    }
}

/* With a leader that knows nothing of it. */
static enum liar_fate one_too_many(struct liar_answer *answer)
{
    for (int32_t t = 0; t < METADATA(answer)->topics.count; t++) {
        struct rk_metadata_answer_topic *topic = &METADATA(answer)->topics.items[t];
        int32_t count = topic->partitions.count;
        if (count == 0)
            continue;
        struct rk_metadata_answer_partition *items =
            rk_metadata_answer_partition_try_new(answer->arena, count + 1);
        memcpy(items, topic->partitions.items, (size_t)count * sizeof(*items));
        items[count] = items[count - 1];
        items[count].partition_index = count;
        topic->partitions.items = items;
        topic->partitions.count = count + 1;
    }
    return LIAR_TELL;
}

static bool is_refused(struct hostile_fixture *self, const void *argument)
{
    (void)argument;
    return self->undelivered > 0;
}

/* The lie has arrived when a message for what it names is taken; who sleeps through the time that
 * it is believed hears it again. */
static bool is_believed(struct hostile_fixture *self, const void *lie)
{
    if (!rd_kafka_producev(self->rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(2),
                           RD_KAFKA_V_VALUE((void *)(uintptr_t) "text", 4),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) {
        hostile_tell(self, lie, 0, RK_API_METADATA, 0);
        self->sent++;
        return true;
    }
    if (hostile_was_told(self))
        hostile_tell(self, lie, 1, RK_API_METADATA, 0);
    return false;
}

/* The topic's id stays the same: no partition is gone for ever because of one lie. */
static void test_partition_too_many(void **state)
{
    (void)state;
    static const struct hostile_lie lie = {LIE(one_too_many), false};
    hostile_start(&fixture, RD_KAFKA_PRODUCER, "topic.metadata.refresh.interval.ms", "20",
                  "topic.metadata.propagation.max.ms", "3000", "message.timeout.ms", "300000",
                  NULL);
    hostile_produce(&fixture, "t", 0);
    hostile_expect_delivered(&fixture);
    hostile_tell(&fixture, &lie, 1, RK_API_METADATA, 0);
    hostile_wait(&fixture, is_believed, &lie, "a partition too many"); /* It waits there ... */
    hostile_wait(&fixture, is_refused, NULL, "the report, once it is not believed any more");
    assert_int_equal(fixture.report.err, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    for (int i = 0; i < 100; i++)
        hostile_produce(&fixture, "t", RD_KAFKA_PARTITION_UA);
    hostile_expect_reported(&fixture);
    assert_int_equal(fixture.undelivered, 1);
}

#define TEST(name) HOSTILE_TEST(name, &fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_producer_and_metadata),
        TEST(test_consumer_and_metadata),
        TEST(test_first_metadata),
        TEST(test_partition_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
