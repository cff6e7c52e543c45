/* SPDX-License-Identifier: BSD-2-Clause */
/* Message sets of magic 0 and 1: sets a Java client wrote, round trips from records of magic 2,
 * damage. */
#include <setjmp.h>

#include "batches.h"

#include <cmocka.h>

#include "base/big_endian.h"
#include "base/hash.h"
#include "wire/legacy_message_set.h"

/* Three messages each: "k1" = "first", null = "second", "k3" = null, from offset 100; magic 1 with
 * times 1700000000000, +7, +5 or the broker's, 1700000000123. */
static const struct {
    int magic;
    int codec;
    bool log_append;
    const char *hex;
} java_sets[] = {
    {0, 0, false,
     "000000000000006400000015d58e1fa10000000000026b31000000056669727374000000000000006500000014a6f"
     "2"
     "489d0000ffffffff000000067365636f6e64000000000000006600000010b643ca6a0000000000026b33fffffff"
     "f"},
    {0, 1, false,
     "0000000000000066000000602abd5dd70001ffffffff000000521f8b08000000000000ff63600083142016bdda27b"
     "f"
     "10cc63ca360492ac699945c52510798654201659f6c9632e03c37f2000f2d88a5393f3f352a0f269402cb0cdf9541"
     "6"
     "d40063902a00a01638c25d000000"},
    {0, 2, false,
     "000000000000006600000077663121ec0002ffffffff0000006982534e41505059000000000100000001000000555"
     "d"
     "00000901206400000015d58e1fa1050f2c026b3100000005666972737405116400006500000014a6f2489d0000fff"
     "f"
     "ffff000000067365636f6e01390101506600000010b643ca6a0000000000026b33ffffffff"},
    {0, 3, false,
     "0000000000000066000000729f871c560003ffffffff0000006404224d1860401a550000001200010091640000001"
     "5"
     "d58e1fa10f00c1026b310000000566697273741100f00b00006500000014a6f2489d0000ffffffff0000000673656"
     "3"
     "6f6e3900000200906600000010b643ca6a0d008000026b33ffffffff00000000"},
    {1, 0, false,
     "00000000000000640000001d3a55dd4701000000018bcfe56800000000026b3100000005666972737400000000000"
     "0"
     "00650000001c33218bc401000000018bcfe56807ffffffff000000067365636f6e6400000000000000660000001"
     "8e1de3d1101000000018bcfe56805000000026b33ffffffff"},
    {1, 0, true,
     "00000000000000640000001d6de5795d01080000018bcfe5687b000000026b3100000005666972737400000000000"
     "0"
     "00650000001c7031bbaa01080000018bcfe5687bffffffff000000067365636f6e640000000000000066000000184"
     "4"
     "2b596101080000018bcfe5687b000000026b33ffffffff"},
    {1, 1, false,
     "00000000000000660000007018a4498201010000018bcfe56807ffffffff0000005a1f8b08000000000000ff63608"
     "0"
     "0359abd0bbee8c400663f7f9a7192011a66c4320c99a9659545c02550492973156ec3e0257c8fe1f08801cb6e2d4e"
     "4"
     "fcbc14a83a2620967878cf5610ae8e156ca03148350050683eb775000000"},
    {1, 1, true,
     "00000000000000660000006f3e03fc5f01090000018bcfe5687bffffffff000000591f8b08000000000000ff63608"
     "0"
     "03d9dca795b18c1c0c0c8cdde79f6654034598b20d81246b5a6651710954112310cb1418ee5e8550f81f0880a26cc"
     "5"
     "a9c9f9792950754c402ce1a21d998866a0314835001704431175000000"},
    {1, 2, false,
     "00000000000000660000008cbb12b73101020000018bcfe56807ffffffff0000007682534e4150505900000000010"
     "0"
     "000001000000627500001901341d3a55dd4701000000018bcfe56801182c026b31000000056669727374011008000"
     "0"
     "000120101c33218bc4010905293807ffffffff000000067365636f6e6401252c0000000200000018e1de3d1115282"
     "8"
     "05000000026b33ffffffff"},
    {1, 2, true,
     "000000000000006600000082393546a5010a0000018bcfe5687bffffffff0000006c82534e4150505900000000010"
     "0"
     "000001000000587500001901741d6de5795d01080000018bcfe5687b000000026b310000000566697273740d28200"
     "1"
     "0000001c7031bbaa192938ffffffff000000067365636f6e64000901240200000018442b5961013651001033fffff"
     "f"
     "ff"},
    {1, 3, false,
     "0000000000000066000000842142ac4d01030000018bcfe56807ffffffff0000006e04224d186040825f000000160"
     "0"
     "0100e01d3a55dd4701000000018bcfe5681800c0026b310000000566697273741000001c00850000001c33218bc42"
     "9"
     "00f10007ffffffff000000067365636f6e642600b500000200000018e1de3d112800b005000000026b33ffffffff0"
     "0"
     "000000"},
    {1, 3, true,
     "00000000000000660000007f6f69a98c010b0000018bcfe5687bffffffff0000006904224d186040825a000000160"
     "0"
     "0100f30f1d6de5795d01080000018bcfe5687b000000026b31000000056669727374280096010000001c7031bbaa2"
     "9"
     "00e3ffffffff000000067365636f6e642800960200000018442b59612800a0000000026b33ffffffff00000000"},
};

