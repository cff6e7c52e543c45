/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames out and in: encoding, writing without blocking, reading, matching, decoding.
 */
#include <poll.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/connection_private.h"
#include "cluster/debug.h"
#include "conf/conf.h"
#include "event/core.h"
#include "wire/codec.h"
#include "wire/header.h"

#define SCRATCH_SIZE          16384 /* Small answers are read many at a time. */
#define MAX_PARTS             256   /* Handed to the socket in one call. */
#define SMALL_FRAME_LIMIT     65536 /* Until the broker has shown what it speaks. */
#define ARENA_FACTOR          8
#define ARENA_BASE            65536
#define MIN_ANSWER_FRAME_SIZE 4
#define MAX_THROTTLE_MS       300000 /* No quota asks for more; a mistake shall not last. */

/* Out */

static int16_t choose_version(struct rk_connection *connection,
                              const struct rk_request *request) RK_ON_BROKER
{
    if (request->api->key == RK_API_API_VERSIONS)
        return request->max_version;
    return rk_connection_version(connection, (enum rk_api_key)request->api->key,
                                 request->min_version, request->max_version);
}

static void set_expiry(struct rk_connection *connection, struct rk_request *request,
                       uint64_t now_us) RK_ON_BROKER
{
    request->wire.expires_us = now_us + request->timeout_us;
    connection->own.in_flight_expiry_us =
        RK_MIN(connection->own.in_flight_expiry_us, request->wire.expires_us);
}

/* A feature may need more than the API's first version. returns: owned */
static char *explain_no_version(const struct rk_connection *connection,
                                const struct rk_request *request) RK_ON_BROKER
{
    const char *broker = rk_broker_name(connection->broker), *api = request->api->name;
    return request->lacks_feature
               ? rk_text_format("%s: the broker has no %s from v%d on", broker, api,
                                request->min_version)
               : rk_text_format("%s: the broker has no version of %s in common with us", broker,
                                api);
}

void rk_connection_encode(struct rk_connection *connection, struct rk_request *request,
                          uint64_t now_us)
{
    struct rk_broker *broker = connection->broker;
    request->version = choose_version(connection, request);
    request->broker_id = broker->id;
    if (request->version < 0) {
        request->lacks_feature =
            rk_connection_version(connection, (enum rk_api_key)request->api->key,
                                  request->api->min_version, request->max_version) >= 0;
        char *text = explain_no_version(connection, request);
        rk_connection_finish(connection, request, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, text);
        rk_free(text);
        return;
    }
    if (request->prepare)
        request->prepare(request);
    struct rk_writer *writer = &request->wire.writer;
    request->wire.correlation_id = rk_in_flight_take_correlation_id(&connection->own.in_flight);
    rk_request_encode(request->api, request->version, request->wire.correlation_id,
                      broker->core->conf->client_id, request->message, writer);
    if (writer->failed) {
        char *text =
            rk_text_format("%s: %s request v%d cannot be encoded: %s%s%s", rk_broker_name(broker),
                           request->api->name, request->version, writer->failure,
                           writer->field ? " in " : "", writer->field ? writer->field : "");
        rk_connection_finish(connection, request,
                             writer->out_of_memory ? RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE
                                                   : RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
                             text);
        rk_free(text);
        return;
    }
    request->sent_us = now_us;
    if (request->wire.queued_us == 0)
        request->wire.queued_us = now_us;
    TAILQ_INSERT_TAIL(&connection->own.unsent, request, link);
    connection->own.unsent_count++;
    set_expiry(connection, request, now_us); /* Until it is written; then anew for the answer. */
}

static const struct rk_interceptors *interceptors_of(const struct rk_connection *connection)
{
    return &connection->broker->core->conf_object->interceptors;
}

