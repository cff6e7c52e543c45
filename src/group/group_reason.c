/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the group stands, in librdkafka's words for statistics and in a sentence for people: what a
 * member waits for, of whom, since when; and the line in the log when that takes long.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "conf/conf.h"
#include "group/group_private.h"

static const char *state_text(const struct rk_group *group,
                              const struct rk_coordinator_view *coordinator) RK_ON_BACKGROUND
{
    if (rk_group_has_ended(group) || atomic_load(&group->is_closing))
        return "term";
    switch (coordinator->state) {
    case RK_COORDINATOR_UNKNOWN:
        return rk_group_is_out(group) ? "init" : "query-coord";
    case RK_COORDINATOR_ASKING:
        return "wait-coord";
    case RK_COORDINATOR_BACKING_OFF:
        return "query-coord";
    case RK_COORDINATOR_KNOWN:
        break;
    }
    return "up";
}

static const char *classic_state_text(enum rk_membership_state state)
{
    switch (state) {
    case RK_MEMBERSHIP_JOINING:
    case RK_MEMBERSHIP_PREPARING:
        return "wait-join";
    case RK_MEMBERSHIP_ASSIGNING:
        return "wait-metadata";
    case RK_MEMBERSHIP_SYNCING:
        return "wait-sync";
    case RK_MEMBERSHIP_REVOKING:
    case RK_MEMBERSHIP_TAKING:
    case RK_MEMBERSHIP_STABLE:
        return "steady";
    case RK_MEMBERSHIP_OUT:
    case RK_MEMBERSHIP_WAITING:
    case RK_MEMBERSHIP_LEAVING:
    case RK_MEMBERSHIP_FAILED:
    case RK_MEMBERSHIP_CLOSED:
    case RK_MEMBERSHIP_STATES:
        break;
    }
    return "init";
}

static const char *consumer_state_text(const struct rk_consumer_membership *membership)
{
    switch (membership->state) {
    case RK_CONSUMER_JOINING:
        return "wait-join";
    case RK_CONSUMER_RECONCILING:
    case RK_CONSUMER_ACKNOWLEDGING:
    case RK_CONSUMER_STABLE:
        return membership->is_partial ? "wait-metadata" : "steady";
    case RK_CONSUMER_OUT:
    case RK_CONSUMER_FENCED:
    case RK_CONSUMER_WAITING:
    case RK_CONSUMER_LEAVING:
    case RK_CONSUMER_FAILED:
    case RK_CONSUMER_CLOSED:
    case RK_CONSUMER_STATES:
        break;
    }
    return "init";
}

static const char *join_state_text(const struct rk_group *group) RK_ON_BACKGROUND
{
    const struct rk_member *member = group->own.member;
    if (member->asked == RK_ASKED_ASSIGN)
        return "wait-assign-call";
    if (member->asked == RK_ASKED_REVOKE)
        return group->own.answers_after         ? "wait-unassign-to-complete"
               : rk_group_is_cooperative(group) ? "wait-incr-unassign-to-complete"
                                                : "wait-unassign-call";
    return group->has_consumer_protocol ? consumer_state_text(&group->own.consumer_membership)
                                        : classic_state_text(group->own.membership.state);
}

static const char *asked_text(const struct rk_group *group) RK_ON_BACKGROUND
{
    if (group->own.answers_after)
        return "the commit of what its partitions have stored";
    return group->own.member->asked == RK_ASKED_ASSIGN
               ? "the application to take partitions (rd_kafka_assign() and its like)"
               : "the application to give up partitions (rd_kafka_assign() and its like)";
}

