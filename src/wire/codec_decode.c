/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/codec.h"

#include "base/assert.h"
#include "wire/layout.h"

struct decoder {
    struct rk_reader *reader;
    struct rk_arena *arena;
    int16_t version;
    bool flexible;
};

/* `into` is set to defaults already. Nesting is as deep as the schema, whatever the bytes say. */
static void decode_struct(struct decoder *decoder, const struct rk_layout *layout, uint8_t *into);

void rk_codec_init(const struct rk_schema *schema, void *message)
{
    rk_layout_set_defaults(schema->layout(), message);
}

size_t rk_codec_min_size(const struct rk_schema *schema, int16_t version)
{
    return rk_layout_wire_size_min(schema->layout(), version,
                                   rk_schema_is_flexible(schema, version));
}

static void fail_out_of_arena(struct decoder *decoder)
{
    rk_reader_fail(decoder->reader, "larger than the limit for decoded messages");
}

/* Null records are taken in every version: they mean no records. */
static void decode_records(struct decoder *decoder, struct rk_records *records)
{
    struct rk_bytes bytes;
    rk_reader_get_bytes(decoder->reader, decoder->flexible, true, &bytes);
    *records = (struct rk_records){.data = bytes.data, .size = bytes.size};
}

static void decode_one(struct decoder *decoder, const struct rk_field *field, void *at,
                       bool nullable)
{
    struct rk_reader *reader = decoder->reader;
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
        *(bool *)at = rk_reader_get_bool(reader);
        return;
    case RK_FIELD_INT8:
        *(int8_t *)at = rk_reader_get_int8(reader);
        return;
    case RK_FIELD_INT16:
        *(int16_t *)at = rk_reader_get_int16(reader);
        return;
    case RK_FIELD_INT32:
        *(int32_t *)at = rk_reader_get_int32(reader);
        return;
    case RK_FIELD_INT64:
        *(int64_t *)at = rk_reader_get_int64(reader);
        return;
    case RK_FIELD_FLOAT64:
        *(double *)at = rk_reader_get_float64(reader);
        return;
    case RK_FIELD_UUID:
        rk_reader_get_uuid(reader, at);
        return;
    case RK_FIELD_STRING:
        *(const char **)at =
            rk_reader_get_text(reader, decoder->flexible, nullable, decoder->arena);
        return;
    case RK_FIELD_BYTES:
        rk_reader_get_bytes(reader, decoder->flexible, nullable, at);
        return;
    case RK_FIELD_RECORDS:
        decode_records(decoder, at);
        return;
    case RK_FIELD_STRUCT:
        decode_struct(decoder, field->layout(), at);
        return;
    }
}

static void decode_structs(struct decoder *decoder, const struct rk_layout *layout,
                           struct rk_items *items, bool nullable)
{
    size_t size_min = rk_layout_wire_size_min(layout, decoder->version, decoder->flexible);
    int32_t count = rk_reader_get_count(decoder->reader, decoder->flexible, nullable, size_min);
    items->count = count;
    if (count <= 0)
        return;
    uint8_t *at = rk_layout_try_new(layout, decoder->arena, count);
    if (!at) {
        fail_out_of_arena(decoder);
        return;
    }
    items->items = at;
    for (int32_t i = 0; i < count && !decoder->reader->failed; i++, at += layout->size)
        decode_struct(decoder, layout, at);
}

static void decode_items(struct decoder *decoder, const struct rk_field *field,
                         struct rk_items *items, bool nullable)
{
    if (field->kind == RK_FIELD_STRUCT) {
        decode_structs(decoder, field->layout(), items, nullable);
        return;
    }
    size_t size_min = rk_field_wire_size_min(field, decoder->version, decoder->flexible);
    int32_t count = rk_reader_get_count(decoder->reader, decoder->flexible, nullable, size_min);
    items->count = count;
    if (count <= 0)
        return;
    size_t size = rk_field_item_size(field);
    uint8_t *at = rk_arena_try_alloc(decoder->arena, (size_t)count * size);
    if (!at) {
        fail_out_of_arena(decoder);
        return;
    }
    items->items = at;
    for (int32_t i = 0; i < count && !decoder->reader->failed; i++, at += size)
        decode_one(decoder, field, at, false);
}

