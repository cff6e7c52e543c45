/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_produce() and its family, flushing and purging, partitioners.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "api/client.h"
#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/error.h"
#include "base/text.h"
#include "event/headers.h"
#include "event/message.h"
#include "event/visit.h"
#include "producer/producer.h"

static int errno_of(rd_kafka_resp_err_t err)
{
    static const struct {
        rd_kafka_resp_err_t err;
        int error;
    } rows[] = {
        {RD_KAFKA_RESP_ERR__QUEUE_FULL, ENOBUFS},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, EMSGSIZE},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ESRCH},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ENOENT},
        {RD_KAFKA_RESP_ERR__FATAL, ECANCELED},
        {RD_KAFKA_RESP_ERR__STATE, ENOEXEC},
        {RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, ENOMEM},
    };
    for (size_t i = 0; i < RK_COUNT_OF(rows); i++) {
        if (rows[i].err == err)
            return rows[i].error;
    }
    return EINVAL;
}

/* A message as interceptors see it while it is not queued. */
struct intercepted {
    rd_kafka_t *rk;
    struct rk_message message;
};

static void on_admitted(void *argument, struct rk_produce *produce)
{
    struct intercepted *self = argument;
    struct rk_new_record *record = &produce->record;
    self->message = (struct rk_message){
        .rkmessage = {.rkt = produce->topic,
                      .partition = produce->partition,
                      .payload = record->value,
                      .len = produce->value_size,
                      .key = (void *)(uintptr_t)record->key,
                      .key_len = produce->key_size,
                      .offset = RD_KAFKA_OFFSET_INVALID,
                      ._private = record->opaque},
        .timestamp_ms = record->timestamp_ms,
        .headers = record->headers ? rk_headers_try_copy(record->headers) : NULL,
        .kind = RK_MESSAGE_PRODUCED,
        .latency_us = -1,
        .broker_id = -1,
        .leader_epoch = -1,
        .delivery_count = -1,
    };
    rk_interceptors_on_send(&self->rk->core->conf_object->interceptors, self->rk,
                            &self->message.rkmessage);
    record->headers = self->message.headers;
}

/* on_send has seen it: on_acknowledgement is to see its end. */
static void on_refused(void *argument, rd_kafka_resp_err_t err)
{
    struct intercepted *self = argument;
    self->message.rkmessage.err = err;
    rk_interceptors_on_acknowledgement(&self->rk->core->conf_object->interceptors, self->rk,
                                       &self->message.rkmessage);
}

__attribute__((noinline)) static rd_kafka_resp_err_t add_intercepted(rd_kafka_t *rk,
                                                                     struct rk_produce *produce)
{
    struct intercepted self = {.rk = rk};
    const struct rk_produce_watcher watcher = {on_admitted, on_refused, &self};
    rd_kafka_resp_err_t err = rk_producer_add(rk->producer, produce, &watcher);
    rk_headers_destroy(self.message.headers);
    return err;
}

static inline rd_kafka_resp_err_t add(rd_kafka_t *rk, struct rk_produce *produce)
{
    if (RK_UNLIKELY(rk_interceptors_has(&rk->core->conf_object->interceptors, RK_ON_SEND)))
        return add_intercepted(rk, produce);
    return rk_producer_add(rk->producer, produce, NULL);
}

static rd_kafka_t *client_of(const rd_kafka_topic_t *topic)
{
    return topic->base.core->client;
}

int rd_kafka_produce(rd_kafka_topic_t *rkt, int32_t partition, int msgflags, void *payload,
                     size_t len, const void *key, size_t keylen, void *msg_opaque)
{
    rd_kafka_t *rk = client_of(rkt);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (RK_LIKELY(rk->producer != NULL)) {
        struct rk_produce produce; /* Not cleared as a whole: that costs as much as the lock. */
        produce.topic = rkt;
        produce.partition = partition;
        produce.record.key = key;
        produce.record.value = payload;
        produce.record.headers = NULL;
        produce.record.timestamp_ms = 0;
        produce.record.opaque = msg_opaque;
        produce.record.flags = msgflags;
        produce.key_size = key ? keylen : 0;
        produce.value_size = payload ? len : 0;
        err = add(rk, &produce);
    }
    if (RK_LIKELY(!err)) {
        rk_set_last_error(RD_KAFKA_RESP_ERR_NO_ERROR, 0);
        return 0;
    }
    rk_set_last_error(err, errno_of(err));
    return -1;
}

