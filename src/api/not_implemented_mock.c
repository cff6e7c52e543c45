/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the mock cluster does for share groups and telemetry: not implemented yet.
 */
#include "api/not_implemented.h"

#include <stddef.h>

#include "rdkafka_mock.h"

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_resp_err_t rd_kafka_mock_telemetry_set_requested_metrics(rd_kafka_mock_cluster_t *mcluster,
                                                                  char **metrics,
                                                                  size_t metrics_cnt)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_mock_telemetry_set_push_interval(rd_kafka_mock_cluster_t *mcluster,
                                                              int64_t push_interval_ms)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

void rd_kafka_mock_sharegroup_set_session_timeout(rd_kafka_mock_cluster_t *mcluster,
                                                  int session_timeout_ms)
{
}

void rd_kafka_mock_sharegroup_set_heartbeat_interval(rd_kafka_mock_cluster_t *mcluster,
                                                     int heartbeat_interval_ms)
{
}

void rd_kafka_mock_sharegroup_set_max_delivery_attempts(rd_kafka_mock_cluster_t *mcluster,
                                                        int max_attempts)
{
}

void rd_kafka_mock_sharegroup_set_record_lock_duration(rd_kafka_mock_cluster_t *mcluster,
                                                       int lock_duration_ms)
{
}

void rd_kafka_mock_sharegroup_set_isolation_level(rd_kafka_mock_cluster_t *mcluster, int level)
{
}

void rd_kafka_mock_sharegroup_set_max_size(rd_kafka_mock_cluster_t *mcluster, int max_size)
{
}

void rd_kafka_mock_sharegroup_set_max_fetch_sessions(rd_kafka_mock_cluster_t *mcluster,
                                                     int max_fetch_sessions)
{
}

void rd_kafka_mock_sharegroup_set_max_record_locks(rd_kafka_mock_cluster_t *mcluster,
                                                   int max_record_locks)
{
}

void rd_kafka_mock_sharegroup_set_auto_offset_reset(rd_kafka_mock_cluster_t *mcluster,
                                                    int auto_offset_reset)
{
}

void rd_kafka_mock_sharegroup_target_assignment(rd_kafka_mock_cluster_t *mcluster,
                                                const char *group_id, const char **member_ids,
                                                rd_kafka_topic_partition_list_t **assignments,
                                                size_t member_cnt)
{
}

rd_kafka_resp_err_t rd_kafka_mock_sharegroup_get_member_ids(rd_kafka_mock_cluster_t *mcluster,
                                                            const char *group_id,
                                                            char ***member_ids_out,
                                                            size_t *member_cnt_out)
{
    *member_ids_out = NULL;
    *member_cnt_out = 0;
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}
