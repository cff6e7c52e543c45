/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of real APIs against bytes computed by hand from the protocol's rules, and headers:
 * whole frames as they are on the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/header.h"
#include "wire/messages.h"

struct fixture {
    struct rk_arena arena;
    struct rk_writer writer;
    struct rk_reader reader;
    uint8_t bytes[1024];
    size_t size;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    rk_arena_init(&fixture->arena, 65536);
    rk_writer_init(&fixture->writer);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    rk_arena_clear(&fixture->arena);
    rk_writer_clear(&fixture->writer);
    free(fixture);
    return 0;
}

static void set_hex(struct fixture *fixture, const char *text)
{
    fixture->size = 0;
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        char pair[3] = {text[0], text[1], 0};
        fixture->bytes[fixture->size++] = (uint8_t)strtoul(pair, NULL, 16);
        text++;
    }
}

/* Compares what was written since the last call. */
static void assert_written(struct fixture *fixture, enum rk_codec_result result, const char *text)
{
    if (fixture->writer.failed)
        print_error("%s: %s\n", fixture->writer.field, fixture->writer.failure);
    assert_int_equal(result, RK_CODEC_OK);
    set_hex(fixture, text);
    assert_int_equal(rk_writer_total(&fixture->writer), fixture->size);
    uint8_t written[1024];
    rk_writer_copy(&fixture->writer, written);
    assert_memory_equal(written, fixture->bytes, fixture->size);
    rk_writer_reset(&fixture->writer);
}

/* Decodes a body; what it points to lives in the fixture. */
static void decode(struct fixture *fixture, const struct rk_schema *schema, int16_t version,
                   void *message, const char *text)
{
    set_hex(fixture, text);
    rk_reader_init(&fixture->reader, fixture->bytes, fixture->size);
    bool done = rk_codec_decode(schema, version, message, &fixture->reader, &fixture->arena);
    if (!done)
        print_error("%s: %s\n", fixture->reader.field, fixture->reader.failure);
    assert_true(done);
}

/* ---- ApiVersions ---- */

static void test_api_versions_request(void **state)
{
    struct fixture *fixture = *state;
    struct rk_api_versions_request request;
    rk_api_versions_request_init(&request);
    request.client_software_name = "me";
    request.client_software_version = "1.0";
    /* Header 1: key, version, correlation id, client id. The names are dropped. */
    assert_written(fixture,
                   rk_request_encode(&rk_api_versions_api, 0, 1, "rk", &request, &fixture->writer),
                   "0000000c 0012 0000 00000001 0002 726b");
    /* Header 2: tags behind a client id that is not compact. */
    assert_written(fixture,
                   rk_request_encode(&rk_api_versions_api, 3, 2, "rk", &request, &fixture->writer),
                   "00000015 0012 0003 00000002 0002 726b 00  03 6d65 04 312e30 00");
    request.cluster_id = "c";
    request.node_id = 7;
    assert_written(fixture,
                   rk_request_encode(&rk_api_versions_api, 5, 2, NULL, &request, &fixture->writer),
                   "00000019 0012 0005 00000002 ffff 00  03 6d65 04 312e30 02 63 00000007 00");
}

static void test_api_versions_answer(void **state)
{
    struct fixture *fixture = *state;
    struct rk_api_versions_answer answer;
    decode(fixture, &rk_api_versions_answer_schema, 0, &answer, "0023 00000001 0012 0000 0004");
    assert_int_equal(answer.error_code, 35);
    assert_int_equal(answer.api_keys.count, 1);
    assert_int_equal(answer.api_keys.items[0].api_key, 18);
    assert_int_equal(answer.api_keys.items[0].max_version, 4);
    assert_int_equal(answer.finalized_features_epoch, -1);

    decode(fixture, &rk_api_versions_answer_schema, 3, &answer,
           "0000 02 0001 0004 0010 00 00000005"
           "03  00 0c 02 06 67726f7570 0000 0001 00  01 08 0000000000000009  03 01 01");
    assert_int_equal(answer.api_keys.items[0].api_key, 1);
    assert_int_equal(answer.api_keys.items[0].min_version, 4);
    assert_int_equal(answer.throttle_time_ms, 5);
    assert_string_equal(answer.supported_features.items[0].name, "group");
    assert_int_equal(answer.supported_features.items[0].max_version, 1);
    assert_int_equal(answer.finalized_features_epoch, 9);
    assert_int_equal(answer.finalized_features.count, 0);
    assert_true(answer.zk_migration_ready);

    /* Its header never has tags. */
    rk_api_versions_answer_init(&answer);
    assert_written(fixture, rk_answer_encode(&rk_api_versions_api, 3, 9, &answer, &fixture->writer),
                   "0000000c 00000009  0000 01 00000000 00");
}

