/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues between threads: waiting, waking, several that take, forwarding that changes meanwhile.
 */
#include "fixture.h"

#include <errno.h>

#include "base/clock.h"
#include "event/queue_private.h"
#include "runtime/thread.h"

static struct rk_core *core;
static rd_kafka_queue_t *queue, *other;

static int set_up(void **state)
{
    (void)state;
    reset_notes();
    core = core_new(NULL);
    queue = rk_queue_new(core, "queue");
    other = rk_queue_new(core, "other");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rk_queue_release(queue);
    rk_queue_release(other);
    core_end(core);
    return 0;
}

/* A thread that takes one message. */
struct waiter {
    struct rk_thread *thread;
    rd_kafka_queue_t *queue;
    uint64_t deadline_us;
    struct rk_message *message;
    rd_kafka_resp_err_t err;
};

static void run_waiter(void *argument)
{
    struct waiter *waiter = argument;
    waiter->message = rk_queue_take_message(waiter->queue, waiter->deadline_us);
    waiter->err = rk_last_error();
}

static void start_waiter(struct waiter *waiter, rd_kafka_queue_t *from, uint64_t deadline_us)
{
    *waiter = (struct waiter){.queue = from, .deadline_us = deadline_us};
    waiter->thread = rk_thread_start("waiter", run_waiter, waiter);
    assert_non_null(waiter->thread);
}

/* Until so many threads wait at that very queue. */
static void await_waiters(rd_kafka_queue_t *at, int count)
{
    for (;;) {
        rk_mutex_lock(&at->mutex);
        int waiters = at->shared.waiters;
        rk_mutex_unlock(&at->mutex);
        if (waiters == count)
            return;
        rk_thread_pause_us(100);
    }
}

static void expect_message(struct waiter *waiter, int64_t offset)
{
    rk_thread_join(waiter->thread);
    assert_non_null(waiter->message);
    assert_int_equal(waiter->message->rkmessage.offset, offset);
    rk_message_destroy(waiter->message);
}

static void expect_none(struct waiter *waiter, rd_kafka_resp_err_t err)
{
    rk_thread_join(waiter->thread);
    assert_null(waiter->message);
    assert_int_equal(waiter->err, err);
}

static void test_push_wakes(void **state)
{
    (void)state;
    struct waiter waiter;
    start_waiter(&waiter, queue, RK_NEVER);
    await_waiters(queue, 1);
    rk_queue_push(queue, batch_new(0, 1, 1));
    expect_message(&waiter, 1);
}

static void test_one_batch_wakes_all_it_can_serve(void **state)
{
    (void)state;
    struct waiter waiters[4];
    for (int i = 0; i < 4; i++)
        start_waiter(&waiters[i], queue, RK_NEVER);
    await_waiters(queue, 4);
    rk_queue_push(queue, batch_new(0, 0, 4));
    for (int i = 0; i < 4; i++) {
        rk_thread_join(waiters[i].thread);
        assert_non_null(waiters[i].message);
        rk_message_destroy(waiters[i].message);
    }
    assert_int_equal(rk_queue_length(queue), 0);
}

