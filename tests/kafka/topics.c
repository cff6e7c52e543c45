/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Topics as the broker has them: created when asked for, unknown, with limits of their own; and
 * what the cluster tells about them.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 60 * 1000, SKIPPED = 77 };

/* The delivery report of one message. */
struct report {
    bool is_there;
    rd_kafka_resp_err_t error;
    rd_kafka_msg_status_t status;
    int64_t offset;
    int64_t timestamp_ms;
    rd_kafka_timestamp_type_t timestamp_type;
};

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct report *report = message->_private;

    (void)producer;
    (void)opaque;
    CHECK(!report->is_there, "a second report");
    report->is_there = true;
    report->error = message->err;
    report->status = rd_kafka_message_status(message);
    report->offset = message->offset;
    report->timestamp_ms = rd_kafka_message_timestamp(message, &report->timestamp_type);
}

static rd_kafka_t *producer_with_reports(struct options *options)
{
    rd_kafka_conf_set_dr_msg_cb(options->producer, on_delivery);
    return new_producer(options);
}

/* Takes a message; an error of the call itself counts as the report's. */
static void produce(rd_kafka_t *producer, const char *topic, int32_t partition, const char *key,
                    size_t size, struct report *report)
{
    void *value = allocate(size + 1, 1);

    *report = (struct report){0};
    report->error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, size),
        RD_KAFKA_V_KEY(key, key ? strlen(key) : 0), RD_KAFKA_V_OPAQUE(report), RD_KAFKA_V_END);
    report->is_there = report->error != RD_KAFKA_RESP_ERR_NO_ERROR;
    free(value);
}

static void expect(const struct report *report, rd_kafka_resp_err_t error, const char *what)
{
    CHECK(report->is_there, "%s: no report", what);
    CHECK(report->error == error, "%s: %s was expected, not %s", what, rd_kafka_err2name(error),
          rd_kafka_err2name(report->error));
}

/* Produces one message, waits for its report and checks the outcome. */
static struct report produce_one(rd_kafka_t *producer, const char *topic, int32_t partition,
                                 const char *key, size_t size, rd_kafka_resp_err_t error,
                                 const char *what)
{
    struct report report;

    produce(producer, topic, partition, key, size, &report);
    check_error(rd_kafka_flush(producer, WAIT_MS), "flush");
    expect(&report, error, what);
    return report;
}

static void check_auto_creation(struct options *options)
{
    rd_kafka_t *producer = producer_with_reports(options);

    produce_one(producer, options->topic, RD_KAFKA_PARTITION_UA, NULL, 10,
                RD_KAFKA_RESP_ERR_NO_ERROR, "a message to a topic that is created for it");
    rd_kafka_destroy(producer);
}

