/* SPDX-License-Identifier: BSD-2-Clause */
/* Topics of the sink broker, made from their names, and the record batches that they serve. */
#include "sink.h"

#include "payload.h"

#include <inttypes.h>
#include <limits.h>
#include <time.h>

#ifdef BENCH_WITH_ZLIB
#include <zlib.h>
#endif
#ifdef BENCH_WITH_SNAPPY
#include <snappy-c.h>
#endif
#ifdef BENCH_WITH_LZ4
#include <lz4frame.h>
#endif
#ifdef BENCH_WITH_ZSTD
#include <zstd.h>
#endif

enum { CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD, CODEC_COUNT };

static const char *const codec_names[CODEC_COUNT] = {"none", "gzip", "snappy", "lz4", "zstd"};

#define SOURCE_END_OFFSET (INT64_C(1) << 40)

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Castagnoli's CRC, bit by bit from a table made at the first call: batches are encoded once. */
static uint32_t crc32c(const uint8_t *data, size_t size)
{
    static uint32_t table[256];
    uint32_t crc = UINT32_MAX;

    if (!table[1]) {
        for (uint32_t index = 0; index < 256; index++) {
            uint32_t value = index;

            for (int bit = 0; bit < 8; bit++)
                value = value & 1 ? value >> 1 ^ UINT32_C(0x82f63b78) : value >> 1;
            table[index] = value;
        }
    }
    for (size_t index = 0; index < size; index++)
        crc = table[(crc ^ data[index]) & 0xff] ^ crc >> 8;
    return ~crc;
}

static size_t varint_size(int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    size_t size = 1;

    for (; rest >= 0x80; rest >>= 7)
        size++;
    return size;
}

/* A record of the batch format v2: no key, no headers, the batch's timestamp. */
static void write_record(struct sink_bytes *out, int32_t offset_delta, const void *value,
                         size_t size)
{
    size_t length = 1 + varint_size(0) + varint_size(offset_delta) + varint_size(-1) +
                    varint_size((int64_t)size) + size + varint_size(0);

    sink_write_varint(out, (int64_t)length);
    sink_write_i8(out, 0);
    sink_write_varint(out, 0);
    sink_write_varint(out, offset_delta);
    sink_write_varint(out, -1);
    sink_write_varint(out, (int64_t)size);
    sink_write(out, value, size);
    sink_write_varint(out, 0);
}

/* Appends a whole batch: its header around `records`, which are compressed already. */
static void write_batch(struct sink_bytes *out, int64_t base_offset, int codec,
                        int32_t record_count, const struct sink_bytes *records)
{
    size_t start = out->size;
    int64_t timestamp = wall_ms();

    sink_write_i64(out, base_offset);
    sink_write_i32(out, (int32_t)(SINK_BATCH_HEADER_SIZE - 12 + records->size));
    sink_write_i32(out, 0); /* Leader epoch. */
    sink_write_i8(out, 2);
    sink_write_i32(out, 0); /* CRC, see below. */
    sink_write_i16(out, (int16_t)codec);
    sink_write_i32(out, record_count - 1);
    sink_write_i64(out, timestamp);
    sink_write_i64(out, timestamp);
    sink_write_i64(out, -1);
    sink_write_i16(out, -1);
    sink_write_i32(out, -1);
    sink_write_i32(out, record_count);
    sink_write(out, records->data, records->size);
    sink_store(out->data + start + 17, 4, crc32c(out->data + start + 21, out->size - start - 21));
}

/* Returns the compressed size, 0 when it did not work or the codec is not built in. */
static size_t compress_into(int codec, const struct sink_bytes *from, uint8_t *to, size_t capacity)
{
    size_t size = 0;

    switch (codec) {
#ifdef BENCH_WITH_ZLIB
    case CODEC_GZIP: {
        z_stream stream;

        memset(&stream, 0, sizeof(stream));
        if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                         Z_DEFAULT_STRATEGY))
            return 0;
        stream.next_in = from->data;
        stream.avail_in = (uInt)from->size;
        stream.next_out = to;
        stream.avail_out = (uInt)capacity;
        size = deflate(&stream, Z_FINISH) == Z_STREAM_END ? stream.total_out : 0;
        deflateEnd(&stream);
        break;
    }
#endif
#ifdef BENCH_WITH_SNAPPY
    case CODEC_SNAPPY:
        size = capacity;
        if (snappy_compress((const char *)from->data, from->size, (char *)to, &size) != SNAPPY_OK)
            size = 0;
        break;
#endif
#ifdef BENCH_WITH_LZ4
    case CODEC_LZ4: {
        LZ4F_preferences_t preferences;

        memset(&preferences, 0, sizeof(preferences));
        preferences.frameInfo.blockMode = LZ4F_blockIndependent;
        size = LZ4F_compressFrame(to, capacity, from->data, from->size, &preferences);
        if (LZ4F_isError(size))
            size = 0;
        break;
    }
#endif
#ifdef BENCH_WITH_ZSTD
    case CODEC_ZSTD:
        size = ZSTD_compress(to, capacity, from->data, from->size, 3);
        if (ZSTD_isError(size))
            size = 0;
        break;
#endif
    default:
        break;
    }
    return size;
}

