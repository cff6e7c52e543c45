/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The public functions of the mock cluster, and a client with a mock cluster of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "rdkafka.h"
#include "rdkafka_mock.h"

enum { PRODUCE = 0, METADATA = 3, TIMEOUT_MS = 20000 };

static _Atomic int delivered, failed, last_err, last_broker;
static _Atomic int64_t last_offset;

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (message->err)
        failed++;
    else
        delivered++;
    last_err = message->err;
    last_offset = message->offset;
    last_broker = rd_kafka_message_broker_id(message);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static rd_kafka_t *new_client(const char *mock_brokers, const char *bootstraps)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    delivered = failed = last_err = 0;
    last_offset = -1;
    last_broker = -1;
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    set(conf, "linger.ms", "0");
    set(conf, "retry.backoff.ms", "10");
    set(conf, "retry.backoff.max.ms", "20");
    set(conf, "reconnect.backoff.ms", "10");
    set(conf, "reconnect.backoff.max.ms", "20");
    if (mock_brokers)
        set(conf, "test.mock.num.brokers", mock_brokers);
    if (bootstraps)
        set(conf, "bootstrap.servers", bootstraps);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

static void produce(rd_kafka_t *rk, const char *topic)
{
    assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
}

static void test_a_client_with_its_own_cluster(void **state)
{
    rd_kafka_t *rk = new_client("2", NULL);
    rd_kafka_mock_cluster_t *mcluster = rd_kafka_handle_mock_cluster(rk);
    char expected[64];
    (void)state;
    assert_non_null(mcluster);
    assert_ptr_equal(rd_kafka_mock_cluster_handle(mcluster), rk);
    const char *bootstraps = rd_kafka_mock_cluster_bootstraps(mcluster);
    assert_non_null(strchr(bootstraps, ','));
    snprintf(expected, sizeof(expected), "127.0.0.1:");
    assert_int_equal(strncmp(bootstraps, expected, strlen(expected)), 0);
    produce(rk, "t");
    assert_int_equal(delivered, 1);
    assert_int_equal(last_offset, 0);
    rd_kafka_destroy(rk);
}

static void test_a_cluster_apart(void **state)
{
    rd_kafka_t *owner = new_client(NULL, NULL);
    rd_kafka_mock_cluster_t *mcluster = rd_kafka_mock_cluster_new(owner, 3);
    (void)state;
    assert_null(rd_kafka_handle_mock_cluster(owner));
    assert_non_null(mcluster);
    assert_ptr_equal(rd_kafka_mock_cluster_handle(mcluster), owner);
    assert_null(rd_kafka_mock_cluster_new(owner, 0));
    assert_int_equal(rd_kafka_mock_topic_create(mcluster, "t", 1, 3), 0);
    assert_int_equal(rd_kafka_mock_topic_create(mcluster, "t", 1, 3),
                     RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);

    rd_kafka_t *rk = new_client(NULL, rd_kafka_mock_cluster_bootstraps(mcluster));
    produce(rk, "t");
    assert_int_equal(last_broker, 1);
    assert_int_equal(rd_kafka_mock_partition_set_leader(mcluster, "t", 0, 2), 0);
    produce(rk, "t");
    assert_int_equal(last_broker, 2);
    assert_int_equal(rd_kafka_mock_broker_set_down(mcluster, 2), 0);
    assert_int_equal(rd_kafka_mock_partition_set_leader(mcluster, "t", 0, 3), 0);
    produce(rk, "t");
    assert_int_equal(last_broker, 3);
    assert_int_equal(delivered, 3);
    assert_int_equal(last_offset, 2);
    assert_int_equal(rd_kafka_mock_broker_set_up(mcluster, 2), 0);
    rd_kafka_destroy(rk);
    rd_kafka_mock_cluster_destroy(mcluster);
    rd_kafka_destroy(owner);
}

