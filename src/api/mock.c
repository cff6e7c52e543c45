/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_mock_cluster_*(), rd_kafka_mock_topic_*(), rd_kafka_mock_partition_*(),
 * rd_kafka_mock_broker_*(): the mock cluster, its topics and its brokers.
 */
#include "api/mock.h"

#include <errno.h>

#include "api/client.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "net/socket.h"

static void log_of_cluster(void *argument, int level, const char *facility, const char *text)
{
    rd_kafka_mock_cluster_t *mcluster = argument;
    rd_kafka_t *rk = atomic_load(&mcluster->rk);
    if (!rk)
        return;
    if (level == RK_LOG_DEBUG)
        rk_log_debug(rk->core, RK_DEBUG_MOCK, facility, "%s", text);
    else
        rk_log(rk->core, level, facility, "%s", text);
}

rd_kafka_mock_cluster_t *rk_api_mock_new(rd_kafka_t *rk, int broker_count, bool is_debugging)
{
    rd_kafka_mock_cluster_t *mcluster = RK_NEW(rd_kafka_mock_cluster_t);
    struct rk_mock_options options = {
        .broker_count = broker_count,
        .log = log_of_cluster,
        .log_argument = mcluster,
        .is_debugging = is_debugging,
    };
    atomic_init(&mcluster->rk, rk);
    mcluster->cluster = rk_mock_cluster_new(&options);
    if (mcluster->cluster)
        return mcluster;
    int error = errno;
    rk_free(mcluster);
    errno = error;
    return NULL;
}

rd_kafka_mock_cluster_t *rd_kafka_mock_cluster_new(rd_kafka_t *rk, int broker_cnt)
{
    int debug_mask = atomic_load_explicit(&rk->core->debug_mask, memory_order_relaxed);
    rd_kafka_mock_cluster_t *mcluster = rk_api_mock_new(rk, broker_cnt, debug_mask & RK_DEBUG_MOCK);
    if (!mcluster)
        rk_log(rk->core, RK_LOG_ERROR, "MOCK", "no mock cluster of %d brokers: %s", broker_cnt,
               rk_socket_error_text(errno));
    return mcluster;
}

void rd_kafka_mock_cluster_destroy(rd_kafka_mock_cluster_t *mcluster)
{
    rk_mock_cluster_destroy(mcluster->cluster);
    rk_free(mcluster);
}

rd_kafka_t *rd_kafka_mock_cluster_handle(const rd_kafka_mock_cluster_t *mcluster)
{
    return atomic_load(&mcluster->rk);
}

rd_kafka_mock_cluster_t *rd_kafka_handle_mock_cluster(const rd_kafka_t *rk)
{
    return rk->mock_cluster;
}

const char *rd_kafka_mock_cluster_bootstraps(const rd_kafka_mock_cluster_t *mcluster)
{
    return rk_mock_cluster_bootstraps(mcluster->cluster);
}

rd_kafka_resp_err_t rd_kafka_mock_topic_create(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                               int partition_cnt, int replication_factor)
{
    return rk_mock_cluster_create_topic(mcluster->cluster, topic, partition_cnt,
                                        replication_factor);
}

rd_kafka_resp_err_t rd_kafka_mock_topic_delete(rd_kafka_mock_cluster_t *mcluster, const char *topic)
{
    return rk_mock_cluster_delete_topic(mcluster->cluster, topic);
}

void rd_kafka_mock_topic_set_error(rd_kafka_mock_cluster_t *mcluster, const char *topic,
                                   rd_kafka_resp_err_t err)
{
    rk_mock_cluster_set_topic_error(mcluster->cluster, topic, err);
}

rd_kafka_resp_err_t rd_kafka_mock_partition_delete_records(rd_kafka_mock_cluster_t *mcluster,
                                                           const char *topic, int32_t partition,
                                                           int64_t before_offset)
{
    return rk_mock_cluster_delete_records(mcluster->cluster, topic, partition, before_offset);
}

rd_kafka_resp_err_t rd_kafka_mock_partition_set_leader(rd_kafka_mock_cluster_t *mcluster,
                                                       const char *topic, int32_t partition,
                                                       int32_t broker_id)
{
    return rk_mock_cluster_set_leader(mcluster->cluster, topic, partition, broker_id);
}

rd_kafka_resp_err_t rd_kafka_mock_partition_set_follower(rd_kafka_mock_cluster_t *mcluster,
                                                         const char *topic, int32_t partition,
                                                         int32_t broker_id)
{
    return rk_mock_cluster_set_follower(mcluster->cluster, topic, partition, broker_id);
}

rd_kafka_resp_err_t rd_kafka_mock_partition_set_follower_wmarks(rd_kafka_mock_cluster_t *mcluster,
                                                                const char *topic,
                                                                int32_t partition, int64_t lo,
                                                                int64_t hi)
{
    return rk_mock_cluster_set_follower_bounds(mcluster->cluster, topic, partition, lo, hi);
}

rd_kafka_resp_err_t rd_kafka_mock_partition_push_leader_response(rd_kafka_mock_cluster_t *mcluster,
                                                                 const char *topic, int partition,
                                                                 int32_t leader_id,
                                                                 int32_t leader_epoch)
{
    return rk_mock_cluster_push_leader_response(mcluster->cluster, topic, partition, leader_id,
                                                leader_epoch);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_set_down(rd_kafka_mock_cluster_t *mcluster,
                                                  int32_t broker_id)
{
    return rk_mock_cluster_set_broker_down(mcluster->cluster, broker_id);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_set_up(rd_kafka_mock_cluster_t *mcluster,
                                                int32_t broker_id)
{
    return rk_mock_cluster_set_broker_up(mcluster->cluster, broker_id);
}

void rd_kafka_mock_broker_set_host_port(rd_kafka_mock_cluster_t *mcluster, int32_t broker_id,
                                        const char *host, int port)
{
    rk_mock_cluster_set_broker_address(mcluster->cluster, broker_id, host, port);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_set_rtt(rd_kafka_mock_cluster_t *mcluster,
                                                 int32_t broker_id, int rtt_ms)
{
    return rk_mock_cluster_set_broker_rtt(mcluster->cluster, broker_id, rtt_ms);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_set_rack(rd_kafka_mock_cluster_t *mcluster,
                                                  int32_t broker_id, const char *rack)
{
    return rk_mock_cluster_set_broker_rack(mcluster->cluster, broker_id, rack);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_decommission(rd_kafka_mock_cluster_t *cluster,
                                                      int32_t broker_id)
{
    return rk_mock_cluster_decommission_broker(cluster->cluster, broker_id);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_remove_from_metadata(rd_kafka_mock_cluster_t *mcluster,
                                                              int32_t broker_id)
{
    return rk_mock_cluster_hide_broker(mcluster->cluster, broker_id);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_add(rd_kafka_mock_cluster_t *mcluster, int32_t broker_id)
{
    return rk_mock_cluster_add_broker(mcluster->cluster, broker_id);
}