/* Tells interceptors that a request is out, or that its answer is in. */
static void intercept(struct rk_connection *connection, const struct rk_request *request,
                      size_t size, bool is_answer, uint64_t now_us) RK_ON_BROKER
{
    struct rk_broker *broker = connection->broker;
    struct rk_intercepted_request what = {
        .socket = connection->own.stream->fd,
        .broker_name = rk_broker_name(broker),
        .broker_id = broker->id,
        .api_key = request->api->key,
        .api_version = request->version,
        .correlation_id = request->wire.correlation_id,
        .size = size,
    };
    if (is_answer)
        rk_interceptors_on_response_received(interceptors_of(connection), broker->core->client,
                                             &what, (int64_t)(now_us - request->sent_us),
                                             RD_KAFKA_RESP_ERR_NO_ERROR);
    else
        rk_interceptors_on_request_sent(interceptors_of(connection), broker->core->client, &what);
}

void rk_connection_intercept_failure(const struct rk_connection *connection,
                                     const struct rk_request *request, rd_kafka_resp_err_t err)
{
    struct rk_broker *broker = connection->broker;
    struct rk_intercepted_request what = {
        .socket = -1,
        .broker_name = rk_broker_name(broker),
        .broker_id = broker->id,
        .api_key = request->api->key,
        .api_version = request->version,
        .correlation_id = request->wire.correlation_id,
    };
    if (rk_interceptors_has(interceptors_of(connection), RK_ON_RESPONSE_RECEIVED))
        rk_interceptors_on_response_received(interceptors_of(connection), broker->core->client,
                                             &what, -1, err);
}

/* In a group of the broker's that only its own loop adds to. */
static void count_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* The whole frame of the first unsent request is out. */
static void on_written(struct rk_connection *connection, struct rk_request *request,
                       uint64_t now_us) RK_ON_BROKER
{
    struct rk_broker *broker = connection->broker;
    TAILQ_REMOVE(&connection->own.unsent, request, link);
    connection->own.unsent_count--;
    connection->own.part = 0;
    connection->own.part_written = 0;
    request->was_written = true;
    request->sent_us = now_us;
    count_one(&broker->stats.requests_sent);
    count_one(&broker->stats.requests[request->api->key]);
    if (request->is_retry)
        count_one(&broker->stats.retries_sent);
    atomic_fetch_add_explicit(&broker->stats.bytes_sent, rk_writer_total(&request->wire.writer),
                              memory_order_relaxed);
    broker->own.last_sent_us = now_us;
    rk_window_add(&broker->own.windows.outbox_us, (int64_t)(now_us - request->wire.queued_us), 1);
    if (rk_interceptors_has(interceptors_of(connection), RK_ON_REQUEST_SENT))
        intercept(connection, request, rk_writer_total(&request->wire.writer), false, now_us);
    rk_debug_sent(connection, request, rk_writer_total(&request->wire.writer));
    rk_writer_clear(&request->wire.writer);
    if (request->has_no_answer) {
        rk_connection_finish(connection, request, RD_KAFKA_RESP_ERR_NO_ERROR, NULL);
        return;
    }
    set_expiry(connection, request, now_us);
    rk_in_flight_add(&connection->own.in_flight, request);
}

/* Moves past `written` bytes of the first unsent frame. */
static void advance(struct rk_connection *connection, const struct iovec *parts, int count,
                    size_t written)
{
    while (connection->own.part < count) {
        size_t left = parts[connection->own.part].iov_len - connection->own.part_written;
        if (written < left) {
            connection->own.part_written += written;
            return;
        }
        written -= left;
        connection->own.part++;
        connection->own.part_written = 0;
    }
}

/* Writes from the first unsent frame. True when something was written. */
static bool write_some(struct rk_connection *connection, struct rk_request *request,
                       uint64_t now_us) RK_ON_BROKER
{
    int count;
    struct iovec *parts = rk_writer_finish(&request->wire.writer, &count);
    if (!parts) {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT, "no memory to send with");
        return false;
    }
    struct iovec window[MAX_PARTS];
    int window_count = RK_MIN(count - connection->own.part, MAX_PARTS);
    memcpy(window, parts + connection->own.part, (size_t)window_count * sizeof(*window));
    window[0].iov_base = (uint8_t *)window[0].iov_base + connection->own.part_written;
    window[0].iov_len -= connection->own.part_written;
    ssize_t written = rk_stream_write(connection->own.stream, window, window_count);
    if (written == RK_STREAM_AGAIN)
        return false;
    if (written < 0) {
        count_one(&connection->broker->stats.send_errors);
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT, "Send to %s failed: %s",
                            connection->own.address_text, rk_stream_error(connection->own.stream));
        return false;
    }
    advance(connection, parts, count, (size_t)written);
    if (connection->own.part >= count)
        on_written(connection, request, now_us);
    return true;
}

