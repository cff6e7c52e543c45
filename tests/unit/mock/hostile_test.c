/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that no client sends: connections end, the cluster goes on. */
#include "client.h"

#include "base/assert.h"

static void expect_service(struct rk_mock_cluster *cluster)
{
    struct client client = open_client(cluster, 1);
    ask_metadata(&client, "still-there");
    close_client(&client);
}

static void test_frames_that_are_none(void **state)
{
    static const struct {
        uint8_t bytes[24];
        size_t size;
    } frames[] = {
        {{0xff, 0xff, 0xff, 0xff}, 4},              /* Negative. */
        {{0x7f, 0xff, 0xff, 0xff}, 4},              /* 2 GiB. */
        {{0, 0, 0, 0}, 4},                          /* Empty. */
        {{0, 0, 0, 3, 0, 3, 0}, 7},                 /* Half a header. */
        {{0, 0, 0, 8, 0, 3, 0, 1, 0, 0, 0, 1}, 12}, /* No client id. */
        {{0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0x7f, 0xff}, 14},
        /* Metadata v1 of two billion topics. */
        {{0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}, 18},
        /* Bytes behind the end. */
        {{0, 0, 0, 16, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 1, 2}, 20},
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {{0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01}, 8}, /* TLS. */
    };
    struct rk_mock_cluster *cluster = start_cluster(1);
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(frames); i++) {
        struct client client = open_client(cluster, 1);
        send_bytes(&client, frames[i].bytes, frames[i].size);
        expect_closed(&client);
        close_client(&client);
    }
    expect_service(cluster);
    rk_mock_cluster_destroy(cluster);
}

static void test_half_a_frame_and_gone(void **state)
{
    static const uint8_t frame[] = {0, 0, 1, 0, 0, 3, 0, 1, 0, 0};
    struct rk_mock_cluster *cluster = start_cluster(1);
    (void)state;
    for (size_t size = 0; size <= sizeof(frame); size++) {
        struct client client = open_client(cluster, 1);
        send_bytes(&client, frame, size);
        close_client(&client);
    }
    expect_service(cluster);
    rk_mock_cluster_destroy(cluster);
}

/* One byte after the other. */
static void test_a_slow_client(void **state)
{
    static const uint8_t frame[] = {0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0};
    struct rk_mock_cluster *cluster = start_cluster(1);
    struct client client = open_client(cluster, 1);
    struct rk_metadata_answer answer;
    (void)state;
    for (size_t i = 0; i < sizeof(frame); i++)
        send_bytes(&client, frame + i, 1);
    client.correlation_id = 1;
    assert_true(read_answer(&client, &rk_metadata_api, 1, &answer));
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

/* Requests without end from a client that reads nothing: memory stays within bounds, and whoever
 * reads in the end gets all of it. */
static void test_a_client_that_does_not_read(void **state)
{
    enum { COUNT = 12000 };
    static const uint8_t frame[] = {0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0};
    struct rk_mock_cluster *cluster = start_cluster(3);
    struct client client = open_client(cluster, 1);
    struct rk_metadata_answer answer;
    (void)state;
    rk_mock_cluster_set_broker_rtt(cluster, 1, 20);
    uint8_t *frames = malloc(sizeof(frame) * COUNT);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(frames + i * sizeof(frame), frame, sizeof(frame));
    send_bytes(&client, frames, sizeof(frame) * COUNT);
    client.correlation_id = 1;
    for (int i = 0; i < COUNT; i++)
        assert_true(read_answer(&client, &rk_metadata_api, 1, &answer));
    free(frames);
    close_client(&client);
    rk_mock_cluster_destroy(cluster);
}

static uint32_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % limit;
}

static size_t write_request(uint8_t *to, size_t capacity, const struct rk_api *api, int version,
                            const void *request)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(rk_request_encode(api, (int16_t)version, 1, "test", request, &writer),
                     RK_CODEC_OK);
    size_t size = rk_writer_total(&writer);
    assert_true(size <= capacity);
    rk_writer_copy(&writer, to);
    rk_writer_clear(&writer);
    return size;
}

/* A Fetch with a session or a Produce, with some bytes turned; the size stays, so that the frame
 * is looked at whole. */
static size_t write_damaged(uint8_t *to, size_t capacity)
{
    size_t size;
    if (random_below(2) == 0) {
        struct produce_message message;
        struct batch batch = make_batch(3);
        fill_produce(&message, "t", 0, batch.bytes, batch.size);
        size = write_request(to, capacity, &rk_produce_api, 3 + (int)random_below(10),
                             &message.request);
    } else {
        struct rk_fetch_request request;
        struct rk_fetch_request_topic topic;
        struct rk_fetch_request_partition partitions[2];
        rk_fetch_request_init(&request);
        rk_fetch_request_topic_init(&topic);
        for (int i = 0; i < 2; i++) {
            rk_fetch_request_partition_init(&partitions[i]);
            partitions[i].partition = i;
            partitions[i].partition_max_bytes = 1000;
        }
        request.session_epoch = 0;
        request.topics.items = &topic;
        request.topics.count = 1;
        topic.topic = "t";
        topic.partitions.items = partitions;
        topic.partitions.count = 2;
        size = write_request(to, capacity, &rk_fetch_api, 7 + (int)random_below(6), &request);
    }
    for (uint32_t i = random_below(5); i > 0; i--)
        to[4 + random_below((uint32_t)size - 4)] = (uint8_t)random_below(256);
    return size;
}

/* Whatever is answered, the connection ends. */
static void read_to_the_end(struct client *client)
{
    uint8_t byte;
    while (read_bytes(client, &byte, 1))
        continue;
}

static void test_damaged_requests(void **state)
{
    struct rk_mock_options options = {.broker_count = 1};
    struct rk_mock_cluster *cluster = rk_mock_cluster_new(&options);
    uint8_t frames[4096];
    (void)state;
    assert_non_null(cluster);
    rk_mock_cluster_create_topic(cluster, "t", 2, 1);
    for (int i = 0; i < 2000; i++) {
        struct client client = open_client(cluster, 1);
        size_t size = 0;
        for (int k = 0; k < 4; k++)
            size += write_damaged(frames + size, sizeof(frames) - size);
        send_bytes(&client, frames, size);
        if (random_below(2) == 0) {
            shutdown(client.fd, SHUT_WR);
            read_to_the_end(&client);
        }
        close_client(&client);
    }
    expect_service(cluster);
    rk_mock_cluster_destroy(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_that_are_none),
        cmocka_unit_test(test_half_a_frame_and_gone),
        cmocka_unit_test(test_a_slow_client),
        cmocka_unit_test(test_a_client_that_does_not_read),
        cmocka_unit_test(test_damaged_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
