/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmark client: what a queued message takes of memory beyond its key and value. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STEADY_ROUNDS = 10, /* As often the same length in a row: nothing more comes. */
    ROUNDS_MAX = 600,
    ROUND_NS = 50 * 1000 * 1000,
};

static long resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        bench_fail("/proc/self/statm cannot be read");
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

/* Lets time pass: that nothing more comes has no event, it shows by lengths that stay. */
static void pause_round(void)
{
    struct timespec pause = {0, ROUND_NS};

    nanosleep(&pause, NULL);
}

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    (void)message;
    (void)opaque;
}

/* All that is given to the library and not reported yet: reports are not polled for. */
static long queue_messages(rd_kafka_t *client, rd_kafka_topic_t *topic,
                           const struct bench_options *options)
{
    char *value = bench_alloc(options->value_size);

    memset(value, '{', options->value_size);
    for (long number = 0; number < options->messages; number++)
        if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value,
                             options->value_size, NULL, 0, NULL) != 0)
            bench_fail("produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
    free(value);
    for (int round = 0; round < 2 * STEADY_ROUNDS; round++)
        pause_round(); /* Whatever is sent is sent. */
    (void)client;
    return options->messages;
}

static rd_kafka_t *new_producer(const struct bench_options *options)
{
    rd_kafka_conf_t *conf = bench_conf(options);

    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    bench_conf_set(conf, "queue.buffering.max.messages", "10000000");
    return bench_client(RD_KAFKA_PRODUCER, conf);
}

static long measure_producer(const struct bench_options *options, long *messages)
{
    rd_kafka_t *client = new_producer(options);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, options->topic, NULL);
    long before, growth;

    if (!topic || rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, "{}", 2, NULL, 0, NULL) != 0 ||
        rd_kafka_flush(client, 10 * 1000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_fail("the first message was not delivered");
    before = resident_bytes();
    *messages = queue_messages(client, topic, options);
    growth = resident_bytes() - before;
    rd_kafka_flush(client, 60 * 1000);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    return growth;
}

/* Messages that were fetched ahead, when no more come. */
static long wait_until_full(rd_kafka_queue_t *queue)
{
    long length = 0;
    int steady = 0;

    for (int round = 0; round < ROUNDS_MAX && steady < STEADY_ROUNDS; round++) {
        long now = (long)rd_kafka_queue_length(queue);

        steady = now > 0 && now == length ? steady + 1 : 0;
        length = now;
        pause_round();
    }
    return length;
}

static long measure_consumer(const struct bench_options *options, long *messages)
{
    long before = resident_bytes(), growth;
    int partition_count;
    rd_kafka_t *client = bench_consumer(options, &partition_count);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);

    *messages = wait_until_full(queue);
    growth = resident_bytes() - before;
    if (*messages == 0)
        bench_fail("nothing was fetched");
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return growth;
}

void bench_memory(const struct bench_options *options, struct bench_result *result)
{
    long growth, messages;

    bench_measure_start(result);
    growth = options->is_consumer ? measure_consumer(options, &messages)
                                  : measure_producer(options, &messages);
    bench_measure_stop(result);
    result->messages = messages;
    snprintf(result->extra, sizeof(result->extra), ",\"bytes_beyond_each\":%.1f",
             (double)growth / (double)messages - (double)options->value_size);
}
