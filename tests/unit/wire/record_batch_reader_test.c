/* SPDX-License-Identifier: BSD-2-Clause */
/* Record batches read: round trips, several in a row, truncation at every byte, every bit flipped,
 * lying headers. */
#include <setjmp.h>

#include "batches.h"

#include <cmocka.h>

#include "base/big_endian.h"
#include "base/crc32c.h"

static void reseal(struct bytes batch)
{
    rk_store_be32(batch.data + RK_RECORD_BATCH_AT_CRC,
                  (int32_t)rk_crc32c(0, batch.data + 21, batch.size - 21));
}

static void check_text(const uint8_t *data, int32_t size, const char *text)
{
    assert_int_equal(size, size_or_null(text));
    if (!text)
        assert_null(data);
    else
        assert_memory_equal(data, text, strlen(text));
}

static void check_headers(const struct rk_record *record, int32_t count)
{
    struct rk_record_header headers[3];
    assert_int_equal(rk_record_headers_count(record->headers, (size_t)record->headers_size), count);
    assert_int_equal(
        rk_record_headers_parse(record->headers, (size_t)record->headers_size, headers, count), 0);
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(headers[i].name_size, sample_headers[i].name_size);
        assert_memory_equal(headers[i].name, sample_headers[i].name, (size_t)headers[i].name_size);
        assert_int_equal(headers[i].value_size, sample_headers[i].value_size);
        if (headers[i].value_size > 0)
            assert_memory_equal(headers[i].value, sample_headers[i].value,
                                (size_t)headers[i].value_size);
    }
}

static void check_samples(const struct rk_record_batch *batch)
{
    struct rk_record_cursor cursor;
    struct rk_record record;
    assert_int_equal(
        rk_record_cursor_init(&cursor, &batch->header, batch->records, batch->records_size), 0);
    for (int i = 0; i < SAMPLE_COUNT; i++) {
        assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_FOUND);
        assert_int_equal(record.offset, BASE_OFFSET + i);
        assert_int_equal(record.timestamp, BASE_TIMESTAMP + samples[i].timestamp_delta);
        check_text(record.key, record.key_size, samples[i].key);
        check_text(record.value, record.value_size, samples[i].value);
        check_headers(&record, samples[i].header_count);
    }
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_END);
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_END);
}

static void test_round_trip(void **state)
{
    struct bytes bytes = sample_batch();
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    (void)state;
    rk_record_batches_init(&batches, bytes.data, bytes.size);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
    assert_int_equal(batch.size, bytes.size);
    assert_int_equal(batch.header.record_count, SAMPLE_COUNT);
    assert_int_equal(rk_record_batch_next_offset(&batch.header), BASE_OFFSET + SAMPLE_COUNT);
    assert_int_equal(rk_record_batch_check_crc(&batch), 0);
    assert_false(rk_record_batch_is_control(&batch.header));
    check_samples(&batch);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
    free(bytes.data);
}

static void test_log_append_time(void **state)
{
    struct bytes records = sample_records();
    struct rk_record_batch_header header = sample_header(0);
    struct rk_record_cursor cursor;
    struct rk_record record;
    (void)state;
    header.attributes = RK_RECORD_BATCH_LOG_APPEND;
    header.max_timestamp = 77;
    assert_int_equal(rk_record_cursor_init(&cursor, &header, records.data, records.size), 0);
    while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND)
        assert_int_equal(record.timestamp, 77);
    free(records.data);
}

/* Two batches, cut at every byte: what is whole is found, the rest is truncated and not corrupt. */
static void test_truncation_of_a_blob(void **state)
{
    struct bytes one = sample_batch();
    (void)state;
    for (size_t cut = 0; cut <= 2 * one.size; cut++) {
        struct rk_record_batches batches;
        struct rk_record_batch batch;
        struct bytes blob = {malloc(cut ? cut : 1), cut};
        for (size_t i = 0; i < cut; i++)
            blob.data[i] = one.data[i % one.size];
        rk_record_batches_init(&batches, blob.data, blob.size);
        for (size_t whole = cut / one.size; whole > 0; whole--) {
            assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
            check_samples(&batch);
        }
        size_t rest = cut % one.size;
        enum rk_record_batch_result result = rk_record_batches_next(&batches, &batch);
        assert_int_equal(result, rest ? RK_RECORD_BATCH_TRUNCATED : RK_RECORD_BATCH_END);
        if (rest)
            assert_int_equal(batch.size, rest < 12 ? 0 : one.size);
        assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
        free(blob.data);
    }
    free(one.data);
}