void rk_connection_flush(struct rk_connection *connection, uint64_t now_us)
{
    struct rk_request *request;
    if (!connection->own.stream || connection->own.broken.err ||
        connection->own.state == RK_CONNECTION_CONNECTING)
        return;
    while ((request = TAILQ_FIRST(&connection->own.unsent)) != NULL &&
           write_some(connection, request, now_us))
        connection->own.last_used_us = now_us;
}

void rk_connection_watch(struct rk_connection *connection)
{
    if (!connection->own.stream)
        return;
    short events = POLLIN;
    if (connection->own.state == RK_CONNECTION_CONNECTING)
        events = POLLOUT;
    else if (connection->own.unsent_count > 0)
        events |= POLLOUT;
    events |= rk_stream_events(connection->own.stream);
    if (connection->own.watch.events != events)
        rk_loop_watch(connection->broker->loop, &connection->own.watch, connection->own.stream->fd,
                      events);
}

/* In */

void rk_connection_reader_clear(struct rk_connection *connection)
{
    rk_block_release(connection->own.reader.frame);
    connection->own.reader.frame = NULL;
    connection->own.reader.filled = 0;
    connection->own.reader.prefix_size = 0;
}

/* Most answers have it; 0 where there is none. */
static int32_t throttle_time_of(const struct rk_request *request)
{
    const struct rk_layout *layout = request->api->answer->layout();
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (field->kind == RK_FIELD_INT32 && strcmp(field->name, "throttle_time_ms") == 0) {
            int32_t value;
            memcpy(&value, (const char *)request->answer + field->offset, sizeof(value));
            return value;
        }
    }
    return 0;
}

/* KIP-219: the broker has answered already and expects a pause; older ones delayed the answer. */
static void note_throttling(struct rk_connection *connection, struct rk_request *request,
                            uint64_t now_us) RK_ON_BROKER
{
    request->throttle_ms = RK_MAX(throttle_time_of(request), 0);
    rk_broker_note_throttle(connection->broker, request->throttle_ms);
    rk_window_add(&connection->broker->own.windows.throttle_ms, request->throttle_ms, 1);
    if (request->throttle_ms > 0 && request->version >= request->api->throttled_since)
        connection->own.throttled_until_us =
            now_us + (uint64_t)RK_MIN(request->throttle_ms, MAX_THROTTLE_MS) * 1000;
}

static bool is_refused_version(const struct rk_request *request, const struct rk_reader *reader)
{
    return request->api->key == RK_API_API_VERSIONS && rk_reader_left(reader) >= 2 &&
           rk_load_be16(reader->at) == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
}

/*
 * An UNSUPPORTED_VERSION answer to ApiVersions comes as version 0, whatever was asked. Its error is
 * all that counts when the rest is not even that: librdkafka's mock cluster up to 2.0 answers so.
 */
static void decode_refusal(struct rk_request *request, void *answer, struct rk_reader *reader)
{
    struct rk_reader body = *reader;
    if (rk_codec_decode(request->api->answer, 0, answer, &body, &request->answer_arena))
        return;
    struct rk_api_versions_answer *refusal = answer;
    rk_codec_init(request->api->answer, refusal);
    refusal->error_code = RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
}

