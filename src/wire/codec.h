/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one encoder and the one decoder for every message in every version: they walk the tables of
 * the schema over the C struct. Pure functions; the broker's side (mock/) uses the same.
 */
#ifndef RK_WIRE_CODEC_H
#define RK_WIRE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "wire/reader.h"
#include "wire/schema.h"
#include "wire/writer.h"

enum rk_codec_result {
    RK_CODEC_OK,
    RK_CODEC_UNSUPPORTED, /* A field is set that this version does not have. */
    RK_CODEC_INVALID,     /* A field holds what cannot be written: null, too long a text. */
    RK_CODEC_OUT_OF_MEMORY,
};

/* Every member to its default. */
void rk_codec_init(const struct rk_schema *schema, void *message);

/*
 * Appends the message's body. `version` is one that the schema has. On failure the writer's
 * `failure` and `field` say what and where.
 * borrows: the records of the message, until the writer's bytes are sent.
 */
enum rk_codec_result rk_codec_encode(const struct rk_schema *schema, int16_t version,
                                     const void *message, struct rk_writer *writer);

/*
 * Fills in the whole message from exactly the bytes left in the reader; members that the version
 * lacks get their defaults. Texts, arrays and nullable structs go into the arena; records and bytes
 * fields point into the reader's bytes. On false the reader's `failure` and `field` say what is
 * wrong, and the message must not be used.
 */
bool rk_codec_decode(const struct rk_schema *schema, int16_t version, void *message,
                     struct rk_reader *reader, struct rk_arena *arena);

/* The fewest bytes a message takes; for checks before decoding and for tests. */
size_t rk_codec_min_size(const struct rk_schema *schema, int16_t version);

/* Appends the message in a readable form. Bytes and records are shown by their size only: they may
 * be secrets. */
void rk_codec_dump(const struct rk_schema *schema, int16_t version, const void *message,
                   struct rk_text *text);

#endif
