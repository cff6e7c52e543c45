/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster built into the library: brokers on loopback sockets that keep messages in memory.
 *
 * For tests of applications: it serves any Kafka client, can be told to answer with errors, late
 * or not at all, to move leaders, to lose brokers. It is not for production; everything is gone
 * with it.
 *
 * The property test.mock.num.brokers makes a client that brings its own cluster; see
 * rd_kafka_handle_mock_cluster(). Topics are created when they are first asked for, with four
 * partitions, unless rd_kafka_mock_topic_create() came before.
 *
 * What rdkafka.h says at its beginning about threads, ownership and errors holds here too. ApiKey
 * is the number of a request in Kafka's protocol: 0 Produce, 1 Fetch, 2 ListOffsets, 3 Metadata,
 * and so on.
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

/** A request the cluster has received. */
typedef struct rd_kafka_mock_request_s rd_kafka_mock_request_t;

/** Which member of a group (KIP-848) is to have which partitions. */
typedef struct rd_kafka_mock_cgrp_consumer_target_assignment_s
    rd_kafka_mock_cgrp_consumer_target_assignment_t;

/* ==============================================================================================
 * Clusters
 * ============================================================================================== */

/**
 * Starts a cluster on a thread of its own.
 *
 * - `rk`: any client, which logs for it and must outlive it. It need not use the cluster.
 * - `broker_cnt`: how many brokers, with ids from 1, each on 127.0.0.1 with a port of its own.
 *
 * Returns: the cluster, for rd_kafka_mock_cluster_destroy(), or NULL.
 */
RD_EXPORT rd_kafka_mock_cluster_t *rd_kafka_mock_cluster_new(rd_kafka_t *rk, int broker_cnt);

/**
 * Ends a cluster of rd_kafka_mock_cluster_new(). That of test.mock.num.brokers ends with its
 * client.
 */
RD_EXPORT void rd_kafka_mock_cluster_destroy(rd_kafka_mock_cluster_t *mcluster);

/** The client it was made with. */
RD_EXPORT rd_kafka_t *rd_kafka_mock_cluster_handle(const rd_kafka_mock_cluster_t *mcluster);

/**
 * The cluster of a client with test.mock.num.brokers, which belongs to that client; NULL when it
 * has none.
 */
RD_EXPORT rd_kafka_mock_cluster_t *rd_kafka_handle_mock_cluster(const rd_kafka_t *rk);

/** What to set as bootstrap.servers: "127.0.0.1:port,...". Lives as long as the cluster. */
RD_EXPORT const char *rd_kafka_mock_cluster_bootstraps(const rd_kafka_mock_cluster_t *mcluster);

/* ==============================================================================================
 * Topics and partitions
 *
 * Those functions that name a topic or partition which is not there create it, but for
 * rd_kafka_mock_topic_delete() and rd_kafka_mock_partition_delete_records().
 * ============================================================================================== */

/**
 * Creates a topic.
 *
 * - `replication_factor`: replicas of each partition, up to the number of brokers.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_topic_create(rd_kafka_mock_cluster_t *mcluster,
                                                         const char *topic, int partition_cnt,
                                                         int replication_factor);

/**
 * Deletes a topic with all its messages. Created again, it has another topic id.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_topic_delete(rd_kafka_mock_cluster_t *mcluster,
                                                         const char *topic);

/** Has metadata tell this error about the topic from now on; 0 ends it. */
RD_EXPORT void rd_kafka_mock_topic_set_error(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                             rd_kafka_resp_err_t err);

