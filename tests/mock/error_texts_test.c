/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole text of each error that is told to an application: what failed, with which broker, at
 * what address, at which attempt, and since when.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "support/consume_fixture.h"

enum {
    PRODUCE,
    FETCH,
    LIST_OFFSETS,
    OFFSET_COMMIT = 8,
    OFFSET_FETCH,
    FIND_COORDINATOR,
    JOIN_GROUP,
    HEARTBEAT,
    SYNC_GROUP = 14
};
enum { CONSUMER_HEARTBEAT = 68, ROUNDS = 300, POLL_MS = 100, PARTITIONS = 2 };

#define ADDRESS "127\\.0\\.0\\.1:[0-9]+"
#define BROKER  ADDRESS "/1"
#define SERVER  ADDRESS "/(bootstrap|1)"
#define WITHIN  "within [0-9]+ms"
#define ONCE    "attempt 1 " WITHIN
#define REFUSED                  \
    SERVER                       \
    ": Connect to ipv4#" ADDRESS \
    " failed: Connection refused \\(after [0-9]+ms in state CONNECT, attempt [0-9]+ " WITHIN "\\)"
#define FORBIDDEN "Not authorized for the topic"
#define NO_GROUP  "Not authorized for the group"

static struct consume_fixture fixture; /* One broker, with "t" in it. */

/* Faults and calls */

static void push(int api, rd_kafka_resp_err_t err, int count)
{
    for (int i = 0; i < count; i++)
        rd_kafka_mock_push_request_errors(fixture.cluster, (int16_t)api, 1, err);
}

static void refuse_connections(void)
{
    assert_int_equal(rd_kafka_mock_broker_set_down(fixture.cluster, 1), 0);
}

