/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table-driven checksums of 32 bits, eight bytes at a time, for the two polynomials in use
 * (crc32c.c, hash.c). Pure.
 *
 * A table is made by the compiler from eight numbers: a CRC is linear, so the entry of a byte is
 * the XOR of the entries of its bits.
 */
#ifndef RK_BASE_CRC_TABLE_H
#define RK_BASE_CRC_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RK_CRC_BIT(i, bit, entry) (((i) >> (bit)&1) ? (entry) : 0u)
#define RK_CRC_ENTRY(i, b0, b1, b2, b3, b4, b5, b6, b7)                                          \
    (RK_CRC_BIT(i, 0, b0) ^ RK_CRC_BIT(i, 1, b1) ^ RK_CRC_BIT(i, 2, b2) ^ RK_CRC_BIT(i, 3, b3) ^ \
     RK_CRC_BIT(i, 4, b4) ^ RK_CRC_BIT(i, 5, b5) ^ RK_CRC_BIT(i, 6, b6) ^ RK_CRC_BIT(i, 7, b7))
#define RK_CRC_ENTRIES_4(i, ...)                                        \
    RK_CRC_ENTRY((i), __VA_ARGS__), RK_CRC_ENTRY((i) + 1, __VA_ARGS__), \
        RK_CRC_ENTRY((i) + 2, __VA_ARGS__), RK_CRC_ENTRY((i) + 3, __VA_ARGS__)
#define RK_CRC_ENTRIES_16(i, ...)                                               \
    RK_CRC_ENTRIES_4((i), __VA_ARGS__), RK_CRC_ENTRIES_4((i) + 4, __VA_ARGS__), \
        RK_CRC_ENTRIES_4((i) + 8, __VA_ARGS__), RK_CRC_ENTRIES_4((i) + 12, __VA_ARGS__)
#define RK_CRC_ENTRIES_64(i, ...)                                                  \
    RK_CRC_ENTRIES_16((i), __VA_ARGS__), RK_CRC_ENTRIES_16((i) + 16, __VA_ARGS__), \
        RK_CRC_ENTRIES_16((i) + 32, __VA_ARGS__), RK_CRC_ENTRIES_16((i) + 48, __VA_ARGS__)
/* The 256 entries of one table; the arguments are the entries of 1, 2, 4 ... 128. */
#define RK_CRC_TABLE(...)                                                    \
    RK_CRC_ENTRIES_64(0u, __VA_ARGS__), RK_CRC_ENTRIES_64(64u, __VA_ARGS__), \
        RK_CRC_ENTRIES_64(128u, __VA_ARGS__), RK_CRC_ENTRIES_64(192u, __VA_ARGS__)

/* tables[k] is for a byte with k bytes after it in its group of eight. */
static inline uint32_t rk_crc_by_tables(const uint32_t tables[8][256], uint32_t crc,
                                        const uint8_t *at, size_t size)
{
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8) {
        uint32_t low = crc ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                              (uint32_t)at[3] << 24);
        crc = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
              tables[4][low >> 24] ^ tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^
              tables[0][at[7]];
    }
    while (size--)
        crc = crc >> 8 ^ tables[0][(crc ^ *at++) & 0xff];
    return ~crc;
}

#endif
