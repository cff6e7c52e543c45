/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/assert.h"

static _Thread_local uint64_t state;

void rk_random_bytes(void *bytes, size_t size)
{
    unsigned char *at = bytes;
    while (size) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        RK_ASSERT(got > 0);
        at += got;
        size -= (size_t)got;
    }
}

/* splitmix64: a full-period generator whose outputs pass the usual statistical tests. */
uint32_t rk_random_u32(void)
{
    if (!state)
        rk_random_bytes(&state, sizeof(state));
    state += 0x9e3779b97f4a7c15u;
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((mixed ^ (mixed >> 31)) >> 32);
}

uint32_t rk_random_below(uint32_t limit)
{
    return (uint32_t)(((uint64_t)rk_random_u32() * limit) >> 32);
}
