/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every state of a connection against everything that may happen to it.
 */
#include "one_broker.h"

#include "names.h"

static const char *const patient[] = {"reconnect.backoff.ms", "5000", "reconnect.backoff.max.ms",
                                      "5000", NULL};
static const char *const quick[] = {"reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "20",
                                    NULL};

/* Runs something on the broker's loop. */
struct errand {
    struct rk_mail mail;
    void (*run)(void); /* Claims the role. */
    sem_t done;
};

static void deliver_errand(struct rk_mail *mail)
{
    struct errand *errand = rk_container_of(mail, struct errand, mail);
    errand->run();
    sem_post(&errand->done);
}

static void on_broker(void (*run)(void))
{
    struct errand errand = {.mail.deliver = deliver_errand, .run = run};
    sem_init(&errand.done, 0, 0);
    rk_loop_post(broker_1()->loop, &errand.mail);
    await(&errand.done);
    sem_destroy(&errand.done);
}

/* Bringing a connection into a state. What the test holds of the peer meanwhile. */

static int peer_fd = -1;
static int fillers[8];
static int filler_count;

static int set_up_states(void **state)
{
    (void)state;
    sem_init(&may_answer, 0, 0);
    peer_open();
    peer_fd = -1;
    filler_count = 0;
    return 0;
}

static void let_go(void)
{
    if (peer_fd >= 0)
        close(peer_fd);
    peer_fd = -1;
    while (filler_count > 0)
        close(fillers[--filler_count]);
    for (int i = 0; i < 10; i++)
        sem_post(&may_answer);
}

static int tear_down_states(void **state)
{
    (void)state;
    let_go();
    if (core)
        client_end();
    peer_shut();
    sem_destroy(&may_answer);
    return 0;
}

/* Connections that are not accepted fill the queue of the listener: the system does not answer the
 * next one. */
static void fill_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(peer_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(listen(peer_listener, 0), 0);
    for (filler_count = 0; filler_count < (int)RK_COUNT_OF(fillers); filler_count++) {
        int fd = rk_socket_open(AF_INET);
        struct pollfd entry = {.fd = fd, .events = POLLOUT};
        fillers[filler_count] = fd;
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
            poll(&entry, 1, 200) == 0) {
            filler_count++;
            return;
        }
    }
    fail_msg("the listener takes everybody");
}

/* With one call that waits, but in IDLE. */
static void bring_to(enum rk_connection_state state, struct call *call)
{
    while (sem_trywait(&may_answer) == 0)
        ;        /* Left by let_go(). */
    peer_shut(); /* Who waits to be accepted may be gone. */
    peer_open();
    start_at(state == RK_CONNECTION_CLOSED ? quick : patient,
             state == RK_CONNECTION_RESOLVING ? "hang" : "127.0.0.1");
    if (state == RK_CONNECTION_BACKING_OFF)
        peer_shut();
    if (state == RK_CONNECTION_CONNECTING)
        fill_listener();
    if (state == RK_CONNECTION_CLOSED) {
        client_terminate();
        return;
    }
    if (state == RK_CONNECTION_IDLE)
        return;
    call_start(call, RK_API_METADATA);
    if (state == RK_CONNECTION_BACKING_OFF) {
        call_expect(call, RD_KAFKA_RESP_ERR__TRANSPORT);
        call_start(call, RK_API_METADATA);
    }
    if (state == RK_CONNECTION_NEGOTIATING || state == RK_CONNECTION_UP)
        peer_fd = peer_accept();
    if (state == RK_CONNECTION_UP)
        peer_negotiate(peer_fd);
    await_state(state);
}

static const enum rk_connection_state all_states[] = {
    RK_CONNECTION_IDLE,        RK_CONNECTION_RESOLVING, RK_CONNECTION_CONNECTING,
    RK_CONNECTION_NEGOTIATING, RK_CONNECTION_UP,        RK_CONNECTION_BACKING_OFF,
    RK_CONNECTION_CLOSED,
};

static bool has_call(enum rk_connection_state state)
{
    return state != RK_CONNECTION_IDLE && state != RK_CONNECTION_CLOSED;
}

/* Events */

