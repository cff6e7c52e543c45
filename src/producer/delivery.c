/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/delivery.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/topic.h"
#include "conf/conf.h"
#include "conf/interceptors.h"
#include "event/core.h"
#include "event/message.h"
#include "event/queue.h"
#include "producer/batch_walk.h"
#include "producer/partition_queue.h"
#include "producer/producer.h"

/* What is built when the application looks at a report as an event, or when its callback stopped
 * half-way. */
struct rk_report {
    struct rk_batch_walk walk;   /* Of callbacks: where they go on. */
    struct rk_message *messages; /* All of them, once asked for. */
    size_t count;
};

static struct rk_batch *batch_of(const rd_kafka_event_t *event)
{
    return rk_container_of((rd_kafka_event_t *)(uintptr_t)event, struct rk_batch, event);
}

static int compare_failure(const void *index, const void *failure)
{
    int32_t one = *(const int32_t *)index;
    int32_t other = ((const struct rk_record_failure *)failure)->index;
    return (one > other) - (one < other);
}

/* KIP-467: the records that are bad, and those that were refused with them. */
static rd_kafka_resp_err_t err_of_record(const struct rk_batch *batch, int32_t index,
                                         const char **text)
{
    const struct rk_record_failure *failure =
        bsearch(&index, batch->outcome.failures, (size_t)batch->outcome.failure_count,
                sizeof(*failure), compare_failure);
    if (!failure) {
        *text = batch->outcome.others_text;
        return RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD;
    }
    *text = failure->text ? failure->text : batch->outcome.text;
    return batch->outcome.failure_count == 1 ? batch->outcome.err
                                             : RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

/* What all messages of a batch have in common. */
static void init_message(struct rk_message *message, const struct rk_batch *batch)
{
    bool is_log_append = batch->outcome.log_append_ms >= 0;
    *message = (struct rk_message){
        .rkmessage = {.err = batch->outcome.err,
                      .rkt = batch->topic,
                      .partition = batch->partition,
                      .offset = RD_KAFKA_OFFSET_INVALID},
        .timestamp_ms = batch->outcome.log_append_ms,
        .broker_id = batch->outcome.broker_id,
        .leader_epoch = -1,
        .delivery_count = -1,
        .kind = RK_MESSAGE_PRODUCED,
        .status = batch->outcome.status,
        .timestamp_type =
            is_log_append ? RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME : RD_KAFKA_TIMESTAMP_CREATE_TIME,
        .error_text = batch->outcome.text,
    };
}

/* What differs from one to the next; the message was initialised for its batch. */
RK_ALWAYS_INLINE void fill_message(struct rk_message *message, const struct rk_batch *batch,
                                   const struct rk_batch_record *record, uint32_t index)
{
    message->rkmessage.payload =
        record->original ? record->original->value : (void *)(uintptr_t)record->value;
    message->rkmessage.len = (size_t)RK_MAX(record->value_size, 0);
    message->rkmessage.key = (void *)(uintptr_t)record->key;
    message->rkmessage.key_len = (size_t)RK_MAX(record->key_size, 0);
    message->rkmessage._private = record->opaque;
    if (RK_LIKELY(batch->outcome.base_offset >= 0))
        message->rkmessage.offset = batch->outcome.base_offset + (int64_t)index;
    if (RK_LIKELY(batch->outcome.log_append_ms < 0))
        message->timestamp_ms = record->timestamp_ms;
    message->latency_us = (int64_t)(batch->outcome.done_us - record->enqueued_us);
    message->raw_headers = (struct rk_bytes){record->raw_headers, record->raw_headers_size};
    if (RK_UNLIKELY(batch->outcome.failure_count > 0)) {
        const char *text;
        message->rkmessage.err = err_of_record(batch, (int32_t)index, &text);
        message->error_text = (char *)(uintptr_t)text;
    }
}

/* Callbacks */

static inline void call(const struct rk_callbacks *callbacks, rd_kafka_t *client,
                        const struct rk_message *message)
{
    if (RK_LIKELY(callbacks->dr_msg_cb != NULL))
        callbacks->dr_msg_cb(client, &message->rkmessage, callbacks->opaque);
    else if (callbacks->dr_cb)
        callbacks->dr_cb(client, message->rkmessage.payload, message->rkmessage.len,
                         message->rkmessage.err, callbacks->opaque, message->rkmessage._private);
}

static enum rk_served serve(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    struct rk_batch *batch = batch_of(event);
    if (!core->reports_by_callback) {
        rk_log(core, RK_LOG_WARNING, "DRDROP",
               "delivery reports of %u messages are dropped: they are to be "
               "taken as events, with rd_kafka_queue_poll()",
               batch->record_count);
        return RK_SERVED_WHOLE;
    }
    const struct rk_callbacks callbacks =
        core->conf->callbacks; /* On the stack: it cannot change. */
    struct rk_batch_walk walk;
    if (batch->report)
        walk = batch->report->walk;
    else
        rk_batch_walk_init(&walk, batch);
    (*count)++;
    struct rk_batch_record record;
    struct rk_message message;
    init_message(&message, batch);
    while (rk_batch_walk_next(&walk, &record)) {
        fill_message(&message, batch, &record, walk.index - 1);
        call(&callbacks, core->client, &message);
        if (RK_UNLIKELY(message.headers != NULL))
            rk_message_clear_parsed(&message);
        if (RK_UNLIKELY(rk_has_yield_request()) && walk.index < batch->record_count) {
            if (!batch->report)
                batch->report = RK_NEW(struct rk_report);
            batch->report->walk = walk;
            return RK_SERVED_PART;
        }
    }
    return RK_SERVED_WHOLE;
}

/* Events */

static size_t message_count(rd_kafka_event_t *event)
{
    return batch_of(event)->record_count;
}

static const rd_kafka_message_t *message_at(rd_kafka_event_t *event, size_t index)
{
    struct rk_batch *batch = batch_of(event);
    if (!batch->report)
        batch->report = RK_NEW(struct rk_report);
    struct rk_report *report = batch->report;
    if (!report->messages) {
        struct rk_batch_walk walk;
        struct rk_batch_record record;
        report->messages = rk_calloc(batch->record_count, sizeof(*report->messages));
        rk_batch_walk_init(&walk, batch);
        while (rk_batch_walk_next(&walk, &record)) {
            init_message(&report->messages[report->count], batch);
            fill_message(&report->messages[report->count++], batch, &record, walk.index - 1);
        }
    }
    return &report->messages[index].rkmessage;
}

static void destroy(rd_kafka_event_t *event)
{
    struct rk_batch *batch = batch_of(event);
    if (batch->report) {
        for (size_t i = 0; i < batch->report->count; i++)
            rk_message_clear_parsed(&batch->report->messages[i]);
        rk_free(batch->report->messages);
        rk_free(batch->report);
        batch->report = NULL;
    }
    struct rk_producer *producer = rk_producer_acquire(batch->producer); /* May be the last. */
    int64_t messages = batch->record_count, bytes = (int64_t)batch->credit_bytes;
    rk_batch_release(batch);
    rk_producer_return_credit(producer, messages, bytes);
    rk_producer_release(producer);
}

static const struct rk_event_kind report_kind = {
    .name = "delivery report",
    .serve = serve,
    .message_count = message_count,
    .message_at = message_at,
    .destroy = destroy,
};

void rk_delivery_init_event(rd_kafka_event_t *event)
{
    event->kind = &report_kind;
    event->type = RD_KAFKA_EVENT_DR;
    event->priority = RK_PRIORITY_NORMAL;
    event->length = 1;
}

/* Outcomes */

/* on_acknowledgement interceptors see every message, wanted as a report or not. */
static void tell_interceptors(struct rk_batch *batch)
{
    struct rk_core *core = batch->producer->core;
    const struct rk_interceptors *interceptors = &core->conf_object->interceptors;
    if (RK_LIKELY(!rk_interceptors_has(interceptors, RK_ON_ACKNOWLEDGEMENT)))
        return;
    struct rk_batch_walk walk;
    struct rk_batch_record record;
    rk_batch_walk_init(&walk, batch);
    while (rk_batch_walk_next(&walk, &record)) {
        struct rk_message message;
        init_message(&message, batch);
        fill_message(&message, batch, &record, walk.index - 1);
        rk_interceptors_on_acknowledgement(interceptors, core->client, &message.rkmessage);
        rk_message_clear_parsed(&message);
    }
}

void rk_delivery_discard(struct rk_batch *batch)
{
    batch->outcome.err = RD_KAFKA_RESP_ERR__DESTROY;
    batch->outcome.done_us = rk_clock_now_us();
    tell_interceptors(batch);
    rk_batch_release(batch);
}

/* Adds the report to those that are to be posted, if somebody wants it. */
static void report(struct rk_batch *batch, struct rk_event_list *reports)
{
    struct rk_core *core = batch->producer->core;
    if (batch->queue)
        atomic_fetch_add_explicit(&batch->queue->stats.reported_messages, batch->record_count,
                                  memory_order_relaxed);
    tell_interceptors(batch);
    bool is_wanted = core->reports_by_callback || core->reports_by_event;
    if (core->conf->delivery_report_only_error && !batch->outcome.err)
        is_wanted = false;
    batch->event.err = batch->outcome.err;
    if (is_wanted)
        TAILQ_INSERT_TAIL(reports, &batch->event, link);
    else
        destroy(&batch->event);
}

void rk_delivery_succeed(struct rk_batch *batch, int64_t base_offset, int64_t log_append_ms,
                         int32_t broker_id, uint64_t now_us, struct rk_event_list *reports)
{
    /* One that leaves no room for the others is a lie: stored, but nobody knows where. */
    batch->outcome.base_offset = base_offset <= INT64_MAX - batch->record_count ? base_offset : -1;
    batch->outcome.log_append_ms = log_append_ms;
    batch->outcome.broker_id = broker_id;
    batch->outcome.done_us = now_us;
    atomic_fetch_add_explicit(&batch->queue->stats.acknowledged_messages, batch->record_count,
                              memory_order_relaxed);
    batch->outcome.status = batch->topic->conf->request_required_acks == 0
                                ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                                : RD_KAFKA_MSG_STATUS_PERSISTED;
    report(batch, reports);
}

void rk_delivery_post(struct rk_producer *producer, struct rk_event_list *reports)
{
    rk_queue_push_all(producer->core->main_queue, reports);
}

void rk_delivery_fail(struct rk_batch *batch, rd_kafka_resp_err_t err, const char *text,
                      rd_kafka_msg_status_t status, uint64_t now_us)
{
    batch->outcome.err = err;
    if (text)
        batch->outcome.text = rk_strdup(text);
    batch->outcome.done_us = now_us;
    batch->outcome.status = (uint8_t)status;
    struct rk_core *core = batch->producer->core;
    struct rk_event_list reports = TAILQ_HEAD_INITIALIZER(reports);
    report(batch, &reports);
    if (!TAILQ_EMPTY(&reports)) /* Else the core may have gone with the batch. */
        rk_queue_push_all(core->main_queue, &reports);
}
