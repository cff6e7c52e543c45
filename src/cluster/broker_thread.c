/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker's thread: begins with the first use, ends when there is nothing to do, comes back with
 * the next mail.
 *
 * Background keeps the loops of brokers (runtime/loop.h). While the system has no thread to give,
 * background runs such a loop for a turn now and then, so that whatever it has gets done or
 * expires.
 */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"
#include "runtime/signal.h"

#define REST_AFTER_US 1000000u /* It was left without a connection and without a timer. */
#define RETRY_MS      100
#define RETRY_MAX_MS  1000

/* On the broker's loop */

static void on_thread_started(void *argument)
{
    struct rk_broker *broker = argument;
    rk_log_label_thread(broker->own.name);
    rk_interceptors_on_thread_start(&broker->core->conf_object->interceptors, broker->core->client,
                                    RD_KAFKA_THREAD_BROKER, broker->own.name);
}

static void on_thread_ending(void *argument)
{
    struct rk_broker *broker = argument;
    rk_interceptors_on_thread_exit(&broker->core->conf_object->interceptors, broker->core->client,
                                   RD_KAFKA_THREAD_BROKER, broker->own.name);
}

static void on_loop_ended(void *argument)
{
    struct rk_broker *broker = argument;
    rk_on_broker(broker->loop);
    const struct rk_cluster_observer *observer = broker->cluster->observer;
    rk_broker_terminate(broker);
    if (observer && observer->broker_ending)
        observer->broker_ending(broker->worker);
}

/* Keeping */

static void attend(struct rk_broker *broker, uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_backoff *backoff = &broker->known.thread_backoff;
    if (broker->cluster->own.is_terminating) {
        rk_loop_discard_at_rest(broker->loop); /* Somebody may wait for what becomes of it. */
        return;
    }
    if (rk_loop_attend(broker->loop)) {
        rk_backoff_reset(backoff);
        return;
    }
    if (backoff->failures == 0)
        rk_core_post_error(broker->core, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE,
                           "%s: unable to create the broker's thread again: %s (attempt 1; "
                           "another is made at least every second)",
                           broker->own.name, rk_socket_error_text(errno));
    rk_loop_start_timer(broker->cluster->background, &broker->known.thread_timer,
                        now_us + rk_backoff_next_us(backoff));
}

static void on_thread_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_broker *broker = rk_container_of(timer, struct rk_broker, known.thread_timer);
    rk_on_background(broker->cluster->background);
    attend(broker, now_us);
}

static void deliver_call(struct rk_mail *mail)
{
    struct rk_broker *broker = rk_container_of(mail, struct rk_broker, keeper_mail);
    rk_on_background(broker->cluster->background);
    rk_signal_lower(&broker->is_keeper_called);
    if (!rk_timer_is_started(&broker->known.thread_timer))
        attend(broker, rk_clock_now_us());
}

static void discard_call(struct rk_mail *mail)
{
    (void)mail; /* Part of the broker. */
}

/* Any thread. */
static void call_keeper(void *argument)
{
    struct rk_broker *broker = argument;
    if (!rk_signal_raise(&broker->is_keeper_called))
        rk_loop_post(broker->cluster->background, &broker->keeper_mail);
}

bool rk_broker_is_resting(const struct rk_broker *broker)
{
    return broker->known.is_started && broker->owns_loop && rk_loop_is_resting(broker->loop);
}

void rk_broker_end_keeping(struct rk_broker *broker)
{
    if (!broker->owns_loop)
        return;
    rk_loop_stop_timer(broker->cluster->background, &broker->known.thread_timer);
    rk_loop_end_at_rest(broker->loop);
}

/* Begin and end */

static bool fail_start(struct rk_broker *broker, const char *what) RK_ON_BACKGROUND
{
    uint64_t now_us = rk_clock_now_us();
    struct rk_text attempts = {0};
    int error = errno;
    rk_failure_row_add(&broker->known.start_failures, now_us);
    rk_failure_append_attempts(&attempts, broker->known.start_failures.attempts,
                               broker->known.start_failures.since_us, now_us);
    rk_core_post_error(broker->core, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "%s: %s: %s (%s)",
                       broker->own.name, what, rk_socket_error_text(error),
                       rk_text_chars(&attempts));
    rk_text_clear(&attempts);
    return false;
}

bool rk_broker_start(struct rk_broker *broker)
{
    struct rk_cluster_observer *observer = broker->cluster->observer;
    char name[32];
    snprintf(name, sizeof(name), "rdk:broker%d", (int)broker->id);
    const struct rk_loop_hooks hooks = {.thread_started = on_thread_started,
                                        .thread_ending = on_thread_ending,
                                        .ended = on_loop_ended,
                                        .call_keeper = call_keeper,
                                        .argument = broker,
                                        .rest_after_us = REST_AFTER_US};
    broker->keeper_mail.deliver = deliver_call;
    broker->keeper_mail.discard = discard_call;
    rk_timer_init(&broker->known.thread_timer, on_thread_timer);
    rk_backoff_init(&broker->known.thread_backoff, RETRY_MS, RETRY_MAX_MS);
    broker->loop = rk_loop_new(name, &hooks);
    if (!broker->loop)
        return fail_start(broker, "no descriptor for the broker's loop");
    broker->owns_loop = true;
    if (observer)
        broker->worker = observer->attach(observer, broker);
    if (!rk_loop_start(broker->loop)) {
        fail_start(broker, "unable to create the broker's thread");
        if (observer)
            observer->detach(observer, broker, broker->worker);
        broker->worker = NULL;
        rk_loop_destroy(broker->loop);
        broker->loop = NULL;
        broker->owns_loop = false;
        return false;
    }
    broker->known.start_failures.attempts = 0;
    broker->known.is_started = true;
    return true;
}

void rk_broker_stop(struct rk_broker *broker)
{
    if (broker->owns_loop)
        rk_loop_stop(broker->loop);
}