static void terminated_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(all_states); i++) {
        struct call call, late;
        bring_to(all_states[i], &call);
        client_terminate();
        if (has_call(all_states[i]))
            call_expect(&call, RD_KAFKA_RESP_ERR__DESTROY);
        call_start(&late, RK_API_METADATA); /* It is not lost either. */
        call_expect(&late, RD_KAFKA_RESP_ERR__DESTROY);
        let_go();
        client_end();
    }
}

/* Its loop ends before what was posted is delivered: completed when the client is freed. */
static void posted_to_a_broker_that_ended(void **state)
{
    (void)state;
    struct call calls[3];
    start_at(quick, "127.0.0.1");
    rk_broker_stop(broker_1());
    for (int i = 0; i < 3; i++)
        call_start(&calls[i], RK_API_METADATA);
    client_terminate();
    rk_loop_stop(background);
    assert_false(call_is_done(&calls[0]));
    client_end(); /* Nobody is left to be told: they are freed. */
    for (int i = 0; i < 3; i++)
        assert_false(call_is_done(&calls[i]));
}

static void drop_it(void)
{
    rk_on_broker(broker_1()->loop);
    rk_connection_drop(connection_1(), RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, "dropped by the test");
}

static void dropped_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(all_states); i++) {
        struct call call;
        if (all_states[i] == RK_CONNECTION_CLOSED)
            continue;
        bring_to(all_states[i], &call);
        on_broker(drop_it);
        if (all_states[i] == RK_CONNECTION_BACKING_OFF) {
            client_terminate(); /* Nothing to drop: the call waits on. */
            call_expect(&call, RD_KAFKA_RESP_ERR__DESTROY);
        } else if (has_call(all_states[i])) {
            assert_int_equal(call_wait(&call), RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
            expect_text(call.request->error_text, "dropped by the test");
            call_end(&call);
            await_state(RK_CONNECTION_BACKING_OFF);
            expect_no_error(); /* That was us. */
        }
        let_go();
        client_end();
    }
}

static void touch_it(void)
{
    struct rk_connection *connection = connection_1();
    uint64_t now_us = rk_clock_now_us();
    rk_on_broker(connection->broker->loop);
    rk_connection_poke(connection, now_us);
    rk_connection_close_idle(connection);
    rk_connection_want(connection, false);
    rk_connection_want(connection, true);
    rk_connection_want(connection, true);
    rk_connection_poke(connection, now_us);
    rk_connection_close_idle(connection);
    rk_connection_want(connection, false);
    rk_connection_close_idle(connection);
}

/* None of it harms what is under way; and the connection serves afterwards. */
static void touched_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(all_states); i++) {
        struct call call;
        struct peer_request request;
        struct rk_metadata_answer answer;
        if (all_states[i] == RK_CONNECTION_CLOSED)
            continue;
        bring_to(all_states[i], &call);
        on_broker(touch_it);
        rk_metadata_answer_init(&answer);
        switch (all_states[i]) {
        case RK_CONNECTION_IDLE: /* It was wanted for a moment. */
            peer_fd = peer_accept();
            call_start(&call, RK_API_METADATA);
            peer_negotiate(peer_fd);
            break;
        case RK_CONNECTION_RESOLVING:
            sem_post(&may_answer);
            peer_fd = peer_bring_up();
            break;
        case RK_CONNECTION_CONNECTING:
        case RK_CONNECTION_BACKING_OFF:
        case RK_CONNECTION_CLOSED:
            client_terminate();
            call_expect(&call, RD_KAFKA_RESP_ERR__DESTROY);
            break;
        case RK_CONNECTION_NEGOTIATING:
            peer_negotiate(peer_fd);
            break;
        case RK_CONNECTION_UP:
            break;
        }
        if (!is_terminated) {
            peer_take(peer_fd, RK_API_METADATA, &request);
            peer_answer(peer_fd, &request, &answer);
            call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
        }
        let_go();
        client_end();
    }
}

static void retry_now(void)
{
    rk_on_broker(broker_1()->loop);
    rk_connection_retry_now(connection_1());
}