static void test_errors_and_requests(void **state)
{
    static const rd_kafka_resp_err_t array[] = {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                                                RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS};
    rd_kafka_t *rk = new_client("1", NULL);
    rd_kafka_mock_cluster_t *mcluster = rd_kafka_handle_mock_cluster(rk);
    size_t count = 99;
    (void)state;
    produce(rk, "t");
    rd_kafka_mock_start_request_tracking(mcluster);
    assert_null(rd_kafka_mock_get_requests(mcluster, &count));
    assert_int_equal(count, 0);
    rd_kafka_mock_push_request_errors(mcluster, PRODUCE, 2,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    rd_kafka_mock_push_request_errors_array(mcluster, PRODUCE, 2, array);
    assert_int_equal(rd_kafka_mock_partition_push_request_errors(
                         mcluster, "t", 0, PRODUCE, 1, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS),
                     0);
    assert_int_equal(rd_kafka_mock_broker_push_request_error_rtts(
                         mcluster, 1, PRODUCE, 1, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 50),
                     0);
    assert_int_equal(rd_kafka_mock_broker_push_request_error_rtts(mcluster, 9, PRODUCE, 0),
                     RD_KAFKA_RESP_ERR__UNKNOWN_BROKER);
    assert_int_equal(rd_kafka_mock_broker_error_stack_cnt(mcluster, 1, PRODUCE, &count), 0);
    assert_int_equal(count, 1);
    produce(rk, "t");
    assert_int_equal(delivered, 2);
    assert_int_equal(last_offset, 1);

    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(mcluster, &count);
    int produced = 0;
    int64_t first_us = 0, last_us = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rd_kafka_mock_request_id(requests[i]), 1);
        if (rd_kafka_mock_request_api_key(requests[i]) != PRODUCE)
            continue;
        last_us = rd_kafka_mock_request_timestamp(requests[i]);
        first_us = first_us ? first_us : last_us;
        produced++;
    }
    rd_kafka_mock_request_destroy_array(requests, count);
    assert_int_equal(produced, 7); /* Six errors. */
    assert_true(last_us - first_us >= 49000);
    rd_kafka_mock_clear_requests(mcluster);
    assert_null(rd_kafka_mock_get_requests(mcluster, &count));
    rd_kafka_mock_stop_request_tracking(mcluster);

    rd_kafka_mock_push_request_errors(mcluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_mock_clear_request_errors(mcluster, PRODUCE);
    produce(rk, "t");
    assert_int_equal(failed, 0);
    rd_kafka_mock_push_request_errors(mcluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    produce(rk, "t");
    assert_int_equal(failed, 1);
    assert_int_equal(last_err, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_destroy(rk);
}

static void test_delays(void **state)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)state;
    set(conf, "test.mock.num.brokers", "1");
    set(conf, "test.mock.broker.rtt", "40");
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    const struct rd_kafka_metadata *metadata;
    uint64_t start_us = rk_clock_now_us();
    assert_int_equal(rd_kafka_metadata(rk, 1, NULL, &metadata, TIMEOUT_MS), 0);
    assert_true(rk_clock_now_us() - start_us >= 39000);
    assert_int_equal(metadata->broker_cnt, 1);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_mock_cluster_t *mcluster = rd_kafka_handle_mock_cluster(rk);
    assert_int_equal(rd_kafka_mock_broker_set_rtt(mcluster, -1, 0), 0);
    assert_int_equal(rd_kafka_mock_broker_set_rack(mcluster, 1, "rack"), 0);
    assert_int_equal(rd_kafka_mock_broker_set_rack(mcluster, 2, "rack"),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);
    assert_int_equal(rd_kafka_mock_set_apiversion(mcluster, METADATA, 0, 99),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rd_kafka_mock_coordinator_set(mcluster, "other", "key", 1),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_with_its_own_cluster),
        cmocka_unit_test(test_a_cluster_apart),
        cmocka_unit_test(test_errors_and_requests),
        cmocka_unit_test(test_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
