/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_producer_ids.h"

#include "mock/mock_coordinator.h"
#include "mock/mock_request.h"

#define FIRST_PRODUCER_ID     1000
#define TRANSACTIONAL_IDS_MAX 10000
#define PRODUCER_FENCED_SINCE 4 /* Older versions say INVALID_PRODUCER_EPOCH. */

struct rk_mock_transactional_id {
    UT_hash_handle hh;
    int64_t producer_id;
    int16_t epoch;
    char name[];
};

void rk_mock_producer_ids_init(struct rk_mock_cluster *cluster)
{
    cluster->own.next_producer_id = FIRST_PRODUCER_ID;
}

void rk_mock_producer_ids_clear(struct rk_mock_cluster *cluster)
{
    struct rk_mock_transactional_id *id, *next;
    HASH_ITER(hh, cluster->own.transactional_ids, id, next)
    {
        HASH_DEL(cluster->own.transactional_ids, id);
        rk_free(id);
    }
}

static struct rk_mock_transactional_id *find_or_add(struct rk_mock_cluster *cluster,
                                                    const char *name)
{
    struct rk_mock_transactional_id *id;
    size_t length = strlen(name);
    HASH_FIND(hh, cluster->own.transactional_ids, name, length, id);
    if (id)
        return id;
    if (HASH_COUNT(cluster->own.transactional_ids) >= TRANSACTIONAL_IDS_MAX)
        return NULL;
    id = rk_calloc(1, sizeof(*id) + length + 1);
    memcpy(id->name, name, length);
    id->producer_id = cluster->own.next_producer_id++;
    id->epoch = -1;
    HASH_ADD_KEYPTR(hh, cluster->own.transactional_ids, id->name, length, id);
    return id;
}

/* A new epoch, which fences off those before it. */
static rd_kafka_resp_err_t begin_transactional(struct rk_mock_request *request,
                                               const struct rk_init_producer_id_request *from,
                                               struct rk_init_producer_id_answer *to)
{
    struct rk_mock_cluster *cluster = request->cluster;
    if (from->transactional_id[0] == '\0')
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    if (from->transaction_timeout_ms <= 0)
        return RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
    rd_kafka_resp_err_t err =
        rk_mock_coordinator_check(request, RK_MOCK_COORDINATOR_TRANSACTION, from->transactional_id);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    struct rk_mock_transactional_id *id = find_or_add(cluster, from->transactional_id);
    if (!id)
        return RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
    if (from->producer_id >= 0 &&
        (from->producer_id != id->producer_id || from->producer_epoch != id->epoch))
        return request->version >= PRODUCER_FENCED_SINCE ? RD_KAFKA_RESP_ERR_PRODUCER_FENCED
                                                         : RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    if (id->epoch >= INT16_MAX - 1) {
        id->producer_id = cluster->own.next_producer_id++;
        id->epoch = -1;
    }
    to->producer_id = id->producer_id;
    to->producer_epoch = ++id->epoch;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

enum rk_mock_outcome rk_mock_on_init_producer_id(struct rk_mock_request *request, const void *body,
                                                 void *answer)
{
    const struct rk_init_producer_id_request *from = body;
    struct rk_init_producer_id_answer *to = answer;
    rd_kafka_resp_err_t err = request->injected.err;
    to->producer_epoch = -1;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && from->transactional_id) {
        err = begin_transactional(request, from, to);
    } else if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        to->producer_id = request->cluster->own.next_producer_id++;
        to->producer_epoch = 0;
    }
    to->error_code = (int16_t)err;
    return RK_MOCK_ANSWER;
}
