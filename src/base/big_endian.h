/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integers in network order at any address: unaligned loads and stores, without bounds checks of
 * their own. Pure functions.
 */
#ifndef RK_BASE_BIG_ENDIAN_H
#define RK_BASE_BIG_ENDIAN_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define RK_BIG_ENDIAN_16(x) __builtin_bswap16(x)
#define RK_BIG_ENDIAN_32(x) __builtin_bswap32(x)
#define RK_BIG_ENDIAN_64(x) __builtin_bswap64(x)
#else
#define RK_BIG_ENDIAN_16(x) (x)
#define RK_BIG_ENDIAN_32(x) (x)
#define RK_BIG_ENDIAN_64(x) (x)
#endif

static inline int16_t rk_load_be16(const uint8_t *at)
{
    uint16_t raw;
    memcpy(&raw, at, sizeof(raw));
    return (int16_t)RK_BIG_ENDIAN_16(raw);
}

static inline int32_t rk_load_be32(const uint8_t *at)
{
    uint32_t raw;
    memcpy(&raw, at, sizeof(raw));
    return (int32_t)RK_BIG_ENDIAN_32(raw);
}

static inline int64_t rk_load_be64(const uint8_t *at)
{
    uint64_t raw;
    memcpy(&raw, at, sizeof(raw));
    return (int64_t)RK_BIG_ENDIAN_64(raw);
}

static inline void rk_store_be16(uint8_t *at, int16_t value)
{
    uint16_t raw = RK_BIG_ENDIAN_16((uint16_t)value);
    memcpy(at, &raw, sizeof(raw));
}

static inline void rk_store_be32(uint8_t *at, int32_t value)
{
    uint32_t raw = RK_BIG_ENDIAN_32((uint32_t)value);
    memcpy(at, &raw, sizeof(raw));
}

static inline void rk_store_be64(uint8_t *at, int64_t value)
{
    uint64_t raw = RK_BIG_ENDIAN_64((uint64_t)value);
    memcpy(at, &raw, sizeof(raw));
}

#endif
