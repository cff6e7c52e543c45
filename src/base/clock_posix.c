/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#define REFRESH_US 1000 /* A thread asks the kernel again after this. */
/* The counter's rate is taken over at least this, and made exact until then; not later, for it
 * counts on while the machine sleeps. */
#define MIN_BASELINE_US  5000
#define MAX_BASELINE_US  1000000
#define MIN_TICKS_PER_US 100 /* A rate that no processor has was taken over a sleep. */
#define MAX_TICKS_PER_US 10000
#define RATE_SHIFT       32

/* What a thread knows: one reading of the kernel's clocks with the counter's value at that time. */
struct reading {
    uint64_t tsc;
    uint64_t now_us;
    uint64_t wall_us;
    uint64_t last_us; /* Highest time given out: time never steps back within a thread. */
};

static _Thread_local struct reading reading;

static struct {
    bool usable;                  /* Set once, before any other use. */
    uint64_t tsc, now_us;         /* The baseline. */
    _Atomic uint64_t us_per_tick; /* Fixed point, RATE_SHIFT bits of fraction; 0: not known yet. */
    _Atomic uint64_t refresh_ticks; /* 0 while the rate is not known, or never will be. */
} counter;

static pthread_once_t counter_once = PTHREAD_ONCE_INIT;

static uint64_t read_kernel(clockid_t id)
{
    struct timespec time;
    clock_gettime(id, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

#if defined(__x86_64__)

static uint64_t read_counter(void)
{
    return __rdtsc();
}

static bool kernel_trusts_counter(void)
{
    char name[32] = "";
    int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, name, sizeof(name) - 1);
    close(fd);
    if (size <= 0)
        return false;
    name[strcspn(name, "\n")] = '\0';
    return strcmp(name, "tsc") == 0 || strcmp(name, "kvm-clock") == 0;
}

static bool counter_is_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

#else

static uint64_t read_counter(void)
{
    return 0;
}

static bool kernel_trusts_counter(void)
{
    return false;
}

static bool counter_is_invariant(void)
{
    return false;
}

#endif

static void init_counter(void)
{
    counter.usable = counter_is_invariant() && kernel_trusts_counter();
    counter.tsc = read_counter();
    counter.now_us = read_kernel(CLOCK_MONOTONIC);
}

static void learn_rate(uint64_t tsc, uint64_t now_us)
{
    uint64_t elapsed_us = now_us - counter.now_us;
    uint64_t ticks = tsc - counter.tsc;
    bool is_known = atomic_load_explicit(&counter.us_per_tick, memory_order_relaxed) != 0;
    if (elapsed_us < MIN_BASELINE_US || elapsed_us > (is_known ? MAX_BASELINE_US : UINT32_MAX) ||
        ticks / elapsed_us < MIN_TICKS_PER_US || ticks / elapsed_us > MAX_TICKS_PER_US)
        return;
    atomic_store_explicit(&counter.us_per_tick, (elapsed_us << RATE_SHIFT) / ticks,
                          memory_order_relaxed);
    atomic_store_explicit(&counter.refresh_ticks, ticks / elapsed_us * REFRESH_US,
                          memory_order_release); /* Who sees this sees a rate. */
}

/* Asks the kernel: at a thread's first time, when its reading is old, when the counter stepped back
 * (which counts as far ahead), and always when there is no counter to be had. */
static __attribute__((noinline)) uint64_t read_anew(struct reading *mine)
{
    pthread_once(&counter_once, init_counter);
    mine->tsc = read_counter();
    mine->now_us = read_kernel(CLOCK_MONOTONIC);
    mine->wall_us = read_kernel(CLOCK_REALTIME);
    if (counter.usable)
        learn_rate(mine->tsc, mine->now_us);
    return 0;
}

/* Microseconds since the thread's reading. */
static inline uint64_t since_reading(struct reading *mine)
{
    uint64_t ticks = read_counter() - mine->tsc;
    if (RK_UNLIKELY(ticks >= atomic_load_explicit(&counter.refresh_ticks, memory_order_acquire)))
        return read_anew(mine);
    return (ticks * atomic_load_explicit(&counter.us_per_tick, memory_order_relaxed)) >> RATE_SHIFT;
}

static uint64_t never_back(struct reading *mine, uint64_t now_us)
{
    if (now_us > mine->last_us)
        mine->last_us = now_us;
    return mine->last_us;
}

uint64_t rk_clock_now_us(void)
{
    struct reading *mine = &reading;
    uint64_t since_us = since_reading(mine);
    return never_back(mine, mine->now_us + since_us);
}

int64_t rk_clock_wall_ms(void)
{
    struct reading *mine = &reading;
    uint64_t since_us = since_reading(mine);
    return (int64_t)((mine->wall_us + since_us) / 1000);
}

uint64_t rk_clock_now_and_wall(int64_t *wall_ms)
{
    struct reading *mine = &reading;
    uint64_t since_us = since_reading(mine);
    *wall_ms = (int64_t)((mine->wall_us + since_us) / 1000);
    return never_back(mine, mine->now_us + since_us);
}
