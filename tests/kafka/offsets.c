/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a consumer of assigned partitions begins, moves to, stops and ends.
 *
 * Each check (option -c) has a new topic to itself and fills it first. With one partition the
 * number of a message is its offset.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 60 * 1000, QUIET_MS = 500 };

static void fill(struct options *options)
{
    struct production production;

    production_run(&production, options);
    CHECK(production.acked == options->count, "only %" PRId64 " messages were delivered",
          production.acked);
    production_clear(&production);
}

/* Adds one message to partition 0. */
static void produce_one(const struct options *options)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *producer;

    set(conf, "bootstrap.servers", options->bootstrap);
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    CHECK(producer, "%s", error);
    check_error(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(options->topic),
                                  RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("one more", 8),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                "produce");
    check_error(rd_kafka_flush(producer, WAIT_MS), "flush");
    rd_kafka_destroy(producer);
}

static rd_kafka_topic_partition_list_t *one_partition(const struct options *options,
                                                      int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, options->topic, partition)->offset = offset;
    return list;
}

/* The next thing must be the message at the offset; or the partition's end, there. */
static void expect(rd_kafka_t *consumer, rd_kafka_resp_err_t error, int64_t offset)
{
    rd_kafka_message_t *message = next_message(consumer, WAIT_MS);

    CHECK(message->err == error && message->offset == offset,
          "%s at offset %" PRId64 " was expected, not %s at %" PRId64, rd_kafka_err2name(error),
          offset, rd_kafka_err2name(message->err), message->offset);
    rd_kafka_message_destroy(message);
}

static void expect_message(rd_kafka_t *consumer, int64_t offset)
{
    expect(consumer, RD_KAFKA_RESP_ERR_NO_ERROR, offset);
}

static void expect_end(rd_kafka_t *consumer, int64_t offset)
{
    expect(consumer, RD_KAFKA_RESP_ERR__PARTITION_EOF, offset);
}

static void expect_position(rd_kafka_t *consumer, const struct options *options, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = one_partition(options, 0, RD_KAFKA_OFFSET_INVALID);

    check_error(rd_kafka_position(consumer, list), "position");
    check_error(list->elems[0].err, "position");
    CHECK(list->elems[0].offset == offset, "the position is %" PRId64 ", not %" PRId64,
          list->elems[0].offset, offset);
    rd_kafka_topic_partition_list_destroy(list);
}

static rd_kafka_t *consumer_with_ends(struct options *options)
{
    set(options->consumer, "enable.partition.eof", "true");
    return new_consumer(options);
}

static void close_consumer(rd_kafka_t *consumer)
{
    check_error(rd_kafka_consumer_close(consumer), "consumer_close");
    rd_kafka_destroy(consumer);
}

