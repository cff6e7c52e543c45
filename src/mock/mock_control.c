/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests tell a mock cluster to do: each call crosses to the cluster's loop and waits until it
 * is done there.
 */
#include "base/clock.h"
#include "mock/mock_broker.h"
#include "mock/mock_coordinator.h"
#include "mock/mock_fetch.h"
#include "mock/mock_request.h"
#include "runtime/reply.h"

/* Arguments and result of any call; each uses what it needs. On the caller's stack. */
struct call {
    struct rk_mail mail;
    struct rk_mock_cluster *cluster;
    rd_kafka_resp_err_t (*run)(struct call *call);
    struct rk_reply *reply;
    rd_kafka_resp_err_t err;
    const char *topic; /* Or the other text. */
    const char *key;
    int32_t partition;
    int32_t broker_id;
    int32_t number; /* A count, a time, an epoch, an error. */
    int64_t from, to;
    int16_t api_key, min_version, max_version;
    const struct rk_mock_error *errors;
    size_t count;
    struct rk_mock_tracked_request *requests;
    void (*look)(struct rk_mock_cluster *cluster, void *argument);
    void *argument;
};

static void deliver(struct rk_mail *mail)
{
    struct call *call = rk_container_of(mail, struct call, mail);
    struct rk_mock_cluster *cluster = call->cluster;
    struct rk_reply *reply = call->reply;
    rk_loop_assert_mine(cluster->loop);
    call->err = call->run(call);
    rk_mock_cluster_settle(cluster);
    rk_reply_answer(reply, NULL); /* The call is gone from here on. */
}

static void discard(struct rk_mail *mail)
{
    rk_reply_abandon(rk_container_of(mail, struct call, mail)->reply);
}

/* On the loop itself, which is in the middle of something when it calls its log function, nothing
 * is done. */
static rd_kafka_resp_err_t make(struct rk_mock_cluster *cluster, struct call *call,
                                rd_kafka_resp_err_t (*run)(struct call *call))
{
    void *nothing;
    if (rk_loop_is_mine(cluster->loop))
        return RD_KAFKA_RESP_ERR__IN_PROGRESS;
    call->cluster = cluster;
    call->run = run;
    call->err = RD_KAFKA_RESP_ERR__DESTROY;
    call->mail.deliver = deliver;
    call->mail.discard = discard;
    call->reply = rk_reply_new(NULL);
    rk_loop_post(cluster->loop, &call->mail);
    rk_reply_wait(call->reply, RK_NEVER, &nothing);
    rk_reply_release(call->reply);
    return call->err;
}

/* The topic or partition that a call names, made if need be. */
static struct rk_mock_partition *partition_of(const struct call *call)
{
    return rk_mock_topic_need_partition(call->cluster, call->topic, call->partition);
}

static rd_kafka_resp_err_t create_topic(struct call *call)
{
    if (!call->topic || !rk_mock_topic_is_name_valid(call->topic))
        return RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
    if (rk_mock_topic_find(call->cluster, call->topic))
        return RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
    if (call->partition < 1 || call->partition > RK_MOCK_PARTITIONS_MAX || call->number < 1)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    return rk_mock_topic_create(call->cluster, call->topic, call->partition, call->number)
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
}

rd_kafka_resp_err_t rk_mock_cluster_create_topic(struct rk_mock_cluster *cluster, const char *topic,
                                                 int partition_count, int replication)
{
    struct call call = {.topic = topic, .partition = partition_count, .number = replication};
    return make(cluster, &call, create_topic);
}

