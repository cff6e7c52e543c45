/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/scripted_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "wire/record_batch_reader.h"

enum { FIRST_TOPIC_ID = 13, DECOMPRESSED_LIMIT = 64 << 20 };

static _Noreturn void fail(const char *what, const char *name)
{
    fprintf(stderr, "scripted broker: %s (%s)\n", what, name);
    abort();
}

/* Topics */

void scripted_log_init(struct scripted_log *log, int broker_count)
{
    *log = (struct scripted_log){.broker_count = broker_count};
    rk_decompressor_init(&log->decompressor);
}

static void clear_partition(struct scripted_partition *partition)
{
    for (int i = 0; i < partition->record_count; i++) {
        rk_free(partition->records[i].key);
        rk_free(partition->records[i].value);
        rk_free(partition->records[i].headers);
    }
    rk_free(partition->records);
}

static void clear_topic(struct scripted_topic *topic)
{
    for (int i = 0; i < topic->partition_count; i++)
        clear_partition(&topic->partitions[i]);
    rk_free(topic->partitions);
    rk_free(topic->name);
    topic->name = NULL;
    topic->partitions = NULL;
    topic->partition_count = 0;
}

void scripted_log_clear(struct scripted_log *log)
{
    for (int i = 0; i < log->topic_count; i++)
        clear_topic(&log->topics[i]);
    rk_decompressor_clear(&log->decompressor);
}

static struct scripted_topic *find(struct scripted_log *log, const char *name)
{
    for (int i = 0; i < log->topic_count; i++) {
        if (log->topics[i].name && strcmp(log->topics[i].name, name) == 0)
            return &log->topics[i];
    }
    return NULL;
}

void scripted_log_add_topic(struct scripted_log *log, const char *name, int partition_count)
{
    struct scripted_topic *topic = find(log, name);
    if (!topic) {
        if (log->topic_count == SCRIPTED_TOPIC_MAX)
            fail("too many topics", name);
        topic = &log->topics[log->topic_count++];
        topic->name = rk_strdup(name);
        topic->id.bytes[0] = 0x5c;
        topic->id.bytes[15] = (uint8_t)log->topic_count; /* Nobody had it before. */
    }
    topic->partitions =
        rk_realloc(topic->partitions, (size_t)partition_count * sizeof(*topic->partitions));
    for (int i = topic->partition_count; i < partition_count; i++)
        topic->partitions[i] = (struct scripted_partition){.leader = i % log->broker_count};
    topic->partition_count = partition_count;
}

void scripted_log_remove_topic(struct scripted_log *log, const char *name)
{
    clear_topic(scripted_log_find(log, name));
}

struct scripted_topic *scripted_log_find(struct scripted_log *log, const char *name)
{
    struct scripted_topic *topic = find(log, name);
    if (!topic)
        fail("no such topic", name);
    return topic;
}

struct scripted_partition *scripted_log_partition(struct scripted_log *log, const char *name,
                                                  int partition)
{
    struct scripted_topic *topic = scripted_log_find(log, name);
    if (partition < 0 || partition >= topic->partition_count)
        fail("no such partition", name);
    return &topic->partitions[partition];
}

struct scripted_topic *scripted_log_find_requested(struct scripted_log *log, const char *name,
                                                   const struct rk_uuid *id)
{
    if (name && name[0])
        return find(log, name);
    for (int i = 0; i < log->topic_count; i++) {
        if (log->topics[i].name && memcmp(&log->topics[i].id, id, sizeof(*id)) == 0)
            return &log->topics[i];
    }
    return NULL;
}

/* Metadata */

