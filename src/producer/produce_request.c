/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/produce_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "producer/delivery.h"
#include "producer/expiry.h"
#include "producer/produce_answer.h"
#include "producer/produce_prepare.h"
#include "producer/producer.h"
#include "wire/compression.h"
#include "wire/messages.h"

#define MAX_BATCHES        4096 /* In one request. */
#define REQUEST_OVERHEAD   512  /* Headers and names, roughly: the size limit is the broker's. */
#define PARTITION_OVERHEAD 32
#define TIMEOUT_SLACK_MS   1000

/* Collecting */

struct rk_produce_collection {
    struct rk_sender *sender;
    struct rk_batch *batches[MAX_BATCHES];
    struct rk_uuid topic_ids[MAX_BATCHES];
    int count;
    size_t size;
    bool has_class;
    int acks, request_timeout_ms; /* The class: they are properties of the topic. */
};

static bool is_of_class(struct rk_produce_collection *collection, const struct rk_topic_conf *conf)
{
    if (!collection->has_class) {
        collection->has_class = true;
        collection->acks = conf->request_required_acks;
        collection->request_timeout_ms = conf->request_timeout_ms;
    }
    return collection->acks == conf->request_required_acks &&
           collection->request_timeout_ms == conf->request_timeout_ms;
}

/* Takes the queue's first batch if it may. */
static enum rk_take collect_from(struct rk_produce_collection *collection,
                                 struct rk_partition_queue *queue, uint64_t now_us)
{
    const struct rk_conf *conf = collection->sender->producer->core->conf;
    size_t limit = (size_t)conf->message_max_bytes;
    struct rk_take_limits limits = {
        .now_us = now_us,
        .size = limit > collection->size ? limit - collection->size : 0,
        .in_flight = conf->max_in_flight_requests_per_connection == 1 ? 1 : INT32_MAX,
    };
    if (collection->count == 0)
        limits.size = SIZE_MAX; /* The first always fits. */
    struct rk_batch *batch;
    enum rk_take result = rk_partition_queue_take(queue, &limits, &batch);
    if (result == RK_TAKE_BATCH || result == RK_TAKE_LAST_BATCH) {
        collection->topic_ids[collection->count] = queue->own.topic_id;
        collection->batches[collection->count++] = batch;
        collection->size += batch->size + PARTITION_OVERHEAD;
    } else if (collection->count == 0) {
        collection->has_class = false; /* The next queue may be of another one. */
    }
    return result;
}

static bool is_nearly_full(const struct rk_produce_collection *collection)
{
    size_t limit = (size_t)collection->sender->producer->core->conf->message_max_bytes;
    return collection->count == MAX_BATCHES || collection->size >= limit / 2;
}

/* One batch per partition, round robin: a queue that was looked at leaves the list, or goes to its
 * end, or to where its next deadline puts it. One whose batch did not fit stays, to be among the
 * first next time. */
static void collect(struct rk_produce_collection *collection, uint64_t now_us)
{
    struct rk_sender *sender = collection->sender;
    struct rk_partition_queue *last = TAILQ_LAST(&sender->own.ready, rk_partition_queue_list);
    struct rk_partition_queue *queue = TAILQ_FIRST(&sender->own.ready);
    collection->size = REQUEST_OVERHEAD;
    while (queue && collection->count < MAX_BATCHES) {
        struct rk_partition_queue *next = queue == last ? NULL : TAILQ_NEXT(queue, own.ready_link);
        enum rk_take result = RK_TAKE_TOO_LARGE;
        if (is_of_class(collection, queue->topic->conf))
            result = collect_from(collection, queue, now_us);
        if (result != RK_TAKE_TOO_LARGE) {
            TAILQ_REMOVE(&sender->own.ready, queue, own.ready_link);
            queue->own.is_ready = false;
        } else if (is_nearly_full(collection)) {
            break;
        }
        if (result == RK_TAKE_BATCH || result == RK_TAKE_NOTHING)
            rk_sender_look(sender, queue, now_us);
        queue = next;
    }
}

