/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over fetched batches: what is handed on, what is passed over, what is an error and where
 * the walk stands after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "consumer/fetch_records.h"
#include "wire/record_batch_writer.h"

static struct rk_fetch_walk walk;
static struct rk_decompressor decompressor;
static struct rk_compressor compressor;
static struct rk_message_part part;
static struct rk_fetch_error error;

/* The answer under construction. */
static uint8_t bytes[1 << 20];
static size_t size;

static int begin(void **state)
{
    (void)state;
    rk_decompressor_init(&decompressor);
    rk_compressor_init(&compressor);
    size = 0;
    walk = (struct rk_fetch_walk){.epoch = -1, .size_limit = 1 << 20, .checks_crcs = true};
    return 0;
}

static int end(void **state)
{
    (void)state;
    rk_fetch_walk_clear(&walk);
    rk_decompressor_clear(&decompressor);
    rk_compressor_clear(&compressor);
    return 0;
}

struct batch {
    int64_t base;
    int count;
    int32_t deltas; /* last_offset_delta + 1; 0: count. */
    int codec;
    int16_t attributes;
    int64_t producer_id;
    int control; /* 1: abort, 2: commit. */
    int value_size;
};

static void add(struct batch batch)
{
    static uint8_t records[1 << 16];
    static uint8_t value[4096];
    uint8_t *at = records;
    uint8_t key[4] = {0, 0, 0, (uint8_t)(batch.control - 1)};
    for (int i = 0; i < batch.count; i++) {
        int32_t key_size = batch.control ? 4 : -1;
        size_t body = rk_record_body_size(0, i, key_size, batch.value_size, 0);
        at = rk_record_write(at, body, 0, i, key, key_size, value, batch.value_size, NULL, 0);
    }
    struct iovec parts = {records, (size_t)(at - records)};
    struct rk_block *block = NULL;
    struct rk_record_batch_header header;
    rk_record_batch_header_init(&header);
    header.base_offset = batch.base;
    header.attributes = (int16_t)(batch.attributes | batch.codec);
    if (batch.control)
        header.attributes |= RK_RECORD_BATCH_CONTROL | RK_RECORD_BATCH_TRANSACTIONAL;
    header.producer_id = batch.producer_id;
    header.last_offset_delta = (batch.deltas ? batch.deltas : batch.count) - 1;
    header.record_count = batch.count;
    header.partition_leader_epoch = (int32_t)batch.base;
    if (batch.codec) {
        assert_int_equal(rk_compress(&compressor, batch.codec, -1, 2, &parts, 1, 0, &block), 0);
        parts = (struct iovec){block->data, block->size};
    }
    rk_record_batch_header_write(bytes + size, &header, &parts, 1);
    rk_store_be32(bytes + size + RK_RECORD_BATCH_AT_LEADER_EPOCH, header.partition_leader_epoch);
    size += RK_RECORD_BATCH_HEADER_SIZE;
    memcpy(bytes + size, parts.iov_base, parts.iov_len);
    size += parts.iov_len;
    rk_block_release(block);
}

static void start_with(int64_t offset, const struct rk_fetch_answer_aborted_transaction *aborted,
                       int count)
{
    struct rk_block *block = rk_block_try_new(size);
    memcpy(block->data, bytes, size);
    assert_true(rk_fetch_walk_start(&walk, block, block->data, size, aborted, count));
    rk_block_release(block);
    walk.offset = offset;
}

static void start(int64_t offset)
{
    start_with(offset, NULL, 0);
}

static enum rk_fetch_step next(bool may_decompress)
{
    return rk_fetch_walk_next(&walk, &decompressor, may_decompress, &part, &error);
}

/* A part with `count` records from `base` on. */
static void expect_part(int64_t base, int count)
{
    struct rk_record record;
    assert_int_equal(next(true), RK_FETCH_STEP_PART);
    assert_int_equal(part.records.left, count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(rk_record_read(&part.records, &record), RK_RECORD_FOUND);
        assert_int_equal(record.offset, base + i);
    }
    assert_int_equal(rk_record_read(&part.records, &record), RK_RECORD_END);
    assert_int_equal(part.leader_epoch, (int32_t)base);
    rk_block_release(part.block);
}

static void expect_error(rd_kafka_resp_err_t err, int64_t offset, int64_t next_offset)
{
    assert_int_equal(next(true), RK_FETCH_STEP_ERROR);
    assert_int_equal(error.err, err);
    assert_int_equal(error.offset, offset);
    assert_int_equal(walk.offset, next_offset);
}

