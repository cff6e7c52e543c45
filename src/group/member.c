/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/member.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "event/partition_list.h"
#include "event/partition_sets.h"

void rk_member_init(struct rk_member *member, const char *member_id, int retry_backoff_ms,
                    int retry_backoff_max_ms)
{
    *member = (struct rk_member){
        .member_id = rk_strdup(member_id),
        .topics = rk_partition_list_new(0),
        .owned = rk_partition_list_new(0),
        .target = rk_partition_list_new(0),
        .asked_list = rk_partition_list_new(0),
        .leave_until_us = RK_NEVER,
    };
    rk_backoff_init(&member->backoff, retry_backoff_ms, retry_backoff_max_ms);
}

void rk_member_clear(struct rk_member *member)
{
    rk_free(member->member_id);
    rk_partition_list_destroy(member->topics);
    rk_partition_list_destroy(member->owned);
    rk_partition_list_destroy(member->target);
    rk_partition_list_destroy(member->asked_list);
}

void rk_member_enter_state(struct rk_member *member, uint64_t now_us)
{
    member->since_us = now_us;
    member->has_asked = false;
}

void rk_member_set_reason(struct rk_member *member, const char *reason)
{
    rk_text_copy(member->reason, sizeof(member->reason), reason);
}

void rk_member_replace(rd_kafka_topic_partition_list_t **list, rd_kafka_topic_partition_list_t *by)
{
    rk_partition_list_destroy(*list);
    *list = by;
}

/* Telling and asking */

unsigned rk_member_take_actions(struct rk_member *member)
{
    unsigned actions = member->actions;
    member->actions = 0;
    return actions;
}

void rk_member_tell(struct rk_member *member, enum rk_membership_action action, enum rk_api_key api,
                    rd_kafka_resp_err_t err)
{
    if (action == RK_MEMBERSHIP_TELL_ERROR && member->told_err == err && member->told_api == api)
        return;
    member->told_err = err;
    member->told_api = api;
    member->actions |= action;
}

void rk_member_ask(struct rk_member *member, enum rk_membership_asked what,
                   rd_kafka_topic_partition_list_t *list, uint64_t now_us)
{
    rk_member_replace(&member->asked_list, list);
    member->asked = what;
    member->asked_us = now_us;
    member->has_asked = true;
    member->actions |=
        what == RK_ASKED_ASSIGN ? RK_MEMBERSHIP_TELL_ASSIGN : RK_MEMBERSHIP_TELL_REVOKE;
}

bool rk_member_try_ask(struct rk_member *member, enum rk_membership_asked what,
                       rd_kafka_topic_partition_list_t *list, uint64_t now_us)
{
    if (list->cnt == 0) {
        rk_partition_list_destroy(list);
        return false;
    }
    rk_member_ask(member, what, list, now_us);
    return true;
}

bool rk_member_gives_up_all(struct rk_member *member, uint64_t now_us)
{
    return member->asked != RK_ASKED_NOTHING ||
           rk_member_try_ask(member, RK_ASKED_REVOKE, rk_partition_list_copy(member->owned),
                             now_us);
}

bool rk_member_take_answer(struct rk_member *member)
{
    rd_kafka_topic_partition_list_t *owned = member->owned;
    switch (member->asked) {
    case RK_ASKED_NOTHING:
        return false;
    case RK_ASKED_ASSIGN:
        owned = rk_partition_set_merge(member->owned, member->asked_list);
        break;
    case RK_ASKED_REVOKE:
        owned = rk_partition_set_subtract(member->owned, member->asked_list);
        break;
    }
    rk_member_replace(&member->owned, owned);
    member->asked = RK_ASKED_NOTHING;
    if (member->owned->cnt == 0)
        member->is_lost = false;
    return true;
}

bool rk_member_decline(struct rk_member *member)
{
    if (member->asked != RK_ASKED_ASSIGN)
        return false;
    member->asked = RK_ASKED_NOTHING;
    return true;
}

/* Losing and leaving */

void rk_member_forget(struct rk_member *member)
{
    if (member->owned->cnt > 0 || member->asked == RK_ASKED_ASSIGN)
        member->is_lost = true;
    member->attempt++;
}

uint64_t rk_member_next_attempt_us(struct rk_member *member, uint64_t now_us)
{
    bool is_first = member->backoff.failures == 0;
    uint64_t wait_us = rk_backoff_next_us(&member->backoff);
    return is_first ? now_us : now_us + wait_us;
}

uint64_t rk_member_beat_wait_us(struct rk_member *member, uint64_t interval_us)
{
    static const unsigned shifts[] = {3, 3, 2, 1};
    if (member->early_beats >= RK_COUNT_OF(shifts))
        return interval_us;
    return interval_us >> shifts[member->early_beats++];
}

void rk_member_begin_leave(struct rk_member *member, bool is_sent, uint64_t until_us)
{
    member->has_left = !is_sent;
    member->is_leave_sent = true;
    member->leave_until_us = until_us;
}

bool rk_member_is_leaving(const struct rk_member *member, uint64_t now_us)
{
    return member->is_leave_sent && !member->has_left && now_us < member->leave_until_us;
}

void rk_member_end_leave(struct rk_member *member)
{
    member->is_leave_sent = member->has_left = false;
    member->is_lost = false;
}

/* Goals */

void rk_member_want_in(struct rk_member *member, uint64_t now_us)
{
    /* What patterns find is followed here too, which is no poll. */
    if (member->goal != RK_MEMBERSHIP_WANTS_IN)
        member->polled_us = now_us;
    if (member->goal != RK_MEMBERSHIP_WANTS_CLOSE)
        member->goal = RK_MEMBERSHIP_WANTS_IN;
}

void rk_member_want_out(struct rk_member *member)
{
    if (member->goal == RK_MEMBERSHIP_WANTS_IN)
        member->goal = RK_MEMBERSHIP_WANTS_OUT;
}
