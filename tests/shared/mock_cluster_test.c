/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mock cluster through its public functions: what changes in it, as a client sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"
#include "support/client.h"

enum { TIMEOUT_MS = 20000, METADATA = 3, API_VERSIONS = 18 };

static rd_kafka_t *producer;
static rd_kafka_mock_cluster_t *cluster;

static rd_kafka_t *new_client(rd_kafka_type_t type, ...)
{
    static const char *const quick[] = {"retry.backoff.ms", "reconnect.backoff.ms",
                                        "retry.backoff.max.ms", "reconnect.backoff.max.ms"};
    va_list arguments;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    for (int i = 0; i < 4; i++)
        rd_kafka_conf_set(conf, quick[i], "20", NULL, 0);
    rd_kafka_conf_set(conf, "topic.metadata.refresh.fast.interval.ms", "20", NULL, 0);
    va_start(arguments, type);
    rd_kafka_t *rk = client_new(type, conf, arguments);
    va_end(arguments);
    return rk;
}

static int set_up(void **state)
{
    (void)state;
    producer = new_client(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "3", "linger.ms", "0", NULL);
    cluster = rd_kafka_handle_mock_cluster(producer);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rd_kafka_destroy(producer);
    return 0;
}

static const char *bootstraps(void)
{
    return rd_kafka_mock_cluster_bootstraps(cluster);
}

/* Produces and waits. */
static void produce(const char *topic, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(
            rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                              RD_KAFKA_V_VALUE((void *)(uintptr_t) "v", 1), RD_KAFKA_V_END),
            0);
    assert_int_equal(rd_kafka_flush(producer, TIMEOUT_MS), 0);
}

/* The error of a topic in metadata that was asked for now; its partitions' count if there is none.
 */
static int look_up(const char *name)
{
    const struct rd_kafka_metadata *metadata;
    int result = -1;
    assert_int_equal(rd_kafka_metadata(producer, 1, NULL, &metadata, TIMEOUT_MS), 0);
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (!strcmp(metadata->topics[i].topic, name))
            result = metadata->topics[i].err ? (int)metadata->topics[i].err
                                             : metadata->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return result;
}

static int count_brokers(void)
{
    const struct rd_kafka_metadata *metadata;
    assert_int_equal(rd_kafka_metadata(producer, 0, NULL, &metadata, TIMEOUT_MS), 0);
    int count = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

static void test_topics_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "t", 7, 2), 0);
    assert_int_equal(look_up("t"), 7);
    assert_int_equal(rd_kafka_mock_topic_delete(cluster, "t"), 0);
    assert_int_equal(look_up("t"), -1);
    assert_int_not_equal(rd_kafka_mock_topic_delete(cluster, "t"), 0);
    rd_kafka_mock_topic_set_error(cluster, "u", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(look_up("u"), RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_mock_topic_set_error(cluster, "u", RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(look_up("u"), 4); /* As many as topics made by themselves have. */
}

static void test_brokers_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(count_brokers(), 3);
    assert_int_equal(rd_kafka_mock_broker_add(cluster, 9), 0);
    assert_int_equal(count_brokers(), 4);
    assert_int_not_equal(rd_kafka_mock_broker_add(cluster, 9), 0);
    assert_int_equal(rd_kafka_mock_broker_remove_from_metadata(cluster, 9), 0);
    assert_int_equal(count_brokers(), 3);
    assert_int_equal(rd_kafka_mock_broker_decommission(cluster, 9), 0);
    assert_int_equal(rd_kafka_mock_broker_set_rtt(cluster, 9, 0),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);
    rd_kafka_mock_broker_set_host_port(cluster, 2, "somewhere.invalid", 77);
    const struct rd_kafka_metadata *metadata;
    assert_int_equal(rd_kafka_metadata(producer, 0, NULL, &metadata, TIMEOUT_MS), 0);
    for (int i = 0; i < metadata->broker_cnt; i++)
        if (metadata->brokers[i].id == 2) {
            assert_string_equal(metadata->brokers[i].host, "somewhere.invalid");
            assert_int_equal(metadata->brokers[i].port, 77);
        }
    rd_kafka_metadata_destroy(metadata);
    size_t count;
    int32_t *ids = rd_kafka_brokers_learned_ids(producer, &count);
    assert_true(count >= 3);
    assert_int_equal(ids[0], 1);
    rd_kafka_mem_free(producer, ids);
}

/* A broker goes down; its partition's messages wait until it is up. */
static void test_down_and_up(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "t", 1, 1), 0);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "t", 0, 2), 0);
    produce("t", 1);
    assert_int_equal(rd_kafka_mock_broker_set_down(cluster, 2), 0);
    assert_int_equal(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t) "v", 1),
                                       RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(producer, 100), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_int_equal(rd_kafka_mock_broker_set_up(cluster, 2), 0);
    assert_int_equal(rd_kafka_flush(producer, TIMEOUT_MS), 0);
    int64_t low, high;
    assert_int_equal(rd_kafka_query_watermark_offsets(producer, "t", 0, &low, &high, TIMEOUT_MS),
                     0);
    assert_int_equal(high, 2);
}

