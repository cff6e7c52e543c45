/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing a connection up: resolving the name, connecting to one address after the other,
 * negotiating versions.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "cluster/connection_private.h"
#include "cluster/debug.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "net/tcp_stream.h"
#include "wire/messages.h"

#define FIRST_VERSION 4 /* The newest ApiVersions that needs no knowledge of the cluster. */

static void on_ready(struct rk_watch *watch, short revents, uint64_t now_us);
static void send_api_versions(struct rk_connection *connection, int16_t version) RK_ON_BROKER;
static void go_up(struct rk_connection *connection) RK_ON_BROKER;

static void close_socket(void *argument, int fd)
{
    struct rk_core *core = argument;
    core->conf->callbacks.closesocket_cb(fd, core->conf->callbacks.opaque);
}

static int open_socket(struct rk_core *core, int family)
{
    if (!core->conf->callbacks.socket_cb)
        return rk_socket_open(family);
    int fd = core->conf->callbacks.socket_cb(family, SOCK_STREAM, IPPROTO_TCP,
                                             core->conf->callbacks.opaque);
    if (fd < 0 || rk_socket_adopt(fd))
        return fd;
    int error = errno;
    if (core->conf->callbacks.closesocket_cb)
        close_socket(core, fd);
    else
        rk_socket_close(fd);
    errno = error;
    return -1;
}

/* 0 when connected or under way, else errno. */
static int connect_socket(struct rk_connection *connection, int fd,
                          const struct rk_address *address) RK_ON_BROKER
{
    const struct rk_conf *conf = connection->broker->core->conf;
    if (!conf->callbacks.connect_cb)
        return rk_socket_connect(fd, address);
    int error = conf->callbacks.connect_cb(fd, (const struct sockaddr *)&address->storage,
                                           (int)address->size, rk_broker_name(connection->broker),
                                           conf->callbacks.opaque);
    return error == EINPROGRESS ? 0 : error;
}

static void connect_to(struct rk_connection *connection, const struct rk_address *address,
                       uint64_t now_us) RK_ON_BROKER
{
    struct rk_core *core = connection->broker->core;
    rk_address_text(address, connection->own.address_text, sizeof(connection->own.address_text));
    int fd = open_socket(core, address->storage.ss_family);
    if (fd < 0) {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                            "Failed to create socket for %s: %s", connection->own.address_text,
                            rk_socket_error_text(errno));
        return;
    }
    rk_socket_set_options(fd, &(struct rk_socket_options){
                                  .send_buffer = core->conf->socket_send_buffer_bytes,
                                  .receive_buffer = core->conf->socket_receive_buffer_bytes,
                                  .keepalive = core->conf->socket_keepalive_enable,
                                  .no_delay = core->conf->socket_nagle_disable,
                                  .unacknowledged_ms = core->conf->socket_timeout_ms,
                              });
    rk_debug_connecting(connection, fd);
    int error = connect_socket(connection, fd, address);
    connection->own.stream = rk_tcp_stream_new(
        fd, error, core->conf->callbacks.closesocket_cb ? close_socket : NULL, core);
    atomic_fetch_add_explicit(&connection->broker->stats.connects, 1, memory_order_relaxed);
    rk_connection_set_state(connection, RK_CONNECTION_CONNECTING, now_us);
    connection->own.watch.ready = on_ready;
    rk_loop_watch(connection->broker->loop, &connection->own.watch, fd, POLLOUT);
    rk_connection_on_handshake(connection, now_us);
}

static void connect_next(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    struct rk_broker *broker = connection->broker;
    int index = connection->own.next_address++;
    if (connection->own.next_address >= broker->own.addresses.count) {
        connection->own.next_address = 0;
        broker->own.addresses_until_us = 0; /* All were tried: look the name up again. */
    }
    struct rk_address address = broker->own.addresses.items[index];
    connect_to(connection, &address, now_us);
}

