/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/thread.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "runtime/lock_rank.h"

struct rk_role rk_role_broker;
struct rk_role rk_role_background;

#define MAX_NAME       16
#define FAILED_WAIT_US 10000

struct rk_thread {
    pthread_t native;
};

struct start {
    void (*run)(void *argument);
    void *argument;
    char name[MAX_NAME];
};

static _Atomic int thread_count;
static _Thread_local char thread_name[MAX_NAME];

/* Locks and conditions */

enum {
    MUTEX_FREE,
    MUTEX_HELD,
    MUTEX_AWAITED, /* Held, and somebody may sleep until it is free. */
};

#define SPINS 100 /* Sections under these locks are short: another core is soon done. */

/* Sleeps while the word has that value; false at the deadline. */
static bool futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_us)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_us / 1000000),
                             .tv_nsec = (long)(deadline_us % 1000000) * 1000};
    long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
                          deadline_us == RK_NEVER ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    return result == 0 || errno != ETIMEDOUT;
}

static void futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static inline bool try_lock(struct rk_mutex *mutex)
{
    uint32_t expected = MUTEX_FREE;
    return atomic_compare_exchange_strong_explicit(&mutex->state, &expected, MUTEX_HELD,
                                                   memory_order_acquire, memory_order_relaxed);
}

static inline void pause_core(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static __attribute__((noinline)) void lock_slowly(struct rk_mutex *mutex)
{
    if (mutex == rk_lent_mutex)
        rk_refuse_lent();
    for (int i = 0; i < SPINS; i++) {
        uint32_t state = atomic_load_explicit(&mutex->state, memory_order_relaxed);
        if (state == MUTEX_FREE && try_lock(mutex))
            return;
        if (state == MUTEX_AWAITED)
            break; /* Others sleep already. */
        pause_core();
    }
    while (atomic_exchange_explicit(&mutex->state, MUTEX_AWAITED, memory_order_acquire) !=
           MUTEX_FREE)
        futex_wait(&mutex->state, MUTEX_AWAITED, RK_NEVER);
}

void rk_mutex_init(struct rk_mutex *mutex, enum rk_rank rank)
{
    atomic_init(&mutex->state, MUTEX_FREE);
    mutex->rank = rank;
}

void rk_mutex_clear(struct rk_mutex *mutex)
{
    RK_ASSERT(atomic_load_explicit(&mutex->state, memory_order_relaxed) == MUTEX_FREE);
}

void rk_mutex_lock(struct rk_mutex *mutex) RK_NO_THREAD_ANALYSIS
{
    rk_lock_rank_push(mutex->rank);
    if (RK_UNLIKELY(!try_lock(mutex)))
        lock_slowly(mutex);
}

void rk_mutex_unlock(struct rk_mutex *mutex) RK_NO_THREAD_ANALYSIS
{
    rk_lock_rank_pop(mutex->rank);
    /* From the exchange on another thread may free it: waking at its address then wakes nobody. */
    if (RK_UNLIKELY(atomic_exchange_explicit(&mutex->state, MUTEX_FREE, memory_order_release) ==
                    MUTEX_AWAITED))
        futex_wake(&mutex->state, 1);
}

void rk_mutex_lend(const struct rk_mutex *mutex)
{
    rk_lent_mutex = mutex;
}

void rk_condition_init(struct rk_condition *condition)
{
    atomic_init(&condition->sequence, 0);
    atomic_init(&condition->waiters, 0);
}

void rk_condition_clear(struct rk_condition *condition)
{
    RK_ASSERT(atomic_load_explicit(&condition->waiters, memory_order_relaxed) == 0);
}

/* What is waited for changes under the mutex. A signal after that change raises the sequence, so
 * that who read it before does not sleep. */
bool rk_condition_wait(struct rk_condition *condition, struct rk_mutex *mutex,
                       uint64_t deadline_us) RK_NO_THREAD_ANALYSIS
{
    uint32_t sequence = atomic_load(&condition->sequence);
    atomic_fetch_add(&condition->waiters, 1);
    rk_mutex_unlock(mutex);
    bool in_time = futex_wait(&condition->sequence, sequence, deadline_us);
    rk_mutex_lock(mutex);
    atomic_fetch_sub(&condition->waiters, 1);
    return in_time;
}

static void wake_waiters(struct rk_condition *condition, int count)
{
    atomic_fetch_add(&condition->sequence, 1);
    if (atomic_load(&condition->waiters) > 0)
        futex_wake(&condition->sequence, count);
}

void rk_condition_signal(struct rk_condition *condition)
{
    wake_waiters(condition, 1);
}

void rk_condition_broadcast(struct rk_condition *condition)
{
    wake_waiters(condition, INT_MAX);
}

/* Threads */

static void *start_thread(void *argument)
{
    struct start start = *(struct start *)argument;
    rk_free(argument);
    memcpy(thread_name, start.name, sizeof(thread_name));
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.argument);
    atomic_fetch_sub_explicit(&thread_count, 1, memory_order_release);
    return NULL;
}

