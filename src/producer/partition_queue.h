/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue of one partition: the open batch that produce() writes into, and the sealed ones behind
 * it.
 *
 * Made with its topic's partition table and freed with the topic. Under its lock
 * (RK_RANK_PARTITION): batches, and which loop may take them. Everything in `own` belongs to the
 * sender that `shared.sender` names; background decides who that is: see handover.h. A post that
 * reaches a sender which is not (any more) the queue's is ignored; whoever adopts the queue looks
 * into it whatever the flag says.
 */
#ifndef RK_PRODUCER_PARTITION_QUEUE_H
#define RK_PRODUCER_PARTITION_QUEUE_H

#include "base/types.h"
#include "cluster/reason.h"
#include "producer/batch.h"
#include "runtime/mailbox.h"

struct rk_sender;

struct rk_partition_queue {
    rd_kafka_topic_t *topic; /* Borrowed: the queue lives in it. */
    int32_t partition;
    struct rk_producer *producer;
    _Atomic bool has_leader; /* As last heard; for partitioners. */
    /* Whose loop may sleep on with our mail until linger is over; NULL: it is urgent, or has
     * arrived. Written under the lock. */
    _Atomic(struct rk_sender *) told_sometime;
    struct rk_mutex mutex;
    struct rk_partition_queue_shared {
        struct rk_batch_list batches; /* By number; the last may be open. */
        struct rk_batch *open;        /* Last in `batches`, or NULL. */
        uint64_t next_number;
        struct rk_sender *sender;       /* Who may take batches. */
        bool is_posted;                 /* The sender has been told and has not looked yet. */
        rd_kafka_resp_err_t closed_err; /* Why nothing more is taken: the partition is gone. */
        bool is_paused;                 /* rd_kafka_pause_partitions */
        int in_flight;                  /* Batches taken and not given back. */
        /* While nothing was stored since the leader changed or a batch came back, one batch at a
         * time is sent, so that others do not pass it if it comes back too. */
        bool is_trusted;
        const struct rk_batch *trial; /* That one, while it is under way; only compared. */
        uint32_t sealed_count;
    } shared;
    struct { /* The sender's loop. */
        TAILQ_ENTRY(rk_partition_queue) owned_link;
        TAILQ_ENTRY(rk_partition_queue) ready_link;
        TAILQ_ENTRY(rk_partition_queue) linger_link;
        bool is_adopted; /* In the sender's list of what it owns. */
        bool is_ready, is_lingering;
        uint64_t linger_until_us;
        struct rk_uuid topic_id; /* Zero: unknown. */
        struct rk_silence silence;
        uint64_t acknowledged; /* When it was looked at last for silence. */
    } own;
    struct {                          /* Background. */
        int32_t leader;               /* Wanted: -1 none. */
        uint64_t leaderless_since_us; /* 0: it has one, or is not known. */
        int32_t leader_epoch;
        struct rk_sender *current; /* Who owns it, or is about to. */
        struct rk_uuid topic_id;   /* What the sender knows, or is about to. */
        bool is_moving;            /* A release was posted and is not answered. */
    } known;
    struct { /* Relaxed; added to by whoever has the batch. */
        _Atomic uint64_t sent_messages, sent_bytes; /* Those sent again count again. */
        _Atomic uint64_t reported_messages, acknowledged_messages;
        _Atomic int64_t in_flight_messages; /* Not reported. */
    } stats;
    struct rk_mail ready_mail; /* Under way while shared.is_posted. */
    struct rk_mail move_mail;  /* release, released or adopt: one at a time. */
    struct {                   /* Of the mail under way. */
        struct rk_sender *from, *to;
        struct rk_uuid topic_id;
        _Atomic bool is_adopting; /* Adopt has not arrived. */
    } moving;
};

TAILQ_HEAD(rk_partition_queue_list, rk_partition_queue);

struct rk_partition_queue *rk_partition_queue_new(struct rk_producer *producer,
                                                  rd_kafka_topic_t *topic, int32_t partition,
                                                  struct rk_sender *sender);
/* No loop knows it any more; drops what is in it without reports. Returns how many messages that
 * were. */
int64_t rk_partition_queue_drop(struct rk_partition_queue *queue);
void rk_partition_queue_destroy(struct rk_partition_queue *queue);

struct rk_partition_queue_shared *rk_partition_queue_lock(struct rk_partition_queue *queue)
    RK_ACQUIRES(queue->mutex);
void rk_partition_queue_unlock(struct rk_partition_queue *queue) RK_RELEASES(queue->mutex);

/* Takes nothing more, and answers with that error; 0: takes again. Any thread. */
void rk_partition_queue_close(struct rk_partition_queue *queue, rd_kafka_resp_err_t err);
rd_kafka_resp_err_t rk_partition_queue_closed_err(struct rk_partition_queue *queue);

/*
 * Any thread: writes the record into the open batch, sealing full ones, and tells the sender when
 * there is something new for it. Errors: that of a closed queue, _CRIT_SYS_RESOURCE.
 */
rd_kafka_resp_err_t rk_partition_queue_append(struct rk_partition_queue *queue,
                                              const struct rk_new_record *record);

/*
 * Under the lock: the batch to be sent next, and in `*due_us` when: the oldest; with
 * queuing.strategy=lifo the newest that is due, or the one that is due first. NULL: there is none.
 */
struct rk_batch *rk_partition_queue_next(const struct rk_partition_queue *queue,
                                         const struct rk_partition_queue_shared *shared,
                                         uint64_t now_us, uint64_t *due_us);

enum rk_take {
    RK_TAKE_BATCH,
    RK_TAKE_LAST_BATCH, /* The same; nothing is left. */
    RK_TAKE_NOTHING,    /* Empty, paused, or not due yet. */
    RK_TAKE_TOO_LARGE,  /* For what is left of this request. */
    RK_TAKE_WAIT,       /* As many are under way as may be: the sender is told when that ends. */
};

struct rk_take_limits {
    uint64_t now_us;
    size_t size;
    int in_flight;
};

/* The sender: takes out the next batch, sealing it, if the limits allow. Counts as in flight. */
enum rk_take rk_partition_queue_take(struct rk_partition_queue *queue,
                                     const struct rk_take_limits *limits, struct rk_batch **batch);
/* A batch that was taken comes back, to its place by number. Tells the sender. Any thread. */
void rk_partition_queue_give_back(struct rk_partition_queue *queue, struct rk_batch *batch);
/* The same for a batch that was split meanwhile. */
void rk_partition_queue_give_back_halves(struct rk_partition_queue *queue, struct rk_batch *head,
                                         struct rk_batch *rest);
/* A batch that was taken is done with, stored or not. Tells the sender when it may have waited for
 * that: it was on trial, or nothing else is under way (max.in.flight=1). */
void rk_partition_queue_forget(struct rk_partition_queue *queue, const struct rk_batch *batch,
                               bool was_stored);
/* Under the lock, when it has a new sender: the next batch is on trial. */
void rk_partition_queue_distrust(struct rk_partition_queue_shared *shared);
/* Takes out everything, open or not. */
void rk_partition_queue_take_all(struct rk_partition_queue *queue, struct rk_batch_list *batches);
/* Tells the sender to look, unless it was told already. Any thread, queue not locked. */
void rk_partition_queue_post_ready(struct rk_partition_queue *queue);

#endif
