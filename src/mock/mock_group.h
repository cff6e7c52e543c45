/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups that a mock cluster coordinates: who is a member, since when and for how long.
 *
 * Pure: events and the time go in; answers go out through the waits that came with the requests,
 * and `wake_at_us` says when rk_mock_groups_on_time() is to be called. Belongs to its cluster, on
 * the cluster's loop. A group stays when its last member has gone, as its commits do.
 */
#ifndef RK_MOCK_MOCK_GROUP_H
#define RK_MOCK_MOCK_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

#include "mock/mock_classic.h"
#include "mock/mock_consumer.h"
#include "mock/mock_hash.h"

/* Against clients that would fill the memory. */
#define RK_MOCK_GROUPS_MAX        10000
#define RK_MOCK_GROUP_MEMBERS_MAX 10000
#define RK_MOCK_GROUPS_SIZE_MAX   ((size_t)256 * 1024 * 1024)

enum rk_mock_group_kind {
    RK_MOCK_GROUP_UNDECIDED, /* Without members: the first one decides. */
    RK_MOCK_GROUP_CLASSIC,
    RK_MOCK_GROUP_CONSUMER, /* KIP-848. */
};

struct rk_mock_group {
    UT_hash_handle hh;
    struct rk_mock_groups *groups;
    enum rk_mock_group_kind kind;
    uint64_t wake_at_us; /* Nothing is due before. */
    struct rk_mock_classic classic;
    struct rk_mock_consumer consumer;
    char id[];
};

struct rk_mock_groups {
    struct rk_mock_group *by_id;
    uint64_t wake_at_us;     /* Nothing is due before; RK_NEVER. */
    size_t size;             /* Bytes that are kept for clients. */
    uint32_t member_count;   /* Ids that were given out. */
    uint64_t first_delay_us; /* Of the first rebalance of an empty classic group. */
    uint64_t consumer_session_us;
    int32_t consumer_heartbeat_ms;
    /* For tests: called with each assignment that members are told. NULL: not. */
    void (*on_assigned)(void *argument, const struct rk_mock_group *group);
    void *on_assigned_argument;
    /* For tests: called with each commit that is taken; `before` is -1 for the first. NULL: not. */
    void (*on_committed)(void *argument, const char *group_id, const char *topic, int32_t partition,
                         int64_t before, int64_t offset);
    void *on_committed_argument;
};

void rk_mock_groups_init(struct rk_mock_groups *groups);
/* Waits are dropped without an answer. */
void rk_mock_groups_clear(struct rk_mock_groups *groups);
/* To be called at wake_at_us. */
void rk_mock_groups_on_time(struct rk_mock_groups *groups, uint64_t now_us);
struct rk_mock_group *rk_mock_group_find(struct rk_mock_groups *groups, const char *id);
/* Found or made; NULL when there are too many. */
struct rk_mock_group *rk_mock_group_need(struct rk_mock_groups *groups, const char *id);
bool rk_mock_group_is_empty(const struct rk_mock_group *group);
/* Has members of that protocol now, or may have. */
bool rk_mock_group_may_be(const struct rk_mock_group *group, enum rk_mock_group_kind kind);
/* "Empty", "Stable" and so on. */
const char *rk_mock_group_state_name(const struct rk_mock_group *group);

/*
 * Whether a member may commit offsets, which counts as a sign of life of it. Without a member
 * (generation -1, member id "") the group must be empty. An unknown group is no error in that case.
 */
rd_kafka_resp_err_t rk_mock_group_check_commit(struct rk_mock_groups *groups, const char *group_id,
                                               int32_t generation_or_epoch, const char *member_id,
                                               const char *instance_id, uint64_t now_us);
/* The same for reading them with a member (OffsetFetch v9); member id NULL or "": anybody may. */
rd_kafka_resp_err_t rk_mock_group_check_fetch(struct rk_mock_groups *groups, const char *group_id,
                                              int32_t member_epoch, const char *member_id,
                                              uint64_t now_us);
/* The broker that coordinates the group is another one now: what waits at the old one is told. */
void rk_mock_group_on_moved(struct rk_mock_group *group, uint64_t now_us);

/* For the files of this folder. */
void rk_mock_group_tell_assigned(const struct rk_mock_group *group);
void rk_mock_group_wake_by(struct rk_mock_group *group, uint64_t at_us);
/* A name nobody has; rk_free. */
char *rk_mock_group_new_member_id(struct rk_mock_groups *groups, const char *prefix);
/* False when clients have used up what they may. */
bool rk_mock_groups_has_room(const struct rk_mock_groups *groups, size_t size);

#endif
