/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second half of the twin of runtime/thread_posix.c: waiting for descriptors, and waking
 * whoever waits for one.
 */
#include <errno.h>
#include <poll.h>

#include "runtime/thread.h"
#include "sim/faults.h"
#include "sim/network.h"

#ifdef SIM_WITH_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#else
#define __tsan_acquire(address) ((void)(address))
#define __tsan_release(address) ((void)(address))
#endif

static int look(struct rk_wait_entry *entries, int count)
{
    int ready = 0;
    for (int i = 0; i < count; i++) {
        entries[i].revents = 0;
        if (entries[i].fd < 0)
            continue;
        short events = sim_descriptor_events(sim_descriptor_find(entries[i].fd));
        entries[i].revents = events & (short)(entries[i].events | POLLERR | POLLHUP);
        ready += entries[i].revents != 0;
    }
    return ready;
}

static void set_poller(const struct rk_wait_entry *entries, int count, struct sim_thread *poller)
{
    for (int i = 0; i < count; i++) {
        if (entries[i].fd < 0)
            continue;
        struct sim_descriptor *descriptor = sim_descriptor_find(entries[i].fd);
        if (poller && descriptor->poller)
            sim_fail("two threads wait for descriptor %d", entries[i].fd);
        descriptor->poller = poller;
    }
}

int rk_wait_descriptors(struct rk_wait_entry *entries, int count, uint64_t deadline_us)
{
    struct sim_thread *self = sim_self();
    sim_switch_point(SIM_TRACE_POLL, count, 0);
    int ready = look(entries, count);
    while (ready == 0 && deadline_us > sim_now_us()) {
        set_poller(entries, count, self);
        self->entries = entries;
        self->entry_count = count;
        sim_wait_for(SIM_WAITS_DESCRIPTORS, entries, count, deadline_us);
        self->entry_count = 0;
        set_poller(entries, count, NULL);
        ready = look(entries, count);
    }
    sim_trace(SIM_TRACE_POLLED, ready, 0);
    return ready;
}

int rk_wake_open(void)
{
    if (sim_fault_takes(SIM_FAULT_WAKE))
        return -1;
    struct sim_descriptor *descriptor = sim_descriptor_new(SIM_WAKE);
    return descriptor ? descriptor->fd : -1;
}

static void wake(int fd)
{
    struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    __tsan_release(descriptor);
    descriptor->wakes++;
    sim_descriptor_changed(descriptor);
}

void rk_wake_signal(int fd)
{
    wake(fd);
    sim_switch_point(SIM_TRACE_WAKE, fd, 0);
}

void rk_wake_drain(int fd)
{
    struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    descriptor->wakes = 0;
    __tsan_acquire(descriptor);
}

void rk_wake_close(int fd)
{
    sim_descriptor_free(sim_descriptor_find(fd));
}

void rk_wake_write(int fd, const void *bytes, size_t size)
{
    (void)bytes;
    wake(fd); /* Under a queue's lock: no switch point more than that lock's. */
    sim_trace(SIM_TRACE_WAKE, fd, (int64_t)size);
}

int sim_pipe(void)
{
    return rk_wake_open();
}

bool sim_pipe_wait(int fd, int timeout_ms)
{
    struct rk_wait_entry entry = {.fd = fd, .events = POLLIN};
    if (rk_wait_descriptors(&entry, 1, rk_deadline_from_ms(sim_now_us(), timeout_ms)) == 0)
        return false;
    rk_wake_drain(fd);
    return true;
}

void sim_pipe_close(int fd)
{
    rk_wake_close(fd);
}
