/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetch requests of the sink broker. A request is read twice: to see whether there is something to
 * answer, and to answer it. One without data stays in the connection's input until its deadline.
 * Sessions are refused in the way a broker without room for another one does: every answer names
 * session 0, so that each request lists all its partitions.
 */
#include "sink.h"

enum { PARTITION_ANSWER_BATCHES = 256 };

struct fetch {
    const struct sink_request *request;
    struct sink_reader reader; /* At the topics. */
    int32_t wait_ms;
    int32_t session_id;
    int64_t bytes_left; /* Of the whole answer. */
};

struct fetch_partition {
    int32_t index;
    int32_t size_limit;
    int64_t offset;
};

static void read_header(struct fetch *fetch, const struct sink_request *request)
{
    struct sink_reader *reader = &fetch->reader;

    fetch->request = request;
    *reader = request->body;
    if (request->version <= 14)
        sink_read_i32(reader);
    fetch->wait_ms = sink_read_i32(reader);
    sink_read_i32(reader);
    fetch->bytes_left = sink_read_i32(reader);
    sink_read(reader, 1);
    fetch->session_id = 0;
    if (request->version >= 7) {
        fetch->session_id = sink_read_i32(reader);
        sink_read_i32(reader);
    }
}

/* NULL: an id that is not known. */
static struct sink_topic *read_topic(struct sink *sink, struct sink_reader *reader, int16_t version,
                                     const uint8_t **id)
{
    const char *name;
    size_t size;

    *id = NULL;
    if (version >= 13) {
        *id = sink_read(reader, SINK_UUID_SIZE);
        return *id ? sink_topic_find_id(sink, *id) : NULL;
    }
    name = sink_read_string(reader, &size);
    if (!name)
        reader->failed = true;
    return name ? sink_topic_get(sink, name, size) : NULL;
}

static struct fetch_partition read_partition(struct sink_reader *reader, int16_t version)
{
    struct fetch_partition partition;

    partition.index = sink_read_i32(reader);
    if (version >= 9)
        sink_read_i32(reader);
    partition.offset = sink_read_i64(reader);
    if (version >= 12)
        sink_read_i32(reader);
    if (version >= 5)
        sink_read_i64(reader);
    partition.size_limit = sink_read_i32(reader);
    sink_skip_tags(reader);
    return partition;
}

/* How long to wait for something to answer: 0 when there is something already. */
static int64_t find_wait_us(struct sink *sink, const struct fetch *fetch)
{
    struct sink_reader reader = fetch->reader;
    int64_t wait_us = (int64_t)fetch->wait_ms * 1000;
    int32_t topic_count = sink_read_count(&reader);
    const uint8_t *id;

    while (topic_count-- > 0 && !reader.failed) {
        const struct sink_topic *topic = read_topic(sink, &reader, fetch->request->version, &id);
        int32_t partition_count = sink_read_count(&reader);

        while (partition_count-- > 0 && !reader.failed) {
            struct fetch_partition partition = read_partition(&reader, fetch->request->version);

            if (!topic || topic->kind == SINK_TOPIC_SOURCE || partition.index < 0 ||
                partition.index >= topic->partition_count)
                wait_us = 0;
            else if (topic->kind == SINK_TOPIC_DELAY && topic->delay_us < wait_us)
                wait_us = topic->delay_us;
        }
        sink_skip_tags(&reader);
    }
    return reader.failed ? 0 : wait_us;
}

/* As many batches as fit, one at least when the answer is empty so far; their tails are shared. */
static void write_source_records(struct sink *sink, struct sink_output *output, struct fetch *fetch,
                                 const struct sink_topic *topic,
                                 const struct fetch_partition *partition)
{
    int64_t base_offset = partition->offset - partition->offset % topic->batch_records;
    int64_t limit =
        partition->size_limit < fetch->bytes_left ? partition->size_limit : fetch->bytes_left;
    int64_t count = limit / (int64_t)topic->batch_size;
    uint8_t patched[8];

    if (count > PARTITION_ANSWER_BATCHES)
        count = PARTITION_ANSWER_BATCHES;
    if (count < 1)
        count = fetch->bytes_left > 0 ? 1 : 0;
    fetch->bytes_left -= count * (int64_t)topic->batch_size;
    sink_write_length(&output->bytes, fetch->request->flexible, 4,
                      (int32_t)(count * (int64_t)topic->batch_size));
    for (int64_t batch = 0; batch < count; batch++, base_offset += topic->batch_records) {
        sink_store(patched, 8, (uint64_t)base_offset);
        sink_write(&output->bytes, patched, 8);
        sink_answer_share(output, topic->batch + 8, topic->batch_size - 8);
    }
    sink->counters.records_served += (uint64_t)(count * topic->batch_records);
}

