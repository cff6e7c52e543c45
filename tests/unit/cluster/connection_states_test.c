/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every state of a connection against everything that may happen to it; and what the application
 * may hook into it.
 *
 * The system's resolver is replaced: "hang" does not answer until the test lets it, "two" has an
 * address where nobody listens and then the peer's, anything else that is no address is unknown.
 */
#include "client.h"
#include "peer.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

/* The system */

static sem_t may_answer;

static struct addrinfo *new_info(const char *address, const char *service)
{
    struct sockaddr_in *v4 = calloc(1, sizeof(*v4));
    struct addrinfo *info = calloc(1, sizeof(*info));
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)atoi(service));
    inet_pton(AF_INET, address, &v4->sin_addr);
    info->ai_family = AF_INET;
    info->ai_addrlen = sizeof(*v4);
    info->ai_addr = (struct sockaddr *)v4;
    return info;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    struct in_addr literal;
    bool is_literal = inet_pton(AF_INET, host, &literal) == 1;
    if (!is_literal && (hints->ai_flags & AI_NUMERICHOST))
        return EAI_NONAME;
    if (strcmp(host, "hang") == 0)
        await(&may_answer);
    else if (!is_literal && strcmp(host, "two") != 0)
        return EAI_NONAME;
    *result = new_info(is_literal ? host : "127.0.0.1", service);
    if (strcmp(host, "two") == 0)
        (*result)->ai_next = new_info("127.0.0.2", service);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

/* The client */

static const char *const patient[] = {"reconnect.backoff.ms", "5000", "reconnect.backoff.max.ms",
                                      "5000", NULL};
static const char *const quick[] = {"reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "20",
                                    NULL};

static void know_broker(void *argument)
{
    struct rk_metadata_answer_broker broker = {.node_id = 1, .host = argument, .port = peer_port};
    struct rk_metadata_answer answer = {.brokers = {&broker, 1}, .controller_id = 1};
    rk_on_background(background);
    rk_metadata_stop(&cluster->own.metadata);
    rk_cluster_publish(cluster, rk_snapshot_try_merge(
                                    &(struct rk_snapshot_merge){.answer = &answer, .version = 12}));
}

static void use_broker(void *argument)
{
    (void)argument;
    rk_on_background(background);
    assert_non_null(rk_cluster_use_broker(cluster, 1));
}

static void start_with(const char *const *with, const char *host)
{
    char name[64];
    snprintf(name, sizeof(name), "%s", host);
    properties = with;
    client_start(RD_KAFKA_PRODUCER);
    on_background(know_broker, name);
    on_background(use_broker, NULL);
}

static struct rk_broker *broker_1(void)
{
    return cluster->own.brokers.items[0];
}

static struct rk_connection *connection_1(void)
{
    return &broker_1()->own.connections[RK_PURPOSE_GENERAL];
}

static void await_state(enum rk_connection_state state)
{
    uint64_t until_us = rk_clock_now_us() + 10000000;
    while (atomic_load(&broker_1()->stats.state) != (int)state) {
        if (rk_clock_now_us() > until_us)
            fail_msg("still %s, not %s",
                     rk_connection_state_name(
                         (enum rk_connection_state)atomic_load(&broker_1()->stats.state)),
                     rk_connection_state_name(state));
        rk_thread_pause_us(500);
    }
}

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

static int set_up(void **state)
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

