/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs: round trips, limits, damage, bombs, and streams that other programs write. A codec that
 * is not in the build is skipped. */
#include <setjmp.h>

#include "batches.h"

#include <cmocka.h>

#include "wire/compression_codec.h"

#define LIMIT (64u << 20)

static const int codecs[] = {RK_COMPRESSION_GZIP, RK_COMPRESSION_SNAPPY, RK_COMPRESSION_LZ4,
                             RK_COMPRESSION_ZSTD};

static struct rk_compressor compressor;
static struct rk_decompressor decompressor;

static int init(void **state)
{
    (void)state;
    rk_compressor_init(&compressor);
    rk_decompressor_init(&decompressor);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    rk_compressor_clear(&compressor);
    rk_decompressor_clear(&decompressor);
    rk_compressor_clear(&compressor); /* Twice is fine. */
    rk_decompressor_clear(&decompressor);
    return 0;
}

enum kind { TEXT, NOISE, ZEROS };

static struct bytes make_data(enum kind kind, size_t size)
{
    static const char text[] = "{\"user\":12345,\"name\":\"somebody\",\"tags\":[1,2,3]},";
    struct bytes data = {malloc(size ? size : 1), size};
    uint32_t seed = (uint32_t)size;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        data.data[i] = kind == ZEROS   ? 0
                       : kind == NOISE ? (uint8_t)(seed >> 24)
                       : seed >> 28    ? (uint8_t)text[i % (sizeof(text) - 1)]
                                       : (uint8_t)(seed >> 16);
    }
    return data;
}

static struct rk_block *compress_parts(int codec, int level, const struct iovec *parts,
                                       size_t part_count, size_t headroom)
{
    struct rk_block *block;
    assert_int_equal(rk_compress(&compressor, codec, level, 2, parts, part_count, headroom, &block),
                     0);
    return block;
}

static struct rk_block *compress_data(int codec, int level, struct bytes data)
{
    struct iovec part = {data.data, data.size};
    return compress_parts(codec, level, &part, 1, 0);
}

/* From memory of exactly its size. */
static rd_kafka_resp_err_t decompress(int codec, const void *data, size_t size, size_t limit,
                                      struct rk_block **block)
{
    struct bytes input = bytes_copy(data, size);
    rd_kafka_resp_err_t err =
        rk_decompress(&decompressor, codec, input.data, input.size, limit, block);
    if (err)
        assert_null(*block);
    else
        assert_true((*block)->size <= limit);
    free(input.data);
    return err;
}

static void check_gives(int codec, const void *data, size_t size, struct bytes expected)
{
    struct rk_block *block;
    assert_int_equal(decompress(codec, data, size, LIMIT, &block), 0);
    assert_int_equal(block->size, expected.size);
    assert_memory_equal(block->data, expected.data, expected.size);
    rk_block_release(block);
}

static void check_fails(int codec, const void *data, size_t size, size_t limit,
                        rd_kafka_resp_err_t expected)
{
    struct rk_block *block;
    assert_int_equal(decompress(codec, data, size, limit, &block), expected);
}

static void test_round_trips(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 4096, 65535, 65536, 65537, 200000};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
            for (int kind = TEXT; kind <= ZEROS; kind++) {
                struct bytes data = make_data((enum kind)kind, sizes[size]);
                struct rk_block *block =
                    compress_data(codecs[i], RK_COMPRESSION_LEVEL_DEFAULT, data);
                check_gives(codecs[i], block->data, block->size, data);
                rk_block_release(block);
                free(data.data);
            }
        }
    }
}

static void test_levels(void **state)
{
    struct bytes data = make_data(TEXT, 30000);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        size_t fastest = 0;
        for (int level = -1; level <= 23; level++) {
            struct rk_block *block = compress_data(codecs[i], level, data);
            check_gives(codecs[i], block->data, block->size, data);
            if (level == 1)
                fastest = block->size;
            if (level == 9 && codecs[i] != RK_COMPRESSION_SNAPPY)
                assert_true(block->size < fastest);
            rk_block_release(block);
        }
    }
    free(data.data);
}

/* However the input is cut into parts, empty ones included; the headroom is there and nothing else.
 */
