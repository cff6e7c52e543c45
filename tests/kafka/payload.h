/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages that follow from a seed and a number.
 *
 * Whoever knows the seed can build message `number` again, and compare what came out of the log
 * byte for byte: these C programs, and Peer.java, which holds the same few lines in Java. The
 * number travels as the timestamp, so that a message without key and value can be told too.
 *
 * A struct payload belongs to the thread that made it. Its pointers are valid until the next make.
 */
#ifndef KAFKA_TESTS_PAYLOAD_H
#define KAFKA_TESTS_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <librdkafka/rdkafka.h>

/* Timestamps are this plus the number, in milliseconds: a day in the past. */
#define PAYLOAD_EPOCH_MS INT64_C(1600000000000)

enum payload_shape {
    PAYLOAD_MIXED, /* Up to 20 KB, 300 bytes on average; null and empty keys and values; headers. */
    PAYLOAD_PLAIN, /* The same without headers, which old message sets do not have. */
    PAYLOAD_LARGE, /* From 0 to 900 KB, with every power of two and its neighbours; keys, headers.
                    */
};

enum { PAYLOAD_HEADERS_MAX = 3, PAYLOAD_SIZE_MAX = 900 * 1024 };

struct payload_header {
    char name[16];
    const void *value; /* NULL: a header without a value. */
    ssize_t size;
    unsigned char memory[64];
};

struct payload {
    int64_t timestamp_ms;
    const void *key; /* NULL: no key. */
    size_t key_size;
    const void *value; /* NULL: no value. */
    size_t value_size;
    struct payload_header headers[PAYLOAD_HEADERS_MAX];
    size_t header_count;
    unsigned char key_memory[64];
    unsigned char *value_memory; /* PAYLOAD_SIZE_MAX + 8 bytes, from the first make. */
};

/* Makes message `number`. Start with a payload of zeroes. */
void payload_make(struct payload *payload, uint64_t seed, enum payload_shape shape, int64_t number);
void payload_clear(struct payload *payload);

/* The number of a message that was consumed, or -1. Where messages have no timestamps it is the
 * offset. */
int64_t payload_number(const rd_kafka_message_t *message);

/* From now on consumed messages have none, as those of brokers before 0.11. */
void payload_loses_headers(void);

/* Compares a consumed message with what it should be. Returns NULL, or what differs. */
const char *payload_compare(const struct payload *payload, const rd_kafka_message_t *message);

/* The same without the timestamp: for a delivery report, in which brokers may replace it. */
const char *payload_compare_content(const struct payload *payload,
                                    const rd_kafka_message_t *message);

/* Produces it with producev(), the number as the opaque pointer. Partition -1: the partitioner's.
 */
rd_kafka_resp_err_t payload_produce(const struct payload *payload, rd_kafka_t *producer,
                                    const char *topic, int32_t partition);

#endif
