/* SPDX-License-Identifier: BSD-2-Clause */
#include "torture/ends.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rdkafka_mock.h"
#include "runtime/thread.h"
#include "torture/faults.h"

enum {
    TIMEOUT_MS = 20000,
    PARTITIONS = 2,
    FILLED = 50,
    LONG_MS = 60000,
};

static struct {
    rd_kafka_t *owner; /* Of the cluster. */
    rd_kafka_mock_cluster_t *cluster;
    int silent_port, full_port, dead_port;
    int silent_fd, full_fd, filler_fds[2];
} the;

struct ends_client it;

/* The world */

static int listen_silently(int backlog, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Connections to it hang: nobody accepts, and no more may wait. */
static void make_full_port(void)
{
    the.full_fd = listen_silently(0, &the.full_port);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)the.full_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 2; i++) {
        the.filler_fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(the.filler_fds[i], (struct sockaddr *)&address, sizeof(address));
    }
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static void fill(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(the.cluster));
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    for (int i = 0; i < PARTITIONS * FILLED; i++)
        assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("filled"),
                                           RD_KAFKA_V_PARTITION(i % PARTITIONS),
                                           RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END),
                         0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    rd_kafka_destroy(rk);
}

void ends_begin(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    the.owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    the.cluster = rd_kafka_mock_cluster_new(the.owner, 2);
    rd_kafka_mock_group_initial_rebalance_delay_ms(the.cluster, 0);
    rd_kafka_mock_topic_create(the.cluster, "filled", PARTITIONS, 1);
    rd_kafka_mock_topic_create(the.cluster, "t", PARTITIONS, 1);
    rd_kafka_mock_topic_create(the.cluster, "headless", PARTITIONS, 1);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_mock_partition_set_leader(the.cluster, "headless", i, -1);
    the.silent_fd = listen_silently(100, &the.silent_port);
    close(listen_silently(-1, &the.dead_port));
    make_full_port();
    fill();
}

void ends_end(void)
{
    rd_kafka_mock_cluster_destroy(the.cluster);
    rd_kafka_destroy(the.owner);
    close(the.silent_fd);
    close(the.full_fd);
    close(the.filler_fds[0]);
    close(the.filler_fds[1]);
}

/* Making clients */

static void sleep_in_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
    atomic_fetch_add(&it.inside, 1);
    rk_thread_pause_us(ENDS_CALLBACK_MS * 1000);
}

static void ignore_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
}

rd_kafka_conf_t *ends_new_conf(const char *servers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers",
        servers ? servers : rd_kafka_mock_cluster_bootstraps(the.cluster));
    set(conf, "linger.ms", "0");
    set(conf, "fetch.wait.max.ms", "10000");
    set(conf, "auto.offset.reset", "earliest");
    rd_kafka_conf_set_log_cb(conf, NULL);
    return conf;
}

void ends_make(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    static int group_count; /* Nobody who left without a word is waited for. */
    char error[256], group[32];
    snprintf(group, sizeof(group), "group-%d", group_count++);
    if (type == RD_KAFKA_CONSUMER)
        set(conf, "group.id", group);
    it.rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!it.rk)
        fail_msg("%s", error);
}

static void make_at_port(rd_kafka_type_t type, int port)
{
    char servers[64];
    snprintf(servers, sizeof(servers), "127.0.0.1:%d", port);
    ends_make(type, ends_new_conf(servers));
}

static void produce(const char *topic, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(rd_kafka_producev(it.rk, RD_KAFKA_V_TOPIC(topic),
                                           RD_KAFKA_V_PARTITION(i % PARTITIONS),
                                           RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END),
                         0);
}

