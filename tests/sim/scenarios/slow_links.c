/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers that are half-open, silent or very slow (acceptance scenario 21): requests are given up
 * after their time within a tenth, other brokers' partitions do not notice (a message there takes
 * less than 500 ms), late answers are discarded, and a request written in part is never followed by
 * another one (brokers fail the run when they read nonsense).
 */
#include <string.h>

#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { NOTICED_MS = 500 };

/* Partition p of "t" is led by broker p + 1. */
static void begin(int broker_count)
{
    sim_cluster(broker_count);
    sim_topic("t", broker_count, 1);
    for (int i = 0; i < broker_count; i++) {
        rk_mock_cluster_set_leader(sim_mock(), "t", i, i + 1);
        *sim_link(i + 1) = (struct sim_link){.latency_us = 1000, .buffer = 1 << 20};
    }
}

static void make_silent(int broker)
{
    sim_silent(broker);
    sim_reset(broker);
}

static void drip(int broker)
{
    sim_drip(broker, 1, 100000);
}

static void drop_all(int broker)
{
    sim_half_open(broker);
    sim_hang_connects(broker);
}

static void (*any_fault(void))(int broker)
{
    static void (*const faults[])(int broker) = {make_silent, drip, drop_all, sim_freeze,
                                                 sim_blackhole};
    return faults[sim_below(sizeof(faults) / sizeof(faults[0]))];
}

SIM_SCENARIO(slow_producing, "a broker becomes slow or silent: messages to others are as quick")
{
    begin(3);
    struct sim_client *producer = sim_producer("linger.ms", "5", "socket.timeout.ms", "5000",
                                               "request.timeout.ms", "2000", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 5000);
    any_fault()(1);
    for (int i = 0; i < 30; i++) {
        uint64_t acked = sim_counts(producer).acked;
        sim_produce(producer, "t", 0, 1);
        sim_produce(producer, "t", 1, 5);
        sim_produce(producer, "t", 2, 5);
        sim_await_acked(producer, acked + 10, NOTICED_MS);
        sim_poll_for(producer, (int64_t)sim_below(1000));
    }
    sim_heal(1);
    sim_flush(producer, 30000);
    sim_check(sim_counts(producer).acked == 430, "not all are delivered");
}

SIM_SCENARIO(slow_consuming, "the same for a consumer")
{
    begin(3);
    struct sim_client *producer = sim_producer("linger.ms", "0", "request.timeout.ms", "2000",
                                               "socket.timeout.ms", "5000", NULL);
    struct sim_client *consumer = sim_consumer("socket.timeout.ms", "5000", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 5000);
    sim_assign(consumer, "t", 3, RD_KAFKA_OFFSET_BEGINNING);
    sim_consume_all(consumer, 5000);
    any_fault()(1);
    for (int i = 0; i < 30; i++) {
        sim_produce(producer, "t", 1 + (int)sim_below(2), 5);
        sim_consume(consumer, 5, NOTICED_MS);
        sim_poll_for(producer, (int64_t)sim_below(1000));
    }
    sim_heal(1);
    sim_produce(producer, "t", 0, 10);
    sim_flush(producer, 30000);
    sim_consume_all(consumer, 30000);
}

SIM_SCENARIO(thin_link, "a link of 20 KB a second: its messages take as long, others do not notice")
{
    enum { RATE = 20000, COUNT = 40, SIZE = 2500, LEAST_MS = COUNT * SIZE / (RATE / 1000) };
    begin(2);
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "request.timeout.ms", "20000", NULL);
    sim_produce(producer, "t", -1, 20);
    sim_flush(producer, 5000);
    sim_link(1)->bytes_per_second = RATE;
    uint64_t begin_ms = sim_now_ms();
    for (int i = 0; i < COUNT; i++)
        sim_check(!sim_produce_one(producer, "t", 0, RD_KAFKA_MSG_F_COPY, SIZE), "produce");
    for (int i = 0; i < 5; i++) {
        uint64_t acked = sim_counts(producer).acked;
        sim_produce(producer, "t", 1, 5);
        sim_await_acked(producer, acked + 5, NOTICED_MS);
    }
    sim_flush(producer, 3 * LEAST_MS);
    int took_ms = (int)(sim_now_ms() - begin_ms);
    sim_check(took_ms >= LEAST_MS, "%d bytes took %d ms", COUNT * SIZE, took_ms);
    sim_check(sim_counts(producer).acked == 20 + COUNT + 25, "not all are delivered");
    sim_heal(1);
}

