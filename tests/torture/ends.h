/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States a client can be in (ends_states.c, ends_members.c), for ends_test.c: each function of the
 * table makes a client and brings it there, with threads inside its calls and with things held of
 * it.
 */
#ifndef TORTURE_ENDS_H
#define TORTURE_ENDS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rdkafka.h"

enum {
    ENDS_CALLBACK_MS = 200, /* What the application's callbacks take. */
    ENDS_THREADS_MAX = 2,
    ENDS_HELD_MAX = 8,
};

/* The client, the threads inside it, and what is held of it. */
struct ends_client {
    rd_kafka_t *rk;
    pthread_t threads[ENDS_THREADS_MAX];
    int thread_count;
    _Atomic int inside; /* Threads that are about to block, or called back. */
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queues[ENDS_HELD_MAX];
    rd_kafka_event_t *events[ENDS_HELD_MAX];
    rd_kafka_message_t *messages[ENDS_HELD_MAX];
    int queue_count, event_count, message_count;
};
extern struct ends_client it;

struct ends_state {
    const char *name;
    void (*reach)(void);
};
/* Up to one without a name. */
extern const struct ends_state ends_states[], ends_member_states[];

/* The cluster, and ports that do not behave. */
void ends_begin(void);
void ends_end(void);
/* Of all the cluster's answers. */
void ends_set_delay(int rtt_ms);
/* A group waits that long for more members when its first one joins. */
void ends_set_group_delay(int delay_ms);

/* For those who make states. `servers` NULL: the cluster's. */
rd_kafka_conf_t *ends_new_conf(const char *servers);
/* Makes `it`; a consumer is in a group of its own. takes: conf */
void ends_make(rd_kafka_type_t type, rd_kafka_conf_t *conf);
/* Until it has counted itself in `it.inside`. */
void ends_start_thread(void *(*run)(void *argument));

#endif
