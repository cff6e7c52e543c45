/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs that are truncated by an unclean election (acceptance scenario 16): the consumer notices,
 * says so, and goes on where the logs divided, or tells the application when auto.offset.reset says
 * that nobody else may decide. Nothing of the log as it is in the end is left out. Errors on the
 * way to finding out reset nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "mock/mock_cluster.h"
#include "sim/checkers.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { LAST_WITHOUT_EPOCH = 11, WITHIN_MS = 10000, LOSSES = 3 };
/* While as many as 30 errors wait to be answered, each a second late, some with a disconnect. */
enum { PATIENTLY_MS = 60000 };

static struct sim_client *producer, *consumer;
static int64_t divided_at[LOSSES];
static int divided_count;

/* Either Fetch tells that the logs have divided, or brokers are asked. */
static void begin(const char *reset)
{
    sim_cluster(3);
    sim_topic("t", 1, 3);
    if (sim_one_in(2))
        rk_mock_cluster_set_versions(sim_mock(), RK_API_FETCH, 4, LAST_WITHOUT_EPOCH);
    producer = sim_producer("linger.ms", "5", "acks", "1", NULL);
    consumer = sim_consumer("auto.offset.reset", reset, "topic.metadata.refresh.interval.ms",
                            "1000", "queued.min.messages", sim_one_in(2) ? "1" : "100000", NULL);
    sim_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
}

static void fill(int count)
{
    sim_produce(producer, "t", 0, count);
    sim_flush(producer, WITHIN_MS);
}

static void lose(int count)
{
    sim_allow(SIM_ALLOW_GAPS);
    sim_lose_tail("t", 0, count);
    divided_at[divided_count++] = sim_log_end("t", 0);
}

/* What comes until nothing more does. */
static void drain(void)
{
    while (sim_consume_one(consumer, 5000))
        ;
}

static bool is_division(int64_t offset)
{
    for (int i = 0; i < divided_count; i++) {
        if (divided_at[i] == offset)
            return true;
    }
    return false;
}

/* Offsets follow each other but where the log divided, and what came last at each is the log's. */
static void check_consumed(void)
{
    const struct sim_progress *got = sim_progress_of(consumer, "t", 0);
    const struct sim_log *log = sim_read_logs();
    int64_t expected = 0, end = log->end_offset;
    struct sim_log_record *last = calloc((size_t)end + 1, sizeof(*last));
    sim_check(last != NULL, "no memory");
    for (size_t i = 0; i < got->count; i++) {
        int64_t offset = got->records[i].offset;
        sim_check(offset == expected || (offset < expected && is_division(offset)),
                  "offset %d comes instead of %d", (int)offset, (int)expected);
        expected = offset + 1;
        if (offset < end)
            last[offset] = got->records[i];
    }
    sim_check(expected == end, "offset %d comes next, and the log ends at %d", (int)expected,
              (int)end);
    for (size_t i = 0; i < log->count; i++) {
        const struct sim_log_record *record = &log->records[i];
        sim_check(last[record->offset].number == record->number,
                  "%d was consumed at %d, where the log has %d", (int)last[record->offset].number,
                  (int)record->offset, (int)record->number);
    }
    free(last);
}

SIM_SCENARIO(truncated, "elections lose what was consumed: it goes on where the logs divided")
{
    begin(sim_one_in(2) ? "earliest" : "latest");
    fill(100 + (int)sim_below(200));
    for (int i = 0; i < LOSSES; i++) {
        bool is_beyond = sim_one_in(2);
        if (is_beyond)
            sim_consume_all(consumer, WITHIN_MS);
        for (uint64_t k = sim_below(20); k > 0 && sim_consume_one(consumer, 100); k--)
            ;
        int told = sim_logged("TRUNCATION");
        lose(1 + (int)sim_below(20));
        sim_run_for((int64_t)sim_below(3000));
        fill(21 + (int)sim_below(100)); /* More than was lost: the offset alone tells nothing. */
        drain();
        sim_check(!is_beyond || sim_logged("TRUNCATION") == told + 1,
                  "the truncation is not logged once");
    }
    check_consumed();
}

SIM_SCENARIO(truncated_error, "the same, and auto.offset.reset=error: the application is told")
{
    begin("error");
    fill(200);
    sim_consume_all(consumer, WITHIN_MS);
    lose(1 + (int)sim_below(50));
    fill(51 + (int)sim_below(100));
    rd_kafka_message_t *message = rd_kafka_consumer_poll(sim_handle(consumer), WITHIN_MS);
    sim_check(message && message->err == RD_KAFKA_RESP_ERR__LOG_TRUNCATION &&
                  message->offset == divided_at[0],
              "instead of the truncation at %d comes %s, offset %d", (int)divided_at[0],
              message ? rd_kafka_err2name(message->err) : "nothing",
              message ? (int)message->offset : 0);
    rd_kafka_message_destroy(message);
    message = rd_kafka_consumer_poll(sim_handle(consumer), 60000);
    sim_check(!message, "something comes of a partition that failed");
    sim_seek(consumer, "t", 0, divided_at[0]);
    drain();
    check_consumed();
}

SIM_SCENARIO(validation_errors, "errors while positions are validated move no position")
{
    static const rd_kafka_resp_err_t errs[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR__TRANSPORT,
    };
    begin("latest");
    for (int i = 0; i < 10; i++) {
        fill(1 + (int)sim_below(50));
        sim_consume(consumer, (int)sim_below(2), PATIENTLY_MS);
        for (int k = (int)sim_below(3); k >= 0; k--) {
            struct rk_mock_error error = {.err = errs[sim_below(sizeof(errs) / sizeof(errs[0]))],
                                          .delay_us = 1000 * sim_below(1000)};
            int16_t key = sim_one_in(2) ? RK_API_OFFSET_FOR_LEADER_EPOCH : RK_API_FETCH;
            rk_mock_cluster_push_errors(sim_mock(), key, &error, 1);
        }
        rk_mock_cluster_set_leader(sim_mock(), "t", 0, 1 + (int32_t)sim_below(3));
        if (sim_one_in(3))
            sim_reset(0);
        sim_run_for((int64_t)sim_below(2000));
    }
    sim_consume_all(consumer, PATIENTLY_MS);
    sim_check(!sim_logged("TRUNCATION"), "no log was truncated");
}
