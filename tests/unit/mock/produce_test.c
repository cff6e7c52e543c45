/* SPDX-License-Identifier: BSD-2-Clause */
/* Produce: what is appended, what is refused and why. */
#include "client.h"

#include "base/assert.h"
#include "wire/compression.h"

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

static void test_offsets_in_all_versions(void **state)
{
    struct fixture *fixture = *state;
    struct rk_uuid id = topic_id_of(&fixture->client, "t");
    struct batch batch = make_batch(3);
    for (int version = 3; version <= 13; version++) {
        struct produce_message message;
        struct rk_produce_answer answer;
        fill_produce(&message, "t", 0, batch.bytes, batch.size);
        message.topic.topic_id = id;
        if (version >= 13)
            message.topic.name = NULL;
        call(&fixture->client, &rk_produce_api, version, &message.request, &answer);
        const struct rk_produce_answer_topic *topic = &answer.responses.items[0];
        assert_int_equal(topic->partition_responses.items[0].error_code, 0);
        assert_int_equal(topic->partition_responses.items[0].base_offset, 3 * (version - 3));
        assert_int_equal(topic->partition_responses.items[0].log_append_time_ms, -1);
        if (version >= 5)
            assert_int_equal(topic->partition_responses.items[0].log_start_offset, 0);
        if (version >= 13)
            assert_true(rk_uuid_equal(&topic->topic_id, &id));
        else
            assert_string_equal(topic->name, "t");
    }
}

static int produce_error(struct fixture *fixture, int version, const void *bytes, size_t size)
{
    struct rk_produce_answer_partition answer =
        produce_bytes(&fixture->client, version, "t", bytes, size);
    if (answer.error_code)
        assert_int_equal(answer.base_offset, -1);
    return answer.error_code;
}

static int sealed_error(struct fixture *fixture, struct batch *batch)
{
    seal_batch(batch);
    return produce_error(fixture, 9, batch->bytes, batch->size);
}

static void test_bad_batches(void **state)
{
    struct fixture *fixture = *state;
    const int corrupt = RD_KAFKA_RESP_ERR_INVALID_MSG, invalid = RD_KAFKA_RESP_ERR_INVALID_RECORD;
    struct batch good = make_batch(3), bad = good;

    bad.bytes[bad.size - 1] ^= 1;
    assert_int_equal(produce_error(fixture, 9, bad.bytes, bad.size), corrupt);
    bad = good;
    bad.bytes[RK_RECORD_BATCH_AT_MAGIC] = 3;
    assert_int_equal(produce_error(fixture, 9, bad.bytes, bad.size), corrupt);
    assert_int_equal(produce_error(fixture, 9, good.bytes, good.size - 1), corrupt);
    assert_int_equal(produce_error(fixture, 9, good.bytes, 10), corrupt);
    assert_int_equal(produce_error(fixture, 9, "", 0), invalid);

    bad = good; /* Two batches. */
    memcpy(bad.bytes + good.size, good.bytes, good.size);
    assert_int_equal(produce_error(fixture, 9, bad.bytes, 2 * good.size), invalid);
    bad = good; /* Counts that contradict each other. */
    bad.header.last_offset_delta = 7;
    assert_int_equal(sealed_error(fixture, &bad), invalid);
    bad = good;
    bad.header.record_count = 0;
    assert_int_equal(sealed_error(fixture, &bad), invalid);
    bad = good;
    bad.header.record_count = 1000000; /* More than there are bytes. */
    bad.header.last_offset_delta = 999999;
    assert_int_equal(sealed_error(fixture, &bad), corrupt);
    bad = good;
    bad.header.attributes = RK_RECORD_BATCH_CONTROL;
    assert_int_equal(sealed_error(fixture, &bad), invalid);
    bad = good;
    bad.header.attributes = 7; /* No such codec. */
    assert_int_equal(sealed_error(fixture, &bad), invalid);
    bad = make_idempotent_batch(1, 1, 0, -1);
    assert_int_equal(sealed_error(fixture, &bad), invalid);
    bad = make_idempotent_batch(1, 1, -1, 0);
    assert_int_equal(sealed_error(fixture, &bad), invalid);

    bad = good;
    bad.header.attributes = RK_COMPRESSION_ZSTD;
    seal_batch(&bad);
    assert_int_equal(produce_error(fixture, 6, bad.bytes, bad.size),
                     RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE);
    assert_int_equal(produce_records(&fixture->client, "t", 1), 0); /* Nothing was kept. */
}

static void test_message_sets_are_refused(void **state)
{
    static const uint8_t set[] = {0,    0, 0, 0, 0,   0,    0, 0,    0,    0, 0, 14, 0xc9, 0xd2,
                                  0x19, 0, 0, 0, 255, 0xff, 0, 0xff, 0xff, 0, 0, 0,  0};
    struct fixture *fixture = *state;
    int err = produce_error(fixture, 9, set, sizeof(set));
    assert_true(err == RD_KAFKA_RESP_ERR_INVALID_RECORD || err == RD_KAFKA_RESP_ERR_INVALID_MSG);
}

static void test_null_records(void **state)
{
    struct fixture *fixture = *state;
    struct produce_message message;
    struct rk_produce_answer answer;
    fill_produce(&message, "t", 0, NULL, 0);
    message.partition.records.size = -1;
    call(&fixture->client, &rk_produce_api, 9, &message.request, &answer);
    assert_int_equal(answer.responses.items[0].partition_responses.items[0].error_code,
                     RD_KAFKA_RESP_ERR_INVALID_RECORD);
}

