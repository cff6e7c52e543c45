/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zstandard frames, with their content size. Read in one piece, so that the size of a window never
 * becomes memory: only output does.
 */
#include "wire/compression_codec.h"

#if RK_WITH_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

#include "base/assert.h"

#define LEVEL_MIN     1
#define LEVEL_DEFAULT 3
#define JOINED_MAX    (2u << 20)

/* How much larger the output is thought to be when nothing is said about it, and then again, until
 * it fits. */
#define GUESSED_RATIO 8

void rk_zstd_clear_compressor(struct rk_compressor *compressor)
{
    ZSTD_freeCCtx(compressor->zstd);
    compressor->zstd = NULL;
}

void rk_zstd_clear_decompressor(struct rk_decompressor *decompressor)
{
    ZSTD_freeDCtx(decompressor->zstd);
    decompressor->zstd = NULL;
}

static size_t prepare(ZSTD_CCtx *context, const struct rk_compress_input *input)
{
    int level = input->level < 0 ? LEVEL_DEFAULT
                                 : RK_MIN(RK_MAX(input->level, LEVEL_MIN), ZSTD_maxCLevel());
    ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
    return ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
}

/* Takes all of a part; of the last one also writes all there is to write. An error of zstd's, or 0.
 */
static size_t compress_part(ZSTD_CCtx *context, const struct iovec *part, bool is_last,
                            struct rk_scratch *output)
{
    ZSTD_inBuffer in = {part->iov_base, part->iov_len, 0};
    for (;;) {
        ZSTD_outBuffer out = {output->data, output->capacity, output->size};
        size_t result =
            ZSTD_compressStream2(context, &out, &in, is_last ? ZSTD_e_end : ZSTD_e_continue);
        output->size = out.pos;
        if (ZSTD_isError(result))
            return result;
        if (is_last ? result == 0 : in.pos == in.size)
            return 0;
        if (out.pos == out.size && !rk_scratch_grow(output, SIZE_MAX))
            return (size_t)-ZSTD_error_memory_allocation;
    }
}

/* The parts one after the other. */
static size_t compress_stream(ZSTD_CCtx *context, const struct rk_compress_input *input,
                              struct rk_scratch *output)
{
    size_t result = ZSTD_CCtx_setPledgedSrcSize(context, input->size);
    for (size_t i = 0; i < input->part_count && !ZSTD_isError(result); i++) {
        bool is_last = i + 1 == input->part_count;
        result = compress_part(context, &input->parts[i], is_last, output);
    }
    return result;
}

static size_t compress_at_once(ZSTD_CCtx *context, const void *data, size_t size,
                               struct rk_scratch *output)
{
    size_t result = ZSTD_compress2(context, output->data, output->capacity, data, size);
    if (!ZSTD_isError(result))
        output->size = result;
    return result;
}

/* In one piece if it is not too large for that: zstd is a seventh faster then, for it needs no
 * buffers of its own. */
rd_kafka_resp_err_t rk_zstd_compress(struct rk_compressor *compressor,
                                     const struct rk_compress_input *input)
{
    struct rk_scratch *output = &compressor->output;
    if (!compressor->zstd)
        compressor->zstd = ZSTD_createCCtx();
    if (!compressor->zstd || !rk_scratch_reserve(output, ZSTD_compressBound(input->size)))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;

    size_t result = prepare(compressor->zstd, input);
    if (!ZSTD_isError(result) && input->part_count == 1) {
        result = compress_at_once(compressor->zstd, input->parts[0].iov_base, input->size, output);
    } else if (!ZSTD_isError(result) && input->size <= JOINED_MAX) {
        if (!rk_scratch_reserve(&compressor->work, input->size))
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        rk_compress_join(compressor->work.data, input->parts, input->part_count);
        result = compress_at_once(compressor->zstd, compressor->work.data, input->size, output);
    } else if (!ZSTD_isError(result)) {
        result = compress_stream(compressor->zstd, input, output);
    }
    return ZSTD_isError(result) ? RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE : RD_KAFKA_RESP_ERR_NO_ERROR;
}

size_t rk_zstd_claimed_size(const uint8_t *data, size_t size)
{
    unsigned long long claimed = ZSTD_getFrameContentSize(data, size);
    return claimed < SIZE_MAX / 2 ? (size_t)claimed : 0; /* Unknown and wrong are huge. */
}

rd_kafka_resp_err_t rk_zstd_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                       size_t size, struct rk_scratch *output, size_t limit)
{
    if (!decompressor->zstd)
        decompressor->zstd = ZSTD_createDCtx();
    size_t claimed = rk_zstd_claimed_size(data, size);
    if (claimed > limit)
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    size_t wanted = claimed > 0 ? claimed : GUESSED_RATIO * RK_MIN(size, limit);
    if (!decompressor->zstd || !rk_scratch_reserve(output, RK_MIN(limit, wanted)))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    for (;;) {
        size_t room = RK_MIN(output->capacity, limit);
        size_t result = ZSTD_decompressDCtx(decompressor->zstd, output->data, room, data, size);
        if (!ZSTD_isError(result)) {
            output->size = result;
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        switch ((int)ZSTD_getErrorCode(result)) {
        case ZSTD_error_dstSize_tooSmall:
            if (room == limit)
                return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
            if (!rk_scratch_reserve(output, RK_MIN(limit, GUESSED_RATIO * room)))
                return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
            break;
        case ZSTD_error_memory_allocation:
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        default:
            return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
        }
    }
}

#endif
