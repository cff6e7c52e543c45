/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the library inside its callbacks, those that are documented as forbidden among them:
 * each either works, or is refused, or ends the process with a line that says what was wrong. None
 * hangs, and none breaks anything.
 *
 * Each pair of a callback and a call runs in a child of its own, which has a time limit.
 */
#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"

enum { LIMIT_SECONDS = 60, TIMEOUT_MS = 2000, ROUNDS = 3000, POLL_MS = 20 };

enum site {
    IN_REPORT,
    IN_STATISTICS,
    IN_LOG,
    IN_SOCKET,
    IN_CONNECT,
    IN_CLOSE_SOCKET,
    IN_RESOLVE,
    IN_PARTITIONER,
    IN_PARTITIONER_OF_PRODUCE, /* On the application's thread, when the topic is known. */
    IN_ON_SEND,
    IN_ON_ACKNOWLEDGEMENT,
    IN_ON_REQUEST_SENT,
    IN_ON_RESPONSE,
    IN_ON_THREAD_START,
    IN_WAKE_UP,
    IN_BACKGROUND_EVENT,
    IN_REBALANCE,
    IN_OFFSET_COMMIT,
    IN_ON_CONSUME,
    IN_ON_COMMIT,
    SITE_COUNT,
};

static const char *const site_names[SITE_COUNT] = {
    "dr_msg_cb",
    "stats_cb",
    "log_cb",
    "socket_cb",
    "connect_cb",
    "closesocket_cb",
    "resolve_cb",
    "partitioner",
    "partitioner in produce()",
    "on_send",
    "on_acknowledgement",
    "on_request_sent",
    "on_response_received",
    "on_thread_start",
    "queue's event_cb",
    "background_event_cb",
    "rebalance_cb",
    "offset_commit_cb",
    "on_consume",
    "on_commit",
};

enum call { DESTROY, FLUSH, CLOSE, POLL, QUEUE_LENGTH, METADATA, PRODUCE, COMMIT, CALL_COUNT };

static const char *const call_names[CALL_COUNT] = {
    "destroy", "flush", "consumer_close", "poll", "queue_length", "metadata", "produce", "commit"};

/* What a refusal says was called; NULL: none of these is refused. */
static const char *const refused_names[CALL_COUNT] = {
    [FLUSH] = " rd_kafka_flush() ",     [CLOSE] = " rd_kafka_consumer_close() ",
    [POLL] = " a poll with a timeout ", [METADATA] = " rd_kafka_metadata() ",
    [COMMIT] = " rd_kafka_commit() ",
};

static struct {
    enum site site;
    enum call call;
    _Atomic(rd_kafka_t *) client;
    rd_kafka_queue_t *queue;
    _Atomic bool was_there, is_topic_known;
} the;

/* The call */

static void ask_for_metadata(rd_kafka_t *rk)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(rk, 1, NULL, &metadata, TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

static void poll_client(rd_kafka_t *rk, int timeout_ms)
{
    if (rd_kafka_type(rk) == RD_KAFKA_PRODUCER) {
        rd_kafka_poll(rk, timeout_ms);
        return;
    }
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, timeout_ms);
    if (message)
        rd_kafka_message_destroy(message);
}

static void make_call(rd_kafka_t *rk)
{
    switch (the.call) {
    case DESTROY:
        rd_kafka_destroy(rk);
        break;
    case FLUSH:
        rd_kafka_flush(rk, TIMEOUT_MS);
        break;
    case CLOSE:
        rd_kafka_consumer_close(rk);
        break;
    case POLL:
        poll_client(rk, POLL_MS);
        break;
    case QUEUE_LENGTH:
        rd_kafka_queue_length(the.queue);
        break;
    case METADATA:
        ask_for_metadata(rk);
        break;
    case PRODUCE:
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("again", 5),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        break;
    case COMMIT:
        rd_kafka_commit(rk, NULL, 0);
        break;
    case CALL_COUNT:
        break;
    }
}

/* Once, and not before the client is known. */
static void be_in(enum site site)
{
    rd_kafka_t *rk = atomic_load(&the.client);
    if (the.site == site && rk && !atomic_exchange(&the.was_there, true))
        make_call(rk);
}

/* The callbacks */

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
    be_in(IN_REPORT);
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    (void)rk;
    (void)json;
    (void)size;
    (void)opaque;
    be_in(IN_STATISTICS);
    return 0;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (level == 0)
        fprintf(stderr, "%s: %s\n", facility, text);
    be_in(IN_LOG);
}

static int open_socket(int domain, int type, int protocol, void *opaque)
{
    (void)opaque;
    be_in(IN_SOCKET);
    return socket(domain, type, protocol);
}

static int connect_socket(int fd, const struct sockaddr *address, int size, const char *id,
                          void *opaque)
{
    (void)id;
    (void)opaque;
    be_in(IN_CONNECT);
    return connect(fd, address, (socklen_t)size) == 0 ? 0 : errno;
}

static int close_socket(int fd, void *opaque)
{
    (void)opaque;
    be_in(IN_CLOSE_SOCKET);
    return close(fd);
}

