/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small blocking client for the tests of this folder: one connection, one request at a time,
 * messages as the schema's structs. What it decodes lives until the next answer.
 */
#ifndef RK_TESTS_UNIT_MOCK_CLIENT_H
#define RK_TESTS_UNIT_MOCK_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "wire/header.h"
#include "wire/messages.h"
#include "wire/record_batch_reader.h"
#include "wire/record_batch_writer.h"

#define ANSWER_TIMEOUT_S 20

struct client {
    int fd;
    int32_t correlation_id;
    struct rk_arena arena;
    uint8_t *frame; /* The last answer. */
};

static inline void print_log(void *argument, int level, const char *facility, const char *text)
{
    (void)argument;
    print_message("%%%d|%s| %s\n", level, facility, text);
}

static inline struct rk_mock_cluster *start_cluster(int broker_count)
{
    struct rk_mock_options options = {.broker_count = broker_count, .log = print_log};
    struct rk_mock_cluster *cluster = rk_mock_cluster_new(&options);
    assert_non_null(cluster);
    return cluster;
}

/* The port of the broker with this id. */
static inline uint16_t port_of(const struct rk_mock_cluster *cluster, int32_t broker_id)
{
    const char *at = rk_mock_cluster_bootstraps(cluster);
    while (--broker_id > 0)
        at = strchr(at, ',') + 1;
    return (uint16_t)atoi(strchr(at, ':') + 1);
}

/* -1 with errno. */
static inline int open_socket(const struct rk_mock_cluster *cluster, int32_t broker_id)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port_of(cluster, broker_id)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static inline struct client open_client(const struct rk_mock_cluster *cluster, int32_t broker_id)
{
    struct client client = {.fd = open_socket(cluster, broker_id)};
    assert_true(client.fd >= 0);
    rk_arena_init(&client.arena, 64 << 20);
    return client;
}

static inline void close_client(struct client *client)
{
    close(client->fd);
    rk_arena_clear(&client->arena);
    free(client->frame);
}

static inline void send_bytes(struct client *client, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t sent = send(client->fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return; /* Closed: reading says so. */
        at += sent;
        size -= (size_t)sent;
    }
}

static inline void send_request(struct client *client, const struct rk_api *api, int version,
                                const void *request)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_request_encode(api, (int16_t)version, ++client->correlation_id, "test",
                                       request, &writer),
                     RK_CODEC_OK);
    size_t size = rk_writer_total(&writer);
    uint8_t *bytes = malloc(size);
    rk_writer_copy(&writer, bytes);
    send_bytes(client, bytes, size);
    free(bytes);
    rk_writer_clear(&writer);
}

/* False at the end of the connection. */
static inline bool read_bytes(struct client *client, void *to, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t count = recv(client->fd, (uint8_t *)to + got, size - got, 0);
        if (count < 0 && errno == EINTR)
            continue; /* A process that was stopped and goes on, as well. */
        if (count <= 0) {
            assert_false(count < 0 && errno == EAGAIN); /* Timed out. */
            return false;
        }
        got += (size_t)count;
    }
    return true;
}

/* False when the broker closed the connection instead. */
static inline bool read_answer(struct client *client, const struct rk_api *api, int version,
                               void *answer)
{
    uint8_t prefix[4];
    struct rk_reader reader;
    if (!read_bytes(client, prefix, sizeof(prefix)))
        return false;
    size_t size = (size_t)rk_load_be32(prefix);
    free(client->frame);
    client->frame = malloc(size);
    rk_arena_clear(&client->arena);
    assert_true(read_bytes(client, client->frame, size));
    rk_reader_init(&reader, client->frame, size);
    assert_int_equal(rk_answer_header_decode_correlation(&reader), client->correlation_id);
    rk_answer_header_decode_rest(&reader, api, (int16_t)version);
    if (!rk_codec_decode(api->answer, (int16_t)version, answer, &reader, &client->arena))
        fail_msg("%s v%d: %s in %s", api->name, version, reader.failure, reader.field);
    return true;
}

static inline void call(struct client *client, const struct rk_api *api, int version,
                        const void *request, void *answer)
{
    send_request(client, api, version, request);
    assert_true(read_answer(client, api, version, answer));
}

static inline void expect_closed(struct client *client)
{
    uint8_t byte;
    assert_false(read_bytes(client, &byte, 1));
}

