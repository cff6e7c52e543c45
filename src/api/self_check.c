/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_unittest(): checks, on the machine it runs on and with the libraries it is linked with,
 * what these decide about: instructions chosen at run time, byte order, codecs, clocks.
 *
 * One line per check on standard output. Nothing here talks to a broker.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/varint.h"
#include "rdkafka.h"
#include "wire/compression.h"
#include "wire/record_batch_reader.h"
#include "wire/record_batch_writer.h"

static bool check_hashes(void)
{
    static const char digits[] = "123456789";
    return rk_crc32c(0, digits, 9) == 0xe3069283u && rk_crc32(0, digits, 9) == 0xcbf43926u &&
           rk_murmur2("abc", 3) == 0x1c94221bu && rk_fnv1a("abc", 3) == 0x1a47e90bu;
}

/* Long enough for every code path of the checksum, and for alignment to matter. */
static bool check_checksum_in_pieces(void)
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
    return whole == pieces;
}

/* Numbers around every change of size, of both signs. */
static bool check_varints(void)
{
    for (int bit = 0; bit < 64; bit++) {
        for (int around = -1; around <= 1; around++) {
            int64_t value = (int64_t)(((uint64_t)1 << bit) + (uint64_t)around), back = 0;
            uint8_t bytes[RK_VARLONG_SIZE_MAX];
            const uint8_t *end = rk_varlong_write(bytes, value);
            if ((size_t)(end - bytes) != rk_varlong_size(value) ||
                rk_varlong_read(bytes, end, &back) != end || back != value)
                return false;
        }
    }
    return true;
}

static bool check_codec(int codec)
{
    static const char text[] = "the same words again and again, the same words again and again";
    struct rk_compressor compressor;
    struct rk_decompressor decompressor;
    struct rk_block *small = NULL, *back = NULL;
    struct iovec part = {(void *)(uintptr_t)text, sizeof(text)};
    if (!rk_compression_is_available(codec))
        return true;
    rk_compressor_init(&compressor);
    rk_decompressor_init(&decompressor);
    bool is_fine = rk_compress(&compressor, codec, RK_COMPRESSION_LEVEL_DEFAULT, 2, &part, 1, 0,
                               &small) == RD_KAFKA_RESP_ERR_NO_ERROR &&
                   rk_decompress(&decompressor, codec, small->data, small->size, sizeof(text),
                                 &back) == RD_KAFKA_RESP_ERR_NO_ERROR &&
                   back->size == sizeof(text) && memcmp(back->data, text, sizeof(text)) == 0;
    rk_block_release(small);
    rk_block_release(back);
    rk_compressor_clear(&compressor);
    rk_decompressor_clear(&decompressor);
    return is_fine;
}

static bool check_codecs(void)
{
    for (int codec = RK_COMPRESSION_NONE; codec <= RK_COMPRESSION_ZSTD; codec++)
        if (!check_codec(codec))
            return false;
    return true;
}

enum { RECORDS = 3, BATCH_ROOM = 512, BASE_OFFSET = 1000, BASE_TIMESTAMP = 1700000000 };

static const char *const values[RECORDS] = {"first", "", NULL};

static int32_t size_of(const char *value)
{
    return value ? (int32_t)strlen(value) : -1;
}

/* Three records with a key and a header, a value, an empty one, and none. returns: its size */
static size_t write_batch(uint8_t batch[BATCH_ROOM])
{
    static const struct rk_record_header header = {
        .name = "name", .name_size = 4, .value_size = -1};
    uint8_t headers[32];
    size_t headers_size = rk_record_headers_size(&header, 1);
    rk_record_headers_write(headers, &header, 1);
    uint8_t *at = batch + RK_RECORD_BATCH_HEADER_SIZE;
    for (int i = 0; i < RECORDS; i++) {
        size_t body = rk_record_body_size(i * 1000, i, 3, size_of(values[i]), headers_size);
        at = rk_record_write(at, body, i * 1000, i, "key", 3, values[i], size_of(values[i]),
                             headers, headers_size);
    }
    struct rk_record_batch_header batch_header;
    rk_record_batch_header_init(&batch_header);
    batch_header.base_offset = BASE_OFFSET;
    batch_header.attributes = 0;
    batch_header.last_offset_delta = RECORDS - 1;
    batch_header.base_timestamp = BASE_TIMESTAMP;
    batch_header.max_timestamp = BASE_TIMESTAMP + (RECORDS - 1) * 1000;
    batch_header.record_count = RECORDS;
    struct iovec part = {batch + RK_RECORD_BATCH_HEADER_SIZE,
                         (size_t)(at - batch) - RK_RECORD_BATCH_HEADER_SIZE};
    rk_record_batch_header_write(batch, &batch_header, &part, 1);
    return (size_t)(at - batch);
}

static bool is_same_record(const struct rk_record *record, int i)
{
    return record->offset == BASE_OFFSET + i && record->timestamp == BASE_TIMESTAMP + i * 1000 &&
           record->key_size == 3 && memcmp(record->key, "key", 3) == 0 &&
           record->value_size == size_of(values[i]) &&
           (!values[i] || memcmp(record->value, values[i], strlen(values[i])) == 0) &&
           rk_record_headers_count(record->headers, (size_t)record->headers_size) == 1;
}

static bool check_record_batch(void)
{
    uint8_t bytes[BATCH_ROOM];
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    struct rk_record_cursor cursor;
    struct rk_record record;
    size_t size = write_batch(bytes);
    rk_record_batches_init(&batches, bytes, size);
    if (rk_record_batches_next(&batches, &batch) != RK_RECORD_BATCH_FOUND ||
        rk_record_batch_check_crc(&batch) ||
        rk_record_cursor_init(&cursor, &batch.header, batch.records, batch.records_size))
        return false;
    for (int i = 0; i < RECORDS; i++)
        if (rk_record_read(&cursor, &record) != RK_RECORD_FOUND || !is_same_record(&record, i))
            return false;
    if (rk_record_read(&cursor, &record) != RK_RECORD_END)
        return false;
    bytes[size - 1] ^= 1; /* Now the checksum has to be wrong. */
    return rk_record_batch_check_crc(&batch) == RD_KAFKA_RESP_ERR__BAD_MSG;
}

static bool check_clock(void)
{
    uint64_t before_us = rk_clock_now_us();
    for (int i = 0; i < 100000; i++) {
        uint64_t now_us = rk_clock_now_us();
        if (now_us < before_us)
            return false;
        before_us = now_us;
    }
    return true;
}

int rd_kafka_unittest(void)
{
    static const struct {
        const char *name;
        bool (*check)(void);
    } checks[] = {
        {"hashes", check_hashes},
        {"checksum in pieces", check_checksum_in_pieces},
        {"variable-length integers", check_varints},
        {"codecs", check_codecs},
        {"record batches", check_record_batch},
        {"clock", check_clock},
    };
    int failures = 0;
    for (size_t i = 0; i < RK_COUNT_OF(checks); i++) {
        bool is_fine = checks[i].check();
        fprintf(stdout, "%s: %s\n", checks[i].name, is_fine ? "ok" : "FAILED");
        failures += !is_fine;
    }
    return failures;
}
