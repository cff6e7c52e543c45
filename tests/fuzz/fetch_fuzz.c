/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Fetch answer brought for one partition, on its way to the application: the walk over its
 * batches with aborted transactions and whatever codecs, and the messages with their headers.
 *
 * An input is a byte of switches (1: read committed, 2: checksums are looked at, 4: now and then no
 * room, 8: the log's end is known), the position, how many transactions were aborted, two bytes for
 * each (producer, first offset), and the records.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "consumer/fetch_records.h"
#include "event/core.h"
#include "event/cursor.h"
#include "event/message.h"
#include "event/queue.h"
#include "event/topic.h"

enum { ABORTED_MAX = 255, PARTS_MAX = 64, LIMIT = 256 << 10, BUDGET = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: none of it depends on the input. */
static struct {
    struct rk_core *core;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    struct rk_slab_pool *pool;
    struct rk_budget *budget;
    struct rk_prefetch *prefetch;
    struct rk_decompressor decompressor;
} client;

static void tell_nobody(void *argument)
{
    (void)argument;
}

static void never_destroyed(rd_kafka_topic_t *topic)
{
    (void)topic;
}

static void make_client(void)
{
    static struct rk_topic_base topic;
    client.core = rk_core_new(RD_KAFKA_CONSUMER, rk_strdup("fuzz#consumer-1"), rk_conf_new(NULL));
    client.core->client = (rd_kafka_t *)(void *)client.core;
    rk_topic_base_init(&topic, client.core, "topic", never_destroyed);
    client.topic = (rd_kafka_topic_t *)(void *)&topic;
    client.queue = rk_queue_new(client.core, "fuzz");
    client.pool = rk_slab_pool_new();
    client.budget = rk_budget_new(BUDGET);
    client.prefetch = rk_prefetch_new(rk_room_new(tell_nobody, NULL), 1000);
    rk_decompressor_init(&client.decompressor);
}

static void look_at_message(const struct rk_message *message)
{
    rd_kafka_headers_t *headers = NULL;
    const rd_kafka_message_t *public = &message->rkmessage;
    unsigned sum = 0;
    for (size_t i = 0; i < public->len && public->payload; i++)
        sum += ((const uint8_t *)public->payload)[i];
    for (size_t i = 0; i < public->key_len && public->key; i++)
        sum += ((const uint8_t *)public->key)[i];
    if (!rd_kafka_message_headers(public, &headers) && headers)
        sum += (unsigned)rd_kafka_header_cnt(headers);
    RK_ASSERT(sum < UINT32_MAX);
}

/* As the application takes them. */
static void take_messages(struct rk_message_part *parts, size_t count, int64_t first_offset)
{
    struct rk_cursor *cursor = rk_cursor_new(true);
    struct rk_message_batch_setup setup = {
        .pool = client.pool,
        .topic = client.topic,
        .cursor = cursor,
        .version = rk_cursor_read(cursor).version,
        .first_offset = first_offset,
        .prefetch = client.prefetch,
        .budget = client.budget,
        .parts = parts,
        .part_count = count,
    };
    rd_kafka_event_t *event = rk_message_batch_try_new(&setup);
    RK_ASSERT(event);
    for (size_t i = 0; i < count; i++)
        rk_block_release(parts[i].block);
    rk_queue_push(client.queue, event);
    struct rk_message *message;
    int64_t last = first_offset - 1;
    while ((message = rk_queue_take_message(client.queue, 0)) != NULL) {
        if (!message->rkmessage.err) {
            RK_ASSERT(message->rkmessage.offset > last);
            last = message->rkmessage.offset;
            look_at_message(message);
        }
        rk_message_destroy(message);
    }
    rk_cursor_release(cursor);
    RK_ASSERT(atomic_load(&client.budget->used) == 0);
    RK_ASSERT(atomic_load(&client.prefetch->messages) == 0);
}

static void walk_through(struct rk_fetch_walk *walk, bool is_tight)
{
    struct rk_message_part parts[PARTS_MAX];
    struct rk_fetch_error error;
    size_t count = 0;
    unsigned turn = 0;
    int64_t first_offset = walk->offset;
    for (;;) {
        int64_t before = walk->offset;
        bool may_decompress = !is_tight || turn++ % 2;
        enum rk_fetch_step step =
            rk_fetch_walk_next(walk, &client.decompressor, may_decompress, &parts[count], &error);
        RK_ASSERT(walk->offset >= before);
        count += step == RK_FETCH_STEP_PART;
        if (step == RK_FETCH_STEP_ERROR)
            RK_ASSERT(error.err && error.offset >= before && error.offset <= walk->offset);
        bool is_over = step == RK_FETCH_STEP_END || step == RK_FETCH_STEP_TOO_LARGE ||
                       (step == RK_FETCH_STEP_NO_ROOM && may_decompress);
        if (count == PARTS_MAX || (count > 0 && (is_over || step == RK_FETCH_STEP_ERROR))) {
            take_messages(parts, count, first_offset);
            count = 0;
        }
        if (count == 0)
            first_offset = walk->offset;
        if (is_over)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_fetch_answer_aborted_transaction aborted[ABORTED_MAX];
    if (!client.core)
        make_client();
    if (size < 3 || size < 3 + 2 * (size_t)data[2])
        return 0;
    int switches = data[0], position = data[1], count = data[2];
    data += 3;
    size -= 3;
    for (int i = 0; i < count; i++, data += 2, size -= 2)
        aborted[i] = (struct rk_fetch_answer_aborted_transaction){data[0], data[1]};

    struct rk_fetch_walk walk = {.epoch = -1};
    struct rk_block *block = rk_block_try_new(size);
    RK_ASSERT(block);
    if (size > 0)
        memcpy(block->data, data, size);
    RK_ASSERT(
        rk_fetch_walk_start(&walk, block, block->data, size, aborted, switches & 1 ? count : 0));
    rk_block_release(block);
    walk.offset = position;
    walk.checks_crcs = (switches & 2) != 0;
    walk.end_offset = switches & 8 ? position + 100 : -1;
    walk.size_limit = LIMIT;
    walk_through(&walk, (switches & 4) != 0);
    rk_fetch_walk_clear(&walk);
    return 0;
}
