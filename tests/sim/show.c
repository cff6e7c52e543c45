/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the threads of a failed run stand, and the watchdog of the processor's and of real
 * time.
 *
 * Each thread is asked for its stack by a signal, whether it holds the baton or waits for it;
 * addr2line makes names of it, if it is installed.
 */
#include <execinfo.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/run.h"
#include "sim/scheduler.h"

enum { FRAMES_MAX = 48, STACK_WAIT_MS = 100, COMMAND_SIZE = 2048, WALL_FACTOR = 20 };

static void *frames[FRAMES_MAX];
static volatile int frame_count;
static atomic_int is_shown;

static const char *const wait_names[] = {
    [SIM_WAITS_NOT] = "may run",
    [SIM_WAITS_MUTEX] = "waits for lock",
    [SIM_WAITS_CONDITION] = "waits for condition",
    [SIM_WAITS_DESCRIPTORS] = "polls descriptors:",
    [SIM_WAITS_THREAD] = "waits for the end of thread",
    [SIM_WAITS_NAME] = "waits for the answer about name",
    [SIM_SLEEPS] = "sleeps",
    [SIM_ENDED] = "has ended",
};

static void take_stack(int signal_number)
{
    (void)signal_number;
    frame_count = backtrace(frames, FRAMES_MAX);
    atomic_store(&is_shown, 1);
}

static bool ask_for_stack(const struct sim_thread *thread)
{
    if (thread == sim_self()) {
        take_stack(0);
        return true;
    }
    atomic_store(&is_shown, 0);
    if (syscall(SYS_tgkill, getpid(), thread->id, SIGUSR2) != 0)
        return false;
    for (int i = 0; i < STACK_WAIT_MS && !atomic_load(&is_shown); i++) {
        struct timespec millisecond = {.tv_nsec = 1000 * 1000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &millisecond, NULL);
    }
    return atomic_load(&is_shown);
}

static void print_stack(void)
{
    char command[COMMAND_SIZE], line[512], program[256] = "";
    Dl_info here, info;
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
        return;
    dladdr((const void *)&print_stack, &here);
    size_t size = (size_t)snprintf(command, sizeof(command), "addr2line -fpise '%s'", program);
    for (int i = 0; i < frame_count; i++) {
        if (!dladdr(frames[i], &info) || info.dli_fbase != here.dli_fbase)
            continue;
        size_t offset = (size_t)((char *)frames[i] - (char *)here.dli_fbase);
        size += (size_t)snprintf(command + size, sizeof(command) - size, " 0x%zx", offset - 1);
        if (size > sizeof(command) - 32)
            break;
    }
    snprintf(command + size, sizeof(command) - size, " 2>/dev/null");
    FILE *output = popen(command, "r");
    while (output && fgets(line, sizeof(line), output)) {
        if (strstr(line, "scheduler.c:") || strstr(line, "show.c:"))
            continue;
        fprintf(stderr, "       %s", line);
    }
    if (output)
        pclose(output);
}

void sim_threads_show(void)
{
    struct sigaction action = {.sa_handler = take_stack, .sa_flags = SA_RESTART};
    sigaction(SIGUSR2, &action, NULL);
    take_stack(0); /* Loads what it needs. */
    for (const struct sim_thread *thread = sim_threads(); thread; thread = thread->next) {
        if (thread->wait == SIM_ENDED)
            continue;
        fprintf(stderr, "  %2d %-12s %s %lld", thread->index, thread->name,
                wait_names[thread->wait], (long long)thread->object_id);
        if (thread->wait != SIM_WAITS_NOT && thread->deadline_us != RK_NEVER)
            fprintf(stderr, ", until %.6f", (double)thread->deadline_us / 1e6);
        fprintf(stderr, "%s\n", thread == sim_self() ? " (is running)" : "");
        if (ask_for_stack(thread))
            print_stack();
    }
}

static void on_limit(int signal_number)
{
    sim_run_over_limit();
    sim_fail("the run took too long in real time: %llu switch points, %s",
             (unsigned long long)sim_points(),
             signal_number == SIGPROF ? "by the processor's time" : "by the clock");
}

/* A loaded machine makes a run slower, not longer in the processor's time. */
void sim_watchdog_begin(int seconds)
{
    struct sigaction action = {.sa_handler = on_limit};
    struct itimerval busy = {.it_value = {.tv_sec = seconds}};
    sigaction(SIGPROF, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_PROF, &busy, NULL);
    alarm((unsigned)seconds * WALL_FACTOR);
}