static void test_wrong_places(void **state)
{
    struct fixture *fixture = *state;
    struct produce_message message;
    struct rk_produce_answer answer;
    struct batch batch = make_batch(1);
    struct rk_produce_answer_partition *told;

    fill_produce(&message, "t", 1, batch.bytes, batch.size); /* Broker 2 leads it. */
    call(&fixture->client, &rk_produce_api, 10, &message.request, &answer);
    told = &answer.responses.items[0].partition_responses.items[0];
    assert_int_equal(told->error_code, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(told->current_leader.leader_id, 2);
    assert_int_equal(told->current_leader.leader_epoch, 0);
    assert_int_equal(answer.node_endpoints.count, 1);
    assert_int_equal(answer.node_endpoints.items[0].node_id, 2);
    assert_int_equal(answer.node_endpoints.items[0].port, port_of(fixture->cluster, 2));

    message.partition.index = 4;
    call(&fixture->client, &rk_produce_api, 9, &message.request, &answer);
    told = &answer.responses.items[0].partition_responses.items[0];
    assert_int_equal(told->error_code, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    message.partition.index = 0;
    message.topic.name = "nowhere";
    call(&fixture->client, &rk_produce_api, 9, &message.request, &answer);
    told = &answer.responses.items[0].partition_responses.items[0];
    assert_int_equal(told->error_code, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    message.topic.topic_id.bytes[0] = 1;
    call(&fixture->client, &rk_produce_api, 13, &message.request, &answer);
    told = &answer.responses.items[0].partition_responses.items[0];
    assert_int_equal(told->error_code, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID);

    message.topic.name = "t";
    message.request.acks = 2;
    call(&fixture->client, &rk_produce_api, 9, &message.request, &answer);
    told = &answer.responses.items[0].partition_responses.items[0];
    assert_int_equal(told->error_code, RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS);
}

static void test_without_acks(void **state)
{
    struct fixture *fixture = *state;
    struct produce_message message;
    struct batch batch = make_batch(5);
    fill_produce(&message, "t", 0, batch.bytes, batch.size);
    message.request.acks = 0;
    send_request(&fixture->client, &rk_produce_api, 9, &message.request);
    assert_int_equal(produce_records(&fixture->client, "t", 1), 5);
    message.topic.name = "nowhere"; /* An error is told by closing. */
    send_request(&fixture->client, &rk_produce_api, 9, &message.request);
    expect_closed(&fixture->client);
}

static void test_idempotent(void **state)
{
    struct fixture *fixture = *state;
    struct batch first = make_idempotent_batch(3, 50, 0, 0);
    struct batch second = make_idempotent_batch(2, 50, 0, 3);
    struct batch gap = make_idempotent_batch(2, 50, 0, 6);
    struct batch bumped = make_idempotent_batch(1, 50, 1, 0);
    struct client *client = &fixture->client;
    assert_int_equal(produce(client, "t", &first).base_offset, 0);
    assert_int_equal(produce(client, "t", &second).base_offset, 3);
    assert_int_equal(produce(client, "t", &first).base_offset, 0); /* Not appended again. */
    assert_int_equal(produce(client, "t", &gap).error_code,
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_int_equal(produce(client, "t", &bumped).base_offset, 5);
    assert_int_equal(produce(client, "t", &second).error_code,
                     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(produce_records(client, "t", 1), 6);
}

static void test_many_partitions_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct produce_message message;
    struct rk_produce_request_partition partitions[4];
    struct rk_produce_answer answer;
    struct batch batch = make_batch(2);
    fill_produce(&message, "t", 0, batch.bytes, batch.size);
    for (int32_t i = 0; i < 4; i++) {
        partitions[i] = message.partition;
        partitions[i].index = i;
    }
    message.topic.partition_data.items = partitions;
    message.topic.partition_data.count = 4;
    call(&fixture->client, &rk_produce_api, 9, &message.request, &answer);
    assert_int_equal(answer.responses.items[0].partition_responses.count, 4);
    for (int32_t i = 0; i < 4; i++) {
        const struct rk_produce_answer_partition *told =
            &answer.responses.items[0].partition_responses.items[i];
        assert_int_equal(told->index, i);
        assert_int_equal(told->error_code, i % 2 ? RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION : 0);
    }
}

/* Requests one behind the other are answered in order; large ones arrive in pieces. */
static void test_pipelined(void **state)
{
    enum { COUNT = 200 };
    struct fixture *fixture = *state;
    struct produce_message message;
    struct rk_produce_answer answer;
    struct batch batch = make_batch(500);
    int32_t before = fixture->client.correlation_id;
    fill_produce(&message, "t", 0, batch.bytes, batch.size);
    for (int i = 0; i < COUNT; i++)
        send_request(&fixture->client, &rk_produce_api, 9, &message.request);
    fixture->client.correlation_id = before;
    for (int i = 0; i < COUNT; i++) {
        fixture->client.correlation_id++;
        assert_true(read_answer(&fixture->client, &rk_produce_api, 9, &answer));
        assert_int_equal(answer.responses.items[0].partition_responses.items[0].base_offset,
                         500 * i);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_offsets_in_all_versions),
        TEST(test_bad_batches),
        TEST(test_message_sets_are_refused),
        TEST(test_null_records),
        TEST(test_wrong_places),
        TEST(test_without_acks),
        TEST(test_idempotent),
        TEST(test_many_partitions_at_once),
        TEST(test_pipelined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
