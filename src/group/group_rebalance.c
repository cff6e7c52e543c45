/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partitions to and from the application: what it is asked, and what its assign calls answer.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/failure.h"
#include "event/partition_list.h"
#include "event/queue.h"
#include "group/group_private.h"

#define COMMIT_WAIT_US 3000000u /* As INTRODUCTION.md says of rd_kafka_consumer_close(). */

/* What the application is asked */

struct rebalance {
    rd_kafka_event_t event; /* First. */
    struct rk_group *group; /* Not to be followed once the client is gone. */
    uint32_t number;        /* Of the question. */
};

static bool asks_application(const struct rk_group *group)
{
    const struct rk_core *core = group->core;
    return core->conf->callbacks.rebalance_cb || (core->enabled_events & RD_KAFKA_EVENT_REBALANCE);
}

/* The callback is over. Its own answer may have brought up the next question already, which is not
 * this one. What it has given up a part of goes as a whole; else it may answer later, but a close
 * does not wait for that, and consumer calls have nobody to give an event to. */
static void run_called(void *argument)
{
    const struct rebalance *rebalance = argument;
    struct rk_group *group = rebalance->group;
    rk_on_background(rk_cluster_background(group->cluster));
    if (rebalance->number == group->own.question &&
        (group->own.is_answered_in_part || atomic_load(&group->is_closing) ||
         !group->core->conf->callbacks.rebalance_cb))
        rk_group_answer_alone(group);
}

static enum rk_served serve_rebalance(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    struct rebalance *rebalance = rk_container_of(event, struct rebalance, event);
    struct rk_group *group = rebalance->group;
    const struct rk_callbacks *callbacks = &core->conf->callbacks;
    atomic_fetch_add(&group->callbacks, 1);
    if (callbacks->rebalance_cb)
        callbacks->rebalance_cb(core->client, event->err, event->partitions, callbacks->opaque);
    atomic_fetch_sub(&group->callbacks, 1);
    if (event->err == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || !callbacks->rebalance_cb ||
        atomic_load(&group->is_closing))
        rk_group_ask(group, run_called, rebalance);
    ++*count;
    return RK_SERVED_WHOLE;
}

static void destroy_rebalance(rd_kafka_event_t *event)
{
    rk_free(rk_container_of(event, struct rebalance, event));
}

static const struct rk_event_kind rebalance_kind = {
    .name = "rebalance",
    .serve = serve_rebalance,
    .destroy = destroy_rebalance,
};

bool rk_group_is_rebalance(const rd_kafka_event_t *event, const void *group)
{
    return event->kind == &rebalance_kind &&
           rk_container_of(event, const struct rebalance, event)->group == group;
}

void rk_group_push_question(struct rk_group *group)
{
    struct rk_member *member = group->own.member;
    struct rebalance *rebalance = RK_NEW(struct rebalance);
    rk_event_init(&rebalance->event, &rebalance_kind, RD_KAFKA_EVENT_REBALANCE);
    rebalance->event.err = member->asked == RK_ASKED_ASSIGN ? RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
                                                            : RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS;
    rebalance->event.partitions = rk_partition_list_copy(member->asked_list);
    rebalance->group = group;
    rebalance->number = ++group->own.question;
    group->own.is_answered_in_part = false;
    rk_queue_push(group->queue, &rebalance->event);
}

void rk_group_tell(struct rk_group *group, bool assigns)
{
    struct rk_member *member = group->own.member;
    rk_log_debug(group->core, RK_DEBUG_CGRP, "REBALANCE",
                 "Group \"%s\" (generation %d): %d partition(s) are %s%s: %s",
                 group->core->conf->group_id, (int)rk_group_generation(group),
                 member->asked_list->cnt, assigns ? "assigned" : "revoked",
                 !assigns && member->is_lost ? ", lost" : "", member->reason);
    group->own.rebalance_count++;
    group->own.rebalanced_us = member->asked_us;
    if (!assigns) {
        atomic_store(&group->is_lost, member->is_lost);
        rk_assignment_withhold(group->consumer, member->asked_list);
        if (!group->has_consumer_protocol && member->goal == RK_MEMBERSHIP_WANTS_IN)
            rk_coordinator_prepare_join(group->coordinator);
    }
    if (asks_application(group) && !group->own.decides_alone)
        rk_group_push_question(group);
    else
        rk_group_answer_alone(group);
}

