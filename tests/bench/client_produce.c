/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmark client: producing, with a report for every message. */
#include "client.h"

#include "payload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POOL_SIZE =
        1500 * 1000, /* Of different values: a batch holds none twice, which codecs would find. */
    POOL_MINIMUM = 1024, /* Messages in the pool, a power of two. */
    BATCH_COUNT = 100,   /* Messages per rd_kafka_produce_batch(). */
    WARM_UP_COUNT = 1000,
    REPORTS_PER_EVENT = 256,
    GIVE_UP_MS = 60 * 1000,
};

struct producer {
    const struct bench_options *options;
    struct bench_result *result;
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue; /* Reports as events come here, else NULL. */
    size_t pool_count;       /* Different messages; a power of two. */
    char *values;
    char *keys;
    int flags;     /* RD_KAFKA_MSG_F_*: threads that do not poll wait for room in the library. */
    long reported; /* Touched by the one thread that polls. */
    long failed;
};

static void count_report(struct producer *producer, rd_kafka_resp_err_t error)
{
    producer->reported++;
    producer->failed += error != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    count_report(opaque, message->err);
}

/* Serves reports; waits at most `timeout_ms` for the first. */
static void poll_reports(struct producer *producer, int timeout_ms)
{
    const rd_kafka_message_t *messages[REPORTS_PER_EVENT];
    rd_kafka_event_t *event;

    if (!producer->queue) {
        rd_kafka_poll(producer->client, timeout_ms);
        return;
    }
    while ((event = rd_kafka_queue_poll(producer->queue, timeout_ms))) {
        size_t count;

        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
            while ((count = rd_kafka_event_message_array(event, messages, REPORTS_PER_EVENT)))
                for (size_t index = 0; index < count; index++)
                    count_report(producer, messages[index]->err);
        rd_kafka_event_destroy(event);
        timeout_ms = 0;
    }
}

static char *value_of(const struct producer *producer, long number)
{
    return producer->values +
           ((size_t)number & (producer->pool_count - 1)) * producer->options->value_size;
}

static const char *key_of(const struct producer *producer, long number)
{
    if (producer->options->key_size == 0)
        return NULL;
    return producer->keys +
           ((size_t)number & (producer->pool_count - 1)) * producer->options->key_size;
}

static void *opaque_of(const struct producer *producer, long number)
{
    return producer->options->with_opaque ? value_of(producer, number) : NULL;
}

static rd_kafka_resp_err_t send_by_topic(struct producer *producer, long number)
{
    const struct bench_options *options = producer->options;

    if (rd_kafka_produce(producer->topic, RD_KAFKA_PARTITION_UA, producer->flags,
                         value_of(producer, number), options->value_size, key_of(producer, number),
                         options->key_size, opaque_of(producer, number)) == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_last_error();
}

static rd_kafka_resp_err_t send_by_name(struct producer *producer, long number)
{
    const struct bench_options *options = producer->options;

    return rd_kafka_producev(producer->client, RD_KAFKA_V_TOPIC(options->topic),
                             RD_KAFKA_V_VALUE(value_of(producer, number), options->value_size),
                             RD_KAFKA_V_KEY(key_of(producer, number), options->key_size),
                             RD_KAFKA_V_MSGFLAGS(producer->flags),
                             RD_KAFKA_V_OPAQUE(opaque_of(producer, number)), RD_KAFKA_V_END);
}

static rd_kafka_resp_err_t send_with_header(struct producer *producer, long number)
{
    const struct bench_options *options = producer->options;

    return rd_kafka_producev(producer->client, RD_KAFKA_V_RKT(producer->topic),
                             RD_KAFKA_V_VALUE(value_of(producer, number), options->value_size),
                             RD_KAFKA_V_KEY(key_of(producer, number), options->key_size),
                             RD_KAFKA_V_HEADER("trace-id", "4bf92f3577b34da6", (ssize_t)16),
                             RD_KAFKA_V_MSGFLAGS(producer->flags),
                             RD_KAFKA_V_OPAQUE(opaque_of(producer, number)), RD_KAFKA_V_END);
}

/* Two headers and more are made before and handed over, as applications do. */
static rd_kafka_resp_err_t send_with_headers(struct producer *producer, long number)
{
    const struct bench_options *options = producer->options;
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)options->headers);
    rd_kafka_resp_err_t error;

    for (int index = 0; index < options->headers; index++)
        rd_kafka_header_add(headers, "trace-id", 8, "4bf92f3577b34da6", 16);
    error = rd_kafka_producev(producer->client, RD_KAFKA_V_RKT(producer->topic),
                              RD_KAFKA_V_VALUE(value_of(producer, number), options->value_size),
                              RD_KAFKA_V_KEY(key_of(producer, number), options->key_size),
                              RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_MSGFLAGS(producer->flags),
                              RD_KAFKA_V_OPAQUE(opaque_of(producer, number)), RD_KAFKA_V_END);
    if (error)
        rd_kafka_headers_destroy(headers);
    return error;
}

