/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/offset_fetch.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"
#include "wire/messages.h"

#define GROUPS_SINCE      8
#define MEMBER_SINCE      9
#define TOPIC_IDS_SINCE   10
#define STABLE_SINCE      7
#define TOPIC_ID_ATTEMPTS 3 /* A topic that was made again has no such id, and no offsets. */

/* What a broker tells of one partition, in any version. */
struct told {
    int64_t offset;
    int32_t leader_epoch;
    const char *metadata;
    int16_t error_code;
};

/* In the request's arena: a query does not wait for an answer that comes too late. */
struct rk_committed_asked {
    struct rk_committed_queries *queries;
    struct rk_committed_query *query; /* NULL: it has gone. */
};

static void on_answer(struct rk_request *request);

/* Giving back */

static void give_back(struct rk_committed_query *query)
{
    struct rk_committed_queries *queries = query->queries;
    if (query->asked)
        query->asked->query = NULL;
    query->asked = NULL;
    rk_loop_stop_timer(rk_cluster_background(queries->cluster), &query->timer);
    LIST_REMOVE(query, link);
    query->on_done(query);
}

static void fail(struct rk_committed_query *query, rd_kafka_resp_err_t err)
{
    for (int i = 0; i < query->offsets->cnt; i++) {
        query->offsets->elems[i].err = err;
        query->offsets->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
    }
    query->err = err;
    give_back(query);
}

/* The request: the same in two forms, of which the chosen version keeps one. */

static void prepare(struct rk_request *request)
{
    struct rk_offset_fetch_request *message = request->message;
    if (request->version < STABLE_SINCE)
        message->require_stable = false;
    if (request->version < GROUPS_SINCE) {
        message->groups.count = 0;
    } else {
        message->group_id = "";
        message->topics.count = 0;
    }
}

static char *copy_text(struct rk_request *request, const char *text)
{
    return rk_arena_try_text(&request->arena, text, strlen(text));
}

/* The query may be gone when the request is encoded: all texts are the request's. */
static bool fill_topics(struct rk_committed_query *query, struct rk_request *request,
                        struct rk_offset_fetch_request_group *group) RK_ON_BACKGROUND
{
    struct rk_offset_fetch_request *message = request->message;
    const rd_kafka_topic_partition_list_t *list = query->offsets;
    bool has_ids = true;
    message->topics.items = rk_offset_fetch_request_topic_try_new(&request->arena, list->cnt);
    group->topics.items = rk_offset_fetch_request_group_topic_try_new(&request->arena, list->cnt);
    if (!message->topics.items || !group->topics.items)
        return false;
    message->topics.count = group->topics.count = 0;
    for (int i = 0, count; i < list->cnt; i += count) {
        struct rk_offset_fetch_request_topic *old = &message->topics.items[message->topics.count++];
        struct rk_offset_fetch_request_group_topic *now =
            &group->topics.items[group->topics.count++];
        count = rk_partition_list_count_topic(list, i);
        int32_t *partitions = rk_request_try_alloc(request, (size_t)count * sizeof(*partitions));
        char *name = copy_text(request, list->elems[i].topic);
        if (!partitions || !name)
            return false;
        for (int k = 0; k < count; k++)
            partitions[k] = list->elems[i + k].partition;
        old->name = now->name = name;
        old->partition_indexes.items = now->partition_indexes.items = partitions;
        old->partition_indexes.count = now->partition_indexes.count = count;
        const rd_kafka_topic_t *topic =
            rk_topic_registry_find(rk_cluster_topics(query->queries->cluster), name);
        if (topic)
            now->topic_id = topic->known.id;
        has_ids &= !rk_uuid_is_zero(&now->topic_id);
    }
    if (!has_ids)
        request->max_version = TOPIC_IDS_SINCE - 1;
    return true;
}

