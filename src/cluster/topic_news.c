/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * News of topics that brokers' answers bring to background: metadata is out of date, a partition
 * has another leader (KIP-951).
 */
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "runtime/signal.h"

struct refresh_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    rd_kafka_topic_t *topic;
    const char *reason;
};

static void deliver_refresh(struct rk_mail *mail)
{
    struct refresh_mail *self = rk_container_of(mail, struct refresh_mail, mail);
    rk_on_background(self->cluster->background);
    rk_signal_lower(&self->topic->is_refresh_posted);
    rk_metadata_want_topic(&self->cluster->own.metadata, self->topic, self->reason);
    rk_free(self);
}

static void discard_refresh(struct rk_mail *mail)
{
    struct refresh_mail *self = rk_container_of(mail, struct refresh_mail, mail);
    rk_signal_lower(&self->topic->is_refresh_posted);
    rk_free(self);
}

void rk_cluster_post_refresh(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                             const char *reason)
{
    if (rk_signal_raise(&topic->is_refresh_posted))
        return; /* A thousand batches that fail together ask once. */
    struct refresh_mail *self = RK_NEW(struct refresh_mail);
    self->mail.deliver = deliver_refresh;
    self->mail.discard = discard_refresh;
    self->cluster = cluster;
    self->topic = topic;
    self->reason = reason;
    rk_loop_post(cluster->background, &self->mail);
}

void rk_cluster_refresh_brokers(struct rk_cluster *cluster, const char *reason)
{
    rk_metadata_want_all(&cluster->own.metadata, reason);
}

struct hint_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    rd_kafka_topic_t *topic;
    int32_t partition, leader, leader_epoch;
    int32_t endpoint_count;
    struct rk_snapshot_broker endpoints[]; /* Texts owned. */
};

static void discard_hint(struct rk_mail *mail)
{
    struct hint_mail *self = rk_container_of(mail, struct hint_mail, mail);
    for (int32_t i = 0; i < self->endpoint_count; i++) {
        rk_free((char *)(uintptr_t)self->endpoints[i].host);
        rk_free((char *)(uintptr_t)self->endpoints[i].rack);
    }
    rk_free(self);
}

static bool is_news(const struct hint_mail *hint, const struct rk_snapshot *snapshot)
{
    if (hint->leader < 0 || hint->leader_epoch < 0)
        return false;
    const struct rk_snapshot_partition *known = rk_snapshot_find_partition(
        rk_snapshot_find_topic(snapshot, hint->topic->base.name), hint->partition);
    if (!known || known->leader_epoch >= hint->leader_epoch)
        return false;
    if (rk_snapshot_find_broker(snapshot, hint->leader))
        return true;
    for (int32_t i = 0; i < hint->endpoint_count; i++) {
        if (hint->endpoints[i].id == hint->leader)
            return true;
    }
    return false;
}

static void deliver_hint(struct rk_mail *mail)
{
    struct hint_mail *self = rk_container_of(mail, struct hint_mail, mail);
    struct rk_cluster *cluster = self->cluster;
    rk_on_background(cluster->background);
    struct rk_snapshot *moved = NULL;
    if (cluster->own.is_terminating) {
        discard_hint(mail);
        return;
    }
    if (is_news(self, cluster->own.snapshot))
        moved = rk_snapshot_try_move_leader(cluster->own.snapshot, self->topic->base.name,
                                            self->partition, self->leader, self->leader_epoch,
                                            self->endpoints, self->endpoint_count);
    if (moved) {
        rk_cluster_publish(cluster, moved);
        rk_cluster_tell_topic(cluster, self->topic,
                              rk_snapshot_find_topic(moved, self->topic->base.name), moved);
    }
    rk_metadata_want_topic(&cluster->own.metadata, self->topic, "a leader has moved");
    discard_hint(mail);
}

void rk_cluster_post_leader_hint(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                                 int32_t partition, int32_t leader, int32_t leader_epoch,
                                 const struct rk_snapshot_broker *endpoints, int32_t endpoint_count)
{
    struct hint_mail *self =
        rk_calloc(1, sizeof(*self) + (size_t)endpoint_count * sizeof(*endpoints));
    self->mail.deliver = deliver_hint;
    self->mail.discard = discard_hint;
    self->cluster = cluster;
    self->topic = topic;
    self->partition = partition;
    self->leader = leader;
    self->leader_epoch = leader_epoch;
    for (int32_t i = 0; i < endpoint_count; i++) {
        if (endpoints[i].id < 0 || endpoints[i].port == 0 || !endpoints[i].host ||
            !*endpoints[i].host)
            continue; /* As metadata would: no broker. */
        struct rk_snapshot_broker *endpoint = &self->endpoints[self->endpoint_count++];
        *endpoint = endpoints[i];
        endpoint->host = rk_strdup(endpoints[i].host);
        endpoint->rack = rk_strdup_or_null(endpoints[i].rack);
    }
    rk_loop_post(cluster->background, &self->mail);
}
