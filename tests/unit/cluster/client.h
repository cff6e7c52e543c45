/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's end: a cluster on its background loop, and calls whose outcome can be waited for.
 */
#ifndef RK_TEST_CLUSTER_CLIENT_H
#define RK_TEST_CLUSTER_CLIENT_H

#include "core.h"

#include <semaphore.h>

#include "cluster/cluster_private.h"

static struct rk_cluster *cluster;
static struct rk_loop *background;
static bool is_terminated;

static inline void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ;
}

/* Running something on background, and waiting for it. */

struct visit {
    void (*run)(void *argument);
    void *argument;
    sem_t done;
};

static inline void run_visit(void *argument)
{
    struct visit *visit = argument;
    visit->run(visit->argument);
    sem_post(&visit->done);
}

static inline void drop_visit(void *argument)
{
    sem_post(&((struct visit *)argument)->done);
}

static inline void on_background(void (*run)(void *argument), void *argument)
{
    struct visit visit = {.run = run, .argument = argument};
    sem_init(&visit.done, 0, 0);
    rk_cluster_post_call(cluster, run_visit, drop_visit, &visit);
    await(&visit.done);
    sem_destroy(&visit.done);
}

/* Life */

static inline void client_start(rd_kafka_type_t type)
{
    static const struct rk_topic_parts no_parts;
    core_start(type);
    background = rk_loop_new("rdk:bg", NULL);
    cluster = rk_cluster_new(core, background, &no_parts);
    is_terminated = false;
    assert_true(rk_loop_start(background));
}

static inline void client_terminate(void)
{
    if (!is_terminated)
        rk_cluster_terminate(cluster);
    rk_cluster_stop(cluster);
    is_terminated = true;
}

static inline void client_end(void)
{
    client_terminate();
    rk_loop_stop(background);
    rk_cluster_destroy(cluster);
    rk_loop_destroy(background);
    core_end();
    while (rk_thread_count() > 0) /* Name look-ups that hang. */
        rk_thread_pause_us(1000);
}

/* Requests */

struct call {
    struct rk_request *request; /* With its outcome, once done; the call destroys it. */
    sem_t done;
    void (*then)(struct call *call); /* On the reply loop, before it is done. */
};

static inline void on_call_done(struct rk_request *request)
{
    struct call *call = request->owner;
    RK_ASSERT(!call->request);
    RK_ASSERT(!request->err == !request->error_text);
    RK_ASSERT(!request->err || !request->answer);
    call->request = request;
    if (call->then)
        call->then(call);
    sem_post(&call->done);
}

static inline struct rk_request *call_new(struct call *call, enum rk_api_key key)
{
    *call = (struct call){0};
    sem_init(&call->done, 0, 0);
    return rk_request_try_new(key, background, on_call_done, call);
}

/* To broker 1. */
static inline void call_post(struct rk_request *request)
{
    rk_cluster_post_send(cluster, 1, RK_PURPOSE_GENERAL, request);
}

static inline void call_start(struct call *call, enum rk_api_key key)
{
    call_post(call_new(call, key));
}

static inline rd_kafka_resp_err_t call_wait(struct call *call)
{
    await(&call->done);
    sem_post(&call->done); /* It stays done. */
    return call->request->err;
}

static inline bool call_is_done(struct call *call)
{
    if (sem_trywait(&call->done) != 0)
        return false;
    sem_post(&call->done);
    return true;
}

static inline void call_end(struct call *call)
{
    rk_request_destroy(call->request);
    call->request = NULL;
    sem_destroy(&call->done);
}

/* Waits, expects that outcome, ends the call. */
static inline void call_expect(struct call *call, rd_kafka_resp_err_t err)
{
    rd_kafka_resp_err_t found = call_wait(call);
    if (found != err)
        fail_msg("%s instead of %s: %s", rd_kafka_err2name(found), rd_kafka_err2name(err),
                 call->request->error_text ? call->request->error_text : "");
    call_end(call);
}

static inline void expect_text(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text ? text : "(null)");
}

/* The next error that goes up must be this one. */
static inline void expect_error(rd_kafka_resp_err_t err, const char *part)
{
    char text[512] = "";
    rd_kafka_resp_err_t found = take_error(text, sizeof(text));
    if (found != err)
        fail_msg("%s instead of %s: %s", rd_kafka_err2name(found), rd_kafka_err2name(err), text);
    expect_text(text, part);
}

static inline void expect_no_error(void)
{
    assert_int_equal(rk_queue_length(core->main_queue), 0);
}

#endif
