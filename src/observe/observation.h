/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An observation: a look at the whole client, loop by loop, for statistics and dumps.
 *
 * It begins on background, which knows brokers, topics and who works on which partition, and goes
 * on to the loops of the brokers in use, each of which fills in what is its own; so nothing is
 * locked, or counted atomically, for the sake of being seen. The last of them hands it over. A
 * client that ends drops its observations.
 */
#ifndef RK_OBSERVE_OBSERVATION_H
#define RK_OBSERVE_OBSERVATION_H

#include <stdatomic.h>

#include "cluster/cluster.h"
#include "observe/statistics_fields.h"

struct rk_consumer;
struct rk_producer;

/* One connection of a broker. */
struct rk_connection_view {
    const char *purpose, *state;
    int64_t age_us;
    int waiting, in_flight; /* Requests. */
};

/* What is looked at. */
struct rk_subject {
    struct rk_core *core;
    struct rk_cluster *cluster;
    struct rk_producer *producer; /* NULL on a consumer. */
    struct rk_consumer *consumer; /* NULL on a producer. */
    struct rk_group *group;       /* NULL without group.id. */
    uint64_t created_us;
};

struct rk_observation {
    struct rk_subject subject;
    bool resets_windows;
    /* On some loop of the client. takes: observation */
    void (*done)(struct rk_observation *observation, void *argument);
    /* Instead: the client ends, and so did the observation. */
    void (*abandoned)(void *argument);
    void *argument;
    _Atomic int references; /* Loops that have not had their look. */
    _Atomic bool is_abandoned;
    uint64_t now_us;
    struct rk_arena arena; /* Filled on background. */
    struct rk_stats_client stats;
};

/* Copies `subject`. Any thread. */
void rk_observation_start(const struct rk_subject *subject, bool resets_windows,
                          void (*done)(struct rk_observation *observation, void *argument),
                          void (*abandoned)(void *argument), void *argument);
void rk_observation_destroy(struct rk_observation *observation);

/* Between the files of an observation. */

/* In the arena; "" when memory is out. */
const char *rk_observation_text(struct rk_arena *arena, const char *format, ...) RK_FORMAT(2, 3);
struct rk_reason;
void rk_observation_set_reason(struct rk_arena *arena, struct rk_stats_partition *partition,
                               const struct rk_reason *reason, uint64_t now_us);
/* Looks at topics and partitions, and at the partitions of one broker, on its loop. */
void rk_observation_see_topics(struct rk_observation *observation) RK_ON_BACKGROUND;
void rk_observation_see_partitions(const struct rk_observation *observation,
                                   struct rk_stats_broker *item) RK_ON_BROKER;
struct rk_partition_queue;
/* Counters of a producer's partition. */
void rk_observation_see_queue(struct rk_stats_partition *item, struct rk_partition_queue *queue);
/* By id, which is how they are sorted; NULL: none. */
struct rk_stats_broker *rk_observation_find_broker(struct rk_observation *observation, int32_t id);

#endif
