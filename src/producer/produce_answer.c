/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/produce_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"
#include "producer/delivery.h"
#include "producer/expiry.h"
#include "producer/produce_request.h"
#include "producer/produce_stats.h"
#include "producer/producer.h"
#include "wire/messages.h"

#define PREFETCH_AHEAD 3
#define MAX_STRANGERS  1000 /* Topics without news for us, until the rest is not looked at. */

/* Outcomes */

static void give_back(struct rk_batch *batch)
{
    batch->sending.is_in_flight = false;
    rk_partition_queue_give_back(batch->queue, batch);
}

/* The batch is done with as far as its queue is concerned. */
static void leave_queue(struct rk_batch *batch, bool was_stored)
{
    batch->sending.is_in_flight = false;
    rk_block_release(batch->sending.encoded); /* Reports are made from the segments. */
    batch->sending.encoded = NULL;
    rk_partition_queue_forget(batch->queue, batch, was_stored);
}

/* `text`: what the broker said of it, or the request's error, which names the broker; NULL. */
static char *describe(const struct rk_produce_context *context, const struct rk_batch *batch,
                      rd_kafka_resp_err_t err, const char *text, uint64_t now_us) RK_ON_BROKER
{
    bool is_named = text && text == context->request->error_text;
    return rk_failure_text(
        &(struct rk_failure){.err = err,
                             .words = text,
                             .broker = is_named ? NULL : rk_broker_name(context->sender->broker),
                             .attempts = batch->sending.attempts,
                             .since_us = batch->base_enqueued_us},
        now_us);
}

static void fail(const struct rk_produce_context *context, struct rk_batch *batch,
                 rd_kafka_resp_err_t err, const char *text, uint64_t now_us) RK_ON_BROKER
{
    rd_kafka_msg_status_t status = rk_batch_status(batch);
    leave_queue(batch, false);
    if (err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) {
        rk_expiry_fail(context->sender, batch, status, now_us);
    } else if (err == context->purge_err) {
        rk_delivery_fail(batch, err, NULL, status, now_us);
    } else {
        char *whole = describe(context, batch, err, text, now_us);
        rk_delivery_fail(batch, err, whole, status, now_us);
        rk_free(whole);
    }
}

static void succeed(struct rk_produce_context *context, struct rk_batch *batch,
                    const struct rk_produce_answer_partition *partition, uint64_t now_us)
{
    leave_queue(batch, true);
    rk_delivery_succeed(batch, partition ? partition->base_offset : -1,
                        partition ? partition->log_append_time_ms : -1, context->request->broker_id,
                        now_us, &context->reports);
}

static void retry(struct rk_batch *batch, uint64_t now_us)
{
    const struct rk_conf *conf = batch->producer->core->conf;
    unsigned failures = (unsigned)RK_MAX(batch->sending.attempts, 1) - 1;
    batch->sending.retry_at_us =
        now_us + rk_backoff_us((uint64_t)conf->retry_backoff_ms * 1000,
                               (uint64_t)conf->retry_backoff_max_ms * 1000, failures);
    give_back(batch);
}

/* NULL: the batch's text is the record's. */
static char *describe_record(const struct rk_produce_context *context, const struct rk_batch *batch,
                             const struct rk_produce_answer_record_error *error,
                             uint64_t now_us) RK_ON_BROKER
{
    const char *words = error->batch_index_error_message;
    return words ? describe(context, batch, RD_KAFKA_RESP_ERR_INVALID_RECORD, words, now_us) : NULL;
}

static int order_failures(const void *a, const void *b)
{
    int32_t one = ((const struct rk_record_failure *)a)->index;
    int32_t other = ((const struct rk_record_failure *)b)->index;
    return (one > other) - (one < other);
}

