/* SPDX-License-Identifier: BSD-2-Clause */
/* Record batches written: bytes built by hand, sizes, values by reference, rewritten headers. */
#include <setjmp.h>

#include "batches.h"

#include <cmocka.h>

#include "base/big_endian.h"
#include "base/crc32c.h"

/* One record {key "k", value "hello", header "h" = "x"}, offset delta 1, 10 ms after the base. */
static const uint8_t golden_record[] = {
    0x20,                           /* Length 16. */
    0x00,                           /* Attributes. */
    0x14,                           /* Timestamp delta 10. */
    0x02,                           /* Offset delta 1. */
    0x02, 'k',                      /* Key. */
    0x0a, 'h', 'e',  'l', 'l', 'o', /* Value. */
    0x02,                           /* One header: */
    0x02, 'h', 0x02, 'x',           /* name, value. */
};

static void test_a_record_byte_for_byte(void **state)
{
    const struct rk_record_header header = {"h", 1, 1, (const uint8_t *)"x"};
    uint8_t headers[8];
    uint8_t record[64];
    (void)state;
    size_t headers_size = rk_record_headers_size(&header, 1);
    assert_int_equal(rk_record_headers_write(headers, &header, 1) - headers, headers_size);
    size_t body = rk_record_body_size(10, 1, 1, 5, headers_size);
    assert_int_equal(rk_record_size(body), sizeof(golden_record));
    uint8_t *end = rk_record_write(record, body, 10, 1, "k", 1, "hello", 5, headers, headers_size);
    assert_int_equal(end - record, sizeof(golden_record));
    assert_memory_equal(record, golden_record, sizeof(golden_record));

    /* The same around a value that stays where it is. */
    end = rk_record_write_head(record, body, 10, 1, "k", 1, 5);
    assert_int_equal(end - record, 7);
    assert_memory_equal(record, golden_record, 7);
    end = rk_record_write_tail(record, headers, headers_size);
    assert_int_equal(end - record, 5);
    assert_memory_equal(record, golden_record + 12, 5);
}

static void test_nulls_and_empties(void **state)
{
    uint8_t record[16];
    (void)state;
    size_t body = rk_record_body_size(0, 0, -1, -1, 0);
    assert_int_equal(rk_record_size(body), RK_RECORD_SIZE_MIN);
    rk_record_write(record, body, 0, 0, NULL, -1, NULL, -1, NULL, 0);
    assert_memory_equal(record, "\x0c\0\0\0\x01\x01\0", 7);
    rk_record_write(record, body, 0, 0, "", 0, "", 0, NULL, 0);
    assert_memory_equal(record, "\x0c\0\0\0\0\0\0", 7);
}

static void test_sizes_are_what_is_written(void **state)
{
    static const int64_t deltas[] = {0, -1, 63, 64, -65, 8192, INT32_MAX, INT64_MAX, INT64_MIN};
    static const int32_t sizes[] = {-1, 0, 1, 63, 64, 200, 8191, 8192};
    static uint8_t bytes[8192];
    static uint8_t record[3 * 8192];
    (void)state;
    for (size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++) {
        for (size_t key = 0; key < 8; key++) {
            for (size_t value = 0; value < 8; value++) {
                int32_t offset_delta = (int32_t)(i * 4000);
                size_t body =
                    rk_record_body_size(deltas[i], offset_delta, sizes[key], sizes[value], 0);
                size_t size = rk_record_size(body);
                size_t payload = (size_t)RK_MAX(sizes[key], 0) + (size_t)RK_MAX(sizes[value], 0);
                assert_true(size <= payload + RK_RECORD_OVERHEAD_MAX);
                assert_int_equal(rk_record_write(record, body, deltas[i], offset_delta, bytes,
                                                 sizes[key], bytes, sizes[value], NULL, 0) -
                                     record,
                                 size);
            }
        }
    }
}

static void test_a_header_byte_for_byte(void **state)
{
    static const uint8_t golden[] = {
        0,    0,    0,    0,    0,    0,    0x03, 0xe8, /* Base offset 1000. */
        0,    0,    0,    0x42,                         /* Length 49 + 17. */
        0xff, 0xff, 0xff, 0xff,                         /* Leader epoch. */
        2,                                              /* Magic. */
        0,    0,    0,    0,                            /* CRC, filled in below. */
        0,    0x10,                                     /* Transactional. */
        0,    0,    0,    1,                            /* Last offset delta. */
        0,    0,    0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, /* Base timestamp. */
        0,    0,    0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x0a, /* Max timestamp. */
        0,    0,    0,    0,    0,    0,    0x11, 0x22, /* Producer id. */
        0,    7,                                        /* Producer epoch. */
        0,    0,    0,    9,                            /* Base sequence. */
        0,    0,    0,    1,                            /* Count. */
    };
    uint8_t batch[RK_RECORD_BATCH_HEADER_SIZE + sizeof(golden_record)];
    struct rk_record_batch_header header = sample_header(0);
    struct iovec parts[] = {
        {batch + RK_RECORD_BATCH_HEADER_SIZE, 5},
        {NULL, 0},
        {batch + RK_RECORD_BATCH_HEADER_SIZE + 5, sizeof(golden_record) - 5},
    };
    (void)state;
    memcpy(batch + RK_RECORD_BATCH_HEADER_SIZE, golden_record, sizeof(golden_record));
    header.attributes = RK_RECORD_BATCH_TRANSACTIONAL;
    header.last_offset_delta = 1;
    header.max_timestamp = BASE_TIMESTAMP + 10;
    header.producer_id = 0x1122;
    header.producer_epoch = 7;
    header.base_sequence = 9;
    header.record_count = 1;
    rk_record_batch_header_write(batch, &header, parts, 3);
    assert_int_equal(header.batch_length, 66);
    assert_memory_equal(batch, golden, RK_RECORD_BATCH_AT_CRC);
    assert_memory_equal(batch + 21, golden + 21, RK_RECORD_BATCH_HEADER_SIZE - 21);
    uint32_t crc = rk_crc32c(0, batch + 21, sizeof(batch) - 21);
    assert_int_equal(header.crc, crc);
    assert_int_equal((uint32_t)rk_load_be32(batch + 17), crc);

    /* Another epoch gives what writing it so from the start had given. */
    uint8_t rewritten[RK_RECORD_BATCH_HEADER_SIZE];
    memcpy(rewritten, batch, sizeof(rewritten));
    rk_record_batch_header_rewrite(rewritten, 0x3344, 0, 0, parts, 3);
    header.producer_id = 0x3344;
    header.producer_epoch = 0;
    header.base_sequence = 0;
    rk_record_batch_header_write(batch, &header, parts, 3);
    assert_memory_equal(rewritten, batch, RK_RECORD_BATCH_HEADER_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_byte_for_byte),
        cmocka_unit_test(test_nulls_and_empties),
        cmocka_unit_test(test_sizes_are_what_is_written),
        cmocka_unit_test(test_a_header_byte_for_byte),
    };
    return cmocka_run_group_tests_name("record_batch_writer", tests, NULL, NULL);
}
