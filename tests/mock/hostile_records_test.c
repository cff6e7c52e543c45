/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bad data on a broker's disk: one batch of partition 0 cannot be read. An error says exactly
 * where, the records before and behind it come, and so do other partitions, of the same broker and
 * of others. Memory stays within the limits, whatever a batch unpacks to.
 */
#include <regex.h>

#include "support/hostile_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "base/memory.h"
#include "support/hostile_batches.h"
#include "support/memory_peak.h"

enum {
    EACH = 5, /* Records of a batch. */
    BAD = 5,  /* The bad batch begins there. */
    BEHIND = BAD + EACH,
    RECORDS = 3 * EACH,
    LIMIT = 1000000, /* receive.message.max.bytes */
    MEGABYTE = 1 << 20,
};

static struct hostile_fixture fixture;

/* What broker 1 says is in partition 0. */
static struct hostile_log disk;

static enum liar_fate tell_disk(struct liar_answer *answer, void *opaque)
{
    (void)opaque;
    if (answer->api->key == RK_API_FETCH && answer->broker == 1)
        hostile_log_serve(&disk, answer, 0);
    return LIAR_TELL;
}

static int begin(void **state)
{
    (void)state;
    hostile_init(&fixture, 2);
    hostile_add_topic(&fixture, "t", 3);
    consume_fill_all(&fixture.base, "t", 3, RECORDS);
    hostile_log_init(&disk);
    liar_set_hook(fixture.liar, tell_disk, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    hostile_end(&fixture);
    hostile_log_clear(&disk);
    return 0;
}

static void start(const char *check_crcs)
{
    hostile_start(&fixture, RD_KAFKA_CONSUMER, "receive.message.max.bytes", "1000000",
                  "fetch.max.bytes", "900000", "message.max.bytes", "900000",
                  "queued.max.messages.kbytes", "1024", "check.crcs", check_crcs, NULL);
}

/* The same three batches each time, the second one spoiled. */
static void write_disk(void (*spoil)(struct hostile_batch *batch, int variant), int variant)
{
    hostile_log_lock(&disk);
    hostile_log_reset(&disk);
    for (int i = 0; i < 3; i++) {
        struct hostile_batch *batch = hostile_log_add(&disk, "t", 0, i * EACH, EACH);
        if (i * EACH == BAD)
            spoil(batch, variant);
    }
    hostile_log_unlock(&disk);
}

static void assign_all(void)
{
    memset(fixture.next, 0, sizeof(fixture.next));
    fixture.error_count = 0;
    fixture.gap_from = BAD;
    fixture.gap_to = BEHIND;
    consume_assign(&fixture.base, "t", 3, 0);
}

static void expect_others(void)
{
    hostile_expect_consumed(&fixture, 1, RECORDS);
    hostile_expect_consumed(&fixture, 2, RECORDS);
}

/* With which broker, at which attempt, and since when. */
static void expect_whole(const char *text)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex,
                             "^t \\[0\\]: .* \\(127\\.0\\.0\\.1:[0-9]+/[0-9]+, attempt 1 within "
                             "[0-9]+ms\\)$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    int differs = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    if (differs)
        fail_msg("not whole: %s", text);
}

/* Errors of partition 0 only, the first one exactly there and not more than one per offset. */
static void expect_told(rd_kafka_resp_err_t err, const char *part, const char *what, int variant)
{
    assign_all();
    expect_others();
    hostile_expect_consumed(&fixture, 0, RECORDS);
    const struct hostile_error *error = &fixture.errors[0];
    if (fixture.error_count == 0 || error->err != err || error->offset != BAD ||
        !strstr(error->text, part))
        fail_msg("%s %d: %d errors, the first %s at %lld: %s", what, variant, fixture.error_count,
                 rd_kafka_err2name(error->err), (long long)error->offset, error->text);
    assert_in_range(fixture.error_count, 1, EACH);
    for (int i = 0; i < fixture.error_count; i++) {
        expect_whole(fixture.errors[i].text);
        assert_int_equal(fixture.errors[i].partition, 0);
        assert_in_range(fixture.errors[i].offset, BAD, BEHIND - 1);
    }
}

