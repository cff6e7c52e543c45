/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic protocol at the coordinator: members join, one of them leads and assigns, and all
 * begin again whenever a member comes, goes, dies or changes its mind.
 *
 * Part of a group (mock_group.h), pure as that. Static members (KIP-345, KIP-814) are there. How
 * long things last is what the members say; what a broker would do in the order of its checks is
 * done in that order.
 */
#ifndef RK_MOCK_MOCK_CLASSIC_H
#define RK_MOCK_MOCK_CLASSIC_H

#include "rdkafka.h"

#include "mock/mock_hash.h"
#include "wire/messages.h"

struct rk_mock_group;
struct rk_mock_groups;
struct rk_mock_topics_view;
struct rk_mock_classic_member;

enum rk_mock_classic_state {
    RK_MOCK_CLASSIC_EMPTY,      /* Leaves when somebody joins. */
    RK_MOCK_CLASSIC_PREPARING,  /* Members are to join; leaves when all have, or in time. */
    RK_MOCK_CLASSIC_COMPLETING, /* The leader is to assign. */
    RK_MOCK_CLASSIC_STABLE,
};

/* What a request that came with a wait is answered; valid during the call of `answer`. */
struct rk_mock_classic_result {
    rd_kafka_resp_err_t err;
    const struct rk_mock_group *group;
    const struct rk_mock_classic_member *member; /* NULL with an error. */
    int32_t generation;
    const char *protocol;
    const char *member_id; /* "" if it has none. */
    const char *leader;
    bool tells_members;    /* To the leader. */
    bool skips_assignment; /* KIP-814. */
};

/*
 * A JoinGroup or SyncGroup on its way. Answered once, perhaps at once; the owner frees it then. A
 * repeated request of the same member replaces the older one, which is never answered.
 */
struct rk_mock_classic_wait {
    void (*answer)(struct rk_mock_classic_wait *wait, const struct rk_mock_classic_result *result);
    struct rk_mock_classic_wait **place; /* Where its member has it; NULL: nowhere any more. */
};

struct rk_mock_classic_member {
    UT_hash_handle hh;
    char *id;
    char *instance_id; /* NULL: not a static one. */
    char *client_id;
    uint64_t session_us, rebalance_us; /* Its time-outs. */
    uint64_t session_at_us;            /* It is dead then, if nothing comes. */
    struct rk_join_group_request_protocol *protocols;
    int32_t protocol_count;
    uint8_t *assignment;
    int32_t assignment_size;
    bool is_joining;                          /* Has joined for the next generation, */
    bool is_syncing;                          /* waits for its assignment, */
    bool has_synced;                          /* or has asked for it. */
    struct rk_mock_classic_wait *join, *sync; /* NULL too when the connection has gone meanwhile. */
};

/* An id that was given out and not used yet (KIP-394). */
struct rk_mock_classic_pending {
    UT_hash_handle hh;
    uint64_t until_us;
    char id[];
};

struct rk_mock_classic {
    enum rk_mock_classic_state state;
    int32_t generation;
    char *protocol_type;
    char *protocol;                         /* That of this generation; NULL: none. */
    struct rk_mock_classic_member *members; /* By id, */
    struct rk_mock_classic_pending *pending;
    struct rk_mock_classic_member *leader; /* NULL: none. */
    bool is_first;                         /* The group was empty: others are waited for a while. */
    bool has_newcomers;                    /* Since that wait began. */
    uint64_t first_until_us;               /* Its end at the latest. */
    uint64_t rebalance_at_us; /* PREPARING ends, COMPLETING and later: who has not synced is out. */
};

void rk_mock_classic_clear(struct rk_mock_group *group);
/* When something is due at the earliest. */
uint64_t rk_mock_classic_next_us(const struct rk_mock_group *group);
void rk_mock_classic_on_time(struct rk_mock_group *group, uint64_t now_us);
void rk_mock_classic_on_moved(struct rk_mock_group *group, uint64_t now_us);

/* Answer through `wait`. `view` is for a group that has members of both protocols. */
void rk_mock_classic_join(struct rk_mock_groups *groups, const struct rk_mock_topics_view *view,
                          const struct rk_join_group_request *request, int16_t version,
                          const char *client_id, struct rk_mock_classic_wait *wait,
                          uint64_t now_us);
void rk_mock_classic_sync(struct rk_mock_groups *groups,
                          const struct rk_sync_group_request *request,
                          struct rk_mock_classic_wait *wait, uint64_t now_us);
rd_kafka_resp_err_t rk_mock_classic_heartbeat(struct rk_mock_groups *groups,
                                              const struct rk_heartbeat_request *request,
                                              uint64_t now_us);
/* One member; its id may be "" when it has an instance id. */
rd_kafka_resp_err_t rk_mock_classic_leave(struct rk_mock_groups *groups, const char *group_id,
                                          const char *member_id, const char *instance_id,
                                          uint64_t now_us);
