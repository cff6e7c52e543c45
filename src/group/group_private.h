/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the group share: group.c (life, settle), group_requests.c (to and from the
 * coordinator; classic), group_heartbeat.c and group_target.c (the same of the consumer protocol),
 * group_member.c (of either), group_rebalance.c (to and from the application), group_topics.c
 * (metadata), group_return.c (a static member that comes back), group_reason.c (why it is not
 * moving), group_close.c.
 */
#ifndef RK_GROUP_GROUP_PRIVATE_H
#define RK_GROUP_GROUP_PRIVATE_H

#include "consumer/assignment.h"
#include "group/consumer_membership.h"
#include "group/consumer_target.h"
#include "group/group.h"
#include "group/leader_plan.h"
#include "group/subscription.h"

struct rk_group {
    struct rk_core *core;
    struct rk_cluster *cluster;
    struct rk_consumer *consumer;
    struct rk_group_offsets *offsets;
    struct rk_coordinator *coordinator; /* Of `offsets`. */
    struct rk_assignment_guard guard;
    rd_kafka_queue_t *queue;    /* Leads to the consumer queue, or to that of close. */
    bool has_consumer_protocol; /* KIP-848; frozen. */
    _Atomic bool is_lost;
    _Atomic bool is_closing, is_closed;
    _Atomic int callbacks;  /* Of the application's that run. */
    _Atomic bool is_ending; /* The client is destroyed: nobody else waits for the end. */
    struct rk_mutex mutex;  /* RK_RANK_PARTITION */
    struct {
        rd_kafka_topic_partition_list_t *subscription; /* As given. */
        char *member_id;
        int32_t generation;
        bool has_protocol;
    } shared;
    struct {                                               /* Background. */
        struct rk_member *member;                          /* Of one of these: */
        struct rk_membership membership;                   /* classic, or */
        struct rk_consumer_membership consumer_membership; /* of the consumer protocol. */
        struct rk_consumer_target target;
        struct rk_timer names_timer; /* Of its topics: the next question. */
        struct rk_backoff names_backoff;
        bool asks_names;
        struct {
            char broker[300];   /* "" when the words name it. */
            char words[200];    /* That came with it; "": none. */
            int attempts;       /* Failed in a row, */
            uint64_t since_us;  /* since then. */
        } failure;              /* Of what the member asked of its coordinator last. */
        const char *told_state; /* To the log, last. */
        uint32_t attempt;       /* Nothing waits for former ones. */
        struct rk_timer timer;
        struct rk_subscription *subscription; /* NULL: none. */
        struct rk_request *joined;            /* Whose answer the plan borrows. */
        struct rk_leader_plan *plan;          /* NULL: not the leader. */
        uint64_t plan_until_us;               /* Topics that nothing is known of are waited for. */
        struct rk_timer plan_timer;
        int foreign_topics;            /* Asked for because others subscribe to them. */
        struct rk_timer pattern_timer; /* The next look at all topics. */
        struct rk_backoff pattern_backoff;
        bool is_looking; /* A request for all topics is under way. */
        bool asks_old_broker;
        bool decides_alone;       /* The application is not asked any more. */
        uint32_t question;        /* How many times it was asked. */
        bool is_answered_in_part; /* Some of what it is to give up it has given up. */
        bool is_settling, is_terminated;
        bool has_stopped;     /* Closing: nothing is assigned any more. */
        bool awaits_commits;  /* Of what was given up; until then others would not see them. */
        uint32_t commit_wait; /* Number of the wait. */
        struct rk_timer commit_timer; /* They take too long. */
        bool answers_after;           /* What was asked is answered when they are done. */
        rd_kafka_queue_t *close_queue;
        struct rk_timer reason_timer; /* Something is waited for. */
        uint64_t waits_since_us;      /* 0: nothing is. */
        int64_t rebalance_count;
        uint64_t rebalanced_us;
        uint64_t started_us;
    } own;
};

/* Has the machine's actions done; ends every event. */
void rk_group_settle(struct rk_group *group) RK_ON_BACKGROUND;
/* The same as _post_: `run(argument)` on background, then settled. False: the client has gone. */
bool rk_group_ask(struct rk_group *group, void (*run)(void *argument), void *argument);

/* group_member.c */
void rk_group_init_member(struct rk_group *group);
void rk_group_clear_member(struct rk_group *group);
void rk_group_act(struct rk_group *group, unsigned actions) RK_ON_BACKGROUND;
uint64_t rk_group_deadline(const struct rk_group *group);
bool rk_group_is_in(const struct rk_group *group);
/* Or the member epoch; -1: none. */
int32_t rk_group_generation(const struct rk_group *group);
bool rk_group_is_cooperative(const struct rk_group *group);
bool rk_group_has_protocol(const struct rk_group *group);
bool rk_group_is_out(const struct rk_group *group);
bool rk_group_is_waiting_for_poll(const struct rk_group *group);
/* For people: by its id, of the last one that it had, and the names that the application gave it.
 */
void rk_group_name_member(const struct rk_group *group, char *text, size_t size);
bool rk_group_has_failed(const struct rk_group *group);
bool rk_group_has_ended(const struct rk_group *group);
/* Static. */
const char *rk_group_state_name(const struct rk_group *group);
/* takes: topics. Patterns that the coordinator matches are those of own.subscription. */
void rk_group_on_subscribe(struct rk_group *group, rd_kafka_topic_partition_list_t *topics,
                           uint64_t now_us);
