/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "runtime/signal.h"

struct rk_loop {
    struct rk_mailbox mailbox; /* Safe from any thread. */
    struct rk_loop_hooks hooks;
    char name[16];
    struct rk_thread *thread; /* Whoever starts and stops the loop, between them its keeper. */
    bool is_started;
    struct rk_mail stop_mail;
    _Atomic bool stop_posted;
    struct { /* The loop's thread, or before it starts. */
        struct rk_timer_heap timers;
        struct rk_wait_entry *entries; /* The first is the mailbox's. */
        struct rk_watch **watches;     /* NULL where the watch went away during this turn. */
        int count, capacity;
        bool has_holes;
        bool ended;          /* No further turn is taken. */
        bool was_told_ended; /* The hook has run. */
        uint64_t rest_at_us; /* When there was nothing to do until then. */
        const struct rk_loop *borrower;
    } own;
    struct {
        _Atomic uint64_t wakeups;
    } stats;
};

static _Thread_local const struct rk_loop *current;

static void on_stop(struct rk_mail *mail)
{
    struct rk_loop *loop = rk_container_of(mail, struct rk_loop, stop_mail);
    loop->own.ended = true;
}

static void discard_stop(struct rk_mail *mail)
{
    (void)mail;
}

static void reserve_entries(struct rk_loop *loop)
{
    if (loop->own.count < loop->own.capacity)
        return;
    loop->own.capacity = RK_MAX(loop->own.capacity * 2, 8);
    size_t capacity = (size_t)loop->own.capacity;
    loop->own.entries = rk_realloc(loop->own.entries, capacity * sizeof(*loop->own.entries));
    loop->own.watches = rk_realloc(loop->own.watches, capacity * sizeof(*loop->own.watches));
}

struct rk_loop *rk_loop_new(const char *thread_name, const struct rk_loop_hooks *hooks)
{
    struct rk_loop *loop = RK_NEW(struct rk_loop);
    if (!rk_mailbox_init(&loop->mailbox)) {
        int error = errno;
        rk_free(loop);
        errno = error;
        return NULL;
    }
    strncpy(loop->name, thread_name, sizeof(loop->name) - 1);
    if (hooks)
        loop->hooks = *hooks;
    loop->mailbox.call_keeper = loop->hooks.call_keeper;
    loop->mailbox.keeper = loop->hooks.argument;
    loop->stop_mail.deliver = on_stop;
    loop->stop_mail.discard = discard_stop;
    reserve_entries(loop);
    loop->own.entries[0] = (struct rk_wait_entry){.fd = loop->mailbox.wake_fd, .events = POLLIN};
    loop->own.watches[0] = NULL;
    loop->own.count = 1;
    return loop;
}

static void deliver_mail(struct rk_loop *loop)
{
    struct rk_mail_list list;
    rk_mailbox_take(&loop->mailbox, &list);
    while (!STAILQ_EMPTY(&list)) {
        struct rk_mail *mail = STAILQ_FIRST(&list);
        STAILQ_REMOVE_HEAD(&list, link);
        RK_PREFETCH(STAILQ_FIRST(&list)); /* Another thread's memory, as a rule. */
        mail->deliver(mail);
    }
}

/* No more than there were: one that starts itself again for at once waits behind mail and
 * descriptors. */
static void fire_timers(struct rk_loop *loop)
{
    uint64_t now_us = rk_clock_now_us();
    struct rk_timer *timer;
    for (size_t left = loop->own.timers.count;
         left > 0 && (timer = rk_timer_heap_take_due(&loop->own.timers, now_us)) != NULL; left--)
        timer->fire(timer, now_us);
}

static void close_holes(struct rk_loop *loop)
{
    int kept = 1;
    for (int i = 1; i < loop->own.count; i++) {
        struct rk_watch *watch = loop->own.watches[i];
        if (!watch)
            continue;
        loop->own.entries[kept] = loop->own.entries[i];
        loop->own.watches[kept] = watch;
        watch->index = kept++;
    }
    loop->own.count = kept;
    loop->own.has_holes = false;
}

static void dispatch_ready(struct rk_loop *loop, int ready)
{
    if (loop->own.entries[0].revents) {
        rk_wake_drain(loop->mailbox.wake_fd);
        ready--;
    }
    uint64_t now_us = rk_clock_now_us();
    int count = loop->own.count; /* Watches added meanwhile wait for the next turn. */
    for (int i = 1; i < count && ready > 0; i++) {
        short revents = loop->own.entries[i].revents;
        if (!revents)
            continue;
        ready--;
        loop->own.entries[i].revents = 0;
        if (loop->own.watches[i])
            loop->own.watches[i]->ready(loop->own.watches[i], revents, now_us);
    }
}

