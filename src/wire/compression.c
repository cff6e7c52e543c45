/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/compression.h"

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "wire/compression_codec.h"

/* Scratch memory above this is not kept for the next batch. */
#define SCRATCH_KEPT_MAX (4u << 20)

/* Also keeps addresses from being NULL where nothing is written. */
#define SCRATCH_SIZE_MIN 64

/* A claimed output size is given its memory at once if the input is not smaller than this part of
 * it; growth finds out otherwise. */
#define PLAUSIBLE_RATIO 64

struct codec {
    const char *name;
    rd_kafka_resp_err_t (*compress)(struct rk_compressor *, const struct rk_compress_input *);
    rd_kafka_resp_err_t (*decompress)(struct rk_decompressor *, const uint8_t *, size_t,
                                      struct rk_scratch *, size_t);
    size_t (*claimed_size)(const uint8_t *, size_t);
    void (*clear_compressor)(struct rk_compressor *);
    void (*clear_decompressor)(struct rk_decompressor *);
};

static const struct codec codecs[] = {
    [RK_COMPRESSION_NONE] = {.name = "none"},
    [RK_COMPRESSION_GZIP] =
        {
            .name = "gzip",
#if RK_WITH_ZLIB
            .compress = rk_gzip_compress,
            .decompress = rk_gzip_decompress,
            .claimed_size = rk_gzip_claimed_size,
            .clear_compressor = rk_gzip_clear_compressor,
            .clear_decompressor = rk_gzip_clear_decompressor,
#endif
        },
    [RK_COMPRESSION_SNAPPY] =
        {
            .name = "snappy",
#if RK_WITH_SNAPPY
            .compress = rk_snappy_compress,
            .decompress = rk_snappy_decompress,
            .claimed_size = rk_snappy_claimed_size,
#endif
        },
    [RK_COMPRESSION_LZ4] =
        {
            .name = "lz4",
#if RK_WITH_LZ4
            .compress = rk_lz4_compress,
            .decompress = rk_lz4_decompress,
            .claimed_size = rk_lz4_claimed_size,
            .clear_compressor = rk_lz4_clear_compressor,
            .clear_decompressor = rk_lz4_clear_decompressor,
#endif
        },
    [RK_COMPRESSION_ZSTD] =
        {
            .name = "zstd",
#if RK_WITH_ZSTD
            .compress = rk_zstd_compress,
            .decompress = rk_zstd_decompress,
            .claimed_size = rk_zstd_claimed_size,
            .clear_compressor = rk_zstd_clear_compressor,
            .clear_decompressor = rk_zstd_clear_decompressor,
#endif
        },
};

/* NULL for codecs that are unknown or not in this build, and for none. */
static const struct codec *find_codec(int codec)
{
    if (codec < 0 || (size_t)codec >= RK_COUNT_OF(codecs) || !codecs[codec].compress)
        return NULL;
    return &codecs[codec];
}

const char *rk_compression_name(int codec)
{
    return codec >= 0 && (size_t)codec < RK_COUNT_OF(codecs) ? codecs[codec].name : "unknown";
}

bool rk_compression_is_available(int codec)
{
    return codec == RK_COMPRESSION_NONE || find_codec(codec);
}

bool rk_scratch_reserve(struct rk_scratch *scratch, size_t capacity)
{
    if (scratch->data && capacity <= scratch->capacity)
        return true;
    capacity = RK_MAX(capacity, SCRATCH_SIZE_MIN);
    uint8_t *data = rk_try_realloc(scratch->data, capacity);
    if (!data)
        return false;
    scratch->data = data;
    scratch->capacity = capacity;
    return true;
}

bool rk_scratch_grow(struct rk_scratch *scratch, size_t limit)
{
    size_t wanted = RK_MAX(scratch->capacity, 4096) * 2;
    scratch->growths++;
    return rk_scratch_reserve(scratch, RK_MIN(wanted, limit));
}

static void clear_scratch(struct rk_scratch *scratch)
{
    rk_free(scratch->data);
    *scratch = (struct rk_scratch){.growths = scratch->growths};
}

static void trim_scratch(struct rk_scratch *scratch)
{
    if (scratch->capacity > SCRATCH_KEPT_MAX)
        clear_scratch(scratch);
}

void rk_compressor_init(struct rk_compressor *compressor)
{
    *compressor = (struct rk_compressor){.gzip = NULL};
}