static void take_answer(struct rk_connection *connection, struct rk_resolver_answer *answer,
                        uint64_t now_us) RK_ON_BROKER
{
    struct rk_broker *broker = connection->broker;
    if (answer->error) {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__RESOLVE, "Failed to resolve '%s:%u': %s",
                            broker->own.host, broker->own.port, answer->error);
    } else {
        rk_broker_take_addresses(broker, &answer->addresses, now_us);
        connection->own.next_address = 0;
        connect_next(connection, now_us);
    }
}

static void on_resolved(void *owner, struct rk_resolver_answer *answer)
{
    struct rk_connection *connection = owner;
    rk_on_broker(connection->broker->loop);
    uint64_t now_us = rk_clock_now_us();
    connection->own.job = NULL;
    take_answer(connection, answer, now_us);
    rk_connection_poke(connection, now_us);
}

void rk_connection_begin(struct rk_connection *connection, uint64_t now_us)
{
    struct rk_broker *broker = connection->broker;
    connection->own.address_text[0] = '\0';
    connection->own.attempt_at_us = now_us;
    if (broker->own.addresses.count > 0 && now_us < broker->own.addresses_until_us) {
        if (connection->own.next_address >= broker->own.addresses.count)
            connection->own.next_address = 0;
        connect_next(connection, now_us);
        return;
    }
    rk_connection_set_state(connection, RK_CONNECTION_RESOLVING, now_us);
    if (broker->core->conf->callbacks.resolve_cb) {
        struct rk_resolver_answer answer = {0};
        rk_resolver_call_back(broker->core->conf->callbacks.resolve_cb,
                              broker->core->conf->callbacks.opaque, broker->own.host,
                              broker->own.port, rk_broker_address_family(broker), &answer);
        take_answer(connection, &answer, now_us);
        rk_free(answer.error);
        rk_addresses_clear(&answer.addresses);
        return;
    }
    connection->own.job =
        rk_resolver_start(rk_cluster_resolver(broker->cluster), broker->own.host, broker->own.port,
                          rk_broker_address_family(broker), broker->loop, on_resolved, connection);
}

/* Brokers before 0.10 cannot be asked: what they speak is taken from the configuration. */
static bool may_ask_versions(const struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    return connection->broker->core->conf->api_version_request &&
           now_us >= connection->broker->own.assumes_versions_until_us;
}

void rk_connection_on_handshake(struct rk_connection *connection, uint64_t now_us)
{
    int result = rk_stream_handshake(connection->own.stream);
    if (result == RK_STREAM_AGAIN)
        return;
    if (result == RK_STREAM_FAILED) {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT, "Connect to %s failed: %s",
                            connection->own.address_text, rk_stream_error(connection->own.stream));
        return;
    }
    rk_debug_connected(connection);
    if (may_ask_versions(connection, now_us)) {
        rk_connection_set_state(connection, RK_CONNECTION_NEGOTIATING, now_us);
        send_api_versions(connection, FIRST_VERSION);
        rk_connection_flush(connection, now_us);
    } else {
        const struct rk_conf *conf = connection->broker->core->conf;
        rk_log_debug(connection->broker->core, RK_DEBUG_BROKER | RK_DEBUG_FEATURE, "APIVERSION",
                     "%s: Using (configuration fallback) %s protocol features",
                     rk_broker_name(connection->broker), conf->broker_version_fallback);
        rk_api_versions_assume(&connection->own.versions, conf->broker_version_fallback);
        go_up(connection);
    }
}

void rk_connection_end_attempt(struct rk_connection *connection)
{
    if (connection->own.job) {
        rk_resolver_abandon(connection->own.job);
        connection->own.job = NULL;
    }
    if (connection->own.stream) {
        rk_loop_unwatch(connection->broker->loop, &connection->own.watch);
        rk_stream_destroy(connection->own.stream);
        connection->own.stream = NULL;
        atomic_fetch_add_explicit(&connection->broker->stats.disconnects, 1, memory_order_relaxed);
    }
    rk_connection_reader_clear(connection);
    rk_api_versions_clear(&connection->own.versions);
    rk_in_flight_reset_ids(&connection->own.in_flight);
    connection->own.throttled_until_us = 0;
    connection->own.timeouts = 0;
}