static void test_parts_and_headroom(void **state)
{
    static const size_t steps[] = {1, 61, 1000, 65536, 100000};
    struct bytes data = make_data(TEXT, 150000);
    struct iovec *parts = calloc(2 * data.size + 2, sizeof(*parts));
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t step = 0; step < 5 && rk_compression_is_available(codecs[i]); step++) {
            size_t size = step == 0 ? 3000 : data.size;
            size_t count = 0;
            for (size_t at = 0; at < size; at += steps[step]) {
                parts[count++] = (struct iovec){NULL, 0};
                parts[count++] = (struct iovec){data.data + at, RK_MIN(steps[step], size - at)};
            }
            parts[count++] = (struct iovec){NULL, 0};
            struct rk_block *block = compress_parts(codecs[i], -1, parts, count, 61);
            assert_true(block->size > 61);
            check_gives(codecs[i], block->data + 61, block->size - 61,
                        (struct bytes){data.data, size});
            rk_block_release(block);
        }
    }
    parts[0] = (struct iovec){data.data, 100000};
    parts[1] = (struct iovec){NULL, 0};
    parts[2] = (struct iovec){data.data + 100000, 50000};
    struct rk_block *joined = compress_parts(RK_COMPRESSION_NONE, -1, parts, 3, 7);
    assert_int_equal(joined->size, 7 + data.size);
    assert_memory_equal(joined->data + 7, data.data, data.size);
    rk_block_release(joined);
    free(parts);
    free(data.data);
}

static void test_no_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        struct rk_block *block = compress_parts(codecs[i], -1, NULL, 0, 0);
        check_gives(codecs[i], block->data, block->size, (struct bytes){(uint8_t *)"", 0});
        rk_block_release(block);
    }
}

static void test_limits_are_exact(void **state)
{
    static const size_t sizes[] = {1, 1000, 65536, 100000};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t size = 0; size < 4 && rk_compression_is_available(codecs[i]); size++) {
            for (int kind = TEXT; kind <= ZEROS; kind++) {
                struct bytes data = make_data((enum kind)kind, sizes[size]);
                struct rk_block *block = compress_data(codecs[i], -1, data);
                struct rk_block *output;
                assert_int_equal(
                    decompress(codecs[i], block->data, block->size, data.size, &output), 0);
                rk_block_release(output);
                check_fails(codecs[i], block->data, block->size, data.size - 1,
                            RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
                check_fails(codecs[i], block->data, block->size, 0,
                            RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
                rk_block_release(block);
                free(data.data);
            }
        }
    }
}

/* 64 MB of zeros in as little as the codec can: refused without taking more memory than the limit.
 */
static void test_bombs(void **state)
{
    const size_t limit = 100000;
    struct bytes zeros = make_data(ZEROS, LIMIT);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        struct rk_block *bomb = compress_data(codecs[i], -1, zeros);
        rk_decompressor_clear(&decompressor);
        check_fails(codecs[i], bomb->data, bomb->size, limit, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
        assert_true(decompressor.output.capacity <= limit);
        rk_block_release(bomb);
    }
    free(zeros.data);
}

/* Cut anywhere: an error, or for snappy's chunks less than all; never more. */
static void test_truncation(void **state)
{
    struct bytes data = make_data(TEXT, 3000);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        struct rk_block *block = compress_data(codecs[i], -1, data);
        for (size_t cut = 1; cut < block->size; cut++) {
            struct rk_block *output;
            if (decompress(codecs[i], block->data, cut, LIMIT, &output) == 0) {
                assert_int_equal(codecs[i], RK_COMPRESSION_SNAPPY);
                assert_true(output->size < data.size);
                rk_block_release(output);
            }
        }
        check_gives(codecs[i], block->data, block->size, data); /* The context is still good. */
        rk_block_release(block);
    }
    free(data.data);
}

/* Damaged anywhere: an error, or something within the limit. */
static void test_bit_flips(void **state)
{
    struct bytes data = make_data(TEXT, 800);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        struct rk_block *block = compress_data(codecs[i], -1, data);
        for (size_t bit = 0; bit < block->size * 8; bit++) {
            struct rk_block *output;
            block->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            decompress(codecs[i], block->data, block->size, 100000, &output);
            rk_block_release(output);
            block->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        check_gives(codecs[i], block->data, block->size, data);
        rk_block_release(block);
    }
    free(data.data);
}

