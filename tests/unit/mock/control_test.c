/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests tell the cluster to do: errors, delays, brokers, leaders, tracking. */
#include "client.h"

#include "base/assert.h"

struct fixture {
    struct rk_mock_cluster *cluster;
    struct client client;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->cluster = start_cluster(3);
    fixture->client = open_client(fixture->cluster, 1);
    ask_metadata(&fixture->client, "t"); /* Broker 1 leads partition 0. */
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    close_client(&fixture->client);
    rk_mock_cluster_destroy(fixture->cluster);
    free(fixture);
    return 0;
}

static int produce_error(struct fixture *fixture)
{
    struct batch batch = make_batch(1);
    return produce(&fixture->client, "t", &batch).error_code;
}

static void test_errors_in_their_order(void **state)
{
    static const struct rk_mock_error of_cluster[] = {{.err = 11}, {.err = 0}, {.err = 12}};
    static const struct rk_mock_error of_broker[] = {{.err = 21}};
    static const struct rk_mock_error of_partition[] = {{.err = 31}, {.err = 32}};
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    size_t count;
    rk_mock_cluster_push_partition_errors(cluster, "t", 0, RK_API_PRODUCE, of_partition, 2);
    rk_mock_cluster_push_partition_errors(cluster, "t", 1, RK_API_PRODUCE, of_broker, 1);
    rk_mock_cluster_push_errors(cluster, RK_API_PRODUCE, of_cluster, 3);
    rk_mock_cluster_push_errors(cluster, RK_API_FETCH, of_cluster, 3);
    rk_mock_cluster_push_broker_errors(cluster, 1, RK_API_PRODUCE, of_broker, 1);
    rk_mock_cluster_push_broker_errors(cluster, 2, RK_API_PRODUCE, of_broker, 1);
    assert_int_equal(rk_mock_cluster_count_broker_errors(cluster, 1, RK_API_PRODUCE, &count), 0);
    assert_int_equal(count, 1);

    assert_int_equal(produce_error(fixture), 21);
    assert_int_equal(produce_error(fixture), 11);
    assert_int_equal(produce_error(fixture), 0);
    assert_int_equal(produce_error(fixture), 12);
    assert_int_equal(produce_error(fixture), 31);
    assert_int_equal(produce_error(fixture), 32);
    assert_int_equal(produce_error(fixture), 0);
    rk_mock_cluster_count_broker_errors(cluster, 1, RK_API_PRODUCE, &count);
    assert_int_equal(count, 0);

    rk_mock_cluster_push_errors(cluster, RK_API_PRODUCE, of_cluster, 3);
    rk_mock_cluster_clear_errors(cluster, RK_API_PRODUCE);
    assert_int_equal(produce_error(fixture), 0);
    const int unknown = RD_KAFKA_RESP_ERR__UNKNOWN_BROKER;
    assert_int_equal(rk_mock_cluster_push_broker_errors(cluster, 9, RK_API_PRODUCE, of_broker, 1),
                     unknown);
    assert_int_equal(rk_mock_cluster_count_broker_errors(cluster, 9, RK_API_PRODUCE, &count),
                     unknown);
}

/* Added in parts, taken in between. */
static void test_many_errors(void **state)
{
    struct fixture *fixture = *state;
    struct rk_mock_error errors[7] = {{0}};
    int pushed = 0, taken = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 7; i++)
            errors[i].err = (rd_kafka_resp_err_t)(++pushed);
        rk_mock_cluster_push_errors(fixture->cluster, RK_API_PRODUCE, errors, 7);
        for (int i = 0; i < 3; i++)
            assert_int_equal(produce_error(fixture), ++taken);
    }
    while (taken < pushed)
        assert_int_equal(produce_error(fixture), ++taken);
    assert_int_equal(produce_error(fixture), 0);
}

static void test_an_error_in_every_api(void **state)
{
    static const int err = RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR;
    static const struct rk_mock_error error = {.err = RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR};
    struct fixture *fixture = *state;
    struct client *client = &fixture->client;
    for (int16_t key = 0; key < RK_API_COUNT; key++)
        rk_mock_cluster_push_errors(fixture->cluster, key, &error, 1);
    assert_int_equal(ask_metadata(client, "t").topics.items[0].error_code, err);
    assert_int_equal(ask_metadata(client, "t").topics.items[0].error_code, 0);

    struct rk_init_producer_id_request init;
    struct rk_init_producer_id_answer init_answer;
    rk_init_producer_id_request_init(&init);
    call(client, &rk_init_producer_id_api, 4, &init, &init_answer);
    assert_int_equal(init_answer.error_code, err);
    assert_int_equal(init_answer.producer_id, -1);

    struct rk_find_coordinator_request find;
    struct rk_find_coordinator_answer find_answer;
    rk_find_coordinator_request_init(&find);
    find.key = "key";
    call(client, &rk_find_coordinator_api, 3, &find, &find_answer);
    assert_int_equal(find_answer.error_code, err);
    assert_int_equal(find_answer.node_id, -1);

    struct rk_api_versions_request versions;
    struct rk_api_versions_answer versions_answer;
    rk_api_versions_request_init(&versions);
    call(client, &rk_api_versions_api, 0, &versions, &versions_answer);
    assert_int_equal(versions_answer.error_code, err);
}