SIM_SCENARIO(half_open_fetch, "a fetch without answer is given up after its time")
{
    begin(1);
    struct sim_client *consumer =
        sim_consumer("socket.timeout.ms", "10000", "fetch.wait.max.ms", "500", NULL);
    struct sim_client *producer = sim_producer("linger.ms", "0", NULL);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", 0, 10);
    sim_consume(consumer, 10, 5000);
    sim_destroy(producer, 1000);
    sim_run_for((int64_t)sim_below(1000));
    sim_half_open(1);
    uint64_t begin_ms = sim_now_ms();
    producer = sim_producer("linger.ms", "0", NULL);
    sim_produce(producer, "t", 0, 10);
    sim_consume(consumer, 10, 12000);
    int took_ms = (int)(sim_now_ms() - begin_ms);
    sim_note("the messages took %d ms", took_ms);
    sim_check(took_ms >= 9000 && took_ms <= 12000, "given up after %d ms", took_ms);
}

SIM_SCENARIO(late_answers, "answers come when their requests have been given up, and do no harm")
{
    begin(2);
    struct sim_client *producer =
        sim_producer("linger.ms", "5", "request.timeout.ms", "1000", "socket.timeout.ms", "1000",
                     "message.send.max.retries", "100", NULL);
    sim_produce(producer, "t", -1, 50);
    sim_flush(producer, 5000);
    for (int i = 0; i < 10; i++) {
        struct rk_mock_error late = {.delay_us = 1000 * (500 + sim_below(1500))};
        rk_mock_cluster_push_errors(sim_mock(), RK_API_PRODUCE, &late, 1);
        sim_produce(producer, "t", -1, 50);
        sim_poll_for(producer, (int64_t)sim_below(1500));
    }
    rk_mock_cluster_clear_errors(sim_mock(), RK_API_PRODUCE);
    sim_flush(producer, 30000);
    sim_check(sim_counts(producer).acked == 550, "not all are delivered");
}

/* request.timeout.ms is the broker's; the client gives it one second more to say so. */
SIM_SCENARIO(request_time_exact, "a Produce without answer is given up within a tenth of its time")
{
    bool is_longer = sim_one_in(2);
    int due_ms = is_longer ? 8000 : 5000;
    begin(1);
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "request.timeout.ms", "4000", "socket.timeout.ms",
                     is_longer ? "8000" : "2000", "message.send.max.retries", "0", NULL);
    sim_produce(producer, "t", 0, 10);
    sim_flush(producer, 5000);
    struct rk_mock_error late = {.delay_us = 20000000};
    rk_mock_cluster_push_errors(sim_mock(), RK_API_PRODUCE, &late, 1);
    uint64_t begin_ms = sim_now_ms();
    sim_produce(producer, "t", 0, 1);
    sim_flush(producer, 10000);
    int took_ms = (int)(sim_now_ms() - begin_ms);
    sim_check(took_ms * 10 >= due_ms * 9 && took_ms * 10 <= due_ms * 11, "given up after %d ms",
              took_ms);
    sim_check(sim_counts(producer).possibly_persisted == 1, "it may be persisted");
}

/* Between the first two requests of that kind; the first is not answered in time. */
static int given_up_after_ms(int16_t api_key)
{
    size_t count;
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(sim_mock(), &count);
    int64_t first_us = 0, second_us = 0;
    for (size_t i = 0; i < count && !second_us; i++) {
        if (requests[i].api_key == api_key && !first_us)
            first_us = requests[i].timestamp_us;
        else if (requests[i].api_key == api_key)
            second_us = requests[i].timestamp_us;
    }
    rk_free(requests);
    sim_check(second_us > 0, "%s is not asked again", rk_api_name(api_key));
    return (int)((second_us - first_us) / 1000);
}

static void ask_for_metadata(struct sim_client *consumer)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(sim_handle(consumer), 1, NULL, &metadata, 15000);
    sim_check(!err, "metadata: %s", rd_kafka_err2name(err));
    rd_kafka_metadata_destroy(metadata);
}

static void ask_for_offsets(struct sim_client *consumer)
{
    int64_t low, high;
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(sim_handle(consumer), "t", 0, &low, &high, 15000);
    sim_check(!err, "offsets: %s", rd_kafka_err2name(err));
}

static void ask_for_committed(struct sim_client *consumer)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_resp_err_t err = rd_kafka_committed(sim_handle(consumer), list, 30000);
    sim_check(!err && !list->elems[0].err, "committed: %s", rd_kafka_err2name(err));
    rd_kafka_topic_partition_list_destroy(list);
}

static void commit(struct sim_client *consumer)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 1;
    rd_kafka_commit(sim_handle(consumer), list, 0); /* Gives up with its request. */
    rd_kafka_resp_err_t err = rd_kafka_commit(sim_handle(consumer), list, 0);
    sim_check(!err, "commit: %s", rd_kafka_err2name(err));
    rd_kafka_topic_partition_list_destroy(list);
}