/* Before the struct goes 1, or -1 alone for null. */
static void decode_maybe(struct decoder *decoder, const struct rk_field *field, void **item)
{
    *item = NULL;
    int8_t presence = rk_reader_get_int8(decoder->reader);
    if (presence == -1 || decoder->reader->failed)
        return;
    if (presence != 1) {
        rk_reader_fail(decoder->reader, "neither null nor a struct");
        return;
    }
    *item = rk_layout_try_new(field->layout(), decoder->arena, 1);
    if (*item)
        decode_struct(decoder, field->layout(), *item);
    else
        fail_out_of_arena(decoder);
}

static void decode_field(struct decoder *decoder, const struct rk_field *field, void *at)
{
    bool nullable = rk_field_is_nullable(field, decoder->version);
    switch ((enum rk_field_shape)field->shape) {
    case RK_FIELD_ONE:
        decode_one(decoder, field, at, nullable);
        break;
    case RK_FIELD_MANY:
        decode_items(decoder, field, at, nullable);
        break;
    case RK_FIELD_MAYBE:
        decode_maybe(decoder, field, at);
        break;
    }
    if (RK_UNLIKELY(decoder->reader->failed && !decoder->reader->field))
        decoder->reader->field = field->name;
}

static const struct rk_field *find_tag(const struct decoder *decoder,
                                       const struct rk_layout *layout, uint32_t tag)
{
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (field->tag && (uint32_t)field->tag - 1 == tag &&
            rk_field_is_in(field, decoder->version))
            return field;
    }
    return NULL;
}

/* A tagged field sees its own bytes only, and must use all of them. */
static void decode_tag(struct decoder *decoder, const struct rk_field *field, size_t size,
                       uint8_t *into)
{
    struct rk_reader *reader = decoder->reader;
    const uint8_t *end = reader->end;
    const uint8_t *own_end = rk_reader_left(reader) < size ? NULL : reader->at + size;
    if (own_end) {
        reader->end = own_end;
        decode_field(decoder, field, into + field->offset);
        if (reader->at < own_end)
            rk_reader_fail(reader, "a tagged field is longer than its value");
    } else {
        rk_reader_fail_truncated(reader);
    }
    if (!reader->failed)
        reader->end = end;
    else if (!reader->field)
        reader->field = field->name;
}

static void decode_tags(struct decoder *decoder, const struct rk_layout *layout, uint8_t *into)
{
    struct rk_reader *reader = decoder->reader;
    int64_t last_tag = -1;
    for (uint32_t count = rk_reader_get_uvarint(reader); count > 0 && !reader->failed; count--) {
        uint32_t tag = rk_reader_get_uvarint(reader);
        uint32_t size = rk_reader_get_uvarint(reader);
        if ((int64_t)tag <= last_tag)
            rk_reader_fail(reader, "tagged fields are not in ascending order");
        if (reader->failed)
            return;
        last_tag = tag;
        const struct rk_field *field = find_tag(decoder, layout, tag);
        if (field)
            decode_tag(decoder, field, size, into);
        else
            rk_reader_take(reader, size);
    }
}

static void decode_struct(struct decoder *decoder, const struct rk_layout *layout, uint8_t *into)
{
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (!field->tag && rk_field_is_in(field, decoder->version))
            decode_field(decoder, field, into + field->offset);
    }
    if (decoder->flexible)
        decode_tags(decoder, layout, into);
}

bool rk_codec_decode(const struct rk_schema *schema, int16_t version, void *message,
                     struct rk_reader *reader, struct rk_arena *arena)
{
    RK_ASSERT(version >= schema->versions->min_version && version <= schema->versions->max_version);
    struct decoder decoder = {
        .reader = reader,
        .arena = arena,
        .version = version,
        .flexible = rk_schema_is_flexible(schema, version),
    };
    rk_codec_init(schema, message);
    decode_struct(&decoder, schema->layout(), message);
    if (!reader->failed && rk_reader_left(reader) > 0)
        rk_reader_fail(reader, "bytes are left after the end of the message");
    return !reader->failed;
}
