/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a partition: offsets, limits, look-ups by offset, time and epoch. */
#include "client.h"

#include "base/assert.h"
#include "mock/mock_log.h"

static void append(struct rk_mock_log *log, const struct batch *batch, int64_t offset)
{
    struct rk_record_batches batches;
    struct rk_record_batch found;
    rk_record_batches_init(&batches, batch->bytes, batch->size);
    assert_int_equal(rk_record_batches_next(&batches, &found), RK_RECORD_BATCH_FOUND);
    assert_int_equal(rk_mock_log_append(log, &found), offset);
}

static void test_offsets_and_epochs_are_written_in(void **state)
{
    struct rk_mock_log log = {0};
    struct batch batch = make_batch(3);
    (void)state;
    rk_mock_log_begin_epoch(&log, 0);
    append(&log, &batch, 0);
    append(&log, &batch, 3);
    rk_mock_log_begin_epoch(&log, 1);
    rk_mock_log_begin_epoch(&log, 2); /* Epoch 1 took nothing. */
    append(&log, &batch, 6);
    const struct rk_mock_batch *last = rk_mock_log_at(&log, 2);
    struct rk_record_batch_header header;
    assert_int_equal(rk_record_batch_header_parse(&header, last->block->data, last->block->size),
                     0);
    assert_int_equal(header.base_offset, 6);
    assert_int_equal(header.partition_leader_epoch, 2);
    assert_int_equal(last->next_offset, 9);
    assert_int_equal(log.end_offset, 9);

    assert_int_equal(rk_mock_log_epoch_of(&log, 0), 0);
    assert_int_equal(rk_mock_log_epoch_of(&log, 5), 0);
    assert_int_equal(rk_mock_log_epoch_of(&log, 6), 2);
    assert_int_equal(rk_mock_log_epoch_of(&log, 9), 2);

    static const struct {
        int32_t asked, epoch;
        int64_t end;
    } cases[] = {{0, 0, 6}, {1, 0, 6}, {2, 2, 9}, {3, -1, -1}, {-1, -1, -1}};
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        int32_t epoch;
        int64_t end;
        rk_mock_log_find_epoch_end(&log, cases[i].asked, &epoch, &end);
        assert_int_equal(epoch, cases[i].epoch);
        assert_int_equal(end, cases[i].end);
    }
    rk_mock_log_clear(&log);
}

static void test_find_by_offset(void **state)
{
    struct rk_mock_log log = {0};
    struct batch batch = make_batch(10);
    (void)state;
    assert_int_equal(rk_mock_log_find(&log, 0), 0);
    for (int i = 0; i < 50; i++)
        append(&log, &batch, i * 10);
    assert_int_equal(rk_mock_log_find(&log, 0), 0);
    assert_int_equal(rk_mock_log_find(&log, 9), 0);
    assert_int_equal(rk_mock_log_find(&log, 10), 1);
    assert_int_equal(rk_mock_log_find(&log, 499), 49);
    assert_int_equal(rk_mock_log_find(&log, 500), 50);
    assert_int_equal(rk_mock_log_size_from(&log, 489), 2 * batch.size);
    assert_int_equal(rk_mock_log_size_from(&log, 500), 0);

    rk_mock_log_delete_before(&log, 25);
    assert_int_equal(log.start_offset, 25);
    assert_int_equal(log.count, 48);
    assert_int_equal(rk_mock_log_find(&log, 25), 0);
    assert_int_equal(rk_mock_log_find(&log, 30), 1);
    rk_mock_log_delete_before(&log, 10); /* Not backwards. */
    assert_int_equal(log.start_offset, 25);
    rk_mock_log_delete_before(&log, 500);
    assert_int_equal(log.start_offset, 500);
    assert_int_equal(log.count, 0);
    append(&log, &batch, 500);
    assert_int_equal(rk_mock_log_find(&log, 505), 0);
    rk_mock_log_clear(&log);
}

