/* SPDX-License-Identifier: BSD-2-Clause */
#include "admin/group_list.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/backoff.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "wire/messages.h"

/* From version 6 on a group of another kind is an error, before it is one without members. */
#define DESCRIBE_MAX_VERSION 5

struct job;

/* One broker's share of a job. */
struct share {
    struct job *job;
    struct rk_timer timer; /* The next attempt. */
    struct rk_backoff backoff;
    struct rk_request *list; /* Answered; waits for the description. */
    bool is_done;
};

/* One call. Outlives the caller's wait while requests point to it. */
struct job {
    LIST_ENTRY(job) link;
    struct rk_group_lists *lists;
    char *group;                  /* NULL: all. */
    struct rk_reply *reply;       /* NULL: answered. */
    struct rk_group_parts *parts; /* Goes with the answer. */
    uint64_t deadline_us;
    struct rk_timer timer; /* The deadline. */
    int requests;          /* Under way. */
    int count;
    struct share shares[];
};

struct rk_group_lists {
    struct rk_cluster *cluster;
    struct rk_loop *background;
    struct { /* Background only. */
        LIST_HEAD(, job) jobs;
        bool is_terminated;
    } own;
};

static void on_listed(struct rk_request *request);
static void on_described(struct rk_request *request);

/* The end of a job */

static struct rk_group_part *part_of(const struct share *share)
{
    return &share->job->parts->items[share - share->job->shares];
}

static void free_if_unused(struct job *job)
{
    if (job->reply || job->requests > 0)
        return;
    for (int i = 0; i < job->count; i++)
        rk_request_destroy(job->shares[i].list);
    rk_free(job->group);
    rk_free(job);
}

/* What a broker's share has failed with before tells more than that the time is over. */
static void finish(struct job *job, rd_kafka_resp_err_t err)
{
    LIST_REMOVE(job, link);
    rk_loop_stop_timer(job->lists->background, &job->timer);
    for (int i = 0; i < job->count; i++) {
        rk_loop_stop_timer(job->lists->background, &job->shares[i].timer);
        if (!job->shares[i].is_done &&
            (!part_of(&job->shares[i])->err || err == RD_KAFKA_RESP_ERR__DESTROY))
            part_of(&job->shares[i])->err = err;
    }
    rk_reply_answer(job->reply, job->parts);
    job->reply = NULL;
    job->parts = NULL;
}

static void finish_share(struct share *share, rd_kafka_resp_err_t err)
{
    struct job *job = share->job;
    part_of(share)->err = err;
    share->is_done = true;
    for (int i = 0; i < job->count; i++) {
        if (!job->shares[i].is_done)
            return;
    }
    finish(job, err);
}

/* Asking */

static void send_to_broker(struct share *share, struct rk_request *request)
{
    struct job *job = share->job;
    request->deadline_us = job->deadline_us;
    request->timeout_us =
        (uint64_t)rk_cluster_core(job->lists->cluster)->conf->socket_timeout_ms * 1000;
    job->requests++;
    rk_cluster_post_send(job->lists->cluster, part_of(share)->broker->id, RK_PURPOSE_GENERAL,
                         request);
}

static void fail(struct share *share, enum rk_api_key key, rd_kafka_resp_err_t err)
{
    rk_request_destroy(share->list);
    share->list = NULL;
    if (err == RD_KAFKA_RESP_ERR__DESTROY || !(rk_error_policy_find(key, err) & RK_ACTION_RETRY)) {
        finish_share(share, err);
        return;
    }
    part_of(share)->err = err;
    rk_loop_start_timer(share->job->lists->background, &share->timer,
                        rk_clock_now_us() + rk_backoff_next_us(&share->backoff));
}

static void list_groups(struct share *share)
{
    struct rk_request *request =
        rk_request_try_new(RK_API_LIST_GROUPS, share->job->lists->background, on_listed, share);
    if (request)
        send_to_broker(share, request);
    else
        fail(share, RK_API_LIST_GROUPS, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
}

static void on_share_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct share *share = rk_container_of(timer, struct share, timer);
    (void)now_us;
    rk_on_background(share->job->lists->background);
    list_groups(share);
}

static void on_deadline(struct rk_timer *timer, uint64_t now_us)
{
    struct job *job = rk_container_of(timer, struct job, timer);
    (void)now_us;
    rk_on_background(job->lists->background);
    finish(job, RD_KAFKA_RESP_ERR__TIMED_OUT);
    free_if_unused(job);
}

/* Answers */

/* The groups of the answer that are wanted. Their names are the answer's. */
static struct rk_request *describe_request(struct share *share)
{
    const struct rk_list_groups_answer *answer = share->list->answer;
    const char *only = share->job->group;
    struct rk_request *request = rk_request_try_new(
        RK_API_DESCRIBE_GROUPS, share->job->lists->background, on_described, share);
    if (!request)
        return NULL;
    struct rk_describe_groups_request *message = request->message;
    const char **names =
        rk_request_try_alloc(request, (size_t)answer->groups.count * sizeof(*names));
    if (!names) {
        rk_request_destroy(request);
        return NULL;
    }
    message->groups.items = names;
    message->groups.count = 0;
    for (int32_t i = 0; i < answer->groups.count; i++) {
        const char *name = answer->groups.items[i].group_id;
        if (!only || strcmp(only, name) == 0)
            names[message->groups.count++] = name;
    }
    request->max_version = DESCRIBE_MAX_VERSION;
    return request;
}

