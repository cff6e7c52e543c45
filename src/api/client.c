/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_new(), rd_kafka_destroy() and what concerns the client as a whole.
 */
#include "api/client.h"

#include <errno.h>
#include <string.h>

#include "admin/group_list.h"
#include "api/mock_client.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/conf_check.h"
#include "consumer/consumer.h"
#include "event/visit.h"
#include "group/group.h"
#include "group/group_offsets.h"
#include "observe/dump.h"
#include "observe/statistics.h"
#include "producer/producer.h"
#include "runtime/signal.h"

#define WAIT_SLICE_US 1000u

/* The queue that rdk:main serves */

static void serve_background_queue(struct rk_mail *mail)
{
    rd_kafka_t *rk = rk_container_of(mail, rd_kafka_t, background_queue_mail);
    const struct rk_callbacks *callbacks = &rk->core->conf->callbacks;
    rk_signal_lower(&rk->is_background_queue_posted);
    if (!callbacks->background_event_cb) {
        rk_queue_serve(rk->background_queue, 0, 0);
        return;
    }
    rd_kafka_event_t *event;
    while ((event = rk_queue_take_event(rk->background_queue, 0)) != NULL)
        callbacks->background_event_cb(rk, event, callbacks->opaque);
}

static void discard_background_mail(struct rk_mail *mail)
{
    (void)mail;
}

/* Runs under the queue's lock, on whichever thread pushed. */
static void on_background_event(rd_kafka_t *client, void *opaque)
{
    rd_kafka_t *rk = opaque;
    (void)client;
    if (!rk_signal_raise(&rk->is_background_queue_posted))
        rk_loop_post(rk->main, &rk->background_queue_mail);
}

/* Made at its first use. Borrowed. */
static rd_kafka_queue_t *background_queue_of(rd_kafka_t *rk)
{
    rk_mutex_lock(&rk->mutex);
    rd_kafka_queue_t *queue = rk->background_queue;
    rk_mutex_unlock(&rk->mutex);
    if (queue)
        return queue;
    rd_kafka_queue_t *made = rk_queue_new(rk->core, "background");
    rk_mutex_lock(&rk->mutex);
    if (!rk->background_queue) {
        rk->background_queue = made;
        made = NULL;
    }
    queue = rk->background_queue;
    rk_mutex_unlock(&rk->mutex);
    if (made)
        rk_queue_release(made);
    else
        rk_queue_enable_callback(queue, on_background_event, rk);
    return queue;
}

rd_kafka_queue_t *rd_kafka_queue_get_background(rd_kafka_t *rk)
{
    return rk_queue_acquire(background_queue_of(rk));
}

/* All of them */

/* The clients of the process, so that destroying one twice is seen. */
static struct rk_mutex clients_mutex = {.rank = RK_RANK_TOPICS}; /* All zero else: free. */
static LIST_HEAD(, rd_kafka_s) clients = LIST_HEAD_INITIALIZER(clients);

static void add_client(rd_kafka_t *rk)
{
    rk->process = rk_process_id();
    rk_mutex_lock(&clients_mutex);
    LIST_INSERT_HEAD(&clients, rk, link);
    rk_mutex_unlock(&clients_mutex);
}

/* False: there is no such client. */
static bool remove_client(rd_kafka_t *rk)
{
    rd_kafka_t *found;
    rk_mutex_lock(&clients_mutex);
    LIST_FOREACH (found, &clients, link) {
        if (found == rk)
            break;
    }
    if (found)
        LIST_REMOVE(found, link);
    rk_mutex_unlock(&clients_mutex);
    return found != NULL;
}

/* Making a client */

static char *new_name(const struct rd_kafka_conf_s *conf, rd_kafka_type_t type)
{
    static _Atomic int count;
    return rk_text_format("%s#%s-%d", conf->conf.client_id ? conf->conf.client_id : "rdkafka",
                          type == RD_KAFKA_PRODUCER ? "producer" : "consumer",
                          atomic_fetch_add(&count, 1) + 1);
}

static void on_interceptor_failed(void *opaque, const char *point, const char *interceptor,
                                  rd_kafka_resp_err_t err, const char *text)
{
    rk_log(opaque, RK_LOG_WARNING, "ICFAIL", "Interceptor %s failed %s: %s%s%s", interceptor, point,
           rd_kafka_err2str(err), text && *text ? ": " : "", text ? text : "");
}

static void log_warning(void *opaque, int level, const char *text)
{
    rk_log(opaque, level, "CONFWARN", "%s", text);
}

static struct rk_subject subject_of(const rd_kafka_t *rk)
{
    return (struct rk_subject){.core = rk->core,
                               .cluster = rk->cluster,
                               .producer = rk->producer,
                               .consumer = rk->consumer,
                               .group = rk->group,
                               .created_us = rk->created_us};
}

