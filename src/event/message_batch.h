/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message batch: what one Fetch answer brought for one partition, as one event.
 *
 * Made by a fetcher, on a broker's loop, with the batches that hold messages to hand out: checked,
 * decompressed, control batches and aborted transactions left out. Queues take messages out one by
 * one, whichever call asks for them: all of them walk this iterator, and it moves the cursor. A
 * batch fetched under an older version of its cursor gives nothing and goes.
 */
#ifndef RK_EVENT_MESSAGE_BATCH_H
#define RK_EVENT_MESSAGE_BATCH_H

#include "event/cursor.h"
#include "event/event.h"
#include "event/message_slab.h"
#include "event/prefetch.h"
#include "wire/record_batch_reader.h"

/* One record batch. */
struct rk_message_part {
    struct rk_record_cursor records;
    struct rk_block *block; /* Where they stand; the one that makes the event borrows. */
    int64_t next_offset;    /* Where consumption goes on behind it. */
    int32_t leader_epoch;   /* Of the records; -1 unknown. */
    uint8_t timestamp_type; /* rd_kafka_timestamp_type_t */
};

/* Everything is borrowed; the event takes references. */
struct rk_message_batch_setup {
    struct rk_slab_pool *pool;
    rd_kafka_topic_t *topic;
    int32_t partition;
    int32_t broker_id;
    struct rk_cursor *cursor;
    uint32_t version;
    int64_t first_offset; /* Records before it were not asked for. */
    uint64_t asked_us;    /* When the fetch was sent. */
    struct rk_prefetch *prefetch;
    struct rk_budget *budget;
    const struct rk_message_part *parts;
    size_t part_count; /* At least 1. */
};

/* Bytes and messages count in budget and prefetch until they are handed out or dropped. NULL when
 * memory is out. */
rd_kafka_event_t *rk_message_batch_try_new(const struct rk_message_batch_setup *setup);
/* Whether the event is one, or a partition's error, that was made void since. For rk_queue_remove.
 */
bool rk_message_batch_is_void(const rd_kafka_event_t *event, const void *unused);

#endif
