/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consuming partition by partition: rd_kafka_consume*() and rd_kafka_seek(). What they return comes
 * from the same queues and events as rd_kafka_consumer_poll()'s messages.
 */
#include <errno.h>

#include "api/client.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "consumer/assignment.h"
#include "consumer/partition.h"
#include "event/message.h"
#include "event/visit.h"
#include "event/partition_list.h"

static int fail(rd_kafka_resp_err_t err, int error_number)
{
    rk_set_last_error(err, error_number);
    return -1;
}

static int outcome(rd_kafka_resp_err_t err)
{
    if (err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        return fail(err, ESRCH);
    if (err)
        return fail(err, EINVAL);
    rk_set_last_error(RD_KAFKA_RESP_ERR_NO_ERROR, 0);
    return 0;
}

/* The partition, if it was started; else NULL, with the error set. */
static struct rk_partition *find(rd_kafka_topic_t *rkt, int32_t number)
{
    struct rk_partition *partition =
        rkt->consumer && number >= 0 ? rk_partition_find(rkt, number) : NULL;
    if (!partition)
        rk_set_last_error(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ESRCH);
    return partition;
}

static uint64_t deadline_from_ms(int timeout_ms)
{
    return timeout_ms ? rk_deadline_from_ms(rk_clock_now_us(), timeout_ms) : 0;
}

/* Starting and stopping */

static int start(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset, rd_kafka_queue_t *queue)
{
    if (partition < 0)
        return fail(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ESRCH);
    if (!rkt->consumer)
        return fail(RD_KAFKA_RESP_ERR__INVALID_ARG, EINVAL);
    return outcome(rk_assignment_start_one(rkt, partition, offset, queue));
}

int rd_kafka_consume_start(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset)
{
    return start(rkt, partition, offset, NULL);
}

int rd_kafka_consume_start_queue(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset,
                                 rd_kafka_queue_t *rkqu)
{
    return start(rkt, partition, offset, rkqu);
}

int rd_kafka_consume_stop(rd_kafka_topic_t *rkt, int32_t partition)
{
    if (partition == RD_KAFKA_PARTITION_UA)
        return fail(RD_KAFKA_RESP_ERR__INVALID_ARG, EINVAL);
    if (!find(rkt, partition))
        return -1;
    return outcome(rk_assignment_stop_one(rkt, partition));
}

rd_kafka_resp_err_t rd_kafka_seek(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset,
                                  int timeout_ms)
{
    (void)timeout_ms; /* It is done at once. */
    if (partition == RD_KAFKA_PARTITION_UA || !rkt->consumer)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!rk_partition_is_known(rkt, partition))
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(1);
    rk_partition_list_add(list, rk_topic_name(rkt), partition)->offset = offset;
    rk_assignment_seek(rk_partition_consumer(rkt), list);
    rd_kafka_resp_err_t err = list->elems[0].err;
    rk_partition_list_destroy(list);
    return err;
}

/* One message */

rd_kafka_message_t *rd_kafka_consume_queue(rd_kafka_queue_t *rkqu, int timeout_ms)
{
    struct rk_message *message = rk_queue_take_message_within(rkqu, timeout_ms);
    return message ? &message->rkmessage : NULL;
}

rd_kafka_message_t *rd_kafka_consume(rd_kafka_topic_t *rkt, int32_t partition, int timeout_ms)
{
    struct rk_partition *found = find(rkt, partition);
    return found ? rd_kafka_consume_queue(found->queue, timeout_ms) : NULL;
}

/* Many messages */

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *rkqu, int timeout_ms,
                                     rd_kafka_message_t **rkmessages, size_t rkmessages_size)
{
    return (ssize_t)rk_queue_take_messages(rkqu, deadline_from_ms(timeout_ms), rkmessages,
                                           rkmessages_size);
}

ssize_t rd_kafka_consume_batch(rd_kafka_topic_t *rkt, int32_t partition, int timeout_ms,
                               rd_kafka_message_t **rkmessages, size_t rkmessages_size)
{
    struct rk_partition *found = find(rkt, partition);
    if (!found)
        return -1;
    return rd_kafka_consume_batch_queue(found->queue, timeout_ms, rkmessages, rkmessages_size);
}

/* Callbacks. `max` 0: as many as stand in the queue when the first one has come. */
static int consume_callback(rd_kafka_queue_t *queue, int timeout_ms, size_t max,
                            void (*consume_cb)(rd_kafka_message_t *rkmessage, void *opaque),
                            void *opaque)
{
    int count = 0;
    size_t left = 1;
    struct rk_visit visit;
    struct rk_message *message = rk_queue_take_message_within(queue, timeout_ms);
    if (!message)
        return 0;
    if (!rk_visit_begin(&visit, rk_queue_core(queue))) {
        rk_message_destroy(message);
        return 0;
    }
    left += rk_queue_length(queue);
    if (max && max < left)
        left = max;
    while (message) {
        rk_take_yield_request();
        consume_cb(&message->rkmessage, opaque);
        rk_message_destroy(message);
        count++;
        if (rk_take_yield_request() || --left == 0)
            break;
        message = rk_queue_take_message(queue, 0);
    }
    rk_visit_end(&visit);
    return count;
}

int rd_kafka_consume_callback_queue(rd_kafka_queue_t *rkqu, int timeout_ms,
                                    void (*consume_cb)(rd_kafka_message_t *rkmessage,
                                                       void *commit_opaque),
                                    void *commit_opaque)
{
    return consume_callback(rkqu, timeout_ms, 0, consume_cb, commit_opaque);
}

int rd_kafka_consume_callback(rd_kafka_topic_t *rkt, int32_t partition, int timeout_ms,
                              void (*consume_cb)(rd_kafka_message_t *rkmessage,
                                                 void *commit_opaque),
                              void *commit_opaque)
{
    struct rk_partition *found = find(rkt, partition);
    if (!found)
        return -1;
    return consume_callback(found->queue, timeout_ms,
                            (size_t)rkt->conf->consume_callback_max_messages, consume_cb,
                            commit_opaque);
}
