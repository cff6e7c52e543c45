/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A member of the group that has the topic's name, or that of -Y group.id=NAME. Takes what it is
 * assigned, by the assignor that option -c names ("consumer": by the coordinator, KIP-848), until a
 * signal ends it; then it leaves, and prints what it had:
 *
 *     holds N [lost]        after each change, N partitions; lost: the group took them away
 *     reports N             so far N messages
 *     got PARTITION OFFSET  each message, in order
 */
#include "support.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 100, CLOSE_MAX_MS = 30 * 1000 };

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

/* Does as it is told, whichever way of rebalancing the group has. */
static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    static int held;
    bool is_cooperative = strcmp(rd_kafka_rebalance_protocol(consumer), "COOPERATIVE") == 0;
    bool is_assigned = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    bool is_lost = rd_kafka_assignment_lost(consumer);
    rd_kafka_error_t *error = NULL;

    (void)opaque;
    if (!is_cooperative)
        check_error(rd_kafka_assign(consumer, is_assigned ? list : NULL), "assign");
    else if (is_assigned)
        error = rd_kafka_incremental_assign(consumer, list);
    else
        error = rd_kafka_incremental_unassign(consumer, list);
    CHECK(!error, "rebalance: %s", rd_kafka_error_string(error));
    held += is_assigned ? list->cnt : -list->cnt;
    printf("holds %d%s\n", held, is_lost ? " lost" : "");
    fflush(stdout);
}

/* While a topic is made anew it may be away. */
static bool is_of_topic(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

static rd_kafka_t *join(struct options *options)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *consumer;

    rd_kafka_conf_set_rebalance_cb(options->consumer, on_rebalance);
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

        if (message && is_of_topic(message->err)) {
            rd_kafka_message_destroy(message);
            continue;
        }
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
