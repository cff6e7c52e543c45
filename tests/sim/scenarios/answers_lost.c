/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produce requests are written to the log, but their answers get lost or tell of errors
 * (acceptance scenarios 3 and 4, without idempotence): nothing is lost, a message may be there
 * twice, and with one request in flight the order stays. All is delivered within 30 s.
 */
#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { ROUNDS = 10, PARTITIONS = 4, WITHIN_MS = 30000 };

static void lose_answers(const char *in_flight)
{
    sim_cluster(2);
    sim_topic("t", PARTITIONS, 2);
    struct sim_client *producer = sim_producer("linger.ms", "5", "max.in.flight", in_flight, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        struct rk_mock_error late = {.delay_us = 1000000};
        rk_mock_cluster_push_errors(sim_mock(), RK_API_PRODUCE, &late, 1);
        sim_produce(producer, "t", -1, 50);
        sim_poll_for(producer, 100 + (int64_t)sim_below(300));
        sim_reset(0); /* The answer is not sent yet. */
    }
    rk_mock_cluster_clear_errors(sim_mock(), RK_API_PRODUCE);
    sim_flush(producer, WITHIN_MS);
    sim_check(sim_counts(producer).acked == ROUNDS * 50, "not all are delivered");
}

SIM_SCENARIO(answer_lost, "messages are in the log, and the connection breaks before the answer")
{
    lose_answers("5");
}

SIM_SCENARIO(answer_lost_in_order, "the same with one request in flight, which promises order")
{
    lose_answers("1");
}

static void push_error(void)
{
    static const rd_kafka_resp_err_t errors[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR__TRANSPORT,
    };
    struct rk_mock_error error = {.err = errors[sim_below(sizeof(errors) / sizeof(errors[0]))],
                                  .delay_us = sim_one_in(4) ? sim_below(500000) : 0};
    rk_mock_cluster_push_partition_errors(sim_mock(), "t", (int32_t)sim_below(PARTITIONS),
                                          RK_API_PRODUCE, &error, 1);
}

static void fail_pipeline(const char *in_flight)
{
    sim_cluster(3);
    sim_topic("t", PARTITIONS, 3);
    for (int i = 1; i <= 3; i++)
        sim_link(i)->latency_us = 20000; /* So that five are under way. */
    struct sim_client *producer =
        sim_producer("linger.ms", "1", "batch.num.messages", "10", "max.in.flight", in_flight,
                     "message.send.max.retries", "100", "reconnect.backoff.max.ms", "1000", NULL);
    for (int i = 0; i < 3 * ROUNDS; i++) {
        sim_produce(producer, "t", -1, 100);
        for (uint64_t errors = sim_below(4); errors > 0; errors--)
            push_error();
        if (sim_one_in(3))
            rk_mock_cluster_set_leader(sim_mock(), "t", (int32_t)sim_below(PARTITIONS),
                                       1 + (int32_t)sim_below(3));
        sim_poll_for(producer, (int64_t)sim_below(100));
    }
    sim_flush(producer, WITHIN_MS);
    sim_check(sim_counts(producer).acked == 3 * ROUNDS * 100, "not all are delivered");
}

SIM_SCENARIO(pipeline_errors, "leaders move and errors come while five batches are on their way")
{
    fail_pipeline("5");
}

SIM_SCENARIO(pipeline_errors_in_order, "the same with one request in flight")
{
    fail_pipeline("1");
}
