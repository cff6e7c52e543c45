/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interceptors of a client: which are called, how often, with what, in which order, where.
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

#include "base/assert.h"
#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "support/client.h"

enum { TIMEOUT_MS = 20000, CALLS_MAX = 4096 };

/* What was called, as text: "a.on_send 0" and so on. */
static struct {
    pthread_mutex_t mutex;
    char calls[CALLS_MAX][160];
    int count;
    pthread_t application;
    bool was_elsewhere; /* on_send or on_consume on another thread than the application's. */
} noted = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void note(const char *format, ...) RK_FORMAT(1, 2);

static void note(const char *format, ...)
{
    va_list arguments;
    pthread_mutex_lock(&noted.mutex);
    va_start(arguments, format);
    if (noted.count < CALLS_MAX)
        vsnprintf(noted.calls[noted.count++], sizeof(noted.calls[0]), format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&noted.mutex);
}

static void note_thread(void)
{
    if (!pthread_equal(pthread_self(), noted.application))
        noted.was_elsewhere = true;
}

/* Calls that begin so. */
static int count_calls(const char *beginning)
{
    int count = 0;
    pthread_mutex_lock(&noted.mutex);
    for (int i = 0; i < noted.count; i++)
        count += !strncmp(noted.calls[i], beginning, strlen(beginning));
    pthread_mutex_unlock(&noted.mutex);
    return count;
}

/* The place of the first that begins so; -1: none. */
static int place_of(const char *beginning)
{
    int place = -1;
    pthread_mutex_lock(&noted.mutex);
    for (int i = 0; i < noted.count && place < 0; i++)
        if (!strncmp(noted.calls[i], beginning, strlen(beginning)))
            place = i;
    pthread_mutex_unlock(&noted.mutex);
    return place;
}