static const char *find_classic_reason(const struct rk_group *group) RK_ON_BACKGROUND
{
    const struct rk_membership *membership = &group->own.membership;
    switch (membership->state) {
    case RK_MEMBERSHIP_PREPARING:
    case RK_MEMBERSHIP_JOINING:
        return membership->is_join_sent ? "the coordinator to answer JoinGroup: for all members to "
                                          "join"
                                        : "its next attempt to join";
    case RK_MEMBERSHIP_ASSIGNING:
        return "metadata of the members' topics";
    case RK_MEMBERSHIP_SYNCING:
        return "the leader's assignment (SyncGroup)";
    case RK_MEMBERSHIP_WAITING:
        return "the application to poll: max.poll.interval.ms was exceeded";
    case RK_MEMBERSHIP_LEAVING:
        return "the coordinator to answer LeaveGroup";
    case RK_MEMBERSHIP_FAILED:
        return "nothing any more: a fatal error was raised";
    case RK_MEMBERSHIP_OUT:
        return group->own.subscription ? "metadata of all topics, for its patterns" : NULL;
    case RK_MEMBERSHIP_REVOKING:
    case RK_MEMBERSHIP_TAKING:
    case RK_MEMBERSHIP_STABLE:
    case RK_MEMBERSHIP_CLOSED:
    case RK_MEMBERSHIP_STATES:
        break;
    }
    return NULL;
}

static const char *find_consumer_reason(const struct rk_consumer_membership *membership)
{
    switch (membership->state) {
    case RK_CONSUMER_JOINING:
        if (membership->beat.epoch < 0 && membership->is_beat_sent)
            return "the coordinator to let go of what this static member was before "
                   "(ConsumerGroupHeartbeat)";
        return membership->is_beat_sent ? "the coordinator to let it join (ConsumerGroupHeartbeat)"
                                        : "its next attempt to join";
    case RK_CONSUMER_ACKNOWLEDGING:
        return "the coordinator to hear what it owns now (ConsumerGroupHeartbeat)";
    case RK_CONSUMER_WAITING:
        return "the application to poll: max.poll.interval.ms was exceeded";
    case RK_CONSUMER_LEAVING:
        return "the coordinator to answer that it leaves (ConsumerGroupHeartbeat)";
    case RK_CONSUMER_FAILED:
        return "nothing any more: a fatal error was raised";
    case RK_CONSUMER_RECONCILING:
        if (membership->is_unsure)
            return "the coordinator to confirm what it owns (ConsumerGroupHeartbeat)";
        return membership->is_partial ? "metadata of assigned topics: their names" : NULL;
    case RK_CONSUMER_STABLE:
        return membership->is_partial ? "metadata of assigned topics: their names" : NULL;
    case RK_CONSUMER_OUT:
    case RK_CONSUMER_FENCED:
    case RK_CONSUMER_CLOSED:
    case RK_CONSUMER_STATES:
        break;
    }
    return NULL;
}

struct wait {
    const char *what; /* NULL: nothing is waited for. */
    uint64_t since_us;
};

/* A member in order would not notice before its session ends. */
static bool lacks_coordinator(const struct rk_group *group,
                              const struct rk_coordinator_view *coordinator)
{
    return coordinator->waiting > 0 && coordinator->unknown_since_us && !rk_group_is_out(group) &&
           !rk_group_is_waiting_for_poll(group) && !rk_group_has_failed(group);
}

static struct wait find_wait(const struct rk_group *group,
                             const struct rk_coordinator_view *coordinator) RK_ON_BACKGROUND
{
    const struct rk_member *member = group->own.member;
    bool is_asked = member->asked != RK_ASKED_NOTHING;
    struct wait wait = {.since_us = is_asked ? member->asked_us : member->since_us};
    /* What it is asked it would hear of in a poll. */
    if (is_asked && !rk_group_is_waiting_for_poll(group))
        wait.what = asked_text(group);
    else if (lacks_coordinator(group, coordinator))
        wait = (struct wait){"the coordinator to be known", coordinator->unknown_since_us};
    else if (group->has_consumer_protocol)
        wait.what = find_consumer_reason(&group->own.consumer_membership);
    else
        wait.what = find_classic_reason(group);
    return wait;
}

