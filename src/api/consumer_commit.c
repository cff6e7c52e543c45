/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Committing offsets of the group, and asking for them.
 */
#include "api/client.h"
#include "base/clock.h"
#include "consumer/consumer.h"
#include "event/message.h"
#include "event/partition_list.h"
#include "event/visit.h"
#include "group/group.h"

/* What is wrong with the client, or the list. */
static rd_kafka_resp_err_t check(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets)
{
    if (!rk->group_offsets)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    if (rk_core_fatal_error(rk->core, NULL, 0))
        return RD_KAFKA_RESP_ERR__FATAL;
    if (rk_group_is_closed(rk->group))
        return RD_KAFKA_RESP_ERR__DESTROY;
    for (int i = 0; offsets && i < offsets->cnt; i++) {
        if (!offsets->elems[i].topic || !*offsets->elems[i].topic ||
            offsets->elems[i].partition < 0)
            return RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* `callback` is called here when there is one. */
static rd_kafka_resp_err_t commit_and_wait(rd_kafka_t *rk,
                                           const rd_kafka_topic_partition_list_t *offsets,
                                           rk_commit_callback_t *callback, void *opaque)
{
    struct rk_visit visit;
    rd_kafka_topic_partition_list_t *result = NULL;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_commit()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err =
        rk_group_offsets_commit_and_wait(rk->group_offsets, offsets, callback ? &result : NULL);
    if (callback)
        callback(rk, err, result, opaque);
    rk_partition_list_destroy(result);
    rk_visit_end(&visit);
    return err;
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                    int async)
{
    rd_kafka_resp_err_t err = check(rk, offsets);
    if (err)
        return err;
    if (!async)
        return commit_and_wait(rk, offsets, NULL, NULL);
    rk_group_offsets_commit_async(rk->group_offsets, offsets);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_commit_message(rd_kafka_t *rk, const rd_kafka_message_t *rkmessage,
                                            int async)
{
    if (rkmessage->err || !rkmessage->rkt)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(1);
    rd_kafka_topic_partition_t *entry =
        rk_partition_list_add(list, rk_topic_name(rkmessage->rkt), rkmessage->partition);
    entry->offset = rkmessage->offset + 1;
    rk_partition_entry_set_leader_epoch(
        entry, rk_message_from_public((rd_kafka_message_t *)(uintptr_t)rkmessage)->leader_epoch);
    rd_kafka_resp_err_t err = rd_kafka_commit(rk, list, async);
    rk_partition_list_destroy(list);
    return err;
}

rd_kafka_resp_err_t
rd_kafka_commit_queue(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                      rd_kafka_queue_t *rkqu,
                      void (*cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                 rd_kafka_topic_partition_list_t *offsets, void *commit_opaque),
                      void *commit_opaque)
{
    rd_kafka_resp_err_t err = check(rk, offsets);
    if (err)
        return err;
    if (!rkqu)
        return commit_and_wait(rk, offsets, cb, commit_opaque);
    rk_group_offsets_commit_to(rk->group_offsets, offsets, rkqu, cb, commit_opaque);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions,
                                       int timeout_ms)
{
    struct rk_visit visit;
    if (!partitions)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!rk->group_offsets)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_committed()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (rk_group_is_over(rk->group) || !rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err = rk_group_offsets_committed(
        rk->group_offsets, partitions, rk_deadline_from_ms(rk_clock_now_us(), timeout_ms));
    rk_visit_end(&visit);
    return err;
}