static bool is_unknown_topic(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* A consumer is told, in place of a message or by error_cb. */
static void expect_unknown_at_consumer(struct options *options)
{
    int64_t deadline_ms = now_ms() + WAIT_MS;
    rd_kafka_t *consumer;
    bool is_told = false;

    set(options->consumer, "topic.metadata.propagation.max.ms", "1000");
    consumer = new_consumer(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    while (!is_told) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

        if (message) {
            CHECK(is_unknown_topic(message->err), "the consumer got %s",
                  rd_kafka_err2name(message->err));
            rd_kafka_message_destroy(message);
        }
        is_told = message || error_count(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) ||
                  error_count(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
        CHECK(now_ms() < deadline_ms, "the consumer of an unknown topic heard nothing");
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

/* Asking for it does not create it. */
static void expect_unknown_in_metadata(rd_kafka_t *producer, const char *name)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, name, NULL);

    check_error(rd_kafka_metadata(producer, 0, topic, &metadata, WAIT_MS), "metadata");
    CHECK(metadata->topic_cnt == 1 && is_unknown_topic(metadata->topics[0].err), "metadata says %s",
          rd_kafka_err2name(metadata->topics[0].err));
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
}

/* The broker does not create it: the message fails once the client has waited for the topic. */
static void check_unknown(struct options *options)
{
    struct report report;
    rd_kafka_t *producer;

    set(options->producer, "allow.auto.create.topics", "false");
    set(options->producer, "topic.metadata.propagation.max.ms", "1000");
    set(options->producer, "message.timeout.ms", "20000");
    producer = producer_with_reports(options);
    expect_unknown_in_metadata(producer, options->topic);
    produce(producer, options->topic, RD_KAFKA_PARTITION_UA, NULL, 10, &report);
    check_error(rd_kafka_flush(producer, WAIT_MS), "flush");
    CHECK(report.is_there, "no report");
    CHECK(is_unknown_topic(report.error), "an unknown topic: %s", rd_kafka_err2name(report.error));
    CHECK(report.status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED, "it says it may be persisted");
    rd_kafka_destroy(producer);

    expect_unknown_at_consumer(options);
}

static void check_unknown_partition(struct options *options)
{
    rd_kafka_t *producer = producer_with_reports(options);

    for (int i = 0; i < 2; i++) /* The second time the topic is known. */
        produce_one(producer, options->topic, 99, NULL, 10, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                    "partition 99");
    produce_one(producer, options->topic, 0, NULL, 10, RD_KAFKA_RESP_ERR_NO_ERROR, "partition 0");
    rd_kafka_destroy(producer);
}

/* The topic takes batches of 2000 bytes. */
static void check_too_large(struct options *options)
{
    rd_kafka_t *producer = producer_with_reports(options);
    struct report report;

    produce_one(producer, options->topic, 0, NULL, 100, RD_KAFKA_RESP_ERR_NO_ERROR, "a small one");
    report = produce_one(producer, options->topic, 0, NULL, 10000,
                         RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "a large one");
    CHECK(report.status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED, "it says it may be persisted");
    report = produce_one(producer, options->topic, 0, NULL, 100, RD_KAFKA_RESP_ERR_NO_ERROR,
                         "a small one again");
    CHECK(report.offset == 1, "its offset is %" PRId64, report.offset);
    rd_kafka_destroy(producer);
}

/* Each message is below the topic's 2000 bytes, but the batch is not: it has to be split. */
static void check_split(struct options *options)
{
    enum { COUNT = 50 };
    struct report reports[COUNT];
    rd_kafka_t *producer;

    if (rd_kafka_version() < 0x020f0000) {
        printf("librdkafka %s does not split batches\n", rd_kafka_version_str());
        exit(SKIPPED);
    }
    set(options->producer, "linger.ms", "200");
    producer = producer_with_reports(options);
    for (int i = 0; i < COUNT; i++)
        produce(producer, options->topic, 0, NULL, i % 10 == 5 ? 5000 : 100, &reports[i]);
    check_error(rd_kafka_flush(producer, WAIT_MS), "flush");
    for (int i = 0; i < COUNT; i++)
        expect(&reports[i],
               i % 10 == 5 ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE : RD_KAFKA_RESP_ERR_NO_ERROR,
               "a message of a batch that is too large");
    rd_kafka_destroy(producer);
}

/* The topic is compacted: messages need a key. */
static void check_invalid_record(struct options *options)
{
    rd_kafka_t *producer = producer_with_reports(options);

    produce_one(producer, options->topic, 0, "key", 10, RD_KAFKA_RESP_ERR_NO_ERROR, "with a key");
    produce_one(producer, options->topic, 0, NULL, 10, RD_KAFKA_RESP_ERR_INVALID_RECORD,
                "without a key");
    produce_one(producer, options->topic, 0, "key", 10, RD_KAFKA_RESP_ERR_NO_ERROR, "with a key");
    rd_kafka_destroy(producer);
}

/* The topic stamps messages itself. */
static void check_append_time(struct options *options)
{
    rd_kafka_t *producer = producer_with_reports(options), *consumer;
    rd_kafka_timestamp_type_t type;
    rd_kafka_message_t *message;
    struct report report =
        produce_one(producer, options->topic, 0, NULL, 10, RD_KAFKA_RESP_ERR_NO_ERROR, "a message");
    int64_t timestamp_ms;

    rd_kafka_destroy(producer);
    options->partitions = 1;
    consumer = new_consumer(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);
    message = next_message(consumer, WAIT_MS);
    timestamp_ms = rd_kafka_message_timestamp(message, &type);
    CHECK(type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME, "the consumer's type is %d", (int)type);
    CHECK(timestamp_ms == report.timestamp_ms, "the report says %" PRId64 ", the consumer %" PRId64,
          report.timestamp_ms, timestamp_ms);
    rd_kafka_message_destroy(message);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

static void check_metadata(struct options *options)
{
    rd_kafka_t *producer = new_producer(options);
    const struct rd_kafka_metadata *metadata;
    bool found = false;
    char *id;

    check_error(rd_kafka_metadata(producer, 1, NULL, &metadata, WAIT_MS), "metadata");
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];

        if (strcmp(topic->topic, options->topic) != 0)
            continue;
        found = true;
        check_error(topic->err, "the topic");
        CHECK(topic->partition_cnt == options->partitions, "the topic has %d partitions",
              topic->partition_cnt);
        for (int k = 0; k < topic->partition_cnt; k++)
            CHECK(topic->partitions[k].leader > 0 && topic->partitions[k].replica_cnt > 0,
                  "partition %d has no leader or no replicas", k);
    }
    CHECK(found, "the topic is not in the list");
    CHECK(metadata->broker_cnt > 0 && strcmp(metadata->brokers[0].host, "127.0.0.1") == 0,
          "the brokers are wrong");
    rd_kafka_metadata_destroy(metadata);

    id = rd_kafka_clusterid(producer, WAIT_MS);
    CHECK(id && strlen(id) > 0, "no cluster id");
    rd_kafka_mem_free(producer, id);
    CHECK(rd_kafka_controllerid(producer, WAIT_MS) > 0, "no controller");
    rd_kafka_destroy(producer);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        void (*run)(struct options *options);
    } checks[] = {
        {"auto_creation", check_auto_creation},
        {"unknown", check_unknown},
        {"unknown_partition", check_unknown_partition},
        {"too_large", check_too_large},
        {"split", check_split},
        {"invalid_record", check_invalid_record},
        {"append_time", check_append_time},
        {"metadata", check_metadata},
    };
    struct options options;

    options_parse(&options, argc, argv);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].name, options.check) == 0) {
            checks[i].run(&options);
            options_clear(&options);
            return 0;
        }
    }
    fail("there is no check %s", options.check);
}
