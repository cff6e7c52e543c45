/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the application may hook into connections, and what it is told of them.
 */
#include "one_broker.h"

#include "names.h"

static const char *const quick[] = {"reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "20",
                                    NULL};

/* Errors that are not to be told */

static void closes_need_not_be_told(void **state)
{
    (void)state;
    static const char *const quiet[] = {"log.connection.close", "false", "reconnect.backoff.ms",
                                        "10", NULL};
    struct call call;
    struct peer_request request;
    start_at(quiet, "127.0.0.1");
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    peer_done(&request);
    close(fd);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    while (atomic_load(&broker_1()->stats.state) == RK_CONNECTION_UP)
        rk_thread_pause_us(500);
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
    start_at(quick, "mine");
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
    start_at(quick, "127.0.0.1");
    call_start(&call, RK_API_METADATA);
    call_expect(&call, RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Too many open files");
    client_end();
    configure = hook_no_connect;
    start_at(quick, "127.0.0.1");
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
    note("start %d %s; ", type, name + strcspn(name, "/"));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_exit_of(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name,
                                      void *opaque)
{
    (void)rk;
    (void)opaque;
    note("exit %d %s; ", type, name + strcspn(name, "/"));
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
    start_at(quick, "127.0.0.1");
    rd_kafka_t *client = core->client;
    expect_service();
    await_state(RK_CONNECTION_IDLE);
    client_end();
    assert_ptr_equal(intercepted_client, client);
    assert_string_equal(notes, "start 2 /1; "
                               "plaintext://127.0.0.1/1 TRY_CONNECT; "
                               "plaintext://127.0.0.1/1 CONNECT; "
                               "plaintext://127.0.0.1/1 APIVERSION_QUERY; "
                               "sent 18 v4 #0 to 1; received 18 v4 #0 from 1: 0; "
                               "plaintext://127.0.0.1/1 UP; "
                               "sent 3 v12 #1 to 1; received 3 v12 #1 from 1: 0; "
                               "plaintext://127.0.0.1/1 INIT; "
                               "plaintext://127.0.0.1/1 DOWN; "
                               "exit 2 /1; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(closes_need_not_be_told),
        TEST(all_callbacks_of_the_application),
        TEST(callbacks_that_fail),
        TEST(interceptors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
