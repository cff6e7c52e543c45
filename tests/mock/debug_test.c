/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debug property shows: the facilities and lines that people look for, by context.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "support/client.h"

enum { TIMEOUT_MS = 20000, LINES_MAX = 4000, DEBUG_LEVEL = 7 };

static struct {
    pthread_mutex_t mutex;
    struct {
        int level;
        char facility[16];
        char text[300];
    } lines[LINES_MAX];
    int count;
} logged = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    assert_non_null(rk);
    pthread_mutex_lock(&logged.mutex);
    if (logged.count < LINES_MAX) {
        logged.lines[logged.count].level = level;
        snprintf(logged.lines[logged.count].facility, sizeof(logged.lines[0].facility), "%s",
                 facility);
        snprintf(logged.lines[logged.count++].text, sizeof(logged.lines[0].text), "%s", text);
    }
    pthread_mutex_unlock(&logged.mutex);
}

/* Lines of that facility (NULL: any) at level 7 with these words. */
static int count_lines(const char *facility, const char *words)
{
    int count = 0;
    pthread_mutex_lock(&logged.mutex);
    for (int i = 0; i < logged.count; i++)
        count += logged.lines[i].level == DEBUG_LEVEL &&
                 (!facility || !strcmp(logged.lines[i].facility, facility)) &&
                 strstr(logged.lines[i].text, words) != NULL;
    pthread_mutex_unlock(&logged.mutex);
    return count;
}

static void assert_logged(const char *facility, const char *words)
{
    if (!count_lines(facility, words))
        fail_msg("no %s line with \"%s\"", facility, words);
}

static int set_up(void **state)
{
    (void)state;
    logged.count = 0;
    return 0;
}

static rd_kafka_t *new_client(rd_kafka_type_t type, ...)
{
    va_list arguments;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    va_start(arguments, type);
    rd_kafka_t *rk = client_new(type, conf, arguments);
    va_end(arguments);
    return rk;
}

static void produce_one(rd_kafka_t *rk)
{
    assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
}

static void test_a_producer(void **state)
{
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", "debug", "all",
                                "client.id", "tested", "sasl.password", "secret", "linger.ms", "3",
                                "request.required.acks", "1", NULL);
    produce_one(rk);
    rd_kafka_destroy(rk);

    static const struct {
        const char *facility, *words;
    } expected[] = {
        {"INIT", "tested#producer-"},
        {"INIT", "initialized (builtin.features "},
        {"CONF", "Client configuration:"},
        {"CONF", "  client.id = tested"},
        {"CONF", "  queue.buffering.max.ms = 3"},
        {"CONF", "  request.required.acks = 1"},
        {"CONF", "  sasl.password = [redacted]"},
        {"TOPIC", "New local topic: t"},
        {"CONNECT", "/bootstrap: Connecting to "},
        {"CONNECTED", "/1: Connected to "},
        {"STATE", "/1: Broker changed state CONNECT -> APIVERSION_QUERY"},
        {"STATE", "/1: Broker changed state APIVERSION_QUERY -> UP"},
        {"STATE", "/1: Broker changed state UP -> DOWN"},
        {"APIVERSION", "/1:   ApiKey Produce (0) Versions 0.."},
        {"SEND", "/bootstrap: Sent MetadataRequest (v"},
        {"SEND", "/1: Sent ProduceRequest (v"},
        {"RECV", "/1: Received ProduceResponse (v"},
        {"METADATA", "Requesting metadata for topic t: "},
        {"METADATA", "1 brokers, 1 topics ====="},
        {"METADATA", "  Broker #0/1: 127.0.0.1:"},
        {"METADATA", "  Topic t partition 3 Leader 1"},
        {"CLUSTERID", "ClusterId update \"\" -> \""},
        {"STATE", "Topic t changed state unknown -> exists"},
        {"PARTCNT", "Topic t partition count changed from 0 to 4"},
        {"BRKDELGT", "t [0]: delegate to broker 1"},
        {"PRODUCE", "t [0]: Produce MessageSet with 1 message(s) ("},
        {"MSGSET", "t [0]: MessageSet with 1 message(s)"},
        {"MOCK", "Produce"},
        {"DESTROY", "Terminating instance (destroy flags none (0x0))"},
        {"TERMINATE", "Internal main thread terminating"},
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
        assert_logged(expected[i].facility, expected[i].words);
    assert_int_equal(count_lines(NULL, "secret"), 0);
    for (int i = 0; i < logged.count; i++)
        if (strncmp(logged.lines[i].text, "[thrd:", 6) != 0 || !strstr(logged.lines[i].text, "]: "))
            fail_msg("no thread's name: %s", logged.lines[i].text);
    assert_int_equal(count_lines("PRODUCE", "/1]: "),
                     1); /* The broker, as in "[thrd:host:9092/1]: " */
    assert_int_equal(count_lines("PRODUCE", "[thrd:127.0.0.1:"), 1);
    assert_int_equal(count_lines("INIT", "[thrd:app]: "), 1);
}

