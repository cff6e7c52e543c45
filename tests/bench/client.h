/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark client: what its modes share. It uses the public API only, so that LD_LIBRARY_PATH
 * decides which library is measured.
 *
 * A mode measures between bench_measure_start() and bench_measure_stop(); threads other than the
 * first that do the application's work add their CPU time with bench_measure_add_thread().
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

enum bench_call { BENCH_CALL_SINGLE, BENCH_CALL_BY_NAME, BENCH_CALL_BATCH };

struct bench_options {
    const char *mode;
    const char *topic;
    long messages;
    size_t value_size;
    size_t key_size;
    int headers;
    enum bench_call call;
    int threads;
    long rate;         /* Messages per second, 0: as many as possible. */
    int poll_interval; /* Produced messages between two polls. */
    bool by_event;     /* Reports come as events instead of callbacks. */
    bool with_opaque;  /* Every message has an opaque pointer. */
    bool is_consumer;  /* Modes idle and create: with a consumer. */
    bool is_member;    /* Consumers subscribe, with automatic commits, instead of being assigned. */
    int seconds;       /* Mode idle. */
    char **properties; /* name=value, as given with -X; later ones win. */
    int property_count;
};

struct bench_result {
    long messages;
    long errors;
    double wall_s;
    double user_s;
    double system_s;
    _Atomic int64_t application_ns; /* CPU time of the application's threads. */
    int64_t started_ns;
    int64_t thread_started_ns;
    double started_user_s;
    double started_system_s;
    char extra[256]; /* More members of the line that is printed, each beginning with a comma. */
};

int64_t bench_now_ns(void);
int64_t bench_thread_cpu_ns(void);
void bench_measure_start(struct bench_result *result);
void bench_measure_stop(struct bench_result *result);
void bench_measure_add_thread(struct bench_result *result, int64_t started_ns);
/* Sorts them, and adds the median, the 99th percentile and the largest to `extra`, in microseconds.
 */
void bench_add_percentiles(struct bench_result *result, int64_t *latencies_ns, long count);

/* Ends the program with a message. */
_Noreturn void bench_fail(const char *format, ...) RD_FORMAT(printf, 1, 2);
void *bench_alloc(size_t size);
/* A configuration with the options' properties; ends the program when one is refused. */
rd_kafka_conf_t *bench_conf(const struct bench_options *options);
void bench_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);
/* takes: conf */
rd_kafka_t *bench_client(rd_kafka_type_t type, rd_kafka_conf_t *conf);
/* A consumer with all partitions of the topic, from the beginning: as many as its name says. */
rd_kafka_t *bench_consumer(const struct bench_options *options, int *partition_count);

void bench_produce(const struct bench_options *options, struct bench_result *result);
void bench_latency(const struct bench_options *options, struct bench_result *result);
void bench_consume(const struct bench_options *options, struct bench_result *result);
void bench_receive(const struct bench_options *options, struct bench_result *result);
void bench_idle(const struct bench_options *options, struct bench_result *result);
void bench_memory(const struct bench_options *options, struct bench_result *result);
void bench_create(const struct bench_options *options, struct bench_result *result);

#endif