typedef rd_kafka_resp_err_t send_function(struct producer *producer, long number);

static send_function *choose_send(const struct bench_options *options)
{
    if (options->headers > 1)
        return send_with_headers;
    if (options->headers == 1)
        return send_with_header;
    return options->call == BENCH_CALL_BY_NAME ? send_by_name : send_by_topic;
}

/* Waits until the next message is due. */
static void keep_rate(struct producer *producer, int64_t started_ns, long number)
{
    int64_t due_ns = started_ns + (int64_t)((double)number * 1e9 / (double)producer->options->rate);

    while (bench_now_ns() < due_ns)
        poll_reports(producer, 1);
}

static void produce_singly(struct producer *producer, long first, long count, bool may_poll)
{
    const struct bench_options *options = producer->options;
    send_function *send = choose_send(options);
    int64_t started_ns = bench_now_ns();
    int until_poll = options->poll_interval;

    for (long number = first; number < first + count; number++) {
        rd_kafka_resp_err_t error;

        while ((error = send(producer, number)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            poll_reports(producer, 10); /* Makes room. */
        if (error)
            bench_fail("produce: %s", rd_kafka_err2str(error));
        if (--until_poll > 0)
            continue;
        until_poll = options->poll_interval;
        if (may_poll)
            poll_reports(producer, 0);
        if (options->rate)
            keep_rate(producer, started_ns, number - first);
    }
}

static void produce_in_batches(struct producer *producer, long first, long count, bool may_poll)
{
    const struct bench_options *options = producer->options;
    rd_kafka_message_t messages[BATCH_COUNT];
    int waiting = 0;

    for (long number = first; number < first + count || waiting > 0;) {
        int left = 0;

        for (; waiting < BATCH_COUNT && number < first + count; number++)
            messages[waiting++] =
                (rd_kafka_message_t){.payload = value_of(producer, number),
                                     .len = options->value_size,
                                     .key = (void *)(uintptr_t)key_of(producer, number),
                                     .key_len = options->key_size,
                                     ._private = opaque_of(producer, number)};
        rd_kafka_produce_batch(producer->topic, RD_KAFKA_PARTITION_UA, producer->flags, messages,
                               waiting);
        for (int index = 0; index < waiting; index++) {
            if (messages[index].err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
                messages[left++] = messages[index];
            else if (messages[index].err)
                bench_fail("produce_batch: %s", rd_kafka_err2str(messages[index].err));
        }
        waiting = left;
        if (left > 0)
            poll_reports(producer, 10); /* Makes room. */
        else if (may_poll)
            poll_reports(producer, 0);
    }
}

static void produce_some(struct producer *producer, long first, long count, bool may_poll)
{
    if (producer->options->call == BENCH_CALL_BATCH)
        produce_in_batches(producer, first, count, may_poll);
    else
        produce_singly(producer, first, count, may_poll);
}

static void wait_for_reports(struct producer *producer, long count)
{
    int64_t deadline_ns = bench_now_ns() + (int64_t)GIVE_UP_MS * 1000000;

    while (producer->reported < count) {
        poll_reports(producer, 100);
        if (bench_now_ns() > deadline_ns)
            bench_fail("%ld of %ld messages are not reported", count - producer->reported, count);
    }
}

struct produce_thread {
    pthread_t thread;
    struct producer *producer;
    long first;
    long count;
};

static void *run_thread(void *opaque)
{
    struct produce_thread *thread = opaque;
    int64_t started_ns = bench_thread_cpu_ns();

    produce_some(thread->producer, thread->first, thread->count, false);
    bench_measure_add_thread(thread->producer->result, started_ns);
    return NULL;
}

/* The threads produce, this one polls. */
static void produce_in_threads(struct producer *producer)
{
    int count = producer->options->threads;
    struct produce_thread *threads = bench_alloc((size_t)count * sizeof(*threads));
    long share = producer->options->messages / count;

    producer->flags |= RD_KAFKA_MSG_F_BLOCK;
    for (int index = 0; index < count; index++) {
        struct produce_thread *thread = &threads[index];

        thread->producer = producer;
        thread->first = index * share;
        thread->count = index == count - 1 ? producer->options->messages - thread->first : share;
        if (pthread_create(&thread->thread, NULL, run_thread, thread))
            bench_fail("no thread");
    }
    wait_for_reports(producer, WARM_UP_COUNT + producer->options->messages);
    for (int index = 0; index < count; index++)
        pthread_join(threads[index].thread, NULL);
    free(threads);
}

static void producer_init(struct producer *producer, const struct bench_options *options,
                          struct bench_result *result, rd_kafka_conf_t *conf)
{
    size_t key_size = options->key_size;

    *producer =
        (struct producer){.options = options, .result = result, .flags = RD_KAFKA_MSG_F_COPY};
    rd_kafka_conf_set_opaque(conf, producer);
    if (options->by_event)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    else
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    producer->client = bench_client(RD_KAFKA_PRODUCER, conf);
    producer->queue = options->by_event ? rd_kafka_queue_get_main(producer->client) : NULL;
    producer->topic = rd_kafka_topic_new(producer->client, options->topic, NULL);
    if (!producer->topic)
        bench_fail("topic: %s", rd_kafka_err2str(rd_kafka_last_error()));
    producer->pool_count = POOL_MINIMUM;
    while (producer->pool_count * options->value_size < POOL_SIZE &&
           producer->pool_count < POOL_SIZE / 64)
        producer->pool_count *= 2;
    producer->values = bench_alloc(producer->pool_count * options->value_size);
    producer->keys = bench_alloc(producer->pool_count * key_size);
    for (size_t index = 0; index < producer->pool_count; index++) {
        char key[32];

        bench_payload_fill(producer->values + index * options->value_size, options->value_size,
                           index);
        snprintf(key, sizeof(key), "%05zu-customer-%016zx", index * 7919 % 100000, index);
        for (size_t at = 0; at < key_size; at++)
            producer->keys[index * key_size + at] = key[at % 31];
    }
}

static void producer_clear(struct producer *producer)
{
    producer->result->errors += producer->failed;
    if (producer->queue)
        rd_kafka_queue_destroy(producer->queue);
    rd_kafka_topic_destroy(producer->topic);
    rd_kafka_destroy(producer->client);
    free(producer->values);
    free(producer->keys);
}

void bench_produce(const struct bench_options *options, struct bench_result *result)
{
    struct producer producer;

    producer_init(&producer, options, result, bench_conf(options));
    produce_singly(&producer, 0, WARM_UP_COUNT, true);
    wait_for_reports(&producer, WARM_UP_COUNT);

    bench_measure_start(result);
    if (options->threads > 1)
        produce_in_threads(&producer);
    else
        produce_some(&producer, 0, options->messages, true);
    wait_for_reports(&producer, WARM_UP_COUNT + options->messages);
    bench_measure_stop(result);
    result->messages = options->messages;
    producer_clear(&producer);
}

void bench_latency(const struct bench_options *options, struct bench_result *result)
{
    int64_t *latencies_ns = bench_alloc((size_t)options->messages * sizeof(*latencies_ns));
    rd_kafka_conf_t *conf = bench_conf(options);
    send_function *send = choose_send(options);
    struct producer producer;

    bench_conf_set(conf, "linger.ms", "0");
    producer_init(&producer, options, result, conf);
    for (long number = -WARM_UP_COUNT; number < options->messages; number++) {
        int64_t started_ns = bench_now_ns();

        if (number == 0)
            bench_measure_start(result);
        if (send(&producer, number + WARM_UP_COUNT))
            bench_fail("produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
        wait_for_reports(&producer, number + WARM_UP_COUNT + 1);
        if (number >= 0)
            latencies_ns[number] = bench_now_ns() - started_ns;
    }
    bench_measure_stop(result);
    result->messages = options->messages;
    bench_add_percentiles(result, latencies_ns, options->messages);
    producer_clear(&producer);
    free(latencies_ns);
}
