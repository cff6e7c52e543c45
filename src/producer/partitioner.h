/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which partition a message without one goes to. Pure but for randomness; any thread.
 *
 * The hashes and which keys count as "none" are those of other Kafka clients, so that the same key
 * lands in the same partition whoever produces it. Hash partitioners use all partitions, also those
 * without a leader; random ones draw once more when the first has none.
 */
#ifndef RK_PRODUCER_PARTITIONER_H
#define RK_PRODUCER_PARTITIONER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

enum rk_partitioner {
    RK_PARTITIONER_RANDOM,
    RK_PARTITIONER_CONSISTENT,
    RK_PARTITIONER_CONSISTENT_RANDOM,
    RK_PARTITIONER_MURMUR2,
    RK_PARTITIONER_MURMUR2_RANDOM,
    RK_PARTITIONER_FNV1A,
    RK_PARTITIONER_FNV1A_RANDOM,
};

/* By name, as in the property `partitioner`; consistent_random for any other. */
enum rk_partitioner rk_partitioner_from_name(const char *name);
/* Whether such a key is spread at random (or sticks) instead of being hashed. */
bool rk_partitioner_is_random(enum rk_partitioner partitioner, const void *key, size_t key_size);
/* Of a key that is hashed. */
int32_t rk_partitioner_hash(enum rk_partitioner partitioner, const void *key, size_t key_size,
                            int32_t partition_count);
/* A random one, drawn again once if `is_available` (NULL: all are) says no. */
int32_t rk_partitioner_draw(int32_t partition_count,
                            bool (*is_available)(const void *argument, int32_t partition),
                            const void *argument);

#endif
