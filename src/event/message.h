/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message as the application sees it: the public struct first, then what the accessors need.
 *
 * Every message handed out is one of these, wherever it lives: in a slab of a fetch batch, on the
 * stack during a delivery report, in an event, or alone. Nothing in it points to a producer or
 * consumer type; `holder` knows what destroying it means. One thread at a time uses a message.
 */
#ifndef RK_EVENT_MESSAGE_H
#define RK_EVENT_MESSAGE_H

#include "base/types.h"
#include "rdkafka.h"

enum rk_message_kind {
    RK_MESSAGE_CONSUMED,
    RK_MESSAGE_PRODUCED,
    RK_MESSAGE_ERROR, /* A consumer's error: payload is the text. */
};

struct rk_message;

struct rk_message_holder {
    /* rd_kafka_message_destroy(): any thread. Calls rk_message_clear_parsed. */
    void (*release)(struct rk_message *message);
};

struct rk_message {
    rd_kafka_message_t rkmessage;           /* First. */
    const struct rk_message_holder *holder; /* NULL: destroying it does nothing (it lives
                                               elsewhere). */
    void *holder_data;                      /* The holder's own: slab, batch. */
    int64_t timestamp_ms;                   /* -1: none. */
    int64_t latency_us;                     /* Produced: from produce() to the answer. -1: none. */
    rd_kafka_headers_t *headers;            /* Parsed or given; owned; NULL until asked for. */
    struct rk_bytes raw_headers; /* As they stand in the record, their count in front (struct
                                    rk_record); size 0 or -1: none. Borrowed from the holder. */
    int32_t broker_id;           /* -1: unknown. */
    int32_t leader_epoch;        /* -1: unknown. */
    int16_t delivery_count;      /* Share consumer; -1 elsewhere. */
    uint8_t kind;                /* enum rk_message_kind */
    uint8_t status;              /* rd_kafka_msg_status_t, of a produced one. */
    uint8_t timestamp_type;      /* rd_kafka_timestamp_type_t */
    bool is_watched;             /* Its event's message_taken wants to see it. */
    char *error_text; /* rd_kafka_message_produce_errstr(); borrowed from the holder; NULL:
                         rd_kafka_err2str(err). */
};

static inline struct rk_message *rk_message_from_public(const rd_kafka_message_t *rkmessage)
{
    return (struct rk_message *)(uintptr_t)rkmessage;
}

/* A consumer's error as a message of its own. borrows: topic (takes a reference; may be NULL), text
 * (copied; NULL: err2str) */
struct rk_message *rk_message_new_error(rd_kafka_resp_err_t err, rd_kafka_topic_t *topic,
                                        int32_t partition, int64_t offset, const char *text);
/* NULL is fine; any thread. */
void rk_message_destroy(struct rk_message *message);
/* Frees what the accessors made (parsed headers); holders call it when they free or reuse the
 * message. */
void rk_message_clear_parsed(struct rk_message *message);

/* The message's headers, parsed at the first call; borrowed. _NOENT when it has none, _BAD_MSG when
 * they are malformed. */
rd_kafka_resp_err_t rk_message_headers(struct rk_message *message, rd_kafka_headers_t **headers);
/* The same, giving them away: the message has none afterwards. */
rd_kafka_resp_err_t rk_message_detach_headers(struct rk_message *message,
                                              rd_kafka_headers_t **headers);
/* Replaces them. takes: headers (NULL: none) */
void rk_message_set_headers(struct rk_message *message, rd_kafka_headers_t *headers);

#endif