/* NULL: no memory. */
static struct rk_request *new_request(struct rk_committed_query *query) RK_ON_BACKGROUND
{
    struct rk_committed_queries *queries = query->queries;
    const struct rk_membership_identity *identity = queries->identity;
    const struct rk_conf *conf = rk_cluster_core(queries->cluster)->conf;
    struct rk_request *request = rk_request_try_new(
        RK_API_OFFSET_FETCH, rk_cluster_background(queries->cluster), on_answer, NULL);
    if (!request)
        return NULL;
    struct rk_offset_fetch_request *message = request->message;
    struct rk_offset_fetch_request_group *group =
        rk_offset_fetch_request_group_try_new(&request->arena, 1);
    struct rk_committed_asked *asked = rk_request_try_alloc(request, sizeof(*asked));
    if (!group || !asked || !fill_topics(query, request, group)) {
        rk_request_destroy(request);
        return NULL;
    }
    *asked = (struct rk_committed_asked){.queries = queries, .query = query};
    request->owner = asked;
    group->group_id = message->group_id = queries->group_id;
    if (identity->is_consumer && identity->generation > 0) {
        group->member_id = copy_text(request, identity->member_id);
        group->member_epoch = identity->generation;
    }
    message->groups.items = group;
    message->groups.count = 1;
    message->require_stable = conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
    request->prepare = prepare;
    request->timeout_us = (uint64_t)conf->socket_timeout_ms * 1000;
    request->deadline_us = query->deadline_us;
    return request;
}

/* Answers */

/* More than was asked for is no honest answer: only as many are looked at. */
static int32_t limit(int32_t count, const struct rk_offset_fetch_request_group_topic *asked)
{
    return RK_MIN(count, asked->partition_indexes.count);
}

static bool find_old(const struct rk_offset_fetch_answer *answer,
                     const struct rk_offset_fetch_request_group_topic *asked, int32_t topic_hint,
                     int32_t partition, int32_t hint, struct told *told)
{
    if (topic_hint >= answer->topics.count ||
        strcmp(answer->topics.items[topic_hint].name, asked->name) != 0)
        return false;
    const struct rk_offset_fetch_answer_topic *topic = &answer->topics.items[topic_hint];
    int32_t count = limit(topic->partitions.count, asked);
    for (int32_t i = 0; i < count; i++) {
        const struct rk_offset_fetch_answer_partition *item =
            &topic->partitions.items[(hint + i) % count];
        if (item->partition_index != partition)
            continue;
        *told = (struct told){item->committed_offset, item->committed_leader_epoch, item->metadata,
                              item->error_code};
        return true;
    }
    return false;
}

static bool find_new(const struct rk_offset_fetch_answer_group *group,
                     const struct rk_offset_fetch_request_group_topic *asked, bool by_id,
                     int32_t topic_hint, int32_t partition, int32_t hint, struct told *told)
{
    if (topic_hint >= group->topics.count)
        return false;
    const struct rk_offset_fetch_answer_group_topic *topic = &group->topics.items[topic_hint];
    if (by_id ? !rk_uuid_equal(&topic->topic_id, &asked->topic_id)
              : strcmp(topic->name, asked->name) != 0)
        return false;
    int32_t count = limit(topic->partitions.count, asked);
    for (int32_t i = 0; i < count; i++) {
        const struct rk_offset_fetch_answer_group_partition *item =
            &topic->partitions.items[(hint + i) % count];
        if (item->partition_index != partition)
            continue;
        *told = (struct told){item->committed_offset, item->committed_leader_epoch, item->metadata,
                              item->error_code};
        return true;
    }
    return false;
}

/* The answer's order may be any. */
static bool find(const struct rk_request *request, int32_t t, int32_t at, struct told *told)
{
    const struct rk_offset_fetch_request *asked = request->message;
    const struct rk_offset_fetch_answer *answer = request->answer;
    const struct rk_offset_fetch_request_group_topic *topic =
        &asked->groups.items[0].topics.items[t];
    int32_t partition = topic->partition_indexes.items[at];
    int32_t count = asked->groups.items[0].topics.count;
    bool is_found = false;
    for (int32_t i = 0; i < count && !is_found; i++) {
        int32_t hint = (t + i) % count;
        if (request->version < GROUPS_SINCE)
            is_found = find_old(answer, topic, hint, partition, at, told);
        else
            is_found = find_new(&answer->groups.items[0], topic,
                                request->version >= TOPIC_IDS_SINCE, hint, partition, at, told);
    }
    return is_found;
}

