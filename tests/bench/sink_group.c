/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink's groups, with --groups: one member each, which is the leader and gets what it assigns
 * itself. Nothing is remembered: offsets that are committed are thrown away, none is known.
 *
 * Old versions, for they are plain; whoever measures looks at messages, not at these.
 */
#include "sink.h"

static const char member_id[] = "member";

static void copy_string(struct sink_bytes *out, struct sink_reader *in)
{
    size_t size;
    const char *text = sink_read_string(in, &size);

    sink_write_i16(out, (int16_t)size);
    sink_write(out, text, text ? size : 0);
}

static void skip_string(struct sink_reader *in)
{
    size_t size;

    sink_read_string(in, &size);
}

/* Bytes with a length of four. */
static void copy_bytes(struct sink_bytes *out, struct sink_reader *in)
{
    int32_t size = sink_read_i32(in);
    const uint8_t *bytes = size < 0 ? NULL : sink_read(in, (size_t)size);

    sink_write_i32(out, bytes ? size : 0);
    sink_write(out, bytes, bytes ? (size_t)size : 0);
}

/* Version 2. */
static void answer_join(struct sink_bytes *out, struct sink_reader *in)
{
    skip_string(in);
    sink_read(in, 8); /* Session and rebalance time-out. */
    skip_string(in);
    skip_string(in);
    sink_read_i32(in); /* Protocols: the first is taken. */
    sink_write_i32(out, 0);
    sink_write_i16(out, 0);
    sink_write_i32(out, 1);
    copy_string(out, in);
    sink_write_string(out, false, member_id);
    sink_write_string(out, false, member_id);
    sink_write_i32(out, 1);
    sink_write_string(out, false, member_id);
    copy_bytes(out, in);
}

/* Version 1. */
static void answer_sync(struct sink_bytes *out, struct sink_reader *in)
{
    skip_string(in);
    sink_read_i32(in);
    skip_string(in);
    sink_write_i32(out, 0);
    sink_write_i16(out, 0);
    if (sink_read_i32(in) != 1)
        in->failed = true;
    skip_string(in);
    copy_bytes(out, in);
}

/* OffsetCommit version 2, OffsetFetch version 1: per partition a number, and what differs. */
static void answer_offsets(struct sink_bytes *out, struct sink_reader *in, bool is_commit)
{
    int32_t topic_count;

    skip_string(in);
    if (is_commit) {
        sink_read_i32(in);
        skip_string(in);
        sink_read_i64(in);
    }
    topic_count = sink_read_i32(in);
    sink_write_i32(out, topic_count);
    while (topic_count-- > 0 && !in->failed) {
        int32_t count;

        copy_string(out, in);
        count = sink_read_i32(in);
        sink_write_i32(out, count);
        while (count-- > 0 && !in->failed) {
            sink_write_i32(out, sink_read_i32(in));
            if (is_commit) {
                sink_read_i64(in);
                skip_string(in);
            } else {
                sink_write_i64(out, -1);
                sink_write_string(out, false, "");
            }
            sink_write_i16(out, 0);
        }
    }
}

void sink_group_answer(struct sink_bytes *out, struct sink_request *request)
{
    switch (request->key) {
    case SINK_API_JOIN_GROUP:
        answer_join(out, &request->body);
        break;
    case SINK_API_SYNC_GROUP:
        answer_sync(out, &request->body);
        break;
    case SINK_API_OFFSET_COMMIT:
    case SINK_API_OFFSET_FETCH:
        answer_offsets(out, &request->body, request->key == SINK_API_OFFSET_COMMIT);
        break;
    default: /* Heartbeat and LeaveGroup, version 1. */
        sink_write_i32(out, 0);
        sink_write_i16(out, 0);
        break;
    }
}