static void test_a_broken_connection(void **state)
{
    static const struct rk_mock_error error = {.err = RD_KAFKA_RESP_ERR__TRANSPORT};
    struct fixture *fixture = *state;
    struct produce_message message;
    struct batch batch = make_batch(1);
    fill_produce(&message, "t", 0, batch.bytes, batch.size);
    rk_mock_cluster_push_errors(fixture->cluster, RK_API_PRODUCE, &error, 1);
    send_request(&fixture->client, &rk_produce_api, 9, &message.request);
    expect_closed(&fixture->client);
    close_client(&fixture->client);

    fixture->client = open_client(fixture->cluster, 1);
    rk_mock_cluster_push_partition_errors(fixture->cluster, "t", 0, RK_API_PRODUCE, &error, 1);
    send_request(&fixture->client, &rk_produce_api, 9, &message.request);
    expect_closed(&fixture->client);
    close_client(&fixture->client);
    fixture->client = open_client(fixture->cluster, 1);
    assert_int_equal(produce_records(&fixture->client, "t", 1), 0); /* Neither was appended. */
}

static uint64_t time_of_metadata(struct fixture *fixture)
{
    uint64_t start_us = rk_clock_now_us();
    ask_metadata(&fixture->client, "t");
    return rk_clock_now_us() - start_us;
}

static void test_delays(void **state)
{
    static const struct rk_mock_error slow = {.err = 0, .delay_us = 60000};
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    assert_int_equal(rk_mock_cluster_set_broker_rtt(cluster, 1, 50), 0);
    assert_in_range(time_of_metadata(fixture), 49000, 10000000);
    rk_mock_cluster_push_broker_errors(cluster, 1, RK_API_METADATA, &slow, 1);
    assert_in_range(time_of_metadata(fixture), 109000, 10000000);
    assert_int_equal(rk_mock_cluster_set_broker_rtt(cluster, -1, 0), 0);
    rk_mock_cluster_push_broker_errors(cluster, 1, RK_API_METADATA, &slow, 1);
    assert_in_range(time_of_metadata(fixture), 59000, 10000000);
    assert_int_equal(rk_mock_cluster_set_broker_rtt(cluster, 9, 0),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);
}

/* Requests are under way at the same time, and answers keep their order. */
static void test_delays_do_not_add_up(void **state)
{
    static const struct rk_mock_error slow = {.err = 0, .delay_us = 100000};
    struct fixture *fixture = *state;
    struct rk_metadata_request request;
    struct rk_metadata_answer answer;
    int32_t before = fixture->client.correlation_id;
    rk_metadata_request_init(&request);
    rk_mock_cluster_push_errors(fixture->cluster, RK_API_METADATA, &slow, 1);
    uint64_t start_us = rk_clock_now_us();
    for (int i = 0; i < 20; i++)
        send_request(&fixture->client, &rk_metadata_api, 12, &request);
    fixture->client.correlation_id = before;
    for (int i = 0; i < 20; i++) {
        fixture->client.correlation_id++;
        assert_true(read_answer(&fixture->client, &rk_metadata_api, 12, &answer));
        assert_true(rk_clock_now_us() - start_us >= 99000);
    }
}

static void test_a_broker_goes_down_and_up(void **state)
{
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rk_mock_cluster_set_broker_down(cluster, 1), 0);
        assert_int_equal(rk_mock_cluster_set_broker_down(cluster, 1), 0);
        expect_closed(&fixture->client);
        assert_int_equal(open_socket(cluster, 1), -1);
        assert_int_equal(errno, ECONNREFUSED);
        assert_int_equal(rk_mock_cluster_set_broker_up(cluster, 1), 0);
        assert_int_equal(rk_mock_cluster_set_broker_up(cluster, 1), 0);
        close_client(&fixture->client);
        fixture->client = open_client(cluster, 1);
        assert_int_equal(ask_metadata(&fixture->client, "t").brokers.count, 3);
    }
    const int unknown = RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    assert_int_equal(rk_mock_cluster_set_broker_down(cluster, 9), unknown);
    assert_int_equal(rk_mock_cluster_set_broker_up(cluster, 9), unknown);
}

