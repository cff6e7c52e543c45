/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th call of something fails: link-time twins of the `try` allocator and of the system calls
 * behind the seams (linker option --wrap, see CMakeLists.txt).
 *
 * One fault is armed at a time, by the test's thread; any thread may hit it but the mock cluster's,
 * which shares the process. With RK_TORTURE_STACKS in the environment each call that fails shows
 * its stack. Allocations of those threads are counted, so that a leak shows at once.
 */
#ifndef TORTURE_FAULTS_H
#define TORTURE_FAULTS_H

#include <stdbool.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_MEMORY,  /* rk_try_*: NULL. */
    FAULT_THREAD,  /* pthread_create: the error is its result. */
    FAULT_EVENTFD, /* eventfd */
    FAULT_SOCKET,  /* socket */
    FAULT_CONNECT, /* connect */
    FAULT_RESULT,  /* getsockopt(SO_ERROR): the error is what the option says. */
    FAULT_RECEIVE, /* recv; FAULT_END_OF_FILE too. */
    FAULT_SEND,    /* sendmsg; FAULT_ONE_BYTE too. */
    FAULT_WAIT,    /* ppoll */
    FAULT_RESOLVE, /* getaddrinfo: the error is its result, EAI_*. */
    FAULT_READ,    /* read, of a wake-up's descriptor. */
    FAULT_WRITE,   /* write, of the same. */
    FAULT_RANDOM,  /* getrandom */
    FAULT_OPTION,  /* setsockopt */
    FAULT_ASKING,  /* getsockopt itself. */
    FAULT_FLAGS,   /* fcntl, of a descriptor that socket_cb gave. */
    FAULT_POLL,    /* poll, whether a connection is there. */
    FAULT_NAME,    /* getnameinfo: the error is its result, EAI_*. */
    FAULT_FUTEX,   /* futex, waiting. */
    FAULT_LIBRARY, /* dlopen: NULL. */
    FAULT_OPEN,    /* open */
};

enum { FAULT_END_OF_FILE = -1, FAULT_ONE_BYTE = -2 }; /* Instead of an errno value. */

/* The `n`-th call from now on fails, the first being 1, and so do those behind it, `count` in all.
 */
void faults_arm(enum fault_kind kind, int n, int count, int error);
/* True when the fault was hit since it was armed. */
bool faults_disarm(void);
/* Allocations minus frees, by rk_*; meaningful when the client's threads have ended. */
long faults_live_allocations(void);
/* The most bytes that were allocated at once since the last call of this. */
long faults_take_peak_bytes(void);
/* What the calling thread allocates from now on is not counted: for calls to the mock cluster. */
void faults_ignore_me(bool ignored);
/* What the clocks say differs by that from now on: the wall's, and the monotonic one's, which may
 * only jump forward. */
void faults_shift_clocks(long wall_seconds, long monotonic_seconds);
/* getaddrinfo hangs while this is so. */
void faults_hang_names(bool hang);

#endif