/**
 * Deletes the partition's messages before an offset, as retention does.
 *
 * Returns: 0, or an error when there is no such partition or offset.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_delete_records(
    rd_kafka_mock_cluster_t *mcluster, const char *topic, int32_t partition, int64_t before_offset);

/**
 * Makes a broker the partition's leader, with the next leader epoch; -1: none.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE for a broker there is not.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_set_leader(rd_kafka_mock_cluster_t *mcluster,
                                                                 const char *topic,
                                                                 int32_t partition,
                                                                 int32_t broker_id);

/**
 * Has consumers told to fetch from this broker (KIP-392), those that tell their client.rack; -1
 * ends it.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_set_follower(
    rd_kafka_mock_cluster_t *mcluster, const char *topic, int32_t partition, int32_t broker_id);

/**
 * Sets the first offset and the end the follower has, to be behind or ahead of the leader; -1: as
 * the leader.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_partition_set_follower_wmarks(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                            int32_t partition, int64_t lo, int64_t hi);

/**
 * Has one metadata answer, the next one not taken by an earlier call, tell this leader and epoch
 * about the partition, whoever leads it. -1 for what is to be told as it is.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_partition_push_leader_response(
    rd_kafka_mock_cluster_t *mcluster, const char *topic, int partition, int32_t leader_id,
    int32_t leader_epoch);

/* ==============================================================================================
 * Brokers
 *
 * An id that is not a broker's gives RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE.
 * ============================================================================================== */

/**
 * Closes the broker's connections and refuses new ones. It stays in metadata, and leads what it
 * led.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_down(rd_kafka_mock_cluster_t *mcluster,
                                                            int32_t broker_id);

/**
 * Ends rd_kafka_mock_broker_set_down(), on the same port.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_up(rd_kafka_mock_cluster_t *mcluster,
                                                          int32_t broker_id);

/** Has metadata tell another host and port for the broker. It does not listen there. */
RD_EXPORT void rd_kafka_mock_broker_set_host_port(rd_kafka_mock_cluster_t *mcluster,
                                                  int32_t broker_id, const char *host, int port);

/**
 * Delays every answer of the broker by `rtt_ms`; id -1 is all brokers.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_rtt(rd_kafka_mock_cluster_t *mcluster,
                                                           int32_t broker_id, int rtt_ms);

/**
 * Sets the broker's rack.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_set_rack(rd_kafka_mock_cluster_t *mcluster,
                                                            int32_t broker_id, const char *rack);

/**
 * Takes the broker out of the cluster: its connections are closed, it is gone from metadata, and
 * others lead what it led.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_decommission(rd_kafka_mock_cluster_t *cluster,
                                                                int32_t broker_id);

/**
 * Takes the broker out of metadata, while it goes on serving those who know it.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_broker_remove_from_metadata(rd_kafka_mock_cluster_t *mcluster, int32_t broker_id);

/**
 * Adds a broker with this id.
 *
 * Returns: 0, or an error when there is one already.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_add(rd_kafka_mock_cluster_t *mcluster,
                                                       int32_t broker_id);

/* ==============================================================================================
 * Errors
 *
 * Requests of a kind can be made to fail, one error for each in the order they come; then they
 * succeed again. An error is looked for in the stack of the broker, then of the cluster, then of
 * the partition. RD_KAFKA_RESP_ERR__TRANSPORT closes the connection instead of answering; 0
 * succeeds.
 * ============================================================================================== */

/**
 * Adds errors, `cnt` arguments of type rd_kafka_resp_err_t, for requests of this kind to any
 * broker.
 */
RD_EXPORT void rd_kafka_mock_push_request_errors(rd_kafka_mock_cluster_t *mcluster, int16_t ApiKey,
                                                 size_t cnt, ...);

/** As rd_kafka_mock_push_request_errors(), with an array. */
RD_EXPORT void rd_kafka_mock_push_request_errors_array(rd_kafka_mock_cluster_t *mcluster,
                                                       int16_t ApiKey, size_t cnt,
                                                       const rd_kafka_resp_err_t *errors);

/**
 * Adds errors with delays, for requests of this kind to one broker: `cnt` pairs of an
 * rd_kafka_resp_err_t and an int, milliseconds.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__UNKNOWN_BROKER.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_push_request_error_rtts(
    rd_kafka_mock_cluster_t *mcluster, int32_t broker_id, int16_t ApiKey, size_t cnt, ...);

/**
 * How many errors for requests of this kind are left in the broker's stack: sets `*cntp`.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_broker_error_stack_cnt(
    rd_kafka_mock_cluster_t *mcluster, int32_t broker_id, int16_t ApiKey, size_t *cntp);

/**
 * Adds errors, as rd_kafka_mock_push_request_errors(), for one partition in requests of this
 * kind.
 *
 * Returns: 0 or an error.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_partition_push_request_errors(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                            int32_t partition, int16_t ApiKey, size_t cnt, ...);

/** Takes back the cluster's errors for requests of this kind that have not been used. */
RD_EXPORT void rd_kafka_mock_clear_request_errors(rd_kafka_mock_cluster_t *mcluster,
                                                  int16_t ApiKey);