/* Decodes the whole answer into the request. False: the connection is broken. */
static bool decode(struct rk_connection *connection, struct rk_request *request,
                   struct rk_block *frame, struct rk_reader *reader) RK_ON_BROKER
{
    const struct rk_schema *schema = request->api->answer;
    rk_arena_init(&request->answer_arena, ARENA_FACTOR * frame->size + ARENA_BASE);
    void *answer = rk_arena_try_alloc(&request->answer_arena, schema->size);
    if (!answer)
        rk_reader_fail(reader, "no memory");
    else if (is_refused_version(request, reader))
        decode_refusal(request, answer, reader);
    else
        rk_codec_decode(schema, request->version, answer, reader, &request->answer_arena);
    if (reader->failed) {
        count_one(&connection->broker->stats.receive_errors);
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__BAD_MSG,
                            "Malformed %s answer v%d: %s%s%s at byte %zu of %zu",
                            request->api->name, request->version, reader->failure,
                            reader->field ? " in " : "", reader->field ? reader->field : "",
                            rk_reader_offset(reader), frame->size);
        return false;
    }
    request->answer = answer;
    request->frame = rk_block_acquire(frame);
    return true;
}

static void on_answer(struct rk_connection *connection, struct rk_request *request,
                      struct rk_block *frame, struct rk_reader *reader,
                      uint64_t now_us) RK_ON_BROKER
{
    rk_debug_received(connection, request, frame->size, now_us);
    rk_answer_header_decode_rest(reader, request->api, request->version);
    if (!decode(connection, request, frame, reader))
        return;
    if (rk_interceptors_has(interceptors_of(connection), RK_ON_RESPONSE_RECEIVED))
        intercept(connection, request, frame->size + sizeof(connection->own.reader.prefix), true,
                  now_us);
    rk_in_flight_take_first(&connection->own.in_flight);
    if (rk_connection_in_flight_count(connection) == 0)
        connection->own.in_flight_expiry_us = RK_NEVER;
    connection->own.timeouts = 0;
    request->answered_us = now_us;
    rk_window_add(&connection->broker->own.windows.round_trip_us,
                  (int64_t)(now_us - request->sent_us), 1);
    note_throttling(connection, request, now_us);
    rk_request_complete(request);
}

/* takes: frame */
static void on_frame(struct rk_connection *connection, struct rk_block *frame,
                     uint64_t now_us) RK_ON_BROKER
{
    struct rk_reader reader;
    rk_reader_init(&reader, frame->data, frame->size);
    struct rk_request *request = rk_in_flight_first(&connection->own.in_flight);
    int32_t correlation_id = rk_answer_header_decode_correlation(&reader);
    count_one(&connection->broker->stats.answers_received);
    if (!request || correlation_id != request->wire.correlation_id)
        count_one(&connection->broker->stats.strange_answers);
    if (request && correlation_id == request->wire.correlation_id)
        on_answer(connection, request, frame, &reader, now_us);
    else if (rk_in_flight_take_skipped(&connection->own.in_flight, correlation_id))
        rk_log_debug(connection->broker->core, RK_DEBUG_PROTOCOL, "LATE",
                     "%s: answer %d comes too late, dropped", rk_broker_name(connection->broker),
                     (int)correlation_id);
    else if (request)
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__BAD_MSG,
                            "Answer with correlation id %d, expected %d", (int)correlation_id,
                            (int)request->wire.correlation_id);
    else
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__BAD_MSG,
                            "Answer with correlation id %d, but no request is under way",
                            (int)correlation_id);
    rk_block_release(frame);
}

static size_t frame_limit(const struct rk_connection *connection)
{
    return connection->own.state == RK_CONNECTION_UP
               ? (size_t)connection->broker->core->conf->receive_message_max_bytes
               : SMALL_FRAME_LIMIT;
}

static void begin_frame(struct rk_connection *connection) RK_ON_BROKER
{
    int32_t size = rk_load_be32(connection->own.reader.prefix);
    if (size < MIN_ANSWER_FRAME_SIZE || (size_t)size > frame_limit(connection)) {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__BAD_MSG,
                            "Answer of %d bytes: not between %d and the limit of %zu (%s)",
                            (int)size, MIN_ANSWER_FRAME_SIZE, frame_limit(connection),
                            connection->own.state == RK_CONNECTION_UP
                                ? "receive.message.max.bytes"
                                : "before ApiVersions; is this a TLS or a non-Kafka port?");
        return;
    }
    connection->own.reader.frame = rk_block_try_new((size_t)size);
    connection->own.reader.filled = 0;
    if (!connection->own.reader.frame)
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                            "no memory for an answer of %d bytes", (int)size);
}

