/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"

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

/* Ranks */

#ifdef RK_DEBUG
#define MAX_HELD 8
static _Thread_local enum rk_rank held[MAX_HELD];
static _Thread_local int held_count;

static void push_rank(enum rk_rank rank)
{
    RK_ASSERT(held_count < MAX_HELD);
    for (int i = 0; i < held_count; i++)
        RK_ASSERT(held[i] < rank);
    held[held_count++] = rank;
}

static void pop_rank(enum rk_rank rank)
{
    int i = held_count - 1;
    while (i >= 0 && held[i] != rank)
        i--;
    RK_ASSERT(i >= 0);
    for (; i < held_count - 1; i++)
        held[i] = held[i + 1];
    held_count--;
}
#else
static inline void push_rank(enum rk_rank rank)
{
    (void)rank;
}

static inline void pop_rank(enum rk_rank rank)
{
    (void)rank;
}
#endif

/* Locks and conditions */

void rk_mutex_init(struct rk_mutex *mutex, enum rk_rank rank)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL);
    pthread_mutex_init(&mutex->native, &attributes);
    pthread_mutexattr_destroy(&attributes);
    mutex->rank = rank;
}

void rk_mutex_clear(struct rk_mutex *mutex)
{
    pthread_mutex_destroy(&mutex->native);
}

void rk_mutex_lock(struct rk_mutex *mutex) RK_NO_THREAD_ANALYSIS
{
    push_rank(mutex->rank);
    pthread_mutex_lock(&mutex->native);
}

void rk_mutex_unlock(struct rk_mutex *mutex) RK_NO_THREAD_ANALYSIS
{
    pop_rank(mutex->rank);
    pthread_mutex_unlock(&mutex->native); /* From here on another thread may free it. */
}

void rk_condition_init(struct rk_condition *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition->native, &attributes);
    pthread_condattr_destroy(&attributes);
}

void rk_condition_clear(struct rk_condition *condition)
{
    pthread_cond_destroy(&condition->native);
}

bool rk_condition_wait(struct rk_condition *condition, struct rk_mutex *mutex, uint64_t deadline_us)
{
    if (deadline_us == RK_NEVER) {
        pthread_cond_wait(&condition->native, &mutex->native);
        return true;
    }
    struct timespec until = {.tv_sec = (time_t)(deadline_us / 1000000),
                             .tv_nsec = (long)(deadline_us % 1000000) * 1000};
    return pthread_cond_timedwait(&condition->native, &mutex->native, &until) != ETIMEDOUT;
}

void rk_condition_signal(struct rk_condition *condition)
{
    pthread_cond_signal(&condition->native);
}

void rk_condition_broadcast(struct rk_condition *condition)
{
    pthread_cond_broadcast(&condition->native);
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