static void describe_topic(struct scripted_log *log, const char *name,
                           struct rk_metadata_answer_topic *to, struct rk_arena *arena)
{
    const struct scripted_topic *topic = find(log, name);
    to->name = rk_arena_try_text(arena, name, strlen(name));
    to->error_code = topic ? (int16_t)topic->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (to->error_code)
        return;
    to->topic_id = topic->id;
    to->partitions.count = topic->partition_count;
    to->partitions.items = rk_metadata_answer_partition_try_new(arena, topic->partition_count);
    for (int i = 0; i < topic->partition_count; i++) {
        struct rk_metadata_answer_partition *partition = &to->partitions.items[i];
        partition->partition_index = i;
        partition->leader_id = topic->partitions[i].leader;
        partition->leader_epoch = topic->partitions[i].leader_epoch;
        if (partition->leader_id < 0)
            partition->error_code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    }
}

void scripted_log_describe(struct scripted_log *log, const struct rk_metadata_request *request,
                           struct rk_metadata_answer *answer, struct rk_arena *arena)
{
    int count = request->topics.count < 0 ? log->topic_count : request->topics.count;
    answer->topics.items = rk_metadata_answer_topic_try_new(arena, count);
    answer->topics.count = 0;
    for (int i = 0; i < count; i++) {
        const char *name =
            request->topics.count < 0 ? log->topics[i].name : request->topics.items[i].name;
        if (name)
            describe_topic(log, name, &answer->topics.items[answer->topics.count++], arena);
    }
}

/* Produce */

static int err_for(const struct scripted_topic *topic, int broker, int16_t version,
                   int32_t partition)
{
    if (!topic)
        return version >= FIRST_TOPIC_ID ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID
                                         : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (partition < 0 || partition >= topic->partition_count)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (topic->partitions[partition].leader != broker)
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    return 0;
}

void scripted_log_prepare(struct scripted_log *log, int broker, int16_t version,
                          const struct rk_produce_request *request,
                          struct rk_produce_answer *answer, struct rk_arena *arena)
{
    int32_t count = request->topic_data.count;
    answer->responses.items = rk_produce_answer_topic_try_new(arena, count);
    answer->responses.count = count;
    for (int32_t t = 0; t < count; t++) {
        const struct rk_produce_request_topic *from = &request->topic_data.items[t];
        struct rk_produce_answer_topic *to = &answer->responses.items[t];
        const struct scripted_topic *topic =
            scripted_log_find_requested(log, from->name, &from->topic_id);
        int32_t partition_count = from->partition_data.count;
        to->name = from->name;
        to->topic_id = from->topic_id;
        to->partition_responses.items = rk_produce_answer_partition_try_new(arena, partition_count);
        to->partition_responses.count = partition_count;
        for (int32_t p = 0; p < partition_count; p++) {
            struct rk_produce_answer_partition *partition = &to->partition_responses.items[p];
            partition->index = from->partition_data.items[p].index;
            partition->error_code = (int16_t)err_for(topic, broker, version, partition->index);
            partition->base_offset =
                partition->error_code ? -1 : topic->partitions[partition->index].record_count;
        }
    }
}

static void *copy(const void *from, int64_t size)
{
    if (size < 0)
        return NULL;
    void *to = rk_malloc((size_t)size + 1);
    if (size > 0)
        memcpy(to, from, (size_t)size);
    return to;
}

static void add_record(struct scripted_partition *partition, const struct rk_record *record,
                       int codec, int number)
{
    if (partition->record_count == partition->record_capacity) {
        partition->record_capacity = RK_MAX(2 * partition->record_capacity, 64);
        partition->records = rk_realloc(partition->records, (size_t)partition->record_capacity *
                                                                sizeof(*partition->records));
    }
    partition->records[partition->record_count++] = (struct scripted_record){
        .key = copy(record->key, record->key_size),
        .key_size = (size_t)RK_MAX(record->key_size, 0),
        .value = copy(record->value, record->value_size),
        .value_size = (size_t)RK_MAX(record->value_size, 0),
        .headers = record->headers_size ? copy(record->headers, record->headers_size) : NULL,
        .headers_size = (size_t)record->headers_size,
        .timestamp_ms = record->timestamp,
        .codec = codec,
        .request = number,
    };
}

