/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json_writer.h"

#include <inttypes.h>
#include <string.h>

void rk_json_writer_init(struct rk_json_writer *writer, struct rk_text *text)
{
    *writer = (struct rk_json_writer){.text = text};
}

/* Bytes of the UTF-8 sequence that begins there, 0 when it is none. Overlong forms, surrogates and
 * what lies beyond U+10FFFF are none. */
static size_t sequence_size(const unsigned char *at)
{
    size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_bad = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
                  (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f);
    return is_bad ? 0 : size;
}

/* Returns how many bytes were taken. */
static size_t append_special(struct rk_text *text, const unsigned char *at)
{
    if (*at == '"' || *at == '\\') {
        rk_text_appendf(text, "\\%c", *at);
        return 1;
    }
    if (*at < 0x20) {
        rk_text_appendf(text, "\\u%04x", *at);
        return 1;
    }
    size_t size = sequence_size(at);
    if (size == 0)
        rk_text_append(text, "\\ufffd", 6);
    else
        rk_text_append(text, (const char *)at, size);
    return RK_MAX(size, (size_t)1);
}

static void append_quoted(struct rk_text *text, const char *chars)
{
    const unsigned char *at = (const unsigned char *)chars;
    rk_text_append(text, "\"", 1);
    while (*at) {
        const unsigned char *plain = at;
        while (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
            at++;
        rk_text_append(text, (const char *)plain, (size_t)(at - plain));
        if (*at)
            at += append_special(text, at);
    }
    rk_text_append(text, "\"", 1);
}

static void begin_value(struct rk_json_writer *writer, const char *key)
{
    if (writer->needs_comma)
        rk_text_append(writer->text, ",", 1);
    writer->needs_comma = true;
    if (!key)
        return;
    append_quoted(writer->text, key);
    rk_text_append(writer->text, ":", 1);
}

void rk_json_writer_begin_object(struct rk_json_writer *writer, const char *key)
{
    begin_value(writer, key);
    rk_text_append(writer->text, "{", 1);
    writer->needs_comma = false;
}

void rk_json_writer_end_object(struct rk_json_writer *writer)
{
    rk_text_append(writer->text, "}", 1);
    writer->needs_comma = true;
}

void rk_json_writer_integer(struct rk_json_writer *writer, const char *key, int64_t value)
{
    begin_value(writer, key);
    rk_text_appendf(writer->text, "%" PRId64, value);
}

void rk_json_writer_boolean(struct rk_json_writer *writer, const char *key, bool value)
{
    begin_value(writer, key);
    rk_text_appendf(writer->text, "%s", value ? "true" : "false");
}

void rk_json_writer_string(struct rk_json_writer *writer, const char *key, const char *value)
{
    begin_value(writer, key);
    append_quoted(writer->text, value ? value : "");
}
