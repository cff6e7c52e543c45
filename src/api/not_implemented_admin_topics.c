/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration of topics, and options: not implemented yet. An operation answers with an error
 * event; none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_AdminOptions_t *rd_kafka_AdminOptions_new(rd_kafka_t *rk, rd_kafka_admin_op_t for_api)
{
    return NULL;
}

void rd_kafka_AdminOptions_destroy(rd_kafka_AdminOptions_t *options)
{
}

rd_kafka_resp_err_t rd_kafka_AdminOptions_set_request_timeout(rd_kafka_AdminOptions_t *options,
                                                              int timeout_ms, char *errstr,
                                                              size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_AdminOptions_set_operation_timeout(rd_kafka_AdminOptions_t *options,
                                                                int timeout_ms, char *errstr,
                                                                size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_AdminOptions_set_validate_only(rd_kafka_AdminOptions_t *options,
                                                            int true_or_false, char *errstr,
                                                            size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_AdminOptions_set_broker(rd_kafka_AdminOptions_t *options,
                                                     int32_t broker_id, char *errstr,
                                                     size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_error_t *rd_kafka_AdminOptions_set_require_stable_offsets(rd_kafka_AdminOptions_t *options,
                                                                   int true_or_false)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *
rd_kafka_AdminOptions_set_include_authorized_operations(rd_kafka_AdminOptions_t *options,
                                                        int true_or_false)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_AdminOptions_set_match_consumer_group_states(
    rd_kafka_AdminOptions_t *options, const rd_kafka_consumer_group_state_t *consumer_group_states,
    size_t consumer_group_states_cnt)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_AdminOptions_set_match_consumer_group_types(
    rd_kafka_AdminOptions_t *options, const rd_kafka_consumer_group_type_t *consumer_group_types,
    size_t consumer_group_types_cnt)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_AdminOptions_set_isolation_level(rd_kafka_AdminOptions_t *options,
                                                            rd_kafka_IsolationLevel_t value)
{
    return rk_not_implemented_error(__func__);
}

void rd_kafka_AdminOptions_set_opaque(rd_kafka_AdminOptions_t *options, void *ev_opaque)
{
}

rd_kafka_resp_err_t rd_kafka_topic_result_error(const rd_kafka_topic_result_t *topicres)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

const char *rd_kafka_topic_result_error_string(const rd_kafka_topic_result_t *topicres)
{
    return NULL;
}

const char *rd_kafka_topic_result_name(const rd_kafka_topic_result_t *topicres)
{
    return NULL;
}

rd_kafka_NewTopic_t *rd_kafka_NewTopic_new(const char *topic, int num_partitions,
                                           int replication_factor, char *errstr, size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return NULL;
}

void rd_kafka_NewTopic_destroy(rd_kafka_NewTopic_t *new_topic)
{
}

void rd_kafka_NewTopic_destroy_array(rd_kafka_NewTopic_t **new_topics, size_t new_topic_cnt)
{
}

rd_kafka_resp_err_t rd_kafka_NewTopic_set_replica_assignment(rd_kafka_NewTopic_t *new_topic,
                                                             int32_t partition, int32_t *broker_ids,
                                                             size_t broker_id_cnt, char *errstr,
                                                             size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_NewTopic_set_config(rd_kafka_NewTopic_t *new_topic, const char *name,
                                                 const char *value)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

void rd_kafka_CreateTopics(rd_kafka_t *rk, rd_kafka_NewTopic_t **new_topics, size_t new_topic_cnt,
                           const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_CREATETOPICS_RESULT);
}

const rd_kafka_topic_result_t **
rd_kafka_CreateTopics_result_topics(const rd_kafka_CreateTopics_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_DeleteTopic_t *rd_kafka_DeleteTopic_new(const char *topic)
{
    return NULL;
}

void rd_kafka_DeleteTopic_destroy(rd_kafka_DeleteTopic_t *del_topic)
{
}

void rd_kafka_DeleteTopic_destroy_array(rd_kafka_DeleteTopic_t **del_topics, size_t del_topic_cnt)
{
}

void rd_kafka_DeleteTopics(rd_kafka_t *rk, rd_kafka_DeleteTopic_t **del_topics,
                           size_t del_topic_cnt, const rd_kafka_AdminOptions_t *options,
                           rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DELETETOPICS_RESULT);
}

const rd_kafka_topic_result_t **
rd_kafka_DeleteTopics_result_topics(const rd_kafka_DeleteTopics_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_NewPartitions_t *rd_kafka_NewPartitions_new(const char *topic, size_t new_total_cnt,
                                                     char *errstr, size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return NULL;
}

void rd_kafka_NewPartitions_destroy(rd_kafka_NewPartitions_t *new_parts)
{
}

void rd_kafka_NewPartitions_destroy_array(rd_kafka_NewPartitions_t **new_parts,
                                          size_t new_parts_cnt)
{
}

rd_kafka_resp_err_t rd_kafka_NewPartitions_set_replica_assignment(
    rd_kafka_NewPartitions_t *new_parts, int32_t new_partition_idx, int32_t *broker_ids,
    size_t broker_id_cnt, char *errstr, size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

void rd_kafka_CreatePartitions(rd_kafka_t *rk, rd_kafka_NewPartitions_t **new_parts,
                               size_t new_parts_cnt, const rd_kafka_AdminOptions_t *options,
                               rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT);
}

const rd_kafka_topic_result_t **
rd_kafka_CreatePartitions_result_topics(const rd_kafka_CreatePartitions_result_t *result,
                                        size_t *cntp)
{
    *cntp = 0;
    return NULL;
}