static void refuse_produce(void)
{
    push(PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
}

static void lack_replicas(void)
{
    push(PRODUCE, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 3);
}

static void close_on_produce(void)
{
    push(PRODUCE, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
}

static void answer_late(void)
{
    assert_int_equal(rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, PRODUCE, 2, 0,
                                                                  30000, 0, 30000),
                     0);
}

static void take_leader(void)
{
    for (int i = 0; i < PARTITIONS; i++)
        assert_int_equal(rd_kafka_mock_partition_set_leader(fixture.cluster, "t", i, -1), 0);
}

static void hide_topic(void)
{
    rd_kafka_mock_topic_set_error(fixture.cluster, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

static void refuse_fetch(void)
{
    push(FETCH, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
}

static void refuse_second_fetch(void)
{
    push(FETCH, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, 1);
    refuse_fetch();
}

static void close_on_fetch(void)
{
    push(FETCH, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
}

static void refuse_look_up(void)
{
    push(LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
}

static void refuse_second_look_up(void)
{
    push(LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, 1);
    refuse_look_up();
}

static void refuse_committed(void)
{
    push(OFFSET_FETCH, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
}

static void refuse_join(void)
{
    push(JOIN_GROUP, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
}

static void refuse_sync(void)
{
    push(SYNC_GROUP, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
}

static void refuse_commit(void)
{
    push(OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
}

static void refuse_coordinator(void)
{
    push(FIND_COORDINATOR, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
}

static void fence(void)
{
    push(HEARTBEAT, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1);
}

static void refuse_member(void)
{
    push(CONSUMER_HEARTBEAT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
}

static void idle(rd_kafka_t *rk)
{
    (void)rk;
}

static void produce_to(rd_kafka_t *rk, int32_t partition)
{
    assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t) "text", 4),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     0);
}

static void produce(rd_kafka_t *rk)
{
    produce_to(rk, 0);
}

static void produce_nowhere(rd_kafka_t *rk)
{
    produce_to(rk, 7);
}

static void assign(rd_kafka_t *rk, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, offset);
    assert_int_equal(rd_kafka_assign(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void consume_from_0(rd_kafka_t *rk)
{
    assign(rk, 0, 0);
}

static void consume_all(rd_kafka_t *rk)
{
    assign(rk, 0, RD_KAFKA_OFFSET_BEGINNING);
}

static void consume_beyond(rd_kafka_t *rk)
{
    assign(rk, 0, 5000);
}

/* Nobody asks for the outcome. */
static void commit(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 1);
    assert_int_equal(rd_kafka_commit(rk, list, 1), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void consume_nowhere(rd_kafka_t *rk)
{
    assign(rk, 7, 0);
}

static void consume_committed(rd_kafka_t *rk)
{
    assign(rk, 0, RD_KAFKA_OFFSET_STORED);
}

static void subscribe(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", RD_KAFKA_PARTITION_UA, 0);
    assert_int_equal(rd_kafka_subscribe(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The table */

enum source { OF_CLIENT, OF_REPORT, OF_MESSAGE, OF_FATAL, OF_LOG };

struct row {
    const char *name;
    void (*prepare)(void);
    void (*begin)(rd_kafka_t *rk);
    enum source source;
    rd_kafka_resp_err_t err;
    const char *pattern; /* Of the whole text. */
    const char *pairs[9];
};

static const struct row producers[] = {
    {"no connection",
     refuse_connections,
     idle,
     OF_CLIENT,
     RD_KAFKA_RESP_ERR__TRANSPORT,
     REFUSED,
     {NULL}},
    {"all brokers down",
     refuse_connections,
     idle,
     OF_CLIENT,
     RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
     "1/1 brokers are down; the last: " REFUSED,
     {NULL}},
    {"never a broker",
     refuse_connections,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
     "The message was not delivered in time: " REFUSED "; sent 0 time\\(s\\) " WITHIN,
     {"message.timeout.ms", "4000"}},
    {"broker refuses",
     refuse_produce,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
     FORBIDDEN " \\(" BROKER ", " ONCE "\\)",
     {NULL}},
    {"retries run out",
     lack_replicas,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
     "Too few replicas are in sync: not stored \\(" BROKER ", attempt 3 " WITHIN "\\)",
     {"message.send.max.retries", "2"}},
    {"connection lost",
     close_on_produce,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR__TRANSPORT,
     BROKER ": Disconnected by ipv4#" ADDRESS
            " \\(after [0-9]+ms in state UP, attempt 1\\) \\(" ONCE "\\)",
     {"message.send.max.retries", "0"}},
    {"no answer",
     answer_late,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
     "The message was not delivered in time: " BROKER ": no answer yet; sent 1 time\\(s\\) " WITHIN,
     {"message.timeout.ms", "4000"}},
    {"no leader",
     take_leader,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
     "The message was not delivered in time: t \\[0\\] has no leader to be sent to \\(" BROKER
     ", for [0-9]+ms\\); sent 0 time\\(s\\) " WITHIN,
     {"message.timeout.ms", "4000"}},
    {"no topic",
     hide_topic,
     produce,
     OF_REPORT,
     RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
     "The topic does not exist in the cluster: Metadata failed: The broker does not know the topic "
     "or partition: t \\(" BROKER ", for [0-9]+ms\\); sent 0 time\\(s\\) " WITHIN,
     {NULL}},
    {"no partition",
     NULL,
     produce_nowhere,
     OF_REPORT,
     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
     "The partition does not exist or is not in use here: t has 2 partitions \\(" BROKER
     "\\); sent 0 time\\(s\\) " WITHIN,
     {NULL}},
};

static const struct row consumers[] = {
    {"broker refuses fetch",
     refuse_fetch,
     consume_from_0,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
     "t \\[0\\]: Fetch at offset 0 failed: " FORBIDDEN " \\(" BROKER ", " ONCE "\\)",
     {NULL}},
    {"broker refuses look-up",
     refuse_look_up,
     consume_all,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
     "t \\[0\\]: offset look-up failed: " FORBIDDEN " \\(" BROKER ", " ONCE "\\)",
     {NULL}},
    {"no offset",
     NULL,
     consume_beyond,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
     "t \\[0\\]: the fetch offset is out of range \\(" BROKER ", " ONCE "\\)",
     {"auto.offset.reset", "error"}},
    {"nothing committed",
     NULL,
     consume_committed,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
     "t \\[0\\]: no committed offset \\(" BROKER ", " ONCE "\\)",
     {"auto.offset.reset", "error"}},
    {"second fetch is refused",
     refuse_second_fetch,
     consume_from_0,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
     "t \\[0\\]: Fetch at offset 0 failed: " FORBIDDEN " \\(" BROKER ", attempt 2 " WITHIN "\\)",
     {"fetch.error.backoff.ms", "10"}},
    {"second look-up is refused",
     refuse_second_look_up,
     consume_all,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
     "t \\[0\\]: offset look-up failed: " FORBIDDEN " \\(" BROKER ", attempt [23] " WITHIN "\\)",
     {"fetch.error.backoff.ms", "10"}},
    {"connection of a consumer lost",
     close_on_fetch,
     consume_from_0,
     OF_CLIENT,
     RD_KAFKA_RESP_ERR__TRANSPORT,
     BROKER ": Disconnected by ipv4#" ADDRESS " \\(after [0-9]+ms in state UP, attempt 1\\)",
     {NULL}},
    {"no topic",
     hide_topic,
     consume_from_0,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
     "t \\[0\\]: The broker does not know the topic or partition \\(" BROKER ", for [0-9]+ms\\)",
     {NULL}},
    {"no partition",
     NULL,
     consume_nowhere,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
     "t \\[7\\]: the topic does not have this partition \\(" BROKER "\\)",
     {NULL}},
    {"broker refuses committed",
     refuse_committed,
     consume_committed,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "t \\[0\\]: Group \"group\": OffsetFetch failed: " NO_GROUP " \\(" BROKER ", " ONCE "\\)",
     {NULL}},
    {"broker refuses join",
     refuse_join,
     subscribe,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "Group \"group\": JoinGroup failed: " NO_GROUP " \\(" BROKER ", " ONCE "\\)",
     {NULL}},
    {"broker refuses sync",
     refuse_sync,
     subscribe,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "Group \"group\": SyncGroup failed: " NO_GROUP " \\(" BROKER ", " ONCE "\\)",
     {NULL}},
    {"broker refuses commit",
     refuse_commit,
     commit,
     OF_LOG,
     RD_KAFKA_RESP_ERR_NO_ERROR,
     "Group \"group\": OffsetCommit failed for t \\[0\\] of 1 partition\\(s\\): " NO_GROUP
     " \\(" BROKER "\\)",
     {"log.queue", "true", "log.thread.name", "false"}},
    {"no coordinator",
     refuse_coordinator,
     subscribe,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "Group \"group\": JoinGroup failed: " NO_GROUP ": FindCoordinator: " SERVER
     " answered: " NO_GROUP " \\(attempt 1( " WITHIN ")?\\)",
     {NULL}},
    {"consumer protocol",
     refuse_member,
     subscribe,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "Group \"group\": ConsumerGroupHeartbeat failed: " NO_GROUP ".* \\(" BROKER ", " ONCE "\\)",
     {"group.protocol", "consumer"}},
    {"fenced",
     fence,
     subscribe,
     OF_FATAL,
     RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
     "Group \"group\": Heartbeat failed: Another member uses the same group.instance.id \\(" BROKER
     ", " ONCE "\\)",
     {"group.instance.id", "one", "heartbeat.interval.ms", "50", "session.timeout.ms", "6000"}},
    {"no subscribed topic",
     hide_topic,
     subscribe,
     OF_MESSAGE,
     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
     "Subscribed topic not available: t: The broker does not know the topic or partition \\(" BROKER
     ", for [0-9]+ms\\)",
     {NULL}},
};

/* Running it */

static struct {
    const struct row *row;
    char text[1000]; /* "": not yet. */
} told;

static void take(enum source source, int err, const char *text)
{
    if (source == told.row->source && err == (int)told.row->err && !told.text[0])
        snprintf(told.text, sizeof(told.text), "%s", text ? text : "(none)");
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    (void)opaque;
    take(OF_CLIENT, err, reason);
}

/* Of the log queue, which is served with the other events. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    if (strcmp(facility, "COMMITFAIL") == 0)
        take(OF_LOG, RD_KAFKA_RESP_ERR_NO_ERROR, text);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    take(OF_REPORT, message->err, rd_kafka_message_errstr(message));
}

static void set_pairs(rd_kafka_conf_t *conf, const char *const *pairs)
{
    char error[256];
    for (int i = 0; pairs[i]; i += 2) {
        if (rd_kafka_conf_set(conf, pairs[i], pairs[i + 1], error, sizeof(error)))
            fail_msg("%s", error);
    }
}

static rd_kafka_t *start(rd_kafka_type_t type)
{
    const char *const usual[] = {"retry.backoff.ms",
                                 "10",
                                 "retry.backoff.max.ms",
                                 "20",
                                 "reconnect.backoff.ms",
                                 "10",
                                 "reconnect.backoff.max.ms",
                                 "20",
                                 "topic.metadata.propagation.max.ms",
                                 "100",
                                 "topic.metadata.refresh.fast.interval.ms",
                                 "20",
                                 NULL};
    const char *const of_consumers[] = {"group.id", "group", "fetch.wait.max.ms", "50", NULL};
    const char *const own[] = {"bootstrap.servers",
                               rd_kafka_mock_cluster_bootstraps(fixture.cluster), NULL};
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set_pairs(conf, usual);
    set_pairs(conf, own);
    if (type == RD_KAFKA_CONSUMER)
        set_pairs(conf, of_consumers);
    else
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (told.row->source == OF_LOG)
        rd_kafka_conf_set_log_cb(conf, on_log);
    set_pairs(conf, told.row->pairs);
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    if (told.row->source == OF_LOG)
        assert_int_equal(rd_kafka_set_log_queue(rk, NULL), 0);
    return rk;
}

static void serve(rd_kafka_t *rk)
{
    char text[500];
    if (rd_kafka_type(rk) == RD_KAFKA_PRODUCER) {
        rd_kafka_poll(rk, POLL_MS);
        return;
    }
    rd_kafka_poll(rk, 0);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, POLL_MS);
    if (message && message->err)
        take(OF_MESSAGE, message->err, rd_kafka_message_errstr(message));
    if (message)
        rd_kafka_message_destroy(message);
    rd_kafka_resp_err_t fatal_err = rd_kafka_fatal_error(rk, text, sizeof(text));
    if (fatal_err)
        take(OF_FATAL, fatal_err, text);
}

static void expect_pattern(void)
{
    char whole[1200];
    regex_t regex;
    snprintf(whole, sizeof(whole), "^(%s)$", told.row->pattern);
    assert_int_equal(regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB), 0);
    int differs = regexec(&regex, told.text, 0, NULL, 0);
    regfree(&regex);
    if (differs)
        fail_msg("%s: \"%s\" is not %s", told.row->name, told.text, told.row->pattern);
}

static void run_row(const struct row *row, rd_kafka_type_t type)
{
    told.row = row;
    told.text[0] = '\0';
    consume_init(&fixture, 1);
    consume_add_topic(&fixture, "t", PARTITIONS);
    consume_fill_all(&fixture, "t", PARTITIONS, 1);
    if (row->prepare)
        row->prepare();
    rd_kafka_t *rk = start(type);
    row->begin(rk);
    for (int i = 0; i < ROUNDS && !told.text[0]; i++)
        serve(rk);
    if (!told.text[0])
        fail_msg("%s: %s did not come", row->name, rd_kafka_err2name(row->err));
    expect_pattern();
    rd_kafka_destroy(rk);
    consume_end(&fixture);
}

static void test_producers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(producers) / sizeof(producers[0]); i++)
        run_row(&producers[i], RD_KAFKA_PRODUCER);
}

static void test_consumers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(consumers) / sizeof(consumers[0]); i++)
        run_row(&consumers[i], RD_KAFKA_CONSUMER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_producers),
        cmocka_unit_test(test_consumers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
