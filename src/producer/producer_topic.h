/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a producer keeps per topic: the table of its partitions' queues, and the messages that wait
 * until it is known.
 *
 * Hangs on the topic and is freed with it. The table is read without lock or count: it is replaced
 * when partitions are added, and old ones are kept until the end; queues never move. While there is
 * no table, messages are staged, in order; the table is published in the critical section that
 * finds staging empty, so that no later message overtakes an earlier one.
 */
#ifndef RK_PRODUCER_PRODUCER_TOPIC_H
#define RK_PRODUCER_PRODUCER_TOPIC_H

#include <stdatomic.h>

#include "base/window.h"
#include "cluster/snapshot.h"
#include "cluster/topic.h"
#include "producer/partition_queue.h"
#include "producer/partitioner.h"

struct rk_producer;
struct rk_produce;

struct rk_partition_table {
    struct rk_partition_table *older;
    int32_t capacity;      /* Queues it has, */
    _Atomic int32_t count; /* and partitions the topic has: fewer once it was made again. */
    struct rk_partition_queue *queues[];
};

/* One message without a partition yet; everything owned, but for a value that was passed without
 * F_COPY. */
struct rk_staged {
    STAILQ_ENTRY(rk_staged) link;
    struct rk_new_record record;
    int32_t partition;
    char bytes[]; /* Key and copied value. */
};

STAILQ_HEAD(rk_staged_list, rk_staged);

struct rk_producer_topic {
    struct rk_producer *producer;
    rd_kafka_topic_t *topic;
    enum rk_partitioner partitioner;
    int32_t
        spreads_up_to; /* Keys of this size and below are not hashed; -1: only NULL, -2: none. */
    bool sticks;       /* Messages that go to a random partition go to the same one for a while. */
    _Atomic(struct rk_partition_table *) table; /* NULL: not known yet. */
    _Atomic(struct rk_partition_table *)
        coming;                       /* The same, or the next while what was staged goes there. */
    _Atomic int missing_err;          /* Why there is no such topic; 0: there is, or may be. */
    _Atomic int32_t sticky_partition; /* -1: none yet. */
    _Atomic uint64_t sticky_until_us;
    _Atomic uint64_t ask_again_us; /* While it is missing: when to ask for it once more. */
    struct rk_mutex mutex;         /* RK_RANK_PARTITION: staging. */
    struct {
        struct rk_staged_list staged;
        struct rk_window batch_bytes, batch_messages; /* Of batches sent. */
    } shared;
    struct rk_partition_table *unpublished; /* Background: waits for memory to route into it. */
    SLIST_ENTRY(rk_producer_topic) staging_link; /* Background: those with staged messages. */
    bool is_staging;                             /* Background. */
    struct rk_silence silence;                   /* Background: of what is staged. */
};

/* The registry's hooks. */
void rk_producer_topic_init(void *producer, rd_kafka_topic_t *topic);
void rk_producer_topic_clear(rd_kafka_topic_t *topic);

/* Any thread: into its partition, or staged. */
rd_kafka_resp_err_t rk_producer_topic_add(struct rk_producer_topic *self,
                                          const struct rk_new_record *record, int32_t partition);
bool rk_producer_topic_is_available(const struct rk_producer_topic *self, int32_t partition);

/* Background: the topic has that many partitions, with the leaders that `data` knows. Makes or
 * extends the table, routes what was staged, fails what waits in partitions that are gone. */
void rk_producer_topic_publish(struct rk_producer_topic *self, int32_t partition_count,
                               const struct rk_snapshot_topic *data) RK_ON_BACKGROUND;
/* Background: there is no such topic (any more); fails what is staged or queued. */
void rk_producer_topic_set_missing(struct rk_producer_topic *self,
                                   rd_kafka_resp_err_t err) RK_ON_BACKGROUND;
/* Background: reports as purged what is staged or queued, whoever owns the queues. */
void rk_producer_topic_purge(struct rk_producer_topic *self);
/* Background, orphans' sender: fails what was staged too long ago in any topic; when the next one
 * expires. */
uint64_t rk_producer_expire_staged(struct rk_producer *producer, uint64_t now_us) RK_ON_BACKGROUND;
/* Everything gone without reports; returns how many messages. */
int64_t rk_producer_topic_drop(struct rk_producer_topic *self);

#endif