#define FEW_HEADERS 8 /* Single ones that need no memory. */

/* Variable arguments: both forms fill one of these. */
struct arguments {
    struct rk_produce produce;
    rd_kafka_headers_t *given_headers; /* The application's list: ours when the call succeeds. */
    rd_kafka_headers_t lent;           /* Single headers, which stay where they are, */
    struct rk_record_header few[FEW_HEADERS];
    rd_kafka_headers_t *many; /* or if they are many, all of them; NULL: they are not. */
    char *text;               /* What is wrong. */
};

/* Not cleared as a whole: most calls have no headers. */
static inline void init_arguments(struct arguments *arguments)
{
    arguments->produce = (struct rk_produce){.partition = RD_KAFKA_PARTITION_UA};
    arguments->given_headers = arguments->many = NULL;
    arguments->lent.count = 0;
    arguments->text = NULL;
}

static bool has_single_headers(const struct arguments *arguments)
{
    return arguments->lent.count > 0 || arguments->many;
}

static rd_kafka_resp_err_t refuse(struct arguments *arguments, rd_kafka_resp_err_t err,
                                  const char *text)
{
    arguments->text = rk_strdup(text);
    return err;
}

static __attribute__((noinline)) rd_kafka_resp_err_t
add_header(struct arguments *arguments, const char *name, const void *value, ssize_t size)
{
    if (arguments->given_headers)
        return refuse(arguments, RD_KAFKA_RESP_ERR__CONFLICT,
                      "VTYPE_HEADER and VTYPE_HEADERS are mutually exclusive");
    rd_kafka_headers_t *lent = &arguments->lent;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    lent->items = arguments->few;
    if (!arguments->many && lent->count == FEW_HEADERS) {
        arguments->many = rk_headers_try_copy(lent);
        if (!arguments->many)
            err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    }
    if (!err && arguments->many)
        err = rk_headers_add(arguments->many, name, -1, value, size);
    else if (!err)
        err = rk_header_set(&lent->items[lent->count], name, -1, value, size);
    lent->count += !err && !arguments->many;
    return err ? refuse(arguments, err, "Failed to add header") : err;
}

/* NULL: that cannot be a topic's name. */
static rd_kafka_topic_t *find_or_add_topic(rd_kafka_t *rk, const char *name)
{
    struct rk_topic_registry *registry = rk_cluster_topics(rk->cluster);
    rd_kafka_topic_t *topic = name ? rk_topic_registry_find(registry, name) : NULL;
    if (RK_LIKELY(topic || !name || strlen(name) > RK_TOPIC_NAME_MAX))
        return topic;
    return rk_topic_registry_find_or_add(registry, name, NULL, NULL);
}

