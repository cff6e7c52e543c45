/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops: mail, timers and watches on one thread; starting, stopping and freeing in every order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "runtime/loop.h"

#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

static struct rk_loop *loop;
static sem_t done;
static _Atomic int delivered, discarded;

static int set_up(void **state)
{
    (void)state;
    sem_init(&done, 0, 0);
    delivered = discarded = 0;
    loop = rk_loop_new("rdk:test", NULL);
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rk_loop_stop(loop);
    rk_loop_destroy(loop);
    sem_destroy(&done);
    return 0;
}

static void await(void)
{
    while (sem_wait(&done) != 0)
        ;
}

/* Mail that runs a function on the loop. */
struct call {
    struct rk_mail mail;
    void (*run)(void *argument);
    void *argument;
};

static void deliver(struct rk_mail *mail)
{
    struct call *call = rk_container_of(mail, struct call, mail);
    assert_true(rk_loop_is_mine(loop));
    rk_loop_assert_mine(loop);
    atomic_fetch_add(&delivered, 1);
    if (call->run)
        call->run(call->argument);
    rk_free(call);
}

static void discard(struct rk_mail *mail)
{
    atomic_fetch_add(&discarded, 1);
    rk_free(rk_container_of(mail, struct call, mail));
}

static void post(void (*run)(void *argument), void *argument)
{
    struct call *call = RK_NEW(struct call);
    call->mail.deliver = deliver;
    call->mail.discard = discard;
    call->run = run;
    call->argument = argument;
    rk_loop_post(loop, &call->mail);
}

static void say_done(void *argument)
{
    (void)argument;
    sem_post(&done);
}

/* Mail */

static void run_poster(void *argument)
{
    (void)argument;
    for (int i = 0; i < 2000; i++)
        post(NULL, NULL);
    post(say_done, NULL);
}

static void mail_from_many_threads(void **state)
{
    (void)state;
    struct rk_thread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = rk_thread_start("poster", run_poster, NULL);
    assert_true(rk_loop_start(loop)); /* Some of it is there before the loop starts. */
    for (int i = 0; i < 4; i++)
        await();
    for (int i = 0; i < 4; i++)
        rk_thread_join(threads[i]);
    assert_int_equal(delivered, 4 * 2001);
}

static void mail_is_kept_while_stopped(void **state)
{
    (void)state;
    post(say_done, NULL);
    assert_int_equal(delivered, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(rk_loop_start(loop));
        await();
        rk_loop_stop(loop);
        rk_loop_stop(loop); /* Nothing to do. */
        post(say_done, NULL);
        assert_int_equal(delivered, i + 1);
    }
    rk_loop_destroy(loop);
    assert_int_equal(discarded, 1);
    loop = rk_loop_new("rdk:test", NULL);
}

static void post_while_stopping(void *argument)
{
    (void)argument;
    rk_loop_post_stop(loop);
    post(NULL, NULL); /* Behind the stop, in the same or the next load of mail. */
}

static void all_mail_is_delivered_or_discarded(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct rk_thread *thread = rk_thread_start("poster", run_poster, NULL);
        assert_true(rk_loop_start(loop));
        post(post_while_stopping, NULL);
        rk_loop_stop(loop);
        rk_thread_join(thread);
        rk_loop_destroy(loop);
        loop = rk_loop_new("rdk:test", NULL);
    }
    assert_int_equal(delivered + discarded, 50 * (2001 + 2));
}

/* However often it was asked to end, it can start again. */
static void stops_and_starts_again(void **state)
{
    (void)state;
    assert_true(rk_loop_start(loop));
    rk_loop_post_stop(loop);
    rk_loop_post_stop(loop);
    rk_loop_stop(loop);
    assert_true(rk_loop_start(loop));
    post(say_done, NULL);
    await();
    rk_thread_pause_us(5000);
    post(say_done, NULL);
    await();
}

/* Hooks */

static _Atomic int hook_notes;

static void on_started(void *argument)
{
    assert_ptr_equal(argument, &hook_notes);
    atomic_fetch_add(&hook_notes, 1);
}

static void on_ended(void *argument)
{
    assert_ptr_equal(argument, &hook_notes);
    atomic_fetch_add(&hook_notes, 100);
}

static void hooks_run_on_the_loop(void **state)
{
    (void)state;
    struct rk_loop_hooks hooks = {
        .thread_started = on_started, .thread_ending = on_ended, .argument = &hook_notes};
    struct rk_loop *hooked = rk_loop_new("rdk:hooked", &hooks);
    assert_int_equal(hook_notes, 0);
    assert_true(rk_loop_start(hooked));
    rk_loop_stop(hooked);
    assert_int_equal(hook_notes, 101);
    rk_loop_destroy(hooked);
    assert_int_equal(hook_notes, 101);
}

