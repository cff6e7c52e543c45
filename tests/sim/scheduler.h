/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulation's scheduler: real threads of which one runs at a time, and virtual time.
 *
 * One per process, begun by sim_scheduler_begin() on the thread that becomes "app". A thread runs
 * while it holds the baton, a raw futex that no sanitizer knows of, and gives it away at switch
 * points and when it waits. Everything of tests/sim is touched by the holder of the baton alone,
 * needs no lock, and is built without -fsanitize=thread, so that ThreadSanitizer sees the library's
 * own ordering and no other.
 */
#ifndef SIM_SCHEDULER_H
#define SIM_SCHEDULER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "sim/trace.h"

enum sim_wait {
    SIM_WAITS_NOT, /* It may run. */
    SIM_WAITS_MUTEX,
    SIM_WAITS_CONDITION,
    SIM_WAITS_DESCRIPTORS,
    SIM_WAITS_THREAD,
    SIM_WAITS_NAME, /* A look-up that hangs. */
    SIM_SLEEPS,
    SIM_ENDED,
};

struct rk_wait_entry;

struct sim_thread {
    int index; /* In the order of their starts. */
    char name[16];
    bool is_internal; /* The library started it. */
    enum sim_wait wait;
    const void *object; /* What it waits for; compared, never printed. */
    int64_t object_id;  /* What is printed instead. */
    uint64_t deadline_us;
    bool is_late; /* The last wait ended by its deadline. */
    struct rk_wait_entry *entries;
    int entry_count;
    int place;         /* Among the runnable ones; -1. */
    uint64_t waits;    /* For descriptors: that is where loops wait, */
    uint64_t timeouts; /* and how many of these ended by their deadline. */
    _Atomic uint32_t baton;
    pthread_t native;
    bool is_let_go; /* Joined, or detached. */
    pid_t id;
    void (*run)(void *argument);
    void *argument;
    struct sim_thread *next; /* All of them, ended ones too. */
};

/* Something that happens at a virtual time: the network. Embedded; runs on whatever thread holds
 * the baton, and may not wait. */
struct sim_event {
    uint64_t at_us;
    uint64_t order;
    int place; /* In the heap, from 1; 0 while not started. */
    void (*fire)(struct sim_event *event);
};

void sim_scheduler_begin(uint64_t seed);
uint64_t sim_now_us(void);
uint64_t sim_points(void);
struct sim_thread *sim_self(void);
struct sim_thread *sim_threads(void);

/* Another thread may go on from here; takes one microsecond. */
void sim_switch_point(enum sim_trace_kind kind, int64_t what, int64_t detail);
/* False when the deadline came first. */
bool sim_wait_for(enum sim_wait wait, const void *object, int64_t object_id, uint64_t deadline_us);
void sim_make_runnable(struct sim_thread *thread);
/* Those that wait for it: all, or one of them, by chance. */
void sim_wake_all(enum sim_wait wait, const void *object);
void sim_wake_one(enum sim_wait wait, const void *object);
/* Something useful happened: no livelock. */
void sim_progress(void);

/* NULL with errno when there is no thread to be had. */
struct sim_thread *sim_thread_start(const char *name, bool is_internal, void (*run)(void *argument),
                                    void *argument);
void sim_thread_join(struct sim_thread *thread);
void sim_thread_detach(struct sim_thread *thread);
/* How often loops of clients (not those of the built-in cluster) have waited so far, and how many
 * of these waits ended by their deadline. */
struct sim_waits {
    int waits, timeouts;
};
struct sim_waits sim_client_waits(void);
/* Threads the library started that have not ended. */
int sim_internal_threads(void);

void sim_event_start(struct sim_event *event, uint64_t at_us);
void sim_event_stop(struct sim_event *event);

/* Chance: one sequence for the scheduler, one for the network, one for the library, one for
 * scenarios. */
enum sim_chance {
    SIM_CHANCE_SCHEDULER,
    SIM_CHANCE_NETWORK,
    SIM_CHANCE_LIBRARY,
    SIM_CHANCE_SCENARIO,
    SIM_CHANCE_COUNT
};
uint64_t sim_chance(enum sim_chance of);
/* 0 ... limit - 1; 0 for limit 0. */
uint64_t sim_chance_below(enum sim_chance of, uint64_t limit);

/* What the simulation itself allocates: not counted, and no matter for ThreadSanitizer. */
void *sim_alloc(size_t size);
void *sim_resize(void *memory, size_t size);
void sim_free(void *memory);
/* ThreadSanitizer looks away in between: for calls of the C library on the simulation's data. */
void sim_hide_begin(void);
void sim_hide_end(void);

#endif
