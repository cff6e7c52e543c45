/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/debug.h"

#include <string.h>

#include "cluster/broker.h"

static struct rk_core *core_of(const struct rk_connection *connection)
{
    return connection->broker->core;
}

static const char *name_of(const struct rk_connection *connection) RK_ON_BROKER
{
    return rk_broker_name(connection->broker);
}

/* Connections */

void rk_debug_sent(const struct rk_connection *connection, const struct rk_request *request,
                   size_t size)
{
    rk_log_debug(core_of(connection), RK_DEBUG_PROTOCOL, "SEND",
                 "%s: Sent %sRequest (v%d, %zu bytes @ 0, CorrId %d)", name_of(connection),
                 request->api->name, request->version, size, (int)request->wire.correlation_id);
}

void rk_debug_received(const struct rk_connection *connection, const struct rk_request *request,
                       size_t size, uint64_t now_us)
{
    rk_log_debug(core_of(connection), RK_DEBUG_PROTOCOL, "RECV",
                 "%s: Received %sResponse (v%d, %zu bytes, CorrId %d, rtt %.2fms)",
                 name_of(connection), request->api->name, request->version, size,
                 (int)request->wire.correlation_id, (double)(now_us - request->sent_us) / 1000);
}

void rk_debug_connecting(const struct rk_connection *connection, int fd)
{
    rk_log_debug(core_of(connection), RK_DEBUG_BROKER, "CONNECT",
                 "%s: Connecting to %s (plaintext) with socket %d", name_of(connection),
                 connection->own.address_text, fd);
}

void rk_debug_connected(const struct rk_connection *connection)
{
    rk_log_debug(core_of(connection), RK_DEBUG_BROKER | RK_DEBUG_PROTOCOL, "CONNECTED",
                 "%s: Connected to %s", name_of(connection), connection->own.address_text);
}

void rk_debug_versions(const struct rk_connection *connection,
                       const struct rk_api_versions_answer *answer)
{
    struct rk_core *core = core_of(connection);
    rk_log_debug(core, RK_DEBUG_FEATURE, "APIVERSION",
                 "%s: Broker API support:", name_of(connection));
    for (int32_t i = 0; i < answer->api_keys.count; i++) {
        const struct rk_api_versions_answer_api_key *key = &answer->api_keys.items[i];
        rk_log_debug(core, RK_DEBUG_FEATURE, "APIVERSION", "%s:   ApiKey %s (%d) Versions %d..%d",
                     name_of(connection), rk_api_name(key->api_key), key->api_key, key->min_version,
                     key->max_version);
    }
}

/* Metadata */

static void show_cluster(struct rk_core *core, const struct rk_snapshot *before,
                         const struct rk_snapshot *after)
{
    const char *id = after->cluster_id ? after->cluster_id : "";
    const char *old_id = before && before->cluster_id ? before->cluster_id : "";
    int32_t old_controller = before ? before->controller_id : -1;
    if (strcmp(id, old_id) != 0)
        rk_log_debug(core, RK_DEBUG_GENERIC | RK_DEBUG_BROKER, "CLUSTERID",
                     "ClusterId update \"%s\" -> \"%s\"", old_id, id);
    if (after->controller_id != old_controller)
        rk_log_debug(core, RK_DEBUG_BROKER, "CONTROLLERID", "ControllerId update %d -> %d",
                     (int)old_controller, (int)after->controller_id);
}

static void show_partitions(struct rk_core *core, const struct rk_snapshot_topic *before,
                            const struct rk_snapshot_topic *after)
{
    for (int32_t i = 0; i < after->partition_count; i++) {
        const struct rk_snapshot_partition *partition = &after->partitions[i];
        const struct rk_snapshot_partition *old =
            before ? rk_snapshot_find_partition(before, i) : NULL;
        if (!old || old->leader != partition->leader ||
            old->leader_epoch != partition->leader_epoch)
            rk_log_debug(core, RK_DEBUG_TOPIC | RK_DEBUG_METADATA, "METADATA",
                         "  Topic %s partition %d Leader %d Epoch %d", after->name, (int)i,
                         (int)partition->leader, (int)partition->leader_epoch);
    }
}

static void show_topic(struct rk_core *core, const struct rk_snapshot_topic *before,
                       const struct rk_snapshot_topic *after)
{
    int32_t old_count = before ? before->partition_count : 0;
    rd_kafka_resp_err_t old_err = before ? before->err : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (after->err != old_err || !before)
        rk_log_debug(core, RK_DEBUG_TOPIC | RK_DEBUG_METADATA, "STATE",
                     "Topic %s changed state %s -> %s", after->name,
                     before ? rd_kafka_err2name(old_err) : "unknown",
                     after->err ? rd_kafka_err2name(after->err) : "exists");
    if (after->partition_count != old_count)
        rk_log_debug(core, RK_DEBUG_TOPIC | RK_DEBUG_METADATA, "PARTCNT",
                     "Topic %s partition count changed from %d to %d", after->name, (int)old_count,
                     (int)after->partition_count);
    show_partitions(core, before, after);
}

void rk_debug_metadata(struct rk_core *core, const struct rk_snapshot *before,
                       const struct rk_snapshot *after, const struct rk_metadata_answer *answer)
{
    const int contexts = RK_DEBUG_METADATA | RK_DEBUG_TOPIC | RK_DEBUG_BROKER | RK_DEBUG_GENERIC;
    if (!(atomic_load_explicit(&core->debug_mask, memory_order_relaxed) & contexts))
        return;
    rk_log_debug(core, RK_DEBUG_METADATA, "METADATA",
                 "===== Received metadata from broker %d: %d brokers, %d topics =====",
                 (int)after->answered_by, (int)answer->brokers.count, (int)answer->topics.count);
    for (int32_t i = 0; i < after->broker_count; i++)
        rk_log_debug(core, RK_DEBUG_METADATA, "METADATA", "  Broker #%d/%d: %s:%u NodeId %d",
                     (int)i, (int)after->broker_count, after->brokers[i].host,
                     after->brokers[i].port, (int)after->brokers[i].id);
    show_cluster(core, before, after);
    for (int32_t i = 0; i < answer->topics.count; i++) {
        const char *name = answer->topics.items[i].name;
        const struct rk_snapshot_topic *topic = name ? rk_snapshot_find_topic(after, name) : NULL;
        if (topic)
            show_topic(core, before ? rk_snapshot_find_topic(before, name) : NULL, topic);
    }
}
