/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the library's log calls to the application's log_cb or log queue, and the two loggers that
 * come with the library. Any thread; no state but the core's, and what a thread is called.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/queue.h"

/* Logs kept until there is a log queue; the first ones, for they tell how the client was set up. */
enum { EARLY_LOGS_MAX = 10000 };

static _Thread_local char label[128];

void rk_log_label_thread(const char *name)
{
    snprintf(label, sizeof(label), "%s", name);
}

/* "main" for the thread "rdk:main". */
static const char *label_of_thread(void)
{
    const char *name = label[0] ? label : rk_thread_name();
    return strncmp(name, "rdk:", 4) == 0 ? name + 4 : name;
}

/* takes: event */
static void push_log(struct rk_core *core, rd_kafka_event_t *event)
{
    rd_kafka_queue_t *queue = NULL;
    rk_mutex_lock(&core->mutex);
    if (core->shared.log_queue) {
        queue = rk_queue_acquire(core->shared.log_queue);
    } else if (core->shared.is_log_ended || core->shared.early_log_count >= EARLY_LOGS_MAX) {
        core->shared.dropped_logs++;
    } else {
        TAILQ_INSERT_TAIL(&core->shared.early_logs, event, link);
        core->shared.early_log_count++;
        event = NULL;
    }
    rk_mutex_unlock(&core->mutex);
    if (queue && event) {
        rk_queue_push(queue, event);
        event = NULL;
    }
    rk_event_destroy(event);
    rk_queue_release(queue);
}

static void call_back(struct rk_core *core, int level, const char *facility, const char *text)
{
    rk_log_callback_t *callback = atomic_load_explicit(&core->log_callback, memory_order_relaxed);
    rk_mutex_lock(&core->mutex);
    bool is_ended = core->shared.is_log_ended;
    rk_mutex_unlock(&core->mutex);
    if (callback && !is_ended)
        callback(core->client, level, facility, text);
}

static void write_log(struct rk_core *core, int level, int context, const char *facility,
                      const char *format, va_list arguments)
{
    struct rk_text text = {0};
    if (core->conf->log_thread_name)
        rk_text_appendf(&text, "[thrd:%s]: ", label_of_thread());
    rk_text_appendv(&text, format, arguments);
    if (core->conf->log_queue)
        push_log(core, rk_event_new_log(level, context, facility, rk_text_chars(&text)));
    else
        call_back(core, level, facility, rk_text_chars(&text));
    rk_text_clear(&text);
}

void rk_log(struct rk_core *core, int level, const char *facility, const char *format, ...)
{
    if (level > atomic_load_explicit(&core->log_level, memory_order_relaxed))
        return;
    va_list arguments;
    va_start(arguments, format);
    write_log(core, level, 0, facility, format, arguments);
    va_end(arguments);
}

void rk_log_context(struct rk_core *core, int context, const char *facility, const char *format,
                    ...)
{
    if (RK_LOG_DEBUG > atomic_load_explicit(&core->log_level, memory_order_relaxed))
        return;
    va_list arguments;
    va_start(arguments, format);
    write_log(core, RK_LOG_DEBUG, context, facility, format, arguments);
    va_end(arguments);
}

/* Moves the early logs out; sets the queue once there are none left, so that no later log overtakes
 * them. True when that is done. */
static bool take_early_logs(struct rk_core *core, rd_kafka_queue_t *queue,
                            struct rk_event_list *logs, unsigned long long *dropped,
                            rd_kafka_queue_t **before)
{
    TAILQ_INIT(logs);
    rk_mutex_lock(&core->mutex);
    TAILQ_CONCAT(logs, &core->shared.early_logs, link);
    core->shared.early_log_count = 0;
    *dropped = core->shared.dropped_logs;
    core->shared.dropped_logs = 0;
    bool is_done = TAILQ_EMPTY(logs) && !*dropped;
    if (is_done && !core->shared.is_log_ended) {
        *before = core->shared.log_queue;
        core->shared.log_queue = rk_queue_acquire(queue);
    }
    rk_mutex_unlock(&core->mutex);
    return is_done;
}

void rk_core_set_log_queue(struct rk_core *core, rd_kafka_queue_t *queue)
{
    rd_kafka_queue_t *before = NULL;
    struct rk_event_list logs;
    unsigned long long dropped;

    while (!take_early_logs(core, queue, &logs, &dropped, &before)) {
        rd_kafka_event_t *event;
        while ((event = TAILQ_FIRST(&logs))) {
            TAILQ_REMOVE(&logs, event, link);
            rk_queue_push(queue, event);
        }
        if (dropped) {
            char *text = rk_text_format("%llu log lines were dropped for lack of a log queue: "
                                        "rd_kafka_set_log_queue() had not been called",
                                        dropped);
            rk_queue_push(queue, rk_event_new_log(RK_LOG_WARNING, 0, "LOGQUEUE", text));
            rk_free(text);
        }
    }
    rk_queue_release(before);
}

void rk_core_end_logs(struct rk_core *core)
{
    struct rk_event_list logs = TAILQ_HEAD_INITIALIZER(logs);
    rk_mutex_lock(&core->mutex);
    core->shared.is_log_ended = true;
    TAILQ_CONCAT(&logs, &core->shared.early_logs, link);
    rd_kafka_queue_t *queue = core->shared.log_queue;
    core->shared.log_queue = NULL;
    rk_mutex_unlock(&core->mutex);

    rd_kafka_event_t *event;
    while ((event = TAILQ_FIRST(&logs))) {
        TAILQ_REMOVE(&logs, event, link);
        rk_event_destroy(event);
    }
    rk_queue_release(queue);
}

void rk_log_print(const char *name, int level, const char *facility, const char *text)
{
    int64_t now_ms = rk_clock_wall_ms();
    fprintf(stderr, "%%%d|%" PRId64 ".%03d|%s|%s| %s\n", level, now_ms / 1000, (int)(now_ms % 1000),
            facility, name ? name : "", text);
}

void rk_log_syslog(const char *name, int level, const char *facility, const char *text)
{
    syslog(level, "%s: %s: %s", facility, name ? name : "", text);
}
