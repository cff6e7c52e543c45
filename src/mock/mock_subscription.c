/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_subscription.h"

#include "mock/mock_topic.h"
#include "wire/reader.h"

#define TOPIC_SIZE_MIN     6 /* A name's length and a count. */
#define ASSIGNMENT_VERSION 0

static void read_partitions(struct rk_reader *reader, const struct rk_mock_topics_view *view,
                            struct rk_arena *arena, struct rk_mock_partition_set *set)
{
    int32_t count = rk_reader_get_count(reader, false, true, TOPIC_SIZE_MIN);
    for (int32_t i = 0; i < count && !reader->failed; i++) {
        struct rk_mock_topic *topic = NULL;
        const char *name = rk_reader_get_text(reader, false, false, arena);
        int32_t partitions = rk_reader_get_count(reader, false, true, sizeof(int32_t));
        if (!reader->failed)
            HASH_FIND(by_name, view->by_name, name, strlen(name), topic);
        for (int32_t k = 0; k < partitions && !reader->failed; k++) {
            int32_t partition = rk_reader_get_int32(reader);
            if (topic && partition >= 0 && partition < topic->partition_count)
                rk_mock_partition_set_add(set, &topic->id, partition);
        }
    }
}

static void read_topics(struct rk_reader *reader, struct rk_arena *arena,
                        struct rk_mock_subscription *subscription)
{
    int32_t count = rk_reader_get_count(reader, false, true, 2);
    if (count > 0)
        subscription->topics =
            rk_arena_try_alloc(arena, (size_t)count * sizeof(*subscription->topics));
    if (count > 0 && !subscription->topics)
        rk_reader_fail(reader, "too large");
    for (int32_t i = 0; i < count && !reader->failed; i++) {
        subscription->topics[i] = rk_reader_get_text(reader, false, false, arena);
        subscription->topic_count += !reader->failed;
    }
}

bool rk_mock_subscription_try_read(struct rk_bytes bytes, const struct rk_mock_topics_view *view,
                                   struct rk_arena *arena,
                                   struct rk_mock_subscription *subscription)
{
    struct rk_reader reader;
    struct rk_bytes userdata;
    *subscription = (struct rk_mock_subscription){0};
    rk_reader_init(&reader, bytes.data, (size_t)RK_MAX(bytes.size, 0));
    int16_t version = rk_reader_get_int16(&reader);
    if (version < 0)
        rk_reader_fail(&reader, "negative version");
    read_topics(&reader, arena, subscription);
    if (rk_reader_left(&reader) > 0)
        rk_reader_get_bytes(&reader, false, true, &userdata);
    if (version >= 1 && rk_reader_left(&reader) > 0)
        read_partitions(&reader, view, arena, &subscription->owned);
    if (version >= 2 && rk_reader_left(&reader) > 0)
        rk_reader_get_int32(&reader);
    if (version >= 3 && rk_reader_left(&reader) > 0)
        subscription->rack = rk_reader_get_text(&reader, false, true, arena);
    if (reader.failed)
        rk_mock_subscription_clear(subscription);
    return !reader.failed;
}

void rk_mock_subscription_clear(struct rk_mock_subscription *subscription)
{
    rk_mock_partition_set_clear(&subscription->owned);
}

bool rk_mock_assignment_try_read(struct rk_bytes bytes, const struct rk_mock_topics_view *view,
                                 struct rk_arena *arena, struct rk_mock_partition_set *set)
{
    struct rk_reader reader;
    if (bytes.size <= 0)
        return true;
    rk_reader_init(&reader, bytes.data, (size_t)bytes.size);
    if (rk_reader_get_int16(&reader) < 0)
        rk_reader_fail(&reader, "negative version");
    read_partitions(&reader, view, arena, set);
    return !reader.failed;
}

/* From `at` on, those of the same topic. */
static int32_t count_topic(const struct rk_mock_partition_set *set, int32_t at)
{
    int32_t end = at;
    while (end < set->count && rk_uuid_equal(&set->places[end].topic, &set->places[at].topic))
        end++;
    return end - at;
}

static const struct rk_mock_topic *find(const struct rk_mock_topics_view *view,
                                        const struct rk_uuid *id)
{
    struct rk_mock_topic *topic;
    HASH_FIND(by_id, view->by_id, id, sizeof(*id), topic);
    return topic;
}

void rk_mock_assignment_write(struct rk_writer *writer, const struct rk_mock_topics_view *view,
                              const struct rk_mock_partition_set *set)
{
    int32_t topics = 0;
    for (int32_t i = 0; i < set->count; i += count_topic(set, i))
        topics += find(view, &set->places[i].topic) != NULL;
    rk_writer_put_int16(writer, ASSIGNMENT_VERSION);
    rk_writer_put_length(writer, false, topics);
    for (int32_t i = 0, count; i < set->count; i += count) {
        const struct rk_mock_topic *topic = find(view, &set->places[i].topic);
        count = count_topic(set, i);
        if (!topic)
            continue;
        rk_writer_put_text(writer, false, topic->name);
        rk_writer_put_length(writer, false, count);
        for (int32_t k = 0; k < count; k++)
            rk_writer_put_int32(writer, set->places[i + k].partition);
    }
    rk_writer_put_length(writer, false, -1);
}
