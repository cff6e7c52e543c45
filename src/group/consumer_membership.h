/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Membership of a group of the consumer protocol (KIP-848): the machine behind
 * ConsumerGroupHeartbeat. The coordinator assigns; the member follows, one step at a time: the
 * application gives up what it must, then takes what is new, then the coordinator is told.
 *
 * Pure, as membership.h, whose goals, actions and ways of asking the application it shares: events
 * and the time come in, `actions` says what is to be done and rk_consumer_membership_deadline when
 * to come back. Partitions are known by name here; who brings an answer has resolved its topic ids
 * (consumer_target.h) and says whether some are still without a name.
 *
 * Lives in struct rk_group, on background.
 */
#ifndef RK_GROUP_CONSUMER_MEMBERSHIP_H
#define RK_GROUP_CONSUMER_MEMBERSHIP_H

#include "group/member.h"

enum rk_consumer_membership_state {
    RK_CONSUMER_OUT,           /* No member. Leaves when something is subscribed to. */
    RK_CONSUMER_JOINING,       /* Heartbeats with epoch 0, until one is answered. */
    RK_CONSUMER_RECONCILING,   /* The application gives up or takes partitions. */
    RK_CONSUMER_ACKNOWLEDGING, /* The coordinator is to be told what is owned now. */
    RK_CONSUMER_STABLE,
    RK_CONSUMER_FENCED,  /* Put out: the application gives up all, then it joins again. */
    RK_CONSUMER_WAITING, /* Left because the application did not poll: until it does. */
    RK_CONSUMER_LEAVING, /* The application gives up all, then the group is left, maybe to join it
                          * again. */
    RK_CONSUMER_FAILED,  /* By a fatal error. */
    RK_CONSUMER_CLOSED,
    RK_CONSUMER_STATES,
};

/* Frozen. */
struct rk_consumer_membership_conf {
    uint64_t max_poll_interval_us;
    uint64_t leave_timeout_us; /* How long the answer to leaving is waited for. */
    /* How long the place of a static member may be taken by what it was before. */
    uint64_t session_timeout_us;
    uint64_t heartbeat_interval_us; /* Unless the coordinator says how often. */
    int retry_backoff_ms, retry_backoff_max_ms;
    bool is_static; /* Has a group.instance.id. */
};

/* What the next heartbeat says. Group, member and instance id are always in it. */
struct rk_consumer_beat {
    int32_t epoch;         /* 0: joins; below: has left first. */
    bool has_all;          /* Time-out and assignor too; the rack when joining. */
    bool has_subscription; /* `topics` and `pattern`. */
    bool has_owned;        /* rk_consumer_membership_held. */
    bool acknowledges;
    uint32_t subscription; /* Which one it tells. */
};

struct rk_consumer_membership {
    struct rk_member base; /* Its member_id is its own choice, for life. */
    struct rk_consumer_membership_conf conf;
    enum rk_consumer_membership_state state;

    int32_t epoch;                /* 0: no member. */
    struct rk_consumer_beat beat; /* Of SEND_HEARTBEAT. */
    int32_t leaving_epoch;        /* Of SEND_LEAVE. */

    char *pattern;   /* Topics that match are subscribed to as well; "": none. */
    bool is_partial; /* Some of the target have no name yet. */
    bool has_polled; /* Since it left for want of that. */

    uint32_t subscription, sent_subscription; /* Numbers of what is wanted and what is known. */
    bool needs_all;                           /* The last heartbeat may not have arrived. */
    bool is_refused; /* What is wanted, maybe: the next heartbeat does not say it. */
    bool is_beat_sent;
    bool is_unsure;         /* What the coordinator was told to be held was not confirmed yet. */
    bool may_be_known;      /* The coordinator may have it as a member from before: */
    bool has_cleared;       /* it was told otherwise. */
    int joins;              /* Attempts since it was last out. */
    uint64_t interval_us;   /* Between heartbeats, by the coordinator's word. */
    uint64_t paid_until_us; /* By the heartbeats so far: they are not without end. */

    uint64_t unreleased_us; /* Its place has been taken since then; RK_NEVER. */
};

void rk_consumer_membership_init(struct rk_consumer_membership *membership,
                                 const struct rk_consumer_membership_conf *conf,
                                 const char *member_id);
void rk_consumer_membership_clear(struct rk_consumer_membership *membership);
/* RK_NEVER: nothing is due. */
uint64_t rk_consumer_membership_deadline(const struct rk_consumer_membership *membership);

/* Events */

/* rd_kafka_subscribe(); pattern NULL or "": none. takes: topics (sorted) */
void rk_consumer_membership_on_subscribe(struct rk_consumer_membership *membership,
                                         rd_kafka_topic_partition_list_t *topics,
                                         const char *pattern, uint64_t now_us);
void rk_consumer_membership_on_unsubscribe(struct rk_consumer_membership *membership,
                                           uint64_t now_us);
void rk_consumer_membership_on_close(struct rk_consumer_membership *membership, uint64_t now_us);

struct rk_consumer_answer {
    rd_kafka_resp_err_t err;
    bool is_of_pattern; /* The error: with topics only it would not come. */
    int32_t epoch;
    int32_t interval_ms;
    rd_kafka_topic_partition_list_t *target; /* Sorted; NULL: as before. */
    bool is_partial;
};

/* `attempt` is what stood there when the request was sent. takes: answer->target */
void rk_consumer_membership_on_heartbeat_answer(struct rk_consumer_membership *membership,
                                                uint32_t attempt,
                                                const struct rk_consumer_answer *answer,
                                                uint64_t now_us);
void rk_consumer_membership_on_leave_answer(struct rk_consumer_membership *membership,
                                            uint64_t now_us);
/* More of the target has names, or names changed. takes: target (sorted) */
void rk_consumer_membership_on_names(struct rk_consumer_membership *membership,
                                     rd_kafka_topic_partition_list_t *target, bool is_partial,
                                     uint64_t now_us);
/* A commit of what it is now was answered with it. */
void rk_consumer_membership_on_commit_error(struct rk_consumer_membership *membership,
                                            rd_kafka_resp_err_t err, uint64_t now_us);
/* The application did what it was asked last. */
void rk_consumer_membership_on_answered(struct rk_consumer_membership *membership, uint64_t now_us);
/* It was not asked after all, to take partitions. */
void rk_consumer_membership_on_declined(struct rk_consumer_membership *membership, uint64_t now_us);
/* It polled since the last look. */
void rk_consumer_membership_on_poll(struct rk_consumer_membership *membership, uint64_t now_us);
void rk_consumer_membership_on_timer(struct rk_consumer_membership *membership, uint64_t now_us);

/* Looking at it */

/* What heartbeats say is owned: what the application is about to take, too. returns: new list */
rd_kafka_topic_partition_list_t *
rk_consumer_membership_held(const struct rk_consumer_membership *membership);
/* The coordinator knows it as a member. */
bool rk_consumer_membership_is_in(const struct rk_consumer_membership *membership);
const char *rk_consumer_membership_state_name(enum rk_consumer_membership_state state);
bool rk_consumer_membership_may_follow(enum rk_consumer_membership_state from,
                                       enum rk_consumer_membership_state to);

#endif
