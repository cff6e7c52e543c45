/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a consumer: partitions given up, what was stored committed, the group left.
 */
#include "base/clock.h"
#include "event/partition_list.h"
#include "event/queue.h"
#include "group/group_private.h"

struct close {
    struct rk_group *group;
    rd_kafka_queue_t *queue;
    bool is_end; /* Nobody is asked any more. */
};

/* What the application was asked before. It may not have seen it yet: then it is not asked to take
 * what it would have to give up at once, and what it is to give up it is told in the new queue. */
static void settle_question(struct rk_group *group, enum rk_membership_asked asked) RK_ON_BACKGROUND
{
    size_t unseen =
        rk_queue_remove(rk_consumer_queue(group->consumer), rk_group_is_rebalance, group) +
        rk_queue_remove(group->queue, rk_group_is_rebalance, group);
    switch (asked) {
    case RK_ASKED_NOTHING:
        break;
    case RK_ASKED_ASSIGN:
        rk_group_on_declined(group, rk_clock_now_us());
        break;
    case RK_ASKED_REVOKE:
        if (unseen > 0 && !group->own.decides_alone)
            rk_group_push_question(group);
        else
            rk_group_answer_alone(group);
        break;
    }
}

/* With rd_kafka_poll_set_consumer() the client's other callbacks are served where the group's are,
 * those of the last commits among them. */
static void lead_main_queue(struct rk_group *group, rd_kafka_queue_t *target) RK_ON_BACKGROUND
{
    rd_kafka_queue_t *queue = group->core->main_queue;
    if (rk_queue_is_forwarded(queue) && !rk_queue_is_forwarded_by_application(queue))
        rk_queue_forward(queue, target);
}

static void run_close(void *argument)
{
    struct close *close = argument;
    struct rk_group *group = close->group;
    rk_on_background(rk_cluster_background(group->cluster));
    group->own.decides_alone = close->is_end;
    if (group->own.close_queue)
        rk_queue_yield(group->own.close_queue); /* Whoever waits there looks at is_ending. */
    rk_queue_release(group->own.close_queue);
    group->own.close_queue = rk_queue_acquire(close->queue);
    rk_queue_forward(group->queue, group->own.close_queue);
    lead_main_queue(group, group->own.close_queue);
    rk_group_stop_following(group);
    enum rk_membership_asked asked = group->own.member->asked;
    rk_group_on_close(group, rk_clock_now_us());
    settle_question(group, asked);
}

rd_kafka_resp_err_t rk_group_begin_close(struct rk_group *group, rd_kafka_queue_t *queue)
{
    struct close close = {.group = group, .queue = queue};
    if (atomic_exchange(&group->is_closing, true))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rk_consumer_begin_close(group->consumer);
    return rk_group_ask(group, run_close, &close) ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                  : RD_KAFKA_RESP_ERR__DESTROY;
}

/* The last step: what was assigned without the group goes too. */
void rk_group_go_on_closing(struct rk_group *group)
{
    if (!rk_group_has_ended(group) || atomic_load(&group->is_closed))
        return;
    if (!group->own.has_stopped) {
        group->own.has_stopped = true;
        rk_assignment_set_here(group->consumer, NULL);
        rk_consumer_stop_all_here(group->consumer);
        rk_group_await_commits(group);
    }
    if (group->own.awaits_commits || atomic_load(&group->is_closed))
        return;
    lead_main_queue(group, rk_consumer_queue(group->consumer));
    atomic_store(&group->is_closed, true);
    rk_queue_yield(rk_consumer_queue(group->consumer));
    if (group->own.close_queue)
        rk_queue_yield(group->own.close_queue);
}

bool rk_group_is_closed(const struct rk_group *group)
{
    return atomic_load(&group->is_closed);
}

bool rk_group_is_over(const struct rk_group *group)
{
    return rk_group_is_closed(group) && atomic_load(&group->callbacks) == 0;
}

rd_kafka_resp_err_t rk_group_close(struct rk_group *group)
{
    rd_kafka_queue_t *queue = rk_queue_new(group->core, "close");
    rd_kafka_resp_err_t err = rk_group_begin_close(group, queue);
    while (!err && !rk_group_is_closed(group)) {
        rk_queue_serve(queue, RK_NEVER, 0);
        if (atomic_load(&group->is_ending) && !rk_group_is_closed(group))
            err = RD_KAFKA_RESP_ERR__DESTROY;
    }
    rk_queue_serve(queue, 0, 0); /* What came just before the end. */
    rk_queue_release(queue);
    return err;
}

void rk_group_end(struct rk_group *group)
{
    if (rk_group_close(group) == RD_KAFKA_RESP_ERR_NO_ERROR || rk_group_is_closed(group))
        return;
    rd_kafka_queue_t *queue = rk_queue_new(group->core, "close");
    struct close close = {.group = group, .queue = queue, .is_end = true};
    atomic_store(&group->is_ending, true);
    bool is_asked = rk_group_ask(group, run_close, &close);
    while (is_asked && !rk_group_is_closed(group))
        rk_queue_serve(queue, RK_NEVER, 0);
    rk_queue_release(queue);
}
