/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text under construction: grows as needed, always NUL-terminated. Owned by one thread.
 */
#ifndef RK_BASE_TEXT_H
#define RK_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include "base/assert.h"

struct rk_text {
    char *chars; /* NULL while empty. */
    size_t size; /* Without the NUL. */
    size_t capacity;
};

void rk_text_append(struct rk_text *text, const char *chars, size_t size);
void rk_text_appendf(struct rk_text *text, const char *format, ...) RK_FORMAT(2, 3);
void rk_text_appendv(struct rk_text *text, const char *format, va_list arguments);
/* The characters so far, "" while empty; valid until the next change. */
const char *rk_text_chars(const struct rk_text *text);
/* Gives the characters away (rk_free) and empties the text. */
char *rk_text_take(struct rk_text *text);
void rk_text_clear(struct rk_text *text);

/* A new text from a format; rk_free. */
char *rk_text_format(const char *format, ...) RK_FORMAT(1, 2);
char *rk_text_formatv(const char *format, va_list arguments);
/* Copies with truncation into `size` bytes, always terminated; size 0 or NULL does nothing. */
void rk_text_copy(char *to, size_t size, const char *from);

#endif
