/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the scripted brokers share: scripted_broker.c (their thread) and
 * scripted_control.c (what tests change and look at). */
#ifndef SUPPORT_SCRIPTED_PRIVATE_H
#define SUPPORT_SCRIPTED_PRIVATE_H

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/scripted_broker.h"
#include "support/scripted_log.h"

enum { SCRIPTED_BROKER_MAX = 8, SCRIPTED_CONNECTION_MAX = 128, SCRIPTED_API_MAX = 100 };

struct scripted_buffer {
    uint8_t *data;
    size_t size, capacity;
};

/* A piece of output, which waits for its time, and with `is_held` for the test. */
struct scripted_output {
    struct scripted_output *next;
    uint8_t *data;
    size_t size, sent;
    uint64_t not_before_ms;
    bool is_held;
};

struct scripted_connection {
    int socket;
    int broker;
    struct scripted_buffer input;
    struct scripted_output *first;
    bool is_ended;
};

struct scripted_broker {
    int listener; /* -1: down. */
    uint16_t port;
    bool is_stalled;
};

struct scripted_cluster {
    pthread_t thread;
    pthread_mutex_t mutex; /* Of everything; recursive, for hooks. */
    pthread_cond_t changed;
    int wake_fd;
    bool is_ending;
    int broker_count;
    struct scripted_broker brokers[SCRIPTED_BROKER_MAX];
    char bootstrap[32];
    struct scripted_connection *connections[SCRIPTED_CONNECTION_MAX];
    int connection_count;
    struct scripted_log log;
    int16_t max_versions[SCRIPTED_API_MAX];
    int request_counts[SCRIPTED_API_MAX];
    scripted_produce_hook *hook;
    void *hook_opaque;
};

static inline void scripted_fail(const char *what)
{
    fprintf(stderr, "scripted broker: %s: %s\n", what, strerror(errno));
    abort();
}

static inline void scripted_wake(struct scripted_cluster *cluster)
{
    uint64_t one = 1;
    if (write(cluster->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        scripted_fail("wake");
}

static inline void scripted_lock(struct scripted_cluster *cluster)
{
    pthread_mutex_lock(&cluster->mutex);
}

static inline void scripted_unlock(struct scripted_cluster *cluster)
{
    pthread_mutex_unlock(&cluster->mutex);
}

void scripted_open_listener(struct scripted_broker *broker);

#endif
