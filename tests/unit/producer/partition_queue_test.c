/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition's queue: sealing, order, what may be taken when, and when its sender is told.
 */
#include "fixture.h"

#include "producer/expiry.h"
#include "producer/sender.h"

static int set_up(void **state)
{
    (void)state;
    idle_start("batch.num.messages", "10");
    idle.queue->shared.is_trusted = true; /* Its leader has stored something. */
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    idle_end();
    return 0;
}

static void add(int count)
{
    for (int i = 0; i < count; i++) {
        struct rk_new_record record = record_of("value", 5, RD_KAFKA_MSG_F_COPY);
        assert_int_equal(rk_partition_queue_append(idle.queue, &record), 0);
    }
}

/* Whether the sender was told since the last call. The mail itself stays in the mailbox of a loop
 * that never runs: what is cleared is what its delivery clears. */
static bool was_told(void)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(idle.queue);
    bool is_posted = shared->is_posted;
    shared->is_posted = false;
    atomic_store(&idle.queue->told_sometime, NULL);
    rk_partition_queue_unlock(idle.queue);
    if (is_posted) {
        rk_loop_destroy(idle.loop);
        idle.loop = rk_loop_new("test", NULL);
        idle.producer->orphans->loop = idle.loop;
    }
    return is_posted;
}

static struct rk_take_limits no_limits(void)
{
    return (struct rk_take_limits){.now_us = 10, .size = SIZE_MAX, .in_flight = INT32_MAX};
}

static struct rk_batch *take(void)
{
    struct rk_take_limits limits = no_limits();
    struct rk_batch *batch = NULL;
    enum rk_take result = rk_partition_queue_take(idle.queue, &limits, &batch);
    assert_int_equal(result == RK_TAKE_BATCH || result == RK_TAKE_LAST_BATCH, batch != NULL);
    assert_int_equal(result == RK_TAKE_LAST_BATCH,
                     batch && TAILQ_EMPTY(&idle.queue->shared.batches));
    return batch;
}

static void finish(struct rk_batch *batch)
{
    rk_partition_queue_forget(idle.queue, batch, true);
    rk_batch_release(batch);
}

static void test_when_the_sender_is_told(void **state)
{
    (void)state;
    assert_false(was_told());
    add(1);
    assert_true(was_told()); /* Something is there. */
    add(8);
    assert_false(was_told()); /* It knows. */
    add(1);
    assert_true(was_told()); /* A whole batch. */
    add(9);
    assert_false(was_told()); /* It looks again when it has taken that. */
    add(1);
    assert_true(was_told());
    finish(take());
    assert_true(was_told()); /* It may have waited for that, and there is more. */
    finish(take());
    assert_null(take());
    assert_false(was_told());
    add(1);
    assert_true(was_told());
}

/* One record has time to linger; with the batch full, or while flushing, it has not. */
static void test_how_urgent_it_is(void **state)
{
    (void)state;
    add(1);
    assert_ptr_equal(atomic_load(&idle.queue->told_sometime), idle.producer->orphans);
    add(8);
    assert_ptr_equal(atomic_load(&idle.queue->told_sometime), idle.producer->orphans);
    add(1);
    assert_null(atomic_load(&idle.queue->told_sometime));
    assert_true(was_told());
    finish(take());
    add(1);
    assert_non_null(atomic_load(&idle.queue->told_sometime));
    rk_partition_queue_post_ready(idle.queue);
    assert_null(atomic_load(&idle.queue->told_sometime));
    assert_true(was_told());
    finish(take());
    atomic_store(&idle.producer->flushing, 1);
    add(1);
    assert_null(atomic_load(&idle.queue->told_sometime));
    assert_true(was_told());
}

static void test_told_once(void **state)
{
    (void)state;
    add(50);
    assert_true(was_told());
    assert_false(was_told());
    add(1); /* Behind what has not been taken: no news. */
    assert_false(was_told());
}

