/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every message of every API in every version, with generated contents: there and back, cut off at
 * every byte, with bytes too many, and with bytes changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/codec.h"
#include "wire/layout.h"
#include "wire/messages.h"

#define ROUNDS 8

/* ---- generated contents ---- */

struct generator {
    uint64_t state;
    int16_t version;
    struct rk_arena arena;
};

static uint32_t next(struct generator *generator, uint32_t below)
{
    generator->state = generator->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(generator->state >> 33) % below;
}

static int64_t next_integer(struct generator *generator)
{
    static const int64_t corners[] = {0, 1, -1, 127, INT16_MAX, INT32_MAX, INT32_MIN, INT64_MAX};
    uint32_t pick = next(generator, 12);
    if (pick < RK_COUNT_OF(corners))
        return corners[pick];
    return (int64_t)((uint64_t)next(generator, INT32_MAX) << 32 | next(generator, INT32_MAX));
}

static uint8_t *next_bytes(struct generator *generator, int32_t *size)
{
    static const int32_t sizes[] = {0, 1, 5, 126, 127, 128, 300};
    *size = sizes[next(generator, RK_COUNT_OF(sizes))];
    uint8_t *bytes = rk_arena_try_alloc(&generator->arena, (size_t)*size + 1);
    for (int32_t i = 0; i < *size; i++)
        bytes[i] = (uint8_t)(1 + next(generator, 255));
    return bytes;
}

static void fill_struct(struct generator *generator, const struct rk_layout *layout, uint8_t *into);

static void fill_one(struct generator *generator, const struct rk_field *field, void *at,
                     bool is_null)
{
    int64_t value = next_integer(generator);
    int32_t size;
    switch ((enum rk_field_kind)field->kind) {
    case RK_FIELD_BOOL:
        *(bool *)at = value & 1;
        return;
    case RK_FIELD_INT8:
        *(int8_t *)at = (int8_t)value;
        return;
    case RK_FIELD_INT16:
        *(int16_t *)at = (int16_t)value;
        return;
    case RK_FIELD_INT32:
        *(int32_t *)at = (int32_t)value;
        return;
    case RK_FIELD_INT64:
        *(int64_t *)at = value;
        return;
    case RK_FIELD_FLOAT64:
        *(double *)at = (double)value / 3;
        return;
    case RK_FIELD_UUID:
        memcpy(at, &value, sizeof(value));
        return;
    case RK_FIELD_STRING:
        *(char **)at = is_null ? NULL : (char *)next_bytes(generator, &size);
        return;
    case RK_FIELD_BYTES: {
        struct rk_bytes *bytes = at;
        bytes->data = next_bytes(generator, &size);
        bytes->size = is_null ? -1 : size;
        return;
    }
    case RK_FIELD_RECORDS: {
        struct rk_records *records = at;
        records->data = next_bytes(generator, &size);
        records->size = is_null ? -1 : size;
        return;
    }
    case RK_FIELD_STRUCT:
        fill_struct(generator, field->layout(), at);
        return;
    }
}

static void fill_field(struct generator *generator, const struct rk_field *field, void *at)
{
    bool is_null = rk_field_is_nullable(field, generator->version) && next(generator, 4) == 0;
    switch ((enum rk_field_shape)field->shape) {
    case RK_FIELD_ONE:
        fill_one(generator, field, at, is_null);
        return;
    case RK_FIELD_MAYBE:
        if (next(generator, 3) == 0)
            return;
        *(void **)at = rk_layout_try_new(field->layout(), &generator->arena, 1);
        fill_struct(generator, field->layout(), *(void **)at);
        return;
    case RK_FIELD_MANY: {
        struct rk_items *items = at;
        items->count = is_null ? -1 : (int32_t)next(generator, 4);
        if (items->count <= 0)
            return;
        size_t size = rk_field_item_size(field);
        items->items = field->layout
                           ? rk_layout_try_new(field->layout(), &generator->arena, items->count)
                           : rk_arena_try_alloc(&generator->arena, (size_t)items->count * size);
        for (int32_t i = 0; i < items->count; i++)
            fill_one(generator, field, (uint8_t *)items->items + (size_t)i * size, false);
        return;
    }
    }
}

/* What the version lacks keeps its default; so do some of the tagged fields. */
static void fill_struct(struct generator *generator, const struct rk_layout *layout, uint8_t *into)
{
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        if (!rk_field_is_in(field, generator->version))
            continue;
        if (field->tag && next(generator, 3) == 0)
            continue;
        fill_field(generator, field, into + field->offset);
    }
}

/* ---- one message ---- */

struct encoded {
    uint8_t *bytes;
    size_t size;
};

