/* SPDX-License-Identifier: BSD-2-Clause */
#include "torture/faults.h"

#include <errno.h>
#include <execinfo.h>
#include <linux/futex.h>
#include <malloc.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "runtime/thread.h"

enum { FRAMES_MAX = 16 };

static _Atomic int armed_kind;
static _Atomic int calls_left; /* Until the first that fails: 1, the next one. */
static _Atomic bool was_hit;
static int armed_error;
static int armed_count;
static _Atomic long live, live_bytes, peak_bytes;
static _Atomic long wall_shift, monotonic_shift; /* Seconds. */
static _Thread_local bool is_ignored;
static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static bool names_hang;

void faults_arm(enum fault_kind kind, int n, int count, int error)
{
    armed_error = error;
    armed_count = count;
    atomic_store(&was_hit, false);
    atomic_store(&calls_left, n);
    atomic_store(&armed_kind, kind);
}

bool faults_disarm(void)
{
    atomic_store(&armed_kind, FAULT_NONE);
    return atomic_load(&was_hit);
}

long faults_live_allocations(void)
{
    return atomic_load(&live);
}

void faults_ignore_me(bool ignored)
{
    is_ignored = ignored;
}

void faults_hang_names(bool hang)
{
    pthread_mutex_lock(&names_mutex);
    names_hang = hang;
    pthread_cond_broadcast(&names_changed);
    pthread_mutex_unlock(&names_mutex);
}

static bool is_mock_thread(void)
{
    return is_ignored || strcmp(rk_thread_name(), "rdk:mock") == 0;
}

/* As the watchdog shows them: `addr2line -fie program offset` gives function and line. */
static void show_stack(void)
{
    void *frames[FRAMES_MAX];
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
}

static bool hits(enum fault_kind kind)
{
    if (atomic_load(&armed_kind) != (int)kind || is_mock_thread())
        return false;
    int left = atomic_fetch_sub(&calls_left, 1);
    if (left > 1 || left <= 1 - armed_count)
        return false;
    if (!atomic_exchange(&was_hit, true) && getenv("RK_TORTURE_STACKS"))
        show_stack();
    errno = armed_error;
    return true;
}

/* Memory */

static void add_bytes(long bytes)
{
    long now = atomic_fetch_add(&live_bytes, bytes) + bytes;
    long peak = atomic_load(&peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now))
        ;
}

static void *count(void *memory)
{
    if (memory && !is_mock_thread()) {
        atomic_fetch_add(&live, 1);
        add_bytes((long)malloc_usable_size(memory));
    }
    return memory;
}

/* Before it is freed. */
static void count_out(void *memory)
{
    if (memory && !is_mock_thread()) {
        atomic_fetch_sub(&live, 1);
        add_bytes(-(long)malloc_usable_size(memory));
    }
}

long faults_take_peak_bytes(void)
{
    return atomic_exchange(&peak_bytes, atomic_load(&live_bytes));
}

#define DECLARE(result, name, ...)     \
    result __real_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__)

DECLARE(void *, rk_malloc, size_t size)
{
    return count(__real_rk_malloc(size));
}

DECLARE(void *, rk_calloc, size_t number, size_t size)
{
    return count(__real_rk_calloc(number, size));
}

DECLARE(void *, rk_realloc, void *memory, size_t size)
{
    count_out(memory);
    return count(__real_rk_realloc(memory, size));
}

DECLARE(void *, rk_try_malloc, size_t size)
{
    return hits(FAULT_MEMORY) ? NULL : count(__real_rk_try_malloc(size));
}

DECLARE(void *, rk_try_calloc, size_t number, size_t size)
{
    return hits(FAULT_MEMORY) ? NULL : count(__real_rk_try_calloc(number, size));
}

DECLARE(void *, rk_try_realloc, void *memory, size_t size)
{
    if (hits(FAULT_MEMORY))
        return NULL;
    count_out(memory);
    void *grown = __real_rk_try_realloc(memory, size);
    count(grown ? grown : memory);
    return grown;
}

DECLARE(void, rk_free, void *memory)
{
    count_out(memory);
    __real_rk_free(memory);
}

/* Threads and waiting */

DECLARE(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes,
        void *(*run)(void *), void *argument)
{
    if (hits(FAULT_THREAD))
        return armed_error;
    return __real_pthread_create(thread, attributes, run, argument);
}

DECLARE(int, eventfd, unsigned value, int flags)
{
    return hits(FAULT_EVENTFD) ? -1 : __real_eventfd(value, flags);
}

DECLARE(int, ppoll, struct pollfd *entries, nfds_t entry_count, const struct timespec *timeout,
        const sigset_t *mask)
{
    return hits(FAULT_WAIT) ? -1 : __real_ppoll(entries, entry_count, timeout, mask);
}

DECLARE(ssize_t, read, int fd, void *bytes, size_t size)
{
    return hits(FAULT_READ) ? -1 : __real_read(fd, bytes, size);
}