/* Sorted, each record once, and only records that are there. */
static void note_failures(const struct rk_produce_context *context, struct rk_batch *batch,
                          const struct rk_produce_answer_partition *partition,
                          uint64_t now_us) RK_ON_BROKER
{
    int32_t count = partition ? partition->record_errors.count : 0;
    struct rk_record_failure *failures =
        count > 0 ? rk_try_calloc((size_t)count, sizeof(*failures)) : NULL;
    if (!failures)
        return;
    int32_t found = 0, kept = 0;
    for (int32_t i = 0; i < count; i++) {
        const struct rk_produce_answer_record_error *error = &partition->record_errors.items[i];
        if (error->batch_index >= 0 && (uint32_t)error->batch_index < batch->record_count)
            failures[found++] = (struct rk_record_failure){
                error->batch_index, describe_record(context, batch, error, now_us)};
    }
    qsort(failures, (size_t)found, sizeof(*failures), order_failures);
    for (int32_t i = 0; i < found; i++) {
        if (kept > 0 && failures[kept - 1].index == failures[i].index)
            rk_free(failures[i].text);
        else
            failures[kept++] = failures[i];
    }
    batch->outcome.failures = failures;
    batch->outcome.failure_count = kept;
    if (kept > 0)
        batch->outcome.others_text =
            describe(context, batch, RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD,
                     "Failed to append record because it was part of a batch which had one or more "
                     "invalid records",
                     now_us);
}

/*
 * Too large for the broker, which has written none of it: goes back in two halves, at once. False
 * when it cannot be split.
 */
static bool split(struct rk_batch *batch)
{
    struct rk_batch *head =
        batch->record_count > 1 ? rk_batch_try_split(batch, batch->record_count / 2) : NULL;
    if (!head)
        return false;
    rk_log_debug(batch->producer->core, RK_DEBUG_MSG, "SPLIT",
                 "%s [%d]: a batch of %u messages is too large for the broker: split",
                 rk_topic_name(batch->topic), (int)batch->partition,
                 head->record_count + batch->record_count);
    head->sending.attempts--; /* That was none, as far as retries are counted. */
    batch->sending.attempts--;
    batch->sending.is_in_flight = false;
    rk_partition_queue_give_back_halves(batch->queue, head, batch);
    return true;
}

/* For an error that may pass: again, unless time, attempts or the partition are gone. */
static void retry_or_fail(const struct rk_produce_context *context, struct rk_batch *batch,
                          rd_kafka_resp_err_t err, const char *text, uint64_t now_us) RK_ON_BROKER
{
    rd_kafka_resp_err_t closed_err = rk_partition_queue_closed_err(batch->queue);
    if (rk_expiry_of_batch(batch) <= now_us)
        fail(context, batch, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, NULL, now_us);
    else if (closed_err)
        fail(context, batch, closed_err, NULL, now_us);
    else if (batch->sending.attempts > batch->producer->core->conf->message_send_max_retries)
        fail(context, batch, err, text, now_us);
    else
        retry(batch, now_us);
}

/* What the error table says about one batch. `partition` NULL: the whole request failed with err.
 */
static void act_on_error(struct rk_produce_context *context, struct rk_batch *batch,
                         rd_kafka_resp_err_t err,
                         const struct rk_produce_answer_partition *partition, unsigned action,
                         uint64_t now_us) RK_ON_BROKER
{
    const char *text = partition ? partition->error_message : context->request->error_text;
    if (context->purge_err) {
        fail(context, batch, context->purge_err, NULL, now_us);
        return;
    }
    if (err == RD_KAFKA_RESP_ERR__DESTROY) {
        give_back(batch); /* The client counts it as dropped. */
        return;
    }
    if ((action & RK_ACTION_REFRESH) && context->refreshed != batch->topic) {
        context->refreshed = batch->topic;
        rk_cluster_post_refresh(batch->producer->cluster, batch->topic, rd_kafka_err2name(err));
    }
    if (action & RK_ACTION_RETRY) {
        retry_or_fail(context, batch, err, text, now_us);
    } else if (!(action & RK_ACTION_SPLIT) || !split(batch)) {
        note_failures(context, batch, partition, now_us);
        fail(context, batch, err, text, now_us);
    }
}