static struct encoded encode(const struct rk_schema *schema, int16_t version, const void *message)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    if (rk_codec_encode(schema, version, message, &writer) != RK_CODEC_OK)
        fail_msg("%s v%d: %s: %s", schema->name, version, writer.field, writer.failure);
    struct encoded encoded = {.size = rk_writer_total(&writer)};
    encoded.bytes = malloc(encoded.size + 1);
    rk_writer_copy(&writer, encoded.bytes);
    rk_writer_clear(&writer);
    return encoded;
}

/* In memory of exactly that size, so that the sanitizer sees a read beyond it. */
static bool may_decode(const struct rk_schema *schema, int16_t version, const uint8_t *bytes,
                       size_t size, void *message, struct rk_arena *arena)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    struct rk_reader reader;
    rk_reader_init(&reader, copy, size);
    bool done = rk_codec_decode(schema, version, message, &reader, arena);
    assert_int_equal(done, !reader.failed);
    assert_int_equal(done, reader.failure == NULL);
    rk_arena_clear(arena);
    free(copy);
    return done;
}

static void check_broken(const struct rk_schema *schema, struct generator *generator,
                         const struct encoded *encoded, void *message, struct rk_arena *arena)
{
    int16_t version = generator->version;
    for (size_t size = 0; size < encoded->size; size++)
        if (may_decode(schema, version, encoded->bytes, size, message, arena))
            fail_msg("%s v%d: %zu of %zu bytes are a message", schema->name, version, size,
                     encoded->size);
    encoded->bytes[encoded->size] = 0;
    assert_false(may_decode(schema, version, encoded->bytes, encoded->size + 1, message, arena));

    for (int i = 0; encoded->size > 0 && i < 50; i++) {
        uint8_t *byte = &encoded->bytes[next(generator, (uint32_t)encoded->size)];
        uint8_t kept = *byte;
        *byte = (uint8_t)(next(generator, 2) ? 0xff : next(generator, 256));
        may_decode(schema, version, encoded->bytes, encoded->size, message, arena);
        *byte = kept;
    }
}

static void check_message(const struct rk_schema *schema, struct generator *generator)
{
    int16_t version = generator->version;
    void *sent = calloc(1, schema->size), *received = calloc(1, schema->size);
    rk_codec_init(schema, sent);
    fill_struct(generator, schema->layout(), sent);
    struct encoded first = encode(schema, version, sent);
    assert_true(first.size >= rk_codec_min_size(schema, version));

    struct rk_arena arena;
    rk_arena_init(&arena, 1 << 20);
    struct rk_reader reader;
    rk_reader_init(&reader, first.bytes, first.size);
    if (!rk_codec_decode(schema, version, received, &reader, &arena))
        fail_msg("%s v%d: %s: %s", schema->name, version, reader.field, reader.failure);

    /* Equal as text and, with the bytes that are not in it, as encoded again. */
    struct rk_text sent_text = {0}, received_text = {0};
    rk_codec_dump(schema, version, sent, &sent_text);
    rk_codec_dump(schema, version, received, &received_text);
    assert_string_equal(rk_text_chars(&sent_text), rk_text_chars(&received_text));
    struct encoded second = encode(schema, version, received);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    rk_text_clear(&sent_text);
    rk_text_clear(&received_text);
    rk_arena_clear(&arena);

    if (first.size < 2000)
        check_broken(schema, generator, &first, received, &arena);
    free(first.bytes);
    free(second.bytes);
    free(sent);
    free(received);
}

/* ---- all of them ---- */

static void check_all_versions(const struct rk_schema *schema)
{
    for (int16_t version = schema->versions->min_version; version <= schema->versions->max_version;
         version++) {
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            struct generator generator = {.state = seed * 1000003, .version = version};
            rk_arena_init(&generator.arena, 1 << 24);
            check_message(schema, &generator);
            rk_arena_clear(&generator.arena);
        }
    }
}

static void test_every_request(void **state)
{
    (void)state;
    for (int16_t key = 0; key < RK_API_COUNT; key++)
        if (rk_api_find(key))
            check_all_versions(rk_api_find(key)->request);
}

static void test_every_answer(void **state)
{
    (void)state;
    for (int16_t key = 0; key < RK_API_COUNT; key++)
        if (rk_api_find(key))
            check_all_versions(rk_api_find(key)->answer);
}

/* A message of defaults can be sent in every version, unless a required null was left. */
static void test_defaults_are_as_small_as_it_gets(void **state)
{
    (void)state;
    for (int16_t key = 0; key < RK_API_COUNT; key++) {
        const struct rk_api *api = rk_api_find(key);
        if (!api)
            continue;
        for (int16_t version = api->min_version; version <= api->max_version; version++) {
            void *message = calloc(1, api->request->size);
            rk_codec_init(api->request, message);
            struct encoded encoded = encode(api->request, version, message);
            assert_int_equal(encoded.size, rk_codec_min_size(api->request, version));
            free(encoded.bytes);
            free(message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_request),
        cmocka_unit_test(test_every_answer),
        cmocka_unit_test(test_defaults_are_as_small_as_it_gets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