static void expect_end(int64_t offset)
{
    assert_int_equal(next(true), RK_FETCH_STEP_END);
    assert_int_equal(walk.offset, offset);
}

static void test_plain_batches(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 3, .producer_id = -1});
    add((struct batch){.base = 3, .count = 2, .deltas = 7, .producer_id = -1});
    add((struct batch){.base = 12, .count = 1, .producer_id = -1});
    start(0);
    expect_part(0, 3);
    expect_part(3, 2);
    assert_int_equal(walk.offset, 10);
    expect_part(12, 1);
    assert_int_equal(walk.epoch, 12);
    expect_end(13);
}

static void test_batches_before_the_position(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 3, .producer_id = -1});
    add((struct batch){.base = 3, .count = 3, .producer_id = -1});
    start(4);
    expect_part(3, 3);
    expect_end(6);
}

/* Compaction leaves batches without records. */
static void test_empty_batches(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 0, .deltas = 5, .producer_id = -1});
    add((struct batch){.base = 5, .count = 0, .deltas = 5, .producer_id = -1});
    start(0);
    expect_end(10);
    assert_int_equal(walk.epoch, 5);
}

static void test_cut_off_at_any_byte(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 2, .producer_id = -1});
    size_t first = size;
    add((struct batch){.base = 2, .count = 2, .producer_id = -1});
    size_t whole = size;
    for (size = 1; size < whole; size++) {
        start(0);
        if (size < first) {
            assert_int_equal(next(true), RK_FETCH_STEP_TOO_LARGE);
            assert_true(walk.needed_size == 0 || walk.needed_size == first);
            continue;
        }
        expect_part(0, 2);
        expect_end(2);
    }
}

static void test_every_codec(void **state)
{
    (void)state;
    static const int codecs[] = {RK_COMPRESSION_GZIP, RK_COMPRESSION_SNAPPY, RK_COMPRESSION_LZ4,
                                 RK_COMPRESSION_ZSTD};
    int64_t offset = 0;
    for (size_t i = 0; i < RK_COUNT_OF(codecs); i++) {
        if (rk_compression_is_available(codecs[i])) {
            add((struct batch){.base = offset, .count = 3, .producer_id = -1, .codec = codecs[i]});
            add((struct batch){.base = offset + 3,
                               .count = 10,
                               .value_size = 4000,
                               .producer_id = -1,
                               .codec = codecs[i]});
            offset += 13;
        }
    }
    start(0);
    for (int64_t at = 0; at < offset; at += 13) {
        expect_part(at, 3);
        expect_part(at + 3, 10);
    }
    expect_end(offset);
}

/* Small batches decompressed share a block, which lives as long as any of them. */
static void test_small_ones_are_packed(void **state)
{
    (void)state;
    if (!rk_compression_is_available(RK_COMPRESSION_LZ4))
        skip();
    for (int i = 0; i < 20; i++)
        add((struct batch){.base = i, .count = 1, .producer_id = -1, .codec = RK_COMPRESSION_LZ4});
    start(0);
    struct rk_block *blocks[20];
    int different = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(next(true), RK_FETCH_STEP_PART);
        blocks[i] = part.block;
        different += i > 0 && blocks[i] != blocks[i - 1];
    }
    assert_int_equal(different, 0);
    rk_fetch_walk_clear(&walk);
    for (int i = 0; i < 20; i++)
        rk_block_release(blocks[i]);
}

static void test_without_room(void **state)
{
    (void)state;
    if (!rk_compression_is_available(RK_COMPRESSION_ZSTD))
        skip();
    add((struct batch){.base = 0, .count = 1, .producer_id = -1});
    add((struct batch){.base = 1, .count = 1, .producer_id = -1, .codec = RK_COMPRESSION_ZSTD});
    start(0);
    assert_int_equal(next(false), RK_FETCH_STEP_PART);
    rk_block_release(part.block);
    assert_int_equal(next(false), RK_FETCH_STEP_NO_ROOM);
    assert_int_equal(next(false), RK_FETCH_STEP_NO_ROOM);
    assert_int_equal(walk.offset, 1);
    expect_part(1, 1);
    expect_end(2);
}

static void test_control_batches(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 1, .control = 2, .producer_id = 1});
    add((struct batch){.base = 1, .count = 2, .producer_id = -1});
    add((struct batch){.base = 3, .count = 1, .control = 1, .producer_id = 1});
    start(0);
    expect_part(1, 2);
    expect_end(4);
}