/* Records cut at every byte: all before the cut come out, then it is corrupt and stays so. */
static void test_truncation_of_records(void **state)
{
    struct bytes records = sample_records();
    struct rk_record_batch_header header = sample_header(0);
    (void)state;
    for (size_t cut = 0; cut < records.size; cut++) {
        struct rk_record_cursor cursor;
        struct rk_record record;
        enum rk_record_result result = RK_RECORD_CORRUPT;
        struct bytes part = bytes_copy(records.data, cut);
        if (rk_record_cursor_init(&cursor, &header, part.data, part.size) == 0) {
            while ((result = rk_record_read(&cursor, &record)) == RK_RECORD_FOUND)
                assert_true(record.offset < BASE_OFFSET + SAMPLE_COUNT - 1);
            assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_CORRUPT);
        }
        assert_int_equal(result, RK_RECORD_CORRUPT);
        free(part.data);
    }
    free(records.data);
}

static void read_everything(const uint8_t *data, size_t size)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    enum rk_record_batch_result result;
    rk_record_batches_init(&batches, data, size);
    while ((result = rk_record_batches_next(&batches, &batch)) != RK_RECORD_BATCH_END) {
        struct rk_record_cursor cursor;
        struct rk_record record;
        if (result != RK_RECORD_BATCH_FOUND ||
            rk_record_cursor_init(&cursor, &batch.header, batch.records, batch.records_size) != 0)
            continue;
        rk_record_batch_check_crc(&batch);
        while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND) {
            int32_t count = rk_record_headers_count(record.headers, (size_t)record.headers_size);
            struct rk_record_header *headers =
                calloc((size_t)(count < 1 ? 1 : count), sizeof(*headers));
            if (count >= 0)
                rk_record_headers_parse(record.headers, (size_t)record.headers_size, headers,
                                        count);
            free(headers);
        }
    }
}

/* Whatever bit flips: nothing is read beyond the bytes, and from the attributes on the CRC sees it.
 */
static void test_bit_flips(void **state)
{
    struct bytes bytes = sample_batch();
    (void)state;
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        struct rk_record_batches batches;
        struct rk_record_batch batch;
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        read_everything(bytes.data, bytes.size);
        rk_record_batches_init(&batches, bytes.data, bytes.size);
        if (rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND &&
            batch.header.magic == 2 && bit / 8 >= RK_RECORD_BATCH_AT_CRC)
            assert_int_equal(rk_record_batch_check_crc(&batch), RD_KAFKA_RESP_ERR__BAD_MSG);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes.data);
}

/* Every byte of the records set to every value. */
static void test_every_byte_replaced(void **state)
{
    struct bytes bytes = sample_batch();
    (void)state;
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t saved = bytes.data[i];
        for (int value = 0; value < 256; value++) {
            bytes.data[i] = (uint8_t)value;
            read_everything(bytes.data, bytes.size);
        }
        bytes.data[i] = saved;
    }
    free(bytes.data);
}

/* A batch of one member changed, followed by a good one. */
static void check_lie(size_t at, int64_t value, size_t width, bool is_size)
{
    struct bytes one = sample_batch();
    struct bytes two = {malloc(2 * one.size), 2 * one.size};
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    memcpy(two.data, one.data, one.size);
    memcpy(two.data + one.size, one.data, one.size);
    for (size_t i = 0; i < width; i++)
        two.data[at + i] = (uint8_t)(value >> 8 * (width - 1 - i));
    rk_record_batches_init(&batches, two.data, two.size);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_CORRUPT);
    assert_int_equal(batch.size, is_size ? 0 : one.size);
    assert_int_equal(rk_record_batches_next(&batches, &batch),
                     is_size ? RK_RECORD_BATCH_END : RK_RECORD_BATCH_FOUND);
    free(one.data);
    free(two.data);
}

static void test_lying_headers(void **state)
{
    (void)state;
    check_lie(RK_RECORD_BATCH_AT_LENGTH, 0, 4, true);
    check_lie(RK_RECORD_BATCH_AT_LENGTH, -1, 4, true);
    check_lie(RK_RECORD_BATCH_AT_LENGTH, 48, 4, true);
    check_lie(RK_RECORD_BATCH_AT_MAGIC, 3, 1, false);
    check_lie(RK_RECORD_BATCH_AT_MAGIC, 255, 1, false);
    check_lie(RK_RECORD_BATCH_AT_BASE_OFFSET, -1, 8, false);
    check_lie(RK_RECORD_BATCH_AT_BASE_OFFSET, INT64_MAX, 8, false);
    check_lie(RK_RECORD_BATCH_AT_BASE_OFFSET, INT64_MAX - SAMPLE_COUNT + 1, 8, false);
    check_lie(RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA, -1, 4, false);
    check_lie(RK_RECORD_BATCH_AT_LAST_OFFSET_DELTA, SAMPLE_COUNT - 2, 4, false);
    check_lie(RK_RECORD_BATCH_AT_RECORD_COUNT, -1, 4, false);
    check_lie(RK_RECORD_BATCH_AT_RECORD_COUNT, INT32_MIN, 4, false);
    check_lie(RK_RECORD_BATCH_AT_RECORD_COUNT, SAMPLE_COUNT + 1, 4, false);
}

