/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the coordinator of a group of the consumer protocol assigned: by topic id, as it says it,
 * and by name, as the rest of the client has it. Names that are not known yet leave the assignment
 * partial until they are.
 *
 * Lives beside the membership, on background.
 */
#ifndef RK_GROUP_CONSUMER_TARGET_H
#define RK_GROUP_CONSUMER_TARGET_H

#include <stdbool.h>

#include "rdkafka.h"
#include "wire/messages.h"

struct rk_consumer_target_topic {
    struct rk_uuid id;
    char *name; /* NULL: not known yet. */
    int32_t *partitions;
    int32_t count;
    bool is_current; /* Of names: of all topics of that name this is the one that is consumed. */
};

/* Zeroed is empty. */
struct rk_consumer_target {
    struct rk_consumer_target_topic *topics; /* Assigned; */
    int32_t count;
    struct rk_consumer_target_topic *names; /* and all that were, as long as they are owned. */
    int32_t name_count;
    bool is_blocked; /* Some wait for a topic of the same name to be given up. */
};

void rk_consumer_target_clear(struct rk_consumer_target *target);
/* Nothing is believed that names topics without an id, or more than there can be. */
bool rk_consumer_target_is_sound(
    const struct rk_consumer_group_heartbeat_answer_assignment *assignment);
/* Takes an answer's assignment in place of what was there. False: no memory, nothing changed. */
bool rk_consumer_target_try_set(struct rk_consumer_target *target,
                                const struct rk_consumer_group_heartbeat_answer_assignment *from);
/* Of topics. */
int32_t rk_consumer_target_count_missing(const struct rk_consumer_target *target);
/* It has that name, if it is assigned and has none yet. */
void rk_consumer_target_learn(struct rk_consumer_target *target, const struct rk_uuid *id,
                              const char *name);
/*
 * The partitions by name: sorted, each once. A topic that was deleted and made again is two with
 * one name: the new one is left out as long as partitions of the old one are among `owned`
 * (sorted). `is_partial` when anything was left out. Names of what is in neither are forgotten.
 * returns: new list
 */
rd_kafka_topic_partition_list_t *
rk_consumer_target_resolve(struct rk_consumer_target *target,
                           const rd_kafka_topic_partition_list_t *owned, bool *is_partial);
/* Fills in the partitions a heartbeat says are owned (sorted), and forgets names of others. False:
 * no memory in the arena. */
bool rk_consumer_target_try_fill(struct rk_consumer_target *target,
                                 const rd_kafka_topic_partition_list_t *owned,
                                 struct rk_consumer_group_heartbeat_request *request,
                                 struct rk_arena *arena);

#endif
