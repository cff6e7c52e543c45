/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much is fetched ahead: limits of messages and bytes hold while nobody polls, whatever the
 * codec, and fetching goes on as soon as somebody does.
 */
#include "support/consume_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static struct consume_fixture fixture;

enum { VALUE_SIZE = 1000, QUIET_MS = 400 };

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 1);
    consume_add_topic(&fixture, "t", 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

/* Messages of VALUE_SIZE equal bytes, in batches of about ten. */
static void fill(int32_t partition, int count)
{
    static char value[VALUE_SIZE];
    memset(value, 'v', sizeof(value));
    for (int i = 0; i < count; i++) {
        assert_int_equal(rd_kafka_producev(fixture.producer, RD_KAFKA_V_TOPIC("t"),
                                           RD_KAFKA_V_PARTITION(partition),
                                           RD_KAFKA_V_VALUE(value, sizeof(value)),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_END),
                         0);
    }
    assert_int_equal(rd_kafka_flush(fixture.producer, CONSUME_TIMEOUT_MS), 0);
}

static size_t queued(void)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(fixture.rk);
    size_t length = rd_kafka_queue_length(queue);
    rd_kafka_queue_destroy(queue);
    return length;
}

/* So many at least, and time for more than there should be. */
static void let_it_fetch(size_t count)
{
    uint64_t until_us = rk_clock_now_us() + CONSUME_TIMEOUT_MS * UINT64_C(1000);
    while (queued() < count && rk_clock_now_us() < until_us)
        rd_kafka_poll(fixture.rk, 20);
    until_us = rk_clock_now_us() + QUIET_MS * 1000;
    while (rk_clock_now_us() < until_us)
        rd_kafka_poll(fixture.rk, 50);
}

/* All messages of the partition come, in order, without long waits. */
static void drain(int32_t partition, int count)
{
    for (int i = 0; i < count; i++) {
        rd_kafka_message_t *message = consume_next(&fixture);
        assert_int_equal(message->err, 0);
        assert_int_equal(message->partition, partition);
        assert_int_equal(message->offset, i);
        rd_kafka_message_destroy(message);
    }
}

static void test_messages(void **state)
{
    (void)state;
    fill(0, 2000);
    consume_start(&fixture, "queued.min.messages", "100", "fetch.message.max.bytes", "20000", NULL);
    consume_assign(&fixture, "t", 1, 0);
    let_it_fetch(100);
    assert_in_range(queued(), 100, 130);
    drain(0, 2000);
}

static void test_bytes(void **state)
{
    (void)state;
    fill(0, 2000);
    consume_start(&fixture, "queued.max.messages.kbytes", "200", "fetch.message.max.bytes", "20000",
                  NULL);
    consume_assign(&fixture, "t", 1, 0);
    let_it_fetch(130);
    assert_in_range(queued(), 130, 230);
    drain(0, 2000);
}

/* A thousand equal bytes are nothing on the wire: what counts is what they unpack to. */
static void test_bytes_decompressed(void **state)
{
    (void)state;
    rd_kafka_mock_cluster_destroy(fixture.cluster);
    rd_kafka_destroy(fixture.producer);
    consume_init_with(&fixture, 1, "compression.codec", "gzip", "batch.num.messages", "20", NULL);
    consume_add_topic(&fixture, "t", 1);
    fill(0, 3000);
    consume_start(&fixture, "queued.max.messages.kbytes", "200", NULL);
    consume_assign(&fixture, "t", 1, 0);
    let_it_fetch(130);
    assert_in_range(queued(), 130, 250);
    drain(0, 3000);
}

/* A limit smaller than a batch lets one through at a time. */
static void test_tiny_limits(void **state)
{
    (void)state;
    fill(0, 100);
    consume_start(&fixture, "queued.max.messages.kbytes", "1", "queued.min.messages", "1",
                  "fetch.message.max.bytes", "10", NULL);
    consume_assign(&fixture, "t", 1, 0);
    let_it_fetch(1);
    assert_in_range(queued(), 1, 40);
    drain(0, 100);
}

/* A partition with a queue of its own that nobody polls does not hold up the other. */
static void test_a_queue_nobody_polls(void **state)
{
    (void)state;
    fill(0, 1000);
    fill(1, 1000);
    consume_start(&fixture, "queued.max.messages.kbytes", "100", "fetch.message.max.bytes", "20000",
                  NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(fixture.rk, "t", 1);
    rd_kafka_queue_forward(queue, NULL);
    consume_assign(&fixture, "t", 2, 0);
    drain(0, 1000);
    uint64_t until_us = rk_clock_now_us() + CONSUME_TIMEOUT_MS * UINT64_C(1000);
    while (rd_kafka_queue_length(queue) < 50 && rk_clock_now_us() < until_us)
        rd_kafka_poll(fixture.rk, 20);
    assert_in_range(rd_kafka_queue_length(queue), 50, 130);
    rd_kafka_queue_destroy(queue);
}

/* Nor does one that is paused: what it had is dropped, and its room is free. */
static void test_a_paused_partition(void **state)
{
    (void)state;
    fill(0, 1000);
    fill(1, 1000);
    consume_start(&fixture, "queued.max.messages.kbytes", "100", "fetch.message.max.bytes", "50000",
                  NULL);
    consume_assign(&fixture, "t", 2, 0);
    let_it_fetch(50);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 1, 0);
    rd_kafka_pause_partitions(fixture.rk, list);
    drain(0, 1000);
    rd_kafka_resume_partitions(fixture.rk, list);
    drain(1, 1000);
    rd_kafka_topic_partition_list_destroy(list);
}

/* An idle partition's long poll does not keep a busy one waiting that has room again. */
static void test_idle_company(void **state)
{
    (void)state;
    fill(0, 3000);
    consume_start(&fixture, "queued.min.messages", "20", "fetch.message.max.bytes", "20000",
                  "fetch.wait.max.ms", "200000", "socket.timeout.ms", "300000", NULL);
    consume_assign(&fixture, "t", 2, 0);
    drain(0, 3000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_messages),
        TEST(test_bytes),
        TEST(test_bytes_decompressed),
        TEST(test_tiny_limits),
        TEST(test_a_queue_nobody_polls),
        TEST(test_a_paused_partition),
        TEST(test_idle_company),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
