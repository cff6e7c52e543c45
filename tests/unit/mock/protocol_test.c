/* SPDX-License-Identifier: BSD-2-Clause */
/* Every request in every version that is offered; versions; metadata; coordinators; producer ids.
 */
#include "client.h"

#include "base/assert.h"
#include "base/hash.h"

static struct rk_api_versions_answer ask_versions(struct client *client)
{
    struct rk_api_versions_request request;
    struct rk_api_versions_answer answer;
    rk_api_versions_request_init(&request);
    request.client_software_name = "test";
    request.client_software_version = "1.0";
    call(client, &rk_api_versions_api, 3, &request, &answer);
    return answer;
}

/* A request of each kind that is good in all versions. */
union any_request {
    struct rk_produce_request produce;
    struct rk_fetch_request fetch;
    struct rk_list_offsets_request list_offsets;
    struct rk_metadata_request metadata;
    struct rk_find_coordinator_request find_coordinator;
    struct rk_api_versions_request api_versions;
    struct rk_init_producer_id_request init_producer_id;
    struct rk_offset_for_leader_epoch_request offset_for_leader_epoch;
    struct rk_join_group_request join_group;
    struct rk_sync_group_request sync_group;
    struct rk_heartbeat_request heartbeat;
    struct rk_leave_group_request leave_group;
    struct rk_list_groups_request list_groups;
    struct rk_describe_groups_request describe_groups;
    struct rk_consumer_group_heartbeat_request consumer_group_heartbeat;
    struct rk_consumer_group_describe_request consumer_group_describe;
};

union any_answer {
    struct rk_produce_answer produce;
    struct rk_fetch_answer fetch;
    struct rk_list_offsets_answer list_offsets;
    struct rk_metadata_answer metadata;
    struct rk_find_coordinator_answer find_coordinator;
    struct rk_api_versions_answer api_versions;
    struct rk_init_producer_id_answer init_producer_id;
    struct rk_offset_for_leader_epoch_answer offset_for_leader_epoch;
    struct rk_join_group_answer join_group;
    struct rk_sync_group_answer sync_group;
    struct rk_heartbeat_answer heartbeat;
    struct rk_leave_group_answer leave_group;
    struct rk_list_groups_answer list_groups;
    struct rk_describe_groups_answer describe_groups;
    struct rk_consumer_group_heartbeat_answer consumer_group_heartbeat;
    struct rk_consumer_group_describe_answer consumer_group_describe;
};

static void fill_request(const struct rk_api *api, int version, union any_request *request)
{
    static const char *keys[] = {"one", "two"};
    rk_codec_init(api->request, request);
    if (api->key == RK_API_PRODUCE)
        request->produce.acks = 1;
    if (api->key == RK_API_API_VERSIONS) {
        request->api_versions.client_software_name = "test";
        request->api_versions.client_software_version = "1.0";
    }
    if (api->key == RK_API_FIND_COORDINATOR && version < 4) {
        request->find_coordinator.key = "key";
    } else if (api->key == RK_API_FIND_COORDINATOR) {
        request->find_coordinator.coordinator_keys.items = keys;
        request->find_coordinator.coordinator_keys.count = 2;
    }
}

static void test_every_version_of_every_api(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1), other = open_client(cluster, 1);
    struct rk_api_versions_answer versions = ask_versions(&client);
    int answered = 0;
    (void)state;
    assert_int_equal(versions.error_code, 0);
    for (int32_t i = 0; i < versions.api_keys.count; i++) {
        const struct rk_api_versions_answer_api_key *key = &versions.api_keys.items[i];
        const struct rk_api *api = rk_api_find(key->api_key);
        int min_version = key->api_key == RK_API_PRODUCE ? 3 : key->min_version;
        assert_non_null(api);
        for (int version = min_version; version <= key->max_version; version++) {
            union any_request request;
            union any_answer answer;
            fill_request(api, version, &request);
            call(&other, api, version, &request, &answer);
            answered++;
        }
    }
    assert_int_equal(answered,
                     11 + 11 + 11 + 15 + 11 + 14 + 7 + 10 + 5 + 6 + 6 + 7 + 6 + 5 + 6 + 3 + 2 + 2);
    close_client(&client);
    close_client(&other);
    rk_mock_cluster_destroy(cluster);
}

static void test_unsupported_versions_and_apis_end_the_connection(void **state)
{
    static const struct {
        int16_t key, version;
    } cases[] = {{RK_API_METADATA, 99},
                 {RK_API_PRODUCE, 2},
                 {RK_API_FETCH, 3},
                 {RK_API_METADATA, -1},
                 {RK_API_SHARE_FETCH, 1},
                 {999, 0},
                 {-7, 0}};
    struct rk_mock_cluster *cluster = start_cluster(1);
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        struct client client = open_client(cluster, 1);
        uint8_t frame[64] = {0};
        rk_store_be32(frame, 60);
        rk_store_be16(frame + 4, cases[i].key);
        rk_store_be16(frame + 6, cases[i].version);
        send_bytes(&client, frame, sizeof(frame));
        expect_closed(&client);
        close_client(&client);
    }
    rk_mock_cluster_destroy(cluster);
}

