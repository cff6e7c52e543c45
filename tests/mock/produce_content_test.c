/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is sent arrives byte for byte: all codecs, sizes from nothing to message.max.bytes, keys,
 * headers, copied and by reference.
 */
#include "support/produce_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/compression.h"

enum { PARTITIONS = 3, BYTES = 1 << 20 };

static struct produce_fixture fixture;
static uint8_t bytes[BYTES]; /* All contents are parts of it. */

/* What message number i is made of. */
struct content {
    size_t value_at, value_size, key_at, key_size;
    int header_count;
    int flags;
};

static struct content content_of(unsigned i)
{
    static const size_t sizes[] = {0,   1,    7,    62,   63,    64,    65,    100,
                                   500, 1000, 8191, 8192, 16000, 65535, 65536, 300000};
    unsigned seed = i * 2654435761u + 17;
    struct content content = {.value_size = sizes[(unsigned)rand_r(&seed) % 16]};
    if (content.value_size > 10000 && i % 8)
        content.value_size %= 600;
    content.key_size = (unsigned)rand_r(&seed) % 3 ? (unsigned)rand_r(&seed) % 200 : 0;
    content.value_at = (unsigned)rand_r(&seed) % (BYTES - content.value_size);
    content.key_at = (unsigned)rand_r(&seed) % (BYTES - content.key_size);
    content.header_count =
        (unsigned)rand_r(&seed) % 4 == 0 ? (int)((unsigned)rand_r(&seed) % 5) : 0;
    content.flags = (unsigned)rand_r(&seed) % 2 ? RD_KAFKA_MSG_F_COPY : 0;
    return content;
}

