/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers of the sink broker, and all requests but Produce and Fetch: ApiVersions, Metadata,
 * ListOffsets, FindCoordinator (there is none without --groups) and InitProducerId.
 */
#include "sink.h"

/* What is served, in which versions, and from which version on it is flexible. */
static const struct {
    int16_t key, minimum, maximum, flexible;
} apis[] = {
    {SINK_API_PRODUCE, 0, 13, 9},         {SINK_API_FETCH, 4, 18, 12},
    {SINK_API_LIST_OFFSETS, 1, 11, 6},    {SINK_API_METADATA, 0, 13, 9},
    {SINK_API_FIND_COORDINATOR, 0, 6, 3}, {SINK_API_VERSIONS, 0, 4, 3},
    {SINK_API_INIT_PRODUCER_ID, 0, 5, 2}, {SINK_API_OFFSET_COMMIT, 2, 2, 8},
    {SINK_API_OFFSET_FETCH, 1, 1, 6},     {SINK_API_JOIN_GROUP, 2, 2, 6},
    {SINK_API_HEARTBEAT, 1, 1, 4},        {SINK_API_LEAVE_GROUP, 1, 1, 4},
    {SINK_API_SYNC_GROUP, 1, 1, 4},
};

enum { API_COUNT = sizeof(apis) / sizeof(apis[0]) };

static const char cluster_id[] = "bench-sink";

/* Closes the bytes written since the last piece into a piece of their own. */
static struct sink_piece *add_piece(struct sink_output *output)
{
    if (output->piece_count == output->piece_capacity) {
        output->piece_capacity = 2 * output->piece_capacity + 16;
        output->pieces =
            sink_realloc(output->pieces, output->piece_capacity * sizeof(*output->pieces));
    }
    return &output->pieces[output->piece_count++];
}

static void close_piece(struct sink_output *output)
{
    size_t size = output->bytes.size - output->closed_size;

    if (size == 0)
        return;
    *add_piece(output) = (struct sink_piece){NULL, output->closed_size, size};
    output->closed_size = output->bytes.size;
}

void sink_answer_share(struct sink_output *output, const uint8_t *data, size_t size)
{
    close_piece(output);
    *add_piece(output) = (struct sink_piece){data, 0, size};
    output->shared_size += size;
}

void sink_answer_begin(struct sink_output *output, const struct sink_request *request)
{
    output->answer_at = output->bytes.size;
    output->answer_shared_size = output->shared_size;
    sink_write_i32(&output->bytes, 0);
    sink_write_i32(&output->bytes, request->correlation_id);
    if (request->key != SINK_API_VERSIONS)
        sink_write_tags(&output->bytes, request->flexible);
}

void sink_answer_end(struct sink_output *output)
{
    size_t size = output->bytes.size - output->answer_at - 4;

    size += output->shared_size - output->answer_shared_size;
    sink_store(output->bytes.data + output->answer_at, 4, size);
    close_piece(output);
}

void sink_request_read(struct sink_request *request, const uint8_t *data, size_t size)
{
    struct sink_reader *reader = &request->body;
    size_t client_id_size;

    *reader = (struct sink_reader){data, data + size, false, false};
    request->key = sink_read_i16(reader);
    request->version = sink_read_i16(reader);
    request->correlation_id = sink_read_i32(reader);
    sink_read_string(reader, &client_id_size);
    request->flexible = false;
    for (int index = 0; index < API_COUNT; index++)
        if (apis[index].key == request->key)
            request->flexible = request->version >= apis[index].flexible;
    reader->flexible = request->flexible;
    sink_skip_tags(reader);
}

static bool is_served(const struct sink_request *request)
{
    for (int index = 0; index < API_COUNT; index++)
        if (apis[index].key == request->key)
            return request->version >= apis[index].minimum &&
                   request->version <= apis[index].maximum;
    return false;
}

/* A version that is not known is answered in version 0, with an error and the list. */
static void answer_api_versions(struct sink_bytes *out, const struct sink_request *request,
                                int16_t error)
{
    bool flexible = request->flexible && !error;

    sink_write_i16(out, error);
    sink_write_count(out, flexible, API_COUNT);
    for (int index = 0; index < API_COUNT; index++) {
        sink_write_i16(out, apis[index].key);
        sink_write_i16(out, apis[index].minimum);
        sink_write_i16(out, apis[index].maximum);
        sink_write_tags(out, flexible);
    }
    if (request->version >= 1 && !error)
        sink_write_i32(out, 0);
    sink_write_tags(out, flexible);
}

static int32_t leader_of(const struct sink *sink, int32_t partition)
{
    return 1 + partition % sink->broker_count;
}