#define SET_COUNT (sizeof(java_sets) / sizeof(java_sets[0]))

static struct rk_compressor compressor;
static struct rk_decompressor decompressor;

static int init(void **state)
{
    (void)state;
    rk_compressor_init(&compressor);
    rk_decompressor_init(&decompressor);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    rk_compressor_clear(&compressor);
    rk_decompressor_clear(&decompressor);
    return 0;
}

static int hex_digit(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static struct bytes from_hex(const char *hex)
{
    struct bytes bytes = {malloc(strlen(hex) / 2), strlen(hex) / 2};
    for (size_t i = 0; i < bytes.size; i++)
        bytes.data[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    return bytes;
}

/* A cursor over the records of a batch; *block keeps them if they were compressed. */
static rd_kafka_resp_err_t open_batch(const struct rk_record_batch *batch,
                                      struct rk_record_cursor *cursor, struct rk_block **block)
{
    *block = NULL;
    if (rk_record_batch_codec(&batch->header) == 0)
        return rk_record_cursor_init(cursor, &batch->header, batch->records, batch->records_size);
    rd_kafka_resp_err_t err = rk_decompress(&decompressor, rk_record_batch_codec(&batch->header),
                                            batch->records, batch->records_size, 1 << 20, block);
    return err ? err
               : rk_record_cursor_init(cursor, &batch->header, (*block)->data, (*block)->size);
}

static void check_record(const struct rk_record *record, const char *key, const char *value)
{
    assert_int_equal(record->key_size, size_or_null(key));
    assert_int_equal(record->value_size, size_or_null(value));
    if (key)
        assert_memory_equal(record->key, key, strlen(key));
    if (value)
        assert_memory_equal(record->value, value, strlen(value));
    assert_int_equal(rk_record_headers_count(record->headers, (size_t)record->headers_size), 0);
}

static void check_java_set(size_t i, const struct rk_record_batch *batch)
{
    static const char *const keys[] = {"k1", NULL, "k3"};
    static const char *const values[] = {"first", "second", NULL};
    static const int64_t times[] = {0, 7, 5};
    struct rk_record_cursor cursor;
    struct rk_record record;
    struct rk_block *block;

    assert_int_equal(batch->header.magic, java_sets[i].magic);
    assert_int_equal(rk_record_batch_codec(&batch->header), java_sets[i].codec);
    assert_int_equal(rk_record_batch_is_log_append(&batch->header), java_sets[i].log_append);
    assert_int_equal(rk_record_batch_next_offset(&batch->header), 103);
    assert_int_equal(rk_record_batch_check_crc(batch), 0);
    assert_int_equal(open_batch(batch, &cursor, &block), 0);
    for (int n = 0; n < 3; n++) {
        assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_FOUND);
        assert_int_equal(record.offset, 100 + n);
        assert_int_equal(record.timestamp, java_sets[i].magic == 0   ? -1
                                           : java_sets[i].log_append ? 1700000000123
                                                                     : 1700000000000 + times[n]);
        check_record(&record, keys[n], values[n]);
    }
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_END);
    rk_block_release(block);
}

static void test_sets_of_a_java_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        struct rk_record_batches batches;
        struct rk_record_batch batch;
        if (!rk_compression_is_available(java_sets[i].codec))
            continue;
        struct bytes bytes = from_hex(java_sets[i].hex);
        rk_record_batches_init(&batches, bytes.data, bytes.size);
        assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
        assert_int_equal(batch.size, bytes.size);
        check_java_set(i, &batch);
        assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
        free(bytes.data);
    }
}

/* All sets and a batch of magic 2 in one blob, as a log has them after an upgrade. */
static void test_all_magics_in_one_blob(void **state)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    uint8_t blob[8192];
    size_t size = 0;
    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        struct bytes bytes = from_hex(java_sets[i].hex);
        memcpy(blob + size, bytes.data, bytes.size);
        size += bytes.size;
        free(bytes.data);
    }
    struct bytes last = sample_batch();
    memcpy(blob + size, last.data, last.size);
    size += last.size;
    rk_record_batches_init(&batches, blob, size);
    for (size_t i = 0; i < SET_COUNT; i++) {
        assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
        if (rk_compression_is_available(java_sets[i].codec))
            check_java_set(i, &batch);
    }
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
    assert_int_equal(batch.header.magic, 2);
    assert_int_equal(batch.size, last.size);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
    free(last.data);
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
        struct rk_block *block = NULL;
        if (result != RK_RECORD_BATCH_FOUND)
            continue;
        rk_record_batch_check_crc(&batch);
        if (open_batch(&batch, &cursor, &block) == 0)
            while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND)
                continue;
        rk_block_release(block);
    }
}

