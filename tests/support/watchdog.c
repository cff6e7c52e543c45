/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends a test that hangs, after showing the stack of each of its threads.
 *
 * Part of every test program; starts before main(). The limit is RK_TEST_SECONDS, 0 for none (to
 * debug). Frames are printed as program(+offset): `addr2line -fie program offset` gives function
 * and line.
 */
#include <dirent.h>
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_SECONDS = 60, FRAMES_MAX = 64, STACK_WAIT_MS = 500 };

static atomic_int stacks_shown;
static DIR *
    threads; /* Opened at the start: opendir() allocates, and the test may hang in the allocator. */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

static void show_stack(int signal_number)
{
    void *frames[FRAMES_MAX];
    (void)signal_number;
    say("--- thread\n");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
    atomic_fetch_add(&stacks_shown, 1);
}

/* Asks one thread for its stack and waits until it is written, so that stacks do not mix. A thread
 * that does not answer is passed over. */
static void show_thread(pid_t thread)
{
    int before = atomic_load(&stacks_shown);
    if (syscall(SYS_tgkill, getpid(), thread, SIGUSR2) != 0)
        return;
    for (int i = 0; i < STACK_WAIT_MS && atomic_load(&stacks_shown) == before; i++) {
        struct timespec millisecond = {.tv_nsec = 1000 * 1000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &millisecond, NULL);
    }
}

static void on_alarm(int signal_number)
{
    pid_t self = (pid_t)syscall(SYS_gettid);
    (void)signal_number;
    say("watchdog: the test took too long; its stacks:\n");
    show_stack(0);

    for (struct dirent *entry = readdir(threads); entry; entry = readdir(threads)) {
        pid_t thread = (pid_t)atoi(entry->d_name);
        if (thread > 0 && thread != self)
            show_thread(thread);
    }
    _exit(124);
}

__attribute__((constructor)) static void start_watchdog(void)
{
    const char *limit = getenv("RK_TEST_SECONDS");
    int seconds = limit ? atoi(limit) : DEFAULT_SECONDS;
    void *frame;
    backtrace(&frame, 1); /* Loads what it needs now, not in a signal handler. */
    threads = opendir("/proc/self/task");
    if (!threads)
        return;

    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = show_stack;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &action, NULL);
    alarm((unsigned)seconds);
}
