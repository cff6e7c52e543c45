/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocking metadata queries: rd_kafka_metadata() and its like. The question crosses to background,
 * is asked again with back-off until its deadline, of other brokers too while one keeps silent, and
 * the answer goes to the waiting application thread.
 */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"

struct rk_metadata_query {
    LIST_ENTRY(rk_metadata_query) link; /* Background. */
    struct rk_cluster *cluster;
    struct rk_reply *reply;
    struct rk_timer timer; /* The next attempt, or the deadline. */
    struct rk_backoff backoff;
    uint64_t deadline_us;
    int references; /* Of the list, and of each request, which points here. */
    int under_way;  /* Requests: brokers that keep silent are not waited for alone. */
    int32_t asked[RK_METADATA_ASKED_MAX];
    int asked_count;
    bool is_done;
    rd_kafka_resp_err_t last_err;
    bool wants_all;
    bool asks_old_broker; /* Whose version 0 names no topics for all of them. */
    bool allows_creation;
    int count;
    char *topics[];
};

struct query_answer {
    rd_kafka_resp_err_t err;
    struct rk_snapshot *snapshot;
};

static void on_answer(struct rk_request *request);

static void drop_answer(void *answer)
{
    struct query_answer *self = answer;
    rk_snapshot_release(self->snapshot);
    rk_free(self);
}

static void release(struct rk_metadata_query *query)
{
    if (--query->references > 0)
        return;
    for (int i = 0; i < query->count; i++)
        rk_free(query->topics[i]);
    rk_free(query);
}

/* Answers the waiter; the query goes when no request points to it any more. */
static void finish(struct rk_metadata_query *query, rd_kafka_resp_err_t err,
                   struct rk_snapshot *snapshot)
{
    struct query_answer *answer = RK_NEW(struct query_answer);
    answer->err = err;
    answer->snapshot = snapshot;
    rk_loop_stop_timer(query->cluster->background, &query->timer);
    LIST_REMOVE(query, link);
    query->is_done = true;
    rk_reply_answer(query->reply, answer);
    release(query);
}

static struct rk_request *new_request(struct rk_metadata_query *query)
{
    struct rk_request *request =
        rk_request_try_new(RK_API_METADATA, query->cluster->background, on_answer, query);
    if (!request)
        return NULL;
    struct rk_metadata_request *message = request->message;
    message->topics.items = rk_metadata_request_topic_try_new(&request->arena, query->count);
    message->topics.count = query->wants_all ? -1 : query->count;
    message->allow_auto_topic_creation = query->allows_creation;
    if (query->asks_old_broker) {
        message->topics.count = query->count;
        request->max_version = 0;
    }
    for (int i = 0; i < query->count && message->topics.items; i++) {
        char *name = rk_arena_try_text(&request->arena, query->topics[i], strlen(query->topics[i]));
        message->topics.items[i].name = name;
        if (!name)
            message->topics.items = NULL;
    }
    if (!message->topics.items) {
        rk_request_destroy(request);
        return NULL;
    }
    request->deadline_us = query->deadline_us;
    /* Longer than this query may wait: one that gives up must not cost the connection. */
    request->timeout_us = (uint64_t)query->cluster->core->conf->socket_timeout_ms * 1000;
    return request;
}

/* Until another one is asked, or nobody any more. */
static void wait_for_answer(struct rk_metadata_query *query)
{
    uint64_t patience_us = rk_clock_now_us() + RK_METADATA_SILENCE_US;
    rk_loop_start_timer(query->cluster->background, &query->timer,
                        RK_MIN(patience_us, query->deadline_us));
}

static void begin_attempt(struct rk_metadata_query *query)
{
    query->references++;
    query->under_way++;
    wait_for_answer(query);
}

static void ask(struct rk_metadata_query *query) RK_ON_BACKGROUND
{
    struct rk_request *request = new_request(query);
    if (!request) {
        finish(query, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, NULL);
        return;
    }
    begin_attempt(query);
    query->asked_count = 1;
    query->references++; /* It may fail at once. */
    int32_t broker_id = rk_cluster_send_any(query->cluster, request);
    query->asked[0] = broker_id;
    release(query);
}

/* Nobody has answered for a while, although somebody may be there. */
static void ask_another(struct rk_metadata_query *query) RK_ON_BACKGROUND RK_ON_BROKER
{
    struct rk_cluster *cluster = query->cluster;
    struct rk_broker *other = NULL;
    if (query->asked_count < RK_METADATA_ASKED_MAX)
        other = rk_cluster_use_other(cluster, query->asked, query->asked_count);
    struct rk_request *request = other ? new_request(query) : NULL;
    if (!request) {
        wait_for_answer(query);
        return;
    }
    begin_attempt(query);
    query->asked[query->asked_count++] = other->id;
    rk_broker_post_send(other, RK_PURPOSE_GENERAL, request);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_metadata_query *query = rk_container_of(timer, struct rk_metadata_query, timer);
    rk_on_background(query->cluster->background);
    rk_on_broker(query->cluster->background); /* The seed runs here. */
    if (now_us >= query->deadline_us)
        finish(query, query->last_err ? query->last_err : RD_KAFKA_RESP_ERR__TIMED_OUT, NULL);
    else if (query->under_way > 0)
        ask_another(query);
    else
        ask(query);
}