static void test_api_versions_of_the_future_is_answered(void **state)
{
    static const uint8_t request[] = {0, 0, 0, 18,  0,   18,  0x7f, 0, 0, 0,   0,
                                      7, 0, 4, 't', 'e', 's', 't',  0, 2, 'x', 0};
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_api_versions_answer answer;
    (void)state;
    send_bytes(&client, request, sizeof(request));
    client.correlation_id = 7;
    assert_true(read_answer(&client, &rk_api_versions_api, 0, &answer));
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION);
    assert_int_equal(answer.api_keys.count, 1);
    assert_int_equal(answer.api_keys.items[0].api_key, RK_API_API_VERSIONS);
    assert_int_equal(answer.api_keys.items[0].max_version, 4);
    assert_int_equal(ask_versions(&client).error_code, 0);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static void test_software_names_are_checked(void **state)
{
    static const struct {
        const char *text;
        int err;
    } cases[] = {{"a", 0},
                 {"a-b.c", 0},
                 {"", RD_KAFKA_RESP_ERR_INVALID_REQUEST},
                 {"-a", RD_KAFKA_RESP_ERR_INVALID_REQUEST},
                 {"a b", RD_KAFKA_RESP_ERR_INVALID_REQUEST}};
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_api_versions_request request;
    struct rk_api_versions_answer answer;
    (void)state;
    rk_api_versions_request_init(&request);
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        request.client_software_name = cases[i].text;
        request.client_software_version = "1";
        call(&client, &rk_api_versions_api, 3, &request, &answer);
        assert_int_equal(answer.error_code, cases[i].err);
    }
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static int16_t highest_version(struct client *client, int16_t api_key)
{
    struct rk_api_versions_answer answer = ask_versions(client);
    for (int32_t i = 0; i < answer.api_keys.count; i++) {
        if (answer.api_keys.items[i].api_key == api_key)
            return answer.api_keys.items[i].max_version;
    }
    return -1;
}

static void test_versions_can_be_set(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_metadata_request request;
    (void)state;
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_METADATA, 0, 4), 0);
    assert_int_equal(highest_version(&client, RK_API_METADATA), 4);
    rk_metadata_request_init(&request);
    send_request(&client, &rk_metadata_api, 5, &request);
    expect_closed(&client);
    close_client(&client);

    client = open_client(cluster, 1);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_METADATA, -1, -1), 0);
    assert_int_equal(highest_version(&client, RK_API_METADATA), -1);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_PRODUCE, 0, 7), 0);
    assert_int_equal(highest_version(&client, RK_API_PRODUCE), 7);

    const int bad = RD_KAFKA_RESP_ERR__INVALID_ARG;
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_METADATA, 0, 14), bad);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_METADATA, 5, 4), bad);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_METADATA, -1, 4), bad);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_PRODUCE, 0, 2), bad);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_SHARE_FETCH, 0, 1), bad);
    assert_int_equal(rk_mock_cluster_set_versions(cluster, 999, 0, 1), bad);

    /* As a broker that does not know ApiVersions. */
    assert_int_equal(rk_mock_cluster_set_versions(cluster, RK_API_API_VERSIONS, -1, -1), 0);
    struct rk_api_versions_request versions;
    rk_api_versions_request_init(&versions);
    send_request(&client, &rk_api_versions_api, 0, &versions);
    expect_closed(&client);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static struct rk_metadata_answer_topic ask_topic(struct client *client, int version,
                                                 const char *name, const struct rk_uuid *id,
                                                 bool may_create)
{
    struct rk_metadata_request request;
    struct rk_metadata_request_topic topic;
    struct rk_metadata_answer answer;
    rk_metadata_request_init(&request);
    rk_metadata_request_topic_init(&topic);
    topic.name = name;
    if (id)
        topic.topic_id = *id;
    request.allow_auto_topic_creation = may_create;
    request.topics.items = &topic;
    request.topics.count = 1;
    call(client, &rk_metadata_api, version, &request, &answer);
    assert_int_equal(answer.topics.count, 1);
    return answer.topics.items[0];
}

