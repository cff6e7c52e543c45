/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection and time: answers that do not come, deadlines, throttling, idle peers.
 */
#include "one_broker.h"

static int peer_fd = -1;

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
    assert_in_range(waited_us, 290000, 20000000);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "");
    peer_expect_close(fd);
}

static const char *const calm[] = {"reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "20",
                                   NULL};

/* With a connection that has served once: what comes next is written at once. */
static int start_served(void)
{
    struct call call;
    start_with(calm);
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    return fd;
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
    int fd = start_served();
    call_post(request_with_timeout(&calls[0], 300000000));
    call_post(request_with_timeout(&calls[1], 1000000));
    call_post(request_with_timeout(&calls[2], 300000000));
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
    int fd = start_served();
    request = request_with_timeout(&call, 2000000);
    struct rk_metadata_request *message = request->message;
    static char long_name[201];
    memset(long_name, 'n', 200);
    message->topics.items = rk_metadata_request_topic_try_new(&request->arena, TOPICS);
    message->topics.count = TOPICS;
    for (int i = 0; i < TOPICS; i++)
        message->topics.items[i].name = long_name;
    call_post(request);
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
    call_start(&up, RK_API_METADATA);
    int fd = peer_accept();
    /* While versions are asked for. */
    request = call_new(&early, RK_API_METADATA);
    request->deadline_us = rk_clock_now_us() + 50000;
    call_post(request);
    call_expect(&early, RD_KAFKA_RESP_ERR__TIMED_OUT);
    /* While there is no room. */
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

/* Answers that come too late */

/* By whoever will send something in a moment. */
static void prepared_connections_come_up(void **state)
{
    (void)state;
    struct call call;
    start_with(NULL);
    for (int i = 0; i < 3; i++)
        rk_broker_post_prepare(broker_1(), RK_PURPOSE_GENERAL);
    int fd = peer_bring_up();
    await_state(RK_CONNECTION_UP);
    rk_broker_post_prepare(broker_1(), RK_PURPOSE_GENERAL);
    call_start(&call, RK_API_METADATA);
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(peer_try_accept(50), -1);
    close(fd);
}

static void socket_max_fails(void **state)
{
    (void)state;
    static const char *const two[] = {"socket.max.fails",
                                      "2",
                                      "reconnect.backoff.ms",
                                      "10",
                                      "reconnect.backoff.max.ms",
                                      "20",
                                      NULL};
    struct call calls[4];
    struct peer_request requests[4];
    struct rk_metadata_answer answer;
    rk_metadata_answer_init(&answer);
    start_at(two, "127.0.0.1");
    for (int i = 0; i < 3; i++) {
        struct rk_request *request = call_new(&calls[i], RK_API_METADATA);
        request->timeout_us = i > 0 ? 30000000 : 150000;
        call_post(request);
        if (i == 0)
            peer_fd = peer_bring_up();
        peer_take(peer_fd, RK_API_METADATA, &requests[i]);
        if (i == 0) {
            call_expect(&calls[0], RD_KAFKA_RESP_ERR__TIMED_OUT); /* It stays up. */
            peer_answer(peer_fd, &requests[0], &answer);          /* Too late. */
        }
    }
    peer_answer(peer_fd, &requests[1], &answer); /* In time: counts from none again. */
    call_expect(&calls[1], RD_KAFKA_RESP_ERR_NO_ERROR);
    peer_answer(peer_fd, &requests[2], &answer);
    call_expect(&calls[2], RD_KAFKA_RESP_ERR_NO_ERROR);
    expect_no_error();
    for (int i = 0; i < 4; i++) {
        struct rk_request *request = call_new(&calls[i], RK_API_METADATA);
        request->timeout_us = i < 2 ? 30000000 : (uint64_t)i * 100000;
        call_post(request);
        peer_take(peer_fd, RK_API_METADATA, &requests[i]);
        peer_done(&requests[i]);
    }
    call_expect(&calls[2], RD_KAFKA_RESP_ERR__TIMED_OUT);
    call_expect(&calls[3], RD_KAFKA_RESP_ERR__TIMED_OUT); /* The second in a row. */
    call_expect(&calls[0], RD_KAFKA_RESP_ERR__TRANSPORT);
    call_expect(&calls[1], RD_KAFKA_RESP_ERR__TRANSPORT);
    peer_expect_close(peer_fd);
    peer_fd = -1;
    expect_service();
}

static void never_given_up(void **state)
{
    (void)state;
    static const char *const never[] = {"socket.max.fails", "0", NULL};
    enum { CALLS = RK_IN_FLIGHT_SKIPPED_MAX + 1 };
    static struct call calls[CALLS];
    struct peer_request request;
    start_at(never, "127.0.0.1");
    for (int i = 0; i < CALLS; i++) {
        struct rk_request *sent = call_new(&calls[i], RK_API_METADATA);
        sent->timeout_us = i < CALLS - 1 ? 50000 : 400000;
        call_post(sent);
        if (i == 0)
            peer_fd = peer_bring_up();
        peer_take(peer_fd, RK_API_METADATA, &request);
        peer_done(&request);
    }
    for (int i = 0; i < CALLS; i++)
        call_expect(&calls[i], RD_KAFKA_RESP_ERR__TIMED_OUT);
    peer_expect_close(peer_fd); /* There is a limit all the same. */
    peer_fd = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_answer_for_versions_in_time),
        TEST(an_answer_that_does_not_come_ends_the_connection),
        TEST(a_peer_that_does_not_read_is_left),
        TEST(a_deadline_holds_in_every_state),
        TEST(throttled_by_the_broker),
        TEST(idle_connections_are_closed),
        TEST(prepared_connections_come_up),
        TEST(socket_max_fails),
        TEST(never_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
