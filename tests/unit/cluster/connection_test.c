/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection against a peer that does what a broker does: negotiating versions, asking,
 * answering.
 */
#include "one_broker.h"

static const char *const quick[] = {"reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "20",
                                    NULL};

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

/* Handlers on the broker's own loop, which run in the middle of reading */

static struct call chained;
static int chain_left;

static void on_chained(struct rk_request *request)
{
    struct rk_connection *connection = connection_1();
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
    struct rk_connection *connection = connection_1();
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
        TEST(handlers_send_more),
        TEST(a_handler_drops_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