/* Metadata about one topic, which makes it. */
static inline struct rk_metadata_answer ask_metadata(struct client *client, const char *topic)
{
    struct rk_metadata_request request;
    struct rk_metadata_request_topic item;
    struct rk_metadata_answer answer;
    rk_metadata_request_init(&request);
    rk_metadata_request_topic_init(&item);
    item.name = topic;
    request.topics.items = &item;
    request.topics.count = topic ? 1 : -1;
    call(client, &rk_metadata_api, 12, &request, &answer);
    return answer;
}

static inline struct rk_uuid topic_id_of(struct client *client, const char *topic)
{
    struct rk_metadata_answer answer = ask_metadata(client, topic);
    assert_int_equal(answer.topics.count, 1);
    return answer.topics.items[0].topic_id;
}

#define BATCH_TIME INT64_C(1700000000000)

struct batch {
    struct rk_record_batch_header header;
    uint8_t bytes[8192];
    size_t size;
};

/* Records of a few bytes, a millisecond apart. Change `header` and seal it again at will. */
static inline void seal_batch(struct batch *batch)
{
    struct iovec part = {batch->bytes + RK_RECORD_BATCH_HEADER_SIZE,
                         batch->size - RK_RECORD_BATCH_HEADER_SIZE};
    rk_record_batch_header_write(batch->bytes, &batch->header, &part, 1);
}

static inline struct batch make_batch(int32_t count)
{
    struct batch batch;
    uint8_t *at = batch.bytes + RK_RECORD_BATCH_HEADER_SIZE;
    rk_record_batch_header_init(&batch.header);
    for (int32_t i = 0; i < count; i++)
        at = rk_record_write(at, rk_record_body_size(i, i, -1, 5, 0), i, i, NULL, -1, "value", 5,
                             NULL, 0);
    batch.size = (size_t)(at - batch.bytes);
    batch.header.last_offset_delta = count - 1;
    batch.header.record_count = count;
    batch.header.base_timestamp = BATCH_TIME;
    batch.header.max_timestamp = BATCH_TIME + count - 1;
    seal_batch(&batch);
    return batch;
}

static inline struct batch make_idempotent_batch(int32_t count, int64_t id, int16_t epoch,
                                                 int32_t sequence)
{
    struct batch batch = make_batch(count);
    batch.header.producer_id = id;
    batch.header.producer_epoch = epoch;
    batch.header.base_sequence = sequence;
    seal_batch(&batch);
    return batch;
}

/* What a Produce of one partition is made of. */
struct produce_message {
    struct rk_produce_request request;
    struct rk_produce_request_topic topic;
    struct rk_produce_request_partition partition;
};

static inline void fill_produce(struct produce_message *message, const char *topic,
                                int32_t partition, const void *bytes, size_t size)
{
    rk_produce_request_init(&message->request);
    rk_produce_request_topic_init(&message->topic);
    rk_produce_request_partition_init(&message->partition);
    message->request.acks = -1;
    message->request.timeout_ms = 1000;
    message->request.topic_data.items = &message->topic;
    message->request.topic_data.count = 1;
    message->topic.name = topic;
    message->topic.partition_data.items = &message->partition;
    message->topic.partition_data.count = 1;
    message->partition.index = partition;
    message->partition.records.data = bytes;
    message->partition.records.size = (int32_t)size;
}

static inline struct rk_produce_answer_partition
produce_bytes(struct client *client, int version, const char *topic, const void *bytes, size_t size)
{
    struct produce_message message;
    struct rk_produce_answer answer;
    fill_produce(&message, topic, 0, bytes, size);
    call(client, &rk_produce_api, version, &message.request, &answer);
    assert_int_equal(answer.responses.count, 1);
    assert_int_equal(answer.responses.items[0].partition_responses.count, 1);
    return answer.responses.items[0].partition_responses.items[0];
}

static inline struct rk_produce_answer_partition produce(struct client *client, const char *topic,
                                                         const struct batch *batch)
{
    return produce_bytes(client, 9, topic, batch->bytes, batch->size);
}

/* Appends so many records to partition 0, and expects it to work. */
static inline int64_t produce_records(struct client *client, const char *topic, int32_t count)
{
    struct batch batch = make_batch(count);
    struct rk_produce_answer_partition answer = produce(client, topic, &batch);
    assert_int_equal(answer.error_code, 0);
    return answer.base_offset;
}

#endif
