/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of consumer_membership.h, for its own files.
 */
#ifndef RK_GROUP_CONSUMER_MEMBERSHIP_PRIVATE_H
#define RK_GROUP_CONSUMER_MEMBERSHIP_PRIVATE_H

#include "group/consumer_membership.h"

/* Goes as far as it can without another event, the last thing every event does. */
void rk_consumer_membership_advance(struct rk_consumer_membership *membership, uint64_t now_us);

#endif