/* Inline, so that the compiler joins its cases with those that read the argument. */
RK_ALWAYS_INLINE rd_kafka_resp_err_t take_argument(rd_kafka_t *rk, struct arguments *arguments,
                                                   const rd_kafka_vu_t *vu)
{
    struct rk_produce *produce = &arguments->produce;
    switch (vu->vtype) {
    case RD_KAFKA_VTYPE_TOPIC:
        produce->topic = find_or_add_topic(rk, vu->u.cstr);
        if (!produce->topic)
            return refuse(arguments, RD_KAFKA_RESP_ERR__INVALID_ARG, "Invalid topic name");
        break;
    case RD_KAFKA_VTYPE_RKT:
        produce->topic = vu->u.rkt;
        break;
    case RD_KAFKA_VTYPE_PARTITION:
        produce->partition = vu->u.i32;
        break;
    case RD_KAFKA_VTYPE_VALUE:
        produce->record.value = vu->u.mem.ptr;
        produce->value_size = vu->u.mem.ptr ? vu->u.mem.size : 0;
        break;
    case RD_KAFKA_VTYPE_KEY:
        produce->record.key = vu->u.mem.ptr;
        produce->key_size = vu->u.mem.ptr ? vu->u.mem.size : 0;
        break;
    case RD_KAFKA_VTYPE_OPAQUE:
        produce->record.opaque = vu->u.ptr;
        break;
    case RD_KAFKA_VTYPE_MSGFLAGS:
        produce->record.flags = vu->u.i;
        break;
    case RD_KAFKA_VTYPE_TIMESTAMP:
        produce->record.timestamp_ms = vu->u.i64;
        break;
    case RD_KAFKA_VTYPE_HEADER:
        return add_header(arguments, vu->u.header.name, vu->u.header.val, vu->u.header.size);
    case RD_KAFKA_VTYPE_HEADERS:
        if (has_single_headers(arguments))
            return refuse(arguments, RD_KAFKA_RESP_ERR__CONFLICT,
                          "VTYPE_HEADERS and VTYPE_HEADER are mutually exclusive");
        arguments->given_headers = vu->u.headers;
        break;
    case RD_KAFKA_VTYPE_END:
    default:
        arguments->text = rk_text_format("Unsupported VTYPE %d", (int)vu->vtype);
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t finish(rd_kafka_t *rk, struct arguments *arguments,
                                  rd_kafka_resp_err_t err)
{
    if (!err && !arguments->produce.topic)
        err = refuse(arguments, RD_KAFKA_RESP_ERR__INVALID_ARG, "Topic name or object required");
    if (!err) {
        rd_kafka_headers_t *single = arguments->many ? arguments->many : &arguments->lent;
        arguments->produce.record.headers =
            has_single_headers(arguments) ? single : arguments->given_headers;
        err = add(rk, &arguments->produce);
    }
    if (!err)
        rk_headers_destroy(arguments->given_headers);
    rk_headers_destroy(arguments->many);
    return err;
}

/* Reads one argument of producev from the list. */
RK_ALWAYS_INLINE void read_argument(va_list *list, rd_kafka_vu_t *vu)
{
    switch (vu->vtype) {
    case RD_KAFKA_VTYPE_TOPIC:
        vu->u.cstr = va_arg(*list, const char *);
        break;
    case RD_KAFKA_VTYPE_RKT:
        vu->u.rkt = va_arg(*list, rd_kafka_topic_t *);
        break;
    case RD_KAFKA_VTYPE_PARTITION:
        vu->u.i32 = va_arg(*list, int32_t);
        break;
    case RD_KAFKA_VTYPE_VALUE:
    case RD_KAFKA_VTYPE_KEY:
        vu->u.mem.ptr = va_arg(*list, void *);
        vu->u.mem.size = va_arg(*list, size_t);
        break;
    case RD_KAFKA_VTYPE_OPAQUE:
        vu->u.ptr = va_arg(*list, void *);
        break;
    case RD_KAFKA_VTYPE_MSGFLAGS:
        vu->u.i = va_arg(*list, int);
        break;
    case RD_KAFKA_VTYPE_TIMESTAMP:
        vu->u.i64 = va_arg(*list, int64_t);
        break;
    case RD_KAFKA_VTYPE_HEADER:
        vu->u.header.name = va_arg(*list, const char *);
        vu->u.header.val = va_arg(*list, const void *);
        vu->u.header.size = va_arg(*list, ssize_t);
        break;
    case RD_KAFKA_VTYPE_HEADERS:
        vu->u.headers = va_arg(*list, rd_kafka_headers_t *);
        break;
    case RD_KAFKA_VTYPE_END:
    default:
        break;
    }
}

rd_kafka_resp_err_t rd_kafka_producev(rd_kafka_t *rk, ...)
{
    struct arguments arguments;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    init_arguments(&arguments);
    if (!rk->producer)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    va_list list;
    va_start(list, rk);
    rd_kafka_vu_t vu;
    while (!err && (vu.vtype = va_arg(list, rd_kafka_vtype_t)) != RD_KAFKA_VTYPE_END) {
        read_argument(&list, &vu);
        err = take_argument(rk, &arguments, &vu);
    }
    va_end(list);
    err = finish(rk, &arguments, err);
    rk_free(arguments.text);
    return err;
}

rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *vus, size_t cnt)
{
    struct arguments arguments;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    init_arguments(&arguments);
    if (!rk->producer)
        return rk_error_new(RD_KAFKA_RESP_ERR__INVALID_ARG, 0, "not a producer");
    for (size_t i = 0; !err && i < cnt; i++)
        err = take_argument(rk, &arguments, &vus[i]);
    err = finish(rk, &arguments, err);
    rd_kafka_error_t *error = NULL;
    if (err)
        error = rk_error_new(err, 0, "%s", arguments.text ? arguments.text : rd_kafka_err2str(err));
    rk_free(arguments.text);
    return error;
}

/* A message that no partition takes is freed, when it was to be freed at all; the other errors
 * leave it to the application. */
static void free_refused(const rd_kafka_message_t *message, int msgflags)
{
    bool is_lookup = message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
                     message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (is_lookup && (msgflags & RD_KAFKA_MSG_F_FREE) && !(msgflags & RD_KAFKA_MSG_F_COPY))
        rk_app_free(message->payload);
}

int rd_kafka_produce_batch(rd_kafka_topic_t *rkt, int32_t partition, int msgflags,
                           rd_kafka_message_t *rkmessages, int message_cnt)
{
    rd_kafka_t *rk = client_of(rkt);
    int accepted = 0;
    /* Of all that follow: the queue is full, or the client is gone and must not be looked at. */
    rd_kafka_resp_err_t refusal =
        rk->producer ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__INVALID_ARG;
    for (int i = 0; i < message_cnt; i++) {
        rd_kafka_message_t *message = &rkmessages[i];
        if (refusal) {
            message->err = refusal;
            continue;
        }
        struct rk_produce produce = {
            .topic = rkt,
            .partition = msgflags & RD_KAFKA_MSG_F_PARTITION ? message->partition : partition,
            .record = {.value = message->payload,
                       .key = message->key,
                       .flags = msgflags,
                       .opaque = message->_private},
            .value_size = message->payload ? message->len : 0,
            .key_size = message->key ? message->key_len : 0,
        };
        message->err = add(rk, &produce);
        accepted += !message->err;
        if (message->err == RD_KAFKA_RESP_ERR__QUEUE_FULL ||
            message->err == RD_KAFKA_RESP_ERR__DESTROY)
            refusal = message->err;
        if (message->err)
            free_refused(message, msgflags);
    }
    return accepted;
}

rd_kafka_resp_err_t rd_kafka_flush(rd_kafka_t *rk, int timeout_ms)
{
    if (!rk->producer)
        return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
    struct rk_visit visit;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_flush()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err =
        rk_producer_flush(rk->producer, rk_deadline_from_ms(rk_clock_now_us(), timeout_ms));
    rk_visit_end(&visit);
    return err;
}

rd_kafka_resp_err_t rd_kafka_purge(rd_kafka_t *rk, int purge_flags)
{
    if (!rk->producer)
        return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
    struct rk_visit visit;
    if (!(purge_flags & RD_KAFKA_PURGE_F_NON_BLOCKING) &&
        !rk_visit_may_wait(rk->core, "rd_kafka_purge()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err = rk_producer_purge(rk->producer, purge_flags);
    rk_visit_end(&visit);
    return err;
}

/* Partitioners, for applications that call them from their own */

int rd_kafka_topic_partition_available(const rd_kafka_topic_t *rkt, int32_t partition)
{
    return rkt->producer && rk_producer_topic_is_available(rkt->producer, partition);
}

static bool is_available(const void *topic, int32_t partition)
{
    return rk_producer_topic_is_available(((const rd_kafka_topic_t *)topic)->producer, partition);
}

static int32_t partition_by(enum rk_partitioner partitioner, const rd_kafka_topic_t *rkt,
                            const void *key, size_t key_size, int32_t partition_count)
{
    if (rk_partitioner_is_random(partitioner, key, key_size))
        return rk_partitioner_draw(partition_count, rkt && rkt->producer ? is_available : NULL,
                                   rkt);
    return rk_partitioner_hash(partitioner, key, key_size, partition_count);
}

#define PARTITIONER(suffix, partitioner)                                                    \
    int32_t rd_kafka_msg_partitioner_##suffix(const rd_kafka_topic_t *rkt, const void *key, \
                                              size_t keylen, int32_t partition_cnt,         \
                                              void *rkt_opaque, void *msg_opaque)           \
    {                                                                                       \
        (void)rkt_opaque;                                                                   \
        (void)msg_opaque;                                                                   \
        return partition_by(partitioner, rkt, key, keylen, partition_cnt);                  \
    }

PARTITIONER(random, RK_PARTITIONER_RANDOM)
PARTITIONER(consistent, RK_PARTITIONER_CONSISTENT)
PARTITIONER(consistent_random, RK_PARTITIONER_CONSISTENT_RANDOM)
PARTITIONER(murmur2, RK_PARTITIONER_MURMUR2)
PARTITIONER(murmur2_random, RK_PARTITIONER_MURMUR2_RANDOM)
PARTITIONER(fnv1a, RK_PARTITIONER_FNV1A)
PARTITIONER(fnv1a_random, RK_PARTITIONER_FNV1A_RANDOM)
