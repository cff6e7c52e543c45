/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of states a client can be in, and of ways to end it: each end returns soon in each state,
 * other threads inside its calls come back, and no thread, descriptor or byte is left.
 */
#include <dirent.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/clock.h"
#include "runtime/thread.h"
#include "torture/ends.h"
#include "torture/faults.h"

/* Ends */

static void give_back(void)
{
    for (int i = 0; i < it.message_count; i++)
        rd_kafka_message_destroy(it.messages[i]);
    for (int i = 0; i < it.event_count; i++)
        rd_kafka_event_destroy(it.events[i]);
    for (int i = 0; i < it.queue_count; i++)
        rd_kafka_queue_destroy(it.queues[i]);
    if (it.topic)
        rd_kafka_topic_destroy(it.topic);
    it.message_count = it.event_count = it.queue_count = 0;
    it.topic = NULL;
}

static void destroy(void)
{
    rd_kafka_destroy(it.rk);
}

static void destroy_without_close(void)
{
    rd_kafka_destroy_flags(it.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void *run_destroy(void *argument)
{
    (void)argument;
    rd_kafka_destroy(it.rk);
    return NULL;
}

static void destroy_on_another_thread(void)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_destroy, NULL), 0);
    pthread_join(thread, NULL);
}

/* A thread inside may still need the queue or topic. */
static void give_back_then_destroy(void)
{
    if (it.thread_count == 0)
        give_back();
    rd_kafka_destroy(it.rk);
}

#define ROW(name)   \
    {               \
#name, name \
    }

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
    ROW(destroy),
    ROW(destroy_without_close),
    ROW(destroy_on_another_thread),
    ROW(give_back_then_destroy),
};

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Nothing is left; what ends by itself is waited for, with the watchdog as the limit. */
static void expect_nothing_left(int threads, int descriptors, long live)
{
    while (rk_thread_count() > threads)
        rk_thread_pause_us(200);
    while (count_descriptors() > descriptors) /* The mock cluster closes its side. */
        rk_thread_pause_us(200);
    if (faults_live_allocations() != live)
        fail_msg("%ld allocations are left", faults_live_allocations() - live);
}

static void end_in_state(const struct ends_state *state, int way)
{
    fprintf(stderr, "%s, %s", state->name, ways[way].name);
    int threads = rk_thread_count(), descriptors = count_descriptors();
    long live = faults_live_allocations();
    state->reach();
    uint64_t began_us = rk_clock_now_us();
    ways[way].run();
    uint64_t took_ms = (rk_clock_now_us() - began_us) / 1000;
    for (int i = 0; i < it.thread_count; i++)
        pthread_join(it.threads[i], NULL);
    it.thread_count = 0;
    atomic_store(&it.inside, 0);
    fprintf(stderr, ": %d ms\n", (int)took_ms);
    give_back();
    faults_hang_names(false);
    ends_set_delay(0);
    ends_set_group_delay(0);
    expect_nothing_left(threads, descriptors, live);
}

static void end_in_all(const struct ends_state *states, int way_count)
{
    ends_set_delay(0);
    for (const struct ends_state *each = states; each->name; each++) {
        for (int way = 0; way < way_count; way++)
            end_in_state(each, way);
    }
}

static void test_every_state(void **state)
{
    (void)state;
    end_in_all(ends_states, (int)RK_COUNT_OF(ways));
}

static void test_members(void **state)
{
    (void)state;
    end_in_all(ends_member_states, 2); /* With close and without it. */
}

static int begin(void **state)
{
    (void)state;
    ends_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    ends_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state),
        cmocka_unit_test(test_members),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