/* What it waits for besides mail. */
static bool has_work(struct rk_loop *loop)
{
    if (loop->own.has_holes)
        close_holes(loop);
    return loop->own.timers.count > 0 || loop->own.count > 1;
}

static bool is_time_to_rest(struct rk_loop *loop)
{
    if (!loop->hooks.call_keeper)
        return false;
    if (has_work(loop)) {
        loop->own.rest_at_us = RK_NEVER;
        return false;
    }
    uint64_t now_us = rk_clock_now_us();
    if (loop->own.rest_at_us == RK_NEVER)
        loop->own.rest_at_us = now_us + loop->hooks.rest_after_us;
    return now_us >= loop->own.rest_at_us;
}

static void wait_and_dispatch(struct rk_loop *loop, uint64_t deadline_us)
{
    if (loop->own.has_holes)
        close_holes(loop);
    if (!rk_mailbox_prepare_sleep(&loop->mailbox, deadline_us))
        deadline_us = 0; /* Mail is there: look at the descriptors only. */
    int ready = rk_wait_descriptors(loop->own.entries, loop->own.count, deadline_us);
    atomic_fetch_add_explicit(&loop->stats.wakeups, 1, memory_order_relaxed);
    if (ready > 0)
        dispatch_ready(loop, ready);
}

static void call_hook(const struct rk_loop *loop, void (*hook)(void *argument))
{
    if (hook)
        hook(loop->hooks.argument);
}

static void end(struct rk_loop *loop)
{
    loop->own.ended = loop->own.was_told_ended = true;
    call_hook(loop, loop->hooks.ended);
}

static void run(void *argument)
{
    struct rk_loop *loop = argument;
    current = loop;
    call_hook(loop, loop->hooks.thread_started);
    loop->own.rest_at_us = RK_NEVER;
    for (;;) {
        deliver_mail(loop);
        fire_timers(loop);
        if (loop->own.ended || is_time_to_rest(loop))
            break;
        wait_and_dispatch(loop,
                          RK_MIN(rk_timer_heap_next(&loop->own.timers), loop->own.rest_at_us));
    }
    bool rests = !loop->own.ended;
    if (!rests)
        end(loop);
    call_hook(loop, loop->hooks.thread_ending);
    current = NULL;
    if (!rests)
        return;
    rk_mailbox_rest(&loop->mailbox, false); /* What is the thread's is the keeper's from here on. */
    loop->hooks.call_keeper(loop->hooks.argument);
}

bool rk_loop_start(struct rk_loop *loop)
{
    RK_ASSERT(!loop->is_started);
    loop->own.ended = loop->own.was_told_ended = false;
    loop->is_started = true;
    loop->thread = rk_thread_start(loop->name, run, loop);
    loop->is_started = loop->thread != NULL;
    return loop->is_started;
}

/* Between two threads */

static void join(struct rk_loop *loop)
{
    if (loop->thread)
        rk_thread_join(loop->thread);
    loop->thread = NULL;
}

/* One turn on a thread that is not its own. */
static void take_turn(struct rk_loop *loop)
{
    const struct rk_loop *before = current;
    current = loop;
    deliver_mail(loop);
    fire_timers(loop);
    if (!loop->own.ended)
        wait_and_dispatch(loop, 0);
    current = before;
}

bool rk_loop_attend(struct rk_loop *loop)
{
    bool has_work_now;
    if (!rk_mailbox_is_resting(&loop->mailbox, &has_work_now))
        return true;
    join(loop);
    if (!has_work_now)
        return true;
    rk_mailbox_end_rest(&loop->mailbox);
    loop->thread = rk_thread_start(loop->name, run, loop);
    if (loop->thread)
        return true;
    int error = errno;
    rk_mailbox_rest(&loop->mailbox, true);
    take_turn(loop);
    rk_mailbox_rest(&loop->mailbox, has_work(loop));
    errno = error;
    return false;
}

bool rk_loop_is_resting(struct rk_loop *loop)
{
    bool has_work_now;
    return rk_mailbox_is_resting(&loop->mailbox, &has_work_now) && !has_work_now;
}

bool rk_loop_try_borrow(struct rk_loop *loop)
{
    if (!rk_loop_is_resting(loop))
        return false;
    loop->own.borrower = current;
    current = loop;
    return true;
}

