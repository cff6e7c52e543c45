/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window: what a measured value did since it was looked at last, percentiles included.
 *
 * Embedded in its owner, one thread at a time. Values are counted in buckets that are at most 1/64
 * wider than the values in them, so that a percentile is off by less than 2 %. A window that was
 * initialised with highest 0 is off: adding to it costs a compare, and it takes no memory.
 */
#ifndef RK_BASE_WINDOW_H
#define RK_BASE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

struct rk_window {
    int64_t highest; /* Values above count as out of range and nothing else. */
    int64_t min, max, sum, count, out_of_range;
    uint32_t *buckets; /* NULL before the first value. */
};

struct rk_window_summary {
    int64_t min, max, average, sum, deviation;
    int64_t p50, p75, p90, p95, p99, p99_99;
    int64_t out_of_range;
    int64_t size; /* Bytes of memory. */
    int64_t count;
};

void rk_window_init(struct rk_window *window, int64_t highest);
void rk_window_clear(struct rk_window *window);
void rk_window_add_slowly(struct rk_window *window, int64_t value, int64_t times);
/* What it saw; it begins anew if `resets`. */
void rk_window_summarize(struct rk_window *window, struct rk_window_summary *summary, bool resets);

/* The value was seen so often. Below 0 counts as 0. */
static inline void rk_window_add(struct rk_window *window, int64_t value, int64_t times)
{
    if (RK_UNLIKELY(window->highest > 0))
        rk_window_add_slowly(window, value, times);
}

#endif
