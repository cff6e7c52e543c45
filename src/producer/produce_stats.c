/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/produce_stats.h"

#include "cluster/topic.h"
#include "producer/producer_topic.h"

#define SAMPLES 16 /* Of the ages of a batch's messages. */

/* How long its messages have waited: all of them, if they are few, else evenly chosen ones that
 * stand for their neighbours. */
static void note_ages(struct rk_window *window, const struct rk_batch *batch, uint64_t now_us)
{
    uint32_t step = RK_MAX(batch->record_count / SAMPLES, 1u);
    if (window->highest == 0)
        return;
    for (uint32_t i = 0; i < batch->record_count; i += step) {
        uint64_t enqueued_us = batch->base_enqueued_us + batch->enqueued_deltas_us[i];
        rk_window_add(window, (int64_t)(now_us - enqueued_us),
                      RK_MIN(step, batch->record_count - i));
    }
}

/* One lock per batch, which is free while the topic is known. */
static void note_size(struct rk_producer_topic *topic, const struct rk_batch *batch)
{
    rk_mutex_lock(&topic->mutex);
    rk_window_add(&topic->shared.batch_bytes, batch->size, 1);
    rk_window_add(&topic->shared.batch_messages, batch->record_count, 1);
    rk_mutex_unlock(&topic->mutex);
}

void rk_produce_stats_on_sent(struct rk_sender *sender, struct rk_request *request,
                              struct rk_batch *batch, uint64_t now_us)
{
    struct rk_partition_queue *queue = batch->queue;
    request->message_count += (int32_t)batch->record_count;
    request->is_retry |= batch->sending.attempts > 1;
    atomic_fetch_add_explicit(&queue->stats.sent_messages, batch->record_count,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&queue->stats.sent_bytes, batch->credit_bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&queue->stats.in_flight_messages, batch->record_count,
                              memory_order_relaxed);
    note_ages(&sender->broker->own.windows.queue_us, batch, now_us);
    if (sender->broker->own.windows.queue_us.highest > 0)
        note_size(batch->topic->producer, batch);
}

void rk_produce_stats_on_back(const struct rk_batch *batch)
{
    atomic_fetch_sub_explicit(&batch->queue->stats.in_flight_messages, batch->record_count,
                              memory_order_relaxed);
}
