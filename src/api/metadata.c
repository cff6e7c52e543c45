/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_metadata() and what else the application may ask about the cluster.
 */
#include <stdio.h>
#include <string.h>

#include "api/client.h"
#include "base/clock.h"
#include "base/memory.h"
#include "event/visit.h"

/* Sizes of what goes into the one allocation that rd_kafka_metadata_destroy() frees. */
struct layout {
    size_t arrays; /* Aligned to 8 bytes throughout. */
    size_t texts;
};

static size_t aligned(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static struct layout measure(const struct rk_snapshot *snapshot, const char *broker_name)
{
    struct layout layout = {.arrays = aligned(sizeof(rd_kafka_metadata_t))};
    layout.arrays +=
        aligned((size_t)snapshot->broker_count * sizeof(struct rd_kafka_metadata_broker));
    layout.arrays +=
        aligned((size_t)snapshot->topic_count * sizeof(struct rd_kafka_metadata_topic));
    layout.texts = strlen(broker_name) + 1;
    for (int32_t i = 0; i < snapshot->broker_count; i++)
        layout.texts += strlen(snapshot->brokers[i].host) + 1;
    for (int32_t t = 0; t < snapshot->topic_count; t++) {
        const struct rk_snapshot_topic *topic = snapshot->topics[t];
        layout.texts += strlen(topic->name) + 1;
        layout.arrays +=
            aligned((size_t)topic->partition_count * sizeof(struct rd_kafka_metadata_partition));
        for (int32_t p = 0; p < topic->partition_count; p++)
            layout.arrays += aligned((size_t)topic->partitions[p].replica_count * sizeof(int32_t)) +
                             aligned((size_t)topic->partitions[p].isr_count * sizeof(int32_t));
    }
    return layout;
}

struct filler {
    char *arrays, *texts; /* The next free bytes. */
};

static void *take(struct filler *filler, size_t size)
{
    void *memory = filler->arrays;
    filler->arrays += aligned(size);
    return memory;
}

static char *take_text(struct filler *filler, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(filler->texts, text, size);
    filler->texts += size;
    return copy;
}

static int32_t *take_ids(struct filler *filler, const int32_t *ids, int32_t count)
{
    int32_t *copy = take(filler, (size_t)count * sizeof(*ids));
    if (count > 0)
        memcpy(copy, ids, (size_t)count * sizeof(*ids));
    return copy;
}

static void fill_topic(struct filler *filler, struct rd_kafka_metadata_topic *to,
                       const struct rk_snapshot_topic *from)
{
    to->topic = take_text(filler, from->name);
    to->err = from->err;
    to->partition_cnt = from->partition_count;
    to->partitions = take(filler, (size_t)from->partition_count * sizeof(*to->partitions));
    for (int32_t i = 0; i < from->partition_count; i++) {
        const struct rk_snapshot_partition *partition = &from->partitions[i];
        to->partitions[i] = (struct rd_kafka_metadata_partition){
            .id = i,
            .err = partition->err,
            .leader = partition->leader,
            .replica_cnt = partition->replica_count,
            .replicas = take_ids(filler, partition->replicas, partition->replica_count),
            .isr_cnt = partition->isr_count,
            .isrs = take_ids(filler, partition->isrs, partition->isr_count),
        };
    }
}

static const rd_kafka_metadata_t *to_public(const struct rk_snapshot *snapshot)
{
    const struct rk_snapshot_broker *origin =
        rk_snapshot_find_broker(snapshot, snapshot->answered_by);
    char broker_name[300] = "bootstrap";
    if (origin)
        snprintf(broker_name, sizeof(broker_name), "%s:%u/%d", origin->host, origin->port,
                 (int)origin->id);
    struct layout layout = measure(snapshot, broker_name);
    char *memory = rk_app_calloc(1, layout.arrays + layout.texts);
    if (!memory)
        return NULL;
    struct filler filler = {memory, memory + layout.arrays};
    rd_kafka_metadata_t *metadata = take(&filler, sizeof(*metadata));
    metadata->broker_cnt = snapshot->broker_count;
    metadata->brokers = take(&filler, (size_t)snapshot->broker_count * sizeof(*metadata->brokers));
    metadata->topic_cnt = snapshot->topic_count;
    metadata->topics = take(&filler, (size_t)snapshot->topic_count * sizeof(*metadata->topics));
    metadata->orig_broker_id = snapshot->answered_by;
    metadata->orig_broker_name = take_text(&filler, broker_name);
    for (int32_t i = 0; i < snapshot->broker_count; i++)
        metadata->brokers[i] = (struct rd_kafka_metadata_broker){
            .id = snapshot->brokers[i].id,
            .host = take_text(&filler, snapshot->brokers[i].host),
            .port = snapshot->brokers[i].port,
        };
    for (int32_t i = 0; i < snapshot->topic_count; i++)
        fill_topic(&filler, &metadata->topics[i], snapshot->topics[i]);
    return metadata;
}

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics, rd_kafka_topic_t *only_rkt,
                                      const struct rd_kafka_metadata **metadatap, int timeout_ms)
{
    uint64_t deadline_us = rk_deadline_from_ms(rk_clock_now_us(), timeout_ms);
    const char *only = only_rkt ? rk_topic_name(only_rkt) : NULL;
    const char *const *topics = all_topics && !only ? NULL : &only;
    struct rk_snapshot *snapshot;
    struct rk_visit visit;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_metadata()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err =
        rk_cluster_query(rk->cluster, topics, only ? 1 : 0, deadline_us, &snapshot);
    rk_visit_end(&visit);
    if (err)
        return err;
    *metadatap = to_public(snapshot);
    rk_snapshot_release(snapshot);
    return *metadatap ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    rk_app_free((void *)(uintptr_t)metadata);
}

static struct rk_snapshot *wait_snapshot(rd_kafka_t *rk, int timeout_ms)
{
    uint64_t deadline_us = rk_deadline_from_ms(rk_clock_now_us(), timeout_ms);
    struct rk_visit visit;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_clusterid() or rd_kafka_controllerid()"))
        return NULL;
    if (!rk_visit_begin(&visit, rk->core))
        return NULL;
    struct rk_snapshot *snapshot = rk_cluster_wait_snapshot(rk->cluster, deadline_us);
    rk_visit_end(&visit);
    return snapshot;
}

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    struct rk_snapshot *snapshot = wait_snapshot(rk, timeout_ms);
    char *id = snapshot && snapshot->cluster_id ? rk_app_strdup(snapshot->cluster_id) : NULL;
    rk_snapshot_release(snapshot);
    return id;
}

int32_t rd_kafka_controllerid(rd_kafka_t *rk, int timeout_ms)
{
    struct rk_snapshot *snapshot = wait_snapshot(rk, timeout_ms);
    int32_t id = snapshot ? snapshot->controller_id : -1;
    rk_snapshot_release(snapshot);
    return id;
}

int32_t *rd_kafka_brokers_learned_ids(rd_kafka_t *rk, size_t *cntp)
{
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(rk->cluster);
    int32_t *ids = NULL;
    *cntp = 0;
    if (snapshot && snapshot->broker_count > 0)
        ids = rk_app_malloc((size_t)snapshot->broker_count * sizeof(*ids));
    for (int32_t i = 0; ids && i < snapshot->broker_count; i++)
        ids[(*cntp)++] = snapshot->brokers[i].id;
    rk_snapshot_release(snapshot);
    return ids;
}
