/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32C (Castagnoli), the checksum of record batches. A pure function; the fastest form the
 * processor has is chosen at its first use, by any thread.
 */
#ifndef RK_BASE_CRC32C_H
#define RK_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Start with crc 0; the result for a first part is the crc to give with the next. */
uint32_t rk_crc32c(uint32_t crc, const void *data, size_t size);

/* One way to compute it; for tests, which run each against the others. */
struct rk_crc32c_form {
    const char *name;
    uint32_t (*compute)(uint32_t crc, const void *data, size_t size);
};
/* The forms this processor can run, best first, at most `capacity` of them; returns their number.
 */
size_t rk_crc32c_forms(struct rk_crc32c_form *forms, size_t capacity);

#endif
