/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/writer.h"

#include "base/memory.h"

#define FIRST_CAPACITY      512
#define FIRST_PART_CAPACITY 16
#define TEXT_SIZE_MAX       32767

void rk_writer_init(struct rk_writer *writer)
{
    *writer = (struct rk_writer){0};
}

void rk_writer_clear(struct rk_writer *writer)
{
    rk_free(writer->data);
    rk_free(writer->parts);
    rk_writer_init(writer);
}

void rk_writer_reset(struct rk_writer *writer)
{
    *writer = (struct rk_writer){.data = writer->data,
                                 .capacity = writer->capacity,
                                 .parts = writer->parts,
                                 .part_capacity = writer->part_capacity};
}

void rk_writer_fail(struct rk_writer *writer, const char *failure)
{
    if (writer->failed)
        return;
    writer->failed = true;
    writer->failure = failure;
}

static void fail_out_of_memory(struct rk_writer *writer)
{
    rk_writer_fail(writer, "out of memory");
    writer->out_of_memory = true;
}

uint8_t *rk_writer_grow(struct rk_writer *writer, size_t size)
{
    if (writer->failed)
        return NULL;
    size_t capacity = RK_MAX(writer->capacity * 2, (size_t)FIRST_CAPACITY);
    capacity = RK_MAX(capacity, writer->size + size);
    uint8_t *data = rk_try_realloc(writer->data, capacity);
    if (!data) {
        fail_out_of_memory(writer);
        return NULL;
    }
    writer->data = data;
    writer->capacity = capacity;
    uint8_t *at = data + writer->size;
    writer->size += size;
    return at;
}

void rk_writer_put_uvarint(struct rk_writer *writer, uint32_t value)
{
    uint8_t *at = rk_writer_put(writer, rk_uvarint_size(value));
    if (at)
        rk_uvarint_write(at, value);
}

void rk_writer_put_text(struct rk_writer *writer, bool compact, const char *text)
{
    size_t size = text ? strlen(text) : 0;
    if (size > TEXT_SIZE_MAX) {
        rk_writer_fail(writer, "a text of more than 32767 bytes");
        return;
    }
    if (compact)
        rk_writer_put_uvarint(writer, text ? (uint32_t)size + 1 : 0);
    else
        rk_writer_put_int16(writer, text ? (int16_t)size : -1);
    rk_writer_put_raw(writer, text, size);
}

void rk_writer_put_length(struct rk_writer *writer, bool compact, int32_t length)
{
    if (compact)
        rk_writer_put_uvarint(writer, (uint32_t)length + 1);
    else
        rk_writer_put_int32(writer, length);
}

static bool add_part(struct rk_writer *writer, void *base, size_t size)
{
    if (writer->part_count == writer->part_capacity) {
        int capacity = RK_MAX(writer->part_capacity * 2, FIRST_PART_CAPACITY);
        struct iovec *parts =
            rk_try_realloc(writer->parts, (size_t)capacity * sizeof(*writer->parts));
        if (!parts) {
            fail_out_of_memory(writer);
            return false;
        }
        writer->parts = parts;
        writer->part_capacity = capacity;
    }
    writer->parts[writer->part_count++] = (struct iovec){.iov_base = base, .iov_len = size};
    return true;
}

/* Own bytes may still move: their part gets its address when the writer is finished. */
static bool add_own_part(struct rk_writer *writer)
{
    size_t size = writer->size - writer->own_in_parts;
    if (size > 0 && !add_part(writer, NULL, size))
        return false;
    writer->own_in_parts = writer->size;
    return true;
}

static void copy_parts(struct rk_writer *writer, const struct iovec *parts, int count)
{
    for (int i = 0; i < count; i++)
        rk_writer_put_raw(writer, parts[i].iov_base, parts[i].iov_len);
}

void rk_writer_splice(struct rk_writer *writer, const struct iovec *parts, int count, size_t total)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += parts[i].iov_len;
    RK_ASSERT(sum == total); /* The length stands before the bytes already. */

    if (total <= RK_WRITER_COPY_MAX) {
        copy_parts(writer, parts, count);
        return;
    }
    if (writer->failed || !add_own_part(writer))
        return;
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len > 0 && !add_part(writer, parts[i].iov_base, parts[i].iov_len))
            return;
    writer->spliced_size += total;
}

size_t rk_writer_begin_sized(struct rk_writer *writer)
{
    rk_writer_put_int8(writer, 0); /* Most sizes take one byte. */
    return writer->size;
}

void rk_writer_end_sized(struct rk_writer *writer, size_t mark)
{
    if (writer->failed)
        return;
    RK_ASSERT(mark >= writer->own_in_parts);
    uint32_t size = (uint32_t)(writer->size - mark);
    size_t more = rk_uvarint_size(size) - 1;
    if (more > 0) {
        if (!rk_writer_put(writer, more))
            return;
        memmove(writer->data + mark + more, writer->data + mark, size);
    }
    rk_uvarint_write(writer->data + mark - 1, size);
}

struct iovec *rk_writer_finish(struct rk_writer *writer, int *count)
{
    *count = 0;
    if (writer->failed || !add_own_part(writer))
        return NULL;
    uint8_t *own = writer->data;
    for (int i = 0; i < writer->part_count; i++) {
        struct iovec *part = &writer->parts[i];
        if (part->iov_base)
            continue;
        part->iov_base = own;
        own += part->iov_len;
    }
    *count = writer->part_count;
    return writer->parts;
}

void rk_writer_copy(const struct rk_writer *writer, uint8_t *to)
{
    const uint8_t *own = writer->data;
    for (int i = 0; i < writer->part_count; i++) {
        const struct iovec *part = &writer->parts[i];
        memcpy(to, part->iov_base ? part->iov_base : own, part->iov_len);
        to += part->iov_len;
        if (!part->iov_base)
            own += part->iov_len;
    }
    size_t tail = writer->size - writer->own_in_parts;
    if (tail > 0)
        memcpy(to, own, tail);
}