static rd_kafka_resp_err_t error_of_group(const struct rk_committed_query *query,
                                          const struct rk_request *request)
{
    const struct rk_offset_fetch_answer *answer = request->answer;
    if (request->err)
        return request->err;
    if (request->version < GROUPS_SINCE)
        return rk_error_of_broker(answer->error_code);
    if (answer->groups.count != 1 ||
        strcmp(answer->groups.items[0].group_id, query->queries->group_id) != 0)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    return rk_error_of_broker(answer->groups.items[0].error_code);
}

static bool may_retry(const struct rk_committed_query *query, rd_kafka_resp_err_t err)
{
    const struct rk_membership_identity *identity = query->queries->identity;
    bool is_member_error =
        err == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH || err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (is_member_error) /* After the next heartbeat. */
        return identity->is_consumer && identity->generation > 0;
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID)
        return query->attempts < TOPIC_ID_ATTEMPTS;
    if (err == RD_KAFKA_RESP_ERR__BAD_MSG && query->attempts >= RK_COORDINATOR_BAD_ANSWERS_MAX)
        return false;
    return rk_error_policy_find(RK_API_OFFSET_FETCH, err) & RK_ACTION_RETRY;
}

static void set_entry(rd_kafka_topic_partition_t *entry, const struct told *told)
{
    rd_kafka_resp_err_t err = rk_error_of_broker(told->error_code);
    entry->err = err;
    entry->offset = err || told->offset < 0 ? RD_KAFKA_OFFSET_INVALID : told->offset;
    rk_partition_entry_set_leader_epoch(entry, told->leader_epoch);
    rk_app_free(entry->metadata);
    entry->metadata = NULL;
    entry->metadata_size = 0;
    if (err || !told->metadata || !*told->metadata)
        return;
    entry->metadata_size = strlen(told->metadata);
    entry->metadata = rk_app_malloc(entry->metadata_size + 1);
    memcpy(entry->metadata, told->metadata, entry->metadata_size + 1);
}

/* Fills in the entries. Returns the first error of a partition, one that may pass before others. */
static rd_kafka_resp_err_t read_partitions(struct rk_committed_query *query,
                                           const struct rk_request *request)
{
    const struct rk_offset_fetch_request *asked = request->message;
    const struct rk_offset_fetch_request_group *group = asked->groups.items;
    rd_kafka_resp_err_t passing = RD_KAFKA_RESP_ERR_NO_ERROR, first = RD_KAFKA_RESP_ERR_NO_ERROR;
    int entry = 0;
    for (int32_t t = 0; t < group->topics.count; t++) {
        for (int32_t i = 0; i < group->topics.items[t].partition_indexes.count; i++, entry++) {
            struct told told = {.error_code = RD_KAFKA_RESP_ERR_NO_ERROR};
            if (!find(request, t, i, &told))
                return RD_KAFKA_RESP_ERR__BAD_MSG;
            set_entry(&query->offsets->elems[entry], &told);
            rd_kafka_resp_err_t err = query->offsets->elems[entry].err;
            first = first ? first : err;
            if (err && !passing && may_retry(query, err))
                passing = err;
        }
    }
    return passing ? passing : first;
}

static void note_text(struct rk_committed_query *query, const struct rk_request *request,
                      rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    rk_free(query->error_text);
    char broker[300], what[300];
    bool is_named = request->error_text != NULL;
    snprintf(what, sizeof(what), "Group \"%s\": OffsetFetch", query->queries->group_id);
    query->error_text = rk_failure_text(
        &(struct rk_failure){.what = what,
                             .err = err,
                             .words = request->error_text,
                             .broker = is_named ? NULL
                                                : rk_cluster_name_broker(query->queries->cluster,
                                                                         request->broker_id, broker,
                                                                         sizeof(broker)),
                             .attempts = query->attempts,
                             .since_us = query->since_us},
        rk_clock_now_us());
}

