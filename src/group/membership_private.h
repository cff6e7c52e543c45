/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a membership share: its steps, for the events that lead to them. */
#ifndef RK_GROUP_MEMBERSHIP_PRIVATE_H
#define RK_GROUP_MEMBERSHIP_PRIVATE_H

#include "base/memory.h"
#include "group/membership.h"

void rk_membership_set_state(struct rk_membership *membership, enum rk_membership_state state,
                             uint64_t now_us);
uint64_t rk_membership_next_beat_us(struct rk_membership *membership, uint64_t now_us);
bool rk_membership_has_heartbeats(const struct rk_membership *membership);
/* It is no member any more; answers under way do not count. */
void rk_membership_forget(struct rk_membership *membership, bool keeps_id);
void rk_membership_rejoin(struct rk_membership *membership, const char *reason, uint64_t now_us);
/* Works towards the goal as far as it goes now: the end of every event. */
void rk_membership_advance(struct rk_membership *membership, uint64_t now_us);

static inline void rk_membership_replace_text(char **text, const char *by)
{
    char *copy = rk_strdup_or_null(by);
    rk_free(*text);
    *text = copy;
}

#endif
