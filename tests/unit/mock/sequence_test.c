/* SPDX-License-Identifier: BSD-2-Clause */
/* What a partition accepts from idempotent producers. */
#include "client.h"

#include "mock/mock_sequence.h"

#define DUPLICATE RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER
#define GAP       RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER
#define STALE     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH

static struct rk_record_batch_header header_of(int64_t id, int16_t epoch, int32_t sequence,
                                               int32_t count)
{
    struct rk_record_batch_header header;
    rk_record_batch_header_init(&header);
    header.producer_id = id;
    header.producer_epoch = epoch;
    header.base_sequence = sequence;
    header.record_count = count;
    header.last_offset_delta = count - 1;
    return header;
}

static rd_kafka_resp_err_t check(struct rk_mock_sequences *sequences, int16_t epoch,
                                 int32_t sequence, int32_t count, int64_t *offset)
{
    struct rk_record_batch_header header = header_of(7, epoch, sequence, count);
    *offset = -1;
    return rk_mock_sequences_check(sequences, &header, offset);
}

static void take(struct rk_mock_sequences *sequences, int16_t epoch, int32_t sequence,
                 int32_t count, int64_t offset)
{
    int64_t unused;
    assert_int_equal(check(sequences, epoch, sequence, count, &unused), 0);
    struct rk_record_batch_header header = header_of(7, epoch, sequence, count);
    rk_mock_sequences_add(sequences, &header, offset);
}

static void test_in_order_and_twice(void **state)
{
    struct rk_mock_sequences sequences = {0};
    int64_t offset;
    (void)state;
    take(&sequences, 0, 5, 10, 100); /* The first may be any. */
    take(&sequences, 0, 15, 1, 110);
    assert_int_equal(check(&sequences, 0, 17, 1, &offset), GAP);
    assert_int_equal(check(&sequences, 0, 5, 10, &offset), DUPLICATE);
    assert_int_equal(offset, 100);
    assert_int_equal(check(&sequences, 0, 5, 9, &offset), GAP); /* Another batch. */
    for (int32_t i = 0; i < 4; i++)
        take(&sequences, 0, 16 + i, 1, 111 + i);
    assert_int_equal(check(&sequences, 0, 15, 1, &offset), DUPLICATE);
    assert_int_equal(offset, 110);
    assert_int_equal(check(&sequences, 0, 5, 10, &offset), GAP); /* The sixth from the end. */
    rk_mock_sequences_clear(&sequences);
}

static void test_epochs(void **state)
{
    struct rk_mock_sequences sequences = {0};
    int64_t offset;
    (void)state;
    take(&sequences, 3, 0, 10, 0);
    assert_int_equal(check(&sequences, 2, 10, 1, &offset), STALE);
    assert_int_equal(check(&sequences, 2, 0, 10, &offset), STALE); /* A duplicate no less. */
    assert_int_equal(check(&sequences, 4, 10, 1, &offset), GAP);
    take(&sequences, 4, 0, 1, 10);
    assert_int_equal(check(&sequences, 3, 10, 1, &offset), STALE);
    take(&sequences, 4, 1, 1, 11);
    rk_mock_sequences_clear(&sequences);
}

static void test_wrap_around(void **state)
{
    struct rk_mock_sequences sequences = {0};
    int64_t offset;
    (void)state;
    take(&sequences, 0, INT32_MAX - 1, 4, 0); /* Up to 1. */
    assert_int_equal(check(&sequences, 0, INT32_MAX - 1, 4, &offset), DUPLICATE);
    take(&sequences, 0, 2, 1, 4);
    rk_mock_sequences_clear(&sequences);
}

static void test_producers_are_forgotten(void **state)
{
    struct rk_mock_sequences sequences = {0};
    int64_t offset;
    (void)state;
    take(&sequences, 0, 0, 1, 0);
    for (int64_t id = 100; id < 100 + RK_MOCK_PRODUCERS_MAX; id++) {
        struct rk_record_batch_header header = header_of(id, 0, 0, 1);
        assert_int_equal(rk_mock_sequences_check(&sequences, &header, &offset), 0);
        rk_mock_sequences_add(&sequences, &header, id);
    }
    assert_int_equal(check(&sequences, 0, 77, 1, &offset), 0);
    rk_mock_sequences_clear(&sequences);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_and_twice),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_wrap_around),
        cmocka_unit_test(test_producers_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