/* Building */

static int order_parts(const void *a, const void *b)
{
    const struct rk_produce_part *one = a, *other = b;
    if (one->topic != other->topic)
        return strcmp(rk_topic_name(one->topic), rk_topic_name(other->topic));
    return (one->partition > other->partition) - (one->partition < other->partition);
}

static bool fill_context(struct rk_produce_context *context,
                         const struct rk_produce_collection *collection, struct rk_request *request)
{
    size_t count = (size_t)collection->count;
    context->parts = rk_request_try_alloc(request, count * sizeof(*context->parts));
    if (!context->parts)
        return false;
    for (size_t i = 0; i < count; i++)
        context->parts[i] = (struct rk_produce_part){.batch = collection->batches[i],
                                                     .topic = collection->batches[i]->topic,
                                                     .partition = collection->batches[i]->partition,
                                                     .topic_id = collection->topic_ids[i]};
    if (count > 1)
        qsort(context->parts, count, sizeof(*context->parts), order_parts);
    context->count = (int)count;
    return true;
}

static bool fill_records(struct rk_request *request, struct rk_batch *batch,
                         struct rk_records *records)
{
    if (batch->sending.encoded) {
        records->data = batch->sending.encoded->data;
        records->size = (int32_t)batch->sending.encoded->size;
        struct iovec *part = rk_request_try_alloc(request, sizeof(*part));
        if (!part)
            return false;
        *part = (struct iovec){batch->sending.encoded->data, batch->sending.encoded->size};
        records->parts = part;
        records->part_count = 1;
        return true;
    }
    int count = 0;
    for (const struct rk_segment *segment = batch->first; segment; segment = segment->next)
        count++;
    struct iovec *parts = rk_request_try_alloc(request, (size_t)count * sizeof(*parts));
    if (!parts)
        return false;
    count = 0;
    for (const struct rk_segment *segment = batch->first; segment; segment = segment->next) {
        if (segment->size > 0)
            parts[count++] = (struct iovec){segment->bytes, segment->size};
    }
    records->parts = parts;
    records->part_count = count;
    records->size = (int32_t)batch->size;
    return true;
}

static bool fill_message(struct rk_request *request, const struct rk_produce_context *context)
{
    struct rk_produce_request *message = request->message;
    message->topic_data.items = rk_produce_request_topic_try_new(&request->arena, context->count);
    struct rk_produce_request_partition *partitions =
        rk_produce_request_partition_try_new(&request->arena, context->count);
    if (!message->topic_data.items || !partitions)
        return false;
    message->topic_data.count = 0;
    struct rk_produce_request_topic *topic = NULL;
    for (int i = 0; i < context->count; i++) {
        const struct rk_produce_part *part = &context->parts[i];
        if (i == 0 || part->topic != context->parts[i - 1].topic) {
            topic = &message->topic_data.items[message->topic_data.count++];
            topic->name = rk_topic_name(part->topic);
            topic->topic_id = part->topic_id;
            topic->partition_data.items = &partitions[i];
            topic->partition_data.count = 0;
            if (rk_uuid_is_zero(&topic->topic_id))
                request->max_version =
                    RK_MIN(request->max_version, (int16_t)(RK_PRODUCE_FIRST_TOPIC_ID - 1));
        }
        topic->partition_data.count++;
        partitions[i].index = part->partition;
        if (!fill_records(request, part->batch, &partitions[i].records))
            return false;
    }
    return true;
}

/* Out of memory: all go back, and wait a little. */
static void put_off(struct rk_produce_collection *collection, uint64_t now_us)
{
    struct rk_core *core = collection->sender->producer->core;
    for (int i = 0; i < collection->count; i++) {
        struct rk_batch *batch = collection->batches[i];
        batch->sending.retry_at_us = now_us + (uint64_t)core->conf->retry_backoff_ms * 1000;
        rk_partition_queue_give_back(batch->queue, batch);
    }
}

