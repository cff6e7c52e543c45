/* SPDX-License-Identifier: BSD-2-Clause */
#include "torture/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rdkafka_mock.h"
#include "runtime/thread.h"

enum {
    MESSAGES = 70,     /* Of a producer's life. */
    BURST = 40,        /* The last of them go into a batch of each topic, which grows. */
    LARGE_SIZE = 9000, /* Several segments. */
    RUNS_MAX = 3000,
    PAUSE_US = 500,
};

static struct {
    rd_kafka_t *owner; /* Of the cluster. */
    rd_kafka_mock_cluster_t *cluster;
    char servers[64]; /* By name, so that it is looked up. */
    char large[LARGE_SIZE];
    int reports[MESSAGES];
    rd_kafka_resp_err_t expected_error; /* The one that messages may fail with. */
    bool uses_socket_callback, uses_canonical_names;
} the;

void flow_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static int open_socket(int domain, int type, int protocol, void *opaque)
{
    (void)opaque;
    return socket(domain, type, protocol);
}

rd_kafka_conf_t *flow_new_conf(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    flow_set(conf, "bootstrap.servers", the.servers);
    flow_set(conf, "reconnect.backoff.ms", "1");
    flow_set(conf, "reconnect.backoff.max.ms", "10");
    flow_set(conf, "retry.backoff.ms", "1");
    flow_set(conf, "retry.backoff.max.ms", "10");
    flow_set(conf, "topic.metadata.refresh.fast.interval.ms", "5");
    flow_set(conf, "socket.keepalive.enable", "true");
    flow_set(conf, "socket.send.buffer.bytes", "200000");
    flow_set(conf, "socket.receive.buffer.bytes", "200000");
    if (the.uses_canonical_names)
        flow_set(conf, "client.dns.lookup", "resolve_canonical_bootstrap_servers_only");
    if (the.uses_socket_callback)
        rd_kafka_conf_set_socket_cb(conf, open_socket);
    rd_kafka_conf_set_log_cb(conf, NULL);
    return conf;
}

void flow_use_socket_callback(bool is_used)
{
    the.uses_socket_callback = is_used;
}

void flow_use_canonical_names(bool is_used)
{
    the.uses_canonical_names = is_used;
}

/* Producing */

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    the.reports[(intptr_t)message->_private]++;
    if (message->err && message->err != the.expected_error)
        fail_msg("message %d: %s", (int)(intptr_t)message->_private,
                 rd_kafka_err2name(message->err));
    const char *text = message->err ? rd_kafka_message_errstr(message) : "attempt 1 within /1";
    if (!strstr(text, "attempt ") || !strstr(text, " within ") || !strchr(text, '/'))
        fail_msg("message %d: %s", (int)(intptr_t)message->_private, text);
}

static rd_kafka_resp_err_t produce_one(rd_kafka_t *rk, int number)
{
    const char *topic = number % 2 ? "produced" : "other";
    size_t size = number % 5 ? 100 : LARGE_SIZE;
    int flags = number % 3 ? RD_KAFKA_MSG_F_COPY : 0;
    int32_t partition = number < MESSAGES - BURST ? RD_KAFKA_PARTITION_UA : 0;
    return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_VALUE(the.large, size), RD_KAFKA_V_KEY("key", 3),
                             RD_KAFKA_V_HEADER("name", "value", 5), RD_KAFKA_V_MSGFLAGS(flags),
                             RD_KAFKA_V_OPAQUE((void *)(intptr_t)number), RD_KAFKA_V_END);
}

/* Until the first report of a known topic came, messages are staged; then they are appended. */
static void produce_all(rd_kafka_t *rk, bool was_taken[MESSAGES])
{
    for (int i = 0; i < MESSAGES; i++) {
        if (i == MESSAGES - BURST)
            assert_int_equal(rd_kafka_flush(rk, FLOW_TIMEOUT_MS), 0);
        was_taken[i] = produce_one(rk, i) == RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    assert_int_equal(rd_kafka_flush(rk, FLOW_TIMEOUT_MS), 0);
}

void flow_produce(void)
{
    static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    static int turn;
    char error[256] = "";
    bool was_taken[MESSAGES];
    rd_kafka_conf_t *conf = flow_new_conf();
    memset(the.reports, 0, sizeof(the.reports));
    flow_set(conf, "linger.ms", "1");
    flow_set(conf, "message.copy.max.bytes", "5000");
    flow_set(conf, "compression.type", codecs[turn++ % 5]);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!rk) {
        assert_string_not_equal(error, "");
        rd_kafka_conf_destroy(conf);
        return;
    }
    produce_all(rk, was_taken);
    rd_kafka_destroy(rk);
    for (int i = 0; i < MESSAGES; i++) {
        if (the.reports[i] != was_taken[i])
            fail_msg("message %d: %s, and %d reports", i, was_taken[i] ? "taken" : "refused",
                     the.reports[i]);
    }
}