static void write_delayed_record(struct sink *sink, struct sink_output *output,
                                 const struct fetch *fetch, const struct fetch_partition *partition)
{
    struct sink_bytes batch = {NULL, 0, 0};

    sink_topic_write_delayed(&batch, partition->offset);
    sink_write_length(&output->bytes, fetch->request->flexible, 4, (int32_t)batch.size);
    sink_write(&output->bytes, batch.data, batch.size);
    free(batch.data);
    sink->counters.records_served++;
}

static void write_partition(struct sink *sink, struct sink_output *output, struct fetch *fetch,
                            const struct sink_topic *topic, const struct fetch_partition *partition)
{
    struct sink_bytes *out = &output->bytes;
    int16_t version = fetch->request->version;
    bool flexible = fetch->request->flexible;
    bool is_delay = topic && topic->kind == SINK_TOPIC_DELAY;
    int16_t error = 0;
    int64_t end_offset = -1;

    if (!topic)
        error = SINK_ERROR_UNKNOWN_TOPIC_ID;
    else if (partition->index < 0 || partition->index >= topic->partition_count)
        error = SINK_ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    else
        end_offset =
            is_delay ? partition->offset + 1 : sink_topic_end_offset(topic, partition->index);
    sink_write_i32(out, partition->index);
    sink_write_i16(out, error);
    sink_write_i64(out, end_offset);
    sink_write_i64(out, end_offset);
    if (version >= 5)
        sink_write_i64(out, error ? -1 : 0);
    sink_write_count(out, flexible, -1);
    if (version >= 11)
        sink_write_i32(out, -1);
    if (!error && topic->kind == SINK_TOPIC_SOURCE && partition->offset >= 0)
        write_source_records(sink, output, fetch, topic, partition);
    else if (!error && is_delay)
        write_delayed_record(sink, output, fetch, partition);
    else
        sink_write_length(out, flexible, 4, 0);
    sink_write_tags(out, flexible);
}

static void write_topics(struct sink *sink, struct sink_output *output, struct fetch *fetch)
{
    struct sink_reader *reader = &fetch->reader;
    struct sink_bytes *out = &output->bytes;
    bool flexible = fetch->request->flexible;
    int32_t topic_count = sink_read_count(reader);
    const uint8_t *id;

    sink_write_count(out, flexible, topic_count);
    while (topic_count-- > 0 && !reader->failed) {
        const struct sink_topic *topic = read_topic(sink, reader, fetch->request->version, &id);
        int32_t partition_count = sink_read_count(reader);

        if (reader->failed)
            return;
        if (id)
            sink_write(out, id, SINK_UUID_SIZE);
        else
            sink_write_string(out, flexible, topic->name);
        sink_write_count(out, flexible, partition_count);
        while (partition_count-- > 0 && !reader->failed) {
            struct fetch_partition partition = read_partition(reader, fetch->request->version);

            write_partition(sink, output, fetch, topic, &partition);
        }
        sink_skip_tags(reader);
        sink_write_tags(out, flexible);
    }
}

enum sink_outcome sink_fetch_handle(struct sink *sink, struct sink_connection *connection,
                                    struct sink_request *request, int64_t now_us)
{
    struct sink_output *output = &connection->output;
    struct fetch fetch;

    read_header(&fetch, request);
    if (!connection->is_expired && fetch.session_id == 0 && !fetch.reader.failed) {
        int64_t wait_us = find_wait_us(sink, &fetch);

        if (wait_us > 0) {
            connection->deadline_us = now_us + wait_us;
            return SINK_NEEDS_MORE;
        }
    }
    connection->is_expired = false;
    sink->counters.requests[SINK_API_FETCH]++;
    sink_answer_begin(output, request);
    sink_write_i32(&output->bytes, 0);
    if (request->version >= 7) {
        sink_write_i16(&output->bytes,
                       fetch.session_id ? SINK_ERROR_FETCH_SESSION_ID_NOT_FOUND : 0);
        sink_write_i32(&output->bytes, 0);
    }
    if (fetch.session_id)
        sink_write_count(&output->bytes, request->flexible, 0);
    else
        write_topics(sink, output, &fetch);
    sink_write_tags(&output->bytes, request->flexible);
    sink_answer_end(output);
    return fetch.reader.failed ? SINK_BAD : SINK_DONE;
}
