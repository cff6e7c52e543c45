/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_unittest(): checks on the machine it runs on that what depends on it - instructions
 * chosen at run time, byte order, clocks - works.
 */
#include <string.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "base/memory.h"
#include "rdkafka.h"
#include "wire/compression.h"

static int check_hashes(void)
{
    static const char digits[] = "123456789";
    return (rk_crc32c(0, digits, 9) != 0xe3069283u) + (rk_crc32(0, digits, 9) != 0xcbf43926u);
}

/* Long enough for every code path of the checksum, and for alignment to matter. */
static int check_checksum_in_pieces(void)
{
    uint8_t bytes[10007];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 131 + (i >> 8));
    uint32_t whole = rk_crc32c(0, bytes, sizeof(bytes));
    uint32_t pieces = 0;
    for (size_t at = 0, size = 1; at < sizeof(bytes); at += size, size = size * 3 % 1009 + 1) {
        if (size > sizeof(bytes) - at)
            size = sizeof(bytes) - at;
        pieces = rk_crc32c(pieces, bytes + at, size);
    }
    return whole != pieces;
}

static int check_codec(int codec)
{
    static const char text[] = "the same words again and again, the same words again and again";
    struct rk_compressor compressor;
    struct rk_decompressor decompressor;
    struct rk_block *small = NULL, *back = NULL;
    struct iovec part = {(void *)(uintptr_t)text, sizeof(text)};
    if (!rk_compression_is_available(codec))
        return 0;
    rk_compressor_init(&compressor);
    rk_decompressor_init(&decompressor);
    int failed = rk_compress(&compressor, codec, RK_COMPRESSION_LEVEL_DEFAULT, 2, &part, 1, 0,
                             &small) != RD_KAFKA_RESP_ERR_NO_ERROR ||
                 rk_decompress(&decompressor, codec, small->data, small->size, sizeof(text),
                               &back) != RD_KAFKA_RESP_ERR_NO_ERROR ||
                 back->size != sizeof(text) || memcmp(back->data, text, sizeof(text)) != 0;
    rk_block_release(small);
    rk_block_release(back);
    rk_compressor_clear(&compressor);
    rk_decompressor_clear(&decompressor);
    return failed;
}

static int check_clock(void)
{
    uint64_t before_us = rk_clock_now_us();
    for (int i = 0; i < 100000; i++) {
        uint64_t now_us = rk_clock_now_us();
        if (now_us < before_us)
            return 1;
        before_us = now_us;
    }
    return 0;
}

int rd_kafka_unittest(void)
{
    int failures = check_hashes() + check_checksum_in_pieces() + check_clock();
    for (int codec = RK_COMPRESSION_NONE; codec <= RK_COMPRESSION_ZSTD; codec++)
        failures += check_codec(codec);
    return failures;
}
