/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration of records, offsets and leaders: not implemented yet. An operation answers with an
 * error event; none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

const rd_kafka_topic_partition_t *
rd_kafka_topic_partition_result_partition(const rd_kafka_topic_partition_result_t *partition_result)
{
    return NULL;
}

const rd_kafka_error_t *
rd_kafka_topic_partition_result_error(const rd_kafka_topic_partition_result_t *partition_result)
{
    return NULL;
}

rd_kafka_DeleteRecords_t *
rd_kafka_DeleteRecords_new(const rd_kafka_topic_partition_list_t *before_offsets)
{
    return NULL;
}

void rd_kafka_DeleteRecords_destroy(rd_kafka_DeleteRecords_t *del_records)
{
}

void rd_kafka_DeleteRecords_destroy_array(rd_kafka_DeleteRecords_t **del_records,
                                          size_t del_record_cnt)
{
}

void rd_kafka_DeleteRecords(rd_kafka_t *rk, rd_kafka_DeleteRecords_t **del_records,
                            size_t del_record_cnt, const rd_kafka_AdminOptions_t *options,
                            rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DELETERECORDS_RESULT);
}

const rd_kafka_topic_partition_list_t *
rd_kafka_DeleteRecords_result_offsets(const rd_kafka_DeleteRecords_result_t *result)
{
    return NULL;
}

const rd_kafka_topic_partition_t *
rd_kafka_ListOffsetsResultInfo_topic_partition(const rd_kafka_ListOffsetsResultInfo_t *result_info)
{
    return NULL;
}

int64_t
rd_kafka_ListOffsetsResultInfo_timestamp(const rd_kafka_ListOffsetsResultInfo_t *result_info)
{
    return -1;
}

const rd_kafka_ListOffsetsResultInfo_t **
rd_kafka_ListOffsets_result_infos(const rd_kafka_ListOffsets_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_ListOffsets(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *topic_partitions,
                          const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_LISTOFFSETS_RESULT);
}

rd_kafka_ElectLeaders_t *rd_kafka_ElectLeaders_new(rd_kafka_ElectionType_t election_type,
                                                   rd_kafka_topic_partition_list_t *partitions)
{
    return NULL;
}

void rd_kafka_ElectLeaders_destroy(rd_kafka_ElectLeaders_t *elect_leaders)
{
}

void rd_kafka_ElectLeaders(rd_kafka_t *rk, rd_kafka_ElectLeaders_t *elect_leaders,
                           const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_ELECTLEADERS_RESULT);
}

const rd_kafka_topic_partition_result_t **
rd_kafka_ElectLeaders_result_partitions(const rd_kafka_ElectLeaders_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}
