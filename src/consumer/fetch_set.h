/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partitions a fetcher has, by topic, and those it has to tell the broker to forget.
 *
 * Embedded in a fetcher, on its loop. Looking something up begins where the last look-up ended,
 * because answers name topics and partitions in the order of the request.
 */
#ifndef RK_CONSUMER_FETCH_SET_H
#define RK_CONSUMER_FETCH_SET_H

#include "consumer/partition.h"

struct rk_fetch_topic {
    rd_kafka_topic_t *topic; /* Borrowed: topics live as long as the client. */
    struct rk_uuid id;       /* Zero: unknown. */
    struct rk_partition **items;
    int count, capacity;
    int hint;
};

/* A partition that left while it was in the fetch session (KIP-227). */
struct rk_forgotten {
    const char *topic; /* Borrowed. */
    struct rk_uuid id;
    int32_t number;
};

struct rk_fetch_set {
    struct rk_fetch_topic **topics;
    int topic_count, topic_capacity;
    int topics_without_id;
    int partition_count;
    int hint;
    struct rk_forgotten *forgotten;
    int forgotten_count, forgotten_capacity;
};

void rk_fetch_set_clear(struct rk_fetch_set *set);
/* `id` is the topic's now: partitions that are in the session under another one leave it. */
void rk_fetch_set_add(struct rk_fetch_set *set, struct rk_partition *partition,
                      const struct rk_uuid *id);
void rk_fetch_set_set_topic_id(struct rk_fetch_set *set, rd_kafka_topic_t *topic,
                               const struct rk_uuid *id);
void rk_fetch_set_remove(struct rk_fetch_set *set, struct rk_partition *partition);
/* By address only: the partition may be somebody else's. */
bool rk_fetch_set_contains(const struct rk_fetch_set *set, const struct rk_partition *partition);
/* By id when `name` is NULL. NULL: not there. */
struct rk_fetch_topic *rk_fetch_set_find_topic(struct rk_fetch_set *set, const char *name,
                                               const struct rk_uuid *id);
struct rk_partition *rk_fetch_topic_find(struct rk_fetch_topic *topic, int32_t number);
/* Has to leave the session with the next request. */
void rk_fetch_set_forget(struct rk_fetch_set *set, const struct rk_fetch_topic *topic,
                         struct rk_partition *partition);
/* It left, and the broker has not been told yet. */
bool rk_fetch_set_is_forgotten(const struct rk_fetch_set *set,
                               const struct rk_partition *partition);
/* There is no session any more. */
void rk_fetch_set_leave_session(struct rk_fetch_set *set);

#endif
