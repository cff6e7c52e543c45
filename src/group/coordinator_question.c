/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/coordinator_question.h"

#include <string.h>

#include "base/clock.h"
#include "cluster/error_policy.h"
#include "wire/messages.h"

#define ASK_TIMEOUT_US  10000000u /* Then another broker is asked. */
#define FIRST_WITH_KEYS 4

/* Version 4 names keys in a list. */
static void prepare(struct rk_request *request)
{
    struct rk_find_coordinator_request *message = request->message;
    if (request->version < FIRST_WITH_KEYS)
        message->coordinator_keys.count = 0;
    else
        message->key = "";
}

struct rk_request *rk_coordinator_question_try_new(enum rk_coordinator_kind kind, const char *key,
                                                   struct rk_loop *reply_loop,
                                                   rk_request_handler *on_done, void *owner,
                                                   uint64_t patience_us)
{
    struct rk_request *request =
        rk_request_try_new(RK_API_FIND_COORDINATOR, reply_loop, on_done, owner);
    const char **keys = request ? rk_request_try_alloc(request, sizeof(*keys)) : NULL;
    if (!keys) {
        rk_request_destroy(request);
        return NULL;
    }
    struct rk_find_coordinator_request *message = request->message;
    keys[0] = key;
    message->key = key;
    message->key_type = (int8_t)kind;
    message->coordinator_keys.items = keys;
    message->coordinator_keys.count = 1;
    request->prepare = prepare;
    request->timeout_us = RK_MIN(patience_us, ASK_TIMEOUT_US);
    request->deadline_us = rk_clock_now_us() + request->timeout_us;
    return request;
}

int32_t rk_coordinator_question_read(const struct rk_request *request, rd_kafka_resp_err_t *err)
{
    const struct rk_find_coordinator_request *message = request->message;
    const struct rk_find_coordinator_answer *answer = request->answer;
    int32_t broker_id = answer->node_id;
    *err = rk_error_of_broker(answer->error_code);
    if (request->version >= FIRST_WITH_KEYS) {
        const struct rk_find_coordinator_answer_coordinator *item = answer->coordinators.items;
        if (answer->coordinators.count != 1 ||
            strcmp(item->key, message->coordinator_keys.items[0]) != 0) {
            *err = RD_KAFKA_RESP_ERR__BAD_MSG;
            return -1;
        }
        *err = rk_error_of_broker(item->error_code);
        broker_id = item->node_id;
    }
    if (!*err && broker_id < 0)
        *err = RD_KAFKA_RESP_ERR__BAD_MSG;
    return broker_id;
}
