/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmark client: consuming assigned partitions. */
#include "client.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_COUNT = 1000, GIVE_UP_MS = 30 * 1000 };

struct consumer {
    const struct bench_options *options;
    struct bench_result *result;
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    int64_t *next_offsets; /* Per partition: records must come without gaps. NULL with several
                              threads. */
    int partition_count;
};

static void subscribe(rd_kafka_t *client, const char *topic)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t error;

    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    error = rd_kafka_subscribe(client, topics);
    if (error)
        bench_fail("subscribe: %s", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(topics);
}

static void assign(rd_kafka_t *client, const char *topic, int count)
{
    rd_kafka_topic_partition_list_t *partitions = rd_kafka_topic_partition_list_new(count);
    rd_kafka_resp_err_t error;

    for (int partition = 0; partition < count; partition++)
        rd_kafka_topic_partition_list_add(partitions, topic, partition)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    error = rd_kafka_assign(client, partitions);
    if (error)
        bench_fail("assign: %s", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(partitions);
}

rd_kafka_t *bench_consumer(const struct bench_options *options, int *partition_count)
{
    const char *suffix = strrchr(options->topic, '_');
    rd_kafka_conf_t *conf = bench_conf(options);
    rd_kafka_t *client;

    *partition_count = 1;
    if (suffix && (sscanf(suffix, "_p%d", partition_count) != 1 || *partition_count < 1))
        *partition_count = 1;
    bench_conf_set(conf, "group.id", "bench");
    if (options->is_member)
        bench_conf_set(conf, "auto.offset.reset", "earliest");
    else
        bench_conf_set(conf, "enable.auto.commit", "false");
    client = bench_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(client);
    if (options->is_member)
        subscribe(client, options->topic);
    else
        assign(client, options->topic, *partition_count);
    return client;
}

/* Looks at a message as an application would; true when it is one. */
static bool take(struct consumer *consumer, const rd_kafka_message_t *message)
{
    if (message->err) {
        if (message->err != RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
            bench_fail("consume: %s", rd_kafka_message_errstr(message));
        return false;
    }
    if (message->len > 0 && ((const char *)message->payload)[0] != '{')
        bench_fail("partition %d offset %" PRId64 " holds something else", (int)message->partition,
                   message->offset);
    if (!consumer->next_offsets)
        return true;
    if (consumer->next_offsets[message->partition] != message->offset)
        bench_fail("partition %d: offset %" PRId64 " came where %" PRId64 " was expected",
                   (int)message->partition, message->offset,
                   consumer->next_offsets[message->partition]);
    consumer->next_offsets[message->partition]++;
    return true;
}

static void consume_singly(struct consumer *consumer, long count)
{
    for (long taken = 0; taken < count;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->client, GIVE_UP_MS);

        if (!message)
            bench_fail("no message came in %d s, %ld of %ld before", GIVE_UP_MS / 1000, taken,
                       count);
        taken += take(consumer, message);
        rd_kafka_message_destroy(message);
    }
}

static void consume_in_batches(struct consumer *consumer, long count)
{
    rd_kafka_message_t *messages[BATCH_COUNT];

    for (long taken = 0; taken < count;) {
        long wanted = count - taken < BATCH_COUNT ? count - taken : BATCH_COUNT;
        ssize_t got =
            rd_kafka_consume_batch_queue(consumer->queue, GIVE_UP_MS, messages, (size_t)wanted);

        if (got <= 0)
            bench_fail("no message came in %d s, %ld of %ld before", GIVE_UP_MS / 1000, taken,
                       count);
        for (ssize_t index = 0; index < got; index++) {
            taken += take(consumer, messages[index]);
            rd_kafka_message_destroy(messages[index]);
        }
    }
}

static void consume_some(struct consumer *consumer, long count)
{
    if (consumer->options->call == BENCH_CALL_BATCH)
        consume_in_batches(consumer, count);
    else
        consume_singly(consumer, count);
}

static void *run_thread(void *opaque)
{
    struct consumer *consumer = opaque;
    int64_t started_ns = bench_thread_cpu_ns();

    consume_some(consumer, consumer->options->messages / consumer->options->threads);
    bench_measure_add_thread(consumer->result, started_ns);
    return NULL;
}

static void consume_in_threads(struct consumer *consumer)
{
    int count = consumer->options->threads;
    pthread_t *threads = bench_alloc((size_t)count * sizeof(*threads));

    for (int index = 0; index < count; index++)
        if (pthread_create(&threads[index], NULL, run_thread, consumer))
            bench_fail("no thread");
    for (int index = 0; index < count; index++)
        pthread_join(threads[index], NULL);
    free(threads);
}

static void consumer_init(struct consumer *consumer, const struct bench_options *options,
                          struct bench_result *result)
{
    *consumer = (struct consumer){.options = options, .result = result};
    consumer->client = bench_consumer(options, &consumer->partition_count);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->client);
    if (options->threads == 1)
        consumer->next_offsets =
            bench_alloc((size_t)consumer->partition_count * sizeof(*consumer->next_offsets));
}

static void consumer_clear(struct consumer *consumer)
{
    rd_kafka_queue_destroy(consumer->queue);
    rd_kafka_consumer_close(consumer->client);
    rd_kafka_destroy(consumer->client);
    free(consumer->next_offsets);
}

/* A tenth more is consumed before the measurement, so that it begins and ends with full queues. */
void bench_consume(const struct bench_options *options, struct bench_result *result)
{
    struct consumer consumer;

    consumer_init(&consumer, options, result);
    consume_some(&consumer, options->messages / 10 + 1);

    bench_measure_start(result);
    if (options->threads > 1)
        consume_in_threads(&consumer);
    else
        consume_some(&consumer, options->messages);
    bench_measure_stop(result);
    result->messages = options->messages / options->threads * options->threads;
    consumer_clear(&consumer);
}

void bench_receive(const struct bench_options *options, struct bench_result *result)
{
    int64_t *latencies_ns = bench_alloc((size_t)options->messages * sizeof(*latencies_ns));
    struct consumer consumer;

    consumer_init(&consumer, options, result);
    consume_singly(&consumer, 1);
    bench_measure_start(result);
    for (long taken = 0; taken < options->messages;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer.client, GIVE_UP_MS);
        int64_t now_ns = bench_now_ns(), sent_ns;
        char text[64];

        if (!message)
            bench_fail("no message came in %d s", GIVE_UP_MS / 1000);
        if (take(&consumer, message)) {
            snprintf(text, sizeof(text), "%.*s", (int)message->len, (const char *)message->payload);
            if (sscanf(text, "{\"sent_ns\":%" SCNd64, &sent_ns) != 1)
                bench_fail("%s does not tell when it was sent", text);
            latencies_ns[taken++] = now_ns - sent_ns;
        }
        rd_kafka_message_destroy(message);
    }
    bench_measure_stop(result);
    result->messages = options->messages;
    bench_add_percentiles(result, latencies_ns, options->messages);
    consumer_clear(&consumer);
    free(latencies_ns);
}