void rk_compressor_clear(struct rk_compressor *compressor)
{
    for (size_t i = 0; i < RK_COUNT_OF(codecs); i++) {
        if (codecs[i].clear_compressor)
            codecs[i].clear_compressor(compressor);
    }
    clear_scratch(&compressor->output);
    clear_scratch(&compressor->work);
}

void rk_compress_join(uint8_t *at, const struct iovec *parts, size_t part_count)
{
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].iov_len > 0)
            memcpy(at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
}

rd_kafka_resp_err_t rk_compress(struct rk_compressor *compressor, int codec, int level, int magic,
                                const struct iovec *parts, size_t part_count, size_t headroom,
                                struct rk_block **block)
{
    static const struct iovec nothing = {NULL, 0};
    const struct codec *chosen = find_codec(codec);
    struct rk_compress_input input = {part_count ? parts : &nothing, RK_MAX(part_count, 1), 0,
                                      level, magic};
    struct rk_scratch *output = &compressor->output;

    *block = NULL;
    for (size_t i = 0; i < part_count; i++)
        input.size += parts[i].iov_len;
    if (input.size > INT32_MAX)
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    if (codec == RK_COMPRESSION_NONE) {
        *block = rk_block_try_new(headroom + input.size);
        if (!*block)
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        rk_compress_join((*block)->data + headroom, parts, part_count);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (!chosen)
        return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;

    output->size = 0;
    rd_kafka_resp_err_t err = chosen->compress(compressor, &input);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *block = rk_block_try_new(headroom + output->size);
        if (*block)
            memcpy((*block)->data + headroom, output->data, output->size);
        else
            err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    }
    trim_scratch(output);
    trim_scratch(&compressor->work);
    return err;
}

void rk_decompressor_init(struct rk_decompressor *decompressor)
{
    *decompressor = (struct rk_decompressor){.gzip = NULL};
}

void rk_decompressor_clear(struct rk_decompressor *decompressor)
{
    for (size_t i = 0; i < RK_COUNT_OF(codecs); i++) {
        if (codecs[i].clear_decompressor)
            codecs[i].clear_decompressor(decompressor);
    }
    clear_scratch(&decompressor->output);
}

rd_kafka_resp_err_t rk_decompress_scratch(struct rk_decompressor *decompressor, int codec,
                                          const void *data, size_t size, size_t limit,
                                          const uint8_t **output, size_t *output_size)
{
    struct rk_scratch *scratch = &decompressor->output;
    const struct codec *chosen = find_codec(codec);

    *output = NULL;
    *output_size = 0;
    limit = RK_MIN(limit, INT32_MAX);
    if (codec == RK_COMPRESSION_NONE) {
        *output = data;
        *output_size = size;
        return size <= limit ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    }
    if (!chosen)
        return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;

    trim_scratch(scratch);
    scratch->size = 0;
    rd_kafka_resp_err_t err = chosen->decompress(decompressor, data, size, scratch, limit);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *output = scratch->data;
        *output_size = scratch->size;
    }
    return err;
}

/* Straight into a block of the size the input claims; anything but an exact fit is left to the
 * careful way. */
static struct rk_block *decompress_as_claimed(struct rk_decompressor *decompressor,
                                              const struct codec *codec, const uint8_t *data,
                                              size_t size, size_t limit)
{
    size_t claimed = codec->claimed_size(data, size);
    if (claimed == 0 || claimed > limit || claimed / PLAUSIBLE_RATIO > size)
        return NULL;
    struct rk_block *block = rk_block_try_new(claimed);
    if (!block)
        return NULL;
    struct rk_scratch output = {.data = block->data, .capacity = claimed};
    rd_kafka_resp_err_t err = codec->decompress(decompressor, data, size, &output, claimed);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && output.size == claimed)
        return block;
    rk_block_release(block);
    return NULL;
}

rd_kafka_resp_err_t rk_decompress(struct rk_decompressor *decompressor, int codec, const void *data,
                                  size_t size, size_t limit, struct rk_block **block)
{
    const struct codec *chosen = find_codec(codec);
    const uint8_t *output;
    size_t output_size;

    *block = chosen
                 ? decompress_as_claimed(decompressor, chosen, data, size, RK_MIN(limit, INT32_MAX))
                 : NULL;
    if (*block)
        return RD_KAFKA_RESP_ERR_NO_ERROR;

    rd_kafka_resp_err_t err =
        rk_decompress_scratch(decompressor, codec, data, size, limit, &output, &output_size);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *block = rk_block_try_new(output_size);
        if (!*block)
            err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        else if (output_size > 0)
            memcpy((*block)->data, output, output_size);
    }
    trim_scratch(&decompressor->output);
    return err;
}
