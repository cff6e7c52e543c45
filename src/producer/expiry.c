/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/expiry.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/topic.h"
#include "conf/conf.h"
#include "event/failure.h"
#include "producer/delivery.h"
#include "producer/produce_request.h"
#include "producer/producer.h"
#include "producer/producer_topic.h"

uint64_t rk_expiry_time(const rd_kafka_topic_t *topic, uint64_t enqueued_us)
{
    int timeout_ms = topic->conf->message_timeout_ms;
    return timeout_ms > 0 ? enqueued_us + (uint64_t)timeout_ms * 1000 : RK_NEVER;
}

uint64_t rk_expiry_of_batch(const struct rk_batch *batch)
{
    uint64_t last_us = batch->base_enqueued_us + batch->enqueued_deltas_us[batch->record_count - 1];
    return rk_expiry_time(batch->topic, last_us);
}

void rk_expiry_wake_by(struct rk_sender *sender, uint64_t deadline_us)
{
    if (deadline_us >= sender->own.next_expiry_us || sender->own.is_ended)
        return;
    sender->own.next_expiry_us = deadline_us;
    rk_loop_start_timer(sender->loop, &sender->own.expiry_timer, deadline_us);
}

uint64_t rk_expiry_of_queue(const struct rk_partition_queue_shared *shared)
{
    const struct rk_batch *first = TAILQ_FIRST(&shared->batches);
    if (!first)
        return RK_NEVER;
    return first->sending.attempts > 0 ? rk_expiry_of_batch(first)
                                       : rk_expiry_time(first->topic, first->base_enqueued_us);
}

/* Why nothing came of it, and with whom, as far as the broker's loop knows. */
static char *describe_cause(const struct rk_sender *sender, const struct rk_batch *batch,
                            uint64_t now_us) RK_ON_BROKER
{
    char answerer[300];
    const char *topic = rk_topic_name(batch->topic);
    const struct rk_broker *broker = sender->broker;
    rd_kafka_resp_err_t err = batch->sending.last_err;
    if (broker && broker->own.last_failure)
        return rk_strdup(broker->own.last_failure);
    if (broker && err)
        return rk_text_format("%s: %s", rk_broker_name(broker), rd_kafka_err2str(err));
    if (broker)
        return rk_text_format("%s: no answer yet", rk_broker_name(broker));
    rk_on_background(sender->loop);
    rk_cluster_name_answerer(sender->producer->cluster, answerer, sizeof(answerer));
    uint64_t leaderless_us = batch->queue ? batch->queue->known.leaderless_since_us : 0;
    return rk_text_format("%s [%d] has no leader to be sent to%s%s (%s, for %llums)", topic,
                          (int)batch->partition, err ? ", after: " : "",
                          err ? rd_kafka_err2str(err) : "", answerer,
                          leaderless_us ? (unsigned long long)(now_us - leaderless_us) / 1000 : 0);
}

static char *describe_unknown(const struct rk_producer *producer, const rd_kafka_topic_t *topic,
                              uint64_t now_us) RK_ON_BACKGROUND
{
    char answerer[300];
    const char *failure = rk_cluster_seed_failure(producer->cluster);
    rk_cluster_name_answerer(producer->cluster, answerer, sizeof(answerer));
    if (topic->known.state == RK_TOPIC_EXISTS)
        return rk_text_format("%s has %d partitions (%s)", rk_topic_name(topic),
                              (int)topic->known.partition_count, answerer);
    if (!topic->known.err)
        return failure ? rk_strdup(failure)
                       : rk_text_format("%s: no answer for metadata of %s yet", answerer,
                                        rk_topic_name(topic));
    return rk_failure_text(&(struct rk_failure){.err = topic->known.err,
                                                .what = "Metadata",
                                                .words = rk_topic_name(topic),
                                                .broker = answerer,
                                                .since_us = topic->known.missing_since_us},
                           now_us);
}

