/* SPDX-License-Identifier: BSD-2-Clause */
/* One run: a scenario with a seed, in its own process; and the verbs about time and threads. */
#include "sim/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/thread.h"
#include "sim/checkers.h"
#include "sim/scheduler.h"

enum { ACTIONS_MAX = 4096, REQUEST_CAP = 2000 };

static struct {
    const struct sim_scenario *scenario;
    uint64_t seed, begin_us;
    unsigned allowances;
    int request_cap;
    bool is_failing, is_over_limit;
    struct action {
        uint64_t at_us;
        void (*run)(int argument);
        int argument;
    } actions[ACTIONS_MAX]; /* By time; those that have run are gone. */
    int action_count;
    bool is_acting, is_over;
    struct sim_thread *actor;
    bool has_actor; /* Or will: its thread is being started. */
} run = {.request_cap = REQUEST_CAP};

_Noreturn void sim_fail(const char *format, ...)
{
    va_list arguments;
    sim_hide_begin();
    if (run.is_failing)
        _exit(3);
    run.is_failing = true;
    fflush(stdout);
    fprintf(stderr, "\nFAILED %s seed %llu at %.6f s: ", run.scenario->name,
            (unsigned long long)run.seed, (double)(sim_now_us() - run.begin_us) / 1e6);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n\nlast events (seconds, thread, what):\n");
    sim_trace_show(stderr);
    fprintf(stderr, "\nthreads:\n");
    sim_threads_show();
    fprintf(stderr, "\nagain: tests/sim/run --scenario %s --seed %llu\n", run.scenario->name,
            (unsigned long long)run.seed);
    sim_trace_end();
    _exit(run.is_over_limit ? SIM_TOO_LONG : SIM_FAILED);
}

void sim_run_over_limit(void)
{
    run.is_over_limit = true;
}

static bool is_full;

void sim_set_full(void)
{
    is_full = true;
}

bool sim_is_full(void)
{
    return is_full;
}

void sim_allow(unsigned allowances)
{
    run.allowances |= allowances;
}

unsigned sim_allowances(void)
{
    return run.allowances;
}

void sim_request_cap(int per_second)
{
    run.request_cap = per_second;
}

/* Notes */

void sim_note(const char *format, ...)
{
    char text[256];
    va_list arguments;
    sim_hide_begin();
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sim_trace_text("note: %s", text);
    sim_hide_end();
}

void sim_note_fault(const char *format, ...)
{
    char text[256];
    va_list arguments;
    sim_hide_begin();
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sim_trace_text("fault: %s", text);
    sim_hide_end();
}

/* Time, threads, chance */

void sim_run_for(int64_t ms)
{
    rk_thread_pause_us((uint64_t)ms * 1000);
}

uint64_t sim_now_ms(void)
{
    return (sim_now_us() - run.begin_us) / 1000;
}

uint64_t sim_below(uint64_t limit)
{
    return sim_chance_below(SIM_CHANCE_SCENARIO, limit);
}

bool sim_one_in(uint64_t n)
{
    return sim_below(n) == 0;
}

struct sim_thread *sim_spawn(const char *name, void (*function)(void *argument), void *argument)
{
    return sim_thread_start(name, false, function, argument);
}

void sim_join(struct sim_thread *thread)
{
    sim_thread_join(thread);
}

/* Actions */

static void act(void *argument)
{
    (void)argument;
    while (!run.is_over || run.action_count > 0) {
        uint64_t at_us = run.action_count > 0 ? run.actions[0].at_us : RK_NEVER;
        if (at_us > sim_now_us()) {
            sim_wait_for(SIM_SLEEPS, &run.actor, 0, at_us);
            continue;
        }
        struct action action = run.actions[0];
        run.action_count--;
        sim_hide_begin(); /* The compiler makes a memmove of it. */
        for (int i = 0; i < run.action_count; i++)
            run.actions[i] = run.actions[i + 1];
        sim_hide_end();
        run.is_acting = true;
        action.run(action.argument);
        run.is_acting = false;
    }
}

void sim_at(int64_t ms, void (*action)(int argument), int argument)
{
    uint64_t at_us = sim_now_us() + (uint64_t)ms * 1000;
    sim_check(run.action_count < ACTIONS_MAX, "more than %d actions", ACTIONS_MAX);
    if (run.is_over)
        return;
    int i = run.action_count++;
    for (; i > 0 && run.actions[i - 1].at_us > at_us; i--)
        run.actions[i] = run.actions[i - 1];
    run.actions[i] = (struct action){at_us, action, argument};
    if (run.has_actor) {
        sim_wake_all(SIM_SLEEPS, &run.actor);
        return;
    }
    run.has_actor = true;
    run.actor = sim_spawn("actions", act, NULL);
}

void sim_await_actions(void)
{
    while (run.action_count > 0 || run.is_acting)
        sim_run_for(1);
}

void sim_actions_end(void)
{
    run.is_over = true;
    run.action_count = 0;
    if (!run.has_actor)
        return;
    while (!run.actor)
        sim_run_for(1);
    sim_wake_all(SIM_SLEEPS, &run.actor);
    sim_join(run.actor);
}

/* The run */

static uint64_t count_messages(void)
{
    uint64_t sum = 0;
    for (const struct sim_client *client = sim_clients(); client; client = client->next)
        sum += (uint64_t)client->message_count + client->consumed;
    return sum;
}

static void check_all(void)
{
    sim_actions_end();
    sim_clients_end();
    if (sim_mock()) {
        sim_check_messages();
        sim_check_requests(run.request_cap);
    }
    sim_cluster_end();
    sim_check_nothing_left();
}

_Noreturn void sim_run(const struct sim_scenario *scenario, uint64_t seed, const char *trace_path,
                       int seconds, int result_fd)
{
    struct sim_result result;
    run.scenario = scenario;
    run.seed = seed;
    sim_scheduler_begin(seed);
    run.begin_us = sim_now_us();
    sim_trace_begin(trace_path);
    sim_watchdog_begin(seconds);
    scenario->run();
    check_all();
    result = (struct sim_result){
        .virtual_us = sim_now_us() - run.begin_us,
        .points = sim_points(),
        .trace_sum = sim_trace_sum(),
        .messages = count_messages(),
    };
    sim_trace_end();
    if (write(result_fd, &result, sizeof(result)) != sizeof(result))
        _exit(2);
    if (run.allowances & SIM_ALLOW_ABANDONED)
        _exit(0); /* A sanitizer would wait for them, or complain. */
    exit(0);
}
