/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetch: what is given, how long it waits, sessions, followers, epochs. */
#include "client.h"

#include <poll.h>

#include "base/assert.h"

#define ERR_FETCH_SESSION_TOPIC_ID_ERROR 106

struct fixture {
    struct rk_mock_cluster *cluster;
    struct client client;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->cluster = start_cluster(2);
    fixture->client = open_client(fixture->cluster, 1);
    ask_metadata(&fixture->client, "t"); /* Broker 1 leads the partitions 0 and 2. */
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

/* A Fetch of up to four partitions of one topic. */
struct fetch_message {
    struct rk_fetch_request request;
    struct rk_fetch_request_topic topic;
    struct rk_fetch_request_partition partitions[4];
};

static void fill_fetch(struct fetch_message *message, const char *topic, int64_t offset)
{
    rk_fetch_request_init(&message->request);
    rk_fetch_request_topic_init(&message->topic);
    for (int i = 0; i < 4; i++) {
        rk_fetch_request_partition_init(&message->partitions[i]);
        message->partitions[i].partition = i;
        message->partitions[i].fetch_offset = offset;
        message->partitions[i].partition_max_bytes = 1 << 20;
    }
    message->request.min_bytes = 1;
    message->request.max_bytes = 1 << 20;
    message->request.topics.items = &message->topic;
    message->request.topics.count = 1;
    message->topic.topic = topic;
    message->topic.partitions.items = message->partitions;
    message->topic.partitions.count = 1;
}

static struct rk_fetch_answer fetch(struct fixture *fixture, int version,
                                    struct fetch_message *message)
{
    struct rk_fetch_answer answer;
    call(&fixture->client, &rk_fetch_api, version, &message->request, &answer);
    return answer;
}

static const struct rk_fetch_answer_partition *only_partition(const struct rk_fetch_answer *answer)
{
    assert_int_equal(answer->error_code, 0);
    assert_int_equal(answer->responses.count, 1);
    assert_int_equal(answer->responses.items[0].partitions.count, 1);
    return &answer->responses.items[0].partitions.items[0];
}

static int fetch_error(struct fixture *fixture, int version, struct fetch_message *message)
{
    struct rk_fetch_answer answer = fetch(fixture, version, message);
    return only_partition(&answer)->error_code;
}

/* How many records; their offsets go on from the first, their checksums hold. */
static int count_records(const struct rk_records *records, int64_t *first_offset)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    int count = 0;
    *first_offset = -1;
    rk_record_batches_init(&batches, records->data, (size_t)records->size);
    while (rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND) {
        assert_int_equal(rk_record_batch_check_crc(&batch), 0);
        if (*first_offset < 0)
            *first_offset = batch.header.base_offset;
        assert_int_equal(batch.header.base_offset, *first_offset + count);
        count += batch.header.record_count;
    }
    assert_true(batches.at == batches.end);
    return count;
}

static void test_records_in_all_versions(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct rk_uuid id = topic_id_of(&fixture->client, "t");
    int64_t first;
    for (int i = 0; i < 10; i++)
        produce_records(&fixture->client, "t", 10);
    for (int version = 4; version <= 18; version++) {
        fill_fetch(&message, "t", 55);
        message.topic.topic_id = id;
        struct rk_fetch_answer answer = fetch(fixture, version, &message);
        const struct rk_fetch_answer_partition *partition = only_partition(&answer);
        assert_int_equal(partition->error_code, 0);
        assert_int_equal(partition->high_watermark, 100);
        assert_int_equal(partition->last_stable_offset, 100);
        assert_int_equal(count_records(&partition->records, &first), 50);
        assert_int_equal(first, 50); /* The batch with the offset, whole. */
        assert_int_equal(partition->aborted_transactions.count, -1);
        if (version >= 13)
            assert_true(rk_uuid_equal(&answer.responses.items[0].topic_id, &id));
        else
            assert_string_equal(answer.responses.items[0].topic, "t");
    }
    message.request.isolation_level = 1;
    struct rk_fetch_answer answer = fetch(fixture, 13, &message);
    assert_int_equal(only_partition(&answer)->aborted_transactions.count, 0);
}