struct rk_thread *rk_thread_start(const char *name, void (*run)(void *argument), void *argument)
{
    struct rk_thread *thread = RK_NEW(struct rk_thread);
    struct start *start = RK_NEW(struct start);
    start->run = run;
    start->argument = argument;
    strncpy(start->name, name, sizeof(start->name) - 1);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add_explicit(&thread_count, 1, memory_order_relaxed);
    int error = pthread_create(&thread->native, NULL, start_thread, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        atomic_fetch_sub_explicit(&thread_count, 1, memory_order_relaxed);
        rk_free(start);
        rk_free(thread);
        errno = error;
        return NULL;
    }
    return thread;
}

void rk_thread_join(struct rk_thread *thread)
{
    pthread_join(thread->native, NULL);
    rk_free(thread);
}

void rk_thread_detach(struct rk_thread *thread)
{
    pthread_detach(thread->native);
    rk_free(thread);
}

int rk_thread_count(void)
{
    return atomic_load_explicit(&thread_count, memory_order_acquire);
}

const char *rk_thread_name(void)
{
    return thread_name[0] ? thread_name : "app";
}

bool rk_thread_is_internal(void)
{
    return thread_name[0] != '\0';
}

int rk_process_id(void)
{
    return (int)getpid();
}

void rk_thread_pause_us(uint64_t duration_us)
{
    struct timespec left = {.tv_sec = (time_t)(duration_us / 1000000),
                            .tv_nsec = (long)(duration_us % 1000000) * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Descriptors */

_Static_assert(sizeof(struct rk_wait_entry) == sizeof(struct pollfd), "poll(2) reads our entries");
_Static_assert(offsetof(struct rk_wait_entry, revents) == offsetof(struct pollfd, revents),
               "poll(2) reads our entries");

int rk_wait_descriptors(struct rk_wait_entry *entries, int count, uint64_t deadline_us)
{
    for (;;) {
        struct timespec left, *timeout = NULL;
        if (deadline_us != RK_NEVER) {
            uint64_t now_us = rk_clock_now_us();
            uint64_t left_us = deadline_us > now_us ? deadline_us - now_us : 0;
            left.tv_sec = (time_t)(left_us / 1000000);
            left.tv_nsec = (long)(left_us % 1000000) * 1000;
            timeout = &left;
        }
        int ready = ppoll((struct pollfd *)(void *)entries, (nfds_t)count, timeout, NULL);
        if (ready >= 0)
            return ready;
        if (errno != EINTR) {
            rk_thread_pause_us(FAILED_WAIT_US); /* The caller comes back: not without rest. */
            return 0;
        }
    }
}

int rk_wake_open(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void rk_wake_signal(int fd)
{
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(fd, &one, sizeof(one));
    while (written < 0 && errno == EINTR);
}

void rk_wake_drain(int fd)
{
    uint64_t count;
    ssize_t got;
    do
        got = read(fd, &count, sizeof(count));
    while (got < 0 && errno == EINTR);
}

void rk_wake_close(int fd)
{
    close(fd);
}

void rk_wake_write(int fd, const void *bytes, size_t size)
{
    ssize_t written;
    do
        written = write(fd, bytes, size);
    while (written < 0 && errno == EINTR);
}