static void make_parts(rd_kafka_t *rk)
{
    struct rk_topic_parts parts;
    if (rk->core->type == RD_KAFKA_PRODUCER) {
        rk->producer = rk_producer_new(rk->core);
        parts = rk_producer_topic_parts(rk->producer);
    } else {
        rk->consumer = rk_consumer_new(rk->core);
        parts = rk_consumer_topic_parts(rk->consumer);
    }
    rk->cluster = rk_cluster_new(rk->core, rk->background, &parts);
    rk->group_lists = rk_group_lists_new(rk->cluster);
    if (rk->producer)
        rk_producer_start(rk->producer, rk->cluster);
    else
        rk_consumer_start(rk->consumer, rk->cluster);
    if (rk->consumer && rk_consumer_queue(rk->consumer)) {
        rk->group_offsets = rk_group_offsets_new(rk->consumer, rk->cluster);
        rk->group = rk_group_new(rk->core, rk->cluster, rk->consumer, rk->group_offsets);
    }
    struct rk_subject subject = subject_of(rk);
    rk->statistics = rk_statistics_new(&subject, rk->main);
}

static void tell_started(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name)
{
    rk_interceptors_on_thread_start(&rk->core->conf_object->interceptors, rk, type, name);
}

static void tell_ended(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name)
{
    rk_log_debug(rk->core, RK_DEBUG_GENERIC, "TERMINATE", "Internal %s thread terminating", name);
    rk_interceptors_on_thread_exit(&rk->core->conf_object->interceptors, rk, type, name);
}

static void on_main_started(void *rk)
{
    tell_started(rk, RD_KAFKA_THREAD_MAIN, "main");
}

static void on_main_ended(void *rk)
{
    tell_ended(rk, RD_KAFKA_THREAD_MAIN, "main");
}

static void on_background_started(void *rk)
{
    tell_started(rk, RD_KAFKA_THREAD_BACKGROUND, "background");
}

static void on_background_ended(void *rk)
{
    tell_ended(rk, RD_KAFKA_THREAD_BACKGROUND, "background");
}

static bool make_loops(rd_kafka_t *rk)
{
    const struct rk_loop_hooks background = {.thread_started = on_background_started,
                                             .thread_ending = on_background_ended,
                                             .argument = rk};
    const struct rk_loop_hooks main = {.thread_started = on_main_started,
                                       .thread_ending = on_main_ended,
                                       .argument = rk,
                                       .may_wait = true};
    rk->background = rk_loop_new("rdk:bg", &background);
    rk->main = rk->background ? rk_loop_new("rdk:main", &main) : NULL;
    if (rk->main)
        return true;
    int error = errno;
    rk_loop_destroy(rk->background);
    errno = error;
    return false;
}

/* The core takes the configuration; when the client cannot be made after all, the application gets
 * it back. */
static void free_client(rd_kafka_t *rk, bool keeps_conf)
{
    if (rk->mock_cluster)
        rk_client_destroy_mock(rk->mock_cluster);
    rk_group_offsets_destroy(rk->group_offsets);
    if (rk->cluster)
        rk_cluster_destroy(rk->cluster);
    if (rk->main) {
        rk_loop_destroy(rk->main);
        rk_loop_destroy(rk->background);
    }
    rk_group_lists_destroy(rk->group_lists);
    rk_statistics_destroy(rk->statistics);
    rk_queue_release(rk->background_queue);
    rk_queue_release(rk->core->main_queue);
    rk_core_end_logs(rk->core);
    if (rk->producer)
        rk_producer_release(rk->producer);
    rk_group_destroy(rk->group);
    if (rk->consumer)
        rk_consumer_destroy(rk->consumer);
    if (keeps_conf)
        rk_core_give_conf_back(rk->core);
    rk_core_release(rk->core);
    rk_mutex_clear(&rk->mutex);
    rk_free(rk);
}

static rd_kafka_t *fail_new(rd_kafka_t *rk, rd_kafka_conf_t *conf, bool made_conf, int error,
                            char *errstr, size_t size)
{
    char *text = rk_text_format("Failed to create thread: %s", rk_socket_error_text(error));
    rk_text_copy(errstr, size, text);
    rk_free(text);
    if (rk)
        free_client(rk, true);
    if (made_conf)
        rd_kafka_conf_destroy(conf);
    rk_set_last_error(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, error);
    return NULL;
}

static bool start_threads(rd_kafka_t *rk)
{
    if (!rk_loop_start(rk->background))
        return false;
    if (rk_loop_start(rk->main))
        return true;
    int error = errno;
    rk_cluster_terminate(rk->cluster);
    rk_cluster_stop(rk->cluster);
    rk_loop_stop(rk->background);
    errno = error;
    return false;
}

