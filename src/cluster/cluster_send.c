/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which broker gets a request that was given to the cluster. On background, which the requests of
 * other threads reach as mail.
 */
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "cluster/cluster_private.h"

void rk_cluster_send(struct rk_cluster *cluster, int32_t broker_id, enum rk_purpose purpose,
                     struct rk_request *request)
{
    if (cluster->own.is_terminating) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
        return;
    }
    struct rk_broker *broker = rk_cluster_use_broker(cluster, broker_id);
    if (!broker)
        rk_request_fail(request, RD_KAFKA_RESP_ERR__UNKNOWN_BROKER,
                        "broker %d is not known, or cannot be given a thread", (int)broker_id);
    else
        rk_broker_post_send(broker, purpose, request);
}

/* Of those that are connected one with the least requests under way, at random. */
static struct rk_broker *any_connected(const struct rk_cluster *cluster)
{
    struct rk_broker *chosen = NULL;
    uint64_t least = UINT64_MAX;
    uint32_t seen = 0;
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        struct rk_broker *broker = cluster->own.brokers.items[i];
        if (!broker->known.is_started ||
            atomic_load_explicit(&broker->stats.up_connections, memory_order_relaxed) <= 0)
            continue;
        uint64_t count =
            atomic_load_explicit(&broker->stats.requests_in_flight, memory_order_relaxed);
        if (count < least)
            seen = 0;
        if (count <= least && rk_random_below(++seen) == 0)
            chosen = broker;
        least = RK_MIN(least, count);
    }
    return chosen;
}

int32_t rk_cluster_send_any(struct rk_cluster *cluster, struct rk_request *request)
{
    if (cluster->own.is_terminating) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
        return -1;
    }
    struct rk_broker *broker = any_connected(cluster);
    if (broker) {
        rk_broker_post_send(broker, RK_PURPOSE_GENERAL, request);
        return broker->id;
    }
    if (rk_seed_is_empty(&cluster->own.seed, cluster->own.snapshot)) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__TRANSPORT, "no bootstrap.servers configured");
        return -1;
    }
    rk_broker_post_send(cluster->own.seed.broker, RK_PURPOSE_GENERAL, request);
    return -1;
}

static bool was_asked(int32_t broker_id, const int32_t *asked, int asked_count)
{
    for (int i = 0; i < asked_count; i++) {
        if (asked[i] == broker_id)
            return true;
    }
    return false;
}

struct rk_broker *rk_cluster_use_other(struct rk_cluster *cluster, const int32_t *asked,
                                       int asked_count)
{
    struct rk_seed *seed = &cluster->own.seed;
    const struct rk_broker *chosen = NULL;
    bool seed_was_asked = was_asked(-1, asked, asked_count), is_up = false;
    uint32_t seen = 0;
    for (int i = 0; i < cluster->own.brokers.count; i++) {
        const struct rk_broker *broker = cluster->own.brokers.items[i];
        bool is_seed = seed_was_asked && broker->known.port == seed->broker->own.port &&
                       strcmp(broker->known.host, seed->broker->own.host) == 0;
        if (!broker->known.is_named || is_seed || was_asked(broker->id, asked, asked_count))
            continue;
        bool up = atomic_load_explicit(&broker->stats.up_connections, memory_order_relaxed) > 0;
        if (is_up && !up)
            continue;
        seen = up && !is_up ? 0 : seen;
        is_up |= up;
        if (rk_random_below(++seen) == 0)
            chosen = broker;
    }
    if (!chosen && seed_was_asked)
        rk_seed_leave_silent(seed, cluster->own.snapshot);
    return chosen ? rk_cluster_use_broker(cluster, chosen->id) : NULL;
}

static void send_other(struct rk_cluster *cluster, int32_t silent_id,
                       struct rk_request *request) RK_ON_BACKGROUND RK_ON_BROKER
{
    struct rk_broker *broker = cluster->own.is_terminating || silent_id < 0
                                   ? NULL
                                   : rk_cluster_use_other(cluster, &silent_id, 1);
    if (broker)
        rk_broker_post_send(broker, RK_PURPOSE_GENERAL, request);
    else
        rk_cluster_send_any(cluster, request);
}

struct send_mail {
    struct rk_mail mail;
    struct rk_cluster *cluster;
    int32_t broker_id; /* -1: any. */
    int32_t silent_id; /* Rather another than this; -1. */
    enum rk_purpose purpose;
    struct rk_request *request;
};

static void deliver_send(struct rk_mail *mail)
{
    struct send_mail *self = rk_container_of(mail, struct send_mail, mail);
    rk_on_background(self->cluster->background);
    rk_on_broker(self->cluster->background); /* The seed runs here. */
    if (self->broker_id >= 0)
        rk_cluster_send(self->cluster, self->broker_id, self->purpose, self->request);
    else
        send_other(self->cluster, self->silent_id, self->request);
    rk_free(self);
}

static void discard_send(struct rk_mail *mail)
{
    struct send_mail *self = rk_container_of(mail, struct send_mail, mail);
    rk_request_fail(self->request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
    rk_free(self);
}

static void post_send(struct rk_cluster *cluster, const struct send_mail *settings)
{
    struct send_mail *self = RK_NEW(struct send_mail);
    *self = *settings;
    self->mail.deliver = deliver_send;
    self->mail.discard = discard_send;
    self->cluster = cluster;
    rk_loop_post(cluster->background, &self->mail);
}

void rk_cluster_post_send(struct rk_cluster *cluster, int32_t broker_id, enum rk_purpose purpose,
                          struct rk_request *request)
{
    post_send(cluster,
              &(struct send_mail){
                  .broker_id = broker_id, .silent_id = -1, .purpose = purpose, .request = request});
}

void rk_cluster_post_send_any(struct rk_cluster *cluster, struct rk_request *request)
{
    rk_cluster_post_send_other(cluster, -1, request);
}

void rk_cluster_post_send_other(struct rk_cluster *cluster, int32_t silent_id,
                                struct rk_request *request)
{
    post_send(cluster, &(struct send_mail){.broker_id = -1,
                                           .silent_id = silent_id,
                                           .purpose = RK_PURPOSE_GENERAL,
                                           .request = request});
}
