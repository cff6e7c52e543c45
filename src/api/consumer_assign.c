/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which partitions are consumed, and from where: rd_kafka_assign(), seek, pause and resume.
 */
#include "api/client.h"
#include "consumer/assignment.h"
#include "event/error.h"
#include "event/partition_list.h"
#include "group/group.h"
#include "producer/producer.h"

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *rk,
                                    const rd_kafka_topic_partition_list_t *partitions)
{
    return rk->consumer ? rk_assignment_set(rk->consumer, partitions)
                        : RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
}

static rd_kafka_error_t *error_of(rd_kafka_resp_err_t err, const char *conflict,
                                  const char *invalid)
{
    if (!err)
        return NULL;
    const char *text = err == RD_KAFKA_RESP_ERR__STATE
                           ? "the group's protocol is EAGER: rd_kafka_assign() is to be used"
                       : err == RD_KAFKA_RESP_ERR__CONFLICT    ? conflict
                       : err == RD_KAFKA_RESP_ERR__INVALID_ARG ? invalid
                                                               : rd_kafka_err2str(err);
    return rk_error_new(err, 0, "%s", text);
}

rd_kafka_error_t *rd_kafka_incremental_assign(rd_kafka_t *rk,
                                              const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    if (!partitions)
        err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    else if (rk->consumer)
        err = rk_assignment_add(rk->consumer, partitions);
    return error_of(err, "a partition is assigned already",
                    "a list without repeated entries and with valid offsets is needed");
}

rd_kafka_error_t *rd_kafka_incremental_unassign(rd_kafka_t *rk,
                                                const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    if (!partitions)
        err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    else if (rk->consumer)
        err = rk_assignment_remove(rk->consumer, partitions);
    return error_of(err, "", "a list of assigned partitions without repeated entries is needed");
}

rd_kafka_resp_err_t rd_kafka_assignment(rd_kafka_t *rk,
                                        rd_kafka_topic_partition_list_t **partitions)
{
    if (!rk->consumer || !rk_consumer_queue(rk->consumer))
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    *partitions = NULL;
    if (rk->group && rk_group_is_over(rk->group))
        return RD_KAFKA_RESP_ERR__DESTROY;
    *partitions = rk_assignment_copy(rk->consumer);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t *rd_kafka_seek_partitions(rd_kafka_t *rk,
                                           rd_kafka_topic_partition_list_t *partitions,
                                           int timeout_ms)
{
    (void)timeout_ms; /* It is done at once. */
    if (!rk->consumer)
        return rk_error_new(RD_KAFKA_RESP_ERR__INVALID_ARG, 0, "the client is no consumer");
    if (!partitions || partitions->cnt == 0)
        return rk_error_new(RD_KAFKA_RESP_ERR__INVALID_ARG, 0, "no partitions are named");
    rk_assignment_seek(rk->consumer, partitions);
    return NULL;
}

static rd_kafka_resp_err_t set_paused(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions,
                                      bool is_paused)
{
    if (rk->consumer) {
        rk_assignment_set_paused(rk->consumer, partitions, is_paused);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &partitions->elems[i];
        rd_kafka_topic_t *topic =
            rk_topic_registry_find(rk_cluster_topics(rk->cluster), entry->topic);
        entry->err = topic ? rk_producer_pause(topic, entry->partition, is_paused)
                           : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_pause_partitions(rd_kafka_t *rk,
                                              rd_kafka_topic_partition_list_t *partitions)
{
    return set_paused(rk, partitions, true);
}

rd_kafka_resp_err_t rd_kafka_resume_partitions(rd_kafka_t *rk,
                                               rd_kafka_topic_partition_list_t *partitions)
{
    return set_paused(rk, partitions, false);
}
