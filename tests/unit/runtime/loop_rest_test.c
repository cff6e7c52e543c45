/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that rest: their thread ends while there is nothing to do, and another comes with the next
 * mail, by way of the keeper.
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

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { THREADS = 3, POSTS = 3000 };

/* A loop and who keeps it. */
static struct rk_loop *loop, *keeper;
static struct rk_mail keeper_mail;
static _Atomic bool is_called, attends;
static sem_t done, rested, failed;
static _Atomic int delivered, discarded, threads_started, threads_ended, ends;

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ;
}

static void on_thread_started(void *argument)
{
    (void)argument;
    assert_true(rk_loop_is_mine(loop));
    atomic_fetch_add(&threads_started, 1);
}

static void on_thread_ending(void *argument)
{
    (void)argument;
    assert_true(rk_loop_is_mine(loop));
    atomic_fetch_add(&threads_ended, 1);
}

static void on_ended(void *argument)
{
    (void)argument;
    assert_true(rk_loop_is_mine(loop));
    atomic_fetch_add(&ends, 1);
}

static void call_keeper(void *argument)
{
    (void)argument;
    if (!atomic_exchange(&is_called, true))
        rk_loop_post(keeper, &keeper_mail);
}

static void attend(struct rk_mail *mail)
{
    (void)mail;
    atomic_store(&is_called, false);
    if (!atomic_load(&attends))
        return;
    if (!rk_loop_attend(loop)) {
        assert_int_equal(errno, EAGAIN);
        sem_post(&failed);
    }
    if (rk_loop_is_resting(loop))
        sem_post(&rested);
}

static void discard_nothing(struct rk_mail *mail)
{
    (void)mail;
}

static void make(uint64_t rest_after_us)
{
    const struct rk_loop_hooks hooks = {.thread_started = on_thread_started,
                                        .thread_ending = on_thread_ending,
                                        .ended = on_ended,
                                        .call_keeper = call_keeper,
                                        .rest_after_us = rest_after_us};
    loop = rk_loop_new("rdk:test", &hooks);
    assert_non_null(loop);
}

static bool make_keeper(void)
{
    is_called = false;
    attends = true;
    keeper_mail = (struct rk_mail){.deliver = attend, .discard = discard_nothing};
    keeper = rk_loop_new("rdk:keeper", NULL);
    return keeper && rk_loop_start(keeper);
}

static int set_up(void **state)
{
    (void)state;
    sem_init(&done, 0, 0);
    sem_init(&rested, 0, 0);
    sem_init(&failed, 0, 0);
    delivered = discarded = threads_started = threads_ended = ends = 0;
    return make_keeper() ? 0 : -1;
}

static void start_loop(struct rk_mail *mail)
{
    (void)mail;
    assert_true(rk_loop_start(loop));
    sem_post(&done);
}

/* The keeper's thread has it from the beginning. */
static void start(void)
{
    static struct rk_mail mail = {.deliver = start_loop, .discard = discard_nothing};
    rk_loop_post(keeper, &mail);
    await(&done);
}

static void stop_keeper(void)
{
    rk_loop_stop(keeper); /* From here on the loop is the caller's. */
}

static void free_loop(void)
{
    rk_loop_stop(loop);
    assert_int_equal(ends, 1);
    assert_int_equal(threads_started, threads_ended);
    rk_loop_destroy(loop);
}

static int tear_down(void **state)
{
    (void)state;
    rk_loop_destroy(keeper);
    sem_destroy(&done);
    sem_destroy(&rested);
    sem_destroy(&failed);
    return rk_thread_count();
}

/* Mail that runs a function on the loop. */
struct call {
    struct rk_mail mail;
    void (*run)(void);
    int poster, number;
};

static int last_numbers[THREADS];

static void deliver(struct rk_mail *mail)
{
    struct call *call = rk_container_of(mail, struct call, mail);
    assert_true(rk_loop_is_mine(loop));
    assert_int_equal(last_numbers[call->poster] + 1, call->number); /* In order. */
    last_numbers[call->poster] = call->number;
    atomic_fetch_add(&delivered, 1);
    if (call->run)
        call->run();
    rk_free(call);
}

static void discard(struct rk_mail *mail)
{
    atomic_fetch_add(&discarded, 1);
    rk_free(rk_container_of(mail, struct call, mail));
}

static void post(int poster, int number, void (*run)(void))
{
    struct call *call = RK_NEW(struct call);
    call->mail.deliver = deliver;
    call->mail.discard = discard;
    call->run = run;
    call->poster = poster;
    call->number = number;
    rk_loop_post(loop, &call->mail);
}

static void reset_numbers(void)
{
    for (int i = 0; i < THREADS; i++)
        last_numbers[i] = 0;
}

static void say_done(void)
{
    sem_post(&done);
}

static void rests_and_comes_back(void **state)
{
    (void)state;
    reset_numbers();
    make(1000);
    start();
    for (int i = 1; i <= 3; i++) {
        await(&rested);
        assert_int_equal(rk_thread_count(), 1); /* The keeper's. */
        assert_int_equal(threads_ended, i);
        assert_int_equal(ends, 0);
        post(0, i, say_done);
        await(&done);
        assert_int_equal(threads_started, i + 1);
    }
    await(&rested);
    stop_keeper();
    free_loop();
    assert_int_equal(delivered, 3);
    assert_int_equal(threads_started, 4);
}

