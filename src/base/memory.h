/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory, the one place that calls malloc: a seam, replaced in tests.
 *
 * Plain small objects use rk_malloc and friends, which end the process when memory is out, naming
 * the size. Whatever is sized by the application or by the wire, and buffers, arenas and codec
 * contexts, use rk_try_*, whose NULL becomes an error value. Memory given to the application, or
 * taken from it with RD_KAFKA_MSG_F_FREE, is bare malloc: rk_app_*.
 *
 * All functions may be called from any thread.
 */
#ifndef RK_BASE_MEMORY_H
#define RK_BASE_MEMORY_H

#include <stddef.h>

void *rk_malloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *rk_calloc(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
void *rk_realloc(void *memory, size_t size) __attribute__((returns_nonnull, warn_unused_result));
char *rk_strdup(const char *text) __attribute__((returns_nonnull, warn_unused_result));
char *rk_strndup(const char *text, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));
/* Copy of `text`, or NULL for NULL. */
char *rk_strdup_or_null(const char *text) __attribute__((warn_unused_result));

void *rk_try_malloc(size_t size) __attribute__((malloc, warn_unused_result));
void *rk_try_calloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
void *rk_try_realloc(void *memory, size_t size) __attribute__((warn_unused_result));

/* Frees what any of the above gave; NULL is fine. */
void rk_free(void *memory);

/* The process's own allocator: for what the application frees, or what it lets the library free. */
void *rk_app_malloc(size_t size) __attribute__((malloc, warn_unused_result));
void *rk_app_calloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
void *rk_app_realloc(void *memory, size_t size) __attribute__((warn_unused_result));
char *rk_app_strdup(const char *text) __attribute__((warn_unused_result));
void rk_app_free(void *memory);

/* Allocations made so far through rk_* and rk_try_*, by all threads; for tests and benchmarks. */
unsigned long long rk_memory_allocations(void);

#define RK_NEW(type) ((type *)rk_calloc(1, sizeof(type)))

#endif
