/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection against a peer that does what a broker does, and what it must not do.
 */
#include "client.h"
#include "peer.h"

static const char *const quick[] = {
    "reconnect.backoff.ms",
    "10",
    "reconnect.backoff.max.ms",
    "20",
    "socket.timeout.ms",
    "400",
    "api.version.request.timeout.ms",
    "300",
    NULL,
};

/* Broker 1 is at the peer's port; nothing else is asked. */
static void know_broker(void *argument)
{
    const char *host = argument;
    struct rk_metadata_answer_broker broker = {.node_id = 1, .host = host, .port = peer_port};
    struct rk_metadata_answer answer = {.brokers = {&broker, 1}, .controller_id = 1};
    rk_on_background(background);
    rk_metadata_stop(&cluster->own.metadata);
    rk_cluster_publish(cluster, rk_snapshot_try_merge(
                                    &(struct rk_snapshot_merge){.answer = &answer, .version = 12}));
}

static char local_host[] = "127.0.0.1";

static void start_with(const char *const *with)
{
    properties = with;
    client_start(RD_KAFKA_PRODUCER);
    on_background(know_broker, local_host);
}

static int set_up(void **state)
{
    (void)state;
    peer_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (core)
        client_end();
    peer_shut();
    return 0;
}

static struct rk_broker *broker_1(void)
{
    return cluster->own.brokers.items[0];
}