static void log_outcome(const struct rk_produce_context *context, const struct rk_batch *batch,
                        rd_kafka_resp_err_t err, unsigned action) RK_ON_BROKER
{
    struct rk_core *core = batch->producer->core;
    const char *broker = rk_broker_name(context->sender->broker);
    char text[128];
    if (action == RK_ACTION_NONE)
        rk_log_debug(core, RK_DEBUG_MSG, "MSGSET",
                     "%s: %s [%d]: MessageSet with %u message(s) (MsgId %llu) delivered", broker,
                     rk_topic_name(batch->topic), (int)batch->partition, batch->record_count,
                     (unsigned long long)batch->number);
    else
        rk_log_debug(core, RK_DEBUG_MSG, "MSGSET",
                     "%s: %s [%d]: MessageSet with %u message(s) (MsgId %llu, attempt %d) "
                     "encountered error: %s (actions %s)%s",
                     broker, rk_topic_name(batch->topic), (int)batch->partition,
                     batch->record_count, (unsigned long long)batch->number,
                     batch->sending.attempts, rd_kafka_err2str(err),
                     rk_error_policy_text(action, text, sizeof(text)),
                     context->request->was_written ? "" : ": it was not sent");
}

/* The outcome of one batch. */
static void settle(struct rk_produce_context *context, struct rk_produce_part *part,
                   rd_kafka_resp_err_t err, const struct rk_produce_answer_partition *partition,
                   uint64_t now_us) RK_ON_BROKER
{
    struct rk_batch *batch = part->batch;
    const struct rk_request *request = context->request;
    unsigned action = rk_error_policy_find(RK_API_PRODUCE, err);
    part->batch = NULL;
    if (batch->sending.is_reported) {
        rk_partition_queue_forget(batch->queue, batch, action == RK_ACTION_NONE);
        rk_batch_release(batch);
        return;
    }
    rk_produce_stats_on_back(batch);
    log_outcome(context, batch, err, action);
    if (action == RK_ACTION_NONE) {
        succeed(context, batch, partition, now_us);
        return;
    }
    batch->sending.last_err = err;
    if ((action & RK_ACTION_MAY_BE_PERSISTED) && (partition || request->was_written) &&
        context->purge_err != RD_KAFKA_RESP_ERR__PURGE_QUEUE)
        batch->sending.may_be_persisted = true;
    if (!partition && !request->was_written)
        batch->sending.attempts--; /* It was none. */
    act_on_error(context, batch, err, partition, action, now_us);
}

/* Matching answers to batches */

static bool is_of_topic(const struct rk_produce_part *part,
                        const struct rk_produce_answer_topic *topic, bool by_id)
{
    return by_id ? rk_uuid_equal(&part->topic_id, &topic->topic_id)
                 : strcmp(rk_topic_name(part->topic), topic->name) == 0;
}

/* Brokers answer in the order of the request: what comes next is tried before searching. */
static int find_first_of_topic(const struct rk_produce_context *context,
                               const struct rk_produce_answer_topic *topic, bool by_id)
{
    int next = context->next;
    const struct rk_produce_part *parts = context->parts;
    if (next < context->count && (next == 0 || parts[next - 1].topic != parts[next].topic) &&
        is_of_topic(&parts[next], topic, by_id))
        return next;
    for (int i = 0; i < context->count; i++) {
        if (is_of_topic(&parts[i], topic, by_id))
            return i;
    }
    return -1;
}

static bool is_part(const struct rk_produce_context *context, int index,
                    const rd_kafka_topic_t *topic, int32_t partition)
{
    return index < context->count && context->parts[index].topic == topic &&
           context->parts[index].partition == partition;
}

