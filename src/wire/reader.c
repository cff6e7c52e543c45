/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/reader.h"

#define OUT_OF_ARENA "larger than the limit for decoded messages, or out of memory"

void rk_reader_fail(struct rk_reader *reader, const char *failure)
{
    if (reader->failed)
        return;
    reader->failed = true;
    reader->failure = failure;
    reader->end = reader->at;
}

void rk_reader_fail_truncated(struct rk_reader *reader)
{
    rk_reader_fail(reader, "the bytes end in the middle of a value");
}

uint32_t rk_reader_get_uvarint(struct rk_reader *reader)
{
    uint32_t value;
    const uint8_t *after = rk_uvarint_read(reader->at, reader->end, &value);
    if (RK_UNLIKELY(!after)) {
        if (rk_reader_left(reader) < RK_UVARINT_SIZE_MAX)
            rk_reader_fail_truncated(reader);
        else
            rk_reader_fail(reader, "a variable-length integer exceeds 32 bits");
        return 0;
    }
    reader->at = after;
    return value;
}

/* A length or count, -1 for null. It may still exceed the bytes left. */
static int64_t get_length(struct rk_reader *reader, bool compact, bool short_form, bool nullable)
{
    int64_t length;
    if (compact)
        length = (int64_t)rk_reader_get_uvarint(reader) - 1;
    else if (short_form)
        length = rk_reader_get_int16(reader);
    else
        length = rk_reader_get_int32(reader);
    if (RK_UNLIKELY(reader->failed))
        return -1;
    if (RK_UNLIKELY(length < -1)) {
        rk_reader_fail(reader, "a negative length");
        return -1;
    }
    if (RK_UNLIKELY(length == -1 && !nullable))
        rk_reader_fail(reader, "null where a value is required");
    return length;
}

const char *rk_reader_get_text(struct rk_reader *reader, bool compact, bool nullable,
                               struct rk_arena *arena)
{
    int64_t length = get_length(reader, compact, true, nullable);
    if (length <= 0)
        return length == 0 ? "" : NULL;
    const uint8_t *at = rk_reader_take(reader, (size_t)length);
    if (!at)
        return NULL;
    if (RK_UNLIKELY(memchr(at, 0, (size_t)length) != NULL)) {
        rk_reader_fail(reader, "a text with a zero byte in it");
        return NULL;
    }
    const char *text = rk_arena_try_text(arena, (const char *)at, (size_t)length);
    if (RK_UNLIKELY(!text))
        rk_reader_fail(reader, OUT_OF_ARENA);
    return text;
}

void rk_reader_get_bytes(struct rk_reader *reader, bool compact, bool nullable,
                         struct rk_bytes *bytes)
{
    *bytes = (struct rk_bytes){.size = -1};
    int64_t length = get_length(reader, compact, false, nullable);
    if (length < 0)
        return;
    const uint8_t *at = rk_reader_take(reader, (size_t)length);
    if (at && length <= INT32_MAX)
        *bytes = (struct rk_bytes){.data = at, .size = (int32_t)length};
    else
        rk_reader_fail(reader, "bytes of more than 2 GiB");
}

int32_t rk_reader_get_count(struct rk_reader *reader, bool compact, bool nullable,
                            size_t item_size_min)
{
    int64_t count = get_length(reader, compact, false, nullable);
    if (count <= 0)
        return (int32_t)count;
    if (RK_UNLIKELY((uint64_t)count > rk_reader_left(reader) / RK_MAX(item_size_min, 1u) ||
                    count > INT32_MAX)) {
        rk_reader_fail(reader, "an array counts more items than the bytes left can hold");
        return -1;
    }
    return (int32_t)count;
}

void rk_reader_skip_tags(struct rk_reader *reader)
{
    for (uint32_t count = rk_reader_get_uvarint(reader); count > 0 && !reader->failed; count--) {
        rk_reader_get_uvarint(reader);
        rk_reader_take(reader, rk_reader_get_uvarint(reader));
    }
}