static void assign(const char *topic, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = offset;
    assert_int_equal(rd_kafka_assign(it.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

void ends_set_group_delay(int delay_ms)
{
    faults_ignore_me(true);
    rd_kafka_mock_group_initial_rebalance_delay_ms(the.cluster, delay_ms);
    faults_ignore_me(false);
}

void ends_set_delay(int rtt_ms)
{
    faults_ignore_me(true);
    rd_kafka_mock_broker_set_rtt(the.cluster, -1, rtt_ms);
    faults_ignore_me(false);
}

void ends_start_thread(void *(*run)(void *))
{
    int before = atomic_load(&it.inside);
    assert_int_equal(pthread_create(&it.threads[it.thread_count++], NULL, run, NULL), 0);
    while (atomic_load(&it.inside) == before)
        rk_thread_pause_us(100);
    rk_thread_pause_us(2000); /* It may have got from there into the call: either way is right. */
}

static void hold_queue(rd_kafka_queue_t *queue)
{
    assert_non_null(queue);
    it.queues[it.queue_count++] = queue;
}

/* States of producers */

static void producer_new(void)
{
    ends_make(RD_KAFKA_PRODUCER, ends_new_conf(NULL));
}

static void producer_resolving(void)
{
    faults_hang_names(true);
    ends_make(RD_KAFKA_PRODUCER, ends_new_conf("localhost:9"));
    produce("t", 10);
    rk_thread_pause_us(5000);
}

static void producer_connecting(void)
{
    make_at_port(RD_KAFKA_PRODUCER, the.full_port);
    produce("t", 10);
    rk_thread_pause_us(5000);
}

static void producer_negotiating(void)
{
    make_at_port(RD_KAFKA_PRODUCER, the.silent_port);
    produce("t", 10);
    rk_thread_pause_us(5000);
}

static void producer_backing_off(void)
{
    make_at_port(RD_KAFKA_PRODUCER, the.dead_port);
    produce("t", 10);
    rk_thread_pause_us(5000);
}

static void producer_up(void)
{
    ends_make(RD_KAFKA_PRODUCER, ends_new_conf(NULL));
    produce("t", 10);
    assert_int_equal(rd_kafka_flush(it.rk, TIMEOUT_MS), 0);
}

static void producer_in_flight(void)
{
    producer_up();
    ends_set_delay(LONG_MS);
    produce("t", 1000);
    rk_thread_pause_us(5000);
}

static void producer_lingering(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    set(conf, "linger.ms", "60000");
    ends_make(RD_KAFKA_PRODUCER, conf);
    produce("t", 100);
    rk_thread_pause_us(20000);
    produce("t", 100);
}

static void producer_without_leader(void)
{
    ends_make(RD_KAFKA_PRODUCER, ends_new_conf(NULL));
    produce("headless", 100);
    rk_thread_pause_us(20000);
    produce("headless", 100);
}

static void producer_with_reports(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    rd_kafka_conf_set_dr_msg_cb(conf, ignore_report);
    ends_make(RD_KAFKA_PRODUCER, conf);
    produce("t", 1000);
    rk_thread_pause_us(50000);
}

static void producer_purging(void)
{
    producer_in_flight();
    rd_kafka_purge(it.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                              RD_KAFKA_PURGE_F_NON_BLOCKING);
}

static void producer_holding(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    ends_make(RD_KAFKA_PRODUCER, conf);
    it.topic = rd_kafka_topic_new(it.rk, "t", NULL);
    hold_queue(rd_kafka_queue_get_main(it.rk));
    hold_queue(rd_kafka_queue_get_background(it.rk));
    hold_queue(rd_kafka_queue_new(it.rk));
    produce("t", 10);
    it.events[it.event_count] = rd_kafka_queue_poll(it.queues[0], TIMEOUT_MS);
    assert_non_null(it.events[it.event_count++]);
    produce("t", 10);
}

/* Threads inside */

static void *block_in_produce(void *argument)
{
    (void)argument;
    rd_kafka_resp_err_t err;
    atomic_fetch_add(&it.inside, 1);
    do
        err = rd_kafka_producev(it.rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("value", 5),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_BLOCK | RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_END);
    while (!err);
    assert_int_equal(err, RD_KAFKA_RESP_ERR__DESTROY);
    return NULL;
}

static void producer_blocked(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    set(conf, "queue.buffering.max.messages", "10");
    set(conf, "linger.ms", "60000");
    ends_make(RD_KAFKA_PRODUCER, conf);
    produce("t", 10);
    ends_start_thread(block_in_produce);
    ends_start_thread(block_in_produce);
}

static void *block_in_produce_batch(void *argument)
{
    rd_kafka_message_t messages[10] = {{.err = RD_KAFKA_RESP_ERR_NO_ERROR}};
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    rd_kafka_produce_batch(it.topic, 0, RD_KAFKA_MSG_F_BLOCK | RD_KAFKA_MSG_F_COPY, messages, 10);
    assert_int_equal(messages[9].err, RD_KAFKA_RESP_ERR__DESTROY);
    return NULL;
}

static void producer_blocked_in_batch(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    set(conf, "queue.buffering.max.messages", "5");
    set(conf, "linger.ms", "60000");
    ends_make(RD_KAFKA_PRODUCER, conf);
    it.topic = rd_kafka_topic_new(it.rk, "t", NULL);
    ends_start_thread(block_in_produce_batch);
}

static void *block_in_flush(void *argument)
{
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    rd_kafka_resp_err_t err = rd_kafka_flush(it.rk, -1);
    assert_true(err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__DESTROY);
    return NULL;
}

static void producer_flushing(void)
{
    producer_in_flight();
    ends_start_thread(block_in_flush);
}

static void producer_flushing_with_events(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    ends_make(RD_KAFKA_PRODUCER, conf);
    produce("headless", 10);
    ends_start_thread(block_in_flush);
}

static void *block_in_poll(void *argument)
{
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    rd_kafka_poll(it.rk, -1);
    return NULL;
}

static void producer_polling(void)
{
    producer_new();
    ends_start_thread(block_in_poll);
    ends_start_thread(block_in_poll);
}

static void producer_in_callback(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    rd_kafka_conf_set_dr_msg_cb(conf, sleep_in_report);
    ends_make(RD_KAFKA_PRODUCER, conf);
    produce("t", 1);
    ends_start_thread(block_in_poll); /* The first of the two counts may be the callback's. */
    while (atomic_load(&it.inside) < 2)
        rk_thread_pause_us(100);
}

static void *block_in_metadata(void *argument)
{
    const struct rd_kafka_metadata *metadata;
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    assert_int_equal(rd_kafka_metadata(it.rk, 1, NULL, &metadata, LONG_MS),
                     RD_KAFKA_RESP_ERR__DESTROY);
    return NULL;
}

static void *block_in_cluster_id(void *argument)
{
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    assert_null(rd_kafka_clusterid(it.rk, LONG_MS));
    return NULL;
}

static void producer_asking(void)
{
    producer_negotiating();
    ends_start_thread(block_in_metadata);
    ends_start_thread(block_in_cluster_id);
}

/* States of consumers */

static void consumer_new(void)
{
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf(NULL));
}

static void consumer_resolving(void)
{
    faults_hang_names(true);
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf("localhost:9"));
    assign("filled", 0);
    rk_thread_pause_us(5000);
}

static void consumer_connecting(void)
{
    make_at_port(RD_KAFKA_CONSUMER, the.full_port);
    assign("filled", 0);
    rk_thread_pause_us(5000);
}

static void consumer_backing_off(void)
{
    make_at_port(RD_KAFKA_CONSUMER, the.dead_port);
    assign("filled", 0);
    rk_thread_pause_us(5000);
}

static void take_one(void)
{
    it.messages[it.message_count] = rd_kafka_consumer_poll(it.rk, TIMEOUT_MS);
    assert_non_null(it.messages[it.message_count++]);
}

static void consumer_holding(void)
{
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf(NULL));
    assign("filled", 0);
    it.topic = rd_kafka_topic_new(it.rk, "filled", NULL);
    hold_queue(rd_kafka_queue_get_consumer(it.rk));
    hold_queue(rd_kafka_queue_get_partition(it.rk, "filled", 0));
    hold_queue(rd_kafka_queue_new(it.rk));
    take_one();
    rd_kafka_queue_forward(it.queues[1], it.queues[2]);
    take_one();
    it.events[it.event_count] = rd_kafka_queue_poll(it.queues[0], TIMEOUT_MS);
    assert_non_null(it.events[it.event_count++]);
}

