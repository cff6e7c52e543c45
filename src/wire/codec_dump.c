/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "base/text.h"
#include "wire/codec.h"
#include "wire/layout.h"

static void dump_struct(const struct rk_layout *layout, int16_t version, const uint8_t *from,
                        struct rk_text *text);

static void dump_uuid(const struct rk_uuid *uuid, struct rk_text *text)
{
    for (size_t i = 0; i < sizeof(uuid->bytes); i++)
        rk_text_appendf(text, "%02x", uuid->bytes[i]);
}

static void dump_size(int32_t size, struct rk_text *text)
{
    if (size < 0)
        rk_text_appendf(text, "null");
    else
        rk_text_appendf(text, "%" PRId32 " bytes", size);
}

static void dump_string(const char *string, struct rk_text *text)
{
    if (string)
        rk_text_appendf(text, "\"%s\"", string);
    else
        rk_text_appendf(text, "null");
}

static void dump_one(const struct rk_field *field, int16_t version, const void *at,
                     struct rk_text *text)
{
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
        rk_text_appendf(text, "%s", *(const bool *)at ? "true" : "false");
        return;
    case RK_FIELD_INT8:
        rk_text_appendf(text, "%d", *(const int8_t *)at);
        return;
    case RK_FIELD_INT16:
        rk_text_appendf(text, "%d", *(const int16_t *)at);
        return;
    case RK_FIELD_INT32:
        rk_text_appendf(text, "%" PRId32, *(const int32_t *)at);
        return;
    case RK_FIELD_INT64:
        rk_text_appendf(text, "%" PRId64, *(const int64_t *)at);
        return;
    case RK_FIELD_FLOAT64:
        rk_text_appendf(text, "%g", *(const double *)at);
        return;
    case RK_FIELD_UUID:
        dump_uuid(at, text);
        return;
    case RK_FIELD_STRING:
        dump_string(*(const char *const *)at, text);
        return;
    case RK_FIELD_BYTES:
        dump_size(((const struct rk_bytes *)at)->size, text);
        return;
    case RK_FIELD_RECORDS:
        dump_size(((const struct rk_records *)at)->size, text);
        return;
    case RK_FIELD_STRUCT:
        dump_struct(field->layout(), version, at, text);
        return;
    }
}

static void dump_items(const struct rk_field *field, int16_t version, const struct rk_items *items,
                       struct rk_text *text)
{
    if (items->count < 0) {
        rk_text_appendf(text, "null");
        return;
    }
    size_t size = rk_field_item_size(field);
    const uint8_t *at = items->items;
    rk_text_appendf(text, "[");
    for (int32_t i = 0; i < items->count; i++, at += size) {
        if (i > 0)
            rk_text_appendf(text, ", ");
        dump_one(field, version, at, text);
    }
    rk_text_appendf(text, "]");
}

static void dump_field(const struct rk_field *field, int16_t version, const void *at,
                       struct rk_text *text)
{
    switch ((enum rk_field_shape)field->shape) {
    case RK_FIELD_ONE:
        dump_one(field, version, at, text);
        return;
    case RK_FIELD_MANY:
        dump_items(field, version, at, text);
        return;
    case RK_FIELD_MAYBE: {
        const void *item = *(const void *const *)at;
        if (item)
            dump_struct(field->layout(), version, item, text);
        else
            rk_text_appendf(text, "null");
        return;
    }
    }
}

/* Tagged fields only when they are sent. */
static void dump_struct(const struct rk_layout *layout, int16_t version, const uint8_t *from,
                        struct rk_text *text)
{
    const char *separator = "";
    rk_text_appendf(text, "{");
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        const void *at = from + field->offset;
        if (!rk_field_is_in(field, version) || (field->tag && rk_field_is_default(field, at)))
            continue;
        rk_text_appendf(text, "%s%s: ", separator, field->name);
        dump_field(field, version, at, text);
        separator = ", ";
    }
    rk_text_appendf(text, "}");
}

void rk_codec_dump(const struct rk_schema *schema, int16_t version, const void *message,
                   struct rk_text *text)
{
    rk_text_appendf(text, "%s v%d ", schema->name, version);
    dump_struct(schema->layout(), version, message, text);
}