DECLARE(ssize_t, write, int fd, const void *bytes, size_t size)
{
    return hits(FAULT_WRITE) ? -1 : __real_write(fd, bytes, size);
}

/* Clocks */

void faults_shift_clocks(long wall_seconds, long monotonic_seconds)
{
    atomic_store(&wall_shift, wall_seconds);
    atomic_store(&monotonic_shift, monotonic_seconds);
}

DECLARE(int, clock_gettime, clockid_t id, struct timespec *time)
{
    int result = __real_clock_gettime(id, time);
    time->tv_sec += atomic_load(id == CLOCK_REALTIME ? &wall_shift : &monotonic_shift);
    return result;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* A futex waits until a time on the real clock. */
long __wrap_syscall(long number, ...)
{
    long values[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        values[i] = va_arg(list, long);
    va_end(list);
    struct timespec until;
    if (number == SYS_futex && values[1] == FUTEX_WAIT_BITSET_PRIVATE && hits(FAULT_FUTEX))
        return -1;
    if (number == SYS_futex && values[1] == FUTEX_WAIT_BITSET_PRIVATE && values[3]) {
        until = *(const struct timespec *)values[3];
        until.tv_sec -= RK_MIN(until.tv_sec, atomic_load(&monotonic_shift));
        values[3] = (long)&until;
    }
    return __real_syscall(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

/* Sockets and names */

DECLARE(int, socket, int domain, int type, int protocol)
{
    return hits(FAULT_SOCKET) ? -1 : __real_socket(domain, type, protocol);
}

/* An interrupted one goes on by itself. */
DECLARE(int, connect, int fd, const struct sockaddr *address, socklen_t size)
{
    if (!hits(FAULT_CONNECT))
        return __real_connect(fd, address, size);
    if (armed_error == EINTR)
        __real_connect(fd, address, size);
    errno = armed_error;
    return -1;
}

DECLARE(int, setsockopt, int fd, int level, int option, const void *value, socklen_t size)
{
    return hits(FAULT_OPTION) ? -1 : __real_setsockopt(fd, level, option, value, size);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

/* All that are used here take an int, or nothing. */
int __wrap_fcntl(int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    int value = va_arg(list, int);
    va_end(list);
    return hits(FAULT_FLAGS) ? -1 : __real_fcntl(fd, command, value);
}

DECLARE(int, poll, struct pollfd *entries, nfds_t entry_count, int timeout_ms)
{
    return hits(FAULT_POLL) ? -1 : __real_poll(entries, entry_count, timeout_ms);
}

DECLARE(int, getsockopt, int fd, int level, int option, void *value, socklen_t *size)
{
    if (hits(FAULT_ASKING))
        return -1;
    int result = __real_getsockopt(fd, level, option, value, size);
    if (option == SO_ERROR && hits(FAULT_RESULT))
        memcpy(value, &armed_error, sizeof(armed_error));
    return result;
}

DECLARE(ssize_t, recv, int fd, void *bytes, size_t size, int flags)
{
    if (hits(FAULT_RECEIVE))
        return armed_error == FAULT_END_OF_FILE ? 0 : -1;
    return __real_recv(fd, bytes, size, flags);
}

DECLARE(ssize_t, sendmsg, int fd, const struct msghdr *message, int flags)
{
    if (!hits(FAULT_SEND))
        return __real_sendmsg(fd, message, flags);
    return armed_error == FAULT_ONE_BYTE ? send(fd, message->msg_iov[0].iov_base, 1, flags) : -1;
}

DECLARE(int, getaddrinfo, const char *node, const char *service, const struct addrinfo *hints,
        struct addrinfo **result)
{
    if (!(hints->ai_flags & AI_NUMERICHOST)) {
        pthread_mutex_lock(&names_mutex);
        while (names_hang)
            pthread_cond_wait(&names_changed, &names_mutex);
        pthread_mutex_unlock(&names_mutex);
        if (hits(FAULT_RESOLVE))
            return armed_error;
    }
    return __real_getaddrinfo(node, service, hints, result);
}

DECLARE(int, getnameinfo, const struct sockaddr *address, socklen_t address_size, char *host,
        socklen_t host_size, char *service, socklen_t service_size, int flags)
{
    if (hits(FAULT_NAME))
        return armed_error;
    return __real_getnameinfo(address, address_size, host, host_size, service, service_size, flags);
}

/* Libraries and files */

DECLARE(void *, dlopen, const char *path, int flags)
{
    return hits(FAULT_LIBRARY) ? NULL : __real_dlopen(path, flags);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = va_arg(list, int);
    va_end(list);
    return hits(FAULT_OPEN) ? -1 : __real_open(path, flags, mode);
}

DECLARE(ssize_t, getrandom, void *bytes, size_t size, unsigned flags)
{
    return hits(FAULT_RANDOM) ? -1 : __real_getrandom(bytes, size, flags);
}