/* ---- Metadata ---- */

static void test_metadata_request(void **state)
{
    struct fixture *fixture = *state;
    struct rk_writer *writer = &fixture->writer;
    struct rk_metadata_request request;
    rk_metadata_request_init(&request);
    assert_written(fixture, rk_codec_encode(&rk_metadata_request_schema, 0, &request, writer),
                   "00000000");
    request.topics.count = -1;
    assert_written(fixture, rk_codec_encode(&rk_metadata_request_schema, 1, &request, writer),
                   "ffffffff");
    assert_written(fixture, rk_codec_encode(&rk_metadata_request_schema, 4, &request, writer),
                   "ffffffff 01");
    assert_written(fixture, rk_codec_encode(&rk_metadata_request_schema, 9, &request, writer),
                   "00 01 00 00 00");

    request.topics.items = rk_metadata_request_topic_try_new(&fixture->arena, 2);
    request.topics.count = 2;
    request.topics.items[0].name = "t";
    request.topics.items[1].name = NULL;
    memset(request.topics.items[1].topic_id.bytes, 0xab, 16);
    request.allow_auto_topic_creation = false;
    assert_written(fixture, rk_codec_encode(&rk_metadata_request_schema, 12, &request, writer),
                   "03 00000000000000000000000000000000 02 74 00"
                   "abababababababababababababababab 00 00  00 00 00");
    /* No topic by id before version 10. */
    assert_int_equal(rk_codec_encode(&rk_metadata_request_schema, 9, &request, writer),
                     RK_CODEC_INVALID);
    assert_string_equal(writer->field, "name");
}

static void test_metadata_answer(void **state)
{
    struct fixture *fixture = *state;
    struct rk_metadata_answer answer;
    decode(fixture, &rk_metadata_answer_schema, 7, &answer,
           "00000000"
           "00000001 00000001 0001 68 00002384 ffff"
           "0003 636c75 00000001"
           "00000001 0000 0001 74 00"
           "00000001 0005 00000003 ffffffff 00000008"
           "00000002 00000001 00000002 00000001 00000001 00000000");
    assert_int_equal(answer.brokers.count, 1);
    assert_string_equal(answer.brokers.items[0].host, "h");
    assert_int_equal(answer.brokers.items[0].port, 9092);
    assert_null(answer.brokers.items[0].rack);
    assert_string_equal(answer.cluster_id, "clu");
    assert_int_equal(answer.controller_id, 1);
    const struct rk_metadata_answer_topic *topic = answer.topics.items;
    assert_string_equal(topic->name, "t");
    assert_int_equal(topic->topic_authorized_operations, INT32_MIN);
    const struct rk_metadata_answer_partition *partition = topic->partitions.items;
    assert_int_equal(partition->error_code, 5);
    assert_int_equal(partition->partition_index, 3);
    assert_int_equal(partition->leader_id, -1);
    assert_int_equal(partition->leader_epoch, 8);
    assert_int_equal(partition->replica_nodes.count, 2);
    assert_int_equal(partition->replica_nodes.items[1], 2);
    assert_int_equal(partition->isr_nodes.count, 1);
    assert_int_equal(partition->offline_replicas.count, 0);
}

/* ---- Produce and Fetch ---- */

