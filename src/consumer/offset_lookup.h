/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the offsets that "beginning" and "end" stand for: many partitions of a leader in one
 * request.
 *
 * Background. Partitions that want a look-up are collected until the current event is over; the
 * answers go to position.h.
 */
#ifndef RK_CONSUMER_OFFSET_LOOKUP_H
#define RK_CONSUMER_OFFSET_LOOKUP_H

#include "consumer/partition.h"
#include "runtime/roles.h"

void rk_offset_lookup_init(struct rk_consumer *consumer);
/* The partition is LOOKING_UP and no look-up is under way. Without a leader nothing happens: to be
 * called again when it has one. */
void rk_offset_lookup_want(struct rk_partition *partition) RK_ON_BACKGROUND;

#endif
