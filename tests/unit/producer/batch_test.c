/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches: appending, walking, splitting; copied values and values by reference.
 */
#include "fixture.h"

#include "event/headers.h"
#include "wire/record_batch_reader.h"

enum { LARGE = 70000, BYTES = 1 << 20 };

static uint8_t bytes[BYTES];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    idle_start(NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    idle_end();
    return 0;
}

/* One that was sent without a clear outcome may have been written. */
static void test_status(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 1, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = rk_batch_try_new(idle.producer, idle.topic, idle.queue, 7, &record);
    assert_int_equal(rk_batch_status(batch), RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    batch->sending.may_be_persisted = true;
    assert_int_equal(rk_batch_status(batch), RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
    rk_batch_release(batch);
}

/* What a batch will want for its first record is known before there is a batch. */
static void test_second_segment(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        struct rk_new_record record =
            record_of(bytes, i < 2000 ? (int32_t)i : (int32_t)(i * 40), RD_KAFKA_MSG_F_COPY);
        record.by_reference = i % 5 == 4;
        struct rk_batch *batch =
            rk_batch_try_new(idle.producer, idle.topic, idle.queue, 7, &record);
        struct rk_segment *spare = NULL;
        size_t wanted = rk_batch_second_segment_size(&record), size = 0;
        enum rk_append result = rk_batch_append(batch, &record, &spare, &size);
        assert_int_equal(result, wanted ? RK_APPEND_NEEDS_SEGMENT : RK_APPEND_OK);
        assert_int_equal(size, wanted);
        rk_batch_release(batch);
    }
}

static struct rk_batch *new_batch(const struct rk_new_record *first)
{
    struct rk_batch *batch = rk_batch_try_new(idle.producer, idle.topic, idle.queue, 7, first);
    assert_non_null(batch);
    return batch;
}

/* Record number i of a mixture: sizes, keys, headers, times, opaques, by reference or not. */
static struct rk_new_record mixed(unsigned i, rd_kafka_headers_t *headers)
{
    static const int32_t sizes[] = {0, 1, 50, 57, 58, 59, 62, 63, 64, 100, 1000, 8170, 8192, LARGE};
    unsigned seed = i * 2654435761u + 5;
    int32_t size = sizes[(unsigned)rand_r(&seed) % RK_COUNT_OF(sizes)];
    struct rk_new_record record = record_of(bytes + i % 1000, size, 0);
    if (i % 7 == 3) {
        record.value = NULL;
        record.value_size = -1;
        record.payload_size = 0;
    }
    record.flags = (unsigned)rand_r(&seed) % 2 ? RD_KAFKA_MSG_F_COPY : 0;
    record.by_reference = !record.flags && record.value_size >= 8192;
    if (i % 3) {
        record.key = bytes + i;
        record.key_size = (int32_t)((unsigned)rand_r(&seed) % 300);
        record.payload_size += (size_t)record.key_size;
    }
    record.timestamp_ms = 1000 + (int64_t)((unsigned)rand_r(&seed) % 100000) - 50000;
    record.enqueued_us += i * 3;
    record.opaque = i < 5 || i % 2 ? NULL : (void *)(uintptr_t)i;
    if (i % 5 == 0 && headers) {
        record.headers = headers;
        record.headers_size = rk_headers_wire_size(headers);
    }
    return record;
}

static rd_kafka_headers_t *two_headers(void)
{
    rd_kafka_headers_t *headers = rk_headers_new(2);
    rk_headers_add(headers, "one", -1, bytes, 100);
    rk_headers_add(headers, "two", -1, NULL, 0);
    return headers;
}

static void expect_same(const struct rk_batch_record *found, const struct rk_new_record *wanted)
{
    assert_int_equal(found->key_size, wanted->key_size);
    assert_int_equal(found->key != NULL, wanted->key_size >= 0);
    if (wanted->key_size > 0)
        assert_memory_equal(found->key, wanted->key, wanted->key_size);
    assert_int_equal(found->value_size, wanted->value_size);
    assert_int_equal(found->value != NULL, wanted->value_size >= 0);
    if (wanted->value_size > 0)
        assert_memory_equal(found->value, wanted->value, wanted->value_size);
    assert_int_equal(found->timestamp_ms, wanted->timestamp_ms);
    assert_int_equal(found->enqueued_us, wanted->enqueued_us);
    assert_ptr_equal(found->opaque, wanted->opaque);
    assert_int_equal(found->raw_headers_size, wanted->headers_size);
    bool is_lent = !(wanted->flags & RD_KAFKA_MSG_F_COPY) && wanted->value;
    assert_int_equal(found->original != NULL, is_lent);
    if (is_lent)
        assert_ptr_equal(found->original->value, wanted->value);
}

/* Walks over records [first, first + count) of the mixture. */
static void expect_mixed(const struct rk_batch *batch, unsigned first, unsigned count,
                         rd_kafka_headers_t *headers)
{
    struct rk_batch_walk walk;
    struct rk_batch_record record;
    unsigned i = first;
    rk_batch_walk_init(&walk, batch);
    while (rk_batch_walk_next(&walk, &record)) {
        struct rk_new_record wanted = mixed(i++, headers);
        expect_same(&record, &wanted);
    }
    assert_int_equal(i - first, count);
    assert_int_equal(batch->record_count, count);
}

/* What goes over the wire is what any reader reads. */
static void expect_readable(struct rk_batch *batch)
{
    struct iovec *parts = NULL;
    int count = rk_batch_record_parts(batch, NULL, 0);
    parts = rk_calloc((size_t)count, sizeof(*parts));
    assert_int_equal(rk_batch_record_parts(batch, parts, count), count);
    uint8_t *whole = rk_malloc(batch->size);
    size_t at = RK_RECORD_BATCH_HEADER_SIZE;
    for (int i = 0; i < count; i++) {
        memcpy(whole + at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    assert_int_equal(at, batch->size);
    struct rk_record_batch_header header;
    rk_record_batch_header_init(&header);
    header.last_offset_delta = (int32_t)batch->record_count - 1;
    header.base_timestamp = batch->base_timestamp_ms;
    header.max_timestamp = batch->max_timestamp_ms;
    header.record_count = (int32_t)batch->record_count;
    rk_record_batch_header_write(whole, &header, parts, (size_t)count);
    rk_free(parts);

    struct rk_record_batches batches;
    struct rk_record_batch found;
    struct rk_record_cursor cursor;
    struct rk_record record;
    struct rk_batch_walk walk;
    struct rk_batch_record ours;
    rk_record_batches_init(&batches, whole, batch->size);
    assert_int_equal(rk_record_batches_next(&batches, &found), RK_RECORD_BATCH_FOUND);
    assert_int_equal(rk_record_batch_check_crc(&found), 0);
    assert_int_equal(
        rk_record_cursor_init(&cursor, &found.header, found.records, found.records_size), 0);
    rk_batch_walk_init(&walk, batch);
    int64_t max_timestamp = INT64_MIN;
    while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND) {
        assert_true(rk_batch_walk_next(&walk, &ours));
        assert_int_equal(record.key_size, ours.key_size);
        assert_int_equal(record.value_size, ours.value_size);
        if (record.value_size > 0)
            assert_memory_equal(record.value, ours.value, record.value_size);
        assert_int_equal(record.timestamp, ours.timestamp_ms);
        max_timestamp = RK_MAX(max_timestamp, record.timestamp);
    }
    assert_false(rk_batch_walk_next(&walk, &ours));
    assert_true(batch->max_timestamp_ms >= max_timestamp);
    rk_free(whole);
}

static void test_round_trip(void **state)
{
    (void)state;
    rd_kafka_headers_t *headers = two_headers();
    for (unsigned first = 0; first < 300; first += 50) {
        struct rk_new_record record = mixed(first, headers);
        struct rk_batch *batch = new_batch(&record);
        unsigned count = 0;
        while (count < 50) {
            record = mixed(first + count, headers);
            enum rk_append result = append(batch, &record);
            if (result == RK_APPEND_FULL)
                break;
            assert_int_equal(result, RK_APPEND_OK);
            count++;
            assert_true(batch->size <= idle.producer->limits.batch_size);
        }
        assert_true(count > 5);
        expect_mixed(batch, first, count, headers);
        expect_readable(batch);
        rk_batch_release(batch);
    }
    rk_headers_destroy(headers);
}

/* What is counted is what is there. */
static void test_counts(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 100, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = new_batch(&record);
    assert_int_equal(batch->size, RK_RECORD_BATCH_HEADER_SIZE);
    record.key = bytes;
    record.key_size = 20;
    record.payload_size += 20;
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(batch, &record), RK_APPEND_OK);
    assert_int_equal(batch->record_count, 3);
    assert_int_equal(batch->credit_bytes, 360);
    size_t body = rk_record_body_size(0, 0, 20, 100, 0);
    assert_int_equal(batch->size, RK_RECORD_BATCH_HEADER_SIZE + 3 * rk_record_size(body));
    assert_null(batch->opaques); /* None was given. */
    assert_null(batch->originals);
    assert_int_equal(batch->number, 7);
    rk_batch_release(batch);
}

static void test_opaques_come_late(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 10, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = new_batch(&record);
    for (uintptr_t i = 0; i < 100; i++) {
        record.opaque = i < 40 || i == 70 ? NULL : (void *)i;
        assert_int_equal(append(batch, &record), RK_APPEND_OK);
    }
    struct rk_batch_walk walk;
    struct rk_batch_record found;
    rk_batch_walk_init(&walk, batch);
    for (uintptr_t i = 0; rk_batch_walk_next(&walk, &found); i++)
        assert_int_equal((uintptr_t)found.opaque, i < 40 || i == 70 ? 0 : i);
    rk_batch_release(batch);
}

/* Full */

static void test_full_by_count(void **state)
{
    (void)state;
    idle.producer->limits.batch_records = 3;
    struct rk_new_record record = record_of(bytes, 10, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = new_batch(&record);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(batch, &record), RK_APPEND_OK);
    uint32_t size = batch->size;
    assert_int_equal(append(batch, &record), RK_APPEND_FULL);
    assert_int_equal(batch->record_count, 3);
    assert_int_equal(batch->size, size);
    rk_batch_release(batch);
}

/* To the byte, and the first record always fits. */
static void test_full_by_size(void **state)
{
    (void)state;
    for (int32_t size = 100; size < 140; size++) {
        idle.producer->limits.batch_size = 500;
        struct rk_new_record record = record_of(bytes, size, RD_KAFKA_MSG_F_COPY);
        struct rk_batch *batch = new_batch(&record);
        while (append(batch, &record) == RK_APPEND_OK)
            assert_true(batch->size <= 500);
        size_t body = rk_record_body_size(0, (int32_t)batch->record_count, -1, size, 0);
        assert_true(batch->size + rk_record_size(body) > 500);
        rk_batch_release(batch);
    }
    struct rk_new_record record = record_of(bytes, 5000, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = new_batch(&record);
    assert_int_equal(append(batch, &record), RK_APPEND_OK);
    assert_int_equal(append(batch, &record), RK_APPEND_FULL);
    expect_readable(batch);
    rk_batch_release(batch);
}

/* Enqueue times are kept in 32 bits; another thread's may be older than the first one. */
static void test_full_by_time(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 10, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = new_batch(&record);
    assert_int_equal(append(batch, &record), RK_APPEND_OK);
    record.enqueued_us -= 1000;
    assert_int_equal(append(batch, &record), RK_APPEND_OK);
    record.enqueued_us += 1000 + (uint64_t)UINT32_MAX;
    assert_int_equal(append(batch, &record), RK_APPEND_OK);
    record.enqueued_us++;
    assert_int_equal(append(batch, &record), RK_APPEND_FULL);
    struct rk_batch_walk walk;
    struct rk_batch_record found;
    rk_batch_walk_init(&walk, batch);
    static const uint64_t wanted[] = {0, 0, UINT32_MAX};
    for (int i = 0; rk_batch_walk_next(&walk, &found); i++)
        assert_int_equal(found.enqueued_us, batch->base_enqueued_us + wanted[i]);
    rk_batch_release(batch);
}

/* By reference */

static size_t memory_of(const struct rk_batch *batch)
{
    size_t size = 0;
    for (const struct rk_segment *segment = batch->first; segment; segment = segment->next)
        size += segment->capacity + sizeof(*segment);
    return size;
}

static void test_by_reference_costs_little(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 5000, 0);
    record.by_reference = true;
    record.key = bytes;
    record.key_size = 30;
    record.payload_size += 30;
    struct rk_batch *batch = new_batch(&record);
    while (append(batch, &record) == RK_APPEND_OK)
        ;
    assert_int_equal(batch->record_count, (1000000 - 61) / 5043);
    assert_true(memory_of(batch) < batch->size / 3);
    int foreign = 0;
    for (const struct rk_segment *segment = batch->first; segment; segment = segment->next) {
        if (!segment->capacity)
            assert_ptr_equal(segment->bytes, bytes);
        foreign += !segment->capacity;
    }
    assert_int_equal(foreign, batch->record_count);
    expect_readable(batch);
    rk_batch_release(batch);
}

/* Copied: about twice what stands in it at most, and the first segments. */
static void test_copies_cost_twice_at_most(void **state)
{
    (void)state;
    for (int32_t size = 1; size < 100000; size = size * 3 + 1) {
        struct rk_new_record record = record_of(bytes, size, RD_KAFKA_MSG_F_COPY);
        struct rk_batch *batch = new_batch(&record);
        while (append(batch, &record) == RK_APPEND_OK)
            if (10 * memory_of(batch) > 22 * (size_t)batch->size + 30000)
                fail_msg("%zu bytes for %u, records of %d", memory_of(batch), batch->size, size);
        rk_batch_release(batch);
    }
}

/* Splitting */

static void test_split_anywhere(void **state)
{
    (void)state;
    enum { COUNT = 30 };
    rd_kafka_headers_t *headers = two_headers();
    for (uint32_t at = 1; at < COUNT; at++) {
        struct rk_new_record record = mixed(0, headers);
        struct rk_batch *batch = new_batch(&record);
        for (unsigned i = 0; i < COUNT; i++) {
            record = mixed(i, headers);
            assert_int_equal(append(batch, &record), RK_APPEND_OK);
        }
        uint64_t credit = batch->credit_bytes;
        batch->sending.attempts = 3;
        batch->sending.may_be_persisted = true;
        batch->sending.is_prepared = true;
        struct rk_batch *head = rk_batch_try_split(batch, at);
        assert_non_null(head);
        expect_mixed(head, 0, at, headers);
        expect_mixed(batch, at, COUNT - at, headers);
        expect_readable(head);
        expect_readable(batch);
        assert_int_equal(head->credit_bytes + batch->credit_bytes, credit);
        assert_int_equal(head->number, 7);
        assert_int_equal(batch->number, 7 + at);
        assert_int_equal(head->sending.attempts, 3);
        assert_true(head->sending.may_be_persisted);
        assert_false(batch->sending.is_prepared);
        rk_batch_release(head);
        rk_batch_release(batch);
    }
    rk_headers_destroy(headers);
}

/* The open batch goes on taking records. */
static void test_append_after_split(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 100, RD_KAFKA_MSG_F_COPY);
    struct rk_batch *batch = new_batch(&record);
    for (unsigned i = 0; i < 20; i++) {
        record.enqueued_us += 10;
        assert_int_equal(append(batch, &record), RK_APPEND_OK);
    }
    struct rk_batch *head = rk_batch_try_split(batch, 15);
    for (unsigned i = 0; i < 100; i++) {
        record.enqueued_us += 10;
        assert_int_equal(append(batch, &record), RK_APPEND_OK);
    }
    assert_int_equal(batch->record_count, 105);
    expect_readable(batch);
    rk_batch_release(head);
    rk_batch_release(batch);
}