/* Those that take the batches' format. */
static void set_versions(struct rk_request *request, int magic)
{
    static const struct {
        int16_t min, max;
    } versions[] = {{0, 1}, {2, 2}, {3, INT16_MAX}};
    request->min_version = versions[magic].min;
    request->max_version = RK_MIN(request->max_version, versions[magic].max);
}

static struct rk_request *new_request(struct rk_produce_collection *collection) RK_ON_BROKER
{
    struct rk_sender *sender = collection->sender;
    struct rk_request *request =
        rk_request_try_new(RK_API_PRODUCE, sender->loop, rk_produce_answer_take, NULL);
    if (!request)
        return NULL;
    struct rk_produce_context *context = rk_request_try_alloc(request, sizeof(*context));
    struct rk_produce_request *message = request->message;
    request->owner = context;
    set_versions(request, rk_produce_magic(sender));
    request->has_no_answer = collection->acks == 0;
    message->acks = (int16_t)collection->acks;
    message->timeout_ms = collection->request_timeout_ms;
    uint64_t timeout_ms = (uint64_t)sender->producer->core->conf->socket_timeout_ms;
    request->timeout_us =
        RK_MAX(timeout_ms, (uint64_t)collection->request_timeout_ms + TIMEOUT_SLACK_MS) * 1000;
    if (!context || !fill_context(context, collection, request) ||
        !fill_message(request, context)) {
        rk_request_destroy(request);
        return NULL;
    }
    context->sender = sender;
    context->request = request;
    return request;
}

static void log_batch(const struct rk_sender *sender, const struct rk_batch *batch) RK_ON_BROKER
{
    rk_log_debug(
        sender->producer->core, RK_DEBUG_MSG, "PRODUCE",
        "%s: %s [%d]: Produce MessageSet with %u message(s) (%u bytes, MsgVersion %d, MsgId %llu, "
        "attempt %d, %s)",
        rk_broker_name(sender->broker), rk_topic_name(batch->topic), (int)batch->partition,
        batch->record_count,
        batch->sending.encoded ? (uint32_t)batch->sending.encoded->size : batch->size,
        (int)batch->sending.magic, (unsigned long long)batch->number, batch->sending.attempts,
        batch->sending.encoded ? rk_compression_name(batch->sending.codec) : "uncompressed");
}

bool rk_produce_request_send_next(struct rk_sender *sender, uint64_t now_us)
{
    struct rk_produce_collection *collection = sender->own.collection;
    collection->sender = sender;
    collection->count = 0;
    collection->has_class = false;
    collect(collection, now_us);
    if (collection->count == 0)
        return false;
    rk_produce_prepare_all(sender, collection->batches, &collection->count);
    if (collection->count == 0)
        return true; /* None of these could be prepared; others may be. */
    struct rk_request *request = new_request(collection);
    if (!request) {
        put_off(collection, now_us);
        return false;
    }
    struct rk_produce_context *context = request->owner;
    for (int i = 0; i < context->count; i++) {
        struct rk_batch *batch = context->parts[i].batch;
        batch->sending.attempts++;
        batch->sending.is_in_flight = true;
        log_batch(sender, batch); /* Its expiry was noted when its queue was looked at. */
    }
    LIST_INSERT_HEAD(&sender->own.in_flight, context, link);
    rk_connection_send(rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE), request);
    return true;
}

struct rk_produce_collection *rk_produce_request_new_collection(void)
{
    return RK_NEW(struct rk_produce_collection);
}

/* Leaving before the answer comes */

