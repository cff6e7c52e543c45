/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LZ4 frames, with blocks of 64 KB that do not depend on each other and without a content size:
 * Java and old brokers know no other.
 *
 * The header of a frame has a checksum, which clients and brokers of magic 0 computed over the
 * frame's magic as well. Both are read.
 */
#include "wire/compression_codec.h"

#if RK_WITH_LZ4

#include <lz4frame.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

#define LEVEL_MAX             12 /* Of LZ4's slow compressor. */
#define BLOCK_SIZE            65536
#define JOINED_MAX            32768 /* Parts from here on become blocks of their own. */

#define MAGIC_SIZE            4
#define HEADER_SIZE_MIN       7
#define HEADER_SIZE_MAX       19
#define FLAG_HAS_CONTENT_SIZE 0x08
#define FLAG_HAS_DICTIONARY   0x01

static const uint8_t frame_magic[MAGIC_SIZE] = {0x04, 0x22, 0x4d, 0x18};

static uint8_t right_checksum(const uint8_t *header, size_t size)
{
    return (uint8_t)(rk_xxhash32(header + MAGIC_SIZE, size - MAGIC_SIZE - 1) >> 8);
}

static uint8_t old_checksum(const uint8_t *header, size_t size)
{
    return (uint8_t)(rk_xxhash32(header, size - 1) >> 8);
}

void rk_lz4_clear_compressor(struct rk_compressor *compressor)
{
    LZ4F_freeCompressionContext(compressor->lz4);
    compressor->lz4 = NULL;
}

void rk_lz4_clear_decompressor(struct rk_decompressor *decompressor)
{
    LZ4F_freeDecompressionContext(decompressor->lz4);
    decompressor->lz4 = NULL;
}

/* Adds what a step wrote; the only thing that can fail here is memory. */
static bool count_output(struct rk_scratch *output, size_t result)
{
    if (LZ4F_isError(result))
        return false;
    output->size += result;
    return true;
}

static bool add(LZ4F_cctx *context, const void *data, size_t size,
                const LZ4F_preferences_t *preferences, struct rk_scratch *output)
{
    if (size == 0)
        return true;
    return rk_scratch_reserve(output, output->size + LZ4F_compressBound(size, preferences)) &&
           count_output(output,
                        LZ4F_compressUpdate(context, output->data + output->size,
                                            output->capacity - output->size, data, size, NULL));
}

/* Each call makes blocks of all it is given: large parts are read where they are, and small ones
 * join into one block. */
static bool add_parts(LZ4F_cctx *context, const struct rk_compress_input *input,
                      const LZ4F_preferences_t *preferences, struct rk_scratch *work,
                      struct rk_scratch *output)
{
    work->size = 0;
    for (size_t i = 0; i < input->part_count; i++) {
        const struct iovec *part = &input->parts[i];
        bool is_small = part->iov_len < JOINED_MAX || input->size <= BLOCK_SIZE;
        if (work->size > 0 && (!is_small || work->size + part->iov_len > BLOCK_SIZE)) {
            if (!add(context, work->data, work->size, preferences, output))
                return false;
            work->size = 0;
        }
        if (!is_small || input->part_count == 1) {
            if (!add(context, part->iov_base, part->iov_len, preferences, output))
                return false;
        } else if (part->iov_len > 0) {
            memcpy(work->data + work->size, part->iov_base, part->iov_len);
            work->size += part->iov_len;
        }
    }
    return work->size == 0 || add(context, work->data, work->size, preferences, output);
}

static bool compress_frame(LZ4F_cctx *context, const struct rk_compress_input *input,
                           struct rk_scratch *work, struct rk_scratch *output)
{
    LZ4F_preferences_t preferences = {
        .frameInfo = {.blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockIndependent},
        .compressionLevel = RK_MIN(RK_MAX(input->level, 0), LEVEL_MAX),
        .autoFlush = 1,
    };
    if (!rk_scratch_reserve(work, BLOCK_SIZE) ||
        !rk_scratch_reserve(output,
                            HEADER_SIZE_MAX + LZ4F_compressBound(input->size, &preferences)) ||
        !count_output(output,
                      LZ4F_compressBegin(context, output->data, output->capacity, &preferences)))
        return false;
    if (input->magic == 0)
        output->data[output->size - 1] = old_checksum(output->data, output->size);
    return add_parts(context, input, &preferences, work, output) &&
           rk_scratch_reserve(output, output->size + LZ4F_compressBound(0, &preferences)) &&
           count_output(output, LZ4F_compressEnd(context, output->data + output->size,
                                                 output->capacity - output->size, NULL));
}