static void test_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        struct bytes bytes = from_hex(java_sets[i].hex);
        for (size_t cut = 1; cut < bytes.size; cut++) {
            struct rk_record_batches batches;
            struct rk_record_batch batch;
            enum rk_record_batch_result result;
            struct bytes part = bytes_copy(bytes.data, cut);
            read_everything(part.data, part.size);
            rk_record_batches_init(&batches, part.data, part.size);
            do
                result = rk_record_batches_next(&batches, &batch);
            while (result == RK_RECORD_BATCH_FOUND);
            /* A plain set may end where a message does. */
            assert_true(result == RK_RECORD_BATCH_TRUNCATED ||
                        (result == RK_RECORD_BATCH_END && java_sets[i].codec == 0));
            free(part.data);
        }
        free(bytes.data);
    }
}

/* Nothing is read beyond the bytes, and from the CRC on it is noticed. */
static void test_bit_flips(void **state)
{
    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        struct bytes bytes = from_hex(java_sets[i].hex);
        for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
            struct rk_record_batches batches;
            struct rk_record_batch batch;
            bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            read_everything(bytes.data, bytes.size);
            rk_record_batches_init(&batches, bytes.data, bytes.size);
            bool is_found = rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND;
            size_t first_size = 12 + (size_t)batch.header.batch_length; /* Of a run. */
            if (is_found && batch.header.magic < 2 && bit / 8 >= 12 && bit / 8 < first_size)
                assert_int_equal(rk_record_batch_check_crc(&batch), RD_KAFKA_RESP_ERR__BAD_MSG);
            bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(bytes.data);
    }
}

/* Writes the sample records as a set and reads them back. */
static void check_conversion(int magic, int codec, struct bytes records)
{
    struct rk_record_batch_header header = sample_header(0);
    struct iovec parts[] = {{records.data, 10}, {records.data + 10, records.size - 10}};
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    struct rk_record_cursor cursor;
    struct rk_record record;
    struct rk_block *set;
    struct rk_block *block;
    int64_t offset = 0;

    assert_int_equal(
        rk_legacy_message_set_write(&compressor, magic, codec, -1, &header, parts, 2, &set), 0);
    rk_record_batches_init(&batches, set->data, set->size);
    while (rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND) {
        assert_int_equal(batch.header.magic, magic);
        assert_int_equal(rk_record_batch_codec(&batch.header), codec);
        assert_int_equal(rk_record_batch_check_crc(&batch), 0);
        if (codec && magic)
            assert_int_equal(batch.header.max_timestamp, header.max_timestamp);
        assert_int_equal(open_batch(&batch, &cursor, &block), 0);
        while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND) {
            assert_int_equal(record.offset, offset);
            assert_int_equal(record.timestamp,
                             magic ? BASE_TIMESTAMP + samples[offset].timestamp_delta : -1);
            check_record(&record, samples[offset].key, samples[offset].value);
            offset++;
        }
        rk_block_release(block);
    }
    assert_int_equal(offset, SAMPLE_COUNT);
    rk_block_release(set);
}

static void test_conversion_from_records(void **state)
{
    struct bytes records = sample_records();
    (void)state;
    for (int magic = 0; magic <= 1; magic++) {
        for (int codec = RK_COMPRESSION_NONE; codec <= RK_COMPRESSION_LZ4; codec++) {
            if (rk_compression_is_available(codec))
                check_conversion(magic, codec, records);
        }
    }
    free(records.data);
}

