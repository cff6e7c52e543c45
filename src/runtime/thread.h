/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, locks, conditions and waiting for descriptors: a seam (thread_posix.c), replaced in
 * tests.
 *
 * Locks have ranks and are taken upwards only; debug builds check it. No callback of the
 * application and no post runs under a lock, but for a queue's wake-up (event/queue.h), and where
 * whoever is posted to goes away under the same lock (net/resolver_posix.c, event/prefetch.h).
 */
#ifndef RK_RUNTIME_THREAD_H
#define RK_RUNTIME_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/roles.h"

enum rk_rank {
    RK_RANK_TOPICS = 1,    /* Registry of topics. */
    RK_RANK_PARTITION = 2, /* A producer's partition queue; staging; a queue's forwarding. */
    RK_RANK_QUEUE = 3,     /* An application queue; room to fetch. */
    RK_RANK_RESOLVER = 3,  /* Posts its answers under it: net/resolver_posix.c says why. */
    RK_RANK_MAILBOX = 4,
    RK_RANK_REPLY = 5, /* A waiting application thread; producers waiting for room; snapshots. */
    RK_RANK_POOL = 6,
    RK_RANK_LOG = 7, /* The client's core: logs, visitors, the fatal error. */
};

/* A futex: taking one that is free costs one atomic instruction, which a path per message is glad
 * of. */
struct RK_CAPABILITY("mutex") rk_mutex {
    _Atomic uint32_t state; /* 0: free, so that a static one needs no init. */
    enum rk_rank rank;
};

struct rk_condition {
    _Atomic uint32_t sequence; /* Of signals. */
    _Atomic uint32_t waiters;
};

void rk_mutex_init(struct rk_mutex *mutex, enum rk_rank rank);
void rk_mutex_clear(struct rk_mutex *mutex);
void rk_mutex_lock(struct rk_mutex *mutex) RK_ACQUIRES(mutex);
void rk_mutex_unlock(struct rk_mutex *mutex) RK_RELEASES(mutex);

/* Code of the application runs under the mutex from here on, on this thread; NULL: no longer. What
 * would take it there by a call of the library ends the process, with a message: it would wait for
 * itself. */
void rk_mutex_lend(const struct rk_mutex *mutex);

void rk_condition_init(struct rk_condition *condition);
void rk_condition_clear(struct rk_condition *condition);
/* False when the deadline (rk_clock_now_us, RK_NEVER: none) passed first; wakes up without reason
 * at times. */
bool rk_condition_wait(struct rk_condition *condition, struct rk_mutex *mutex, uint64_t deadline_us)
    RK_REQUIRES(mutex);
void rk_condition_signal(struct rk_condition *condition);
void rk_condition_broadcast(struct rk_condition *condition);

struct rk_thread;

/* Starts `run(argument)` with all signals blocked. NULL with errno when the system has no thread to
 * give. */
struct rk_thread *rk_thread_start(const char *name, void (*run)(void *argument), void *argument);
/* Waits for its end and frees it. */
void rk_thread_join(struct rk_thread *thread);
/* Lets the thread run on its own; frees the handle. */
void rk_thread_detach(struct rk_thread *thread);
/* Internal threads alive in this process. */
int rk_thread_count(void);
/* Name given at the start of the calling internal thread, "app" on a thread of the application. */
const char *rk_thread_name(void);
/* True on a thread the library started. */
bool rk_thread_is_internal(void);
/* Changes by fork(): the child has none of the threads. */
int rk_process_id(void);
/* Blocks the calling thread for about this long. */
void rk_thread_pause_us(uint64_t duration_us);

/* What rk_wait_descriptors waits for: `events` and `revents` as in poll(2). */
struct rk_wait_entry {
    int fd;
    short events;
    short revents;
};

/* Entries that are ready, 0 at the deadline. Interruptions by signals are not seen. */
int rk_wait_descriptors(struct rk_wait_entry *entries, int count, uint64_t deadline_us);

/* A descriptor that another thread makes readable. -1 with errno when there is none to be had. */
int rk_wake_open(void);
void rk_wake_signal(int fd);
void rk_wake_drain(int fd);
void rk_wake_close(int fd);
/* Writes to a descriptor of the application's that it waits for; what does not fit is dropped. */
void rk_wake_write(int fd, const void *bytes, size_t size);

#endif