void rk_loop_give_back(struct rk_loop *loop)
{
    RK_ASSERT(current == loop);
    current = loop->own.borrower;
}

/* Its end */

/* It has no thread on which to end. */
static void end_here(struct rk_loop *loop)
{
    const struct rk_loop *before = current;
    current = loop;
    end(loop);
    current = before;
}

/* What it still waited for it gives up before its mail goes, which may be the answer. */
void rk_loop_end_at_rest(struct rk_loop *loop)
{
    bool has_work_now;
    if (!rk_mailbox_is_resting(&loop->mailbox, &has_work_now))
        return;
    end_here(loop);
    rk_mailbox_rest(&loop->mailbox, false);
    rk_mailbox_discard_all(&loop->mailbox);
}

void rk_loop_discard_at_rest(struct rk_loop *loop)
{
    bool has_work_now;
    if (rk_mailbox_is_resting(&loop->mailbox, &has_work_now) && has_work_now)
        rk_mailbox_discard_all(&loop->mailbox);
}

void rk_loop_post_stop(struct rk_loop *loop)
{
    if (!rk_signal_raise(&loop->stop_posted))
        rk_loop_post(loop, &loop->stop_mail);
}

void rk_loop_stop(struct rk_loop *loop)
{
    if (!loop->is_started)
        return;
    RK_ASSERT(current != loop);
    rk_loop_post_stop(loop);
    join(loop);
    rk_mailbox_end_rest(&loop->mailbox);
    rk_mailbox_withdraw(&loop->mailbox, &loop->stop_mail);
    if (!loop->own.was_told_ended)
        end_here(loop);
    loop->is_started = false;
    rk_signal_lower(&loop->stop_posted);
}

void rk_loop_destroy(struct rk_loop *loop)
{
    if (!loop)
        return;
    RK_ASSERT(!loop->is_started);
    rk_mailbox_clear(&loop->mailbox);
    rk_timer_heap_clear(&loop->own.timers);
    rk_free(loop->own.entries);
    rk_free(loop->own.watches);
    rk_free(loop);
}

void rk_loop_post(struct rk_loop *loop, struct rk_mail *mail)
{
    rk_mailbox_post(&loop->mailbox, mail);
}

void rk_loop_post_by(struct rk_loop *loop, struct rk_mail *mail, uint64_t by_us)
{
    rk_mailbox_post_by(&loop->mailbox, mail, by_us);
}

void rk_loop_wake(struct rk_loop *loop)
{
    rk_mailbox_wake(&loop->mailbox);
}

bool rk_loop_may_wait(void)
{
    return !current || current->hooks.may_wait;
}

bool rk_loop_is_mine(const struct rk_loop *loop)
{
    return current == loop;
}

void rk_loop_assert_mine(const struct rk_loop *loop)
{
    RK_ASSERT(current == loop || !loop->is_started);
}

void rk_loop_start_timer(struct rk_loop *loop, struct rk_timer *timer, uint64_t deadline_us)
{
    rk_timer_heap_start(&loop->own.timers, timer, deadline_us);
}

void rk_loop_stop_timer(struct rk_loop *loop, struct rk_timer *timer)
{
    rk_timer_heap_stop(&loop->own.timers, timer);
}

void rk_watch_init(struct rk_watch *watch,
                   void (*ready)(struct rk_watch *watch, short revents, uint64_t now_us))
{
    *watch = (struct rk_watch){.fd = -1, .index = -1, .ready = ready};
}

void rk_loop_watch(struct rk_loop *loop, struct rk_watch *watch, int fd, short events)
{
    if (watch->index < 0) {
        reserve_entries(loop);
        watch->index = loop->own.count++;
        loop->own.watches[watch->index] = watch;
    }
    watch->fd = fd;
    watch->events = events;
    loop->own.entries[watch->index] = (struct rk_wait_entry){.fd = fd, .events = events};
}

void rk_loop_unwatch(struct rk_loop *loop, struct rk_watch *watch)
{
    if (watch->index < 0)
        return;
    loop->own.watches[watch->index] = NULL;
    loop->own.entries[watch->index].fd = -1;
    loop->own.has_holes = true;
    watch->index = -1;
    watch->fd = -1;
}

uint64_t rk_loop_wakeups(const struct rk_loop *loop)
{
    return atomic_load_explicit(&loop->stats.wakeups, memory_order_relaxed);
}
