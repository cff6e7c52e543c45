/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static _Atomic unsigned long long allocations; /* Relaxed; a statistic. */

_Noreturn void rk_assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "milena: assertion failed: %s at %s:%d\n", expression, file, line);
    fflush(stderr);
    abort();
}

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "milena: out of memory allocating %zu bytes\n", size);
    fflush(stderr);
    abort();
}

static void count(void)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

void *rk_malloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        out_of_memory(size);
    count();
    return memory;
}

void *rk_calloc(size_t number, size_t size)
{
    void *memory = calloc(number ? number : 1, size ? size : 1);
    if (!memory)
        out_of_memory(number * size);
    count();
    return memory;
}

void *rk_realloc(void *memory, size_t size)
{
    void *grown = realloc(memory, size ? size : 1);
    if (!grown)
        out_of_memory(size);
    count();
    return grown;
}

void *rk_try_malloc(size_t size)
{
    count();
    return malloc(size ? size : 1);
}

void *rk_try_calloc(size_t number, size_t size)
{
    count();
    return calloc(number ? number : 1, size ? size : 1);
}

void *rk_try_realloc(void *memory, size_t size)
{
    count();
    return realloc(memory, size ? size : 1);
}

void rk_free(void *memory)
{
    free(memory);
}

void *rk_app_malloc(size_t size)
{
    return malloc(size);
}

void *rk_app_calloc(size_t number, size_t size)
{
    return calloc(number, size);
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
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}