static int tear_down(void **state)
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
    start_with(state == RK_CONNECTION_CLOSED ? quick : patient,
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

/* A call that must be answered by whoever listens now. */
static void expect_service(void)
{
    struct call call;
    struct peer_request request;
    struct rk_metadata_answer answer;
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    peer_answer(fd, &request, &answer);
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

/* Events */

static void terminated_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(all_states); i++) {
        struct call call, late;
        bring_to(all_states[i], &call);
        uint64_t before_us = rk_clock_now_us();
        client_terminate();
        assert_true(rk_clock_now_us() - before_us < 2000000);
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
    start_with(quick, "127.0.0.1");
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
        start_with(one_second, hosts[i]);
        uint64_t before_us = rk_clock_now_us();
        call_start(&call, RK_API_METADATA);
        call_wait(&call);
        assert_in_range(rk_clock_now_us() - before_us, 990000, 5000000);
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
    start_with(quick, "nobody.test");
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
        start_with(quick, "two");
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TRANSPORT;
        for (int attempts = 0; err && attempts < 3; attempts++) {
            call_start(&call, RK_API_METADATA);
            int fd = peer_try_accept(300);
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

/* Answers that come too late */

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
    start_with(two, "127.0.0.1");
    for (int i = 0; i < 3; i++) {
        struct rk_request *request = call_new(&calls[i], RK_API_METADATA);
        request->timeout_us = i == 2 ? 30000000 : 150000;
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
        request->timeout_us = i < 2 ? 100000 + (uint64_t)i * 100000 : 30000000;
        call_post(request);
        peer_take(peer_fd, RK_API_METADATA, &requests[i]);
        peer_done(&requests[i]);
    }
    call_expect(&calls[0], RD_KAFKA_RESP_ERR__TIMED_OUT);
    call_expect(&calls[1], RD_KAFKA_RESP_ERR__TIMED_OUT); /* The second in a row. */
    call_expect(&calls[2], RD_KAFKA_RESP_ERR__TRANSPORT);
    call_expect(&calls[3], RD_KAFKA_RESP_ERR__TRANSPORT);
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
    start_with(never, "127.0.0.1");
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

/* Errors that are not to be told */

static void closes_need_not_be_told(void **state)
{
    (void)state;
    static const char *const quiet[] = {"log.connection.close", "false", "reconnect.backoff.ms",
                                        "10", NULL};
    struct call call;
    struct peer_request request;
    start_with(quiet, "127.0.0.1");
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    peer_done(&request);
    close(fd);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    await_state(RK_CONNECTION_BACKING_OFF);
    expect_no_error();
    peer_shut(); /* That it cannot be reached is told. */
    call_start(&call, RK_API_METADATA);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
}

/* The application's callbacks */

static _Atomic int sockets_opened, sockets_closed, connects, resolves, frees;

static int open_it(int domain, int type, int protocol, void *opaque)
{
    assert_ptr_equal(opaque, &sockets_opened);
    atomic_fetch_add(&sockets_opened, 1);
    return socket(domain, type, protocol);
}

static int close_it(int fd, void *opaque)
{
    assert_ptr_equal(opaque, &sockets_opened);
    atomic_fetch_add(&sockets_closed, 1);
    return close(fd);
}

static int connect_it(int fd, const struct sockaddr *address, int size, const char *id,
                      void *opaque)
{
    assert_ptr_equal(opaque, &sockets_opened);
    assert_non_null(strstr(id, "/1"));
    atomic_fetch_add(&connects, 1);
    return connect(fd, address, (socklen_t)size) == 0 ? 0 : errno;
}

static int resolve_it(const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **result, void *opaque)
{
    (void)hints;
    assert_ptr_equal(opaque, &sockets_opened);
    if (!node) {
        atomic_fetch_add(&frees, 1);
        freeaddrinfo(*result);
        return 0;
    }
    if (atomic_fetch_add(&resolves, 1) == 0)
        return EAI_AGAIN;
    assert_string_equal(node, "mine");
    *result = new_info("127.0.0.1", service);
    return 0;
}

#define SET(member, value)                          \
    do {                                            \
        conf->conf.callbacks.member = value;        \
        conf->modified[RK_CONF_ID_##member] = true; \
    } while (0)

static void hook_all(rd_kafka_conf_t *conf)
{
    SET(socket_cb, open_it);
    SET(closesocket_cb, close_it);
    SET(connect_cb, connect_it);
    SET(resolve_cb, resolve_it);
    SET(opaque, &sockets_opened);
}

static void all_callbacks_of_the_application(void **state)
{
    (void)state;
    struct call call;
    configure = hook_all;
    sockets_opened = sockets_closed = connects = resolves = frees = 0;
    start_with(quick, "mine");
    call_start(&call, RK_API_METADATA);
    call_expect(&call, RD_KAFKA_RESP_ERR__RESOLVE);
    expect_error(RD_KAFKA_RESP_ERR__RESOLVE, "Failed to resolve 'mine");
    expect_service();
    await_state(RK_CONNECTION_IDLE); /* The peer has closed. */
    client_end();
    assert_int_equal(resolves, 2);
    assert_int_equal(frees, 1);
    assert_int_equal(connects, 1);
    assert_int_equal(sockets_opened, 1);
    assert_int_equal(sockets_closed, 1);
}

static int open_none(int domain, int type, int protocol, void *opaque)
{
    (void)domain;
    (void)type;
    (void)protocol;
    (void)opaque;
    errno = EMFILE;
    return -1;
}

static int connect_badly(int fd, const struct sockaddr *address, int size, const char *id,
                         void *opaque)
{
    (void)fd;
    (void)address;
    (void)size;
    (void)id;
    (void)opaque;
    return ENETUNREACH;
}

static void hook_no_socket(rd_kafka_conf_t *conf)
{
    SET(socket_cb, open_none);
}

static void hook_no_connect(rd_kafka_conf_t *conf)
{
    SET(connect_cb, connect_badly);
}

static void callbacks_that_fail(void **state)
{
    (void)state;
    struct call call;
    configure = hook_no_socket;
    start_with(quick, "127.0.0.1");
    call_start(&call, RK_API_METADATA);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Too many open files");
    client_end();
    configure = hook_no_connect;
    start_with(quick, "127.0.0.1");
    call_start(&call, RK_API_METADATA);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Network is unreachable");
}

/* Interceptors */

static char notes[2000];
static rd_kafka_t *intercepted_client;

static void note(const char *format, ...) RK_FORMAT(1, 2);
static void note(const char *format, ...)
{
    size_t used = strlen(notes);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(notes + used, sizeof(notes) - used, format, arguments);
    va_end(arguments);
}

static rd_kafka_resp_err_t on_sent(rd_kafka_t *rk, int fd, const char *broker, int32_t id,
                                   int16_t key, int16_t version, int32_t correlation_id,
                                   size_t size, void *opaque)
{
    intercepted_client = rk;
    assert_ptr_equal(opaque, notes);
    assert_true(fd >= 0 && size > 12);
    assert_non_null(strstr(broker, "/1"));
    note("sent %d v%d #%d to %d; ", key, version, correlation_id, id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_received(rd_kafka_t *rk, int fd, const char *broker, int32_t id,
                                       int16_t key, int16_t version, int32_t correlation_id,
                                       size_t size, int64_t round_trip_us, rd_kafka_resp_err_t err,
                                       void *opaque)
{
    (void)rk;
    (void)fd;
    (void)broker;
    (void)opaque;
    assert_true(size >= 8);
    assert_true(round_trip_us >= 0 && round_trip_us < 10000000);
    note("received %d v%d #%d from %d: %d; ", key, version, correlation_id, id, err);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_state(rd_kafka_t *rk, int32_t id, const char *protocol,
                                    const char *name, int port, const char *to, void *opaque)
{
    (void)rk;
    (void)opaque;
    assert_int_equal(port, peer_port);
    note("%s://%s/%d %s; ", protocol, name, id, to);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name,
                                    void *opaque)
{
    (void)rk;
    (void)opaque;
    note("start %d %s; ", type, name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_exit_of(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name,
                                      void *opaque)
{
    (void)rk;
    (void)opaque;
    note("exit %d %s; ", type, name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void hook_interceptors(rd_kafka_conf_t *conf)
{
    static const struct {
        enum rk_interceptor_point point;
        void (*function)(void);
    } all[] = {{RK_ON_REQUEST_SENT, (void (*)(void))on_sent},
               {RK_ON_RESPONSE_RECEIVED, (void (*)(void))on_received},
               {RK_ON_BROKER_STATE_CHANGE, (void (*)(void))on_state},
               {RK_ON_THREAD_START, (void (*)(void))on_start},
               {RK_ON_THREAD_EXIT, (void (*)(void))on_exit_of}};
    for (size_t i = 0; i < RK_COUNT_OF(all); i++)
        rk_interceptors_add(&conf->interceptors, all[i].point, "test", all[i].function, notes);
}

static void interceptors_are_told(void **state)
{
    (void)state;
    notes[0] = '\0';
    configure = hook_interceptors;
    start_with(quick, "127.0.0.1");
    rd_kafka_t *client = core->client;
    expect_service();
    await_state(RK_CONNECTION_IDLE);
    client_end();
    assert_ptr_equal(intercepted_client, client);
    assert_string_equal(notes, "start 2 rdk:broker1; "
                               "plaintext://127.0.0.1/1 TRY_CONNECT; "
                               "plaintext://127.0.0.1/1 CONNECT; "
                               "plaintext://127.0.0.1/1 APIVERSION_QUERY; "
                               "sent 18 v4 #0 to 1; received 18 v4 #0 from 1: 0; "
                               "plaintext://127.0.0.1/1 UP; "
                               "sent 3 v12 #1 to 1; received 3 v12 #1 from 1: 0; "
                               "plaintext://127.0.0.1/1 INIT; "
                               "plaintext://127.0.0.1/1 DOWN; "
                               "exit 2 rdk:broker1; ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        TEST(socket_max_fails),
        TEST(never_given_up),
        TEST(closes_need_not_be_told),
        TEST(all_callbacks_of_the_application),
        TEST(callbacks_that_fail),
        TEST(interceptors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