static void test_the_oldest_goes(void **state)
{
    struct rk_mock_log log = {0};
    struct batch batch = make_batch(300);
    (void)state;
    int count = (int)(2 * RK_MOCK_LOG_SIZE_MAX / batch.size);
    for (int i = 0; i < count; i++)
        append(&log, &batch, i * 300);
    assert_int_equal(log.count, RK_MOCK_LOG_SIZE_MAX / batch.size);
    assert_int_equal(log.end_offset, count * 300);
    assert_int_equal(log.start_offset, log.end_offset - (int64_t)log.count * 300);
    rk_mock_log_clear(&log);

    batch = make_batch(1);
    log = (struct rk_mock_log){0};
    for (int i = 0; i < 3 * RK_MOCK_LOG_COUNT_MAX / 2; i++)
        append(&log, &batch, i);
    assert_true(log.count <= RK_MOCK_LOG_COUNT_MAX);
    assert_true(log.end_position - rk_mock_log_at(&log, 0)->position <= RK_MOCK_LOG_SIZE_MAX);
    assert_int_equal(log.end_offset - log.start_offset, log.count);
    rk_mock_log_clear(&log);
}

static struct rk_mock_log_place find_time(struct rk_mock_log *log, int64_t timestamp)
{
    struct rk_decompressor decompressor;
    rk_decompressor_init(&decompressor);
    struct rk_mock_log_place place = rk_mock_log_find_time(log, timestamp, &decompressor);
    rk_decompressor_clear(&decompressor);
    return place;
}

static void test_find_by_time(void **state)
{
    struct rk_mock_log log = {0};
    struct rk_decompressor decompressor;
    struct batch batch = make_batch(10);
    (void)state;
    rk_decompressor_init(&decompressor);
    assert_int_equal(find_time(&log, 0).offset, -1);
    assert_int_equal(rk_mock_log_find_newest(&log, &decompressor).offset, -1);

    append(&log, &batch, 0);
    batch.header.base_timestamp += 1000;
    batch.header.max_timestamp += 1000;
    seal_batch(&batch);
    append(&log, &batch, 10);
    assert_int_equal(find_time(&log, 0).offset, 0);
    assert_int_equal(find_time(&log, BATCH_TIME + 4).offset, 4);
    assert_int_equal(find_time(&log, BATCH_TIME + 4).timestamp, BATCH_TIME + 4);
    assert_int_equal(find_time(&log, BATCH_TIME + 500).offset, 10);
    assert_int_equal(find_time(&log, BATCH_TIME + 1009).offset, 19);
    assert_int_equal(find_time(&log, BATCH_TIME + 1010).offset, -1);
    assert_int_equal(rk_mock_log_find_newest(&log, &decompressor).offset, 19);
    rk_mock_log_delete_before(&log, 6);
    assert_int_equal(find_time(&log, BATCH_TIME + 4).offset, 6);
    rk_decompressor_clear(&decompressor);
    rk_mock_log_clear(&log);
}

static void test_find_by_time_in_a_compressed_batch(void **state)
{
    struct rk_mock_log log = {0};
    struct batch plain = make_batch(100), packed = plain;
    struct rk_compressor compressor;
    struct rk_block *block;
    struct iovec part = {plain.bytes + RK_RECORD_BATCH_HEADER_SIZE,
                         plain.size - RK_RECORD_BATCH_HEADER_SIZE};
    (void)state;
    rk_compressor_init(&compressor);
    for (int codec = RK_COMPRESSION_GZIP; codec <= RK_COMPRESSION_ZSTD; codec++) {
        if (!rk_compression_is_available(codec))
            continue;
        assert_int_equal(
            rk_compress(&compressor, codec, RK_COMPRESSION_LEVEL_DEFAULT, 2, &part, 1, 0, &block),
            0);
        memcpy(packed.bytes + RK_RECORD_BATCH_HEADER_SIZE, block->data, block->size);
        packed.size = RK_RECORD_BATCH_HEADER_SIZE + block->size;
        rk_block_release(block);
        packed.header.attributes = (int16_t)codec;
        seal_batch(&packed);
        append(&log, &packed, 0);
        assert_int_equal(find_time(&log, BATCH_TIME + 42).offset, 42);

        rk_mock_log_clear(&log); /* What cannot be read counts from its beginning. */
        memset(packed.bytes + RK_RECORD_BATCH_HEADER_SIZE, 0xee, 20);
        seal_batch(&packed);
        append(&log, &packed, 0);
        assert_int_equal(find_time(&log, BATCH_TIME + 42).offset, 0);
        rk_mock_log_clear(&log);
    }
    rk_compressor_clear(&compressor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets_and_epochs_are_written_in),
        cmocka_unit_test(test_find_by_offset),
        cmocka_unit_test(test_the_oldest_goes),
        cmocka_unit_test(test_find_by_time),
        cmocka_unit_test(test_find_by_time_in_a_compressed_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