void rk_group_follow_loss(struct rk_group *group)
{
    const struct rk_member *member = group->own.member;
    bool stays = rk_group_is_in(group) && member->goal == RK_MEMBERSHIP_WANTS_IN;
    if (stays || group->own.answers_after)
        return;
    if (member->is_lost)
        rk_assignment_withhold(group->consumer, member->owned);
    if (member->asked == RK_ASKED_ASSIGN &&
        rk_queue_remove(rk_consumer_queue(group->consumer), rk_group_is_rebalance, group) +
                rk_queue_remove(group->queue, rk_group_is_rebalance, group) >
            0)
        rk_group_on_declined(group, rk_clock_now_us());
}

/* What it answers */

static bool is_answer(const struct rk_member *member, enum rk_assignment_change change)
{
    switch (member->asked) {
    case RK_ASKED_NOTHING:
        break;
    case RK_ASKED_ASSIGN:
        return change != RK_ASSIGNMENT_REMOVE;
    case RK_ASKED_REVOKE:
        return change != RK_ASSIGNMENT_ADD;
    }
    return false;
}

/* Commits that giving up waits for. */
struct commit_wait {
    struct rk_commit_waiter waiter;
    struct rk_group *group;
    uint32_t number;
};

static void go_on(struct rk_group *group) RK_ON_BACKGROUND
{
    group->own.awaits_commits = false;
    group->own.commit_wait++;
    rk_loop_stop_timer(rk_cluster_background(group->cluster), &group->own.commit_timer);
    if (group->own.answers_after) {
        group->own.answers_after = false;
        rk_group_on_answered(group, rk_clock_now_us());
    }
    rk_group_settle(group);
}

static void on_committed(struct rk_commit_waiter *waiter)
{
    struct commit_wait *wait = rk_container_of(waiter, struct commit_wait, waiter);
    struct rk_group *group = wait->group;
    rk_on_background(rk_cluster_background(group->cluster));
    bool is_awaited = wait->number == group->own.commit_wait && !group->own.is_terminated;
    rk_free(wait);
    if (is_awaited)
        go_on(group);
}

static void on_commit_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group *group = rk_container_of(timer, struct rk_group, own.commit_timer);
    (void)now_us;
    rk_on_background(rk_cluster_background(group->cluster));
    rk_log(group->core, RK_LOG_WARNING, "COMMIT",
           "Group \"%s\": the commit of partitions that were given up is not waited for any longer",
           group->core->conf->group_id);
    if (group->own.answers_after)
        rk_group_offsets_give_up(group->offsets, group->own.member->asked_list);
    go_on(group);
}

void rk_group_await_commits(struct rk_group *group)
{
    struct commit_wait *wait = RK_NEW(struct commit_wait);
    *wait = (struct commit_wait){
        .waiter.on_committed = on_committed, .group = group, .number = ++group->own.commit_wait};
    group->own.awaits_commits = true;
    rk_loop_start_timer(rk_cluster_background(group->cluster), &group->own.commit_timer,
                        rk_clock_now_us() + COMMIT_WAIT_US);
    rk_group_offsets_when_committed(group->offsets, &wait->waiter);
}

static void answer(struct rk_group *group) RK_ON_BACKGROUND
{
    const struct rk_member *member = group->own.member;
    if (group->own.answers_after)
        return;
    if (member->asked == RK_ASKED_REVOKE && !member->is_lost) {
        group->own.answers_after = true; /* Others read what was committed. */
        rk_group_await_commits(group);
    } else {
        if (member->asked == RK_ASKED_REVOKE)
            rk_group_offsets_give_up(group->offsets, member->asked_list);
        rk_group_on_answered(group, rk_clock_now_us());
        rk_group_settle(group);
    }
}

static struct rk_group *group_of(struct rk_assignment_guard *guard)
{
    return rk_container_of(guard, struct rk_group, guard);
}

static rd_kafka_resp_err_t may_change(struct rk_assignment_guard *guard,
                                      enum rk_assignment_change change)
{
    const struct rk_group *group = group_of(guard);
    bool is_incremental = change != RK_ASSIGNMENT_SET;
    if (!rk_group_has_protocol(group) || atomic_load(&group->is_closing) ||
        atomic_load(&group->core->fatal_err) || /* Nothing is assigned any more: all goes. */
        is_incremental == rk_group_is_cooperative(group))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return RD_KAFKA_RESP_ERR__STATE;
}

/* All of what was asked: nobody gives up a partition and goes on with it. */
static bool has_given_up(const struct rk_group *group) RK_ON_BACKGROUND
{
    return !rk_assignment_has_any(group->consumer, group->own.member->asked_list);
}

static void on_changed(struct rk_assignment_guard *guard, enum rk_assignment_change change)
{
    struct rk_group *group = group_of(guard);
    rk_on_background(rk_cluster_background(group->cluster));
    atomic_store(&group->is_lost, false);
    if (!is_answer(group->own.member, change))
        return;
    if (change == RK_ASSIGNMENT_REMOVE && !has_given_up(group))
        group->own.is_answered_in_part = true;
    else
        answer(group);
}

