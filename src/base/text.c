/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static void reserve(struct rk_text *text, size_t more)
{
    size_t needed = text->size + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = RK_MAX(text->capacity * 2, (size_t)64);
    capacity = RK_MAX(capacity, needed);
    text->chars = rk_realloc(text->chars, capacity);
    text->capacity = capacity;
}

void rk_text_append(struct rk_text *text, const char *chars, size_t size)
{
    reserve(text, size);
    if (size)
        memcpy(text->chars + text->size, chars, size);
    text->size += size;
    text->chars[text->size] = '\0';
}

void rk_text_appendv(struct rk_text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0)
        return;
    reserve(text, (size_t)size);
    vsnprintf(text->chars + text->size, (size_t)size + 1, format, arguments);
    text->size += (size_t)size;
}

void rk_text_appendf(struct rk_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    rk_text_appendv(text, format, arguments);
    va_end(arguments);
}

const char *rk_text_chars(const struct rk_text *text)
{
    return text->chars ? text->chars : "";
}

char *rk_text_take(struct rk_text *text)
{
    char *chars = text->chars ? text->chars : rk_strdup("");
    *text = (struct rk_text){0};
    return chars;
}

void rk_text_clear(struct rk_text *text)
{
    rk_free(text->chars);
    *text = (struct rk_text){0};
}

char *rk_text_formatv(const char *format, va_list arguments)
{
    struct rk_text text = {0};
    rk_text_appendv(&text, format, arguments);
    return rk_text_take(&text);
}

char *rk_text_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *chars = rk_text_formatv(format, arguments);
    va_end(arguments);
    return chars;
}

void rk_text_copy(char *to, size_t size, const char *from)
{
    if (to && size)
        snprintf(to, size, "%s", from);
}