/* What would be promised and not kept is refused. NULL: nothing. */
static const char *missing_feature(const struct rk_conf *conf, rd_kafka_type_t type)
{
    if (type != RD_KAFKA_PRODUCER)
        return NULL;
    if (conf->transactional_id)
        return "transactional.id: transactions are not implemented yet";
    if (conf->enable_idempotence)
        return "enable.idempotence=true: the idempotent producer is not implemented yet";
    return NULL;
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *app_conf, char *errstr,
                         size_t errstr_size)
{
    bool made_conf = !app_conf;
    rd_kafka_conf_t *conf = made_conf ? rd_kafka_conf_new() : app_conf;
    rd_kafka_resp_err_t err = rk_conf_finish(conf, type, errstr, errstr_size);
    const char *missing = err ? NULL : missing_feature(&conf->conf, type);
    if (missing) {
        rk_text_copy(errstr, errstr_size, missing);
        err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    if (err) {
        if (made_conf)
            rd_kafka_conf_destroy(conf);
        rk_set_last_error(err, EINVAL);
        return NULL;
    }
    rd_kafka_mock_cluster_t *mock = NULL;
    if (conf->conf.test_mock_num_brokers > 0 &&
        !(mock = rk_client_new_mock(conf, errstr, errstr_size))) {
        if (made_conf)
            rd_kafka_conf_destroy(conf);
        rk_set_last_error(RD_KAFKA_RESP_ERR__FAIL, EIO);
        return NULL;
    }
    rd_kafka_t *rk = RK_NEW(rd_kafka_t);
    rk->created_us = rk_clock_now_us();
    rk_mutex_init(&rk->mutex, RK_RANK_TOPICS);
    rk->background_queue_mail.deliver = serve_background_queue;
    rk->background_queue_mail.discard = discard_background_mail;
    rk->mock_cluster = mock;
    rk->core = rk_core_new(type, new_name(conf, type), conf);
    rk->core->client = rk;
    rk->core->main_queue = rk_queue_new(rk->core, "main");
    if (!make_loops(rk))
        return fail_new(rk, conf, made_conf, errno, errstr, errstr_size);
    conf->interceptors.failed = on_interceptor_failed;
    conf->interceptors.failed_opaque = rk->core;
    rk_interceptors_on_new(&conf->interceptors, rk, conf);
    rk_conf_warnings(conf, type, log_warning, rk->core);
    if (mock)
        rk_client_adopt_mock(rk, mock);
    make_parts(rk);
    rk_client_log_start(rk);
    if (!start_threads(rk)) {
        rk_interceptors_on_destroy(&conf->interceptors, rk);
        return fail_new(rk, conf, made_conf, errno, errstr, errstr_size);
    }
    if (conf->conf.callbacks.background_event_cb)
        background_queue_of(rk);
    rk_cluster_post_start(rk->cluster);
    add_client(rk);
    rk_set_last_error(RD_KAFKA_RESP_ERR_NO_ERROR, 0);
    return rk;
}

/* Ending */

static void end_producer(void *producer)
{
    rk_producer_terminate(producer);
}

static void end_group_offsets(void *argument)
{
    rd_kafka_t *rk = argument;
    rk_on_background(rk->background);
    rk_group_offsets_terminate(rk->group_offsets);
}

static void end_group_lists(void *argument)
{
    rd_kafka_t *rk = argument;
    rk_on_background(rk->background);
    rk_group_lists_terminate(rk->group_lists);
}

static void drop_nothing(void *argument)
{
    (void)argument;
}

/* Main first: a callback that runs there may wait for answers. */
static void stop_threads(rd_kafka_t *rk)
{
    rk_loop_stop(rk->main);
    if (rk->producer)
        rk_cluster_post_call(rk->cluster, end_producer, drop_nothing, rk->producer);
    if (rk->group)
        rk_cluster_post_call(rk->cluster, rk_group_terminate, drop_nothing, rk->group);
    if (rk->group_offsets)
        rk_cluster_post_call(rk->cluster, end_group_offsets, drop_nothing, rk);
    rk_cluster_post_call(rk->cluster, end_group_lists, drop_nothing, rk);
    rk_cluster_terminate(rk->cluster);
    rk_visits_close(rk->core); /* Nothing blocks any more, but an application's callback. */
    rk_cluster_stop(rk->cluster);
    rk_loop_stop(rk->background);
}

static void refuse_destroy(rd_kafka_t *rk)
{
    add_client(rk);
    if (rk_thread_is_internal()) {
        rk_log(rk->core, RK_LOG_EMERGENCY, "BGQUEUE",
               "Application bug: rd_kafka_destroy() called from a thread of the library (%s)",
               rk_thread_name());
        RK_ASSERT(!"rd_kafka_destroy() called from a thread of the library");
    }
    rk_log(rk->core, RK_LOG_EMERGENCY, "DESTROY",
           "Application bug: rd_kafka_destroy() called from a callback of the same client: it is "
           "not destroyed");
}

void rd_kafka_destroy_flags(rd_kafka_t *rk, int flags)
{
    if (!rk)
        return;
    if (!remove_client(rk)) {
        rk_log_print(NULL, 0, "DESTROY",
                     "Application bug: rd_kafka_destroy() called for a client that does not exist, "
                     "or twice");
        return;
    }
    if (rk->process != rk_process_id()) {
        rk_log_print(NULL, 0, "DESTROY",
                     "Application bug: rd_kafka_destroy() called in a child process: after fork() "
                     "a client is only its parent's");
        return;
    }
    struct rk_core *core = rk->core;
    if (rk_thread_is_internal() || rk_visit_is_inside(core)) {
        refuse_destroy(rk);
        return;
    }
    rk_log_debug(core, RK_DEBUG_ALL, "DESTROY", "Terminating instance (destroy flags %s (0x%x))",
                 flags & RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE ? "NoConsumerClose" : "none",
                 (unsigned)flags);
    bool closes = !(flags & RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) && !atomic_load(&core->fatal_err);
    if (rk->group && closes)
        rk_group_end(rk->group);
    atomic_store(&core->is_terminating, true);
    if (rk->producer)
        rk_producer_wake_blocked(rk->producer);
    rk_queue_disable(core->main_queue);
    stop_threads(rk);
    int64_t dropped = rk->producer ? rk_producer_drop_all(rk->producer) : 0;
    if (rk->group)
        rk_group_drop_all(rk->group);
    if (rk->consumer)
        rk_consumer_drop_all(rk->consumer);
    if (dropped > 0)
        rk_log(core, RK_LOG_WARNING, "TERMINATE",
               "Producer terminating with %lld message(s) still in queue: use rd_kafka_flush() to "
               "wait for their delivery",
               (long long)dropped);
    rk_interceptors_on_destroy(&core->conf_object->interceptors, rk);
    rk_log_debug(core, RK_DEBUG_GENERIC, "TERMINATE", "Termination done: freeing resources");
    free_client(rk, false);
}

void rd_kafka_destroy(rd_kafka_t *rk)
{
    rd_kafka_destroy_flags(rk, 0);
}

/* Looking at it */

const char *rd_kafka_name(const rd_kafka_t *rk)
{
    return rk->core->name;
}

rd_kafka_type_t rd_kafka_type(const rd_kafka_t *rk)
{
    return rk->core->type;
}

void *rd_kafka_opaque(const rd_kafka_t *rk)
{
    return rk->core->conf->callbacks.opaque;
}

const rd_kafka_conf_t *rd_kafka_conf(rd_kafka_t *rk)
{
    return rk->core->conf_object;
}

rd_kafka_topic_conf_t *rd_kafka_default_topic_conf_dup(rd_kafka_t *rk)
{
    return rk_topic_conf_dup(rk->core->default_topic_conf);
}

int rd_kafka_outq_len(rd_kafka_t *rk)
{
    int64_t length = (int64_t)rk_queue_length(rk->core->main_queue);
    rk_mutex_lock(&rk->mutex);
    rd_kafka_queue_t *background_queue = rk->background_queue;
    rk_mutex_unlock(&rk->mutex);
    if (background_queue)
        length += (int64_t)rk_queue_length(background_queue);
    if (rk->producer)
        length += rk_producer_queued(rk->producer);
    return (int)RK_MIN(length, (int64_t)INT32_MAX);
}

void rd_kafka_dump(FILE *fp, rd_kafka_t *rk)
{
    struct rk_subject subject = subject_of(rk);
    rk_dump(&subject, fp);
}

int rd_kafka_thread_cnt(void)
{
    return rk_thread_count();
}

int rd_kafka_wait_destroyed(int timeout_ms)
{
    uint64_t deadline_us = rk_deadline_from_ms(rk_clock_now_us(), timeout_ms);
    while (rk_thread_count() > 0) {
        if (rk_clock_now_us() >= deadline_us) {
            rk_set_last_error(RD_KAFKA_RESP_ERR__TIMED_OUT, ETIMEDOUT);
            return -1;
        }
        rk_thread_pause_us(WAIT_SLICE_US);
    }
    return 0;
}

int rd_kafka_brokers_add(rd_kafka_t *rk, const char *brokerlist)
{
    struct rk_visit visit;
    if (!rk_visit_begin(&visit, rk->core))
        return 0;
    int added = rk_cluster_add_brokers(rk->cluster, brokerlist);
    rk_visit_end(&visit);
    return added;
}

/* There is no SASL queue: rd_kafka_conf_enable_sasl_queue() waits for SASL. */
rd_kafka_queue_t *rd_kafka_queue_get_sasl(rd_kafka_t *rk)
{
    (void)rk;
    return NULL;
}
