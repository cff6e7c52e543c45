/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads Kafka's primitive types from bytes somebody else owns, never beyond their end.
 *
 * The error is sticky: after the first failure every call gives zeros, and one check of `failed` at
 * the end is enough. A reader is a small value on the stack of one thread; it allocates nothing
 * itself and needs no clear.
 *
 * "compact" is the encoding of flexible versions: lengths are unsigned varints of length + 1, 0
 * being null; else they are 16-bit (text) or 32-bit, -1 being null.
 */
#ifndef RK_WIRE_READER_H
#define RK_WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/big_endian.h"
#include "base/types.h"
#include "base/varint.h"

struct rk_reader {
    const uint8_t *start;
    const uint8_t *at;  /* Once failed: where. */
    const uint8_t *end; /* Once failed: equal to `at`, so that nothing is left. */
    bool failed;
    const char *failure; /* What is wrong with the bytes; a constant text, NULL until failed. */
    const char *field;   /* The schema field it is wrong in; a constant text, NULL if unknown. */
};

/* borrows: data, for as long as the reader and what was decoded from it is used. */
static inline void rk_reader_init(struct rk_reader *reader, const void *data, size_t size)
{
    *reader = (struct rk_reader){.start = data, .at = data, .end = (const uint8_t *)data + size};
}

static inline size_t rk_reader_left(const struct rk_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static inline size_t rk_reader_offset(const struct rk_reader *reader)
{
    return (size_t)(reader->at - reader->start);
}

/* Only the first failure counts. `failure`: a constant text. */
void rk_reader_fail(struct rk_reader *reader, const char *failure);
void rk_reader_fail_truncated(struct rk_reader *reader);

/* The next `size` bytes, or NULL and a failure. */
static inline const uint8_t *rk_reader_take(struct rk_reader *reader, size_t size)
{
    if (RK_UNLIKELY(rk_reader_left(reader) < size)) {
        rk_reader_fail_truncated(reader);
        return NULL;
    }
    const uint8_t *at = reader->at;
    reader->at += size;
    return at;
}

static inline int8_t rk_reader_get_int8(struct rk_reader *reader)
{
    const uint8_t *at = rk_reader_take(reader, 1);
    return at ? (int8_t)*at : 0;
}

/* Any value but 0 is true. */
static inline bool rk_reader_get_bool(struct rk_reader *reader)
{
    return rk_reader_get_int8(reader) != 0;
}

static inline int16_t rk_reader_get_int16(struct rk_reader *reader)
{
    const uint8_t *at = rk_reader_take(reader, 2);
    return at ? rk_load_be16(at) : 0;
}

static inline int32_t rk_reader_get_int32(struct rk_reader *reader)
{
    const uint8_t *at = rk_reader_take(reader, 4);
    return at ? rk_load_be32(at) : 0;
}

static inline int64_t rk_reader_get_int64(struct rk_reader *reader)
{
    const uint8_t *at = rk_reader_take(reader, 8);
    return at ? rk_load_be64(at) : 0;
}

static inline double rk_reader_get_float64(struct rk_reader *reader)
{
    int64_t bits = rk_reader_get_int64(reader);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline void rk_reader_get_uuid(struct rk_reader *reader, struct rk_uuid *uuid)
{
    const uint8_t *at = rk_reader_take(reader, sizeof(uuid->bytes));
    if (at)
        memcpy(uuid->bytes, at, sizeof(uuid->bytes));
    else
        *uuid = (struct rk_uuid){{0}};
}

uint32_t rk_reader_get_uvarint(struct rk_reader *reader);

/*
 * A NUL-terminated copy in the arena, NULL for null. A null where none may be, a NUL inside, or an
 * arena at its limit is a failure.
 */
const char *rk_reader_get_text(struct rk_reader *reader, bool compact, bool nullable,
                               struct rk_arena *arena);
/* Points into the reader's bytes; size -1 for null. */
void rk_reader_get_bytes(struct rk_reader *reader, bool compact, bool nullable,
                         struct rk_bytes *bytes);
/*
 * How many items an array has, -1 for null. A count of items that cannot fit into the bytes left,
 * at `item_size_min` bytes each, is a failure.
 */
int32_t rk_reader_get_count(struct rk_reader *reader, bool compact, bool nullable,
                            size_t item_size_min);
/* A section of tagged fields, none of which is known here. */
void rk_reader_skip_tags(struct rk_reader *reader);

#endif
