/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What compression.c asks of each codec's file. Private to these files.
 *
 * A codec appends to `output` and never beyond `limit` bytes in all; output->size is 0 when it
 * begins. Errors as in compression.h.
 */
#ifndef RK_WIRE_COMPRESSION_CODEC_H
#define RK_WIRE_COMPRESSION_CODEC_H

#include "wire/compression.h"

#if defined(__has_include)
#if __has_include("base/config.h")
#include "base/config.h"
#endif
#endif
#ifndef RK_WITH_ZLIB
#define RK_WITH_ZLIB 1
#endif
#ifndef RK_WITH_SNAPPY
#define RK_WITH_SNAPPY 1
#endif
#ifndef RK_WITH_LZ4
#define RK_WITH_LZ4 1
#endif
#ifndef RK_WITH_ZSTD
#define RK_WITH_ZSTD 1
#endif

/* What is to be compressed; at least one part, though it may be empty. */
struct rk_compress_input {
    const struct iovec *parts;
    size_t part_count;
    size_t size; /* Of all parts. */
    int level;
    int magic;
};

/* Room for `capacity` bytes in all, what is there is kept; false when memory is out. */
bool rk_scratch_reserve(struct rk_scratch *scratch, size_t capacity);
/* More room, at least doubled, but not beyond `limit`: false when memory is out. */
bool rk_scratch_grow(struct rk_scratch *scratch, size_t limit);

/* All parts one after the other; there is room for them. */
void rk_compress_join(uint8_t *at, const struct iovec *parts, size_t part_count);

rd_kafka_resp_err_t rk_gzip_compress(struct rk_compressor *compressor,
                                     const struct rk_compress_input *input);
rd_kafka_resp_err_t rk_gzip_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                       size_t size, struct rk_scratch *output, size_t limit);
/* What the input says its output's size is; 0 unknown. Only a hint. */
size_t rk_gzip_claimed_size(const uint8_t *data, size_t size);
void rk_gzip_clear_compressor(struct rk_compressor *compressor);
void rk_gzip_clear_decompressor(struct rk_decompressor *decompressor);

rd_kafka_resp_err_t rk_snappy_compress(struct rk_compressor *compressor,
                                       const struct rk_compress_input *input);
rd_kafka_resp_err_t rk_snappy_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                         size_t size, struct rk_scratch *output, size_t limit);
size_t rk_snappy_claimed_size(const uint8_t *data, size_t size);

rd_kafka_resp_err_t rk_lz4_compress(struct rk_compressor *compressor,
                                    const struct rk_compress_input *input);
rd_kafka_resp_err_t rk_lz4_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                      size_t size, struct rk_scratch *output, size_t limit);
size_t rk_lz4_claimed_size(const uint8_t *data, size_t size);
void rk_lz4_clear_compressor(struct rk_compressor *compressor);
void rk_lz4_clear_decompressor(struct rk_decompressor *decompressor);

rd_kafka_resp_err_t rk_zstd_compress(struct rk_compressor *compressor,
                                     const struct rk_compress_input *input);
rd_kafka_resp_err_t rk_zstd_decompress(struct rk_decompressor *decompressor, const uint8_t *data,
                                       size_t size, struct rk_scratch *output, size_t limit);
size_t rk_zstd_claimed_size(const uint8_t *data, size_t size);
void rk_zstd_clear_compressor(struct rk_compressor *compressor);
void rk_zstd_clear_decompressor(struct rk_decompressor *decompressor);

#endif
