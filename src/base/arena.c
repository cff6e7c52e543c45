/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define FIRST_CHUNK_SIZE 1024
#define MAX_CHUNK_SIZE   65536

struct rk_arena_chunk {
    struct rk_arena_chunk *next;
    size_t size;
    _Alignas(8) unsigned char data[];
};

void rk_arena_init(struct rk_arena *arena, size_t limit)
{
    *arena = (struct rk_arena){.limit = limit};
}

static struct rk_arena_chunk *add_chunk(struct rk_arena *arena, size_t size)
{
    size_t chunk_size = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK_SIZE;
    chunk_size = RK_MIN(chunk_size, (size_t)MAX_CHUNK_SIZE);
    chunk_size = RK_MAX(chunk_size, size);
    if (chunk_size > arena->limit - arena->total)
        chunk_size = size;
    if (chunk_size > arena->limit - arena->total)
        return NULL;
    struct rk_arena_chunk *chunk = rk_try_malloc(sizeof(*chunk) + chunk_size);
    if (!chunk)
        return NULL;
    chunk->size = chunk_size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = 0;
    arena->total += chunk_size;
    return chunk;
}

void *rk_arena_try_alloc(struct rk_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 7) & ~(size_t)7;
    struct rk_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - arena->used < size) {
        chunk = add_chunk(arena, size);
        if (!chunk)
            return NULL;
    }
    void *memory = chunk->data + arena->used;
    arena->used += size;
    return memset(memory, 0, size);
}

char *rk_arena_try_text(struct rk_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? rk_arena_try_alloc(arena, length + 1) : NULL;
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

void rk_arena_clear(struct rk_arena *arena)
{
    struct rk_arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct rk_arena_chunk *next = chunk->next;
        rk_free(chunk);
        chunk = next;
    }
    rk_arena_init(arena, arena->limit);
}
