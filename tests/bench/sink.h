/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink broker: a Kafka broker that costs as little as possible, so that a client can be
 * measured on it. One process, one thread, one epoll set. It stores nothing: what is produced is
 * thrown away inside the kernel, what is fetched was encoded once.
 *
 * A topic exists as soon as its name is used, and the name says what it serves:
 *   f.<value size>.<codec>.<batch bytes>   endless, all records from one batch of so many
 * uncompressed bytes e.<anything>                           always empty: parks a Fetch for its
 * whole wait l.<microseconds>                       one record after each delay, with the time of
 * its sending inside anything else                          takes what is produced and serves
 * nothing A name that ends in `_p<N>` has N partitions, any other has one.
 */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include "sink_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SINK_API_PRODUCE = 0,
    SINK_API_FETCH = 1,
    SINK_API_LIST_OFFSETS = 2,
    SINK_API_METADATA = 3,
    SINK_API_OFFSET_COMMIT = 8,
    SINK_API_OFFSET_FETCH = 9,
    SINK_API_FIND_COORDINATOR = 10,
    SINK_API_JOIN_GROUP = 11,
    SINK_API_HEARTBEAT = 12,
    SINK_API_LEAVE_GROUP = 13,
    SINK_API_SYNC_GROUP = 14,
    SINK_API_VERSIONS = 18,
    SINK_API_INIT_PRODUCER_ID = 22,
    SINK_API_LIMIT = 23,

    SINK_BROKER_LIMIT = 250,
    SINK_UUID_SIZE = 16,
    SINK_BATCH_HEADER_SIZE = 61, /* Up to the first record, base offset and length included. */
    SINK_ERROR_UNKNOWN_TOPIC_OR_PARTITION = 3,
    SINK_ERROR_COORDINATOR_NOT_AVAILABLE = 15,
    SINK_ERROR_UNSUPPORTED_VERSION = 35,
    SINK_ERROR_FETCH_SESSION_ID_NOT_FOUND = 70,
    SINK_ERROR_UNKNOWN_TOPIC_ID = 100,
};

enum sink_topic_kind { SINK_TOPIC_TAKES, SINK_TOPIC_SOURCE, SINK_TOPIC_EMPTY, SINK_TOPIC_DELAY };

struct sink_topic {
    char *name;
    uint8_t id[SINK_UUID_SIZE];
    enum sink_topic_kind kind;
    int32_t partition_count;
    int64_t *end_offsets; /* SINK_TOPIC_TAKES: records produced, per partition. */
    uint8_t *batch;       /* SINK_TOPIC_SOURCE: sent again and again under another base offset. */
    size_t batch_size;
    int32_t batch_records;
    int64_t delay_us; /* SINK_TOPIC_DELAY */
};

/* What a connection still has to send: bytes written for it, and pieces of batches that it shares.
 */
struct sink_piece {
    const uint8_t *shared; /* NULL: `bytes.data + offset`. */
    size_t offset;
    size_t size;
};

struct sink_output {
    struct sink_bytes bytes;
    struct sink_piece *pieces;
    size_t piece_count;
    size_t piece_capacity;
    size_t pieces_sent;
    size_t closed_size; /* Bytes up to here belong to a piece. */
    size_t shared_size; /* Sum of the shared pieces. */
    size_t answer_at;   /* Where the open answer's length stands in `bytes`, and what was shared
                           before it. */
    size_t answer_shared_size;
};

enum sink_produce_step {
    SINK_PRODUCE_HEADER,
    SINK_PRODUCE_TOPIC,
    SINK_PRODUCE_PARTITION,
    SINK_PRODUCE_RECORDS,
    SINK_PRODUCE_PARTITION_END,
    SINK_PRODUCE_TOPIC_END,
    SINK_PRODUCE_END,
};

/* A Produce request on its way through: taken apart while it arrives, never held. */
struct sink_produce {
    enum sink_produce_step step;
    int16_t version;
    bool flexible;
    bool wants_answer;
    size_t frame_left;   /* Bytes of the request not yet taken. */
    size_t records_left; /* Bytes of the current partition's records not yet thrown away. */
    int32_t topics_left;
    int32_t partitions_left;
    struct sink_topic *topic; /* NULL: unknown topic id. */
};

struct sink_request {
    int16_t key;
    int16_t version;
    int32_t correlation_id;
    bool flexible;
    struct sink_reader body;
};

struct sink_connection {
    struct sink_connection *next;
    int socket;
    uint32_t events; /* What epoll is asked for. */
    struct sink_bytes input;
    size_t input_at; /* Bytes before it are done with. */
    bool in_produce; /* `produce` is at work. */
    bool is_parked;  /* A Fetch waits at `input_at` for data or for its deadline. */
    bool is_expired; /* Its deadline has come: answer with what there is. */
    int64_t deadline_us;
    struct sink_produce produce;
    struct sink_output output;
};

struct sink_counters {
    uint64_t requests[SINK_API_LIMIT];
    uint64_t records_produced;
    uint64_t records_served;
    uint64_t bytes_received;
    uint64_t bytes_sent;
};

struct sink {
    int epoll;
    int listeners[SINK_BROKER_LIMIT];
    int port;
    int32_t broker_count;
    bool has_groups; /* Broker 1 coordinates them. */
    struct sink_connection *connections;
    struct sink_topic **topics;
    int32_t topic_count;
    int64_t next_producer_id;
    struct sink_counters counters;
};

/* sink_topic.c. Names and ids are not terminated. A topic lives as long as the process. */
struct sink_topic *sink_topic_get(struct sink *sink, const char *name, size_t size);
struct sink_topic *sink_topic_find_id(struct sink *sink, const uint8_t *id);
/* How many records a fetcher may believe to be there. */
int64_t sink_topic_end_offset(const struct sink_topic *topic, int32_t partition);
/* One batch with one record, whose value says when it was made. */
void sink_topic_write_delayed(struct sink_bytes *out, int64_t offset);

/* sink_requests.c */
enum sink_outcome { SINK_DONE, SINK_NEEDS_MORE, SINK_BAD };
void sink_answer_begin(struct sink_output *output, const struct sink_request *request);
void sink_answer_end(struct sink_output *output);
void sink_answer_share(struct sink_output *output, const uint8_t *data, size_t size);
/* The header of a request up to its body. */
void sink_request_read(struct sink_request *request, const uint8_t *data, size_t size);
/* Anything but Produce. SINK_NEEDS_MORE: a Fetch that is parked; call again when it has expired. */
enum sink_outcome sink_request_handle(struct sink *sink, struct sink_connection *connection,
                                      struct sink_request *request, int64_t now_us);

/* sink_group.c */
void sink_group_answer(struct sink_bytes *out, struct sink_request *request);

/* sink_fetch.c */
enum sink_outcome sink_fetch_handle(struct sink *sink, struct sink_connection *connection,
                                    struct sink_request *request, int64_t now_us);

/* sink_produce.c: begins at the frame's length; then called whenever more has arrived. */
void sink_produce_begin(struct sink_connection *connection);
enum sink_outcome sink_produce_continue(struct sink *sink, struct sink_connection *connection);

/* sink.c: microseconds of the machine's monotonic clock. */
int64_t sink_now_us(void);

#endif
