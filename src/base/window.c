/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/window.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* Values below 2^7 have a bucket each; above, 2^6 buckets per power of 2. */
#define LINEAR_BITS  7
#define LINEAR_COUNT (1 << LINEAR_BITS)
#define HALF_COUNT   (LINEAR_COUNT / 2)

static int bits_of(int64_t value)
{
    return 64 - __builtin_clzll((unsigned long long)value);
}

static size_t index_of(int64_t value)
{
    if (value < LINEAR_COUNT)
        return (size_t)value;
    int shift = bits_of(value) - LINEAR_BITS;
    return (size_t)(LINEAR_COUNT + (shift - 1) * HALF_COUNT + (value >> shift) - HALF_COUNT);
}

/* The highest value of a bucket. */
static int64_t value_of(size_t index)
{
    if (index < LINEAR_COUNT)
        return (int64_t)index;
    int shift = (int)(index - LINEAR_COUNT) / HALF_COUNT + 1;
    int64_t step = (int64_t)(index - LINEAR_COUNT) % HALF_COUNT + HALF_COUNT;
    return ((step + 1) << shift) - 1;
}

static size_t bucket_count(const struct rk_window *window)
{
    return index_of(window->highest) + 1;
}

void rk_window_init(struct rk_window *window, int64_t highest)
{
    *window = (struct rk_window){.highest = highest};
}

void rk_window_clear(struct rk_window *window)
{
    rk_free(window->buckets);
    window->buckets = NULL;
}

void rk_window_add_slowly(struct rk_window *window, int64_t value, int64_t times)
{
    value = RK_MAX(value, 0);
    if (value > window->highest) {
        window->out_of_range += times;
        return;
    }
    if (!window->buckets)
        window->buckets = rk_calloc(bucket_count(window), sizeof(*window->buckets));
    if (window->count == 0 || value < window->min)
        window->min = value;
    window->max = RK_MAX(window->max, value);
    window->sum += value * times;
    window->count += times;
    window->buckets[index_of(value)] += (uint32_t)times;
}

/* The value below which that share of all lies. */
static int64_t percentile(const struct rk_window *window, double percent)
{
    int64_t wanted = (int64_t)ceil((double)window->count * percent / 100.0);
    int64_t seen = 0;
    size_t count = bucket_count(window);
    for (size_t i = 0; i < count; i++) {
        seen += window->buckets[i];
        if (seen >= wanted)
            return RK_MIN(value_of(i), window->max);
    }
    return window->max;
}

static int64_t deviation(const struct rk_window *window)
{
    double average = (double)window->sum / (double)window->count, squares = 0;
    size_t count = bucket_count(window);
    for (size_t i = 0; i < count; i++) {
        double difference = (double)value_of(i) - average;
        squares += difference * difference * window->buckets[i];
    }
    return (int64_t)sqrt(squares / (double)window->count);
}

void rk_window_summarize(struct rk_window *window, struct rk_window_summary *summary, bool resets)
{
    *summary = (struct rk_window_summary){.out_of_range = window->out_of_range};
    if (window->highest > 0)
        summary->size = (int64_t)(bucket_count(window) * sizeof(*window->buckets));
    if (window->count > 0) {
        summary->min = window->min;
        summary->max = window->max;
        summary->sum = window->sum;
        summary->count = window->count;
        summary->average = window->sum / window->count;
        summary->deviation = deviation(window);
        summary->p50 = percentile(window, 50);
        summary->p75 = percentile(window, 75);
        summary->p90 = percentile(window, 90);
        summary->p95 = percentile(window, 95);
        summary->p99 = percentile(window, 99);
        summary->p99_99 = percentile(window, 99.99);
    }
    if (!resets)
        return;
    uint32_t *buckets = window->buckets;
    if (window->count > 0)
        memset(buckets, 0, bucket_count(window) * sizeof(*buckets));
    *window = (struct rk_window){.highest = window->highest, .buckets = buckets};
}