static void write_brokers(const struct sink *sink, struct sink_bytes *out,
                          const struct sink_request *request)
{
    sink_write_count(out, request->flexible, sink->broker_count);
    for (int32_t id = 1; id <= sink->broker_count; id++) {
        char host[24];

        snprintf(host, sizeof(host), "127.0.0.%d", (int)id);
        sink_write_i32(out, id);
        sink_write_string(out, request->flexible, host);
        sink_write_i32(out, sink->port);
        if (request->version >= 1)
            sink_write_string(out, request->flexible, NULL);
        sink_write_tags(out, request->flexible);
    }
}

static void write_partition(const struct sink *sink, struct sink_bytes *out,
                            const struct sink_request *request, int32_t partition)
{
    int32_t leader = leader_of(sink, partition);

    sink_write_i16(out, 0);
    sink_write_i32(out, partition);
    sink_write_i32(out, leader);
    if (request->version >= 7)
        sink_write_i32(out, 0);
    for (int list = 0; list < 2; list++) { /* Replicas and those in sync. */
        sink_write_count(out, request->flexible, 1);
        sink_write_i32(out, leader);
    }
    if (request->version >= 5)
        sink_write_count(out, request->flexible, 0);
    sink_write_tags(out, request->flexible);
}

/* `topic` NULL: the id asked for is unknown. */
static void write_topic(const struct sink *sink, struct sink_bytes *out,
                        const struct sink_request *request, const struct sink_topic *topic,
                        const uint8_t *id)
{
    int32_t partition_count = topic ? topic->partition_count : 0;

    sink_write_i16(out, topic ? 0 : SINK_ERROR_UNKNOWN_TOPIC_ID);
    if (topic || request->version >= 12)
        sink_write_string(out, request->flexible, topic ? topic->name : NULL);
    else
        sink_write_string(out, request->flexible, "");
    if (request->version >= 10)
        sink_write(out, topic ? topic->id : id, SINK_UUID_SIZE);
    if (request->version >= 1)
        sink_write_i8(out, 0);
    sink_write_count(out, request->flexible, partition_count);
    for (int32_t partition = 0; partition < partition_count; partition++)
        write_partition(sink, out, request, partition);
    if (request->version >= 8)
        sink_write_i32(out, INT32_MIN);
    sink_write_tags(out, request->flexible);
}

static void answer_metadata(struct sink *sink, struct sink_bytes *out, struct sink_request *request)
{
    struct sink_reader *reader = &request->body;
    int32_t count = sink_read_count(reader);
    bool wants_all = count < 0 || (count == 0 && request->version == 0);

    if (request->version >= 3)
        sink_write_i32(out, 0);
    write_brokers(sink, out, request);
    if (request->version >= 2)
        sink_write_string(out, request->flexible, cluster_id);
    if (request->version >= 1)
        sink_write_i32(out, 1);
    sink_write_count(out, request->flexible, wants_all ? sink->topic_count : count);
    if (wants_all)
        for (int32_t index = 0; index < sink->topic_count; index++)
            write_topic(sink, out, request, sink->topics[index], NULL);
    while (!wants_all && count-- > 0 && !reader->failed) {
        const uint8_t *id = request->version >= 10 ? sink_read(reader, SINK_UUID_SIZE) : NULL;
        size_t size;
        const char *name = sink_read_string(reader, &size);

        sink_skip_tags(reader);
        if (reader->failed || (!name && !id))
            break;
        write_topic(sink, out, request,
                    name ? sink_topic_get(sink, name, size) : sink_topic_find_id(sink, id), id);
    }
    if (request->version >= 8 && request->version <= 10)
        sink_write_i32(out, INT32_MIN);
    if (request->version >= 13)
        sink_write_i16(out, 0);
    sink_write_tags(out, request->flexible);
}

