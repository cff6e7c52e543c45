/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection against a peer that does what a broker must not do, or goes away.
 */
#include "one_broker.h"

static const char *const quick[] = {"reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "20",
                                    NULL};

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
    int fd = -1;
    for (int over = 0; over < 2; over++) {
        call_start(&call, RK_API_METADATA);
        if (fd < 0)
            fd = peer_bring_up();
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
    }
    peer_expect_close(fd);
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
        call_expect(&call, RD_KAFKA_RESP_ERR__BAD_MSG);
        peer_expect_close(fd);
        cut += cut + 1 == size; /* The whole of it is fine. */
    }
    expect_service();
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
    while (rk_clock_now_us() < until_us || connections < 2) {
        struct call call;
        int fd = -1;
        call_start(&call, RK_API_METADATA);
        while (fd < 0 && (rk_clock_now_us() < until_us || connections < 2))
            fd = peer_try_accept(50);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
