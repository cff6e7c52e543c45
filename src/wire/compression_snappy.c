/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snappy, in the framing of Java's snappy library ("xerial"), which is what Java clients write: a
 * header of 16 bytes, then chunks of {size of four bytes, one raw snappy block}. Read is the raw
 * form, too: one block without any framing.
 */
#include "wire/compression_codec.h"

#if RK_WITH_SNAPPY

#include <snappy-c.h>
#include <string.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "base/memory.h"

#define FRAME_HEADER_SIZE 16
#define CHUNK_HEADER_SIZE 4
#define CHUNK_INPUT_SIZE  65536 /* Snappy looks no further back than this. */

/* Of the compressor: a hash table of at most 64 KB, and room for a chunk's input and output. */
#define WORKING_MEMORY_SIZE (256u << 10)

/* No block gets larger than this, relative to its size: 64 bytes by a copy of three. */
#define EXPANSION_MAX 32

/* Magic, then version 1, readable since version 1. */
static const uint8_t frame_header[FRAME_HEADER_SIZE] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                        0,    0,   0,   1,   0,   0,   0,   1};
#define MAGIC_SIZE 8

/* Where reading the parts stands. */
struct part_position {
    size_t part;
    size_t used; /* Of this part. */
};

/* The next `size` bytes of the input in one piece: in place, or gathered in `work`. */
static const uint8_t *next_chunk(const struct rk_compress_input *input,
                                 struct part_position *position, uint8_t *work, size_t size)
{
    size_t gathered = 0;
    for (;;) {
        const struct iovec *part = &input->parts[position->part];
        size_t step = RK_MIN(part->iov_len - position->used, size - gathered);
        if (step > 0) {
            const uint8_t *at = (const uint8_t *)part->iov_base + position->used;
            position->used += step;
            if (step == size)
                return at;
            memcpy(work + gathered, at, step);
            gathered += step;
        }
        if (gathered == size)
            return work;
        position->part++;
        position->used = 0;
    }
}

/*
 * The library takes its working memory, less than this for a chunk, by C++'s `new`, which would end
 * the process when there is none. It is asked for the same just before: what was given and freed is
 * there a moment later, unless another thread takes the last there is.
 */
static bool has_working_memory(void)
{
    void *memory = rk_try_malloc(WORKING_MEMORY_SIZE);
    rk_free(memory);
    return memory != NULL;
}

rd_kafka_resp_err_t rk_snappy_compress(struct rk_compressor *compressor,
                                       const struct rk_compress_input *input)
{
    struct rk_scratch *output = &compressor->output;
    size_t chunk_max = RK_MIN(input->size, CHUNK_INPUT_SIZE);
    size_t chunk_count = (input->size + CHUNK_INPUT_SIZE - 1) / CHUNK_INPUT_SIZE;
    size_t chunk_room = CHUNK_HEADER_SIZE + snappy_max_compressed_length(chunk_max);
    struct part_position position = {0, 0};

    if (!rk_scratch_reserve(&compressor->work, chunk_max) ||
        !rk_scratch_reserve(output, FRAME_HEADER_SIZE + chunk_count * chunk_room))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    memcpy(output->data, frame_header, FRAME_HEADER_SIZE);
    output->size = FRAME_HEADER_SIZE;

    for (size_t left = input->size; left > 0;) {
        size_t size = RK_MIN(left, CHUNK_INPUT_SIZE);
        const uint8_t *chunk = next_chunk(input, &position, compressor->work.data, size);
        uint8_t *at = output->data + output->size;
        size_t written = output->capacity - output->size - CHUNK_HEADER_SIZE;
        if (!has_working_memory())
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        if (snappy_compress((const char *)chunk, size, (char *)at + CHUNK_HEADER_SIZE, &written) !=
            SNAPPY_OK)
            return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
        rk_store_be32(at, (int32_t)written);
        output->size += CHUNK_HEADER_SIZE + written;
        left -= size;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool is_framed(const uint8_t *data, size_t size)
{
    return size >= FRAME_HEADER_SIZE && memcmp(data, frame_header, MAGIC_SIZE) == 0;
}

/* The next raw block of a framed stream; false at its end, or with *block NULL when it is cut off.
 * A frame header may stand between chunks where streams were joined. */
static bool next_block(const uint8_t **at, const uint8_t *end, const uint8_t **block, size_t *size)
{
    *block = NULL;
    while (is_framed(*at, (size_t)(end - *at)))
        *at += FRAME_HEADER_SIZE;
    if (*at == end)
        return false;
    if (end - *at < CHUNK_HEADER_SIZE)
        return true;
    int32_t claimed = rk_load_be32(*at);
    *at += CHUNK_HEADER_SIZE;
    if (claimed < 0 || claimed > end - *at)
        return true;
    *block = *at;
    *size = (size_t)claimed;
    *at += claimed;
    return true;
}

/* Size of one raw block's output; SIZE_MAX when it cannot be. */
static size_t block_output_size(const uint8_t *block, size_t size)
{
    size_t claimed;
    if (!block || snappy_uncompressed_length((const char *)block, size, &claimed) != SNAPPY_OK ||
        claimed / EXPANSION_MAX > size)
        return SIZE_MAX;
    return claimed;
}

static rd_kafka_resp_err_t decompress_block(const uint8_t *block, size_t size,
                                            struct rk_scratch *output, size_t limit)
{
    size_t claimed = block_output_size(block, size);
    if (claimed == SIZE_MAX)
        return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    if (claimed > limit - output->size)
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    if (!rk_scratch_reserve(output, output->size + claimed))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    if (snappy_uncompress((const char *)block, size, (char *)output->data + output->size,
                          &claimed) != SNAPPY_OK)
        return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    output->size += claimed;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

size_t rk_snappy_claimed_size(const uint8_t *data, size_t size)
{
    const uint8_t *at = data;
    const uint8_t *block;
    size_t block_size = 0;
    size_t total = 0;

    if (!is_framed(data, size))
        return block_output_size(data, size);
    while (next_block(&at, data + size, &block, &block_size)) {
        size_t claimed = block_output_size(block, block_size);
        if (claimed == SIZE_MAX)
            return 0;
        total += claimed;
    }
    return total;
}

rd_kafka_resp_err_t rk_snappy_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                         size_t size, struct rk_scratch *output, size_t limit)
{
    const uint8_t *at = data;
    const uint8_t *block;
    size_t block_size = 0;

    (void)decompressor; /* Reading needs no memory of its own. */
    if (!is_framed(data, size))
        return decompress_block(data, size, output, limit);

    /* All at once: many small growths would cost more than looking twice. */
    size_t claimed = rk_snappy_claimed_size(data, size);
    if (!rk_scratch_reserve(output, RK_MIN(claimed, limit)))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    while (next_block(&at, data + size, &block, &block_size)) {
        rd_kafka_resp_err_t err = decompress_block(block, block_size, output, limit);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return err;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

#endif
