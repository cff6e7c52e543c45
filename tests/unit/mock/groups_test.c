/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of groups on connections: some wait, some are for another broker, some are refused. */
#include "client.h"

static void coordinate(struct rk_mock_cluster *cluster, int32_t broker_id)
{
    assert_int_equal(rk_mock_cluster_set_coordinator(cluster, "group", "g", broker_id), 0);
}

static void send_join(struct client *client, const char *member_id, int version)
{
    struct rk_join_group_request request;
    struct rk_join_group_request_protocol protocol = {.name = "range",
                                                      .metadata = {(const uint8_t *)"topics", 6}};
    rk_join_group_request_init(&request);
    request.group_id = "g";
    request.member_id = member_id;
    request.protocol_type = "consumer";
    request.session_timeout_ms = 10000;
    request.rebalance_timeout_ms = 10000;
    request.protocols.items = &protocol;
    request.protocols.count = 1;
    send_request(client, &rk_join_group_api, version, &request);
}

static struct rk_join_group_answer read_join(struct client *client, int version)
{
    struct rk_join_group_answer answer;
    assert_true(read_answer(client, &rk_join_group_api, version, &answer));
    return answer;
}

static int beat(struct client *client, const char *member_id, int32_t generation)
{
    struct rk_heartbeat_request request;
    struct rk_heartbeat_answer answer;
    rk_heartbeat_request_init(&request);
    request.group_id = "g";
    request.member_id = member_id;
    request.generation_id = generation;
    call(client, &rk_heartbeat_api, 4, &request, &answer);
    return answer.error_code;
}

/* The assignment, in the test's own words; "" for an error, which is expected. */
static void sync_group(struct client *client, const char *member_id, int32_t generation,
                       const char *assigned, int expected)
{
    struct rk_sync_group_request request;
    struct rk_sync_group_request_assignment assignment = {
        .member_id = member_id,
        .assignment = {(const uint8_t *)assigned, (int32_t)strlen(assigned)}};
    struct rk_sync_group_answer answer;
    rk_sync_group_request_init(&request);
    request.group_id = "g";
    request.member_id = member_id;
    request.generation_id = generation;
    request.assignments.items = &assignment;
    request.assignments.count = assigned[0] ? 1 : 0;
    call(client, &rk_sync_group_api, 5, &request, &answer);
    assert_int_equal(answer.error_code, expected);
    if (expected == 0) {
        assert_int_equal(answer.assignment.size, strlen(assigned));
        assert_memory_equal(answer.assignment.data, assigned, strlen(assigned));
    }
}

/* A member of a group of one, which it leads. */
static char *join_alone(struct client *client)
{
    send_join(client, "", 9);
    struct rk_join_group_answer answer = read_join(client, 9);
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    char *id = rk_strdup(answer.member_id);
    send_join(client, id, 9);
    answer = read_join(client, 9);
    assert_int_equal(answer.error_code, 0);
    assert_int_equal(answer.members.count, 1);
    assert_string_equal(answer.leader, id);
    return id;
}