rd_kafka_resp_err_t rk_lz4_compress(struct rk_compressor *compressor,
                                    const struct rk_compress_input *input)
{
    if (!compressor->lz4 &&
        LZ4F_isError(LZ4F_createCompressionContext(&compressor->lz4, LZ4F_VERSION)))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    if (compress_frame(compressor->lz4, input, &compressor->work, &compressor->output))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rk_lz4_clear_compressor(compressor); /* It is in the middle of something. */
    return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

static bool is_frame(const uint8_t *data, size_t size)
{
    return size >= HEADER_SIZE_MIN && memcmp(data, frame_magic, MAGIC_SIZE) == 0;
}

/* Of a frame that is_frame. */
static size_t header_size(const uint8_t *data)
{
    return HEADER_SIZE_MIN + (data[MAGIC_SIZE] & FLAG_HAS_CONTENT_SIZE ? 8u : 0) +
           (data[MAGIC_SIZE] & FLAG_HAS_DICTIONARY ? 4u : 0);
}

size_t rk_lz4_claimed_size(const uint8_t *data, size_t size)
{
    if (!is_frame(data, size) || size < header_size(data) ||
        !(data[MAGIC_SIZE] & FLAG_HAS_CONTENT_SIZE))
        return 0;
    size_t claimed = 0;
    for (int i = 7; i >= 0; i--)
        claimed = claimed << 8 | data[MAGIC_SIZE + 2 + i];
    return claimed;
}

/* Lack of memory must not be taken for damage; the library tells them apart by name only. */
static rd_kafka_resp_err_t decoding_error(LZ4F_errorCode_t error)
{
    return strcmp(LZ4F_getErrorName(error), "ERROR_allocation_failed") == 0
               ? RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE
               : RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
}

/* Feeds one frame, or its header, to the decoder. *ended: it saw the end of the frame. */
static rd_kafka_resp_err_t decode(LZ4F_dctx *context, const uint8_t **at, const uint8_t *end,
                                  struct rk_scratch *output, size_t limit, bool *ended)
{
    *ended = false;
    for (;;) {
        uint8_t excess;
        if (output->size == output->capacity && output->size < limit &&
            !rk_scratch_grow(output, limit))
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        size_t room = RK_MIN(output->capacity, limit) - output->size;
        size_t written = room ? room : 1; /* At the limit only the end of the frame may follow. */
        size_t taken = (size_t)(end - *at);
        size_t result = LZ4F_decompress(context, room ? output->data + output->size : &excess,
                                        &written, *at, &taken, NULL);
        if (LZ4F_isError(result))
            return decoding_error(result);
        if (room == 0 && written > 0)
            return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
        *at += taken;
        output->size += written;
        *ended = result == 0;
        if (*ended || (taken == 0 && written == 0) || (*at == end && written < room))
            return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
}

static rd_kafka_resp_err_t decode_frame(LZ4F_dctx *context, const uint8_t **at, const uint8_t *end,
                                        struct rk_scratch *output, size_t limit)
{
    uint8_t header[HEADER_SIZE_MAX];
    size_t size = header_size(*at);
    bool ended = false;

    if (size > (size_t)(end - *at))
        return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    if ((*at)[size - 1] != right_checksum(*at, size) &&
        (*at)[size - 1] == old_checksum(*at, size)) {
        memcpy(header, *at, size);
        header[size - 1] = right_checksum(header, size);
        const uint8_t *header_at = header;
        rd_kafka_resp_err_t err = decode(context, &header_at, header + size, output, limit, &ended);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return err;
        *at += size;
    }
    rd_kafka_resp_err_t err = decode(context, at, end, output, limit, &ended);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && !ended)
        err = RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    return err;
}

/* Several frames in a row are one stream; bytes after them that do not begin another are passed
 * over, as Java does. */
rd_kafka_resp_err_t rk_lz4_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                      size_t size, struct rk_scratch *output, size_t limit)
{
    const uint8_t *at = data;
    const uint8_t *end = data + size;

    if (!is_frame(data, size))
        return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    if (!decompressor->lz4 &&
        LZ4F_isError(LZ4F_createDecompressionContext(&decompressor->lz4, LZ4F_VERSION)))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    if (!rk_scratch_reserve(output, RK_MIN(limit, 4 * RK_MIN(size, limit))))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;

    while (is_frame(at, (size_t)(end - at))) {
        rd_kafka_resp_err_t err = decode_frame(decompressor->lz4, &at, end, output, limit);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            /* The library's own reset forgets to forget the content size. */
            rk_lz4_clear_decompressor(decompressor);
            return err;
        }
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

#endif
