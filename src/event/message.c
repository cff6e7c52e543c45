/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/message.h"

#include <string.h>

#include "base/memory.h"
#include "event/headers.h"
#include "event/topic.h"

static void release_error(struct rk_message *message)
{
    rk_message_clear_parsed(message);
    rk_topic_release(message->rkmessage.rkt);
    rk_free(message->rkmessage.payload);
    rk_free(message);
}

static const struct rk_message_holder error_holder = {release_error};

struct rk_message *rk_message_new_error(rd_kafka_resp_err_t err, rd_kafka_topic_t *topic,
                                        int32_t partition, int64_t offset, const char *text)
{
    char *payload = rk_strdup(text ? text : rd_kafka_err2str(err));
    struct rk_message *message = RK_NEW(struct rk_message);
    *message = (struct rk_message){
        .rkmessage = {.err = err,
                      .rkt = topic ? rk_topic_acquire(topic) : NULL,
                      .partition = partition,
                      .payload = payload,
                      .len = strlen(payload),
                      .offset = offset},
        .holder = &error_holder,
        .timestamp_ms = -1,
        .latency_us = -1,
        .raw_headers = {NULL, -1},
        .broker_id = -1,
        .leader_epoch = -1,
        .delivery_count = -1,
        .kind = RK_MESSAGE_ERROR,
        .timestamp_type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE,
    };
    return message;
}

void rk_message_destroy(struct rk_message *message)
{
    if (message && message->holder)
        message->holder->release(message);
}

void rk_message_clear_parsed(struct rk_message *message)
{
    rk_headers_destroy(message->headers);
    message->headers = NULL;
}

rd_kafka_resp_err_t rk_message_headers(struct rk_message *message, rd_kafka_headers_t **headers)
{
    *headers = NULL;
    if (!message->headers && message->raw_headers.size > 0) {
        rd_kafka_headers_t *parsed;
        rd_kafka_resp_err_t err =
            rk_headers_parse(message->raw_headers.data, (size_t)message->raw_headers.size, &parsed);
        if (err)
            return err;
        if (rk_headers_count(parsed) == 0) {
            rk_headers_destroy(parsed);
            return RD_KAFKA_RESP_ERR__NOENT;
        }
        message->headers = parsed;
    }
    *headers = message->headers;
    return message->headers ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

rd_kafka_resp_err_t rk_message_detach_headers(struct rk_message *message,
                                              rd_kafka_headers_t **headers)
{
    rd_kafka_resp_err_t err = rk_message_headers(message, headers);
    if (!err) {
        message->headers = NULL;
        message->raw_headers = (struct rk_bytes){NULL, -1};
    }
    return err;
}

void rk_message_set_headers(struct rk_message *message, rd_kafka_headers_t *headers)
{
    if (message->headers != headers)
        rk_headers_destroy(message->headers);
    message->headers = headers;
    message->raw_headers = (struct rk_bytes){NULL, -1};
}
