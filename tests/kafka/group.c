/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A member of the group that has the topic's name. Takes what it is assigned, by the assignor that
 * option -c names ("consumer": by the coordinator, KIP-848), until a signal ends it; then it
 * leaves, and prints what it had:
 *
 *     reports N             so far N messages
 *     got PARTITION OFFSET  each message, in order
 */
#include "support.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 100, CLOSE_MAX_MS = 10 * 1000 };

static volatile sig_atomic_t is_told_to_end;

static void on_signal(int number)
{
    (void)number;
    is_told_to_end = 1;
}

struct place {
    int32_t partition;
    int64_t offset;
};

static rd_kafka_t *join(struct options *options)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *consumer;

    set(options->consumer, "group.id", options->topic);
    if (strcmp(options->check, "consumer") == 0) { /* The brokers' settings count. */
        set(options->consumer, "group.protocol", "consumer");
    } else {
        set(options->consumer, "partition.assignment.strategy", options->check);
        set(options->consumer, "heartbeat.interval.ms", "500");
    }
    set(options->consumer, "enable.auto.commit", "true");
    set(options->consumer, "auto.offset.reset", "earliest");
    consumer = new_consumer(options);
    rd_kafka_topic_partition_list_add(topics, options->topic, RD_KAFKA_PARTITION_UA);
    check_error(rd_kafka_subscribe(consumer, topics), "subscribe");
    rd_kafka_topic_partition_list_destroy(topics);
    return consumer;
}

static void leave(rd_kafka_t *consumer)
{
    int64_t began_ms = now_ms();

    check_error(rd_kafka_consumer_close(consumer), "consumer_close");
    CHECK(now_ms() - began_ms < CLOSE_MAX_MS, "closing took %" PRId64 " ms", now_ms() - began_ms);
    rd_kafka_destroy(consumer);
}

int main(int argc, char **argv)
{
    struct options options;
    struct place *places;
    int64_t count = 0, told = 0;
    rd_kafka_t *consumer;

    options_parse(&options, argc, argv);
    places = allocate((size_t)options.count, sizeof(*places));
    signal(SIGTERM, on_signal);
    consumer = join(&options);
    while (!is_told_to_end) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, POLL_MS);

        if (message) {
            CHECK(!message->err, "%s", rd_kafka_message_errstr(message));
            CHECK(count < options.count, "more than %" PRId64 " messages", options.count);
            places[count++] = (struct place){message->partition, message->offset};
            rd_kafka_message_destroy(message);
        }
        if (message ? count == told + 100 : count > told) {
            printf("reports %" PRId64 "\n", told = count);
            fflush(stdout);
        }
    }
    leave(consumer);
    for (int64_t i = 0; i < count; i++)
        printf("got %" PRId32 " %" PRId64 "\n", places[i].partition, places[i].offset);
    free(places);
    options_clear(&options);
    return 0;
}
