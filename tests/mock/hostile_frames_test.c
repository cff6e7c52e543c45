/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers that are none, in place of each answer that the client waits for: the connection ends
 * with an error that names the broker and what was wrong, the client pauses, and then it goes on as
 * if nothing had been.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "wire/header.h"

enum { RECORDS = 20, CUTS_MAX = 48, MALFORMED_MIN = 6 };

enum lie {
    HUGE_SIZE,
    NEGATIVE_SIZE,
    TINY_SIZE,
    SIZE_ABOVE_LIMIT,
    OTHER_ID,
    NEGATIVE_ID,
    BYTE_TOO_MANY,
    ONES,         /* Counts of -1 or two billion, lengths likewise. */
    OVERFLOW,     /* Variable-length integers without end. */
    CUT_OFF_LINE, /* Half of it, and the connection is closed. */
    FIXED_LIES,   /* Then the answer cut short, here and there. At last two answers for one. */
};

static struct hostile_fixture fixture;

static struct {
    int api_key;
    _Atomic int told;
    _Atomic bool is_done;
} script;

static int begin(void **state)
{
    (void)state;
    hostile_init(&fixture, 1);
    hostile_add_topic(&fixture, "t", 1);
    script.told = 0;
    script.is_done = false;
    return 0;
}

static int end(void **state)
{
    (void)state;
    hostile_end(&fixture);
    return 0;
}

static uint8_t *copy_frame(struct liar_answer *answer, size_t room)
{
    uint8_t *bytes = liar_alloc(answer, answer->frame.size + room);
    memcpy(bytes, answer->frame.data, answer->frame.size);
    answer->raw = (struct liar_bytes){bytes, answer->frame.size};
    return bytes;
}

/* Everything behind the header. */
static void fill(struct liar_answer *answer, uint8_t *bytes, int value)
{
    size_t header = 8;
    if (rk_api_answer_header_version(answer->api, answer->version) >= 1)
        header++;
    if (answer->frame.size > header)
        memset(bytes + header, value, answer->frame.size - header);
}

static enum liar_fate tell_fixed(struct liar_answer *answer, enum lie lie)
{
    uint8_t *bytes = copy_frame(answer, answer->frame.size);
    switch (lie) {
    case HUGE_SIZE:
        rk_store_be32(bytes, INT32_MAX);
        break;
    case NEGATIVE_SIZE:
        rk_store_be32(bytes, -1);
        break;
    case TINY_SIZE:
        rk_store_be32(bytes, 3);
        break;
    case SIZE_ABOVE_LIMIT:
        rk_store_be32(bytes, answer->api->key == RK_API_API_VERSIONS ? 65537 : 1000001);
        break;
    case OTHER_ID:
        rk_store_be32(bytes + 4, answer->correlation_id + 1);
        break;
    case NEGATIVE_ID:
        rk_store_be32(bytes + 4, -1);
        break;
    case BYTE_TOO_MANY:
        answer->raw.size++;
        rk_store_be32(bytes, (int32_t)answer->raw.size - 4);
        break;
    case ONES:
        fill(answer, bytes, 0xff);
        break;
    case OVERFLOW:
        fill(answer, bytes, 0x80);
        break;
    case CUT_OFF_LINE:
        answer->raw.size /= 2;
        return LIAR_RAW_AND_CLOSE;
    case FIXED_LIES:
        break;
    }
    return LIAR_RAW;
}

/* The first bytes all, the others so that not too many are tried. */
static size_t place_of_cut(size_t cut, size_t size)
{
    size_t body = size - 8;
    if (cut < CUTS_MAX / 2 || body <= CUTS_MAX)
        return 8 + cut;
    return 8 + CUTS_MAX / 2 + (cut - CUTS_MAX / 2) * (body - CUTS_MAX / 2) / (CUTS_MAX / 2);
}

