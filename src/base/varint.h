/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kafka's variable-length integers: unsigned (lengths of flexible messages) and zigzag ("varint" of
 * 32, "varlong" of 64 bits).
 *
 * Pure functions, inline because records are made of them. Writers need room for the size given by
 * rk_*_size, at most RK_UVARINT_SIZE_MAX or RK_VARLONG_SIZE_MAX bytes. Readers never look at `end`
 * or beyond; they return the address after the number, or NULL when it is cut off or does not fit
 * its type. Longer forms of small numbers (0x80 0x00 for 0) are taken, as Kafka takes them.
 */
#ifndef RK_BASE_VARINT_H
#define RK_BASE_VARINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

#define RK_UVARINT_SIZE_MAX 5
#define RK_VARINT_SIZE_MAX  5
#define RK_VARLONG_SIZE_MAX 10

static inline uint32_t rk_zigzag32(int32_t value)
{
    return ((uint32_t)value << 1) ^ (uint32_t) - (int32_t)((uint32_t)value >> 31);
}

static inline uint64_t rk_zigzag64(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t) - (int64_t)((uint64_t)value >> 63);
}

static inline int32_t rk_unzigzag32(uint32_t raw)
{
    return (int32_t)((raw >> 1) ^ (0u - (raw & 1)));
}

static inline int64_t rk_unzigzag64(uint64_t raw)
{
    return (int64_t)((raw >> 1) ^ (0u - (raw & 1)));
}

/* 1 to 10: the number of 7-bit groups, ceil(bits / 7) as a multiplication. */
static inline size_t rk_uvarlong_size(uint64_t value)
{
    if (RK_LIKELY(value < 0x80))
        return 1;
    if (RK_LIKELY(value < 0x4000))
        return 2;
    unsigned bits = 64 - (unsigned)__builtin_clzll(value);
    return (bits * 9 + 64) / 64;
}

static inline size_t rk_uvarint_size(uint32_t value)
{
    return rk_uvarlong_size(value);
}

static inline size_t rk_varint_size(int32_t value)
{
    return rk_uvarlong_size(rk_zigzag32(value));
}

static inline size_t rk_varlong_size(int64_t value)
{
    return rk_uvarlong_size(rk_zigzag64(value));
}

static inline uint8_t *rk_uvarlong_write(uint8_t *at, uint64_t value)
{
    if (RK_LIKELY(value < 0x80)) {
        *at = (uint8_t)value;
        return at + 1;
    }
    if (RK_LIKELY(value < 0x4000)) {
        at[0] = (uint8_t)(value | 0x80);
        at[1] = (uint8_t)(value >> 7);
        return at + 2;
    }
    while (RK_UNLIKELY(value >= 0x80)) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *rk_uvarint_write(uint8_t *at, uint32_t value)
{
    return rk_uvarlong_write(at, value);
}

static inline uint8_t *rk_varint_write(uint8_t *at, int32_t value)
{
    return rk_uvarlong_write(at, rk_zigzag32(value));
}

static inline uint8_t *rk_varlong_write(uint8_t *at, int64_t value)
{
    return rk_uvarlong_write(at, rk_zigzag64(value));
}

static inline const uint8_t *rk_uvarlong_read(const uint8_t *at, const uint8_t *end,
                                              uint64_t *value)
{
    if (RK_LIKELY(end - at >= 2)) {
        uint64_t low = at[0];
        if (low < 0x80) {
            *value = low;
            return at + 1;
        }
        if (at[1] < 0x80) {
            *value = (low & 0x7f) | (uint64_t)at[1] << 7;
            return at + 2;
        }
    }
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at >= end)
            return NULL;
        uint64_t byte = *at++;
        result |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = result;
            return shift == 63 && byte > 1 ? NULL : at;
        }
    }
    return NULL;
}

static inline const uint8_t *rk_uvarint_read(const uint8_t *at, const uint8_t *end, uint32_t *value)
{
    uint64_t wide;
    const uint8_t *after = rk_uvarlong_read(at, end, &wide);
    if (!after || wide > UINT32_MAX || after - at > RK_UVARINT_SIZE_MAX)
        return NULL;
    *value = (uint32_t)wide;
    return after;
}

static inline const uint8_t *rk_varint_read(const uint8_t *at, const uint8_t *end, int32_t *value)
{
    uint32_t raw;
    const uint8_t *after = rk_uvarint_read(at, end, &raw);
    if (after)
        *value = rk_unzigzag32(raw);
    return after;
}

static inline const uint8_t *rk_varlong_read(const uint8_t *at, const uint8_t *end, int64_t *value)
{
    uint64_t raw;
    const uint8_t *after = rk_uvarlong_read(at, end, &raw);
    if (after)
        *value = rk_unzigzag64(raw);
    return after;
}

#endif