static void describe(struct share *share)
{
    struct rk_request *request = describe_request(share);
    if (!request) {
        fail(share, RK_API_DESCRIBE_GROUPS, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
        return;
    }
    const struct rk_describe_groups_request *message = request->message;
    if (message->groups.count > 0) {
        send_to_broker(share, request);
        return;
    }
    rk_request_destroy(request);
    part_of(share)->list = share->list;
    share->list = NULL;
    finish_share(share, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void on_listed(struct rk_request *request)
{
    struct share *share = request->owner;
    struct job *job = share->job;
    const struct rk_list_groups_answer *answer = request->answer;
    rk_on_background(job->lists->background);
    job->requests--;
    rd_kafka_resp_err_t err = request->err ? request->err : rk_error_of_broker(answer->error_code);
    if (!err && job->reply) {
        share->list = request;
        describe(share);
    } else {
        rk_request_destroy(request);
        if (job->reply)
            fail(share, RK_API_LIST_GROUPS, err);
    }
    free_if_unused(job);
}

/* The one that was asked for, from its coordinator. */
static bool is_found(const struct job *job, const struct rk_describe_groups_answer *answer)
{
    return job->group && answer->groups.count == 1 && answer->groups.items[0].error_code == 0;
}

static void on_described(struct rk_request *request)
{
    struct share *share = request->owner;
    struct job *job = share->job;
    rk_on_background(job->lists->background);
    job->requests--;
    if (request->err || !job->reply) {
        rd_kafka_resp_err_t err = request->err;
        rk_request_destroy(request);
        if (job->reply)
            fail(share, RK_API_DESCRIBE_GROUPS, err);
    } else {
        struct rk_group_part *part = part_of(share);
        bool is_enough = is_found(job, request->answer);
        part->list = share->list;
        part->describe = request;
        share->list = NULL;
        for (int i = 0; is_enough && i < job->count; i++) { /* Nothing more to learn from these. */
            job->shares[i].is_done = true;
            job->parts->items[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        finish_share(share, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    free_if_unused(job);
}

/* Entry */

static void begin(void *argument)
{
    struct job *job = argument;
    struct rk_group_lists *lists = job->lists;
    rk_on_background(lists->background);
    LIST_INSERT_HEAD(&lists->own.jobs, job, link);
    if (lists->own.is_terminated || job->count == 0) {
        finish(job, RD_KAFKA_RESP_ERR__DESTROY);
        free_if_unused(job);
        return;
    }
    rk_loop_start_timer(lists->background, &job->timer, job->deadline_us);
    for (int i = 0; i < job->count; i++)
        list_groups(&job->shares[i]);
}

static void drop(void *argument)
{
    struct job *job = argument;
    for (int i = 0; i < job->count; i++)
        job->parts->items[i].err = RD_KAFKA_RESP_ERR__DESTROY;
    rk_reply_answer(job->reply, job->parts);
    job->reply = NULL;
    free_if_unused(job);
}

static struct job *new_job(struct rk_group_lists *lists, const char *group,
                           struct rk_snapshot *snapshot)
{
    const struct rk_conf *conf = rk_cluster_core(lists->cluster)->conf;
    int count = snapshot->broker_count;
    struct job *job = rk_calloc(1, sizeof(*job) + (size_t)count * sizeof(*job->shares));
    job->lists = lists;
    job->group = group ? rk_strdup(group) : NULL;
    job->count = count;
    job->parts = rk_calloc(1, sizeof(*job->parts) + (size_t)count * sizeof(*job->parts->items));
    job->parts->snapshot = snapshot;
    job->parts->count = count;
    rk_timer_init(&job->timer, on_deadline);
    for (int i = 0; i < count; i++) {
        struct share *share = &job->shares[i];
        share->job = job;
        rk_timer_init(&share->timer, on_share_timer);
        rk_backoff_init(&share->backoff, conf->retry_backoff_ms, conf->retry_backoff_max_ms);
        job->parts->items[i].broker = &snapshot->brokers[i];
    }
    return job;
}

rd_kafka_resp_err_t rk_group_lists_ask(struct rk_group_lists *lists, const char *group,
                                       uint64_t deadline_us, struct rk_group_parts **parts)
{
    static const char *const no_topics[1] = {NULL};
    struct rk_snapshot *snapshot; /* Brokers as they are now. */
    rd_kafka_resp_err_t err =
        rk_cluster_query(lists->cluster, no_topics, 0, deadline_us, &snapshot);
    if (err)
        return err;
    struct job *job = new_job(lists, group, snapshot);
    struct rk_reply *reply = job->reply = rk_reply_new(NULL);
    void *answer;
    job->deadline_us = deadline_us;
    rk_cluster_post_call(lists->cluster, begin, drop, job);
    rk_reply_wait(reply, RK_NEVER, &answer); /* Background keeps the deadline. */
    rk_reply_release(reply);
    *parts = answer;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_group_parts_destroy(struct rk_group_parts *parts)
{
    if (!parts)
        return;
    for (int i = 0; i < parts->count; i++) {
        rk_request_destroy(parts->items[i].describe);
        rk_request_destroy(parts->items[i].list);
    }
    rk_snapshot_release(parts->snapshot);
    rk_free(parts);
}

/* The client's */

struct rk_group_lists *rk_group_lists_new(struct rk_cluster *cluster)
{
    struct rk_group_lists *lists = RK_NEW(struct rk_group_lists);
    lists->cluster = cluster;
    lists->background = rk_cluster_background(cluster);
    LIST_INIT(&lists->own.jobs);
    return lists;
}

void rk_group_lists_terminate(struct rk_group_lists *lists)
{
    struct job *job;
    lists->own.is_terminated = true;
    while ((job = LIST_FIRST(&lists->own.jobs)) != NULL) {
        finish(job, RD_KAFKA_RESP_ERR__DESTROY);
        free_if_unused(job);
    }
}

void rk_group_lists_destroy(struct rk_group_lists *lists)
{
    rk_free(lists);
}
