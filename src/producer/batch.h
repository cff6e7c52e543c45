/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch of records of one partition: the unit of queueing, sending, retrying and reporting.
 *
 * Records stand in their segments in final form (magic 2), the first behind room for the batch
 * header, and no record straddles two segments, except one whose value is sent from where it is:
 * its head ends a segment, the value is a foreign segment, its tail begins the next. Filled under
 * its partition queue's lock until it is sealed; then owned by one thread at a time: the sender,
 * then the application's queue as a delivery report. Counted because a connection may still be
 * writing what has been reported.
 */
#ifndef RK_PRODUCER_BATCH_H
#define RK_PRODUCER_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include "base/block.h"
#include "event/event.h"
#include "producer/segment.h"
#include "wire/record_batch.h"
#include "wire/record_batch_writer.h"

struct rk_partition_queue;
struct rk_producer;
struct rk_report;

/* A record on its way into a batch; everything borrowed. */
struct rk_new_record {
    const void *key;
    int32_t key_size; /* -1: null. */
    int32_t value_size;
    void *value;
    const rd_kafka_headers_t *headers; /* NULL: none. */
    size_t headers_size;               /* rk_headers_wire_size */
    size_t payload_size;               /* Key and value. */
    int64_t timestamp_ms;
    uint64_t enqueued_us;
    void *opaque;
    int flags;         /* RD_KAFKA_MSG_F_*. */
    bool by_reference; /* The value is sent from where it is. */
};

/* What a report needs of a message that was passed without RD_KAFKA_MSG_F_COPY. */
struct rk_original {
    uint32_t index; /* Of the record in its batch. */
    bool frees;     /* RD_KAFKA_MSG_F_FREE */
    void *value;
};

struct rk_record_failure {
    int32_t index;
    char *text; /* Owned; may be NULL. */
};

struct rk_batch {
    TAILQ_ENTRY(rk_batch) link; /* In its queue, or in a list of the sender's. */
    rd_kafka_event_t event;     /* As delivery report. */
    _Atomic int references;
    struct rk_producer *producer;
    rd_kafka_topic_t *topic;          /* A reference: the application may look at it in a report. */
    int32_t partition;                /* RD_KAFKA_PARTITION_UA: failed before it had one. */
    struct rk_partition_queue *queue; /* Lives as long as the topic; NULL without a partition. */
    uint64_t number;                  /* Order in the partition: of its first record, with gaps. */

    struct rk_segment *first, *last;
    uint32_t plain_room; /* What rk_batch_append_plainly may use of the last segment: it fills
                            neither this nor the batch. */
    uint32_t record_count;
    uint32_t size;         /* Wire bytes, header included, uncompressed. */
    uint64_t credit_bytes; /* What its messages count against the queue's limit. */
    int64_t base_timestamp_ms, max_timestamp_ms;
    uint64_t base_enqueued_us;

    uint32_t *enqueued_deltas_us;  /* Per record, against base_enqueued_us. */
    void **opaques;                /* Per record; NULL while all are NULL. */
    uint32_t capacity;             /* Of both. */
    struct rk_original *originals; /* Ascending by index. */
    uint32_t original_count, original_capacity;

    struct {                      /* The sender. */
        struct rk_block *encoded; /* What is sent, header included: compressed, or a message set;
                                     NULL: the segments. */
        uint8_t magic, codec;     /* It is prepared for. */
        int attempts;
        bool may_be_persisted; /* Some attempt was written and has no clear outcome. */
        bool is_prepared;      /* For that; header and CRC are written. */
        bool is_in_flight;
        bool is_reported;     /* Handed up while still in flight. */
        uint64_t retry_at_us; /* 0: at once. */
        rd_kafka_resp_err_t last_err;
    } sending;

    struct rk_report *report; /* Made by delivery.c when it is needed. */
    struct {                  /* For the report. */
        rd_kafka_resp_err_t err;
        char *text;            /* NULL: err2str. */
        int64_t base_offset;   /* -1: unknown. */
        int64_t log_append_ms; /* -1: create time. */
        int32_t broker_id;
        uint64_t done_us;
        uint8_t status;                     /* rd_kafka_msg_status_t */
        struct rk_record_failure *failures; /* KIP-467: the records that caused it, by index. */
        int32_t failure_count;
        char *others_text; /* Of the other records, which were refused with them. */
    } outcome;
};

TAILQ_HEAD(rk_batch_list, rk_batch);

/* Free batches, each with its first segment and room for some deltas, so that partitions with few
 * records each cost no allocation. Last in, first out; bounded; any thread. */
struct rk_batch_pool {
    struct rk_mutex mutex; /* RK_RANK_POOL */
    struct {
        struct rk_batch_list free;
        int count;
    } shared;
};

void rk_batch_pool_init(struct rk_batch_pool *pool);
void rk_batch_pool_clear(struct rk_batch_pool *pool);

/* Empty, with its first segment; one reference. NULL when memory is out. */
struct rk_batch *rk_batch_try_new(struct rk_producer *producer, rd_kafka_topic_t *topic,
                                  struct rk_partition_queue *queue, uint64_t number,
                                  const struct rk_new_record *first);
/* What the segment has to hold that such a batch needs for its first record, beside its own; 0:
 * none. */
size_t rk_batch_second_segment_size(const struct rk_new_record *first);
struct rk_batch *rk_batch_acquire(struct rk_batch *batch);
/* The last one frees the records, the application's memory that was passed with F_FREE included. */
void rk_batch_release(struct rk_batch *batch);

/* What its records have come to when it fails now. */
static inline rd_kafka_msg_status_t rk_batch_status(const struct rk_batch *batch)
{
    return batch->sending.may_be_persisted ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                                           : RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
}

/* Asks for the memory of a batch that another thread has filled. */
static inline void rk_batch_prefetch(const struct rk_batch *batch)
{
    const char *at = (const char *)batch;
    for (size_t i = 0; i < sizeof(*batch); i += 64)
        RK_PREFETCH(at + i);
}

/* Of batch_append.h. */
enum rk_append {
    RK_APPEND_OK,
    RK_APPEND_FULL,          /* Seal it; the record belongs into the next one. */
    RK_APPEND_NEEDS_SEGMENT, /* Call again with one of at least *segment_size bytes. */
    RK_APPEND_NO_MEMORY,
};
/* Parts that make up its uncompressed records, header excluded; returns how many there are, writes
 * at most `max`. */
int rk_batch_record_parts(const struct rk_batch *batch, struct iovec *parts, int max);

/*
 * Moves the first `count` records, 0 < count < record_count, into a batch of their own, which takes
 * the number and the history; the rest, whose number is higher by `count`, is encoded anew. Not
 * while it is in flight. NULL when memory is out: nothing has changed.
 */
struct rk_batch *rk_batch_try_split(struct rk_batch *batch, uint32_t count);

#endif
