/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An arena: memory for one decoded answer or one built request, freed at once.
 *
 * Owned by one thread at a time. Allocations are zeroed and aligned to 8 bytes. The arena never
 * exceeds its limit, so that what a broker claims cannot exhaust the process: an allocation beyond
 * it gives NULL, as does a lack of memory.
 */
#ifndef RK_BASE_ARENA_H
#define RK_BASE_ARENA_H

#include <stddef.h>

struct rk_arena_chunk;

struct rk_arena {
    struct rk_arena_chunk *chunks; /* Newest first; the newest has the free space. */
    size_t used;                   /* Of the newest chunk. */
    size_t total;                  /* Bytes taken from the allocator. */
    size_t limit;
};

/* No memory is taken before the first allocation. */
void rk_arena_init(struct rk_arena *arena, size_t limit);
void *rk_arena_try_alloc(struct rk_arena *arena, size_t size);
/* Copy with a closing NUL. */
char *rk_arena_try_text(struct rk_arena *arena, const char *text, size_t length);
/* Frees all; the arena may be used again. */
void rk_arena_clear(struct rk_arena *arena);

#endif
