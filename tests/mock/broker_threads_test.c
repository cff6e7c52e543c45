/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads of brokers end while there is nothing to do with the broker, and come back.
 */
#include "support/consume_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { BROKERS = 3, PARTITIONS = 3, WAIT_MS = 60000, SLICE_MS = 20, BATCH = 10 };

static struct consume_fixture fixture;
static _Atomic int starts, exits, reports;
static int base; /* Threads besides those of the brokers of the client under test. */

static int set_up(void **state)
{
    (void)state;
    starts = exits = reports = 0;
    consume_init(&fixture, BROKERS);
    consume_add_topic(&fixture, "t", PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", i, i + 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    consume_end(&fixture);
    assert_int_equal(starts, exits);
    assert_int_equal(rd_kafka_thread_cnt(), 0);
    return 0;
}

/* What an interceptor of threads does besides counting. */
static void (*inside)(rd_kafka_t *rk, bool is_exit);

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type,
                                           const char *name, void *opaque)
{
    (void)name;
    (void)opaque;
    if (type != RD_KAFKA_THREAD_BROKER)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    starts++;
    if (inside)
        inside(rk, false);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_thread_exit(rd_kafka_t *rk, rd_kafka_thread_type_t type,
                                          const char *name, void *opaque)
{
    (void)name;
    (void)opaque;
    if (type != RD_KAFKA_THREAD_BROKER)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (inside)
        inside(rk, true);
    exits++;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *errstr, size_t errstr_size)
{
    (void)conf;
    (void)opaque;
    (void)errstr;
    (void)errstr_size;
    rd_kafka_interceptor_add_on_thread_start(rk, "count", on_thread_start, NULL);
    return rd_kafka_interceptor_add_on_thread_exit(rk, "count", on_thread_exit, NULL);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    assert_int_equal(message->err, RD_KAFKA_RESP_ERR_NO_ERROR);
    reports++;
}

/* A client of the cluster. */
static void start(rd_kafka_type_t type, const char *idle_ms)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_interceptor_add_on_new(conf, "count", on_new, NULL);
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture.cluster),
                      NULL, 0);
    rd_kafka_conf_set(conf, "connections.max.idle.ms", idle_ms, NULL, 0);
    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set(conf, "linger.ms", "1", NULL, 0);
        rd_kafka_conf_set(conf, "statistics.interval.ms", "100", NULL, 0);
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    } else {
        rd_kafka_conf_set(conf, "group.id", "g", NULL, 0);
        rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
    }
    base = rd_kafka_thread_cnt() + 2;
    fixture.rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!fixture.rk)
        fail_msg("%s", text);
}

static void await_threads(int count)
{
    for (int ms = 0; ms < WAIT_MS && rd_kafka_thread_cnt() != base + count; ms += SLICE_MS)
        rd_kafka_poll(fixture.rk, SLICE_MS);
    assert_int_equal(rd_kafka_thread_cnt(), base + count);
}

static void produce(rd_kafka_t *rk, int32_t partition)
{
    assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_VALUE("x", 1),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void test_of_a_producer(void **state)
{
    (void)state;
    start(RD_KAFKA_PRODUCER, "200");
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < BATCH * PARTITIONS; i++)
            produce(fixture.rk, i % PARTITIONS);
        assert_int_equal(rd_kafka_flush(fixture.rk, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_int_equal(reports, round * BATCH * PARTITIONS);
        await_threads(0);
        assert_int_equal(starts, exits);
        int before = starts;
        assert_true(before >= BROKERS);
        rd_kafka_flush(fixture.rk, 0);
        rd_kafka_poll(fixture.rk, 500); /* Statistics do not bring them back. */
        assert_int_equal(starts, before);
    }
}

/* Messages that come while its thread ends, from that thread even; and a call that waits for
 * background. */
static void produce_inside(rd_kafka_t *rk, bool is_exit)
{
    static _Atomic int count;
    rd_kafka_brokers_add(rk, "127.0.0.1:1");
    if (is_exit && count++ < 5)
        produce(rk, count % PARTITIONS);
}

static void test_interceptors_that_call_back(void **state)
{
    (void)state;
    inside = produce_inside;
    start(RD_KAFKA_PRODUCER, "100");
    produce(fixture.rk, 0);
    for (int ms = 0; ms < WAIT_MS && reports < 6; ms += SLICE_MS)
        rd_kafka_poll(fixture.rk, SLICE_MS);
    assert_int_equal(reports, 6);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    inside = NULL;
}

static void consume_round(int round)
{
    for (int i = 0; i < PARTITIONS; i++)
        consume_fill(&fixture, "t", i, round * BATCH, BATCH);
    for (int i = 0; i < PARTITIONS * BATCH; i++) {
        rd_kafka_message_t *message = consume_next(&fixture);
        assert_int_equal(message->err, RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_true(message->offset / BATCH == round);
        consume_check_text(message);
        rd_kafka_message_destroy(message);
    }
}

static void await_broker_threads(int count)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(fixture.rk);
    for (int ms = 0; ms < WAIT_MS && starts - exits != count; ms += SLICE_MS)
        assert_null(rd_kafka_consume_queue(queue, SLICE_MS));
    rd_kafka_queue_destroy(queue);
    assert_int_equal(starts - exits, count);
}

/* Without connections.max.idle.ms: what leads nothing that is used closes by itself. */
static void test_leaders_move_away(void **state)
{
    (void)state;
    start(RD_KAFKA_CONSUMER, "0");
    consume_assign(&fixture, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    consume_round(0);
    await_broker_threads(BROKERS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", i, 1);
    consume_round(1);
    await_broker_threads(1);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 2, 3);
    consume_round(2);
    await_broker_threads(2);
    rd_kafka_assign(fixture.rk, NULL);
    await_broker_threads(0);
    assert_int_equal(starts, exits);
    consume_assign(&fixture, "t", PARTITIONS, 3 * BATCH);
    consume_round(3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_of_a_producer),
        TEST(test_interceptors_that_call_back),
        TEST(test_leaders_move_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
