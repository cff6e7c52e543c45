/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared libraries loaded at run time: a seam (library_posix.c). Any thread.
 */
#ifndef RK_BASE_LIBRARY_H
#define RK_BASE_LIBRARY_H

#include <stddef.h>

struct rk_library;

/*
 * Loads the library, all symbols resolved, none of its own given to others. A path without a '/' is
 * searched for where the system's loader searches; one without a file of that name is tried once
 * more with ".so" behind it. NULL with the reason in `text`.
 */
struct rk_library *rk_library_open(const char *path, char *text, size_t size);
/* A function of the library; NULL with the reason in `text`. */
void (*rk_library_find(const struct rk_library *library, const char *symbol, char *text,
                       size_t size))(void);
/* NULL is fine. */
void rk_library_close(struct rk_library *library);

#endif
