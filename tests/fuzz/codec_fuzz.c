/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec, over any bytes: every API, version and direction.
 *
 * An input is the API's key, the version and the direction (0: request, 1: answer; a frame with its
 * header from 2 on) in a byte each, and the body. What can be decoded must encode to bytes that
 * decode and encode to themselves.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "wire/header.h"

#define ARENA_LIMIT (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes, dumps and encodes. False when it is no message, or one that this side would not write:
 * a text longer than Kafka writes, null records. */
static bool pass_through(const struct rk_schema *schema, int16_t version, const uint8_t *bytes,
                         size_t size, struct rk_writer *writer)
{
    void *message = calloc(1, schema->size);
    RK_ASSERT(message);
    struct rk_reader reader;
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    rk_reader_init(&reader, bytes, size);
    bool done = rk_codec_decode(schema, version, message, &reader, &arena);
    RK_ASSERT(done == (reader.failure == NULL));
    if (done) {
        struct rk_text text = {0};
        rk_codec_dump(schema, version, message, &text);
        RK_ASSERT(text.size > 0);
        rk_text_clear(&text);
        enum rk_codec_result result = rk_codec_encode(schema, version, message, writer);
        RK_ASSERT(result == RK_CODEC_OK || result == RK_CODEC_INVALID);
        done = result == RK_CODEC_OK;
    }
    if (done) {
        int count;
        rk_writer_finish(writer, &count);
        RK_ASSERT(!writer->failed);
    }
    rk_arena_clear(&arena);
    free(message);
    return done;
}

/* `to` has room for all of it. */
static void gather(const struct rk_writer *writer, uint8_t *to)
{
    for (int i = 0; i < writer->part_count; i++) {
        memcpy(to, writer->parts[i].iov_base, writer->parts[i].iov_len);
        to += writer->parts[i].iov_len;
    }
}

static void fuzz_body(const struct rk_schema *schema, int16_t version, const uint8_t *bytes,
                      size_t size)
{
    struct rk_writer first, second;
    rk_writer_init(&first);
    rk_writer_init(&second);
    if (pass_through(schema, version, bytes, size, &first)) {
        size_t total = rk_writer_total(&first);
        uint8_t *once = malloc(total + 1), *twice = malloc(total + 1);
        RK_ASSERT(once && twice);
        gather(&first, once);
        RK_ASSERT(pass_through(schema, version, once, total, &second));
        RK_ASSERT(rk_writer_total(&second) == total);
        gather(&second, twice);
        RK_ASSERT(memcmp(once, twice, total) == 0);
        free(once);
        free(twice);
    }
    rk_writer_clear(&first);
    rk_writer_clear(&second);
}

static void fuzz_request_frame(const uint8_t *bytes, size_t size)
{
    struct rk_request_header header;
    struct rk_reader reader;
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    rk_reader_init(&reader, bytes, size);
    const struct rk_api *api = rk_request_header_decode(&reader, &arena, &header);
    RK_ASSERT(!api || !reader.failed);
    if (api && header.api_version >= api->min_version && header.api_version <= api->max_version)
        fuzz_body(api->request, header.api_version, reader.at, rk_reader_left(&reader));
    rk_arena_clear(&arena);
}

static void fuzz_answer_frame(const struct rk_api *api, int16_t version, const uint8_t *bytes,
                              size_t size)
{
    struct rk_reader reader;
    rk_reader_init(&reader, bytes, size);
    rk_answer_header_decode_correlation(&reader);
    rk_answer_header_decode_rest(&reader, api, version);
    if (!reader.failed)
        fuzz_body(api->answer, version, reader.at, rk_reader_left(&reader));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct rk_api *api = rk_api_find(data[0] % RK_API_COUNT);
    if (!api)
        return 0;
    int16_t versions = (int16_t)(api->max_version - api->min_version + 1);
    int16_t version = (int16_t)(api->min_version + data[1] % versions);
    const uint8_t *bytes = data + 3;
    size -= 3;
    switch (data[2] % 4) {
    case 0:
        fuzz_body(api->request, version, bytes, size);
        break;
    case 1:
        fuzz_body(api->answer, version, bytes, size);
        break;
    case 2:
        fuzz_request_frame(bytes, size);
        break;
    default:
        fuzz_answer_frame(api, version, bytes, size);
        break;
    }
    return 0;
}