/* Answers a Metadata request with one topic of that name. */
static void answer_metadata(int fd, const char *topic)
{
    struct peer_request request;
    struct rk_metadata_answer answer;
    peer_take(fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    answer.topics.items = rk_metadata_answer_topic_try_new(&request.arena, 1);
    answer.topics.items[0].name = topic;
    answer.topics.count = 1;
    peer_answer(fd, &request, &answer);
}

static const char *topic_in(const struct call *call)
{
    const struct rk_metadata_answer *answer = call->request->answer;
    return answer && answer->topics.count == 1 ? answer->topics.items[0].name : "(none)";
}

/* All is well */

static void brings_up_asks_and_is_answered(void **state)
{
    (void)state;
    static const char *const named[] = {"client.id", "me", "client.software.name", "a b!c-", NULL};
    struct call call;
    struct peer_request request;
    struct rk_api_versions_answer versions;
    start_with(named);
    call_start(&call, RK_API_METADATA);
    int fd = peer_accept();
    peer_take(fd, RK_API_API_VERSIONS, &request);
    const struct rk_api_versions_request *asked = request.message;
    assert_int_equal(request.header.api_version, 4);
    assert_int_equal(request.header.correlation_id, 0);
    assert_string_equal(request.header.client_id, "me");
    assert_string_equal(asked->client_software_name, "a-b-c"); /* What a broker takes. */
    assert_non_null(strstr(asked->client_software_version, "milena"));
    assert_false(peer_is_ready(fd, 20)); /* Nothing else before the answer. */
    peer_versions(&versions, &request.arena);
    peer_answer(fd, &request, &versions);

    struct rk_metadata_answer answer;
    peer_take(fd, RK_API_METADATA, &request);
    assert_int_equal(request.header.api_version, 12); /* Ours goes on to 13. */
    assert_int_equal(request.header.correlation_id, 1);
    rk_metadata_answer_init(&answer);
    answer.controller_id = 77;
    peer_answer(fd, &request, &answer);
    assert_int_equal(call_wait(&call), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(((struct rk_metadata_answer *)call.request->answer)->controller_id, 77);
    assert_int_equal(call.request->version, 12);
    assert_int_equal(call.request->broker_id, 1);
    assert_true(call.request->was_written);
    assert_true(call.request->answered_us >= call.request->sent_us);
    call_end(&call);
    assert_int_equal(broker_1()->stats.requests_sent, 2);
    assert_int_equal(broker_1()->stats.answers_received, 2);
    assert_int_equal(broker_1()->stats.connects, 1);
    assert_int_equal(broker_1()->stats.up_connections, 1);
    close(fd);
}

static void many_requests_are_answered_in_order(void **state)
{
    (void)state;
    enum { CALLS = 200 };
    static struct call calls[CALLS];
    char topic[16];
    start_with(quick);
    for (int i = 0; i < CALLS; i++)
        call_start(&calls[i], RK_API_METADATA);
    int fd = peer_bring_up();
    for (int i = 0; i < CALLS; i++) {
        snprintf(topic, sizeof(topic), "t%d", i);
        answer_metadata(fd, topic);
    }
    for (int i = 0; i < CALLS; i++) {
        snprintf(topic, sizeof(topic), "t%d", i);
        assert_int_equal(call_wait(&calls[i]), RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_string_equal(topic_in(&calls[i]), topic);
        call_end(&calls[i]);
    }
    close(fd);
}

static void no_more_in_flight_than_allowed(void **state)
{
    (void)state;
    static const char *const two[] = {"max.in.flight", "2", NULL};
    struct call calls[5];
    struct peer_request requests[3];
    struct rk_metadata_answer answer;
    start_with(two);
    for (int i = 0; i < 5; i++)
        call_start(&calls[i], RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &requests[0]);
    peer_take(fd, RK_API_METADATA, &requests[1]);
    assert_false(peer_is_ready(fd, 50));
    rk_metadata_answer_init(&answer);
    peer_answer(fd, &requests[0], &answer);
    peer_take(fd, RK_API_METADATA, &requests[2]);
    assert_false(peer_is_ready(fd, 50));
    peer_answer(fd, &requests[1], &answer);
    peer_answer(fd, &requests[2], &answer);
    answer_metadata(fd, "d");
    answer_metadata(fd, "e");
    for (int i = 0; i < 5; i++)
        call_expect(&calls[i], RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

static void purposes_have_connections_of_their_own(void **state)
{
    (void)state;
    struct call general, fetch;
    start_with(quick);
    call_start(&general, RK_API_METADATA);
    int first = peer_bring_up();
    rk_cluster_post_send(cluster, 1, RK_PURPOSE_FETCH, call_new(&fetch, RK_API_METADATA));
    int second = peer_bring_up();
    answer_metadata(second, "fetch");
    call_wait(&fetch);
    assert_string_equal(topic_in(&fetch), "fetch"); /* Not behind the other. */
    assert_false(call_is_done(&general));
    answer_metadata(first, "general");
    call_expect(&general, RD_KAFKA_RESP_ERR_NO_ERROR);
    call_end(&fetch);
    close(first);
    close(second);
}

static void answers_in_any_pieces(void **state)
{
    (void)state;
    struct call calls[2];
    struct peer_request requests[2];
    struct rk_metadata_answer answer;
    size_t sizes[2];
    uint8_t *bytes[2];
    start_with(NULL);
    call_start(&calls[0], RK_API_METADATA);
    call_start(&calls[1], RK_API_METADATA);
    int fd = peer_bring_up();
    rk_metadata_answer_init(&answer);
    for (int i = 0; i < 2; i++) {
        peer_take(fd, RK_API_METADATA, &requests[i]);
        bytes[i] = peer_encode(&requests[i], 12, &answer, &sizes[i]);
        peer_done(&requests[i]);
    }
    for (size_t at = 0; at < sizes[0]; at++) {
        peer_write(fd, bytes[0] + at, 1);
        if (at % 3 == 0)
            rk_thread_pause_us(500); /* So that it is read piece by piece. */
    }
    peer_write(fd, bytes[1], sizes[1]);
    call_expect(&calls[0], RD_KAFKA_RESP_ERR_NO_ERROR);
    call_expect(&calls[1], RD_KAFKA_RESP_ERR_NO_ERROR);
    free(bytes[0]);
    free(bytes[1]);
    close(fd);
}

static void large_answers(void **state)
{
    (void)state;
    enum { BROKERS = 30000 };
    struct call call;
    struct peer_request request;
    struct rk_metadata_answer answer;
    start_with(NULL);
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    answer.brokers.items = rk_metadata_answer_broker_try_new(&request.arena, BROKERS);
    answer.brokers.count = BROKERS;
    for (int i = 0; i < BROKERS; i++) {
        answer.brokers.items[i].node_id = i;
        answer.brokers.items[i].host = "a-host-of-the-cluster";
    }
    peer_answer(fd, &request, &answer);
    assert_int_equal(call_wait(&call), RD_KAFKA_RESP_ERR_NO_ERROR);
    const struct rk_metadata_answer *got = call.request->answer;
    assert_int_equal(got->brokers.count, BROKERS);
    assert_int_equal(got->brokers.items[BROKERS - 1].node_id, BROKERS - 1);
    call_end(&call);
    close(fd);
}

static struct rk_request *produce_without_answer(struct call *call)
{
    struct rk_request *request = call_new(call, RK_API_PRODUCE);
    ((struct rk_produce_request *)request->message)->acks = 0;
    request->has_no_answer = true;
    return request;
}

static void without_an_answer_done_when_written(void **state)
{
    (void)state;
    struct call first, second;
    struct peer_request request;
    start_with(NULL);
    call_post(produce_without_answer(&first));
    int fd = peer_bring_up();
    assert_int_equal(call_wait(&first), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_null(first.request->answer);
    assert_true(first.request->was_written);
    call_start(&second, RK_API_METADATA);
    peer_take(fd, RK_API_PRODUCE, &request);
    peer_done(&request);
    answer_metadata(fd, "t");
    call_expect(&second, RD_KAFKA_RESP_ERR_NO_ERROR);
    call_end(&first);
    close(fd);
}

static void what_cannot_be_sent_fails_alone(void **state)
{
    (void)state;
    struct call unknown, narrow, empty, fine;
    start_with(NULL);
    call_start(&unknown, RK_API_INIT_PRODUCER_ID); /* Not offered. */
    struct rk_request *request = call_new(&narrow, RK_API_METADATA);
    request->min_version = 13;
    call_post(request);
    request = call_new(&empty, RK_API_LIST_OFFSETS); /* A topic without a name. */
    struct rk_list_offsets_request *list = request->message;
    list->topics.items = rk_list_offsets_request_topic_try_new(&request->arena, 1);
    list->topics.items[0].name = NULL;
    list->topics.count = 1;
    call_post(request);
    call_start(&fine, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    assert_int_equal(call_wait(&unknown), RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE);
    expect_text(unknown.request->error_text, "no version of InitProducerId");
    assert_false(unknown.request->was_written);
    call_end(&unknown);
    call_expect(&narrow, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE);
    call_expect(&empty, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE);
    call_expect(&fine, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

/* ApiVersions and its fallbacks */

/* Takes the request, which must come in that version, and answers error 35 in version 0. */
static void refuse_version(int fd, int16_t version, const void *body, size_t size)
{
    struct peer_request request;
    uint8_t head[8];
    peer_take(fd, RK_API_API_VERSIONS, &request);
    assert_int_equal(request.header.api_version, version);
    rk_store_be32(head, (int32_t)size + 4);
    rk_store_be32(head + 4, request.header.correlation_id);
    peer_write(fd, head, sizeof(head));
    peer_write(fd, body, size);
    peer_done(&request);
}

static const uint8_t empty_35[] = {0, 35, 0, 0, 0, 0};
static const uint8_t upto_2_35[] = {0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 2};
/* What librdkafka 2.0's mock cluster answers: version 3 without its end. */
static const uint8_t odd_35[] = {0, 35, 1, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0};

static void expect_v(int fd, int16_t version)
{
    struct peer_request request;
    struct rk_api_versions_answer answer;
    peer_take(fd, RK_API_API_VERSIONS, &request);
    assert_int_equal(request.header.api_version, version);
    peer_versions(&answer, &request.arena);
    peer_answer(fd, &request, &answer);
}

static void goes_down_to_what_the_broker_speaks(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *body;
        size_t size;
        int16_t next;
    } refusals[] = {{empty_35, sizeof(empty_35), 0},
                    {upto_2_35, sizeof(upto_2_35), 2},
                    {odd_35, sizeof(odd_35), 0},
                    {odd_35, 2, 0}};
    for (size_t i = 0; i < RK_COUNT_OF(refusals); i++) {
        struct call call;
        start_with(quick);
        call_start(&call, RK_API_METADATA);
        int fd = peer_accept();
        refuse_version(fd, 4, refusals[i].body, refusals[i].size);
        expect_v(fd, refusals[i].next);
        answer_metadata(fd, "t");
        call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
        close(fd);
        client_end();
    }
}

static void goes_down_twice(void **state)
{
    (void)state;
    struct call call;
    start_with(quick);
    call_start(&call, RK_API_METADATA);
    int fd = peer_accept();
    refuse_version(fd, 4, upto_2_35, sizeof(upto_2_35));
    refuse_version(fd, 2, empty_35, sizeof(empty_35));
    expect_v(fd, 0);
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

static void answer_versions_error(int fd, int16_t err)
{
    struct peer_request request;
    struct rk_api_versions_answer answer;
    peer_take(fd, RK_API_API_VERSIONS, &request);
    rk_api_versions_answer_init(&answer);
    answer.error_code = err;
    peer_answer(fd, &request, &answer);
}

static void an_invalid_request_is_tried_without_names(void **state)
{
    (void)state;
    struct call call;
    start_with(quick);
    call_start(&call, RK_API_METADATA);
    int fd = peer_accept();
    answer_versions_error(fd, RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    expect_v(fd, 0);
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

static void a_broker_without_any_version_is_left(void **state)
{
    (void)state;
    struct call call;
    start_with(quick);
    call_start(&call, RK_API_METADATA);
    int fd = peer_accept();
    refuse_version(fd, 4, empty_35, sizeof(empty_35));
    refuse_version(fd, 0, empty_35, sizeof(empty_35));
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "ApiVersions failed: ");
    peer_expect_close(fd);
}

static void any_other_error_is_final(void **state)
{
    (void)state;
    struct call call;
    start_with(quick);
    call_start(&call, RK_API_METADATA);
    int fd = peer_accept();
    answer_versions_error(fd, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "ApiVersions failed: ");
    peer_expect_close(fd);
}

/* What a broker must not send */

/* Sends the bytes in place of an answer to whatever was asked; the connection must break. */
static void expect_break(int fd, struct call *call, const void *bytes, size_t size,
                         rd_kafka_resp_err_t err, const char *part)
{
    peer_write(fd, bytes, size);
    assert_int_equal(call_wait(call), err);
    expect_text(call->request->error_text, part);
    char address[32];
    snprintf(address, sizeof(address), "127.0.0.1:%u/1: ", peer_port);
    expect_text(call->request->error_text, address);
    call_end(call);
    expect_error(err, part);
    peer_expect_close(fd);
}

struct bad_bytes {
    const char *what;
    uint8_t bytes[24];
    size_t size;
};

static void garbage_before_versions_are_known(void **state)
{
    (void)state;
    static const struct bad_bytes cases[] = {
        {"limit of 65536", {0, 1, 0, 1}, 4},
        {"limit of 65536", {0x7f, 0xff, 0xff, 0xff}, 4},
        {"limit of 65536", {0xff, 0xff, 0xff, 0xff}, 4},
        {"limit of 65536", {0, 0, 0, 3}, 4},
        {"limit of 65536", {'H', 'T', 'T', 'P', '/', '1', '.', '1'}, 8},
        {"limit of 65536", {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28}, 7}, /* A TLS alert. */
        {"correlation id 7", {0, 0, 0, 4, 0, 0, 0, 7}, 8},
        {"correlation id -1", {0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff}, 8},
        {"Malformed ApiVersions answer v4", {0, 0, 0, 4, 0, 0, 0, 0}, 8},
        {"Malformed ApiVersions answer v4", {0, 0, 0, 5, 0, 0, 0, 0, 0}, 9},
        {"Malformed ApiVersions answer v4", {0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0xff}, 11},
        /* More keys than bytes; then one byte too many. */
        {"Malformed ApiVersions answer v4",
         {0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x01},
         15},
        {"Malformed ApiVersions answer v4",
         {0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 9},
         17},
    };
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        struct call call;
        struct peer_request request;
        start_with(quick);
        call_start(&call, RK_API_METADATA);
        int fd = peer_accept();
        peer_take(fd, RK_API_API_VERSIONS, &request);
        peer_done(&request);
        peer_write(fd, cases[i].bytes, cases[i].size);
        /* It was not sent: nobody answered it wrongly. */
        assert_int_equal(call_wait(&call), RD_KAFKA_RESP_ERR__TRANSPORT);
        assert_false(call.request->was_written);
        expect_text(call.request->error_text, cases[i].what);
        call_end(&call);
        expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, cases[i].what);
        peer_expect_close(fd);
        client_end();
    }
}

static void garbage_in_place_of_an_answer(void **state)
{
    (void)state;
    static const char *const small[] = {"reconnect.backoff.ms",
                                        "10",
                                        "reconnect.backoff.max.ms",
                                        "20",
                                        "receive.message.max.bytes",
                                        "100000",
                                        NULL};
    static const struct bad_bytes cases[] = {
        {"limit of 100000", {0, 1, 0x86, 0xa1}, 4},
        {"limit of 100000", {0x80, 0, 0, 0}, 4},
        {"limit of 100000", {0, 0, 0, 0}, 4},
        {"correlation id 0, expected 1", {0, 0, 0, 4, 0, 0, 0, 0}, 8},
        {"correlation id 2, expected 1", {0, 0, 0, 4, 0, 0, 0, 2}, 8},
        {"Malformed Metadata answer v12", {0, 0, 0, 4, 0, 0, 0, 1}, 8},
        {"Malformed Metadata answer v12",
         {0, 0, 0, 15, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0},
         19},
    };
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        struct call call;
        struct peer_request request;
        start_with(small);
        call_start(&call, RK_API_METADATA);
        int fd = peer_bring_up();
        peer_take(fd, RK_API_METADATA, &request);
        peer_done(&request);
        expect_break(fd, &call, cases[i].bytes, cases[i].size, RD_KAFKA_RESP_ERR__BAD_MSG,
                     cases[i].what);
        client_end();
    }
}

static void the_size_limit_is_exact(void **state)
{
    (void)state;
    static const char *const small[] = {"receive.message.max.bytes", "1000", NULL};
    struct call call;
    struct peer_request request;
    struct rk_metadata_answer answer;
    char name[1000];
    start_with(small);
    for (int over = 0; over < 2; over++) {
        call_start(&call, RK_API_METADATA);
        int fd = over ? peer_accept() : peer_bring_up();
        if (over)
            peer_negotiate(fd);
        peer_take(fd, RK_API_METADATA, &request);
        rk_metadata_answer_init(&answer);
        answer.cluster_id = "";
        size_t size;
        free(peer_encode(&request, 12, &answer, &size));
        memset(name, 'x', sizeof(name));
        name[1004 - size - 1 + (size_t)over] = '\0'; /* Its length takes one more byte. */
        answer.cluster_id = name;
        peer_answer(fd, &request, &answer);
        call_expect(&call, over ? RD_KAFKA_RESP_ERR__BAD_MSG : RD_KAFKA_RESP_ERR_NO_ERROR);
        close(fd);
    }
}

static void an_answer_nobody_asked_for(void **state)
{
    (void)state;
    static const uint8_t answer[] = {0, 0, 0, 4, 0, 0, 0, 9};
    struct call call;
    start_with(quick);
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    peer_write(fd, answer, sizeof(answer));
    expect_error(RD_KAFKA_RESP_ERR__BAD_MSG, "correlation id 9, but no request is under way");
    peer_expect_close(fd);
}

/* A whole frame whose body was cut, at every place; and one with a byte too many. */
static void an_answer_cut_anywhere(void **state)
{
    (void)state;
    struct rk_metadata_answer answer;
    struct rk_metadata_answer_broker broker = {.node_id = 1, .host = "host", .port = 1};
    size_t size = 100;
    start_with(quick);
    for (size_t cut = 8; cut <= size + 1; cut++) {
        struct call call;
        struct peer_request request;
        call_start(&call, RK_API_METADATA);
        int fd = peer_bring_up();
        peer_take(fd, RK_API_METADATA, &request);
        rk_metadata_answer_init(&answer);
        answer.brokers.items = &broker;
        answer.brokers.count = 1;
        answer.cluster_id = "cluster";
        uint8_t *bytes = peer_encode(&request, 12, &answer, &size);
        bytes = realloc(bytes, size + 1);
        bytes[size] = 0;
        rk_store_be32(bytes, (int32_t)cut - 4);
        peer_write(fd, bytes, cut);
        free(bytes);
        peer_done(&request);
        call_expect(&call, cut == size ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__BAD_MSG);
        if (cut == size)
            close(fd);
        else
            peer_expect_close(fd);
    }
}

/* The request whose answer is malformed is told so; those behind it merely lost the connection. */
static void others_only_lose_the_connection(void **state)
{
    (void)state;
    static const uint8_t garbage[] = {0, 0, 0, 5, 0, 0, 0, 1, 9};
    struct call calls[3];
    struct peer_request request;
    start_with(quick);
    for (int i = 0; i < 3; i++)
        call_start(&calls[i], RK_API_METADATA);
    int fd = peer_bring_up();
    for (int i = 0; i < 3; i++) {
        peer_take(fd, RK_API_METADATA, &request);
        peer_done(&request);
    }
    peer_write(fd, garbage, sizeof(garbage));
    for (int i = 0; i < 3; i++) {
        call_wait(&calls[i]);
        assert_true(calls[i].request->was_written);
        call_expect(&calls[i], i == 0 ? RD_KAFKA_RESP_ERR__BAD_MSG : RD_KAFKA_RESP_ERR__TRANSPORT);
    }
    peer_expect_close(fd);
}

/* The peer goes away */

static void closed_at_each_step(void **state)
{
    (void)state;
    enum { ACCEPTED, ASKED, HALF_ANSWERED, UP, ASKED_AGAIN, HALF_ANSWERED_AGAIN, STEPS };
    for (int step = 0; step < STEPS; step++) {
        struct call call;
        struct peer_request request;
        start_with(quick);
        call_start(&call, RK_API_METADATA);
        int fd = peer_accept();
        if (step >= ASKED && step <= HALF_ANSWERED) {
            peer_take(fd, RK_API_API_VERSIONS, &request);
            peer_done(&request);
        }
        if (step >= UP)
            peer_negotiate(fd);
        if (step >= ASKED_AGAIN) {
            peer_take(fd, RK_API_METADATA, &request);
            peer_done(&request);
        }
        if (step == HALF_ANSWERED || step == HALF_ANSWERED_AGAIN)
            peer_write(fd, "\0\0\0\x10\0\0", 6);
        close(fd);
        call_wait(&call);
        bool is_before = step < UP;
        assert_int_equal(call.request->err, RD_KAFKA_RESP_ERR__TRANSPORT);
        if (is_before)
            assert_false(call.request->was_written);
        if (step >= ASKED_AGAIN)
            assert_true(call.request->was_written);
        call_end(&call);
        if (is_before && step != ACCEPTED)
            expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "it may require TLS or SASL");

        call_start(&call, RK_API_METADATA); /* And then it is there again. */
        fd = peer_bring_up();
        answer_metadata(fd, "t");
        call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
        close(fd);
        client_end();
    }
}

static void closed_while_idle_is_no_error(void **state)
{
    (void)state;
    struct call call;
    start_with(quick);
    for (int i = 0; i < 3; i++) {
        call_start(&call, RK_API_METADATA);
        int fd = peer_bring_up();
        answer_metadata(fd, "t");
        call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
        close(fd);
        while (atomic_load(&broker_1()->stats.disconnects) != (uint64_t)i + 1)
            rk_thread_pause_us(1000);
    }
    assert_int_equal(peer_try_accept(50), -1); /* Nobody needs it. */
    expect_no_error();
}

static void refused_is_said_once_with_address_and_cause(void **state)
{
    (void)state;
    struct call call;
    char text[512], expected[128];
    start_with(quick);
    peer_shut();
    for (int i = 0; i < 5; i++) {
        call_start(&call, RK_API_METADATA);
        call_wait(&call);
        assert_int_equal(call.request->err, RD_KAFKA_RESP_ERR__TRANSPORT);
        assert_false(call.request->was_written);
        call_end(&call);
    }
    assert_int_equal(take_error(text, sizeof(text)), RD_KAFKA_RESP_ERR__TRANSPORT);
    snprintf(expected, sizeof(expected),
             "127.0.0.1:%u/1: Connect to ipv4#127.0.0.1:%u failed: Connection refused (after ",
             peer_port, peer_port);
    expect_text(text, expected);
    expect_text(text, "ms in state CONNECT");
    while (rk_queue_length(core->main_queue) > 0) /* Nothing but "all brokers are down". */
        assert_int_equal(take_error(text, sizeof(text)), RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    assert_true(broker_1()->stats.is_failing);

    peer_reopen();
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_false(broker_1()->stats.is_failing);
    close(fd);
}

/* A broker that lets everybody in and then closes is not asked in a circle without rest. */
static void a_broker_that_always_closes_is_met_with_patience(void **state)
{
    (void)state;
    static const char *const patient[] = {"reconnect.backoff.ms", "40", "reconnect.backoff.max.ms",
                                          "10000", NULL};
    int connections = 0;
    start_with(patient);
    uint64_t until_us = rk_clock_now_us() + 600000;
    while (rk_clock_now_us() < until_us) {
        struct call call;
        call_start(&call, RK_API_METADATA);
        int fd = peer_try_accept(400);
        if (fd >= 0) {
            struct peer_request request;
            peer_negotiate(fd);
            peer_take(fd, RK_API_METADATA, &request);
            peer_done(&request);
            close(fd);
            connections++;
        } else {
            client_terminate();
        }
        call_wait(&call);
        call_end(&call);
        if (fd < 0)
            break;
    }
    assert_in_range(connections, 2, 5); /* At 0, 40, 120, 280, 600 ms. */
}

/* Time */

static void no_answer_for_versions_in_time(void **state)
{
    (void)state;
    struct call call;
    start_with(quick);
    uint64_t before_us = rk_clock_now_us();
    call_start(&call, RK_API_METADATA);
    int fd = peer_accept();
    call_wait(&call);
    uint64_t waited_us = rk_clock_now_us() - before_us;
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_in_range(waited_us, 290000, 3000000);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "");
    peer_expect_close(fd);
}

static struct rk_request *request_with_timeout(struct call *call, uint64_t timeout_us)
{
    struct rk_request *request = call_new(call, RK_API_METADATA);
    request->timeout_us = timeout_us;
    return request;
}

static void an_answer_that_does_not_come_ends_the_connection(void **state)
{
    (void)state;
    struct call calls[3];
    struct peer_request request;
    start_with(quick);
    call_post(request_with_timeout(&calls[0], 30000000));
    call_post(request_with_timeout(&calls[1], 200000));
    call_post(request_with_timeout(&calls[2], 30000000));
    int fd = peer_bring_up();
    for (int i = 0; i < 3; i++) {
        peer_take(fd, RK_API_METADATA, &request);
        peer_done(&request);
    }
    assert_int_equal(call_wait(&calls[1]), RD_KAFKA_RESP_ERR__TIMED_OUT);
    expect_text(calls[1].request->error_text, "Metadata request timed out");
    assert_true(calls[1].request->was_written);
    call_end(&calls[1]);
    call_expect(&calls[0], RD_KAFKA_RESP_ERR__TRANSPORT);
    call_expect(&calls[2], RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_int_equal(broker_1()->stats.requests_timed_out, 1);
    peer_expect_close(fd);
}

/* It reads nothing, and the request does not fit into the sockets. */
static void a_peer_that_does_not_read_is_left(void **state)
{
    (void)state;
    enum { TOPICS = 40000 };
    struct call call;
    struct rk_request *request;
    start_with(quick);
    request = request_with_timeout(&call, 300000);
    struct rk_metadata_request *message = request->message;
    static char long_name[201];
    memset(long_name, 'n', 200);
    message->topics.items = rk_metadata_request_topic_try_new(&request->arena, TOPICS);
    message->topics.count = TOPICS;
    for (int i = 0; i < TOPICS; i++)
        message->topics.items[i].name = long_name;
    call_post(request);
    int fd = peer_bring_up();
    assert_int_equal(call_wait(&call), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_true(call.request->was_written); /* In part. */
    call_end(&call);
    peer_expect_close(fd);
}

static void a_deadline_holds_in_every_state(void **state)
{
    (void)state;
    struct call up, early, backing_off;
    struct rk_request *request;
    static const char *const one[] = {
        "max.in.flight", "1", "reconnect.backoff.ms", "5000", "reconnect.backoff.max.ms",
        "5000",          NULL};
    start_with(one);
    /* While versions are asked for. */
    request = call_new(&early, RK_API_METADATA);
    request->deadline_us = rk_clock_now_us() + 50000;
    call_post(request);
    int fd = peer_accept();
    call_expect(&early, RD_KAFKA_RESP_ERR__TIMED_OUT);
    /* While there is no room. */
    call_start(&up, RK_API_METADATA);
    peer_negotiate(fd);
    request = call_new(&early, RK_API_METADATA);
    request->deadline_us = rk_clock_now_us() + 50000;
    call_post(request);
    assert_int_equal(call_wait(&early), RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_false(early.request->was_written);
    call_end(&early);
    close(fd);
    call_expect(&up, RD_KAFKA_RESP_ERR__TRANSPORT);
    /* While it waits to try again; one that is over already. */
    request = call_new(&backing_off, RK_API_METADATA);
    request->deadline_us = rk_clock_now_us() + 50000;
    call_post(request);
    call_expect(&backing_off, RD_KAFKA_RESP_ERR__TIMED_OUT);
    request = call_new(&backing_off, RK_API_METADATA);
    request->deadline_us = 1;
    call_post(request);
    call_expect(&backing_off, RD_KAFKA_RESP_ERR__TIMED_OUT);
}

static void throttled_by_the_broker(void **state)
{
    (void)state;
    struct call first, second;
    struct peer_request request;
    struct rk_metadata_answer answer;
    start_with(NULL);
    call_start(&first, RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    answer.throttle_time_ms = 200;
    uint64_t before_us = rk_clock_now_us();
    peer_answer(fd, &request, &answer);
    call_wait(&first);
    assert_int_equal(first.request->throttle_ms, 200);
    call_end(&first);
    call_start(&second, RK_API_METADATA);
    peer_take(fd, RK_API_METADATA, &request);
    assert_true(rk_clock_now_us() - before_us >= 195000);
    rk_metadata_answer_init(&answer);
    peer_answer(fd, &request, &answer);
    call_expect(&second, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    static const char *const idle[] = {"connections.max.idle.ms", "150", NULL};
    struct call call;
    start_with(idle);
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    rk_thread_pause_us(250000); /* Not while an answer is due. */
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    peer_expect_close(fd);
    assert_int_equal(peer_try_accept(50), -1);
    expect_no_error();
    call_start(&call, RK_API_METADATA);
    fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

/* Handlers on the broker's own loop, which run in the middle of reading */

static struct rk_connection *general_connection(void)
{
    return &broker_1()->own.connections[RK_PURPOSE_GENERAL];
}

static struct call chained;
static int chain_left;

static void on_chained(struct rk_request *request)
{
    struct rk_connection *connection = general_connection();
    rk_on_broker(connection->broker->loop);
    rd_kafka_resp_err_t err = request->err;
    rk_request_destroy(request);
    if (!err && chain_left-- > 0) {
        /* Two at once, so that there is always one more in flight. */
        rk_connection_send(connection, rk_request_try_new(RK_API_METADATA, connection->broker->loop,
                                                          on_chained, NULL));
        return;
    }
    sem_post(&chained.done);
}

static void handlers_send_more(void **state)
{
    (void)state;
    enum { CHAIN = 30 };
    struct call first;
    start_with(NULL);
    sem_init(&chained.done, 0, 0);
    chain_left = CHAIN;
    call_start(&first, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&first, RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int i = 0; i < 2; i++)
        call_post(rk_request_try_new(RK_API_METADATA, broker_1()->loop, on_chained, NULL));
    for (int i = 0; i < CHAIN + 2; i++)
        answer_metadata(fd, "t");
    await(&chained.done);
    await(&chained.done);
    sem_destroy(&chained.done);
    close(fd);
}

static void on_dropping(struct rk_request *request)
{
    struct call *call = request->owner;
    struct rk_connection *connection = general_connection();
    rk_on_broker(connection->broker->loop);
    assert_true(rk_connection_is_up(connection));
    rk_connection_drop(connection, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, "the handler dropped %d", 1);
    rk_connection_drop(connection, RD_KAFKA_RESP_ERR__FAIL, "and again");
    assert_false(rk_connection_is_up(connection));
    rk_connection_send(connection, rk_request_try_new(RK_API_METADATA, connection->broker->loop,
                                                      on_chained, NULL));
    call->request = request;
    sem_post(&call->done);
}

static void a_handler_drops_the_connection(void **state)
{
    (void)state;
    struct call first, dropping, behind;
    struct peer_request request;
    struct rk_metadata_answer answer;
    start_with(quick);
    sem_init(&chained.done, 0, 0);
    chain_left = 0;
    call_start(&first, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&first, RD_KAFKA_RESP_ERR_NO_ERROR);
    struct rk_request *to_drop = call_new(&dropping, RK_API_METADATA);
    to_drop->reply_loop = broker_1()->loop;
    to_drop->on_done = on_dropping;
    call_post(to_drop);
    call_start(&behind, RK_API_METADATA);
    /* Both answers in one piece: the second must not be delivered any more. */
    size_t sizes[2];
    uint8_t *bytes[2];
    rk_metadata_answer_init(&answer);
    for (int i = 0; i < 2; i++) {
        peer_take(fd, RK_API_METADATA, &request);
        bytes[i] = peer_encode(&request, 12, &answer, &sizes[i]);
        peer_done(&request);
    }
    bytes[0] = realloc(bytes[0], sizes[0] + sizes[1]);
    memcpy(bytes[0] + sizes[0], bytes[1], sizes[1]);
    peer_write(fd, bytes[0], sizes[0] + sizes[1]);
    free(bytes[0]);
    free(bytes[1]);
    call_expect(&dropping, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(call_wait(&behind), RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
    expect_text(behind.request->error_text, "the handler dropped 1");
    call_end(&behind);
    await(&chained.done); /* What it sent failed with the rest. */
    sem_destroy(&chained.done);
    peer_expect_close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(brings_up_asks_and_is_answered),
        TEST(many_requests_are_answered_in_order),
        TEST(no_more_in_flight_than_allowed),
        TEST(purposes_have_connections_of_their_own),
        TEST(answers_in_any_pieces),
        TEST(large_answers),
        TEST(without_an_answer_done_when_written),
        TEST(what_cannot_be_sent_fails_alone),
        TEST(goes_down_to_what_the_broker_speaks),
        TEST(goes_down_twice),
        TEST(an_invalid_request_is_tried_without_names),
        TEST(a_broker_without_any_version_is_left),
        TEST(any_other_error_is_final),
        TEST(garbage_before_versions_are_known),
        TEST(garbage_in_place_of_an_answer),
        TEST(the_size_limit_is_exact),
        TEST(an_answer_nobody_asked_for),
        TEST(an_answer_cut_anywhere),
        TEST(others_only_lose_the_connection),
        TEST(closed_at_each_step),
        TEST(closed_while_idle_is_no_error),
        TEST(refused_is_said_once_with_address_and_cause),
        TEST(a_broker_that_always_closes_is_met_with_patience),
        TEST(no_answer_for_versions_in_time),
        TEST(an_answer_that_does_not_come_ends_the_connection),
        TEST(a_peer_that_does_not_read_is_left),
        TEST(a_deadline_holds_in_every_state),
        TEST(throttled_by_the_broker),
        TEST(idle_connections_are_closed),
        TEST(handlers_send_more),
        TEST(a_handler_drops_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
