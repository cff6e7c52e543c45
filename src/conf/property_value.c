/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/property_value.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/memory.h"
#include "conf/patterns.h"

static void *place_of(const struct rk_property *property, void *base)
{
    return (char *)base + property->offset;
}

static const void *value_of(const struct rk_property *property, const void *base)
{
    return (const char *)base + property->offset;
}

static int number_of(const struct rk_property *property, const void *base)
{
    return *(const int *)value_of(property, base);
}

RK_FORMAT(3, 4)
static rd_kafka_conf_res_t refuse(char *errstr, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (errstr && size)
        vsnprintf(errstr, size, format, arguments);
    va_end(arguments);
    return RD_KAFKA_CONF_INVALID;
}

/* Refuses a value, naming the property, the value and what it may be. */
static rd_kafka_conf_res_t refuse_value(const struct rk_property *property, const char *value,
                                        char *errstr, size_t size)
{
    struct rk_text range = {0};
    rk_property_format_range(property, &range);
    refuse(errstr, size, "Invalid value \"%s\" for configuration property \"%s\": must be %s%s",
           value ? value : "", property->name,
           property->type == RK_PROPERTY_ENUM || property->type == RK_PROPERTY_BOOL ? "one of "
           : property->type == RK_PROPERTY_FLAGS || property->type == RK_PROPERTY_FIXED_FLAGS
               ? "a list of "
               : "a number ",
           rk_text_chars(&range));
    rk_text_clear(&range);
    return RD_KAFKA_CONF_INVALID;
}

static rd_kafka_conf_res_t parse_bool(const struct rk_property *property, const char *value,
                                      struct rk_parsed_value *parsed, char *errstr, size_t size)
{
    if (!strcasecmp(value, "true") || !strcasecmp(value, "t") || !strcmp(value, "1"))
        parsed->number = 1;
    else if (!strcasecmp(value, "false") || !strcasecmp(value, "f") || !strcmp(value, "0"))
        parsed->number = 0;
    else
        return refuse_value(property, value, errstr, size);
    return RD_KAFKA_CONF_OK;
}

/* The entry whose name is the `size` characters at `name`, whatever their case. */
static const struct rk_property_value *find_name(const struct rk_property *property,
                                                 const char *name, size_t size)
{
    for (const struct rk_property_value *at = property->values; at && at->name; at++)
        if (!strncasecmp(at->name, name, size) && !at->name[size])
            return at;
    return NULL;
}

/* Trailing characters and numbers beyond 32 bits are taken as librdkafka takes them: programs have
 * such values. */
static rd_kafka_conf_res_t parse_int(const struct rk_property *property, const char *value,
                                     struct rk_parsed_value *parsed, char *errstr, size_t size)
{
    char *end = NULL;
    int number = (int)(unsigned)(unsigned long)strtol(value, &end, 0);
    if (end == value) {
        const struct rk_property_value *named = find_name(property, value, strlen(value));
        if (!named)
            return refuse_value(property, value, errstr, size);
        number = named->number;
    }
    if (number < property->min || number > property->max)
        return refuse(errstr, size,
                      "Configuration property \"%s\" value %d is outside allowed range %d..%d",
                      property->name, number, property->min, property->max);
    parsed->number = number;
    return RD_KAFKA_CONF_OK;
}

static rd_kafka_conf_res_t parse_double(const struct rk_property *property, const char *value,
                                        struct rk_parsed_value *parsed, char *errstr, size_t size)
{
    char *end = NULL;
    double real = strtod(value, &end);
    if (end == value || real != real)
        return refuse_value(property, value, errstr, size);
    if (real < property->min || real > property->max)
        return refuse(errstr, size,
                      "Configuration property \"%s\" value %g is outside allowed range %d..%d",
                      property->name, real, property->min, property->max);
    parsed->real = real;
    return RD_KAFKA_CONF_OK;
}

/* Takes blanks off both ends. */
static const char *trim(const char *chars, size_t *size)
{
    while (*size && isspace((unsigned char)*chars)) {
        chars++;
        (*size)--;
    }
    while (*size && isspace((unsigned char)chars[*size - 1]))
        (*size)--;
    return chars;
}

static rd_kafka_conf_res_t refuse_unbuilt(const struct rk_property *property, const char *name,
                                          char *errstr, size_t size)
{
    return refuse(errstr, size,
                  "Unsupported value \"%s\" for configuration property \"%s\": this library was "
                  "built without it",
                  name, property->name);
}