static void end_frame_if_full(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    struct rk_block *frame = connection->own.reader.frame;
    if (!frame || connection->own.reader.filled < frame->size)
        return;
    connection->own.reader.frame = NULL;
    connection->own.reader.prefix_size = 0;
    on_frame(connection, frame, now_us);
}

/* Takes bytes that were read, complete frames or pieces. */
static void consume(struct rk_connection *connection, const uint8_t *bytes, size_t size,
                    uint64_t now_us) RK_ON_BROKER
{
    while (size > 0 && !connection->own.broken.err) {
        if (!connection->own.reader.frame) {
            size_t wanted = sizeof(connection->own.reader.prefix);
            size_t piece = RK_MIN(wanted - connection->own.reader.prefix_size, size);
            memcpy(connection->own.reader.prefix + connection->own.reader.prefix_size, bytes,
                   piece);
            connection->own.reader.prefix_size += piece;
            bytes += piece;
            size -= piece;
            if (connection->own.reader.prefix_size == wanted)
                begin_frame(connection);
            continue;
        }
        struct rk_block *frame = connection->own.reader.frame;
        size_t piece = RK_MIN(frame->size - connection->own.reader.filled, size);
        memcpy(frame->data + connection->own.reader.filled, bytes, piece);
        connection->own.reader.filled += piece;
        bytes += piece;
        size -= piece;
        end_frame_if_full(connection, now_us);
    }
}

/* Reads once, straight into the frame when a large piece of it is missing. Bytes read, as
 * rk_stream_read. */
static ssize_t read_once(struct rk_connection *connection, uint64_t now_us,
                         size_t *asked) RK_ON_BROKER
{
    struct rk_block *frame = connection->own.reader.frame;
    uint8_t scratch[SCRATCH_SIZE];
    if (frame && frame->size - connection->own.reader.filled >= sizeof(scratch)) {
        *asked = frame->size - connection->own.reader.filled;
        ssize_t got = rk_stream_read(connection->own.stream,
                                     frame->data + connection->own.reader.filled, *asked);
        if (got > 0) {
            connection->own.reader.filled += (size_t)got;
            end_frame_if_full(connection, now_us);
        }
        return got;
    }
    *asked = sizeof(scratch);
    ssize_t got = rk_stream_read(connection->own.stream, scratch, sizeof(scratch));
    if (got > 0)
        consume(connection, scratch, (size_t)got, now_us);
    return got;
}

void rk_connection_on_readable(struct rk_connection *connection, uint64_t now_us)
{
    while (connection->own.stream && !connection->own.broken.err) {
        size_t asked;
        ssize_t got = read_once(connection, now_us, &asked);
        if (got == RK_STREAM_AGAIN)
            return;
        if (got == 0) {
            rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                                connection->own.state == RK_CONNECTION_NEGOTIATING
                                    ? "Disconnected by %s while asking for its versions: it may "
                                      "require TLS or SASL, or be no Kafka broker"
                                    : "Disconnected by %s",
                                connection->own.address_text);
            return;
        }
        if (got < 0) {
            count_one(&connection->broker->stats.receive_errors);
            rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                                "Receive from %s failed: %s", connection->own.address_text,
                                rk_stream_error(connection->own.stream));
            return;
        }
        connection->own.last_used_us = now_us;
        connection->broker->own.last_received_us = now_us;
        atomic_fetch_add_explicit(&connection->broker->stats.bytes_received, (uint64_t)got,
                                  memory_order_relaxed);
        if ((size_t)got < asked)
            return; /* The socket is empty; level-triggered waiting tells of more. */
    }
}
