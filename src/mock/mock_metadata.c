/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metadata, at the broker: brokers, topics, leaders. Topics that are asked for by name are created
 * unless the client says otherwise.
 */
#include "mock/mock_request.h"

static bool tell_brokers(struct rk_mock_request *request, struct rk_metadata_answer *to)
{
    struct rk_mock_cluster *cluster = request->cluster;
    struct rk_mock_broker *broker;
    to->brokers.items =
        rk_metadata_answer_broker_try_new(request->arena, cluster->own.broker_count);
    if (!to->brokers.items)
        return false;
    TAILQ_FOREACH (broker, &cluster->own.brokers, link) {
        if (broker->is_hidden)
            continue;
        struct rk_metadata_answer_broker *item = &to->brokers.items[to->brokers.count++];
        item->node_id = broker->id;
        item->host = broker->host;
        item->port = broker->advertised_port;
        item->rack = broker->rack;
        if (to->controller_id < 0)
            to->controller_id = broker->id;
    }
    to->cluster_id = cluster->id;
    return true;
}

static void tell_leader(struct rk_mock_partition *partition,
                        struct rk_metadata_answer_partition *to)
{
    to->leader_id = partition->leader_id;
    to->leader_epoch = partition->leader_epoch;
    struct rk_mock_leader_response *response = STAILQ_FIRST(&partition->leader_responses);
    if (!response)
        return;
    STAILQ_REMOVE_HEAD(&partition->leader_responses, link);
    if (response->leader_id >= 0)
        to->leader_id = response->leader_id;
    if (response->leader_epoch >= 0)
        to->leader_epoch = response->leader_epoch;
    rk_free(response);
}

static bool tell_partitions(struct rk_mock_request *request, struct rk_mock_topic *topic,
                            struct rk_metadata_answer_topic *to)
{
    to->partitions.items =
        rk_metadata_answer_partition_try_new(request->arena, topic->partition_count);
    if (!to->partitions.items)
        return false;
    to->partitions.count = topic->partition_count;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        struct rk_mock_partition *partition = topic->partitions[i];
        struct rk_metadata_answer_partition *item = &to->partitions.items[i];
        item->partition_index = i;
        tell_leader(partition, item);
        if (item->leader_id < 0)
            item->error_code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        item->replica_nodes.items = partition->replicas; /* Until it is encoded. */
        item->replica_nodes.count = partition->replica_count;
        item->isr_nodes.items = partition->replicas;
        item->isr_nodes.count = partition->replica_count;
    }
    return true;
}

static bool tell_topic(struct rk_mock_request *request, struct rk_mock_topic *topic,
                       struct rk_metadata_answer_topic *to)
{
    to->name = topic->name;
    to->topic_id = topic->id;
    to->error_code = (int16_t)topic->err;
    return topic->err != RD_KAFKA_RESP_ERR_NO_ERROR || tell_partitions(request, topic, to);
}

static rd_kafka_resp_err_t create_topic(struct rk_mock_request *request, const char *name,
                                        bool may_create, struct rk_mock_topic **topic)
{
    if (!rk_mock_topic_is_name_valid(name))
        return RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
    if (!may_create)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    *topic = rk_mock_topic_create(request->cluster, name, RK_MOCK_PARTITIONS_DEFAULT,
                                  RK_MOCK_REPLICATION_DEFAULT);
    return *topic ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
}

static bool tell_requested_topic(struct rk_mock_request *request,
                                 const struct rk_metadata_request_topic *from, bool may_create,
                                 struct rk_metadata_answer_topic *to)
{
    struct rk_mock_topic *topic = from->name
                                      ? rk_mock_topic_find(request->cluster, from->name)
                                      : rk_mock_topic_find_id(request->cluster, &from->topic_id);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    /* Before version 12 the answer needs a name, and there is none to give. */
    to->name = from->name || request->version >= 12 ? from->name : "";
    to->topic_id = from->topic_id;
    if (request->injected.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        err = request->injected.err;
    else if (!topic && !from->name)
        err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
    else if (!topic)
        err = create_topic(request, from->name, may_create, &topic);
    to->error_code = (int16_t)err;
    return err != RD_KAFKA_RESP_ERR_NO_ERROR || tell_topic(request, topic, to);
}

static bool tell_all_topics(struct rk_mock_request *request, struct rk_metadata_answer *to)
{
    struct rk_mock_topic *topic, *next;
    int32_t count = (int32_t)HASH_CNT(by_name, request->cluster->own.topics);
    to->topics.items = rk_metadata_answer_topic_try_new(request->arena, count);
    if (!to->topics.items)
        return false;
    HASH_ITER(by_name, request->cluster->own.topics, topic, next)
    {
        struct rk_metadata_answer_topic *item = &to->topics.items[to->topics.count++];
        if (!tell_topic(request, topic, item))
            return false;
        if (request->injected.err != RD_KAFKA_RESP_ERR_NO_ERROR)
            item->error_code = (int16_t)request->injected.err;
    }
    return true;
}

enum rk_mock_outcome rk_mock_on_metadata(struct rk_mock_request *request, const void *body,
                                         void *answer)
{
    const struct rk_metadata_request *from = body;
    struct rk_metadata_answer *to = answer;
    if (!tell_brokers(request, to))
        return rk_mock_request_no_memory(request);
    if (request->injected.err == RD_KAFKA_RESP_ERR_REBOOTSTRAP_REQUIRED)
        to->error_code = (int16_t)request->injected.err; /* KIP-1102: of the answer as a whole. */
    if (from->topics.count < 0 || (request->version == 0 && from->topics.count == 0))
        return tell_all_topics(request, to) ? RK_MOCK_ANSWER : rk_mock_request_no_memory(request);

    to->topics.items = rk_metadata_answer_topic_try_new(request->arena, from->topics.count);
    if (!to->topics.items)
        return rk_mock_request_no_memory(request);
    to->topics.count = from->topics.count;
    for (int32_t i = 0; i < from->topics.count; i++) {
        if (!tell_requested_topic(request, &from->topics.items[i], from->allow_auto_topic_creation,
                                  &to->topics.items[i]))
            return rk_mock_request_no_memory(request);
    }
    return RK_MOCK_ANSWER;
}