static void answer_list_offsets_partition(struct sink_bytes *out, struct sink_request *request,
                                          const struct sink_topic *topic)
{
    struct sink_reader *reader = &request->body;
    int32_t partition = sink_read_i32(reader);
    bool is_known = partition >= 0 && partition < topic->partition_count;
    int64_t timestamp, offset = 0;

    if (request->version >= 4)
        sink_read_i32(reader);
    timestamp = sink_read_i64(reader);
    sink_skip_tags(reader);
    if (is_known && timestamp == -1)
        offset = sink_topic_end_offset(topic, partition);
    sink_write_i32(out, partition);
    sink_write_i16(out, is_known ? 0 : SINK_ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    sink_write_i64(out, -1);
    sink_write_i64(out, is_known ? offset : -1);
    if (request->version >= 4)
        sink_write_i32(out, 0);
    sink_write_tags(out, request->flexible);
}

static void answer_list_offsets(struct sink *sink, struct sink_bytes *out,
                                struct sink_request *request)
{
    struct sink_reader *reader = &request->body;
    int32_t topic_count;

    sink_read_i32(reader);
    if (request->version >= 2)
        sink_read(reader, 1);
    topic_count = sink_read_count(reader);
    if (request->version >= 2)
        sink_write_i32(out, 0);
    sink_write_count(out, request->flexible, topic_count);
    while (topic_count-- > 0 && !reader->failed) {
        size_t size;
        const char *name = sink_read_string(reader, &size);
        int32_t partition_count = sink_read_count(reader);
        const struct sink_topic *topic;

        if (reader->failed || !name)
            break;
        topic = sink_topic_get(sink, name, size);
        sink_write_string(out, request->flexible, topic->name);
        sink_write_count(out, request->flexible, partition_count);
        while (partition_count-- > 0 && !reader->failed)
            answer_list_offsets_partition(out, request, topic);
        sink_skip_tags(reader);
        sink_write_tags(out, request->flexible);
    }
    sink_write_tags(out, request->flexible);
}

static void write_coordinator(const struct sink *sink, struct sink_bytes *out, bool flexible)
{
    sink_write_i32(out, sink->has_groups ? 1 : -1);
    sink_write_string(out, flexible, sink->has_groups ? "127.0.0.1" : "");
    sink_write_i32(out, sink->has_groups ? sink->port : -1);
}

static void answer_find_coordinator(const struct sink *sink, struct sink_bytes *out,
                                    struct sink_request *request)
{
    struct sink_reader *reader = &request->body;
    int16_t error = sink->has_groups ? 0 : SINK_ERROR_COORDINATOR_NOT_AVAILABLE;
    bool flexible = request->flexible;
    int32_t count;
    size_t size;

    if (request->version >= 1)
        sink_write_i32(out, 0);
    if (request->version < 4) {
        sink_write_i16(out, error);
        if (request->version >= 1)
            sink_write_string(out, flexible, NULL);
        write_coordinator(sink, out, flexible);
        sink_write_tags(out, flexible);
        return;
    }
    sink_read(reader, 1);
    count = sink_read_count(reader);
    sink_write_count(out, flexible, count);
    while (count-- > 0 && !reader->failed) {
        const char *key = sink_read_string(reader, &size);

        if (!key)
            reader->failed = true;
        sink_write_length(out, flexible, 2, (int32_t)size);
        sink_write(out, key, key ? size : 0);
        write_coordinator(sink, out, flexible);
        sink_write_i16(out, error);
        sink_write_string(out, flexible, NULL);
        sink_write_tags(out, flexible);
    }
    sink_write_tags(out, flexible);
}

static void answer_init_producer_id(struct sink *sink, struct sink_bytes *out,
                                    const struct sink_request *request)
{
    sink_write_i32(out, 0);
    sink_write_i16(out, 0);
    sink_write_i64(out, sink->next_producer_id++);
    sink_write_i16(out, 0);
    sink_write_tags(out, request->flexible);
}

enum sink_outcome sink_request_handle(struct sink *sink, struct sink_connection *connection,
                                      struct sink_request *request, int64_t now_us)
{
    struct sink_bytes *out = &connection->output.bytes;

    if (!is_served(request) && request->key != SINK_API_VERSIONS) {
        fprintf(stderr, "sink: api %d version %d is not served\n", request->key, request->version);
        return SINK_BAD;
    }
    if (request->key == SINK_API_FETCH)
        return sink_fetch_handle(sink, connection, request, now_us);
    sink->counters.requests[request->key]++;
    sink_answer_begin(&connection->output, request);
    switch (request->key) {
    case SINK_API_VERSIONS:
        answer_api_versions(out, request, is_served(request) ? 0 : SINK_ERROR_UNSUPPORTED_VERSION);
        break;
    case SINK_API_METADATA:
        answer_metadata(sink, out, request);
        break;
    case SINK_API_LIST_OFFSETS:
        answer_list_offsets(sink, out, request);
        break;
    case SINK_API_FIND_COORDINATOR:
        answer_find_coordinator(sink, out, request);
        break;
    case SINK_API_INIT_PRODUCER_ID:
        answer_init_producer_id(sink, out, request);
        break;
    default:
        sink_group_answer(out, request);
        break;
    }
    sink_answer_end(&connection->output);
    return request->body.failed ? SINK_BAD : SINK_DONE;
}