static void test_produce_request(void **state)
{
    struct fixture *fixture = *state;
    struct rk_produce_request request;
    rk_produce_request_init(&request);
    request.acks = -1;
    request.timeout_ms = 30000;
    request.topic_data.items = rk_produce_request_topic_try_new(&fixture->arena, 1);
    request.topic_data.count = 1;
    struct rk_produce_request_topic *topic = request.topic_data.items;
    topic->name = "t";
    memset(topic->topic_id.bytes, 1, 16);
    topic->partition_data.items = rk_produce_request_partition_try_new(&fixture->arena, 2);
    topic->partition_data.count = 2;
    topic->partition_data.items[0].index = 5;
    topic->partition_data.items[0].records =
        (struct rk_records){.data = (const uint8_t *)"batch", .size = 5};

    struct rk_writer *writer = &fixture->writer;
    assert_written(fixture, rk_codec_encode(&rk_produce_request_schema, 2, &request, writer),
                   "ffff 00007530 00000001 0001 74 00000002"
                   "00000005 00000005 6261746368 00000000 ffffffff");
    assert_written(fixture, rk_codec_encode(&rk_produce_request_schema, 8, &request, writer),
                   "ffff ffff 00007530 00000001 0001 74 00000002"
                   "00000005 00000005 6261746368 00000000 ffffffff");
    assert_written(fixture, rk_codec_encode(&rk_produce_request_schema, 9, &request, writer),
                   "00 ffff 00007530 02 02 74 03"
                   "00000005 06 6261746368 00  00000000 00 00  00 00");
    assert_written(fixture, rk_codec_encode(&rk_produce_request_schema, 13, &request, writer),
                   "00 ffff 00007530 02 01010101010101010101010101010101 03"
                   "00000005 06 6261746368 00  00000000 00 00  00 00");
}

static void test_produce_answer(void **state)
{
    struct fixture *fixture = *state;
    struct rk_produce_answer answer;
    decode(fixture, &rk_produce_answer_schema, 10, &answer,
           "02 02 74 02"
           "00000001 0006 0000000000000064 ffffffffffffffff 0000000000000000"
           "02 00000002 02 78 00  03 6e6f"
           "01 00 09 00000002 00000003 00"
           "00 00000000"
           "01 00 0d 02 00000002 02 68 00000001 00 00");
    const struct rk_produce_answer_partition *partition =
        answer.responses.items[0].partition_responses.items;
    assert_int_equal(partition->error_code, 6);
    assert_int_equal(partition->base_offset, 100);
    assert_int_equal(partition->log_append_time_ms, -1);
    assert_int_equal(partition->record_errors.items[0].batch_index, 2);
    assert_string_equal(partition->record_errors.items[0].batch_index_error_message, "x");
    assert_string_equal(partition->error_message, "no");
    assert_int_equal(partition->current_leader.leader_id, 2);
    assert_int_equal(partition->current_leader.leader_epoch, 3);
    assert_int_equal(answer.node_endpoints.items[0].node_id, 2);
    assert_null(answer.node_endpoints.items[0].rack);

    decode(fixture, &rk_produce_answer_schema, 0, &answer,
           "00000001 0001 74 00000001 00000001 0000 0000000000000064");
    partition = answer.responses.items[0].partition_responses.items;
    assert_int_equal(partition->base_offset, 100);
    assert_int_equal(partition->log_start_offset, -1);
    assert_int_equal(partition->current_leader.leader_id, -1);
}

static void test_fetch_request(void **state)
{
    struct fixture *fixture = *state;
    struct rk_fetch_request request;
    rk_fetch_request_init(&request);
    request.max_wait_ms = 500;
    request.min_bytes = 1;
    request.max_bytes = 0x100000;
    request.session_id = 9;
    request.session_epoch = 2;
    request.topics.items = rk_fetch_request_topic_try_new(&fixture->arena, 1);
    request.topics.count = 1;
    request.topics.items[0].topic = "t";
    struct rk_fetch_request_partition *partition =
        rk_fetch_request_partition_try_new(&fixture->arena, 1);
    request.topics.items[0].partitions.items = partition;
    request.topics.items[0].partitions.count = 1;
    partition->partition = 4;
    partition->fetch_offset = 100;
    partition->partition_max_bytes = 1000;

    struct rk_writer *writer = &fixture->writer;
    /* The session is ignorable. */
    assert_written(fixture, rk_codec_encode(&rk_fetch_request_schema, 4, &request, writer),
                   "ffffffff 000001f4 00000001 00100000 00"
                   "00000001 0001 74 00000001 00000004 0000000000000064 000003e8");
    assert_written(fixture, rk_codec_encode(&rk_fetch_request_schema, 11, &request, writer),
                   "ffffffff 000001f4 00000001 00100000 00 00000009 00000002"
                   "00000001 0001 74 00000001"
                   "00000004 ffffffff 0000000000000064 ffffffffffffffff 000003e8"
                   "00000000 0000");
    request.topics.items[0].topic_id.bytes[15] = 7;
    request.forgotten_topics_data.items =
        rk_fetch_request_forgotten_topic_try_new(&fixture->arena, 1);
    request.forgotten_topics_data.count = 1;
    int32_t forgotten[] = {1, 2};
    request.forgotten_topics_data.items[0].partitions.items = forgotten;
    request.forgotten_topics_data.items[0].partitions.count = 2;
    request.rack_id = "r";
    assert_written(fixture, rk_codec_encode(&rk_fetch_request_schema, 16, &request, writer),
                   "000001f4 00000001 00100000 00 00000009 00000002"
                   "02 00000000000000000000000000000007 02"
                   "00000004 ffffffff 0000000000000064 ffffffff ffffffffffffffff 000003e8 00 00"
                   "02 00000000000000000000000000000000 03 00000001 00000002 00"
                   "02 72 00");
}