static rd_kafka_conf_res_t parse_enum(const struct rk_property *property, const char *value,
                                      struct rk_parsed_value *parsed, char *errstr, size_t size)
{
    size_t name_size = strlen(value);
    const char *name = trim(value, &name_size);
    const struct rk_property_value *named = find_name(property, name, name_size);
    if (!named)
        return refuse_value(property, value, errstr, size);
    if (!named->built)
        return refuse_unbuilt(property, named->name, errstr, size);
    parsed->number = named->number;
    return RD_KAFKA_CONF_OK;
}

/* Each name adds to the flags that are set already, "-name" takes away. */
static rd_kafka_conf_res_t parse_flags(const struct rk_property *property, const void *base,
                                       const char *value, struct rk_parsed_value *parsed,
                                       char *errstr, size_t size)
{
    int flags = number_of(property, base);
    for (const char *at = value; *at; at += *at == ',') {
        size_t name_size = strcspn(at, ",");
        const char *name = trim(at, &name_size);
        at += strcspn(at, ",");
        if (!name_size)
            continue;
        bool take_away = *name == '-';
        if (take_away || *name == '+') {
            name_size--;
            name = trim(name + 1, &name_size);
        }
        const struct rk_property_value *named = find_name(property, name, name_size);
        if (!named)
            return refuse_value(property, value, errstr, size);
        if (!named->built)
            return refuse_unbuilt(property, named->name, errstr, size);
        flags = take_away ? flags & ~named->number : flags | named->number;
    }
    if (property->type != RK_PROPERTY_FIXED_FLAGS)
        parsed->number = flags;
    return RD_KAFKA_CONF_OK;
}

static rd_kafka_conf_res_t parse_string(const struct rk_property *property, const char *value,
                                        struct rk_parsed_value *parsed, char *errstr, size_t size)
{
    while (value && property->type == RK_PROPERTY_STRING && isspace((unsigned char)*value))
        value++;
    if (property->check) {
        const char *wanted = property->check(value);
        if (wanted)
            return refuse(errstr, size,
                          "Invalid value \"%s\" for configuration property \"%s\": must be %s",
                          value ? value : "", property->name, wanted);
    }
    parsed->chars = rk_strdup_or_null(value ? value : property->initial_text);
    return RD_KAFKA_CONF_OK;
}

static rd_kafka_conf_res_t parse_patterns(const struct rk_property *property, const char *value,
                                          struct rk_parsed_value *parsed, char *errstr, size_t size)
{
    char reason[256];
    if (rk_patterns_parse(&parsed->patterns, value, reason, sizeof(reason)))
        return RD_KAFKA_CONF_OK;
    return refuse(errstr, size, "Invalid value \"%s\" for configuration property \"%s\": %s", value,
                  property->name, reason);
}

rd_kafka_conf_res_t rk_property_parse(const struct rk_property *property, const void *base,
                                      const char *value, struct rk_parsed_value *parsed,
                                      char *errstr, size_t size)
{
    *parsed = (struct rk_parsed_value){0};
    if (value && !*value)
        value = NULL;
    switch (property->type) {
    case RK_PROPERTY_STRING:
    case RK_PROPERTY_KAFKA_STRING:
        return parse_string(property, value, parsed, errstr, size);
    case RK_PROPERTY_PATTERNS:
        return parse_patterns(property, value, parsed, errstr, size);
    case RK_PROPERTY_POINTER:
    case RK_PROPERTY_CERTIFICATE:
        return refuse(
            errstr, size,
            "Configuration property \"%s\" is set with a function of its own, not as text",
            property->name);
    case RK_PROPERTY_INTERNAL:
        return refuse(errstr, size, "Configuration property \"%s\" is internal: it cannot be set",
                      property->name);
    case RK_PROPERTY_INVALID:
        return refuse(errstr, size, "Configuration property \"%s\" is not supported: %s",
                      property->name, property->initial_text);
    case RK_PROPERTY_BOOL:
    case RK_PROPERTY_INT:
    case RK_PROPERTY_DOUBLE:
    case RK_PROPERTY_ENUM:
    case RK_PROPERTY_FLAGS:
    case RK_PROPERTY_FIXED_FLAGS:
    case RK_PROPERTY_ALIAS:
        break;
    }
    if (!value)
        return refuse_value(property, value, errstr, size);
    switch ((int)property->type) {
    case RK_PROPERTY_BOOL:
        return parse_bool(property, value, parsed, errstr, size);
    case RK_PROPERTY_INT:
        return parse_int(property, value, parsed, errstr, size);
    case RK_PROPERTY_DOUBLE:
        return parse_double(property, value, parsed, errstr, size);
    case RK_PROPERTY_ENUM:
        return parse_enum(property, value, parsed, errstr, size);
    default:
        return parse_flags(property, base, value, parsed, errstr, size);
    }
}