/* Versions */

/* Its versions are known. */
static void go_up(struct rk_connection *connection)
{
    uint64_t now_us = rk_clock_now_us();
    connection->own.failures = 0;
    connection->own.last_used_us = now_us;
    rk_connection_set_state(connection, RK_CONNECTION_UP, now_us);
}

static void on_api_versions(struct rk_request *request)
{
    struct rk_connection *connection = request->owner;
    rk_on_broker(connection->broker->loop);
    const struct rk_api_versions_answer *answer = request->answer;
    if (connection->own.state != RK_CONNECTION_NEGOTIATING || request->err) {
        /* The connection is closed already, or about to be; or it could not be encoded. */
        if (connection->own.state == RK_CONNECTION_NEGOTIATING)
            rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT, "ApiVersions failed: %s",
                                request->error_text);
        rk_request_destroy(request);
        return;
    }
    int16_t next = -1;
    if (answer->error_code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
        next = rk_api_versions_fallback(connection->own.negotiating_version, answer);
    else if (answer->error_code == RD_KAFKA_RESP_ERR_INVALID_REQUEST &&
             connection->own.negotiating_version > 0)
        next = 0; /* It dislikes the software's name. */
    if (answer->error_code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rk_api_versions_learn(&connection->own.versions, answer);
        rk_debug_versions(connection, answer);
        go_up(connection);
    } else if (next >= 0) {
        send_api_versions(connection, next);
    } else {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT, "ApiVersions failed: %s",
                            rd_kafka_err2str(rk_error_of_broker(answer->error_code)));
    }
    rk_request_destroy(request);
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* As brokers want it: letters, digits, '-' and '.', the latter two not at the ends. */
static const char *software_text(struct rk_request *request, const char *text)
{
    text = text ? text : RK_VERSION_TEXT;
    while (*text && !is_letter_or_digit(*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && !is_letter_or_digit(text[size - 1]))
        size--;
    char *copy = rk_arena_try_text(&request->arena, text, size);
    for (char *at = copy; at && *at; at++) {
        if (!is_letter_or_digit(*at) && *at != '.')
            *at = '-';
    }
    return copy && *copy ? copy : "unknown";
}

static void send_api_versions(struct rk_connection *connection, int16_t version)
{
    const struct rk_conf *conf = connection->broker->core->conf;
    struct rk_request *request = rk_request_try_new(RK_API_API_VERSIONS, connection->broker->loop,
                                                    on_api_versions, connection);
    if (!request) {
        rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                            "no memory for an ApiVersions request");
        return;
    }
    struct rk_api_versions_request *message = request->message;
    message->client_software_name = software_text(request, conf->client_software_name);
    message->client_software_version = software_text(request, conf->client_software_version);
    request->min_version = request->max_version = version;
    request->timeout_us = (uint64_t)conf->api_version_request_timeout_ms * 1000;
    connection->own.negotiating_version = version;
    rk_connection_encode(connection, request, rk_clock_now_us());
}

static void on_ready(struct rk_watch *watch, short revents, uint64_t now_us)
{
    struct rk_connection *connection = rk_container_of(watch, struct rk_connection, own.watch);
    rk_on_broker(connection->broker->loop);
    connection->own.is_settling = true; /* What handlers send waits until the end. */
    if (connection->own.state == RK_CONNECTION_CONNECTING) {
        rk_connection_on_handshake(connection, now_us);
    } else {
        if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) /* Reading says what is wrong. */
            rk_connection_on_readable(connection, now_us);
        if (revents & POLLOUT)
            rk_connection_flush(connection, now_us);
    }
    connection->own.is_settling = false;
    rk_connection_poke(connection, now_us);
}