static void test_fetch_answer(void **state)
{
    struct fixture *fixture = *state;
    struct rk_fetch_answer answer;
    decode(fixture, &rk_fetch_answer_schema, 12, &answer,
           "00000000 0000 00000009 02 02 74 02"
           "00000001 0000 000000000000000a 0000000000000009 0000000000000000"
           "02 0000000000000005 0000000000000006 00"
           "ffffffff 04 aabbcc"
           "01 00 0d 00000002 0000000000000003 00"
           "00 00");
    assert_int_equal(answer.session_id, 9);
    const struct rk_fetch_answer_partition *partition = answer.responses.items[0].partitions.items;
    assert_int_equal(partition->high_watermark, 10);
    assert_int_equal(partition->last_stable_offset, 9);
    assert_int_equal(partition->aborted_transactions.items[0].first_offset, 6);
    assert_int_equal(partition->records.size, 3);
    assert_memory_equal(partition->records.data, "\xaa\xbb\xcc", 3);
    assert_int_equal(partition->diverging_epoch.epoch, 2);
    assert_int_equal(partition->diverging_epoch.end_offset, 3);
    assert_int_equal(partition->current_leader.leader_id, -1);
}

/* ---- groups ---- */

static void test_find_coordinator(void **state)
{
    struct fixture *fixture = *state;
    struct rk_find_coordinator_request request;
    rk_find_coordinator_request_init(&request);
    request.key = "g";
    struct rk_writer *writer = &fixture->writer;
    assert_written(fixture,
                   rk_codec_encode(&rk_find_coordinator_request_schema, 0, &request, writer),
                   "0001 67");
    assert_written(fixture,
                   rk_codec_encode(&rk_find_coordinator_request_schema, 3, &request, writer),
                   "02 67 00 00");
    const char *keys[] = {"g"};
    request.key = "";
    request.coordinator_keys.items = keys;
    request.coordinator_keys.count = 1;
    assert_written(fixture,
                   rk_codec_encode(&rk_find_coordinator_request_schema, 4, &request, writer),
                   "00 02 02 67 00");
    assert_int_equal(rk_codec_encode(&rk_find_coordinator_request_schema, 3, &request, writer),
                     RK_CODEC_UNSUPPORTED);
    assert_string_equal(writer->field, "coordinator_keys");
}

static void test_consumer_group_heartbeat_answer(void **state)
{
    struct fixture *fixture = *state;
    struct rk_consumer_group_heartbeat_answer answer;
    decode(fixture, &rk_consumer_group_heartbeat_answer_schema, 1, &answer,
           "00000000 0000 00 02 6d 00000005 00000bb8 ff 00");
    assert_string_equal(answer.member_id, "m");
    assert_null(answer.assignment);
    decode(fixture, &rk_consumer_group_heartbeat_answer_schema, 1, &answer,
           "00000000 0000 00 02 6d 00000005 00000bb8"
           "01 02 01010101010101010101010101010101 02 00000007 00 00 00");
    assert_int_equal(answer.assignment->topic_partitions.count, 1);
    assert_int_equal(answer.assignment->topic_partitions.items[0].partitions.items[0], 7);
}

/* ---- headers ---- */

