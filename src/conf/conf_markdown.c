/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf_markdown.h"

#include <stdlib.h>
#include <string.h>

#include "conf/property_value.h"

/* Appends a cell's content; '|' would end the cell. */
static void append_cell(struct rk_text *text, const char *chars)
{
    rk_text_append(text, " ", 1);
    for (; *chars; chars++)
        rk_text_appendf(text, *chars == '|' ? "\\%c" : "%c", *chars);
    rk_text_append(text, " |", 2);
}

static void append_default(struct rk_text *text, const struct rk_property *property)
{
    struct rk_text value = {0};
    if (property->type == RK_PROPERTY_FIXED_FLAGS) {
        rk_text_appendf(&value, "as built");
    } else if (property->type == RK_PROPERTY_STRING || property->type == RK_PROPERTY_KAFKA_STRING ||
               property->type == RK_PROPERTY_POINTER) {
        const char *initial = property->initial_text;
        if (initial && strcmp(initial, "NULL"))
            rk_text_appendf(&value, "%s", initial);
    } else if (property->offset != RK_PROPERTY_NO_OFFSET) {
        union {
            struct rk_conf conf;
            struct rk_topic_conf topic_conf;
        } memory; /* Only the property's own member is used, at its offset. */
        memset(&memory, 0, sizeof(memory));
        rk_property_reset_number(property, &memory);
        rk_property_format(property, &memory, &value);
    }
    append_cell(text, rk_text_chars(&value));
    rk_text_clear(&value);
}

static void append_description(struct rk_text *text, const struct rk_property *property,
                               const struct rk_property *real)
{
    struct rk_text sentences = {0};
    if (property->status & RK_STATUS_DEPRECATED)
        rk_text_appendf(&sentences, "**Deprecated.** ");
    if (property->status & RK_STATUS_EXPERIMENTAL)
        rk_text_appendf(&sentences, "**Experimental.** ");
    if (property != real)
        rk_text_appendf(&sentences, "The same as `%s`: ", real->name);
    rk_text_appendf(&sentences, "%s", real->text);
    append_cell(text, rk_text_chars(&sentences));
    rk_text_clear(&sentences);
}

static void append_row(struct rk_text *text, const struct rk_property *properties, int id)
{
    static const char *const clients[] = {
        [RK_CLIENTS_CONSUMER] = "C", [RK_CLIENTS_PRODUCER] = "P", [RK_CLIENTS_ALL] = "*"};
    static const char *const importances[] = {[RK_IMPORTANCE_HIGH] = "high",
                                              [RK_IMPORTANCE_MEDIUM] = "medium",
                                              [RK_IMPORTANCE_LOW] = "low"};
    const struct rk_property *property = &properties[id];
    const struct rk_property *real =
        property->type == RK_PROPERTY_ALIAS ? &properties[property->target] : property;
    struct rk_text range = {0};
    rk_property_format_range(real, &range);
    rk_text_append(text, "|", 1);
    append_cell(text, property->name);
    append_cell(text, clients[property->clients]);
    append_cell(text, rk_text_chars(&range));
    append_default(text, real);
    append_cell(text, importances[property->importance]);
    append_description(text, property, real);
    rk_text_append(text, "\n", 1);
    rk_text_clear(&range);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const struct rk_property *const *)a)->name,
                  (*(const struct rk_property *const *)b)->name);
}

static void append_table(struct rk_text *text, const char *title,
                         const struct rk_property *properties, int count)
{
    const struct rk_property *sorted[RK_CONF_IDS];
    size_t shown = 0;
    rk_text_appendf(text,
                    "## %s\n\n"
                    "| Property | C/P | Range | Default | Importance | Description |\n"
                    "|---|---|---|---|---|---|\n",
                    title);
    for (int i = 0; i < count; i++)
        if (!(properties[i].status & RK_STATUS_HIDDEN))
            sorted[shown++] = &properties[i];
    qsort(sorted, shown, sizeof(sorted[0]), compare_names);
    for (size_t i = 0; i < shown; i++)
        append_row(text, properties, (int)(sorted[i] - properties));
}

void rk_conf_markdown_tables(struct rk_text *text)
{
    append_table(text, "Client properties", rk_conf_properties, RK_CONF_IDS);
    rk_text_append(text, "\n", 1);
    append_table(text, "Topic properties", rk_topic_conf_properties, RK_TOPIC_CONF_IDS);
}

void rk_conf_markdown(struct rk_text *text)
{
    rk_text_appendf(
        text,
        "# Configuration properties\n\n"
        "A property is set with `rd_kafka_conf_set()` before the client is created. Topic "
        "properties are set the same way, for all topics, or with `rd_kafka_topic_conf_set()` for "
        "one.\n\n"
        "- C/P: for consumers (C), producers (P) or both (*). Elsewhere the property does nothing, "
        "and a warning is logged.\n"
        "- Range: what is accepted. Names are taken in upper and lower case; whole numbers may be "
        "written in hexadecimal (0x400). Empty: any text, or a function.\n"
        "- Setting a text to nothing brings its default back.\n"
        "- Times are in milliseconds and sizes in bytes unless the name says otherwise.\n\n");
    rk_conf_markdown_tables(text);
}
