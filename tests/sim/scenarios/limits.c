/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory stays within what is configured and the overhead that INTRODUCTION.md states, whatever the
 * application does not do (acceptance scenario 27). Memory of the mock cluster is counted along:
 * what it holds before is taken off, 2 MB is granted for what it has on its way.
 */
#include <stdlib.h>
#include <string.h>

#include "mock/mock_state.h"
#include "sim/checkers.h"
#include "sim/sim.h"

enum { KB = 1024, MB = 1024 * KB, MOCK_MAX = 2 * MB };

static void expect_memory(size_t before, size_t most)
{
    size_t used = sim_memory_peak() - before;
    sim_note("%d KB of at most %d KB", (int)(used / KB), (int)(most / KB));
    sim_check(used <= most + MOCK_MAX, "%d KB of memory, not %d KB", (int)(used / KB),
              (int)((most + MOCK_MAX) / KB));
}

static void fill(int megabytes, const char *codec, bool is_random)
{
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "compression.codec", codec, "batch.size", "1000000",
                     "queue.buffering.max.kbytes", "10000", NULL);
    char *value = calloc(1, MB / 16);
    sim_check(value != NULL, "no memory");
    for (int i = 0; i < megabytes * 16; i++) {
        for (int k = 0; is_random && k < MB / 16; k += 8)
            memcpy(value + k, &(uint64_t){sim_below(UINT64_MAX)}, 8);
        while (rd_kafka_producev(sim_handle(producer), RD_KAFKA_V_TOPIC("t"),
                                 RD_KAFKA_V_PARTITION(i % 4),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_VALUE(value, MB / 16), RD_KAFKA_V_END))
            rd_kafka_poll(sim_handle(producer), 10);
    }
    free(value);
    sim_flush(producer, 60000);
    sim_destroy(producer, 1000);
}

/* Each broker has an answer and a decompressed batch of 1 MB besides what is fetched ahead. */
static void stop_polling(const char *codec, bool is_random, int megabytes)
{
    sim_cluster(2);
    sim_topic("t", 4, 2);
    for (int i = 1; i <= 2; i++)
        *sim_link(i) = (struct sim_link){.latency_us = 1000, .buffer = 1 << 20};
    fill(megabytes, codec, is_random);
    size_t before = sim_memory_in_use();
    sim_memory_peak_begin();
    struct sim_client *consumer =
        sim_consumer("queued.max.messages.kbytes", "2000", "fetch.message.max.bytes", "1000000",
                     "fetch.max.bytes", "1000000", "message.max.bytes", "1000000", NULL);
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
    sim_run_for(600000);
    expect_memory(before, 2000 * KB + 2 * 2 * 1000000 + MB);
    for (int i = 0; i < megabytes * 16; i++)
        sim_check(sim_consume_one(consumer, 5000),
                  "message %d does not come, the logs end at %d, %d, %d, %d", i,
                  (int)sim_log_end("t", 0), (int)sim_log_end("t", 1), (int)sim_log_end("t", 2),
                  (int)sim_log_end("t", 3));
    expect_memory(before, 2000 * KB + 2 * 2 * 1000000 + MB);
}

SIM_SCENARIO(stop_polling, "the application does not poll for ten minutes, then takes everything")
{
    stop_polling("none", true, 8);
}

SIM_SCENARIO(stop_polling_bomb, "the same with batches that decompress to a thousand times as much")
{
    stop_polling(sim_one_in(2) ? "zstd" : "gzip", false, 16);
}

