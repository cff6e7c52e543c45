/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the statistics count of connections, bytes and failures, against what the other side saw:
 * the mock cluster's own counts, and lies whose number is known.
 */
#include "support/statistics_fixture.h"

#if RK_TEST_WITH_CJSON

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/mock.h"
#include "mock/mock_broker.h"
#include "mock/mock_cluster.h"
#include "mock/mock_state.h"
#include "support/liar.h"
#include "wire/api.h"

enum { BROKERS = 2, MESSAGES = 50, LARGE = 200000 };

static struct statistics_fixture fixture;

static int begin(void **state)
{
    (void)state;
    statistics_init(&fixture, BROKERS, 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    statistics_end(&fixture);
    return 0;
}

static int64_t sum_over_brokers(const char *counter)
{
    int64_t sum = 0;
    const cJSON *broker;
    cJSON_ArrayForEach(broker, statistics_reader_find(&fixture.reader, "brokers"))
    {
        const struct statistics_reader reader = {.last = (cJSON *)(uintptr_t)broker};
        sum += statistics_reader_number(&reader, counter);
    }
    return sum;
}

static int64_t number(const char *path)
{
    return statistics_reader_number(&fixture.reader, path);
}

static void produce(int count)
{
    for (int i = 0; i < 2; i++)
        statistics_produce(&fixture, "t", i, count);
    assert_int_equal(rd_kafka_flush(fixture.rk, 20000), 0);
}

/* Until the brokers' counters add up to that. */
static void wait_for(const char *counter, int64_t wanted)
{
    for (int i = 0; i < 200; i++) {
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
        if (sum_over_brokers(counter) == wanted)
            return;
    }
    fail_msg("%s is %lld, not %lld", counter, (long long)sum_over_brokers(counter),
             (long long)wanted);
}

/* What the cluster saw */

static void add_traffic(struct rk_mock_cluster *cluster, void *argument)
{
    struct rk_mock_traffic *sum = argument;
    for (int i = 0; i < BROKERS; i++) {
        const struct rk_mock_broker *broker = rk_mock_broker_at(cluster, i);
        sum->connections += broker->traffic.connections;
        sum->bytes_read += broker->traffic.bytes_read;
        sum->bytes_written += broker->traffic.bytes_written;
    }
}

static bool is_traffic_right(void)
{
    struct rk_mock_traffic seen = {0};
    rk_mock_cluster_run(fixture.cluster->cluster, add_traffic, &seen);
    return sum_over_brokers("txbytes") == (int64_t)seen.bytes_read &&
           sum_over_brokers("rxbytes") == (int64_t)seen.bytes_written &&
           sum_over_brokers("connects") == (int64_t)seen.connections &&
           number("tx_bytes") == (int64_t)seen.bytes_read &&
           number("rx_bytes") == (int64_t)seen.bytes_written &&
           number("rx") == sum_over_brokers("rx") && number("tx") == sum_over_brokers("tx");
}

static void test_traffic(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    produce(MESSAGES);
    /* Metadata is asked for now and then: until a picture was taken in between. */
    for (int i = 0; i < 100 && !is_traffic_right(); i++)
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    assert_true(is_traffic_right());
    assert_true(sum_over_brokers("wakeups") > 0);
    assert_int_equal(sum_over_brokers("req_timeouts"), 0);
    assert_int_equal(sum_over_brokers("rxerrs"), 0);
    assert_int_equal(sum_over_brokers("txerrs"), 0);
    assert_int_equal(sum_over_brokers("rxcorriderrs"), 0);
}

/* One answer comes too late, and that connection is given up. */
static void test_time_outs(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "request.timeout.ms", "4000", "socket.timeout.ms",
                     "5000", NULL);
    produce(1);
    const struct rk_mock_error late = {.delay_us = 60000000};
    rk_mock_cluster_push_errors(fixture.cluster->cluster, RK_API_PRODUCE, &late, 1);
    statistics_produce(&fixture, "t", 0, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 20000), 0);
    wait_for("txretries", 1); /* The later of the two. */
    assert_int_equal(sum_over_brokers("req_timeouts"), 1);
}

static atomic_int lies;
enum { WRONG_ID, CUT_OFF };

