/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who this client is in its group, as its offset commits say.
 *
 * A value on background. Membership keeps it up to date; without membership (partitions that were
 * assigned by hand) it stays as rk_membership_identity_init makes it.
 */
#ifndef RK_GROUP_MEMBERSHIP_IDENTITY_H
#define RK_GROUP_MEMBERSHIP_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

struct rk_membership_identity {
    int32_t generation;      /* Or member epoch; -1: no member. */
    const char *member_id;   /* Borrowed, "" while there is none. */
    const char *instance_id; /* group.instance.id, borrowed; NULL: not static, or no member. */
    bool is_consumer;        /* Of the consumer protocol (KIP-848): generation is an epoch. */
    bool is_joining; /* A classic member: another generation follows, or this one is not complete
                        yet; in either case soon. */
    bool is_lost;    /* Its partitions may belong to others by now: what they have stored is not
                        to be committed. */
};

static inline void rk_membership_identity_init(struct rk_membership_identity *identity)
{
    *identity = (struct rk_membership_identity){.generation = -1, .member_id = ""};
}

#endif