void rk_property_store(const struct rk_property *property, void *base,
                       struct rk_parsed_value *parsed)
{
    void *place = place_of(property, base);
    switch (property->type) {
    case RK_PROPERTY_BOOL:
    case RK_PROPERTY_INT:
    case RK_PROPERTY_ENUM:
    case RK_PROPERTY_FLAGS:
        *(int *)place = parsed->number;
        break;
    case RK_PROPERTY_DOUBLE:
        *(double *)place = parsed->real;
        break;
    case RK_PROPERTY_STRING:
    case RK_PROPERTY_KAFKA_STRING:
        rk_property_clear(property, base);
        *(char **)place = parsed->chars;
        break;
    case RK_PROPERTY_PATTERNS:
        rk_property_clear(property, base);
        *(struct rk_patterns *)place = parsed->patterns;
        break;
    case RK_PROPERTY_FIXED_FLAGS:
    case RK_PROPERTY_POINTER:
    case RK_PROPERTY_CERTIFICATE:
    case RK_PROPERTY_INTERNAL:
    case RK_PROPERTY_INVALID:
    case RK_PROPERTY_ALIAS:
        break;
    }
    *parsed = (struct rk_parsed_value){0};
}

void rk_parsed_value_clear(struct rk_parsed_value *parsed)
{
    if (parsed->chars)
        explicit_bzero(parsed->chars, strlen(parsed->chars));
    rk_free(parsed->chars);
    rk_patterns_clear(&parsed->patterns);
    *parsed = (struct rk_parsed_value){0};
}

void rk_property_init(const struct rk_property *property, void *base)
{
    if (property->type == RK_PROPERTY_STRING || property->type == RK_PROPERTY_KAFKA_STRING) {
        *(char **)place_of(property, base) = rk_strdup_or_null(property->initial_text);
        return;
    }
    rk_property_reset_number(property, base);
    if (property->type == RK_PROPERTY_FIXED_FLAGS)
        for (const struct rk_property_value *at = property->values; at->name; at++)
            if (at->built)
                *(int *)place_of(property, base) |= at->number;
}

void rk_property_reset_number(const struct rk_property *property, void *base)
{
    if (property->type == RK_PROPERTY_BOOL || property->type == RK_PROPERTY_INT ||
        property->type == RK_PROPERTY_ENUM || property->type == RK_PROPERTY_FLAGS)
        *(int *)place_of(property, base) = property->initial;
    else if (property->type == RK_PROPERTY_DOUBLE)
        *(double *)place_of(property, base) = property->initial_double;
}

void rk_property_clear(const struct rk_property *property, void *base)
{
    if (property->type == RK_PROPERTY_STRING || property->type == RK_PROPERTY_KAFKA_STRING) {
        char **chars = place_of(property, base);
        if (*chars && (property->status & RK_STATUS_SENSITIVE))
            explicit_bzero(*chars, strlen(*chars));
        rk_free(*chars);
        *chars = NULL;
    } else if (property->type == RK_PROPERTY_PATTERNS) {
        rk_patterns_clear(place_of(property, base));
    } else if (property->type == RK_PROPERTY_CERTIFICATE) {
        struct rk_certificate **certificate = place_of(property, base);
        if (*certificate)
            explicit_bzero((*certificate)->bytes, (*certificate)->size);
        rk_free(*certificate);
        *certificate = NULL;
    }
}