static void test_a_consumer(void **state)
{
    (void)state;
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", NULL);
    produce_one(producer);
    set_up(NULL);
    rd_kafka_t *rk =
        new_client(RD_KAFKA_CONSUMER, "bootstrap.servers",
                   rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(producer)),
                   "group.id", "g", "debug", "consumer,topic,fetch", NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 0;
    assert_int_equal(rd_kafka_assign(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
    assert_int_equal(message->err, 0);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(rk);
    rd_kafka_destroy(producer);
    assert_logged("ASSIGN", "new assignment of 1 partition(s)");
    assert_logged("FETCH", "Partition t [0] start fetching at offset 0");
    assert_logged("FETCH", "/1: Fetch topic t [0] at offset 0 (v");
    assert_logged("BRKDELGT", "t [0]: delegate to broker 1");
    assert_int_equal(count_lines("SEND", ""), 0);
}

static void test_a_member(void **state)
{
    (void)state;
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", NULL);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(producer);
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 1);
    produce_one(producer);
    set_up(NULL);
    rd_kafka_t *rk = new_client(RD_KAFKA_CONSUMER, "bootstrap.servers",
                                rd_kafka_mock_cluster_bootstraps(cluster), "group.id", "g",
                                "auto.offset.reset", "earliest", "debug", "cgrp", NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
    assert_int_equal(message->err, 0);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(rk);
    rd_kafka_destroy(producer);
    assert_logged("COORD", "Group \"g\": the coordinator is broker 1");
    assert_logged("JOIN", "Group \"g\": joining as \"\"");
    assert_logged("CGRPJOINSTATE", "Group \"g\" changed join state out -> joining (0 partition(s)");
    assert_logged("ASSIGN", "Group \"g\": range assignment of 1 topic(s) to 1 member(s)");
    assert_logged("CGRPJOINSTATE", " -> stable (4 partition(s) owned)");
    assert_logged("LEAVE", "Group \"g\": \"");
    assert_logged("CGRPJOINSTATE", " -> closed (0 partition(s) owned)");
}

/* Each context shows what belongs to it, and INIT and DESTROY whatever is chosen. */
static void test_contexts(void **state)
{
    static const struct {
        const char *context, *facility;
    } trials[] = {
        {"generic", "TERMINATE"}, {"broker", "STATE"},       {"topic", "PARTCNT"},
        {"metadata", "METADATA"}, {"feature", "APIVERSION"}, {"msg", "MSGSET"},
        {"protocol", "RECV"},     {"conf", "CONF"},          {"mock", "MOCK"},
        {"eos", "INIT"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
        set_up(NULL);
        rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", "debug",
                                    trials[i].context, NULL);
        produce_one(rk);
        rd_kafka_destroy(rk);
        assert_logged(trials[i].facility, "");
        assert_logged("INIT", "");
        assert_logged("DESTROY", "");
        for (size_t other = 0; other < sizeof(trials) / sizeof(*trials); other++) {
            const char *facility = trials[other].facility;
            bool belongs =
                !strcmp(facility, "INIT") || other == i ||
                (!strcmp(facility, "METADATA") && !strcmp(trials[i].context, "topic")) ||
                (!strcmp(facility, "PARTCNT") && !strcmp(trials[i].context, "metadata")) ||
                (!strcmp(facility, "STATE") &&
                 (!strcmp(trials[i].context, "topic") || !strcmp(trials[i].context, "metadata")));
            if (!belongs && count_lines(facility, ""))
                fail_msg("debug=%s shows %s", trials[i].context, facility);
        }
    }
}

static void test_without_debug(void **state)
{
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", "log.thread.name",
                                "false", NULL);
    rd_kafka_set_log_level(rk, DEBUG_LEVEL); /* Contexts are chosen when the client is made. */
    produce_one(rk);
    rd_kafka_destroy(rk);
    assert_int_equal(count_lines(NULL, ""), 0);
    assert_int_equal(logged.count, 1); /* That there is a mock cluster. */
    assert_int_equal(strncmp(logged.lines[0].text, "test.mock.num.brokers", 21), 0);
}

static void test_log_level(void **state)
{
    (void)state;
    rd_kafka_t *rk =
        new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", "debug", "all", NULL);
    rd_kafka_set_log_level(rk, 6);
    set_up(NULL);
    produce_one(rk);
    int before = count_lines("PRODUCE", "");
    rd_kafka_set_log_level(rk, DEBUG_LEVEL);
    produce_one(rk);
    rd_kafka_destroy(rk);
    assert_int_equal(before, 0);
    assert_int_equal(count_lines("PRODUCE", ""), 1);
}

static void test_names_of_contexts(void **state)
{
    static const struct {
        const char *value;
        rd_kafka_conf_res_t result;
    } trials[] = {
        {"all", RD_KAFKA_CONF_OK},
        {"broker,topic", RD_KAFKA_CONF_OK},
        {" Broker , TOPIC ", RD_KAFKA_CONF_OK},
        {"-all", RD_KAFKA_CONF_OK},
        {"all,foo", RD_KAFKA_CONF_INVALID},
        {"foo", RD_KAFKA_CONF_INVALID},
        {"broker topic", RD_KAFKA_CONF_INVALID},
    };
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
        char error[512] = "";
        assert_int_equal(rd_kafka_conf_set(conf, "debug", trials[i].value, error, sizeof(error)),
                         trials[i].result);
        if (trials[i].result)
            assert_non_null(strstr(error, "debug"));
    }
    rd_kafka_conf_destroy(conf);
    /* All that are named can be set. */
    char names[300];
    snprintf(names, sizeof(names), "%s", rd_kafka_get_debug_contexts());
    conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "debug", names, NULL, 0), RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
}

