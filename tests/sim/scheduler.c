/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/scheduler.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/sim.h"

enum {
    THREADS_MAX = 16384,
    LIVELOCK_POINTS = 10 * 1000 * 1000, /* Without a moment in which all wait. */
};

#define START_US ((uint64_t)1000 * 1000 * 1000)
#define LIMIT_US ((uint64_t)48 * 3600 * 1000 * 1000) /* Of a run. */

static struct {
    uint64_t now_us;
    uint64_t points, progress_at; /* Switch points so far, and at the last progress. */
    uint64_t next_deadline_us;    /* Of the waiting threads; or earlier. */
    struct sim_thread *first, *last;
    int thread_count, internal_count;
    struct sim_thread *runnable[THREADS_MAX];
    int runnable_count;
    uint64_t stay_in_64; /* How eager the running thread is to go on, 0 to 63 in 64. */
    struct sim_event **events;
    int event_count, event_capacity;
    uint64_t event_order;
    uint64_t chance[SIM_CHANCE_COUNT];
} scheduler;

static _Thread_local struct sim_thread *self;

/* ThreadSanitizer */

#ifdef SIM_WITH_TSAN
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

void sim_hide_begin(void)
{
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

void sim_hide_end(void)
{
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#else
void sim_hide_begin(void)
{
}

void sim_hide_end(void)
{
}
#endif

void *sim_alloc(size_t size)
{
    sim_hide_begin();
    void *memory = calloc(1, size ? size : 1);
    sim_hide_end();
    if (!memory)
        abort();
    return memory;
}

void *sim_resize(void *memory, size_t size)
{
    sim_hide_begin();
    memory = realloc(memory, size ? size : 1);
    sim_hide_end();
    if (!memory)
        abort();
    return memory;
}

void sim_free(void *memory)
{
    sim_hide_begin();
    free(memory);
    sim_hide_end();
}

/* Chance: splitmix64. */

uint64_t sim_chance(enum sim_chance of)
{
    uint64_t mixed = scheduler.chance[of] += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

uint64_t sim_chance_below(enum sim_chance of, uint64_t limit)
{
    return limit ? sim_chance(of) % limit : 0;
}

/* The baton */

static void give_baton(struct sim_thread *to)
{
    atomic_store_explicit(&to->baton, 1, memory_order_release);
    syscall(SYS_futex, &to->baton, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void await_baton(struct sim_thread *thread)
{
    while (!atomic_load_explicit(&thread->baton, memory_order_acquire))
        syscall(SYS_futex, &thread->baton, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    atomic_store_explicit(&thread->baton, 0, memory_order_relaxed);
}

/* Threads that may run */

void sim_make_runnable(struct sim_thread *thread)
{
    if (thread->place >= 0 || thread->wait == SIM_ENDED)
        return;
    thread->wait = SIM_WAITS_NOT;
    thread->place = scheduler.runnable_count;
    scheduler.runnable[scheduler.runnable_count++] = thread;
}

static void make_waiting(struct sim_thread *thread, enum sim_wait wait)
{
    struct sim_thread *last = scheduler.runnable[--scheduler.runnable_count];
    scheduler.runnable[thread->place] = last;
    last->place = thread->place;
    thread->place = -1;
    thread->wait = wait;
}

static void expire_deadlines(void)
{
    scheduler.next_deadline_us = RK_NEVER;
    for (struct sim_thread *thread = scheduler.first; thread; thread = thread->next) {
        if (thread->wait == SIM_WAITS_NOT || thread->wait == SIM_ENDED)
            continue;
        if (thread->deadline_us <= scheduler.now_us) {
            thread->is_late = true;
            sim_make_runnable(thread);
        } else if (thread->deadline_us < scheduler.next_deadline_us) {
            scheduler.next_deadline_us = thread->deadline_us;
        }
    }
}

static void run_events(void)
{
    while (scheduler.event_count > 0 && scheduler.events[1]->at_us <= scheduler.now_us) {
        struct sim_event *event = scheduler.events[1];
        sim_event_stop(event);
        event->fire(event);
    }
}

/* All wait: to the next moment at which something happens. */
static void move_time_on(void)
{
    while (scheduler.runnable_count == 0) {
        expire_deadlines(); /* The cached one may be long past. */
        if (scheduler.runnable_count > 0)
            break;
        uint64_t next_us = scheduler.next_deadline_us;
        if (scheduler.event_count > 0 && scheduler.events[1]->at_us < next_us)
            next_us = scheduler.events[1]->at_us;
        if (next_us == RK_NEVER)
            sim_fail("deadlock: every thread waits, none with a deadline");
        if (next_us > START_US + LIMIT_US)
            sim_fail("the run takes more than two virtual days");
        if (next_us > scheduler.now_us) {
            sim_trace(SIM_TRACE_IDLE, (int64_t)(next_us - scheduler.now_us), 0);
            scheduler.now_us = next_us;
        }
        sim_progress();
        run_events();
    }
}

static struct sim_thread *pick(void)
{
    run_events();
    if (scheduler.now_us >= scheduler.next_deadline_us)
        expire_deadlines();
    if (scheduler.runnable_count == 0)
        move_time_on();
    if (self->place >= 0 && (scheduler.runnable_count == 1 ||
                             (sim_chance(SIM_CHANCE_SCHEDULER) & 63) < scheduler.stay_in_64))
        return self;
    return scheduler
        .runnable[sim_chance_below(SIM_CHANCE_SCHEDULER, (uint64_t)scheduler.runnable_count)];
}

static void let_one_run(void)
{
    sim_hide_begin();
    struct sim_thread *next = pick();
    sim_hide_end();
    if (next == self)
        return;
    give_baton(next);
    await_baton(self);
}

static void count_point(void)
{
    scheduler.now_us++;
    if (++scheduler.points - scheduler.progress_at > LIVELOCK_POINTS)
        sim_fail("livelock: %d switch points without a moment in which all wait", LIVELOCK_POINTS);
}

void sim_switch_point(enum sim_trace_kind kind, int64_t what, int64_t detail)
{
    int error = errno;
    if (!self)
        return; /* Before the simulation, or after it. */
    sim_trace(kind, what, detail);
    count_point();
    let_one_run();
    errno = error;
}

bool sim_wait_for(enum sim_wait wait, const void *object, int64_t object_id, uint64_t deadline_us)
{
    int error = errno;
    self->object = object;
    self->object_id = object_id;
    self->deadline_us = deadline_us;
    self->is_late = false;
    self->waits += wait == SIM_WAITS_DESCRIPTORS;
    count_point();
    make_waiting(self, wait);
    if (deadline_us < scheduler.next_deadline_us)
        scheduler.next_deadline_us = deadline_us;
    let_one_run();
    self->timeouts += wait == SIM_WAITS_DESCRIPTORS && self->is_late;
    self->object = NULL;
    errno = error;
    return !self->is_late;
}

void sim_wake_all(enum sim_wait wait, const void *object)
{
    for (struct sim_thread *thread = scheduler.first; thread; thread = thread->next) {
        if (thread->wait == wait && thread->object == object)
            sim_make_runnable(thread);
    }
}

void sim_wake_one(enum sim_wait wait, const void *object)
{
    struct sim_thread *chosen = NULL;
    uint64_t seen = 0;
    for (struct sim_thread *thread = scheduler.first; thread; thread = thread->next) {
        if (thread->wait == wait && thread->object == object &&
            sim_chance_below(SIM_CHANCE_SCHEDULER, ++seen) == 0)
            chosen = thread;
    }
    if (chosen)
        sim_make_runnable(chosen);
}

void sim_progress(void)
{
    scheduler.progress_at = scheduler.points;
}

/* Threads */

static struct sim_thread *add_thread(const char *name, bool is_internal)
{
    struct sim_thread *thread = sim_alloc(sizeof(*thread));
    if (scheduler.thread_count == THREADS_MAX)
        sim_fail("more than %d threads", THREADS_MAX);
    thread->index = scheduler.thread_count++;
    sim_hide_begin();
    strncpy(thread->name, name, sizeof(thread->name) - 1);
    sim_hide_end();
    thread->is_internal = is_internal;
    thread->place = -1;
    if (scheduler.last)
        scheduler.last->next = thread;
    else
        scheduler.first = thread;
    scheduler.last = thread;
    return thread;
}

static void end_thread(void)
{
    sim_trace(SIM_TRACE_END, self->index, 0);
    if (self->is_internal)
        scheduler.internal_count--;
    make_waiting(self, SIM_ENDED);
    sim_wake_all(SIM_WAITS_THREAD, self);
    give_baton(pick());
}

static void *start_thread(void *argument)
{
    struct sim_thread *thread = argument;
    thread->id = (pid_t)syscall(SYS_gettid);
    await_baton(thread);
    self = thread;
    thread->run(thread->argument);
    end_thread();
    return NULL;
}

struct sim_thread *sim_thread_start(const char *name, bool is_internal, void (*run)(void *argument),
                                    void *argument)
{
    struct sim_thread *thread = add_thread(name, is_internal);
    thread->run = run;
    thread->argument = argument;
    scheduler.internal_count += is_internal;
    if (pthread_create(&thread->native, NULL, start_thread, thread) != 0)
        sim_fail("the system has no thread");
    sim_make_runnable(thread);
    sim_switch_point(SIM_TRACE_START, thread->index, 0);
    return thread;
}

void sim_thread_join(struct sim_thread *thread)
{
    sim_switch_point(SIM_TRACE_JOIN, thread->index, 0);
    while (thread->wait != SIM_ENDED)
        sim_wait_for(SIM_WAITS_THREAD, thread, thread->index, RK_NEVER);
    thread->is_let_go = true;
    pthread_join(thread->native, NULL);
}

void sim_thread_detach(struct sim_thread *thread)
{
    thread->is_let_go = true;
    pthread_detach(thread->native);
}

int sim_internal_threads(void)
{
    return scheduler.internal_count;
}

/* Events: a heap, from 1. */

static bool is_earlier(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void put(struct sim_event *event, int place)
{
    scheduler.events[place] = event;
    event->place = place;
}

static void rise(struct sim_event *event, int place)
{
    for (; place > 1 && is_earlier(event, scheduler.events[place / 2]); place /= 2)
        put(scheduler.events[place / 2], place);
    put(event, place);
}

static void sink(struct sim_event *event, int place)
{
    for (;;) {
        int child = 2 * place;
        if (child > scheduler.event_count)
            break;
        if (child < scheduler.event_count &&
            is_earlier(scheduler.events[child + 1], scheduler.events[child]))
            child++;
        if (!is_earlier(scheduler.events[child], event))
            break;
        put(scheduler.events[child], place);
        place = child;
    }
    put(event, place);
}

void sim_event_start(struct sim_event *event, uint64_t at_us)
{
    sim_event_stop(event);
    event->at_us = at_us;
    event->order = scheduler.event_order++;
    if (scheduler.event_count + 2 > scheduler.event_capacity) {
        scheduler.event_capacity = 2 * scheduler.event_capacity + 64;
        scheduler.events = sim_resize(scheduler.events,
                                      (size_t)scheduler.event_capacity * sizeof(*scheduler.events));
    }
    rise(event, ++scheduler.event_count);
}

void sim_event_stop(struct sim_event *event)
{
    int place = event->place;
    if (!place)
        return;
    event->place = 0;
    struct sim_event *last = scheduler.events[scheduler.event_count--];
    if (last == event)
        return;
    if (place > 1 && is_earlier(last, scheduler.events[place / 2]))
        rise(last, place);
    else
        sink(last, place);
}

/* State */

/* One core, so that giving the baton away is cheap. */
static void pin(void)
{
    cpu_set_t set;
    int core = sched_getcpu();
    CPU_ZERO(&set);
    CPU_SET((size_t)(core < 0 ? 0 : core), &set);
    sched_setaffinity(0, sizeof(set), &set);
}

void sim_scheduler_begin(uint64_t seed)
{
    static const uint64_t stays[] = {0, 32, 56, 62};
    pin();
    scheduler.now_us = START_US;
    scheduler.next_deadline_us = RK_NEVER;
    for (int i = 0; i < SIM_CHANCE_COUNT; i++)
        scheduler.chance[i] = seed * 0x2545f4914f6cdd1du + (uint64_t)i * 0xd6e8feb86659fd93u;
    scheduler.stay_in_64 = stays[sim_chance_below(SIM_CHANCE_SCHEDULER, 4)];
    self = add_thread("app", false);
    self->native = pthread_self();
    self->id = getpid();
    sim_make_runnable(self);
}

void sim_suspend(int64_t ms)
{
    sim_trace_text("fault: the machine is suspended for %lld ms", (long long)ms);
    scheduler.now_us += (uint64_t)ms * 1000;
    sim_switch_point(SIM_TRACE_IDLE, ms, 0);
}

uint64_t sim_now_us(void)
{
    return scheduler.now_us;
}

uint64_t sim_points(void)
{
    return scheduler.points;
}

struct sim_waits sim_client_waits(void)
{
    struct sim_waits all = {0, 0};
    for (const struct sim_thread *thread = scheduler.first; thread; thread = thread->next) {
        if (!thread->is_internal || strcmp(thread->name, "rdk:mock") == 0)
            continue;
        all.waits += (int)thread->waits;
        all.timeouts += (int)thread->timeouts;
    }
    return all;
}

struct sim_thread *sim_self(void)
{
    return self;
}

struct sim_thread *sim_threads(void)
{
    return scheduler.first;
}
