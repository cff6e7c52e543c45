/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assignors: which member of a classic group gets which partition. Pure functions, run by the
 * group's leader.
 *
 * Members, topics and partitions are indexes here: partition p of a topic is `first` + p, so that
 * an assignment is one array, the owner of each. The caller sorts topics by name and members with
 * rk_assignor_compare_members; so every leader comes to the same result.
 */
#ifndef RK_GROUP_ASSIGNOR_H
#define RK_GROUP_ASSIGNOR_H

#include <stdbool.h>
#include <stdint.h>

struct rk_assignor_topic {
    const char *name;
    int32_t partition_count;
    int32_t first; /* Index of its partition 0 among those of all topics. */
};

struct rk_assignor_member {
    const char *id;
    const char *instance_id; /* NULL: not a static member. */
    const char *rack;        /* NULL: unknown. */
    const int32_t *topics;   /* It subscribes to; ascending. */
    int32_t topic_count;
    const int32_t *owned; /* Partitions it says it has; those that no longer exist left out. */
    int32_t owned_count;
    int32_t generation; /* In which it got them; -1: unknown. */
};

/* Racks of a partition's replicas. */
struct rk_assignor_racks {
    const char *const *names;
    int32_t count;
};

/* Borrowed by all functions here. */
struct rk_assignor_input {
    const struct rk_assignor_topic *topics;
    int32_t topic_count;
    int32_t partition_count; /* Of all topics. */
    const struct rk_assignor_member *members;
    int32_t member_count;
    const struct rk_assignor_racks *racks; /* Per partition; NULL: unknown. */
};

#define RK_ASSIGNOR_NOBODY (-1)

struct rk_assignor {
    const char *name;
    bool is_cooperative; /* Partitions move in two steps: first one member gives them up. */
    /* Sets owner[partition] to the index of a member, or RK_ASSIGNOR_NOBODY. False: no memory. */
    bool (*try_assign)(const struct rk_assignor_input *input, int32_t *owner);
};

/* range, roundrobin, sticky, cooperative-sticky; NULL: no such name. */
const struct rk_assignor *rk_assignor_find(const char *name);
/* Static members first, by instance id, then the others by member id. */
int rk_assignor_compare_members(const struct rk_assignor_member *a,
                                const struct rk_assignor_member *b);

/* For the assignors */
bool rk_assignor_is_subscribed(const struct rk_assignor_member *member, int32_t topic);
bool rk_assignor_same_topics(const struct rk_assignor_member *a,
                             const struct rk_assignor_member *b);
/* The member's rack is among those of the partition's replicas. */
bool rk_assignor_is_near(const struct rk_assignor_input *input, int32_t member, int32_t partition);

/* Who subscribes to each topic, ascending. */
struct rk_assignor_subscribers {
    int32_t *starts; /* topic_count + 1 indexes into members. */
    int32_t *members;
};

bool rk_assignor_subscribers_try_init(struct rk_assignor_subscribers *subscribers,
                                      const struct rk_assignor_input *input);
void rk_assignor_subscribers_clear(struct rk_assignor_subscribers *subscribers);

bool rk_assignor_try_range(const struct rk_assignor_input *input, int32_t *owner);
bool rk_assignor_try_round_robin(const struct rk_assignor_input *input, int32_t *owner);
bool rk_assignor_try_sticky(const struct rk_assignor_input *input, int32_t *owner);
bool rk_assignor_try_cooperative_sticky(const struct rk_assignor_input *input, int32_t *owner);

#endif