void rk_group_on_unsubscribe(struct rk_group *group, uint64_t now_us);
void rk_group_on_close(struct rk_group *group, uint64_t now_us);
void rk_group_on_answered(struct rk_group *group, uint64_t now_us);
void rk_group_on_declined(struct rk_group *group, uint64_t now_us);
void rk_group_on_commit_error(struct rk_group *group, rd_kafka_resp_err_t err, uint64_t now_us);
void rk_group_on_poll(struct rk_group *group, uint64_t now_us);
void rk_group_on_time(struct rk_group *group, uint64_t now_us);

#define RK_GROUP_PATIENCE_US 6000000u

/* group_requests.c: for all requests of a member; in the request's arena, its owner: */
struct rk_group_call {
    struct rk_group *group;
    uint32_t attempt;
    bool is_leave; /* A heartbeat. */
};

/* NULL: no memory. */
struct rk_request *rk_group_try_new_request(struct rk_group *group, enum rk_api_key key,
                                            rk_request_handler *on_done);
const char *rk_group_try_copy(struct rk_request *request, const char *text);
/* takes: request. False when a part of it could not be made. */
bool rk_group_send_whole(struct rk_group *group, struct rk_request *request,
                         bool is_whole) RK_ON_BACKGROUND;
/* What is under way for former attempts is not waited for. */
void rk_group_abandon_former(struct rk_group *group) RK_ON_BACKGROUND;
/* Of a classic member: */
void rk_group_send_join(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_send_sync(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_send_heartbeat(struct rk_group *group) RK_ON_BACKGROUND;
/* So long the answer to a heartbeat is waited for. A coordinator that stands still has been
 * replaced then, and there is time left to find the next one before it ends the session, which
 * began anew with it. Not less than a commit may take that is before it on the connection. */
uint64_t rk_group_patience_us(uint64_t session_us);
void rk_group_send_leave(struct rk_group *group, const char *member_id,
                         const char *reason) RK_ON_BACKGROUND;
void rk_group_drop_plan(struct rk_group *group) RK_ON_BACKGROUND;

/* group_return.c: asks who has what, and tells the membership if it is left out. */
void rk_group_look_at_members(struct rk_group *group) RK_ON_BACKGROUND;

/* group_heartbeat.c: what the membership says is to be sent. */
void rk_group_send_consumer_heartbeat(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_send_consumer_leave(struct rk_group *group) RK_ON_BACKGROUND;

/* group_target.c */
void rk_group_init_target(struct rk_group *group);
/* An error: nothing has changed. */
rd_kafka_resp_err_t
rk_group_take_target(struct rk_group *group,
                     const struct rk_consumer_group_heartbeat_answer_assignment *assignment,
                     rd_kafka_topic_partition_list_t **target, bool *is_partial) RK_ON_BACKGROUND;
/* The application may have given up what was in the way of the rest. */
void rk_group_look_at_target(struct rk_group *group) RK_ON_BACKGROUND;

/* group_rebalance.c */
void rk_group_init_guard(struct rk_group *group);
void rk_group_tell(struct rk_group *group, bool assigns) RK_ON_BACKGROUND;
/* What it was asked, in the queue. */
void rk_group_push_question(struct rk_group *group) RK_ON_BACKGROUND;
/* The member may be out of the group since it asked, or want to be: what is to be given up is lost
 * then, and what the application has not seen yet is not to be taken any more. */
void rk_group_follow_loss(struct rk_group *group) RK_ON_BACKGROUND;
/* For rk_queue_remove. */
bool rk_group_is_rebalance(const rd_kafka_event_t *event, const void *group);
/* Until what partitions had stored that were given up is committed, or that takes too long; then
 * what waits for it goes on. */
void rk_group_await_commits(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_tell_poll_exceeded(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_tell_error(struct rk_group *group, bool is_fatal) RK_ON_BACKGROUND;
/* What the coordinator answered the member, 0 included, or request->err: for the coordinator, and
 * for the text of an error. `words` that came with it; NULL. */
void rk_group_take_error(struct rk_group *group, const struct rk_request *request,
                         rd_kafka_resp_err_t err, const char *words) RK_ON_BACKGROUND;
/* What was asked is not waited for any more: the library does it. */
void rk_group_answer_alone(struct rk_group *group) RK_ON_BACKGROUND;

/* group_topics.c */
void rk_group_init_topics(struct rk_group *group);
/* takes: subscription */
void rk_group_follow(struct rk_group *group, struct rk_subscription *subscription) RK_ON_BACKGROUND;
void rk_group_stop_following(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_begin_plan(struct rk_group *group) RK_ON_BACKGROUND;
void rk_group_begin_watch(struct rk_group *group,
                          const struct rk_join_group_answer *answer) RK_ON_BACKGROUND;
void rk_group_on_topic(struct rk_group *group, rd_kafka_topic_t *topic) RK_ON_BACKGROUND;

/* group_reason.c */
void rk_group_on_reason_timer(struct rk_timer *timer, uint64_t now_us);
void rk_group_watch(struct rk_group *group) RK_ON_BACKGROUND;

/* group_close.c */
void rk_group_go_on_closing(struct rk_group *group) RK_ON_BACKGROUND;

#endif