static void test_request_header(void **state)
{
    struct fixture *fixture = *state;
    struct rk_request_header header;
    set_hex(fixture, "0001 000c 00000007 0002 6d65 01 00 01 ff  2a");
    rk_reader_init(&fixture->reader, fixture->bytes, fixture->size);
    const struct rk_api *api = rk_request_header_decode(&fixture->reader, &fixture->arena, &header);
    assert_ptr_equal(api, rk_api_find(RK_API_FETCH));
    assert_int_equal(header.api_key, 1);
    assert_int_equal(header.api_version, 12);
    assert_int_equal(header.correlation_id, 7);
    assert_string_equal(header.client_id, "me");
    assert_int_equal(rk_reader_get_int8(&fixture->reader), 0x2a);

    /* No schema: the fixed part is known. */
    set_hex(fixture, "0004 0000 00000008 ffff");
    rk_reader_init(&fixture->reader, fixture->bytes, fixture->size);
    assert_null(rk_request_header_decode(&fixture->reader, &fixture->arena, &header));
    assert_int_equal(header.api_key, 4);
    assert_int_equal(header.correlation_id, 8);
    assert_null(header.client_id);
    assert_false(fixture->reader.failed);

    /* Cut off anywhere. */
    set_hex(fixture, "0001 000c 00000007 0002 6d65 00");
    for (size_t size = 0; size < fixture->size; size++) {
        rk_reader_init(&fixture->reader, fixture->bytes, size);
        assert_null(rk_request_header_decode(&fixture->reader, &fixture->arena, &header));
        assert_true(fixture->reader.failed);
    }
}

static void test_answer_header(void **state)
{
    struct fixture *fixture = *state;
    set_hex(fixture, "00000007 01 05 02 aabb 2a");
    rk_reader_init(&fixture->reader, fixture->bytes, fixture->size);
    assert_int_equal(rk_answer_header_decode_correlation(&fixture->reader), 7);
    rk_answer_header_decode_rest(&fixture->reader, rk_api_find(RK_API_FETCH), 11);
    assert_int_equal(rk_reader_offset(&fixture->reader), 4);
    rk_answer_header_decode_rest(&fixture->reader, rk_api_find(RK_API_FETCH), 12);
    assert_int_equal(rk_reader_get_int8(&fixture->reader), 0x2a);
    assert_false(fixture->reader.failed);
}

static void test_several_frames_and_splices(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t batch[1000];
    struct rk_produce_request request;
    rk_produce_request_init(&request);
    request.topic_data.items = rk_produce_request_topic_try_new(&fixture->arena, 1);
    request.topic_data.count = 1;
    request.topic_data.items[0].name = "t";
    struct rk_produce_request_partition partition;
    rk_produce_request_partition_init(&partition);
    partition.records = (struct rk_records){.data = batch, .size = sizeof(batch)};
    request.topic_data.items[0].partition_data.items = &partition;
    request.topic_data.items[0].partition_data.count = 1;

    /* Header 8 + 2, body: 2 + 2 + 4 + 4 + 3 + 4 + 4 + 4 + 1000. */
    enum { FRAME_SIZE = 10 + 27 + 1000 };
    for (int32_t i = 0; i < 3; i++)
        assert_int_equal(rk_request_encode(&rk_produce_api, 8, i, NULL, &request, &fixture->writer),
                         RK_CODEC_OK);
    assert_int_equal(rk_writer_total(&fixture->writer), 3 * (FRAME_SIZE + RK_FRAME_PREFIX_SIZE));
    uint8_t *bytes = malloc(rk_writer_total(&fixture->writer));
    rk_writer_copy(&fixture->writer, bytes);
    for (int32_t i = 0; i < 3; i++) {
        const uint8_t *frame = bytes + i * (FRAME_SIZE + RK_FRAME_PREFIX_SIZE);
        assert_int_equal(rk_load_be32(frame), FRAME_SIZE);
        assert_int_equal(rk_load_be32(frame + 8), i);
    }
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_api_versions_request),
        TEST(test_api_versions_answer),
        TEST(test_metadata_request),
        TEST(test_metadata_answer),
        TEST(test_produce_request),
        TEST(test_produce_answer),
        TEST(test_fetch_request),
        TEST(test_fetch_answer),
        TEST(test_find_coordinator),
        TEST(test_consumer_group_heartbeat_answer),
        TEST(test_request_header),
        TEST(test_answer_header),
        TEST(test_several_frames_and_splices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