static void test_not_compressed_at_all(void **state)
{
    struct bytes noise = make_data(NOISE, 500);
    (void)state;
    noise.data[0] |= 0x80; /* Not a small size, either. */
    noise.data[1] |= 0x80;
    noise.data[2] |= 0x80;
    noise.data[3] |= 0x80;
    for (size_t i = 0; i < 4; i++) {
        if (rk_compression_is_available(codecs[i]))
            check_fails(codecs[i], noise.data, noise.size, LIMIT,
                        RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    }
    free(noise.data);
}

static void test_scratch(void **state)
{
    struct bytes data = make_data(TEXT, 5000);
    const uint8_t *output;
    size_t size;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        struct rk_block *block = compress_data(codecs[i], -1, data);
        assert_int_equal(rk_decompress_scratch(&decompressor, codecs[i], block->data, block->size,
                                               LIMIT, &output, &size),
                         0);
        assert_int_equal(size, data.size);
        assert_memory_equal(output, data.data, size);
        rk_block_release(block);
    }
    assert_int_equal(rk_decompress_scratch(&decompressor, RK_COMPRESSION_NONE, data.data, 5000,
                                           5000, &output, &size),
                     0);
    assert_ptr_equal(output, data.data);
    assert_int_equal(rk_decompress_scratch(&decompressor, RK_COMPRESSION_NONE, data.data, 5000,
                                           4999, &output, &size),
                     RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    free(data.data);
}

static void test_unknown_codecs(void **state)
{
    struct rk_block *block;
    struct iovec part = {(void *)"x", 1};
    (void)state;
    for (int codec = -1; codec <= 8; codec++) {
        bool known = codec >= 0 && codec <= 4;
        assert_int_equal(strcmp(rk_compression_name(codec), "unknown") != 0, known);
        if (known)
            continue;
        assert_false(rk_compression_is_available(codec));
        check_fails(codec, "x", 1, LIMIT, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
        assert_int_equal(rk_compress(&compressor, codec, -1, 2, &part, 1, 0, &block),
                         RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
        assert_null(block);
    }
    assert_true(rk_compression_is_available(RK_COMPRESSION_NONE));
    assert_string_equal(rk_compression_name(RK_COMPRESSION_ZSTD), "zstd");
}

static struct bytes twice(struct rk_block *block, const char *tail)
{
    struct bytes joined = {malloc(2 * block->size + strlen(tail) + 1), 2 * block->size};
    memcpy(joined.data, block->data, block->size);
    memcpy(joined.data + block->size, block->data, block->size);
    memcpy(joined.data + joined.size, tail, strlen(tail));
    joined.size += strlen(tail);
    return joined;
}

/* Two streams in a row are one; gzip and lz4 pass over what follows, as Java does. */
static void test_joined_streams(void **state)
{
    struct bytes data = make_data(TEXT, 2000);
    struct bytes both = {malloc(4000), 4000};
    (void)state;
    memcpy(both.data, data.data, 2000);
    memcpy(both.data + 2000, data.data, 2000);
    for (size_t i = 0; i < 4; i++) {
        if (!rk_compression_is_available(codecs[i]))
            continue;
        bool passes_over = codecs[i] == RK_COMPRESSION_GZIP || codecs[i] == RK_COMPRESSION_LZ4;
        struct rk_block *block = compress_data(codecs[i], -1, data);
        struct bytes joined = twice(block, passes_over ? "garbage" : "");
        check_gives(codecs[i], joined.data, joined.size, both);
        free(joined.data);
        rk_block_release(block);
    }
    free(both.data);
    free(data.data);
}

/* Sizes in the stream that are not true: only a hint where they are one, an error where they are
 * part of the format. */
static void check_lying_size(int codec, size_t at, const char *claim, size_t claim_size,
                             rd_kafka_resp_err_t expected)
{
    struct bytes data = make_data(NOISE, 600);
    struct rk_block *block = compress_data(codec, -1, data);
    struct rk_block *output;
    if (at > block->size)
        at += block->size; /* From the end. */
    memcpy(block->data + at, claim, claim_size);
    assert_int_equal(decompress(codec, block->data, block->size, LIMIT, &output), expected);
    rk_block_release(output);
    rk_block_release(block);
    free(data.data);
}

static void test_lying_sizes(void **state)
{
    (void)state;
    if (rk_compression_is_available(RK_COMPRESSION_GZIP)) {
        const size_t trailer = (size_t)0 - 4;
        check_lying_size(RK_COMPRESSION_GZIP, trailer, "\xff\xff\xff\x03", 4,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        check_lying_size(RK_COMPRESSION_GZIP, trailer, "\x01\0\0\0", 4,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        check_lying_size(RK_COMPRESSION_GZIP, trailer, "\0\x10\0\0", 4,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    }
    if (rk_compression_is_available(RK_COMPRESSION_SNAPPY)) {
        check_lying_size(RK_COMPRESSION_SNAPPY, 20, "\xd9\x04", 2,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        check_lying_size(RK_COMPRESSION_SNAPPY, 20, "\xff\xff\xff\x07", 4,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        check_lying_size(RK_COMPRESSION_SNAPPY, 16, "\x7f\xff\xff\xff", 4,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        check_lying_size(RK_COMPRESSION_SNAPPY, 16, "\xff\xff\xff\xff", 4,
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    }
    if (rk_compression_is_available(RK_COMPRESSION_ZSTD)) {
        /* Magic of 4, descriptor, content size of 2 bytes less 256. */
        check_lying_size(RK_COMPRESSION_ZSTD, 5, "\xff\xff", 2, RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        check_lying_size(RK_COMPRESSION_ZSTD, 5, "\x01\0", 2, RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_parts_and_headroom),
        cmocka_unit_test(test_no_parts),
        cmocka_unit_test(test_limits_are_exact),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_not_compressed_at_all),
        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_unknown_codecs),
        cmocka_unit_test(test_joined_streams),
        cmocka_unit_test(test_lying_sizes),
    };
    return cmocka_run_group_tests_name("compression", tests, init, clear);
}
