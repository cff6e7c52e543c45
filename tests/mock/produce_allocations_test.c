/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory is taken per batch and per request, not per message.
 */
#include "support/produce_fixture.h"

#include <string.h>

#include "base/memory.h"

enum { WARM_UP = 20000, MESSAGES = 100000, PER_BATCH = 40 };

static struct produce_fixture fixture;
static int reports;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 1);
    scripted_add_topic(fixture.cluster, "t", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static enum scripted_fate count_batch(struct scripted_produce *produce, void *opaque)
{
    const struct rk_produce_request *request = produce->request;
    *(int *)opaque += request->topic_data.items[0].partition_data.count;
    produce->keeps_nothing = true; /* It would count: brokers use the same memory functions. */
    return SCRIPTED_ANSWER;
}

static void on_message(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    assert_int_equal(message->err, 0);
    reports++;
}

static void produce(rd_kafka_topic_t *topic, int count, int flags)
{
    static char value[100];
    int until = reports + count;
    for (int i = 0; i < count; i++) {
        while (
            rd_kafka_produce(topic, 0, flags, value, sizeof(value), "key", 3, (void *)(intptr_t)i))
            rd_kafka_poll(fixture.rk, 10);
    }
    while (reports < until)
        rd_kafka_poll(fixture.rk, 100);
}

static void run(int flags)
{
    char text[256];
    int batches = 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, on_message);
    rd_kafka_conf_set(conf, "bootstrap.servers", scripted_bootstrap(fixture.cluster), NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "20", NULL, 0);
    rd_kafka_conf_set(conf, "queue.buffering.max.messages", "20000", NULL, 0);
    fixture.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    assert_non_null(fixture.rk);
    scripted_set_hook(fixture.cluster, count_batch, &batches);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    reports = 0;
    produce(topic, WARM_UP, flags);
    int batches_before = batches;
    unsigned long long before = rk_memory_allocations();
    produce(topic, MESSAGES, flags);
    unsigned long long taken = rk_memory_allocations() - before;
    batches -= batches_before;
    assert_in_range(batches, 1, MESSAGES / 100);
    assert_in_range(taken, 1, (unsigned)batches * PER_BATCH + 100);
    print_message("%llu allocations, %d batches, %d messages\n", taken, batches, MESSAGES);
    rd_kafka_topic_destroy(topic);
}

static void test_copied(void **state)
{
    (void)state;
    run(RD_KAFKA_MSG_F_COPY);
}

static void test_lent(void **state)
{
    (void)state;
    run(0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_copied),
        TEST(test_lent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
