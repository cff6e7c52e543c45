/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The consumer's group, its queue and its end: rd_kafka_subscribe(), rd_kafka_consumer_*() and what
 * hands out queues.
 */
#include "api/client.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "consumer/consumer.h"
#include "consumer/partition.h"
#include "event/error.h"
#include "event/message.h"
#include "event/visit.h"
#include "group/group.h"

static rd_kafka_queue_t *queue_of(const rd_kafka_t *rk)
{
    return rk->consumer ? rk_consumer_queue(rk->consumer) : NULL;
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    rd_kafka_queue_t *queue = queue_of(rk);
    struct rk_message *message;
    if (RK_LIKELY(queue))
        message = rk_queue_take_message_within(queue, timeout_ms);
    else
        message =
            rk_message_new_error(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, NULL, RD_KAFKA_PARTITION_UA,
                                 RD_KAFKA_OFFSET_INVALID, "the client has no group.id");
    return message ? &message->rkmessage : NULL;
}

/* What a close may begin with; 0 when it may. */
static rd_kafka_resp_err_t check_close(const rd_kafka_t *rk)
{
    return rk->group ? rk_core_fatal_error(rk->core, NULL, 0) : RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
}

rd_kafka_resp_err_t rd_kafka_consumer_close(rd_kafka_t *rk)
{
    rd_kafka_resp_err_t err = check_close(rk);
    struct rk_visit visit;
    if (err)
        return err;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_consumer_close()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    err = rk_group_close(rk->group);
    rk_visit_end(&visit);
    return err;
}

rd_kafka_error_t *rd_kafka_consumer_close_queue(rd_kafka_t *rk, rd_kafka_queue_t *rkqu)
{
    if (!rkqu)
        return rk_error_new(RD_KAFKA_RESP_ERR__INVALID_ARG, 0, "a queue is needed");
    char text[512];
    rd_kafka_resp_err_t err = rk_core_fatal_error(rk->core, text, sizeof(text));
    if (rk->group && err)
        return rk_error_new(err, RK_ERROR_FATAL, "%s", text);
    err = rk->group ? rk_group_begin_close(rk->group, rkqu) : RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    return err ? rk_error_new(err, 0, NULL) : NULL;
}

int rd_kafka_consumer_closed(rd_kafka_t *rk)
{
    return rk->group && rk_group_is_closed(rk->group);
}

/* The group */

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk,
                                       const rd_kafka_topic_partition_list_t *topics)
{
    if (!rk->group)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    return rk_group_subscribe(rk->group, topics);
}

rd_kafka_resp_err_t rd_kafka_unsubscribe(rd_kafka_t *rk)
{
    if (!rk->group)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    return rk_group_is_over(rk->group) ? RD_KAFKA_RESP_ERR__DESTROY
                                       : rk_group_unsubscribe(rk->group);
}

rd_kafka_resp_err_t rd_kafka_subscription(rd_kafka_t *rk, rd_kafka_topic_partition_list_t **topics)
{
    if (!rk->group)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    *topics = NULL;
    if (rk_group_is_over(rk->group))
        return RD_KAFKA_RESP_ERR__DESTROY;
    *topics = rk_group_subscription(rk->group);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

char *rd_kafka_memberid(const rd_kafka_t *rk)
{
    return rk->group && !rk_group_is_over(rk->group) ? rk_group_member_id(rk->group) : NULL;
}

const char *rd_kafka_rebalance_protocol(rd_kafka_t *rk)
{
    return rk->group ? rk_group_protocol_name(rk->group) : NULL;
}

int rd_kafka_assignment_lost(rd_kafka_t *rk)
{
    return rk->group && rk_group_is_lost(rk->group);
}

/* Queues */

rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *rk)
{
    rd_kafka_queue_t *queue = queue_of(rk);
    return queue ? rk_queue_acquire(queue) : NULL;
}

rd_kafka_queue_t *rd_kafka_queue_get_partition(rd_kafka_t *rk, const char *topic, int32_t partition)
{
    if (!rk->consumer || !topic || partition < 0)
        return NULL;
    rd_kafka_topic_t *rkt =
        rk_topic_registry_find_or_add(rk_cluster_topics(rk->cluster), topic, NULL, NULL);
    return rk_queue_acquire(rk_partition_find_or_add(rkt, partition)->queue);
}

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t *rk)
{
    rd_kafka_queue_t *queue = queue_of(rk);
    if (!queue)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    rk_queue_forward(rk->core->main_queue, queue);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
