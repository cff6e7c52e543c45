/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an application subscribes to: names of topics, and patterns, which begin with '^' and are
 * POSIX extended regular expressions unless the coordinator is to match them.
 *
 * Pure. Made by the thread that calls rd_kafka_subscribe(), then background's.
 */
#ifndef RK_GROUP_SUBSCRIPTION_H
#define RK_GROUP_SUBSCRIPTION_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "rdkafka.h"

struct rk_subscription {
    rd_kafka_topic_partition_list_t *list;  /* As given. */
    rd_kafka_topic_partition_list_t *names; /* Sorted. `err`: told last of that topic. */
    regex_t *patterns;
    int pattern_count;
    int remote_count;
    char *remote_pattern; /* All patterns as one, for a coordinator that matches; "": none. */
};

/* NULL with the reason when something is wrong: nothing in it, a name that is empty, a name twice,
 * a pattern that is none. Only the topics of `list` count. `is_remote`: the coordinator matches
 * the patterns, whose syntax is its own (RE2). */
struct rk_subscription *rk_subscription_try_new(const rd_kafka_topic_partition_list_t *list,
                                                bool is_remote, char *reason, size_t size);
/* NULL is fine. */
void rk_subscription_destroy(struct rk_subscription *subscription);
/* One of the patterns matches, and the name is not on the blacklist. */
bool rk_subscription_matches(const struct rk_subscription *subscription, const char *topic,
                             const struct rk_patterns *blacklist);
/* The names, and those of `found` that match: a new list, sorted, each once. */
rd_kafka_topic_partition_list_t *
rk_subscription_topics(const struct rk_subscription *subscription,
                       const rd_kafka_topic_partition_list_t *found);

#endif
