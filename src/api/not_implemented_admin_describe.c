/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptions of topics and cluster: not implemented yet. An operation answers with an error
 * event; none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_TopicCollection_t *rd_kafka_TopicCollection_of_topic_names(const char **topics,
                                                                    size_t topics_cnt)
{
    return NULL;
}

void rd_kafka_TopicCollection_destroy(rd_kafka_TopicCollection_t *topics)
{
}

void rd_kafka_DescribeTopics(rd_kafka_t *rk, const rd_kafka_TopicCollection_t *topics,
                             const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT);
}

const rd_kafka_TopicDescription_t **
rd_kafka_DescribeTopics_result_topics(const rd_kafka_DescribeTopics_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_TopicPartitionInfo_t **
rd_kafka_TopicDescription_partitions(const rd_kafka_TopicDescription_t *topicdesc, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

/* The public signature has this const. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-qualifiers"
const int rd_kafka_TopicPartitionInfo_partition(const rd_kafka_TopicPartitionInfo_t *partition)
{
    return -1;
}
#pragma GCC diagnostic pop

const rd_kafka_Node_t *
rd_kafka_TopicPartitionInfo_leader(const rd_kafka_TopicPartitionInfo_t *partition)
{
    return NULL;
}

const rd_kafka_Node_t **
rd_kafka_TopicPartitionInfo_isr(const rd_kafka_TopicPartitionInfo_t *partition, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_Node_t **
rd_kafka_TopicPartitionInfo_replicas(const rd_kafka_TopicPartitionInfo_t *partition, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_AclOperation_t *
rd_kafka_TopicDescription_authorized_operations(const rd_kafka_TopicDescription_t *topicdesc,
                                                size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const char *rd_kafka_TopicDescription_name(const rd_kafka_TopicDescription_t *topicdesc)
{
    return NULL;
}

const rd_kafka_Uuid_t *
rd_kafka_TopicDescription_topic_id(const rd_kafka_TopicDescription_t *topicdesc)
{
    return NULL;
}

int rd_kafka_TopicDescription_is_internal(const rd_kafka_TopicDescription_t *topicdesc)
{
    return -1;
}

const rd_kafka_error_t *
rd_kafka_TopicDescription_error(const rd_kafka_TopicDescription_t *topicdesc)
{
    return NULL;
}

void rd_kafka_DescribeCluster(rd_kafka_t *rk, const rd_kafka_AdminOptions_t *options,
                              rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DESCRIBECLUSTER_RESULT);
}

const rd_kafka_Node_t **
rd_kafka_DescribeCluster_result_nodes(const rd_kafka_DescribeCluster_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_AclOperation_t *rd_kafka_DescribeCluster_result_authorized_operations(
    const rd_kafka_DescribeCluster_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_Node_t *
rd_kafka_DescribeCluster_result_controller(const rd_kafka_DescribeCluster_result_t *result)
{
    return NULL;
}

const char *
rd_kafka_DescribeCluster_result_cluster_id(const rd_kafka_DescribeCluster_result_t *result)
{
    return NULL;
}

int rd_kafka_Node_id(const rd_kafka_Node_t *node)
{
    return -1;
}

const char *rd_kafka_Node_host(const rd_kafka_Node_t *node)
{
    return NULL;
}

uint16_t rd_kafka_Node_port(const rd_kafka_Node_t *node)
{
    return 0;
}

const char *rd_kafka_Node_rack(const rd_kafka_Node_t *node)
{
    return NULL;
}