/* Beginning, an offset, the last ten, the end. */
static void check_start(struct options *options)
{
    int64_t count = options->count;
    rd_kafka_t *consumer;

    fill(options);
    consumer = consumer_with_ends(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    expect_message(consumer, 0);
    expect_message(consumer, 1);
    expect_position(consumer, options, 2);
    assign_all(consumer, options, count / 2);
    expect_message(consumer, count / 2);
    expect_position(consumer, options, count / 2 + 1);
    assign_all(consumer, options, RD_KAFKA_OFFSET_TAIL(10));
    for (int64_t offset = count - 10; offset < count; offset++)
        expect_message(consumer, offset);
    expect_end(consumer, count);
    assign_all(consumer, options, RD_KAFKA_OFFSET_END);
    expect_end(consumer, count);
    produce_one(options);
    expect_message(consumer, count);
    expect_end(consumer, count + 1);
    close_consumer(consumer);
}

/* After a seek nothing comes from before it. */
static void check_seek(struct options *options)
{
    int64_t targets[] = {5, options->count - 1, 17, options->count / 2};
    rd_kafka_t *consumer;
    rd_kafka_topic_t *topic;

    fill(options);
    consumer = consumer_with_ends(options);
    topic = rd_kafka_topic_new(consumer, options->topic, NULL);
    CHECK(topic, "no topic");
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    for (int64_t offset = 0; offset < 10; offset++)
        expect_message(consumer, offset);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        rd_kafka_topic_partition_list_t *list = one_partition(options, 0, targets[i]);
        rd_kafka_error_t *error = rd_kafka_seek_partitions(consumer, list, WAIT_MS);

        CHECK(!error, "seek_partitions: %s", rd_kafka_error_string(error));
        check_error(list->elems[0].err, "seek_partitions");
        rd_kafka_topic_partition_list_destroy(list);
        expect_message(consumer, targets[i]);
    }
    check_error(rd_kafka_seek(topic, 0, 33, WAIT_MS), "seek");
    expect_message(consumer, 33);
    expect_message(consumer, 34);
    check_error(rd_kafka_seek(topic, 0, RD_KAFKA_OFFSET_END, WAIT_MS), "seek to the end");
    expect_end(consumer, options->count);
    check_error(rd_kafka_seek(topic, 0, RD_KAFKA_OFFSET_BEGINNING, WAIT_MS),
                "seek to the beginning");
    expect_message(consumer, 0);
    rd_kafka_topic_destroy(topic);
    close_consumer(consumer);
}

/* Reads until `ends` partitions ended. Offsets must follow each other; `silent` must not speak. */
static int64_t read_to_ends(rd_kafka_t *consumer, int64_t *next, int ends, int32_t silent)
{
    int64_t messages = 0;

    while (ends > 0) {
        rd_kafka_message_t *message = next_message(consumer, WAIT_MS);

        CHECK(message->partition != silent, "partition %d is paused, but it spoke", (int)silent);
        CHECK(message->offset == next[message->partition],
              "partition %d goes on at %" PRId64 ", not %" PRId64, (int)message->partition,
              message->offset, next[message->partition]);
        if (message->err) {
            ends--;
        } else {
            messages++;
            next[message->partition]++;
        }
        rd_kafka_message_destroy(message);
    }
    return messages;
}

