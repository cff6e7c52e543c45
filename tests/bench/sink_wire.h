/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kafka's primitive types for the sink broker: big-endian integers, varints, and the strings and
 * arrays that are written differently in flexible versions. On purpose not the library's codec: the
 * sink shares nothing with what it measures. Readers have a sticky failure: check it once, after
 * the last read.
 */
#ifndef BENCH_SINK_WIRE_H
#define BENCH_SINK_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool flexible;
    bool failed;
};

/* A growing array of bytes; owned by whoever embeds it. */
struct sink_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

static inline void *sink_realloc(void *memory, size_t size)
{
    void *grown = realloc(memory, size);

    if (!grown) {
        fprintf(stderr, "sink: no memory for %zu bytes\n", size);
        abort();
    }
    return grown;
}

static inline uint64_t sink_load(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;

    for (size_t index = 0; index < count; index++)
        value = value << 8 | bytes[index];
    return value;
}

static inline void sink_store(uint8_t *bytes, size_t count, uint64_t value)
{
    for (size_t index = count; index > 0; index--, value >>= 8)
        bytes[index - 1] = (uint8_t)value;
}

/* The next `count` bytes, or NULL and the reader has failed. */
static inline const uint8_t *sink_read(struct sink_reader *reader, size_t count)
{
    const uint8_t *at = reader->at;

    if (reader->failed || count > (size_t)(reader->end - at)) {
        reader->failed = true;
        return NULL;
    }
    reader->at = at + count;
    return at;
}

static inline uint64_t sink_read_unsigned(struct sink_reader *reader, size_t count)
{
    const uint8_t *at = sink_read(reader, count);

    return at ? sink_load(at, count) : 0;
}

static inline int16_t sink_read_i16(struct sink_reader *reader)
{
    return (int16_t)sink_read_unsigned(reader, 2);
}

static inline int32_t sink_read_i32(struct sink_reader *reader)
{
    return (int32_t)sink_read_unsigned(reader, 4);
}

static inline int64_t sink_read_i64(struct sink_reader *reader)
{
    return (int64_t)sink_read_unsigned(reader, 8);
}

static inline uint32_t sink_read_uvarint(struct sink_reader *reader)
{
    uint32_t value = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint32_t byte = (uint32_t)sink_read_unsigned(reader, 1);

        value |= (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    reader->failed = true;
    return 0;
}

/* A count or a length: -1 stands for null. `fixed_size`: how many bytes it has when not flexible.
 */
static inline int32_t sink_read_length(struct sink_reader *reader, size_t fixed_size)
{
    if (reader->flexible)
        return (int32_t)sink_read_uvarint(reader) - 1;
    return fixed_size == 2 ? sink_read_i16(reader) : sink_read_i32(reader);
}

static inline int32_t sink_read_count(struct sink_reader *reader)
{
    return sink_read_length(reader, 4);
}

/* Null gives NULL and size 0; the text is not terminated. */
static inline const char *sink_read_string(struct sink_reader *reader, size_t *size)
{
    int32_t length = sink_read_length(reader, 2);

    *size = length > 0 ? (size_t)length : 0;
    return length < 0 ? NULL : (const char *)sink_read(reader, (size_t)length);
}

static inline void sink_skip_tags(struct sink_reader *reader)
{
    uint32_t count = reader->flexible ? sink_read_uvarint(reader) : 0;

    while (count-- > 0 && !reader->failed) {
        sink_read_uvarint(reader);
        sink_read(reader, sink_read_uvarint(reader));
    }
}

/* Room for `count` more bytes; they are not yet part of the content. */
static inline uint8_t *sink_reserve(struct sink_bytes *bytes, size_t count)
{
    if (bytes->size + count > bytes->capacity) {
        bytes->capacity = 2 * (bytes->size + count) + 256;
        bytes->data = sink_realloc(bytes->data, bytes->capacity);
    }
    return bytes->data + bytes->size;
}

static inline void sink_write(struct sink_bytes *bytes, const void *data, size_t size)
{
    uint8_t *to = sink_reserve(bytes, size);

    if (size > 0)
        memcpy(to, data, size);
    bytes->size += size;
}

static inline void sink_write_unsigned(struct sink_bytes *bytes, size_t count, uint64_t value)
{
    sink_store(sink_reserve(bytes, count), count, value);
    bytes->size += count;
}

static inline void sink_write_i8(struct sink_bytes *bytes, int8_t value)
{
    sink_write_unsigned(bytes, 1, (uint8_t)value);
}

static inline void sink_write_i16(struct sink_bytes *bytes, int16_t value)
{
    sink_write_unsigned(bytes, 2, (uint16_t)value);
}

static inline void sink_write_i32(struct sink_bytes *bytes, int32_t value)
{
    sink_write_unsigned(bytes, 4, (uint32_t)value);
}

static inline void sink_write_i64(struct sink_bytes *bytes, int64_t value)
{
    sink_write_unsigned(bytes, 8, (uint64_t)value);
}

static inline void sink_write_uvarint(struct sink_bytes *bytes, uint64_t value)
{
    uint8_t *to = sink_reserve(bytes, 10);

    for (; value >= 0x80; value >>= 7, bytes->size++)
        *to++ = (uint8_t)(value | 0x80);
    *to = (uint8_t)value;
    bytes->size++;
}

/* Zigzag, as in records. */
static inline void sink_write_varint(struct sink_bytes *bytes, int64_t value)
{
    sink_write_uvarint(bytes, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static inline void sink_write_length(struct sink_bytes *bytes, bool flexible, size_t fixed_size,
                                     int32_t length)
{
    if (flexible)
        sink_write_uvarint(bytes, (uint32_t)(length + 1));
    else
        sink_write_unsigned(bytes, fixed_size, (uint64_t)(int64_t)length);
}

static inline void sink_write_count(struct sink_bytes *bytes, bool flexible, int32_t count)
{
    sink_write_length(bytes, flexible, 4, count);
}

/* NULL is written as null. */
static inline void sink_write_string(struct sink_bytes *bytes, bool flexible, const char *text)
{
    size_t size = text ? strlen(text) : 0;

    sink_write_length(bytes, flexible, 2, text ? (int32_t)size : -1);
    sink_write(bytes, text, size);
}

/* An empty tag section, which ends every structure of a flexible version. */
static inline void sink_write_tags(struct sink_bytes *bytes, bool flexible)
{
    if (flexible)
        sink_write_i8(bytes, 0);
}

#endif