static void list_groups(struct sim_client *consumer)
{
    const struct rd_kafka_group_list *list = NULL;
    rd_kafka_resp_err_t err = rd_kafka_list_groups(sim_handle(consumer), NULL, &list, 30000);
    sim_check(!err, "groups: %s", rd_kafka_err2name(err));
    rd_kafka_group_list_destroy(list);
}

static void wait_for_fetches(struct sim_client *consumer)
{
    (void)consumer;
    sim_run_for(15000);
}

SIM_SCENARIO(request_times_exact, "any request without answer is given up within a tenth")
{
    enum { TIMEOUT_MS = 4000, FETCH_WAIT_MS = 500 };
    static const struct {
        int16_t api_key;
        int due_ms;
        void (*ask)(struct sim_client *consumer);
    } rows[] = {{RK_API_METADATA, TIMEOUT_MS, ask_for_metadata},
                {RK_API_LIST_OFFSETS, TIMEOUT_MS, ask_for_offsets},
                {RK_API_FETCH, TIMEOUT_MS + FETCH_WAIT_MS, wait_for_fetches},
                {RK_API_FIND_COORDINATOR, TIMEOUT_MS, ask_for_committed},
                {RK_API_OFFSET_FETCH, TIMEOUT_MS, ask_for_committed},
                {RK_API_OFFSET_COMMIT, TIMEOUT_MS, commit},
                {RK_API_LIST_GROUPS, TIMEOUT_MS, list_groups}};
    begin(1);
    struct sim_client *consumer = sim_consumer("socket.timeout.ms", "4000", "fetch.wait.max.ms",
                                               "500", "reconnect.backoff.ms", "10", NULL);
    sim_assign(consumer, "t", 1, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sim_run_for(5000 + (int64_t)sim_below(1000));
        struct rk_mock_error late = {.delay_us = 60000000};
        rk_mock_cluster_push_errors(sim_mock(), rows[i].api_key, &late, 1);
        rk_mock_cluster_track_requests(sim_mock(), true);
        rows[i].ask(consumer);
        int took_ms = given_up_after_ms(rows[i].api_key);
        sim_note("%s is given up after %d ms", rk_api_name(rows[i].api_key), took_ms);
        sim_check(took_ms * 10 >= rows[i].due_ms * 9 && took_ms * 10 <= rows[i].due_ms * 11,
                  "%s is given up after %d ms", rk_api_name(rows[i].api_key), took_ms);
        rk_mock_cluster_track_requests(sim_mock(), false);
        rk_mock_cluster_forget_requests(sim_mock());
    }
}

/* Connecting, or the first question on a connection. */
SIM_SCENARIO(connect_time_exact, "connecting is given up within a tenth of its time")
{
    enum { DUE_MS = 6000 };
    begin(1);
    sim_link(1)->connect = sim_one_in(2) ? SIM_CONNECT_HANGS : SIM_CONNECT_SILENT;
    struct sim_client *producer =
        sim_producer("linger.ms", "0", "socket.connection.setup.timeout.ms", "6000",
                     "api.version.request.timeout.ms", "6000", "reconnect.backoff.ms", "10", NULL);
    sim_produce(producer, "t", 0, 1);
    sim_run_for(5000);                        /* What is sent again comes after 3 s and 7 s. */
    sim_link(1)->connect = SIM_CONNECT_WORKS; /* For those that come. */
    sim_flush(producer, 20000);
    int took_ms = (int)sim_now_ms();
    sim_check(took_ms * 10 >= DUE_MS * 9 && took_ms * 10 <= DUE_MS * 11, "given up after %d ms",
              took_ms);
}

SIM_SCENARIO(half_written, "requests are written in part when their messages expire or are purged")
{
    begin(2);
    struct sim_client *producer = sim_producer("linger.ms", "0", "message.timeout.ms", "2000",
                                               "socket.timeout.ms", "60000", NULL);
    sim_produce(producer, "t", -1, 20);
    sim_flush(producer, 5000);
    uint64_t acked = sim_counts(producer).acked;
    for (int i = 0; i < 5; i++) {
        sim_small_buffers(0);
        drip(0);
        for (int k = 0; k < 10; k++)
            sim_produce_one(producer, "t", -1, RD_KAFKA_MSG_F_COPY, 100 + sim_below(3000));
        sim_poll_for(producer, (int64_t)sim_below(3000));
        if (sim_one_in(2))
            rd_kafka_purge(sim_handle(producer),
                           RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        sim_heal(0);
        sim_poll_for(producer, (int64_t)sim_below(3000));
    }
    sim_flush(producer, 5000);
    sim_run_for(15000);
    acked = sim_counts(producer).acked;
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 10000);
    sim_check(sim_counts(producer).acked == acked + 100, "not all are delivered in the end");
}