/* log.queue: nothing is lost, and events name their contexts. */
static void test_log_queue(void **state)
{
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", "debug",
                                "msg,protocol", "log.queue", "true", NULL);
    produce_one(rk);
    assert_int_equal(logged.count, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    assert_int_equal(rd_kafka_set_log_queue(rk, queue), 0);
    bool found = false;
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(queue, 0)) != NULL) {
        const char *facility, *text;
        char contexts[100];
        int level;
        assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_LOG);
        assert_int_equal(rd_kafka_event_log(event, &facility, &text, &level), 0);
        assert_int_equal(rd_kafka_event_debug_contexts(event, contexts, sizeof(contexts)), 0);
        if (!strcmp(facility, "SEND")) {
            assert_string_equal(contexts, "protocol");
            assert_int_equal(level, DEBUG_LEVEL);
            found = true;
        }
        rd_kafka_event_destroy(event);
    }
    assert_true(found);
    /* NULL: to the main queue, from where log_cb gets them. */
    assert_int_equal(rd_kafka_set_log_queue(rk, NULL), 0);
    produce_one(rk);
    rd_kafka_poll(rk, 0);
    assert_logged("SEND", "ProduceRequest");
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_producer),        TEST(test_a_consumer),    TEST(test_a_member),
        TEST(test_contexts),          TEST(test_without_debug), TEST(test_log_level),
        TEST(test_names_of_contexts), TEST(test_log_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
