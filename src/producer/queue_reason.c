/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/queue_reason.h"

#include <stdio.h>

#include "base/clock.h"
#include "cluster/topic.h"
#include "conf/conf.h"
#include "event/core.h"
#include "producer/producer.h"
#include "producer/producer_topic.h"

/* Reasons */

/* What stands in the queue, as seen under its lock. */
struct look {
    rd_kafka_resp_err_t closed_err, last_err;
    bool is_empty, is_paused;
    int in_flight;
    uint64_t retry_at_us;
    bool is_open; /* The first batch is. */
    uint64_t enqueued_us;
};

static struct look look_into(struct rk_partition_queue *queue)
{
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    const struct rk_batch *first = TAILQ_FIRST(&shared->batches);
    struct look look = {.closed_err = shared->closed_err,
                        .is_empty = !first,
                        .is_paused = shared->is_paused,
                        .in_flight = shared->in_flight};
    if (first) {
        look.retry_at_us = first->sending.retry_at_us;
        look.last_err = first->sending.last_err;
        look.is_open = first == shared->open;
        look.enqueued_us = first->base_enqueued_us;
    }
    rk_partition_queue_unlock(queue);
    return look;
}

static void find_of_orphan(const struct rk_partition_queue *queue, const struct look *look,
                           struct rk_reason *reason)
{
    const rd_kafka_topic_t *topic = queue->topic;
    if (look->closed_err)
        rk_reason_set(reason, RK_REASON_PARTITION_UNKNOWN, 0, 0, "%s",
                      rd_kafka_err2str(look->closed_err));
    else if (topic->known.state == RK_TOPIC_MISSING)
        rk_reason_set(reason, RK_REASON_TOPIC_UNKNOWN, topic->known.missing_since_us, 0, "%s",
                      rd_kafka_err2str(topic->known.err));
    else if (queue->known.leader < 0)
        rk_reason_set(reason, RK_REASON_NO_LEADER, queue->known.leaderless_since_us, 0,
                      "no leader");
    else
        rk_reason_set(reason, RK_REASON_NO_BROKER, 0, 0, "its leader, broker %d, cannot be used",
                      (int)queue->known.leader);
}

static void find_of_owned(struct rk_sender *sender, struct rk_partition_queue *queue,
                          const struct look *look, uint64_t now_us,
                          struct rk_reason *reason) RK_ON_BROKER
{
    const struct rk_connection *connection =
        rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE);
    uint64_t linger_until_us = look->enqueued_us + sender->producer->limits.linger_us;
    if (!look->is_empty && look->retry_at_us > now_us) {
        rk_reason_set(reason, RK_REASON_BACKING_OFF, 0, look->retry_at_us, "backing off after %s",
                      rd_kafka_err2str(look->last_err));
    } else if (!look->is_empty && look->is_open && queue->own.is_lingering) {
        rk_reason_set(reason, RK_REASON_LINGERING, 0, linger_until_us,
                      "lingering for more messages");
    } else if (rk_reason_of_connection(reason, connection, now_us)) {
        /* It is the connection. */
    } else if (rk_reason_unanswered_since(connection) > 0) {
        rk_reason_set(
            reason, look->in_flight > 0 ? RK_REASON_WAITING_ANSWER : RK_REASON_WAITING_TURN,
            rk_reason_unanswered_since(connection), 0, "waiting for %s to answer %d request(s)",
            rk_broker_name(sender->broker), rk_connection_in_flight_count(connection));
    } else {
        rk_reason_set(reason, RK_REASON_MOVING, 0, 0, "about to be sent");
    }
}

void rk_queue_reason_find(struct rk_sender *sender, struct rk_partition_queue *queue,
                          uint64_t now_us, struct rk_reason *reason)
{
    struct look look = look_into(queue);
    if (look.is_empty && look.in_flight == 0)
        rk_reason_set(reason, RK_REASON_NOTHING, 0, 0, "nothing to send");
    else if (look.is_paused && look.in_flight == 0)
        rk_reason_set(reason, RK_REASON_PAUSED, 0, 0, "paused");
    else if (!sender->broker)
        find_of_orphan(queue, &look, reason);
    else
        find_of_owned(sender, queue, &look, now_us, reason);
}

void rk_queue_reason_of_staging(const rd_kafka_topic_t *topic, struct rk_reason *reason)
{
    uint64_t since_us = topic->producer->silence.since_us;
    if (topic->known.state == RK_TOPIC_MISSING || topic->known.err)
        rk_reason_set(reason, RK_REASON_TOPIC_UNKNOWN, since_us, 0, "topic unknown: %s",
                      rd_kafka_err2str(topic->known.err));
    else
        rk_reason_set(reason, RK_REASON_NO_METADATA, since_us, 0, "no metadata of the topic");
}

