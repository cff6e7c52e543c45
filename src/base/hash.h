/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash functions Kafka and its partitioners are built on. Pure functions.
 */
#ifndef RK_BASE_HASH_H
#define RK_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 (IEEE 802.3, as zlib's): message sets v0 and v1, the consistent partitioners. Starts with
 * 0, may be continued. */
uint32_t rk_crc32(uint32_t crc, const void *data, size_t size);

/* MurmurHash2 with the seed of Java's Kafka client; the murmur2 partitioners take it & 0x7fffffff.
 */
uint32_t rk_murmur2(const void *data, size_t size);

/* FNV-1a of 32 bits, as the fnv1a partitioners take it: the absolute value of the hash as a signed
 * number. */
uint32_t rk_fnv1a(const void *data, size_t size);

/* xxHash of 32 bits with seed 0: what the header of an LZ4 frame is checked with. */
uint32_t rk_xxhash32(const void *data, size_t size);

#endif
