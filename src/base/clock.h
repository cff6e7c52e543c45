/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: a seam, replaced in tests.
 *
 * Deadlines and ages use monotonic microseconds. Wall-clock milliseconds go into records, logs and
 * statistics only. Both are cheap enough to be read per message: on machines with a dependable time
 * stamp counter a thread asks the kernel once per millisecond and interpolates in between. Any
 * thread.
 */
#ifndef RK_BASE_CLOCK_H
#define RK_BASE_CLOCK_H

#include <stdint.h>

#define RK_NEVER UINT64_MAX /* A deadline that does not come. */

uint64_t rk_clock_now_us(void);
int64_t rk_clock_wall_ms(void);
/* Both from one reading. */
uint64_t rk_clock_now_and_wall(int64_t *wall_ms);

/* `now` plus a time-out of the public API: milliseconds, -1 for ever. */
static inline uint64_t rk_deadline_from_ms(uint64_t now_us, int64_t timeout_ms)
{
    return timeout_ms < 0 ? RK_NEVER : now_us + (uint64_t)timeout_ms * 1000;
}

#endif
