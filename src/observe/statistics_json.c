/* SPDX-License-Identifier: BSD-2-Clause */
#include "observe/statistics_json.h"

#include <string.h>

#include "base/json_writer.h"
#include "cluster/reason.h"
#include "wire/api.h"

struct walk {
    struct rk_json_writer writer;
    bool is_producer;
};

static void write_fields(struct walk *walk, const struct rk_stats_object *object,
                         const void *values);

static void write_requests(struct walk *walk, const char *name, const int64_t *counts)
{
    rk_json_writer_begin_object(&walk->writer, name);
    for (int key = 0; counts && key < RK_API_COUNT; key++) {
        char request[64];
        if (!rk_stats_names_request(walk->is_producer, key, counts[key]))
            continue;
        rk_stats_request_name(key, request, sizeof(request));
        rk_json_writer_integer(&walk->writer, request, counts[key]);
    }
    rk_json_writer_end_object(&walk->writer);
}

static void write_map(struct walk *walk, const struct rk_stats_field *field, const void *value)
{
    const struct { /* As every MAP in statistics_fields.h. */
        const char *items;
        int count;
    } *map = value;
    const struct rk_stats_object *object = field->object();
    rk_json_writer_begin_object(&walk->writer, field->name);
    for (int i = 0; i < map->count; i++) {
        const void *item = map->items + (size_t)i * object->size;
        rk_json_writer_begin_object(&walk->writer, *(const char *const *)item);
        write_fields(walk, object, item);
        rk_json_writer_end_object(&walk->writer);
    }
    rk_json_writer_end_object(&walk->writer);
}

static void write_object(struct walk *walk, const char *name, const struct rk_stats_object *object,
                         const void *values)
{
    if (!values)
        return;
    rk_json_writer_begin_object(&walk->writer, name);
    write_fields(walk, object, values);
    rk_json_writer_end_object(&walk->writer);
}

static void write_field(struct walk *walk, const struct rk_stats_field *field, const void *value)
{
    struct rk_json_writer *writer = &walk->writer;
    switch (field->type) {
    case RK_STATS_INTEGER:
        rk_json_writer_integer(writer, field->name, *(const int64_t *)value);
        break;
    case RK_STATS_BOOLEAN:
        rk_json_writer_boolean(writer, field->name, *(const bool *)value);
        break;
    case RK_STATS_STRING:
        rk_json_writer_string(writer, field->name, *(const char *const *)value);
        break;
    case RK_STATS_WINDOW:
        write_object(walk, field->name, rk_stats_window_object(), value);
        break;
    case RK_STATS_REQUESTS:
        write_requests(walk, field->name, *(int64_t *const *)value);
        break;
    case RK_STATS_MAP:
        write_map(walk, field, value);
        break;
    case RK_STATS_OPTIONAL:
        write_object(walk, field->name, field->object(), *(const void *const *)value);
        break;
    }
}

static void write_fields(struct walk *walk, const struct rk_stats_object *object,
                         const void *values)
{
    for (int i = 0; i < object->field_count; i++)
        write_field(walk, &object->fields[i], (const char *)values + object->fields[i].offset);
}

void rk_statistics_json(struct rk_text *text, const struct rk_stats_client *client)
{
    struct walk walk = {.is_producer = strcmp(client->type, "producer") == 0};
    rk_json_writer_init(&walk.writer, text);
    write_object(&walk, NULL, rk_stats_client_object(), client);
}

/* The manual */

static const char *type_name(const struct rk_stats_field *field)
{
    static const char *const kinds[] = {
        [RK_STATS_GAUGE] = "gauge", [RK_STATS_COUNTER] = "counter", [RK_STATS_CONSTANT] = "fixed"};
    static const char *const types[] = {
        [RK_STATS_BOOLEAN] = "boolean", [RK_STATS_STRING] = "string",
        [RK_STATS_WINDOW] = "window",   [RK_STATS_REQUESTS] = "counters",
        [RK_STATS_MAP] = "object",      [RK_STATS_OPTIONAL] = "object",
    };
    return field->type == RK_STATS_INTEGER ? kinds[field->kind] : types[field->type];
}

static void append_path(struct rk_text *text, const char *path, const struct rk_stats_field *field)
{
    rk_text_appendf(text, "%s%s%s", path, *path ? "." : "", field->name);
    if (field->key)
        rk_text_appendf(text, ".{%s}", field->key);
}

static void append_object(struct rk_text *text, const char *path,
                          const struct rk_stats_object *object)
{
    rk_text_appendf(text, "\n## %s\n\n%s\n\n| field | | unit | |\n|---|---|---|---|\n",
                    *path ? path : "The outermost object", object->text);
    for (int i = 0; i < object->field_count; i++) {
        const struct rk_stats_field *field = &object->fields[i];
        rk_text_appendf(text, "| %s | %s | %s | %s |\n", field->name, type_name(field), field->unit,
                        field->text);
    }
    for (int i = 0; i < object->field_count; i++) {
        if (!object->fields[i].object)
            continue;
        struct rk_text inner = {0};
        append_path(&inner, path, &object->fields[i]);
        append_object(text, rk_text_chars(&inner), object->fields[i].object());
        rk_text_clear(&inner);
    }
}

static void append_reasons(struct rk_text *text)
{
    rk_text_appendf(text, "\n## reason_code\n\n| | |\n|---|---|\n");
    for (int i = 0; i < RK_REASON_COUNT; i++)
        rk_text_appendf(text, "| `%s` | %s |\n", rk_reason_code((enum rk_reason_kind)i),
                        rk_reason_meaning((enum rk_reason_kind)i));
}

void rk_statistics_markdown(struct rk_text *text)
{
    rk_text_appendf(
        text,
        "# Statistics\n\n"
        "With `statistics.interval.ms` above 0 a client gives its statistics to `stats_cb`, or as "
        "`RD_KAFKA_EVENT_STATS`, that often: one JSON object, which is described here. A *counter* "
        "never goes back; a *gauge* is what there is now; a *window* tells what happened to a "
        "value since the statistics before. Names and meanings are those of librdkafka.\n\n"
        "This file is written by `tools/statistics_markdown` from the table in "
        "`src/observe/statistics.def`.\n");
    append_object(text, "", rk_stats_client_object());
    append_object(text, "A window", rk_stats_window_object());
    append_reasons(text);
}