static int resolve(const char *node, const char *service, const struct addrinfo *hints,
                   struct addrinfo **result, void *opaque)
{
    (void)opaque;
    if (!node) {
        freeaddrinfo(*result);
        return 0;
    }
    be_in(IN_RESOLVE);
    return getaddrinfo(node, service, hints, result);
}

static int32_t pick_partition(const rd_kafka_topic_t *topic, const void *key, size_t size,
                              int32_t count, void *topic_opaque, void *opaque)
{
    (void)topic;
    (void)key;
    (void)size;
    (void)count;
    (void)topic_opaque;
    (void)opaque;
    if (the.site == IN_PARTITIONER_OF_PRODUCE && atomic_load(&the.is_topic_known))
        be_in(IN_PARTITIONER_OF_PRODUCE);
    be_in(IN_PARTITIONER);
    return 0;
}

static void on_background_event(rd_kafka_t *rk, rd_kafka_event_t *event, void *opaque)
{
    (void)rk;
    (void)opaque;
    be_in(IN_BACKGROUND_EVENT);
    rd_kafka_event_destroy(event);
}

static void on_wake_up(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    (void)opaque;
    be_in(IN_WAKE_UP);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)opaque;
    be_in(IN_REBALANCE);
    rd_kafka_assign(rk, err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? list : NULL);
}

static void on_offset_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                             rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)rk;
    (void)err;
    (void)list;
    (void)opaque;
    be_in(IN_OFFSET_COMMIT);
}

/* The interceptors */

static rd_kafka_resp_err_t on_send(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
    be_in(IN_ON_SEND);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_acknowledgement(rd_kafka_t *rk, rd_kafka_message_t *message,
                                              void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
    be_in(IN_ON_ACKNOWLEDGEMENT);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_consume(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
    be_in(IN_ON_CONSUME);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                     rd_kafka_resp_err_t err, void *opaque)
{
    (void)rk;
    (void)list;
    (void)err;
    (void)opaque;
    be_in(IN_ON_COMMIT);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int fd, const char *name, int32_t id,
                                           int16_t key, int16_t version, int32_t correlation_id,
                                           size_t size, void *opaque)
{
    (void)rk;
    (void)fd;
    (void)name;
    (void)id;
    (void)key;
    (void)version;
    (void)correlation_id;
    (void)size;
    (void)opaque;
    be_in(IN_ON_REQUEST_SENT);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_response(rd_kafka_t *rk, int fd, const char *name, int32_t id,
                                       int16_t key, int16_t version, int32_t correlation_id,
                                       size_t size, int64_t rtt, rd_kafka_resp_err_t err,
                                       void *opaque)
{
    (void)rk;
    (void)fd;
    (void)name;
    (void)id;
    (void)key;
    (void)version;
    (void)correlation_id;
    (void)size;
    (void)rtt;
    (void)err;
    (void)opaque;
    be_in(IN_ON_RESPONSE);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type,
                                           const char *name, void *opaque)
{
    (void)rk;
    (void)type;
    (void)name;
    (void)opaque;
    be_in(IN_ON_THREAD_START);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t size)
{
    (void)conf;
    (void)opaque;
    (void)text;
    (void)size;
    rd_kafka_interceptor_add_on_send(rk, "test", on_send, NULL);
    rd_kafka_interceptor_add_on_acknowledgement(rk, "test", on_acknowledgement, NULL);
    rd_kafka_interceptor_add_on_consume(rk, "test", on_consume, NULL);
    rd_kafka_interceptor_add_on_commit(rk, "test", on_commit, NULL);
    rd_kafka_interceptor_add_on_request_sent(rk, "test", on_request_sent, NULL);
    rd_kafka_interceptor_add_on_response_received(rk, "test", on_response, NULL);
    rd_kafka_interceptor_add_on_thread_start(rk, "test", on_thread_start, NULL);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The child */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        _exit(3);
    }
}

static rd_kafka_conf_t *new_conf(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "statistics.interval.ms", "10");
    set(conf, "socket.connection.setup.timeout.ms", "5000");
    if (the.site == IN_LOG)
        set(conf, "debug", "broker");
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_socket_cb(conf, open_socket);
    rd_kafka_conf_set_connect_cb(conf, connect_socket);
    rd_kafka_conf_set_closesocket_cb(conf, close_socket);
    rd_kafka_conf_set_resolve_cb(conf, resolve);
    rd_kafka_conf_interceptor_add_on_new(conf, "test", on_new, NULL);
    return conf;
}

static rd_kafka_t *start(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk) {
        fprintf(stderr, "%s\n", error);
        _exit(3);
    }
    the.queue =
        type == RD_KAFKA_PRODUCER ? rd_kafka_queue_get_main(rk) : rd_kafka_queue_get_consumer(rk);
    rd_kafka_queue_cb_event_enable(the.queue, on_wake_up, NULL);
    atomic_store(&the.client, rk);
    return rk;
}

static void end(rd_kafka_t *rk)
{
    rd_kafka_queue_cb_event_enable(the.queue, NULL, NULL);
    rd_kafka_queue_destroy(the.queue);
    rd_kafka_destroy(rk);
}

