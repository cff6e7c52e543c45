/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cluster that lies: stands between a client and the mock cluster's brokers.
 *
 * Requests go on as they are; each answer is decoded and shown to the test's hook, which may change
 * it, replace its bytes, or keep it back. Broker addresses in answers are replaced, so that the
 * client talks to nobody else. All on one thread of its own, which also runs the hook; other
 * functions may be called from any thread. What cannot happen in a sound test aborts it.
 */
#ifndef SUPPORT_LIAR_H
#define SUPPORT_LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/messages.h"

struct liar;

enum liar_fate {
    LIAR_TELL,          /* The answer, as the hook has left it. */
    LIAR_TRUTH,         /* The same: there was no occasion to lie. */
    LIAR_RAW,           /* The bytes in `raw`. */
    LIAR_RAW_AND_CLOSE, /* The same, then the connection is closed. */
    LIAR_CLOSE,
    LIAR_SILENCE, /* Nothing, and nothing else either on this connection. */
};

struct liar_bytes {
    const uint8_t *data;
    size_t size;
};

struct liar_answer {
    int broker;     /* Its id, from 1. */
    int connection; /* Counts all connections, from 0. */
    const struct rk_api *api;
    int16_t version;
    int32_t correlation_id;
    const void *request;     /* struct rk_<api>_request */
    void *answer;            /* struct rk_<api>_answer */
    struct rk_arena *arena;  /* For what the hook adds; gone after it. */
    struct liar_bytes frame; /* The sound answer, its size in front. */
    struct liar_bytes raw;
};

typedef enum liar_fate liar_hook(struct liar_answer *answer, void *opaque);

/* Brokers 1 to `broker_count` listen where the list says: a mock cluster's bootstrap servers. */
struct liar *liar_new(const char *bootstrap_servers, int broker_count);
void liar_destroy(struct liar *liar);
/* For bootstrap.servers: all of them, or one. */
const char *liar_bootstrap(const struct liar *liar);
const char *liar_bootstrap_of(const struct liar *liar, int broker);
uint16_t liar_port(const struct liar *liar, int broker);
/* NULL: only the truth. */
void liar_set_hook(struct liar *liar, liar_hook *hook, void *opaque);
/* The highest version of an API that ApiVersions answers tell from now on. */
void liar_set_max_version(struct liar *liar, int api_key, int16_t version);

/* So far; broker 0: all. */
int liar_request_count(struct liar *liar, int broker, int api_key);
int liar_connection_count(struct liar *liar, int broker);
/* `size` zeroed bytes, or those given, that live until the hook has returned and its answer is
 * out. */
void *liar_alloc(struct liar_answer *answer, size_t size);
void *liar_copy(struct liar_answer *answer, const void *bytes, size_t size);

#endif