static void test_an_unknown_magic_that_is_cut_off(void **state)
{
    struct bytes bytes = sample_batch();
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    (void)state;
    bytes.data[RK_RECORD_BATCH_AT_MAGIC] = 3;
    rk_record_batches_init(&batches, bytes.data, bytes.size - 1);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_CORRUPT);
    assert_int_equal(batch.header.base_offset, BASE_OFFSET);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
    free(bytes.data);
}

/* The count must match the records exactly, in both directions. */
static void test_count_and_records_must_agree(void **state)
{
    struct bytes records = sample_records();
    struct rk_record_batch_header header = sample_header(0);
    struct rk_record_cursor cursor;
    struct rk_record record;
    (void)state;
    for (int32_t count = 0; count <= SAMPLE_COUNT + 1; count++) {
        int found = 0;
        enum rk_record_result result;
        header.record_count = count;
        assert_int_equal(rk_record_cursor_init(&cursor, &header, records.data, records.size), 0);
        while ((result = rk_record_read(&cursor, &record)) == RK_RECORD_FOUND)
            found++;
        assert_int_equal(result, count == SAMPLE_COUNT ? RK_RECORD_END : RK_RECORD_CORRUPT);
        assert_int_equal(found, RK_MIN(count, SAMPLE_COUNT));
    }
    header.record_count = INT32_MAX;
    assert_int_equal(rk_record_cursor_init(&cursor, &header, records.data, records.size),
                     RD_KAFKA_RESP_ERR__BAD_MSG);
    free(records.data);
}

/* A batch compaction emptied keeps its offsets. */
static void test_an_emptied_batch(void **state)
{
    struct rk_record_batch_header header = sample_header(0);
    struct bytes bytes;
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    struct rk_record_cursor cursor;
    struct rk_record record;
    (void)state;
    header.record_count = 0;
    header.base_timestamp = -1;
    bytes = join_batch(&header, (struct bytes){(uint8_t *)"", 0});
    rk_record_batches_init(&batches, bytes.data, bytes.size);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
    assert_int_equal(rk_record_batch_next_offset(&batch.header), BASE_OFFSET + SAMPLE_COUNT);
    assert_int_equal(rk_record_cursor_init(&cursor, &batch.header, batch.records, 0), 0);
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_END);
    free(bytes.data);
}

static void test_hostile_records(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } hostile[] = {
        {"\x0a\0\0\0\x01\x01\0", 7},                  /* Length one too small. */
        {"\x0e\0\0\0\x01\x01\0", 7},                  /* Length one too large. */
        {"\x01\0\0\0\x01\x01\0", 7},                  /* Length -1. */
        {"\xfe\xff\xff\xff\x0f\0\0\0\x01\x01\0", 11}, /* Length INT32_MAX. */
        {"\x0c\0\0\0\x03\x01\0", 7},                  /* Key size -2. */
        {"\x14\0\0\0\xfe\xff\xff\xff\x0f\x01\0", 11}, /* Key size INT32_MAX. */
        {"\x0c\0\0\0\x01\x02\0", 7},                  /* Value runs over the headers' count. */
        {"\x0e\0\0\0\x01\x01\0\0", 8},                /* A byte after the last header. */
        {"\x0c\0\0\x0a\x01\x01\0", 7},                /* Offset beyond the batch's last. */
        {"\x0c\0\0\x01\x01\x01\0", 7},                /* Offset before its first. */
        {"\x1e\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\0\x01\x01\0", 16}, /* Timestamp. */
    };
    struct rk_record_batch_header header = sample_header(0);
    (void)state;
    header.record_count = 1;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct rk_record_cursor cursor;
        struct rk_record record;
        struct bytes bytes = bytes_copy(hostile[i].bytes, hostile[i].size);
        assert_int_equal(rk_record_cursor_init(&cursor, &header, bytes.data, bytes.size), 0);
        assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_CORRUPT);
        assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_CORRUPT);
        free(bytes.data);
    }
}