SIM_SCENARIO(dead_broker_full_queue, "a broker is dead and the producer's queue full: limits exact")
{
    enum { MESSAGES = 1000, SIZE = 1000, TIMEOUT_MS = 10000 };
    sim_cluster(2);
    sim_topic("t", 2, 1);
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1);
    rk_mock_cluster_set_leader(sim_mock(), "t", 1, 2);
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "queue.buffering.max.messages", "1000", "message.timeout.ms",
                     "10000", "socket.timeout.ms", "5000", "request.timeout.ms", "4000", NULL);
    sim_produce(producer, "t", -1, 10);
    sim_flush(producer, 5000);
    sim_half_open(1);
    sim_hang_connects(1);
    size_t before = sim_memory_in_use();
    sim_memory_peak_begin();
    uint64_t begin_ms = sim_now_ms();
    for (int i = 0; i < MESSAGES; i++)
        sim_check(!sim_produce_one(producer, "t", 0, RD_KAFKA_MSG_F_COPY, SIZE),
                  "message %d is refused", i);
    for (int i = 0; i < 10; i++)
        sim_check(sim_produce_one(producer, "t", 1, RD_KAFKA_MSG_F_COPY, SIZE) ==
                      RD_KAFKA_RESP_ERR__QUEUE_FULL,
                  "more than %d messages are taken", MESSAGES);
    sim_check(rd_kafka_outq_len(sim_handle(producer)) == MESSAGES, "the queue's length");
    expect_memory(before, 2 * MESSAGES * SIZE + 2 * 2 * KB + MB);
    if (sim_one_in(2)) {
        rd_kafka_purge(sim_handle(producer), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        sim_flush(producer, 100);
    } else {
        sim_check(rd_kafka_flush(sim_handle(producer), TIMEOUT_MS / 2) ==
                      RD_KAFKA_RESP_ERR__TIMED_OUT,
                  "nothing can be flushed");
        sim_flush(producer, TIMEOUT_MS);
        int took_ms = (int)(sim_now_ms() - begin_ms);
        sim_check(took_ms >= TIMEOUT_MS && took_ms <= TIMEOUT_MS * 11 / 10,
                  "the messages expire after %d ms", took_ms);
    }
    struct sim_counts counts = sim_counts(producer);
    sim_check(counts.not_persisted + counts.possibly_persisted == MESSAGES, "not all have failed");
    sim_produce(producer, "t", 1, 1000); /* There is room again. */
    sim_flush(producer, 5000);
    sim_check(sim_counts(producer).acked == 1010, "not all are delivered");
}

SIM_SCENARIO(reports_not_served,
             "nobody serves delivery reports for ten minutes: the queue is full")
{
    enum { MESSAGES = 500 };
    sim_cluster(1);
    sim_topic("t", 1, 1);
    struct sim_client *producer = sim_producer("linger.ms", "5", "queue.buffering.max.messages",
                                               "500", "statistics.interval.ms", "100", NULL);
    size_t before = sim_memory_in_use();
    sim_memory_peak_begin();
    int taken = 0;
    for (int minute = 0; minute < 10; minute++) {
        while (!sim_produce_one(producer, "t", 0, RD_KAFKA_MSG_F_COPY, 1000))
            taken++;
        sim_run_for(60000);
    }
    sim_check(taken == MESSAGES, "%d messages are taken", taken);
    expect_memory(before, 2 * MESSAGES * 1000 + 2 * KB + 2 * MB);
    sim_flush(producer, 1000);
    sim_check(sim_counts(producer).acked == MESSAGES, "not all are delivered");
}

static rd_kafka_t *new_event_producer(void)
{
    static const char *const properties[][2] = {{"queue.buffering.max.messages", "500"},
                                                {"message.timeout.ms", "30000"},
                                                {"statistics.interval.ms", "1000"}};
    char text[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", sim_bootstraps(), text, sizeof(text));
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof(text));
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    sim_check(rk != NULL, "%s", text);
    return rk;
}

/* Reports that wait, with and without error, and the bytes of statistics among them. */
static int take_reports(rd_kafka_t *rk, int *failed, size_t *statistics_size)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);
    rd_kafka_event_t *event;
    const rd_kafka_message_t *message;
    int count = 0;
    while ((event = rd_kafka_queue_poll(queue, 100)) != NULL) {
        while (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR &&
               (message = rd_kafka_event_message_next(event)) != NULL) {
            count++;
            *failed += message->err != 0;
        }
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_STATS)
            *statistics_size += strlen(rd_kafka_event_stats(event));
        bool is_report = rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR;
        rd_kafka_event_destroy(event);
        if (!is_report && count > 0 && rd_kafka_outq_len(rk) == 0)
            break; /* Statistics never end. */
    }
    rd_kafka_queue_destroy(queue);
    return count;
}