/* Ways to spoil a batch */

static void leave(struct hostile_batch *batch, int variant)
{
    (void)batch;
    (void)variant;
}

/* One bit of each byte that the checksum covers, here and there. */
static void flip(struct hostile_batch *batch, int variant)
{
    batch->bytes[RK_RECORD_BATCH_HEADER_SIZE + 3 + 7 * variant] ^= 0x10;
}

static void wrong_crc(struct hostile_batch *batch, int variant)
{
    batch->bytes[RK_RECORD_BATCH_AT_CRC + variant] ^= 1;
}

static void unknown_codec(struct hostile_batch *batch, int variant)
{
    rk_store_be16(batch->bytes + RK_RECORD_BATCH_AT_ATTRIBUTES, (int16_t)(5 + variant));
    hostile_batch_seal(batch);
}

static void garbage_in_codec(struct hostile_batch *batch, int variant)
{
    uint8_t garbage[200];
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(i * 37 + 11);
    hostile_batch_replace(batch, 1 + variant, garbage, sizeof(garbage));
}

static void cut_in_codec(struct hostile_batch *batch, int variant)
{
    hostile_batch_compress(batch, 1 + variant);
    hostile_batch_replace(batch, 1 + variant, batch->bytes + RK_RECORD_BATCH_HEADER_SIZE,
                          batch->size - RK_RECORD_BATCH_HEADER_SIZE - 4);
}

static void header_that_lies(struct hostile_batch *batch, int variant)
{
    static const struct {
        int32_t record_count, last_offset_delta;
    } lies[] = {{INT32_MAX, INT32_MAX}, {-1, 4}, {INT32_MIN, 4},    {5, 3}, {5, -1},
                {5, INT32_MIN},         {6, 4},  {1000000, 1000000}};
    uint8_t *bytes = batch->bytes;
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_RECORD_COUNT, lies[variant].record_count);
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA, lies[variant].last_offset_delta);
    hostile_batch_seal(batch);
}

/* More and fewer records than there are, which only reading them shows. */
static void count_that_lies(struct hostile_batch *batch, int variant)
{
    uint8_t *bytes = batch->bytes;
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_RECORD_COUNT, EACH + (variant ? 1 : -1));
    rk_store_be32(bytes + RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA, EACH - 1 + variant);
    hostile_batch_seal(batch);
}

static void impossible_base(struct hostile_batch *batch, int variant)
{
    rk_store_be64(batch->bytes, variant ? INT64_MAX - 1 : -5);
}

static void unknown_magic(struct hostile_batch *batch, int variant)
{
    static const uint8_t magics[] = {3, 127, 0xff};
    batch->bytes[RK_RECORD_BATCH_AT_MAGIC] = magics[variant];
}

static void wrong_length(struct hostile_batch *batch, int variant)
{
    static const int32_t lengths[] = {-1, 0, INT32_MIN, 48, 1};
    rk_store_be32(batch->bytes + RK_RECORD_BATCH_AT_LENGTH, lengths[variant]);
}

static void length_beyond_the_limit(struct hostile_batch *batch, int variant)
{
    (void)variant;
    rk_store_be32(batch->bytes + RK_RECORD_BATCH_AT_LENGTH, INT32_MAX);
}

/* The first record's own length, then those of its key and value, then how many headers it has. */
static void record_that_lies(struct hostile_batch *batch, int variant)
{
    static const uint8_t lies[][2] = {{0, 0x7e}, {0, 0x01}, {4, 0x7e}, {5, 0x7f}, {3, 0x7e}};
    batch->bytes[RK_RECORD_BATCH_HEADER_SIZE + lies[variant][0]] = lies[variant][1];
    hostile_batch_seal(batch);
}

static void bomb(struct hostile_batch *batch, int variant)
{
    hostile_batch_bomb(batch, 1 + variant, 16 * MEGABYTE);
}