/* Reports the batch now; the answer will find it reported. */
static void report_early(struct rk_sender *sender, struct rk_batch *batch, rd_kafka_resp_err_t err,
                         uint64_t now_us) RK_ON_BROKER
{
    batch->sending.is_reported = true;
    rk_batch_acquire(batch); /* The request's. */
    if (err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
        rk_expiry_fail(sender, batch, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED, now_us);
    else
        rk_delivery_fail(batch, err, NULL, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED, now_us);
}

uint64_t rk_produce_request_expire(struct rk_sender *sender, uint64_t now_us)
{
    uint64_t next_us = RK_NEVER;
    struct rk_produce_context *context;
    LIST_FOREACH (context, &sender->own.in_flight, link) {
        for (int i = 0; i < context->count; i++) {
            struct rk_batch *batch = context->parts[i].batch;
            if (batch->sending.is_reported)
                continue;
            uint64_t expires_us = rk_expiry_of_batch(batch);
            if (expires_us > now_us)
                next_us = RK_MIN(next_us, expires_us);
            else if (context->request->was_written)
                report_early(sender, batch, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, now_us);
            else
                rk_connection_drop(rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE),
                                   RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   "messages expired while they were being sent");
        }
    }
    return next_us;
}

static void purge_written(struct rk_produce_context *context, uint64_t now_us) RK_ON_BROKER
{
    for (int i = 0; i < context->count; i++) {
        struct rk_batch *batch = context->parts[i].batch;
        if (!batch->sending.is_reported)
            report_early(context->sender, batch, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, now_us);
    }
}

void rk_produce_request_purge(struct rk_sender *sender, bool queued, bool in_flight,
                              uint64_t now_us)
{
    struct rk_connection *connection = rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE);
    struct rk_produce_context *context;
    LIST_FOREACH (context, &sender->own.in_flight, link) {
        struct rk_request *request = context->request;
        rd_kafka_resp_err_t err =
            queued ? RD_KAFKA_RESP_ERR__PURGE_QUEUE : RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
        if (request->was_written) {
            if (in_flight)
                purge_written(context, now_us);
        } else if (rk_connection_is_writing(connection, request)) {
            context->purge_err = err;
            rk_connection_drop(connection, RD_KAFKA_RESP_ERR__TRANSPORT, "purged while being sent");
        } else if (queued) {
            context->purge_err = err;
            rk_connection_withdraw(connection, request, err, "purged");
        }
    }
    rk_connection_poke(connection, now_us); /* Reports those that are not sent. */
}

void rk_produce_request_abandon(struct rk_sender *sender, struct rk_partition_queue *queue)
{
    const struct rk_conf *conf = sender->producer->core->conf;
    if (conf->max_in_flight_requests_per_connection > 1)
        return;
    struct rk_partition_queue_shared *shared = rk_partition_queue_lock(queue);
    bool waits = shared->in_flight > 0;
    rk_partition_queue_unlock(queue);
    if (waits && !rk_timer_is_started(&sender->own.give_up_timer))
        rk_loop_start_timer(sender->loop, &sender->own.give_up_timer,
                            rk_clock_now_us() + (uint64_t)conf->retry_backoff_max_ms * 1000);
}

/* Whether something under way belongs to a queue that another sender has. */
static bool holds_up_others(struct rk_sender *sender)
{
    bool holds_up = false;
    struct rk_produce_context *context;
    LIST_FOREACH (context, &sender->own.in_flight, link) {
        for (int i = 0; i < context->count && !holds_up; i++) {
            struct rk_partition_queue *queue = context->parts[i].batch->queue;
            holds_up = rk_partition_queue_lock(queue)->sender != sender;
            rk_partition_queue_unlock(queue);
        }
    }
    return holds_up;
}

void rk_produce_request_on_give_up(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_sender *sender = rk_container_of(timer, struct rk_sender, own.give_up_timer);
    rk_on_broker(sender->loop);
    (void)now_us;
    if (holds_up_others(sender))
        rk_connection_drop(rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE),
                           RD_KAFKA_RESP_ERR__TRANSPORT,
                           "a partition has another leader, which waits for what is under way");
}
