/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes JSON on one line into a text: objects, integers, booleans, strings.
 *
 * Owned by one thread. Keys and strings are escaped; a byte that is no part of valid UTF-8 becomes
 * U+FFFD, so that what comes out is JSON whatever went in.
 */
#ifndef RK_BASE_JSON_WRITER_H
#define RK_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct rk_json_writer {
    struct rk_text *text; /* Borrowed. */
    bool needs_comma;
};

void rk_json_writer_init(struct rk_json_writer *writer, struct rk_text *text);
/* `key` NULL: the outermost one. */
void rk_json_writer_begin_object(struct rk_json_writer *writer, const char *key);
void rk_json_writer_end_object(struct rk_json_writer *writer);
void rk_json_writer_integer(struct rk_json_writer *writer, const char *key, int64_t value);
void rk_json_writer_boolean(struct rk_json_writer *writer, const char *key, bool value);
/* NULL is written as "". */
void rk_json_writer_string(struct rk_json_writer *writer, const char *key, const char *value);

#endif