static void on_topic(struct rk_assignment_guard *guard, rd_kafka_topic_t *topic)
{
    struct rk_group *group = group_of(guard);
    rk_on_background(rk_cluster_background(group->cluster));
    if (!group->own.is_terminated)
        rk_group_on_topic(group, topic);
}

static void on_member_error(void *argument, rd_kafka_resp_err_t err)
{
    struct rk_group *group = argument;
    rk_on_background(rk_cluster_background(group->cluster));
    rk_group_on_commit_error(group, err, rk_clock_now_us());
    rk_group_settle(group);
}

void rk_group_init_guard(struct rk_group *group)
{
    group->guard = (struct rk_assignment_guard){
        .may_change = may_change, .on_changed = on_changed, .on_topic = on_topic};
    rk_consumer_set_guard(group->consumer, &group->guard);
    rk_timer_init(&group->own.commit_timer, on_commit_timer);
    rk_group_offsets_set_on_member_error(group->offsets, on_member_error, group);
}

void rk_group_answer_alone(struct rk_group *group)
{
    struct rk_member *member = group->own.member;
    enum rk_membership_asked asked = member->asked;
    if (asked == RK_ASKED_NOTHING || group->own.answers_after)
        return;
    rd_kafka_topic_partition_list_t *list = rk_partition_list_copy(member->asked_list);
    if (asked == RK_ASKED_ASSIGN && rk_group_is_cooperative(group))
        rk_assignment_add_here(group->consumer, list);
    else if (asked == RK_ASKED_ASSIGN)
        rk_assignment_set_here(group->consumer, list);
    else if (rk_group_is_cooperative(group))
        rk_assignment_remove_here(group->consumer, list);
    else
        rk_assignment_set_here(group->consumer, NULL);
    rk_partition_list_destroy(list);
}

/* The application does not poll */

static void run_poll(void *argument)
{
    struct rk_group *group = argument;
    rk_on_background(rk_cluster_background(group->cluster));
    rk_group_on_poll(group, rk_clock_now_us());
}

/* Whoever comes to this in the queue polls again. */
static enum rk_served serve_probe(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    struct rk_group *group = rk_container_of(event, struct rebalance, event)->group;
    (void)core;
    (void)count;
    rk_group_ask(group, run_poll, group);
    return RK_SERVED_WHOLE;
}

static const struct rk_event_kind probe_kind = {
    .name = "poll probe",
    .serve = serve_probe,
    .destroy = destroy_rebalance,
};

void rk_group_tell_poll_exceeded(struct rk_group *group)
{
    char name[600], text[1200];
    rk_group_name_member(group, name, sizeof(name));
    snprintf(text, sizeof(text),
             "Application maximum poll interval (%d ms) exceeded: %s of group \"%s\" last polled "
             "%lld ms ago, and is out of the group until it polls again: poll more often, or set "
             "max.poll.interval.ms higher",
             group->core->conf->max_poll_interval_ms, name, group->core->conf->group_id,
             (long long)rk_failure_ms_since(group->own.member->polled_us, rk_clock_now_us()));
    rk_log(group->core, RK_LOG_WARNING, "MAXPOLL", "%s", text);
    rk_queue_push(group->queue, rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
                                                            NULL, RD_KAFKA_PARTITION_UA,
                                                            RD_KAFKA_OFFSET_INVALID, text));
    struct rebalance *probe = RK_NEW(struct rebalance);
    rk_event_init(&probe->event, &probe_kind, RD_KAFKA_EVENT_NONE);
    probe->group = group;
    rk_queue_push(group->queue, &probe->event);
}

void rk_group_tell_error(struct rk_group *group, bool is_fatal)
{
    const struct rk_member *member = group->own.member;
    const char *words = group->own.failure.words, *broker = group->own.failure.broker;
    char what[300];
    snprintf(what, sizeof(what), "Group \"%s\": %s", group->core->conf->group_id,
             rk_api_name((int16_t)member->told_api));
    char *text = rk_failure_text(&(struct rk_failure){.what = what,
                                                      .err = member->told_err,
                                                      .words = words[0] ? words : NULL,
                                                      .broker = broker[0] ? broker : NULL,
                                                      .attempts = group->own.failure.attempts,
                                                      .since_us = group->own.failure.since_us},
                                 rk_clock_now_us());
    if (is_fatal)
        rk_core_raise_fatal(group->core, member->told_err, "%s", text);
    else
        rk_queue_push(group->queue,
                      rk_event_new_consumer_error(member->told_err, NULL, RD_KAFKA_PARTITION_UA,
                                                  RD_KAFKA_OFFSET_INVALID, text));
    rk_free(text);
}