static void describe(const struct rk_group *group, const struct rk_coordinator_view *coordinator,
                     uint64_t now_us, char *text, size_t size) RK_ON_BACKGROUND
{
    const struct rk_member *member = group->own.member;
    struct wait wait = find_wait(group, coordinator);
    bool is_asked = member->asked != RK_ASKED_NOTHING;
    text[0] = '\0';
    if (!wait.what)
        return;
    int used = snprintf(text, size, "waits for %s", wait.what);
    if (rk_group_is_waiting_for_poll(group) && used > 0 && (size_t)used < size) {
        char name[600];
        rk_group_name_member(group, name, sizeof(name));
        used += snprintf(text + used, size - (size_t)used, " by %s, which last polled %.1f s ago",
                         name, (double)rk_failure_ms_since(member->polled_us, now_us) / 1e3);
    }
    if (wait.since_us && used > 0 && (size_t)used < size)
        used += snprintf(text + used, size - (size_t)used, ", since %.1f s",
                         (double)rk_failure_ms_since(wait.since_us, now_us) / 1e3);
    if (!is_asked && coordinator->last_error[0] && used > 0 && (size_t)used < size)
        used += snprintf(text + used, size - (size_t)used, "; coordinator: %s",
                         coordinator->last_error);
    if (member->told_err && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, "; last error: %s: %s",
                 rk_api_name((int16_t)member->told_api), rd_kafka_err2str(member->told_err));
}

void rk_group_look(struct rk_group *group, uint64_t now_us, struct rk_group_view *view)
{
    struct rk_coordinator_view coordinator = rk_coordinator_look(group->coordinator);
    const struct rk_member *member = group->own.member;
    uint64_t since_us = member->since_us ? member->since_us : group->own.started_us;
    *view = (struct rk_group_view){
        .state = state_text(group, &coordinator),
        .join_state = join_state_text(group),
        .state_age_us = (int64_t)(now_us - since_us),
        .rebalance_age_us =
            group->own.rebalance_count > 0 ? (int64_t)(now_us - group->own.rebalanced_us) : 0,
        .rebalance_count = group->own.rebalance_count,
    };
    rk_text_copy(view->rebalance_reason, sizeof(view->rebalance_reason), member->reason);
    describe(group, &coordinator, now_us, view->waits_for, sizeof(view->waits_for));
}

/* The line in the log */

void rk_group_on_reason_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group *group = rk_container_of(timer, struct rk_group, own.reason_timer);
    struct rk_group_view view;
    rk_on_background(rk_cluster_background(group->cluster));
    rk_group_look(group, now_us, &view);
    if (view.waits_for[0])
        rk_log(group->core, RK_LOG_WARNING, "GROUP", "Group \"%s\" is not moving: it %s",
               group->core->conf->group_id, view.waits_for);
    rk_group_watch(group);
}

/* While the coordinator is not known its answer does not come. */
static bool has_heartbeat_sent(const struct rk_group *group)
{
    return group->has_consumer_protocol ? group->own.consumer_membership.is_beat_sent
                                        : group->own.membership.is_heartbeat_sent;
}

/* Runs while something is waited for; begins anew when that is something else. */
void rk_group_watch(struct rk_group *group)
{
    struct rk_loop *loop = rk_cluster_background(group->cluster);
    int log_ms = group->core->conf->silence_log_ms;
    struct rk_coordinator_view coordinator = rk_coordinator_look(group->coordinator);
    struct wait wait = find_wait(group, &coordinator);
    if (!wait.what)
        wait.since_us = 0;
    if (log_ms == 0 || !(wait.what || has_heartbeat_sent(group)) || rk_group_has_failed(group)) {
        rk_loop_stop_timer(loop, &group->own.reason_timer);
        group->own.waits_since_us = 0;
        return;
    }
    if (group->own.waits_since_us == wait.since_us && rk_timer_is_started(&group->own.reason_timer))
        return;
    group->own.waits_since_us = wait.since_us;
    rk_loop_start_timer(loop, &group->own.reason_timer,
                        rk_clock_now_us() + (uint64_t)log_ms * 1000);
}
