/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event: anything that goes up to the application through a queue.
 *
 * The public rd_kafka_event_t. A module that sends something up embeds this struct in its own and
 * gives it a kind: how to run the application's callback for it, how to give its messages one by
 * one, how to free it. An event has one owner: who made it, then the queue, then whoever took it
 * out.
 */
#ifndef RK_EVENT_EVENT_H
#define RK_EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "rdkafka.h"

struct rk_core;
struct rk_cursor;
struct rk_event_kind;
struct rk_message;
struct rk_prefetch;
struct rk_budget;

/* Order inside a queue: highest first, first in first out among equals. */
enum rk_event_priority {
    RK_PRIORITY_NORMAL, /* Messages, delivery reports, errors. */
    RK_PRIORITY_MEDIUM, /* Logs. */
    RK_PRIORITY_HIGH,   /* Statistics, throttling, commit results. */
    RK_PRIORITY_FLASH,
};

struct rd_kafka_op_s {
    TAILQ_ENTRY(rd_kafka_op_s) link;
    const struct rk_event_kind *kind;
    rd_kafka_event_type_t type; /* RD_KAFKA_EVENT_NONE: has no event form, only a callback. */
    enum rk_event_priority priority;
    int length; /* What it adds to the length of a queue: the records of a fetch batch, 1 for
                   anything else. Set before it is pushed, then the queue's. */
    rd_kafka_resp_err_t err;
    rd_kafka_resp_err_t fatal_err; /* The fatal error behind err _FATAL; 0: none. */
    char *text;         /* Error or log text, owned (rk_free); NULL: rd_kafka_err2str(err). */
    void *opaque;       /* rd_kafka_event_opaque() */
    size_t notice_size; /* Bytes of a notice, which a queue that is full of them drops; else 0. */
    rd_kafka_topic_partition_list_t *partitions; /* Of a rebalance or commit; owned; may be NULL. */
    size_t next_message;                         /* Where rd_kafka_event_message_next() stands. */
};

TAILQ_HEAD(rk_event_list, rd_kafka_op_s);

enum rk_served {
    RK_SERVED_WHOLE, /* Done; the server destroys the event. */
    RK_SERVED_PART,  /* The callback yielded: goes back to the head of its queue. */
};

struct rk_event_kind {
    const char *name;
    /*
     * Runs the application's callback(s) on the calling application thread, no lock held. NULL:
     * nothing to call, the event is dropped when served. `*count` is increased by what counts as
     * served.
     */
    enum rk_served (*serve)(rd_kafka_event_t *event, struct rk_core *core, int *count);
    /*
     * For events that hold consumed messages: gives the next one, or NULL when there is none left
     * or the rest is outdated. Runs under the lock of the queue the event stands in; must not
     * block, call back, or post. The queue lowers `length` by one for each, if this did not, and
     * drops the event when it is empty or NULL came.
     */
    struct rk_message *(*next_message)(rd_kafka_event_t *event);
    bool (*is_empty)(const rd_kafka_event_t *event);
    /* What it tells belongs to a position that was left since (event/cursor.h): to be dropped
     * instead of given to the application. May be NULL. */
    bool (*is_void)(const rd_kafka_event_t *event);
    /* After unlock, for a message that `next_message` gave with is_watched, before the event is
     * destroyed: wakes the fetcher, runs on_consume interceptors. May be NULL. */
    void (*message_taken)(struct rk_message *message);
    /* In event form: the i-th message, 0 <= i < message_count; the event owns them. NULL when the
     * kind has none. */
    size_t (*message_count)(rd_kafka_event_t *event);
    const rd_kafka_message_t *(*message_at)(rd_kafka_event_t *event, size_t index);
    /* Frees the event. Its text and partitions have been freed before. */
    void (*destroy)(rd_kafka_event_t *event);
};

/* Sets kind and type, length 1, normal priority, and all else to none. */
void rk_event_init(rd_kafka_event_t *event, const struct rk_event_kind *kind,
                   rd_kafka_event_type_t type);
/* NULL is fine. */
void rk_event_destroy(rd_kafka_event_t *event);

/* Plain events whose kinds live in event.c. All return a new event; the caller owns it. */
/* `text` is copied; NULL: rd_kafka_err2str(err). */
rd_kafka_event_t *rk_event_new_error(rd_kafka_resp_err_t err, const char *text);
/* A consumer's error, which consume calls return as a message and rd_kafka_poll() gives to
 * error_cb. borrows: topic (takes a reference); NULL and RD_KAFKA_PARTITION_UA when it concerns
 * none */
rd_kafka_event_t *rk_event_new_consumer_error(rd_kafka_resp_err_t err, rd_kafka_topic_t *topic,
                                              int32_t partition, int64_t offset, const char *text);
/* Whom an error of a partition concerns. */
struct rk_error_place {
    struct rk_cursor *cursor; /* It is void together with what was fetched under that version of it;
                                 NULL: never. */
    uint32_t version;
    int64_t offset;
    /* Both or none: its memory counts there until the event is destroyed. */
    struct rk_prefetch *prefetch;
    struct rk_budget *budget;
};

/* The same, at a place; `text` is not NULL. borrows: place (takes references) */
rd_kafka_event_t *rk_event_new_partition_error(rd_kafka_resp_err_t err, rd_kafka_topic_t *topic,
                                               int32_t partition, const char *text,
                                               const struct rk_error_place *place);
/* `context`: RK_DEBUG_* or 0. */
rd_kafka_event_t *rk_event_new_log(int level, int context, const char *facility, const char *text);
rd_kafka_event_t *rk_event_new_throttle(const char *broker_name, int32_t broker_id,
                                        int throttle_ms);
/* takes: json (rk_app_malloc), with a closing NUL that `size` does not count */
rd_kafka_event_t *rk_event_new_stats(char *json, size_t size);
/* Wraps one consumed message as RD_KAFKA_EVENT_FETCH. takes: message */
rd_kafka_event_t *rk_event_new_fetch(struct rk_message *message);

/* What the public accessors ask of the kinds above. */
struct rk_event_log {
    const char *facility;
    const char *text;
    int level;
    int context;
};

/* False when it is no log. The strings are the event's. */
bool rk_event_get_log(const rd_kafka_event_t *event, struct rk_event_log *log);
/* NULL when it is no statistics. */
const char *rk_event_stats(const rd_kafka_event_t *event);
/* The message of a consumer's error or a wrapped one: the event's; NULL for others. */
const struct rk_message *rk_event_own_message(const rd_kafka_event_t *event);

#endif
