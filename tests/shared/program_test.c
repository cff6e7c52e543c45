/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as people write them, against the public headers alone: every public struct by its
 * members, and every macro. It is C99 and C++11 alike: mklove/static compiles it as both; here it
 * runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define TIMEOUT_MS 20000

#define REQUIRE(condition)                                                  \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

struct counters {
    int delivered, consumed, rejected;
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct counters *counters = (struct counters *)opaque;
    REQUIRE(rd_kafka_opaque(rk) == opaque);
    REQUIRE(message->_private == NULL || *(int *)message->_private == 42);
    REQUIRE(!strcmp(rd_kafka_topic_name(message->rkt), "numbers"));
    if (message->err)
        counters->rejected++;
    else
        counters->delivered++;
    REQUIRE(message->err || message->offset >= 0);
}

static int32_t first_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_size,
                               int32_t count, void *topic_opaque, void *message_opaque)
{
    (void)key;
    (void)key_size;
    (void)topic_opaque;
    (void)message_opaque;
    REQUIRE(count > 0);
    return rd_kafka_topic_partition_available(rkt, 0) ? 0 : RD_KAFKA_PARTITION_UA;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
}

static rd_kafka_t *start_producer(struct counters *counters)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
    set(conf, "test.mock.num.brokers", "3");
    set(conf, "linger.ms", "5");
    rd_kafka_topic_conf_set_partitioner_cb(topic_conf, first_partition);
    rd_kafka_conf_set_default_topic_conf(conf, topic_conf);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, counters);
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!rk) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    return rk;
}

