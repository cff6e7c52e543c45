/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include "base/crc_table.h"

static const uint32_t crc32_tables[8][256] = {
    {RK_CRC_TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8,
                  0x76dc4190, 0xedb88320)},
    {RK_CRC_TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2,
                  0xf0794f05, 0x3b83984b)},
    {RK_CRC_TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0,
                  0x709a8dc0, 0xe1351b80)},
    {RK_CRC_TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e,
                  0x9b14583d, 0xed59b63b)},
    {RK_CRC_TABLE(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04,
                  0x58f35849, 0xb1e6b092)},
    {RK_CRC_TABLE(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536,
                  0x0f580a6c, 0x1eb014d8)},
    {RK_CRC_TABLE(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c,
                  0x440b7579, 0x8816eaf2)},
    {RK_CRC_TABLE(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256,
                  0x299dc2ed, 0x533b85da)},
};

uint32_t rk_crc32(uint32_t crc, const void *data, size_t size)
{
    return rk_crc_by_tables(crc32_tables, crc, data, size);
}

static inline uint32_t load_little_endian(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t rk_murmur2(const void *data, size_t size)
{
    const uint32_t factor = 0x5bd1e995;
    const uint8_t *at = data;
    uint32_t hash = 0x9747b28c ^ (uint32_t)size;

    for (; size >= 4; size -= 4, at += 4) {
        uint32_t word = load_little_endian(at) * factor;
        word ^= word >> 24;
        hash = (hash * factor) ^ (word * factor);
    }
    if (size) {
        uint32_t rest = at[0];
        if (size > 1)
            rest |= (uint32_t)at[1] << 8;
        if (size > 2)
            rest |= (uint32_t)at[2] << 16;
        hash = (hash ^ rest) * factor;
    }
    hash ^= hash >> 13;
    hash *= factor;
    return hash ^ hash >> 15;
}

uint32_t rk_fnv1a(const void *data, size_t size)
{
    const uint8_t *at = data;
    uint32_t hash = 0x811c9dc5;
    while (size--)
        hash = (hash ^ *at++) * 0x01000193;
    return hash & 0x80000000 ? 0u - hash : hash;
}

static inline uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

uint32_t rk_xxhash32(const void *data, size_t size)
{
    const uint32_t prime1 = 0x9e3779b1;
    const uint32_t prime2 = 0x85ebca77;
    const uint32_t prime3 = 0xc2b2ae3d;
    const uint32_t prime4 = 0x27d4eb2f;
    const uint32_t prime5 = 0x165667b1;
    const uint8_t *at = data;
    uint32_t hash = prime5;

    size_t left = size;
    if (left >= 16) {
        uint32_t lanes[4] = {prime1 + prime2, prime2, 0, 0u - prime1};
        for (; left >= 16; left -= 16) {
            for (int i = 0; i < 4; i++, at += 4)
                lanes[i] = rotate(lanes[i] + load_little_endian(at) * prime2, 13) * prime1;
        }
        hash =
            rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    }
    hash += (uint32_t)size;
    for (; left >= 4; left -= 4, at += 4)
        hash = rotate(hash + load_little_endian(at) * prime3, 17) * prime4;
    for (; left; left--)
        hash = rotate(hash + *at++ * prime5, 11) * prime1;

    hash = (hash ^ hash >> 15) * prime2;
    hash = (hash ^ hash >> 13) * prime3;
    return hash ^ hash >> 16;
}
