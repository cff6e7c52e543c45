/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/core.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/conf.h"
#include "event/queue.h"

static _Thread_local struct {
    rd_kafka_resp_err_t last_error;
    bool wants_yield;
} caller;

struct rk_core *rk_core_new(rd_kafka_type_t type, char *name, rd_kafka_conf_t *conf_object)
{
    struct rk_core *core = RK_NEW(struct rk_core);
    const struct rk_conf *conf = rk_conf_freeze(conf_object);
    const struct rk_callbacks *callbacks = &conf->callbacks;

    atomic_init(&core->references, 1);
    core->type = type;
    core->name = name;
    core->conf = conf;
    core->conf_object = conf_object;
    core->default_topic_conf = rk_conf_default_topic_conf(conf_object);
    core->enabled_events = callbacks->enabled_events;
    core->reports_by_callback = callbacks->dr_cb || callbacks->dr_msg_cb;
    core->reports_by_event =
        !core->reports_by_callback && (callbacks->enabled_events & RD_KAFKA_EVENT_DR);
    atomic_init(&core->debug_mask, conf->debug);
    atomic_init(&core->log_level, conf->debug ? RK_LOG_DEBUG : conf->log_level);
    atomic_init(&core->log_callback, callbacks->log_cb);
    rk_mutex_init(&core->mutex, RK_RANK_LOG);
    rk_condition_init(&core->left);
    TAILQ_INIT(&core->shared.early_logs);
    core->shared.controller_id = -1;
    return core;
}

struct rk_core *rk_core_acquire(struct rk_core *core)
{
    atomic_fetch_add_explicit(&core->references, 1, memory_order_relaxed);
    return core;
}

void rk_core_give_conf_back(struct rk_core *core)
{
    rk_conf_thaw(core->conf_object);
    core->conf_object = NULL;
}

void rk_core_release(struct rk_core *core)
{
    if (!core || atomic_fetch_sub_explicit(&core->references, 1, memory_order_acq_rel) != 1)
        return;
    rk_core_end_logs(core);
    rk_condition_clear(&core->left);
    rk_mutex_clear(&core->mutex);
    rk_free(core->shared.fatal_text);
    rk_free(core->shared.cluster_id);
    for (int i = 0; i < core->shared.broker_names.count; i++)
        rk_free(core->shared.broker_names.items[i].name);
    rk_free(core->shared.broker_names.items);
    rk_conf_destroy(core->conf_object);
    rk_free(core->name);
    rk_free(core);
}

/* Names of brokers */

static struct rk_broker_name *find_name(struct rk_core *core, int32_t id)
{
    struct rk_broker_names *names = &core->shared.broker_names;
    for (int i = 0; i < names->count; i++) {
        if (names->items[i].id == id)
            return &names->items[i];
    }
    return NULL;
}

void rk_core_name_broker(struct rk_core *core, int32_t id, const char *name)
{
    struct rk_broker_names *names = &core->shared.broker_names;
    rk_mutex_lock(&core->mutex);
    struct rk_broker_name *found = find_name(core, id);
    if (!found) {
        names->items = rk_realloc(names->items, (size_t)(names->count + 1) * sizeof(*names->items));
        found = &names->items[names->count++];
        *found = (struct rk_broker_name){.id = id};
    }
    rk_free(found->name);
    found->name = rk_strdup(name);
    rk_mutex_unlock(&core->mutex);
}

const char *rk_core_broker_name(struct rk_core *core, int32_t id, char *text, size_t size)
{
    rk_mutex_lock(&core->mutex);
    const struct rk_broker_name *found = find_name(core, id);
    if (found)
        snprintf(text, size, "%s", found->name);
    else
        snprintf(text, size, "broker %d", (int)id);
    rk_mutex_unlock(&core->mutex);
    return text;
}

/* Errors */

static bool application_takes_errors(const struct rk_core *core)
{
    return core->main_queue &&
           (core->conf->callbacks.error_cb || (core->enabled_events & RD_KAFKA_EVENT_ERROR));
}

void rk_core_post_error(struct rk_core *core, rd_kafka_resp_err_t err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = rk_text_formatv(format, arguments);
    va_end(arguments);

    if (application_takes_errors(core)) {
        rd_kafka_event_t *event = rk_event_new_error(err, text);
        event->notice_size = sizeof(*event) + strlen(text);
        rk_queue_push(core->main_queue, event);
    } else {
        rk_log(core, RK_LOG_ERROR, "ERROR", "%s", text);
    }
    rk_free(text);
}

/* Keeps the error if it is the first. */
static bool keep_fatal(struct rk_core *core, rd_kafka_resp_err_t err, const char *text)
{
    rk_mutex_lock(&core->mutex);
    bool is_first = !core->shared.fatal_text;
    if (is_first) {
        core->shared.fatal_text = rk_strdup(text);
        atomic_store_explicit(&core->fatal_err, err, memory_order_release);
    }
    rk_mutex_unlock(&core->mutex);
    return is_first;
}

bool rk_core_raise_fatal(struct rk_core *core, rd_kafka_resp_err_t err, const char *format, ...)
{
    RK_ASSERT(err != RD_KAFKA_RESP_ERR_NO_ERROR);
    va_list arguments;
    va_start(arguments, format);
    char *text = rk_text_formatv(format, arguments);
    va_end(arguments);

    bool is_first = keep_fatal(core, err, text);
    atomic_fetch_add_explicit(&core->fatal_count, 1, memory_order_relaxed);
    char *message = rk_text_format("%s: %s: %s", is_first ? "Fatal error" : "Further fatal error",
                                   rd_kafka_err2str(err), text);
    if (!is_first) {
        rk_log_debug(core, RK_DEBUG_GENERIC, "FATAL", "%s", message);
    } else if (core->consumer_queue) {
        rd_kafka_event_t *event =
            rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__FATAL, NULL, RD_KAFKA_PARTITION_UA,
                                        RD_KAFKA_OFFSET_INVALID, message);
        event->fatal_err = err;
        rk_queue_push(core->consumer_queue, event);
    } else if (application_takes_errors(core)) {
        rd_kafka_event_t *event = rk_event_new_error(RD_KAFKA_RESP_ERR__FATAL, message);
        event->fatal_err = err;
        rk_queue_push(core->main_queue, event);
    } else {
        rk_log(core, RK_LOG_ERROR, "ERROR", "%s", message);
    }
    rk_free(message);
    rk_free(text);
    return is_first;
}

rd_kafka_resp_err_t rk_core_fatal_error(struct rk_core *core, char *text, size_t size)
{
    rd_kafka_resp_err_t err = atomic_load_explicit(&core->fatal_err, memory_order_acquire);
    if (err && text) {
        rk_mutex_lock(&core->mutex);
        rk_text_copy(text, size, core->shared.fatal_text);
        rk_mutex_unlock(&core->mutex);
    }
    return err;
}

/* What the calling thread is told */

void rk_set_last_error(rd_kafka_resp_err_t err, int error_number)
{
    caller.last_error = err;
    if (RK_UNLIKELY(error_number))
        errno = error_number;
}

rd_kafka_resp_err_t rk_last_error(void)
{
    return caller.last_error;
}

void rk_request_yield(void)
{
    caller.wants_yield = true;
}

bool rk_has_yield_request(void)
{
    return caller.wants_yield;
}

bool rk_take_yield_request(void)
{
    bool wanted = caller.wants_yield;
    caller.wants_yield = false;
    return wanted;
}
