/* SPDX-License-Identifier: BSD-2-Clause */
/* A schema of its own for the tests of the codec (codec_test.def), and reading bytes by it. */
#ifndef UNIT_WIRE_CODEC_SAMPLE_H
#define UNIT_WIRE_CODEC_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/codec.h"
#include "wire/layout.h"
#include "wire/messages.h"

#include "wire/schema_structs.h"
#include "unit/wire/codec_test.def"
#include "wire/schema_end.h"

#include "wire/schema_tables.h"
#include "unit/wire/codec_test.def"
#include "wire/schema_end.h"

#define ARENA_LIMIT 65536

static const struct rk_schema *const schema = &rk_sample_request_schema;

struct bytes {
    uint8_t data[1024];
    size_t size;
};

static inline struct bytes hex(const char *text)
{
    struct bytes bytes = {.size = 0};
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        char pair[3] = {text[0], text[1], 0};
        bytes.data[bytes.size++] = (uint8_t)strtoul(pair, NULL, 16);
        text++;
    }
    return bytes;
}

/* The arena is the caller's to clear. */
static inline void decode(int16_t version, struct bytes *bytes, struct rk_sample_request *message,
                          struct rk_arena *arena)
{
    struct rk_reader reader;
    rk_arena_init(arena, ARENA_LIMIT);
    rk_reader_init(&reader, bytes->data, bytes->size);
    bool done = rk_codec_decode(schema, version, message, &reader, arena);
    if (!done)
        print_error("%s: %s\n", reader.field, reader.failure);
    assert_true(done);
}

static inline void assert_does_not_decode(int16_t version, const char *text, const char *field,
                                          const char *failure)
{
    struct bytes bytes = hex(text);
    struct rk_sample_request message;
    struct rk_reader reader;
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    rk_reader_init(&reader, bytes.data, bytes.size);
    assert_false(rk_codec_decode(schema, version, &message, &reader, &arena));
    assert_non_null(strstr(reader.failure, failure));
    if (field)
        assert_string_equal(reader.field, field);
    else
        assert_null(reader.field);
    rk_arena_clear(&arena);
}

#endif