static void test_records_are_deleted(void **state)
{
    int64_t low, high;
    (void)state;
    produce("t", 10);
    assert_int_equal(rd_kafka_mock_partition_delete_records(cluster, "t", 0, 4), 0);
    assert_int_equal(rd_kafka_query_watermark_offsets(producer, "t", 0, &low, &high, TIMEOUT_MS),
                     0);
    assert_int_equal(low, 4);
    assert_int_equal(high, 10);
    assert_int_not_equal(rd_kafka_mock_partition_delete_records(cluster, "t", 0, 11), 0);
}

static void test_requests_one_by_one(void **state)
{
    size_t count;
    bool found = false;
    (void)state;
    rd_kafka_mock_start_request_tracking(cluster);
    assert_int_equal(count_brokers(), 3);
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(cluster, &count);
    for (size_t i = 0; i < count; i++) {
        found |= rd_kafka_mock_request_api_key(requests[i]) == METADATA;
        rd_kafka_mock_request_destroy(requests[i]);
    }
    rd_kafka_mem_free(NULL, requests);
    assert_true(found);
    rd_kafka_mock_stop_request_tracking(cluster);
}

/* That the client fetches from it is another test's. */
static void test_followers(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "t", 1, 3), 0);
    assert_int_equal(rd_kafka_mock_partition_set_follower(cluster, "t", 0, 3), 0);
    assert_int_equal(rd_kafka_mock_partition_set_follower_wmarks(cluster, "t", 0, -1, 6), 0);
    assert_int_not_equal(rd_kafka_mock_partition_set_follower(cluster, "t", 0, 99), 0);
    produce("t", 1);
}

static int32_t leader_told(rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata;
    assert_int_equal(rd_kafka_metadata(producer, 0, topic, &metadata, TIMEOUT_MS), 0);
    int32_t leader = metadata->topics[0].partitions[0].leader;
    rd_kafka_metadata_destroy(metadata);
    return leader;
}

/* The next answer to Metadata names another leader than there is. */
static void test_a_leader_that_is_none(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "t", 1, 3), 0);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "t", 0, 1), 0);
    produce("t", 1);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, "t", NULL);
    int32_t leader = -1;
    for (int i = 0; leader != 2; i++) { /* The client's own look-ups may take one of them. */
        assert_true(i < 10);
        assert_int_equal(rd_kafka_mock_partition_push_leader_response(cluster, "t", 0, 2, 5), 0);
        leader = leader_told(topic);
    }
    assert_int_equal(leader_told(topic), 1);
    produce("t", 1);
    rd_kafka_topic_destroy(topic);
}

/* The highest version of each API that was asked for, by on_request_sent. */
static int16_t versions_used[100];

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int fd, const char *broker, int32_t id,
                                           int16_t key, int16_t version, int32_t correlation_id,
                                           size_t size, void *opaque)
{
    (void)rk;
    (void)fd;
    (void)broker;
    (void)id;
    (void)correlation_id;
    (void)size;
    (void)opaque;
    if (key < 100)
        versions_used[key] = version;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t size)
{
    (void)conf;
    (void)opaque;
    (void)text;
    (void)size;
    return rd_kafka_interceptor_add_on_request_sent(rk, "versions", on_request_sent, NULL);
}

static void test_versions(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_mock_set_apiversion(cluster, METADATA, 0, 4), 0);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstraps(), NULL, 0);
    rd_kafka_conf_interceptor_add_on_new(conf, "versions", on_new, NULL);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    const struct rd_kafka_metadata *metadata;
    assert_int_equal(rd_kafka_metadata(rk, 0, NULL, &metadata, TIMEOUT_MS), 0);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy(rk);
    assert_int_equal(versions_used[METADATA], 4);
    assert_true(versions_used[API_VERSIONS] >= 3);
}

/* What is set for groups changes nothing for others. */
static void test_settings_of_groups(void **state)
{
    (void)state;
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
    rd_kafka_mock_set_group_consumer_session_timeout_ms(cluster, 1000);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster, 100);
    rd_kafka_mock_sharegroup_set_session_timeout(cluster, 1000);
    rd_kafka_mock_sharegroup_set_heartbeat_interval(cluster, 100);
    produce("t", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_topics_come_and_go),    TEST(test_brokers_come_and_go),
        TEST(test_down_and_up),           TEST(test_records_are_deleted),
        TEST(test_requests_one_by_one),   TEST(test_followers),
        TEST(test_a_leader_that_is_none), TEST(test_versions),
        TEST(test_settings_of_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