/* ==============================================================================================
 * Protocol
 * ============================================================================================== */

/**
 * Sets the lowest and highest version of a request that brokers offer; -1, -1: not offered at
 * all.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG for versions the cluster does not have.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_set_apiversion(rd_kafka_mock_cluster_t *mcluster,
                                                           int16_t ApiKey, int16_t MinVersion,
                                                           int16_t MaxVersion);

/**
 * Sets the coordinator of a group or transaction, which is otherwise chosen by its name.
 *
 * - `key_type`: "group" or "transaction".
 * - `key`: the group.id or transactional.id.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_coordinator_set(rd_kafka_mock_cluster_t *mcluster,
                                                            const char *key_type, const char *key,
                                                            int32_t broker_id);

/**
 * Sets how long a new group waits for more members before its first rebalance.
 *
 * Default: 3000 ms.
 */
RD_EXPORT void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *mcluster,
                                                              int32_t delay_ms);

/* ==============================================================================================
 * Requests received
 * ============================================================================================== */

/** Has the cluster remember the requests it receives from now on, forgetting those before. */
RD_EXPORT void rd_kafka_mock_start_request_tracking(rd_kafka_mock_cluster_t *mcluster);

/** Ends rd_kafka_mock_start_request_tracking(), and forgets them. */
RD_EXPORT void rd_kafka_mock_stop_request_tracking(rd_kafka_mock_cluster_t *mcluster);

/**
 * The requests remembered, in the order they came; `*cntp` is set to their number.
 *
 * Returns: an array of objects, for rd_kafka_mock_request_destroy_array(), or NULL when there are
 * none.
 */
RD_EXPORT rd_kafka_mock_request_t **rd_kafka_mock_get_requests(rd_kafka_mock_cluster_t *mcluster,
                                                               size_t *cntp);

/** Forgets the requests remembered so far. */
RD_EXPORT void rd_kafka_mock_clear_requests(rd_kafka_mock_cluster_t *mcluster);

/** Frees one request. */
RD_EXPORT void rd_kafka_mock_request_destroy(rd_kafka_mock_request_t *mreq);

/** Frees the requests of rd_kafka_mock_get_requests() and the array itself. */
RD_EXPORT void rd_kafka_mock_request_destroy_array(rd_kafka_mock_request_t **mreqs,
                                                   size_t mreq_cnt);

/** The id of the broker that received it. */
RD_EXPORT int32_t rd_kafka_mock_request_id(rd_kafka_mock_request_t *mreq);

/** Its ApiKey. */
RD_EXPORT int16_t rd_kafka_mock_request_api_key(rd_kafka_mock_request_t *mreq);

/** When it came, in microseconds of a clock that only goes forward. */
RD_EXPORT int64_t rd_kafka_mock_request_timestamp(rd_kafka_mock_request_t *mreq);

/* ==============================================================================================
 * Telemetry (KIP-714)
 * ============================================================================================== */

/**
 * Sets the metrics that clients are asked to push, by the beginnings of their names; an array of
 * NULL: none.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_telemetry_set_requested_metrics(
    rd_kafka_mock_cluster_t *mcluster, char **metrics, size_t metrics_cnt);

/**
 * Sets how often they are to push them.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG for 0 or less.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_mock_telemetry_set_push_interval(
    rd_kafka_mock_cluster_t *mcluster, int64_t push_interval_ms);

/* ==============================================================================================
 * Groups of the consumer protocol (KIP-848)
 * ============================================================================================== */