/* Parts of a topic stand together, by partition. */
static struct rk_produce_part *find_part(struct rk_produce_context *context, int first,
                                         int32_t partition)
{
    const rd_kafka_topic_t *topic = context->parts[first].topic;
    if (is_part(context, context->next, topic, partition))
        return &context->parts[context->next++];
    int low = first, high = context->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        const struct rk_produce_part *part = &context->parts[middle];
        if (part->topic == topic && part->partition < partition)
            low = middle + 1;
        else
            high = middle;
    }
    if (!is_part(context, low, topic, partition))
        return NULL;
    context->next = low + 1;
    return &context->parts[low];
}

/* Batches were last touched by other threads: their memory is asked for before it is needed. */
static void prefetch_batch(const struct rk_produce_context *context, int index)
{
    if (index < context->count && context->parts[index].batch)
        rk_batch_prefetch(context->parts[index].batch);
}

static void take_hint(struct rk_produce_context *context, const struct rk_produce_part *part,
                      const struct rk_produce_answer *answer,
                      const struct rk_produce_answer_partition *partition)
{
    if (partition->current_leader.leader_id < 0 || partition->current_leader.leader_epoch < 0)
        return;
    struct rk_snapshot_broker endpoints[8];
    int32_t count = 0;
    for (int32_t i = 0; i < answer->node_endpoints.count && count < 8; i++) {
        const struct rk_produce_answer_node_endpoint *node = &answer->node_endpoints.items[i];
        if (node->node_id != partition->current_leader.leader_id || !node->host ||
            node->port <= 0 || node->port > UINT16_MAX)
            continue;
        endpoints[count++] = (struct rk_snapshot_broker){.id = node->node_id,
                                                         .host = node->host,
                                                         .port = (uint16_t)node->port,
                                                         .rack = node->rack};
    }
    rk_cluster_post_leader_hint(context->sender->producer->cluster, part->topic, part->partition,
                                partition->current_leader.leader_id,
                                partition->current_leader.leader_epoch, endpoints, count);
}

static void take_answer(struct rk_produce_context *context, uint64_t now_us) RK_ON_BROKER
{
    const struct rk_request *request = context->request;
    const struct rk_produce_answer *answer = request->answer;
    bool by_id = request->version >= RK_PRODUCE_FIRST_TOPIC_ID;
    int strangers = 0;
    for (int32_t t = 0; t < answer->responses.count && strangers < MAX_STRANGERS; t++) {
        const struct rk_produce_answer_topic *topic = &answer->responses.items[t];
        int first = find_first_of_topic(context, topic, by_id);
        bool is_known = false;
        for (int32_t p = 0; first >= 0 && p < topic->partition_responses.count; p++) {
            const struct rk_produce_answer_partition *partition =
                &topic->partition_responses.items[p];
            struct rk_produce_part *part = find_part(context, first, partition->index);
            if (!part || !part->batch)
                continue;
            is_known = true;
            prefetch_batch(context, context->next + PREFETCH_AHEAD);
            take_hint(context, part, answer, partition);
            settle(context, part, rk_error_of_broker(partition->error_code), partition, now_us);
        }
        strangers += !is_known;
    }
}

void rk_produce_answer_take(struct rk_request *request)
{
    struct rk_produce_context *context = request->owner;
    struct rk_sender *sender = context->sender;
    rk_on_broker(sender->loop);
    uint64_t now_us = rk_clock_now_us();
    LIST_REMOVE(context, link);
    TAILQ_INIT(&context->reports);
    if (!request->err && request->answer)
        take_answer(context, now_us);
    for (int i = 0; i < context->count; i++) {
        if (!context->parts[i].batch)
            continue;
        rd_kafka_resp_err_t err = request->err;
        if (!err && !request->has_no_answer)
            err = RD_KAFKA_RESP_ERR__BAD_MSG; /* The answer leaves it out. */
        settle(context, &context->parts[i], err, NULL, now_us);
    }
    rk_delivery_post(sender->producer, &context->reports);
    rk_request_destroy(request);
}