#define TRANSACTIONAL RK_RECORD_BATCH_TRANSACTIONAL

static void add_transactions(void)
{
    add((struct batch){.base = 0, .count = 2, .attributes = TRANSACTIONAL, .producer_id = 1});
    add((struct batch){.base = 2, .count = 1, .attributes = TRANSACTIONAL, .producer_id = 2});
    add((struct batch){.base = 3, .count = 1, .control = 1, .producer_id = 1}); /* 1 aborts. */
    add((struct batch){.base = 4, .count = 1, .attributes = TRANSACTIONAL, .producer_id = 1});
    add((struct batch){.base = 5, .count = 1, .control = 2, .producer_id = 2}); /* 2 commits. */
    add((struct batch){.base = 6, .count = 1, .producer_id = 1}); /* Not transactional. */
    add((struct batch){.base = 7, .count = 1, .attributes = TRANSACTIONAL, .producer_id = 3});
    add((struct batch){.base = 8, .count = 1, .control = 1, .producer_id = 1}); /* 1 aborts. */
    add((struct batch){.base = 9, .count = 1, .control = 1, .producer_id = 1}); /* Again. */
    add((struct batch){.base = 10, .count = 1, .control = 1, .producer_id = 3});
}

static void test_aborted_transactions(void **state)
{
    (void)state;
    /* Not in order, as some brokers give them. */
    static const struct rk_fetch_answer_aborted_transaction aborted[] = {{3, 7}, {1, 4}, {1, 0}};
    add_transactions();
    start_with(0, aborted, 3);
    expect_part(2, 1);
    expect_part(6, 1);
    expect_end(11);
}

static void test_uncommitted_is_seen_when_asked_for(void **state)
{
    (void)state;
    add_transactions();
    start(0);
    expect_part(0, 2);
    expect_part(2, 1);
    expect_part(4, 1);
    expect_part(6, 1);
    expect_part(7, 1);
    expect_end(11);
}

/* The transaction began before the position. */
static void test_aborted_before_the_position(void **state)
{
    (void)state;
    static const struct rk_fetch_answer_aborted_transaction aborted[] = {{1, 0}};
    add((struct batch){.base = 5, .count = 2, .attributes = TRANSACTIONAL, .producer_id = 1});
    add((struct batch){.base = 7, .count = 1, .control = 1, .producer_id = 1});
    add((struct batch){.base = 8, .count = 2, .attributes = TRANSACTIONAL, .producer_id = 1});
    start_with(6, aborted, 1);
    expect_part(8, 2);
    expect_end(10);
}

/* As many as fit an answer, each of another producer: looked through in no time all the same. */
static void test_a_long_list_of_aborted(void **state)
{
    (void)state;
    enum { COUNT = 500000, BATCHES = 1000 };
    struct rk_fetch_answer_aborted_transaction *aborted = calloc(COUNT, sizeof(*aborted));
    for (int i = 0; i < COUNT; i++)
        aborted[i] = (struct rk_fetch_answer_aborted_transaction){COUNT - i, 0};
    for (int i = 0; i < BATCHES; i++)
        add((struct batch){
            .base = i, .count = 1, .attributes = TRANSACTIONAL, .producer_id = 2 * COUNT});
    add((struct batch){.base = BATCHES, .count = 1, .attributes = TRANSACTIONAL, .producer_id = 1});
    start_with(0, aborted, COUNT);
    for (int i = 0; i < BATCHES; i++)
        expect_part(i, 1);
    expect_end(BATCHES + 1);
    free(aborted);
}

/* Damage */

static void test_wrong_checksum(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 1, .producer_id = -1});
    size_t second = size;
    add((struct batch){.base = 1, .count = 3, .producer_id = -1});
    size_t third = size;
    add((struct batch){.base = 4, .count = 1, .producer_id = -1});
    bytes[third - 2] ^= 1;
    start(0);
    expect_part(0, 1);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 1, 4);
    assert_non_null(strstr(error.text, "checksum"));
    expect_part(4, 1);
    expect_end(5);
    /* Not looked at: the damage is in a value, or shows when the record is read. */
    walk.checks_crcs = false;
    start(0);
    expect_part(0, 1);
    assert_int_equal(next(true), RK_FETCH_STEP_PART);
    rk_block_release(part.block);
    expect_part(4, 1);
    (void)second;
}

