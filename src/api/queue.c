/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_queue_*(), rd_kafka_poll(), rd_kafka_yield(): queues in the application's hands. Queues
 * that belong to a part of the client are handed out by that part's file.
 */
#include "api/client.h"
#include "base/clock.h"
#include "event/queue.h"

/* 0, which needs no clock, for a call that does not wait. */
static uint64_t deadline_from_ms(int timeout_ms)
{
    return timeout_ms ? rk_deadline_from_ms(rk_clock_now_us(), timeout_ms) : 0;
}

int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms)
{
    return rk_queue_serve(rk->core->main_queue, deadline_from_ms(timeout_ms), 0);
}

void rd_kafka_yield(rd_kafka_t *rk)
{
    (void)rk;
    rk_request_yield();
}

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    return rk_queue_new_for_application(rk->core);
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *rkqu)
{
    if (rkqu)
        rk_queue_give_back(rkqu);
}

rd_kafka_queue_t *rd_kafka_queue_get_main(rd_kafka_t *rk)
{
    return rk_queue_acquire(rk->core->main_queue);
}

void rd_kafka_queue_forward(rd_kafka_queue_t *src, rd_kafka_queue_t *dst)
{
    if (!rk_queue_forward_for_application(src, dst))
        rk_log(rk_queue_core(src), RK_LOG_ERROR, "QFWD",
               "rd_kafka_queue_forward() refused: the queues would forward to each other");
}

size_t rd_kafka_queue_length(rd_kafka_queue_t *rkqu)
{
    return rk_queue_length(rkqu);
}

void rd_kafka_queue_io_event_enable(rd_kafka_queue_t *rkqu, int fd, const void *payload,
                                    size_t size)
{
    rk_queue_enable_io(rkqu, fd, payload, size);
}

void rd_kafka_queue_cb_event_enable(rd_kafka_queue_t *rkqu,
                                    void (*event_cb)(rd_kafka_t *rk, void *qev_opaque),
                                    void *qev_opaque)
{
    rk_queue_enable_callback(rkqu, event_cb, qev_opaque);
}

void rd_kafka_queue_yield(rd_kafka_queue_t *rkqu)
{
    rk_queue_yield(rkqu);
}

rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *rkqu, int timeout_ms)
{
    return rk_queue_take_event(rkqu, deadline_from_ms(timeout_ms));
}

int rd_kafka_queue_poll_callback(rd_kafka_queue_t *rkqu, int timeout_ms)
{
    return rk_queue_serve(rkqu, deadline_from_ms(timeout_ms), 0);
}