void rk_property_copy(const struct rk_property *property, void *to, const void *from)
{
    const void *value = value_of(property, from);
    void *place = place_of(property, to);
    rk_property_clear(property, to);
    switch (property->type) {
    case RK_PROPERTY_BOOL:
    case RK_PROPERTY_INT:
    case RK_PROPERTY_ENUM:
    case RK_PROPERTY_FLAGS:
    case RK_PROPERTY_FIXED_FLAGS:
        *(int *)place = *(const int *)value;
        break;
    case RK_PROPERTY_DOUBLE:
        *(double *)place = *(const double *)value;
        break;
    case RK_PROPERTY_STRING:
    case RK_PROPERTY_KAFKA_STRING:
        *(char **)place = rk_strdup_or_null(*(char *const *)value);
        break;
    case RK_PROPERTY_PATTERNS: {
        char reason[256];
        bool parsed = rk_patterns_parse(place, ((const struct rk_patterns *)value)->text, reason,
                                        sizeof(reason));
        RK_ASSERT(parsed); /* They were compiled once before. */
        break;
    }
    case RK_PROPERTY_POINTER: /* Of any type: moved as bytes. */
        memcpy(place, value, sizeof(void *));
        break;
    case RK_PROPERTY_CERTIFICATE: {
        const struct rk_certificate *original = *(struct rk_certificate *const *)value;
        if (!original)
            break;
        struct rk_certificate *copy = rk_malloc(sizeof(*copy) + original->size);
        memcpy(copy, original, sizeof(*copy) + original->size);
        *(struct rk_certificate **)place = copy;
        break;
    }
    case RK_PROPERTY_INTERNAL:
    case RK_PROPERTY_INVALID:
    case RK_PROPERTY_ALIAS:
        break;
    }
}

static void format_flags(const struct rk_property *property, int flags, struct rk_text *text)
{
    bool first = true;
    for (const struct rk_property_value *at = property->values; at->name; at++) {
        if ((flags & at->number) != at->number)
            continue;
        rk_text_appendf(text, "%s%s", first ? "" : ",", at->name);
        first = false;
    }
}

static bool format_enum(const struct rk_property *property, int number, struct rk_text *text)
{
    for (const struct rk_property_value *at = property->values; at->name; at++)
        if (at->number == number) {
            rk_text_appendf(text, "%s", at->name);
            return true;
        }
    return false;
}

bool rk_property_format(const struct rk_property *property, const void *base, struct rk_text *text)
{
    if (property->offset == RK_PROPERTY_NO_OFFSET)
        return false;
    const void *value = value_of(property, base);
    switch (property->type) {
    case RK_PROPERTY_BOOL:
        rk_text_appendf(text, "%s", *(const int *)value ? "true" : "false");
        return true;
    case RK_PROPERTY_INT:
        rk_text_appendf(text, "%d", *(const int *)value);
        return true;
    case RK_PROPERTY_DOUBLE:
        rk_text_appendf(text, "%g", *(const double *)value);
        return true;
    case RK_PROPERTY_STRING:
    case RK_PROPERTY_KAFKA_STRING: {
        const char *chars = *(char *const *)value;
        rk_text_appendf(text, "%s", chars ? chars : "");
        return chars || property->type == RK_PROPERTY_KAFKA_STRING;
    }
    case RK_PROPERTY_ENUM:
        return format_enum(property, *(const int *)value, text);
    case RK_PROPERTY_FLAGS:
    case RK_PROPERTY_FIXED_FLAGS:
        format_flags(property, *(const int *)value, text);
        return true;
    case RK_PROPERTY_PATTERNS: {
        const char *chars = ((const struct rk_patterns *)value)->text;
        rk_text_appendf(text, "%s", chars ? chars : "");
        return chars;
    }
    case RK_PROPERTY_POINTER: {
        void *pointer;
        memcpy(&pointer, value, sizeof(pointer));
        if (pointer)
            rk_text_appendf(text, "%p", pointer);
        return pointer;
    }
    case RK_PROPERTY_CERTIFICATE:
    case RK_PROPERTY_INTERNAL:
    case RK_PROPERTY_INVALID:
    case RK_PROPERTY_ALIAS:
        break;
    }
    return false;
}

void rk_property_format_range(const struct rk_property *property, struct rk_text *text)
{
    if (property->type == RK_PROPERTY_BOOL) {
        rk_text_appendf(text, "true, false");
    } else if (property->type == RK_PROPERTY_INT || property->type == RK_PROPERTY_DOUBLE) {
        rk_text_appendf(text, "%d..%d", property->min, property->max);
    } else if (property->values) {
        for (const struct rk_property_value *at = property->values; at->name; at++)
            rk_text_appendf(text, "%s%s", at == property->values ? "" : ", ", at->name);
        return;
    }
    for (const struct rk_property_value *at = property->values; at && at->name; at++)
        rk_text_appendf(text, ", %s", at->name);
}
