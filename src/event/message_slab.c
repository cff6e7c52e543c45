/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/message_slab.h"

#include "base/assert.h"
#include "base/memory.h"
#include "event/topic.h"

#define POOL_LIMIT 128 /* Slabs kept for reuse, 11 KB each. */

struct rk_slab_pool {
    _Atomic uint32_t references;
    struct rk_mutex mutex; /* RK_RANK_POOL */
    struct {
        struct rk_message_slab *first; /* Last in, first out: the warmest. */
        int count;
    } shared;
};

struct rk_slab_pool *rk_slab_pool_new(void)
{
    struct rk_slab_pool *pool = RK_NEW(struct rk_slab_pool);
    atomic_init(&pool->references, 1);
    rk_mutex_init(&pool->mutex, RK_RANK_POOL);
    return pool;
}

struct rk_slab_pool *rk_slab_pool_acquire(struct rk_slab_pool *pool)
{
    atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
    return pool;
}

void rk_slab_pool_release(struct rk_slab_pool *pool)
{
    if (!pool || atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1)
        return;
    struct rk_message_slab *slab;
    while ((slab = pool->shared.first) != NULL) {
        pool->shared.first = slab->next;
        rk_free(slab);
    }
    rk_mutex_clear(&pool->mutex);
    rk_free(pool);
}

static struct rk_message_slab *take_pooled(struct rk_slab_pool *pool)
{
    rk_mutex_lock(&pool->mutex);
    struct rk_message_slab *slab = pool->shared.first;
    if (slab) {
        pool->shared.first = slab->next;
        pool->shared.count--;
    }
    rk_mutex_unlock(&pool->mutex);
    return slab;
}

static struct rk_message_slab *allocate(size_t capacity)
{
    struct rk_message_slab *slab = rk_malloc(sizeof(*slab) + capacity * sizeof(slab->messages[0]));
    slab->capacity = (uint32_t)capacity;
    for (size_t i = 0; i < capacity; i++)
        slab->messages[i] = (struct rk_message){
            .holder = &rk_message_slab_holder,
            .holder_data = slab,
            .latency_us = -1,
            .delivery_count = -1,
            .kind = RK_MESSAGE_CONSUMED,
            .status = RD_KAFKA_MSG_STATUS_PERSISTED,
        };
    slab->broker_id = slab->leader_epoch = 0; /* As in the messages. */
    slab->timestamp_type = 0;
    return slab;
}

void rk_message_slab_set_common(struct rk_message_slab *slab, int32_t broker_id,
                                int32_t leader_epoch, uint8_t timestamp_type)
{
    if (slab->broker_id == broker_id && slab->leader_epoch == leader_epoch &&
        slab->timestamp_type == timestamp_type)
        return;
    slab->broker_id = broker_id;
    slab->leader_epoch = leader_epoch;
    slab->timestamp_type = timestamp_type;
    for (uint32_t i = 0; i < slab->capacity; i++) {
        slab->messages[i].broker_id = broker_id;
        slab->messages[i].leader_epoch = leader_epoch;
        slab->messages[i].timestamp_type = timestamp_type;
    }
}

struct rk_message_slab *rk_message_slab_new(struct rk_slab_pool *pool, struct rk_block *block,
                                            rd_kafka_topic_t *topic, size_t count)
{
    bool is_small = count <= RK_SLAB_MESSAGES / 4;
    struct rk_message_slab *slab = is_small ? NULL : take_pooled(pool);
    if (!slab)
        slab = allocate(is_small ? RK_MAX(count, 1) : RK_SLAB_MESSAGES);
    atomic_init(&slab->references, slab->capacity + 1);
    slab->pool = rk_slab_pool_acquire(pool);
    slab->block = rk_block_acquire(block);
    slab->topic = rk_topic_acquire(topic);
    return slab;
}

static void give_back(struct rk_message_slab *slab)
{
    struct rk_slab_pool *pool = slab->pool;
    rk_block_release(slab->block);
    rk_topic_release(slab->topic);
    bool keeps = false;
    if (slab->capacity == RK_SLAB_MESSAGES) {
        rk_mutex_lock(&pool->mutex);
        keeps = pool->shared.count < POOL_LIMIT;
        if (keeps) {
            slab->next = pool->shared.first;
            pool->shared.first = slab;
            pool->shared.count++;
        }
        rk_mutex_unlock(&pool->mutex);
    }
    if (!keeps)
        rk_free(slab);
    rk_slab_pool_release(pool);
}

static inline void drop(struct rk_message_slab *slab, uint32_t count)
{
    if (atomic_fetch_sub_explicit(&slab->references, count, memory_order_acq_rel) == count)
        give_back(slab);
}

void rk_message_slab_close(struct rk_message_slab *slab, uint32_t used)
{
    drop(slab, slab->capacity + 1 - used);
}

static void release_message(struct rk_message *message)
{
    if (RK_UNLIKELY(message->headers))
        rk_message_clear_parsed(message);
    drop(message->holder_data, 1);
}

const struct rk_message_holder rk_message_slab_holder = {release_message};
