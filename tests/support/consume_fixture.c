/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/consume_fixture.h"

#include <stdio.h>
#include <string.h>

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct consume_fixture *fixture = opaque;
    (void)rk;
    (void)reason;
    fixture->error_count++;
    fixture->last_error = err;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    set(conf, "retry.backoff.ms", "10");
    set(conf, "retry.backoff.max.ms", "50");
    set(conf, "reconnect.backoff.ms", "10");
    set(conf, "reconnect.backoff.max.ms", "50");
    set(conf, "topic.metadata.propagation.max.ms", "100");
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static void set_pairs(rd_kafka_conf_t *conf, va_list pairs)
{
    const char *name;
    while ((name = va_arg(pairs, const char *)) != NULL)
        set(conf, name, va_arg(pairs, const char *));
}

void consume_init_with(struct consume_fixture *fixture, int broker_count, ...)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    va_list pairs;
    *fixture = (struct consume_fixture){0};
    set(conf, "linger.ms", "0");
    set(conf, "batch.num.messages", "10");
    set(conf, "max.in.flight", "1"); /* In order, also when a leader moves. */
    va_start(pairs, broker_count);
    set_pairs(conf, pairs);
    va_end(pairs);
    rd_kafka_conf_set_log_cb(conf, NULL); /* It would miss bootstrap.servers. */
    fixture->producer = new_client(RD_KAFKA_PRODUCER, conf);
    fixture->cluster = rd_kafka_mock_cluster_new(fixture->producer, broker_count);
    assert_non_null(fixture->cluster);
    rd_kafka_brokers_add(fixture->producer, rd_kafka_mock_cluster_bootstraps(fixture->cluster));
}

void consume_init(struct consume_fixture *fixture, int broker_count)
{
    consume_init_with(fixture, broker_count, NULL);
}

static void start(struct consume_fixture *fixture, bool has_group, va_list pairs)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture->cluster));
    set(conf, "fetch.wait.max.ms", "100");
    set(conf, "fetch.error.backoff.ms", "20");
    set(conf, "auto.offset.reset", "earliest");
    if (has_group)
        set(conf, "group.id", "group");
    rd_kafka_conf_set_opaque(conf, fixture);
    rd_kafka_conf_set_error_cb(conf, on_error);
    set_pairs(conf, pairs);
    fixture->rk = new_client(RD_KAFKA_CONSUMER, conf);
}

void consume_start(struct consume_fixture *fixture, ...)
{
    va_list pairs;
    va_start(pairs, fixture);
    start(fixture, true, pairs);
    va_end(pairs);
}

void consume_start_plain(struct consume_fixture *fixture, ...)
{
    va_list pairs;
    va_start(pairs, fixture);
    start(fixture, false, pairs);
    va_end(pairs);
}

void consume_end(struct consume_fixture *fixture)
{
    if (fixture->rk)
        rd_kafka_destroy(fixture->rk);
    fixture->rk = NULL;
    rd_kafka_mock_cluster_destroy(fixture->cluster);
    rd_kafka_destroy(fixture->producer);
}

void consume_add_topic(struct consume_fixture *fixture, const char *topic, int partition_count)
{
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, topic, partition_count, 1), 0);
}

void consume_fill(struct consume_fixture *fixture, const char *topic, int32_t partition, int first,
                  int count)
{
    for (int i = first; i < first + count; i++) {
        char text[64];
        int size = snprintf(text, sizeof(text), "%s %d %d", topic, (int)partition, i);
        assert_int_equal(
            rd_kafka_producev(fixture->producer, RD_KAFKA_V_TOPIC(topic),
                              RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_VALUE(text, (size_t)size),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
            0);
    }
    assert_int_equal(rd_kafka_flush(fixture->producer, CONSUME_TIMEOUT_MS), 0);
}

void consume_fill_all(struct consume_fixture *fixture, const char *topic, int partition_count,
                      int count)
{
    for (int i = 0; i < partition_count; i++)
        consume_fill(fixture, topic, i, 0, count);
}

void consume_assign(struct consume_fixture *fixture, const char *topic, int partition_count,
                    int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partition_count);
    for (int i = 0; i < partition_count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = offset;
    assert_int_equal(rd_kafka_assign(fixture->rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

rd_kafka_topic_partition_list_t *consume_list(const char *topic, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    return list;
}

rd_kafka_message_t *consume_next(struct consume_fixture *fixture)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture->rk, CONSUME_TIMEOUT_MS);
    if (!message)
        fail_msg("nothing came");
    return message;
}

bool consume_has_text(const rd_kafka_message_t *message)
{
    char text[64];
    int size = snprintf(text, sizeof(text), "%s %d %lld", rd_kafka_topic_name(message->rkt),
                        (int)message->partition, (long long)message->offset);
    return message->len == (size_t)size && memcmp(message->payload, text, (size_t)size) == 0;
}

void consume_check_text(const rd_kafka_message_t *message)
{
    if (!consume_has_text(message))
        fail_msg("offset %lld has the text %.*s", (long long)message->offset, (int)message->len,
                 (const char *)message->payload);
}

void consume_expect(struct consume_fixture *fixture, int32_t partition, int64_t offset)
{
    rd_kafka_message_t *message = consume_next(fixture);
    if (message->err)
        fail_msg("%s at %lld instead of offset %lld", rd_kafka_err2name(message->err),
                 (long long)message->offset, (long long)offset);
    assert_int_equal(message->partition, partition);
    assert_int_equal(message->offset, offset);
    consume_check_text(message);
    rd_kafka_message_destroy(message);
}

int64_t consume_expect_error(struct consume_fixture *fixture, rd_kafka_resp_err_t err)
{
    rd_kafka_message_t *message = consume_next(fixture);
    if (message->err != err)
        fail_msg("%s at %lld instead of %s", rd_kafka_err2name(message->err),
                 (long long)message->offset, rd_kafka_err2name(err));
    int64_t offset = message->offset;
    rd_kafka_message_destroy(message);
    return offset;
}

void consume_expect_nothing(struct consume_fixture *fixture)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture->rk, CONSUME_QUIET_MS);
    if (message)
        fail_msg("%s at %lld came", rd_kafka_err2name(message->err), (long long)message->offset);
}

int64_t consume_position(struct consume_fixture *fixture, const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = consume_list(topic, partition, 0);
    assert_int_equal(rd_kafka_position(fixture->rk, list), 0);
    assert_int_equal(list->elems[0].err, 0);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}