/* What the header of a record batch says about its records. */
static void check_header(const struct rk_record_batch_header *header, int32_t count,
                         int64_t max_timestamp, const char *name)
{
    if (count != header->record_count || count != header->last_offset_delta + 1)
        fail("wrong number of records", name);
    if (max_timestamp != header->max_timestamp)
        fail("wrong greatest timestamp", name);
}

/* Returns how many records it has; the first one's offset is to be `offset`. */
static int32_t append_batch(struct scripted_log *log, struct scripted_partition *partition,
                            const struct rk_record_batch *batch, int64_t offset, const char *name,
                            int number)
{
    struct rk_record_cursor cursor;
    struct rk_record record;
    const uint8_t *records = batch->records;
    size_t size = batch->records_size;
    int codec = rk_record_batch_codec(&batch->header);
    int32_t count = 0;
    int64_t max_timestamp = INT64_MIN;
    if (rk_record_batch_check_crc(batch))
        fail("wrong CRC", name);
    if (codec && rk_decompress_scratch(&log->decompressor, codec, records, size, DECOMPRESSED_LIMIT,
                                       &records, &size))
        fail("cannot be decompressed", name);
    if (rk_record_cursor_init(&cursor, &batch->header, records, size))
        fail("records do not fit the header", name);
    enum rk_record_result result;
    while ((result = rk_record_read(&cursor, &record)) == RK_RECORD_FOUND) {
        if (record.offset != offset + count++)
            fail("wrong offset", name);
        max_timestamp = RK_MAX(max_timestamp, record.timestamp);
        add_record(partition, &record, codec, number);
    }
    if (result == RK_RECORD_CORRUPT)
        fail("a corrupt record", name);
    if (batch->header.magic == 2)
        check_header(&batch->header, count, max_timestamp, name);
    return count;
}

static int magic_of(int16_t version)
{
    return version >= 3 ? 2 : version == 2 ? 1 : 0;
}

static void append_partition(struct scripted_log *log, struct scripted_topic *topic,
                             const struct rk_produce_request_partition *from, int16_t version,
                             int number)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    int found = 0;
    int64_t offset = 0;
    rk_record_batches_init(&batches, from->records.data, (size_t)from->records.size);
    while (rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND) {
        found++;
        if (batch.header.magic != magic_of(version))
            fail("not the magic of that version", topic->name);
        offset +=
            append_batch(log, &topic->partitions[from->index], &batch, offset, topic->name, number);
    }
    if (found == 0 || (found > 1 && magic_of(version) == 2))
        fail("not exactly one whole batch per partition", topic->name);
}

static const struct rk_produce_answer_partition *
find_answer(const struct rk_produce_answer *answer, const struct rk_produce_request_topic *topic,
            int32_t index)
{
    for (int32_t t = 0; t < answer->responses.count; t++) {
        const struct rk_produce_answer_topic *to = &answer->responses.items[t];
        bool is_same = to->name && topic->name && topic->name[0]
                           ? strcmp(to->name, topic->name) == 0
                           : memcmp(&to->topic_id, &topic->topic_id, sizeof(to->topic_id)) == 0;
        for (int32_t p = 0; is_same && p < to->partition_responses.count; p++) {
            if (to->partition_responses.items[p].index == index)
                return &to->partition_responses.items[p];
        }
    }
    return NULL;
}

void scripted_log_append(struct scripted_log *log, const struct rk_produce_request *request,
                         const struct rk_produce_answer *answer, int16_t version, int number)
{
    for (int32_t t = 0; t < request->topic_data.count; t++) {
        const struct rk_produce_request_topic *from = &request->topic_data.items[t];
        struct scripted_topic *topic =
            scripted_log_find_requested(log, from->name, &from->topic_id);
        for (int32_t p = 0; topic && p < from->partition_data.count; p++) {
            const struct rk_produce_request_partition *partition = &from->partition_data.items[p];
            const struct rk_produce_answer_partition *outcome =
                find_answer(answer, from, partition->index);
            if (outcome && !outcome->error_code && partition->index < topic->partition_count)
                append_partition(log, topic, partition, version, number);
        }
    }
}