/* Silence */

static uint64_t limit_of(const struct rk_sender *sender)
{
    return (uint64_t)sender->producer->core->conf->silence_log_ms * 1000;
}

static void watch(struct rk_sender *sender, uint64_t now_us)
{
    uint64_t limit_us = limit_of(sender);
    if (limit_us > 0 && !sender->own.is_ended && !rk_timer_is_started(&sender->own.silence_timer))
        rk_loop_start_timer(sender->loop, &sender->own.silence_timer, now_us + limit_us / 2);
}

void rk_queue_reason_on_look(struct rk_sender *sender, struct rk_partition_queue *queue,
                             bool has_work, uint64_t now_us)
{
    if (!has_work) {
        rk_silence_end(&queue->own.silence);
        return;
    }
    if (queue->own.silence.since_us == 0) {
        queue->own.acknowledged =
            atomic_load_explicit(&queue->stats.acknowledged_messages, memory_order_relaxed);
        rk_silence_is_due(&queue->own.silence, now_us, limit_of(sender), now_us);
    }
    watch(sender, now_us); /* Also when it was another sender's until now. */
}

void rk_queue_reason_on_staging(struct rk_sender *orphans, uint64_t now_us)
{
    watch(orphans, now_us);
}

/* What is to be told at the end of a look at all queues. */
struct silent {
    uint64_t now_us;
    char partition[300];
    struct rk_silence silence;
    struct rk_reason reason;
    int count;
    bool has_work;
};

static void note(struct silent *silent, const rd_kafka_topic_t *topic, int32_t partition,
                 const struct rk_silence *silence, const struct rk_reason *reason)
{
    if (!rk_reason_is_trouble(reason->kind) || silent->count++ > 0)
        return;
    snprintf(silent->partition, sizeof(silent->partition), "%s [%d]", rk_topic_name(topic),
             (int)partition);
    silent->silence = *silence;
    silent->reason = *reason;
}

static void check_queue(struct rk_sender *sender, struct rk_partition_queue *queue,
                        struct silent *silent) RK_ON_BROKER
{
    struct rk_silence *silence = &queue->own.silence;
    uint64_t acknowledged =
        atomic_load_explicit(&queue->stats.acknowledged_messages, memory_order_relaxed);
    struct rk_reason reason;
    if (silence->since_us == 0)
        return;
    rk_queue_reason_find(sender, queue, silent->now_us, &reason);
    if (reason.kind == RK_REASON_NOTHING) {
        rk_silence_end(silence);
        return;
    }
    silent->has_work = true;
    if (acknowledged != queue->own.acknowledged || !rk_reason_is_trouble(reason.kind))
        rk_silence_end(silence);
    queue->own.acknowledged = acknowledged;
    if (rk_silence_is_due(silence, silent->now_us, limit_of(sender), silent->now_us))
        note(silent, queue->topic, queue->partition, silence, &reason);
}

static void check_staging(struct rk_producer *producer, struct silent *silent)
{
    struct rk_producer_topic *topic;
    SLIST_FOREACH (topic, &producer->staging, staging_link) {
        struct rk_reason reason;
        rk_mutex_lock(&topic->mutex);
        const struct rk_staged *first = STAILQ_FIRST(&topic->shared.staged);
        uint64_t since_us = first ? first->record.enqueued_us : 0;
        rk_mutex_unlock(&topic->mutex);
        if (!first) {
            rk_silence_end(&topic->silence);
            continue;
        }
        silent->has_work = true;
        if (!rk_silence_is_due(&topic->silence, since_us, limit_of(producer->orphans),
                               silent->now_us))
            continue;
        rk_queue_reason_of_staging(topic->topic, &reason);
        note(silent, topic->topic, RD_KAFKA_PARTITION_UA, &topic->silence, &reason);
    }
}

void rk_queue_reason_on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_sender *sender = rk_container_of(timer, struct rk_sender, own.silence_timer);
    struct rk_core *core = sender->producer->core;
    struct silent silent = {.now_us = now_us};
    struct rk_partition_queue *queue;
    rk_on_broker(sender->loop);
    TAILQ_FOREACH (queue, &sender->own.owned, own.owned_link) {
        check_queue(sender, queue, &silent);
    }
    if (!sender->broker)
        check_staging(sender->producer, &silent);
    if (silent.count > 0)
        rk_silence_log(core, silent.partition, &silent.silence, &silent.reason, silent.count - 1,
                       now_us);
    if (silent.has_work)
        watch(sender, now_us);
}
