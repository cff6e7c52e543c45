/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened, in order: the last events in a ring, all of them in a file if one was named, and a
 * sum over all of them. The same seed gives the same events. Holder of the baton only.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdint.h>
#include <stdio.h>

enum sim_trace_kind {
    SIM_TRACE_LOCK, /* what: the lock's number; detail: its rank */
    SIM_TRACE_UNLOCK,
    SIM_TRACE_WAIT, /* detail: the lock */
    SIM_TRACE_SIGNAL,
    SIM_TRACE_POLL, /* what: number of descriptors */
    SIM_TRACE_POLLED,
    SIM_TRACE_WAKE,
    SIM_TRACE_ATOMIC,
    SIM_TRACE_START,
    SIM_TRACE_END,
    SIM_TRACE_JOIN,
    SIM_TRACE_SLEEP,
    SIM_TRACE_CONNECT, /* what: descriptor; detail: port */
    SIM_TRACE_CONNECTED,
    SIM_TRACE_CONNECT_FAILED,
    SIM_TRACE_ACCEPT,
    SIM_TRACE_READ, /* detail: bytes, or -errno */
    SIM_TRACE_WRITE,
    SIM_TRACE_ARRIVE,
    SIM_TRACE_CLOSE,
    SIM_TRACE_FIN,
    SIM_TRACE_RESET,
    SIM_TRACE_LOOK_UP,
    SIM_TRACE_IDLE, /* Time moved on; what: microseconds */
    SIM_TRACE_TEXT,
};

/* NULL: no file. */
void sim_trace_begin(const char *path);
void sim_trace(enum sim_trace_kind kind, int64_t what, int64_t detail);
/* A note, a log line, a fault. Long ones are cut. */
void sim_trace_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sim_trace_show(FILE *to);
uint64_t sim_trace_sum(void);
void sim_trace_end(void);

#endif