static int set_up(void **state)
{
    (void)state;
    unsigned seed = 4711;
    for (size_t i = 0; i < BYTES; i++) /* Compressible. */
        bytes[i] = i % 5 ? bytes[i - 1] : (uint8_t)((unsigned)rand_r(&seed) % 23);
    fixture_init(&fixture, 2);
    scripted_add_topic(fixture.cluster, "t", PARTITIONS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void produce(unsigned i)
{
    struct content content = content_of(i);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
    for (int h = 0; h < content.header_count; h++)
        rd_kafka_header_add(headers, "header", h, bytes + content.key_at, 10 * h);
    rd_kafka_resp_err_t err;
    while ((err = rd_kafka_producev(
                fixture.rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION((int32_t)i % PARTITIONS),
                RD_KAFKA_V_VALUE(bytes + content.value_at, content.value_size),
                RD_KAFKA_V_KEY(content.key_size ? bytes + content.key_at : NULL, content.key_size),
                RD_KAFKA_V_MSGFLAGS(content.flags), RD_KAFKA_V_TIMESTAMP(1000 + (int64_t)i * 3),
                RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)(intptr_t)i),
                RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        fixture_poll(&fixture, 5);
    assert_int_equal(err, 0);
}

static void check_headers(const struct scripted_record *record, const struct content *content)
{
    const uint8_t *at = record->headers;
    if (content->header_count == 0) {
        assert_int_equal(record->headers_size, 0);
        return;
    }
    assert_int_equal(*at++, 2 * content->header_count);
    for (int h = 0; h < content->header_count; h++) {
        assert_int_equal(*at++, 2 * h);
        assert_memory_equal(at, "header", h);
        at += h;
        assert_int_equal(*at++, 20 * h);
        assert_memory_equal(at, bytes + content->key_at, 10 * h);
        at += 10 * h;
    }
    assert_int_equal(at - (const uint8_t *)record->headers, record->headers_size);
}

/* Brokers from before 0.11 get message sets: without headers, and in magic 0 without times. */
static int magic = 2;
static unsigned message_count = 3000;

static void check(unsigned i, int codec)
{
    struct content content = content_of(i);
    const struct scripted_record *record =
        scripted_record_at(fixture.cluster, "t", (int)i % PARTITIONS, (int)(i / PARTITIONS));
    assert_non_null(record);
    assert_int_equal(record->value_size, content.value_size);
    assert_memory_equal(record->value, bytes + content.value_at, content.value_size);
    assert_int_equal(record->key != NULL, content.key_size > 0);
    assert_int_equal(record->key_size, content.key_size);
    if (content.key_size)
        assert_memory_equal(record->key, bytes + content.key_at, content.key_size);
    assert_int_equal(record->timestamp_ms, magic > 0 ? 1000 + (int64_t)i * 3 : -1);
    assert_true(record->codec == codec || record->codec == 0);
    if (magic == 2)
        check_headers(record, &content);
    else
        assert_int_equal(record->headers_size, 0);
}

static void run(const char *codec_name, int codec, const char *copy_max, const char *batch_size)
{
    if (!rk_compression_is_available(codec))
        skip();
    fixture_start(&fixture, REPORT_MESSAGES, "compression.codec", codec_name, "linger.ms", "5",
                  "message.copy.max.bytes", copy_max, "batch.size", batch_size, "max.in.flight",
                  "1", "queue.buffering.max.kbytes", "8192", NULL);
    for (unsigned i = 0; i < message_count; i++)
        produce(i);
    fixture_wait(&fixture, (int)message_count);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, (int)message_count);
    unsigned compressed = 0;
    for (unsigned i = 0; i < message_count; i++) {
        check(i, codec);
        compressed +=
            scripted_record_at(fixture.cluster, "t", (int)i % PARTITIONS, (int)(i / PARTITIONS))
                ->codec == codec;
    }
    assert_true(compressed > message_count / 2);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

static void test_plain(void **state)
{
    (void)state;
    run("none", RK_COMPRESSION_NONE, "65535", "1000000");
}

static void test_plain_by_reference(void **state)
{
    (void)state;
    run("none", RK_COMPRESSION_NONE, "0", "1000000");
}

static void test_small_batches(void **state)
{
    (void)state;
    run("none", RK_COMPRESSION_NONE, "1000", "3000");
}

static void test_gzip(void **state)
{
    (void)state;
    run("gzip", RK_COMPRESSION_GZIP, "65535", "200000");
}

static void test_snappy(void **state)
{
    (void)state;
    run("snappy", RK_COMPRESSION_SNAPPY, "0", "1000000");
}

static void test_lz4(void **state)
{
    (void)state;
    run("lz4", RK_COMPRESSION_LZ4, "65535", "1000000");
}

static void test_zstd(void **state)
{
    (void)state;
    run("zstd", RK_COMPRESSION_ZSTD, "1000", "300000");
}

/* A broker that knows Produce up to that version. */
static void run_old(int16_t version, const char *codec_name, int codec)
{
    scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, version);
    magic = version == 2 ? 1 : 0;
    message_count = 600;
    run(codec_name, codec, "1000", "300000");
    magic = 2;
    message_count = 3000;
}

static void test_magic_1(void **state)
{
    (void)state;
    run_old(2, "none", RK_COMPRESSION_NONE);
}

static void test_magic_1_lz4(void **state)
{
    (void)state;
    run_old(2, "lz4", RK_COMPRESSION_LZ4);
}

static void test_magic_0(void **state)
{
    (void)state;
    run_old(0, "none", RK_COMPRESSION_NONE);
}

static void test_magic_0_gzip(void **state)
{
    (void)state;
    run_old(1, "gzip", RK_COMPRESSION_GZIP);
}

static void test_magic_0_lz4(void **state)
{
    (void)state;
    run_old(1, "lz4", RK_COMPRESSION_LZ4);
}

/* A broker without zstd gets them uncompressed. */
static void test_no_zstd(void **state)
{
    (void)state;
    scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, 6);
    fixture_start(&fixture, REPORT_MESSAGES, "compression.codec", "zstd", NULL);
    for (unsigned i = 0; i < 30; i++)
        produce(i);
    fixture_wait(&fixture, 30);
    for (unsigned i = 0; i < 30; i++)
        check(i, RK_COMPRESSION_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_plain),         TEST(test_plain_by_reference),
        TEST(test_small_batches), TEST(test_gzip),
        TEST(test_snappy),        TEST(test_lz4),
        TEST(test_zstd),          TEST(test_magic_1),
        TEST(test_magic_1_lz4),   TEST(test_magic_0),
        TEST(test_magic_0_gzip),  TEST(test_magic_0_lz4),
        TEST(test_no_zstd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
