/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/handover.h"

#include "base/clock.h"
#include "conf/conf.h"
#include "event/core.h"
#include "producer/producer.h"
#include "producer/producer_topic.h"

static void post_release(struct rk_partition_queue *queue) RK_ON_BACKGROUND;

/* The new sender's loop. */
static void on_adopt(struct rk_mail *mail)
{
    struct rk_partition_queue *queue = rk_container_of(mail, struct rk_partition_queue, move_mail);
    struct rk_sender *sender = queue->moving.to;
    rk_on_broker(sender->loop);
    queue->own.topic_id = queue->moving.topic_id;
    atomic_store(&queue->moving.is_adopting, false);
    rk_sender_adopt(sender, queue);
}

/* Who should own it, by what is known now. Background. */
static struct rk_sender *wanted_sender(struct rk_partition_queue *queue) RK_ON_BACKGROUND
{
    struct rk_producer *producer = queue->producer;
    if (queue->known.leader < 0)
        return producer->orphans;
    struct rk_broker *broker = rk_cluster_use_broker(producer->cluster, queue->known.leader);
    if (!broker)
        rk_cluster_post_refresh(producer->cluster, queue->topic, "its leader cannot be used");
    return broker ? broker->worker : producer->orphans;
}

static void give_to(struct rk_partition_queue *queue, struct rk_sender *sender) RK_ON_BACKGROUND
{
    rk_log_debug(queue->producer->core, RK_DEBUG_TOPIC, "BRKDELGT",
                 "%s [%d]: delegate to broker %d (leader epoch %d)", rk_topic_name(queue->topic),
                 (int)queue->partition, (int)queue->known.leader, (int)queue->known.leader_epoch);
    queue->known.current = sender;
    queue->known.topic_id = queue->topic->known.id;
    queue->moving.to = sender;
    queue->moving.topic_id = queue->known.topic_id;
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    shared->sender = sender;
    rk_partition_queue_unlock(queue);
    atomic_store(&queue->moving.is_adopting, true);
    queue->move_mail.deliver = on_adopt;
    rk_loop_post(sender->loop, &queue->move_mail);
}

static void on_released(struct rk_mail *mail)
{
    struct rk_partition_queue *queue = rk_container_of(mail, struct rk_partition_queue, move_mail);
    rk_on_background(queue->producer->orphans->loop);
    queue->known.is_moving = false;
    if (!queue->producer->orphans->own.is_ended)
        give_to(queue, wanted_sender(queue));
}

/* The old sender's loop. */
static void on_release(struct rk_mail *mail)
{
    struct rk_partition_queue *queue = rk_container_of(mail, struct rk_partition_queue, move_mail);
    struct rk_sender *sender = queue->moving.from;
    rk_on_broker(sender->loop);
    rk_sender_release(sender, queue);
    queue->move_mail.deliver = on_released;
    rk_loop_post(queue->producer->orphans->loop, &queue->move_mail);
}

/* Background, again. */
static void post_release(struct rk_partition_queue *queue)
{
    if (atomic_load(&queue->moving.is_adopting)) {
        /* The mail is still under way: moved by the next news. */
        rk_cluster_post_refresh(queue->producer->cluster, queue->topic,
                                "a partition moved again while it was handed over");
        return;
    }
    queue->known.is_moving = true;
    queue->moving.from = queue->known.current;
    queue->move_mail.deliver = on_release;
    rk_loop_post(queue->known.current->loop, &queue->move_mail);
}

/* A topic that was deleted and made again has another id, which the sender learns by adopting. */
static bool has_same_id(const struct rk_partition_queue *queue) RK_ON_BACKGROUND
{
    const struct rk_uuid *id = &queue->topic->known.id;
    return rk_uuid_is_zero(id) || rk_uuid_equal(&queue->known.topic_id, id);
}

static void set_leader(struct rk_partition_queue *queue, int32_t leader,
                       int32_t leader_epoch) RK_ON_BACKGROUND
{
    queue->known.leader = leader;
    queue->known.leader_epoch = leader_epoch;
    if (leader >= 0)
        queue->known.leaderless_since_us = 0;
    else if (queue->known.leaderless_since_us == 0)
        queue->known.leaderless_since_us = rk_clock_now_us();
    atomic_store_explicit(&queue->has_leader, leader >= 0, memory_order_relaxed);
    if (queue->known.is_moving)
        return; /* Decided when it was released. */
    if (wanted_sender(queue) != queue->known.current || !has_same_id(queue))
        post_release(queue);
}

void rk_handover_on_topic(struct rk_cluster_observer *observer, rd_kafka_topic_t *topic,
                          const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot)
{
    struct rk_producer *producer = rk_container_of(observer, struct rk_producer, observer);
    rk_on_background(producer->orphans->loop);
    struct rk_producer_topic *self = topic->producer;
    (void)snapshot;
    if (topic->known.state == RK_TOPIC_MISSING) {
        rk_producer_topic_set_missing(self, topic->known.err);
        return;
    }
    if (!data || data->partition_count == 0)
        return;
    rk_producer_topic_publish(self, topic->known.partition_count, data);
    const struct rk_partition_table *table = atomic_load(&self->table);
    if (!table)
        return; /* No memory for now. */
    for (int32_t i = 0; i < table->capacity; i++) {
        const struct rk_snapshot_partition *partition = rk_snapshot_find_partition(data, i);
        set_leader(table->queues[i], partition ? partition->leader : -1,
                   partition ? partition->leader_epoch : -1);
    }
}
