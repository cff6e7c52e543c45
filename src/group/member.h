/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What members of both group protocols have in common: what the application wants, what it has,
 * what it is asked to take or to give up, and how the member leaves.
 *
 * The base of membership.h and consumer_membership.h, whose machines are pure; lives in them, on
 * background.
 */
#ifndef RK_GROUP_MEMBER_H
#define RK_GROUP_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/backoff.h"
#include "rdkafka.h"
#include "wire/api.h"

enum rk_membership_goal {
    RK_MEMBERSHIP_WANTS_OUT,
    RK_MEMBERSHIP_WANTS_IN,
    RK_MEMBERSHIP_WANTS_CLOSE,
};

/* Bits of `actions`. */
enum rk_membership_action {
    RK_MEMBERSHIP_SEND_JOIN = 1,
    RK_MEMBERSHIP_MAKE_ASSIGNMENT = 2, /* Then rk_membership_on_assignment_made. */
    RK_MEMBERSHIP_SEND_SYNC = 4,
    RK_MEMBERSHIP_SEND_HEARTBEAT = 8,
    RK_MEMBERSHIP_SEND_LEAVE = 16,
    RK_MEMBERSHIP_TELL_ASSIGN = 32,         /* `asked_list`; then on_answered. */
    RK_MEMBERSHIP_TELL_REVOKE = 64,         /* The same. */
    RK_MEMBERSHIP_TELL_ERROR = 128,         /* `told_err`, of `told_api`. */
    RK_MEMBERSHIP_TELL_FATAL = 256,         /* The same. */
    RK_MEMBERSHIP_TELL_POLL_EXCEEDED = 512, /* Then on_poll when it polls again. */
    RK_MEMBERSHIP_LOOK_AT_GROUP = 1024,     /* Then rk_membership_on_left_out if it is. */
};

enum rk_membership_asked {
    RK_ASKED_NOTHING,
    RK_ASKED_ASSIGN,
    RK_ASKED_REVOKE,
};

struct rk_member {
    enum rk_membership_goal goal;
    unsigned actions;
    uint32_t attempt; /* Requests carry it: answers to older ones do not count. */
    char *member_id;  /* "": not known yet. */

    /* Partitions; all sorted. */
    rd_kafka_topic_partition_list_t *topics; /* Subscribed to; partitions do not count. */
    rd_kafka_topic_partition_list_t *owned;  /* The application took them and has them. */
    rd_kafka_topic_partition_list_t *target; /* The group gave them. */
    rd_kafka_topic_partition_list_t *asked_list;
    enum rk_membership_asked asked;
    bool is_lost;   /* What is owned may belong to others by now. */
    bool has_asked; /* In this state. */

    char reason[128];             /* Why it joins, or joined last. */
    rd_kafka_resp_err_t told_err; /* Told last; 0: none since all went well. */
    enum rk_api_key told_api;

    bool is_leave_sent, has_left;
    struct rk_backoff backoff;
    uint64_t heartbeat_at_us; /* The next one. */
    unsigned early_beats;     /* Since something has changed; rk_member_beat_wait_us. */
    uint64_t polled_us;       /* The application last polled. */
    uint64_t leave_until_us;  /* RK_NEVER: no matter. */
    uint64_t since_us;        /* In this state. */
    uint64_t asked_us;
};

void rk_member_init(struct rk_member *member, const char *member_id, int retry_backoff_ms,
                    int retry_backoff_max_ms);
void rk_member_clear(struct rk_member *member);

void rk_member_enter_state(struct rk_member *member, uint64_t now_us);
void rk_member_set_reason(struct rk_member *member, const char *reason);
/* takes: by */
void rk_member_replace(rd_kafka_topic_partition_list_t **list, rd_kafka_topic_partition_list_t *by);

/* What is to be done; it counts as done. */
unsigned rk_member_take_actions(struct rk_member *member);
/* An error only if it is another one than was told last. */
void rk_member_tell(struct rk_member *member, enum rk_membership_action action, enum rk_api_key api,
                    rd_kafka_resp_err_t err);

/* Has the application take or give up what this is. takes: list */
void rk_member_ask(struct rk_member *member, enum rk_membership_asked what,
                   rd_kafka_topic_partition_list_t *list, uint64_t now_us);
/* The same; false when it is nothing. takes: list */
bool rk_member_try_ask(struct rk_member *member, enum rk_membership_asked what,
                       rd_kafka_topic_partition_list_t *list, uint64_t now_us);
/* The application still has to do something before it has nothing left: it was asked to. */
bool rk_member_gives_up_all(struct rk_member *member, uint64_t now_us);
/* It did what it was asked. False: it was not asked. */
bool rk_member_take_answer(struct rk_member *member);
/* It was not asked after all, to take partitions. False: it was not. */
bool rk_member_decline(struct rk_member *member);

/* It is no member any more; answers under way do not count. */
void rk_member_forget(struct rk_member *member);
/* The first attempt after a success goes out at once, others after a while: no coordinator can make
 * it ask without end. */
uint64_t rk_member_next_attempt_us(struct rk_member *member, uint64_t now_us);
/* How long to wait before the next heartbeat, which tells of others that join or leave. They mostly
 * do when others have done so just before: after a change (early_beats 0) heartbeats come at an
 * eighth, a quarter and half of the interval as well, and from then on at its multiples. */
uint64_t rk_member_beat_wait_us(struct rk_member *member, uint64_t interval_us);
/* The request that it leaves was sent, or, when nobody knows it, need not be. */
void rk_member_begin_leave(struct rk_member *member, bool is_sent, uint64_t until_us);
/* Whether the answer to it is still waited for. */
bool rk_member_is_leaving(const struct rk_member *member, uint64_t now_us);
void rk_member_end_leave(struct rk_member *member);

/* What is wanted; the machine goes on from there. */
void rk_member_want_in(struct rk_member *member, uint64_t now_us);
void rk_member_want_out(struct rk_member *member);

#endif
