/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sender: takes batches of the partitions it owns and sends them to one broker.
 *
 * One per broker in use, on the broker's loop, made by rk_producer's observer; and one on
 * background without a broker, the orphans' sender, which owns the partitions that have no leader
 * and only expires them. All functions run on the sender's loop unless they say otherwise.
 */
#ifndef RK_PRODUCER_SENDER_H
#define RK_PRODUCER_SENDER_H

#include "cluster/broker.h"
#include "producer/partition_queue.h"

struct rk_produce_context;
LIST_HEAD(rk_produce_context_list, rk_produce_context);

struct rk_compressor;
struct rk_produce_collection;

struct rk_sender {
    struct rk_connection_user user; /* Of the broker's produce connection. */
    struct rk_producer *producer;
    struct rk_broker *broker; /* NULL: the orphans' sender. */
    struct rk_loop *loop;
    struct rk_mail kick_mail; /* Under way while is_kicked. */
    _Atomic bool is_kicked;
    struct { /* The sender's loop. */
        struct rk_partition_queue_list owned;
        struct rk_partition_queue_list ready;     /* May be sent from now; round robin. */
        struct rk_partition_queue_list lingering; /* By time; wait for linger or back-off. */
        struct rk_produce_context_list in_flight;
        struct rk_timer turn_timer; /* Sends when this turn of the loop has seen its mail. */
        struct rk_timer linger_timer;
        struct rk_timer expiry_timer;
        struct rk_timer silence_timer;
        struct rk_timer give_up_timer; /* Batches of a partition that has moved do not come back. */
        uint64_t next_expiry_us;       /* Not later than the first expiry. */
        struct rk_compressor *compressor;
        struct rk_produce_collection *collection;
        unsigned said_unread_codecs; /* A bit per codec that the broker cannot read. */
        bool is_ended;
    } own;
};

/* `broker` NULL: the orphans'. The loop has not started, or is the caller's. */
struct rk_sender *rk_sender_new(struct rk_producer *producer, struct rk_broker *broker,
                                struct rk_loop *loop);
/* Its loop has ended. */
void rk_sender_destroy(struct rk_sender *sender);
struct rk_loop *rk_sender_loop(const struct rk_sender *sender); /* Any thread. */
/* Any thread: looks at all its queues again, because linger is over (flush). */
void rk_sender_post_kick(struct rk_sender *sender);

/* For partition_queue.c: readies the queue's mail. */
void rk_sender_init_mail(struct rk_partition_queue *queue);

/* For handover.c, on the sender's loop. */
void rk_sender_adopt(struct rk_sender *sender, struct rk_partition_queue *queue) RK_ON_BROKER;
/* The orphans' sender, when background makes a queue. */
void rk_sender_adopt_on_background(struct rk_sender *orphans,
                                   struct rk_partition_queue *queue) RK_ON_BACKGROUND;
/* Forgets the queue; what is in flight stays. With max.in.flight=1 it is given up after a while, so
 * that the new sender can go on. */
void rk_sender_release(struct rk_sender *sender, struct rk_partition_queue *queue) RK_ON_BROKER;

/* For produce_request.c */
/* Looks whether the queue has something to send, now or later. */
void rk_sender_look(struct rk_sender *sender, struct rk_partition_queue *queue, uint64_t now_us);
/* After looking: sends what may be sent now. */
void rk_sender_send(struct rk_sender *sender, uint64_t now_us) RK_ON_BROKER;
/* The loop ends: back-offs and timers no longer matter. */
void rk_sender_end(struct rk_sender *sender);
/* With `queued` all that waits in its queues is reported as purged, with `in_flight` what was sent.
 */
void rk_sender_purge(struct rk_sender *sender, bool queued, bool in_flight) RK_ON_BROKER;

#endif
