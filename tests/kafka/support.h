/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the test programs share: options, clients, and ways to fail.
 *
 * A program takes its options from tests/kafka/run, talks only through the public header, and ends
 * with 0, or with 1 after a line that says what went wrong. tests/support/watchdog.c is linked to
 * each: it ends a program that hangs and shows its stacks.
 */
#ifndef KAFKA_TESTS_SUPPORT_H
#define KAFKA_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "payload.h"

struct options {
    const char *bootstrap;     /* -b */
    const char *topic;         /* -t */
    const char *check;         /* -c: which of the program's checks to run. */
    const char *report_path;   /* -f: where results go, or come from. */
    int partitions;            /* -p: of the topic, default 4. */
    int64_t count;             /* -n: messages, default 1000. */
    int rate;                  /* -r: messages per second, 0 for as fast as it goes. */
    uint64_t seed;             /* -s: of the payloads. */
    enum payload_shape shape;  /* -l: large ones; -o: without headers. */
    rd_kafka_conf_t *producer; /* -X name=value */
    rd_kafka_conf_t *consumer; /* -Y name=value */
};

/* Reads the options (-H: the broker keeps no headers), and puts the bootstrap servers and defaults
 * into both configurations. */
void options_parse(struct options *options, int argc, char **argv);

/* Frees the configurations that no client took. */
void options_clear(struct options *options);

/* Ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

#define CHECK(condition, ...)  \
    do {                       \
        if (!(condition))      \
            fail(__VA_ARGS__); \
    } while (0)

/* Fails with the text of an error code unless it is 0. */
void check_error(rd_kafka_resp_err_t error, const char *what);

void set(rd_kafka_conf_t *conf, const char *name, const char *value);

/* Creates a client; takes the options' configuration. What error_cb tells is logged and counted. */
rd_kafka_t *new_producer(struct options *options);
rd_kafka_t *new_consumer(struct options *options);

/* How often error_cb has told of this error, in the calling thread. */
int error_count(rd_kafka_resp_err_t error);

/* Assigns partition 0 .. partitions - 1 of the topic, each at the offset. */
void assign_all(rd_kafka_t *consumer, const struct options *options, int64_t offset);

/* The next message, or event of a partition's end. Fails when there is none in the given time. */
rd_kafka_message_t *next_message(rd_kafka_t *consumer, int timeout_ms);

int64_t now_ms(void);

/* Allocates zeroes, or ends the program. */
void *allocate(size_t count, size_t size);

#endif
