/* SPDX-License-Identifier: BSD-2-Clause */
/* Offsets asked for: by time, and by the end of a leader epoch. */
#include "client.h"

struct fixture {
    struct rk_mock_cluster *cluster;
    struct client client;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->cluster = start_cluster(2);
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

static struct rk_list_offsets_answer_partition list_offset(struct fixture *fixture, int version,
                                                           int64_t timestamp)
{
    struct rk_list_offsets_request request;
    struct rk_list_offsets_request_topic topic;
    struct rk_list_offsets_request_partition partition;
    struct rk_list_offsets_answer answer;
    rk_list_offsets_request_init(&request);
    rk_list_offsets_request_topic_init(&topic);
    rk_list_offsets_request_partition_init(&partition);
    request.topics.items = &topic;
    request.topics.count = 1;
    topic.name = "t";
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    partition.timestamp = timestamp;
    call(&fixture->client, &rk_list_offsets_api, version, &request, &answer);
    return answer.topics.items[0].partitions.items[0];
}

static void test_list_offsets(void **state)
{
    struct fixture *fixture = *state;
    produce_records(&fixture->client, "t", 10);
    rk_mock_cluster_set_leader(fixture->cluster, "t", 0, 1);
    produce_records(&fixture->client, "t", 20);
    assert_int_equal(rk_mock_cluster_delete_records(fixture->cluster, "t", 0, 3), 0);
    for (int version = 1; version <= 11; version++) {
        assert_int_equal(list_offset(fixture, version, -1).offset, 30);
        assert_int_equal(list_offset(fixture, version, -2).offset, 3);
        assert_int_equal(list_offset(fixture, version, BATCH_TIME + 7).offset, 7);
    }
    struct rk_list_offsets_answer_partition newest = list_offset(fixture, 7, -3);
    assert_int_equal(newest.offset, 29);
    assert_int_equal(newest.timestamp, BATCH_TIME + 19);
    assert_int_equal(newest.leader_epoch, 1);
    assert_int_equal(list_offset(fixture, 7, -2).leader_epoch, 0);
    assert_int_equal(list_offset(fixture, 8, -4).offset, 3);
    assert_int_equal(list_offset(fixture, 9, -5).offset, -1);
    assert_int_equal(list_offset(fixture, 7, BATCH_TIME + 20).offset, -1);
    rk_mock_cluster_set_leader(fixture->cluster, "t", 0, 2);
    assert_int_equal(list_offset(fixture, 7, -1).error_code,
                     RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
}

static void test_epoch_ends(void **state)
{
    struct fixture *fixture = *state;
    struct rk_offset_for_leader_epoch_request request;
    struct rk_offset_for_leader_epoch_request_topic topic;
    struct rk_offset_for_leader_epoch_request_partition partition;
    struct rk_offset_for_leader_epoch_answer answer;
    struct rk_offset_for_leader_epoch_answer_partition *told;
    produce_records(&fixture->client, "t", 10);
    rk_mock_cluster_set_leader(fixture->cluster, "t", 0, 1);
    produce_records(&fixture->client, "t", 20);
    rk_offset_for_leader_epoch_request_init(&request);
    rk_offset_for_leader_epoch_request_topic_init(&topic);
    rk_offset_for_leader_epoch_request_partition_init(&partition);
    request.topics.items = &topic;
    request.topics.count = 1;
    topic.topic = "t";
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    partition.leader_epoch = 0;
    for (int version = 2; version <= 4; version++) {
        call(&fixture->client, &rk_offset_for_leader_epoch_api, version, &request, &answer);
        told = &answer.topics.items[0].partitions.items[0];
        assert_int_equal(told->error_code, 0);
        assert_int_equal(told->leader_epoch, 0);
        assert_int_equal(told->end_offset, 10);
    }
    partition.current_leader_epoch = 0;
    call(&fixture->client, &rk_offset_for_leader_epoch_api, 4, &request, &answer);
    told = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(told->error_code, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_list_offsets),
        TEST(test_epoch_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
