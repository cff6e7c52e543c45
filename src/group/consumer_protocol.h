/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What members of a classic consumer group tell each other through the coordinator, which does not
 * look at it: subscriptions in JoinGroup, assignments in SyncGroup.
 *
 * Pure functions. The bytes come from other members, that is from anybody: the readers take what
 * versions to come may add behind, and end at what older clients leave out.
 */
#ifndef RK_GROUP_CONSUMER_PROTOCOL_H
#define RK_GROUP_CONSUMER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "rdkafka.h"
#include "wire/writer.h"

/* The highest version here; both know 0 to 3. */
#define RK_CONSUMER_PROTOCOL_VERSION 3
/* An assignment of more is not believed: each takes some hundred bytes, four of an answer. */
#define RK_PROTOCOL_PARTITIONS_MAX 200000

struct rk_protocol_topic {
    const char *name;
    int32_t *partitions;
    int32_t partition_count;
};

struct rk_protocol_topics {
    struct rk_protocol_topic *items;
    int32_t count;
};

struct rk_protocol_subscription {
    int16_t version;
    const char **topics;
    int32_t topic_count;
    struct rk_protocol_topics owned; /* Since version 1; of the sticky assignor in any. */
    int32_t generation;              /* In which it got them; -1: unknown. */
    const char *rack;                /* Since version 3; NULL: unknown. */
};

/* What assignors add of their own. */
enum rk_protocol_userdata {
    RK_USERDATA_NONE,
    RK_USERDATA_STICKY,      /* What the member has, and since which generation. */
    RK_USERDATA_COOPERATIVE, /* The generation only. */
};

enum rk_protocol_userdata rk_protocol_userdata_of(const char *assignor);

/* What is written. Lists are sorted by topic; those of topics name each once. All borrowed. */
struct rk_protocol_subscription_source {
    const rd_kafka_topic_partition_list_t *topics; /* Only the names count. */
    const rd_kafka_topic_partition_list_t *owned;
    int32_t generation;
    const char *rack;
    enum rk_protocol_userdata userdata;
};

void rk_protocol_write_subscription(struct rk_writer *writer, int16_t version,
                                    const struct rk_protocol_subscription_source *source);
/* `list` is sorted. */
void rk_protocol_write_assignment(struct rk_writer *writer, int16_t version,
                                  const rd_kafka_topic_partition_list_t *list);

/* False when the bytes are none, or memory is out. What is read lives in the arena. */
bool rk_protocol_try_read_subscription(const void *data, size_t size,
                                       enum rk_protocol_userdata userdata, struct rk_arena *arena,
                                       struct rk_protocol_subscription *subscription);
/* A new list, sorted, each partition once; empty for no bytes at all, which is how coordinators say
 * "nothing". NULL when the bytes are no assignment. */
rd_kafka_topic_partition_list_t *rk_protocol_try_read_assignment(const void *data, size_t size);

#endif