static void test_metadata_of_topics(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(3);
    struct client client = open_client(cluster, 2);
    static const struct rk_uuid unknown = {{1}};
    (void)state;
    assert_int_equal(ask_topic(&client, 12, "topic", NULL, false).error_code,
                     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    struct rk_metadata_answer_topic topic = ask_topic(&client, 12, "topic", NULL, true);
    assert_int_equal(topic.error_code, 0);
    assert_int_equal(topic.partitions.count, 4);
    for (int32_t i = 0; i < 4; i++) {
        const struct rk_metadata_answer_partition *partition = &topic.partitions.items[i];
        assert_int_equal(partition->leader_id, 1 + i % 3);
        assert_int_equal(partition->leader_epoch, 0);
        assert_int_equal(partition->replica_nodes.count, 3);
        assert_int_equal(partition->isr_nodes.count, 3);
    }
    struct rk_uuid id = topic.topic_id;
    assert_false(rk_uuid_is_zero(&id));
    assert_string_equal(ask_topic(&client, 12, NULL, &id, false).name, "topic");
    assert_int_equal(ask_topic(&client, 12, NULL, &unknown, true).error_code,
                     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID);
    assert_int_equal(ask_topic(&client, 1, "bad name", NULL, true).error_code,
                     RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    assert_int_equal(ask_topic(&client, 0, "other", NULL, true).partitions.count, 4);

    struct rk_metadata_answer all = ask_metadata(&client, NULL);
    assert_int_equal(all.topics.count, 2);
    assert_int_equal(all.brokers.count, 3);
    assert_int_equal(all.brokers.items[2].node_id, 3);
    assert_int_equal(all.brokers.items[2].port, port_of(cluster, 3));
    assert_string_equal(all.brokers.items[2].host, "127.0.0.1");
    assert_int_equal(all.controller_id, 1);
    assert_non_null(all.cluster_id);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static void test_coordinators(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(3);
    struct client client = open_client(cluster, 1);
    struct rk_find_coordinator_request request;
    struct rk_find_coordinator_answer answer;
    (void)state;
    rk_find_coordinator_request_init(&request);
    request.key = "group";
    call(&client, &rk_find_coordinator_api, 1, &request, &answer);
    assert_int_equal(answer.error_code, 0);
    assert_int_equal(answer.node_id, 1 + rk_crc32(0, "group", 5) % 3);
    assert_int_equal(answer.port, port_of(cluster, answer.node_id));

    int32_t other = 1 + answer.node_id % 3;
    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "group", "group", other), 0);
    call(&client, &rk_find_coordinator_api, 1, &request, &answer);
    assert_int_equal(answer.node_id, other);
    request.key_type = 1; /* Another namespace. */
    call(&client, &rk_find_coordinator_api, 1, &request, &answer);
    assert_int_not_equal(answer.node_id, other);
    request.key_type = 9;
    call(&client, &rk_find_coordinator_api, 1, &request, &answer);
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_INVALID_REQUEST);

    const int bad = RD_KAFKA_RESP_ERR__INVALID_ARG;
    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "grp", "group", 1), bad);
    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "group", NULL, 1), bad);
    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "transaction", "t", 9),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);

    const char *keys[] = {"group", "else"};
    rk_find_coordinator_request_init(&request);
    request.coordinator_keys.items = keys;
    request.coordinator_keys.count = 2;
    call(&client, &rk_find_coordinator_api, 6, &request, &answer);
    assert_int_equal(answer.coordinators.count, 2);
    assert_string_equal(answer.coordinators.items[0].key, "group");
    assert_int_equal(answer.coordinators.items[0].node_id, other);
    assert_int_equal(answer.coordinators.items[1].error_code, 0);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static struct rk_init_producer_id_answer ask_producer_id(struct client *client, const char *name,
                                                         int64_t id, int16_t epoch)
{
    struct rk_init_producer_id_request request;
    struct rk_init_producer_id_answer answer;
    rk_init_producer_id_request_init(&request);
    request.transactional_id = name;
    request.transaction_timeout_ms = 60000;
    request.producer_id = id;
    request.producer_epoch = epoch;
    call(client, &rk_init_producer_id_api, 4, &request, &answer);
    return answer;
}

static void test_producer_ids(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(2);
    struct client client = open_client(cluster, 1);
    (void)state;
    struct rk_init_producer_id_answer first = ask_producer_id(&client, NULL, -1, -1);
    struct rk_init_producer_id_answer second = ask_producer_id(&client, NULL, first.producer_id, 0);
    assert_int_equal(first.error_code, 0);
    assert_int_equal(first.producer_epoch, 0);
    assert_int_not_equal(first.producer_id, second.producer_id);
    assert_int_equal(second.producer_epoch, 0);

    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "transaction", "mine", 2), 0);
    assert_int_equal(ask_producer_id(&client, "mine", -1, -1).error_code,
                     RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "transaction", "mine", 1), 0);
    first = ask_producer_id(&client, "mine", -1, -1);
    assert_int_equal(first.error_code, 0);
    assert_int_equal(first.producer_epoch, 0);
    second = ask_producer_id(&client, "mine", first.producer_id, 0);
    assert_int_equal(second.producer_id, first.producer_id);
    assert_int_equal(second.producer_epoch, 1);
    assert_int_equal(ask_producer_id(&client, "mine", first.producer_id, 0).error_code,
                     RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(ask_producer_id(&client, "", -1, -1).error_code,
                     RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version_of_every_api),
        cmocka_unit_test(test_unsupported_versions_and_apis_end_the_connection),
        cmocka_unit_test(test_api_versions_of_the_future_is_answered),
        cmocka_unit_test(test_software_names_are_checked),
        cmocka_unit_test(test_versions_can_be_set),
        cmocka_unit_test(test_metadata_of_topics),
        cmocka_unit_test(test_coordinators),
        cmocka_unit_test(test_producer_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
