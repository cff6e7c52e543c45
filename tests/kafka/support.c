/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test programs share: options, clients, and ways to fail. */
#include "support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void fail(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fprintf(stderr, "FAILED: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    _exit(1);
}

void check_error(rd_kafka_resp_err_t error, const char *what)
{
    CHECK(!error, "%s: %s (%s)", what, rd_kafka_err2name(error), rd_kafka_err2str(error));
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    CHECK(memory, "no memory");
    return memory;
}

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[512];

    CHECK(!rd_kafka_conf_set(conf, name, value, error, sizeof(error)), "%s", error);
}

static bool is_set(const rd_kafka_conf_t *conf, const char *name)
{
    size_t size = 0;

    return rd_kafka_conf_get(conf, name, NULL, &size) == RD_KAFKA_CONF_OK && size > 1;
}

static void set_pair(rd_kafka_conf_t *conf, char *pair)
{
    char *equals = strchr(pair, '=');

    CHECK(equals, "%s: name=value is expected", pair);
    *equals = '\0';
    set(conf, pair, equals + 1);
}

/* By error code, which begins at RD_KAFKA_RESP_ERR__BEGIN, -200. */
static _Thread_local int error_counts[512];

static int *count_of(int error)
{
    int index = error - RD_KAFKA_RESP_ERR__BEGIN;

    CHECK(index >= 0 && index < 512, "error %d does not exist", error);
    return &error_counts[index];
}

int error_count(rd_kafka_resp_err_t error)
{
    return *count_of((int)error);
}

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    (void)opaque;
    ++*count_of(error);
    fprintf(stderr, "%s: %s: %s\n", rd_kafka_name(client),
            rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
}

static void parse_option(struct options *options, int option, char *value)
{
    switch (option) {
    case 'b':
        options->bootstrap = value;
        break;
    case 't':
        options->topic = value;
        break;
    case 'c':
        options->check = value;
        break;
    case 'f':
        options->report_path = value;
        break;
    case 'p':
        options->partitions = atoi(value);
        break;
    case 'n':
        options->count = atoll(value);
        break;
    case 'r':
        options->rate = atoi(value);
        break;
    case 's':
        options->seed = strtoull(value, NULL, 10);
        break;
    case 'l':
        options->shape = PAYLOAD_LARGE;
        break;
    case 'o':
        options->shape = PAYLOAD_PLAIN;
        break;
    case 'H':
        payload_loses_headers();
        break;
    case 'X':
        set_pair(options->producer, value);
        break;
    case 'Y':
        set_pair(options->consumer, value);
        break;
    default:
        fail("unknown option");
    }
}

void options_parse(struct options *options, int argc, char **argv)
{
    int option;

    *options = (struct options){.partitions = 4,
                                .count = 1000,
                                .seed = 1,
                                .check = "",
                                .producer = rd_kafka_conf_new(),
                                .consumer = rd_kafka_conf_new()};
    rd_kafka_conf_set_error_cb(options->producer, on_error);
    rd_kafka_conf_set_error_cb(options->consumer, on_error);
    set(options->consumer, "enable.auto.commit", "false");
    set(options->consumer, "auto.offset.reset", "error");
    set(options->consumer, "fetch.wait.max.ms", "100");
    while ((option = getopt(argc, argv, "b:t:c:f:p:n:r:s:loHX:Y:")) != -1)
        parse_option(options, option, optarg);
    CHECK(options->bootstrap && optind == argc, "usage: see support.h");
    if (!is_set(options->consumer, "group.id"))
        set(options->consumer, "group.id", options->topic ? options->topic : "tests");
    set(options->producer, "bootstrap.servers", options->bootstrap);
    set(options->consumer, "bootstrap.servers", options->bootstrap);
}

void options_clear(struct options *options)
{
    if (options->producer)
        rd_kafka_conf_destroy(options->producer);
    if (options->consumer)
        rd_kafka_conf_destroy(options->consumer);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t **conf)
{
    char error[512];
    rd_kafka_t *client = rd_kafka_new(type, *conf, error, sizeof(error));

    CHECK(client, "no client: %s", error);
    *conf = NULL;
    return client;
}

rd_kafka_t *new_producer(struct options *options)
{
    return new_client(RD_KAFKA_PRODUCER, &options->producer);
}

rd_kafka_t *new_consumer(struct options *options)
{
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, &options->consumer);

    check_error(rd_kafka_poll_set_consumer(consumer), "poll_set_consumer");
    return consumer;
}

void assign_all(rd_kafka_t *consumer, const struct options *options, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(options->partitions);

    rd_kafka_topic_partition_list_add_range(list, options->topic, 0, options->partitions - 1);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = offset;
    check_error(rd_kafka_assign(consumer, list), "assign");
    rd_kafka_topic_partition_list_destroy(list);
}

rd_kafka_message_t *next_message(rd_kafka_t *consumer, int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;

    for (;;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

        if (message && (!message->err || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF))
            return message;
        if (message) {
            fprintf(stderr, "consumer: %s: %s\n", rd_kafka_err2name(message->err),
                    rd_kafka_message_errstr(message));
            rd_kafka_message_destroy(message);
        }
        CHECK(now_ms() < deadline_ms, "no message within %d ms", timeout_ms);
    }
}