static void test_header_that_contradicts_itself(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 2, .producer_id = -1});
    add((struct batch){.base = 2, .count = 1, .producer_id = -1});
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_RECORD_COUNT, 1000000);
    start(0);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 0, 2);
    expect_part(2, 1);
    /* An offset that cannot be: on to what follows. */
    rk_store_be64(bytes + RK_RECORD_BATCH_AT_BASE_OFFSET, INT64_MAX);
    start(0);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 0, 2);
    expect_part(2, 1);
    /* A size that cannot be: nothing behind it is known. */
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_LENGTH, -5);
    start(7);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 7, 8);
    expect_end(8);
}

/* Where it says it stands and ends is believed as far as the log goes, and what follows it. */
static void test_header_that_lies(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 2, .producer_id = -1});
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_RECORD_COUNT, 1000000);
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA, 1000000);
    start(0);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 0, 1000001); /* Nothing else is known. */
    walk.end_offset = 7;
    start(0);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 0, 7);
    rk_store_be64(bytes + RK_RECORD_BATCH_AT_BASE_OFFSET, 7);
    start(3);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 3, 4);
    rk_store_be64(bytes + RK_RECORD_BATCH_AT_BASE_OFFSET, 0);
    add((struct batch){.base = 5, .count = 2, .producer_id = -1});
    start(0);
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, 0, 5);
    expect_part(5, 2);
}

static void test_garbage_in_a_codec(void **state)
{
    (void)state;
    if (!rk_compression_is_available(RK_COMPRESSION_LZ4))
        skip();
    walk.checks_crcs = false;
    add((struct batch){.base = 0, .count = 2, .producer_id = -1, .codec = RK_COMPRESSION_LZ4});
    add((struct batch){.base = 2, .count = 2, .producer_id = -1});
    memset(bytes + RK_RECORD_BATCH_HEADER_SIZE, 0x5a, 8);
    start(0);
    expect_error(RD_KAFKA_RESP_ERR__BAD_COMPRESSION, 0, 2);
    expect_part(2, 2);
}

static void test_more_than_the_limit(void **state)
{
    (void)state;
    if (!rk_compression_is_available(RK_COMPRESSION_GZIP))
        skip();
    walk.size_limit = 1000;
    add((struct batch){.base = 0,
                       .count = 3,
                       .value_size = 1000,
                       .producer_id = -1,
                       .codec = RK_COMPRESSION_GZIP});
    start(0);
    expect_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 0, 3);
    expect_end(3);
}

/* Whatever one flipped bit makes of it: offsets never go back, the walk ends. */
static void test_any_flipped_bit(void **state)
{
    (void)state;
    add((struct batch){.base = 0, .count = 2, .producer_id = -1});
    add((struct batch){.base = 2, .count = 1, .control = 1, .producer_id = 1});
    int codec = rk_compression_is_available(RK_COMPRESSION_LZ4) ? RK_COMPRESSION_LZ4 : 0;
    add((struct batch){.base = 3, .count = 2, .producer_id = -1, .codec = codec});
    static const struct rk_fetch_answer_aborted_transaction aborted[] = {{1, 0}};
    for (size_t bit = 0; bit < size * 8; bit++) {
        walk.checks_crcs = bit & 1;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        start_with(0, aborted, 1);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int64_t before = 0;
        for (int steps = 0;; steps++) {
            assert_true(steps < 10);
            enum rk_fetch_step step = next(true);
            assert_true(walk.offset >= before);
            before = walk.offset;
            if (step == RK_FETCH_STEP_PART)
                rk_block_release(part.block);
            else if (step != RK_FETCH_STEP_ERROR)
                break;
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_plain_batches),
        TEST(test_batches_before_the_position),
        TEST(test_empty_batches),
        TEST(test_cut_off_at_any_byte),
        TEST(test_every_codec),
        TEST(test_small_ones_are_packed),
        TEST(test_without_room),
        TEST(test_control_batches),
        TEST(test_aborted_transactions),
        TEST(test_uncommitted_is_seen_when_asked_for),
        TEST(test_aborted_before_the_position),
        TEST(test_a_long_list_of_aborted),
        TEST(test_wrong_checksum),
        TEST(test_header_that_contradicts_itself),
        TEST(test_header_that_lies),
        TEST(test_garbage_in_a_codec),
        TEST(test_more_than_the_limit),
        TEST(test_any_flipped_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
