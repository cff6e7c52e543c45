/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams as other clients write them, in forms our own writer does not use; made with the codecs'
 * libraries. */
#include <setjmp.h>

#include "batches.h"

#include <cmocka.h>

#include "base/hash.h"
#include "wire/compression_codec.h"

#if RK_WITH_ZLIB
#include <zlib.h>
#endif
#if RK_WITH_SNAPPY
#include <snappy-c.h>
#endif
#if RK_WITH_LZ4
#include <lz4frame.h>
#endif
#if RK_WITH_ZSTD
#include <zstd.h>
#endif

#define TEXT_SIZE  200000
#define SPACE_SIZE (2 * TEXT_SIZE)

static uint8_t text[TEXT_SIZE];
static uint8_t space[SPACE_SIZE];

static int make_text(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (size_t i = 0; i < TEXT_SIZE; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (uint8_t)(seed >> 29 ? "some words, "[i % 12] : (int)(seed >> 24));
    }
    return 0;
}

__attribute__((unused)) static rd_kafka_resp_err_t read_back(int codec, size_t stream_size,
                                                             size_t text_size)
{
    struct rk_decompressor decompressor;
    struct rk_block *block;
    struct bytes input = bytes_copy(space, stream_size);
    rk_decompressor_init(&decompressor);
    rd_kafka_resp_err_t err =
        rk_decompress(&decompressor, codec, input.data, input.size, TEXT_SIZE, &block);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        assert_int_equal(block->size, text_size);
        assert_memory_equal(block->data, text, text_size);
    }
    rk_block_release(block);
    rk_decompressor_clear(&decompressor);
    free(input.data);
    return err;
}

static void test_zlib_format(void **state)
{
    (void)state;
#if RK_WITH_ZLIB
    uLongf size = SPACE_SIZE;
    assert_int_equal(compress(space, &size, text, TEXT_SIZE), Z_OK);
    assert_int_equal(read_back(RK_COMPRESSION_GZIP, size, TEXT_SIZE), 0);
#else
    skip();
#endif
}

static void test_raw_snappy(void **state)
{
    (void)state;
#if RK_WITH_SNAPPY
    size_t size = SPACE_SIZE;
    assert_int_equal(snappy_compress((const char *)text, TEXT_SIZE, (char *)space, &size), 0);
    assert_int_equal(read_back(RK_COMPRESSION_SNAPPY, size, TEXT_SIZE), 0);
    for (size_t cut = 0; cut < size; cut += 1 + cut / 8)
        assert_int_equal(read_back(RK_COMPRESSION_SNAPPY, cut, TEXT_SIZE),
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
#else
    skip();
#endif
}

#if RK_WITH_LZ4
static size_t write_lz4(LZ4F_blockMode_t mode, LZ4F_blockSizeID_t block_size, bool with_size)
{
    LZ4F_preferences_t preferences = {
        .frameInfo =
            {
                .blockMode = mode,
                .blockSizeID = block_size,
                .contentSize = with_size ? TEXT_SIZE : 0,
                .contentChecksumFlag = LZ4F_contentChecksumEnabled,
                .blockChecksumFlag = LZ4F_blockChecksumEnabled,
            },
    };
    size_t size = LZ4F_compressFrame(space, SPACE_SIZE, text, TEXT_SIZE, &preferences);
    assert_false(LZ4F_isError(size));
    return size;
}
#endif

static void test_lz4_frames(void **state)
{
    (void)state;
#if RK_WITH_LZ4
    for (int sized = 0; sized <= 1; sized++) {
        size_t size = write_lz4(LZ4F_blockLinked, LZ4F_max4MB, sized);
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, size, TEXT_SIZE), 0);
        size = write_lz4(LZ4F_blockLinked, LZ4F_max64KB, sized);
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, size, TEXT_SIZE), 0);
        size = write_lz4(LZ4F_blockIndependent, LZ4F_max256KB, sized);
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, size, TEXT_SIZE), 0);

        /* The checksum of a header of either size, as it was computed for magic 0, and a wrong one.
         */
        size_t header_size = sized ? 15 : 7;
        uint8_t right = space[header_size - 1];
        space[header_size - 1] = (uint8_t)(rk_xxhash32(space, header_size - 1) >> 8);
        assert_int_not_equal(space[header_size - 1], right);
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, size, TEXT_SIZE), 0);
        space[header_size - 1] ^= 0xff;
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, size, TEXT_SIZE),
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        space[header_size - 1] = right;
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, header_size, TEXT_SIZE),
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
        assert_int_equal(read_back(RK_COMPRESSION_LZ4, header_size - 1, TEXT_SIZE),
                         RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    }
#else
    skip();
#endif
}

/* A frame whose content is less than the size it claims leaves nothing behind for the next frame.
 */
static void test_lz4_after_a_wrong_size(void **state)
{
    (void)state;
#if RK_WITH_LZ4
    static const uint8_t empty[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0};
    static const uint8_t wrong[] = {0x04, 0x22, 0x4d, 0x18, 0x68, 0x40, 9, 0, 0, 0, 0, 0, 0, 0};
    struct rk_decompressor decompressor;
    struct rk_block *block;
    uint8_t frame[sizeof(wrong) + 5] = {0};
    memcpy(frame, wrong, sizeof(wrong));
    frame[sizeof(wrong)] = (uint8_t)(rk_xxhash32(frame + 4, sizeof(wrong) - 4) >> 8);

    rk_decompressor_init(&decompressor);
    assert_int_equal(
        rk_decompress(&decompressor, RK_COMPRESSION_LZ4, frame, sizeof(frame), TEXT_SIZE, &block),
        RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    assert_int_equal(
        rk_decompress(&decompressor, RK_COMPRESSION_LZ4, empty, sizeof(empty), TEXT_SIZE, &block),
        0);
    rk_block_release(block);
    rk_decompressor_clear(&decompressor);
#else
    skip();
#endif
}

/* What Java writes: no content size, because it does not know how much will come. */
static void test_zstd_without_a_size(void **state)
{
    (void)state;
#if RK_WITH_ZSTD
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_outBuffer out = {space, SPACE_SIZE, 0};
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog,
                           27); /* And a window no reader wants to pay. */
    for (size_t at = 0; at < TEXT_SIZE; at += 1000) {
        ZSTD_inBuffer in = {text + at, 1000, 0};
        ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
        assert_int_equal(in.pos, in.size);
    }
    ZSTD_inBuffer nothing = {NULL, 0, 0};
    assert_int_equal(ZSTD_compressStream2(context, &out, &nothing, ZSTD_e_end), 0);
    assert_int_equal(ZSTD_getFrameContentSize(space, out.pos), ZSTD_CONTENTSIZE_UNKNOWN);
    assert_int_equal(read_back(RK_COMPRESSION_ZSTD, out.pos, TEXT_SIZE), 0);
    ZSTD_freeCCtx(context);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zlib_format),         cmocka_unit_test(test_raw_snappy),
        cmocka_unit_test(test_lz4_frames),          cmocka_unit_test(test_lz4_after_a_wrong_size),
        cmocka_unit_test(test_zstd_without_a_size),
    };
    return cmocka_run_group_tests_name("compression_foreign", tests, make_text, NULL);
}
