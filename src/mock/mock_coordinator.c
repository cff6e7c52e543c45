/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_coordinator.h"

#include "base/clock.h"
#include "base/hash.h"
#include "mock/mock_request.h"

/* One that was set. */
struct rk_mock_coordinator {
    struct rk_mock_coordinator *next;
    enum rk_mock_coordinator_type type;
    int32_t broker_id;
    char key[];
};

static struct rk_mock_coordinator *find_set(struct rk_mock_cluster *cluster,
                                            enum rk_mock_coordinator_type type, const char *key)
{
    struct rk_mock_coordinator *set = cluster->own.coordinators;
    while (set && (set->type != type || strcmp(set->key, key) != 0))
        set = set->next;
    return set;
}

struct rk_mock_broker *rk_mock_coordinator_find(struct rk_mock_cluster *cluster,
                                                enum rk_mock_coordinator_type type, const char *key)
{
    const struct rk_mock_coordinator *set = find_set(cluster, type, key);
    struct rk_mock_broker *broker = set ? rk_mock_broker_find(cluster, set->broker_id) : NULL;
    if (broker || cluster->own.broker_count == 0)
        return broker;
    uint32_t hash = rk_crc32(0, key, strlen(key));
    return rk_mock_broker_at(cluster, (int)(hash % (uint32_t)cluster->own.broker_count));
}

rd_kafka_resp_err_t rk_mock_coordinator_check(const struct rk_mock_request *request,
                                              enum rk_mock_coordinator_type type, const char *key)
{
    return rk_mock_coordinator_find(request->cluster, type, key) == request->broker
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
}

void rk_mock_coordinator_set(struct rk_mock_cluster *cluster, enum rk_mock_coordinator_type type,
                             const char *key, int32_t broker_id)
{
    struct rk_mock_coordinator *set = find_set(cluster, type, key);
    struct rk_mock_broker *before = rk_mock_coordinator_find(cluster, type, key);
    if (!set) {
        size_t size = strlen(key) + 1;
        set = rk_calloc(1, sizeof(*set) + size);
        memcpy(set->key, key, size);
        set->type = type;
        set->next = cluster->own.coordinators;
        cluster->own.coordinators = set;
    }
    set->broker_id = broker_id;
    struct rk_mock_group *group = rk_mock_group_find(&cluster->own.groups, key);
    if (type == RK_MOCK_COORDINATOR_GROUP && group &&
        rk_mock_coordinator_find(cluster, type, key) != before)
        rk_mock_group_on_moved(group, rk_clock_now_us());
}

struct rk_mock_topics_view rk_mock_coordinator_topics(const struct rk_mock_cluster *cluster)
{
    return (struct rk_mock_topics_view){
        .by_name = cluster->own.topics,
        .by_id = cluster->own.topics_by_id,
        .version = cluster->own.topics_version,
    };
}

void rk_mock_coordinators_clear(struct rk_mock_cluster *cluster)
{
    while (cluster->own.coordinators) {
        struct rk_mock_coordinator *set = cluster->own.coordinators;
        cluster->own.coordinators = set->next;
        rk_free(set);
    }
}

static rd_kafka_resp_err_t tell(struct rk_mock_request *request, int8_t type, const char *key,
                                struct rk_find_coordinator_answer_coordinator *to)
{
    struct rk_mock_broker *broker = NULL;
    rd_kafka_resp_err_t err = request->injected.err;
    to->key = key;
    to->node_id = -1;
    to->port = -1;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        (type < RK_MOCK_COORDINATOR_GROUP || type > RK_MOCK_COORDINATOR_SHARE))
        err = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        broker =
            rk_mock_coordinator_find(request->cluster, (enum rk_mock_coordinator_type)type, key);
        if (!broker)
            err = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
    }
    if (broker) {
        to->node_id = broker->id;
        to->host = broker->host;
        to->port = broker->advertised_port;
    }
    to->error_code = (int16_t)err;
    return err;
}

enum rk_mock_outcome rk_mock_on_find_coordinator(struct rk_mock_request *request, const void *body,
                                                 void *answer)
{
    const struct rk_find_coordinator_request *from = body;
    struct rk_find_coordinator_answer *to = answer;
    if (request->version < 4) {
        struct rk_find_coordinator_answer_coordinator one;
        rk_find_coordinator_answer_coordinator_init(&one);
        to->error_code = (int16_t)tell(request, from->key_type, from->key, &one);
        to->node_id = one.node_id;
        to->host = one.host;
        to->port = one.port;
        return RK_MOCK_ANSWER;
    }
    int32_t count = from->coordinator_keys.count;
    to->coordinators.items = rk_find_coordinator_answer_coordinator_try_new(request->arena, count);
    if (!to->coordinators.items)
        return rk_mock_request_no_memory(request);
    to->coordinators.count = count;
    for (int32_t i = 0; i < count; i++)
        tell(request, from->key_type, from->coordinator_keys.items[i], &to->coordinators.items[i]);
    return RK_MOCK_ANSWER;
}
