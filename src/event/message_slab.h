/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slabs: where consumed messages live, 64 together.
 *
 * A slab holds one reference on the bytes its messages point into and one on their topic. Its
 * single count goes down with each message that is destroyed, in any order, by any thread, also
 * after the client has gone; the last one gives the slab back to its pool. The batch event that
 * fills it owns the rest of the count until it closes the slab.
 */
#ifndef RK_EVENT_MESSAGE_SLAB_H
#define RK_EVENT_MESSAGE_SLAB_H

#include <stdatomic.h>

#include "base/block.h"
#include "event/message.h"
#include "runtime/thread.h"

#define RK_SLAB_MESSAGES 64

struct rk_room;
struct rk_slab_pool; /* Counted: by the consumer, its events, and the slabs that are out. */

struct rk_message_slab {
    _Atomic uint32_t references;
    uint32_t capacity;
    struct rk_room *room;      /* Borrowed from the event. */
    struct rk_slab_pool *pool; /* Counted while the slab is out. */
    struct rk_block *block;
    rd_kafka_topic_t *topic;
    struct rk_message_slab *next; /* In the pool. */
    int32_t broker_id;            /* As they stand in all its messages. */
    int32_t leader_epoch;
    uint8_t timestamp_type;
    struct rk_message messages[];
};

struct rk_slab_pool *rk_slab_pool_new(void);
struct rk_slab_pool *rk_slab_pool_acquire(struct rk_slab_pool *pool);
void rk_slab_pool_release(struct rk_slab_pool *pool);

/* A slab for messages of these bytes and topic (takes references), filled in as far as all consumed
 * messages are alike. `count`: messages of the whole batch, so that a small one does not pin a
 * large slab. */
struct rk_message_slab *rk_message_slab_new(struct rk_slab_pool *pool, struct rk_block *block,
                                            rd_kafka_topic_t *topic, size_t count);
/* Writes into all messages what those of one batch have in common, unless it stands there from the
 * last time. */
void rk_message_slab_set_common(struct rk_message_slab *slab, int32_t broker_id,
                                int32_t leader_epoch, uint8_t timestamp_type);
/* The first `used` messages were handed out and no more will be. */
void rk_message_slab_close(struct rk_message_slab *slab, uint32_t used);

/* The holder of every message of a slab; holder_data is the slab. */
extern const struct rk_message_holder rk_message_slab_holder;

#endif