static enum liar_fate lie(struct liar_answer *answer, void *opaque)
{
    (void)opaque;
    if (answer->api->key != script.api_key || script.is_done)
        return LIAR_TELL;
    int number = script.told;
    if (number < FIXED_LIES) {
        script.told++;
        return tell_fixed(answer, (enum lie)number);
    }
    int cut = number - FIXED_LIES;
    size_t size = place_of_cut((size_t)cut, answer->frame.size);
    if (cut >= CUTS_MAX || size >= answer->frame.size) {
        uint8_t *twice = copy_frame(answer, answer->frame.size);
        memcpy(twice + answer->frame.size, twice, answer->frame.size);
        answer->raw.size *= 2;
        script.told++;
        script.is_done = true;
        return LIAR_RAW;
    }
    script.told++;
    uint8_t *bytes = copy_frame(answer, 0);
    answer->raw.size = size;
    rk_store_be32(bytes, (int32_t)size - 4);
    return LIAR_RAW;
}

static void start_lying(enum rk_api_key key)
{
    script.api_key = key;
    liar_set_hook(fixture.liar, lie, NULL);
}

static bool is_done(struct hostile_fixture *unused, const void *argument)
{
    (void)unused;
    (void)argument;
    return script.is_done;
}

static int count_errors(const char *part)
{
    int count = 0;
    for (int i = 0; i < fixture.error_count; i++)
        count += fixture.errors[i].err == RD_KAFKA_RESP_ERR__BAD_MSG &&
                 strstr(fixture.errors[i].text, part) != NULL;
    return count;
}

/* All lies were told, each cost one connection and at most another to ask for metadata, and the
 * errors say which broker said what. */
static void expect_named(const char *api_name, const char *limit)
{
    char malformed[64], broker[64];
    hostile_wait(&fixture, is_done, NULL, "the end of all lies");
    int told = script.told;
    int connections = liar_connection_count(fixture.liar, 0);
    if (connections > 2 * told + 8)
        fail_msg("%d connections for %d lies", connections, told);
    snprintf(malformed, sizeof(malformed), "Malformed %s answer v", api_name);
    snprintf(broker, sizeof(broker), "127.0.0.1:%u/", liar_port(fixture.liar, 1));
    assert_true(count_errors("Answer of 2147483647 bytes: not between 4 and the limit of ") > 0);
    assert_true(count_errors("Answer of -1 bytes: not between 4 and the limit of ") > 0);
    assert_true(count_errors("Answer of 3 bytes: not between 4 and the limit of ") > 0);
    assert_true(count_errors(limit) > 0);
    assert_true(count_errors("Answer with correlation id -1, expected ") > 0);
    assert_in_range(count_errors(malformed), MALFORMED_MIN, told);
    for (int i = 0; i < fixture.error_count; i++) {
        const struct hostile_error *error = &fixture.errors[i];
        if (error->err == RD_KAFKA_RESP_ERR__BAD_MSG && !strstr(error->text, broker))
            fail_msg("names no broker: %s", error->text);
        if (error->partition >= 0)
            fail_msg("told of a partition: %s", error->text);
    }
}

#define ABOVE_SMALL "Answer of 65537 bytes: not between 4 and the limit of 65536"
#define ABOVE_LARGE "Answer of 1000001 bytes: not between 4 and the limit of 1000000"

static void produce_against(enum rk_api_key key, const char *name, const char *limit)
{
    start_lying(key);
    hostile_start(&fixture, RD_KAFKA_PRODUCER, "reconnect.backoff.max.ms", "10",
                  "receive.message.max.bytes", "1000000", "message.max.bytes", "900000", NULL);
    hostile_produce(&fixture, "t", 0);
    if (key == RK_API_METADATA || key == RK_API_API_VERSIONS)
        expect_named(name, limit);
    hostile_expect_delivered(&fixture);
    expect_named(name, limit);
    hostile_produce(&fixture, "t", 0);
    hostile_expect_delivered(&fixture);
}

