/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes Kafka's primitive types into bytes of its own that grow as needed, with splices: runs of
 * foreign bytes (records) that are sent from where they are.
 *
 * The error is sticky: after the first failure nothing more is written, and one check of `failed`
 * at the end is enough. A writer is embedded in whoever sends the bytes and is used by one thread
 * at a time. It may hold several frames, one behind the other.
 *
 * "compact" as in reader.h.
 */
#ifndef RK_WIRE_WRITER_H
#define RK_WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "base/types.h"
#include "base/varint.h"

/* Splices up to this size are copied: cheaper than two more entries of a writev. */
#define RK_WRITER_COPY_MAX 1024

struct rk_writer {
    uint8_t *data; /* Own bytes, splices left out. */
    size_t size;
    size_t capacity;
    struct iovec *parts; /* In order; a base of NULL stands for the next own bytes. */
    int part_count;
    int part_capacity;
    size_t own_in_parts; /* Own bytes that a part stands for already. */
    size_t spliced_size;
    bool failed;
    bool out_of_memory;  /* The reason of the failure. */
    const char *failure; /* A constant text, NULL until failed. */
    const char *field;   /* The schema field it failed in; a constant text, NULL if unknown. */
};

/* Takes no memory yet. */
void rk_writer_init(struct rk_writer *writer);
/* Frees the memory; the writer may be used again. */
void rk_writer_clear(struct rk_writer *writer);
/* Forgets what was written and any failure, and keeps the memory for the next frame. */
void rk_writer_reset(struct rk_writer *writer);
/* Only the first failure counts. `failure`: a constant text. */
void rk_writer_fail(struct rk_writer *writer, const char *failure);

/* Bytes written so far, splices included. */
static inline size_t rk_writer_total(const struct rk_writer *writer)
{
    return writer->size + writer->spliced_size;
}

uint8_t *rk_writer_grow(struct rk_writer *writer, size_t size);

/* Room for `size` more bytes, counted as written; NULL once failed. Valid until the next write. */
static inline uint8_t *rk_writer_put(struct rk_writer *writer, size_t size)
{
    if (RK_UNLIKELY(writer->failed || writer->capacity - writer->size < size))
        return rk_writer_grow(writer, size);
    uint8_t *at = writer->data + writer->size;
    writer->size += size;
    return at;
}

static inline void rk_writer_put_int8(struct rk_writer *writer, int8_t value)
{
    uint8_t *at = rk_writer_put(writer, 1);
    if (at)
        *at = (uint8_t)value;
}

static inline void rk_writer_put_int16(struct rk_writer *writer, int16_t value)
{
    uint8_t *at = rk_writer_put(writer, 2);
    if (at)
        rk_store_be16(at, value);
}

static inline void rk_writer_put_int32(struct rk_writer *writer, int32_t value)
{
    uint8_t *at = rk_writer_put(writer, 4);
    if (at)
        rk_store_be32(at, value);
}

static inline void rk_writer_put_int64(struct rk_writer *writer, int64_t value)
{
    uint8_t *at = rk_writer_put(writer, 8);
    if (at)
        rk_store_be64(at, value);
}

static inline void rk_writer_put_float64(struct rk_writer *writer, double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    rk_writer_put_int64(writer, bits);
}

static inline void rk_writer_put_raw(struct rk_writer *writer, const void *data, size_t size)
{
    uint8_t *at = size > 0 ? rk_writer_put(writer, size) : NULL;
    if (at)
        memcpy(at, data, size);
}

static inline void rk_writer_put_uuid(struct rk_writer *writer, const struct rk_uuid *uuid)
{
    rk_writer_put_raw(writer, uuid->bytes, sizeof(uuid->bytes));
}

void rk_writer_put_uvarint(struct rk_writer *writer, uint32_t value);
/* NULL is written as null. More than 32767 bytes is a failure, as in Kafka's own code. */
void rk_writer_put_text(struct rk_writer *writer, bool compact, const char *text);
/* The length of what follows: bytes, records, or the items of an array; -1 for null. */
void rk_writer_put_length(struct rk_writer *writer, bool compact, int32_t length);

/*
 * `total` bytes in `count` parts. The array of parts is copied.
 * borrows: the bytes, until the frame is sent or the writer reset or cleared.
 */
void rk_writer_splice(struct rk_writer *writer, const struct iovec *parts, int count, size_t total);

/*
 * Around something whose size goes before it as an unsigned varint: begin gives a mark for end.
 * No splices in between.
 */
size_t rk_writer_begin_sized(struct rk_writer *writer);
void rk_writer_end_sized(struct rk_writer *writer, size_t mark);

/*
 * All bytes in order, own and spliced, for writev: `*count` parts, the writer's, which the caller
 * may advance as they are sent. Nothing may be written after it until the writer is reset. NULL
 * once failed, or when memory is out (which fails the writer).
 */
struct iovec *rk_writer_finish(struct rk_writer *writer, int *count);
/* All bytes in order, copied; `to` has room for rk_writer_total() bytes. Not once failed or
 * finished. */
void rk_writer_copy(const struct rk_writer *writer, uint8_t *to);

#endif
