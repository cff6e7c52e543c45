/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mock cluster: brokers on loopback sockets that keep messages in memory, for tests of clients.
 *
 * Made by whoever wants one, freed by rk_mock_cluster_destroy(). It runs on a thread of its own
 * (rdk:mock). Every function here may be called from any thread, and those that change or ask
 * something wait until that thread has done it; its thread is never held up by anything but the
 * log function, in which they do nothing but fail. What the calls mean stands in rdkafka_mock.h.
 */
#ifndef RK_MOCK_MOCK_CLUSTER_H
#define RK_MOCK_MOCK_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

#include "mock/mock_inject.h"

struct rk_mock_cluster;

struct rk_mock_options {
    int broker_count; /* Ids from 1. */
    /* Levels as in syslog(3), `facility` a short word. NULL: nothing is logged. On the thread that
     * creates the cluster, or its own. */
    void (*log)(void *argument, int level, const char *facility, const char *text);
    void *log_argument;
    bool is_debugging; /* Log at level 7 too. */
};

/* NULL with errno when the system has no socket or thread to give. */
struct rk_mock_cluster *rk_mock_cluster_new(const struct rk_mock_options *options);
void rk_mock_cluster_destroy(struct rk_mock_cluster *cluster);
/* "127.0.0.1:port,..."; lives as long as the cluster. */
const char *rk_mock_cluster_bootstraps(const struct rk_mock_cluster *cluster);

rd_kafka_resp_err_t rk_mock_cluster_create_topic(struct rk_mock_cluster *cluster, const char *topic,
                                                 int partition_count, int replication);
rd_kafka_resp_err_t rk_mock_cluster_delete_topic(struct rk_mock_cluster *cluster,
                                                 const char *topic);
void rk_mock_cluster_set_topic_error(struct rk_mock_cluster *cluster, const char *topic,
                                     rd_kafka_resp_err_t err);
rd_kafka_resp_err_t rk_mock_cluster_delete_records(struct rk_mock_cluster *cluster,
                                                   const char *topic, int32_t partition,
                                                   int64_t before_offset);
rd_kafka_resp_err_t rk_mock_cluster_set_leader(struct rk_mock_cluster *cluster, const char *topic,
                                               int32_t partition, int32_t broker_id);
rd_kafka_resp_err_t rk_mock_cluster_set_follower(struct rk_mock_cluster *cluster, const char *topic,
                                                 int32_t partition, int32_t broker_id);
rd_kafka_resp_err_t rk_mock_cluster_set_follower_bounds(struct rk_mock_cluster *cluster,
                                                        const char *topic, int32_t partition,
                                                        int64_t start_offset, int64_t end_offset);
rd_kafka_resp_err_t rk_mock_cluster_push_leader_response(struct rk_mock_cluster *cluster,
                                                         const char *topic, int32_t partition,
                                                         int32_t leader_id, int32_t leader_epoch);

rd_kafka_resp_err_t rk_mock_cluster_set_broker_down(struct rk_mock_cluster *cluster,
                                                    int32_t broker_id);
rd_kafka_resp_err_t rk_mock_cluster_set_broker_up(struct rk_mock_cluster *cluster,
                                                  int32_t broker_id);
void rk_mock_cluster_set_broker_address(struct rk_mock_cluster *cluster, int32_t broker_id,
                                        const char *host, int port);
/* broker_id -1: all of them. */
rd_kafka_resp_err_t rk_mock_cluster_set_broker_rtt(struct rk_mock_cluster *cluster,
                                                   int32_t broker_id, int rtt_ms);
rd_kafka_resp_err_t rk_mock_cluster_set_broker_rack(struct rk_mock_cluster *cluster,
                                                    int32_t broker_id, const char *rack);
rd_kafka_resp_err_t rk_mock_cluster_decommission_broker(struct rk_mock_cluster *cluster,
                                                        int32_t broker_id);
rd_kafka_resp_err_t rk_mock_cluster_hide_broker(struct rk_mock_cluster *cluster, int32_t broker_id);
rd_kafka_resp_err_t rk_mock_cluster_add_broker(struct rk_mock_cluster *cluster, int32_t broker_id);

void rk_mock_cluster_push_errors(struct rk_mock_cluster *cluster, int16_t api_key,
                                 const struct rk_mock_error *errors, size_t count);
void rk_mock_cluster_clear_errors(struct rk_mock_cluster *cluster, int16_t api_key);
/* _UNKNOWN_BROKER when there is no such broker. */
rd_kafka_resp_err_t rk_mock_cluster_push_broker_errors(struct rk_mock_cluster *cluster,
                                                       int32_t broker_id, int16_t api_key,
                                                       const struct rk_mock_error *errors,
                                                       size_t count);
rd_kafka_resp_err_t rk_mock_cluster_count_broker_errors(struct rk_mock_cluster *cluster,
                                                        int32_t broker_id, int16_t api_key,
                                                        size_t *count);
rd_kafka_resp_err_t rk_mock_cluster_push_partition_errors(struct rk_mock_cluster *cluster,
                                                          const char *topic, int32_t partition,
                                                          int16_t api_key,
                                                          const struct rk_mock_error *errors,
                                                          size_t count);

/* -1, -1: not offered. */
rd_kafka_resp_err_t rk_mock_cluster_set_versions(struct rk_mock_cluster *cluster, int16_t api_key,
                                                 int16_t min_version, int16_t max_version);
rd_kafka_resp_err_t rk_mock_cluster_set_coordinator(struct rk_mock_cluster *cluster,
                                                    const char *key_type, const char *key,
                                                    int32_t broker_id);

/* How long the first members of a group are waited for. */
void rk_mock_cluster_set_group_delay(struct rk_mock_cluster *cluster, int delay_ms);
/* Of the consumer protocol (KIP-848). */
void rk_mock_cluster_set_consumer_session(struct rk_mock_cluster *cluster, int timeout_ms);
void rk_mock_cluster_set_consumer_heartbeat(struct rk_mock_cluster *cluster, int interval_ms);

/* A partition that a member is to have. */
struct rk_mock_target {
    const char *member_id;
    const char *topic;
    int32_t partition;
};

/* The group is assigned by hand from now on; who is not named gets nothing. */
void rk_mock_cluster_set_group_target(struct rk_mock_cluster *cluster, const char *group_id,
                                      const struct rk_mock_target *places, size_t count);

struct rk_mock_tracked_request {
    int32_t broker_id;
    int16_t api_key;
    int64_t timestamp_us; /* rk_clock_now_us */
};

/* Runs `look` on the cluster's thread, where it may look into the cluster and change it
 * (mock_state.h). */
void rk_mock_cluster_run(struct rk_mock_cluster *cluster,
                         void (*look)(struct rk_mock_cluster *cluster, void *argument),
                         void *argument);

void rk_mock_cluster_track_requests(struct rk_mock_cluster *cluster, bool is_on);
void rk_mock_cluster_forget_requests(struct rk_mock_cluster *cluster);
/* A copy (rk_free), NULL for none. */
struct rk_mock_tracked_request *rk_mock_cluster_requests(struct rk_mock_cluster *cluster,
                                                         size_t *count);

#endif
