/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The consumer protocol (KIP-848) at the coordinator: members tell what they want and what they
 * have; the coordinator assigns, and moves a partition only after who had it has given it up.
 *
 * Part of a group (mock_group.h), pure as that: heartbeats, the topics there are, and the time go
 * in; each is answered at once. A group has an epoch, raised whenever the assignment is made anew;
 * members follow, each at its pace.
 */
#ifndef RK_MOCK_MOCK_CONSUMER_H
#define RK_MOCK_MOCK_CONSUMER_H

#include <regex.h>

#include "rdkafka.h"

#include "mock/mock_hash.h"
#include "mock/mock_partition_set.h"
#include "wire/messages.h"

struct rk_mock_group;
struct rk_mock_groups;
struct rk_mock_topic;
struct rk_mock_classic_member;

/* What a member's epoch says besides counting. */
#define RK_MOCK_EPOCH_JOIN  0
#define RK_MOCK_EPOCH_LEAVE (-1)
#define RK_MOCK_EPOCH_AWAY  (-2) /* A static member that will be back. */

struct rk_mock_consumer_member {
    UT_hash_handle hh;
    char *id;
    char *instance_id;                      /* NULL: not a static one. */
    struct rk_mock_classic_member *classic; /* It stands for this one, which goes with it; NULL. */
    char *rack;
    char *client_id;
    char *assignor; /* NULL: does not care. */
    char **topics;  /* It subscribes to. */
    int32_t topic_count;
    char *pattern; /* NULL: none. */
    regex_t regex; /* Of the pattern. */
    size_t size;   /* Bytes of all that. */
    uint64_t rebalance_us;
    uint64_t session_at_us; /* It is dead then, if nothing comes; */
    uint64_t revoke_at_us;  /* or has taken too long to give up; RK_NEVER. */
    int32_t epoch;
    int32_t previous_epoch;
    bool is_told; /* Knows its assignment. */
    struct rk_mock_partition_set target;
    struct rk_mock_partition_set assigned; /* Of the target, what it may have now, */
    struct rk_mock_partition_set revoking; /* and what it is to give up. */
};

struct rk_mock_consumer {
    struct rk_mock_consumer_member *members; /* By id. */
    int32_t epoch;
    uint64_t topics_version; /* For which the assignment was made, */
    uint32_t topics_hash;    /* and for which of them. */
    bool is_stale;           /* Somebody is gone: to be made anew. */
    bool is_manual;          /* Made by hand. */
};

struct rk_mock_consumer_result {
    rd_kafka_resp_err_t err;
    const char *message; /* NULL */
    const char *id;      /* NULL */
    int32_t epoch;
    const struct rk_mock_consumer_member *member; /* NULL with an error, or when it has left. */
    bool tells_assignment;
};

/* The topics of the cluster: its tables, and a number that changes with them. */
struct rk_mock_topics_view {
    struct rk_mock_topic *by_name, *by_id;
    uint64_t version;
};

/* The partitions a request names. */
struct rk_mock_owned {
    const struct rk_consumer_group_heartbeat_request_topic *topics;
    int32_t count;
};

void rk_mock_consumer_clear(struct rk_mock_group *group);
uint64_t rk_mock_consumer_next_us(const struct rk_mock_group *group);
void rk_mock_consumer_on_time(struct rk_mock_group *group, uint64_t now_us);
void rk_mock_consumer_heartbeat(struct rk_mock_groups *groups,
                                const struct rk_mock_topics_view *view,
                                const struct rk_consumer_group_heartbeat_request *request,
                                int16_t version, const char *client_id, uint64_t now_us,
                                struct rk_mock_consumer_result *result);
/* Of a commit or a look at commits; counts as a sign of life. */
rd_kafka_resp_err_t rk_mock_consumer_check(struct rk_mock_group *group, int32_t epoch,
                                           const char *member_id, uint64_t now_us);
/* "Empty", "Stable", "Assigning", "Reconciling" */
const char *rk_mock_consumer_state_name(const struct rk_mock_group *group);
/* By hand: a new epoch, in which nobody has anything but what is added then. */
void rk_mock_consumer_begin_target(struct rk_mock_group *group);
/* An unknown member is passed over. */
void rk_mock_consumer_add_target(struct rk_mock_group *group, const char *member_id,
                                 const struct rk_uuid *topic, int32_t partition);

/* For the files of this folder. */
void rk_mock_consumer_keep_alive(struct rk_mock_group *group,
                                 struct rk_mock_consumer_member *member, uint64_t now_us);
/* Whether what members are to have must be made anew, as somebody is gone or topics are others. */
bool rk_mock_consumer_needs_assignment(struct rk_mock_group *group,
                                       const struct rk_mock_topics_view *view);

/* mock_consumer_members.c */
struct rk_mock_consumer_member *rk_mock_consumer_member_find(const struct rk_mock_group *group,
                                                             const char *id);
struct rk_mock_consumer_member *
rk_mock_consumer_member_find_static(const struct rk_mock_group *group, const char *instance_id);
struct rk_mock_consumer_member *
rk_mock_consumer_member_new(struct rk_mock_group *group,
                            const struct rk_consumer_group_heartbeat_request *request,
                            const char *id, const char *client_id);
void rk_mock_consumer_member_destroy(struct rk_mock_group *group,
                                     struct rk_mock_consumer_member *member);
void rk_mock_consumer_member_rename(struct rk_mock_group *group,
                                    struct rk_mock_consumer_member *member, const char *id);
/* Takes what the request says anew. `has_changed` when another assignment may follow from it. */
rd_kafka_resp_err_t
rk_mock_consumer_member_update(struct rk_mock_group *group, struct rk_mock_consumer_member *member,
                               const struct rk_consumer_group_heartbeat_request *request,
                               bool *has_changed);
bool rk_mock_consumer_member_wants(const struct rk_mock_consumer_member *member,
                                   const struct rk_mock_topic *topic);

/* mock_consumer_assign.c */
bool rk_mock_consumer_has_assignor(const char *name);
const char *rk_mock_consumer_assignor(const struct rk_mock_group *group);
/* Raises the epoch, and makes the targets anew unless they are made by hand. */
void rk_mock_consumer_assign(struct rk_mock_group *group, const struct rk_mock_topics_view *view);
/* Changes with the topics that members want. */
uint32_t rk_mock_consumer_topics_hash(const struct rk_mock_group *group,
                                      const struct rk_mock_topics_view *view);
/* Brings a member nearer to its target; `owned` is what it says it has, NULL: it does not say. */
void rk_mock_consumer_reconcile(struct rk_mock_group *group, struct rk_mock_consumer_member *member,
                                const struct rk_mock_owned *owned, uint64_t now_us);
/* Nobody but the member has it, or is still to give it up. */
bool rk_mock_consumer_is_free(const struct rk_mock_group *group,
                              const struct rk_mock_consumer_member *member,
                              const struct rk_mock_place *place);
/* Something of its target that it has not got is free. */
bool rk_mock_consumer_has_more(const struct rk_mock_group *group,
                               const struct rk_mock_consumer_member *member);
/* Whether it says that it has any of the set, */
bool rk_mock_owned_meets(const struct rk_mock_owned *owned,
                         const struct rk_mock_partition_set *set);
/* or nothing else. */
bool rk_mock_owned_is_within(const struct rk_mock_owned *owned,
                             const struct rk_mock_partition_set *set);

#endif