static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct rk_fetch_answer answer;
    struct batch batch = make_batch(10);
    int64_t first;
    for (int i = 0; i < 10; i++)
        produce_records(&fixture->client, "t", 10);
    fill_fetch(&message, "t", 0);
    message.partitions[0].partition_max_bytes = (int32_t)(3 * batch.size + 1);
    answer = fetch(fixture, 12, &message);
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 30);
    message.request.max_bytes = (int32_t)(2 * batch.size);
    answer = fetch(fixture, 12, &message);
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 20);
    message.request.max_bytes = 1; /* The first batch always comes. */
    message.partitions[0].partition_max_bytes = -5;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 10);
}

static void test_errors(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    produce_records(&fixture->client, "t", 10);
    fill_fetch(&message, "t", 11);
    message.request.max_wait_ms = 10000; /* Errors do not wait. */
    assert_int_equal(fetch_error(fixture, 12, &message), RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    message.partitions[0].fetch_offset = -1;
    assert_int_equal(fetch_error(fixture, 12, &message), RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    message.partitions[0].fetch_offset = 0;
    message.partitions[0].partition = 9;
    assert_int_equal(fetch_error(fixture, 12, &message), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    message.partitions[0].partition = 0;
    message.partitions[0].current_leader_epoch = 1;
    assert_int_equal(fetch_error(fixture, 12, &message), RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH);
    message.topic.topic = "nowhere";
    assert_int_equal(fetch_error(fixture, 4, &message), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    message.topic.topic_id.bytes[3] = 1;
    assert_int_equal(fetch_error(fixture, 13, &message), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID);

    fill_fetch(&message, "t", 0);
    message.partitions[0].partition = 1;
    assert_int_equal(fetch_error(fixture, 11, &message),
                     RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    message.topic.topic_id = topic_id_of(&fixture->client, "t");
    struct rk_fetch_answer answer = fetch(fixture, 16, &message);
    const struct rk_fetch_answer_partition *partition = only_partition(&answer);
    assert_int_equal(partition->error_code, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(partition->current_leader.leader_id, 2);
    assert_int_equal(answer.node_endpoints.count, 1);
    assert_int_equal(answer.node_endpoints.items[0].port, port_of(fixture->cluster, 2));
}

static bool has_answer(struct client *client, int wait_ms)
{
    struct pollfd entry = {.fd = client->fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&entry, 1, wait_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static void test_it_waits_for_records(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct rk_fetch_answer answer;
    struct client producer = open_client(fixture->cluster, 1);
    struct batch batch = make_batch(10);
    int64_t first;
    fill_fetch(&message, "t", 0);
    message.request.max_wait_ms = 15000;
    message.request.min_bytes = (int32_t)(2 * batch.size);
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    produce_records(&producer, "t", 10);
    assert_false(has_answer(&fixture->client, 50));
    produce_records(&producer, "t", 10);
    assert_true(read_answer(&fixture->client, &rk_fetch_api, 12, &answer));
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 20);
    close_client(&producer);
}

static void test_it_waits_no_longer_than_its_time(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    fill_fetch(&message, "t", 0);
    message.request.max_wait_ms = 100;
    uint64_t start_us = rk_clock_now_us();
    struct rk_fetch_answer answer = fetch(fixture, 12, &message);
    assert_true(rk_clock_now_us() - start_us >= 95000);
    assert_int_equal(only_partition(&answer)->records.size, 0);
    message.request.max_wait_ms = 0;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(only_partition(&answer)->high_watermark, 0);
}

static void test_requests_behind_it_wait_too(void **state)
{
    struct fixture *fixture = *state;
    struct client producer = open_client(fixture->cluster, 1);
    struct fetch_message message;
    struct rk_fetch_answer answer;
    struct rk_metadata_request metadata;
    struct rk_metadata_answer metadata_answer;
    fill_fetch(&message, "t", 0);
    message.request.max_wait_ms = 15000;
    rk_metadata_request_init(&metadata);
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    send_request(&fixture->client, &rk_metadata_api, 12, &metadata);
    assert_false(has_answer(&fixture->client, 30));
    produce_records(&producer, "t", 1);
    fixture->client.correlation_id--;
    assert_true(read_answer(&fixture->client, &rk_fetch_api, 12, &answer));
    fixture->client.correlation_id++;
    assert_true(read_answer(&fixture->client, &rk_metadata_api, 12, &metadata_answer));
    close_client(&producer);
}

static void expect_wake_up(struct fixture *fixture, int err)
{
    struct rk_fetch_answer answer;
    assert_true(read_answer(&fixture->client, &rk_fetch_api, 12, &answer));
    assert_int_equal(only_partition(&answer)->error_code, err);
}

static void test_changes_wake_it_up(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    fill_fetch(&message, "t", 0);
    message.request.max_wait_ms = 15000;
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    assert_int_equal(rk_mock_cluster_set_leader(fixture->cluster, "t", 0, 2), 0);
    expect_wake_up(fixture, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(rk_mock_cluster_set_leader(fixture->cluster, "t", 0, 1), 0);
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    struct rk_mock_error error = {.err = RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR};
    assert_false(has_answer(&fixture->client, 20));
    assert_int_equal(
        rk_mock_cluster_push_partition_errors(fixture->cluster, "t", 0, RK_API_FETCH, &error, 1),
        0);
    expect_wake_up(fixture, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    assert_false(has_answer(&fixture->client, 20));
    assert_int_equal(rk_mock_cluster_delete_topic(fixture->cluster, "t"), 0);
    expect_wake_up(fixture, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

/* The connection of a fetch that waits is closed, and its cluster destroyed under another. */
static void test_waiting_ends_with_its_connection(void **state)
{
    struct fixture *fixture = *state;
    struct client leaving = open_client(fixture->cluster, 1);
    struct fetch_message message;
    fill_fetch(&message, "t", 0);
    message.request.max_wait_ms = 60000;
    send_request(&leaving, &rk_fetch_api, 12, &message.request);
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    assert_false(has_answer(&fixture->client, 20));
    close_client(&leaving);
    struct client producer = open_client(fixture->cluster, 1);
    send_request(&producer, &rk_fetch_api, 12, &message.request);
    close_client(&producer);
}

static void test_a_session(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct rk_fetch_answer answer;
    int64_t first;
    fill_fetch(&message, "t", 0);
    message.partitions[1].partition = 2;
    message.topic.partitions.count = 2;
    message.request.session_epoch = 0;
    produce_records(&fixture->client, "t", 10);
    answer = fetch(fixture, 12, &message);
    int32_t id = answer.session_id;
    assert_true(id > 0);
    assert_int_equal(answer.responses.items[0].partitions.count, 2);

    /* Nothing named, nothing new but the records that are still not fetched. */
    message.request.topics.count = 0;
    message.request.session_id = id;
    message.request.session_epoch = 1;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(answer.session_id, id);
    assert_int_equal(only_partition(&answer)->partition_index, 0);
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 10);

    message.request.topics.count = 1; /* Position moves: nothing to tell. */
    message.topic.partitions.count = 1;
    message.partitions[0].fetch_offset = 10;
    message.request.session_epoch = 2;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(answer.responses.count, 0);

    int32_t forgotten_partition = 0; /* One leaves. */
    struct rk_fetch_request_forgotten_topic forgotten = {.topic = "t"};
    forgotten.partitions.items = &forgotten_partition;
    forgotten.partitions.count = 1;
    message.request.topics.count = 0;
    message.request.forgotten_topics_data.items = &forgotten;
    message.request.forgotten_topics_data.count = 1;
    message.request.session_epoch = 3;
    answer = fetch(fixture, 12, &message);
    produce_records(&fixture->client, "t", 10);
    message.request.forgotten_topics_data.count = 0;
    message.request.session_epoch = 4;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(answer.responses.count, 0);

    forgotten_partition = 2; /* A session of nothing ends. */
    message.request.forgotten_topics_data.count = 1;
    message.request.session_epoch = 5;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(answer.error_code, 0);
    assert_int_equal(answer.session_id, 0);
    message.request.session_epoch = 6;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND);
}

static int session_error(struct fixture *fixture, struct fetch_message *message, int32_t id,
                         int32_t epoch)
{
    message->request.session_id = id;
    message->request.session_epoch = epoch;
    return fetch(fixture, 12, message).error_code;
}

static void test_session_errors(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    const int unknown = RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND;
    fill_fetch(&message, "t", 0);
    message.topic.topic_id = topic_id_of(&fixture->client, "t");
    message.request.session_epoch = 0;
    int32_t id = fetch(fixture, 12, &message).session_id;
    assert_int_equal(session_error(fixture, &message, id, 2),
                     RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH);
    assert_int_equal(session_error(fixture, &message, id ^ 1, 1), unknown);
    assert_int_equal(session_error(fixture, &message, 0, 1), unknown);
    message.request.session_id = id; /* Names, then ids. */
    message.request.session_epoch = 1;
    assert_int_equal(fetch(fixture, 13, &message).error_code, ERR_FETCH_SESSION_TOPIC_ID_ERROR);
    assert_int_equal(session_error(fixture, &message, id, 1), 0);

    message.request.session_epoch = 0; /* A new one in its place. */
    struct rk_fetch_answer answer = fetch(fixture, 12, &message);
    assert_int_not_equal(answer.session_id, id);
    assert_int_equal(session_error(fixture, &message, id, 2), unknown);
    id = answer.session_id;
    message.request.session_id = id; /* Closed. */
    message.request.session_epoch = -1;
    assert_int_equal(fetch(fixture, 12, &message).session_id, 0);
    assert_int_equal(session_error(fixture, &message, id, 1), unknown);
}

static void test_a_waiting_fetch_loses_its_session(void **state)
{
    struct fixture *fixture = *state;
    struct client other = open_client(fixture->cluster, 1);
    struct fetch_message message;
    struct rk_fetch_answer answer;
    fill_fetch(&message, "t", 0);
    message.request.session_epoch = 0;
    message.request.session_id = fetch(fixture, 12, &message).session_id;
    message.request.session_epoch = 1;
    message.request.max_wait_ms = 15000;
    send_request(&fixture->client, &rk_fetch_api, 12, &message.request);
    assert_false(has_answer(&fixture->client, 20));
    message.request.session_epoch = 2;
    call(&other, &rk_fetch_api, 12, &message.request, &answer);
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH);
    message.request.max_wait_ms = 0;
    message.request.session_epoch = 0;
    call(&other, &rk_fetch_api, 12, &message.request, &answer);
    assert_int_equal(answer.error_code, 0);
    assert_true(read_answer(&fixture->client, &rk_fetch_api, 12, &answer));
    assert_int_equal(answer.error_code, RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND);
    close_client(&other);
}

static void test_too_many_sessions(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    fill_fetch(&message, "t", 0);
    message.request.session_epoch = 0;
    int32_t first = fetch(fixture, 12, &message).session_id, second = 0;
    for (int i = 0; i < 1000; i++) {
        int32_t id = fetch(fixture, 12, &message).session_id;
        assert_true(id > 0);
        second = second ? second : id;
    }
    assert_int_equal(session_error(fixture, &message, first, 1),
                     RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND);
    assert_int_equal(session_error(fixture, &message, second, 1), 0);
}

/* The partition that gave records comes last the next time. */
static void test_partitions_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct produce_message more;
    struct rk_produce_answer produced;
    struct rk_fetch_answer answer;
    struct batch batch = make_batch(10);
    for (int i = 0; i < 4; i++)
        produce_records(&fixture->client, "t", 10);
    fill_produce(&more, "t", 2, batch.bytes, batch.size);
    call(&fixture->client, &rk_produce_api, 9, &more.request, &produced);

    fill_fetch(&message, "t", 0);
    message.partitions[1].partition = 2;
    message.topic.partitions.count = 2;
    message.request.session_epoch = 0;
    message.request.max_bytes = 1;
    answer = fetch(fixture, 12, &message);
    assert_true(answer.responses.items[0].partitions.items[0].records.size > 0);
    assert_int_equal(answer.responses.items[0].partitions.items[1].records.size, 0);
    message.request.session_id = answer.session_id;
    message.request.session_epoch = 1;
    message.request.topics.count = 0;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(only_partition(&answer)->partition_index, 2);
    assert_true(only_partition(&answer)->records.size > 0);
}

static void test_a_deleted_topic_in_a_session(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct rk_fetch_answer answer;
    fill_fetch(&message, "t", 0);
    message.request.session_epoch = 0;
    answer = fetch(fixture, 12, &message);
    message.request.session_id = answer.session_id;
    message.request.session_epoch = 1;
    message.request.topics.count = 0;
    rk_mock_cluster_delete_topic(fixture->cluster, "t");
    assert_int_equal(fetch_error(fixture, 12, &message), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rk_mock_cluster_create_topic(fixture->cluster, "t", 1, 1);
    message.request.session_epoch = 2;
    assert_int_equal(fetch_error(fixture, 12, &message), 0);
}

static void test_a_follower(void **state)
{
    struct fixture *fixture = *state;
    struct client follower = open_client(fixture->cluster, 2);
    struct fetch_message message;
    struct rk_fetch_answer answer;
    int64_t first;
    for (int i = 0; i < 10; i++)
        produce_records(&fixture->client, "t", 10);
    fill_fetch(&message, "t", 50);
    message.request.max_wait_ms = 15000;
    assert_int_equal(rk_mock_cluster_set_follower(fixture->cluster, "t", 0, 2), 0);
    answer = fetch(fixture, 12, &message); /* A client that does not say where it is. */
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 50);
    message.request.rack_id = "here";
    answer = fetch(fixture, 12, &message); /* At once. */
    assert_int_equal(only_partition(&answer)->preferred_read_replica, 2);
    assert_int_equal(only_partition(&answer)->records.size, 0);
    answer = fetch(fixture, 10, &message); /* A client that does not know of such things. */
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 50);

    call(&follower, &rk_fetch_api, 12, &message.request, &answer);
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 50);
    assert_int_equal(only_partition(&answer)->preferred_read_replica, -1);
    assert_int_equal(rk_mock_cluster_set_follower_bounds(fixture->cluster, "t", 0, 40, 70), 0);
    call(&follower, &rk_fetch_api, 12, &message.request, &answer);
    assert_int_equal(only_partition(&answer)->high_watermark, 70);
    assert_int_equal(only_partition(&answer)->log_start_offset, 40);
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 20);
    message.partitions[0].fetch_offset = 80;
    call(&follower, &rk_fetch_api, 12, &message.request, &answer);
    assert_int_equal(only_partition(&answer)->error_code, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);

    message.partitions[0].fetch_offset = 70; /* What the leader gets does not wake it up. */
    send_request(&follower, &rk_fetch_api, 12, &message.request);
    produce_records(&fixture->client, "t", 10);
    assert_false(has_answer(&follower, 30));
    assert_int_equal(rk_mock_cluster_set_follower_bounds(fixture->cluster, "t", 0, -1, -1), 0);
    assert_true(read_answer(&follower, &rk_fetch_api, 12, &answer));
    assert_int_equal(count_records(&only_partition(&answer)->records, &first), 40);

    assert_int_equal(rk_mock_cluster_set_follower(fixture->cluster, "t", 0, -1), 0);
    call(&follower, &rk_fetch_api, 12, &message.request, &answer);
    assert_int_equal(only_partition(&answer)->error_code,
                     RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(rk_mock_cluster_set_follower(fixture->cluster, "t", 0, 9),
                     RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE);
    close_client(&follower);
}

static void test_diverging_epochs(void **state)
{
    struct fixture *fixture = *state;
    struct fetch_message message;
    struct rk_fetch_answer answer;
    produce_records(&fixture->client, "t", 10);
    rk_mock_cluster_set_leader(fixture->cluster, "t", 0, 1);
    produce_records(&fixture->client, "t", 10);
    fill_fetch(&message, "t", 15);
    message.partitions[0].last_fetched_epoch = 1;
    answer = fetch(fixture, 12, &message);
    assert_int_equal(only_partition(&answer)->diverging_epoch.epoch, -1);
    message.partitions[0].last_fetched_epoch = 0; /* Which ended at 10. */
    answer = fetch(fixture, 12, &message);
    assert_int_equal(only_partition(&answer)->diverging_epoch.epoch, 0);
    assert_int_equal(only_partition(&answer)->diverging_epoch.end_offset, 10);
    assert_int_equal(only_partition(&answer)->records.size, 0);
    message.partitions[0].last_fetched_epoch = -1;
    message.partitions[0].current_leader_epoch = 0;
    assert_int_equal(fetch_error(fixture, 12, &message), RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_records_in_all_versions),
        TEST(test_limits),
        TEST(test_errors),
        TEST(test_it_waits_for_records),
        TEST(test_it_waits_no_longer_than_its_time),
        TEST(test_requests_behind_it_wait_too),
        TEST(test_changes_wake_it_up),
        TEST(test_waiting_ends_with_its_connection),
        TEST(test_a_session),
        TEST(test_session_errors),
        TEST(test_a_waiting_fetch_loses_its_session),
        TEST(test_too_many_sessions),
        TEST(test_partitions_take_turns),
        TEST(test_a_deleted_topic_in_a_session),
        TEST(test_a_follower),
        TEST(test_diverging_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
