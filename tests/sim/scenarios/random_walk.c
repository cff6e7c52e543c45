/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations of the public interface under random faults, with all checkers on.
 *
 * A walk has two to four clients, which end and are made anew now and then, and one or two threads
 * of the application. Faults come one after the other and are all lifted in the end; then
 * everything that was produced must be reported and everything in the logs consumed. In one walk of
 * eight logs lose their tails and topics are made anew: there, what was acknowledged may be gone.
 */
#include "mock/mock_state.h"
#include "sim/checkers.h"
#include "sim/sim.h"
#include "wire/api.h"

#include <stdio.h>

enum { CLIENTS_MAX = 3, TOPICS = 2, STEPS = 60, SETTLE_MS = 200000, MESSAGE_TIMEOUT_MS = 30000 };
enum { PARTITIONS_MAX = 8, BATCH = 20, LAST_FETCH_WITHOUT_EPOCH = 11 };

static const char *const topics[TOPICS] = {"one", "two"};

static struct walk {
    int broker_count, partition_count;
    struct sim_client *producers[CLIENTS_MAX], *consumers[CLIENTS_MAX];
    int producer_count, consumer_count;
    const char *assigned[CLIENTS_MAX]; /* To the consumer; NULL: nothing. */
    int assigned_count[CLIENTS_MAX];   /* Partitions: later ones are not. */
    struct sim_thread *poller;         /* Polls the first producer, which stays; NULL: nobody. */
    struct sim_client *legacy;         /* Consumes with rd_kafka_consume_start() and friends, */
    rd_kafka_topic_t *handles[TOPICS];
    bool is_started[TOPICS][PARTITIONS_MAX]; /* these. */
    bool is_healing, is_over;
    bool is_wild; /* Logs and topics change. */
} walk;

static const char *one_of(const char *const *values, uint64_t count)
{
    return values[sim_below(count)];
}

