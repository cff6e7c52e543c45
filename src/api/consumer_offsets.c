/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Positions, stored offsets, and offsets asked of brokers.
 */
#include "api/client.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "consumer/offsets.h"
#include "consumer/partition.h"
#include "event/error.h"
#include "event/message.h"
#include "event/partition_list.h"
#include "event/visit.h"

static uint64_t deadline_from_ms(int timeout_ms)
{
    return rk_deadline_from_ms(rk_clock_now_us(), timeout_ms);
}

rd_kafka_resp_err_t rd_kafka_position(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions)
{
    if (!rk->consumer)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    rk_offsets_position(rk->consumer, partitions);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_query_watermark_offsets(rd_kafka_t *rk, const char *topic,
                                                     int32_t partition, int64_t *low, int64_t *high,
                                                     int timeout_ms)
{
    if (!topic || partition < 0)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    struct rk_visit visit;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_query_watermark_offsets()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_topic_t *rkt =
        rk_topic_registry_find_or_add(rk_cluster_topics(rk->cluster), topic, NULL, NULL);
    rd_kafka_resp_err_t err = rk_offsets_query_watermarks(rk->cluster, rkt, partition,
                                                          deadline_from_ms(timeout_ms), low, high);
    rk_visit_end(&visit);
    return err;
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *rk, const char *topic,
                                                   int32_t partition, int64_t *low, int64_t *high)
{
    rd_kafka_topic_t *rkt =
        topic ? rk_topic_registry_find(rk_cluster_topics(rk->cluster), topic) : NULL;
    if (!rkt || !rkt->consumer)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    return rk_offsets_watermarks(rkt, partition, low, high);
}

rd_kafka_resp_err_t
rd_kafka_offsets_for_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *offsets, int timeout_ms)
{
    if (offsets->cnt == 0)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    struct rk_visit visit;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_offsets_for_times()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err =
        rk_offsets_for_times(rk->cluster, offsets, deadline_from_ms(timeout_ms));
    rk_visit_end(&visit);
    return err;
}

/* Storing */

rd_kafka_resp_err_t rd_kafka_offset_store(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset)
{
    if (!rkt->consumer || offset < 0)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!rk_partition_is_known(rkt, partition))
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    return rk_offsets_store(rkt, partition, offset + 1, -1, NULL, 0);
}

static rd_kafka_resp_err_t store_entry(rd_kafka_t *rk, const rd_kafka_topic_partition_t *entry)
{
    rd_kafka_topic_t *rkt = rk_topic_registry_find(rk_cluster_topics(rk->cluster), entry->topic);
    if (!rkt)
        return RD_KAFKA_RESP_ERR__STATE;
    return rk_offsets_store(rkt, entry->partition, entry->offset,
                            rk_partition_entry_leader_epoch(entry), entry->metadata,
                            entry->metadata_size);
}

rd_kafka_resp_err_t rd_kafka_offsets_store(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *offsets)
{
    if (!rk->consumer || rk->core->conf->enable_auto_offset_store)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR_NO_ERROR;
    bool any = false;
    for (int i = 0; i < offsets->cnt; i++) {
        offsets->elems[i].err = store_entry(rk, &offsets->elems[i]);
        any |= !offsets->elems[i].err;
        if (offsets->elems[i].err)
            last = offsets->elems[i].err;
    }
    return any ? RD_KAFKA_RESP_ERR_NO_ERROR : last;
}

rd_kafka_error_t *rd_kafka_offset_store_message(rd_kafka_message_t *rkmessage)
{
    if (rkmessage->err)
        return rk_error_new(RD_KAFKA_RESP_ERR__INVALID_ARG, 0, "an error has no offset to store");
    if (!rkmessage->rkt || !rkmessage->rkt->consumer)
        return rk_error_new(RD_KAFKA_RESP_ERR__INVALID_ARG, 0, "the message was not consumed");
    rd_kafka_resp_err_t err =
        rk_offsets_store(rkmessage->rkt, rkmessage->partition, rkmessage->offset + 1,
                         rk_message_from_public(rkmessage)->leader_epoch, NULL, 0);
    return err ? rk_error_new(err, 0, "%s [%d]: %s", rk_topic_name(rkmessage->rkt),
                              (int)rkmessage->partition, rd_kafka_err2str(err))
               : NULL;
}