static void test_what_cannot_be_written(void **state)
{
    struct bytes records = sample_records();
    struct rk_record_batch_header header = sample_header(0);
    struct iovec part = {records.data, records.size};
    struct rk_block *set;
    (void)state;
    assert_int_equal(rk_legacy_message_set_write(&compressor, 1, RK_COMPRESSION_ZSTD, -1, &header,
                                                 &part, 1, &set),
                     RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    assert_null(set);
    assert_int_equal(rk_legacy_message_set_write(&compressor, 2, 0, -1, &header, &part, 1, &set),
                     RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
    part.iov_len--;
    assert_int_equal(rk_legacy_message_set_write(&compressor, 1, 0, -1, &header, &part, 1, &set),
                     RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_null(set);
    free(records.data);
}

/* A message of magic 1: null key, the given bytes as its value. Returns its size. */
static size_t write_message(uint8_t *at, int64_t offset, int attributes, const void *value,
                            size_t value_size)
{
    size_t size = 34 + value_size;
    rk_store_be64(at, offset);
    rk_store_be32(at + 8, (int32_t)(size - 12));
    at[16] = 1;
    at[17] = (uint8_t)attributes;
    rk_store_be64(at + 18, 5);
    rk_store_be32(at + 26, -1);
    rk_store_be32(at + 30, (int32_t)value_size);
    memcpy(at + 34, value, value_size);
    rk_store_be32(at + 12, (int32_t)rk_crc32(0, at + 16, size - 16));
    return size;
}

/* The set inside a compressed message of magic 1 whose offset is 50. */
static rd_kafka_resp_err_t open_inner(const uint8_t *set, size_t size,
                                      struct rk_record_cursor *cursor)
{
    struct rk_record_batch_header header = {
        .base_offset = 50, .magic = 1, .attributes = RK_COMPRESSION_GZIP, .record_count = 1};
    return rk_record_cursor_init(cursor, &header, set, size);
}

static void test_hostile_inner_sets(void **state)
{
    uint8_t set[256];
    struct rk_record_cursor cursor;
    struct rk_record record;
    (void)state;

    /* Gaps of compaction are fine. */
    size_t size = write_message(set, 3, 0, "a", 1);
    size += write_message(set + size, 9, 0, "b", 1);
    assert_int_equal(open_inner(set, size, &cursor), 0);
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_FOUND);
    assert_int_equal(record.offset, 44);
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_FOUND);
    assert_int_equal(record.offset, 50);
    assert_int_equal(open_inner(set, size - 1, &cursor), RD_KAFKA_RESP_ERR__BAD_MSG);

    /* An offset above the last one, a set inside the set, another magic, an offset that is none. */
    size = write_message(set, INT64_MAX - 1, 0, "a", 1);
    size += write_message(set + size, 0, 0, "b", 1);
    assert_int_equal(open_inner(set, size, &cursor), RD_KAFKA_RESP_ERR__BAD_MSG);
    size = write_message(set, 0, RK_COMPRESSION_GZIP, "a", 1);
    assert_int_equal(open_inner(set, size, &cursor), RD_KAFKA_RESP_ERR__BAD_MSG);
    size = write_message(set, 0, 0, "abcdefgh", 8);
    set[16] = 0;
    assert_int_equal(open_inner(set, size, &cursor), RD_KAFKA_RESP_ERR__BAD_MSG);
    size = write_message(set, -1, 0, "a", 1);
    assert_int_equal(open_inner(set, size, &cursor), RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_int_equal(open_inner(set, 0, &cursor), 0);
    assert_int_equal(rk_record_read(&cursor, &record), RK_RECORD_END);
}

/* Plain messages in a row are one batch while they are of one kind and their offsets rise. */
static void test_runs(void **state)
{
    static const struct {
        int64_t offset;
        int attributes;
        int run; /* Which batch it has to be in. */
    } messages[] = {{5, 0, 0},  {6, 0, 0}, {9, 0, 0}, {10, 8, 1},
                    {11, 8, 1}, {3, 8, 2}, {3, 8, 2}, {4 + (INT64_C(1) << 31), 8, 3}};
    uint8_t blob[512];
    size_t size = 0;
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    struct rk_record_cursor cursor;
    struct rk_record record;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < 8; i++)
        size += write_message(blob + size, messages[i].offset, messages[i].attributes, "value", 5);
    rk_record_batches_init(&batches, blob, size);
    for (int run = 0; run < 4; run++) {
        assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_FOUND);
        assert_int_equal(batch.header.base_offset, messages[n].offset);
        assert_int_equal(
            rk_record_cursor_init(&cursor, &batch.header, batch.records, batch.records_size), 0);
        int32_t count = 0;
        for (; rk_record_read(&cursor, &record) == RK_RECORD_FOUND; n++, count++) {
            assert_int_equal(messages[n].run, run);
            assert_int_equal(record.offset, messages[n].offset);
        }
        assert_int_equal(batch.header.record_count, count);
        assert_int_equal(rk_record_batch_next_offset(&batch.header), messages[n - 1].offset + 1);
    }
    assert_int_equal(n, 8);
    assert_int_equal(rk_record_batches_next(&batches, &batch), RK_RECORD_BATCH_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_of_a_java_client),
        cmocka_unit_test(test_all_magics_in_one_blob),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_conversion_from_records),
        cmocka_unit_test(test_what_cannot_be_written),
        cmocka_unit_test(test_hostile_inner_sets),
        cmocka_unit_test(test_runs),
    };
    return cmocka_run_group_tests_name("legacy_message_set", tests, init, clear);
}