static void test_deadline(void **state)
{
    (void)state;
    uint64_t begun_us = rk_clock_now_us();
    assert_null(rk_queue_take_message(queue, begun_us + 30000));
    assert_int_equal(rk_last_error(), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_true(rk_clock_now_us() - begun_us >= 29000);
    begun_us = rk_clock_now_us();
    assert_int_equal(rk_queue_serve(queue, begun_us - 1, 0), 0);
    assert_null(rk_queue_take_event(queue, begun_us));
}

static void test_yield(void **state)
{
    (void)state;
    struct waiter waiter;
    assert_true(rk_queue_forward(queue, other));
    start_waiter(&waiter, queue, RK_NEVER);
    await_waiters(other, 1);
    rk_queue_yield(queue);
    expect_none(&waiter, RD_KAFKA_RESP_ERR__TIMED_OUT);

    /* Nobody waits: it is for the next one, once. */
    rk_queue_yield(other);
    assert_null(rk_queue_take_event(queue, RK_NEVER));
    start_waiter(&waiter, other, RK_NEVER);
    await_waiters(other, 1);
    rk_queue_push(queue, batch_new(0, 7, 1));
    expect_message(&waiter, 7);
}

static void test_disable_wakes_all(void **state)
{
    (void)state;
    struct waiter waiters[5];
    assert_true(rk_queue_forward(queue, other));
    for (int i = 0; i < 3; i++)
        start_waiter(&waiters[i], queue, RK_NEVER);
    for (int i = 3; i < 5; i++)
        start_waiter(&waiters[i], other, RK_NEVER);
    await_waiters(other, 5);
    rk_queue_disable(queue);
    for (int i = 0; i < 3; i++)
        expect_none(&waiters[i], RD_KAFKA_RESP_ERR__DESTROY);
    await_waiters(other, 2);
    rk_queue_disable(other);
    for (int i = 3; i < 5; i++)
        expect_none(&waiters[i], RD_KAFKA_RESP_ERR__DESTROY);
}

static void test_waiter_follows_forwarding(void **state)
{
    (void)state;
    struct waiter waiter;
    start_waiter(&waiter, queue, RK_NEVER);
    await_waiters(queue, 1);
    assert_true(rk_queue_forward(queue, other));
    await_waiters(other, 1);
    rk_queue_push(other, batch_new(0, 1, 1));
    expect_message(&waiter, 1);

    start_waiter(&waiter, queue, RK_NEVER);
    await_waiters(other, 1);
    assert_true(rk_queue_forward(queue, NULL));
    await_waiters(queue, 1);
    rk_queue_push(queue, batch_new(0, 2, 1));
    expect_message(&waiter, 2);

    /* In the middle of a chain. */
    rd_kafka_queue_t *head = rk_queue_new(core, "head");
    assert_true(rk_queue_forward(head, queue));
    assert_true(rk_queue_forward(queue, other));
    start_waiter(&waiter, head, RK_NEVER);
    await_waiters(other, 1);
    assert_true(rk_queue_forward(queue, NULL));
    await_waiters(queue, 1);
    rk_queue_push(head, batch_new(0, 3, 1));
    expect_message(&waiter, 3);
    rk_queue_release(head);
}

/* Several threads push, several take, in all three ways; every message comes once. */

enum { PUSHERS = 3, TAKERS = 4, BATCHES = 400, BATCH_SIZE = 7 };

static _Atomic uint8_t seen[PUSHERS][BATCHES * BATCH_SIZE];
static _Atomic int seen_count, disordered_count;
static _Atomic bool are_pushers_done;

static void note(const rd_kafka_message_t *message)
{
    atomic_fetch_add(&seen[message->partition][message->offset], 1);
    atomic_fetch_add(&seen_count, 1);
}

static void run_pusher(void *argument)
{
    int32_t partition = (int32_t)(intptr_t)argument;
    for (int i = 0; i < BATCHES; i++)
        rk_queue_push(queue, batch_new(partition, (int64_t)i * BATCH_SIZE, BATCH_SIZE));
}

static void take_by_message(rd_kafka_queue_t *from)
{
    struct rk_message *message = rk_queue_take_message(from, rk_clock_now_us() + 1000);
    if (message)
        note(&message->rkmessage);
    rk_message_destroy(message);
}

static void take_by_batch(rd_kafka_queue_t *from)
{
    rd_kafka_message_t *messages[5];
    int64_t last[PUSHERS] = {-1, -1, -1};
    size_t count = rk_queue_take_messages(from, rk_clock_now_us() + 1000, messages, 5);
    for (size_t i = 0; i < count; i++) {
        if (messages[i]->offset <= last[messages[i]->partition])
            atomic_fetch_add(&disordered_count, 1);
        last[messages[i]->partition] = messages[i]->offset;
        note(messages[i]);
        rk_message_destroy(rk_message_from_public(messages[i]));
    }
}

static void take_by_event(rd_kafka_queue_t *from)
{
    rd_kafka_event_t *event = rk_queue_take_event(from, rk_clock_now_us() + 1000);
    if (event)
        note(event->kind->message_at(event, 0));
    rk_event_destroy(event);
}

static void run_taker(void *argument)
{
    static void (*const ways[])(rd_kafka_queue_t *) = {take_by_message, take_by_batch,
                                                       take_by_event};
    intptr_t number = (intptr_t)argument;
    while (atomic_load(&seen_count) < PUSHERS * BATCHES * BATCH_SIZE)
        ways[number % 3](number % 2 ? queue : other);
}

static void run_forwarder(void *argument)
{
    (void)argument;
    while (!atomic_load(&are_pushers_done)) {
        rk_queue_forward(queue, other);
        rk_queue_length(queue);
        rk_queue_forward(queue, NULL);
        rk_queue_yield(queue);
    }
}

static void exchange(bool is_forwarding)
{
    struct rk_thread *pushers[PUSHERS], *takers[TAKERS], *forwarder = NULL;
    memset((void *)seen, 0, sizeof(seen));
    atomic_store(&seen_count, 0);
    atomic_store(&disordered_count, 0);
    atomic_store(&are_pushers_done, false);
    if (is_forwarding)
        forwarder = rk_thread_start("forwarder", run_forwarder, NULL);
    for (intptr_t i = 0; i < TAKERS; i++)
        takers[i] = rk_thread_start("taker", run_taker, (void *)i);
    for (intptr_t i = 0; i < PUSHERS; i++)
        pushers[i] = rk_thread_start("pusher", run_pusher, (void *)i);
    for (int i = 0; i < PUSHERS; i++)
        rk_thread_join(pushers[i]);
    atomic_store(&are_pushers_done, true);
    if (forwarder)
        rk_thread_join(forwarder);
    for (int i = 0; i < TAKERS; i++)
        rk_thread_join(takers[i]);
    for (int i = 0; i < PUSHERS; i++) {
        for (int k = 0; k < BATCHES * BATCH_SIZE; k++)
            assert_int_equal(seen[i][k], 1);
    }
    assert_int_equal(taken_count, PUSHERS * BATCHES * BATCH_SIZE);
    assert_int_equal(rk_queue_length(queue), 0);
}

static void test_many_threads(void **state)
{
    (void)state;
    assert_true(rk_queue_forward(other, queue));
    exchange(false);
    assert_int_equal(disordered_count, 0);
}

static void test_many_threads_and_forwarding(void **state)
{
    (void)state;
    exchange(true);
}

/* Two threads at once try to make a loop: one of them is refused. */

static void run_loop_maker(void *argument)
{
    rd_kafka_queue_t **ends = argument;
    for (int i = 0; i < 2000; i++) {
        rk_queue_forward(ends[0], ends[1]);
        rk_queue_length(ends[0]);
        rk_queue_forward(ends[0], NULL);
    }
}

static void test_loops_at_once(void **state)
{
    (void)state;
    rd_kafka_queue_t *one[] = {queue, other}, *another[] = {other, queue};
    struct rk_thread *first = rk_thread_start("first", run_loop_maker, one);
    struct rk_thread *second = rk_thread_start("second", run_loop_maker, another);
    rk_thread_join(first);
    rk_thread_join(second);
    assert_false(rk_queue_is_forwarded(queue));
    assert_false(rk_queue_is_forwarded(other));
}

/* A wake-up never comes after it was disabled. */

static _Atomic bool may_wake;

static void check_wake(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (!atomic_load(&may_wake))
        atomic_fetch_add(&disordered_count, 1);
}

static void run_plain_pusher(void *argument)
{
    (void)argument;
    while (!atomic_load(&are_pushers_done)) {
        rk_queue_push(queue, plain_new(0));
        rk_event_destroy(rk_queue_take_event(queue, 0));
    }
}

static void test_no_wakeup_after_disabling(void **state)
{
    (void)state;
    atomic_store(&disordered_count, 0);
    atomic_store(&are_pushers_done, false);
    struct rk_thread *pusher = rk_thread_start("pusher", run_plain_pusher, NULL);
    for (int i = 0; i < 300; i++) {
        atomic_store(&may_wake, true);
        rk_queue_enable_callback(queue, check_wake, NULL);
        rk_thread_pause_us(10);
        rk_queue_enable_callback(queue, NULL, NULL);
        atomic_store(&may_wake, false);
    }
    atomic_store(&are_pushers_done, true);
    rk_thread_join(pusher);
    assert_int_equal(disordered_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_push_wakes),        TEST(test_one_batch_wakes_all_it_can_serve),
        TEST(test_deadline),          TEST(test_yield),
        TEST(test_disable_wakes_all), TEST(test_waiter_follows_forwarding),
        TEST(test_many_threads),      TEST(test_many_threads_and_forwarding),
        TEST(test_loops_at_once),     TEST(test_no_wakeup_after_disabling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
