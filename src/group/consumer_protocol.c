/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/consumer_protocol.h"

#include <string.h>

#include "event/partition_list.h"
#include "event/partition_sets.h"
#include "wire/reader.h"

#define ASSIGNMENT_ARENA_MAX (64 << 10) /* Beyond what its bytes ask for. */
#define TOPIC_SIZE_MIN       6          /* A name's length and a count. */

enum rk_protocol_userdata rk_protocol_userdata_of(const char *assignor)
{
    if (strcmp(assignor, "sticky") == 0)
        return RK_USERDATA_STICKY;
    return strcmp(assignor, "cooperative-sticky") == 0 ? RK_USERDATA_COOPERATIVE : RK_USERDATA_NONE;
}

/* Writing */

static void write_partitions(struct rk_writer *writer, const rd_kafka_topic_partition_list_t *list)
{
    int topics = 0;
    for (int i = 0; list && i < list->cnt; i += rk_partition_list_count_topic(list, i))
        topics++;
    rk_writer_put_length(writer, false, topics);
    for (int i = 0, count; list && i < list->cnt; i += count) {
        count = rk_partition_list_count_topic(list, i);
        rk_writer_put_text(writer, false, list->elems[i].topic);
        rk_writer_put_length(writer, false, count);
        for (int j = 0; j < count; j++)
            rk_writer_put_int32(writer, list->elems[i + j].partition);
    }
}

static void write_userdata(struct rk_writer *writer,
                           const struct rk_protocol_subscription_source *source)
{
    struct rk_writer inner;
    if (source->userdata == RK_USERDATA_NONE) {
        rk_writer_put_length(writer, false, -1);
        return;
    }
    rk_writer_init(&inner);
    if (source->userdata == RK_USERDATA_STICKY)
        write_partitions(&inner, source->owned);
    rk_writer_put_int32(&inner, source->generation);
    if (inner.failed)
        rk_writer_fail(writer, inner.failure);
    rk_writer_put_length(writer, false, (int32_t)inner.size);
    rk_writer_put_raw(writer, inner.data, inner.size);
    rk_writer_clear(&inner);
}

void rk_protocol_write_subscription(struct rk_writer *writer, int16_t version,
                                    const struct rk_protocol_subscription_source *source)
{
    rk_writer_put_int16(writer, version);
    rk_writer_put_length(writer, false, source->topics->cnt);
    for (int i = 0; i < source->topics->cnt; i++)
        rk_writer_put_text(writer, false, source->topics->elems[i].topic);
    write_userdata(writer, source);
    if (version >= 1)
        write_partitions(writer, source->owned);
    if (version >= 2)
        rk_writer_put_int32(writer, source->generation);
    if (version >= 3)
        rk_writer_put_text(writer, false, source->rack);
}

void rk_protocol_write_assignment(struct rk_writer *writer, int16_t version,
                                  const rd_kafka_topic_partition_list_t *list)
{
    rk_writer_put_int16(writer, version);
    write_partitions(writer, list);
    rk_writer_put_length(writer, false, -1);
}

/* Reading */

static void *try_alloc(struct rk_reader *reader, struct rk_arena *arena, int32_t count, size_t size)
{
    void *memory = rk_arena_try_alloc(arena, (size_t)RK_MAX(count, 1) * size);
    if (!memory)
        rk_reader_fail(reader, "too large");
    return memory;
}

static void read_partitions(struct rk_reader *reader, struct rk_arena *arena,
                            struct rk_protocol_topics *topics)
{
    int32_t count = rk_reader_get_count(reader, false, true, TOPIC_SIZE_MIN);
    *topics = (struct rk_protocol_topics){0};
    if (count <= 0)
        return;
    topics->items = try_alloc(reader, arena, count, sizeof(*topics->items));
    for (int32_t i = 0; i < count && !reader->failed; i++) {
        struct rk_protocol_topic *topic = &topics->items[i];
        topic->name = rk_reader_get_text(reader, false, false, arena);
        int32_t size = rk_reader_get_count(reader, false, true, sizeof(int32_t));
        if (size > 0 && !reader->failed)
            topic->partitions = try_alloc(reader, arena, size, sizeof(int32_t));
        for (int32_t p = 0; p < size && !reader->failed; p++)
            topic->partitions[p] = rk_reader_get_int32(reader);
        topic->partition_count = reader->failed ? 0 : RK_MAX(size, 0);
    }
    topics->count = reader->failed ? 0 : count;
}

