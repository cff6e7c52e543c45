/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produce requests of the sink broker. A request is taken apart while it arrives: of each partition
 * the header of its batch is read, and the records are thrown away inside the kernel. The answer is
 * written at the same time.
 */
#include "sink.h"

#include <errno.h>
#include <sys/socket.h>

void sink_produce_begin(struct sink_connection *connection)
{
    struct sink_produce *produce = &connection->produce;
    size_t frame_size = (size_t)sink_load(connection->input.data + connection->input_at, 4);

    memset(produce, 0, sizeof(*produce));
    produce->step = SINK_PRODUCE_HEADER;
    produce->frame_left = frame_size;
    connection->input_at += 4;
    connection->in_produce = true;
}

static void take_header(struct sink_produce *produce, struct sink_reader *reader,
                        struct sink_output *output)
{
    struct sink_request request;
    size_t size;
    int16_t acks;

    sink_request_read(&request, reader->at, (size_t)(reader->end - reader->at));
    *reader = request.body;
    produce->version = request.version;
    produce->flexible = request.flexible;
    if (produce->version >= 3)
        sink_read_string(reader, &size);
    acks = sink_read_i16(reader);
    sink_read_i32(reader);
    produce->topics_left = sink_read_count(reader);
    if (reader->failed)
        return;
    produce->wants_answer = acks != 0;
    if (produce->wants_answer) {
        sink_answer_begin(output, &request);
        sink_write_count(&output->bytes, produce->flexible, produce->topics_left);
    }
    produce->step = produce->topics_left > 0 ? SINK_PRODUCE_TOPIC : SINK_PRODUCE_END;
}

static void take_topic(struct sink *sink, struct sink_produce *produce, struct sink_reader *reader,
                       struct sink_output *output)
{
    struct sink_bytes *out = &output->bytes;
    const uint8_t *id = NULL;
    const char *name = NULL;
    size_t name_size = 0;

    if (produce->version >= 13)
        id = sink_read(reader, SINK_UUID_SIZE);
    else
        name = sink_read_string(reader, &name_size);
    produce->partitions_left = sink_read_count(reader);
    if (!reader->failed && !id && !name)
        reader->failed = true;
    if (reader->failed)
        return;
    produce->topic = id ? sink_topic_find_id(sink, id) : sink_topic_get(sink, name, name_size);
    produce->step = produce->partitions_left > 0 ? SINK_PRODUCE_PARTITION : SINK_PRODUCE_TOPIC_END;
    if (!produce->wants_answer)
        return;
    if (id)
        sink_write(out, id, SINK_UUID_SIZE);
    else
        sink_write_string(out, produce->flexible, produce->topic->name);
    sink_write_count(out, produce->flexible, produce->partitions_left);
}

static void write_partition(const struct sink_produce *produce, struct sink_bytes *out,
                            int32_t partition, int16_t error, int64_t base_offset)
{
    sink_write_i32(out, partition);
    sink_write_i16(out, error);
    sink_write_i64(out, base_offset);
    if (produce->version >= 2)
        sink_write_i64(out, -1);
    if (produce->version >= 5)
        sink_write_i64(out, error ? -1 : 0);
    if (produce->version >= 8) {
        sink_write_count(out, produce->flexible, 0);
        sink_write_string(out, produce->flexible, NULL);
    }
    sink_write_tags(out, produce->flexible);
}

/* Index, length of the records, and the header of their batch. */
static void take_partition(struct sink *sink, struct sink_produce *produce,
                           struct sink_reader *reader, struct sink_output *output)
{
    struct sink_topic *topic = produce->topic;
    int32_t partition = sink_read_i32(reader);
    int32_t size = sink_read_length(reader, 4);
    int32_t count = 0;
    const uint8_t *header = NULL;
    int16_t error = 0;
    int64_t base_offset = -1;

    if (size >= SINK_BATCH_HEADER_SIZE)
        header = sink_read(reader, SINK_BATCH_HEADER_SIZE);
    if (reader->failed)
        return;
    if (header && header[16] == 2)
        count = (int32_t)sink_load(header + 57, 4);
    produce->records_left = size > 0 ? (size_t)size - (header ? SINK_BATCH_HEADER_SIZE : 0) : 0;
    produce->step = SINK_PRODUCE_RECORDS;
    if (!topic) {
        error = SINK_ERROR_UNKNOWN_TOPIC_ID;
    } else if (partition < 0 || partition >= topic->partition_count) {
        error = SINK_ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    } else {
        base_offset = topic->end_offsets ? topic->end_offsets[partition] : 0;
        if (topic->end_offsets)
            topic->end_offsets[partition] += count;
        sink->counters.records_produced += (uint64_t)count;
    }
    if (produce->wants_answer)
        write_partition(produce, &output->bytes, partition, error, base_offset);
}

