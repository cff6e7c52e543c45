/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/memory_peak.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

/* What the loader had allocated before is freed too: below zero at first. */
static _Atomic ptrdiff_t used, peak;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_COUNTED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_COUNTED 0
#endif
#endif
#if !defined(IS_COUNTED) && defined(__GLIBC__)
#define IS_COUNTED 1
#endif

bool memory_peak_is_counted(void)
{
    return IS_COUNTED;
}

size_t memory_peak_now(void)
{
    ptrdiff_t now = atomic_load(&used);
    return now > 0 ? (size_t)now : 0;
}

size_t memory_peak(void)
{
    ptrdiff_t most = atomic_load(&peak);
    return most > 0 ? (size_t)most : 0;
}

void memory_peak_reset(void)
{
    atomic_store(&peak, atomic_load(&used));
}

#if IS_COUNTED

/* What glibc's own functions are called beside their usual names. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static void *add(void *memory)
{
    if (!memory)
        return NULL;
    ptrdiff_t size = (ptrdiff_t)malloc_usable_size(memory);
    ptrdiff_t now = atomic_fetch_add_explicit(&used, size, memory_order_relaxed) + size;
    ptrdiff_t before = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > before && !atomic_compare_exchange_weak_explicit(
                               &peak, &before, now, memory_order_relaxed, memory_order_relaxed))
        ;
    return memory;
}

static void subtract(void *memory)
{
    if (memory)
        atomic_fetch_sub_explicit(&used, (ptrdiff_t)malloc_usable_size(memory),
                                  memory_order_relaxed);
}

void *malloc(size_t size)
{
    return add(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return add(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
    ptrdiff_t before = memory ? (ptrdiff_t)malloc_usable_size(memory) : 0;
    void *moved = __libc_realloc(memory, size);
    if (moved || size == 0)
        atomic_fetch_sub_explicit(&used, before, memory_order_relaxed);
    return add(moved);
}

void *memalign(size_t alignment, size_t size)
{
    return add(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
    subtract(memory);
    __libc_free(memory);
}

#endif
