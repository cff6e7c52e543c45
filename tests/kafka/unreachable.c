/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker that cannot be reached, or is none: an error that names its address, a report for each
 * message at its time, and a client that can be destroyed at once.
 *
 * Option -c says what listens at the address: "refused" nothing, "silent" something that never
 * answers, "garbage" something that does not speak Kafka.
 */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 3000, SLACK_MS = 15000, DESTROY_MS = 15000 };

/* Written by callbacks, which run in the polling thread. */
struct events {
    const char *address;
    bool has_named_address;
    bool has_all_down;
    int reports;
    int64_t reported_at_ms;
};

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    struct events *events = opaque;

    (void)client;
    fprintf(stderr, "%s: %s\n", rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        events->has_all_down = true;
    else if (strstr(reason, events->address))
        events->has_named_address = true;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct events *events = opaque;

    (void)producer;
    CHECK(message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, "_MSG_TIMED_OUT was expected, not %s",
          rd_kafka_err2name(message->err));
    CHECK(rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
          "the report does not say that the message is not persisted");
    events->reports++;
    events->reported_at_ms = now_ms();
}

static void produce(rd_kafka_t *producer, int count)
{
    for (int i = 0; i < count; i++)
        check_error(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("v", 1),
                                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                    "produce");
}

static void check_producer(struct options *options, struct events *events)
{
    int64_t started_ms = now_ms(), took_ms;
    rd_kafka_t *producer;

    rd_kafka_conf_set_opaque(options->producer, events);
    rd_kafka_conf_set_error_cb(options->producer, on_error);
    rd_kafka_conf_set_dr_msg_cb(options->producer, on_delivery);
    set(options->producer, "message.timeout.ms", "3000");
    set(options->producer, "socket.timeout.ms", "1000");
    set(options->producer, "api.version.request.timeout.ms", "1000");
    producer = new_producer(options);
    produce(producer, 100);
    while (events->reports < 100 && now_ms() - started_ms < TIMEOUT_MS + SLACK_MS)
        rd_kafka_poll(producer, 100);
    took_ms = events->reported_at_ms - started_ms;
    CHECK(events->reports == 100, "%d of 100 messages have a report", events->reports);
    CHECK(took_ms >= TIMEOUT_MS - 100, "the messages timed out after only %" PRId64 " ms", took_ms);
    CHECK(events->has_named_address, "no error named %s", events->address);
    CHECK(events->has_all_down || strcmp(options->check, "refused") != 0,
          "no _ALL_BROKERS_DOWN came");

    produce(producer, 100);
    started_ms = now_ms();
    rd_kafka_destroy(producer);
    took_ms = now_ms() - started_ms;
    CHECK(took_ms < DESTROY_MS, "destroy took %" PRId64 " ms", took_ms);
}

static void check_consumer(struct options *options, struct events *events)
{
    int64_t started_ms = now_ms(), took_ms, low, high;
    rd_kafka_t *consumer;

    options->topic = "t";
    events->has_named_address = false;
    rd_kafka_conf_set_error_cb(options->consumer, on_error);
    rd_kafka_conf_set_opaque(options->consumer, events);
    set(options->consumer, "socket.timeout.ms", "1000");
    set(options->consumer, "api.version.request.timeout.ms", "1000");
    consumer = new_consumer(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    while (!events->has_named_address && now_ms() - started_ms < TIMEOUT_MS + SLACK_MS) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

        if (!message)
            continue;
        CHECK(message->err, "a message came from nowhere");
        if (strstr(rd_kafka_message_errstr(message), events->address))
            events->has_named_address = true;
        rd_kafka_message_destroy(message);
    }
    CHECK(events->has_named_address, "no error told the consumer of %s", events->address);
    started_ms = now_ms();
    CHECK(rd_kafka_query_watermark_offsets(consumer, "t", 0, &low, &high, 1000),
          "there are watermarks");
    took_ms = now_ms() - started_ms;
    CHECK(took_ms < 1000 + SLACK_MS, "query_watermark_offsets took %" PRId64 " ms", took_ms);
    started_ms = now_ms();
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    took_ms = now_ms() - started_ms;
    CHECK(took_ms < DESTROY_MS, "close and destroy took %" PRId64 " ms", took_ms);
}

int main(int argc, char **argv)
{
    struct options options;
    struct events events = {0};

    options_parse(&options, argc, argv);
    events.address = options.bootstrap;
    check_producer(&options, &events);
    check_consumer(&options, &events);
    options_clear(&options);
    return 0;
}
