/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that follow from a seed and a number. Keep in step with Peer.java. */
#include "payload.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SplitMix64: each call gives the next 64 bits. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Fills whole eights, up to seven bytes more than asked: letters from a to p, each sixteen of them
 * twice, so that every codec has something to find. */
static void fill(uint64_t *state, unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t letters;

        if (i % 32 >= 16) {
            memcpy(memory + i, memory + i - 16, 8);
            continue;
        }
        letters = (next(state) & UINT64_C(0x0f0f0f0f0f0f0f0f)) + UINT64_C(0x6161616161616161);
        for (size_t k = 0; k < 8; k++)
            memory[i + k] = (unsigned char)(letters >> (8 * k));
    }
}

/* Sizes of values; -1 for no value. */
static int64_t mixed_size(uint64_t random)
{
    uint64_t part = random % 100, rest = random >> 8;

    if (part == 0)
        return -1;
    if (part == 1)
        return 0;
    return (int64_t)(part < 90 ? rest % 200 : part < 99 ? rest % 2000 : rest % 20000);
}

static int64_t large_size(uint64_t random, int64_t number)
{
    if (number < 60) /* 2^0 - 1 ... 2^19 + 1. */
        return (INT64_C(1) << (number / 3)) + number % 3 - 1;
    if (number == 60)
        return PAYLOAD_SIZE_MAX;
    return (int64_t)((random >> 8) % (random % 4 == 0 ? PAYLOAD_SIZE_MAX + 1 : 30000));
}

static void make_key(struct payload *payload, uint64_t *state)
{
    uint64_t random = next(state);

    payload->key = NULL;
    payload->key_size = 0;
    if (random % 8 == 0)
        return;
    payload->key = payload->key_memory;
    if (random % 8 == 1)
        return;
    payload->key_size = 1 + (size_t)((random >> 8) % 40);
    fill(state, payload->key_memory, payload->key_size);
}

static void make_header(struct payload_header *header, uint64_t *state)
{
    uint64_t random = next(state);
    size_t name_size = 1 + (size_t)((random >> 8) % 8);

    fill(state, (unsigned char *)header->name, name_size);
    header->name[name_size] = '\0';
    header->value = NULL;
    header->size = 0;
    if (random % 8 == 0)
        return;
    header->value = header->memory;
    if (random % 8 == 1)
        return;
    header->size = 1 + (ssize_t)((random >> 16) % 50);
    fill(state, header->memory, (size_t)header->size);
}

void payload_make(struct payload *payload, uint64_t seed, enum payload_shape shape, int64_t number)
{
    uint64_t state = seed * UINT64_C(0xd1342543de82ef95) + (uint64_t)number;
    uint64_t random;
    int64_t size;

    if (!payload->value_memory)
        payload->value_memory = malloc(PAYLOAD_SIZE_MAX + 8);
    if (!payload->value_memory)
        abort();

    next(&state);
    payload->timestamp_ms = PAYLOAD_EPOCH_MS + number;
    make_key(payload, &state);

    random = next(&state);
    payload->header_count = random % 2 || shape == PAYLOAD_PLAIN
                                ? 0
                                : (size_t)((random >> 8) % (PAYLOAD_HEADERS_MAX + 1));
    for (size_t i = 0; i < payload->header_count; i++)
        make_header(&payload->headers[i], &state);

    random = next(&state);
    size = shape == PAYLOAD_LARGE ? large_size(random, number) : mixed_size(random);
    payload->value = size < 0 ? NULL : payload->value_memory;
    payload->value_size = size < 0 ? 0 : (size_t)size;
    fill(&state, payload->value_memory, payload->value_size);
}

void payload_clear(struct payload *payload)
{
    free(payload->value_memory);
    payload->value_memory = NULL;
}

int64_t payload_number(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);

    if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp_ms == -1)
        return message->offset;
    if (type != RD_KAFKA_TIMESTAMP_CREATE_TIME || timestamp_ms < PAYLOAD_EPOCH_MS)
        return -1;
    return timestamp_ms - PAYLOAD_EPOCH_MS;
}

/* Equal bytes, with a null told from an empty string. */
static int is_equal(const void *a, size_t a_size, const void *b, size_t b_size)
{
    return (a == NULL) == (b == NULL) && a_size == b_size &&
           (a_size == 0 || memcmp(a, b, a_size) == 0);
}

static bool headers_are_lost;

void payload_loses_headers(void)
{
    headers_are_lost = true;
}

static const char *compare_headers(const struct payload *payload, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t error = rd_kafka_message_headers(message, &headers);

    if (error == RD_KAFKA_RESP_ERR__NOENT)
        return payload->header_count == 0 ? NULL : "the headers are missing";
    if (error)
        return "the headers cannot be read";
    if (rd_kafka_header_cnt(headers) != payload->header_count)
        return "the number of headers differs";
    for (size_t i = 0; i < payload->header_count; i++) {
        const struct payload_header *header = &payload->headers[i];
        const char *name;
        const void *value;
        size_t size;

        if (rd_kafka_header_get_all(headers, i, &name, &value, &size) ||
            strcmp(name, header->name) != 0)
            return "the name of a header differs";
        if (!is_equal(value, size, header->value, (size_t)header->size))
            return "the value of a header differs";
    }
    return NULL;
}

static const char *compare_key_and_value(const struct payload *payload,
                                         const rd_kafka_message_t *message)
{
    if (!is_equal(message->key, message->key_len, payload->key, payload->key_size))
        return "the key differs";
    if (!is_equal(message->payload, message->len, payload->value, payload->value_size))
        return "the value differs";
    return NULL;
}

const char *payload_compare(const struct payload *payload, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);

    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE &&
        (type != RD_KAFKA_TIMESTAMP_CREATE_TIME || timestamp_ms != payload->timestamp_ms))
        return "the timestamp differs";
    if (headers_are_lost && payload->header_count > 0) {
        rd_kafka_headers_t *headers;

        return rd_kafka_message_headers(message, &headers) ? compare_key_and_value(payload, message)
                                                           : "the headers are there";
    }
    return payload_compare_content(payload, message);
}

const char *payload_compare_content(const struct payload *payload,
                                    const rd_kafka_message_t *message)
{
    const char *difference = compare_key_and_value(payload, message);

    return difference ? difference : compare_headers(payload, message);
}

rd_kafka_resp_err_t payload_produce(const struct payload *payload, rd_kafka_t *producer,
                                    const char *topic, int32_t partition)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_resp_err_t error;

    if (payload->header_count > 0)
        headers = rd_kafka_headers_new(payload->header_count);
    for (size_t i = 0; i < payload->header_count; i++) {
        const struct payload_header *header = &payload->headers[i];

        rd_kafka_header_add(headers, header->name, -1, header->value, header->size);
    }
    error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_VALUE((void *)payload->value, payload->value_size),
        RD_KAFKA_V_KEY(payload->key, payload->key_size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_TIMESTAMP(payload->timestamp_ms),
        RD_KAFKA_V_OPAQUE((void *)(intptr_t)(payload->timestamp_ms - PAYLOAD_EPOCH_MS)),
        RD_KAFKA_V_END);
    if (error && headers)
        rd_kafka_headers_destroy(headers); /* They were only taken by a call that succeeds. */
    return error;
}
