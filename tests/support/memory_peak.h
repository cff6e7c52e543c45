/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory the process has at most from malloc and friends: a test that uses it gets
 * allocation functions that count. Any thread.
 */
#ifndef SUPPORT_MEMORY_PEAK_H
#define SUPPORT_MEMORY_PEAK_H

#include <stdbool.h>
#include <stddef.h>

/* False with sanitizers, which have allocation functions of their own: everything is 0 then. */
bool memory_peak_is_counted(void);
size_t memory_peak_now(void);
/* The greatest value since the start or the last reset. */
size_t memory_peak(void);
void memory_peak_reset(void);

#endif