static void test_a_group_of_one(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    (void)state;
    rk_mock_cluster_set_group_delay(cluster, 0);
    char *id = join_alone(&client);
    sync_group(&client, id, 1, "everything", 0);
    assert_int_equal(beat(&client, id, 1), 0);
    assert_int_equal(beat(&client, id, 2), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    sync_group(&client, id, 7, "everything", RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    rk_free(id);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static void test_a_waiting_join(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(2);
    struct client leader = open_client(cluster, 1), other = open_client(cluster, 1);
    (void)state;
    coordinate(cluster, 1);
    rk_mock_cluster_set_group_delay(cluster, 0);
    char *id = join_alone(&leader);
    sync_group(&leader, id, 1, "all", 0);

    send_join(&other, "", 3); /* Old enough to need no id: waits for the leader. */
    while (beat(&leader, id, 1) != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS) {
    }
    close_client(&other); /* It stays a member until its session ends. */
    other = open_client(cluster, 1);
    send_join(&leader, id, 9);
    struct rk_join_group_answer answer = read_join(&leader, 9);
    assert_int_equal(answer.error_code, 0);
    assert_int_equal(answer.members.count, 2);

    send_join(&other, "", 3); /* Waits, and is told when the group moves. */
    while (beat(&leader, id, 2) != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS) {
    }
    coordinate(cluster, 2);
    assert_int_equal(read_join(&other, 3).error_code, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    assert_int_equal(beat(&leader, id, 2), RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    struct client moved = open_client(cluster, 2);
    assert_int_equal(beat(&moved, id, 2), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    send_join(&moved, id, 9); /* Waits when the cluster ends. */
    rk_free(id);
    rk_mock_cluster_destroy(cluster);
    close_client(&moved);
    close_client(&leader);
    close_client(&other);
}

static void test_requests_behind_a_waiting_join(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_metadata_request metadata;
    struct rk_metadata_answer told;
    (void)state;
    rk_mock_cluster_set_group_delay(cluster, 50);
    send_join(&client, "", 3);
    rk_metadata_request_init(&metadata);
    metadata.topics.count = -1;
    send_request(&client, &rk_metadata_api, 12, &metadata);
    client.correlation_id--;
    struct rk_join_group_answer answer = read_join(&client, 3);
    assert_int_equal(answer.error_code, 0);
    client.correlation_id++;
    assert_true(read_answer(&client, &rk_metadata_api, 12, &told));
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static void test_injected_errors(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_mock_error errors[] = {{.err = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},
                                     {.delay_us = 30000},
                                     {.err = RD_KAFKA_RESP_ERR__TRANSPORT}};
    (void)state;
    rk_mock_cluster_push_errors(cluster, RK_API_JOIN_GROUP, errors, 3);
    send_join(&client, "", 9);
    assert_int_equal(read_join(&client, 9).error_code, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    uint64_t before_us = rk_clock_now_us();
    send_join(&client, "", 9);
    assert_int_equal(read_join(&client, 9).error_code, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    assert_true(rk_clock_now_us() - before_us >= 30000);
    send_join(&client, "", 9);
    expect_closed(&client);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static void test_leaving_several_at_once(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_leave_group_request request;
    struct rk_leave_group_request_member members[2];
    struct rk_leave_group_answer answer;
    (void)state;
    rk_mock_cluster_set_group_delay(cluster, 0);
    char *id = join_alone(&client);
    rk_leave_group_request_init(&request);
    rk_leave_group_request_member_init(&members[0]);
    rk_leave_group_request_member_init(&members[1]);
    request.group_id = "g";
    members[0].member_id = "stranger";
    members[1].member_id = id;
    request.members.items = members;
    request.members.count = 2;
    call(&client, &rk_leave_group_api, 5, &request, &answer);
    assert_int_equal(answer.error_code, 0);
    assert_int_equal(answer.members.items[0].error_code, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(answer.members.items[1].error_code, 0);
    assert_int_equal(beat(&client, id, 1), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    rk_free(id);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static void test_lists_and_descriptions(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_list_groups_request list;
    struct rk_list_groups_answer listed;
    struct rk_describe_groups_request describe;
    struct rk_describe_groups_answer described;
    const char *ids[] = {"g", "nobody"};
    (void)state;
    rk_mock_cluster_set_group_delay(cluster, 0);
    char *id = join_alone(&client);
    sync_group(&client, id, 1, "all", 0);
    rk_list_groups_request_init(&list);
    call(&client, &rk_list_groups_api, 5, &list, &listed);
    assert_int_equal(listed.groups.count, 1);
    assert_string_equal(listed.groups.items[0].group_id, "g");
    assert_string_equal(listed.groups.items[0].group_state, "Stable");
    assert_string_equal(listed.groups.items[0].group_type, "classic");
    list.states_filter.items = ids;
    list.states_filter.count = 1;
    call(&client, &rk_list_groups_api, 5, &list, &listed);
    assert_int_equal(listed.groups.count, 0);
    rk_describe_groups_request_init(&describe);
    describe.groups.items = ids;
    describe.groups.count = 2;
    call(&client, &rk_describe_groups_api, 6, &describe, &described);
    assert_int_equal(described.groups.count, 2);
    assert_int_equal(described.groups.items[0].members.count, 1);
    assert_string_equal(described.groups.items[0].members.items[0].member_id, id);
    assert_string_equal(described.groups.items[0].members.items[0].client_id, "test");
    assert_int_equal(described.groups.items[0].members.items[0].member_assignment.size, 3);
    assert_int_equal(described.groups.items[1].error_code, RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    rk_free(id);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static struct rk_consumer_group_heartbeat_answer
beat_as_consumer(struct client *client, const char *member_id, int32_t epoch)
{
    static const char *topics[] = {"t"};
    struct rk_consumer_group_heartbeat_request request;
    struct rk_consumer_group_heartbeat_answer answer;
    rk_consumer_group_heartbeat_request_init(&request);
    request.group_id = "c";
    request.member_id = member_id;
    request.member_epoch = epoch;
    if (epoch == 0) {
        request.rebalance_timeout_ms = 60000;
        request.subscribed_topic_names.items = topics;
        request.subscribed_topic_names.count = 1;
        request.topic_partitions.count = 0;
    }
    call(client, &rk_consumer_group_heartbeat_api, 1, &request, &answer);
    return answer;
}

static void test_the_consumer_protocol(void **state)
{
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_consumer_group_describe_request describe;
    struct rk_consumer_group_describe_answer described;
    const char *ids[] = {"c", "g"};
    (void)state;
    struct rk_uuid id = topic_id_of(&client, "t");
    rk_mock_cluster_set_consumer_heartbeat(cluster, 1234);
    struct rk_consumer_group_heartbeat_answer answer = beat_as_consumer(&client, "m", 0);
    assert_int_equal(answer.error_code, 0);
    assert_int_equal(answer.member_epoch, 1);
    assert_int_equal(answer.heartbeat_interval_ms, 1234);
    assert_non_null(answer.assignment);
    assert_int_equal(answer.assignment->topic_partitions.count, 1);
    assert_true(rk_uuid_equal(&answer.assignment->topic_partitions.items[0].topic_id, &id));
    assert_int_equal(answer.assignment->topic_partitions.items[0].partitions.count, 4);
    answer = beat_as_consumer(&client, "m", 1);
    assert_null(answer.assignment);
    struct rk_mock_target target[] = {{"m", "t", 2}, {"m", "nowhere", 0}, {"m", "t", 99}};
    rk_mock_cluster_set_group_target(cluster, "c", target, 3);
    answer = beat_as_consumer(&client, "m", 1);
    assert_int_equal(answer.assignment->topic_partitions.items[0].partitions.count, 1);
    assert_int_equal(answer.assignment->topic_partitions.items[0].partitions.items[0], 2);
    rk_consumer_group_describe_request_init(&describe);
    describe.group_ids.items = ids;
    describe.group_ids.count = 2;
    call(&client, &rk_consumer_group_describe_api, 1, &describe, &described);
    assert_string_equal(described.groups.items[0].group_state, "Reconciling");
    assert_int_equal(described.groups.items[0].members.count, 1);
    assert_string_equal(described.groups.items[0]
                            .members.items[0]
                            .target_assignment.topic_partitions.items[0]
                            .topic_name,
                        "t");
    assert_int_equal(described.groups.items[1].error_code, RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    assert_int_equal(beat_as_consumer(&client, "m", -1).member_epoch, -1);
    answer = beat_as_consumer(&client, "m", 1);
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(answer.heartbeat_interval_ms, 0);
    rk_mock_cluster_set_consumer_session(cluster, 50);
    assert_int_equal(beat_as_consumer(&client, "m", 0).error_code, 0);
    do
        call(&client, &rk_consumer_group_describe_api, 1, &describe, &described);
    while (strcmp(described.groups.items[0].group_state, "Empty") != 0);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_group_of_one),
        cmocka_unit_test(test_a_waiting_join),
        cmocka_unit_test(test_requests_behind_a_waiting_join),
        cmocka_unit_test(test_injected_errors),
        cmocka_unit_test(test_leaving_several_at_once),
        cmocka_unit_test(test_lists_and_descriptions),
        cmocka_unit_test(test_the_consumer_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
