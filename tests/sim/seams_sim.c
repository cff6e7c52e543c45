/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulation's twins of base/clock_posix.c, base/random_os.c and base/memory.c.
 *
 * Time is virtual; chance comes from the seed; memory is counted, its blocks are in a list with
 * whoever asked for them, and fresh bytes are not zero.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/checkers.h"
#include "sim/faults.h"
#include "sim/scheduler.h"
#include "sim/sim.h"

/* Clock */

#define WALL_START_MS ((int64_t)1700000000 * 1000)

static int64_t wall_shift_ms;

void sim_wall_clock_jump(int64_t shift_ms)
{
    wall_shift_ms += shift_ms;
    sim_trace_text("fault: the wall clock jumps by %lld ms", (long long)shift_ms);
}

uint64_t rk_clock_now_us(void)
{
    return sim_now_us();
}

int64_t rk_clock_wall_ms(void)
{
    return WALL_START_MS + wall_shift_ms + (int64_t)(sim_now_us() / 1000);
}

uint64_t rk_clock_now_and_wall(int64_t *wall_ms)
{
    *wall_ms = rk_clock_wall_ms();
    return sim_now_us();
}

/* Randomness */

void rk_random_bytes(void *bytes, size_t size)
{
    unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)sim_chance(SIM_CHANCE_LIBRARY);
}

uint32_t rk_random_u32(void)
{
    return (uint32_t)(sim_chance(SIM_CHANCE_LIBRARY) >> 32);
}

uint32_t rk_random_below(uint32_t limit)
{
    return (uint32_t)(((uint64_t)rk_random_u32() * limit) >> 32);
}

/* Memory */

enum { JUNK = 0xa5, JUNK_SIZE_MAX = 4096, SHOWN_MAX = 20 };

/* Stands before each block; a multiple of 16 bytes. */
struct header {
    struct header *next, *previous;
    size_t size;
    const void *asked_by;
};

static struct header blocks = {.next = &blocks, .previous = &blocks};
static unsigned long long allocation_count;
static size_t byte_count, byte_peak;

static void *register_block(struct header *header, size_t size, const void *asked_by)
{
    header->size = size;
    header->asked_by = asked_by;
    header->next = blocks.next;
    header->previous = &blocks;
    blocks.next->previous = header;
    blocks.next = header;
    byte_count += size;
    if (byte_count > byte_peak)
        byte_peak = byte_count;
    allocation_count++;
    return header + 1;
}

static void *allocate(size_t size, const void *asked_by)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    struct header *header = malloc(sizeof(*header) + size);
    if (!header)
        return NULL;
    sim_hide_begin();
    memset(header + 1, JUNK, size < JUNK_SIZE_MAX ? size : JUNK_SIZE_MAX);
    sim_hide_end();
    return register_block(header, size, asked_by);
}

static void *allocate_zeroed(size_t count, size_t size, const void *asked_by)
{
    if (size && count > SIZE_MAX / 2 / size)
        return NULL;
    struct header *header = calloc(1, sizeof(*header) + count * size);
    return header ? register_block(header, count * size, asked_by) : NULL;
}

/* Always moves, so that a pointer kept into the old block is found. */
static void *reallocate(void *memory, size_t size, const void *asked_by)
{
    void *grown = allocate(size, asked_by);
    if (grown && memory) {
        size_t before = ((struct header *)memory - 1)->size;
        memcpy(grown, memory, before < size ? before : size);
        rk_free(memory);
    }
    return grown;
}

void rk_free(void *memory)
{
    if (!memory)
        return;
    struct header *header = (struct header *)memory - 1;
    header->next->previous = header->previous;
    header->previous->next = header->next;
    byte_count -= header->size;
    free(header);
}

static void *must_have(void *memory, size_t size)
{
    if (!memory)
        sim_fail("out of memory allocating %zu bytes", size);
    return memory;
}

#define CALLER __builtin_return_address(0)

void *rk_malloc(size_t size)
{
    return must_have(allocate(size, CALLER), size);
}

void *rk_calloc(size_t count, size_t size)
{
    return must_have(allocate_zeroed(count, size, CALLER), size);
}

void *rk_realloc(void *memory, size_t size)
{
    return must_have(reallocate(memory, size, CALLER), size);
}

void *rk_try_malloc(size_t size)
{
    return sim_fault_takes(SIM_FAULT_MEMORY) ? NULL : allocate(size, CALLER);
}

void *rk_try_calloc(size_t count, size_t size)
{
    return sim_fault_takes(SIM_FAULT_MEMORY) ? NULL : allocate_zeroed(count, size, CALLER);
}

void *rk_try_realloc(void *memory, size_t size)
{
    return sim_fault_takes(SIM_FAULT_MEMORY) ? NULL : reallocate(memory, size, CALLER);
}

void *rk_app_malloc(size_t size)
{
    return malloc(size);
}

void *rk_app_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *rk_app_realloc(void *memory, size_t size)
{
    return realloc(memory, size);
}

char *rk_app_strdup(const char *text)
{
    return strdup(text);
}

void rk_app_free(void *memory)
{
    free(memory);
}

unsigned long long rk_memory_allocations(void)
{
    return allocation_count;
}

size_t sim_memory_in_use(void)
{
    return byte_count;
}

size_t sim_memory_peak(void)
{
    return byte_peak;
}

void sim_memory_peak_begin(void)
{
    byte_peak = byte_count;
}

void sim_check_no_memory_left(void)
{
    int shown = 0;
    Dl_info program;
    if (blocks.next == &blocks)
        return;
    dladdr((const void *)&sim_check_no_memory_left, &program);
    for (struct header *block = blocks.next; block != &blocks && shown < SHOWN_MAX;
         block = block->next, shown++)
        fprintf(stderr, "left: %zu bytes asked for at +0x%zx\n", block->size,
                (size_t)((const char *)block->asked_by - (const char *)program.dli_fbase));
    sim_fail("%zu bytes are left in memory", byte_count);
}

/* What the header of base/assert.h promises. */

_Noreturn void rk_assert_failed(const char *expression, const char *file, int line)
{
    sim_fail("assertion failed: %s at %s:%d", expression, file, line);
}