/* The bytes of the current records: first what has been read already, then straight out of the
 * socket. */
static enum sink_outcome discard_records(struct sink *sink, struct sink_connection *connection)
{
    struct sink_produce *produce = &connection->produce;
    size_t buffered = connection->input.size - connection->input_at;
    size_t part = buffered < produce->records_left ? buffered : produce->records_left;

    connection->input_at += part;
    produce->frame_left -= part;
    produce->records_left -= part;
    while (produce->records_left > 0) {
        ssize_t received =
            recv(connection->socket, NULL, produce->records_left, MSG_TRUNC | MSG_DONTWAIT);

        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return received < 0 && errno == EAGAIN ? SINK_NEEDS_MORE : SINK_BAD;
        sink->counters.bytes_received += (uint64_t)received;
        produce->frame_left -= (size_t)received;
        produce->records_left -= (size_t)received;
    }
    produce->step = SINK_PRODUCE_PARTITION_END;
    return SINK_DONE;
}

/* Takes one item. Fails the reader when it is not there as a whole; then nothing has changed. */
static void take_item(struct sink *sink, struct sink_connection *connection,
                      struct sink_reader *reader)
{
    struct sink_produce *produce = &connection->produce;
    struct sink_output *output = &connection->output;

    switch (produce->step) {
    case SINK_PRODUCE_HEADER:
        take_header(produce, reader, output);
        break;
    case SINK_PRODUCE_TOPIC:
        take_topic(sink, produce, reader, output);
        break;
    case SINK_PRODUCE_PARTITION:
        take_partition(sink, produce, reader, output);
        break;
    case SINK_PRODUCE_RECORDS:
        break;
    case SINK_PRODUCE_PARTITION_END:
        sink_skip_tags(reader);
        if (!reader->failed)
            produce->step =
                --produce->partitions_left > 0 ? SINK_PRODUCE_PARTITION : SINK_PRODUCE_TOPIC_END;
        break;
    case SINK_PRODUCE_TOPIC_END:
        sink_skip_tags(reader);
        if (reader->failed)
            break;
        if (produce->wants_answer)
            sink_write_tags(&output->bytes, produce->flexible);
        produce->step = --produce->topics_left > 0 ? SINK_PRODUCE_TOPIC : SINK_PRODUCE_END;
        break;
    case SINK_PRODUCE_END:
        sink_skip_tags(reader);
        if (reader->failed || !produce->wants_answer)
            break;
        if (produce->version >= 1)
            sink_write_i32(&output->bytes, 0);
        sink_write_tags(&output->bytes, produce->flexible);
        sink_answer_end(output);
        break;
    }
}

enum sink_outcome sink_produce_continue(struct sink *sink, struct sink_connection *connection)
{
    struct sink_produce *produce = &connection->produce;

    for (;;) {
        const uint8_t *at = connection->input.data + connection->input_at;
        size_t buffered = connection->input.size - connection->input_at;
        size_t limit = buffered < produce->frame_left ? buffered : produce->frame_left;
        struct sink_reader reader = {at, at + limit, produce->flexible, false};
        enum sink_produce_step step = produce->step;

        if (step == SINK_PRODUCE_RECORDS) {
            enum sink_outcome outcome;

            if (produce->records_left > produce->frame_left)
                return SINK_BAD;
            outcome = discard_records(sink, connection);
            if (outcome != SINK_DONE)
                return outcome;
            continue;
        }
        take_item(sink, connection, &reader);
        if (reader.failed)
            return limit == produce->frame_left ? SINK_BAD : SINK_NEEDS_MORE;
        produce->frame_left -= (size_t)(reader.at - at);
        connection->input_at += (size_t)(reader.at - at);
        if (step == SINK_PRODUCE_END) {
            sink->counters.requests[SINK_API_PRODUCE]++;
            connection->in_produce = false;
            return produce->frame_left == 0 ? SINK_DONE : SINK_BAD;
        }
    }
}
