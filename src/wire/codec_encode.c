/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/codec.h"

#include "base/assert.h"
#include "wire/layout.h"

struct encoder {
    struct rk_writer *writer;
    int16_t version;
    bool flexible;
    bool unsupported; /* The reason why the writer failed. */
};

static void encode_struct(struct encoder *encoder, const struct rk_layout *layout,
                          const uint8_t *from);

static void fail_null(struct encoder *encoder)
{
    rk_writer_fail(encoder->writer, "null where this version requires a value");
}

/* Writes a length; false when nothing follows. */
static bool encode_length(struct encoder *encoder, int32_t length, bool nullable)
{
    if (length < 0 && !nullable) {
        fail_null(encoder);
        return false;
    }
    rk_writer_put_length(encoder->writer, encoder->flexible, RK_MAX(length, -1));
    return length > 0;
}

static void encode_text(struct encoder *encoder, const char *text, bool nullable)
{
    if (!text && !nullable)
        fail_null(encoder);
    else
        rk_writer_put_text(encoder->writer, encoder->flexible, text);
}

static void encode_records(struct encoder *encoder, const struct rk_records *records, bool nullable)
{
    if (!encode_length(encoder, records->size, nullable))
        return;
    struct iovec whole = {.iov_base = (void *)(uintptr_t)records->data,
                          .iov_len = (size_t)records->size};
    if (records->parts)
        rk_writer_splice(encoder->writer, records->parts, records->part_count, whole.iov_len);
    else
        rk_writer_splice(encoder->writer, &whole, 1, whole.iov_len);
}

static void encode_one(struct encoder *encoder, const struct rk_field *field, const void *at,
                       bool nullable)
{
    struct rk_writer *writer = encoder->writer;
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
        rk_writer_put_int8(writer, *(const bool *)at);
        return;
    case RK_FIELD_INT8:
        rk_writer_put_int8(writer, *(const int8_t *)at);
        return;
    case RK_FIELD_INT16:
        rk_writer_put_int16(writer, *(const int16_t *)at);
        return;
    case RK_FIELD_INT32:
        rk_writer_put_int32(writer, *(const int32_t *)at);
        return;
    case RK_FIELD_INT64:
        rk_writer_put_int64(writer, *(const int64_t *)at);
        return;
    case RK_FIELD_FLOAT64:
        rk_writer_put_float64(writer, *(const double *)at);
        return;
    case RK_FIELD_UUID:
        rk_writer_put_uuid(writer, at);
        return;
    case RK_FIELD_STRING:
        encode_text(encoder, *(const char *const *)at, nullable);
        return;
    case RK_FIELD_BYTES: {
        const struct rk_bytes *bytes = at;
        if (encode_length(encoder, bytes->size, nullable))
            rk_writer_put_raw(writer, bytes->data, (size_t)bytes->size);
        return;
    }
    case RK_FIELD_RECORDS:
        encode_records(encoder, at, nullable);
        return;
    case RK_FIELD_STRUCT:
        encode_struct(encoder, field->layout(), at);
        return;
    }
}

static void encode_items(struct encoder *encoder, const struct rk_field *field,
                         const struct rk_items *items, bool nullable)
{
    if (!encode_length(encoder, items->count, nullable))
        return;
    const uint8_t *at = items->items;
    if (field->kind == RK_FIELD_STRUCT) {
        const struct rk_layout *layout = field->layout();
        for (int32_t i = 0; i < items->count && !encoder->writer->failed; i++, at += layout->size)
            encode_struct(encoder, layout, at);
    } else {
        size_t size = rk_field_item_size(field);
        for (int32_t i = 0; i < items->count && !encoder->writer->failed; i++, at += size)
            encode_one(encoder, field, at, false);
    }
}

/* Before the struct goes 1, or -1 alone for null. */
static void encode_maybe(struct encoder *encoder, const struct rk_field *field, const void *item)
{
    rk_writer_put_int8(encoder->writer, item ? 1 : -1);
    if (item)
        encode_struct(encoder, field->layout(), item);
}

static void encode_field(struct encoder *encoder, const struct rk_field *field, const void *at)
{
    bool nullable = rk_field_is_nullable(field, encoder->version);
    switch ((enum rk_field_shape)field->shape) {
    case RK_FIELD_ONE:
        encode_one(encoder, field, at, nullable);
        break;
    case RK_FIELD_MANY:
        encode_items(encoder, field, at, nullable);
        break;
    case RK_FIELD_MAYBE:
        encode_maybe(encoder, field, *(const void *const *)at);
        break;
    }
    if (RK_UNLIKELY(encoder->writer->failed && !encoder->writer->field))
        encoder->writer->field = field->name;
}

static bool is_tag_sent(const struct encoder *encoder, const struct rk_field *field,
                        const uint8_t *from)
{
    return field->tag && rk_field_is_in(field, encoder->version) &&
           !rk_field_is_default(field, from + field->offset);
}

static void encode_tags(struct encoder *encoder, const struct rk_layout *layout,
                        const uint8_t *from, uint32_t count)
{
    rk_writer_put_uvarint(encoder->writer, count);
    for (int i = 0; count > 0 && i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (!is_tag_sent(encoder, field, from))
            continue;
        rk_writer_put_uvarint(encoder->writer, (uint32_t)field->tag - 1);
        size_t mark = rk_writer_begin_sized(encoder->writer);
        encode_field(encoder, field, from + field->offset);
        rk_writer_end_sized(encoder->writer, mark);
        count--;
    }
}

/* A field that this version lacks may be dropped, or must be what its absence means. */
static void check_absent(struct encoder *encoder, const struct rk_field *field, const void *at)
{
    if (field->ignorable || encoder->writer->failed || rk_field_is_default(field, at))
        return;
    rk_writer_fail(encoder->writer, "set, but this version does not have it");
    encoder->unsupported = true;
    encoder->writer->field = field->name;
}

static void encode_struct(struct encoder *encoder, const struct rk_layout *layout,
                          const uint8_t *from)
{
    uint32_t tags = 0;
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (!rk_field_is_in(field, encoder->version))
            check_absent(encoder, field, from + field->offset);
        else if (field->tag)
            tags += is_tag_sent(encoder, field, from);
        else
            encode_field(encoder, field, from + field->offset);
    }
    if (encoder->flexible)
        encode_tags(encoder, layout, from, tags);
}

enum rk_codec_result rk_codec_encode(const struct rk_schema *schema, int16_t version,
                                     const void *message, struct rk_writer *writer)
{
    RK_ASSERT(version >= schema->versions->min_version && version <= schema->versions->max_version);
    struct encoder encoder = {
        .writer = writer,
        .version = version,
        .flexible = rk_schema_is_flexible(schema, version),
    };
    encode_struct(&encoder, schema->layout(), message);
    if (!writer->failed)
        return RK_CODEC_OK;
    if (encoder.unsupported)
        return RK_CODEC_UNSUPPORTED;
    return writer->out_of_memory ? RK_CODEC_OUT_OF_MEMORY : RK_CODEC_INVALID;
}
