/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of partitions by topic id: a sorted array. Zeroed is empty; embedded in its owner. On one
 * thread.
 */
#ifndef RK_MOCK_MOCK_PARTITION_SET_H
#define RK_MOCK_MOCK_PARTITION_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"

struct rk_mock_place {
    struct rk_uuid topic;
    int32_t partition;
};

struct rk_mock_partition_set {
    struct rk_mock_place *places;
    int32_t count, capacity;
};

void rk_mock_partition_set_clear(struct rk_mock_partition_set *set);
/* Once is enough. */
void rk_mock_partition_set_add(struct rk_mock_partition_set *set, const struct rk_uuid *topic,
                               int32_t partition);
bool rk_mock_partition_set_has(const struct rk_mock_partition_set *set,
                               const struct rk_mock_place *place);
/* Whether all of `part` is in `whole`, */
bool rk_mock_partition_set_covers(const struct rk_mock_partition_set *whole,
                                  const struct rk_mock_partition_set *part);
/* or anything of it. */
bool rk_mock_partition_set_meets(const struct rk_mock_partition_set *one,
                                 const struct rk_mock_partition_set *other);
/* Adds to `to` what is in `from` and, as `is_in` says, is or is not in `other`. */
void rk_mock_partition_set_add_from(struct rk_mock_partition_set *to,
                                    const struct rk_mock_partition_set *from, bool is_in,
                                    const struct rk_mock_partition_set *other);
/* `to` becomes `from`, which is empty then. */
void rk_mock_partition_set_move(struct rk_mock_partition_set *to,
                                struct rk_mock_partition_set *from);

#endif
