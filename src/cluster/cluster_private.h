/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the cluster share: cluster.c (its life, snapshots), broker_table.c (brokers,
 * and their connections' ups and downs), broker_thread.c (their threads), cluster_send.c
 * (requests), topic_news.c (what answers tell about topics), metadata.c (the refresh machine),
 * metadata_query.c (blocking queries), offset_requests.c (ListOffsets), seed.c (the way in).
 */
#ifndef RK_CLUSTER_CLUSTER_PRIVATE_H
#define RK_CLUSTER_CLUSTER_PRIVATE_H

#include "cluster/cluster.h"
#include "cluster/metadata.h"
#include "cluster/seed.h"
#include "net/resolver.h"

struct rk_metadata_query;
LIST_HEAD(rk_metadata_query_list, rk_metadata_query);
struct rk_offset_job;
LIST_HEAD(rk_offset_job_list, rk_offset_job);

struct rk_broker_table {
    struct rk_broker **items; /* By id, ascending. */
    int count, capacity;
};

struct rk_cluster {
    struct rk_core *core;
    struct rk_loop *background;
    struct rk_cluster_observer *observer;
    struct rk_resolver *resolver;
    struct rk_topic_registry topics;
    struct rk_mutex mutex; /* RK_RANK_REPLY */
    struct rk_condition snapshot_changed;
    _Atomic bool connection_change_posted;
    struct {
        struct rk_snapshot *snapshot; /* NULL before the first answer. */
        bool is_terminating;          /* Who waits for a snapshot gives up. */
    } shared;
    struct {                          /* Background. */
        struct rk_snapshot *snapshot; /* The same, with a reference of its own. */
        struct rk_broker_table brokers;
        struct rk_seed seed;
        struct rk_metadata metadata;
        struct rk_metadata_query_list queries;
        struct rk_offset_job_list offset_jobs;
        struct rk_mail_list hints;  /* Leader hints that were not acted upon yet, */
        struct rk_timer hint_timer; /* and when that is done. */
        bool offsets_lack_epochs;   /* A broker's ListOffsets answers with epochs made no sense. */
        bool is_terminating;
        bool said_all_down; /* _ALL_BROKERS_DOWN was raised and no connection came up since. */
    } own;
};

struct rk_resolver *rk_cluster_resolver(struct rk_cluster *cluster);
/* takes: snapshot. Publishes it and updates the brokers. */
void rk_cluster_publish(struct rk_cluster *cluster, struct rk_snapshot *snapshot) RK_ON_BACKGROUND;
void rk_cluster_update_brokers(struct rk_cluster *cluster,
                               const struct rk_snapshot *snapshot) RK_ON_BACKGROUND;
/* Tells the observer; `data` NULL: nothing is known. */
void rk_cluster_tell_topic(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                           const struct rk_snapshot_topic *data,
                           const struct rk_snapshot *snapshot) RK_ON_BACKGROUND;
/* Returns whom it was sent to; -1: the seed, or nobody. takes: request */
int32_t rk_cluster_send_any(struct rk_cluster *cluster,
                            struct rk_request *request) RK_ON_BACKGROUND;
/* Somebody to ask besides those who keep silent (-1: the seed): a broker at another address,
 * connected if there is one, or else at random. NULL: there is none, and the seed, if it was asked,
 * may have gone on to its next address; then requests given to it fail. */
struct rk_broker *rk_cluster_use_other(struct rk_cluster *cluster, const int32_t *asked,
                                       int asked_count) RK_ON_BACKGROUND RK_ON_BROKER;
void rk_cluster_send(struct rk_cluster *cluster, int32_t broker_id, enum rk_purpose purpose,
                     struct rk_request *request) RK_ON_BACKGROUND;
/* Closes all connections and begins anew with the bootstrap servers, unless
 * metadata.recovery.strategy forbids it. */
void rk_cluster_rebootstrap(struct rk_cluster *cluster, const char *reason) RK_ON_BACKGROUND;
/* Any thread: a connection of the broker came up or failed. */
void rk_cluster_post_connection_change(struct rk_cluster *cluster);

void rk_metadata_queries_terminate(struct rk_cluster *cluster) RK_ON_BACKGROUND;
void rk_leader_hints_init(struct rk_cluster *cluster);
void rk_leader_hints_terminate(struct rk_cluster *cluster) RK_ON_BACKGROUND;
/* Leaders may be known now: those that wait ask at once. */
void rk_offset_jobs_on_snapshot(struct rk_cluster *cluster) RK_ON_BACKGROUND;
void rk_offset_jobs_terminate(struct rk_cluster *cluster) RK_ON_BACKGROUND;

#endif