static void consumer_looking_up(void)
{
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf(NULL));
    assign("filled", 0);
    take_one();
    ends_set_delay(LONG_MS);
    assign("t", RD_KAFKA_OFFSET_END);
    rk_thread_pause_us(5000);
}

static void consumer_fetching(void)
{
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf(NULL));
    assign("filled", FILLED); /* At the end: the broker keeps the request. */
    rk_thread_pause_us(20000);
}

static void consumer_closed(void)
{
    consumer_holding();
    assert_int_equal(rd_kafka_consumer_close(it.rk), 0);
}

static void *block_in_consumer_poll(void *argument)
{
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    assert_null(rd_kafka_consumer_poll(it.rk, -1));
    return NULL;
}

static void consumer_polling(void)
{
    consumer_fetching();
    ends_start_thread(block_in_consumer_poll);
    ends_start_thread(block_in_consumer_poll);
}

static void *block_in_watermarks(void *argument)
{
    int64_t low, high;
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    assert_int_equal(rd_kafka_query_watermark_offsets(it.rk, "t", 0, &low, &high, LONG_MS),
                     RD_KAFKA_RESP_ERR__DESTROY);
    return NULL;
}

static void consumer_asking(void)
{
    consumer_looking_up();
    ends_start_thread(block_in_watermarks);
}