char *rk_expiry_describe_topic(const struct rk_producer *producer, const rd_kafka_topic_t *topic,
                               rd_kafka_resp_err_t err, uint64_t since_us, uint64_t now_us)
{
    struct rk_text text = {0};
    char *cause = describe_unknown(producer, topic, now_us);
    rk_text_appendf(&text, "%s: %s", rd_kafka_err2str(err), cause);
    if (since_us)
        rk_text_appendf(&text, "; sent 0 time(s) within %llums",
                        (unsigned long long)(now_us - since_us) / 1000);
    rk_free(cause);
    return rk_text_take(&text);
}

void rk_expiry_fail(struct rk_sender *sender, struct rk_batch *batch, rd_kafka_msg_status_t status,
                    uint64_t now_us)
{
    char *cause = describe_cause(sender, batch, now_us);
    char *text = rk_text_format("%s: %s; sent %d time(s) within %llums",
                                rd_kafka_err2str(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), cause,
                                (int)batch->sending.attempts,
                                (unsigned long long)(now_us - batch->base_enqueued_us) / 1000);
    rk_delivery_fail(batch, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, text, status, now_us);
    rk_free(text);
    rk_free(cause);
}

/* How many records at its front have expired. */
static uint32_t expired_count(const struct rk_batch *batch, uint64_t now_us)
{
    if (batch->sending.attempts > 0)
        return rk_expiry_of_batch(batch) <= now_us ? batch->record_count : 0;
    uint32_t count = 0;
    while (count < batch->record_count &&
           rk_expiry_time(batch->topic,
                          batch->base_enqueued_us + batch->enqueued_deltas_us[count]) <= now_us)
        count++;
    return count;
}

/* Takes out the next batch, or the front of it, that has expired; NULL when there is none. */
static struct rk_batch *take_expired(struct rk_partition_queue *queue, uint64_t now_us)
{
    struct rk_batch *expired = NULL;
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    struct rk_batch *first = TAILQ_FIRST(&shared->batches);
    uint32_t count = first ? expired_count(first, now_us) : 0;
    if (count > 0 && count < first->record_count)
        expired = rk_batch_try_split(first, count); /* Without memory the whole batch goes. */
    if (count > 0 && !expired) {
        expired = first;
        TAILQ_REMOVE(&shared->batches, first, link);
        if (shared->open == first)
            shared->open = NULL;
        else
            shared->sealed_count--;
    }
    rk_partition_queue_unlock(queue);
    return expired;
}

static void expire_queue(struct rk_sender *sender, struct rk_partition_queue *queue,
                         uint64_t now_us) RK_ON_BROKER
{
    struct rk_batch *batch;
    while ((batch = take_expired(queue, now_us)) != NULL)
        rk_expiry_fail(sender, batch, rk_batch_status(batch), now_us);
}

void rk_expiry_on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_sender *sender = rk_container_of(timer, struct rk_sender, own.expiry_timer);
    rk_on_broker(sender->loop);
    sender->own.next_expiry_us = RK_NEVER;
    struct rk_partition_queue *queue;
    TAILQ_FOREACH (queue, &sender->own.owned, own.owned_link) {
        expire_queue(sender, queue, now_us);
        rk_sender_look(sender, queue, now_us);
    }
    if (sender->broker) {
        rk_expiry_wake_by(sender, rk_produce_request_expire(sender, now_us));
    } else {
        rk_on_background(sender->loop);
        rk_expiry_wake_by(sender, rk_producer_expire_staged(sender->producer, now_us));
    }
    rk_sender_send(sender, now_us); /* What stood behind the expired may go. */
}

void rk_expiry_fail_all(struct rk_partition_queue *queue, rd_kafka_resp_err_t err, const char *text,
                        uint64_t now_us)
{
    struct rk_batch_list batches;
    struct rk_batch *batch;
    rk_partition_queue_take_all(queue, &batches);
    while ((batch = TAILQ_FIRST(&batches)) != NULL) {
        TAILQ_REMOVE(&batches, batch, link);
        rk_delivery_fail(batch, err, text, rk_batch_status(batch), now_us);
    }
}
