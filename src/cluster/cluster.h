/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster as a client works with it: topics, brokers, metadata; the entry for everything above.
 *
 * Made and freed by api/client.c. Runs on the background loop; the functions that say so may be
 * called from any thread.
 */
#ifndef RK_CLUSTER_CLUSTER_H
#define RK_CLUSTER_CLUSTER_H

#include "cluster/broker.h"
#include "cluster/snapshot.h"
#include "cluster/topic.h"
#include "runtime/reply.h"

struct rk_cluster;

/*
 * The producer or the consumer above, told what changes. All but `attach` run on background;
 * `attach` too, before the broker's thread starts.
 */
struct rk_cluster_observer {
    /*
     * Metadata about a topic of the registry that the observer may want to act on: after each
     * answer that names it, and after leader hints. `data` is NULL while nothing is known.
     * topic->known is up to date.
     */
    void (*on_topic)(struct rk_cluster_observer *observer, rd_kafka_topic_t *topic,
                     const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot);
    /* A broker is about to get its loop: make its worker, hang connection users on it. */
    void *(*attach)(struct rk_cluster_observer *observer, struct rk_broker *broker);
    /* The broker's loop has ended; frees the worker. */
    void (*detach)(struct rk_cluster_observer *observer, struct rk_broker *broker, void *worker);
    /* Runs on the broker's loop before its end. May be NULL. */
    void (*broker_ending)(void *worker);
};

struct rk_cluster *rk_cluster_new(struct rk_core *core, struct rk_loop *background,
                                  const struct rk_topic_parts *parts);
/* Before the first thread starts. */
void rk_cluster_set_observer(struct rk_cluster *cluster, struct rk_cluster_observer *observer);
/* Posts the first look at the bootstrap servers. Any thread. */
void rk_cluster_post_start(struct rk_cluster *cluster);
/*
 * The first part of the end, while all loops still run: no broker is used any more, and who waits
 * for metadata or offsets gets _DESTROY. Not from an internal thread.
 */
void rk_cluster_terminate(struct rk_cluster *cluster);
/* The second: every request completes with _DESTROY, the brokers' threads end. */
void rk_cluster_stop(struct rk_cluster *cluster);
/* After the background loop has stopped. */
void rk_cluster_destroy(struct rk_cluster *cluster);

struct rk_core *rk_cluster_core(const struct rk_cluster *cluster);
struct rk_loop *rk_cluster_background(const struct rk_cluster *cluster);
struct rk_topic_registry *rk_cluster_topics(struct rk_cluster *cluster);

/* The current snapshot with a reference, or NULL before the first answer. Any thread. */
struct rk_snapshot *rk_cluster_acquire_snapshot(struct rk_cluster *cluster);

/* Somebody needs (newer) metadata of the topic: asked for soon, coalesced, backed off. Any thread.
 */
void rk_cluster_post_refresh(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                             const char *reason);
/* Somebody needs a broker that metadata has not named: asked for soon. */
void rk_cluster_refresh_brokers(struct rk_cluster *cluster, const char *reason) RK_ON_BACKGROUND;
/* A leader hint of a Produce or Fetch answer (KIP-951): acted upon when newer than what is known.
 * Any thread; copies. */
void rk_cluster_post_leader_hint(struct rk_cluster *cluster, rd_kafka_topic_t *topic,
                                 int32_t partition, int32_t leader, int32_t leader_epoch,
                                 const struct rk_snapshot_broker *endpoints,
                                 int32_t endpoint_count);

/* The broker, ready for mail; started when needed; NULL when metadata does not name it or
 * the system has no thread. */
struct rk_broker *rk_cluster_use_broker(struct rk_cluster *cluster, int32_t id) RK_ON_BACKGROUND;

/* "host:port/id" into the text, which it returns; of a broker that metadata does not name "broker
 * <id>", and of -1, the seed, which server it is at. */
const char *rk_cluster_name_broker(const struct rk_cluster *cluster, int32_t id, char *text,
                                   size_t size) RK_ON_BACKGROUND;
/* The same of who answered for metadata last. */
const char *rk_cluster_name_answerer(const struct rk_cluster *cluster, char *text,
                                     size_t size) RK_ON_BACKGROUND;
/* How the seed has failed since it was up last; NULL: it has not. Until the next event. */
const char *rk_cluster_seed_failure(const struct rk_cluster *cluster) RK_ON_BACKGROUND;

/* More bootstrap servers; waits for background. Returns how many were taken. Application threads.
 */
int rk_cluster_add_brokers(struct rk_cluster *cluster, const char *list);

/* Calls `visit` for each broker that has something to do, or may have. */
void rk_cluster_visit_busy(struct rk_cluster *cluster,
                           void (*visit)(struct rk_broker *broker, void *argument),
                           void *argument) RK_ON_BACKGROUND;

/* Calls `visit` for the seed, and for each broker that metadata has named, by id. */
void rk_cluster_visit_brokers(struct rk_cluster *cluster,
                              void (*visit)(struct rk_broker *broker, bool is_seed, void *argument),
                              void *argument) RK_ON_BACKGROUND;

/* Sends to that broker, on its connection for that purpose; fails with _UNKNOWN_BROKER when
 * metadata does not name it. Any thread. takes: request */
void rk_cluster_post_send(struct rk_cluster *cluster, int32_t broker_id, enum rk_purpose purpose,
                          struct rk_request *request);
/* Sends to whichever broker can be reached (least loaded). Any thread. takes: request */
void rk_cluster_post_send_any(struct rk_cluster *cluster, struct rk_request *request);
/* The same, but to another broker than this one, which keeps silent, if there is any. */
void rk_cluster_post_send_other(struct rk_cluster *cluster, int32_t silent_id,
                                struct rk_request *request);
/* Runs `run(argument)` on background, once; `drop(argument)` instead when the client goes away
 * first. Any thread. */
void rk_cluster_post_call(struct rk_cluster *cluster, void (*run)(void *argument),
                          void (*drop)(void *argument), void *argument);

/*
 * Blocking metadata query of an application thread: `topics` NULL: all topics; count 0: those of
 * the registry. The snapshot is what the answer said (one reference, `*answer`), not merged.
 * Errors: _TIMED_OUT, _TRANSPORT, _DESTROY. Application threads only.
 */
rd_kafka_resp_err_t rk_cluster_query(struct rk_cluster *cluster, const char *const *topics,
                                     int count, uint64_t deadline_us, struct rk_snapshot **answer);
/* Waits for the first snapshot; one reference, or NULL at the deadline. Application threads only.
 */
struct rk_snapshot *rk_cluster_wait_snapshot(struct rk_cluster *cluster, uint64_t deadline_us);

#endif