static void stops_at_rest_and_keeps_its_mail(void **state)
{
    (void)state;
    reset_numbers();
    make(0);
    start();
    await(&rested);
    attends = false; /* As a keeper whose client goes away. */
    post(0, 1, say_done);
    stop_keeper();
    free_loop();
    assert_int_equal(delivered, 0);
    assert_int_equal(discarded, 1);
}

static void mail_of_the_last_moment_is_discarded(void **state)
{
    (void)state;
    make(0);
    start();
    await(&rested);
    attends = false;
    post(0, 1, say_done);
    stop_keeper();
    rk_loop_discard_at_rest(loop);
    assert_int_equal(discarded, 1);
    free_loop();
}

/* What a loop has besides mail keeps its thread. */

static struct rk_timer timer;

static void on_fire(struct rk_timer *self, uint64_t now_us)
{
    (void)self;
    (void)now_us;
    assert_true(rk_loop_is_mine(loop));
    assert_int_equal(threads_ended, 0);
    sem_post(&done);
}

static void say_fired(struct rk_timer *self, uint64_t now_us)
{
    (void)self;
    (void)now_us;
    assert_true(rk_loop_is_mine(loop));
    sem_post(&done);
}

static void start_timer(void)
{
    rk_loop_start_timer(loop, &timer, rk_clock_now_us() + 20000);
}

static void a_timer_keeps_the_thread(void **state)
{
    (void)state;
    reset_numbers();
    rk_timer_init(&timer, on_fire);
    make(1000);
    post(0, 1, start_timer);
    start();
    await(&done);
    await(&rested);
    stop_keeper();
    free_loop();
    assert_int_equal(threads_started, 1);
}

static void borrow(struct rk_mail *mail)
{
    (void)mail;
    if (rk_loop_try_borrow(loop)) {
        assert_true(rk_loop_is_mine(loop));
        assert_false(rk_loop_is_mine(keeper));
        rk_loop_give_back(loop);
        atomic_fetch_add(&delivered, 1);
    }
    assert_true(rk_loop_is_mine(keeper));
    sem_post(&done);
}

static void its_keeper_may_borrow_it(void **state)
{
    (void)state;
    struct rk_mail mail = {.deliver = borrow, .discard = discard_nothing};
    make(0);
    rk_loop_post(keeper, &mail);
    await(&done); /* It has not started: nobody's to borrow. */
    assert_int_equal(delivered, 0);
    start();
    await(&rested);
    rk_loop_post(keeper, &mail);
    await(&done);
    assert_int_equal(delivered, 1);
    stop_keeper();
    free_loop();
    assert_int_equal(threads_started, 1);
}

/* Races */

static void *post_many(void *argument)
{
    int poster = (int)(intptr_t)argument;
    for (int i = 1; i <= POSTS; i++) {
        post(poster, i, i == POSTS ? say_done : NULL);
        if (i % 7 == poster)
            rk_thread_pause_us(1 + (uint64_t)(i % 50));
    }
    return NULL;
}

/* It rests as soon as it has nothing to do. */
static void posts_meet_threads_that_end(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    reset_numbers();
    make(0);
    start();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, (void *)(intptr_t)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        await(&done);
    stop_keeper();
    free_loop();
    assert_int_equal(delivered, THREADS * POSTS);
    assert_true(threads_started > 1);
}

static void *post_some(void *argument)
{
    (void)argument;
    for (int i = 1; i <= 50; i++)
        post(0, i, NULL);
    return NULL;
}

static void stops_while_threads_come_and_go(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        pthread_t thread;
        reset_numbers();
        delivered = discarded = ends = threads_started = threads_ended = 0;
        make((uint64_t)(round % 3) * 20);
        start();
        assert_int_equal(pthread_create(&thread, NULL, post_some, NULL), 0);
        rk_thread_pause_us((uint64_t)(round % 40));
        attends = false;
        stop_keeper();
        rk_loop_stop(loop);
        pthread_join(thread, NULL);
        free_loop();
        assert_int_equal(delivered + discarded, 50);
        rk_loop_destroy(keeper);
        assert_true(make_keeper());
    }
    stop_keeper();
}

/* No thread to be had */

static void set_stack_size(size_t size)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, size), 0);
    assert_int_equal(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
}

static void without_a_thread_the_keeper_runs_it(void **state)
{
    (void)state;
    pthread_attr_t attributes;
    size_t usual;
    pthread_getattr_default_np(&attributes);
    pthread_attr_getstacksize(&attributes, &usual);
    pthread_attr_destroy(&attributes);
    reset_numbers();
    make(0);
    start();
    await(&rested);
    set_stack_size((size_t)1 << 47); /* More than there are addresses. */
    post(0, 1, say_done);
    await(&done);
    await(&rested);
    await(&failed);
    assert_int_equal(rk_thread_count(), 1);
    rk_timer_init(&timer, say_fired);
    post(0, 2, start_timer);
    await(&failed);
    assert_false(rk_loop_is_resting(loop)); /* It has a timer that nobody waits for. */
    set_stack_size(usual);
    call_keeper(NULL);
    await(&done);
    await(&rested);
    stop_keeper();
    free_loop();
    assert_int_equal(threads_started, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rests_and_comes_back),
        TEST(stops_at_rest_and_keeps_its_mail),
        TEST(mail_of_the_last_moment_is_discarded),
        TEST(a_timer_keeps_the_thread),
        TEST(its_keeper_may_borrow_it),
        TEST(posts_meet_threads_that_end),
        TEST(stops_while_threads_come_and_go),
        TEST(without_a_thread_the_keeper_runs_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
