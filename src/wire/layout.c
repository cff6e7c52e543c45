/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/layout.h"

#include <string.h>

static void set_struct_defaults(const struct rk_layout *layout, uint8_t *into);

/* The struct is all zeros; a field whose default is zeros needs nothing. */
static void set_default(const struct rk_field *field, void *at)
{
    int64_t value = field->default_value;
    if (field->shape == RK_FIELD_MANY) {
        ((struct rk_items *)at)->count = (int32_t)value;
        return;
    }
    if (field->shape == RK_FIELD_MAYBE)
        return;
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
        *(bool *)at = value != 0;
        return;
    case RK_FIELD_INT8:
        *(int8_t *)at = (int8_t)value;
        return;
    case RK_FIELD_INT16:
        *(int16_t *)at = (int16_t)value;
        return;
    case RK_FIELD_INT32:
        *(int32_t *)at = (int32_t)value;
        return;
    case RK_FIELD_INT64:
        *(int64_t *)at = value;
        return;
    case RK_FIELD_FLOAT64:
        *(double *)at = (double)value;
        return;
    case RK_FIELD_STRING:
        *(const char **)at = value == 0 ? "" : NULL;
        return;
    case RK_FIELD_BYTES:
        ((struct rk_bytes *)at)->size = (int32_t)value;
        return;
    case RK_FIELD_RECORDS:
        ((struct rk_records *)at)->size = (int32_t)value;
        return;
    case RK_FIELD_STRUCT:
        set_struct_defaults(field->layout(), at);
        return;
    case RK_FIELD_UUID:
        return;
    }
}

static void set_struct_defaults(const struct rk_layout *layout, uint8_t *into)
{
    for (int i = 0; i < layout->field_count; i++)
        set_default(&layout->fields[i], into + layout->fields[i].offset);
}

void rk_layout_set_defaults(const struct rk_layout *layout, void *into)
{
    memset(into, 0, layout->size);
    set_struct_defaults(layout, into);
}

void *rk_layout_try_new(const struct rk_layout *layout, struct rk_arena *arena, int32_t count)
{
    size_t size;
    if (count < 0 || __builtin_mul_overflow((size_t)count, (size_t)layout->size, &size))
        return NULL;
    uint8_t *first = rk_arena_try_alloc(arena, size);
    if (!first || count == 0)
        return first;
    set_struct_defaults(layout, first);
    for (size_t at = layout->size; at < size; at += layout->size)
        memcpy(first + at, first, layout->size);
    return first;
}

static bool is_struct_default(const struct rk_layout *layout, const uint8_t *from)
{
    for (int i = 0; i < layout->field_count; i++)
        if (!rk_field_is_default(&layout->fields[i], from + layout->fields[i].offset))
            return false;
    return true;
}

bool rk_field_is_default(const struct rk_field *field, const void *at)
{
    int64_t value = field->default_value;
    if (field->shape == RK_FIELD_MANY)
        return ((const struct rk_items *)at)->count == value;
    if (field->shape == RK_FIELD_MAYBE)
        return *(const void *const *)at == NULL;
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
        return *(const bool *)at == (value != 0);
    case RK_FIELD_INT8:
        return *(const int8_t *)at == value;
    case RK_FIELD_INT16:
        return *(const int16_t *)at == value;
    case RK_FIELD_INT32:
        return *(const int32_t *)at == value;
    case RK_FIELD_INT64:
        return *(const int64_t *)at == value;
    case RK_FIELD_FLOAT64:
        return memcmp(at, &(double){(double)value}, sizeof(double)) == 0;
    case RK_FIELD_UUID:
        return rk_uuid_is_zero(at);
    case RK_FIELD_STRING: {
        const char *text = *(const char *const *)at;
        return value == 0 ? text && !*text : !text;
    }
    case RK_FIELD_BYTES:
        return ((const struct rk_bytes *)at)->size == value;
    case RK_FIELD_RECORDS:
        return ((const struct rk_records *)at)->size == value;
    case RK_FIELD_STRUCT:
        return is_struct_default(field->layout(), at);
    }
    return false;
}

static const size_t item_sizes[] = {
    [RK_FIELD_BOOL] = sizeof(bool),
    [RK_FIELD_INT8] = sizeof(int8_t),
    [RK_FIELD_INT16] = sizeof(int16_t),
    [RK_FIELD_INT32] = sizeof(int32_t),
    [RK_FIELD_INT64] = sizeof(int64_t),
    [RK_FIELD_FLOAT64] = sizeof(double),
    [RK_FIELD_UUID] = sizeof(struct rk_uuid),
    [RK_FIELD_STRING] = sizeof(const char *),
    [RK_FIELD_BYTES] = sizeof(struct rk_bytes),
    [RK_FIELD_RECORDS] = sizeof(struct rk_records),
};

size_t rk_field_item_size(const struct rk_field *field)
{
    return field->kind == RK_FIELD_STRUCT ? field->layout()->size : item_sizes[field->kind];
}

size_t rk_field_wire_size_min(const struct rk_field *field, int16_t version, bool flexible)
{
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
    case RK_FIELD_INT8:
        return 1;
    case RK_FIELD_INT16:
        return 2;
    case RK_FIELD_INT32:
        return 4;
    case RK_FIELD_INT64:
    case RK_FIELD_FLOAT64:
        return 8;
    case RK_FIELD_UUID:
        return 16;
    case RK_FIELD_STRING:
        return flexible ? 1 : 2;
    case RK_FIELD_BYTES:
    case RK_FIELD_RECORDS:
        return flexible ? 1 : 4;
    case RK_FIELD_STRUCT:
        return rk_layout_wire_size_min(field->layout(), version, flexible);
    }
    return 1;
}

size_t rk_layout_wire_size_min(const struct rk_layout *layout, int16_t version, bool flexible)
{
    size_t size = flexible ? 1 : 0; /* The count of tagged fields. */
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (field->tag || !rk_field_is_in(field, version))
            continue;
        if (field->shape == RK_FIELD_MANY)
            size += flexible ? 1 : 4;
        else if (field->shape == RK_FIELD_MAYBE)
            size += 1;
        else
            size += rk_field_wire_size_min(field, version, flexible);
    }
    return size;
}
