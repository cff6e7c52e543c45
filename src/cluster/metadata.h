/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The metadata machine: keeps the snapshot fresh for the topics the client works with.
 *
 * Background. One question under way at a time. Asks at the start, at the refresh interval, and
 * when somebody wants news of a topic; asks again with back-off while a wanted topic has no usable
 * answer. A broker that keeps silent for a second does not make the client wait: the same question
 * goes to another one, and the first answer counts. When nobody has given one for long, or the
 * cluster says that it is another, all connections are closed and the bootstrap servers asked anew
 * (KIP-899, KIP-1102).
 */
#ifndef RK_CLUSTER_METADATA_H
#define RK_CLUSTER_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/backoff.h"
#include "runtime/loop.h"

struct rd_kafka_topic_s;
struct rk_request;
struct rk_cluster;

#define RK_METADATA_ASKED_MAX  3        /* Brokers that are asked the same. */
#define RK_METADATA_SILENCE_US 1000000u /* Then another one is asked. */

struct rk_metadata {
    struct rk_cluster *cluster;
    struct rk_timer timer;
    struct rk_timer silence_timer;                      /* Until another broker is asked. */
    struct rk_request *requests[RK_METADATA_ASKED_MAX]; /* NULL: failed. Only to be compared. */
    int32_t asked[RK_METADATA_ASKED_MAX];               /* Who got them; -1: the seed. */
    int asked_count;
    struct rk_backoff backoff;
    bool is_stopped;
    bool is_asking;  /* Requests are under way, for the same. */
    bool wants_all;  /* All topics of the registry are due. */
    bool wants_some; /* Topics marked is_wanted_again are due, */
    bool wants_new;  /* one of them for the first time: that is not put off. */
    uint64_t last_asked_us;
    uint64_t distance_from_us; /* The last request, unless it was a first look without topics: the
                                  next one keeps a distance. */
    uint64_t failing_since_us; /* The first failure since the last answer; 0: none. */
    uint64_t not_before_us;    /* Back-off. */
    uint64_t next_refresh_us;  /* The periodic one; RK_NEVER: none. */
};

void rk_metadata_init(struct rk_metadata *metadata, struct rk_cluster *cluster);
void rk_metadata_start(struct rk_metadata *metadata) RK_ON_BACKGROUND;
void rk_metadata_stop(struct rk_metadata *metadata) RK_ON_BACKGROUND;
void rk_metadata_want_topic(struct rk_metadata *metadata, struct rd_kafka_topic_s *topic,
                            const char *reason) RK_ON_BACKGROUND;
/* A connection was lost: leaders may have moved. */
void rk_metadata_want_all(struct rk_metadata *metadata, const char *reason) RK_ON_BACKGROUND;

#endif
