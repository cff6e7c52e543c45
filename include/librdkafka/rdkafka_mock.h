/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster built into the library: brokers on loopback sockets, for tests. Include rdkafka.h
 * first.
 */

#ifndef _RDKAFKA_MOCK_H_
#define _RDKAFKA_MOCK_H_

#ifndef _RDKAFKA_H_
#error "include rdkafka.h before rdkafka_mock.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility push(default)
#endif

/** A cluster. */
typedef struct rd_kafka_mock_cluster_s rd_kafka_mock_cluster_t;
/** A request the cluster received. */
typedef struct rd_kafka_mock_request_s rd_kafka_mock_request_t;
/** Who is to be given which partitions of a KIP-848 group. */
typedef struct rd_kafka_mock_cgrp_consumer_target_assignment_s
    rd_kafka_mock_cgrp_consumer_target_assignment_t;

/* ==============================================================================================
 * Clusters
 * ============================================================================================== */

RD_EXPORT rd_kafka_mock_cluster_t *rd_kafka_mock_cluster_new(rd_kafka_t *rk, int broker_cnt);
RD_EXPORT void rd_kafka_mock_cluster_destroy(rd_kafka_mock_cluster_t *mcluster);
RD_EXPORT rd_kafka_t *rd_kafka_mock_cluster_handle(const rd_kafka_mock_cluster_t *mcluster);
RD_EXPORT rd_kafka_mock_cluster_t *rd_kafka_handle_mock_cluster(const rd_kafka_t *rk);
RD_EXPORT const char *rd_kafka_mock_cluster_bootstraps(const rd_kafka_mock_cluster_t *mcluster);
RD_EXPORT void rd_kafka_mock_clear_request_errors(rd_kafka_mock_cluster_t *mcluster,
                                                  int16_t ApiKey);
RD_EXPORT void rd_kafka_mock_push_request_errors(rd_kafka_mock_cluster_t *mcluster, int16_t ApiKey,
                                                 size_t cnt, ...);
RD_EXPORT void rd_kafka_mock_push_request_errors_array(rd_kafka_mock_cluster_t *mcluster,
                                                       int16_t ApiKey, size_t cnt,
                                                       const rd_kafka_resp_err_t *errors);