/* Timers */

struct test_timer {
    struct rk_timer timer;
    _Atomic int fired;
    uint64_t at_us;
    struct test_timer *stops; /* Stops that one. */
    uint64_t again_us;        /* Starts itself again this much later; RK_NEVER: no. */
};

static struct test_timer timers[4];

static void on_fire(struct rk_timer *timer, uint64_t now_us)
{
    struct test_timer *self = rk_container_of(timer, struct test_timer, timer);
    rk_loop_assert_mine(loop);
    assert_false(rk_timer_is_started(timer));
    self->fired++;
    self->at_us = now_us;
    if (self->stops)
        rk_loop_stop_timer(loop, &self->stops->timer);
    if (self->again_us != RK_NEVER)
        rk_loop_start_timer(loop, timer, now_us + self->again_us);
    sem_post(&done);
}

static void reset_timers(void)
{
    for (size_t i = 0; i < RK_COUNT_OF(timers); i++) {
        timers[i] = (struct test_timer){.again_us = RK_NEVER};
        rk_timer_init(&timers[i].timer, on_fire);
    }
}

static void start_three(void *argument)
{
    uint64_t now_us = rk_clock_now_us();
    (void)argument;
    rk_loop_start_timer(loop, &timers[2].timer, now_us + 30000);
    rk_loop_start_timer(loop, &timers[0].timer, now_us + 10000);
    rk_loop_start_timer(loop, &timers[1].timer, now_us + 20000);
    rk_loop_start_timer(loop, &timers[3].timer, RK_NEVER);
}

static void timers_fire_in_order_and_in_time(void **state)
{
    (void)state;
    reset_timers();
    uint64_t before_us = rk_clock_now_us();
    assert_true(rk_loop_start(loop));
    post(start_three, NULL);
    for (int i = 0; i < 3; i++)
        await();
    rk_loop_stop(loop);
    assert_true(timers[0].at_us >= before_us + 10000);
    assert_true(timers[1].at_us >= timers[0].at_us && timers[2].at_us >= timers[1].at_us);
    assert_true(timers[2].at_us >= before_us + 30000);
    assert_int_equal(timers[3].fired, 0);
}

static void start_two_due(void *argument)
{
    uint64_t now_us = rk_clock_now_us();
    (void)argument;
    rk_loop_start_timer(loop, &timers[0].timer, now_us - 1);
    rk_loop_start_timer(loop, &timers[1].timer, now_us);
    rk_loop_start_timer(loop, &timers[2].timer, now_us + 1000);
}

static void a_timer_stopped_by_another_does_not_fire(void **state)
{
    (void)state;
    reset_timers();
    timers[0].stops = &timers[1];
    assert_true(rk_loop_start(loop));
    post(start_two_due, NULL);
    await();
    await();
    rk_loop_stop(loop);
    assert_int_equal(timers[0].fired, 1);
    assert_int_equal(timers[1].fired, 0);
    assert_int_equal(timers[2].fired, 1);
}

/* One that is always due again must not keep mail from being delivered. */
static void a_timer_that_is_always_due_starves_nobody(void **state)
{
    (void)state;
    reset_timers();
    timers[0].again_us = 0;
    assert_true(rk_loop_start(loop));
    post(start_two_due, NULL);
    for (int i = 0; i < 100; i++)
        await();
    while (timers[2].fired == 0)
        await();
    rk_loop_stop(loop); /* The stop is mail too. */
    assert_true(timers[0].fired >= 98);
    assert_int_equal(timers[1].fired, 1);
    assert_int_equal(timers[2].fired, 1);
}

static void an_idle_loop_makes_no_wakeups(void **state)
{
    (void)state;
    assert_true(rk_loop_start(loop));
    post(say_done, NULL);
    await();
    uint64_t before;
    int tries = 0;
    do { /* It may still be on its way to rest. */
        before = rk_loop_wakeups(loop);
        rk_thread_pause_us(100000);
    } while (rk_loop_wakeups(loop) != before && ++tries < 20);
    assert_true(tries < 20);
}

/* Watches */

struct pipe_watch {
    struct rk_watch watch;
    int reads_from, writes_to;
    int calls;
    short revents;
    void (*then)(struct pipe_watch *self);
};

static struct pipe_watch pipes[3];