static void produce(rd_kafka_t *rk)
{
    rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_KEY("key", 3),
                      RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                      RD_KAFKA_V_END);
}

/* It comes by itself, later. */
static bool is_late_site(void)
{
    return the.site == IN_CLOSE_SOCKET || the.site == IN_PARTITIONER_OF_PRODUCE;
}

static void live_as_producer(void)
{
    rd_kafka_conf_t *conf = new_conf();
    set(conf, "test.mock.num.brokers", "1");
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
    rd_kafka_topic_conf_set_partitioner_cb(topic_conf, pick_partition);
    rd_kafka_conf_set_default_topic_conf(conf, topic_conf);
    if (the.site == IN_BACKGROUND_EVENT) {
        rd_kafka_conf_set_background_event_cb(conf, on_background_event);
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    } else {
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    }
    rd_kafka_t *rk = start(RD_KAFKA_PRODUCER, conf);
    if (the.site == IN_BACKGROUND_EVENT) {
        rd_kafka_queue_t *background = rd_kafka_queue_get_background(rk);
        rd_kafka_queue_forward(the.queue, background);
        rd_kafka_queue_destroy(background);
    }
    produce(rk);
    for (int i = 0; i < ROUNDS && !(atomic_load(&the.was_there) || is_late_site()); i++)
        rd_kafka_poll(rk, POLL_MS);
    if (is_late_site() && rd_kafka_flush(rk, LIMIT_SECONDS * 1000))
        _exit(4);
    atomic_store(&the.is_topic_known, true);
    produce(rk); /* It goes on as if nothing had been. */
    if (rd_kafka_flush(rk, LIMIT_SECONDS * 1000) && the.site != IN_BACKGROUND_EVENT)
        _exit(4);
    end(rk);
}

/* It has the cluster, with a message in it. */
static rd_kafka_t *new_feed(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "test.mock.num.brokers", "1");
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *feed = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_handle_mock_cluster(feed), 0);
    produce(feed);
    if (rd_kafka_flush(feed, LIMIT_SECONDS * 1000))
        _exit(6);
    return feed;
}

static void live_as_consumer(void)
{
    rd_kafka_t *feed = new_feed();
    rd_kafka_conf_t *conf = new_conf();
    set(conf, "bootstrap.servers",
        rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(feed)));
    set(conf, "group.id", "group");
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "enable.auto.commit", "false");
    set(conf, "session.timeout.ms", "6000");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf, on_offset_commit);
    rd_kafka_t *rk = start(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    for (int i = 0; i < ROUNDS && !(atomic_load(&the.was_there) || is_late_site()); i++) {
        poll_client(rk, POLL_MS);
        list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 1;
        rd_kafka_commit(rk, list, 1);
        rd_kafka_topic_partition_list_destroy(list);
    }
    rd_kafka_consumer_close(rk);
    end(rk);
    rd_kafka_destroy(feed);
}

static void run_child(int error_fd)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL); /* Not a sanitizer's, */
    signal(SIGALRM, SIG_DFL); /* not the watchdog's. */
    alarm(LIMIT_SECONDS);
    dup2(error_fd, STDERR_FILENO);
    if (the.site >= IN_REBALANCE)
        live_as_consumer();
    else
        live_as_producer();
    _exit(atomic_load(&the.was_there) ? 0 : 5);
}

/* The parent */

static void read_all(int fd, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
}

/* The line that says that a call was refused names it. */
static bool is_named(const char *refusal, enum call call)
{
    char line[512];
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(refusal, "\n"), refusal);
    return refused_names[call] && strstr(line, refused_names[call]);
}

/* Counts what was refused. */
static bool run(enum site site, enum call call, int *refusals)
{
    char text[4000];
    int fds[2], status;
    the.site = site;
    the.call = call;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        run_child(fds[1]);
    }
    close(fds[1]);
    read_all(fds[0], text, sizeof(text));
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    bool is_said = strstr(text, "Application bug") != NULL;
    bool is_well = WIFEXITED(status) ? WEXITSTATUS(status) == 0 && (call != DESTROY || is_said)
                                     : WTERMSIG(status) == SIGABRT && is_said;
    const char *refusal = strstr(text, "CALLBACK: ");
    *refusals += refusal != NULL;
    is_well = is_well && (!refusal || is_named(refusal, call));
    if (!is_well)
        print_error("%s in %s: %s %d: %s\n", call_names[call], site_names[site],
                    WIFEXITED(status) ? "exit" : "signal",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), text);
    return is_well;
}

static void test_all_pairs(void **state)
{
    (void)state;
    int failures = 0, refusals[CALL_COUNT] = {0};
    for (int site = 0; site < SITE_COUNT; site++) {
        for (int call = 0; call < CALL_COUNT; call++)
            failures += !run((enum site)site, (enum call)call, &refusals[call]);
    }
    assert_int_equal(failures, 0);
    for (int call = 0; call < CALL_COUNT; call++)
        assert_int_equal(refusals[call] > 0, refused_names[call] != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
