/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop: one thread's mailbox, timers and watched descriptors.
 *
 * Whoever creates a loop frees it, from another thread, after rk_loop_stop. Posting to a loop that
 * has not started, or has ended, is fine: the mail is delivered when it starts, or discarded when
 * it is freed. A loop sleeps until mail, a descriptor or the nearest timer; there is no periodic
 * work.
 *
 * A loop with a keeper rests when there was no descriptor to watch and no timer for a while: its
 * thread ends, all else stays as it is, and from then on what belongs to the loop's thread belongs
 * to the keeper's, another loop as a rule, which is called at that moment and whenever there is
 * mail, and starts a new thread (rk_loop_attend).
 */
#ifndef RK_RUNTIME_LOOP_H
#define RK_RUNTIME_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/mailbox.h"
#include "runtime/timer.h"

struct rk_loop;

/* A watched descriptor, embedded in its owner. `ready` gets poll(2)'s revents. */
struct rk_watch {
    int fd;
    short events;
    int index; /* In the loop's table; -1 while not watched. */
    void (*ready)(struct rk_watch *watch, short revents, uint64_t now_us);
};

/* All may be NULL. */
struct rk_loop_hooks {
    /* What a thread of the loop does first and last. */
    void (*thread_started)(void *argument);
    void (*thread_ending)(void *argument);
    /* The loop ends: on its thread, or when it rests in rk_loop_end_at_rest or rk_loop_stop. */
    void (*ended)(void *argument);
    /* It has something for rk_loop_attend. Any thread, with its locks. NULL: it never rests. */
    void (*call_keeper)(void *argument);
    void *argument;
    uint64_t rest_after_us;
    bool may_wait; /* Nothing waits for it, so that its thread may wait for other loops. */
};

/* NULL with errno when the system has no descriptor to give. */
struct rk_loop *rk_loop_new(const char *thread_name, const struct rk_loop_hooks *hooks);
/* On the keeper's thread, if there is one. False with errno when the system has no thread to give.
 */
bool rk_loop_start(struct rk_loop *loop);
/* Any other thread: lets the loop finish what it runs, waits for its thread; mail left is kept. The
 * keeper does not attend to it from here on. Does nothing when not running. */
void rk_loop_stop(struct rk_loop *loop);
/* Asks the loop to end without waiting; rk_loop_stop still has to be called. Any thread. */
void rk_loop_post_stop(struct rk_loop *loop);
/* Stopped loops only; discards the mail. NULL is fine. */
void rk_loop_destroy(struct rk_loop *loop);

void rk_loop_post(struct rk_loop *loop, struct rk_mail *mail); /* Any thread. takes: mail */
/* The same for mail that has time until then: a loop that wakes up by itself before is left asleep.
 * When it becomes urgent later, rk_loop_wake. */
void rk_loop_post_by(struct rk_loop *loop, struct rk_mail *mail, uint64_t by_us);
void rk_loop_wake(struct rk_loop *loop);

/*
 * The keeper. When the loop rests, frees what its thread has left, and starts a new one if there is
 * something to do. False with errno when the system has none to give: the loop has had one turn on
 * the calling thread, without waiting, and is to be attended to again after a while.
 */
bool rk_loop_attend(struct rk_loop *loop);
/* It rests, and has no mail and nothing to do. Any thread; true for long only on the keeper's,
 * because whoever posts ends it. */
bool rk_loop_is_resting(struct rk_loop *loop);
/* The keeper: if the loop is resting so, the calling thread is the loop's until it gives it back;
 * it may look at what is the loop's, but start no timer and watch nothing. */
bool rk_loop_try_borrow(struct rk_loop *loop);
void rk_loop_give_back(struct rk_loop *loop);
/* The keeper, from when on the loop is to have no thread any more: if it rests, it ends here. */
void rk_loop_end_at_rest(struct rk_loop *loop);
/* The keeper: discards the mail of such a loop. */
void rk_loop_discard_at_rest(struct rk_loop *loop);

bool rk_loop_is_mine(const struct rk_loop *loop);
/* The calling thread runs no loop, or one that may wait. */
bool rk_loop_may_wait(void);
void rk_loop_assert_mine(const struct rk_loop *loop);

/* The loop's thread only, or before it starts. */
void rk_loop_start_timer(struct rk_loop *loop, struct rk_timer *timer, uint64_t deadline_us);
void rk_loop_stop_timer(struct rk_loop *loop, struct rk_timer *timer);
void rk_watch_init(struct rk_watch *watch,
                   void (*ready)(struct rk_watch *watch, short revents, uint64_t now_us));
/* Starts watching, or changes what is watched for; events 0 keeps errors and hang-ups only. */
void rk_loop_watch(struct rk_loop *loop, struct rk_watch *watch, int fd, short events);
void rk_loop_unwatch(struct rk_loop *loop, struct rk_watch *watch);
/* Wake-ups so far; any thread, for tests and statistics. */
uint64_t rk_loop_wakeups(const struct rk_loop *loop);

/* Claim the role of the calling callback, and assert that it runs on that loop. */
static inline void rk_on_broker(const struct rk_loop *loop) RK_ASSERTS(rk_role_broker)
{
    rk_loop_assert_mine(loop);
}

static inline void rk_on_background(const struct rk_loop *loop) RK_ASSERTS(rk_role_background)
{
    rk_loop_assert_mine(loop);
}

#endif
