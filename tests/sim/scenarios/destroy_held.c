/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients are destroyed under everything (acceptance scenario 26), within seconds; at the end no
 * thread, descriptor or byte is left. destroy.c has unreachable brokers, names.c look-ups that
 * hang.
 */
#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { WITHIN_MS = 1000, CONSUMER_WITHIN_MS = 4000, HELD = 50 }; /* It waits for its commits. */

static void fill(void)
{
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", -1, 300);
    sim_flush(producer, 10000);
    sim_destroy(producer, WITHIN_MS);
}

SIM_SCENARIO(destroy_held, "the application holds messages, topics, queues and events, and goes on")
{
    rd_kafka_message_t *messages[HELD];
    sim_cluster(2);
    sim_topic("t", 2, 2);
    fill();
    struct sim_client *consumer = sim_consumer(NULL);
    struct sim_client *producer = sim_producer("linger.ms", "100", NULL);
    sim_assign(consumer, "t", 2, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < HELD; i++) {
        messages[i] = rd_kafka_consumer_poll(sim_handle(consumer), 5000);
        sim_check(messages[i] && !messages[i]->err, "no message");
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(sim_handle(producer), "t", NULL);
    rd_kafka_queue_t *queues[] = {rd_kafka_queue_get_main(sim_handle(producer)),
                                  rd_kafka_queue_get_consumer(sim_handle(consumer)),
                                  rd_kafka_queue_get_partition(sim_handle(consumer), "t", 0),
                                  rd_kafka_queue_new(sim_handle(consumer))};
    sim_produce(producer, "t", -1, (int)sim_below(100));
    sim_run_for((int64_t)sim_below(200));
    rd_kafka_event_t *event = rd_kafka_queue_poll(queues[1], 1000);
    sim_check(event != NULL, "no event");
    sim_destroy(producer, WITHIN_MS);
    sim_destroy(consumer, CONSUMER_WITHIN_MS);
    sim_run_for((int64_t)sim_below(1000));
    for (int i = 0; i < HELD; i++) {
        sim_check(messages[i]->len > 0 && ((const char *)messages[i]->payload)[0] == '1',
                  "the message has changed");
        sim_check(rd_kafka_topic_name(messages[i]->rkt)[0] == 't', "its topic has changed");
        rd_kafka_message_destroy(messages[i]);
    }
    rd_kafka_event_destroy(event);
    rd_kafka_topic_destroy(topic);
    for (int i = 0; i < 4; i++)
        rd_kafka_queue_destroy(queues[i]);
}

SIM_SCENARIO(destroy_asking, "requests of every kind are unanswered: offsets, epochs, metadata")
{
    sim_cluster(2);
    sim_topic("t", 2, 2);
    fill();
    static const int16_t apis[] = {RK_API_LIST_OFFSETS, RK_API_OFFSET_FOR_LEADER_EPOCH,
                                   RK_API_METADATA, RK_API_FETCH, RK_API_API_VERSIONS};
    struct rk_mock_error late = {.delay_us = 20000000};
    struct rk_mock_error lates[] = {late, late, late, late};
    int16_t api = apis[sim_below(sizeof(apis) / sizeof(apis[0]))];
    struct sim_client *consumer = sim_consumer("topic.metadata.refresh.interval.ms", "500", NULL);
    if (sim_one_in(2)) { /* In full flow. */
        sim_assign(consumer, "t", 2, RD_KAFKA_OFFSET_BEGINNING);
        sim_consume(consumer, 20, 5000);
    }
    rk_mock_cluster_push_errors(sim_mock(), api, lates, 4);
    sim_leaders_leave(1);
    sim_assign(consumer, "t", 2, RD_KAFKA_OFFSET_BEGINNING);
    sim_run_for((int64_t)sim_below(3000));
    if (sim_one_in(2))
        sim_seek(consumer, "t", 0, 5);
    sim_destroy(consumer, CONSUMER_WITHIN_MS);
}

static struct sim_thread *destroyer;

static void destroy_in_thread(void *argument)
{
    sim_destroy(argument, WITHIN_MS);
}

SIM_SCENARIO(destroy_elsewhere,
             "another thread destroys while callbacks are served and flush waits")
{
    sim_cluster(2);
    sim_topic("t", 2, 2);
    struct sim_client *first = sim_producer("linger.ms", "1", NULL);
    struct sim_client *second = sim_producer("linger.ms", "1", NULL);
    sim_produce(first, "t", -1, 200);
    sim_produce(second, "t", -1, 200);
    sim_run_for((int64_t)sim_below(50));
    destroyer = sim_spawn("destroyer", destroy_in_thread, second);
    sim_flush(first, 10000);
    sim_join(destroyer);
    sim_check(sim_counts(first).acked == 200, "the other client lost messages");
}
