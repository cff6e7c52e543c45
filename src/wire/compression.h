/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codecs of record batches: gzip, snappy, lz4, zstd.
 *
 * A compressor and a decompressor belong to one thread each and keep their contexts and scratch
 * memory for the next batch. Output is bounded by the caller's limit, never by what the input
 * claims. Whatever the input or the memory does, the answer is an error value:
 *
 *     _NOT_IMPLEMENTED     the codec is unknown, or not in this build
 *     _BAD_COMPRESSION     the input is not what the codec writes
 *     MSG_SIZE_TOO_LARGE   more than `limit` bytes would come out
 *     _CRIT_SYS_RESOURCE   memory is out
 */
#ifndef RK_WIRE_COMPRESSION_H
#define RK_WIRE_COMPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "rdkafka.h"

#include "base/block.h"
#include "wire/record_batch.h"

/* As in a batch's attributes. */
enum rk_compression {
    RK_COMPRESSION_NONE = 0,
    RK_COMPRESSION_GZIP = 1,
    RK_COMPRESSION_SNAPPY = 2,
    RK_COMPRESSION_LZ4 = 3,
    RK_COMPRESSION_ZSTD = 4,
};

#define RK_COMPRESSION_LEVEL_DEFAULT (-1) /* The codec's own idea of it. */

/* "none", "gzip" ...; "unknown". */
const char *rk_compression_name(int codec);
/* Whether this build can read and write it; true for none. */
bool rk_compression_is_available(int codec);

struct rk_scratch {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint64_t growths; /* Of a guess that was too small; for statistics. */
};

struct z_stream_s;
struct LZ4F_cctx_s;
struct LZ4F_dctx_s;
struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

struct rk_compressor {
    struct rk_scratch output;
    struct rk_scratch work; /* Input in one piece. */
    struct z_stream_s *gzip;
    int gzip_level;
    struct LZ4F_cctx_s *lz4;
    struct ZSTD_CCtx_s *zstd;
};

/* Takes no memory before its first use. */
void rk_compressor_init(struct rk_compressor *compressor);
void rk_compressor_clear(struct rk_compressor *compressor);

/*
 * Compresses all parts into one stream, found in a new exact-size block behind `headroom` bytes for
 * the caller to fill (a batch header); codec none joins them. A level beyond a codec's range counts
 * as the nearest in it: gzip 0-9, lz4 0-12, zstd 1-22; snappy has none. `magic` is that of the set
 * it is for: LZ4 frames for magic 0 get the header checksum that old brokers expect. returns:
 * *block is a new reference.
 */
rd_kafka_resp_err_t rk_compress(struct rk_compressor *compressor, int codec, int level, int magic,
                                const struct iovec *parts, size_t part_count, size_t headroom,
                                struct rk_block **block);

struct rk_decompressor {
    struct rk_scratch output;
    struct z_stream_s *gzip;
    struct LZ4F_dctx_s *lz4;
    struct ZSTD_DCtx_s *zstd;
};

void rk_decompressor_init(struct rk_decompressor *decompressor);
void rk_decompressor_clear(struct rk_decompressor *decompressor);

/*
 * Decompresses into a new block of exactly the size that came out, at most `limit`.
 * returns: *block is a new reference.
 */
rd_kafka_resp_err_t rk_decompress(struct rk_decompressor *decompressor, int codec, const void *data,
                                  size_t size, size_t limit, struct rk_block **block);

/* The same into the decompressor's own memory: *output is valid until its next use. For what is
 * looked at at once, and for callers that put several small results into one block. */
rd_kafka_resp_err_t rk_decompress_scratch(struct rk_decompressor *decompressor, int codec,
                                          const void *data, size_t size, size_t limit,
                                          const uint8_t **output, size_t *output_size);

#endif
