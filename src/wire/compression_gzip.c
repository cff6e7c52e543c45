/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/compression_codec.h"

#if RK_WITH_ZLIB

#include <zlib.h>

#include "base/assert.h"
#include "base/memory.h"

#define WINDOW_BITS  15
#define WRITE_GZIP   16 /* Added to the bits: a gzip header and trailer around the stream. */
#define READ_ANY     32 /* Added to the bits: gzip or zlib, whichever it is. */
#define MEMORY_LEVEL 8

static void *allocate(void *opaque, uInt count, uInt size)
{
    (void)opaque;
    return rk_try_calloc(count, size);
}

static void release(void *opaque, void *memory)
{
    (void)opaque;
    rk_free(memory);
}

static z_stream *new_stream(void)
{
    z_stream *stream = rk_try_calloc(1, sizeof(*stream));
    if (stream) {
        stream->zalloc = allocate;
        stream->zfree = release;
    }
    return stream;
}

void rk_gzip_clear_compressor(struct rk_compressor *compressor)
{
    if (compressor->gzip) {
        deflateEnd(compressor->gzip);
        rk_free(compressor->gzip);
        compressor->gzip = NULL;
    }
}

void rk_gzip_clear_decompressor(struct rk_decompressor *decompressor)
{
    if (decompressor->gzip) {
        inflateEnd(decompressor->gzip);
        rk_free(decompressor->gzip);
        decompressor->gzip = NULL;
    }
}

static bool prepare_deflate(struct rk_compressor *compressor, int level)
{
    if (level < 0 || level > Z_BEST_COMPRESSION)
        level = level < 0 ? Z_DEFAULT_COMPRESSION : Z_BEST_COMPRESSION;
    if (compressor->gzip && compressor->gzip_level == level)
        return deflateReset(compressor->gzip) == Z_OK;

    rk_gzip_clear_compressor(compressor);
    z_stream *stream = new_stream();
    if (!stream)
        return false;
    if (deflateInit2(stream, level, Z_DEFLATED, WINDOW_BITS + WRITE_GZIP, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        rk_free(stream);
        return false;
    }
    compressor->gzip = stream;
    compressor->gzip_level = level;
    return true;
}

/* Takes all of stream->next_in; with Z_FINISH also writes all there is to write. */
static bool deflate_part(z_stream *stream, int flush, struct rk_scratch *output)
{
    for (;;) {
        stream->next_out = output->data + output->size;
        stream->avail_out = (uInt)(output->capacity - output->size);
        int result = deflate(stream, flush);
        output->size = output->capacity - stream->avail_out;
        if (result == Z_STREAM_END || (flush == Z_NO_FLUSH && stream->avail_in == 0))
            return true;
        if (!rk_scratch_grow(output, SIZE_MAX))
            return false;
    }
}

rd_kafka_resp_err_t rk_gzip_compress(struct rk_compressor *compressor,
                                     const struct rk_compress_input *input)
{
    struct rk_scratch *output = &compressor->output;
    if (!prepare_deflate(compressor, input->level))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    z_stream *stream = compressor->gzip;
    if (!rk_scratch_reserve(output, deflateBound(stream, input->size)))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;

    for (size_t i = 0; i < input->part_count; i++) {
        stream->next_in = input->parts[i].iov_base;
        stream->avail_in = (uInt)input->parts[i].iov_len;
        if (stream->avail_in > 0 && !deflate_part(stream, Z_NO_FLUSH, output))
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    }
    return deflate_part(stream, Z_FINISH, output) ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                  : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

size_t rk_gzip_claimed_size(const uint8_t *data, size_t size)
{
    if (size < 18)
        return 0;
    const uint8_t *at = data + size - 4; /* Little-endian, of the last member. */
    return (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

static bool prepare_inflate(struct rk_decompressor *decompressor)
{
    if (decompressor->gzip)
        return inflateReset(decompressor->gzip) == Z_OK;
    z_stream *stream = new_stream();
    if (!stream)
        return false;
    if (inflateInit2(stream, WINDOW_BITS + READ_ANY) != Z_OK) {
        rk_free(stream);
        return false;
    }
    decompressor->gzip = stream;
    return true;
}

/* One member, to its end. */
static rd_kafka_resp_err_t inflate_member(z_stream *stream, struct rk_scratch *output, size_t limit)
{
    for (;;) {
        uint8_t excess;
        if (output->size == output->capacity && output->size < limit &&
            !rk_scratch_grow(output, limit))
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        size_t room = RK_MIN(output->capacity, limit) - output->size;
        /* At the limit only the trailer may follow. */
        stream->next_out = room ? output->data + output->size : &excess;
        stream->avail_out = room ? (uInt)room : 1;
        uInt before = stream->avail_out;
        int result = inflate(stream, Z_NO_FLUSH);
        uInt written = before - stream->avail_out;
        if (room == 0 && written > 0)
            return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
        output->size += written;
        if (result == Z_STREAM_END)
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        if (result == Z_MEM_ERROR)
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        if (result != Z_OK || (written < before && stream->avail_in == 0))
            return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    }
}

/* Several members in a row are one stream; bytes after them that do not begin another are passed
 * over, as Java does. */
rd_kafka_resp_err_t rk_gzip_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                       size_t size, struct rk_scratch *output, size_t limit)
{
    if (!prepare_inflate(decompressor) ||
        !rk_scratch_reserve(output, RK_MIN(limit, 4 * RK_MIN(size, limit))))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    z_stream *stream = decompressor->gzip;
    union {
        const uint8_t *given;
        Bytef *taken; /* zlib only reads it. */
    } in = {data};
    stream->next_in = in.taken;
    stream->avail_in = (uInt)size;
    for (;;) {
        rd_kafka_resp_err_t err = inflate_member(stream, output, limit);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR || stream->avail_in < 2 ||
            stream->next_in[0] != 0x1f || stream->next_in[1] != 0x8b)
            return err;
        if (inflateReset(stream) != Z_OK)
            return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    }
}

#endif