/* A paused partition is silent and holds up no other; resumed, it goes on where it was. */
static void check_pause(struct options *options)
{
    int64_t next[64] = {0};
    int64_t messages;
    rd_kafka_t *consumer;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_message_t *message;
    int32_t paused;

    fill(options);
    consumer = consumer_with_ends(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    message = next_message(consumer, WAIT_MS);
    CHECK(!message->err && message->offset == 0, "the first is not the first");
    paused = message->partition;
    next[paused] = 1;
    rd_kafka_message_destroy(message);

    list = one_partition(options, paused, RD_KAFKA_OFFSET_INVALID);
    check_error(rd_kafka_pause_partitions(consumer, list), "pause");
    check_error(list->elems[0].err, "pause");
    messages = 1 + read_to_ends(consumer, next, options->partitions - 1, paused);
    message = rd_kafka_consumer_poll(consumer, QUIET_MS);
    CHECK(!message, "something came while the rest is paused");
    check_error(rd_kafka_resume_partitions(consumer, list), "resume");
    check_error(list->elems[0].err, "resume");
    messages += read_to_ends(consumer, next, 1, -1);
    CHECK(messages == options->count, "%" PRId64 " of %" PRId64 " messages came", messages,
          options->count);
    rd_kafka_topic_partition_list_destroy(list);
    close_consumer(consumer);
}

/* One event for each end reached, again after more messages came. */
static void check_eof(struct options *options)
{
    int64_t next[64] = {0};
    rd_kafka_t *consumer;
    rd_kafka_message_t *message;

    fill(options);
    consumer = consumer_with_ends(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    read_to_ends(consumer, next, options->partitions, -1);
    message = rd_kafka_consumer_poll(consumer, QUIET_MS);
    CHECK(!message, "something came after the ends");
    produce_one(options);
    expect_message(consumer, next[0]);
    expect_end(consumer, next[0] + 1);
    close_consumer(consumer);
}

static void check_watermarks(struct options *options)
{
    rd_kafka_t *consumer;
    int64_t low = -2, high = -2;

    fill(options);
    consumer = new_consumer(options);
    check_error(rd_kafka_query_watermark_offsets(consumer, options->topic, 0, &low, &high, WAIT_MS),
                "query_watermark_offsets");
    CHECK(low == 0 && high == options->count, "the watermarks are %" PRId64 " and %" PRId64, low,
          high);
    CHECK(rd_kafka_query_watermark_offsets(consumer, options->topic, 99, &low, &high, 5000),
          "partition 99 has watermarks");
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    for (int64_t offset = 0; offset < options->count; offset++)
        expect_message(consumer, offset);
    check_error(rd_kafka_get_watermark_offsets(consumer, options->topic, 0, &low, &high),
                "get_watermark_offsets");
    CHECK(high == options->count, "the known high watermark is %" PRId64, high);
    close_consumer(consumer);
}

/* Timestamps count up by one millisecond for each message. */
static void check_times(struct options *options)
{
    int64_t count = options->count;
    struct {
        int64_t timestamp_ms;
        int64_t offset;
    } cases[] = {
        {0, 0},
        {PAYLOAD_EPOCH_MS, 0},
        {PAYLOAD_EPOCH_MS + 1, 1},
        {PAYLOAD_EPOCH_MS + count / 2, count / 2},
        {PAYLOAD_EPOCH_MS + count - 1, count - 1},
        {PAYLOAD_EPOCH_MS + count, RD_KAFKA_OFFSET_END},
    };
    rd_kafka_t *consumer;

    fill(options);
    consumer = new_consumer(options);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rd_kafka_topic_partition_list_t *list = one_partition(options, 0, cases[i].timestamp_ms);

        check_error(rd_kafka_offsets_for_times(consumer, list, WAIT_MS), "offsets_for_times");
        check_error(list->elems[0].err, "offsets_for_times");
        CHECK(list->elems[0].offset == cases[i].offset,
              "time %" PRId64 " is at offset %" PRId64 ", not %" PRId64, cases[i].timestamp_ms,
              list->elems[0].offset, cases[i].offset);
        rd_kafka_topic_partition_list_destroy(list);
    }
    close_consumer(consumer);
}

/* An offset outside the log: -f says the auto.offset.reset to try. */
static void check_reset(struct options *options)
{
    const char *reset = options->report_path;
    rd_kafka_t *consumer;

    fill(options);
    set(options->consumer, "auto.offset.reset", reset);
    consumer = consumer_with_ends(options);
    assign_all(consumer, options, options->count + 1000);
    if (strcmp(reset, "earliest") == 0) {
        expect_message(consumer, 0);
    } else if (strcmp(reset, "latest") == 0) {
        expect_end(consumer, options->count);
        produce_one(options);
        expect_message(consumer, options->count);
    } else {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, WAIT_MS);

        CHECK(message && message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
              "_AUTO_OFFSET_RESET was expected, not %s",
              message ? rd_kafka_err2name(message->err) : "silence");
        rd_kafka_message_destroy(message);
        message = rd_kafka_consumer_poll(consumer, QUIET_MS);
        CHECK(!message, "the partition goes on after _AUTO_OFFSET_RESET");
    }
    close_consumer(consumer);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        void (*run)(struct options *options);
    } checks[] = {
        {"start", check_start},           {"seek", check_seek},
        {"pause", check_pause},           {"eof", check_eof},
        {"watermarks", check_watermarks}, {"times", check_times},
        {"reset", check_reset},
    };
    struct options options;

    options_parse(&options, argc, argv);
    CHECK(options.partitions <= 64, "too many partitions");
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].name, options.check) == 0) {
            checks[i].run(&options);
            options_clear(&options);
            return 0;
        }
    }
    fail("there is no check %s", options.check);
}