/* Between two senders nobody is told; who adopts it looks. */
static void test_nobody_to_tell(void **state)
{
    (void)state;
    struct rk_sender *sender = idle.queue->shared.sender;
    idle.queue->shared.sender = NULL;
    add(15);
    rk_partition_queue_post_ready(idle.queue);
    assert_false(was_told());
    idle.queue->shared.sender = sender;
    rk_partition_queue_post_ready(idle.queue);
    assert_true(was_told());
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    add(35);
    uint64_t last = 0;
    for (int i = 0; i < 4; i++) {
        struct rk_batch *batch = take();
        assert_int_equal(batch->record_count, i < 3 ? 10 : 5);
        assert_true(i == 0 || batch->number > last);
        last = batch->number;
        finish(batch);
    }
    assert_null(take());
}

/* A batch that comes back goes where it was, whatever the order of coming. */
static void test_back_in_order(void **state)
{
    (void)state;
    struct rk_batch *batches[5];
    add(50);
    for (int i = 0; i < 5; i++)
        batches[i] = take();
    static const int order[] = {3, 0, 4, 2, 1};
    was_told();
    for (int i = 0; i < 5; i++) {
        rk_partition_queue_give_back(idle.queue, batches[order[i]]);
        assert_true(was_told());
    }
    for (int i = 0; i < 5; i++) {
        struct rk_batch *batch = take();
        assert_ptr_equal(batch, batches[i]);
        finish(batch);
    }
}

static enum rk_take try_take(struct rk_batch **batch)
{
    struct rk_take_limits limits = no_limits();
    *batch = NULL;
    return rk_partition_queue_take(idle.queue, &limits, batch);
}

/* When one has come back the next ones are sent one at a time, until one was stored. */
static void test_one_on_trial(void **state)
{
    (void)state;
    struct rk_batch *batch;
    add(50);
    struct rk_batch *first = take(), *second = take();
    rk_partition_queue_give_back(idle.queue, first);
    assert_ptr_equal(take(), first);
    assert_int_equal(try_take(&batch), RK_TAKE_WAIT);
    rk_partition_queue_give_back(idle.queue, second);
    assert_int_equal(try_take(&batch), RK_TAKE_WAIT);
    was_told();
    rk_partition_queue_forget(idle.queue, first, false); /* It failed for good. */
    rk_batch_release(first);
    assert_true(was_told());
    assert_ptr_equal(take(), second);
    assert_int_equal(try_take(&batch), RK_TAKE_WAIT);
    finish(second);
    assert_true(was_told());
    struct rk_batch *third = take(), *fourth = take();
    assert_non_null(fourth);
    finish(third);
    finish(fourth);
    finish(take());
}

/* A new leader is tried too, without waiting for what the old one has. */
static void test_trial_of_a_new_sender(void **state)
{
    (void)state;
    struct rk_batch *batch;
    add(40);
    struct rk_batch *old = take();
    rk_partition_queue_distrust(rk_partition_queue_lock(idle.queue));
    rk_partition_queue_unlock(idle.queue);
    struct rk_batch *trial = take();
    assert_int_equal(try_take(&batch), RK_TAKE_WAIT);
    finish(old); /* Says nothing about the new one. */
    assert_int_equal(try_take(&batch), RK_TAKE_WAIT);
    rk_partition_queue_distrust(rk_partition_queue_lock(idle.queue));
    rk_partition_queue_unlock(idle.queue);
    struct rk_batch *next = take();
    rk_partition_queue_give_back(idle.queue, trial);
    assert_int_equal(try_take(&batch), RK_TAKE_WAIT);
    finish(next);
    assert_ptr_equal(take(), trial);
    finish(trial);
    finish(take());
}

/* Halves too, among each other and among the others. */
static void test_halves_in_order(void **state)
{
    (void)state;
    add(30);
    struct rk_batch *one = take(), *two = take();
    struct rk_batch *head = rk_batch_try_split(one, 4);
    rk_partition_queue_give_back_halves(idle.queue, head, one);
    rk_partition_queue_give_back(idle.queue, two);
    idle.queue->shared.is_trusted = true;
    struct rk_batch *first = take(), *second = take();
    assert_ptr_equal(first, head);
    assert_ptr_equal(second, one);
    rk_partition_queue_give_back(idle.queue, second);
    rk_partition_queue_give_back(idle.queue, first); /* Back in the wrong order. */
    static const uint32_t counts[] = {4, 6, 10, 10};
    for (int i = 0; i < 4; i++) {
        struct rk_batch *batch = take();
        assert_int_equal(batch->record_count, counts[i]);
        finish(batch);
    }
    assert_null(take());
}

