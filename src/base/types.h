/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small value types used everywhere.
 */
#ifndef RK_BASE_TYPES_H
#define RK_BASE_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes somebody else owns; size -1 is Kafka's null. */
struct rk_bytes {
    const uint8_t *data;
    int32_t size;
};

/* A topic id (KIP-516). All zero: none. */
struct rk_uuid {
    uint8_t bytes[16];
};

static inline bool rk_uuid_equal(const struct rk_uuid *a, const struct rk_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static inline bool rk_uuid_is_zero(const struct rk_uuid *uuid)
{
    static const struct rk_uuid zero;
    return rk_uuid_equal(uuid, &zero);
}

#endif