RD_EXPORT void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *mcluster,
                                                              int32_t delay_ms);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_push_request_error_rtts(
    rd_kafka_mock_cluster_t *mcluster, int32_t broker_id, int16_t ApiKey, size_t cnt, ...);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_error_stack_cnt(
    rd_kafka_mock_cluster_t *mcluster, int32_t broker_id, int16_t ApiKey, size_t *cntp);
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_partition_push_request_errors(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                            int32_t partition, int16_t ApiKey, size_t cnt, ...);
RD_EXPORT void rd_kafka_mock_topic_set_error(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                             rd_kafka_resp_err_t err);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_topic_create(rd_kafka_mock_cluster_t *mcluster,
                                                         const char *topic, int partition_cnt,
                                                         int replication_factor);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_topic_delete(rd_kafka_mock_cluster_t *mcluster,
                                                         const char *topic);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_delete_records(
    rd_kafka_mock_cluster_t *mcluster, const char *topic, int32_t partition, int64_t before_offset);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_set_leader(rd_kafka_mock_cluster_t *mcluster,
                                                                 const char *topic,
                                                                 int32_t partition,
                                                                 int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_set_follower(
    rd_kafka_mock_cluster_t *mcluster, const char *topic, int32_t partition, int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_partition_set_follower_wmarks(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                            int32_t partition, int64_t lo, int64_t hi);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_push_leader_response(
    rd_kafka_mock_cluster_t *mcluster, const char *topic, int partition, int32_t leader_id,
    int32_t leader_epoch);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_down(rd_kafka_mock_cluster_t *mcluster,
                                                            int32_t broker_id);
RD_EXPORT void rd_kafka_mock_broker_set_host_port(rd_kafka_mock_cluster_t *mcluster,
                                                  int32_t broker_id, const char *host, int port);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_up(rd_kafka_mock_cluster_t *mcluster,
                                                          int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_rtt(rd_kafka_mock_cluster_t *mcluster,
                                                           int32_t broker_id, int rtt_ms);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_rack(rd_kafka_mock_cluster_t *mcluster,
                                                            int32_t broker_id, const char *rack);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_decommission(rd_kafka_mock_cluster_t *cluster,
                                                                int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_broker_remove_from_metadata(rd_kafka_mock_cluster_t *mcluster, int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_add(rd_kafka_mock_cluster_t *mcluster,
                                                       int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_coordinator_set(rd_kafka_mock_cluster_t *mcluster,
                                                            const char *key_type, const char *key,
                                                            int32_t broker_id);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_set_apiversion(rd_kafka_mock_cluster_t *mcluster,
                                                           int16_t ApiKey, int16_t MinVersion,
                                                           int16_t MaxVersion);
RD_EXPORT void rd_kafka_mock_start_request_tracking(rd_kafka_mock_cluster_t *mcluster);
RD_EXPORT void rd_kafka_mock_stop_request_tracking(rd_kafka_mock_cluster_t *mcluster);
RD_EXPORT void rd_kafka_mock_request_destroy(rd_kafka_mock_request_t *mreq);
RD_EXPORT void rd_kafka_mock_request_destroy_array(rd_kafka_mock_request_t **mreqs,
                                                   size_t mreq_cnt);
RD_EXPORT int32_t rd_kafka_mock_request_id(rd_kafka_mock_request_t *mreq);
RD_EXPORT int16_t rd_kafka_mock_request_api_key(rd_kafka_mock_request_t *mreq);
RD_EXPORT int64_t rd_kafka_mock_request_timestamp(rd_kafka_mock_request_t *mreq);
RD_EXPORT rd_kafka_mock_request_t **rd_kafka_mock_get_requests(rd_kafka_mock_cluster_t *mcluster,
                                                               size_t *cntp);
RD_EXPORT void rd_kafka_mock_clear_requests(rd_kafka_mock_cluster_t *mcluster);
RD_EXPORT rd_kafka_mock_cgrp_consumer_target_assignment_t *
rd_kafka_mock_cgrp_consumer_target_assignment_new(char **member_ids, int member_cnt,
                                                  rd_kafka_topic_partition_list_t **assignment);
RD_EXPORT void rd_kafka_mock_cgrp_consumer_target_assignment_destroy(
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target_assignment);
RD_EXPORT void rd_kafka_mock_cgrp_consumer_target_assignment(
    rd_kafka_mock_cluster_t *mcluster, const char *group_id,
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target_assignment);
RD_EXPORT void
rd_kafka_mock_set_group_consumer_session_timeout_ms(rd_kafka_mock_cluster_t *mcluster,
                                                    int group_consumer_session_timeout_ms);
RD_EXPORT void
rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(rd_kafka_mock_cluster_t *mcluster,
                                                       int group_consumer_heartbeat_interval_ms);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_telemetry_set_requested_metrics(
    rd_kafka_mock_cluster_t *mcluster, char **metrics, size_t metrics_cnt);
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_telemetry_set_push_interval(
    rd_kafka_mock_cluster_t *mcluster, int64_t push_interval_ms);

/* ==============================================================================================
 * Share groups
 * ============================================================================================== */

RD_EXPORT void rd_kafka_mock_sharegroup_set_session_timeout(rd_kafka_mock_cluster_t *mcluster,
                                                            int session_timeout_ms);
RD_EXPORT void rd_kafka_mock_sharegroup_set_heartbeat_interval(rd_kafka_mock_cluster_t *mcluster,
                                                               int heartbeat_interval_ms);
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_delivery_attempts(rd_kafka_mock_cluster_t *mcluster,
                                                                  int max_attempts);
RD_EXPORT void rd_kafka_mock_sharegroup_set_record_lock_duration(rd_kafka_mock_cluster_t *mcluster,
                                                                 int lock_duration_ms);
RD_EXPORT void rd_kafka_mock_sharegroup_set_isolation_level(rd_kafka_mock_cluster_t *mcluster,
                                                            int level);
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_size(rd_kafka_mock_cluster_t *mcluster,
                                                     int max_size);
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_fetch_sessions(rd_kafka_mock_cluster_t *mcluster,
                                                               int max_fetch_sessions);
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_record_locks(rd_kafka_mock_cluster_t *mcluster,
                                                             int max_record_locks);
RD_EXPORT void rd_kafka_mock_sharegroup_set_auto_offset_reset(rd_kafka_mock_cluster_t *mcluster,
                                                              int auto_offset_reset);
RD_EXPORT void rd_kafka_mock_sharegroup_target_assignment(
    rd_kafka_mock_cluster_t *mcluster, const char *group_id, const char **member_ids,
    rd_kafka_topic_partition_list_t **assignments, size_t member_cnt);
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_sharegroup_get_member_ids(rd_kafka_mock_cluster_t *mcluster, const char *group_id,
                                        char ***member_ids_out, size_t *member_cnt_out);

#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif /* _RDKAFKA_MOCK_H_ */