static void test_leaders(void **state)
{
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    struct rk_metadata_answer answer;
    struct rk_metadata_answer_partition *partition;
    assert_int_equal(rk_mock_cluster_set_leader(cluster, "t", 0, 2), 0);
    answer = ask_metadata(&fixture->client, "t");
    partition = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(partition->leader_id, 2);
    assert_int_equal(partition->leader_epoch, 1);
    assert_int_equal(produce_error(fixture), RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(rk_mock_cluster_set_leader(cluster, "t", 0, -1), 0);
    answer = ask_metadata(&fixture->client, "t");
    partition = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(partition->leader_id, -1);
    assert_int_equal(partition->error_code, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_int_equal(rk_mock_cluster_set_leader(cluster, "t", 0, 9),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);

    /* A topic that is not there, a partition that is not there. */
    assert_int_equal(rk_mock_cluster_set_leader(cluster, "new", 9, 3), 0);
    answer = ask_metadata(&fixture->client, "new");
    assert_int_equal(answer.topics.items[0].partitions.count, 10);
    assert_int_equal(answer.topics.items[0].partitions.items[9].leader_id, 3);
    assert_int_equal(rk_mock_cluster_set_leader(cluster, "t", -1, 1),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);

    assert_int_equal(rk_mock_cluster_push_leader_response(cluster, "t", 1, 3, 77), 0);
    assert_int_equal(rk_mock_cluster_push_leader_response(cluster, "t", 1, -1, 78), 0);
    answer = ask_metadata(&fixture->client, "t");
    partition = &answer.topics.items[0].partitions.items[1];
    assert_int_equal(partition->leader_id, 3);
    assert_int_equal(partition->leader_epoch, 77);
    answer = ask_metadata(&fixture->client, "t");
    partition = &answer.topics.items[0].partitions.items[1];
    assert_int_equal(partition->leader_id, 2);
    assert_int_equal(partition->leader_epoch, 78);
    answer = ask_metadata(&fixture->client, "t");
    assert_int_equal(answer.topics.items[0].partitions.items[1].leader_epoch, 0);
    assert_int_equal(rk_mock_cluster_push_leader_response(cluster, "t", 1, 3, 77), 0); /* Unused. */
}

static void test_topics(void **state)
{
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    struct rk_metadata_answer answer;
    assert_int_equal(rk_mock_cluster_create_topic(cluster, "made", 7, 2), 0);
    assert_int_equal(rk_mock_cluster_create_topic(cluster, "made", 7, 2),
                     RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
    answer = ask_metadata(&fixture->client, "made");
    assert_int_equal(answer.topics.items[0].partitions.count, 7);
    assert_int_equal(answer.topics.items[0].partitions.items[0].replica_nodes.count, 2);
    struct rk_uuid id = answer.topics.items[0].topic_id;
    assert_int_equal(rk_mock_cluster_delete_topic(cluster, "made"), 0);
    assert_int_equal(rk_mock_cluster_delete_topic(cluster, "made"),
                     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(rk_mock_cluster_create_topic(cluster, "made", 1, 99), 0);
    struct rk_uuid other = topic_id_of(&fixture->client, "made");
    assert_false(rk_uuid_equal(&id, &other));

    rk_mock_cluster_set_topic_error(cluster, "made", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    answer = ask_metadata(&fixture->client, "made");
    assert_int_equal(answer.topics.items[0].error_code,
                     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(answer.topics.items[0].partitions.count, 0);
    rk_mock_cluster_set_topic_error(cluster, "made", 0);
    answer = ask_metadata(&fixture->client, "made");
    assert_int_equal(answer.topics.items[0].partitions.count, 1);

    assert_int_equal(rk_mock_cluster_create_topic(cluster, "zero", 0, 1),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rk_mock_cluster_create_topic(cluster, "bad name", 1, 1),
                     RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    assert_int_equal(rk_mock_cluster_delete_records(cluster, "none", 0, 0),
                     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(rk_mock_cluster_delete_records(cluster, "made", 0, 1),
                     RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
}

static void test_brokers_come_and_go(void **state)
{
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    struct rk_metadata_answer answer;
    assert_int_equal(rk_mock_cluster_set_broker_rack(cluster, 2, "rack"), 0);
    rk_mock_cluster_set_broker_address(cluster, 2, "example.com", 99);
    assert_int_equal(rk_mock_cluster_hide_broker(cluster, 3), 0);
    answer = ask_metadata(&fixture->client, "t");
    assert_int_equal(answer.brokers.count, 2);
    assert_string_equal(answer.brokers.items[1].rack, "rack");
    assert_string_equal(answer.brokers.items[1].host, "example.com");
    assert_int_equal(answer.brokers.items[1].port, 99);
    assert_null(answer.brokers.items[0].rack);

    struct client hidden = open_client(cluster, 3);
    ask_metadata(&hidden, "t");
    assert_int_equal(rk_mock_cluster_decommission_broker(cluster, 3), 0);
    expect_closed(&hidden);
    close_client(&hidden);
    answer = ask_metadata(&fixture->client, "t");
    for (int32_t i = 0; i < 4; i++) {
        const struct rk_metadata_answer_partition *partition =
            &answer.topics.items[0].partitions.items[i];
        assert_in_range(partition->leader_id, 1, 2);
        assert_int_equal(partition->replica_nodes.count, 2);
    }
    assert_int_equal(rk_mock_cluster_add_broker(cluster, 3), 0);
    assert_int_equal(rk_mock_cluster_add_broker(cluster, 3), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(ask_metadata(&fixture->client, "t").brokers.count, 3);
    for (int32_t id = 2; id <= 3; id++)
        assert_int_equal(rk_mock_cluster_decommission_broker(cluster, id), 0);
    answer = ask_metadata(&fixture->client, "t");
    assert_int_equal(answer.topics.items[0].partitions.items[3].leader_id, 1);
    assert_int_equal(rk_mock_cluster_decommission_broker(cluster, 1), 0); /* The last. */
    assert_int_equal(rk_mock_cluster_decommission_broker(cluster, 1),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);
    assert_int_equal(rk_mock_cluster_create_topic(cluster, "homeless", 2, 2), 0);
}

static void test_tracking(void **state)
{
    struct fixture *fixture = *state;
    struct rk_mock_cluster *cluster = fixture->cluster;
    size_t count = 7;
    assert_null(rk_mock_cluster_requests(cluster, &count));
    assert_int_equal(count, 0);
    rk_mock_cluster_track_requests(cluster, true);
    uint64_t start_us = rk_clock_now_us();
    ask_metadata(&fixture->client, "t");
    produce_records(&fixture->client, "t", 1);
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(cluster, &count);
    assert_int_equal(count, 2);
    assert_int_equal(requests[0].api_key, RK_API_METADATA);
    assert_int_equal(requests[1].api_key, RK_API_PRODUCE);
    assert_int_equal(requests[1].broker_id, 1);
    assert_true(requests[1].timestamp_us >= requests[0].timestamp_us);
    assert_true(requests[0].timestamp_us + 1000 >= (int64_t)start_us);
    rk_free(requests);
    rk_mock_cluster_forget_requests(cluster);
    ask_metadata(&fixture->client, "t");
    requests = rk_mock_cluster_requests(cluster, &count);
    assert_int_equal(count, 1);
    rk_free(requests);
    rk_mock_cluster_track_requests(cluster, false);
    ask_metadata(&fixture->client, "t");
    assert_null(rk_mock_cluster_requests(cluster, &count));
}

static void test_no_brokers(void **state)
{
    struct rk_mock_options options = {.broker_count = 0};
    (void)state;
    assert_null(rk_mock_cluster_new(&options));
    assert_int_equal(errno, EINVAL);
}

/* A cluster whose log function calls it back does not hang. */
static struct rk_mock_cluster *talkative;
static int refused;

static void call_back(void *argument, int level, const char *facility, const char *text)
{
    (void)argument;
    (void)level;
    (void)facility;
    (void)text;
    if (talkative)
        refused += rk_mock_cluster_set_broker_down(talkative, 1) != 0;
}

static void test_calls_from_the_log_function(void **state)
{
    struct rk_mock_options options = {.broker_count = 1, .log = call_back, .is_debugging = true};
    (void)state;
    struct rk_mock_cluster *cluster = rk_mock_cluster_new(&options);
    rk_mock_cluster_create_topic(cluster, "t", 1, 1);
    talkative = cluster;
    struct client client = open_client(cluster, 1);
    ask_metadata(&client, "t");
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
    talkative = NULL;
    assert_true(refused > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_errors_in_their_order),
        TEST(test_many_errors),
        TEST(test_an_error_in_every_api),
        TEST(test_a_broken_connection),
        TEST(test_delays),
        TEST(test_delays_do_not_add_up),
        TEST(test_a_broker_goes_down_and_up),
        TEST(test_leaders),
        TEST(test_topics),
        TEST(test_brokers_come_and_go),
        TEST(test_tracking),
        cmocka_unit_test(test_no_brokers),
        cmocka_unit_test(test_calls_from_the_log_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
