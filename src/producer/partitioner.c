/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/partitioner.h"

#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/random.h"

static const struct {
    const char *name;
    enum rk_partitioner partitioner;
} names[] = {
    {"random", RK_PARTITIONER_RANDOM},
    {"consistent", RK_PARTITIONER_CONSISTENT},
    {"consistent_random", RK_PARTITIONER_CONSISTENT_RANDOM},
    {"murmur2", RK_PARTITIONER_MURMUR2},
    {"murmur2_random", RK_PARTITIONER_MURMUR2_RANDOM},
    {"fnv1a", RK_PARTITIONER_FNV1A},
    {"fnv1a_random", RK_PARTITIONER_FNV1A_RANDOM},
};

enum rk_partitioner rk_partitioner_from_name(const char *name)
{
    for (size_t i = 0; name && i < RK_COUNT_OF(names); i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].partitioner;
    }
    return RK_PARTITIONER_CONSISTENT_RANDOM;
}

bool rk_partitioner_is_random(enum rk_partitioner partitioner, const void *key, size_t key_size)
{
    switch (partitioner) {
    case RK_PARTITIONER_RANDOM:
        return true;
    case RK_PARTITIONER_CONSISTENT_RANDOM:
        return key_size == 0;
    case RK_PARTITIONER_MURMUR2_RANDOM:
    case RK_PARTITIONER_FNV1A_RANDOM:
        return !key;
    case RK_PARTITIONER_CONSISTENT:
    case RK_PARTITIONER_MURMUR2:
    case RK_PARTITIONER_FNV1A:
        break;
    }
    return false;
}

int32_t rk_partitioner_hash(enum rk_partitioner partitioner, const void *key, size_t key_size,
                            int32_t partition_count)
{
    uint32_t hash = 0;
    switch (partitioner) {
    case RK_PARTITIONER_RANDOM:
    case RK_PARTITIONER_CONSISTENT:
    case RK_PARTITIONER_CONSISTENT_RANDOM:
        hash = rk_crc32(0, key, key_size);
        break;
    case RK_PARTITIONER_MURMUR2:
    case RK_PARTITIONER_MURMUR2_RANDOM:
        hash = rk_murmur2(key, key_size) & 0x7fffffff;
        break;
    case RK_PARTITIONER_FNV1A:
    case RK_PARTITIONER_FNV1A_RANDOM:
        hash = rk_fnv1a(key, key_size);
        break;
    }
    return (int32_t)(hash % (uint32_t)partition_count);
}

int32_t rk_partitioner_draw(int32_t partition_count,
                            bool (*is_available)(const void *argument, int32_t partition),
                            const void *argument)
{
    int32_t partition = (int32_t)rk_random_below((uint32_t)partition_count);
    if (is_available && !is_available(argument, partition))
        partition = (int32_t)rk_random_below((uint32_t)partition_count);
    return partition;
}