static void test_headers(void **state)
{
    uint8_t raw[64];
    struct rk_record_header headers[3];
    size_t size = rk_record_headers_size(sample_headers, 3);
    (void)state;
    assert_int_equal(rk_record_headers_write(raw, sample_headers, 3) - raw, size);
    for (size_t cut = 1; cut < size; cut++) {
        struct bytes part = bytes_copy(raw, cut);
        int32_t count = rk_record_headers_count(part.data, part.size);
        assert_true(count == 3 || count == -1);
        assert_int_equal(rk_record_headers_parse(part.data, part.size, headers, 3),
                         RD_KAFKA_RESP_ERR__BAD_MSG);
        free(part.data);
    }
    raw[size] = 0; /* One byte too many. */
    assert_int_equal(rk_record_headers_parse(raw, size + 1, headers, 3),
                     RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_int_equal(rk_record_headers_parse(raw, size, headers, 2), RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_int_equal(rk_record_headers_parse((const uint8_t *)"\x02\x01\x01", 3, headers, 1),
                     RD_KAFKA_RESP_ERR__BAD_MSG); /* A null name. */
    assert_int_equal(rk_record_headers_count(NULL, 0), 0);
    assert_int_equal(rk_record_headers_parse(NULL, 0, headers, 0), 0);
    assert_int_equal(rk_record_headers_count((const uint8_t *)"\x01", 1), -1);
}

static void test_too_many_headers(void **state)
{
    size_t size = 5 + 2 * (RK_RECORD_HEADERS_MAX + 1);
    uint8_t *raw = calloc(1, size);
    (void)state;
    uint8_t *at = rk_varint_write(raw, RK_RECORD_HEADERS_MAX);
    size_t used = (size_t)(at - raw) + 2 * RK_RECORD_HEADERS_MAX;
    assert_int_equal(rk_record_headers_count(raw, used), RK_RECORD_HEADERS_MAX);
    assert_int_equal(rk_record_headers_count(raw, used - 1), -1);
    rk_varint_write(raw, RK_RECORD_HEADERS_MAX + 1);
    assert_int_equal(rk_record_headers_count(raw, used + 2), -1);
    free(raw);
}

static void test_control_records(void **state)
{
    struct rk_control_record control;
    struct rk_record record = {
        .key = (const uint8_t *)"\0\0\0\1",
        .key_size = 4,
        .value = (const uint8_t *)"\0\0\0\0\0\x07",
        .value_size = 6,
    };
    (void)state;
    assert_int_equal(rk_control_record_parse(&record, &control), 0);
    assert_int_equal(control.type, RK_CONTROL_COMMIT);
    assert_int_equal(control.coordinator_epoch, 7);
    record.key = (const uint8_t *)"\0\1\0\0"; /* A later version is read like this one. */
    record.value_size = -1;
    assert_int_equal(rk_control_record_parse(&record, &control), 0);
    assert_int_equal(control.type, RK_CONTROL_ABORT);
    assert_int_equal(control.coordinator_epoch, -1);
    record.key = (const uint8_t *)"\0\0\0\2";
    assert_int_equal(rk_control_record_parse(&record, &control), 0);
    assert_int_equal(control.type, RK_CONTROL_OTHER);
    record.key_size = 3;
    assert_int_equal(rk_control_record_parse(&record, &control), RD_KAFKA_RESP_ERR__BAD_MSG);
    record.key_size = -1;
    assert_int_equal(rk_control_record_parse(&record, &control), RD_KAFKA_RESP_ERR__BAD_MSG);
}

static void test_header_parse(void **state)
{
    struct rk_record_batch_header header;
    struct bytes bytes = sample_batch();
    (void)state;
    for (size_t cut = 0; cut < bytes.size; cut++) {
        struct bytes part = bytes_copy(bytes.data, cut);
        assert_int_equal(rk_record_batch_header_parse(&header, part.data, part.size),
                         RD_KAFKA_RESP_ERR__UNDERFLOW);
        free(part.data);
    }
    assert_int_equal(rk_record_batch_header_parse(&header, bytes.data, bytes.size), 0);
    bytes.data[RK_RECORD_BATCH_AT_ATTRIBUTES + 1] = RK_RECORD_BATCH_CONTROL;
    reseal(bytes);
    assert_int_equal(rk_record_batch_header_parse(&header, bytes.data, bytes.size), 0);
    assert_true(rk_record_batch_is_control(&header));
    free(bytes.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_log_append_time),
        cmocka_unit_test(test_truncation_of_a_blob),
        cmocka_unit_test(test_truncation_of_records),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_every_byte_replaced),
        cmocka_unit_test(test_lying_headers),
        cmocka_unit_test(test_an_unknown_magic_that_is_cut_off),
        cmocka_unit_test(test_count_and_records_must_agree),
        cmocka_unit_test(test_an_emptied_batch),
        cmocka_unit_test(test_hostile_records),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_too_many_headers),
        cmocka_unit_test(test_control_records),
        cmocka_unit_test(test_header_parse),
    };
    return cmocka_run_group_tests_name("record_batch_reader", tests, NULL, NULL);
}
