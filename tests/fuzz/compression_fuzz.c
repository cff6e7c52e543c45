/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Codecs. The first byte chooses: the rest is a compressed stream to be read within a limit, or
 * (bit 3) bytes that must come back the same from compression.
 */
#include <string.h>

#include "base/assert.h"
#include "wire/compression.h"

#define LIMIT (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rk_compressor compressor;
static struct rk_decompressor decompressor;

static void check_stream(int codec, const uint8_t *data, size_t size)
{
    struct rk_block *block;
    const uint8_t *output;
    size_t output_size;
    rd_kafka_resp_err_t err = rk_decompress(&decompressor, codec, data, size, LIMIT, &block);
    RK_ASSERT((err == RD_KAFKA_RESP_ERR_NO_ERROR) == (block != NULL));
    RK_ASSERT(!block || block->size <= LIMIT);

    /* Both ways agree. */
    RK_ASSERT(rk_decompress_scratch(&decompressor, codec, data, size, LIMIT, &output,
                                    &output_size) == err);
    if (block) {
        RK_ASSERT(output_size == block->size);
        RK_ASSERT(output_size == 0 || memcmp(output, block->data, output_size) == 0);
    }
    rk_block_release(block);
}

static void check_round_trip(int codec, int level, const uint8_t *data, size_t size)
{
    const size_t headroom = 3;
    struct iovec parts[] = {{(void *)data, size / 3}, {(void *)(data + size / 3), size - size / 3}};
    struct rk_block *packed;
    struct rk_block *unpacked;
    if (!rk_compression_is_available(codec))
        return;
    RK_ASSERT(rk_compress(&compressor, codec, level, level & 1 ? 0 : 2, parts, 2, headroom,
                          &packed) == 0);
    RK_ASSERT(rk_decompress(&decompressor, codec, packed->data + headroom, packed->size - headroom,
                            size, &unpacked) == 0);
    RK_ASSERT(unpacked->size == size && memcmp(unpacked->data, data, size) == 0);
    rk_block_release(packed);
    rk_block_release(unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    int codec = data[0] & 7;
    if (data[0] & 8)
        check_round_trip(codec, data[0] >> 4, data + 1, size - 1);
    else
        check_stream(codec, data + 1, size - 1);
    return 0;
}
