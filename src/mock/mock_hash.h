/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uthash with the library's own memory functions: tables that walk in the order things were added.
 * Included by every file of this folder that has a table.
 */
#ifndef RK_MOCK_MOCK_HASH_H
#define RK_MOCK_MOCK_HASH_H

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define uthash_malloc(size)       rk_malloc(size)
#define uthash_free(memory, size) rk_free(memory)
#define uthash_fatal(text)        rk_assert_failed(text, __FILE__, __LINE__)

#include <uthash.h>

#endif
