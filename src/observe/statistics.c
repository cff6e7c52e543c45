/* SPDX-License-Identifier: BSD-2-Clause */
#include "observe/statistics.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/queue.h"
#include "observe/statistics_json.h"

struct rk_statistics {
    struct rk_subject subject;
    struct rk_loop *main;
    uint64_t interval_us;
    struct rk_mail mail; /* Brings an observation; one is under way at a time. */
    struct rk_observation *observation;
    struct { /* Main. */
        struct rk_timer timer;
        bool is_observing;
    } own;
};

/* Bare malloc, for stats_cb may keep it. */
static void push(const struct rk_statistics *statistics, const struct rk_text *json)
{
    char *copy = rk_app_malloc(json->size + 1);
    if (!copy)
        return;
    memcpy(copy, json->chars, json->size + 1);
    rk_queue_push(statistics->subject.core->main_queue, rk_event_new_stats(copy, json->size));
}

static void on_mail(struct rk_mail *mail)
{
    struct rk_statistics *statistics = rk_container_of(mail, struct rk_statistics, mail);
    struct rk_observation *observation = statistics->observation;
    struct rk_text json = {0};
    rk_loop_assert_mine(statistics->main);
    statistics->observation = NULL;
    statistics->own.is_observing = false;
    rk_statistics_json(&json, &observation->stats);
    push(statistics, &json);
    rk_text_clear(&json);
    rk_observation_destroy(observation);
}

static void discard_mail(struct rk_mail *mail)
{
    struct rk_statistics *statistics = rk_container_of(mail, struct rk_statistics, mail);
    rk_observation_destroy(statistics->observation);
    statistics->observation = NULL;
}

static void on_observed(struct rk_observation *observation, void *argument)
{
    struct rk_statistics *statistics = argument;
    statistics->observation = observation;
    rk_loop_post(statistics->main, &statistics->mail);
}

static void on_abandoned(void *argument)
{
    (void)argument; /* The client ends: there will be no other. */
}

/* One that is still under way, for a loop is busy, is not overtaken. */
static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_statistics *statistics = rk_container_of(timer, struct rk_statistics, own.timer);
    rk_loop_assert_mine(statistics->main);
    uint64_t next_us = timer->deadline_us + statistics->interval_us;
    rk_loop_start_timer(statistics->main, timer, RK_MAX(next_us, now_us));
    if (statistics->own.is_observing)
        return;
    statistics->own.is_observing = true;
    rk_observation_start(&statistics->subject, true, on_observed, on_abandoned, statistics);
}

struct rk_statistics *rk_statistics_new(const struct rk_subject *subject, struct rk_loop *main)
{
    int interval_ms = subject->core->conf->statistics_interval_ms;
    if (interval_ms == 0)
        return NULL;
    struct rk_statistics *statistics = RK_NEW(struct rk_statistics);
    statistics->subject = *subject;
    statistics->main = main;
    statistics->interval_us = (uint64_t)interval_ms * 1000;
    statistics->mail.deliver = on_mail;
    statistics->mail.discard = discard_mail;
    rk_timer_init(&statistics->own.timer, on_timer);
    rk_loop_start_timer(main, &statistics->own.timer, rk_clock_now_us() + statistics->interval_us);
    return statistics;
}

void rk_statistics_destroy(struct rk_statistics *statistics)
{
    rk_free(statistics);
}
