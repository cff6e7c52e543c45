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

/* Leaders that have moved */

/* A leader hint: mail, and then in the list of those that are acted upon together. */
struct hint_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    rd_kafka_topic_t *topic;
    struct rk_leader_hint hint;
    struct rk_snapshot_broker endpoints[]; /* Texts owned. */
};

static struct hint_mail *hint_of(struct rk_mail *mail)
{
    return rk_container_of(mail, struct hint_mail, mail);
}

static void discard_hint(struct rk_mail *mail)
{
    struct hint_mail *self = hint_of(mail);
    for (int32_t i = 0; i < self->hint.endpoint_count; i++) {
        rk_free((char *)(uintptr_t)self->endpoints[i].host);
        rk_free((char *)(uintptr_t)self->endpoints[i].rack);
    }
    rk_free(self);
}

static bool is_news(const struct rk_leader_hint *hint, const struct rk_snapshot *snapshot)
{
    if (hint->leader < 0 || hint->leader_epoch < 0)
        return false;
    const struct rk_snapshot_partition *known =
        rk_snapshot_find_partition(rk_snapshot_find_topic(snapshot, hint->topic), hint->partition);
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

/* The snapshot with all that is news in the hints, whose topics are marked; NULL: nothing is. */
static struct rk_snapshot *apply_hints(struct rk_cluster *cluster) RK_ON_BACKGROUND
{
    struct rk_mail *mail;
    int count = 0, news = 0;
    STAILQ_FOREACH (mail, &cluster->own.hints, link) {
        count++;
    }
    struct rk_leader_hint *hints = rk_try_malloc((size_t)count * sizeof(*hints));
    if (!hints)
        return NULL;
    STAILQ_FOREACH (mail, &cluster->own.hints, link) {
        const struct hint_mail *self = hint_of(mail);
        if (!is_news(&self->hint, cluster->own.snapshot))
            continue;
        hints[news++] = self->hint;
        self->topic->known.is_hinted = true;
    }
    struct rk_snapshot *moved =
        news > 0 ? rk_snapshot_try_move_leaders(cluster->own.snapshot, hints, news) : NULL;
    rk_free(hints);
    return moved;
}

/* A topic's news is told once, however many of its leaders have moved. */
static void tell_hinted(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                        const struct rk_snapshot *moved) RK_ON_BACKGROUND
{
    bool is_hinted = topic->known.is_hinted;
    topic->known.is_hinted = false;
    if (is_hinted && moved)
        rk_cluster_tell_topic(cluster, topic, rk_snapshot_find_topic(moved, topic->base.name),
                              moved);
    if (!topic->known.is_wanted_again)
        rk_metadata_want_topic(&cluster->own.metadata, topic, "a leader has moved");
}

/* All hints that came in this turn of the loop, as those of one answer do: a snapshot is copied as
 * a whole. */
static void on_hints(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_cluster *cluster = rk_container_of(timer, struct rk_cluster, own.hint_timer);
    rk_on_background(cluster->background);
    (void)now_us;
    struct rk_snapshot *moved = apply_hints(cluster);
    if (moved)
        rk_cluster_publish(cluster, moved);
    struct rk_mail *mail;
    while ((mail = STAILQ_FIRST(&cluster->own.hints)) != NULL) {
        STAILQ_REMOVE_HEAD(&cluster->own.hints, link);
        tell_hinted(cluster, hint_of(mail)->topic, moved);
        discard_hint(mail);
    }
}

void rk_leader_hints_init(struct rk_cluster *cluster)
{
    STAILQ_INIT(&cluster->own.hints);
    rk_timer_init(&cluster->own.hint_timer, on_hints);
}

void rk_leader_hints_terminate(struct rk_cluster *cluster)
{
    struct rk_mail *mail;
    rk_loop_stop_timer(cluster->background, &cluster->own.hint_timer);
    while ((mail = STAILQ_FIRST(&cluster->own.hints)) != NULL) {
        STAILQ_REMOVE_HEAD(&cluster->own.hints, link);
        discard_hint(mail);
    }
}

static void deliver_hint(struct rk_mail *mail)
{
    struct rk_cluster *cluster = hint_of(mail)->cluster;
    rk_on_background(cluster->background);
    if (cluster->own.is_terminating) {
        discard_hint(mail);
        return;
    }
    STAILQ_INSERT_TAIL(&cluster->own.hints, mail, link);
    rk_loop_start_timer(cluster->background, &cluster->own.hint_timer, 0);
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
    self->hint = (struct rk_leader_hint){.topic = topic->base.name,
                                         .partition = partition,
                                         .leader = leader,
                                         .leader_epoch = leader_epoch,
                                         .endpoints = self->endpoints};
    for (int32_t i = 0; i < endpoint_count; i++) {
        if (endpoints[i].id < 0 || endpoints[i].port == 0 || !endpoints[i].host ||
            !*endpoints[i].host)
            continue; /* As metadata would: no broker. */
        struct rk_snapshot_broker *endpoint = &self->endpoints[self->hint.endpoint_count++];
        *endpoint = endpoints[i];
        endpoint->host = rk_strdup(endpoints[i].host);
        endpoint->rack = rk_strdup_or_null(endpoints[i].rack);
    }
    rk_loop_post(cluster->background, &self->mail);
}