static void test_limits(void **state)
{
    (void)state;
    struct rk_batch *batch = NULL;
    struct rk_take_limits limits = no_limits();
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_NOTHING);
    add(20);
    limits.size = 100;
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_TOO_LARGE);
    limits = no_limits();
    limits.in_flight = 1;
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_BATCH);
    struct rk_batch *first = batch;
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_WAIT);
    was_told();
    first->sending.retry_at_us = 100;
    rk_partition_queue_give_back(idle.queue, first);
    assert_true(was_told());
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_NOTHING);
    limits.now_us = 100;
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_BATCH);
    assert_ptr_equal(batch, first);
    rk_partition_queue_lock(idle.queue)->is_paused = true;
    rk_partition_queue_unlock(idle.queue);
    finish(batch);
    assert_true(was_told()); /* It waited for that. */
    assert_int_equal(rk_partition_queue_take(idle.queue, &limits, &batch), RK_TAKE_NOTHING);
}

static void test_taking_all(void **state)
{
    (void)state;
    struct rk_batch_list batches;
    struct rk_batch *batch;
    int count = 0;
    add(25);
    rk_partition_queue_take_all(idle.queue, &batches);
    while ((batch = TAILQ_FIRST(&batches))) {
        TAILQ_REMOVE(&batches, batch, link);
        count += (int)batch->record_count;
        rk_batch_release(batch);
    }
    assert_int_equal(count, 25);
    assert_null(take());
    was_told();
    add(1); /* A new batch, not the one that was open. */
    assert_true(was_told());
    batch = take();
    assert_int_equal(batch->record_count, 1);
    finish(batch);
}

static void test_closed(void **state)
{
    (void)state;
    struct rk_new_record record = record_of("value", 5, RD_KAFKA_MSG_F_COPY);
    add(1);
    rk_partition_queue_close(idle.queue, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    assert_int_equal(rk_partition_queue_append(idle.queue, &record),
                     RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    assert_int_equal(rk_partition_queue_closed_err(idle.queue), RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    rk_partition_queue_close(idle.queue, RD_KAFKA_RESP_ERR_NO_ERROR);
    add(1);
    struct rk_batch *batch = take();
    assert_int_equal(batch->record_count, 2);
    finish(batch);
}

/* A record that is larger than a new batch's first segment leaves nothing odd behind. */
static void test_large_records(void **state)
{
    (void)state;
    static char value[200000];
    for (int32_t size = 900; size < (int32_t)sizeof(value); size *= 2) {
        struct rk_new_record record = record_of(value, size, RD_KAFKA_MSG_F_COPY);
        assert_int_equal(rk_partition_queue_append(idle.queue, &record), 0);
        record.flags = 0;
        record.by_reference = size > 4096;
        assert_int_equal(rk_partition_queue_append(idle.queue, &record), 0);
    }
    struct rk_batch *batch;
    uint32_t count = 0;
    while ((batch = take())) {
        count += batch->record_count;
        assert_true(batch->record_count > 0);
        finish(batch);
    }
    assert_int_equal(count, 16);
}

/* Expiry */

static void test_expiry_times(void **state)
{
    (void)state;
    uint64_t timeout_us = (uint64_t)idle.topic->conf->message_timeout_ms * 1000;
    assert_int_equal(rk_expiry_time(idle.topic, 1000), 1000 + timeout_us);
    struct rk_new_record record = record_of("value", 5, RD_KAFKA_MSG_F_COPY);
    rk_partition_queue_append(idle.queue, &record);
    record.enqueued_us += 77;
    rk_partition_queue_append(idle.queue, &record);
    struct rk_batch *batch = take();
    assert_int_equal(rk_expiry_of_batch(batch), record.enqueued_us + timeout_us);
    finish(batch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_when_the_sender_is_told),
        TEST(test_how_urgent_it_is),
        TEST(test_told_once),
        TEST(test_nobody_to_tell),
        TEST(test_first_in_first_out),
        TEST(test_back_in_order),
        TEST(test_one_on_trial),
        TEST(test_trial_of_a_new_sender),
        TEST(test_halves_in_order),
        TEST(test_limits),
        TEST(test_taking_all),
        TEST(test_closed),
        TEST(test_large_records),
        TEST(test_expiry_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