/* Times that make the deltas of the rest larger: it is no larger than it was, and is not refused.
 */
static void test_split_of_odd_times(void **state)
{
    (void)state;
    idle.producer->limits.batch_size = 2000;
    struct rk_new_record record = record_of(bytes, 20, RD_KAFKA_MSG_F_COPY);
    record.timestamp_ms = 1700000000000;
    struct rk_batch *batch = new_batch(&record);
    int64_t times[] = {1700000000000, 0};
    for (int i = 0; append(batch, &record) == RK_APPEND_OK; i++)
        record.timestamp_ms = times[i == 0];
    uint32_t count = batch->record_count;
    struct rk_batch *head = rk_batch_try_split(batch, 1);
    assert_non_null(head);
    assert_int_equal(head->record_count, 1);
    assert_int_equal(batch->record_count, count - 1);
    assert_true(batch->size <= 2000);
    expect_readable(batch);
    rk_batch_release(head);
    rk_batch_release(batch);
}

/* Values that were given away are freed once, with the half they are in. */
static void test_split_of_given_values(void **state)
{
    (void)state;
    struct rk_new_record record = record_of(bytes, 100, RD_KAFKA_MSG_F_FREE);
    struct rk_batch *batch = new_batch(&record);
    for (unsigned i = 0; i < 20; i++) {
        record.value = rk_app_malloc(9000);
        memset(record.value, 'x', 9000);
        record.value_size = 9000;
        record.payload_size = 9000;
        record.by_reference = i % 2;
        assert_int_equal(append(batch, &record), RK_APPEND_OK);
    }
    struct rk_batch *head = rk_batch_try_split(batch, 7);
    struct rk_batch *middle = rk_batch_try_split(batch, 7);
    rk_batch_release(head);
    rk_batch_release(batch);
    rk_batch_release(middle);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_status),
        TEST(test_second_segment),
        TEST(test_round_trip),
        TEST(test_counts),
        TEST(test_opaques_come_late),
        TEST(test_full_by_count),
        TEST(test_full_by_size),
        TEST(test_full_by_time),
        TEST(test_by_reference_costs_little),
        TEST(test_copies_cost_twice_at_most),
        TEST(test_split_anywhere),
        TEST(test_append_after_split),
        TEST(test_split_of_odd_times),
        TEST(test_split_of_given_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
