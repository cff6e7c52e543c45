/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loop of a broker knows of the partitions that are worked on through it.
 */
#include "base/clock.h"
#include "cluster/reason.h"
#include "consumer/partition_reason.h"
#include "observe/observation.h"
#include "producer/queue_reason.h"

static int64_t load(const _Atomic uint64_t *counter)
{
    return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

void rk_observation_see_queue(struct rk_stats_partition *item, struct rk_partition_queue *queue)
{
    const struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    const struct rk_batch *batch;
    TAILQ_FOREACH (batch, &shared->batches, link) {
        item->msgq_cnt += batch->record_count;
        item->msgq_bytes += (int64_t)batch->credit_bytes;
    }
    rk_partition_queue_unlock(queue);
    item->msgs_inflight =
        atomic_load_explicit(&queue->stats.in_flight_messages, memory_order_relaxed);
    item->txmsgs = load(&queue->stats.sent_messages);
    item->txbytes = load(&queue->stats.sent_bytes);
    item->acked_msgid = load(&queue->stats.acknowledged_messages);
    item->msgs = load(&queue->stats.reported_messages) + item->msgq_cnt + item->msgs_inflight;
}

static void see_owned_queue(struct rk_stats_broker *broker, struct rk_stats_partition *item,
                            struct rk_partition_queue *queue) RK_ON_BROKER
{
    struct rk_sender *sender = broker->broker->worker;
    rk_observation_see_queue(item, queue);
    bool is_ours = rk_partition_queue_lock(queue)->sender == sender;
    rk_partition_queue_unlock(queue);
    if (!is_ours)
        return; /* It goes elsewhere. */
    uint64_t now_us = rk_clock_now_us();
    struct rk_reason reason;
    rk_queue_reason_find(sender, queue, now_us, &reason);
    rk_observation_set_reason(&broker->arena, item, &reason, now_us);
}

/* Room is given back in steps of up to a slab of messages: what was taken of the last one is told
 * by the offsets. */
static void correct_fetched(struct rk_stats_partition *item,
                            const struct rk_fetch_position *position)
{
    int64_t taken_upto = rk_cursor_read(position->cursor).next;
    int64_t left = RK_MAX(position->offset - taken_upto, 0);
    if (taken_upto < 0 || left >= item->fetchq_cnt)
        return;
    item->fetchq_size = item->fetchq_size * left / item->fetchq_cnt;
    item->fetchq_cnt = left;
}

static void see_owned_partition(struct rk_stats_broker *broker, struct rk_stats_partition *item,
                                const struct rk_partition *partition) RK_ON_BROKER
{
    struct rk_fetcher *fetcher = broker->broker->worker;
    if (!rk_fetch_set_contains(&fetcher->own.set, partition))
        return; /* It is on its way. */
    uint64_t now_us = rk_clock_now_us();
    struct rk_reason reason;
    item->next_offset = partition->own.position.offset;
    item->eof_offset = partition->own.position.told_end;
    correct_fetched(item, &partition->own.position);
    if (partition->own.is_validating)
        item->fetch_state = "validate-epoch-wait";
    rk_partition_reason_find(fetcher, partition, now_us, &reason);
    rk_observation_set_reason(&broker->arena, item, &reason, now_us);
}

void rk_observation_see_partitions(const struct rk_observation *observation,
                                   struct rk_stats_broker *broker)
{
    struct rk_stats_partition *item = broker->partitions;
    for (; item; item = item->next_of_broker) {
        if (observation->subject.producer)
            see_owned_queue(broker, item, (void *)(uintptr_t)item->identity);
        else
            see_owned_partition(broker, item, item->identity);
    }
    if (observation->subject.consumer) {
        const struct rk_fetcher *fetcher = broker->broker->worker;
        broker->rxpartial = (int64_t)fetcher->own.batches_cut_off;
        broker->zbuf_grow = (int64_t)fetcher->own.decompressor.output.growths;
    }
}
