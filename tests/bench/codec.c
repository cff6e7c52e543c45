/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the codecs alone cost: the values of the benchmark client, compressed and decompressed with
 * nothing around them.
 *
 *   codec [value size]
 *
 * Prints nanoseconds of CPU per message: one line of JSON, a member per codec and direction.
 */
#include "payload.h"

#include <lz4frame.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zstd.h>

enum {
    SIZE = 16 * 1000 * 1000, /* Of all values together. */
    LZ4_BLOCK = 1000 * 1000, /* As large as the batches that are produced: batch.size, */
    ZSTD_BLOCK = 128 * 1024, /* which zstd is given in smaller pieces. */
    FETCHED_BLOCK = 128 * 1024,
    ZSTD_LEVEL = 3,
    REPETITIONS = 5,
};

struct work {
    const char *values;
    size_t value_size, block_size;
    char *packed;
    size_t *packed_sizes;
    char *unpacked;
    ZSTD_CCtx *zstd;
    ZSTD_DCtx *unzstd;
    LZ4F_dctx *unlz4;
};

static void *get_memory(size_t size)
{
    void *memory = malloc(size);

    if (!memory)
        abort();
    return memory;
}

static size_t bound_of(size_t size)
{
    size_t lz4 = LZ4F_compressFrameBound(size, NULL), zstd = ZSTD_compressBound(size);

    return lz4 > zstd ? lz4 : zstd;
}

static size_t pack_lz4(struct work *work, char *to, size_t room, const char *from, size_t size)
{
    (void)work;
    return LZ4F_compressFrame(to, room, from, size, NULL);
}

static size_t pack_zstd(struct work *work, char *to, size_t room, const char *from, size_t size)
{
    return ZSTD_compressCCtx(work->zstd, to, room, from, size, ZSTD_LEVEL);
}

static size_t unpack_lz4(struct work *work, char *to, size_t room, const char *from, size_t size)
{
    size_t written = room, read = size;

    LZ4F_decompress(work->unlz4, to, &written, from, &read, NULL);
    return written;
}

static size_t unpack_zstd(struct work *work, char *to, size_t room, const char *from, size_t size)
{
    return ZSTD_decompressDCtx(work->unzstd, to, room, from, size);
}

typedef size_t codec_function(struct work *work, char *to, size_t room, const char *from,
                              size_t size);

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void pack_all(struct work *work, codec_function *pack)
{
    size_t bound = bound_of(work->block_size);

    for (size_t block = 0; block < SIZE / work->block_size; block++)
        work->packed_sizes[block] = pack(work, work->packed + block * bound, bound,
                                         work->values + block * work->block_size, work->block_size);
}

static void unpack_all(struct work *work, codec_function *unpack)
{
    size_t bound = bound_of(work->block_size);

    for (size_t block = 0; block < SIZE / work->block_size; block++)
        unpack(work, work->unpacked, work->block_size, work->packed + block * bound,
               work->packed_sizes[block]);
}

/* The shortest of some repetitions, per message. */
static double measure(struct work *work, void (*run)(struct work *, codec_function *),
                      codec_function *function)
{
    double best = 0;

    for (int repetition = 0; repetition < REPETITIONS; repetition++) {
        double started = cpu_ns();

        run(work, function);
        if (repetition == 0 || cpu_ns() - started < best)
            best = cpu_ns() - started;
    }
    return best * (double)work->value_size / (double)(SIZE / work->block_size * work->block_size);
}

static void set_block_size(struct work *work, size_t block_size)
{
    size_t count = SIZE / block_size;

    free(work->packed);
    free(work->packed_sizes);
    free(work->unpacked);
    work->block_size = block_size;
    work->packed = get_memory(count * bound_of(block_size));
    work->packed_sizes = get_memory(count * sizeof(*work->packed_sizes));
    work->unpacked = get_memory(block_size);
}

int main(int argc, char **argv)
{
    struct work work = {.value_size = argc > 1 ? strtoul(argv[1], NULL, 10) : 100};
    char *values = get_memory(SIZE + work.value_size);
    double lz4, zstd, unlz4, unzstd;

    for (size_t index = 0; index < SIZE / work.value_size; index++)
        bench_payload_fill(values + index * work.value_size, work.value_size, index);
    work.values = values;
    work.zstd = ZSTD_createCCtx();
    work.unzstd = ZSTD_createDCtx();
    LZ4F_createDecompressionContext(&work.unlz4, LZ4F_VERSION);
    set_block_size(&work, LZ4_BLOCK);
    lz4 = measure(&work, pack_all, pack_lz4);
    set_block_size(&work, ZSTD_BLOCK);
    zstd = measure(&work, pack_all, pack_zstd);
    set_block_size(&work, FETCHED_BLOCK);
    pack_all(&work, pack_lz4);
    unlz4 = measure(&work, unpack_all, unpack_lz4);
    pack_all(&work, pack_zstd);
    unzstd = measure(&work, unpack_all, unpack_zstd);
    printf("{\"produce_lz4_ns\":%.1f,\"produce_zstd_ns\":%.1f,\"consume_lz4_ns\":%.1f"
           ",\"consume_zstd_ns\":%.1f}\n",
           lz4, zstd, unlz4, unzstd);
    LZ4F_freeDecompressionContext(work.unlz4);
    ZSTD_freeDCtx(work.unzstd);
    ZSTD_freeCCtx(work.zstd);
    free(work.packed);
    free(work.packed_sizes);
    free(work.unpacked);
    free(values);
    return 0;
}
