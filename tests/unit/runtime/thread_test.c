/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: names, counting, ranks of locks, conditions, waiting for descriptors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "runtime/thread.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct notes {
    char own_name[32], system_name[32];
    bool is_internal, blocks_signals;
    int count;
};

static void take_notes(void *argument)
{
    struct notes *notes = argument;
    sigset_t blocked;
    strcpy(notes->own_name, rk_thread_name());
    pthread_getname_np(pthread_self(), notes->system_name, sizeof(notes->system_name));
    notes->is_internal = rk_thread_is_internal();
    notes->count = rk_thread_count();
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    notes->blocks_signals = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
}

static void has_name_and_is_counted(void **state)
{
    (void)state;
    struct notes notes = {0};
    sigset_t blocked;
    struct rk_thread *thread = rk_thread_start("rdk:broker1234567", take_notes, &notes);
    rk_thread_join(thread);
    assert_string_equal(notes.own_name, "rdk:broker12345"); /* What the system takes. */
    assert_string_equal(notes.system_name, "rdk:broker12345");
    assert_true(notes.is_internal);
    assert_true(notes.blocks_signals);
    assert_int_equal(notes.count, 1);
    assert_int_equal(rk_thread_count(), 0);

    assert_false(rk_thread_is_internal());
    assert_string_equal(rk_thread_name(), "app");
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGUSR1));
}

static _Atomic bool may_end;

static void wait_for_end(void *argument)
{
    (void)argument;
    while (!atomic_load(&may_end))
        rk_thread_pause_us(1000);
}

static void detached_threads_count_until_they_end(void **state)
{
    (void)state;
    atomic_store(&may_end, false);
    rk_thread_detach(rk_thread_start("loose", wait_for_end, NULL));
    assert_int_equal(rk_thread_count(), 1);
    atomic_store(&may_end, true);
    for (int i = 0; i < 10000 && rk_thread_count() > 0; i++)
        rk_thread_pause_us(1000);
    assert_int_equal(rk_thread_count(), 0);
}

/* Ranks */

static struct rk_mutex low, high, other_high;

static void lock_upwards(void)
{
    rk_mutex_lock(&low);
    rk_mutex_lock(&high);
    rk_mutex_unlock(&low); /* In any order. */
    rk_mutex_unlock(&high);
    rk_mutex_lock(&high);
    rk_mutex_unlock(&high);
}

static void lock_downwards(void) RK_NO_THREAD_ANALYSIS
{
    rk_mutex_lock(&high);
    rk_mutex_lock(&low);
}

static void lock_equals(void) RK_NO_THREAD_ANALYSIS
{
    rk_mutex_lock(&high);
    rk_mutex_lock(&other_high);
}

/* In a child: it ends by abort when an assertion fails. */
static bool aborts(void (*run)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        run();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void locks_are_taken_upwards(void **state)
{
    (void)state;
    rk_mutex_init(&low, RK_RANK_PARTITION);
    rk_mutex_init(&high, RK_RANK_MAILBOX);
    rk_mutex_init(&other_high, RK_RANK_MAILBOX);
    lock_upwards();
    assert_false(aborts(lock_upwards));
#ifdef RK_DEBUG
    assert_true(aborts(lock_downwards));
    assert_true(aborts(lock_equals));
#else
    (void)lock_downwards;
    (void)lock_equals;
#endif
    rk_mutex_clear(&low);
    rk_mutex_clear(&high);
    rk_mutex_clear(&other_high);
}

/* Conditions and descriptors */

static void a_condition_has_a_deadline(void **state)
{
    (void)state;
    struct rk_mutex mutex;
    struct rk_condition condition;
    rk_mutex_init(&mutex, RK_RANK_REPLY);
    rk_condition_init(&condition);
    rk_mutex_lock(&mutex);
    uint64_t before_us = rk_clock_now_us();
    while (rk_condition_wait(&condition, &mutex, before_us + 30000))
        ;
    assert_true(rk_clock_now_us() >= before_us + 30000);
    assert_false(rk_condition_wait(&condition, &mutex, 0));
    rk_mutex_unlock(&mutex);
    rk_condition_clear(&condition);
    rk_mutex_clear(&mutex);
}

static void wakes_add_up_and_are_drained(void **state)
{
    (void)state;
    int fd = rk_wake_open();
    struct rk_wait_entry entry = {.fd = fd, .events = POLLIN};
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(rk_wait_descriptors(&entry, 1, 0), 0);
    rk_wake_drain(fd);
    for (int i = 0; i < 1000; i++)
        rk_wake_signal(fd);
    assert_int_equal(rk_wait_descriptors(&entry, 1, RK_NEVER), 1);
    assert_int_equal(entry.revents, POLLIN);
    rk_wake_drain(fd);
    uint64_t before_us = rk_clock_now_us();
    assert_int_equal(rk_wait_descriptors(&entry, 1, before_us + 20000), 0);
    assert_true(rk_clock_now_us() >= before_us + 20000);
    rk_wake_close(fd);
}

static void on_signal(int number)
{
    (void)number;
}

static void waiting_is_not_cut_short_by_signals(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGALRM, &action, NULL);
    ualarm(2000, 2000);
    uint64_t before_us = rk_clock_now_us();
    int ready = rk_wait_descriptors(NULL, 0, before_us + 50000);
    rk_thread_pause_us(20000);
    uint64_t waited_us = rk_clock_now_us() - before_us;
    ualarm(0, 0);
    assert_int_equal(ready, 0);
    assert_true(waited_us >= 69000);
}

/* More descriptors than the process may have: poll fails at once, which must not become a loop
 * without rest. */
static void waiting_that_fails_takes_time(void **state)
{
    (void)state;
    enum { TOO_MANY = 64 };
    struct rk_wait_entry entries[TOO_MANY];
    for (int i = 0; i < TOO_MANY; i++)
        entries[i] = (struct rk_wait_entry){.fd = -1};
    struct rlimit before, low_limit;
    getrlimit(RLIMIT_NOFILE, &before);
    low_limit = before;
    low_limit.rlim_cur = TOO_MANY / 2;
    setrlimit(RLIMIT_NOFILE, &low_limit);
    uint64_t before_us = rk_clock_now_us();
    int ready = rk_wait_descriptors(entries, TOO_MANY, RK_NEVER);
    uint64_t waited_us = rk_clock_now_us() - before_us;
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(ready, 0);
    assert_true(waited_us >= 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_name_and_is_counted),
        cmocka_unit_test(detached_threads_count_until_they_end),
        cmocka_unit_test(locks_are_taken_upwards),
        cmocka_unit_test(a_condition_has_a_deadline),
        cmocka_unit_test(wakes_add_up_and_are_drained),
        cmocka_unit_test(waiting_is_not_cut_short_by_signals),
        cmocka_unit_test(waiting_that_fails_takes_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