/* A gigabyte of zeros in 32 KB: eight thousand blocks that repeat one byte. */
static void gigabyte_bomb(struct hostile_batch *batch, int variant)
{
    enum { BLOCKS = 8192, BLOCK_SIZE = 128 << 10 };
    uint8_t *frame = malloc(6 + 4 * BLOCKS), *at = frame;
    (void)variant;
    memcpy(at, "\x28\xb5\x2f\xfd\x00\x58", 6);
    at += 6;
    for (uint32_t i = 0; i < BLOCKS; i++, at += 4) {
        uint32_t header = (i + 1 == BLOCKS) | 1u << 1 | (uint32_t)BLOCK_SIZE << 3;
        at[0] = (uint8_t)header;
        at[1] = (uint8_t)(header >> 8);
        at[2] = (uint8_t)(header >> 16);
        at[3] = 0;
    }
    hostile_batch_replace(batch, 4, frame, (size_t)(at - frame));
    free(frame);
}

/* Tests */

static void test_what_is_on_the_disk(void **state)
{
    (void)state;
    write_disk(leave, 0);
    start("true");
    assign_all();
    expect_others();
    hostile_expect_consumed(&fixture, 0, RECORDS);
    assert_int_equal(fixture.error_count, 0);
}

static void test_checksums(void **state)
{
    (void)state;
    start("true");
    for (int i = 0; i < 4; i++) {
        write_disk(wrong_crc, i);
        expect_told(RD_KAFKA_RESP_ERR__BAD_MSG, "batch at offset 5 has another checksum",
                    "wrong_crc", i);
        write_disk(flip, i);
        expect_told(RD_KAFKA_RESP_ERR__BAD_MSG, "batch at offset 5 has another checksum", "flip",
                    i);
    }
}

static void test_checksums_not_looked_at(void **state)
{
    (void)state;
    start("false");
    for (int i = 0; i < 4; i++) {
        write_disk(wrong_crc, i);
        assign_all();
        expect_others();
        hostile_expect_consumed(&fixture, 0, RECORDS);
        assert_int_equal(fixture.error_count, 0);
    }
}

struct spoiled {
    const char *name;
    void (*spoil)(struct hostile_batch *batch, int variant);
    int variants;
    rd_kafka_resp_err_t err;
    const char *text;
};

static void expect_each(const struct spoiled *spoiled, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (int variant = 0; variant < spoiled[i].variants; variant++) {
            write_disk(spoiled[i].spoil, variant);
            expect_told(spoiled[i].err, spoiled[i].text, spoiled[i].name, variant);
        }
    }
}

static const struct spoiled spoiled_batches[] = {
    {"unknown_codec", unknown_codec, 3, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, "codec"},
    {"garbage_in_codec", garbage_in_codec, 4, RD_KAFKA_RESP_ERR__BAD_COMPRESSION,
     "batch at offset 5 cannot be decompressed"},
    {"cut_in_codec", cut_in_codec, 4, RD_KAFKA_RESP_ERR__BAD_COMPRESSION,
     "batch at offset 5 cannot be decompressed"},
    {"header_that_lies", header_that_lies, 8, RD_KAFKA_RESP_ERR__BAD_MSG, "contradicts itself"},
    {"impossible_base", impossible_base, 2, RD_KAFKA_RESP_ERR__BAD_MSG, "contradicts itself"},
    {"unknown_magic", unknown_magic, 3, RD_KAFKA_RESP_ERR__BAD_MSG, "contradicts itself"},
    {"wrong_length", wrong_length, 5, RD_KAFKA_RESP_ERR__BAD_MSG, "contradicts itself"},
    {"length_beyond_the_limit", length_beyond_the_limit, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
     "receive.message.max.bytes"},
    {"record_that_lies", record_that_lies, 5, RD_KAFKA_RESP_ERR__BAD_MSG, "cannot be read"},
};

static void test_spoiled_batches(void **state)
{
    (void)state;
    start("true");
    expect_each(spoiled_batches, RK_COUNT_OF(spoiled_batches));
}

/* Also without checksums nothing is believed. */
static void test_spoiled_batches_not_checked(void **state)
{
    (void)state;
    start("false");
    expect_each(spoiled_batches, RK_COUNT_OF(spoiled_batches));
}