static void sleep_with_message(rd_kafka_message_t *message, void *opaque)
{
    (void)message;
    (void)opaque;
    atomic_fetch_add(&it.inside, 1);
    rk_thread_pause_us(ENDS_CALLBACK_MS * 1000);
}

static void *block_in_consume_callback(void *argument)
{
    (void)argument;
    rd_kafka_consume_callback_queue(it.queues[0], TIMEOUT_MS, sleep_with_message, NULL);
    return NULL;
}

static void consumer_in_callback(void)
{
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf(NULL));
    assign("filled", FILLED - 1); /* One message each: two times the callback's sleep. */
    hold_queue(rd_kafka_queue_get_consumer(it.rk));
    ends_start_thread(block_in_consume_callback);
}

#define ROW(name)   \
    {               \
#name, name \
    }

const struct ends_state ends_states[] = {
    ROW(producer_new),
    ROW(producer_resolving),
    ROW(producer_connecting),
    ROW(producer_negotiating),
    ROW(producer_backing_off),
    ROW(producer_up),
    ROW(producer_in_flight),
    ROW(producer_lingering),
    ROW(producer_without_leader),
    ROW(producer_with_reports),
    ROW(producer_purging),
    ROW(producer_holding),
    ROW(producer_blocked),
    ROW(producer_blocked_in_batch),
    ROW(producer_flushing),
    ROW(producer_flushing_with_events),
    ROW(producer_polling),
    ROW(producer_in_callback),
    ROW(producer_asking),
    ROW(consumer_new),
    ROW(consumer_resolving),
    ROW(consumer_connecting),
    ROW(consumer_backing_off),
    ROW(consumer_holding),
    ROW(consumer_looking_up),
    ROW(consumer_fetching),
    ROW(consumer_closed),
    ROW(consumer_polling),
    ROW(consumer_asking),
    ROW(consumer_in_callback),
    {NULL, NULL},
};