static rd_kafka_resp_err_t delete_topic(struct call *call)
{
    struct rk_mock_topic *topic =
        call->topic ? rk_mock_topic_find(call->cluster, call->topic) : NULL;
    if (!topic)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    rk_mock_topic_delete(call->cluster, topic);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_delete_topic(struct rk_mock_cluster *cluster, const char *topic)
{
    struct call call = {.topic = topic};
    return make(cluster, &call, delete_topic);
}

static rd_kafka_resp_err_t set_topic_error(struct call *call)
{
    struct rk_mock_partition *partition = partition_of(call);
    if (!partition)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    partition->topic->err = (rd_kafka_resp_err_t)call->number;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_set_topic_error(struct rk_mock_cluster *cluster, const char *topic,
                                     rd_kafka_resp_err_t err)
{
    struct call call = {.topic = topic, .number = err};
    make(cluster, &call, set_topic_error);
}

static rd_kafka_resp_err_t delete_records(struct call *call)
{
    struct rk_mock_topic *topic =
        call->topic ? rk_mock_topic_find(call->cluster, call->topic) : NULL;
    struct rk_mock_partition *partition =
        topic ? rk_mock_topic_partition(topic, call->partition) : NULL;
    if (!partition)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (call->from < 0 || call->from > partition->log.end_offset)
        return RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    rk_mock_log_delete_before(&partition->log, call->from);
    rk_mock_fetch_wake(partition);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_delete_records(struct rk_mock_cluster *cluster,
                                                   const char *topic, int32_t partition,
                                                   int64_t before_offset)
{
    struct call call = {.topic = topic, .partition = partition, .from = before_offset};
    return make(cluster, &call, delete_records);
}

/* -1 is fine where a broker is to be none. */
static bool is_broker_or_none(const struct call *call)
{
    return call->broker_id == -1 || rk_mock_broker_find(call->cluster, call->broker_id);
}

static rd_kafka_resp_err_t set_leader(struct call *call)
{
    struct rk_mock_partition *partition = partition_of(call);
    if (!partition)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!is_broker_or_none(call))
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    rk_mock_partition_set_leader(partition, call->broker_id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_set_leader(struct rk_mock_cluster *cluster, const char *topic,
                                               int32_t partition, int32_t broker_id)
{
    struct call call = {.topic = topic, .partition = partition, .broker_id = broker_id};
    return make(cluster, &call, set_leader);
}

static rd_kafka_resp_err_t set_follower(struct call *call)
{
    struct rk_mock_partition *partition = partition_of(call);
    if (!partition)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!is_broker_or_none(call))
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    partition->follower_id = call->broker_id;
    rk_mock_fetch_wake(partition);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_set_follower(struct rk_mock_cluster *cluster, const char *topic,
                                                 int32_t partition, int32_t broker_id)
{
    struct call call = {.topic = topic, .partition = partition, .broker_id = broker_id};
    return make(cluster, &call, set_follower);
}

static rd_kafka_resp_err_t set_follower_bounds(struct call *call)
{
    struct rk_mock_partition *partition = partition_of(call);
    if (!partition)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    partition->follower_start = call->from;
    partition->follower_end = call->to;
    rk_mock_fetch_wake(partition);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_set_follower_bounds(struct rk_mock_cluster *cluster,
                                                        const char *topic, int32_t partition,
                                                        int64_t start_offset, int64_t end_offset)
{
    struct call call = {
        .topic = topic, .partition = partition, .from = start_offset, .to = end_offset};
    return make(cluster, &call, set_follower_bounds);
}

static rd_kafka_resp_err_t push_leader_response(struct call *call)
{
    struct rk_mock_partition *partition = partition_of(call);
    if (!partition)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    struct rk_mock_leader_response *response = RK_NEW(struct rk_mock_leader_response);
    response->leader_id = call->broker_id;
    response->leader_epoch = call->number;
    STAILQ_INSERT_TAIL(&partition->leader_responses, response, link);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_push_leader_response(struct rk_mock_cluster *cluster,
                                                         const char *topic, int32_t partition,
                                                         int32_t leader_id, int32_t leader_epoch)
{
    struct call call = {
        .topic = topic, .partition = partition, .broker_id = leader_id, .number = leader_epoch};
    return make(cluster, &call, push_leader_response);
}

static struct rk_mock_broker *broker_of(const struct call *call)
{
    return rk_mock_broker_find(call->cluster, call->broker_id);
}

static rd_kafka_resp_err_t set_broker_down(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    rk_mock_broker_set_down(broker);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_set_broker_down(struct rk_mock_cluster *cluster,
                                                    int32_t broker_id)
{
    struct call call = {.broker_id = broker_id};
    return make(cluster, &call, set_broker_down);
}

static rd_kafka_resp_err_t set_broker_up(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    return rk_mock_broker_set_up(broker) ? RD_KAFKA_RESP_ERR_NO_ERROR
                                         : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

rd_kafka_resp_err_t rk_mock_cluster_set_broker_up(struct rk_mock_cluster *cluster,
                                                  int32_t broker_id)
{
    struct call call = {.broker_id = broker_id};
    return make(cluster, &call, set_broker_up);
}

static rd_kafka_resp_err_t set_broker_address(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    rk_free(broker->host);
    broker->host = rk_strdup(call->topic);
    broker->advertised_port = call->number;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_set_broker_address(struct rk_mock_cluster *cluster, int32_t broker_id,
                                        const char *host, int port)
{
    struct call call = {.broker_id = broker_id, .topic = host, .number = port};
    make(cluster, &call, set_broker_address);
}

static rd_kafka_resp_err_t set_broker_rtt(struct call *call)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    struct rk_mock_broker *broker;
    TAILQ_FOREACH (broker, &call->cluster->own.brokers, link) {
        if (call->broker_id != -1 && call->broker_id != broker->id)
            continue;
        broker->rtt_us = (uint64_t)RK_MAX(call->number, 0) * 1000;
        err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return err;
}

rd_kafka_resp_err_t rk_mock_cluster_set_broker_rtt(struct rk_mock_cluster *cluster,
                                                   int32_t broker_id, int rtt_ms)
{
    struct call call = {.broker_id = broker_id, .number = rtt_ms};
    return make(cluster, &call, set_broker_rtt);
}

static rd_kafka_resp_err_t set_broker_rack(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    rk_free(broker->rack);
    broker->rack = rk_strdup_or_null(call->topic);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_set_broker_rack(struct rk_mock_cluster *cluster,
                                                    int32_t broker_id, const char *rack)
{
    struct call call = {.broker_id = broker_id, .topic = rack};
    return make(cluster, &call, set_broker_rack);
}

static rd_kafka_resp_err_t decommission_broker(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    rk_mock_broker_destroy(broker);
    rk_mock_topics_leave_broker(call->cluster, call->broker_id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_decommission_broker(struct rk_mock_cluster *cluster,
                                                        int32_t broker_id)
{
    struct call call = {.broker_id = broker_id};
    return make(cluster, &call, decommission_broker);
}

static rd_kafka_resp_err_t hide_broker(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    broker->is_hidden = true;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_hide_broker(struct rk_mock_cluster *cluster, int32_t broker_id)
{
    struct call call = {.broker_id = broker_id};
    return make(cluster, &call, hide_broker);
}

static rd_kafka_resp_err_t add_broker(struct call *call)
{
    if (call->broker_id < 0 || broker_of(call))
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    return rk_mock_broker_new(call->cluster, call->broker_id)
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

rd_kafka_resp_err_t rk_mock_cluster_add_broker(struct rk_mock_cluster *cluster, int32_t broker_id)
{
    struct call call = {.broker_id = broker_id};
    return make(cluster, &call, add_broker);
}

static rd_kafka_resp_err_t push_errors(struct call *call)
{
    rk_mock_injections_push(&call->cluster->own.injections, call->api_key, call->errors,
                            call->count);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_push_errors(struct rk_mock_cluster *cluster, int16_t api_key,
                                 const struct rk_mock_error *errors, size_t count)
{
    struct call call = {.api_key = api_key, .errors = errors, .count = count};
    make(cluster, &call, push_errors);
}

static rd_kafka_resp_err_t clear_errors(struct call *call)
{
    rk_mock_injections_forget(&call->cluster->own.injections, call->api_key);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_clear_errors(struct rk_mock_cluster *cluster, int16_t api_key)
{
    struct call call = {.api_key = api_key};
    make(cluster, &call, clear_errors);
}

static rd_kafka_resp_err_t push_broker_errors(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR__UNKNOWN_BROKER;
    rk_mock_injections_push(&broker->injections, call->api_key, call->errors, call->count);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_push_broker_errors(struct rk_mock_cluster *cluster,
                                                       int32_t broker_id, int16_t api_key,
                                                       const struct rk_mock_error *errors,
                                                       size_t count)
{
    struct call call = {
        .broker_id = broker_id, .api_key = api_key, .errors = errors, .count = count};
    return make(cluster, &call, push_broker_errors);
}

static rd_kafka_resp_err_t count_broker_errors(struct call *call)
{
    struct rk_mock_broker *broker = broker_of(call);
    if (!broker)
        return RD_KAFKA_RESP_ERR__UNKNOWN_BROKER;
    call->count = rk_mock_injections_count(&broker->injections, call->api_key);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_count_broker_errors(struct rk_mock_cluster *cluster,
                                                        int32_t broker_id, int16_t api_key,
                                                        size_t *count)
{
    struct call call = {.broker_id = broker_id, .api_key = api_key};
    rd_kafka_resp_err_t err = make(cluster, &call, count_broker_errors);
    *count = call.count;
    return err;
}

static rd_kafka_resp_err_t push_partition_errors(struct call *call)
{
    struct rk_mock_partition *partition = partition_of(call);
    if (!partition)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    rk_mock_injections_push(&partition->injections, call->api_key, call->errors, call->count);
    rk_mock_fetch_wake(partition);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_push_partition_errors(struct rk_mock_cluster *cluster,
                                                          const char *topic, int32_t partition,
                                                          int16_t api_key,
                                                          const struct rk_mock_error *errors,
                                                          size_t count)
{
    struct call call = {.topic = topic,
                        .partition = partition,
                        .api_key = api_key,
                        .errors = errors,
                        .count = count};
    return make(cluster, &call, push_partition_errors);
}

static rd_kafka_resp_err_t set_versions(struct call *call)
{
    return rk_mock_versions_set(call->cluster, call->api_key, call->min_version, call->max_version)
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : RD_KAFKA_RESP_ERR__INVALID_ARG;
}

rd_kafka_resp_err_t rk_mock_cluster_set_versions(struct rk_mock_cluster *cluster, int16_t api_key,
                                                 int16_t min_version, int16_t max_version)
{
    struct call call = {.api_key = api_key, .min_version = min_version, .max_version = max_version};
    return make(cluster, &call, set_versions);
}

static rd_kafka_resp_err_t set_coordinator(struct call *call)
{
    enum rk_mock_coordinator_type type = RK_MOCK_COORDINATOR_GROUP;
    if (!call->topic || !call->key)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (strcmp(call->topic, "transaction") == 0)
        type = RK_MOCK_COORDINATOR_TRANSACTION;
    else if (strcmp(call->topic, "group") != 0)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!broker_of(call))
        return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    rk_mock_coordinator_set(call->cluster, type, call->key, call->broker_id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_cluster_set_coordinator(struct rk_mock_cluster *cluster,
                                                    const char *key_type, const char *key,
                                                    int32_t broker_id)
{
    struct call call = {.topic = key_type, .key = key, .broker_id = broker_id};
    return make(cluster, &call, set_coordinator);
}

static rd_kafka_resp_err_t run_look(struct call *call)
{
    call->look(call->cluster, call->argument);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_run(struct rk_mock_cluster *cluster,
                         void (*look)(struct rk_mock_cluster *cluster, void *argument),
                         void *argument)
{
    struct call call = {.look = look, .argument = argument};
    make(cluster, &call, run_look);
}

static rd_kafka_resp_err_t track_requests(struct call *call)
{
    rk_mock_tracking_switch(&call->cluster->own.tracking, call->number != 0);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_track_requests(struct rk_mock_cluster *cluster, bool is_on)
{
    struct call call = {.number = is_on};
    make(cluster, &call, track_requests);
}

static rd_kafka_resp_err_t forget_requests(struct call *call)
{
    rk_mock_tracking_clear(&call->cluster->own.tracking);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_cluster_forget_requests(struct rk_mock_cluster *cluster)
{
    struct call call = {0};
    make(cluster, &call, forget_requests);
}

static rd_kafka_resp_err_t copy_requests(struct call *call)
{
    call->requests = rk_mock_tracking_copy(&call->cluster->own.tracking, &call->count);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

struct rk_mock_tracked_request *rk_mock_cluster_requests(struct rk_mock_cluster *cluster,
                                                         size_t *count)
{
    struct call call = {0};
    make(cluster, &call, copy_requests);
    *count = call.count;
    return call.requests;
}