SIM_SCENARIO(events_not_served,
             "nobody serves the event queue for ten minutes: reports, errors, statistics")
{
    enum { MESSAGES = 500, NOTICES = 4 * MB };
    sim_cluster(2);
    sim_topic("t", 2, 1);
    rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1);
    rk_mock_cluster_set_leader(sim_mock(), "t", 1, 2);
    rd_kafka_t *rk = new_event_producer();
    char value[1000] = "";
    int taken = 0, failed = 0;
    size_t before = sim_memory_in_use();
    sim_memory_peak_begin();
    for (int minute = 0; minute < 10; minute++) {
        while (taken < 10000 &&
               !rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(taken % 2),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                  RD_KAFKA_V_VALUE(value, sizeof(value)), RD_KAFKA_V_END))
            taken++;
        sim_broker_stop(2); /* Half of them expire, and there are errors. */
        sim_run_for(60000);
    }
    sim_check(taken == MESSAGES, "%d messages are taken", taken);
    expect_memory(before, NOTICES + 2 * MESSAGES * sizeof(value) + 2 * 2 * KB + 2 * MB);
    sim_broker_start(2);
    size_t statistics_size = 0;
    int reported = take_reports(rk, &failed, &statistics_size);
    sim_note("%d reports, %d KB of statistics", reported, (int)(statistics_size / KB));
    sim_check(statistics_size <= NOTICES, "%d KB of statistics", (int)(statistics_size / KB));
    sim_check(reported == MESSAGES && failed <= MESSAGES, "%d reports, %d of them bad", reported,
              failed);
    rd_kafka_destroy(rk);
}

static void spoil_all(struct rk_mock_cluster *cluster, void *argument)
{
    struct rk_mock_topic *topic = rk_mock_topic_find(cluster, "t");
    (void)argument;
    for (int p = 0; p < topic->partition_count; p++) {
        struct rk_mock_log *log = &rk_mock_topic_partition(topic, p)->log;
        for (size_t i = 0; i < log->count; i++) {
            struct rk_block *block = rk_mock_log_at(log, i)->block;
            block->data[block->size - 1] ^= 1;
        }
    }
}

SIM_SCENARIO(errors_not_polled, "thousands of batches cannot be read, and nobody polls")
{
    enum { BATCHES = 3000, WAITING_MAX = 1000 };
    sim_cluster(1);
    sim_request_cap(10000); /* Each batch goes in a request of its own. */
    sim_topic("t", 2, 1);
    struct sim_client *producer = sim_producer("linger.ms", "0", "batch.num.messages", "1", NULL);
    for (int i = 0; i < BATCHES; i++)
        sim_produce_one(producer, "t", i % 2, RD_KAFKA_MSG_F_COPY, 1 + (size_t)sim_below(20));
    sim_flush(producer, 60000);
    sim_destroy(producer, 1000);
    rk_mock_cluster_run(sim_mock(), spoil_all, NULL);
    sim_allow(SIM_ALLOW_LIES);
    size_t before = sim_memory_in_use();
    sim_memory_peak_begin();
    struct sim_client *consumer =
        sim_consumer("check.crcs", "true", "queued.max.messages.kbytes", "200", NULL);
    sim_assign(consumer, "t", 2, RD_KAFKA_OFFSET_BEGINNING);
    sim_run_for(60000);
    expect_memory(before, 200 * KB + MB);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(sim_handle(consumer));
    sim_check(rd_kafka_queue_length(queue) <= WAITING_MAX, "%d errors wait",
              (int)rd_kafka_queue_length(queue));
    rd_kafka_queue_destroy(queue);
    for (int i = 0; i < BATCHES; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(sim_handle(consumer), 5000);
        sim_check(message && message->err == RD_KAFKA_RESP_ERR__BAD_MSG, "error %d is %s", i,
                  message ? rd_kafka_err2name(message->err) : "missing");
        rd_kafka_message_destroy(message);
    }
    expect_memory(before, 200 * KB + MB);
}
