/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue of a core without a client, new for each test: for queue_test.c and queue_forward_test.c.
 */
#ifndef EVENT_QUEUE_FIXTURE_H
#define EVENT_QUEUE_FIXTURE_H

#include "fixture.h"

#include "base/clock.h"

static struct rk_core *core;
static rd_kafka_queue_t *queue;

static inline int set_up(void **state)
{
    (void)state;
    reset_notes();
    core = core_new(NULL);
    queue = rk_queue_new(core, "test");
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    probed_queue = NULL;
    rk_queue_release(queue);
    core_end(core);
    return 0;
}

static inline void expect_event(rd_kafka_queue_t *from, int number)
{
    rd_kafka_event_t *event = rk_queue_take_event(from, 0);
    assert_non_null(event);
    assert_int_equal(number_of(event), number);
    rk_event_destroy(event);
}

static inline void expect_message(rd_kafka_queue_t *from, int64_t offset)
{
    struct rk_message *message = rk_queue_take_message(from, 0);
    assert_non_null(message);
    assert_int_equal(message->rkmessage.offset, offset);
    rk_message_destroy(message);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