/* Each way to hand over a message. Returns how many. */
static int produce(rd_kafka_t *rk)
{
    static int answer = 42;
    char value[] = "value", key[] = "key";
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "numbers", NULL);
    REQUIRE(rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value,
                             strlen(value), key, strlen(key), &answer) == 0);
    char *own = (char *)malloc(3);
    memcpy(own, "own", 3);
    REQUIRE(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_FREE, own, 3, NULL, 0, NULL) == 0);

    REQUIRE(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("numbers"), RD_KAFKA_V_PARTITION(0),
                              RD_KAFKA_V_VALUE(value, strlen(value)),
                              RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_OPAQUE(&answer),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                              RD_KAFKA_V_TIMESTAMP(1700000000000), RD_KAFKA_V_HEADER("h", "v", 1),
                              RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    REQUIRE(rd_kafka_header_add(headers, "name", -1, "value", -1) == RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(rd_kafka_producev(rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_HEADERS(headers),
                              RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);

    rd_kafka_vu_t arguments[2];
    memset(arguments, 0, sizeof(arguments));
    arguments[0].vtype = RD_KAFKA_VTYPE_RKT;
    arguments[0].u.rkt = topic;
    arguments[1].vtype = RD_KAFKA_VTYPE_VALUE;
    arguments[1].u.mem.ptr = value;
    arguments[1].u.mem.size = strlen(value);
    REQUIRE(rd_kafka_produceva(rk, arguments, 2) == NULL);

    rd_kafka_message_t batch[2];
    memset(batch, 0, sizeof(batch));
    batch[0].payload = value;
    batch[0].len = 1;
    batch[1].key = key;
    batch[1].key_len = 1;
    REQUIRE(rd_kafka_produce_batch(topic, 0, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION, batch,
                                   2) == 2);
    REQUIRE(batch[0].err == RD_KAFKA_RESP_ERR_NO_ERROR && batch[1].err == batch[0].err);
    REQUIRE(rd_kafka_flush(rk, TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_destroy(topic);
    return 7;
}

static void look_at_metadata(rd_kafka_t *rk)
{
    const struct rd_kafka_metadata *metadata;
    REQUIRE(rd_kafka_metadata(rk, 1, NULL, &metadata, TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(metadata->broker_cnt == 3 && metadata->topic_cnt == 1);
    REQUIRE(metadata->orig_broker_id >= 0 && metadata->orig_broker_name != NULL);
    for (int i = 0; i < metadata->broker_cnt; i++) {
        const struct rd_kafka_metadata_broker *broker = &metadata->brokers[i];
        REQUIRE(broker->id > 0 && broker->port > 0 && !strcmp(broker->host, "127.0.0.1"));
    }
    const struct rd_kafka_metadata_topic *topic = &metadata->topics[0];
    REQUIRE(!strcmp(topic->topic, "numbers") && !topic->err && topic->partition_cnt == 4);
    const struct rd_kafka_metadata_partition *partition = &topic->partitions[0];
    REQUIRE(partition->id == 0 && !partition->err && partition->leader > 0);
    REQUIRE(partition->replica_cnt > 0 && partition->replicas[0] > 0);
    REQUIRE(partition->isr_cnt > 0 && partition->isrs[0] > 0);
    rd_kafka_metadata_destroy(metadata);
}

static void consume(const char *bootstraps, int count, struct counters *counters)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", bootstraps);
    set(conf, "group.id", "readers");
    set(conf, "enable.partition.eof", "true");
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    REQUIRE(rk);
    REQUIRE(!rd_kafka_poll_set_consumer(rk));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, "numbers", 0);
    entry->offset = RD_KAFKA_OFFSET_TAIL(count);
    REQUIRE(list->cnt == 1 && list->size >= 1 && list->elems == entry);
    REQUIRE(!strcmp(entry->topic, "numbers") && entry->partition == 0 && !entry->err);
    REQUIRE(entry->metadata == NULL && entry->metadata_size == 0 && entry->opaque == NULL);
    REQUIRE(!rd_kafka_assign(rk, list));
    for (;;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
        REQUIRE(message);
        rd_kafka_resp_err_t err = message->err;
        if (!err)
            counters->consumed++;
        else
            REQUIRE(err == RD_KAFKA_RESP_ERR__PARTITION_EOF && message->offset == count);
        rd_kafka_message_destroy(message);
        if (err)
            break;
    }
    rd_kafka_topic_partition_list_destroy(list);
    REQUIRE(!rd_kafka_consumer_close(rk));
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void look_at_errors(void)
{
    const struct rd_kafka_err_desc *descriptions;
    size_t count;
    rd_kafka_get_err_descs(&descriptions, &count);
    REQUIRE(count > 100);
    for (size_t i = 0; i < count; i++)
        if (descriptions[i].desc)
            REQUIRE(!strcmp(rd_kafka_err2name(descriptions[i].code), descriptions[i].name));
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT, "after %d ms", 5);
    REQUIRE(!strcmp(rd_kafka_error_string(error), "after 5 ms"));
    rd_kafka_error_destroy(error);
}

/* Macros that are plain numbers and texts; some of them have a second name. */
static void look_at_macros(void)
{
    REQUIRE(rd_kafka_version() == RD_KAFKA_VERSION);
    REQUIRE(!strcmp(rd_kafka_get_debug_contexts(), RD_KAFKA_DEBUG_CONTEXTS));
    REQUIRE(RD_KAFKA_OFFSET_BEGINNING == -2 && RD_KAFKA_OFFSET_END == -1);
    REQUIRE(RD_KAFKA_OFFSET_STORED == -1000 && RD_KAFKA_OFFSET_INVALID == -1001);
    REQUIRE(RD_KAFKA_OFFSET_TAIL(5) == RD_KAFKA_OFFSET_TAIL_BASE - 5);
    REQUIRE((RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING) ==
            7);
    REQUIRE(RD_KAFKA_RESP_ERR_NOT_LEADER_OR_FOLLOWER == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    REQUIRE(RD_KAFKA_RESP_ERR_GROUP_LOAD_IN_PROGRESS ==
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    REQUIRE(RD_KAFKA_RESP_ERR_GROUP_COORDINATOR_NOT_AVAILABLE ==
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    REQUIRE(RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP == RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    const int events[] = {RD_KAFKA_EVENT_DR,        RD_KAFKA_EVENT_FETCH,
                          RD_KAFKA_EVENT_LOG,       RD_KAFKA_EVENT_ERROR,
                          RD_KAFKA_EVENT_REBALANCE, RD_KAFKA_EVENT_OFFSET_COMMIT,
                          RD_KAFKA_EVENT_STATS};
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
        REQUIRE(events[i] == 1 << i);
    REQUIRE(RD_KAFKA_EVENT_NONE == 0 && RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH == 0x100);
    struct rd_kafka_group_member_info member;
    struct rd_kafka_group_info group;
    struct rd_kafka_group_list groups;
    memset(&member, 0, sizeof(member));
    memset(&group, 0, sizeof(group));
    REQUIRE(!member.member_id && !member.client_id && !member.client_host);
    REQUIRE(!member.member_metadata && member.member_metadata_size == 0);
    REQUIRE(!member.member_assignment && member.member_assignment_size == 0);
    group.members = &member;
    group.member_cnt = 1;
    groups.groups = &group;
    groups.group_cnt = 1;
    REQUIRE(groups.groups[0].broker.id == 0 && groups.group_cnt == 1 && !group.group);
    REQUIRE(!group.err && !group.state && !group.protocol_type && !group.protocol);
}

int main(void)
{
    struct counters counters = {0, 0, 0};
    rd_kafka_t *producer = start_producer(&counters);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(producer);
    REQUIRE(rd_kafka_mock_topic_create(cluster, "numbers", 4, 3) == RD_KAFKA_RESP_ERR_NO_ERROR);
    int produced = produce(producer);
    REQUIRE(counters.delivered == produced && counters.rejected == 0);
    look_at_metadata(producer);
    consume(rd_kafka_mock_cluster_bootstraps(cluster), produced, &counters);
    REQUIRE(counters.consumed == produced);
    look_at_errors();
    look_at_macros();
    rd_kafka_destroy(producer);
    return rd_kafka_wait_destroyed(TIMEOUT_MS) ? 1 : 0;
}