/**
 * Describes an assignment: `assignment[i]` for the member `member_ids[i]`, `member_cnt` of them.
 * All is copied.
 *
 * Returns: an object for rd_kafka_mock_cgrp_consumer_target_assignment_destroy().
 */
RD_EXPORT rd_kafka_mock_cgrp_consumer_target_assignment_t *
rd_kafka_mock_cgrp_consumer_target_assignment_new(char **member_ids, int member_cnt,
                                                  rd_kafka_topic_partition_list_t **assignment);

/** Frees it. */
RD_EXPORT void rd_kafka_mock_cgrp_consumer_target_assignment_destroy(
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target_assignment);

/**
 * Sets the assignment of a group by hand; from now on the cluster does not assign by itself.
 */
RD_EXPORT void rd_kafka_mock_cgrp_consumer_target_assignment(
    rd_kafka_mock_cluster_t *mcluster, const char *group_id,
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target_assignment);

/**
 * Sets after how long without heartbeat a member is put out of its group.
 *
 * Default: 30000 ms.
 */
RD_EXPORT void
rd_kafka_mock_set_group_consumer_session_timeout_ms(rd_kafka_mock_cluster_t *mcluster,
                                                    int group_consumer_session_timeout_ms);

/**
 * Sets how often members are told to send heartbeats.
 *
 * Default: 3000 ms.
 */
RD_EXPORT void
rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(rd_kafka_mock_cluster_t *mcluster,
                                                       int group_consumer_heartbeat_interval_ms);

/* ==============================================================================================
 * Share groups (KIP-932)
 * ============================================================================================== */

/**
 * Sets after how long without heartbeat a member is put out of its group.
 *
 * Default: 45000 ms.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_session_timeout(rd_kafka_mock_cluster_t *mcluster,
                                                            int session_timeout_ms);

/**
 * Sets how often members are told to send heartbeats.
 *
 * Default: 5000 ms.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_heartbeat_interval(rd_kafka_mock_cluster_t *mcluster,
                                                               int heartbeat_interval_ms);

/**
 * Sets how often a message is handed out before it is given up.
 *
 * Default: 5.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_delivery_attempts(rd_kafka_mock_cluster_t *mcluster,
                                                                  int max_attempts);

/**
 * Sets how long a member may hold a message before it is handed out again.
 *
 * Default: 30000 ms.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_record_lock_duration(rd_kafka_mock_cluster_t *mcluster,
                                                                 int lock_duration_ms);

/**
 * Sets which messages are handed out: 0 all, 1 those of committed transactions.
 *
 * Default: 0.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_isolation_level(rd_kafka_mock_cluster_t *mcluster,
                                                            int level);

/**
 * Sets how many members a group may have; 0: no limit.
 *
 * Default: 200.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_size(rd_kafka_mock_cluster_t *mcluster,
                                                     int max_size);

/**
 * Sets how many share sessions a broker keeps.
 *
 * Default: 2000.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_fetch_sessions(rd_kafka_mock_cluster_t *mcluster,
                                                               int max_fetch_sessions);

/**
 * Sets how many messages of a partition may be held at once.
 *
 * Default: 2000.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_max_record_locks(rd_kafka_mock_cluster_t *mcluster,
                                                             int max_record_locks);

/**
 * Sets where a new group begins to read a partition.
 *
 * Default: at the end.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_set_auto_offset_reset(rd_kafka_mock_cluster_t *mcluster,
                                                              int auto_offset_reset);

/**
 * Sets the assignment of a group by hand: `assignments[i]` for the member `member_ids[i]`,
 * `member_cnt` of them.
 */
RD_EXPORT void rd_kafka_mock_sharegroup_target_assignment(
    rd_kafka_mock_cluster_t *mcluster, const char *group_id, const char **member_ids,
    rd_kafka_topic_partition_list_t **assignments, size_t member_cnt);

/**
 * The names of a group's members.
 *
 * `*member_ids_out` is set to an array of `*member_cnt_out` texts; texts and array are for
 * rd_kafka_mem_free().
 *
 * Returns: 0, or an error when there is no such group.
 */
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