static void read_topics(struct rk_reader *reader, struct rk_arena *arena,
                        struct rk_protocol_subscription *subscription)
{
    int32_t count = rk_reader_get_count(reader, false, true, 2);
    if (count > 0)
        subscription->topics = try_alloc(reader, arena, count, sizeof(*subscription->topics));
    for (int32_t i = 0; i < count && !reader->failed; i++)
        subscription->topics[i] = rk_reader_get_text(reader, false, false, arena);
    subscription->topic_count = reader->failed ? 0 : RK_MAX(count, 0);
}

/* What an assignor cannot read in it is as if it were not there. */
static void read_userdata(const struct rk_bytes *bytes, enum rk_protocol_userdata kind,
                          struct rk_arena *arena, struct rk_protocol_subscription *subscription)
{
    struct rk_protocol_topics owned = {0};
    struct rk_reader reader;
    if (kind == RK_USERDATA_NONE || bytes->size <= 0)
        return;
    rk_reader_init(&reader, bytes->data, (size_t)bytes->size);
    if (kind == RK_USERDATA_STICKY)
        read_partitions(&reader, arena, &owned);
    if (reader.failed)
        return;
    subscription->owned = owned;
    if (rk_reader_left(&reader) >= sizeof(int32_t))
        subscription->generation = rk_reader_get_int32(&reader);
}

bool rk_protocol_try_read_subscription(const void *data, size_t size,
                                       enum rk_protocol_userdata userdata, struct rk_arena *arena,
                                       struct rk_protocol_subscription *subscription)
{
    struct rk_reader reader;
    struct rk_bytes bytes = {.size = -1};
    *subscription = (struct rk_protocol_subscription){.generation = -1};
    rk_reader_init(&reader, data, size);
    subscription->version = rk_reader_get_int16(&reader);
    if (subscription->version < 0)
        rk_reader_fail(&reader, "negative version");
    read_topics(&reader, arena, subscription);
    if (rk_reader_left(&reader) > 0)
        rk_reader_get_bytes(&reader, false, true, &bytes);
    if (!reader.failed)
        read_userdata(&bytes, userdata, arena, subscription);
    if (subscription->version >= 1 && rk_reader_left(&reader) > 0) {
        struct rk_protocol_topics owned;
        read_partitions(&reader, arena, &owned);
        if (userdata != RK_USERDATA_STICKY || owned.count > 0)
            subscription->owned = owned;
    }
    if (subscription->version >= 2 && rk_reader_left(&reader) > 0) {
        int32_t generation = rk_reader_get_int32(&reader);
        if (generation >= 0)
            subscription->generation = generation;
    }
    if (subscription->version >= 3 && rk_reader_left(&reader) > 0)
        subscription->rack = rk_reader_get_text(&reader, false, true, arena);
    return !reader.failed;
}

static bool has_too_many(const struct rk_protocol_topics *topics)
{
    int64_t count = 0;
    for (int32_t t = 0; t < topics->count; t++)
        count += topics->items[t].partition_count;
    return count > RK_PROTOCOL_PARTITIONS_MAX;
}

rd_kafka_topic_partition_list_t *rk_protocol_try_read_assignment(const void *data, size_t size)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    struct rk_protocol_topics topics = {0};
    struct rk_reader reader;
    struct rk_arena arena;
    if (size == 0)
        return rk_partition_list_new(0);
    rk_arena_init(&arena, 8 * size + ASSIGNMENT_ARENA_MAX);
    rk_reader_init(&reader, data, size);
    if (rk_reader_get_int16(&reader) < 0)
        rk_reader_fail(&reader, "negative version");
    read_partitions(&reader, &arena, &topics);
    if (!reader.failed && !has_too_many(&topics)) {
        list = rk_partition_list_new(0);
        for (int32_t t = 0; t < topics.count; t++) {
            for (int32_t p = 0; p < topics.items[t].partition_count; p++) {
                if (topics.items[t].partitions[p] >= 0 && topics.items[t].name[0])
                    rk_partition_list_add(list, topics.items[t].name,
                                          topics.items[t].partitions[p]);
            }
        }
        rk_partition_set_make(list);
    }
    rk_arena_clear(&arena);
    return list;
}