static void take_answer(struct rk_committed_query *query,
                        const struct rk_request *request) RK_ON_BACKGROUND
{
    struct rk_committed_queries *queries = query->queries;
    uint64_t now_us = rk_clock_now_us();
    query->asked = NULL;
    query->attempts++;
    query->broker_id = request->broker_id;
    rd_kafka_resp_err_t err = error_of_group(query, request);
    bool is_of_group = err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!err)
        err = read_partitions(query, request);
    rk_coordinator_take_error(queries->coordinator, request, err);
    if (err)
        note_text(query, request, err);
    bool is_over = now_us >= query->deadline_us;
    if (err && may_retry(query, err) && !is_over) {
        uint64_t next_us = now_us + rk_backoff_next_us(&query->backoff);
        rk_loop_start_timer(rk_cluster_background(queries->cluster), &query->timer,
                            RK_MIN(next_us, query->deadline_us));
    } else if (is_of_group || err == RD_KAFKA_RESP_ERR__BAD_MSG) {
        fail(query,
             err == RD_KAFKA_RESP_ERR__WAIT_COORD && is_over ? RD_KAFKA_RESP_ERR__TIMED_OUT : err);
    } else {
        give_back(query);
    }
}

static void on_answer(struct rk_request *request)
{
    const struct rk_committed_asked *asked = request->owner;
    rk_on_background(rk_cluster_background(asked->queries->cluster));
    if (asked->query)
        take_answer(asked->query, request);
    rk_request_destroy(request);
}

/* Asking */

static void ask(struct rk_committed_query *query) RK_ON_BACKGROUND
{
    struct rk_request *request = new_request(query);
    if (!request) {
        fail(query, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
        return;
    }
    query->asked = request->owner;
    if (query->deadline_us != RK_NEVER)
        rk_loop_start_timer(rk_cluster_background(query->queries->cluster), &query->timer,
                            query->deadline_us);
    rk_coordinator_send(query->queries->coordinator, request);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_committed_query *query = rk_container_of(timer, struct rk_committed_query, timer);
    rk_on_background(rk_cluster_background(query->queries->cluster));
    if (now_us >= query->deadline_us)
        fail(query, RD_KAFKA_RESP_ERR__TIMED_OUT);
    else
        ask(query);
}

struct rk_committed_query *rk_committed_query_new(rd_kafka_topic_partition_list_t *offsets,
                                                  uint64_t deadline_us,
                                                  void (*on_done)(struct rk_committed_query *query),
                                                  void *owner)
{
    struct rk_committed_query *query = RK_NEW(struct rk_committed_query);
    query->offsets = offsets;
    query->deadline_us = deadline_us;
    query->on_done = on_done;
    query->owner = owner;
    rk_timer_init(&query->timer, on_timer);
    return query;
}

void rk_committed_query_destroy(struct rk_committed_query *query)
{
    rk_partition_list_destroy(query->offsets);
    rk_free(query->error_text);
    rk_free(query);
}

void rk_committed_query_ask(struct rk_committed_queries *queries, struct rk_committed_query *query)
{
    const struct rk_conf *conf = rk_cluster_core(queries->cluster)->conf;
    query->queries = queries;
    query->since_us = rk_clock_now_us();
    rk_backoff_init(&query->backoff, conf->retry_backoff_ms, conf->retry_backoff_max_ms);
    LIST_INSERT_HEAD(&queries->all, query, link);
    if (queries->is_terminated)
        fail(query, RD_KAFKA_RESP_ERR__DESTROY);
    else if (query->offsets->cnt == 0)
        give_back(query);
    else
        ask(query);
}

void rk_committed_queries_init(struct rk_committed_queries *queries, struct rk_cluster *cluster,
                               struct rk_coordinator *coordinator, const char *group_id,
                               const struct rk_membership_identity *identity)
{
    *queries = (struct rk_committed_queries){
        .cluster = cluster,
        .coordinator = coordinator,
        .group_id = group_id,
        .identity = identity,
    };
    LIST_INIT(&queries->all);
}

void rk_committed_queries_terminate(struct rk_committed_queries *queries)
{
    struct rk_committed_query *query;
    queries->is_terminated = true;
    while ((query = LIST_FIRST(&queries->all)) != NULL)
        fail(query, RD_KAFKA_RESP_ERR__DESTROY);
}
