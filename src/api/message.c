/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_message_*(): what a message tells beyond its public struct.
 */
#include "event/headers.h"
#include "event/message.h"

static const struct rk_message *inside(const rd_kafka_message_t *rkmessage)
{
    return rk_message_from_public(rkmessage);
}

void rd_kafka_message_destroy(rd_kafka_message_t *rkmessage)
{
    rk_message_destroy(rk_message_from_public(rkmessage));
}

const char *rd_kafka_message_produce_errstr(const rd_kafka_message_t *rkmessage)
{
    if (!rkmessage->err)
        return NULL;
    const char *text = inside(rkmessage)->error_text;
    return text ? text : rd_kafka_err2str(rkmessage->err);
}

const char *rd_kafka_message_errstr(const rd_kafka_message_t *rkmessage)
{
    if (!rkmessage->err)
        return NULL;
    if (inside(rkmessage)->kind == RK_MESSAGE_ERROR && rkmessage->payload)
        return rkmessage->payload;
    return rd_kafka_message_produce_errstr(rkmessage);
}

int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *rkmessage,
                                   rd_kafka_timestamp_type_t *tstype)
{
    const struct rk_message *message = inside(rkmessage);
    bool is_there =
        !rkmessage->err && (message->timestamp_ms >= 0 ||
                            message->kind == RK_MESSAGE_PRODUCED); /* Any it was given. */
    if (tstype)
        *tstype = is_there ? (rd_kafka_timestamp_type_t)message->timestamp_type
                           : RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    return is_there ? message->timestamp_ms : -1;
}

int64_t rd_kafka_message_latency(const rd_kafka_message_t *rkmessage)
{
    return inside(rkmessage)->latency_us;
}

int32_t rd_kafka_message_broker_id(const rd_kafka_message_t *rkmessage)
{
    return inside(rkmessage)->broker_id;
}

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *rkmessage,
                                             rd_kafka_headers_t **hdrsp)
{
    return rk_message_headers(rk_message_from_public(rkmessage), hdrsp);
}

rd_kafka_resp_err_t rd_kafka_message_detach_headers(rd_kafka_message_t *rkmessage,
                                                    rd_kafka_headers_t **hdrsp)
{
    return rk_message_detach_headers(rk_message_from_public(rkmessage), hdrsp);
}

void rd_kafka_message_set_headers(rd_kafka_message_t *rkmessage, rd_kafka_headers_t *hdrs)
{
    rk_message_set_headers(rk_message_from_public(rkmessage), hdrs);
}

rd_kafka_msg_status_t rd_kafka_message_status(const rd_kafka_message_t *rkmessage)
{
    const struct rk_message *message = inside(rkmessage);
    if (message->kind != RK_MESSAGE_PRODUCED)
        return RD_KAFKA_MSG_STATUS_PERSISTED;
    return (rd_kafka_msg_status_t)message->status;
}

int32_t rd_kafka_message_leader_epoch(const rd_kafka_message_t *rkmessage)
{
    return inside(rkmessage)->leader_epoch;
}

int16_t rd_kafka_message_delivery_count(const rd_kafka_message_t *rkmessage)
{
    return inside(rkmessage)->delivery_count;
}
