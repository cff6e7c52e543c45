/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client with something to do, whose statistics are looked at: for stats_exporter.c and top.c.
 *
 * Made, run and ended by one thread, the program's main one; statistics arrive inside
 * workload_run().
 */
#ifndef EXAMPLES_WORKLOAD_H
#define EXAMPLES_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#define WORKLOAD_OPTIONS "CPdr:i:X:"
#define WORKLOAD_HELP                                                                        \
    "  -P         produce (what it does without -C)\n"                                       \
    "  -C         consume all partitions of the topic from their beginning\n"                \
    "  -r RATE    messages per second to produce; 1000\n"                                    \
    "  -i MS      interval of the statistics; 1000\n"                                        \
    "  -X P=V     property of the client\n"                                                  \
    "  -d         no servers are given: a built-in cluster of three brokers, of which one\n" \
    "             partition loses its leader and one broker its network now and then\n"

struct workload {
    /* Called with each statistics: JSON that is valid until it returns. */
    void (*on_statistics)(const char *json, void *opaque);
    void *opaque;
    rd_kafka_conf_t *conf; /* Until it is started. */
    rd_kafka_t *rk;
    const char *servers, *topic;
    bool is_demo, consumes;
    int rate, interval_ms;
    int64_t began_ms, sent; /* Messages produced since then. */
    int trouble;            /* What is broken in the demonstration. */
    rd_kafka_t *feeder;     /* Produces what a demonstration consumes; else NULL. */
};

void workload_init(struct workload *workload, void (*on_statistics)(const char *json, void *opaque),
                   void *opaque);
/* An option of WORKLOAD_OPTIONS. False, and says why, when it makes no sense. */
bool workload_option(struct workload *workload, int option, const char *argument);
/* With what is left of the command line. False, and says why, when there is no client to be had. */
bool workload_start(struct workload *workload, int argc, char **argv);
/* Works for about that long. */
void workload_run(struct workload *workload, int timeout_ms);
void workload_stop(struct workload *workload);
int64_t workload_now_ms(void);

#endif