/* `epoch`: which the first position is said to have. */
static void consume_against(enum rk_api_key key, const char *name, int32_t epoch)
{
    start_lying(key);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, "reconnect.backoff.max.ms", "10",
                  "receive.message.max.bytes", "1000000", "fetch.max.bytes", "900000",
                  "message.max.bytes", "900000", NULL);
    rd_kafka_topic_partition_list_t *list =
        consume_list("t", 0, key == RK_API_LIST_OFFSETS ? RD_KAFKA_OFFSET_BEGINNING : 0);
    rd_kafka_topic_partition_set_leader_epoch(&list->elems[0], epoch);
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    hostile_expect_consumed(&fixture, 0, RECORDS);
    expect_named(name, ABOVE_LARGE);
    consume_fill(&fixture.base, "t", 0, RECORDS, RECORDS);
    hostile_expect_consumed(&fixture, 0, 2 * RECORDS);
}

static void test_api_versions(void **state)
{
    (void)state;
    produce_against(RK_API_API_VERSIONS, "ApiVersions", ABOVE_SMALL);
}

static void test_metadata(void **state)
{
    (void)state;
    produce_against(RK_API_METADATA, "Metadata", ABOVE_LARGE);
}

static void test_produce(void **state)
{
    (void)state;
    produce_against(RK_API_PRODUCE, "Produce", ABOVE_LARGE);
}

static void test_fetch(void **state)
{
    (void)state;
    consume_fill(&fixture.base, "t", 0, 0, RECORDS);
    consume_against(RK_API_FETCH, "Fetch", -1);
}

static void test_list_offsets(void **state)
{
    (void)state;
    consume_fill(&fixture.base, "t", 0, 0, RECORDS);
    consume_against(RK_API_LIST_OFFSETS, "ListOffsets", -1);
}

/* Asked of brokers whose Fetch does not tell of epochs. */
static void test_offset_for_leader_epoch(void **state)
{
    (void)state;
    consume_fill(&fixture.base, "t", 0, 0, RECORDS);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    consume_assign(&fixture.base, "t", 1, 0);
    rd_kafka_message_t *message = consume_next(&fixture.base);
    int32_t epoch = rd_kafka_message_leader_epoch(message);
    assert_in_range(epoch, 0, 100);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(fixture.rk);
    liar_set_max_version(fixture.liar, RK_API_FETCH, 11);
    consume_against(RK_API_OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderEpoch", epoch);
}

/* Fields from the future are no lie. */

static enum liar_fate add_tag(struct liar_answer *answer, void *opaque)
{
    static const uint8_t tag[] = {1, 0xe3, 0x07, 2, 'a', 'b'};
    (void)opaque;
    size_t last = answer->frame.size - 1;
    if (answer->version < answer->api->flexible_since || answer->frame.data[last] != 0)
        return LIAR_TELL;
    size_t size;
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_answer_encode(answer->api, answer->version, answer->correlation_id,
                                      answer->answer, &writer),
                     0);
    size = rk_writer_total(&writer);
    uint8_t *bytes = liar_alloc(answer, size + sizeof(tag));
    rk_writer_copy(&writer, bytes);
    rk_writer_clear(&writer);
    memcpy(bytes + size - 1, tag, sizeof(tag));
    answer->raw = (struct liar_bytes){bytes, size - 1 + sizeof(tag)};
    rk_store_be32(bytes, (int32_t)answer->raw.size - 4);
    script.told++;
    return LIAR_RAW;
}

static void test_unknown_tags(void **state)
{
    (void)state;
    consume_fill(&fixture.base, "t", 0, 0, RECORDS);
    liar_set_hook(fixture.liar, add_tag, NULL);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, NULL);
    consume_assign(&fixture.base, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    hostile_expect_consumed(&fixture, 0, RECORDS);
    rd_kafka_destroy(fixture.rk);
    fixture.base.rk = NULL;
    hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    hostile_produce(&fixture, "t", 0);
    hostile_expect_delivered(&fixture);
    assert_in_range(script.told, 8, 1000);
    assert_int_equal(fixture.error_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_api_versions), TEST(test_metadata),     TEST(test_produce),
        TEST(test_fetch),        TEST(test_list_offsets), TEST(test_offset_for_leader_epoch),
        TEST(test_unknown_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