static void on_ready(struct rk_watch *watch, short revents, uint64_t now_us)
{
    struct pipe_watch *self = rk_container_of(watch, struct pipe_watch, watch);
    char byte;
    rk_loop_assert_mine(loop);
    assert_true(now_us > 0);
    self->calls++;
    self->revents = revents;
    if (revents & POLLIN)
        assert_int_equal(read(self->reads_from, &byte, 1), 1);
    if (self->then)
        self->then(self);
    sem_post(&done);
}

static int open_pipes(void **state)
{
    for (size_t i = 0; i < RK_COUNT_OF(pipes); i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pipes[i] = (struct pipe_watch){.reads_from = ends[0], .writes_to = ends[1]};
        rk_watch_init(&pipes[i].watch, on_ready);
    }
    return set_up(state);
}

static int close_pipes(void **state)
{
    int result = tear_down(state);
    for (size_t i = 0; i < RK_COUNT_OF(pipes); i++) {
        close(pipes[i].reads_from);
        if (pipes[i].writes_to >= 0)
            close(pipes[i].writes_to);
    }
    return result;
}

static void watch_all(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < RK_COUNT_OF(pipes); i++)
        rk_loop_watch(loop, &pipes[i].watch, pipes[i].reads_from, POLLIN);
    sem_post(&done);
}

static void put(int i)
{
    assert_int_equal(write(pipes[i].writes_to, "x", 1), 1);
}

static void ready_descriptors_are_told(void **state)
{
    (void)state;
    assert_true(rk_loop_start(loop));
    post(watch_all, NULL);
    await();
    for (int i = 0; i < 10; i++) {
        put(i % 3);
        await();
    }
    close(pipes[0].writes_to);
    pipes[0].writes_to = -1;
    await();
    rk_loop_stop(loop);
    assert_int_equal(pipes[1].calls, 3);
    assert_int_equal(pipes[2].calls, 3);
    assert_true(pipes[0].revents & POLLHUP);
}

static void unwatch_all(struct pipe_watch *self)
{
    (void)self;
    for (size_t i = 0; i < RK_COUNT_OF(pipes); i++) {
        rk_loop_unwatch(loop, &pipes[i].watch);
        rk_loop_unwatch(loop, &pipes[i].watch);
    }
}

static void a_handler_takes_all_watches_away(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        put(i);
        pipes[i].then = unwatch_all;
    }
    assert_true(rk_loop_start(loop));
    post(watch_all, NULL);
    await();
    await(); /* Whichever was called. */
    post(say_done, NULL);
    await();
    rk_loop_stop(loop);
    assert_int_equal(pipes[0].calls + pipes[1].calls + pipes[2].calls, 1);
    assert_int_equal(pipes[0].watch.index, -1);
}

static void rewatch_others(struct pipe_watch *self)
{
    self->then = NULL;
    unwatch_all(self);
    for (size_t i = RK_COUNT_OF(pipes); i-- > 0;)
        rk_loop_watch(loop, &pipes[i].watch, pipes[i].reads_from, POLLIN);
}

static void watches_move_in_a_handler(void **state)
{
    (void)state;
    pipes[0].then = rewatch_others;
    for (int i = 0; i < 3; i++)
        put(i);
    assert_true(rk_loop_start(loop));
    post(watch_all, NULL);
    for (int i = 0; i < 4; i++)
        await();
    rk_loop_stop(loop);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pipes[i].calls, 1);
}

static void ignore_input(void *argument)
{
    (void)argument;
    rk_loop_watch(loop, &pipes[0].watch, pipes[0].reads_from, 0);
    sem_post(&done);
}

static void nothing_but_hangups(void **state)
{
    (void)state;
    put(0);
    assert_true(rk_loop_start(loop));
    post(ignore_input, NULL);
    await();
    close(pipes[0].writes_to);
    pipes[0].writes_to = -1;
    await();
    rk_loop_stop(loop);
    assert_int_equal(pipes[0].revents, POLLHUP);
}

#define TEST(name)       cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define PIPES_TEST(name) cmocka_unit_test_setup_teardown(name, open_pipes, close_pipes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mail_from_many_threads),
        TEST(mail_is_kept_while_stopped),
        TEST(all_mail_is_delivered_or_discarded),
        TEST(stops_and_starts_again),
        TEST(hooks_run_on_the_loop),
        TEST(timers_fire_in_order_and_in_time),
        TEST(a_timer_stopped_by_another_does_not_fire),
        TEST(a_timer_that_is_always_due_starves_nobody),
        TEST(an_idle_loop_makes_no_wakeups),
        PIPES_TEST(ready_descriptors_are_told),
        PIPES_TEST(a_handler_takes_all_watches_away),
        PIPES_TEST(watches_move_in_a_handler),
        PIPES_TEST(nothing_but_hangups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