static void a_back_off_cut_short(void **state)
{
    (void)state;
    struct call call;
    struct peer_request request;
    struct rk_metadata_answer answer;
    bring_to(RK_CONNECTION_BACKING_OFF, &call);
    peer_reopen();
    assert_int_equal(peer_try_accept(100), -1);
    on_broker(retry_now);
    peer_fd = peer_bring_up();
    on_broker(retry_now); /* Nothing to cut. */
    peer_take(peer_fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    peer_answer(peer_fd, &request, &answer);
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* The broker has another address: whatever it did, it goes there. */
static void moved_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(all_states); i++) {
        struct call call;
        if (all_states[i] == RK_CONNECTION_CLOSED)
            continue;
        bring_to(all_states[i], &call);
        int old_listener = peer_listener;
        peer_open();
        char moved[] = "127.0.0.1";
        on_background(know_broker, moved);
        if (has_call(all_states[i]) && all_states[i] != RK_CONNECTION_BACKING_OFF) {
            call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
            expect_no_error();
            atomic_store(&broker_1()->stats.state, RK_CONNECTION_BACKING_OFF);
            on_broker(retry_now);
        }
        if (all_states[i] == RK_CONNECTION_BACKING_OFF) {
            struct peer_request request;
            struct rk_metadata_answer answer;
            peer_fd = peer_bring_up(); /* At once. */
            peer_take(peer_fd, RK_API_METADATA, &request);
            rk_metadata_answer_init(&answer);
            peer_answer(peer_fd, &request, &answer);
            call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
        } else {
            expect_service();
        }
        if (old_listener >= 0)
            close(old_listener);
        let_go();
        client_end();
    }
}

/* Time */

static void setup_takes_no_longer_than_allowed(void **state)
{
    (void)state;
    static const char *const one_second[] = {"socket.connection.setup.timeout.ms", "1000", NULL};
    static const char *const hosts[] = {"hang", "127.0.0.1"};
    static const char *const texts[] = {"Connection setup timed out: name look-up",
                                        "Connection setup timed out: ipv4#127.0.0.1:"};
    fill_listener();
    for (int i = 0; i < 2; i++) {
        struct call call;
        start_at(one_second, hosts[i]);
        uint64_t before_us = rk_clock_now_us();
        call_start(&call, RK_API_METADATA);
        call_wait(&call);
        assert_true(rk_clock_now_us() - before_us >= 990000);
        expect_text(call.request->error_text, texts[i]);
        call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
        expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, texts[i]);
        for (int n = 0; n < 3; n++)
            sem_post(&may_answer);
        client_end();
    }
}

static void a_name_that_is_unknown(void **state)
{
    (void)state;
    struct call call;
    char expected[128];
    start_at(quick, "nobody.test");
    call_start(&call, RK_API_METADATA);
    call_expect(&call, RD_KAFKA_RESP_ERR__RESOLVE);
    snprintf(expected, sizeof(expected), "nobody.test:%u/1: Failed to resolve 'nobody.test:%u': %s",
             peer_port, peer_port, gai_strerror(EAI_NONAME));
    expect_error(RD_KAFKA_RESP_ERR__RESOLVE, expected);
}

static void all_addresses_are_tried(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) { /* Their order is random. */
        struct call call;
        start_at(quick, "two");
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TRANSPORT;
        for (int attempts = 0; err && attempts < 3; attempts++) {
            call_start(&call, RK_API_METADATA);
            int fd = -1;
            while (fd < 0 && !call_is_done(&call))
                fd = peer_try_accept(10);
            if (fd >= 0) {
                struct peer_request request;
                struct rk_metadata_answer answer;
                peer_negotiate(fd);
                peer_take(fd, RK_API_METADATA, &request);
                rk_metadata_answer_init(&answer);
                peer_answer(fd, &request, &answer);
                close(fd);
            }
            err = call_wait(&call);
            call_end(&call);
        }
        assert_int_equal(err, RD_KAFKA_RESP_ERR_NO_ERROR);
        client_end();
    }
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_states, tear_down_states)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(terminated_in_every_state),
        TEST(posted_to_a_broker_that_ended),
        TEST(dropped_in_every_state),
        TEST(touched_in_every_state),
        TEST(a_back_off_cut_short),
        TEST(moved_in_every_state),
        TEST(setup_takes_no_longer_than_allowed),
        TEST(a_name_that_is_unknown),
        TEST(all_addresses_are_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