static rd_kafka_resp_err_t on_send(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    rd_kafka_headers_t *headers = NULL;
    (void)rk;
    note_thread();
    assert_int_equal(message->offset, RD_KAFKA_OFFSET_INVALID);
    note("%s.on_send %d %.*s", (const char *)opaque, (int)message->partition, (int)message->len,
         (const char *)message->payload);
    if (rd_kafka_message_headers(message, &headers)) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_message_set_headers(message, headers);
    }
    rd_kafka_header_add(headers, "seen by", -1, opaque, -1);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_acknowledgement(rd_kafka_t *rk, rd_kafka_message_t *message,
                                              void *opaque)
{
    (void)rk;
    note("%s.on_acknowledgement %d %s %d", (const char *)opaque, (int)message->partition,
         rd_kafka_err2name(message->err), (int)rd_kafka_message_status(message));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_consume(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    note_thread();
    note("%s.on_consume %d %d", (const char *)opaque, (int)message->err, (int)message->offset);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                     rd_kafka_resp_err_t err, void *opaque)
{
    (void)rk;
    note("%s.on_commit %s of %d", (const char *)opaque, rd_kafka_err2name(err),
         list ? list->cnt : -1);
    for (int i = 0; list && i < list->cnt; i++)
        note("%s.committed %s %d %d %s", (const char *)opaque, list->elems[i].topic,
             (int)list->elems[i].partition, (int)list->elems[i].offset,
             rd_kafka_err2name(list->elems[i].err));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int fd, const char *broker, int32_t id,
                                           int16_t key, int16_t version, int32_t correlation_id,
                                           size_t size, void *opaque)
{
    (void)rk;
    assert_true(fd >= 0 && size > 0 && version >= 0);
    note("%s.sent %s %d %d #%d", (const char *)opaque, broker, (int)id, key, (int)correlation_id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_response_received(rd_kafka_t *rk, int fd, const char *broker,
                                                int32_t id, int16_t key, int16_t version,
                                                int32_t correlation_id, size_t size,
                                                int64_t round_trip_us, rd_kafka_resp_err_t err,
                                                void *opaque)
{
    (void)rk;
    (void)fd;
    assert_true(version >= 0);
    assert_int_equal(size > 0, err == RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(round_trip_us >= 0, err == RD_KAFKA_RESP_ERR_NO_ERROR);
    if (err) {
        note("%s.failed %d %s", (const char *)opaque, key, rd_kafka_err2name(err));
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    note("%s.received %s %d %d #%d", (const char *)opaque, broker, (int)id, key,
         (int)correlation_id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type,
                                           const char *name, void *opaque)
{
    (void)rk;
    note("%s.thread_start %d %s", (const char *)opaque, (int)type, name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_thread_exit(rd_kafka_t *rk, rd_kafka_thread_type_t type,
                                          const char *name, void *opaque)
{
    (void)rk;
    note("%s.thread_exit %d %s", (const char *)opaque, (int)type, name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_broker_state_change(rd_kafka_t *rk, int32_t id, const char *protocol,
                                                  const char *name, int port, const char *state,
                                                  void *opaque)
{
    (void)rk;
    assert_string_equal(protocol, "plaintext");
    assert_string_equal(name, "127.0.0.1");
    assert_true(port > 0);
    note("%s.state %d %s", (const char *)opaque, (int)id, state);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_destroy(rd_kafka_t *rk, void *opaque)
{
    assert_non_null(rd_kafka_name(rk));
    note("%s.on_destroy", (const char *)opaque);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t size)
{
    const char *name = opaque;
    char client_id[32];
    size_t client_id_size = sizeof(client_id);
    note("%s.on_new", name);
    assert_int_equal(rd_kafka_conf_get(conf, "client.id", client_id, &client_id_size), 0);
    assert_non_null(strstr(rd_kafka_name(rk), client_id));
    assert_int_equal(rd_kafka_interceptor_add_on_send(rk, name, on_send, opaque), 0);
    assert_int_equal(rd_kafka_interceptor_add_on_send(rk, name, on_send, opaque),
                     RD_KAFKA_RESP_ERR__CONFLICT);
    assert_int_equal(
        rd_kafka_interceptor_add_on_acknowledgement(rk, name, on_acknowledgement, opaque), 0);
    assert_int_equal(rd_kafka_interceptor_add_on_consume(rk, name, on_consume, opaque), 0);
    assert_int_equal(rd_kafka_interceptor_add_on_commit(rk, name, on_commit, opaque), 0);
    assert_int_equal(rd_kafka_interceptor_add_on_request_sent(rk, name, on_request_sent, opaque),
                     0);
    assert_int_equal(
        rd_kafka_interceptor_add_on_response_received(rk, name, on_response_received, opaque), 0);
    assert_int_equal(rd_kafka_interceptor_add_on_thread_start(rk, name, on_thread_start, opaque),
                     0);
    assert_int_equal(rd_kafka_interceptor_add_on_thread_exit(rk, name, on_thread_exit, opaque), 0);
    assert_int_equal(
        rd_kafka_interceptor_add_on_broker_state_change(rk, name, on_broker_state_change, opaque),
        0);
    assert_int_equal(rd_kafka_interceptor_add_on_destroy(rk, name, on_destroy, opaque), 0);
    snprintf(text, size, "only %s complains", name);
    return *name == 'b' ? RD_KAFKA_RESP_ERR__STATE : RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_conf_destroy(void *opaque)
{
    note("%s.on_conf_destroy", (const char *)opaque);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (!strcmp(facility, "ICFAIL"))
        note("log %d %s", level, text);
}

/* Interceptors "a" and "b", in this order; pairs of property and value up to NULL. */
static rd_kafka_t *new_client(rd_kafka_type_t type, ...)
{
    static char names[2][2] = {"a", "b"};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    va_list arguments;
    noted.application = pthread_self();
    for (int i = 0; i < 2; i++) {
        rd_kafka_conf_interceptor_add_on_new(conf, names[i], on_new, names[i]);
        rd_kafka_conf_interceptor_add_on_conf_destroy(conf, names[i], on_conf_destroy, names[i]);
    }
    rd_kafka_conf_set_log_cb(conf, on_log);
    va_start(arguments, type);
    rd_kafka_t *rk = client_new(type, conf, arguments);
    va_end(arguments);
    return rk;
}

static int set_up(void **state)
{
    (void)state;
    pthread_mutex_lock(&noted.mutex);
    noted.count = 0;
    noted.was_elsewhere = false;
    pthread_mutex_unlock(&noted.mutex);
    return 0;
}

static rd_kafka_resp_err_t produce(rd_kafka_t *rk, int32_t partition, const char *value,
                                   size_t size)
{
    return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
}

static void test_producing(void **state)
{
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", NULL);
    (void)state;
    assert_int_equal(count_calls("a.on_new"), 1);
    assert_true(place_of("a.on_new") < place_of("b.on_new"));
    assert_int_equal(count_calls("log 4 "), 1);
    assert_non_null(strstr(noted.calls[place_of("log 4 ")], "Interceptor b failed on_new"));
    assert_non_null(strstr(noted.calls[place_of("log 4 ")], "only b complains"));

    for (int i = 0; i < 3; i++)
        assert_int_equal(produce(rk, 0, "value", 5), 0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_int_equal(count_calls("a.on_send 0 value"), 3);
    assert_int_equal(count_calls("b.on_send 0 value"), 3);
    assert_true(place_of("a.on_send") + 1 == place_of("b.on_send") ||
                place_of("a.on_send") < place_of("b.on_send"));
    assert_int_equal(count_calls("a.on_acknowledgement 0 NO_ERROR 2"), 3);
    assert_int_equal(count_calls("b.on_acknowledgement 0 NO_ERROR 2"), 3);

    /* Seen by on_send, and refused afterwards. */
    assert_int_equal(produce(rk, 77, "value", 5), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    assert_int_equal(count_calls("a.on_send 77"), 1);
    assert_int_equal(count_calls("a.on_acknowledgement 77 _UNKNOWN_PARTITION 0"), 1);

    /* Refused before. */
    static char large[2000000];
    assert_int_equal(produce(rk, 0, large, sizeof(large)), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_int_equal(count_calls("a.on_send"), 4);

    /* Each of a batch. */
    rd_kafka_message_t batch[2] = {{.payload = (void *)(uintptr_t) "x", .len = 1},
                                   {.payload = (void *)(uintptr_t) "y", .len = 1, .partition = 88}};
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "t", NULL);
    assert_int_equal(
        rd_kafka_produce_batch(topic, 0, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION, batch, 2),
        1);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    rd_kafka_topic_destroy(topic);
    assert_int_equal(count_calls("a.on_send 0 x"), 1);
    assert_int_equal(count_calls("a.on_acknowledgement 88 _UNKNOWN_PARTITION"), 1);
    assert_int_equal(count_calls("a.on_acknowledgement 0 NO_ERROR"), 4);

    assert_false(noted.was_elsewhere);
    assert_int_equal(count_calls("a.on_destroy"), 0);
    rd_kafka_destroy(rk);
    assert_int_equal(count_calls("a.on_destroy"), 1);
    assert_int_equal(count_calls("b.on_conf_destroy"), 1);
    assert_true(place_of("a.on_destroy") < place_of("a.on_conf_destroy"));
    assert_int_equal(count_calls("a.on_send"), count_calls("a.on_acknowledgement"));
}

/* What on_send has seen has its on_acknowledgement, however it ends. */
static void test_every_message_is_acknowledged(void **state)
{
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", "linger.ms",
                                "100000", "message.timeout.ms", "200000", NULL);
    (void)state;
    assert_int_equal(produce(rk, 0, "staged, then queued", 6), 0);
    assert_int_equal(rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE), 0);
    rd_kafka_poll(rk, 100);
    assert_int_equal(count_calls("a.on_acknowledgement 0 _PURGE_QUEUE 0"), 1);
    const struct rd_kafka_metadata *metadata;
    assert_int_equal(rd_kafka_metadata(rk, 0, NULL, &metadata, TIMEOUT_MS), 0);
    rd_kafka_metadata_destroy(metadata);
    assert_int_equal(produce(rk, 0, "queued", 6), 0);
    rd_kafka_destroy(rk);
    assert_int_equal(count_calls("a.on_acknowledgement 0 _DESTROY 0"), 1);

    set_up(NULL);
    rk = new_client(RD_KAFKA_PRODUCER, "bootstrap.servers", "127.0.0.1:1", NULL);
    assert_int_equal(produce(rk, 3, "staged", 6), 0);
    rd_kafka_destroy(rk);
    assert_int_equal(count_calls("b.on_acknowledgement 3 _DESTROY 0"), 1);
}

/* The headers that interceptors add are sent, and each way to consume tells on_consume. */
static void test_consuming(void **state)
{
    enum { COUNT = 40 };
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", NULL);
    (void)state;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(produce(producer, 0, "value", 5), 0);
    assert_int_equal(rd_kafka_flush(producer, TIMEOUT_MS), 0);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(producer);
    set_up(NULL);

    rd_kafka_t *rk = new_client(RD_KAFKA_CONSUMER, "bootstrap.servers",
                                rd_kafka_mock_cluster_bootstraps(cluster), "group.id", "g",
                                "enable.partition.eof", "true", NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 0;
    assert_int_equal(rd_kafka_assign(rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);

    for (int i = 0; i < 10; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
        rd_kafka_headers_t *headers;
        const char *name;
        const void *value;
        size_t size;
        assert_int_equal(message->err, 0);
        assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
        assert_int_equal(rd_kafka_header_cnt(headers), 2);
        assert_int_equal(rd_kafka_header_get_all(headers, 1, &name, &value, &size), 0);
        assert_string_equal(value, "b");
        rd_kafka_message_destroy(message);
    }
    assert_int_equal(count_calls("a.on_consume 0"), 10);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    for (int i = 0; i < 10; i++) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
        assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_FETCH);
        assert_non_null(rd_kafka_event_message_next(event));
        rd_kafka_event_destroy(event);
    }
    assert_int_equal(count_calls("a.on_consume 0"), 20);
    int left = COUNT - 20;
    while (left > 0) {
        rd_kafka_message_t *messages[COUNT];
        ssize_t count = rd_kafka_consume_batch_queue(queue, TIMEOUT_MS, messages, (size_t)left);
        assert_true(count > 0);
        for (ssize_t i = 0; i < count; i++)
            rd_kafka_message_destroy(messages[i]);
        left -= (int)count;
    }
    assert_int_equal(count_calls("a.on_consume 0"), COUNT);
    rd_kafka_message_t *end = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
    assert_int_equal(end->err, RD_KAFKA_RESP_ERR__PARTITION_EOF);
    rd_kafka_message_destroy(end);
    assert_int_equal(count_calls("a.on_consume"), COUNT); /* No errors. */
    assert_int_equal(count_calls("b.on_consume"), COUNT);
    assert_false(noted.was_elsewhere);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    rd_kafka_destroy(producer);
}

static void test_requests_threads_and_states(void **state)
{
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1", NULL);
    (void)state;
    assert_int_equal(produce(rk, 0, "value", 5), 0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    rd_kafka_destroy(rk);
    /* Each request has its answer, with the same broker, API and correlation id. */
    int sent = 0;
    for (int i = 0; i < noted.count; i++) {
        const char *call = noted.calls[i];
        char answer[128];
        if (strncmp(call, "a.sent", 6) != 0)
            continue;
        sent++;
        snprintf(answer, sizeof(answer), "a.received%s", call + 6);
        assert_true(place_of(answer) > i);
    }
    assert_true(sent >= 4); /* Twice ApiVersions, Metadata, Produce. */
    assert_int_equal(count_calls("a.sent"), count_calls("b.sent"));
    assert_int_equal(count_calls("a.received"), count_calls("b.received"));

    assert_int_equal(count_calls("a.thread_start 0 main"), 1);
    assert_int_equal(count_calls("a.thread_start 1 background"), 1);
    assert_int_equal(count_calls("a.thread_start 2 127.0.0.1:"), 1);
    assert_int_equal(count_calls("a.thread_start"), count_calls("a.thread_exit"));
    assert_true(place_of("b.thread_exit") < place_of("a.on_destroy"));

    assert_true(place_of("a.state 1 CONNECT") < place_of("a.state 1 APIVERSION_QUERY"));
    assert_true(place_of("a.state 1 APIVERSION_QUERY") < place_of("a.state 1 UP"));
    assert_true(place_of("a.state 1 UP") < place_of("a.state 1 DOWN"));
}

/* Each outcome, with what became of each partition; nothing when there was nothing to commit. */
static void test_committing(void **state)
{
    enum { OFFSET_COMMIT = 8 };
    rd_kafka_t *rk =
        new_client(RD_KAFKA_CONSUMER, "test.mock.num.brokers", "1", "group.id", "g", NULL);
    (void)state;
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(rk);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "t", 1, 1), 0);
    assert_int_equal(rd_kafka_commit(rk, NULL, 0), RD_KAFKA_RESP_ERR__NO_OFFSET);
    assert_int_equal(count_calls("a.on_commit"), 0);

    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 5;
    assert_int_equal(rd_kafka_commit(rk, list, 0), 0);
    assert_int_equal(count_calls("a.on_commit NO_ERROR of 1"), 1);
    assert_int_equal(count_calls("a.committed t 0 5 NO_ERROR"), 1);

    rd_kafka_mock_push_request_errors(cluster, OFFSET_COMMIT, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    list->elems[0].offset = 6;
    assert_int_equal(rd_kafka_commit(rk, list, 0), RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(count_calls("a.on_commit GROUP_AUTHORIZATION_FAILED of 1"), 1);
    assert_int_equal(count_calls("a.committed t 0 6 GROUP_AUTHORIZATION_FAILED"), 1);

    rd_kafka_topic_partition_list_add(list, "t", 9)->offset = 7; /* Not there. */
    rd_kafka_commit(rk, list, 0);
    assert_int_equal(count_calls("b.committed t 0 6 NO_ERROR"), 1);
    assert_int_equal(count_calls("b.committed t 9 7 UNKNOWN_TOPIC_OR_PART"), 1);
    assert_int_equal(count_calls("a.on_commit"), 3);
    assert_int_equal(count_calls("b.on_commit"), 3);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
}

/* An answer that does not come is told of too. */
static void test_requests_that_fail(void **state)
{
    enum { PRODUCE = 0 };
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1",
                                "reconnect.backoff.ms", "10", "retry.backoff.ms", "10", NULL);
    (void)state;
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(rk);
    rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_int_equal(produce(rk, 0, "value", 5), 0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_int_equal(count_calls("a.failed 0 _TRANSPORT"), 1);
    assert_int_equal(count_calls("a.on_acknowledgement 0 NO_ERROR"), 1);
    rd_kafka_destroy(rk);
    assert_int_equal(count_calls("a.sent"), count_calls("a.received") + count_calls("a.failed"));
}

/* A configuration that is copied comes without them: on_conf_dup may add them to the copy. */
static rd_kafka_resp_err_t on_conf_dup(rd_kafka_conf_t *copy, const rd_kafka_conf_t *conf,
                                       size_t filter_count, const char **filter, void *opaque)
{
    (void)conf;
    (void)filter;
    assert_int_equal(filter_count, 0);
    note("%s.on_conf_dup", (const char *)opaque);
    return rd_kafka_conf_interceptor_add_on_new(copy, opaque, on_new, opaque);
}

static void test_copies_of_the_configuration(void **state)
{
    static char a[] = "a", c[] = "c";
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_interceptor_add_on_new(conf, a, on_new, a);
    rd_kafka_conf_interceptor_add_on_conf_dup(conf, c, on_conf_dup, c);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
    assert_int_equal(count_calls("c.on_conf_dup"), 1);
    rd_kafka_conf_destroy(conf);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, copy, NULL, 0);
    assert_non_null(rk);
    assert_int_equal(count_calls("a.on_new"), 0);
    assert_int_equal(count_calls("c.on_new"), 1);
    rd_kafka_destroy(rk);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_producing),
        TEST(test_every_message_is_acknowledged),
        TEST(test_consuming),
        TEST(test_requests_threads_and_states),
        TEST(test_committing),
        TEST(test_requests_that_fail),
        TEST(test_copies_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