/* Whoever waits has gone. */
void rk_mock_classic_wait_abandon(struct rk_mock_classic_wait *wait);

/* For the files of this folder. */

/* Version of JoinGroup: KIP-394. */
#define RK_MOCK_CLASSIC_ID_REQUIRED_SINCE 4

/* Somebody who is joining, with its request. */
struct rk_mock_classic_joiner {
    struct rk_mock_group *group;
    const struct rk_join_group_request *request;
    int16_t version;
    const char *client_id;
    struct rk_mock_classic_wait *wait;
    uint64_t now_us;
};

void rk_mock_classic_refuse(struct rk_mock_classic_wait *wait, rd_kafka_resp_err_t err,
                            const char *member_id);
/* Of a group that has no members; does nothing otherwise. */
void rk_mock_classic_set_type(struct rk_mock_classic *classic, const char *type);
/* KIP-394: a name first, so that one whose answer gets lost does not stay as a ghost. */
void rk_mock_classic_give_id(const struct rk_mock_classic_joiner *join);
rd_kafka_resp_err_t rk_mock_classic_check_member(struct rk_mock_group *group, const char *member_id,
                                                 const char *instance_id,
                                                 struct rk_mock_classic_member **member);
rd_kafka_resp_err_t rk_mock_classic_check_commit(struct rk_mock_group *group, int32_t generation,
                                                 const char *member_id, const char *instance_id,
                                                 uint64_t now_us);
const struct rk_join_group_request_protocol *
rk_mock_classic_protocol(const struct rk_mock_classic_member *member, const char *name);

void rk_mock_classic_drop_pending(struct rk_mock_group *group,
                                  struct rk_mock_classic_pending *pending);

/* mock_classic_members.c */
struct rk_mock_classic_member *rk_mock_classic_member_find(struct rk_mock_group *group,
                                                           const char *id);
struct rk_mock_classic_member *rk_mock_classic_member_find_static(struct rk_mock_group *group,
                                                                  const char *instance_id);
/* With an id of its own if `id` is NULL. NULL without room. */
struct rk_mock_classic_member *
rk_mock_classic_member_new(struct rk_mock_group *group, const struct rk_join_group_request *request,
                           const char *id, const char *client_id);
void rk_mock_classic_member_destroy(struct rk_mock_group *group,
                                    struct rk_mock_classic_member *member);
/* Another id for the same static member. */
void rk_mock_classic_member_rename(struct rk_mock_group *group,
                                   struct rk_mock_classic_member *member, const char *client_id);
/* Takes what the request says about its protocols and time-outs. False without room. */
bool rk_mock_classic_member_update(struct rk_mock_group *group,
                                   struct rk_mock_classic_member *member,
                                   const struct rk_join_group_request *request);
/* Whether it says the same protocols. */
bool rk_mock_classic_member_is_same(const struct rk_mock_classic_member *member,
                                    const struct rk_join_group_request *request);
/* False without room. */
bool rk_mock_classic_member_set_assignment(struct rk_mock_group *group,
                                           struct rk_mock_classic_member *member,
                                           struct rk_bytes assignment);
/* The protocol that all can and most like best. "" if there is none. */
const char *rk_mock_classic_choose_protocol(const struct rk_mock_group *group);
/* Whether the others could go on with somebody who has these. */
bool rk_mock_classic_is_compatible(const struct rk_mock_group *group,
                                   const struct rk_join_group_request *request);

/* mock_classic_rebalance.c */
void rk_mock_classic_begin_rebalance(struct rk_mock_group *group, uint64_t now_us);
/* Ends PREPARING if nobody has to be waited for. */
void rk_mock_classic_try_complete_join(struct rk_mock_group *group, uint64_t now_us);
/* The leader has assigned. */
void rk_mock_classic_complete_sync(struct rk_mock_group *group, uint64_t now_us);
/* Ends the membership and begins a rebalance among the others. */
void rk_mock_classic_remove(struct rk_mock_group *group, struct rk_mock_classic_member *member,
                            uint64_t now_us);
/* Answer and forget the wait. */
void rk_mock_classic_answer_error(struct rk_mock_classic_wait **place, rd_kafka_resp_err_t err,
                                  const char *member_id);
void rk_mock_classic_answer_join(struct rk_mock_group *group,
                                 struct rk_mock_classic_member *member);
void rk_mock_classic_answer_sync(struct rk_mock_group *group,
                                 struct rk_mock_classic_member *member);
/* The members stay, and whoever waits is to join again; a coordinator of the other protocol takes
 * over (mock_migration.h), */
void rk_mock_classic_suspend(struct rk_mock_group *group);
/* or gives back: they join again, from this generation on. */
void rk_mock_classic_resume(struct rk_mock_group *group, int32_t generation, uint64_t now_us);
void rk_mock_classic_keep_alive(struct rk_mock_group *group, struct rk_mock_classic_member *member,
                                uint64_t now_us);

#endif
