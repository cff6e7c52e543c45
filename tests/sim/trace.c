/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "sim/scheduler.h"
#include "sim/sim.h"

enum { RING_SIZE = 1 << 12, SHOWN = 120, TEXT_SIZE = 120 };

struct entry {
    uint64_t at_us;
    int32_t thread;
    enum sim_trace_kind kind;
    int64_t what, detail;
    char text[TEXT_SIZE];
};

static struct entry ring[RING_SIZE];
static uint64_t count;
static uint64_t sum = 0xcbf29ce484222325u;
static FILE *file;

static const char *const kind_names[] = {
    [SIM_TRACE_LOCK] = "lock",
    [SIM_TRACE_UNLOCK] = "unlock",
    [SIM_TRACE_WAIT] = "wait",
    [SIM_TRACE_SIGNAL] = "signal",
    [SIM_TRACE_POLL] = "poll",
    [SIM_TRACE_POLLED] = "polled",
    [SIM_TRACE_WAKE] = "wake",
    [SIM_TRACE_ATOMIC] = "atomic",
    [SIM_TRACE_START] = "start",
    [SIM_TRACE_END] = "end",
    [SIM_TRACE_JOIN] = "join",
    [SIM_TRACE_SLEEP] = "sleep",
    [SIM_TRACE_CONNECT] = "connect",
    [SIM_TRACE_CONNECTED] = "connected",
    [SIM_TRACE_CONNECT_FAILED] = "connect failed",
    [SIM_TRACE_ACCEPT] = "accept",
    [SIM_TRACE_READ] = "read",
    [SIM_TRACE_WRITE] = "write",
    [SIM_TRACE_ARRIVE] = "arrive",
    [SIM_TRACE_CLOSE] = "close",
    [SIM_TRACE_FIN] = "fin",
    [SIM_TRACE_RESET] = "reset",
    [SIM_TRACE_LOOK_UP] = "look up",
    [SIM_TRACE_IDLE] = "idle",
    [SIM_TRACE_TEXT] = "",
};

static void mix(uint64_t value)
{
    sum = (sum ^ value) * 0x100000001b3u;
    sum ^= sum >> 29;
}

static const char *thread_name(int index)
{
    for (const struct sim_thread *thread = sim_threads(); thread; thread = thread->next) {
        if (thread->index == index)
            return thread->name;
    }
    return "-";
}

static void print(FILE *to, const struct entry *entry)
{
    fprintf(to, "%12.6f %2d %-12s ", (double)entry->at_us / 1e6, entry->thread,
            thread_name(entry->thread));
    if (entry->kind == SIM_TRACE_TEXT)
        fprintf(to, "%s\n", entry->text);
    else
        fprintf(to, "%s %" PRId64 " %" PRId64 "\n", kind_names[entry->kind], entry->what,
                entry->detail);
}

static struct entry *add(enum sim_trace_kind kind, int64_t what, int64_t detail)
{
    const struct sim_thread *self = sim_self();
    struct entry *entry = &ring[count++ % RING_SIZE];
    entry->at_us = sim_now_us();
    entry->thread = self ? self->index : -1;
    entry->kind = kind;
    entry->what = what;
    entry->detail = detail;
    mix(entry->at_us);
    mix((uint64_t)(uint32_t)entry->thread << 32 | (uint64_t)kind);
    mix((uint64_t)what);
    mix((uint64_t)detail);
    return entry;
}

void sim_trace_begin(const char *path)
{
    if (!path)
        return;
    file = fopen(path, "w");
    if (!file)
        sim_fail("cannot write %s", path);
}

void sim_trace(enum sim_trace_kind kind, int64_t what, int64_t detail)
{
    struct entry *entry = add(kind, what, detail);
    if (!file)
        return;
    sim_hide_begin();
    print(file, entry);
    sim_hide_end();
}

void sim_trace_text(const char *format, ...)
{
    va_list arguments;
    struct entry *entry = add(SIM_TRACE_TEXT, 0, 0);
    sim_hide_begin();
    va_start(arguments, format);
    vsnprintf(entry->text, sizeof(entry->text), format, arguments);
    va_end(arguments);
    for (const char *at = entry->text; *at; at++)
        mix((uint64_t)(unsigned char)*at);
    if (file)
        print(file, entry);
    sim_hide_end();
}

void sim_trace_show(FILE *to)
{
    uint64_t first = count > SHOWN ? count - SHOWN : 0;
    for (uint64_t i = first; i < count; i++)
        print(to, &ring[i % RING_SIZE]);
}

uint64_t sim_trace_sum(void)
{
    return sum;
}

void sim_trace_end(void)
{
    if (file)
        fclose(file);
    file = NULL;
}