#define ONE_OF(...)                            \
    one_of((const char *const[]){__VA_ARGS__}, \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Faults */

static void restart(int broker)
{
    sim_broker_start(broker);
}

static const char *any_topic(void)
{
    return topics[sim_below(TOPICS)];
}

static void name_follower(void)
{
    rk_mock_cluster_set_follower(
        sim_mock(), any_topic(), (int32_t)sim_below((uint64_t)walk.partition_count),
        sim_one_in(3) ? -1 : 1 + (int32_t)sim_below((uint64_t)walk.broker_count));
}

static void grow(struct rk_mock_cluster *mock, void *argument)
{
    for (int i = 0; i < TOPICS; i++) {
        struct rk_mock_topic *topic = rk_mock_topic_find(mock, topics[i]);
        if (topic)
            rk_mock_topic_grow(mock, topic, *(const int *)argument);
    }
}

static void add_partition(void)
{
    if (walk.partition_count == PARTITIONS_MAX)
        return;
    int count = walk.partition_count + 1;
    rk_mock_cluster_run(sim_mock(), grow, &count);
    walk.partition_count = count;
}

static void change_log(void)
{
    const char *topic = any_topic();
    if (sim_one_in(2)) {
        sim_lose_tail(topic, (int)sim_below((uint64_t)walk.partition_count), 1 + (int)sim_below(9));
        return;
    }
    sim_note_fault("%s is made anew", topic);
    rk_mock_cluster_delete_topic(sim_mock(), topic);
    rk_mock_cluster_create_topic(sim_mock(), topic, walk.partition_count, walk.broker_count);
}

static void any_fault(int unused)
{
    static void (*const links[])(int broker) = {
        sim_blackhole,     sim_half_open, sim_reset,         sim_refuse,
        sim_hang_connects, sim_silent,    sim_small_buffers, sim_heal,
    };
    int broker = 1 + (int)sim_below((uint64_t)walk.broker_count);
    char name[24];
    (void)unused;
    if (walk.is_healing)
        return;
    snprintf(name, sizeof(name), "broker%d", broker);
    switch (sim_below(11)) {
    case 8:
        name_follower();
        break;
    case 9:
        add_partition();
        break;
    case 10:
        if (walk.is_wild)
            change_log();
        break;
    case 0:
        sim_broker_stop(broker);
        sim_at((int64_t)sim_below(20000), restart, broker);
        break;
    case 1:
        sim_broker_power_off(broker);
        sim_at((int64_t)sim_below(20000), restart, broker);
        break;
    case 2:
        sim_leaders_leave(broker);
        break;
    case 3:
        sim_name_state(name, (enum sim_name_state)sim_below(3));
        break;
    case 4:
        sim_drip(broker, 1 + sim_below(100), 100 + sim_below(100000));
        break;
    case 5:
        sim_wall_clock_jump((int64_t)sim_below(200000000) - 100000000);
        break;
    default:
        links[sim_below(sizeof(links) / sizeof(links[0]))](broker);
        break;
    }
    sim_at((int64_t)sim_below(8000), any_fault, 0);
}

static void heal_all(void)
{
    char name[24];
    walk.is_healing = true;
    sim_await_actions();
    for (int i = 1; i <= walk.broker_count; i++) {
        snprintf(name, sizeof(name), "broker%d", i);
        sim_name_state(name, SIM_NAME_WORKS);
    }
    sim_broker_start(0);
    sim_heal(0);
    sim_await_actions();
}

/* Steps */

static struct sim_client *any_producer(void)
{
    return walk.producers[sim_below((uint64_t)walk.producer_count)];
}

static void step_produce(void)
{
    static const int flags[] = {0, RD_KAFKA_MSG_F_COPY, RD_KAFKA_MSG_F_FREE,
                                RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK};
    struct sim_client *producer = any_producer();
    for (uint64_t i = sim_below(100); i > 0; i--) {
        int partition = sim_one_in(2) ? -1 : (int)sim_below((uint64_t)walk.partition_count);
        int flag = flags[sim_below(sizeof(flags) / sizeof(flags[0]))];
        if (rd_kafka_outq_len(sim_handle(producer)) > 900)
            flag &= ~RD_KAFKA_MSG_F_BLOCK; /* Nobody else polls: it would wait for ever. */
        sim_produce_one(producer, any_topic(), partition, flag, 0);
    }
}

static void step_producer(void)
{
    static const int purges[] = {RD_KAFKA_PURGE_F_QUEUE, RD_KAFKA_PURGE_F_INFLIGHT,
                                 RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT,
                                 RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING};
    rd_kafka_t *handle = sim_handle(any_producer());
    const struct rd_kafka_metadata *metadata;
    switch (sim_below(6)) {
    case 0:
        rd_kafka_flush(handle, (int)sim_below(500));
        break;
    case 1:
        rd_kafka_purge(handle, purges[sim_below(4)]);
        break;
    case 2:
        if (!rd_kafka_metadata(handle, sim_one_in(2), NULL, &metadata, (int)sim_below(1000)))
            rd_kafka_metadata_destroy(metadata);
        break;
    default:
        rd_kafka_poll(handle, (int)sim_below(300));
        break;
    }
}

static void ask_for_times(struct sim_client *consumer, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = (int64_t)sim_below(1u << 31);
    rd_kafka_topic_partition_list_add(list, "unknown", 7)->offset = 0;
    rd_kafka_offsets_for_times(sim_handle(consumer), list, (int)sim_below(1000));
    rd_kafka_position(sim_handle(consumer), list);
    rd_kafka_topic_partition_list_destroy(list);
}

static void step_consumer(void)
{
    int i = (int)sim_below((uint64_t)walk.consumer_count);
    struct sim_client *consumer = walk.consumers[i];
    const char *topic = walk.assigned[i];
    if (!topic || sim_one_in(8)) {
        walk.assigned[i] = any_topic();
        walk.assigned_count[i] = walk.partition_count;
        sim_assign(consumer, walk.assigned[i], walk.partition_count, RD_KAFKA_OFFSET_BEGINNING);
        return;
    }
    int partition = (int)sim_below((uint64_t)walk.assigned_count[i]);
    int64_t end = sim_log_end(topic, partition), low, high;
    switch (sim_below(8)) {
    case 2:
        rd_kafka_query_watermark_offsets(sim_handle(consumer), topic, partition, &low, &high,
                                         (int)sim_below(1000));
        break;
    case 3:
        ask_for_times(consumer, topic);
        break;
    case 0:
        sim_seek(consumer, topic, partition, (int64_t)sim_below((uint64_t)end + 1));
        break;
    case 1:
        sim_pause(consumer, topic, partition, sim_one_in(2));
        break;
    default:
        for (uint64_t left = sim_below(300); left > 0 && sim_consume_one(consumer, 20); left--)
            ;
    }
}

/* The calls from before consumer groups */

static void take(rd_kafka_message_t *message)
{
    if (message && !message->err)
        sim_on_message(walk.legacy, message);
    if (message)
        rd_kafka_message_destroy(message);
}

static void take_with_callback(rd_kafka_message_t *message, void *opaque)
{
    (void)opaque;
    if (!message->err)
        sim_on_message(walk.legacy, message);
}

static void take_batch(rd_kafka_topic_t *handle, int partition)
{
    rd_kafka_message_t *messages[BATCH];
    ssize_t count = rd_kafka_consume_batch(handle, partition, (int)sim_below(100), messages, BATCH);
    for (ssize_t i = 0; i < count; i++)
        take(messages[i]);
}

static void start(int t, int partition)
{
    struct sim_progress *progress = sim_progress_of(walk.legacy, topics[t], partition);
    int64_t offset = (int64_t)sim_below((uint64_t)sim_log_end(topics[t], partition) + 1);
    if (sim_one_in(2))
        offset = RD_KAFKA_OFFSET_BEGINNING;
    sim_note("legacy: start %s [%d] at %d", topics[t], partition, (int)offset);
    sim_check(!rd_kafka_consume_start(walk.handles[t], partition, offset), "consume_start");
    progress->expected = offset == RD_KAFKA_OFFSET_BEGINNING ? 0 : offset;
    walk.is_started[t][partition] = true;
}

static void step_legacy(void)
{
    int t = (int)sim_below(TOPICS), partition = (int)sim_below((uint64_t)walk.partition_count);
    rd_kafka_topic_t *handle = walk.handles[t];
    if (!walk.is_started[t][partition]) {
        start(t, partition);
        return;
    }
    switch (sim_below(8)) {
    case 0:
        sim_note("legacy: stop %s [%d]", topics[t], partition);
        sim_check(!rd_kafka_consume_stop(handle, partition), "consume_stop");
        walk.is_started[t][partition] = false;
        break;
    case 1: {
        int64_t offset = (int64_t)sim_below((uint64_t)sim_log_end(topics[t], partition) + 1);
        sim_note("legacy: seek %s [%d] to %d", topics[t], partition, (int)offset);
        sim_check(!rd_kafka_seek(handle, partition, offset, 0), "seek");
        sim_progress_of(walk.legacy, topics[t], partition)->expected = offset;
        break;
    }
    case 2:
        rd_kafka_consume_callback(handle, partition, (int)sim_below(100), take_with_callback, NULL);
        break;
    case 3:
    case 4:
        take_batch(handle, partition);
        break;
    default:
        for (uint64_t left = sim_below(100); left > 0; left--)
            take(rd_kafka_consume(handle, partition, 2));
    }
}

static void begin_legacy(void)
{
    walk.legacy = sim_consumer("fetch.wait.max.ms", "50", "socket.timeout.ms", "2000",
                               "reconnect.backoff.max.ms", "2000", "client.rack", "here",
                               "auto.offset.reset", "earliest", NULL);
    for (int i = 0; i < TOPICS; i++)
        walk.handles[i] = rd_kafka_topic_new(sim_handle(walk.legacy), topics[i], NULL);
}

static void end_legacy(void)
{
    for (int t = 0; t < TOPICS; t++) {
        for (int p = 0; p < PARTITIONS_MAX; p++) {
            if (walk.is_started[t][p])
                rd_kafka_consume_stop(walk.handles[t], p);
        }
        rd_kafka_topic_destroy(walk.handles[t]);
    }
}

/* Clients */

static struct sim_client *new_producer(void)
{
    char timeout[16];
    snprintf(timeout, sizeof(timeout), "%d", MESSAGE_TIMEOUT_MS);
    return sim_producer(
        "linger.ms", ONE_OF("0", "5", "500"), "acks", ONE_OF("all", "all", "1", "0"),
        "max.in.flight", ONE_OF("1", "5", "100"), "compression.codec",
        ONE_OF("none", "none", "lz4", "zstd", "gzip", "snappy"), "queue.buffering.max.messages",
        "1000", "batch.num.messages", ONE_OF("1", "10", "10000"), "message.timeout.ms", timeout,
        "socket.timeout.ms", ONE_OF("2000", "60000"), "socket.max.fails", ONE_OF("1", "5"),
        "request.timeout.ms", "1500", "reconnect.backoff.max.ms", "2000", NULL);
}

static struct sim_client *new_consumer(void)
{
    return sim_consumer("auto.offset.reset", "earliest", "fetch.wait.max.ms", ONE_OF("5", "500"),
                        "fetch.message.max.bytes", ONE_OF("1000", "1048576"), "queued.min.messages",
                        ONE_OF("1", "100", "100000"), "socket.timeout.ms", ONE_OF("2000", "60000"),
                        "reconnect.backoff.max.ms", "2000", "enable.partition.eof",
                        ONE_OF("true", "false"), "client.rack", ONE_OF("", "here"),
                        "isolation.level", ONE_OF("read_committed", "read_uncommitted"),
                        "topic.metadata.refresh.interval.ms", ONE_OF("1000", "300000"), NULL);
}

/* Ends one client, with whatever it has under way, and makes another. */
static void step_client(void)
{
    if (sim_one_in(2)) {
        int i = (int)sim_below((uint64_t)walk.consumer_count);
        sim_destroy(walk.consumers[i], 4000);
        walk.consumers[i] = new_consumer();
        walk.assigned[i] = NULL;
    } else if (walk.producer_count > 1) {
        sim_destroy(walk.producers[1], 1000);
        walk.producers[1] = new_producer();
    }
}

static void poll_first(void *unused)
{
    (void)unused;
    while (!walk.is_over)
        rd_kafka_poll(sim_handle(walk.producers[0]), (int)sim_below(50));
}

static void begin(void)
{
    walk.broker_count = 1 + (int)sim_below(3);
    walk.partition_count = 1 + (int)sim_below(5);
    sim_cluster(walk.broker_count);
    for (int i = 0; i < TOPICS; i++)
        sim_topic(topics[i], walk.partition_count, walk.broker_count);
    if (sim_one_in(3))
        rk_mock_cluster_set_versions(sim_mock(), RK_API_FETCH, 4, LAST_FETCH_WITHOUT_EPOCH);
    walk.is_wild = sim_one_in(8);
    if (walk.is_wild)
        sim_allow(SIM_ALLOW_LOSS | SIM_ALLOW_GAPS | SIM_ALLOW_DISORDER);
    for (uint64_t i = 1 + sim_below(2); i > 0; i--)
        walk.producers[walk.producer_count++] = new_producer();
    for (uint64_t i = 1 + sim_below(2); i > 0; i--)
        walk.consumers[walk.consumer_count++] = new_consumer();
    if (sim_one_in(2))
        begin_legacy();
}

static void settle(void)
{
    heal_all();
    for (int i = 0; i < walk.producer_count; i++)
        sim_flush(walk.producers[i], SETTLE_MS);
    for (int i = 0; i < walk.consumer_count; i++) {
        sim_assign(walk.consumers[i], topics[i % TOPICS], walk.partition_count,
                   RD_KAFKA_OFFSET_BEGINNING);
        for (int p = 0; p < walk.partition_count; p++)
            sim_pause(walk.consumers[i], topics[i % TOPICS], p, false);
        sim_consume_all_of(walk.consumers[i], topics[i % TOPICS], walk.partition_count, SETTLE_MS);
    }
}

SIM_SCENARIO(random_walk, "random operations under random faults")
{
    begin();
    sim_at((int64_t)sim_below(3000), any_fault, 0);
    if (sim_one_in(2))
        walk.poller = sim_spawn("poller", poll_first, NULL);
    for (int i = 0; i < STEPS; i++) {
        if (sim_one_in(40))
            step_client();
        switch (sim_below(walk.legacy ? 5 : 4)) {
        case 4:
            step_legacy();
            break;
        case 0:
            step_produce();
            break;
        case 1:
            step_producer();
            break;
        case 2:
            step_consumer();
            break;
        default:
            sim_run_for((int64_t)sim_below(sim_one_in(10) ? 20000 : 200));
            break;
        }
    }
    walk.is_over = true;
    if (walk.poller)
        sim_join(walk.poller);
    if (walk.legacy)
        end_legacy();
    if (sim_one_in(2)) {
        walk.is_healing = true; /* Destroyed in the middle of it; what hangs may be left. */
        sim_allow(SIM_ALLOW_ABANDONED);
        return;
    }
    settle();
}
