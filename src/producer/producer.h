/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The producer: from produce() to the delivery report.
 *
 * Made and freed by api/client.c. rk_producer_add runs on application threads; the rest of the work
 * on the brokers' senders and on background.
 */
#ifndef RK_PRODUCER_PRODUCER_H
#define RK_PRODUCER_PRODUCER_H

#include <stdatomic.h>

#include "cluster/cluster.h"
#include "producer/batch.h"
#include "producer/producer_topic.h"
#include "producer/sender.h"

struct rk_producer_limits {
    uint32_t batch_size;    /* min(batch.size, message.max.bytes - header), header included. */
    uint32_t batch_records; /* batch.num.messages */
    uint32_t message_size;  /* message.max.bytes */
    size_t copy_size;       /* message.copy.max.bytes */
    uint64_t linger_us;
    int64_t queue_messages; /* 0: no limit. */
    int64_t queue_bytes;
};

struct rk_producer {
    struct rk_core *core;
    struct rk_cluster *cluster;
    struct rk_cluster_observer observer;
    _Atomic int references; /* The client's, and one per batch. */
    struct rk_producer_limits limits;
    struct rk_segment_pool pool;
    struct rk_batch_pool batches;
    struct rk_sender *orphans;               /* On background: expires what has no leader. */
    SLIST_HEAD(, rk_producer_topic) staging; /* Background: topics with staged messages. */
    _Atomic int64_t queued_messages;         /* Until their reports are served. */
    _Atomic int64_t queued_bytes;
    _Atomic int blocked;   /* Threads that wait for room, or for the end of everything. */
    _Atomic int flushing;  /* Threads in flush: linger is ignored. */
    struct rk_mutex mutex; /* RK_RANK_REPLY */
    struct rk_condition room;
};

struct rk_producer *rk_producer_new(struct rk_core *core);
/* Hooks for the topic registry. */
struct rk_topic_parts rk_producer_topic_parts(struct rk_producer *producer);
void rk_producer_start(struct rk_producer *producer, struct rk_cluster *cluster);
/* After all loops have ended: whatever is left is dropped without reports. Returns how many
 * messages that were. */
int64_t rk_producer_drop_all(struct rk_producer *producer);
struct rk_producer *rk_producer_acquire(struct rk_producer *producer);
void rk_producer_release(struct rk_producer *producer);
/* Background, while it ends: the orphans' sender stops. */
void rk_producer_terminate(struct rk_producer *producer);

/*
 * A message to produce. Borrowed, but for a value with F_FREE, which success takes. Of the record,
 * whoever produces sets value, key, headers, timestamp_ms (0: now), opaque and flags.
 */
struct rk_produce {
    rd_kafka_topic_t *topic;
    int32_t partition;
    struct rk_new_record record;
    size_t key_size, value_size; /* As given: the record's are set from these when they are found to
                                    be possible. */
};

/* For interceptors: told of a message that there is room for, before it has a partition, and may
 * change its headers; and told when it is not queued after all. */
struct rk_produce_watcher {
    void (*admitted)(void *argument, struct rk_produce *produce);
    void (*refused)(void *argument, rd_kafka_resp_err_t err);
    void *argument;
};

/* Application threads; `watcher` is NULL when nobody watches. Errors: MSG_SIZE_TOO_LARGE,
 * _QUEUE_FULL, _UNKNOWN_TOPIC, _UNKNOWN_PARTITION, _FATAL, _CRIT_SYS_RESOURCE, _DESTROY */
rd_kafka_resp_err_t rk_producer_add(struct rk_producer *producer, struct rk_produce *produce,
                                    const struct rk_produce_watcher *watcher);

/* Room is given back: when a report was served, or none is wanted. Any thread. */
void rk_producer_return_credit(struct rk_producer *producer, int64_t messages, int64_t bytes);
/* Until nothing is queued, or the deadline: serves reports meanwhile unless they come as events.
 * _TIMED_OUT. Application threads. */
rd_kafka_resp_err_t rk_producer_flush(struct rk_producer *producer, uint64_t deadline_us);
/* RD_KAFKA_PURGE_F_*. */
rd_kafka_resp_err_t rk_producer_purge(struct rk_producer *producer, int flags);

/* A fatal error was raised: what waits is reported as purged. Any thread. */
void rk_producer_on_fatal(struct rk_producer *producer);

/* For destroy: threads that wait for room give up. */
void rk_producer_wake_blocked(struct rk_producer *producer);
/* Messages queued and not reported. Any thread. */
int64_t rk_producer_queued(const struct rk_producer *producer);
/* Stops or resumes sending a partition's messages. _UNKNOWN_PARTITION when it is not known. Any
 * thread. */
rd_kafka_resp_err_t rk_producer_pause(rd_kafka_topic_t *topic, int32_t partition, bool is_paused);

#endif