/* Consuming */

/* True when it was a message: the next one of its partition. */
static bool check_message(const rd_kafka_message_t *message, int64_t next[FLOW_PARTITIONS])
{
    if (message->err)
        return false;
    if (message->offset != next[message->partition])
        fail_msg("partition %d: offset %d, expected %d", (int)message->partition,
                 (int)message->offset, (int)next[message->partition]);
    next[message->partition]++;
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        assert_int_equal(rd_kafka_header_cnt(headers), 1);
    return true;
}

static void consume_all(rd_kafka_t *rk)
{
    int64_t next[FLOW_PARTITIONS] = {0};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(FLOW_PARTITIONS);
    for (int i = 0; i < FLOW_PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, FLOW_TOPIC, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    for (int left = FLOW_PARTITIONS * FLOW_FILLED; left > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, FLOW_TIMEOUT_MS);
        if (!message)
            fail_msg("%d messages do not come", left);
        left -= check_message(message, next);
        rd_kafka_message_destroy(message);
    }
    assert_int_equal(rd_kafka_consumer_close(rk), 0);
}

void flow_consume(void)
{
    char error[256] = "";
    rd_kafka_conf_t *conf = flow_new_conf();
    flow_set(conf, "group.id", "group");
    flow_set(conf, "fetch.wait.max.ms", "10");
    flow_set(conf, "fetch.error.backoff.ms", "1");
    flow_set(conf, "auto.offset.reset", "earliest");
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!rk) {
        assert_string_not_equal(error, "");
        rd_kafka_conf_destroy(conf);
        return;
    }
    consume_all(rk);
    rd_kafka_destroy(rk);
}

/* Again and again */

void flow_torture(void (*flow)(void), const struct torture *torture)
{
    int threads = rk_thread_count();
    the.expected_error = torture->kind == FAULT_MEMORY ? RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE
                                                       : RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int n = 1; n < RUNS_MAX; n += torture->step) {
        long live = faults_live_allocations();
        /* Shown when the watchdog or a sanitizer ends the run. */
        fprintf(stderr, "\r%s %d (%d)   ", torture->name, n, torture->error);
        faults_arm(torture->kind, n, torture->count, torture->error);
        flow();
        bool was_hit = faults_disarm();
        while (rk_thread_count() > threads) /* Of look-ups: the watchdog is the limit. */
            rk_thread_pause_us(PAUSE_US);
        if (faults_live_allocations() != live)
            fail_msg("%s %d (%d): %ld allocations are left", torture->name, n, torture->error,
                     faults_live_allocations() - live);
        if (!was_hit && n == 1)
            fail_msg("%s (%d): not called at all", torture->name, torture->error);
        if (!was_hit)
            return;
    }
    fail_msg("%s (%d): no end", torture->name, torture->error);
}

/* The cluster */

static void fill(void)
{
    static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    for (int c = 0; c < 5; c++) {
        char error[256];
        rd_kafka_conf_t *conf = flow_new_conf();
        flow_set(conf, "compression.type", codecs[c]);
        rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
        assert_non_null(rk);
        for (int i = 0; i < FLOW_FILLED / 5 * FLOW_PARTITIONS; i++)
            assert_int_equal(
                rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(FLOW_TOPIC),
                                  RD_KAFKA_V_PARTITION(i % FLOW_PARTITIONS),
                                  RD_KAFKA_V_VALUE(the.large, i % 4 ? 100 : LARGE_SIZE),
                                  RD_KAFKA_V_HEADER("name", "value", 5),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                0);
        assert_int_equal(rd_kafka_flush(rk, FLOW_TIMEOUT_MS), 0);
        rd_kafka_destroy(rk);
    }
}

void flow_begin(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL); /* It would miss bootstrap.servers. */
    the.owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    the.cluster = rd_kafka_mock_cluster_new(the.owner, 2);
    assert_non_null(the.cluster);
    rd_kafka_mock_group_initial_rebalance_delay_ms(the.cluster, 0);
    memset(the.large, 'x', sizeof(the.large));
    const char *address = strchr(rd_kafka_mock_cluster_bootstraps(the.cluster), ':');
    snprintf(the.servers, sizeof(the.servers), "localhost:%d", atoi(address + 1));
    static const char *const topics[] = {FLOW_TOPIC, "produced", "other"};
    for (int i = 0; i < 3; i++)
        rd_kafka_mock_topic_create(the.cluster, topics[i], FLOW_PARTITIONS, 1);
    fill();
    flow_produce(); /* What is made once in a process is made now. */
    flow_consume();
}

void flow_end(void)
{
    rd_kafka_mock_cluster_destroy(the.cluster);
    rd_kafka_destroy(the.owner);
    assert_int_equal(rd_kafka_wait_destroyed(FLOW_TIMEOUT_MS), 0);
}