/* Encodes the one batch of a source. False: the codec is unknown or failed. */
static bool encode_source(struct sink_topic *topic, int codec, size_t value_size, size_t batch_size)
{
    struct sink_bytes raw = {NULL, 0, 0};
    struct sink_bytes packed = {NULL, 0, 0};
    struct sink_bytes batch = {NULL, 0, 0};
    char *value = sink_realloc(NULL, value_size + 1);
    int32_t count = 0;

    do {
        bench_payload_fill(value, value_size, (uint64_t)count);
        write_record(&raw, count, value, value_size);
        count++;
    } while (raw.size + value_size < batch_size);
    free(value);
    if (codec != CODEC_NONE) {
        size_t capacity = raw.size + raw.size / 4 + 4096;

        packed.size = compress_into(codec, &raw, sink_reserve(&packed, capacity), capacity);
    }
    if (codec == CODEC_NONE || packed.size > 0)
        write_batch(&batch, 0, codec, count, codec == CODEC_NONE ? &raw : &packed);
    free(raw.data);
    free(packed.data);
    topic->batch = batch.data;
    topic->batch_size = batch.size;
    topic->batch_records = count;
    return batch.size > 0;
}

static int find_codec(const char *name)
{
    for (int codec = 0; codec < CODEC_COUNT; codec++)
        if (!strcmp(codec_names[codec], name))
            return codec;
    return -1;
}

/* What the name promises; a name that promises the impossible makes an ordinary topic. */
static void understand_name(struct sink_topic *topic)
{
    const char *suffix = strrchr(topic->name, '_');
    size_t value_size, batch_size;
    char codec_name[16];
    int32_t partition_count;

    topic->partition_count = 1;
    if (suffix && sscanf(suffix, "_p%" SCNd32, &partition_count) == 1 && partition_count > 0 &&
        partition_count <= 100000)
        topic->partition_count = partition_count;
    if (!strncmp(topic->name, "e.", 2)) {
        topic->kind = SINK_TOPIC_EMPTY;
    } else if (sscanf(topic->name, "l.%" SCNd64, &topic->delay_us) == 1) {
        topic->kind = SINK_TOPIC_DELAY;
    } else if (sscanf(topic->name, "f.%zu.%15[a-z0-9].%zu", &value_size, codec_name, &batch_size) ==
               3) {
        int codec = find_codec(codec_name);

        if (codec >= 0 && value_size <= 1 << 24 && batch_size <= 1 << 24 &&
            encode_source(topic, codec, value_size, batch_size))
            topic->kind = SINK_TOPIC_SOURCE;
        else
            fprintf(stderr, "sink: %s cannot be served\n", topic->name);
    }
    if (topic->kind == SINK_TOPIC_TAKES) {
        size_t size = (size_t)topic->partition_count * sizeof(*topic->end_offsets);

        topic->end_offsets = sink_realloc(NULL, size);
        memset(topic->end_offsets, 0, size);
    }
}

struct sink_topic *sink_topic_get(struct sink *sink, const char *name, size_t size)
{
    struct sink_topic *topic;

    for (int32_t index = 0; index < sink->topic_count; index++) {
        topic = sink->topics[index];
        if (strlen(topic->name) == size && !memcmp(topic->name, name, size))
            return topic;
    }
    topic = sink_realloc(NULL, sizeof(*topic));
    memset(topic, 0, sizeof(*topic));
    topic->name = sink_realloc(NULL, size + 1);
    memcpy(topic->name, name, size);
    topic->name[size] = '\0';
    memcpy(topic->id, "bench-sink--", 12);
    sink_store(topic->id + 12, 4, (uint32_t)sink->topic_count);
    understand_name(topic);
    sink->topics =
        sink_realloc(sink->topics, ((size_t)sink->topic_count + 1) * sizeof(struct sink_topic *));
    sink->topics[sink->topic_count++] = topic;
    return topic;
}

struct sink_topic *sink_topic_find_id(struct sink *sink, const uint8_t *id)
{
    uint64_t index = sink_load(id + 12, 4);

    if (index >= (uint64_t)sink->topic_count ||
        memcmp(id, sink->topics[index]->id, SINK_UUID_SIZE) != 0)
        return NULL;
    return sink->topics[index];
}

int64_t sink_topic_end_offset(const struct sink_topic *topic, int32_t partition)
{
    switch (topic->kind) {
    case SINK_TOPIC_SOURCE:
        return SOURCE_END_OFFSET;
    case SINK_TOPIC_TAKES:
        return topic->end_offsets[partition];
    case SINK_TOPIC_EMPTY:
    case SINK_TOPIC_DELAY:
        break;
    }
    return 0;
}

void sink_topic_write_delayed(struct sink_bytes *out, int64_t offset)
{
    struct sink_bytes records = {NULL, 0, 0};
    struct timespec now;
    char value[64];
    int size;

    clock_gettime(CLOCK_MONOTONIC, &now);
    size = snprintf(value, sizeof(value), "{\"sent_ns\":%" PRId64 "}",
                    (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
    write_record(&records, 0, value, (size_t)size);
    write_batch(out, offset, CODEC_NONE, 1, &records);
    free(records.data);
}
