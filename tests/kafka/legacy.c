/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls that came before consumer_poll(), on which older programs live: a topic handle, one
 * partition each, or a queue for several; and batches of consumer_poll()'s queue.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 60 * 1000, BATCH = 100, STEP_MS = 1000 };

/* What has come so far: offsets of each partition must follow each other. */
struct progress {
    int64_t next[64];
    int64_t messages;
    int ends;
};

static void take(const rd_kafka_message_t *message, struct progress *progress)
{
    int64_t *next = &progress->next[message->partition];

    CHECK(!message->err || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF, "%s",
          rd_kafka_message_errstr(message));
    CHECK(message->offset == *next, "partition %d goes on at %" PRId64 ", not %" PRId64,
          (int)message->partition, message->offset, *next);
    if (message->err) {
        progress->ends++;
    } else {
        progress->messages++;
        (*next)++;
    }
}

static void on_message(rd_kafka_message_t *message, void *opaque)
{
    take(message, opaque); /* The caller destroys it. */
}

static void take_all(rd_kafka_message_t **messages, ssize_t count, struct progress *progress)
{
    CHECK(count >= 0, "batch: %s", rd_kafka_err2str(rd_kafka_last_error()));
    for (ssize_t i = 0; i < count; i++) {
        take(messages[i], progress);
        rd_kafka_message_destroy(messages[i]);
    }
}

static void start(rd_kafka_topic_t *topic, int32_t partition)
{
    CHECK(rd_kafka_consume_start(topic, partition, RD_KAFKA_OFFSET_BEGINNING) == 0,
          "consume_start: %s", rd_kafka_err2str(rd_kafka_last_error()));
}

static void stop(rd_kafka_topic_t *topic, int32_t partition)
{
    CHECK(rd_kafka_consume_stop(topic, partition) == 0, "consume_stop: %s",
          rd_kafka_err2str(rd_kafka_last_error()));
}

static void by_message(rd_kafka_t *consumer, rd_kafka_topic_t *topic, int32_t partition,
                       struct progress *progress)
{
    int64_t deadline_ms = now_ms() + WAIT_MS;

    (void)consumer;
    start(topic, partition);
    for (int ends = progress->ends + 1; progress->ends < ends;) {
        rd_kafka_message_t *message = rd_kafka_consume(topic, partition, STEP_MS);

        CHECK(message || rd_kafka_last_error() == RD_KAFKA_RESP_ERR__TIMED_OUT, "consume: %s",
              rd_kafka_err2str(rd_kafka_last_error()));
        CHECK(now_ms() < deadline_ms, "no end of partition %d", (int)partition);
        if (message)
            take_all(&message, 1, progress);
    }
    stop(topic, partition);
}

static void by_batch(rd_kafka_t *consumer, rd_kafka_topic_t *topic, int32_t partition,
                     struct progress *progress)
{
    int64_t deadline_ms = now_ms() + WAIT_MS;
    rd_kafka_message_t *messages[BATCH];

    (void)consumer;
    start(topic, partition);
    for (int ends = progress->ends + 1; progress->ends < ends;) {
        ssize_t count = rd_kafka_consume_batch(topic, partition, STEP_MS, messages, BATCH);

        CHECK(now_ms() < deadline_ms, "no end of partition %d", (int)partition);
        take_all(messages, count, progress);
    }
    stop(topic, partition);
}

static void by_callback(rd_kafka_t *consumer, rd_kafka_topic_t *topic, int32_t partition,
                        struct progress *progress)
{
    int64_t deadline_ms = now_ms() + WAIT_MS;

    (void)consumer;
    start(topic, partition);
    for (int ends = progress->ends + 1; progress->ends < ends;) {
        CHECK(rd_kafka_consume_callback(topic, partition, STEP_MS, on_message, progress) >= 0,
              "consume_callback: %s", rd_kafka_err2str(rd_kafka_last_error()));
        CHECK(now_ms() < deadline_ms, "no end of partition %d", (int)partition);
    }
    stop(topic, partition);
}

/* All partitions into one queue, read in batches. */
static void by_queue(rd_kafka_t *consumer, rd_kafka_topic_t *topic, const struct options *options,
                     struct progress *progress)
{
    int64_t deadline_ms = now_ms() + WAIT_MS;
    rd_kafka_message_t *messages[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);

    for (int32_t i = 0; i < options->partitions; i++)
        CHECK(rd_kafka_consume_start_queue(topic, i, RD_KAFKA_OFFSET_BEGINNING, queue) == 0,
              "consume_start_queue: %s", rd_kafka_err2str(rd_kafka_last_error()));
    while (progress->ends < options->partitions) {
        take_all(messages, rd_kafka_consume_batch_queue(queue, STEP_MS, messages, BATCH), progress);
        CHECK(now_ms() < deadline_ms, "%d ends of %d", progress->ends, options->partitions);
    }
    for (int32_t i = 0; i < options->partitions; i++)
        stop(topic, i);
    rd_kafka_queue_destroy(queue);
}

/* Not so old: assigned partitions, read in batches. */
static void by_consumer_queue(rd_kafka_t *consumer, const struct options *options,
                              struct progress *progress)
{
    int64_t deadline_ms = now_ms() + WAIT_MS;
    rd_kafka_message_t *messages[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);

    CHECK(queue, "no consumer queue");
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    while (progress->ends < options->partitions) {
        take_all(messages, rd_kafka_consume_batch_queue(queue, STEP_MS, messages, BATCH), progress);
        CHECK(now_ms() < deadline_ms, "%d ends of %d", progress->ends, options->partitions);
    }
    rd_kafka_queue_destroy(queue);
    check_error(rd_kafka_consumer_close(consumer), "consumer_close");
}

static void run(struct options *options, rd_kafka_t *consumer, rd_kafka_topic_t *topic,
                struct progress *progress)
{
    static const struct {
        const char *name;
        void (*run)(rd_kafka_t *, rd_kafka_topic_t *, int32_t, struct progress *);
    } forms[] = {{"message", by_message}, {"batch", by_batch}, {"callback", by_callback}};

    if (strcmp(options->check, "queue") == 0) {
        by_queue(consumer, topic, options, progress);
        return;
    }
    if (strcmp(options->check, "consumer_queue") == 0) {
        by_consumer_queue(consumer, options, progress);
        return;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, options->check) == 0) {
            for (int32_t partition = 0; partition < options->partitions; partition++)
                forms[i].run(consumer, topic, partition, progress);
            return;
        }
    }
    fail("there is no check %s", options->check);
}

int main(int argc, char **argv)
{
    struct options options;
    struct production production;
    struct progress progress = {{0}, 0, 0};
    rd_kafka_t *consumer;
    rd_kafka_topic_t *topic;

    options_parse(&options, argc, argv);
    CHECK(options.partitions <= 64, "too many partitions");
    production_run(&production, &options);
    CHECK(production.acked == options.count, "only %" PRId64 " messages were delivered",
          production.acked);

    set(options.consumer, "enable.partition.eof", "true");
    consumer = new_consumer(&options);
    topic = rd_kafka_topic_new(consumer, options.topic, NULL);
    CHECK(topic, "no topic");
    run(&options, consumer, topic, &progress);
    CHECK(progress.messages == options.count, "%" PRId64 " of %" PRId64 " messages came",
          progress.messages, options.count);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(consumer);
    production_clear(&production);
    options_clear(&options);
    return 0;
}