static enum liar_fate lie(struct liar_answer *answer, void *opaque)
{
    int kind = *(const int *)opaque;
    if (answer->api->key != RK_API_PRODUCE || atomic_load(&lies) == 0)
        return LIAR_TRUTH;
    atomic_fetch_sub(&lies, 1);
    uint8_t *bytes = liar_copy(answer, answer->frame.data, answer->frame.size);
    answer->raw.data = bytes;
    answer->raw.size = answer->frame.size;
    if (kind == WRONG_ID) {
        bytes[7] ^= 0x55;
    } else {
        answer->raw.size -= 3;
        bytes[3] = (uint8_t)(answer->raw.size - 4); /* A short one: less than 256 bytes. */
    }
    return LIAR_RAW;
}

static void lie_to_a_producer(int kind, const char *counter)
{
    struct liar *liar = liar_new(rd_kafka_mock_cluster_bootstraps(fixture.cluster), BROKERS);
    liar_set_hook(liar, lie, &kind);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "bootstrap.servers", liar_bootstrap(liar), NULL);
    produce(1);
    assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    assert_int_equal(sum_over_brokers(counter), 0);
    atomic_store(&lies, 1);
    statistics_produce(&fixture, "t", 0, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 20000), 0);
    wait_for(counter, 1);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    liar_destroy(liar);
}

static void test_answers_to_nobody(void **state)
{
    (void)state;
    lie_to_a_producer(WRONG_ID, "rxcorriderrs");
}

static void test_answers_cut_off(void **state)
{
    (void)state;
    lie_to_a_producer(CUT_OFF, "rxerrs");
}

/* The end of the second batch of an answer is not there. */
static enum liar_fate cut_batch(struct liar_answer *answer, void *opaque)
{
    struct rk_fetch_answer *fetch = answer->answer;
    (void)opaque;
    if (answer->api->key != RK_API_FETCH || fetch->responses.count == 0 ||
        fetch->responses.items[0].partitions.items[0].records.size <= 0 ||
        atomic_fetch_sub(&lies, 1) <= 0)
        return LIAR_TRUTH;
    fetch->responses.items[0].partitions.items[0].records.size -= 10;
    return LIAR_TELL;
}

static void test_batches_cut_off(void **state)
{
    (void)state;
    rd_kafka_t *consumer, *producer;
    struct liar *liar = liar_new(rd_kafka_mock_cluster_bootstraps(fixture.cluster), BROKERS);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    for (int i = 0; i < 2; i++) {
        statistics_produce(&fixture, "t", 0, 1);
        assert_int_equal(rd_kafka_flush(fixture.rk, 20000), 0);
    }
    producer = fixture.rk;
    atomic_store(&lies, 1);
    liar_set_hook(liar, cut_batch, NULL);
    statistics_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "g", "bootstrap.servers",
                     liar_bootstrap(liar), NULL);
    consumer = fixture.rk;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 0;
    assert_int_equal(rd_kafka_assign(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    for (int i = 0; i < 2; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 20000);
        assert_non_null(message);
        assert_int_equal(message->offset, i);
        rd_kafka_message_destroy(message);
    }
    wait_for("rxpartial", 1);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
    fixture.rk = NULL;
    liar_destroy(liar);
}

/* A batch that becomes large when it is unpacked; and what all partitions got. */
static void test_unpacking(void **state)
{
    static const char zeros[LARGE];
    (void)state;
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
    rd_kafka_brokers_add(rk, rd_kafka_mock_cluster_bootstraps(fixture.cluster));
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    assert_int_equal(rd_kafka_topic_conf_set(conf, "compression.codec", "gzip", NULL, 0), 0);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "t", conf);
    assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)zeros,
                                      LARGE, NULL, 0, NULL),
                     0);
    assert_int_equal(rd_kafka_flush(rk, 20000), 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    statistics_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "g", NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    for (int i = 0; i < 2; i++)
        rd_kafka_topic_partition_list_add(list, "t", i)->offset = 0;
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 20000);
    assert_non_null(message);
    assert_int_equal(message->len, LARGE);
    rd_kafka_message_destroy(message);
    do {
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    } while (number("rxmsgs") < 1);
    assert_true(sum_over_brokers("zbuf_grow") > 0);
    assert_int_equal(number("rxmsg_bytes"), number("topics/t/partitions/0/rxbytes") +
                                                number("topics/t/partitions/1/rxbytes"));
    assert_in_range(number("rxmsg_bytes"), LARGE, LARGE + 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(traffic),           TEST(time_outs),
                                       TEST(answers_to_nobody), TEST(answers_cut_off),
                                       TEST(batches_cut_off),   TEST(unpacking)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    print_message("no cJSON: skipped\n");
    return 77;
}
#endif