/* Some of its records can be read before it shows. */
static void test_counts(void **state)
{
    (void)state;
    start("true");
    for (int variant = 0; variant < 2; variant++) {
        write_disk(count_that_lies, variant);
        assign_all();
        fixture.gap_from = variant ? BEHIND : BEHIND - 1;
        fixture.gap_to = variant ? BEHIND + 1 : BEHIND; /* As far as it says it goes. */
        expect_others();
        hostile_expect_consumed(&fixture, 0, RECORDS);
        assert_int_equal(fixture.error_count, 1);
        assert_int_equal(fixture.errors[0].err, RD_KAFKA_RESP_ERR__BAD_MSG);
        assert_int_equal(fixture.errors[0].offset, variant ? BEHIND : BEHIND - 1);
    }
}

static void test_bombs(void **state)
{
    static const struct spoiled bombs[] = {
        {"bomb", bomb, 4, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
         "batch at offset 5 unpacks to more than receive.message.max.bytes"},
        {"gigabyte_bomb", gigabyte_bomb, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
         "batch at offset 5 unpacks to more than receive.message.max.bytes"},
    };
    (void)state;
    start("true");
    for (size_t i = 0; i < RK_COUNT_OF(bombs); i++) {
        for (int variant = 0; variant < bombs[i].variants; variant++) {
            write_disk(bombs[i].spoil, variant);
            memory_peak_reset();
            size_t before = memory_peak_now();
            expect_told(bombs[i].err, bombs[i].text, bombs[i].name, variant);
            assert_in_range(memory_peak() - before, 0, 8 * MEGABYTE);
        }
    }
}

/* After the error the application may go wherever it wants. */
static void test_seek_past(void **state)
{
    (void)state;
    write_disk(wrong_crc, 0);
    start("true");
    assign_all();
    hostile_expect_error(&fixture, RD_KAFKA_RESP_ERR__BAD_MSG, "checksum");
    expect_others();
    for (int64_t to = BEHIND; to < RECORDS; to++) {
        rd_kafka_topic_partition_list_t *list = consume_list("t", 0, to);
        rd_kafka_error_t *error = rd_kafka_seek_partitions(fixture.rk, list, 10000);
        assert_null(error);
        assert_int_equal(list->elems[0].err, 0);
        rd_kafka_topic_partition_list_destroy(list);
        fixture.next[0] = to;
        hostile_expect_consumed(&fixture, 0, RECORDS);
    }
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, BAD + 2); /* And into it again. */
    assert_null(rd_kafka_seek_partitions(fixture.rk, list, 10000));
    rd_kafka_topic_partition_list_destroy(list);
    fixture.error_count = 0;
    fixture.next[0] = BEHIND;
    hostile_expect_consumed(&fixture, 0, RECORDS);
    assert_int_equal(fixture.error_count, 1);
    assert_int_equal(fixture.errors[0].offset, BAD + 2);
}

/* Each within the limit, together far above what may be held: unpacked as there is room. */
static void test_much_in_little(void **state)
{
    enum { COUNT = 60, SIZE = 800000 };
    (void)state;
    hostile_log_lock(&disk);
    hostile_log_reset(&disk);
    for (int i = 0; i < COUNT; i++)
        hostile_batch_compress(hostile_log_add_zeros(&disk, i, SIZE), 4);
    hostile_log_unlock(&disk);
    consume_fill(&fixture.base, "t", 0, RECORDS, COUNT - RECORDS);
    memory_peak_reset();
    size_t before = memory_peak_now();
    start("true");
    consume_assign(&fixture.base, "t", 1, 0);
    rd_kafka_message_t *first = consume_next(&fixture.base);
    for (int i = 1; i < COUNT; i++) {
        rd_kafka_message_t *message = consume_next(&fixture.base);
        assert_int_equal(message->err, 0);
        assert_int_equal(message->offset, i);
        assert_int_equal(message->len, SIZE);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_message_destroy(first);
    assert_in_range(memory_peak() - before, 0, 10 * MEGABYTE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_on_the_disk),
        TEST(test_checksums),
        TEST(test_checksums_not_looked_at),
        TEST(test_spoiled_batches),
        TEST(test_spoiled_batches_not_checked),
        TEST(test_counts),
        TEST(test_bombs),
        TEST(test_seek_past),
        TEST(test_much_in_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
