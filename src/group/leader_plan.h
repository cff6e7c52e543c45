/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the leader of a classic group does: from the members' subscriptions and the cluster's
 * metadata to an assignment for each.
 *
 * Pure. Made for one JoinGroup answer, whose texts it borrows; kept while the generation lasts, so
 * that a change of the partitions it was made for is seen.
 */
#ifndef RK_GROUP_LEADER_PLAN_H
#define RK_GROUP_LEADER_PLAN_H

#include "base/arena.h"
#include "cluster/snapshot.h"
#include "group/assignor.h"
#include "group/consumer_protocol.h"
#include "wire/messages.h"

struct rk_leader_member {
    const char *id;
    struct rk_protocol_subscription subscription;
    rd_kafka_topic_partition_list_t *assignment; /* Sorted; NULL before it was made. */
};

struct rk_leader_plan {
    const struct rk_assignor *assignor;
    struct rk_arena arena;
    struct rk_leader_member *members;
    int32_t member_count;
    int32_t unreadable_count; /* Members whose subscription could not be read: they get nothing. */
    /* Topics of all members, sorted; `partition`: how many it has, which the caller fills in. */
    rd_kafka_topic_partition_list_t *topics;
    int known_count; /* The caller's: of so many of them, the first, there were news. */
    const struct rk_join_group_answer *answer; /* Borrowed. */
};

/* Whether it makes its receiver the leader of a group with itself in it, as one can read, and
 * nobody twice. True also when memory is out. */
bool rk_leader_plan_is_possible(const struct rk_join_group_answer *answer);
/* NULL: no memory. */
struct rk_leader_plan *rk_leader_plan_try_new(const struct rk_assignor *assignor,
                                              const struct rk_join_group_answer *answer);
/* NULL is fine. */
void rk_leader_plan_destroy(struct rk_leader_plan *plan);
/* Makes the assignments. `snapshot` (NULL: none) tells racks. False: no memory. */
bool rk_leader_plan_try_assign(struct rk_leader_plan *plan, const struct rk_snapshot *snapshot);
/* The one of `topics`; NULL: it is not about that topic. */
rd_kafka_topic_partition_t *rk_leader_plan_find_topic(const struct rk_leader_plan *plan,
                                                      const char *name);
/* The answer may go; only rk_leader_plan_find_topic may follow. */
void rk_leader_plan_forget_members(struct rk_leader_plan *plan);

#endif