static void try_again(struct rk_metadata_query *query, rd_kafka_resp_err_t err)
{
    query->last_err = err == RD_KAFKA_RESP_ERR__TIMED_OUT ? err : RD_KAFKA_RESP_ERR__TRANSPORT;
    if (query->under_way > 0)
        return; /* Another one may still answer. */
    uint64_t at_us = rk_clock_now_us() + rk_backoff_next_us(&query->backoff);
    rk_loop_start_timer(query->cluster->background, &query->timer,
                        RK_MIN(at_us, query->deadline_us));
}

static void on_answer(struct rk_request *request)
{
    struct rk_metadata_query *query = request->owner;
    rk_on_background(query->cluster->background);
    rk_on_broker(query->cluster->background); /* The seed runs here. */
    const struct rk_metadata_answer *answer = request->answer;
    query->under_way--;
    if (request->broker_id < 0)
        rk_cluster_post_connection_change(query->cluster);
    if (query->is_done) {
        /* Another one was quicker, or nobody waits any more. */
    } else if (request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        finish(query, RD_KAFKA_RESP_ERR__DESTROY, NULL);
    } else if (request->err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && query->wants_all &&
               !query->asks_old_broker) {
        query->asks_old_broker = true;
        ask(query);
    } else if (request->err) {
        try_again(query, request->err);
    } else if (answer->error_code || answer->brokers.count <= 0) {
        try_again(query, RD_KAFKA_RESP_ERR__TRANSPORT);
    } else {
        struct rk_snapshot *snapshot = rk_snapshot_try_merge(&(struct rk_snapshot_merge){
            .answer = answer,
            .version = request->version,
            .is_complete = true,
            .answered_by = rk_seed_answerer(&query->cluster->own.seed, request),
            .now_us = rk_clock_now_us(),
        });
        finish(query, snapshot ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE,
               snapshot);
    }
    release(query);
    rk_request_destroy(request);
}

void rk_metadata_queries_terminate(struct rk_cluster *cluster)
{
    struct rk_metadata_query *query;
    while ((query = LIST_FIRST(&cluster->own.queries)) != NULL)
        finish(query, RD_KAFKA_RESP_ERR__DESTROY, NULL);
}

/* The application's side */

static void begin(void *argument)
{
    struct rk_metadata_query *query = argument;
    rk_on_background(query->cluster->background);
    LIST_INSERT_HEAD(&query->cluster->own.queries, query, link);
    if (query->cluster->own.is_terminating)
        finish(query, RD_KAFKA_RESP_ERR__DESTROY, NULL);
    else
        ask(query);
}

static void drop(void *argument)
{
    struct rk_metadata_query *query = argument;
    rk_reply_abandon(query->reply);
    release(query);
}

struct count_names {
    struct rk_metadata_query *query;
    int capacity;
};

static void add_name(rd_kafka_topic_t *topic, void *argument)
{
    struct count_names *names = argument;
    if (names->query->count < names->capacity)
        names->query->topics[names->query->count++] = rk_strdup(topic->base.name);
}

rd_kafka_resp_err_t rk_cluster_query(struct rk_cluster *cluster, const char *const *topics,
                                     int count, uint64_t deadline_us, struct rk_snapshot **answer)
{
    bool from_registry = topics && count == 0;
    int capacity = from_registry ? atomic_load(&cluster->topics.count) : count;
    struct rk_metadata_query *query =
        rk_calloc(1, sizeof(*query) + (size_t)capacity * sizeof(*query->topics));
    query->cluster = cluster;
    query->references = 1;
    query->wants_all = !topics;
    query->allows_creation = topics && cluster->core->conf->allow_auto_create_topics;
    query->deadline_us = deadline_us;
    rk_timer_init(&query->timer, on_timer);
    rk_backoff_init(&query->backoff, cluster->core->conf->retry_backoff_ms,
                    cluster->core->conf->retry_backoff_max_ms);
    for (int i = 0; topics && i < count; i++)
        query->topics[query->count++] = rk_strdup(topics[i]);
    if (from_registry)
        rk_topic_registry_visit(&cluster->topics, add_name,
                                &(struct count_names){.query = query, .capacity = capacity});
    struct rk_reply *reply = rk_reply_new(drop_answer);
    query->reply = reply;
    rk_cluster_post_call(cluster, begin, drop, query);

    void *given;
    rk_reply_wait(reply, RK_NEVER, &given); /* Background keeps the deadline. */
    rk_reply_release(reply);
    struct query_answer *result = given;
    rd_kafka_resp_err_t err = result ? result->err : RD_KAFKA_RESP_ERR__DESTROY;
    *answer = result ? result->snapshot : NULL;
    rk_free(result);
    return err;
}
